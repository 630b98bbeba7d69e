//! Batches as rows.

use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures::Stream;
use futures::stream::StreamExt;

use super::batch::{Batch, RowRef};
use super::row::FromRow;
use super::stream::Batches;
use crate::error::Result;

/// The place in a table up to which its rows were taken.
pub(super) struct Cursor {
    batches: Batches,
    batch: Option<Batch>,
    next: usize,
}

impl Cursor {
    pub(super) fn new(batches: Batches) -> Self {
        Cursor { batches, batch: None, next: 0 }
    }

    /// Reads the next row.
    pub(super) fn poll_row<T>(
        &mut self,
        cx: &mut Context<'_>,
        read: impl FnOnce(RowRef<'_>) -> Result<T>,
    ) -> Poll<Option<Result<T>>> {
        loop {
            if let Some(row) = self.batch.as_ref().and_then(|batch| batch.row(self.next)) {
                let read = read(row);
                self.next += 1;
                return Poll::Ready(Some(read));
            }
            self.batch = None;
            match ready!(self.batches.poll_next_unpin(cx)) {
                Some(Ok(batch)) => (self.batch, self.next) = (Some(batch), 0),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }
}

/// The rows of a table, as a stream; see [`Cube::rows`](super::Cube::rows).
pub struct Rows<T> {
    cursor: Cursor,
    row: PhantomData<fn() -> T>,
}

impl<T> Rows<T> {
    pub(super) fn new(batches: Batches) -> Self {
        Rows { cursor: Cursor::new(batches), row: PhantomData }
    }
}

impl<T: FromRow> Stream for Rows<T> {
    type Item = Result<T>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<T>>> {
        self.cursor.poll_row(cx, T::from_row)
    }
}

impl<T> fmt::Debug for Rows<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rows").finish_non_exhaustive()
    }
}
