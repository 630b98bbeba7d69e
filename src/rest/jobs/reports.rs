//! Reports.

use super::{Job, Outcome};
use crate::rest::reports::Reports;
use crate::rest::reports::types::{PostReportsResponse, ReportStatus, ReportStatusStatus};
use crate::rest::{Api, Call};

impl Job for PostReportsResponse {
    type Status = ReportStatus;

    fn ask(&self, api: &Api, _: &str) -> Option<Call<ReportStatus>> {
        Some(Reports::new(api.clone()).get_report_status(self.request_id.as_deref()?))
    }

    fn outcome(&self, status: &ReportStatus) -> Outcome {
        match status.status {
            ReportStatusStatus::Done => Outcome::Done,
            ReportStatusStatus::Failed | ReportStatusStatus::Aborted => {
                Outcome::Failed { status: status.status.to_string(), log: errors(status) }
            }
            _ => Outcome::Running,
        }
    }
}

/// What went wrong, of the request and of each output, as the service writes it.
fn errors(status: &ReportStatus) -> Option<String> {
    let written = |value| crate::record::to_value(value).ok().map(|value| value.to_string());
    let of_request = status.request_errors.as_ref().and_then(written);
    let of_outputs = status.reasons.iter().flatten().filter_map(|reason| written(reason.export_errors.as_ref()?));
    let all: Vec<String> = of_request.into_iter().chain(of_outputs).collect();
    (!all.is_empty()).then(|| all.join("\n"))
}
