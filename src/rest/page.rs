//! Lists in pages, read as one stream of items.

use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures::stream::{BoxStream, Stream, StreamExt, try_unfold};
use serde_json::Value;
use url::Url;

use super::{Answer, Api, Reply};
use crate::http::reply::Wanted;
use crate::http::request::Request;
use crate::http::{pipeline, url as links};
use crate::{Error, Result};

/// A page of a list: its items, and where the next page is.
pub trait Page {
    /// What the list is of.
    type Item: Send + 'static;

    /// The items of the page.
    fn into_items(self) -> Vec<Self::Item>;

    /// The link to the next page; none, or an empty one, on the last page.
    fn next(&self) -> Option<&str>;
}

/// Pages of raw calls, in the shapes that Qlik's services share: the items in `data`, or else in the only list that
/// there is; the next page in `links.next.href`.
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
                let mut lists = members.into_iter().filter_map(|(_, member)| match member {
                    Value::Array(items) => Some(items),
                    _ => None,
                });
                match (lists.next(), lists.next()) {
                    (Some(items), None) => items,
                    _ => Vec::new(),
                }
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

/// The items of a list, page after page; [`Call::stream`](super::Call::stream) returns it.
///
/// It stops after an error.
pub struct ItemStream<T>(BoxStream<'static, Result<T>>);

impl<T> Stream for ItemStream<T> {
    type Item = Result<T>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.as_mut().poll_next(context)
    }
}

impl<T> fmt::Debug for ItemStream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ItemStream")
    }
}

/// Reads a list from its first page on.
pub(super) fn items<P: Page + Answer>(api: Api, first: Request) -> ItemStream<P::Item> {
    let start = Pages::<P> { api, upcoming: Some(first), items: VecDeque::new(), seen: HashSet::new() };
    let stream = try_unfold(start, |mut pages| async move {
        loop {
            if let Some(item) = pages.items.pop_front() {
                return Ok(Some((item, pages)));
            }
            match pages.upcoming.take() {
                Some(request) => pages.fetch(request).await?,
                None => return Ok(None),
            }
        }
    });
    ItemStream(stream.boxed())
}

struct Pages<P: Page> {
    api: Api,
    upcoming: Option<Request>,
    items: VecDeque<P::Item>,
    /// The pages that were read, by path and query.
    seen: HashSet<String>,
}

impl<P: Page + Answer> Pages<P> {
    async fn fetch(&mut self, request: Request) -> Result<()> {
        let further = request.try_clone();
        let name = request.name();
        // A request that has no URL is reported by the pipeline.
        let current = request.target.on(&self.api.0.host).ok();
        let reply = pipeline::send(&self.api.0, request, Wanted::Whole).await?;
        let page = P::read(Reply(reply))?;
        if let (Some(link), Some(current)) = (page.next().map(str::trim).filter(|link| !link.is_empty()), current) {
            self.seen.insert(key(&current));
            let problem = |message: &str| Error::decode(name.as_str(), "links.next", message, &[]);
            let next =
                links::same_host(link, &current).ok_or_else(|| problem("the link to the next page cannot be read"))?;
            if self.seen.contains(&key(&next)) {
                return Err(problem("the link to the next page leads back to a page that was already read"));
            }
            let further = further.ok_or_else(|| problem("a body that is streamed is sent for one page only"))?;
            self.upcoming = Some(further.to(&next));
        }
        self.items = page.into_items().into();
        Ok(())
    }
}

fn key(url: &Url) -> String {
    format!("{}?{}", url.path(), url.query().unwrap_or_default())
}
