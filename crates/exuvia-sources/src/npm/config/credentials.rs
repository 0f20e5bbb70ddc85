//! Which credentials go where.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

/// Credentials by the place that they are for: `//host[:port]/path/`, as in `.npmrc`.
#[derive(Debug, Clone, Default)]
pub(super) struct Credentials(BTreeMap<String, Login>);

#[derive(Debug, Clone, Default)]
struct Login {
    token: Option<SecretString>,
    basic: Option<SecretString>,
    username: Option<String>,
    password: Option<SecretString>,
}

impl Credentials {
    /// Takes a setting if it is one of these. The first value of a key holds: files are read from
    /// the most to the least important.
    pub(super) fn take(&mut self, key: &str, value: &str) -> bool {
        let Some((place, name)) = key
            .rsplit_once(':')
            .filter(|(place, _)| place.starts_with("//"))
        else {
            return false;
        };
        let place = format!("{}/", place.trim_end_matches('/'));
        let login = self.0.entry(place).or_default();
        let secret = || Some(SecretString::from(value));
        match name {
            "_authToken" => login.token = login.token.take().or_else(secret),
            "_auth" => login.basic = login.basic.take().or_else(secret),
            "_password" => login.password = login.password.take().or_else(secret),
            "username" => login.username = login.username.take().or_else(|| Some(value.to_owned())),
            _ => return false,
        }
        true
    }

    /// The header for an address: that of the longest configured place the address lies in.
    pub(super) fn header_for(&self, url: &Url) -> Option<SecretString> {
        let host = url.host_str()?;
        let port = url
            .port()
            .map(|port| format!(":{port}"))
            .unwrap_or_default();
        let mut path = url.path();
        loop {
            path = path.rfind('/').and_then(|at| path.get(..at))?;
            if let Some(header) = self
                .0
                .get(&format!("//{host}{port}{path}/"))
                .and_then(Login::header)
            {
                return Some(header);
            }
        }
    }
}

impl Login {
    fn header(&self) -> Option<SecretString> {
        if let Some(token) = &self.token {
            return Some(format!("Bearer {}", token.expose_secret()).into());
        }
        if let Some(basic) = &self.basic {
            return Some(format!("Basic {}", basic.expose_secret()).into());
        }
        // npm keeps the password in base64, so that it is not read over a shoulder.
        let password = STANDARD
            .decode(self.password.as_ref()?.expose_secret())
            .ok()?;
        let both = [self.username.as_ref()?.as_bytes(), b":", &password].concat();
        Some(format!("Basic {}", STANDARD.encode(both)).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(settings: &[(&str, &str)], url: &str) -> Option<String> {
        let mut credentials = Credentials::default();
        for (key, value) in settings {
            assert!(credentials.take(key, value), "{key}");
        }
        let header = credentials.header_for(&url.parse().unwrap())?;
        Some(header.expose_secret().to_owned())
    }

    #[test]
    fn a_token_goes_to_its_place_and_below_and_nowhere_else() {
        let token = [("//host:8080/npm/:_authToken", "t")];
        let sent = Some("Bearer t".to_owned());
        assert_eq!(header(&token, "https://host:8080/npm/a"), sent);
        assert_eq!(header(&token, "https://host:8080/npm/a/-/a.tgz"), sent);
        for other in [
            "https://host/npm/a",
            "https://host:8080/other/a",
            "https://host:8080/npm2/a",
            "https://evil/host:8080/npm/a",
            "https://host.evil:8080/npm/a",
        ] {
            assert_eq!(header(&token, other), None, "{other}");
        }
    }

    #[test]
    fn the_longest_place_wins() {
        let both = [
            ("//host/:_authToken", "outer"),
            ("//host/team/:_authToken", "inner"),
        ];
        assert_eq!(
            header(&both, "https://host/team/a"),
            Some("Bearer inner".to_owned())
        );
        assert_eq!(
            header(&both, "https://host/a"),
            Some("Bearer outer".to_owned())
        );
    }

    #[test]
    fn a_password_is_kept_in_base64() {
        let login = [("//host/:username", "me"), ("//host/:_password", "cHc=")];
        assert_eq!(
            header(&login, "https://host/a"),
            Some("Basic bWU6cHc=".to_owned())
        );
    }

    #[test]
    fn a_login_is_not_printed() {
        let mut credentials = Credentials::default();
        credentials.take("//host/:_authToken", "hunter2");
        assert!(!format!("{credentials:?}").contains("hunter2"));
    }
}
