//! Archives that were read before.

use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;

use exuvia_host::{Host, Links};

use crate::Http;
use crate::hash::sha256_hex;

/// Largest archive that is kept.
pub(super) const MAX_KEPT: usize = 20 << 20;
/// How many are kept; the ones that were written longest ago go first.
const MAX_FILES: usize = 64;

/// The place of one archive, named by what it must be.
#[derive(Clone)]
pub(super) struct Kept {
    host: Arc<dyn Host>,
    directory: PathBuf,
    file: PathBuf,
}

impl Kept {
    pub(super) fn new(http: &Http, promise: &str) -> Self {
        let directory = http.options().cache_dir.join("tarballs");
        // Base64 has slashes; and what a registry writes is no file name.
        let file = directory.join(format!("{}.tgz", sha256_hex(promise.as_bytes())));
        Self {
            host: http.host().clone(),
            directory,
            file,
        }
    }

    pub(super) fn open(&self) -> Option<impl Read + Send> {
        let file = self.host.open(&self.file, Links::Refuse).ok()?;
        Some(std::io::BufReader::new(file))
    }

    /// A cache that cannot be written costs time and nothing else.
    pub(super) fn put(&self, bytes: &[u8]) {
        if self.host.create_private_dir(&self.directory).is_ok() {
            self.make_room();
            let _ = self.host.write_atomic(&self.file, bytes, 0o600);
        }
    }

    pub(super) fn forget(&self) {
        let _ = self.host.remove_file(&self.file);
    }

    fn make_room(&self) {
        let Ok(entries) = self.host.read_dir(&self.directory) else {
            return;
        };
        let mut files: Vec<_> = entries
            .into_iter()
            .map(|(name, _)| self.directory.join(name))
            .filter_map(|path| {
                let meta = self.host.metadata(&path, Links::Refuse).ok()?;
                Some((meta.modified, path))
            })
            .collect();
        files.sort();
        let too_many = (files.len() + 1).saturating_sub(MAX_FILES);
        for (_, path) in files.into_iter().take(too_many) {
            let _ = self.host.remove_file(&path);
        }
    }
}
