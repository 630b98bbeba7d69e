//! From fetched pages to batches: decoded on another thread, while the next pages come in.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures::Stream;
use futures::stream::{BoxStream, StreamExt};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::batch::Batch;
use super::column::{Column, ColumnKind};
use super::decode::flat::Flat;
use super::decode::page::{self, Into};
use super::decode::scan::{Misread, Scan};
use super::fetch::{self, Fetched, Order};
use super::layout::{Mode, Shape};
use super::plan::Piece;
use super::source::Source;
use super::values::{Values, Want, WantText};
use super::wrong;
use crate::error::Result;

/// What is worth the way to another thread, in bytes of a page.
const WORTH_A_THREAD: usize = 64 * 1024;

/// How far a reading is.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Progress {
    /// Rows read so far.
    pub rows: u64,
    /// Rows that there will be, where that is known: of pivots, stacks and trees it is not.
    pub of: Option<u64>,
    /// Bytes of JSON read so far.
    pub bytes: u64,
    /// How often reading began anew because the data changed.
    pub attempt: u32,
}

impl Progress {
    /// How much of it is done, from 0 to 1; `None` where that is not known.
    pub fn share(&self) -> Option<f64> {
        let of = self.of?;
        Some(if of == 0 { 1.0 } else { self.rows as f64 / of as f64 })
    }
}

/// Whom to tell how far a reading is.
pub(super) type Watcher = Arc<dyn Fn(Progress) + Send + Sync>;

/// What of each column is kept.
pub(super) type Wants = Arc<dyn Fn(&[Column]) -> Vec<Want> + Send + Sync>;

/// How a reading is turned into batches.
#[derive(Clone)]
pub(super) struct Making {
    pub(super) order: Order,
    /// Whatever pages have, unless told.
    pub(super) batch_rows: Option<usize>,
    pub(super) totals: bool,
    pub(super) wants: Wants,
    pub(super) watcher: Option<Watcher>,
}

/// Everything: for rows of any type.
pub(super) fn want_all(columns: &[Column]) -> Vec<Want> {
    let want = |column: &Column| {
        let text = if column.kind() == ColumnKind::Dimension { WantText::Interned } else { WantText::Each };
        Want { num: true, elem: true, text }
    };
    columns.iter().map(want).collect()
}

/// Batches of rows, as a stream; see [`Reader::batches`](super::Reader::batches).
pub struct Batches(BoxStream<'static, Result<Batch>>);

impl Stream for Batches {
    type Item = Result<Batch>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Batch>>> {
        self.0.poll_next_unpin(cx)
    }
}

impl fmt::Debug for Batches {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batches").finish_non_exhaustive()
    }
}

/// A task that ends with its owner.
struct Task(JoinHandle<()>);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// The batches of a source. Nothing is asked for before the stream is polled.
pub(super) fn batches(source: Arc<Source>, fresh: Option<(u64, Shape)>, making: Making) -> Batches {
    let start = futures::stream::once(async move {
        let (to, from) = mpsc::channel(2);
        let method = (Arc::clone(&source), making.order.clone());
        let task = Task(tokio::spawn(fetch::fetch(method.0, method.1, fresh, to)));
        let decoder = Decoder::new(making, source.is_table());
        Stage {
            from,
            decoder: Some(decoder),
            job: None,
            ready: Vec::new().into_iter(),
            ended: false,
            pending: None,
            _task: task,
        }
    });
    Batches(start.flat_map(|stage| futures::stream::try_unfold(stage, Stage::next)).boxed())
}

type Decoded = (Decoder, Result<Vec<Batch>>);

struct Stage {
    from: mpsc::Receiver<Result<Fetched>>,
    /// What has come in and is not decoded yet.
    pending: Option<Result<Fetched>>,
    /// At home, or away on another thread.
    decoder: Option<Decoder>,
    job: Option<JoinHandle<Decoded>>,
    ready: std::vec::IntoIter<Batch>,
    ended: bool,
    _task: Task,
}

