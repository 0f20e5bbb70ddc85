//! Addresses of remotes.

use exuvia_model::text::one_line;

/// A remote's address by a transport that runs nothing but git's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remote {
    /// The address, without a user's name and password where it had them: those are secrets.
    pub url: String,
    /// Whether it had them.
    pub had_credentials: bool,
}

/// The address is not one that may be asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the remote \"{0}\" is not an address by https, http, ssh, git or file: it is not followed, \
     because other transports can run programs"
)]
pub struct RemoteRefused(String);

impl Remote {
    /// Checks an address.
    pub fn parse(url: &str) -> Result<Self, RemoteRefused> {
        let url = url.trim();
        let refused = || RemoteRefused(one_line(url, 120));
        if url.is_empty() || url.starts_with('-') || url.chars().any(char::is_control) {
            return Err(refused());
        }
        let plain = |url: &str| Self {
            url: url.to_owned(),
            had_credentials: false,
        };
        match url.split_once("://") {
            Some((scheme, rest)) => match scheme.to_ascii_lowercase().as_str() {
                "http" | "https" => Ok(Self::without_credentials(scheme, rest)),
                "ssh" | "git" | "file" | "git+ssh" => Ok(plain(url)),
                _ => Err(refused()),
            },
            // `ext::sh -c …` and the like.
            None if url.contains("::") => Err(refused()),
            // A path, or `user@host:path`.
            None => Ok(plain(url)),
        }
    }

    fn without_credentials(scheme: &str, rest: &str) -> Self {
        let authority = rest.find('/').unwrap_or(rest.len());
        let (host, path) = rest.split_at(authority);
        match host.rsplit_once('@') {
            Some((_, host)) => Self {
                url: format!("{scheme}://{host}{path}"),
                had_credentials: true,
            },
            None => Self {
                url: format!("{scheme}://{rest}"),
                had_credentials: false,
            },
        }
    }
}
