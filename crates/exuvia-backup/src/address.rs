//! Where a repository is, as restic writes it.

use std::fmt;
use std::path::{Path, PathBuf};

use url::Url;

/// The address of a repository. There is never a password in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// A directory.
    Local(PathBuf),
    /// A server that speaks restic's REST protocol, with a slash at the end.
    Rest(Url),
    /// A directory behind SSH.
    Sftp(Sftp),
    /// A bucket.
    S3(S3),
}

/// A directory behind SSH.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sftp {
    /// Who logs in; by default whoever `ssh` says.
    pub user: Option<String>,
    /// The machine, or what `ssh` calls it in its configuration.
    pub host: String,
    /// The port, if it is not what `ssh` says.
    pub port: Option<u16>,
    /// The directory, relative to the user's home if it does not begin with a slash.
    pub path: String,
}

/// A bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct S3 {
    /// The server.
    pub endpoint: Url,
    /// The bucket.
    pub bucket: String,
    /// What the names of objects begin with: empty, or without slashes at either end.
    pub prefix: String,
}

/// An address that cannot be used. What was given is not repeated: there may be a password in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// There is nothing.
    #[error("the address of the repository is empty")]
    Empty,
    /// It would break a message.
    #[error("the address of the repository has control characters in it")]
    Control,
    /// Passwords do not belong there.
    #[error(
        "the address of the repository has a user or password in it, which would be kept in the \
         clear: leave them out and set {0} instead"
    )]
    Credentials(&'static str),
    /// Something restic knows, and this does not.
    #[error("repositories of the kind {0:?} are not supported; a path, rest:, sftp: and s3: are")]
    Unsupported(&'static str),
    /// It is not as it should be.
    #[error("the address of the repository cannot be understood: it should look like {0}")]
    Malformed(&'static str),
}

const REST_LOOKS: &str = "rest:https://server:8000/path/";
const SFTP_LOOKS: &str = "sftp:user@host:/path or sftp://user@host:port//path";
const S3_LOOKS: &str = "s3:https://server/bucket/path";
const REST_VARIABLES: &str = "RESTIC_REST_USERNAME and RESTIC_REST_PASSWORD";
const S3_VARIABLES: &str = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY";
const SFTP_VARIABLES: &str = "up a key for ssh";

impl Address {
    /// Reads an address. A relative path is one from `directory`.
    pub fn parse(text: &str, directory: &Path) -> Result<Self, AddressError> {
        if text.is_empty() {
            return Err(AddressError::Empty);
        }
        if text.chars().any(char::is_control) {
            return Err(AddressError::Control);
        }
        match text.split_once(':') {
            Some(("rest", rest)) => rest_server(rest),
            Some(("sftp", rest)) => sftp(rest).map(Self::Sftp),
            Some(("s3", rest)) => bucket(rest).map(Self::S3),
            Some(("local", path)) => Ok(Self::Local(directory.join(path))),
            Some((scheme, _)) => match UNSUPPORTED.into_iter().find(|known| *known == scheme) {
                Some(known) => Err(AddressError::Unsupported(known)),
                None => Ok(Self::Local(directory.join(text))),
            },
            None => Ok(Self::Local(directory.join(text))),
        }
    }

    /// Whether it is on a disk of this machine, as far as one can tell.
    pub fn is_local(&self) -> bool {
        matches!(self, Self::Local(_))
    }
}

/// What restic knows beside; and what a person might try.
const UNSUPPORTED: [&str; 8] = [
    "azure", "b2", "gs", "http", "https", "rclone", "ssh", "swift",
];

fn rest_server(text: &str) -> Result<Address, AddressError> {
    let mut url = web_address(text, REST_LOOKS, REST_VARIABLES)?;
    if !url.path().ends_with('/') {
        let path = format!("{}/", url.path());
        url.set_path(&path);
    }
    Ok(Address::Rest(url))
}

fn web_address(
    text: &str,
    looks: &'static str,
    variables: &'static str,
) -> Result<Url, AddressError> {
    let url = Url::parse(text).map_err(|_| AddressError::Malformed(looks))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(AddressError::Credentials(variables));
    }
    let is_plain = matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.query().is_none()
        && url.fragment().is_none();
    if is_plain {
        Ok(url)
    } else {
        Err(AddressError::Malformed(looks))
    }
}

fn bucket(text: &str) -> Result<S3, AddressError> {
    let malformed = AddressError::Malformed(S3_LOOKS);
    let text = text.strip_prefix("//").unwrap_or(text);
    let text = if text.starts_with("http://") || text.starts_with("https://") {
        text.to_owned()
    } else {
        format!("https://{text}")
    };
    let url = web_address(&text, S3_LOOKS, S3_VARIABLES)?;
    let path = url.path().trim_matches('/').to_owned();
    let (bucket, prefix) = path.split_once('/').unwrap_or((&path, ""));
    if bucket.is_empty() {
        return Err(malformed);
    }
    let mut endpoint = url.clone();
    endpoint.set_path("/");
    Ok(S3 {
        endpoint,
        bucket: bucket.to_owned(),
        prefix: prefix.trim_matches('/').to_owned(),
    })
}

fn sftp(text: &str) -> Result<Sftp, AddressError> {
    let found = match text.strip_prefix("//") {
        Some(rest) => sftp_url(rest)?,
        None => sftp_short(text)?,
    };
    // Either would be taken for an option by `ssh`.
    let is_word = |word: &str| {
        !word.is_empty() && !word.starts_with('-') && !word.contains(char::is_whitespace)
    };
    let is_good =
        is_word(&found.host) && found.user.as_deref().is_none_or(is_word) && !found.path.is_empty();
    if is_good {
        Ok(found)
    } else {
        Err(AddressError::Malformed(SFTP_LOOKS))
    }
}

/// `user@host:path`
fn sftp_short(text: &str) -> Result<Sftp, AddressError> {
    let malformed = || AddressError::Malformed(SFTP_LOOKS);
    // A path may have an at sign in it; a user is before the first slash.
    let head = text.split('/').next().unwrap_or_default();
    let host_begins = head.rfind('@').map_or(0, |at| at + 1);
    let after = text.get(host_begins..).unwrap_or_default();
    let colon = after.find(':').ok_or_else(malformed)?;
    let (login, path) = text
        .split_at_checked(host_begins + colon)
        .ok_or_else(malformed)?;
    let path = path.strip_prefix(':').unwrap_or(path);
    let (user, host) = user_and_host(login)?;
    Ok(Sftp {
        user,
        host: host.to_owned(),
        port: None,
        path: path.to_owned(),
    })
}

/// `user@host:port/path`, where the path begins behind the slash.
fn sftp_url(text: &str) -> Result<Sftp, AddressError> {
    let malformed = || AddressError::Malformed(SFTP_LOOKS);
    let (login, path) = text.split_once('/').ok_or_else(malformed)?;
    let (user, rest) = user_and_host(login)?;
    let (host, port) = match rest.strip_prefix('[') {
        Some(rest) => {
            let (host, after) = rest.split_once(']').ok_or_else(malformed)?;
            (host, after.strip_prefix(':'))
        }
        None => match rest.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (rest, None),
        },
    };
    let port = port.map(str::parse).transpose().map_err(|_| malformed())?;
    Ok(Sftp {
        user,
        host: host.to_owned(),
        port,
        path: path.to_owned(),
    })
}

