//! The layout of an object, again after each change.

use futures::stream::StreamExt;

use super::handle::next_change;
use super::rpc::Rpc;
use super::{
    Doc, GenericBookmark, GenericDimension, GenericMeasure, GenericObject, GenericVariable, Proxy, Reply, types,
};
use crate::error::Result;

/// The layouts of an object, as a stream: the one as it is, then a fresh one after each change.
///
/// Changes that come while nobody looks count as one. A layout that could not be read is an error in the stream, which
/// goes on after it; it ends when the object or its session is gone, and keeps both open.
pub struct Layouts<T>(futures::stream::BoxStream<'static, Result<T>>);

impl<T> futures::Stream for Layouts<T> {
    type Item = Result<T>;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<T>>> {
        self.0.as_mut().poll_next(cx)
    }
}

impl<T> std::fmt::Debug for Layouts<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Layouts").finish_non_exhaustive()
    }
}

fn layouts<P: Proxy, T: Reply>(object: &P, read: fn(&P) -> Rpc<T>) -> Layouts<T> {
    let news = object.handle().object().news.subscribe();
    let start = (object.clone(), news, None);
    let layouts = futures::stream::unfold(start, move |(object, mut news, seen)| async move {
        // read before the layout is: a change while it is on its way makes another one due
        let latest = match seen {
            Some(seen) => next_change(&mut news, seen).await?,
            None => Some(*news.borrow_and_update()).filter(|news| !news.closed)?.changes,
        };
        let layout = read(&object).await;
        Some((layout, (object, news, Some(latest))))
    });
    Layouts(layouts.boxed())
}

macro_rules! classes {
    ($($class:ident $method:ident $layout:ident,)*) => {$(
        /// The layout, again after each change.
        impl $class {
            /// The layout as it is, then a fresh one after each change.
            pub fn layouts(&self) -> Layouts<types::$layout> {
                layouts(self, Self::$method)
            }
        }
    )*};
}

classes! {
    Doc get_app_layout NxAppLayout,
    GenericObject get_layout GenericObjectLayout,
    GenericDimension get_layout GenericDimensionLayout,
    GenericMeasure get_layout GenericMeasureLayout,
    GenericVariable get_layout GenericVariableLayout,
    GenericBookmark get_layout GenericBookmarkLayout,
}
