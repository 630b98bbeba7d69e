//! Downloads into files and writers.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures::StreamExt;
use tokio::fs::{self, File};
use tokio::io::{AsyncWrite, AsyncWriteExt};

use super::Progress;
use crate::rest::Download;
use crate::{Error, Result};

impl Download {
    /// Calls a function while it is read, with how much of it has come.
    pub fn on_progress(mut self, listener: impl Fn(Progress) + Send + Sync + 'static) -> Self {
        self.listen(Arc::new(listener));
        self
    }

    /// Reads it to the end, into a writer, and returns the number of bytes.
    pub async fn to_writer(mut self, mut writer: impl AsyncWrite + Unpin) -> Result<u64> {
        let failed = |error| Error::transport("writing what is downloaded", error);
        let mut written = 0;
        while let Some(chunk) = self.next().await {
            let chunk = chunk?;
            writer.write_all(&chunk).await.map_err(failed)?;
            written += chunk.len() as u64;
        }
        writer.flush().await.map_err(failed)?;
        Ok(written)
    }

    /// Reads it to the end, into a file, and returns the number of bytes.
    ///
    /// The file appears under its name when it is complete; until then it has `.part` at the end of it. One that is
    /// there already is replaced.
    pub async fn to_path(self, path: impl AsRef<Path>) -> Result<u64> {
        let path = path.as_ref();
        let failed = |error| Error::transport(format!("writing the file {}", path.display()), error);
        let part = Part::beside(path);
        let mut file = File::create(&part.0).await.map_err(failed)?;
        let written = self.to_writer(&mut file).await?;
        // What fails late, as on a full disk, shows here.
        file.sync_all().await.map_err(failed)?;
        drop(file);
        fs::rename(&part.0, path).await.map_err(failed)?;
        Ok(written)
    }
}

/// A file that is not complete. It is taken away with this, if it is still there.
struct Part(PathBuf);

impl Part {
    fn beside(path: &Path) -> Self {
        let mut name = path.as_os_str().to_owned();
        name.push(".part");
        Self(name.into())
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // Best effort: after the renaming there is nothing to take away.
        let _ = std::fs::remove_file(&self.0);
    }
}
