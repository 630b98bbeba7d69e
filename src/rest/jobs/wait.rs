//! Waiting for work to end: asking again and again, less and less often, until a deadline.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::sync::Arc;
use std::time::Duration;

use futures::future::{BoxFuture, FutureExt, pending};
use futures::stream::{BoxStream, StreamExt, try_unfold};
use tokio::time::{Instant, sleep};

use super::{Job, Outcome};
use crate::http::bounded;
use crate::rest::{Answer, Api, Call};
use crate::{Error, Result, trace};

/// How many failures to ask in a row are borne. Work goes on while a gateway is down.
const FAILURES: u32 = 5;

/// Whom to tell how work stands.
type Listener<S> = Arc<dyn Fn(&S) + Send + Sync>;

/// The waiting for work; [`Call::and_wait`](crate::rest::Call::and_wait) returns it. Awaiting it starts the work.
///
/// Dropping it stops the waiting and not the work.
#[must_use = "work is started when it is awaited"]
pub struct Wait<J: Job> {
    api: Api,
    name: String,
    /// The path that the work is started at.
    started_at: String,
    start: BoxFuture<'static, Result<J>>,
    first: Duration,
    longest: Duration,
    deadline: Option<Duration>,
    given_up: BoxFuture<'static, ()>,
    cancels: bool,
    listener: Option<Listener<J::Status>>,
}

impl<J: Job + Answer> Call<J> {
    /// Sends the call, and waits until the work that it starts has ended.
    pub fn and_wait(self) -> Wait<J> {
        Wait::of(&self.api().clone(), self.name(), self.path_so_far().to_owned(), self.into_future())
    }
}

impl<J: Job> Wait<J> {
    /// The waiting for work that a future starts.
    pub(super) fn of(
        api: &Api,
        name: String,
        started_at: String,
        start: impl Future<Output = Result<J>> + Send + 'static,
    ) -> Self {
        Self {
            api: api.clone(),
            name,
            started_at,
            start: start.boxed(),
            first: Duration::from_secs(1),
            longest: Duration::from_secs(15),
            deadline: None,
            given_up: pending().boxed(),
            cancels: false,
            listener: None,
        }
    }

    /// How long to wait before asking the first time, and at most before asking again: a second and a quarter of a
    /// minute unless set. Each pause is half as long again as the one before it.
    pub fn every(mut self, first: Duration, longest: Duration) -> Self {
        let possible = |pause: Duration| bounded(pause.max(Duration::from_millis(1)));
        (self.first, self.longest) = (possible(first), possible(longest));
        self
    }

    /// How long to wait in all. No end unless set. After it the waiting ends with an error that
    /// [`is_timeout`](crate::Error::is_timeout), and the work goes on unless it is told to end by
    /// [`cancel_when_given_up`](Wait::cancel_when_given_up).
    pub fn deadline(mut self, limit: Duration) -> Self {
        self.deadline = Some(limit);
        self
    }

    /// Stops waiting when a future is ready, as one that a signal to end the program makes ready.
    pub fn give_up_when(mut self, ready: impl Future<Output = ()> + Send + 'static) -> Self {
        self.given_up = ready.boxed();
        self
    }

    /// Also tells the service to end the work when the waiting is given up or passes its deadline, where the service
    /// can be told.
    pub fn cancel_when_given_up(mut self) -> Self {
        self.cancels = true;
        self
    }

    /// Calls a function each time it is known how the work stands.
    pub fn on_progress(mut self, listener: impl Fn(&J::Status) + Send + Sync + 'static) -> Self {
        self.listener = Some(Arc::new(listener));
        self
    }

