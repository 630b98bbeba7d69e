//! Fetching the pages of a table: several calls in flight, in order, and anew when the data changes.

use std::sync::Arc;

use futures::stream::{self, StreamExt};
use tokio::sync::mpsc;

use super::decode::{nodes, page};
use super::layout::{Mode, Shape};
use super::plan::{self, Limits, MAX_CELLS, Piece};
use super::source::Source;
use super::wrong;
use crate::engine::RawReply;
use crate::error::{Error, Result};

/// How often reading begins anew when the data does not come to rest.
const ATTEMPTS: u32 = 10;

/// Codes with which the engine says that an answer would be too large.
const TOO_LARGE: [i64; 2] = [7009, -32604];

/// What to do when the data changes while it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum OnChange {
    /// The reading ends with an error that [`is_retryable`](crate::Error::is_retryable): half of one state and half of
    /// another would be a table that never was.
    #[default]
    Fail,
    /// The reading begins anew from its first row, ten times at most. Who has already used rows has to forget them:
    /// [`Batch::attempt`](super::Batch::attempt) tells, and a row whose index is not higher than the one before.
    /// Functions that write files do that by themselves.
    Restart,
}

/// What shall be fetched.
#[derive(Debug, Clone)]
pub(super) struct Order {
    pub(super) from: u64,
    pub(super) limit: Option<u64>,
    pub(super) limits: Limits,
    pub(super) in_flight: usize,
    pub(super) on_change: OnChange,
    pub(super) attributes: bool,
}

/// What comes of it, in order.
pub(super) enum Fetched {
    /// A reading begins: what was fetched before is void.
    Begin {
        shape: Shape,
        attempt: u32,
        rows: Option<u64>,
    },
    /// The first page, as it came with the layout.
    First {
        pages: Arc<str>,
        rows: u64,
    },
    Page {
        piece: Piece,
        reply: RawReply,
    },
}

/// The other end is gone, or has all that it wants.
struct Gone;

/// How a reading ended.
enum Outcome {
    Whole,
    Changed,
    Failed(Error),
}

impl From<Gone> for Outcome {
    fn from(_: Gone) -> Self {
        Outcome::Whole
    }
}

type Sender = mpsc::Sender<Result<Fetched>>;

/// Fetches until everything is there, or nobody wants it any more.
pub(super) async fn fetch(source: Arc<Source>, order: Order, mut fresh: Option<(u64, Shape)>, to: Sender) {
    let mut attempt = 0;
    loop {
        let (outcome, method) = match look(&source, &mut fresh).await {
            Ok((changes, shape)) => {
                let method = source.method(shape.mode).to_string();
                let reading = Reading { source: &source, order: &order, changes, to: &to };
                (reading.whole(shape, attempt).await.unwrap_or_else(Into::into), method)
            }
            Err(error) => (Outcome::Failed(error), String::new()),
        };
        let error = match outcome {
            Outcome::Whole => return,
            Outcome::Changed if order.on_change == OnChange::Restart && attempt + 1 < ATTEMPTS => {
                attempt += 1;
                continue;
            }
            Outcome::Changed => wrong::changed(&method),
            Outcome::Failed(error) => error,
        };
        let _ = to.send(Err(error)).await;
        return;
    }
}

async fn look(source: &Source, fresh: &mut Option<(u64, Shape)>) -> Result<(u64, Shape)> {
    match fresh.take().filter(|fresh| fresh.0 == source.changes()) {
        Some(fresh) => Ok(fresh),
        None => source.look().await,
    }
}

struct Reading<'a> {
    source: &'a Source,
    order: &'a Order,
    changes: u64,
    to: &'a Sender,
}

