//! Where a gateway is looked for, and what opens it.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test lays out what the product then reads through its host, and fails by panicking"
)]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use exuvia_host::Host;
use exuvia_host::testing::TestHost;
use exuvia_openclaw::config::Config;
use exuvia_openclaw::gateway::{Address, Credential, CredentialError, GatewayError, Target};
use exuvia_openclaw::{Install, LocateOptions, locate};
use secrecy::ExposeSecret;
use serde_json::json;

/// A state directory with this config, and the host that sees it.
struct Place {
    dir: tempfile::TempDir,
    variables: Vec<(&'static str, String)>,
}

impl Place {
    fn with(config: &str) -> Self {
        let place = Self {
            dir: tempfile::tempdir().unwrap(),
            variables: Vec::new(),
        };
        std::fs::create_dir(place.state()).unwrap();
        place.write("openclaw.json", config);
        place
    }

    fn state(&self) -> PathBuf {
        self.dir.path().join(".openclaw")
    }

    fn write(&self, name: &str, text: &str) {
        let file = self.state().join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    }

    fn variable(mut self, name: &'static str, value: &str) -> Self {
        self.variables.push((name, value.to_owned()));
        self
    }

    fn look(&self) -> (TestHost, Install, Config) {
        let host = TestHost::new().with_env("HOME", self.dir.path());
        let set = |host: TestHost, (name, value): &(&str, String)| host.with_env(name, value);
        let host = self.variables.iter().fold(host, set);
        let install = locate(&host, &LocateOptions::default()).unwrap();
        let config = Config::read(&host, &install);
        (host, install, config)
    }

    fn port(&self) -> u16 {
        self.address().unwrap().port()
    }

    fn address(&self) -> Result<Address, GatewayError> {
        let (host, install, config) = self.look();
        Address::find(&host, &install, &config)
    }

    fn credential(&self) -> Result<Credential, CredentialError> {
        let (host, install, config) = self.look();
        Credential::find(&host, &install, &config)
    }

    fn token(&self) -> String {
        match self.credential().unwrap() {
            Credential::Token(token) => token.expose_secret().to_owned(),
            other => panic!("{other:?}"),
        }
    }
}

fn lock(state: &Path, port: u16) -> String {
    json!({ "pid": 1, "stateDir": state, "port": port, "createdAt": "x", "configPath": "y" })
        .to_string()
}

#[test]
fn the_lock_tells_the_port_before_environment_config_and_default() {
    let place = Place::with("{}");
    assert_eq!(place.port(), 18_789);
    place.write("openclaw.json", "{gateway: {port: 4000}}");
    assert_eq!(place.port(), 4000);
    let place = place.variable("OPENCLAW_GATEWAY_PORT", " 127.0.0.1:5000 ");
    assert_eq!(place.port(), 5000);
    // As the real one: with white space behind it.
    let lock = format!("{} \t \n", lock(&place.state(), 6000));
    place.write("tmp/openclaw-1000/gateway.state.lock", &lock);
    assert_eq!(place.port(), 6000);
}

#[test]
fn a_lock_of_another_tree_of_another_role_or_that_is_no_lock_tells_nothing() {
    let place = Place::with("{}");
    let name = "tmp/openclaw-0/gateway.state.lock";
    let role = json!({ "port": 6000, "stateDir": place.state(), "role": "agent-embedded" });
    for content in [
        lock(Path::new("/elsewhere"), 6000),
        role.to_string(),
        "{".to_owned(),
        json!({ "port": 70_000 }).to_string(),
        "[".repeat(60_000),
        " ".repeat(100_000),
    ] {
        place.write(name, &content);
        assert_eq!(
            place.port(),
            18_789,
            "{}",
            &content[..content.len().min(80)]
        );
    }
}

#[test]
fn a_profile_has_a_port_of_its_own() {
    let place = Place::with("{}").variable("OPENCLAW_PROFILE", "work");
    std::fs::create_dir(place.dir.path().join(".openclaw-work")).unwrap();
    std::fs::write(place.dir.path().join(".openclaw-work/openclaw.json"), "{}").unwrap();
    // 20000 + FNV-1a("work") mod 40000, as Node computes it.
    assert_eq!(place.port(), PROFILE_WORK);
}

const PROFILE_WORK: u16 = 41_984;

#[test]
fn only_the_loopback_is_asked_unless_the_config_names_an_address() {
    let host = |config: &str| {
        Place::with(config)
            .address()
            .unwrap()
            .socket()
            .ip()
            .to_string()
    };
    assert_eq!(
        host("{gateway: {bind: 'lan', customBindHost: '192.0.2.7'}}"),
        "127.0.0.1"
    );
    assert_eq!(
        host("{gateway: {bind: 'custom', customBindHost: '192.0.2.7'}}"),
        "192.0.2.7"
    );
    assert_eq!(
        host("{gateway: {bind: 'custom', customBindHost: '0.0.0.0'}}"),
        "127.0.0.1"
    );
    assert_eq!(
        host("{gateway: {bind: 'custom', customBindHost: 'evil.example'}}"),
        "127.0.0.1"
    );
}

#[test]
fn tls_and_a_gateway_elsewhere_are_said_to_be_out_of_reach() {
    let error = Place::with("{gateway: {tls: {enabled: true}}}")
        .address()
        .unwrap_err();
    assert!(matches!(error, GatewayError::Tls), "{error}");
    let error = Place::with("{gateway: {mode: 'remote'}}")
        .address()
        .unwrap_err();
    assert!(matches!(error, GatewayError::Remote), "{error}");
}

#[test]
fn a_token_is_found_wherever_openclaw_lets_it_be() {
    let plain = Place::with("{gateway: {auth: {token: 'plain'}}}");
    assert_eq!(plain.token(), "plain");
    assert_eq!(
        plain.variable("OPENCLAW_GATEWAY_TOKEN", " env ").token(),
        "env"
    );
    for reference in [
        "'${GW_TOKEN}'",
        "'$GW_TOKEN'",
        "{source: 'env', provider: 'default', id: 'GW_TOKEN'}",
    ] {
        let config = format!("{{gateway: {{auth: {{token: {reference}}}}}}}");
        let place = Place::with(&config);
        assert!(matches!(
            place.credential(),
            Err(CredentialError::Missing { .. })
        ));
        place.write(".env", "# mine\nexport GW_TOKEN=\"from the file\"\n");
        assert_eq!(place.token(), "from the file");
        assert_eq!(place.variable("GW_TOKEN", "from here").token(), "from here");
    }
}

#[test]
fn a_token_in_a_secrets_file_is_read() {
    let config = |mode: &str, id: &str| {
        Place::with(&format!(
            "{{gateway: {{auth: {{token: {{source: 'file', provider: 'main', id: '{id}'}}}}}},
               secrets: {{providers: {{main: {{source: 'file', path: '~/.openclaw/s', mode: '{mode}'}}}}}}}}"
        ))
    };
    let json = config("json", "/gateway/a~1b");
    json.write("s", r#"{"gateway": {"a/b": "deep"}}"#);
    assert_eq!(json.token(), "deep");
    let single = config("singleValue", "value");
    single.write("s", "whole\n");
    assert_eq!(single.token(), "whole");
    json.write("s", "{\"gateway\": \"s3cret\", broken");
    let error = json.credential().unwrap_err().to_string();
    assert!(
        error.contains("gateway.auth.token") && !error.contains("s3cret"),
        "{error}"
    );
}

