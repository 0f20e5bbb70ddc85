//! Names of packages, and their place in a registry.

use url::Url;

use crate::SourceError;
use exuvia_model::text::one_line;

/// npm's own limit.
const MAX_NAME: usize = 214;

/// The address of something below a registry, whatever path the registry itself has.
pub(super) fn below(registry: &Url, path: &str) -> Result<Url, SourceError> {
    let base = registry.as_str().trim_end_matches('/');
    format!("{base}/{path}")
        .parse()
        .map_err(|_| refused(path, "it makes no address below the registry's"))
}

/// The package's name as npm asks for it: the scope's slash escaped.
///
/// npm's own rules are stricter for new names; these keep old ones and let nothing through that
/// would change the address it is put into.
pub(super) fn escaped(package: &str) -> Result<String, SourceError> {
    let parts = match package.strip_prefix('@') {
        Some(scoped) => scoped
            .split_once('/')
            .map(|(scope, name)| (Some(scope), name)),
        None => Some((None, package)),
    };
    match parts {
        Some((scope, name))
            if package.len() <= MAX_NAME && is_part(name) && scope.is_none_or(is_part) =>
        {
            Ok(package.replacen('/', "%2f", 1))
        }
        _ => Err(refused(package, "no npm package can be called that")),
    }
}

fn is_part(part: &str) -> bool {
    !part.is_empty()
        && !part.starts_with('.')
        && part
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-._~!'()*".contains(&b))
}

fn refused(what: &str, reason: &str) -> SourceError {
    SourceError::Refused {
        what: format!("{:?}", one_line(what, 100)),
        reason: reason.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_escaped_and_what_is_no_name_is_refused() {
        assert_eq!(escaped("openclaw").as_deref(), Ok("openclaw"));
        assert_eq!(escaped("@acme/demo").as_deref(), Ok("@acme%2fdemo"));
        for bad in [
            "", "..", "../x", "a/b", "@a", "@a/b/c", "a b", "a?b", "a#b", "a%2e", "@/x", "-/x",
        ] {
            assert!(escaped(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_registry_with_a_path_keeps_it() {
        let registry = "https://host/npm/main".parse().unwrap();
        assert_eq!(
            below(&registry, "a").unwrap().as_str(),
            "https://host/npm/main/a"
        );
    }
}
