//! Places where passwords, tokens and keys lie.

use std::sync::LazyLock;

use exuvia_model::vetting::FindingKind;

use crate::vet::rule::{Hit, Place, Rule, Rules};
use crate::vet::source::Source;

/// Every such place that a program, its data or a skill names, and documents in their commands.
pub(super) fn hits(source: &Source<'_>) -> Vec<Hit> {
    RULES.hits(source)
}

static RULES: LazyLock<Rules> = LazyLock::new(|| Rules::new(&LIST));

const fn at(subject: &'static str, find: &'static str) -> Rule {
    Rule {
        kind: FindingKind::CredentialAccess,
        subject,
        place: Place::NotDocuments,
        find,
        unless: "",
    }
}

const LIST: [Rule; 20] = [
    at(
        "SSH keys",
        r#"(?:~|\$HOME|\$\{HOME\}|homedir\(\)|HOME|[/"'`,\s(])[/\\"'`,\s)+]*\.ssh(?:[/\\"'`)\s]|$)|\bid_(?:rsa|ed25519|ecdsa|dsa)\b"#,
    ),
    at(
        "AWS credentials",
        r#"\.aws["'`/\\,\s]{1,6}(?:credentials|config)"#,
    ),
    at(
        "Google Cloud credentials",
        r"application_default_credentials\.json|\.config/gcloud|\.boto\b",
    ),
    at(
        "Azure credentials",
        r"\.azure/|accessTokens\.json|msal_token_cache",
    ),
    at(
        "Kubernetes credentials",
        r#"\.kube["'`/\\,\s]{1,6}config|/var/run/secrets/kubernetes"#,
    ),
    at(
        "Docker credentials",
        r#"\.docker["'`/\\,\s]{1,6}config\.json"#,
    ),
    at("npm token", r#"(?:^|[\s"'`/~=(])\.npmrc\b|\b_authToken\b"#),
    at(
        "stored passwords of tools",
        r#"(?:^|[\s"'`/~=(])(?:\.netrc|_netrc|\.pgpass|\.git-credentials|\.pypirc|\.my\.cnf)\b|\.config/gh/hosts|\.gem/credentials|\.cargo/credentials"#,
    ),
    at(
        "GnuPG keys",
        r#"(?:^|[\s"'`/~=(])\.gnupg(?:[/\\"'`)\s]|$)|--export-secret-keys"#,
    ),
    at(
        "system passwords",
        r"/etc/(?:shadow|gshadow|sudoers|master\.passwd)\b",
    ),
    at(
        "keychain",
        r"\bsecurity\s+(?:find|dump|export)-(?:generic-password|internet-password|keychain|identity)|\blogin\.keychain|\bdump-keychain\b|\bsecret-tool\s+(?:lookup|search)|\bkeytar\b|\bCredRead|\bcmdkey\s+/list|\bvaultcmd\b",
    ),
    at(
        ".env file",
        r#"(?:^|[\s"'`/\\=(:<])\.env(?:\.(?:local|production|development|staging))?(?:$|[\s"'`),;:|&>])"#,
    ),
    at(
        "OpenClaw's secrets",
        r#"\.openclaw["'`/\\,\s]{1,6}(?:credentials|secrets|openclaw\.json|state|agents|\.env)|\bauth-profiles\.json|\bopenclaw(?:-agent)?\.sqlite\b|\bOPENCLAW_GATEWAY_(?:TOKEN|PASSWORD)\b"#,
    ),
    at(
        "stored credentials",
        r#"\bcreds\.json\b|["'`/\\]credentials/|\b(?:client_secret|service[_-]account)[\w.-]{0,60}\.json\b"#,
    ),
    at(
        "browser cookies and passwords",
        r"\bcookies\.sqlite\b|\blogins\.json\b|\bkey4\.db\b|\bLogin Data\b|\bWeb Data\b|(?:Chrome|Chromium|Brave-Browser|Edge|Firefox)[^\n]{0,80}\b(?:Cookies|Local State|Default|Profiles)\b",
    ),
    at(
        "wallets",
        r"\bwallet\.dat\b|\.electrum\b|\.ethereum[/\\]|\bkeystore/UTC--|\.config/solana\b|\bExodus[/\\]|\bnkbihfbeogaeaoehlefnkodbefgpgknn\b|\bseed phrase\b|\bMetaMask\b",
    ),
    at(
        "shell history",
        r"\.(?:bash|zsh|sh|python|node_repl|psql|mysql)_history\b",
    ),
    at(
        "environment of processes",
        r"/proc/(?:self|\d+|\*|\$\{?\w+\}?)/environ\b",
    ),
    at(
        "cloud metadata service",
        r"\b169\.254\.169\.254\b|\bmetadata\.google\.internal\b",
    ),
    at(
        "password store",
        r"\.password-store\b|\bop\s+(?:read|item\s+get)\b|\bbw\s+(?:get|list|export)\b|\.kdbx\b",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vet::role::{Language, Role};

    fn found(text: &str) -> Vec<String> {
        let source = Source::new("file", Role::Code(Language::Other), text.to_owned());
        hits(&source).into_iter().map(|hit| hit.subject).collect()
    }

    #[test]
    fn places_of_secrets_are_found() {
        for (text, subject) in [
            ("cat ~/.ssh/config", "SSH keys"),
            ("path.join(os.homedir(), '.ssh')", "SSH keys"),
            ("open('id_ed25519')", "SSH keys"),
            ("~/.aws/credentials", "AWS credentials"),
            ("join(home, '.aws', 'credentials')", "AWS credentials"),
            ("cat ~/.npmrc", "npm token"),
            ("~/.config/gcloud/x", "Google Cloud credentials"),
            ("~/.kube/config", "Kubernetes credentials"),
            ("~/.netrc", "stored passwords of tools"),
            ("/etc/shadow", "system passwords"),
            ("security find-generic-password -s x", "keychain"),
            ("readFileSync('.env')", ".env file"),
            ("cat .env | base64", ".env file"),
            ("cat ~/.env.local", ".env file"),
            ("~/.openclaw/credentials/whatsapp", "OpenClaw's secrets"),
            ("process.env.OPENCLAW_GATEWAY_TOKEN", "OpenClaw's secrets"),
            ("whatsapp/1/creds.json", "stored credentials"),
            (
                "Google/Chrome/Default/Cookies",
                "browser cookies and passwords",
            ),
            ("cookies.sqlite", "browser cookies and passwords"),
            ("~/.bitcoin/wallet.dat", "wallets"),
            ("tail ~/.bash_history", "shell history"),
            ("cat /proc/self/environ", "environment of processes"),
            (
                "curl http://169.254.169.254/latest",
                "cloud metadata service",
            ),
        ] {
            assert!(
                found(text).contains(&subject.to_owned()),
                "{text}: {:?}",
                found(text)
            );
        }
    }

    #[test]
    fn look_alikes_are_not_found() {
        for text in [
            "process.env.HOME",
            "import.meta.env",
            "cp .env.example elsewhere",
            ".environment { color: red }",
            "openssh is a package",
            "the .sshd file",
            "valid_rsa_check",
            "/etc/shadowsocks",
            "npm config set registry",
            "security is important",
            "credentials are checked",
            "a cookie jar",
            "keychain-free",
        ] {
            assert_eq!(found(text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn a_readme_may_speak_of_them() {
        let source = Source::new("README.md", Role::Document, "Put it in ~/.npmrc".to_owned());
        assert_eq!(hits(&source), Vec::new());
    }
}
