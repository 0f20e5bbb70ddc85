//! The stand-ins and builders, held against the real clients that they imitate for.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests look at real files, and helpers of tests fail by panicking, too"
)]

use std::collections::BTreeSet;
use std::path::Path;

use exuvia_e2e::{Ran, World, sandbox};
use exuvia_testkit::install::digest::file_tree_sha256;
use exuvia_testkit::install::{Builder, Plugin, Skill};
use exuvia_testkit::model::{MODEL, Provider};
use exuvia_testkit::npm::{Package, Registry, Release, Signing};
use exuvia_testkit::{clawhub, github};
use serde_json::{Value, json};

fn read(file: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
}

/// Every key of a document, with the path to it.
fn keys(value: &Value) -> BTreeSet<String> {
    fn collect(at: &str, value: &Value, found: &mut BTreeSet<String>) {
        for (key, value) in value.as_object().into_iter().flatten() {
            let at = format!("{at}/{key}");
            collect(&at, value, found);
            found.insert(at);
        }
    }
    let mut found = BTreeSet::new();
    collect("", value, &mut found);
    found
}

#[test]
fn a_forked_home_works_and_knows_nothing_of_the_original() {
    let world = World::fork();
    let original = sandbox().template().path().display().to_string();
    let listed = world.openclaw(&["plugins", "list", "--json"]).exits(0);
    for id in ["irc", "synology-chat", "gitdemo", "localdemo"] {
        assert!(
            listed.stdout.contains(&format!("\"{id}\"")),
            "{id} is not listed"
        );
    }
    assert!(!listed.stdout.contains(&original));
    let skills = world.openclaw(&["skills", "list", "--json"]).exits(0);
    assert!(skills.stdout.contains("standup-notes"));
}

#[test]
fn the_builders_skill_records_have_the_real_clients_keys_and_digests() {
    let real = sandbox().template().workspace();
    let home = tempfile::tempdir().unwrap();
    let built = Builder::new(home.path())
        .skill(Skill::clawhub("acme", "unit-converter", "1.0.0"))
        .skill(Skill::clawhub_cli("acme", "meeting-minutes", "1.0.0"))
        .build()
        .workspace;

    for skill in ["unit-converter", "@acme/meeting-minutes"] {
        let origin = format!("skills/{skill}/.clawhub/origin.json");
        assert_eq!(
            keys(&read(&real.join(&origin))),
            keys(&read(&built.join(&origin))),
            "{skill}"
        );
        let lock =
            |workspace: &Path| read(&workspace.join(".clawhub/lock.json"))["skills"][skill].clone();
        assert_eq!(keys(&lock(&real)), keys(&lock(&built)), "{skill}");
    }
    let skill = real.join("skills/unit-converter");
    let recorded = read(&skill.join(".clawhub/origin.json"))["fileTreeSha256"].clone();
    assert_eq!(recorded, json!(file_tree_sha256(&skill)));
}

#[test]
fn real_openclaw_lists_the_plugins_of_a_built_install() {
    let home = tempfile::tempdir().unwrap();
    let linked = home.path().join("linked");
    let install = Builder::new(home.path())
        .plugin(Plugin::npm("npmdemo", "@acme/npmdemo", "1.2.3"))
        .plugin(Plugin::linked("linkdemo", &linked))
        .build();
    let mut openclaw = sandbox().tools().command("openclaw", &install.home);
    let listed = Ran::of(openclaw.args(["plugins", "list", "--json"])).exits(0);
    for id in ["npmdemo", "linkdemo"] {
        assert!(
            listed.stdout.contains(&format!("\"{id}\"")),
            "{id} is not listed:\n{listed:#?}"
        );
    }
}

/// npm's own verifier (`pacote`, inside npm) with the keys that the registry publishes, as
/// `npm audit signatures` calls it; that command itself first asks Sigstore's servers.
const VERIFY: &str = r#"
const [npm, registry] = process.argv.slice(1);
const pacote = require(require.resolve("pacote", { paths: [npm] }));
(async () => {
  const { keys } = await (await fetch(registry + "/-/npm/v1/keys")).json();
  const pem = (key) => `-----BEGIN PUBLIC KEY-----\n${key}\n-----END PUBLIC KEY-----`;
  const trusted = keys.map((key) => ({ ...key, pemkey: pem(key.key) }));
  const scope = registry.replace("http:", "") + "/:_keys";
  const options = { registry, verifySignatures: true, preferOnline: true, [scope]: trusted };
  const manifest = await pacote.manifest("@acme/demo@1.0.0", options);
  console.log(manifest._signatures.length);
})().catch((error) => { console.error(error.code); process.exit(3); });
"#;

