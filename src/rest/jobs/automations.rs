//! Runs of automations, under their old name and under their new one.

use super::{Job, Outcome};
use crate::rest::{Api, Call};

/// A run knows its own id only; its automation's is in the path that it was started at, `.../automations/{id}/runs`.
fn automation(started_at: &str) -> Option<String> {
    let id = started_at.strip_suffix("/runs")?.rsplit('/').next()?;
    Some(percent_encoding::percent_decode_str(id).decode_utf8_lossy().into_owned())
}

macro_rules! runs {
    ($api:ident, $client:ident) => {
        impl Job for crate::rest::$api::types::RunDetailResponseObject {
            type Status = Self;

            fn ask(&self, api: &Api, started_at: &str) -> Option<Call<Self>> {
                let client = crate::rest::$api::$client::new(api.clone());
                Some(client.get_automation_run(&automation(started_at)?, self.id.as_deref()?))
            }

            fn cancel(&self, api: &Api, started_at: &str) -> Option<Call<()>> {
                let client = crate::rest::$api::$client::new(api.clone());
                Some(client.stop_automation_run(&automation(started_at)?, self.id.as_deref()?))
            }

            fn outcome(&self, run: &Self) -> Outcome {
                use crate::rest::$api::types::RunDetailResponseObjectStatus as Status;

                match &run.status {
                    Some(Status::Finished | Status::FinishedWithWarnings) => Outcome::Done,
                    Some(status @ (Status::Failed | Status::Stopped | Status::ExceededLimit)) => Outcome::Failed {
                        status: status.to_string(),
                        log: run.error.as_ref().and_then(|errors| serde_json::to_string(errors).ok()),
                    },
                    _ => Outcome::Running,
                }
            }
        }
    };
}

#[cfg(feature = "automations")]
runs!(automations, Automations);
#[cfg(feature = "workflows-automations")]
runs!(workflows_automations, WorkflowsAutomations);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_automation_in_the_path() {
        assert_eq!(automation("/api/v1/automations/a%20b/runs").as_deref(), Some("a b"));
        assert_eq!(automation("/api/v1/automations/a"), None);
    }
}
