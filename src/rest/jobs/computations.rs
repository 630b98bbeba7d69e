//! Computations of data quality, under their old name and under their new one.

use super::{Job, Outcome};
use crate::rest::{Api, Call};

macro_rules! computations {
    ($api:ident, $client:ident, $ask:ident) => {
        impl Job for crate::rest::$api::types::ComputationResponse {
            type Status = crate::rest::$api::types::ComputationStatusResponse;

            fn ask(&self, api: &Api, _: &str) -> Option<Call<Self::Status>> {
                Some(crate::rest::$api::$client::new(api.clone()).$ask(&self.computation_id))
            }

            fn outcome(&self, computation: &Self::Status) -> Outcome {
                use crate::rest::$api::types::ExecutionStatus as Status;

                match &computation.status {
                    Status::Succeeded => Outcome::Done,
                    status @ (Status::Failed | Status::ProfileFailed) => {
                        Outcome::Failed { status: status.to_string(), log: None }
                    }
                    _ => Outcome::Running,
                }
            }
        }
    };
}

#[cfg(feature = "data-qualities")]
computations!(data_qualities, DataQualities, get_data_qualities_computation);
#[cfg(feature = "data-governance-data-qualities")]
computations!(data_governance_data_qualities, DataGovernanceDataQualities, get_data_quality_computation);
