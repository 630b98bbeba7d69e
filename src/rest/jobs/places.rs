//! Work whose result will be at a place that the answer names.

use std::fmt;
use std::sync::Arc;

use url::Url;

use super::{Job, Outcome, Wait};
use crate::Error;
use crate::http::url::same_host;
use crate::rest::{Answer, Api, Call, Method};

/// Says of what stands at a place how the work stands.
type Judge<S> = Arc<dyn Fn(&S) -> Outcome + Send + Sync>;

/// Work that is asked for at a place; [`Call::and_wait_there`](crate::rest::Call::and_wait_there) waits for it.
pub struct At<S> {
    path: String,
    judge: Judge<S>,
}

impl<T: Answer> Call<T> {
    /// Sends the call, and asks again and again at the place that its answer names, until `judge` says that the work has
    /// ended.
    ///
    /// The place is that of the `Location` header, or else of `Content-Location`. It is asked for on the client's own
    /// host, whatever host it names. What is there is read as an `S`: a type of the API, or [`serde_json::Value`].
    ///
    /// ```no_run
    /// # async fn run(qlik: qlik::Qlik) -> qlik::Result<()> {
    /// use qlik::rest::jobs::Outcome;
    /// use serde_json::Value;
    ///
    /// let started = qlik.post::<Value>("/api/v1/brand-new").and_wait_there(|status: &Value| match &status["status"] {
    ///     status if status == "done" => Outcome::Done,
    ///     status if status == "failed" => Outcome::Failed { status: status.to_string(), log: None },
    ///     _ => Outcome::Running,
    /// });
    /// let done = started.await?;
    /// # let _ = done;
    /// # Ok(())
    /// # }
    /// ```
    pub fn and_wait_there<S: Answer>(self, judge: impl Fn(&S) -> Outcome + Send + Sync + 'static) -> Wait<At<S>> {
        let (api, name, started_at) = (self.api().clone(), self.name(), self.path_so_far().to_owned());
        let (base, judge): (Url, Judge<S>) = (api.0.host.at("/"), Arc::new(judge));
        let called = name.clone();
        Wait::of(&api, name, started_at, async move {
            let answer = self.send().await?;
            let place = answer.location().or_else(|| answer.header("content-location"));
            let place = place.and_then(|place| same_host(place, &base)).ok_or_else(|| {
                let problem = "the answer names no place at which to ask for the result";
                Error::decode(called, "Location", problem, &[])
            })?;
            let query = place.query().map(|query| format!("?{query}")).unwrap_or_default();
            Ok(At { path: format!("{}{query}", place.path()), judge })
        })
    }
}

impl<S: Answer> Job for At<S> {
    type Status = S;

    fn ask(&self, api: &Api, _: &str) -> Option<Call<S>> {
        Some(api.raw(Method::Get, &self.path))
    }

    fn outcome(&self, status: &S) -> Outcome {
        (self.judge)(status)
    }
}

impl<S> fmt::Debug for At<S> {
    /// The query is left out: it may hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("At").field(&self.path.split('?').next()).finish()
    }
}
