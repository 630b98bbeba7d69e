//! Files, up and down: from bytes, paths and readers, with progress, and resumed where they break off.
//!
//! Every body can come from a path ([`Body::path`](crate::rest::Body::path)) or a reader
//! ([`Body::reader`](crate::rest::Body::reader)), and every [`Download`](crate::rest::Download) can go to one. Where a
//! service takes large files by way of its temporary storage, a helper chooses the way by size: `apps().import_file`,
//! `data_files().upload_file` (each behind the feature of its API).

#[cfg(feature = "apps")]
mod apps;
#[cfg(feature = "data-files")]
mod data_files;
pub(super) mod resume;
mod save;
#[cfg(any(feature = "apps", feature = "data-files", feature = "temp-contents"))]
mod source;
#[cfg(any(feature = "apps", feature = "data-files", feature = "temp-contents"))]
mod temp;
#[cfg(any(feature = "apps", feature = "data-files", feature = "temp-contents"))]
mod tus;

use std::sync::Arc;

#[cfg(feature = "apps")]
pub use apps::{ExportTo, ImportFile};
#[cfg(feature = "data-files")]
pub use data_files::UploadFile;
#[cfg(any(feature = "apps", feature = "data-files", feature = "temp-contents"))]
pub use source::Upload;
#[cfg(any(feature = "apps", feature = "data-files", feature = "temp-contents"))]
pub use temp::UploadTemp;

/// How much of a file has been sent or received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    done: u64,
    total: Option<u64>,
}

impl Progress {
    pub(super) fn new(done: u64, total: Option<u64>) -> Self {
        Self { done, total }
    }

    /// The bytes that are through.
    pub fn done(self) -> u64 {
        self.done
    }

    /// The bytes of the whole, where that is known.
    pub fn total(self) -> Option<u64> {
        self.total
    }

    /// The part that is through, from 0 to 1, where the whole is known.
    pub fn fraction(self) -> Option<f64> {
        let total = self.total?;
        Some(if total == 0 { 1.0 } else { self.done as f64 / total as f64 })
    }
}

/// Whom to tell of progress.
pub(super) type Listener = Arc<dyn Fn(Progress) + Send + Sync>;
