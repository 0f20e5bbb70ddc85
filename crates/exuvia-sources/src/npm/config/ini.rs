//! `.npmrc`, which is an ini file with npm's own additions.

use exuvia_host::Host;

/// The settings of one file, in order; later ones of the same key win, `key[]` adds up.
pub(super) fn parse(text: &str, host: &dyn Host) -> Vec<(String, String)> {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with([';', '#', '[']))
        .map(|line| {
            let (key, value) = line.split_once('=').unwrap_or((line, "true"));
            let value = expand(unquoted(value.trim()), host);
            (expand(unquoted(key.trim()), host), value)
        })
        .collect()
}

fn unquoted(text: &str) -> &str {
    ['"', '\'']
        .iter()
        .find_map(|quote| text.strip_prefix(*quote)?.strip_suffix(*quote))
        .unwrap_or(text)
}

/// Replaces `${NAME}`; one that is not set stays as it is, `${NAME?}` becomes nothing then (npm's
/// `env-replace`).
fn expand(text: &str, host: &dyn Host) -> String {
    let mut expanded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let Some((name, tail)) = after.split_once('}') else {
            break;
        };
        expanded.push_str(before);
        let bare = name.trim_end_matches('?');
        match host.env(bare).and_then(|value| value.into_string().ok()) {
            Some(value) => expanded.push_str(&value),
            None if name.ends_with('?') => {}
            None => expanded.extend(["${", name, "}"]),
        }
        rest = tail;
    }
    expanded.push_str(rest);
    expanded
}

#[cfg(test)]
mod tests {
    use exuvia_host::testing::TestHost;

    use super::*;

    #[test]
    fn comments_quotes_flags_and_variables_are_read_as_npm_does() {
        let host = TestHost::new().with_env("TOKEN", "s3cret");
        let text = "; a comment\n# another\n//h/:_authToken=${TOKEN}\nkey = \"a b\"\nflag\nx=${NO}${NO?}\n[section]\nca[]=one=two";
        let expected = [
            ("//h/:_authToken", "s3cret"),
            ("key", "a b"),
            ("flag", "true"),
            ("x", "${NO}"),
            ("ca[]", "one=two"),
        ];
        let expected = expected.map(|(k, v)| (k.to_owned(), v.to_owned()));
        assert_eq!(parse(text, &host), expected);
    }

    #[test]
    fn an_open_brace_is_no_variable() {
        assert_eq!(expand("a${b", &TestHost::new()), "a${b");
    }
}
