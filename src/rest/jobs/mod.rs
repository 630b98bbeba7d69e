//! Work that goes on after its call: started, watched, waited for, given up.
//!
//! The answer to a call that starts such work implements [`Job`], and [`Call::and_wait`](crate::rest::Call::and_wait)
//! waits for its end:
//!
//! ```no_run
//! # #[cfg(feature = "reloads")]
//! # async fn run(qlik: qlik::Qlik) -> qlik::Result<()> {
//! use std::time::Duration;
//! use qlik::rest::reloads::types::ReloadRequest;
//!
//! let request = ReloadRequest { app_id: "an-app".into(), ..Default::default() };
//! let reload = qlik
//!     .reloads()
//!     .queue_reload(&request)
//!     .and_wait()
//!     .deadline(Duration::from_secs(20 * 60))
//!     .on_progress(|reload| println!("{}", reload.status))
//!     .await?;
//! println!("{:?}", reload.end_time);
//! # Ok(())
//! # }
//! ```
//!
//! Work that ends badly is an [`Error`](crate::Error) with what the service tells about it, its log included.
//!
//! Where a call answers that its result will be at another place (status 202 or 201 with a `Location`),
//! [`Call::and_wait_there`](crate::rest::Call::and_wait_there) asks at that place.
//!
//! | Feature | Started by | Waits for |
//! |---|---|---|
//! | `reloads` | `queue_reload` | the reload |
//! | `reports` | `create_report` | the report's status; `get_report_outputs` then lists its files |
//! | `automations` | `queue_automation_run` | the run |
//! | `workflows-automations` | `create_automation_run` | the run |
//! | `apps` | `queue_app_evaluation` | the evaluation |
//! | `analytics-apps` | `create_app_evaluation` | the evaluation |
//! | `di-projects` | `prepare_di_project`, `validate_di_project`, `import_async_di_project`, and those of a task | the action |
//! | `data-qualities`, `data-governance-data-qualities` | a computation | the computation |
//! | any | any call that answers with a place, by `and_wait_there` | what is there |

#[cfg(any(feature = "automations", feature = "workflows-automations"))]
mod automations;
#[cfg(any(feature = "data-qualities", feature = "data-governance-data-qualities"))]
mod computations;
#[cfg(feature = "di-projects")]
mod di_projects;
#[cfg(any(feature = "apps", feature = "analytics-apps"))]
mod evaluations;
mod places;
#[cfg(feature = "reloads")]
mod reloads;
#[cfg(feature = "reports")]
mod reports;
mod wait;

pub use places::At;
pub use wait::Wait;

use super::{Answer, Api, Call};

/// What tells of work that goes on after the call that started it: the answer to that call, or the place of its result.
pub trait Job: Send + 'static {
    /// What tells how the work stands.
    type Status: Answer;

    /// The call that asks how it stands. `started_at` is the path that the work was started at. None where the answer
    /// does not say what was started.
    #[doc(hidden)]
    fn ask(&self, api: &Api, started_at: &str) -> Option<Call<Self::Status>>;

    /// The call that gives the work up, where there is one.
    #[doc(hidden)]
    fn cancel(&self, api: &Api, started_at: &str) -> Option<Call<()>> {
        let _ = (api, started_at);
        None
    }

    /// How the work stands.
    #[doc(hidden)]
    fn outcome(&self, status: &Self::Status) -> Outcome;
}

/// How work stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Not at its end.
    Running,
    /// It ended well.
    Done,
    /// It ended badly.
    Failed {
        /// The service's word for how.
        status: String,
        /// What is told about it.
        log: Option<String>,
    },
}

/// What is told about a failure, in one text.
#[cfg(feature = "reloads")]
fn told(parts: [Option<&str>; 2]) -> Option<String> {
    let parts: Vec<&str> = parts.into_iter().flatten().filter(|part| !part.trim().is_empty()).collect();
    (!parts.is_empty()).then(|| parts.join("\n"))
}
