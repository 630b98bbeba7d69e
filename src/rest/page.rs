//! Lists in pages, read as a stream of items or of pages.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::{fmt, vec};

use futures::stream::{BoxStream, Stream, StreamExt, TryStreamExt, try_unfold};
use serde_json::Value;

use super::turning::Pages;
use super::{Answer, Api};
use crate::Result;
use crate::http::request::Request;

/// A page of a list: its items, and where the next page is.
pub trait Page {
    /// What the list is of.
    type Item: Send + 'static;

    /// The items of the page.
    fn into_items(self) -> Vec<Self::Item>;

    /// The link to the next page; none, or an empty one, on the last page.
    fn next(&self) -> Option<&str>;
}

/// Pages of raw calls, in the shapes that Qlik's services share: the items in `data`, or else in the only list (or the
/// only list of objects) that there is; the next page in `links.next.href`.
///
/// ```no_run
/// # async fn run(qlik: qlik::Qlik) -> qlik::Result<()> {
/// use futures::TryStreamExt;
/// use serde_json::Value;
///
/// let things: Vec<Value> = qlik.get::<Value>("/api/v1/brand-new").stream().try_collect().await?;
/// # Ok(())
/// # }
/// ```
impl Page for Value {
    type Item = Value;

    fn into_items(self) -> Vec<Value> {
        match self {
            Value::Array(items) => items,
            Value::Object(mut members) => {
                if let Some(Value::Array(items)) = members.remove("data") {
                    return items;
                }
                let is_list = |members: &&Value| members.is_array();
                let of_objects = |list: &&Value| list.get(0).is_none_or(Value::is_object);
                let mut count = members.values().filter(is_list).count();
                let objects_only = count > 1;
                if objects_only {
                    count = members.values().filter(is_list).filter(of_objects).count();
                }
                let mut lists = members.into_iter().filter_map(|(_, member)| match member {
                    Value::Array(items) if !objects_only || items.first().is_none_or(Value::is_object) => Some(items),
                    _ => None,
                });
                lists.next().filter(|_| count == 1).unwrap_or_default()
            }
            _ => Vec::new(),
        }
    }

    fn next(&self) -> Option<&str> {
        // One service writes its members in capitals.
        let link = self.pointer("/links/next").or_else(|| self.pointer("/links/Next"))?;
        link.get("href").or_else(|| link.get("Href")).unwrap_or(link).as_str()
    }
}

/// The next page's link among the members of `links` that a description does not list: one service writes its members
/// in capitals.
#[doc(hidden)]
pub fn unlisted_next(links: &crate::record::Extra) -> Option<&str> {
    let next = links.get("Next")?;
    next.get("Href").or_else(|| next.get("href")).unwrap_or(next).as_str()
}

/// How far a stream of items or pages goes, and whether it reads ahead. It is shared with the stream's state, so that it
/// can be set once the stream is there.
#[derive(Debug)]
pub(super) struct Plan {
    most: AtomicUsize,
    ahead: AtomicBool,
}

impl Plan {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self { most: AtomicUsize::new(usize::MAX), ahead: AtomicBool::new(false) })
    }

    pub(super) fn reads_ahead(&self) -> bool {
        self.ahead.load(Ordering::Relaxed)
    }

    fn most(&self) -> usize {
        self.most.load(Ordering::Relaxed)
    }
}

/// The items of a list, page after page; [`Call::stream`](super::Call::stream) returns it.
///
/// It is a [`Stream`], and can be read without that trait, too:
///
/// ```no_run
/// # async fn run(qlik: qlik::Qlik) -> qlik::Result<()> {
/// let mut things = qlik.get::<serde_json::Value>("/api/v1/brand-new").stream().at_most(500).prefetch();
/// while let Some(thing) = things.next().await {
///     println!("{}", thing?["name"]);
/// }
/// # Ok(())
/// # }
/// ```
///
/// It stops after an error.
pub struct ItemStream<T> {
    pages: BoxStream<'static, Result<Vec<T>>>,
    /// What is left of the page that is used.
    items: vec::IntoIter<T>,
    plan: Arc<Plan>,
}

