//! The configuration file as a snapshot holds it.

use std::io::Read;

use exuvia_host::HostError;
use exuvia_openclaw::Install;
use exuvia_store::{NodeKind, Snapshot};

use crate::{Context, Recovery, RecoveryError};

/// Largest one that is read, in bytes.
const MAX_BYTES: u64 = 4 * 1024 * 1024;

impl Recovery {
    /// The configuration file of an install as it was when a snapshot was taken; `None` where the
    /// snapshot holds none, or none that is a regular file of an ordinary size. It may hold secrets.
    pub fn config_of(
        &self,
        install: &Install,
        snapshot: &Snapshot,
    ) -> Result<Option<Vec<u8>>, RecoveryError> {
        let path = &install.config_path;
        let Ok(inside) = path.strip_prefix(&install.state_dir) else {
            let kept = Context::of(snapshot).and_then(|context| context.config);
            return Ok(kept
                .filter(|kept| kept.path == *path)
                .map(|kept| kept.content));
        };
        let contents = self.store.contents(snapshot)?;
        for item in contents.items() {
            let item = item?;
            let entry = item.entry.borrow();
            if item.path != inside {
                continue;
            }
            if !matches!(entry.kind(), NodeKind::File(_)) || entry.meta().size > MAX_BYTES {
                return Ok(None);
            }
            let mut content = Vec::new();
            contents
                .open(&item)?
                .read_to_end(&mut content)
                .map_err(|error| HostError::new("read", path, error))?;
            return Ok(Some(content));
        }
        Ok(None)
    }
}
