//! A session's life: from connection to connection, until it is over.

use std::pin::pin;
use std::sync::Arc;

use futures::future::BoxFuture;
use tokio::sync::oneshot;

use super::actor::{Actor, Control, End, Socket, Wish};
use super::closed::{CloseReason, Closed};
use super::event::{Resumed, SessionEvent};
use super::restore;
use super::resume::Resume;
use super::shared::Phase;
use crate::error::{Error, Result};
use crate::trace;

/// Opens a socket like the first one.
pub(super) type Connector = Arc<dyn Fn() -> BoxFuture<'static, Result<Socket>> + Send + Sync>;

/// The one task of a session.
pub(super) struct Life {
    actor: Actor,
    connector: Connector,
    resume: Resume,
    /// Whether a session that is suspended comes back by itself.
    returns: bool,
}

/// Why there is no new connection.
enum Setback {
    /// Another attempt may do better.
    Failed(Error),
    /// The session is not wanted any more.
    Over,
}

impl Life {
    pub(super) fn new(actor: Actor, connector: Connector, resume: Resume) -> Self {
        Life { actor, connector, resume, returns: false }
    }

    /// Runs until the session is over.
    pub(super) async fn run(mut self, socket: Socket) {
        self.actor.attach(socket, 0);
        self.actor.open();
        self.actor.shared.events.push(SessionEvent::Opened);
        loop {
            let End { closed, wish } = self.actor.serve().await;
            let back = match wish {
                Wish::Over => false,
                Wish::Suspend(done) => {
                    self.suspend(&closed, false);
                    let _ = done.send(());
                    self.wait_to_be_resumed().await
                }
                Wish::Nothing if self.resume.covers(closed.reason()) => {
                    self.suspend(&closed, true);
                    self.come_back().await
                }
                Wish::Nothing => false,
            };
            if !back {
                return self.actor.finish(closed);
            }
        }
    }

    fn suspend(&mut self, closed: &Closed, returns: bool) {
        self.returns = returns;
        let after = if returns { "and is to come back" } else { "for good" };
        trace::engine::debug(format_args!("the session is suspended, {after}"), Some(closed));
        let shared = &self.actor.shared;
        shared.phase.send_replace(Phase::Suspended);
        shared.calls.interrupt(closed, returns);
        shared.events.push(SessionEvent::Suspended(closed.clone()));
    }

    /// After a suspend by hand: `false` when the session is not wanted any more.
    async fn wait_to_be_resumed(&mut self) -> bool {
        while let Some(control) = self.actor.control.recv().await {
            match control {
                Control::Close => return false,
                Control::Suspend(done) => drop(done.send(())),
                Control::Resume(done) => match self.reconnect().await {
                    Ok(resumed) => {
                        let _ = done.send(Ok(resumed));
                        return true;
                    }
                    Err(Setback::Failed(error)) => drop(done.send(Err(error))),
                    Err(Setback::Over) => return false,
                },
            }
        }
        false
    }

    /// After a loss: tries until it stands again, or there is no sense in it.
    async fn come_back(&mut self) -> bool {
        let mut attempt = 0;
        // those who ask for a resume meanwhile
        let mut asked: Vec<oneshot::Sender<Result<Resumed>>> = Vec::new();
        while let Some(wait) = self.resume.wait(attempt) {
            attempt += 1;
            let mut wait = pin!(tokio::time::sleep(wait));
            loop {
                tokio::select! {
                    () = &mut wait => break,
                    control = self.actor.control.recv() => match control {
                        None | Some(Control::Close) => return false,
                        Some(Control::Suspend(done)) => drop(done.send(())),
                        Some(Control::Resume(done)) => {
                            asked.push(done);
                            break;
                        }
                    },
                }
            }
            match self.reconnect().await {
                Ok(resumed) => {
                    asked.into_iter().for_each(|done| drop(done.send(Ok(resumed.clone()))));
                    return true;
                }
                Err(Setback::Over) => return false,
                Err(Setback::Failed(error)) => {
                    trace::engine::debug(
                        format_args!("the session did not come back in attempt {attempt}"),
                        Some(&error),
                    );
                    if !self.worth_another(&error) {
                        return false;
                    }
                }
            }
        }
        false
    }

    /// Whether a later attempt may succeed: not where the server says that it will not.
    fn worth_another(&self, error: &Error) -> bool {
        match error {
            Error::Http(error) => matches!(error.status(), 408 | 429 | 500..=599),
            Error::Closed(closed) => self.resume.covers(&closed.close_reason()) || error.is_retryable(),
            // what was spoiled on its way says nothing about the session
            Error::Decode(_) => true,
            _ => error.is_retryable(),
        }
    }

    /// A new connection with everything as it was.
    async fn reconnect(&mut self) -> Result<Resumed, Setback> {
        let socket = {
            let mut connecting = pin!((self.connector)());
            loop {
                tokio::select! {
                    socket = &mut connecting => break socket.map_err(Setback::Failed)?,
                    control = self.actor.control.recv() => match control {
                        None | Some(Control::Close) => return Err(Setback::Over),
                        // it is suspended, and being resumed
                        Some(Control::Suspend(done)) => drop(done.send(())),
                        Some(Control::Resume(done)) => drop(done.send(Ok(Resumed::default()))),
                    },
                }
            }
        };
        let shared = Arc::clone(&self.actor.shared);
        let epoch = shared.objects.begin_epoch();
        self.actor.attach(socket, epoch);
        shared.calls.reopen();
        let resumed = {
            let mut restoring = pin!(restore::all(&shared));
            tokio::select! {
                biased;
                end = self.actor.serve() => {
                    let setback = match end.wish {
                        Wish::Over => Setback::Over,
                        Wish::Nothing | Wish::Suspend(_) => Setback::Failed(lost_again(&end.closed)),
                    };
                    Err((setback, end.closed))
                }
                resumed = &mut restoring => {
                    resumed.map_err(|error| (Setback::Failed(error), Closed::new(CloseReason::Lost, "")))
                }
            }
        };
        match resumed {
            Ok(resumed) => {
                self.actor.open();
                shared.phase.send_replace(Phase::Open);
                shared.events.push(SessionEvent::Resumed(resumed.clone()));
                Ok(resumed)
            }
            Err((setback, closed)) => {
                self.actor.detach();
                // what the restoring itself had asked
                shared.calls.interrupt(&closed, self.returns);
                Err(setback)
            }
        }
    }
}

/// The end of a connection while it was restored.
fn lost_again(closed: &Closed) -> Error {
    closed.error(&super::method::MethodName::new("", "resume"), false)
}