impl Stage {
    async fn next(mut self) -> Result<Option<(Batch, Self)>> {
        loop {
            if let Some(batch) = self.ready.next() {
                self.look_ahead();
                return Ok(Some((batch, self)));
            }
            if let Some(job) = self.job.take() {
                let (decoder, batches) = job.await.map_err(|error| wrong::undecodable("", error.to_string(), ""))?;
                self.decoder = Some(decoder);
                self.ready = batches?.into_iter();
                if self.ready.len() == 0 {
                    self.look_ahead();
                }
                continue;
            }
            if self.ended {
                return Ok(None);
            }
            let fetched = match self.pending.take() {
                Some(fetched) => Some(fetched),
                None => self.from.recv().await,
            };
            match fetched {
                Some(fetched) => self.take(fetched?)?,
                None => {
                    self.ended = true;
                    if let Some(decoder) = &mut self.decoder {
                        self.ready = decoder.finish()?.into_iter();
                    }
                }
            }
        }
    }

    /// Has the next page decoded while this one's rows are used.
    fn look_ahead(&mut self) {
        if self.ready.len() > 0 || self.pending.is_some() || self.decoder.is_none() {
            return;
        }
        match self.from.try_recv() {
            Ok(Ok(fetched)) if large(&fetched) => self.send_away(fetched),
            Ok(fetched) => self.pending = Some(fetched),
            Err(_) => {}
        }
    }

    /// Has it decoded: here if it is small, else on another thread.
    fn take(&mut self, fetched: Fetched) -> Result<()> {
        if large(&fetched) {
            self.send_away(fetched);
        } else if let Some(decoder) = &mut self.decoder {
            self.ready = decoder.take(fetched)?.into_iter();
        }
        Ok(())
    }

    fn send_away(&mut self, fetched: Fetched) {
        if let Some(mut decoder) = self.decoder.take() {
            self.job = Some(tokio::task::spawn_blocking(move || {
                let batches = decoder.take(fetched);
                (decoder, batches)
            }));
        }
    }
}

fn large(fetched: &Fetched) -> bool {
    matches!(fetched, Fetched::Page { reply, .. } if reply.result().len() > WORTH_A_THREAD)
}

/// Turns pages into batches, one page after the other.
pub(super) struct Decoder {
    making: Making,
    is_table: bool,
    shape: Option<Shape>,
    values: Vec<Values>,
    wants: Vec<Want>,
    flat: Option<Flat>,
    progress: Progress,
    /// The place of the first row that is not in a batch yet.
    first_row: u64,
    /// Rows that are in batches.
    given: u64,
}

impl Decoder {
    pub(super) fn new(making: Making, is_table: bool) -> Self {
        let progress = Progress { rows: 0, of: None, bytes: 0, attempt: 0 };
        let (values, wants) = (Vec::new(), Vec::new());
        Decoder { making, is_table, shape: None, values, wants, flat: None, progress, first_row: 0, given: 0 }
    }

    pub(super) fn take(&mut self, fetched: Fetched) -> Result<Vec<Batch>> {
        match fetched {
            Fetched::Begin { shape, attempt, rows } => {
                self.begin(shape, attempt, rows);
                self.tell();
                // says that all before is void, even if no row follows
                let void = |shape: &Shape| Batch {
                    first_row: 0,
                    rows: 0,
                    columns: Arc::clone(&shape.columns),
                    values: self.values.clone(),
                    attempt,
                };
                return Ok(self.shape.iter().filter(|_| attempt > 0).map(void).collect());
            }
            Fetched::First { pages, rows } => {
                self.progress.bytes += pages.len() as u64;
                let mut into = self.into(0, self.shape.as_ref().map_or(0, |shape| shape.main));
                let read = page::first(&mut Scan::new(&pages), &mut into);
                read.map_err(|error| wrong::misread(&pages, error))?;
                self.check(rows, 0, &pages)?;
            }
            Fetched::Page { piece, reply } => self.page(piece, reply.result())?,
        }
        let complete = self.values.iter().map(Values::len).min().unwrap_or(0);
        let same = self.values.iter().all(|values| values.len() == complete);
        let mut batches = Vec::new();
        if same && complete >= self.making.batch_rows.unwrap_or(1) {
            batches.extend(self.batch());
        }
        self.tell();
        Ok(batches)
    }

