//! Actions on data integration projects: prepared, validated, imported.

use super::{Job, Outcome};
use crate::rest::di_projects::DiProjects;
use crate::rest::di_projects::types::{AsyncActionDetails, AsyncActionRsp, AsyncCallStatus};
use crate::rest::{Api, Call};

impl Job for AsyncActionRsp {
    type Status = AsyncActionDetails;

    fn ask(&self, api: &Api, _: &str) -> Option<Call<AsyncActionDetails>> {
        Some(DiProjects::new(api.clone()).get_di_project(&self.action_id).call())
    }

    fn outcome(&self, action: &AsyncActionDetails) -> Outcome {
        match &action.state {
            Some(AsyncCallStatus::Completed | AsyncCallStatus::Skipped) => Outcome::Done,
            Some(status @ (AsyncCallStatus::Failed | AsyncCallStatus::Canceled)) => Outcome::Failed {
                status: status.to_string(),
                log: action.error.as_ref().and_then(|error| serde_json::to_string(error).ok()),
            },
            _ => Outcome::Running,
        }
    }
}
