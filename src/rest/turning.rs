//! From page to page: the link to the next one, where it may lead, and reading one page ahead.

use std::collections::HashSet;
use std::fmt;

use tokio::task::JoinHandle;
use tracing::Instrument;
use url::Url;

use super::call::answered;
use super::{Answer, Api, Page};
use crate::http::request::Request;
use crate::http::url as links;
use crate::{Error, Result};

/// The pages of one list, in their order.
pub(super) struct Pages<P> {
    api: Api,
    state: State<P>,
    /// The pages that were read, by path and query.
    seen: HashSet<String>,
}

/// Where the next page is.
enum State<P> {
    /// Still to be asked for.
    Upcoming(Box<Request>),
    /// On its way.
    Ahead(Ahead<P>),
    /// There is none.
    Ended,
}

/// A page that was fetched, with all that leads on from it.
struct Fetched<P> {
    page: P,
    name: String,
    current: Option<Url>,
    further: Option<Request>,
}

impl<P: Page + Answer> Pages<P> {
    pub(super) fn new(api: Api, first: Request) -> Self {
        Self { api, state: State::Upcoming(Box::new(first)), seen: HashSet::new() }
    }

    /// The next page; `None` after the last.
    pub(super) async fn turn(&mut self) -> Result<Option<P>> {
        let fetched = match std::mem::replace(&mut self.state, State::Ended) {
            State::Upcoming(request) => fetch(self.api.clone(), request).await?,
            State::Ahead(ahead) => ahead.fetched().await?,
            State::Ended => return Ok(None),
        };
        if let Some(next) = self.next(&fetched)? {
            let further = fetched
                .further
                .ok_or_else(|| problem(&fetched.name, "a body that is streamed is sent for one page only"))?;
            self.state = State::Upcoming(Box::new(further.to(&next)));
        }
        Ok(Some(fetched.page))
    }

    /// Asks for the next page without waiting for it.
    pub(super) fn read_ahead(&mut self) {
        self.state = match std::mem::replace(&mut self.state, State::Ended) {
            State::Upcoming(request) => {
                let work = fetch(self.api.clone(), request).in_current_span();
                State::Ahead(Ahead(tokio::spawn(work)))
            }
            other => other,
        };
    }

    /// The place of the next page, on the same host whatever host its link names.
    fn next(&mut self, fetched: &Fetched<P>) -> Result<Option<Url>> {
        let link = fetched.page.next().map(str::trim).filter(|link| !link.is_empty());
        let (Some(link), Some(current)) = (link, &fetched.current) else { return Ok(None) };
        self.seen.insert(key(current));
        let next = links::same_host(link, current)
            .ok_or_else(|| problem(&fetched.name, "the link to the next page cannot be read"))?;
        if self.seen.contains(&key(&next)) {
            let message = "the link to the next page leads back to a page that was already read";
            return Err(problem(&fetched.name, message));
        }
        Ok(Some(next))
    }
}

impl<P> fmt::Debug for Pages<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages").field("seen", &self.seen.len()).finish_non_exhaustive()
    }
}

/// A page on its way. Dropping it gives the page up.
struct Ahead<P>(JoinHandle<Result<Fetched<P>>>);

impl<P> Ahead<P> {
    async fn fetched(mut self) -> Result<Fetched<P>> {
        match (&mut self.0).await {
            Ok(result) => result,
            // The runtime is going down, and this future with it.
            Err(stopped) => Err(Error::transport("reading a page ahead", stopped)),
        }
    }
}

impl<P> Drop for Ahead<P> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn fetch<P: Page + Answer>(api: Api, request: Box<Request>) -> Result<Fetched<P>> {
    let further = request.try_clone();
    let name = request.name();
    // A request that has no URL is reported by the pipeline.
    let current = request.target.on(&api.0.host).ok();
    let reply = answered(api, request, false).await?;
    Ok(Fetched { page: P::read(reply)?, name, current, further })
}

fn problem(name: &str, message: &str) -> Error {
    Error::decode(name, "links.next", message, &[])
}

fn key(url: &Url) -> String {
    format!("{}?{}", url.path(), url.query().unwrap_or_default())
}
