//! The repository that a package names.

use url::Url;

/// The web address of a repository, from any form that npm's `repository` field takes:
/// `github:a/b`, `a/b`, `git+https://…`, `git://…`, `git@host:a/b`, `ssh://…`.
///
/// A short form without a host means GitHub, as npm's documentation says. Credentials in it are
/// dropped. `None` for what leads to no host.
pub fn repository_url(field: &str) -> Option<String> {
    let field = field.trim();
    let short = [
        ("github:", "github.com"),
        ("gitlab:", "gitlab.com"),
        ("bitbucket:", "bitbucket.org"),
    ]
    .into_iter()
    .find_map(|(prefix, host)| Some((host, field.strip_prefix(prefix)?)))
    .or_else(|| is_short(field).then_some(("github.com", field)));
    if let Some((host, path)) = short {
        return is_short(path).then(|| format!("https://{host}/{}", bare(path)));
    }
    let field = field.strip_prefix("git+").unwrap_or(field);
    match field.parse::<Url>() {
        Ok(url) if matches!(url.scheme(), "https" | "http" | "git" | "ssh") => {
            at(url.host_str()?, url.path())
        }
        // `user@host:path` is no address; the part before the colon reads as a scheme at best.
        _ => {
            let (login, path) = field.split_once(':')?;
            at(login.rsplit('@').next()?, path)
        }
    }
}

fn at(host: &str, path: &str) -> Option<String> {
    let path = bare(path.trim_start_matches('/'));
    let is_host = host.contains('.')
        && host
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-.".contains(&b));
    let url: Url = format!("https://{host}/{path}").parse().ok()?;
    (is_host && !path.is_empty()).then(|| url.into())
}

fn bare(path: &str) -> &str {
    let path = path.split(['#', '?']).next().unwrap_or_default();
    let path = path.trim_end_matches('/');
    path.strip_suffix(".git").unwrap_or(path)
}

fn is_short(text: &str) -> bool {
    let name = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && part
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b))
    };
    bare(text)
        .split_once('/')
        .is_some_and(|(owner, repo)| name(owner) && name(repo))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_leads_to_the_same_page() {
        for field in [
            "acme/demo",
            "github:acme/demo",
            "https://github.com/acme/demo",
            "https://github.com/acme/demo.git",
            "git+https://github.com/acme/demo.git#main",
            "git+ssh://git@github.com/acme/demo.git",
            "git@github.com:acme/demo.git",
            "git://github.com/acme/demo.git",
            "https://user:secret@github.com/acme/demo/",
        ] {
            assert_eq!(
                repository_url(field).as_deref(),
                Some("https://github.com/acme/demo"),
                "{field}"
            );
        }
    }

    #[test]
    fn what_leads_nowhere_is_none() {
        for field in [
            "",
            "demo",
            "../demo/x",
            "javascript:alert(1)",
            "file:///etc/passwd",
            "https://",
            "a b/c",
        ] {
            assert_eq!(repository_url(field), None, "{field}");
        }
    }

    #[test]
    fn other_hosts_keep_their_name() {
        assert_eq!(
            repository_url("gitlab:a/b").as_deref(),
            Some("https://gitlab.com/a/b")
        );
        assert_eq!(
            repository_url("git@git.example.org:team/sub/x.git").as_deref(),
            Some("https://git.example.org/team/sub/x")
        );
    }
}
