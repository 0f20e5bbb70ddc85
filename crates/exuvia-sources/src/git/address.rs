//! Addresses, branches and commits, checked before git sees them.

use exuvia_model::text::one_line;

use crate::{SourceError, redact};

/// Schemes that git itself speaks. `ext::` and other helpers run whatever program they are told.
const SCHEMES: [&str; 5] = ["https", "http", "ssh", "git", "file"];

/// A repository's address that git may be given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address(String);

impl Address {
    /// Takes `https:`, `http:`, `ssh:`, `git:`, `file:`, each also with npm's `git+`,
    /// `user@host:path`, and an absolute path of this machine.
    pub(super) fn parse(text: &str) -> Result<Self, SourceError> {
        let refused = |reason: &str| {
            Err(SourceError::Refused {
                what: redact::text(text),
                reason: reason.to_owned(),
            })
        };
        let bare = text.strip_prefix("git+").unwrap_or(text);
        if bare.is_empty() || bare.len() > 2048 || bare.chars().any(|c| c.is_control() || c == ' ')
        {
            return refused("it is no repository's address");
        }
        if bare.starts_with('-') {
            return refused("git would take it for an option");
        }
        if bare
            .split('/')
            .next()
            .is_some_and(|head| head.contains("::"))
        {
            return refused("addresses that make git run a program are not asked");
        }
        let is_good = match bare.split_once("://") {
            Some((scheme, rest)) => SCHEMES.contains(&scheme) && !host_is_option(rest),
            None => bare.starts_with('/') || is_scp_like(bare),
        };
        if is_good {
            Ok(Self(bare.to_owned()))
        } else {
            refused("git is not asked in that way")
        }
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// Without its password.
    pub(super) fn shown(&self) -> String {
        redact::text(&self.0)
    }

    pub(super) fn is_ssh(&self) -> bool {
        self.0.starts_with("ssh://") || is_scp_like(&self.0)
    }
}

/// `ssh://-oProxyCommand=…/` is how an address becomes an option of ssh.
fn host_is_option(rest: &str) -> bool {
    let authority = rest.split('/').next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    host.starts_with('-') || authority.starts_with('-')
}

fn is_scp_like(text: &str) -> bool {
    text.split_once(':').is_some_and(|(login, path)| {
        let host = login.rsplit('@').next().unwrap_or_default();
        let is_host = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        !host.is_empty()
            && !login.contains('/')
            && !host.starts_with('-')
            && host.chars().all(is_host)
            && !path.is_empty()
            && !path.starts_with(['-', ':'])
            && !path.starts_with("//")
    })
}

/// A full commit hash in lower case.
pub(super) fn commit(text: &str) -> Result<&str, SourceError> {
    let is_hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    if matches!(text.len(), 40 | 64) && text.bytes().all(is_hex) {
        return Ok(text);
    }
    Err(SourceError::Refused {
        what: format!("{:?}", one_line(text, 80)),
        reason: "it is no full commit hash".to_owned(),
    })
}

/// A branch by the rules of `git check-ref-format`, as far as they matter for asking.
pub(super) fn branch(text: &str) -> Result<&str, SourceError> {
    let is_bad = |c: char| c.is_control() || " ~^:?*[\\".contains(c);
    let is_good = !text.is_empty()
        && text.len() <= 255
        && !text.starts_with(['-', '/', '.'])
        && !text.ends_with(['/', '.'])
        && !text.contains("..")
        && !text.contains("@{")
        && !text.contains(is_bad);
    if is_good {
        return Ok(text);
    }
    Err(SourceError::Refused {
        what: format!("{:?}", one_line(text, 80)),
        reason: "no branch can be called that".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_addresses_are_taken() {
        for good in [
            "https://host/a/b.git",
            "git+https://host/a",
            "ssh://git@host:22/a",
            "git@host.example:a/b.git",
            "file:///srv/a.git",
            "/srv/a.git",
        ] {
            assert!(Address::parse(good).is_ok(), "{good}");
        }
    }

    #[test]
    fn addresses_that_would_run_something_are_refused() {
        for bad in [
            "",
            "-uupload-pack=touch",
            "--upload-pack=x",
            "ext::sh -c id",
            "ext::id",
            "fd::3",
            "ssh://-oProxyCommand=id/x",
            "ssh://git@-oProxyCommand=id/x",
            "-oProxyCommand=id:x",
            "git@-oProxyCommand=id:x",
            "https://host/a\nb",
            "relative/path",
            "transport::https://host/a",
        ] {
            assert!(Address::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_refusal_does_not_repeat_the_password() {
        let error = Address::parse("gopher://me:hunter2@host/x")
            .unwrap_err()
            .to_string();
        assert!(!error.contains("hunter2"), "{error}");
    }

    #[test]
    fn commits_are_whole_and_branches_are_plain() {
        assert!(commit(&"a".repeat(40)).is_ok());
        for bad in ["HEAD", "--all", &"A".repeat(40), "abc"] {
            assert!(commit(bad).is_err(), "{bad}");
        }
        assert!(branch("feature/x").is_ok());
        for bad in ["", "-x", "a..b", "a b", "*", "x@{1}", "a\nb"] {
            assert!(branch(bad).is_err(), "{bad:?}");
        }
    }
}
