//! Whether what a registry serves is what was approved.

use exuvia_model::{Digest, Version};
use exuvia_sources::archive::Archive;

use crate::Trouble;

/// The bytes that were approved must still be the bytes.
pub(crate) fn same_bytes(
    approved: Option<&Digest>,
    promised: Option<&Digest>,
    version: &Version,
) -> Result<(), Trouble> {
    match (approved, promised) {
        (Some(approved), Some(promised)) if approved == promised => Ok(()),
        (Some(_), _) => Err(Trouble::new(format!(
            "the registry now promises other bytes for {version} than those in the report; run \
             `exuvia check` again and look at what changed"
        ))),
        (None, _) => Err(Trouble::new(format!(
            "the report has no digest for {version}, so what is installed could not be what was \
             approved"
        ))),
    }
}

/// An archive in which nothing was found that could not be unpacked as it is.
pub(crate) fn whole(archive: Archive, version: &Version) -> Result<Archive, Trouble> {
    match archive.problems.first() {
        None => Ok(archive),
        Some(problem) => Err(Trouble::new(format!(
            "the archive of {version} is not one that can be trusted: {problem}"
        ))),
    }
}
