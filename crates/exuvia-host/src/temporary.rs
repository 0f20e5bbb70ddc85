//! Places for what a program leaves behind.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::HostError;

/// A directory of its own below the one for temporary files (`$TMPDIR`, else `/tmp`), mode 0700. It
/// goes with this, and so does whatever lies in it.
#[derive(Debug)]
pub struct Temporary(tempfile::TempDir);

impl Temporary {
    /// Makes it, under a name that nobody can know before.
    pub fn new() -> Result<Self, HostError> {
        let made = tempfile::Builder::new()
            .prefix("exuvia-")
            .permissions(Permissions::from_mode(0o700))
            .tempdir();
        let made = made.map_err(|error| HostError::new("create", &std::env::temp_dir(), error))?;
        Ok(Self(made))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Where it was made.
    pub fn beside(&self) -> &Path {
        self.path().parent().unwrap_or(Path::new("/"))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn what_lies_in_it_goes_with_it() {
        let temporary = Temporary::new().unwrap();
        let place = temporary.path().to_owned();
        let mode = fs::metadata(&place).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        fs::create_dir_all(place.join("deep/er")).unwrap();
        fs::write(place.join("deep/er/file"), "left").unwrap();
        drop(temporary);
        assert!(!place.exists());
    }
}
