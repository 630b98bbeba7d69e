//! The Engine's socket with what is to befall its frames: the Engine reads and writes it as any other.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Error;
use axum::extract::ws::{CloseFrame, Message, WebSocket};
use serde_json::Value as Json;

use crate::fault::Harm;
use crate::tenant::Tenant;
use crate::wire::Line;

/// A socket whose replies may be spoiled. A reply is known by the method that it answers.
#[derive(Debug)]
pub(crate) struct Socket {
    pub(crate) inner: WebSocket,
    pub(crate) tenant: Arc<Tenant>,
    pub(crate) path: String,
    pub(crate) line: Arc<Line>,
    pub(crate) verbose: bool,
    /// The methods of the calls that wait for their reply, by id.
    pub(crate) calls: HashMap<i64, String>,
    /// Replies that wait for the next one to overtake them.
    pub(crate) held: Vec<Message>,
}

impl Socket {
    pub(crate) async fn recv(&mut self) -> Option<Result<Message, Error>> {
        let message = self.inner.recv().await;
        if let Some(Ok(Message::Text(text))) = &message {
            let call: Json = serde_json::from_str(text).unwrap_or_default();
            if let (Some(id), Some(method)) = (call["id"].as_i64(), call["method"].as_str()) {
                self.calls.insert(id, method.to_owned());
            }
        }
        if let Some(Ok(Message::Close(_))) = &message {
            // The goodbye that answers this one goes out as the next message is waited for.
            let _ = tokio::time::timeout(Duration::from_secs(1), self.inner.recv()).await;
        }
        message
    }

    /// Sends a message, as far as the faults let it.
    pub(crate) async fn send(&mut self, message: Message) -> Result<(), Error> {
        let Message::Text(text) = message else { return self.inner.send(message).await };
        let mut frame = text.to_string();
        let told: Json = serde_json::from_str(&frame).unwrap_or_default();
        let answered = told["id"].as_i64().and_then(|id| self.calls.remove(&id));
        let method = answered.or_else(|| told["method"].as_str().map(str::to_owned)).unwrap_or_default();
        if self.verbose {
            eprintln!("{} {method} {} bytes", self.path, frame.len());
        }
        let mut hold = false;
        let ended = || Err(Error::new(io::Error::from(io::ErrorKind::ConnectionReset)));
        for harm in self.tenant.faults.strike(&method, &self.path) {
            match harm {
                Harm::Delay(time) => tokio::time::sleep(time).await,
                Harm::Bandwidth(rate) => self.line.slow(rate),
                Harm::Revoke => self.tenant.auth().revoke_all(),
                Harm::Clock(time) => self.tenant.clock.advance(time),
                Harm::Drop => {
                    self.line.drop_it();
                    return ended();
                }
                Harm::HalfOpen => self.line.silence(),
                Harm::Close(code) => {
                    let reason = "A fault of the sandbox's making".into();
                    self.inner.send(Message::Close(Some(CloseFrame { code, reason }))).await?;
                    return ended();
                }
                Harm::Html(status) => frame = format!("<html><body><h1>{status}</h1></body></html>"),
                Harm::Cut(length) => {
                    let end = (0..=length.min(frame.len())).rev().find(|end| frame.is_char_boundary(*end));
                    frame.truncate(end.unwrap_or_default());
                }
                Harm::Reorder => hold = true,
                // They are of HTTP: on a socket there is nothing they could mean.
                Harm::Status(_) | Harm::TooMany(_) => {}
            }
        }
        let message = Message::Text(frame.into());
        if hold {
            self.held.push(message);
            return Ok(());
        }
        self.inner.send(message).await?;
        for message in std::mem::take(&mut self.held) {
            self.inner.send(message).await?;
        }
        Ok(())
    }
}