/// The machine's npm: `npm` in `PATH` leads to `<npm>/bin/npm-cli.js`.
fn npm_package() -> String {
    let path = sandbox().tools().path();
    let npm = std::env::split_paths(&path)
        .map(|dir| dir.join("npm"))
        .find(|npm| npm.is_file());
    let script = npm.unwrap().canonicalize().unwrap();
    script.ancestors().nth(2).unwrap().display().to_string()
}

#[test]
fn the_real_npm_installs_from_the_registry_and_verifies_its_signatures() {
    let registry = Registry::start();
    let release = Release::new("1.0.0").file("index.js", "module.exports = 1;\n");
    registry.publish(Package::new("@acme/demo").release(release));
    let dir = tempfile::tempdir().unwrap();
    let run = |program: &str, arguments: &[&str]| {
        let mut command = sandbox().tools().command(program, dir.path());
        // A cache of its own: what another test's registry served is not what this one does.
        command.env("npm_config_cache", dir.path().join("cache"));
        Ran::of(
            command
                .env("npm_config_registry", registry.url())
                .args(arguments),
        )
    };
    std::fs::write(dir.path().join("package.json"), "{}").unwrap();
    let _ = run("npm", &["install", "--no-audit", "@acme/demo"]).exits(0);
    assert!(
        dir.path()
            .join("node_modules/@acme/demo/index.js")
            .is_file()
    );

    let npm = npm_package();
    let verify = || run("node", &["-e", VERIFY, &npm, &registry.url()]);
    assert_eq!(verify().exits(0).stdout, "1\n");
    registry.signing(Signing::Bad);
    let bad = verify().exits(3);
    assert_eq!(bad.stderr, "EINTEGRITYSIGNATURE\n", "{bad:#?}");
}

#[test]
fn real_openclaw_gets_its_turn_answered_by_the_model_provider() {
    let provider = Provider::start();
    provider.reply("The stand-in says hello.");
    let home = tempfile::tempdir().unwrap();
    let stand_in = json!({
        "baseUrl": format!("{}/v1", provider.url()), "apiKey": "none", "api": "openai-completions",
        "models": [{ "id": MODEL, "name": MODEL }],
    });
    let config = json!({
        "models": { "providers": { "local": stand_in } },
        "agents": { "defaults": { "model": { "primary": format!("local/{MODEL}") } } },
    });
    let state = home.path().join(".openclaw");
    std::fs::create_dir(&state).unwrap();
    std::fs::write(state.join("openclaw.json"), config.to_string()).unwrap();

    let mut openclaw = sandbox().tools().command("openclaw", home.path());
    let turn = [
        "agent",
        "--local",
        "--agent",
        "main",
        "--message",
        "hello",
        "--json",
    ];
    let ran = Ran::of(openclaw.args(turn)).exits(0);
    assert!(ran.stdout.contains("The stand-in says hello."), "{ran:#?}");
    assert!(
        state
            .join("agents/main/agent/openclaw-agent.sqlite")
            .is_file()
    );
}

#[test]
fn both_real_clients_install_a_skill_that_clawhub_only_points_to() {
    const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

    let (hub, github) = (clawhub::Registry::start(), github::Api::start());
    github.source(
        "acme/skills",
        COMMIT,
        &[("far/SKILL.md", "---\nname: far\n---\nFar away.\n")],
    );
    hub.publish(
        clawhub::Skill::new("acme", "far").on_github(clawhub::Github {
            repo: "acme/skills".to_owned(),
            path: "far".to_owned(),
            commit: COMMIT.to_owned(),
            content_hash: String::new(),
        }),
    );
    let home = tempfile::tempdir().unwrap();
    let workspace = home.path().join(".openclaw/workspace");
    std::fs::create_dir_all(&workspace).unwrap();
    let run = |program: &str, arguments: &[&str]| {
        let mut client = sandbox().tools().command(program, home.path());
        client.env("CLAWHUB_GITHUB_CODELOAD_BASE_URL", github.url());
        let _ = Ran::of(
            client
                .envs(hub.env())
                .current_dir(&workspace)
                .args(arguments),
        )
        .exits(0);
    };
    run("openclaw", &["skills", "install", "far"]);
    run("clawhub", &["install", "--no-input", "@acme/far"]);
    for skill in ["far", "@acme/far"] {
        let origin = read(
            &workspace
                .join("skills")
                .join(skill)
                .join(".clawhub/origin.json"),
        );
        assert_eq!(origin["installedVersion"], COMMIT, "{skill}");
    }
}

#[test]
fn a_real_gateway_runs_on_a_forked_home_and_stops() {
    let world = World::fork();
    let gateway = world.gateway().unwrap();
    let connected = std::net::TcpStream::connect(("127.0.0.1", gateway.port()));
    assert!(connected.is_ok());
    gateway.stop().unwrap();
}
