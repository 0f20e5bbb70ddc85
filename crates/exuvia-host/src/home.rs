//! Where Exuvia keeps its own things.

use std::path::{Path, PathBuf};

use crate::{Host, HostError};

/// Exuvia's own directory: `$EXUVIA_HOME`, else `~/.exuvia`. Mode 0700.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home {
    root: PathBuf,
}

/// There is no place for Exuvia's own directory.
#[derive(Debug, thiserror::Error)]
pub enum HomeError {
    /// Neither variable says where it would be.
    #[error("neither EXUVIA_HOME nor HOME is set; set EXUVIA_HOME to a directory of your own")]
    Nowhere,
    /// The variable names a place that depends on where one stands.
    #[error("EXUVIA_HOME must be an absolute path, not {}", .0.display())]
    Relative(PathBuf),
    /// It cannot be made or written.
    #[error("{0}; set EXUVIA_HOME to a directory that you may write")]
    Unusable(#[from] HostError),
}

impl Home {
    /// Finds the directory, without making it.
    pub fn locate(host: &dyn Host) -> Result<Self, HomeError> {
        let root = match host.env("EXUVIA_HOME") {
            Some(root) => PathBuf::from(root),
            None => host.home_dir().ok_or(HomeError::Nowhere)?.join(".exuvia"),
        };
        if root.is_absolute() {
            Ok(Self { root })
        } else {
            Err(HomeError::Relative(root))
        }
    }

    /// Makes the directory and proves that it can be written, before anything depends on it.
    pub fn prepare(&self, host: &dyn Host) -> Result<(), HomeError> {
        host.create_private_dir(&self.root)?;
        let probe = self.root.join(".writable");
        host.write_atomic(&probe, b"", 0o600)?;
        host.remove_file(&probe)?;
        Ok(())
    }

    /// The directory itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Answers of sources, kept to be revalidated. May be removed at any time.
    pub fn cache(&self) -> PathBuf {
        self.root.join("cache")
    }

    /// Private copies that live no longer than a command.
    pub fn scratch(&self) -> PathBuf {
        self.root.join("tmp")
    }

    /// What gateways and servers print.
    pub fn logs(&self) -> PathBuf {
        self.root.join("logs")
    }

    /// What is known of one install.
    pub fn install(&self, install_id: &str) -> PathBuf {
        self.root.join("installs").join(install_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::points::name;
    use crate::testing::{Fault, TestHost};

    #[test]
    fn it_is_where_the_variable_says_or_below_home() {
        let host = TestHost::new().with_env("HOME", "/home/me");
        assert_eq!(
            Home::locate(&host).unwrap().root(),
            Path::new("/home/me/.exuvia")
        );
        let host = host.with_env("EXUVIA_HOME", "/elsewhere");
        assert_eq!(Home::locate(&host).unwrap().root(), Path::new("/elsewhere"));
        let host = host.with_env("EXUVIA_HOME", "relative");
        assert!(matches!(Home::locate(&host), Err(HomeError::Relative(_))));
        assert!(matches!(
            Home::locate(&TestHost::new()),
            Err(HomeError::Nowhere)
        ));
    }

    #[test]
    fn a_full_disk_is_noticed_before_anything_depends_on_it() {
        let directory = tempfile::tempdir().unwrap();
        let host = TestHost::new().with_env("EXUVIA_HOME", directory.path().join("home"));
        let home = Home::locate(&host).unwrap();
        let full = Fault::Fail(std::io::ErrorKind::StorageFull);
        host.faults().plan(name::WRITE_CONTENT, "", 0, full);
        assert!(matches!(home.prepare(&host), Err(HomeError::Unusable(_))));
        home.prepare(&host).unwrap();
        assert!(
            host.read_dir(home.root()).unwrap().is_empty(),
            "the probe is taken away"
        );
    }
}