impl Reading<'_> {
    async fn send(&self, fetched: Fetched) -> Result<(), Gone> {
        self.to.send(Ok(fetched)).await.map_err(|_| Gone)
    }

    async fn whole(&self, shape: Shape, attempt: u32) -> Result<Outcome, Gone> {
        let shape = if self.order.attributes { shape } else { shape.without_attributes() };
        let (mode, rows, width) = (shape.mode, shape.rows, shape.width);
        let first = shape.first.clone();
        let end = self.order.limit.map_or(rows, |limit| rows.min(self.order.from.saturating_add(limit)));
        let from = self.order.from.min(end);
        // of pivots, the number of rows is known once they are read
        let expected = (mode == Mode::Straight).then_some(end - from);
        self.send(Fetched::Begin { shape, attempt, rows: expected }).await?;
        match mode {
            Mode::Straight => {
                let mut from = from;
                let covered = first.as_deref().map_or(0, |pages| rows_of_first(pages, width));
                if from == 0 && covered > 0 && covered <= end {
                    let pages = first.unwrap_or_default();
                    self.send(Fetched::First { pages, rows: covered }).await?;
                    from = covered;
                }
                let mut limits = self.order.limits;
                if self.source.is_table() {
                    // its calls give whole rows
                    limits.columns = usize::MAX;
                }
                match self.pieces(mode, plan::pieces(from..end, width, limits)).await? {
                    Outcome::Whole if self.source.is_table() => Ok(self.same_table(rows).await),
                    outcome => Ok(outcome),
                }
            }
            Mode::Pivot => self.pieces(mode, plan::pieces(0..rows, width.max(1), self.order.limits)).await,
            Mode::Stacked | Mode::Tree => self.nodes(mode).await,
        }
    }

    /// Fetches pages whose places are known beforehand.
    async fn pieces(&self, mode: Mode, pieces: impl Iterator<Item = Piece> + Send) -> Result<Outcome, Gone> {
        let calls = stream::iter(pieces).map(|piece| self.piece(mode, piece));
        let mut replies = std::pin::pin!(calls.buffered(self.order.in_flight.max(1)));
        while let Some(replies) = replies.next().await {
            if self.source.changes() != self.changes {
                return Ok(Outcome::Changed);
            }
            match replies {
                Err(error) => return Ok(Outcome::Failed(error)),
                Ok(replies) => {
                    for (piece, reply) in replies {
                        self.send(Fetched::Page { piece, reply }).await?;
                    }
                }
            }
        }
        Ok(Outcome::Whole)
    }

    /// Fetches a page; in parts, where the engine finds the whole too large.
    async fn piece(&self, mode: Mode, piece: Piece) -> Result<Vec<(Piece, RawReply)>> {
        let (mut todo, mut done) = (vec![piece], Vec::with_capacity(1));
        while let Some(piece) = todo.pop() {
            match self.source.page(mode, piece).await {
                Ok(reply) => done.push((piece, reply)),
                Err(error) => match piece.halves() {
                    Some([one, other]) if error.engine_code().is_some_and(|code| TOO_LARGE.contains(&code)) => {
                        todo.extend([other, one]);
                    }
                    _ => return Err(error),
                },
            }
        }
        Ok(done)
    }

    /// Fetches nodes of the first level, whose number shows only on the way.
    async fn nodes(&self, mode: Mode) -> Result<Outcome, Gone> {
        let mut height = u64::try_from(self.order.limits.cells.clamp(1, MAX_CELLS)).unwrap_or(1).min(1_000);
        let mut top = 0;
        loop {
            let piece = Piece { top, height, left: 0, width: self.order.limits.columns.clamp(1, 100) as u64 };
            let reply = match self.source.page(mode, piece).await {
                Ok(reply) => reply,
                Err(error) if height > 1 && error.engine_code().is_some_and(|code| TOO_LARGE.contains(&code)) => {
                    height /= 2;
                    continue;
                }
                Err(error) => return Ok(Outcome::Failed(error)),
            };
            if self.source.changes() != self.changes {
                return Ok(Outcome::Changed);
            }
            let nodes = nodes::count(reply.result(), top).map_err(|error| wrong::misread(reply.result(), error));
            self.send(Fetched::Page { piece, reply }).await?;
            match nodes {
                Err(error) => return Ok(Outcome::Failed(error)),
                Ok((shown, behind)) => {
                    top += shown;
                    if shown == 0 || behind == Some(0) || (behind.is_none() && shown < height) {
                        return Ok(Outcome::Whole);
                    }
                }
            }
        }
    }

    /// Tables tell of no change: whether the app has been reloaded shows in their size alone.
    async fn same_table(&self, rows: u64) -> Outcome {
        match self.source.look().await {
            Ok((_, shape)) if shape.rows == rows => Outcome::Whole,
            Ok(_) => Outcome::Changed,
            Err(error) => Outcome::Failed(error),
        }
    }
}

/// How many rows the first page of a layout has, if it is one from the top left that is as wide as the table.
pub(super) fn rows_of_first(pages: &str, width: u64) -> u64 {
    let area = page::first_area(pages).filter(|area| area.left == 0 && area.top == 0 && area.width == width);
    area.map_or(0, |area| area.height)
}
