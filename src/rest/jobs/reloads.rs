//! Reloads of apps.

use super::{Job, Outcome};
use crate::rest::reloads::Reloads;
use crate::rest::reloads::types::{Reload, Status};
use crate::rest::{Api, Call};

impl Job for Reload {
    type Status = Reload;

    fn ask(&self, api: &Api, _: &str) -> Option<Call<Reload>> {
        Some(Reloads::new(api.clone()).get_reload(&self.id))
    }

    fn cancel(&self, api: &Api, _: &str) -> Option<Call<()>> {
        Some(Reloads::new(api.clone()).cancel_reload(&self.id).ignoring())
    }

    fn outcome(&self, status: &Reload) -> Outcome {
        match status.status {
            Status::Succeeded => Outcome::Done,
            Status::Failed | Status::Canceled | Status::ExceededLimit => Outcome::Failed {
                status: status.status.to_string(),
                log: super::told([status.error_message.as_deref(), status.log.as_deref()]),
            },
            // A status that is not known is not an end.
            _ => Outcome::Running,
        }
    }
}
