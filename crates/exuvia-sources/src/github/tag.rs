//! The version that a tag stands for.

use exuvia_model::Version;

/// The version in a tag: `v1.2.3`, `1.2.3`, `release-1.2.3`, `demo@1.2.3`, `demo-v1.2.3`,
/// `@acme/demo@1.2.3`.
///
/// With `package`, a tag that names a package must name that one. `None` for a tag without a
/// version and for other packages' tags.
pub fn version_of_tag(tag: &str, package: Option<&str>) -> Option<Version> {
    let tag = tag.strip_prefix("refs/tags/").unwrap_or(tag);
    if let Ok(version) = tag.parse() {
        return Some(version);
    }
    let (name, version) = split(tag)?;
    let is_general = matches!(name, "" | "release" | "releases" | "version" | "ver");
    let is_meant = package.is_none_or(|package| {
        let bare = package.rsplit('/').next().unwrap_or(package);
        name == package || name == bare
    });
    (is_general || is_meant).then_some(version)
}

/// The text before the first place at which the rest is a version.
fn split(tag: &str) -> Option<(&str, Version)> {
    tag.match_indices(['@', '-', '/', '_']).find_map(|(at, _)| {
        let (name, rest) = (tag.get(..at)?, tag.get(at + 1..)?);
        Some((name, rest.parse().ok()?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_found_in_the_usual_tags() {
        let cases = [
            ("v2026.9.6", "2026.9.6"),
            ("1.2.3-beta.1", "1.2.3-beta.1"),
            ("release-1.2.3", "1.2.3"),
            ("releases/v1.2.3", "1.2.3"),
            ("demo@1.2.3", "1.2.3"),
            ("demo-v1.2.3-rc.1", "1.2.3-rc.1"),
            ("@acme/demo@1.2.3", "1.2.3"),
            ("refs/tags/v1.0.0", "1.0.0"),
        ];
        for (tag, version) in cases {
            let found = version_of_tag(tag, Some("@acme/demo"));
            assert_eq!(found, Some(version.parse().unwrap()), "{tag}");
        }
    }

    #[test]
    fn another_packages_tag_is_none_of_ours() {
        assert_eq!(version_of_tag("other@9.9.9", Some("@acme/demo")), None);
        assert_eq!(
            version_of_tag("@acme/other@9.9.9", Some("@acme/demo")),
            None
        );
        assert!(version_of_tag("other@9.9.9", None).is_some());
        for tag in ["nightly", "", "v", "latest-build", "@@@"] {
            assert_eq!(version_of_tag(tag, None), None, "{tag}");
        }
    }
}