#[test]
fn secrets_that_only_openclaw_can_read_are_named() {
    for kind in ["exec", "store"] {
        let config = format!(
            "{{gateway: {{auth: {{token: {{source: '{kind}', provider: 'x', id: 'A'}}}}}}}}"
        );
        let error = Place::with(&config).credential().unwrap_err();
        assert!(matches!(error, CredentialError::Elsewhere { .. }));
        assert!(
            error.to_string().contains("OPENCLAW_GATEWAY_TOKEN"),
            "{error}"
        );
    }
}

#[test]
fn the_mode_says_which_secret_counts() {
    let both = "token: 't', password: 'p'";
    let with = |mode: &str| Place::with(&format!("{{gateway: {{auth: {{{mode}{both}}}}}}}"));
    assert!(matches!(with("").credential(), Ok(Credential::Token(_))));
    assert!(matches!(
        with("mode: 'token', ").credential(),
        Ok(Credential::Token(_))
    ));
    assert!(matches!(
        with("mode: 'password', ").credential(),
        Ok(Credential::Password(_))
    ));
    assert!(matches!(
        with("mode: 'none', ").credential(),
        Ok(Credential::Nothing)
    ));
    let password = Place::with("{gateway: {auth: {password: 'p'}}}");
    assert!(matches!(password.credential(), Ok(Credential::Password(_))));
    let proxy = Place::with("{gateway: {auth: {mode: 'trusted-proxy', token: 't'}}}");
    assert!(matches!(
        proxy.credential(),
        Err(CredentialError::TrustedProxy)
    ));
    assert!(matches!(
        Place::with("{}").credential(),
        Ok(Credential::Nothing)
    ));
}

#[test]
fn a_target_shows_nothing_of_its_secret() {
    let place = Place::with("{gateway: {auth: {token: 's3cret'}}}");
    let (host, install, _) = place.look();
    let host: Arc<dyn Host> = Arc::new(host);
    let target = Target::find(&host, &install).unwrap();
    assert!(!format!("{target:?}").contains("s3cret"));
}
