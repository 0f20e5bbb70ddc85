//! `[rehearsal]` in `$EXUVIA_HOME/config.toml`.
//!
//! ```toml
//! [rehearsal]
//! ready-seconds = 300     # how long a gateway may take until it is ready
//! memory-mb = 3072        # how much memory all of it may hold
//! require-isolation = "full"  # "partial", the default, is content with less
//! ```

use std::time::Duration;

use exuvia_host::{Home, Host, Links, read_optional};
use serde::Deserialize;

use crate::Trouble;

const MAX_BYTES: u64 = 1024 * 1024;
/// OpenClaw 2026.9.6 on the state of 2026.9.5 was ready after 20 s on 2 cores.
const READY: u64 = 300;
/// The gateway takes 0.7 GB, a check of its plugins 0.6 more.
const MEMORY: u64 = 3072;

/// What a rehearsal may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Limits {
    /// How long a gateway may take until it says that it is ready.
    pub(super) ready: Duration,
    /// Bytes of memory, all of it together.
    pub(super) memory: u64,
    /// Whether nothing less than full isolation will do.
    pub(super) full: bool,
}

/// The file. What else is in it is others'.
#[derive(Default, Deserialize)]
struct Document {
    #[serde(default)]
    rehearsal: Section,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct Section {
    ready_seconds: u64,
    memory_mb: u64,
    require_isolation: Required,
}

/// How far a rehearsal must be cut off.
#[derive(Default, Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Required {
    Full,
    #[default]
    Partial,
}

impl Default for Section {
    fn default() -> Self {
        Self {
            ready_seconds: READY,
            memory_mb: MEMORY,
            require_isolation: Required::default(),
        }
    }
}

impl Limits {
    /// Those that are set, or the defaults.
    pub(super) fn read(host: &dyn Host, home: &Home) -> Result<Self, Trouble> {
        let path = home.root().join("config.toml");
        let bytes = read_optional(host, &path, MAX_BYTES, Links::Follow)?.unwrap_or_default();
        let document: Document = toml::from_slice(&bytes).map_err(|error| {
            let words = exuvia_model::text::one_line(error.message(), 300);
            Trouble::new(format!("{}: {words}", path.display()))
        })?;
        let Section {
            ready_seconds,
            memory_mb,
            require_isolation,
        } = document.rehearsal;
        Ok(Self {
            ready: Duration::from_secs(ready_seconds.max(1)),
            memory: memory_mb.max(1) << 20,
            full: require_isolation == Required::Full,
        })
    }
}
