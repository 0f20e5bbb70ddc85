//! Addresses without the secrets in them.

use exuvia_model::text::one_line;
use url::Url;

const MAX_SHOWN: usize = 300;
const HIDDEN: &str = "***";

/// The address as it may be shown: no user, no password, no fragment, and no value of a query
/// parameter that sounds like a secret.
pub(crate) fn url(url: &Url) -> String {
    let mut shown = url.clone();
    shown.set_fragment(None);
    if !shown.username().is_empty() || shown.password().is_some() {
        // Fails only for addresses that cannot have a user in the first place.
        let _ = shown.set_password(None);
        let _ = shown.set_username(HIDDEN);
    }
    if shown.query().is_some() {
        let pairs: Vec<(String, String)> = shown.query_pairs().map(hide_secret).collect();
        shown.query_pairs_mut().clear().extend_pairs(pairs);
    }
    one_line(shown.as_str(), MAX_SHOWN)
}

fn hide_secret(
    (name, value): (std::borrow::Cow<'_, str>, std::borrow::Cow<'_, str>),
) -> (String, String) {
    const SECRETS: [&str; 7] = [
        "token",
        "key",
        "secret",
        "sig",
        "auth",
        "pass",
        "credential",
    ];
    let lower = name.to_ascii_lowercase();
    let value = if SECRETS.iter().any(|word| lower.contains(word)) {
        HIDDEN.to_owned()
    } else {
        value.into_owned()
    };
    (name.into_owned(), value)
}

/// Any text with the users and passwords of all addresses in it hidden, on one line.
pub(crate) fn text(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("://") {
        let end = after
            .find(|c: char| c == '/' || c.is_whitespace() || matches!(c, '\'' | '"'))
            .unwrap_or(after.len());
        let (authority, tail) = after.split_at(end);
        clean.push_str(before);
        clean.push_str("://");
        match authority.rsplit_once('@') {
            Some((_, host)) => {
                clean.push_str(HIDDEN);
                clean.push('@');
                clean.push_str(host);
            }
            None => clean.push_str(authority),
        }
        rest = tail;
    }
    clean.push_str(rest);
    one_line(&clean, MAX_SHOWN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_passwords_and_secret_parameters_are_hidden() {
        let shown = url(&"https://me:hunter2@host/a?page=2&access_token=abc#frag"
            .parse()
            .unwrap());
        assert_eq!(shown, "https://***@host/a?page=2&access_token=***");
    }

    #[test]
    fn an_address_inside_a_sentence_loses_its_password() {
        let shown = text("fatal: could not read 'https://u:p@ss@host/x': no\u{1b}[31m route");
        assert_eq!(
            shown,
            "fatal: could not read 'https://***@host/x': no[31m route"
        );
    }
}
