//! What users want to know of their gateway beside what Exuvia asks: programs in
//! `$EXUVIA_HOME/probes/required.d` and `wanted.d`, and what `$EXUVIA_HOME/config.toml` says under
//! `[probes]`.

mod page;
mod program;
mod settings;

use std::path::PathBuf;

use exuvia_host::{Home, Host, HostError};

use super::workflow::WorkflowProbe;

pub use page::HttpProbe;
pub use program::Program;

/// Why the user's probes cannot be asked: what is written there is not understood, and leaving it
/// out would be a pass that nobody saw.
#[derive(Debug, thiserror::Error)]
pub enum OwnProbeError {
    /// The file or a directory cannot be read.
    #[error("the probes that you set up cannot be read: {0}")]
    Unreadable(#[from] HostError),
    /// The file says what is not understood.
    #[error("{}:{line}: {words}", .path.display())]
    Settings {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// What is wrong.
        words: String,
    },
}

/// The user's probes.
#[derive(Debug, Clone, Default)]
pub struct OwnProbes {
    /// Programs, by name, the required ones first.
    pub programs: Vec<Program>,
    /// Pages.
    pub http: Vec<HttpProbe>,
    /// A turn of an agent, where it is switched on.
    pub workflow: Option<WorkflowProbe>,
}

impl OwnProbes {
    /// Reads what is set up; none at all where nothing is.
    pub fn read(host: &dyn Host, home: &Home) -> Result<Self, OwnProbeError> {
        let mut own = settings::read(host, home)?;
        own.programs = program::list(host, home)?;
        Ok(own)
    }
}