fn user_and_host(login: &str) -> Result<(Option<String>, &str), AddressError> {
    match login.rsplit_once('@') {
        Some((user, _)) if user.contains(':') => Err(AddressError::Credentials(SFTP_VARIABLES)),
        Some((user, host)) => Ok((Some(user.to_owned()), host)),
        None => Ok((None, login)),
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local(path) => write!(f, "{}", path.display()),
            Self::Rest(url) => write!(f, "rest:{url}"),
            Self::Sftp(sftp) => write!(f, "{sftp}"),
            Self::S3(s3) => write!(f, "{s3}"),
        }
    }
}

impl fmt::Display for Sftp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sftp://")?;
        if let Some(user) = &self.user {
            write!(f, "{user}@")?;
        }
        if self.host.contains(':') {
            write!(f, "[{}]", self.host)?;
        } else {
            f.write_str(&self.host)?;
        }
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        write!(f, "/{}", self.path)
    }
}

impl fmt::Display for S3 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3:{}{}", self.endpoint, self.bucket)?;
        if self.prefix.is_empty() {
            return Ok(());
        }
        write!(f, "/{}", self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Address, AddressError> {
        Address::parse(text, Path::new("/here"))
    }

    #[test]
    fn an_address_is_read_as_restic_reads_it_and_written_so_that_it_is_read_again() {
        for (text, written) in [
            ("/srv/backup", "/srv/backup"),
            ("backup", "/here/backup"),
            ("local:/srv/backup", "/srv/backup"),
            ("odd:name", "/here/odd:name"),
            (
                "rest:https://b.example:8000/me",
                "rest:https://b.example:8000/me/",
            ),
            ("rest:http://b.example", "rest:http://b.example/"),
            ("sftp:me@b.example:/srv/b", "sftp://me@b.example//srv/b"),
            ("sftp:b.example:relative/b", "sftp://b.example/relative/b"),
            (
                "sftp://me@b.example:2222//srv/b",
                "sftp://me@b.example:2222//srv/b",
            ),
            ("sftp://me@[::1]:2222//srv/b", "sftp://me@[::1]:2222//srv/b"),
            (
                "s3:s3.amazonaws.com/bucket/a/b/",
                "s3:https://s3.amazonaws.com/bucket/a/b",
            ),
            (
                "s3:http://localhost:9000/bucket",
                "s3:http://localhost:9000/bucket",
            ),
            ("s3://s3.example/bucket", "s3:https://s3.example/bucket"),
        ] {
            let address = parse(text).unwrap();
            assert_eq!(address.to_string(), written, "{text}");
            assert_eq!(parse(written), Ok(address), "{text}");
        }
    }

    #[test]
    fn a_password_in_an_address_is_refused_and_not_repeated() {
        for text in [
            "rest:https://me:geheim@b.example/",
            "rest:https://me@b.example/",
            "s3:https://key:geheim@b.example/bucket",
            "sftp://me:geheim@b.example//srv",
            "sftp:me:geheim@b.example:/srv",
        ] {
            let error = parse(text).unwrap_err();
            let told = error.to_string();
            assert!(!told.contains("geheim"), "{told}");
            assert!(
                matches!(
                    error,
                    AddressError::Credentials(_) | AddressError::Malformed(_)
                ),
                "{text}: {told}"
            );
        }
    }

    #[test]
    fn what_would_be_an_option_of_ssh_or_is_no_address_is_refused() {
        for text in [
            "",
            "rest:",
            "rest:ftp://b.example/",
            "rest:https://b.example/?token=geheim",
            "sftp:host",
            "sftp:-oProxyCommand=x:/srv",
            "sftp:-oProxyCommand=x@host:/srv",
            "sftp://host:port//srv",
            "s3:https://b.example/",
            "b2:bucket:path",
            "https://b.example/",
            "a\nb",
        ] {
            assert!(parse(text).is_err(), "{text:?}");
        }
    }
}
