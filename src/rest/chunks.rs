//! Answers that come in pieces of JSON: one after the other, a line each, or as server-sent events.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures::stream::{BoxStream, Stream, StreamExt, try_unfold};
use serde_json::value::RawValue;

use super::Download;
use crate::record::{self, Wire};
use crate::{Error, Result};

/// The pieces of an answer as they come; [`Call::chunks`](super::Call::chunks) returns it. It stops after an error.
pub struct ChunkStream<T>(BoxStream<'static, Result<T>>);

impl<T> ChunkStream<T> {
    /// The next piece; `None` at the end.
    pub async fn next(&mut self) -> Option<Result<T>> {
        self.0.next().await
    }
}

impl<T> Stream for ChunkStream<T> {
    type Item = Result<T>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.as_mut().poll_next(context)
    }
}

impl<T> fmt::Debug for ChunkStream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ChunkStream")
    }
}

/// Reads an answer piece by piece.
pub(super) fn chunks<T: Wire + Send + 'static>(
    name: String,
    open: impl Future<Output = Result<Download>> + Send + 'static,
) -> ChunkStream<T> {
    enum Source<F> {
        Closed(Pin<Box<F>>),
        Open(Box<Download>),
        Ended,
    }
    struct Reading<F> {
        name: String,
        source: Source<F>,
        pieces: Pieces,
    }
    let start = Reading { name, source: Source::Closed(Box::pin(open)), pieces: Pieces::default() };
    let stream = try_unfold(start, |mut reading| async move {
        loop {
            if let Some(piece) = reading.pieces.ready.pop_front() {
                let value = record::from_slice(&piece)
                    .map_err(|error| Error::decode(reading.name.as_str(), error.path(), error.message(), &piece))?;
                return Ok(Some((value, reading)));
            }
            match &mut reading.source {
                Source::Closed(open) => reading.source = Source::Open(Box::new(open.await?)),
                Source::Open(download) => match download.next().await {
                    Some(chunk) => reading.pieces.add(&chunk?),
                    None => {
                        reading.source = Source::Ended;
                        reading.pieces.end();
                    }
                },
                Source::Ended => return Ok(None),
            }
        }
    });
    ChunkStream(stream.boxed())
}

/// Cuts what comes into documents, however it is cut on the way.
#[derive(Default)]
struct Pieces {
    buffer: Vec<u8>,
    /// The data of the event that is being read.
    event: Vec<u8>,
    ready: VecDeque<Vec<u8>>,
}

impl Pieces {
    fn add(&mut self, chunk: &[u8]) {
        self.buffer.extend_from_slice(chunk);
        self.cut(false);
    }

    fn end(&mut self) {
        self.cut(true);
        self.finish_event();
        // What is left reads as nothing, and its error says so.
        if !self.buffer.trim_ascii().is_empty() {
            self.ready.push_back(std::mem::take(&mut self.buffer));
        }
    }

    fn cut(&mut self, at_end: bool) {
        let mut start = 0;
        while let Some(rest) = self.buffer.get(start..).filter(|rest| !rest.is_empty()) {
            let first = rest.first().copied().unwrap_or_default();
            let taken = match first {
                b'{' | b'[' => {
                    let mut documents = serde_json::Deserializer::from_slice(rest).into_iter::<&RawValue>();
                    match documents.next() {
                        Some(Ok(document)) => {
                            self.ready.push_back(document.get().as_bytes().to_vec());
                            documents.byte_offset()
                        }
                        // More of it is to come.
                        Some(Err(error)) if error.is_eof() => break,
                        // No document: the line it is in is one that does not read.
                        _ => {
                            let end = rest.iter().position(|byte| *byte == b'\n').or(at_end.then_some(rest.len()));
                            let Some(end) = end else { break };
                            self.ready.push_back(rest.get(..end).unwrap_or_default().to_vec());
                            end
                        }
                    }
                }
                _ => {
                    let end = rest.iter().position(|byte| *byte == b'\n');
                    let Some(end) = end.map(|end| end + 1).or(at_end.then_some(rest.len())) else { break };
                    let line = rest.get(..end).unwrap_or_default().to_vec();
                    self.line(&line);
                    end
                }
            };
            start += taken;
        }
        self.buffer.drain(..start.min(self.buffer.len()));
    }

    /// A line that begins no document: of an event, or empty.
    fn line(&mut self, line: &[u8]) {
        let line = line.trim_ascii();
        if line.is_empty() {
            self.finish_event();
        } else if let Some(data) = line.strip_prefix(b"data:") {
            if !self.event.is_empty() {
                self.event.push(b'\n');
            }
            self.event.extend_from_slice(data.trim_ascii());
        } else if ![&b"event:"[..], b"id:", b"retry:", b":"].iter().any(|field| line.starts_with(field)) {
            self.ready.push_back(line.to_vec());
        }
    }

    fn finish_event(&mut self) {
        let event = std::mem::take(&mut self.event);
        if !event.is_empty() && event != b"[DONE]" {
            self.ready.push_back(event);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_alike_however_it_comes() {
        for (text, documents) in [
            ("{\"a\":1}{\"a\":2}\n[3]", &["{\"a\":1}", "{\"a\":2}", "[3]"][..]),
            ("{\"a\":\"}\\\"{\"}\r\n\r\n{\"b\":{}}", &["{\"a\":\"}\\\"{\"}", "{\"b\":{}}"]),
            ("event: x\ndata: {\"a\":\ndata: 1}\n\n: ping\n\ndata:{}\n\ndata: [DONE]\n\n", &["{\"a\":\n1}", "{}"]),
            ("data: {\"a\":1}", &["{\"a\":1}"]),
            ("{\"open\":", &["{\"open\":"]),
            ("{odd}\n{}", &["{odd}", "{}"]),
            ("oops\n", &["oops"]),
            ("\n \n", &[]),
            ("", &[]),
        ] {
            for step in 1..=text.len().max(1) {
                let mut pieces = Pieces::default();
                text.as_bytes().chunks(step).for_each(|chunk| pieces.add(chunk));
                pieces.end();
                let read: Vec<String> =
                    pieces.ready.iter().map(|piece| String::from_utf8_lossy(piece).into()).collect();
                assert_eq!(read, documents, "{text} by {step}");
            }
        }
    }
}
