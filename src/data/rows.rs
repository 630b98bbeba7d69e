//! Batches as rows.

use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures::Stream;
use futures::stream::StreamExt;

use super::batch::Batch;
use super::row::FromRow;
use super::stream::Batches;
use crate::error::Result;

/// The rows of a table, as a stream; see [`Cube::rows`](super::Cube::rows).
pub struct Rows<T> {
    batches: Batches,
    batch: Option<Batch>,
    next: usize,
    row: PhantomData<fn() -> T>,
}

impl<T> Rows<T> {
    pub(super) fn new(batches: Batches) -> Self {
        Rows { batches, batch: None, next: 0, row: PhantomData }
    }
}

impl<T: FromRow> Stream for Rows<T> {
    type Item = Result<T>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<T>>> {
        loop {
            let next = self.next;
            if let Some(row) = self.batch.as_ref().and_then(|batch| batch.row(next)) {
                let read = T::from_row(row);
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

impl<T> fmt::Debug for Rows<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rows").finish_non_exhaustive()
    }
}
