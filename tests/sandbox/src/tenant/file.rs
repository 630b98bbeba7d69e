//! Files: temporary contents while they wait to be used, and data files.

use bytes::Bytes;

/// A temporary content, whole or still arriving.
#[derive(Clone, Debug)]
pub(crate) struct Upload {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
    /// How long it will be.
    pub(crate) length: usize,
    /// When it goes, in seconds since 1970.
    pub(crate) expires: u64,
}

impl Upload {
    pub(crate) fn is_whole(&self) -> bool {
        self.bytes.len() == self.length
    }
}

/// A data file.
#[derive(Clone, Debug)]
pub(crate) struct DataFile {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) space_id: Option<String>,
    pub(crate) owner_id: String,
    pub(crate) bytes: Bytes,
    pub(crate) created: String,
    pub(crate) modified: String,
}