    /// Takes in the page that was asked for as this piece.
    pub(super) fn page(&mut self, piece: Piece, text: &str) -> Result<()> {
        self.progress.bytes += text.len() as u64;
        let side = |side: u64| usize::try_from(side).unwrap_or(usize::MAX);
        let before = self.values.get(side(piece.left)).map_or(0, Values::len) as u64;
        let wrong = |error: Misread| wrong::misread(text, error);
        match (&mut self.flat, self.shape.as_ref().map(|shape| shape.mode)) {
            (Some(flat), Some(Mode::Pivot)) => {
                flat.pivot_page(text, (piece.top, side(piece.left))).map_err(wrong)?;
            }
            (Some(flat), _) => flat.nodes(text).map_err(wrong)?,
            (None, _) => {
                let is_table = self.is_table;
                let columns = self.values.iter_mut().skip(side(piece.left)).take(side(piece.width));
                columns.for_each(|values| values.reserve(side(piece.height)));
                let mut into = self.into(side(piece.left), side(piece.width));
                let read = if is_table { page::table(text, &mut into) } else { page::reply(text, &mut into) };
                read.map_err(wrong)?;
                self.check(before + piece.height, side(piece.left), text)?;
            }
        }
        self.flatten(false);
        Ok(())
    }

    fn begin(&mut self, shape: Shape, attempt: u32, rows: Option<u64>) {
        self.wants = (self.making.wants)(&shape.columns);
        self.values = self.wants.iter().map(|want| Values::new(*want)).collect();
        self.progress = Progress { rows: 0, of: rows, bytes: 0, attempt };
        self.given = 0;
        self.first_row = self.making.order.from;
        let counts = shape.dimensions.iter().filter(|is| **is).count();
        let counts = (counts, shape.main - counts);
        let levels = (Arc::clone(&shape.levels), shape.left_levels);
        self.flat = match shape.mode {
            Mode::Straight => None,
            Mode::Pivot => {
                let width = usize::try_from(shape.width).unwrap_or(usize::MAX).max(1);
                Some(Flat::new(levels, counts, self.making.totals, width))
            }
            Mode::Stacked | Mode::Tree => Some(Flat::new(levels, counts, self.making.totals, 0)),
        };
        if self.flat.is_some() {
            // rows are counted as they come
            self.first_row = 0;
        }
        self.shape = Some(shape);
    }

    fn into(&mut self, left: usize, width: usize) -> Into<'_> {
        let (attributes, dimensions) = match &self.shape {
            Some(shape) => (&shape.beside[..], &shape.dimensions[..]),
            None => (&[][..], &[][..]),
        };
        Into { columns: &mut self.values, left, width, attributes, dimensions }
    }

    /// A page has to have as many rows as it was asked for.
    fn check(&self, expected: u64, column: usize, text: &str) -> Result<()> {
        let read = self.values.get(column).map_or(0, Values::len) as u64;
        if read == expected {
            return Ok(());
        }
        let at = self.first_row + read;
        let why = if read == 0 || read < expected {
            format!("the engine gave no rows from {at} on, and {} more were due", expected - read)
        } else {
            format!("the engine gave {} rows more than were asked for, before row {at}", read - expected)
        };
        Err(wrong::undecodable("qDataPages", why, text.get(..200).unwrap_or(text)))
    }

    fn flatten(&mut self, end: bool) {
        if let (Some(flat), Some(shape)) = (&mut self.flat, &self.shape) {
            flat.take(end, &shape.beside, &mut self.values);
        }
    }

    pub(super) fn finish(&mut self) -> Result<Vec<Batch>> {
        self.flatten(true);
        let batch = self.batch();
        self.tell();
        Ok(batch.into_iter().collect())
    }

    /// What has been read since the last one; without the rows that were not asked for.
    fn batch(&mut self) -> Option<Batch> {
        let shape = self.shape.as_ref()?;
        let fresh = self.wants.iter().map(|want| Values::new(*want)).collect();
        let values = std::mem::replace(&mut self.values, fresh);
        let rows = values.first().map_or(0, Values::len);
        let batch = Batch {
            first_row: self.first_row,
            rows,
            columns: Arc::clone(&shape.columns),
            values,
            attempt: self.progress.attempt,
        };
        self.first_row += rows as u64;
        self.given += rows as u64;
        let batch = match self.flat {
            Some(_) => batch.between(self.making.order.from, self.making.order.limit),
            None => batch,
        };
        (!batch.is_empty()).then_some(batch)
    }

    fn tell(&mut self) {
        self.progress.rows = self.given + self.values.iter().map(Values::len).min().unwrap_or(0) as u64;
        if let Some(watcher) = &self.making.watcher {
            watcher(self.progress);
        }
    }
}
