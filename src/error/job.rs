//! Work that was started and ended badly.

/// Work that a call started ended badly, or was given up.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct JobError {
    started_by: String,
    status: String,
    log: Option<String>,
}

impl JobError {
    pub(crate) fn new(started_by: impl Into<String>, status: impl Into<String>, log: Option<String>) -> Self {
        Self { started_by: started_by.into(), status: status.into(), log }
    }

    /// The call that started it, as `reloads queueReload`.
    pub fn started_by(&self) -> &str {
        &self.started_by
    }

    /// How it ended, in the service's word, as `FAILED`.
    pub fn status(&self) -> &str {
        &self.status
    }

    /// What the service tells about it, as the log of a reload.
    pub fn log(&self) -> Option<&str> {
        self.log.as_deref()
    }
}

impl std::fmt::Display for JobError {
    /// The last lines of a log tell what went wrong.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        const SHOWN: usize = 3;
        write!(f, "{}: ended with {}", self.started_by, self.status)?;
        let lines: Vec<&str> =
            self.log.iter().flat_map(|log| log.lines()).filter(|line| !line.trim().is_empty()).collect();
        let last = &lines[lines.len().saturating_sub(SHOWN)..];
        if !last.is_empty() {
            write!(f, ": {}", last.join(" | "))?;
        }
        Ok(())
    }
}

impl std::error::Error for JobError {}
