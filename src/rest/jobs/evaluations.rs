//! Evaluations of apps, under their old name and under their new one.

use super::{Job, Outcome};
use crate::rest::{Api, Call};

macro_rules! evaluations {
    ($api:ident, $client:ident) => {
        impl Job for crate::rest::$api::types::Evaluation {
            type Status = Self;

            fn ask(&self, api: &Api, _: &str) -> Option<Call<Self>> {
                let client = crate::rest::$api::$client::new(api.clone());
                Some(client.get_app_evaluation(self.id.as_deref()?).call())
            }

            fn outcome(&self, evaluation: &Self) -> Outcome {
                let errors = evaluation.details.as_ref().and_then(|details| details.errors.as_ref());
                let log = errors.filter(|errors| !errors.is_empty()).map(|errors| errors.join("\n"));
                outcome(evaluation.status.as_deref(), evaluation.ended.as_deref(), log)
            }
        }
    };
}

/// The description does not list the statuses: an evaluation has ended when its end is known, and well unless its status
/// says otherwise.
fn outcome(status: Option<&str>, ended: Option<&str>, log: Option<String>) -> Outcome {
    let status = status.unwrap_or_default();
    let bad = ["fail", "error", "abort", "cancel"].iter().any(|word| status.to_ascii_lowercase().contains(word));
    match ended.is_some_and(|ended| !ended.is_empty()) {
        _ if bad => Outcome::Failed { status: status.to_owned(), log },
        true => Outcome::Done,
        false => Outcome::Running,
    }
}

#[cfg(feature = "apps")]
evaluations!(apps, Apps);
#[cfg(feature = "analytics-apps")]
evaluations!(analytics_apps, AnalyticsApps);
