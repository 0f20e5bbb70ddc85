//! Reading with a limit, so that nobody's huge file becomes our memory.

use std::io::{self, Read};
use std::path::Path;

use crate::{Host, HostError, Links};

/// The whole content of a regular file of at most `max` bytes; a larger one is an error that says
/// so, and is not read to its end.
pub fn read_limited(
    host: &dyn Host,
    path: &Path,
    max: u64,
    links: Links,
) -> Result<Vec<u8>, HostError> {
    let mut content = Vec::new();
    host.open(path, links)?
        .take(max.saturating_add(1))
        .read_to_end(&mut content)
        .map_err(|source| HostError::new("read", path, source))?;
    if content.len() as u64 > max {
        let words = format!("it is larger than {max} bytes");
        let source = io::Error::new(io::ErrorKind::FileTooLarge, words);
        return Err(HostError::new("read", path, source));
    }
    Ok(content)
}

/// The same, with `None` for a file that is not there.
pub fn read_optional(
    host: &dyn Host,
    path: &Path,
    max: u64,
    links: Links,
) -> Result<Option<Vec<u8>>, HostError> {
    match read_limited(host, path, max, links) {
        Ok(content) => Ok(Some(content)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}
