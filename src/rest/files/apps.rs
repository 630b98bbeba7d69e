//! Apps as files: imported from one of any size, exported into one.

use std::fmt;
use std::future::IntoFuture;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;

use super::source::Upload;
use super::temp::{self, DIRECT, UploadTemp};
use super::{Listener, Progress};
use crate::rest::apps::{Apps, calls, types};
use crate::rest::{Api, Located};
use crate::{Error, Result};

/// How long the server may work on a whole app before it answers.
const PATIENCE: Duration = Duration::from_secs(30 * 60);

impl Apps {
    /// Makes an app of a file (`.qvf`), whatever its size: a small one goes up in one request, a large one by way of
    /// the temporary storage, from where it broke off after a break.
    ///
    /// ```no_run
    /// # async fn run(qlik: qlik::Qlik) -> qlik::Result<()> {
    /// use qlik::rest::files::Upload;
    ///
    /// let app = qlik
    ///     .apps()
    ///     .import_file(Upload::path("Sales.qvf").on_progress(|sent| println!("{:?}", sent.fraction())))
    ///     .options(|import| import.name("Sales").space_id("a-space"))
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn import_file(&self, file: impl Into<Upload>) -> ImportFile {
        ImportFile {
            api: self.api().clone(),
            call: self.import_app(),
            file: file.into(),
            direct_up_to: DIRECT,
            patience: PATIENCE,
        }
    }

    /// Writes an app into a file (`.qvf`).
    ///
    /// ```no_run
    /// # async fn run(qlik: qlik::Qlik) -> qlik::Result<()> {
    /// let bytes = qlik.apps().export_to("an-app", "Sales.qvf").options(|export| export.no_data(true)).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn export_to(&self, app_id: &str, path: impl Into<PathBuf>) -> ExportTo {
        ExportTo {
            api: self.api().clone(),
            call: self.export_app(app_id),
            path: path.into(),
            listener: None,
            patience: PATIENCE,
        }
    }
}

/// The import of a file. Awaiting it starts it, and gives the app.
#[must_use = "an import starts when it is awaited"]
pub struct ImportFile {
    api: Api,
    call: calls::ImportApp,
    file: Upload,
    direct_up_to: u64,
    patience: Duration,
}

impl ImportFile {
    /// Sets what an import can be told: name, space, mode and the like.
    pub fn options(mut self, set: impl FnOnce(calls::ImportApp) -> calls::ImportApp) -> Self {
        self.call = set(self.call);
        self
    }

    /// The size in bytes up to which it goes in one request. 50 MiB unless set.
    pub fn direct_up_to(mut self, bytes: u64) -> Self {
        self.direct_up_to = bytes;
        self
    }

    /// How long the import may take once the file is up. Half an hour unless set.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.patience = limit;
        self
    }

    async fn run(mut self) -> Result<types::NxApp> {
        if temp::goes_there(&mut self.file, self.direct_up_to).await? {
            let id = UploadTemp::new(self.api, self.file).direct_up_to(self.direct_up_to).await?;
            return self.call.file_id(&id).call().timeout(self.patience).await;
        }
        // What is at hand is limited as a whole, what is streamed by its progress: the whole is long here.
        self.call.body(self.file.into_body().await?).call().timeout(self.patience).await
    }
}

impl IntoFuture for ImportFile {
    type Output = Result<types::NxApp>;
    type IntoFuture = BoxFuture<'static, Result<types::NxApp>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

impl fmt::Debug for ImportFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ImportFile").field(&self.file).finish()
    }
}

/// The export of an app. Awaiting it starts it, and gives the number of bytes that were written.
#[must_use = "an export starts when it is awaited"]
pub struct ExportTo {
    api: Api,
    call: calls::ExportApp,
    path: PathBuf,
    listener: Option<Listener>,
    patience: Duration,
}

impl ExportTo {
    /// Sets what an export can be told.
    pub fn options(mut self, set: impl FnOnce(calls::ExportApp) -> calls::ExportApp) -> Self {
        self.call = set(self.call);
        self
    }

    /// Calls a function while the file comes down.
    pub fn on_progress(mut self, listener: impl Fn(Progress) + Send + Sync + 'static) -> Self {
        self.listener = Some(Arc::new(listener));
        self
    }

    /// How long the server may take to make the file. Half an hour unless set.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.patience = limit;
        self
    }

    async fn run(self) -> Result<u64> {
        let made: Located = self.call.call().timeout(self.patience).await?;
        // The place is written in several ways, some of which lead nowhere; its last part is the id in all of them.
        let id = made.id().ok_or_else(|| {
            Error::decode("apps exportApp", "Location", "the answer does not say where the file is", &[])
        })?;
        let mut file = temp::download(&self.api, id).await?;
        if let Some(listener) = self.listener {
            file.listen(listener);
        }
        file.to_path(self.path).await
    }
}

impl IntoFuture for ExportTo {
    type Output = Result<u64>;
    type IntoFuture = BoxFuture<'static, Result<u64>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

impl fmt::Debug for ExportTo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ExportTo").field(&self.path).finish()
    }
}
