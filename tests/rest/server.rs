//! A server that answers as a test says, and remembers what it was asked.

use std::future::Future;
use std::sync::{Arc, Mutex};

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use qlik::{Auth, Qlik, QlikBuilder};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// The key that every test's client signs in with.
pub(crate) const KEY: &str = "key-hunter2";

/// A request as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    /// Counts from 0.
    pub(crate) number: usize,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn is_signed(&self) -> bool {
        self.headers.contains_key("authorization")
    }

    /// Method, path and query in one.
    pub(crate) fn line(&self) -> String {
        let mark = if self.query.is_empty() { "" } else { "?" };
        format!("{} {}{mark}{}", self.method, self.path, self.query)
    }
}

pub(crate) struct Server {
    pub(crate) host: String,
    seen: Arc<Mutex<Vec<Seen>>>,
    task: JoinHandle<()>,
}

impl Server {
    /// Answers every request by a function.
    pub(crate) async fn start<F, R>(answer: impl Fn(Seen) -> F + Clone + Send + Sync + 'static) -> Self
    where
        F: Future<Output = R> + Send + 'static,
        R: IntoResponse + Send + 'static,
    {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let memory = seen.clone();
        let app = axum::Router::new().fallback(move |request: Request| {
            let (memory, answer) = (memory.clone(), answer.clone());
            async move {
                let (parts, body) = request.into_parts();
                let Ok(body) = to_bytes(body, usize::MAX).await else {
                    return StatusCode::BAD_REQUEST.into_response();
                };
                let request = {
                    let mut memory = memory.lock().unwrap();
                    let number = memory.len();
                    memory.push(Seen {
                        number,
                        method: parts.method.to_string(),
                        path: parts.uri.path().to_owned(),
                        query: parts.uri.query().unwrap_or_default().to_owned(),
                        headers: parts.headers,
                        body,
                    });
                    memory.last().unwrap().clone()
                };
                answer(request).await.into_response()
            }
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = format!("http://{}", listener.local_addr().unwrap());
        let task = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { host, seen, task }
    }

    /// Answers every request in the same way.
    pub(crate) async fn always<R: IntoResponse + Clone + Send + Sync + 'static>(answer: R) -> Self {
        Self::start(move |_| {
            let answer = answer.clone();
            async move { answer }
        })
        .await
    }

    /// Answers with `first` until that many requests have come, and with an empty object from then on.
    pub(crate) async fn failing(times: usize, status: u16, headers: &'static [(&'static str, &'static str)]) -> Self {
        Self::start(move |seen| async move {
            match seen.number < times {
                true => respond(status, headers, ""),
                false => respond(200, &[], "{}"),
            }
        })
        .await
    }

    pub(crate) fn builder(&self) -> QlikBuilder {
        Qlik::builder(self.host.as_str()).auth(Auth::api_key(KEY))
    }

    pub(crate) fn client(&self) -> Qlik {
        self.builder().build().unwrap()
    }

    /// What has arrived so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// The one request that has arrived.
    pub(crate) fn only(&self) -> Seen {
        let mut seen = self.seen();
        assert_eq!(seen.len(), 1, "{seen:?}");
        seen.remove(0)
    }

    /// Method, path and query of everything that has arrived.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.seen().iter().map(Seen::line).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// An answer.
pub(crate) fn respond(status: u16, headers: &[(&str, &str)], body: impl Into<Body>) -> Response {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    response.body(body.into()).unwrap()
}
