//! Where something can be read: an address or a command.

use super::text::Text;

/// Where a claim comes from. Shown in full always; clickable only when it is plainly a web address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// What is shown, and nothing else is followed.
    pub(super) text: Text,
    /// Whether it may be made clickable.
    pub(super) is_web: bool,
}

impl Place {
    /// Looks at a URL or command from outside.
    pub(super) fn of(source: &str) -> Self {
        let text = Text::from(source);
        let is_web = is_web_address(text.as_str());
        Self { text, is_web }
    }
}

/// Whether a text is an `http` or `https` address and shows where it leads.
///
/// Printable ASCII only, so that no look-alike letter stands in the host; nobody's name before an
/// `@`, which reads as a host and is none; nothing that a format could take for its own syntax.
fn is_web_address(text: &str) -> bool {
    let lower = text
        .get(..8.min(text.len()))
        .unwrap_or("")
        .to_ascii_lowercase();
    let rest = if lower.starts_with("https://") {
        text.get(8..)
    } else if lower.starts_with("http://") {
        text.get(7..)
    } else {
        None
    };
    let Some(rest) = rest else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or("");
    !authority.is_empty()
        && !authority.contains('@')
        && rest
            .bytes()
            .all(|b| b.is_ascii_graphic() && !b"\"'<>\\^`{|}()[]*".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_web_addresses_can_be_followed() {
        for good in [
            "https://github.com/a/b/releases/tag/v1.2.3",
            "http://127.0.0.1:8080/x?y=z&a=b#c",
            "HTTPS://example.org/%E4%BD%A0",
        ] {
            assert!(Place::of(good).is_web, "{good}");
        }
        for bad in [
            "javascript:alert(1)",
            "data:text/html,<script>",
            "file:///etc/passwd",
            "ftp://example.org/",
            "https://",
            "https:///path",
            "https://github.com@example.org/",
            "https://gіthub.com/",
            "https://example.org/\"onclick=x",
            "https://example.org/](javascript:x)",
            "https://example.org/ and more",
            "//example.org",
            "git log --oneline HEAD..origin/main",
            "",
            "htt",
            "你好你好你好",
        ] {
            assert!(!Place::of(bad).is_web, "{bad}");
        }
    }

    #[test]
    fn an_address_that_had_to_be_cut_is_not_followed() {
        let place = Place::of(&format!("https://example.org/{}", "a".repeat(5_000)));
        assert!(!place.is_web && place.text.as_str().ends_with('…'));
    }
}
