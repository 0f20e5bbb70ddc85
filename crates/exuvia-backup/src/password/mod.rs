//! Where a repository's password comes from. It is never an argument, never logged, and what holds
//! it does not print it.

mod keyring;

use std::path::PathBuf;
use std::time::Duration;

use exuvia_host::{Command, Host, HostError, Links, read_limited};
use exuvia_model::text::one_line;
use secrecy::{ExposeSecret, SecretString};

use crate::address::Address;

/// The variable that may hold it.
pub const VARIABLE: &str = "EXUVIA_BACKUP_PASSWORD";

/// The longest password file that is read.
const MAX_FILE: u64 = 64 << 10;
/// How long a command may take: somebody may have to touch a key.
const PATIENCE: Duration = Duration::from_mins(2);

/// Where a password comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PasswordSource {
    /// A file, without the white space around.
    File(PathBuf),
    /// What a program prints, without the white space around. It is split into words as a shell
    /// would, and no shell is run.
    Command(String),
    /// The keyring of the system.
    Keyring,
    /// The variable [`VARIABLE`].
    Environment,
}

/// There is no password.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// The machine refused.
    #[error("no password for the backups: {0}")]
    Host(#[from] HostError),
    /// It is there, and nothing is in it.
    #[error("no password for the backups: {0} is empty")]
    Empty(String),
    /// It is no text.
    #[error("no password for the backups: {0} is not UTF-8")]
    NotText(String),
    /// The command cannot be understood.
    #[error("no password for the backups: the command has a quote that is not closed")]
    Quotes,
    /// The command failed.
    #[error("no password for the backups: {program} failed{said}")]
    Command {
        /// What was run.
        program: String,
        /// Its last words.
        said: String,
    },
    /// The keyring does not have it.
    #[error(
        "no password for the backups: the keyring of the system has none for {at}; the one of \
         Linux forgets at a restart: run `exuvia backup init {at} --password-keyring` to put it \
         there again"
    )]
    NotInKeyring {
        /// The repository.
        at: String,
    },
    /// The keyring cannot be used.
    #[error("the keyring of the system cannot be used: {0}")]
    Keyring(String),
}

impl PasswordSource {
    /// Fetches the password of the repository at `address`.
    pub fn read(&self, host: &dyn Host, address: &Address) -> Result<SecretString, PasswordError> {
        match self {
            Self::File(path) => {
                let content = read_limited(host, path, MAX_FILE, Links::Follow)?;
                trimmed(content, &path.display().to_string())
            }
            Self::Command(command) => from_command(host, command),
            Self::Keyring => keyring::read(address),
            Self::Environment => match host.env(VARIABLE) {
                Some(value) => {
                    let text = value.into_string();
                    let text = text.map_err(|_| PasswordError::NotText(VARIABLE.to_owned()))?;
                    Ok(SecretString::from(text))
                }
                None => Err(PasswordError::Empty(VARIABLE.to_owned())),
            },
        }
    }

    /// Puts a password where this one reads it, if it is for Exuvia to put it there.
    pub fn keep(&self, address: &Address, password: &SecretString) -> Result<(), PasswordError> {
        match self {
            Self::Keyring => keyring::write(address, password.expose_secret()),
            Self::File(_) | Self::Command(_) | Self::Environment => Ok(()),
        }
    }
}

fn from_command(host: &dyn Host, command: &str) -> Result<SecretString, PasswordError> {
    let words = shell_words::split(command).map_err(|_| PasswordError::Quotes)?;
    let Some((program, arguments)) = words.split_first() else {
        return Err(PasswordError::Empty("the command".to_owned()));
    };
    let command = Command::new(program)
        .args(arguments)
        .timeout(PATIENCE)
        .max_output(usize::try_from(MAX_FILE).unwrap_or(usize::MAX));
    let output = host.run(&command)?;
    let program = one_line(program, 80);
    if !output.status.success() {
        let said = one_line(&output.last_words(), 200);
        let said = if said.is_empty() {
            format!(" ({})", output.status)
        } else {
            format!(": {said}")
        };
        return Err(PasswordError::Command { program, said });
    }
    trimmed(output.stdout, &format!("what {program} prints"))
}

/// As restic does it, so that the same file opens the same repository.
fn trimmed(content: Vec<u8>, from: &str) -> Result<SecretString, PasswordError> {
    let text = String::from_utf8(content).map_err(|_| PasswordError::NotText(from.to_owned()))?;
    let text = SecretString::from(text);
    let password = text.expose_secret().trim();
    if password.is_empty() {
        return Err(PasswordError::Empty(from.to_owned()));
    }
    Ok(SecretString::from(password))
}

#[cfg(test)]
#[allow(
    clippy::disallowed_methods,
    reason = "tests prepare and inspect real files"
)]
mod tests {
    use std::path::Path;

    use exuvia_host::testing::TestHost;

    use super::*;

    fn read(source: &PasswordSource, host: &TestHost) -> Result<String, String> {
        let address = Address::parse("/srv/b", Path::new("/")).unwrap();
        let read = source.read(host, &address);
        read.map(|password| password.expose_secret().to_owned())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_command_is_split_into_words_and_no_shell_sees_it() {
        let host = TestHost::new();
        let source = |text: &str| PasswordSource::Command(text.to_owned());
        let said = read(&source(r#"/bin/echo 'a  b' "$(id)" ; "#), &host);
        assert_eq!(said.as_deref(), Ok("a  b $(id) ;"));
        assert!(read(&source("/bin/echo 'open"), &host).is_err());
        assert!(read(&source(""), &host).is_err());
        assert!(
            read(&source("/bin/true"), &host)
                .unwrap_err()
                .contains("empty")
        );
        let failed = read(
            &source("/bin/sh -c 'echo why >&2; echo geheim; exit 3'"),
            &host,
        );
        assert_eq!(
            failed.unwrap_err(),
            "no password for the backups: /bin/sh failed: why"
        );
    }

    #[test]
    fn a_file_is_read_without_the_white_space_around() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("password");
        let host = TestHost::new();
        std::fs::write(&path, " with space \r\n").unwrap();
        let source = PasswordSource::File(path.clone());
        assert_eq!(read(&source, &host).as_deref(), Ok("with space"));
        std::fs::write(&path, "\n").unwrap();
        assert!(read(&source, &host).unwrap_err().contains("is empty"));
        std::fs::write(&path, b"\xff\xff").unwrap();
        assert!(read(&source, &host).unwrap_err().contains("not UTF-8"));
        std::fs::remove_file(&path).unwrap();
        assert!(read(&source, &host).is_err());
    }

    #[test]
    fn a_password_is_not_printed_by_whoever_holds_it() {
        let host = TestHost::new().with_env(VARIABLE, "geheim");
        let address = Address::parse("/srv/b", Path::new("/")).unwrap();
        let password = PasswordSource::Environment.read(&host, &address).unwrap();
        assert!(!format!("{password:?}").contains("geheim"));
        assert_eq!(password.expose_secret(), "geheim");
    }
}
