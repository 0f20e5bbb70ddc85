//! Which repository is this machine's, and where its password comes from: `[backup]` in
//! `$EXUVIA_HOME/config.toml`. Never the password itself.

use std::path::{Path, PathBuf};

use exuvia_host::{Home, Host, HostError, Links, read_optional};
use toml_edit::{DocumentMut, Item, Table, value};

use crate::address::Address;
use crate::password::PasswordSource;

const FILE: &str = "config.toml";
const MAX_BYTES: u64 = 1 << 20;
const SECTION: &str = "backup";
const REPOSITORY: &str = "repository";
const PASSWORD_FILE: &str = "password-file";
const PASSWORD_COMMAND: &str = "password-command";
const PASSWORD_KEYRING: &str = "password-keyring";

/// What is remembered of backups.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Remembered {
    /// The address of the repository.
    pub repository: Option<String>,
    /// Where the password comes from.
    pub password: Option<PasswordSource>,
}

/// The configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The machine refused.
    #[error(transparent)]
    Host(#[from] HostError),
    /// It is not as TOML is.
    #[error("{} cannot be understood: {why}", .path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        why: String,
    },
}

impl Remembered {
    /// Reads what is remembered; nothing if there is no file.
    pub fn read(host: &dyn Host, home: &Home) -> Result<Self, ConfigError> {
        let path = home.root().join(FILE);
        let document = document(host, &path)?;
        let Some(section) = document.get(SECTION) else {
            return Ok(Self::default());
        };
        let section = section
            .as_table_like()
            .ok_or_else(|| malformed(&path, "`backup` is no table"))?;
        let text = |key: &str| match section.get(key) {
            None => Ok(None),
            Some(item) => match item.as_str() {
                Some(text) => Ok(Some(text.to_owned())),
                None => Err(malformed(&path, &format!("`backup.{key}` is no text"))),
            },
        };
        let keyring = section.get(PASSWORD_KEYRING).and_then(Item::as_bool);
        let file = text(PASSWORD_FILE)?.map(|path| PasswordSource::File(path.into()));
        let command = text(PASSWORD_COMMAND)?.map(PasswordSource::Command);
        let keyring = (keyring == Some(true)).then_some(PasswordSource::Keyring);
        Ok(Self {
            repository: text(REPOSITORY)?,
            password: file.or(command).or(keyring),
        })
    }

    /// Remembers a repository from now on. What else is in the file stays as it is.
    pub fn write(
        host: &dyn Host,
        home: &Home,
        address: &Address,
        password: Option<&PasswordSource>,
    ) -> Result<(), ConfigError> {
        let path = home.root().join(FILE);
        let mut document = document(host, &path)?;
        let section = document
            .entry(SECTION)
            .or_insert_with(|| Item::Table(Table::new()))
            .as_table_like_mut()
            .ok_or_else(|| malformed(&path, "`backup` is no table"))?;
        for key in [PASSWORD_FILE, PASSWORD_COMMAND, PASSWORD_KEYRING] {
            section.remove(key);
        }
        section.insert(REPOSITORY, value(address.to_string()));
        match password {
            Some(PasswordSource::File(path)) => {
                section.insert(PASSWORD_FILE, value(path.to_string_lossy().into_owned()));
            }
            Some(PasswordSource::Command(command)) => {
                section.insert(PASSWORD_COMMAND, value(command));
            }
            Some(PasswordSource::Keyring) => {
                section.insert(PASSWORD_KEYRING, value(true));
            }
            Some(PasswordSource::Environment) | None => {}
        }
        host.create_private_dir(home.root())?;
        Ok(host.write_atomic(&path, document.to_string().as_bytes(), 0o600)?)
    }
}

fn document(host: &dyn Host, path: &Path) -> Result<DocumentMut, ConfigError> {
    let content = read_optional(host, path, MAX_BYTES, Links::Follow)?.unwrap_or_default();
    let text = String::from_utf8(content).map_err(|_| malformed(path, "it is not UTF-8"))?;
    text.parse()
        .map_err(|error: toml_edit::TomlError| malformed(path, &error.to_string()))
}

fn malformed(path: &Path, why: &str) -> ConfigError {
    ConfigError::Malformed {
        path: path.to_owned(),
        why: why.trim_end().to_owned(),
    }
}

#[cfg(test)]
#[allow(
    clippy::disallowed_methods,
    reason = "tests prepare and inspect real files"
)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use exuvia_host::testing::TestHost;

    use super::*;

    #[test]
    fn what_else_is_in_the_file_stays_as_it_is() {
        let directory = tempfile::tempdir().unwrap();
        let host = TestHost::new().with_env("EXUVIA_HOME", directory.path());
        let home = Home::locate(&host).unwrap();
        let path = directory.path().join(FILE);
        let before = "# mine\nother = 1 # kept\n\n[backup]\nnote = 'kept' # too\npassword-command = 'x'\n\n[z]\na = [ 1,2 ]\n";
        std::fs::write(&path, before).unwrap();
        let address = Address::parse("rest:https://b.example/me", Path::new("/")).unwrap();
        let source = PasswordSource::File("/etc/pass word".into());
        Remembered::write(&host, &home, &address, Some(&source)).unwrap();
        let after = std::fs::read_to_string(&path).unwrap();
        for kept in [
            "# mine\nother = 1 # kept\n",
            "note = 'kept' # too\n",
            "[z]\na = [ 1,2 ]\n",
        ] {
            assert!(after.contains(kept), "{after}");
        }
        assert!(!after.contains("password-command"), "{after}");
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let read = Remembered::read(&host, &home).unwrap();
        assert_eq!(
            read.repository.as_deref(),
            Some("rest:https://b.example/me/")
        );
        assert_eq!(read.password, Some(source));
    }

    #[test]
    fn a_file_that_is_no_toml_is_told_with_its_line_and_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        let host = TestHost::new().with_env("EXUVIA_HOME", directory.path());
        let home = Home::locate(&host).unwrap();
        let path = directory.path().join(FILE);
        assert_eq!(
            Remembered::read(&host, &home).unwrap(),
            Remembered::default()
        );
        let address = Address::parse("/srv/b", Path::new("/")).unwrap();
        for broken in ["a = 1\nb = [\n", "backup = 1\n"] {
            std::fs::write(&path, broken).unwrap();
            assert!(Remembered::read(&host, &home).is_err());
            assert!(Remembered::write(&host, &home, &address, None).is_err());
            assert_eq!(std::fs::read_to_string(&path).unwrap(), broken);
        }
        std::fs::write(&path, "a = 1\nb = [\n").unwrap();
        let told = Remembered::read(&host, &home).unwrap_err().to_string();
        assert!(told.contains("line 2") || told.contains("line 3"), "{told}");
    }
}
