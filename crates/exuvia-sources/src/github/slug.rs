//! Owner and name in a repository's address.

use crate::npm::repository_url;

/// Owner and name, where the address (any form that npm's `repository` field takes) leads to
/// GitHub, or to a GitHub Enterprise whose host begins with `github.`.
pub fn slug_of(repository: &str) -> Option<(String, String)> {
    let address: url::Url = repository_url(repository)?.parse().ok()?;
    let host = address.host_str()?.trim_start_matches("www.");
    if !host.starts_with("github.") {
        return None;
    }
    let mut parts = address.path_segments()?;
    let (owner, repo) = (parts.next()?, parts.next()?);
    let repo = repo.strip_suffix(".git").unwrap_or(repo);
    (is_name(owner) && is_name(repo)).then(|| (owner.to_owned(), repo.to_owned()))
}

fn is_name(part: &str) -> bool {
    !matches!(part, "" | "." | "..")
        && part.len() <= 100
        && part
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owner_and_name_are_found_in_every_form() {
        for address in [
            "https://github.com/acme/demo",
            "git+https://github.com/acme/demo.git",
            "git@github.com:acme/demo.git",
            "acme/demo",
            "https://www.github.com/acme/demo/tree/main/packages/x",
        ] {
            assert_eq!(
                slug_of(address),
                Some(("acme".to_owned(), "demo".to_owned())),
                "{address}"
            );
        }
    }

    #[test]
    fn other_hosts_and_hostile_paths_are_none() {
        for address in [
            "https://gitlab.com/acme/demo",
            "https://evil.example/github.com/x",
            "https://github.com/acme",
            "https://github.com/acme/%2e%2e",
            "",
        ] {
            assert_eq!(slug_of(address), None, "{address}");
        }
    }
}
