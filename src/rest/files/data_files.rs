//! Data files of any size.

use std::fmt;
use std::future::IntoFuture;
use std::time::Duration;

use futures::future::BoxFuture;

use super::source::Upload;
use super::temp::{self, DIRECT, UploadTemp};
use crate::Result;
use crate::rest::data_files::{DataFiles, types};
use crate::rest::{Api, FilePart};

/// How long the server may take over a file that is up.
const PATIENCE: Duration = Duration::from_secs(30 * 60);

impl DataFiles {
    /// Uploads a file, whatever its size: a small one goes up in one request, a large one by way of the temporary
    /// storage, from where it broke off after a break.
    ///
    /// ```no_run
    /// # async fn run(qlik: qlik::Qlik) -> qlik::Result<()> {
    /// use std::path::Path;
    ///
    /// let file = qlik
    ///     .data_files()
    ///     .upload_file(Path::new("sales.csv"))
    ///     .details(|file| file.connection_id = Some("a-connection".into()))
    ///     .await?;
    /// println!("{}", file.id);
    /// # Ok(())
    /// # }
    /// ```
    pub fn upload_file(&self, file: impl Into<Upload>) -> UploadFile {
        let file = file.into();
        let details = types::UploadDataFileJson { name: file.file_name().to_owned(), ..Default::default() };
        let api = self.api().clone();
        UploadFile { files: self.clone(), api, file, details, direct_up_to: DIRECT, patience: PATIENCE }
    }
}

/// The upload of a data file. Awaiting it starts it.
#[must_use = "an upload starts when it is awaited"]
pub struct UploadFile {
    files: DataFiles,
    api: Api,
    file: Upload,
    details: types::UploadDataFileJson,
    direct_up_to: u64,
    patience: Duration,
}

impl UploadFile {
    /// Sets what is told with the file: its name in Qlik, the connection of its space, its folder.
    pub fn details(mut self, set: impl FnOnce(&mut types::UploadDataFileJson)) -> Self {
        set(&mut self.details);
        self
    }

    /// The size in bytes up to which it goes in one request. 50 MiB unless set.
    pub fn direct_up_to(mut self, bytes: u64) -> Self {
        self.direct_up_to = bytes;
        self
    }

    /// How long the request that makes the data file may take. Half an hour unless set.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.patience = limit;
        self
    }

    async fn run(mut self) -> Result<types::DataFileUploadResponse> {
        if temp::goes_there(&mut self.file, self.direct_up_to).await? {
            let id = UploadTemp::new(self.api, self.file).direct_up_to(self.direct_up_to).await?;
            self.details.temp_content_file_id = Some(id);
            return self.files.upload_data_file(&self.details).call().timeout(self.patience).await;
        }
        let name = self.file.file_name().to_owned();
        let part = FilePart::new(name, self.file.into_body().await?);
        self.files.upload_data_file(&self.details).file(part).call().timeout(self.patience).await
    }
}

impl IntoFuture for UploadFile {
    type Output = Result<types::DataFileUploadResponse>;
    type IntoFuture = BoxFuture<'static, Result<types::DataFileUploadResponse>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

impl fmt::Debug for UploadFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("UploadFile").field(&self.file).finish()
    }
}
