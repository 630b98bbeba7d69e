//! Downloads that go on where they broke off.

use std::sync::Arc;

use bytes::Bytes;
use reqwest::header::{ACCEPT_ENCODING, CONTENT_RANGE, ETAG, HeaderMap, HeaderValue, IF_RANGE, LAST_MODIFIED, RANGE};
use tokio::time::sleep;

use super::{Listener, Progress};
use crate::http::pipeline;
use crate::http::reply::{self, Content, Context, Wanted};
use crate::http::request::Request;
use crate::rest::{Api, Method};
use crate::{Error, Result, trace};

/// What is needed to ask for the rest of a download.
pub(crate) struct Again {
    api: Api,
    request: Box<Request>,
}

impl Again {
    /// For a request that may be repeated for a part of its answer: one that only reads, and the whole.
    pub(crate) fn of(api: &Api, request: &Request) -> Option<Self> {
        let whole = request.method == Method::Get && !request.headers.contains_key(RANGE);
        let request = request.try_clone().filter(|_| whole)?;
        Some(Self { api: api.clone(), request: Box::new(request) })
    }
}

/// The body of a download, while it is read.
pub(crate) struct Source {
    context: Arc<Context>,
    body: Option<Content>,
    again: Option<Again>,
    /// The version that is downloaded, as an `If-Range` header says it.
    version: Option<HeaderValue>,
    done: u64,
    total: Option<u64>,
    /// Attempts to go on since the last byte.
    tries: u32,
    pub(crate) listener: Option<Listener>,
}

impl Source {
    pub(crate) fn new(context: Arc<Context>, headers: &HeaderMap, body: Content, again: Option<Again>) -> Self {
        let total = match &body {
            Content::Whole(bytes) => Some(bytes.len() as u64),
            Content::Stream(response) => response.content_length(),
        };
        // A weak version says that two bodies mean the same, not that they are the same.
        let version = headers.get(ETAG).filter(|etag| !etag.as_bytes().starts_with(b"W/"));
        let version = version.or_else(|| headers.get(LAST_MODIFIED)).cloned();
        // Without a length there is nothing to check against; it is unpacked on its way, for one.
        let again = again.filter(|_| total.is_some());
        Self { context, body: Some(body), again, version, done: 0, total, tries: 0, listener: None }
    }

    pub(crate) fn total(&self) -> Option<u64> {
        self.total
    }

    /// The next piece; `None` at the end and after an error.
    pub(crate) async fn next(&mut self) -> Option<Result<Bytes>> {
        loop {
            match self.read().await? {
                Ok(chunk) => {
                    self.done += chunk.len() as u64;
                    self.tries = 0;
                    if let Some(listener) = &self.listener {
                        listener(Progress::new(self.done, self.total));
                    }
                    return Some(Ok(chunk));
                }
                Err(error) => {
                    self.body = None;
                    if let Err(error) = self.resume(error).await {
                        return Some(Err(error));
                    }
                }
            }
        }
    }

    async fn read(&mut self) -> Option<Result<Bytes>> {
        let chunk = match self.body.as_mut()? {
            Content::Whole(bytes) if bytes.is_empty() => None,
            Content::Whole(bytes) => Some(Ok(std::mem::take(bytes))),
            Content::Stream(response) => reply::next_chunk(&self.context, response).await,
        };
        match (chunk, self.total) {
            (None, Some(total)) if self.done != total => {
                let activity = format!("{}: reading the answer", self.context.name);
                let problem = format!("it ends after {} of {total} bytes", self.done);
                Some(Err(Error::transport(activity, std::io::Error::other(problem))))
            }
            (chunk, _) => chunk,
        }
    }

    /// Asks for the rest; returns the error that made it necessary where that cannot be had.
    async fn resume(&mut self, error: Error) -> Result<()> {
        let again = self.again.as_ref().map(|again| (again.api.clone(), again.request.try_clone()));
        let Some((api, Some(mut request))) = again else { return Err(error) };
        let retry = request.retry.clone().unwrap_or_else(|| api.0.settings.retry.clone());
        self.tries += 1;
        if !retry.has_more_after(self.tries) || !error.is_retryable() {
            return Err(error);
        }
        trace::http::debug(format_args!("asking for the rest of a download, after {} bytes", self.done), Some(&error));
        sleep(retry.backoff(self.tries)).await;
        if self.done > 0 {
            let Ok(range) = HeaderValue::try_from(format!("bytes={}-", self.done)) else { return Err(error) };
            request.headers.insert(RANGE, range);
            // A range of what is unpacked on its way would be another one.
            request.headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
            if let Some(version) = &self.version {
                request.headers.insert(IF_RANGE, version.clone());
            }
        }
        let Ok(reply) = pipeline::send(&api.0, request, Wanted::Stream).await else { return Err(error) };
        if !self.continues(reply.status, &reply.headers) {
            return Err(error);
        }
        self.body = Some(reply.body);
        Ok(())
    }

    /// Whether an answer goes on where this download stands, and belongs to the same version.
    fn continues(&self, status: u16, headers: &HeaderMap) -> bool {
        if self.done == 0 {
            return status == 200;
        }
        let range = headers.get(CONTENT_RANGE).and_then(|value| value.to_str().ok()).and_then(range);
        let Some((start, total)) = range.filter(|_| status == 206) else { return false };
        let same = match total {
            Some(total) => Some(total) == self.total,
            None => self.version.is_some(),
        };
        start == self.done && same
    }
}

/// Start and whole length of a `Content-Range` such as `bytes 7-9/10`.
fn range(text: &str) -> Option<(u64, Option<u64>)> {
    let (span, total) = text.trim().strip_prefix("bytes")?.trim_start().split_once('/')?;
    let start = span.split_once('-')?.0.trim().parse().ok()?;
    Some((start, total.trim().parse().ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_ranges() {
        assert_eq!(range("bytes 7-9/10"), Some((7, Some(10))));
        assert_eq!(range("bytes 7-9/*"), Some((7, None)));
        for odd in ["bytes */10", "bytes 7-9", "items 7-9/10", ""] {
            assert_eq!(range(odd), None, "{odd}");
        }
    }
}