    /// How the work stands, again and again, until it has ended. What ended badly is an error after its last status.
    pub fn progress(self) -> BoxStream<'static, Result<J::Status>> {
        enum State<J: Job> {
            New(Box<Wait<J>>),
            Running(Box<Watch<J>>),
            Ended(Option<Error>),
        }
        let steps = try_unfold(State::New(Box::new(self)), |state| async move {
            let mut watch = match state {
                State::New(wait) => Box::new(wait.start().await?),
                State::Running(watch) => watch,
                State::Ended(None) => return Ok(None),
                State::Ended(Some(error)) => return Err(error),
            };
            let status = watch.next().await?;
            let next = match watch.verdict(&status) {
                None => State::Running(watch),
                Some(end) => State::Ended(end.err()),
            };
            Ok(Some((status, next)))
        });
        steps.boxed()
    }

    async fn run(self) -> Result<J::Status> {
        let mut watch = self.start().await?;
        loop {
            let status = watch.next().await?;
            match watch.verdict(&status) {
                None => {}
                Some(Ok(())) => return Ok(status),
                Some(Err(error)) => return Err(error),
            }
        }
    }

    async fn start(self) -> Result<Watch<J>> {
        let end = self.deadline.and_then(|limit| Instant::now().checked_add(limit));
        let job = self.start.await?;
        Ok(Watch {
            api: self.api,
            name: self.name,
            started_at: self.started_at,
            job,
            pause: self.first,
            longest: self.longest,
            limit: self.deadline.unwrap_or(Duration::MAX),
            end,
            given_up: self.given_up,
            cancels: self.cancels,
            listener: self.listener,
        })
    }
}

/// Work that has been started.
struct Watch<J: Job> {
    api: Api,
    name: String,
    started_at: String,
    job: J,
    pause: Duration,
    longest: Duration,
    limit: Duration,
    end: Option<Instant>,
    given_up: BoxFuture<'static, ()>,
    cancels: bool,
    listener: Option<Listener<J::Status>>,
}

impl<J: Job> Watch<J> {
    /// Waits, and asks how the work stands.
    async fn next(&mut self) -> Result<J::Status> {
        let asking = self.ask_in_a_while();
        let end = self.end;
        let too_late = async move {
            match end {
                Some(end) => tokio::time::sleep_until(end).await,
                None => pending().await,
            }
        };
        let error = tokio::select! {
            status = asking => {
                let status = status?;
                if let Some(listener) = &self.listener {
                    listener(&status);
                }
                self.pause = (self.pause + self.pause / 2).min(self.longest);
                return Ok(status);
            }
            () = too_late => Error::timeout(format!("{}: waiting for its end", self.name), self.limit),
            () = &mut self.given_up => Error::job(self.name.as_str(), "given up", None),
        };
        self.end_it().await;
        Err(error)
    }

    /// A future of its own, that borrows nothing: the pause and the asking.
    fn ask_in_a_while(&self) -> BoxFuture<'static, Result<J::Status>> {
        let calls: Vec<_> = (0..FAILURES).map(|_| self.job.ask(&self.api, &self.started_at)).collect();
        let (name, mut pause) = (self.name.clone(), self.pause.mul_f64(0.9 + fastrand::f64() / 5.0));
        let longest = self.longest;
        async move {
            let mut last = Error::decode(name.as_str(), "", "the answer does not say what was started", &[]);
            for call in calls.into_iter().flatten() {
                sleep(pause).await;
                match call.await {
                    Ok(status) => return Ok(status),
                    Err(error) if error.is_retryable() || error.status() == Some(500) => {
                        trace::http::debug(format_args!("{name}: cannot ask how it stands"), Some(&error));
                        last = error;
                    }
                    Err(error) => return Err(error),
                }
                pause = (pause * 2).min(longest);
            }
            Err(last)
        }
        .boxed()
    }

    /// How it ended, once it has.
    fn verdict(&self, status: &J::Status) -> Option<Result<()>> {
        match self.job.outcome(status) {
            Outcome::Running => None,
            Outcome::Done => Some(Ok(())),
            Outcome::Failed { status, log } => Some(Err(Error::job(self.name.as_str(), status, log))),
        }
    }

    /// Tells the service to end the work, if that is wanted.
    /// It takes `&mut` because an answer need not be shared between threads.
    async fn end_it(&mut self) {
        let call = self.job.cancel(&self.api, &self.started_at).filter(|_| self.cancels);
        if let Some(call) = call
            && let Err(error) = call.timeout(Duration::from_secs(10)).await
        {
            trace::http::warn(format_args!("{}: the work was given up, and may go on", self.name), Some(&error));
        }
    }
}

impl<J: Job> IntoFuture for Wait<J> {
    type Output = Result<J::Status>;
    type IntoFuture = BoxFuture<'static, Result<J::Status>>;

    fn into_future(self) -> Self::IntoFuture {
        self.run().boxed()
    }
}

impl<J: Job> fmt::Debug for Wait<J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wait").field("call", &self.name).field("deadline", &self.deadline).finish_non_exhaustive()
    }
}
