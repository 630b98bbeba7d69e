//! Qlik's temporary storage: the way for files that are too large for one request.

use std::fmt;
use std::future::IntoFuture;
use std::time::Duration;

use futures::future::BoxFuture;

use super::source::Upload;
use super::tus;
use crate::Result;
use crate::rest::{Api, Located, Method, Operation, Tier};

/// Up to which size a file goes in one request, unless set.
pub(super) const DIRECT: u64 = 50 * 1024 * 1024;

static UPLOAD: Operation = Operation::new("temp-contents", "uploadTempFile", Method::Post, "/api/v1/temp-contents")
    .tier(Tier::Two)
    .accept("*/*");
#[cfg(feature = "apps")]
static DOWNLOAD: Operation =
    Operation::new("temp-contents", "downloadTempFile", Method::Get, "/api/v1/temp-contents/{id}")
        .tier(Tier::One)
        .accept("*/*");

/// Whether a file goes by way of the temporary storage: for its size, or because it was begun there.
#[cfg(any(feature = "apps", feature = "data-files"))]
pub(super) async fn goes_there(file: &mut Upload, direct_up_to: u64) -> Result<bool> {
    let length = file.length().await?;
    Ok(is_large(length, direct_up_to) || length.is_some() && file.begun.is_some())
}

/// Whether a file is too large for one request.
fn is_large(length: Option<u64>, direct_up_to: u64) -> bool {
    length.is_some_and(|length| length > direct_up_to)
}

/// An upload to the temporary storage. Awaiting it starts it, and gives the id that other calls take.
#[must_use = "an upload starts when it is awaited"]
pub struct UploadTemp {
    api: Api,
    file: Upload,
    life: Option<Duration>,
    direct_up_to: u64,
}

impl UploadTemp {
    pub(super) fn new(api: Api, file: Upload) -> Self {
        Self { api, file, life: None, direct_up_to: DIRECT }
    }

    /// How long the file is kept: an hour unless set, three days at most.
    pub fn keep_for(mut self, life: Duration) -> Self {
        self.life = Some(life);
        self
    }

    /// The size in bytes up to which it goes in one request. Larger ones go up piece by piece, and on from where the
    /// server has them after a break. 50 MiB unless set.
    pub fn direct_up_to(mut self, bytes: u64) -> Self {
        self.direct_up_to = bytes;
        self
    }

    async fn run(mut self) -> Result<String> {
        let length = self.file.length().await?;
        let pieces = is_large(length, self.direct_up_to) || self.file.begun.is_some();
        if let Some(length) = length.filter(|_| pieces) {
            return tus::upload(&self.api, self.file, length, self.life).await;
        }
        let mut call = self.api.call::<Located>(&UPLOAD).query("filename", self.file.file_name());
        if let Some(life) = self.life {
            call = call.query("ttl", life.as_secs());
        }
        tus::placed(&call.body(self.file.into_body().await?, "application/octet-stream").await?)
    }
}

impl IntoFuture for UploadTemp {
    type Output = Result<String>;
    type IntoFuture = BoxFuture<'static, Result<String>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

impl fmt::Debug for UploadTemp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("UploadTemp").field(&self.file).finish()
    }
}

/// Starts to read a file of the temporary storage.
#[cfg(feature = "apps")]
pub(super) fn download(api: &Api, id: &str) -> crate::rest::Call<crate::rest::Download> {
    api.call(&DOWNLOAD).path("id", id)
}

#[cfg(feature = "temp-contents")]
impl crate::rest::temp_contents::TempContents {
    /// Uploads a file of any size, and returns its id.
    ///
    /// ```no_run
    /// # async fn run(qlik: qlik::Qlik) -> qlik::Result<()> {
    /// use qlik::rest::files::Upload;
    ///
    /// let id = qlik.temp_contents().upload_file(Upload::path("large.qvf")).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn upload_file(&self, file: impl Into<Upload>) -> UploadTemp {
        UploadTemp::new(self.api().clone(), file.into())
    }
}