impl<T> Unpin for ItemStream<T> {}

impl<T> ItemStream<T> {
    /// Ends after so many items; pages beyond are not asked for. Set it before the first item is read: a page that was
    /// begun is given to its end.
    pub fn at_most(self, items: usize) -> Self {
        self.plan.most.store(items, Ordering::Relaxed);
        self
    }

    /// Asks for the next page while the items of the one before it are used: one page ahead and no more.
    ///
    /// It needs a tokio runtime, as the calls themselves do. Without it a page is asked for when the one before it is
    /// used up.
    pub fn prefetch(self) -> Self {
        self.plan.ahead.store(true, Ordering::Relaxed);
        self
    }

    /// The next item; `None` at the end.
    pub async fn next(&mut self) -> Option<Result<T>> {
        StreamExt::next(self).await
    }

    /// All the items that are left.
    pub async fn all(mut self) -> Result<Vec<T>> {
        let mut all: Vec<T> = self.items.collect();
        while let Some(mut items) = self.pages.try_next().await? {
            // Most lists have one page, which then is the whole.
            if all.is_empty() {
                all = items;
            } else {
                all.append(&mut items);
            }
        }
        Ok(all)
    }
}

impl<T> Stream for ItemStream<T> {
    type Item = Result<T>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(item) = self.items.next() {
                return Poll::Ready(Some(Ok(item)));
            }
            match ready!(self.pages.poll_next_unpin(context)) {
                Some(Ok(items)) => self.items = items.into_iter(),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }
}

impl<T> fmt::Debug for ItemStream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ItemStream").field("plan", &self.plan).finish_non_exhaustive()
    }
}

/// The pages of a list, one after the other; [`Call::pages`](super::Call::pages) returns it.
///
/// A page is the type that awaiting the call gives: its items, its links, and whatever else the service tells about
/// the list. The stream stops after an error.
pub struct PageStream<P> {
    stream: BoxStream<'static, Result<P>>,
    plan: Arc<Plan>,
}

impl<P> PageStream<P> {
    /// Asks for the next page while this one is used: one page ahead and no more.
    pub fn prefetch(self) -> Self {
        self.plan.ahead.store(true, Ordering::Relaxed);
        self
    }

    /// The next page; `None` at the end.
    pub async fn next(&mut self) -> Option<Result<P>> {
        self.stream.next().await
    }
}

impl<P> Stream for PageStream<P> {
    type Item = Result<P>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.stream.as_mut().poll_next(context)
    }
}

impl<P> fmt::Debug for PageStream<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PageStream").field("plan", &self.plan).finish_non_exhaustive()
    }
}

/// Reads a list from its first page on, by items.
pub(super) fn items<P: Page + Answer>(api: Api, first: Request) -> ItemStream<P::Item> {
    let plan = Plan::new();
    let start = (Pages::<P>::new(api, first), 0, plan.clone());
    let pages = try_unfold(start, |(mut pages, given, plan)| async move {
        let left = plan.most().saturating_sub(given);
        if left == 0 {
            return Ok(None);
        }
        let Some(page) = pages.turn().await? else { return Ok(None) };
        let mut items = page.into_items();
        if plan.reads_ahead() && items.len() < left {
            pages.read_ahead();
        }
        items.truncate(left);
        let given = given + items.len();
        Ok(Some((items, (pages, given, plan))))
    });
    ItemStream { pages: pages.boxed(), items: Vec::new().into_iter(), plan }
}

/// Reads a list from its first page on, by pages.
pub(super) fn pages<P: Page + Answer>(api: Api, first: Request) -> PageStream<P> {
    let plan = Plan::new();
    let start = (Pages::<P>::new(api, first), plan.clone());
    let stream = try_unfold(start, |(mut pages, plan)| async move {
        let Some(page) = pages.turn().await? else { return Ok(None) };
        if plan.reads_ahead() {
            pages.read_ahead();
        }
        Ok(Some((page, (pages, plan))))
    });
    PageStream { stream: stream.boxed(), plan }
}
