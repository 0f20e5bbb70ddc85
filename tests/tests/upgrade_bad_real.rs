//! Bad releases, each made of the bytes of the real OpenClaw: none may reach the live install.
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a JSON value that is not there is null, and tests fail by panicking"
)]

use exuvia_e2e::{Moulting, entry_of, leaves_nothing};
use exuvia_testkit::mini::Channel;
use exuvia_testkit::sandbox::{Broken, NEXT_OPENCLAW, OPENCLAW};
use serde_json::json;

/// Where the state is, in a script.
const STATE: &str = "const state = builtin(\"os\").homedir() + \"/.openclaw\";";

/// Its main database, in a script.
const DATABASE: &str = "const { DatabaseSync } = builtin(\"sqlite\");\n\
    const db = new DatabaseSync(`${state}/state/openclaw.sqlite`);";
/// Its configuration, in a script.
const CONFIG: &str = "const fs = builtin(\"fs\"), file = `${state}/openclaw.json`;\n\
    const config = JSON.parse(fs.readFileSync(file, \"utf8\"));";

/// A release, and what is to become of an upgrade to it.
struct Bad {
    what: &'static str,
    version: &'static str,
    broken: Broken,
    /// Seconds.
    soak: &'static str,
    /// What `[rehearsal]` says.
    limits: &'static str,
    ends: Ends,
}

/// How an upgrade is kept from going on.
enum Ends {
    /// It is blocked by the report, or not offered at all.
    NotSelected,
    /// Gate 1 or the stage refuses it.
    Refused,
    /// The rehearsal stops it, with these words.
    Rehearsed(&'static str),
}

impl Bad {
    fn new(what: &'static str, version: &'static str, broken: Broken, ends: Ends) -> Self {
        Self {
            what,
            version,
            broken,
            soak: "0",
            limits: "",
            ends,
        }
    }
}

#[test]
#[ignore = "minutes on a machine that does nothing else; `cargo xtask soak --long` runs it"]
fn none_that_does_not_run_reaches_the_live_install() {
    none_reaches_the_live_install(|_| that_do_not_run());
}

#[test]
#[ignore = "minutes on a machine that does nothing else; `cargo xtask soak --long` runs it"]
fn none_that_harms_the_state_reaches_the_live_install() {
    none_reaches_the_live_install(|_| that_harm_the_state());
}

#[test]
#[ignore = "minutes on a machine that does nothing else; `cargo xtask soak --long` runs it"]
fn none_that_is_not_what_it_says_reaches_the_live_install() {
    none_reaches_the_live_install(|_| that_are_not_what_they_say());
}

#[test]
#[ignore = "minutes on a machine that does nothing else; `cargo xtask soak --long` runs it"]
fn none_that_reaches_for_more_than_its_own_reaches_the_live_install() {
    none_reaches_the_live_install(that_reach_out);
}

/// Releases after a stand-in of a channel, one after the other, beside a gateway that goes on.
fn none_reaches_the_live_install(releases: impl FnOnce(&str) -> Vec<Bad>) {
    let channel = Channel::start();
    let mut moulting = Moulting::start();
    moulting.offer(OPENCLAW, NEXT_OPENCLAW);
    let (before, pid) = (moulting.belongings(), moulting.kept.pid());
    let (watch, asked) = (moulting.watch(), moulting.asks_for_its_version());
    let mut wrong = Vec::new();
    for bad in releases(&channel.url()) {
        if let Err(words) = is_stopped(&moulting, &bad) {
            println!("{}: {words}", bad.what);
            wrong.push(format!("{}: {words}", bad.what));
        }
        assert_eq!(moulting.kept.pid(), pid, "{}", bad.what);
        leaves_nothing(&moulting, bad.what);
    }
    assert_eq!(moulting.version(), OPENCLAW);
    assert_eq!(moulting.belongings(), before);
    moulting.takes_a_turn();
    assert_eq!(channel.messages().all().len(), 0, "somebody was told");
    assert_eq!(wrong, [] as [String; 0]);
    let trace = moulting.kept.home().path().join("was-here");
    assert!(!trace.exists(), "{}", trace.display());
    println!(
        "looked {} times, asked {} times",
        watch.saw_it_always(),
        asked.was_always_answered()
    );
}

/// Upgrades to it. In words, if it ended otherwise than it should.
fn is_stopped(moulting: &Moulting, bad: &Bad) -> Result<(), String> {
    let config = moulting.kept.exuvia_home().join("config.toml");
    std::fs::write(&config, format!("[rehearsal]\n{}\n", bad.limits)).unwrap();
    moulting.releases(bad.version, &bad.broken);
    let report = moulting.exuvia(&["check", "--json"]).exits(0).json();
    let must = |holds: bool, what: &dyn std::fmt::Debug| {
        holds.then_some(()).ok_or_else(|| format!("{what:#?}"))
    };
    let offered = entry_of(&report, "openclaw");
    let is_blocked = offered.is_none_or(|entry| entry["assessment"]["risk"] == "blocked");
    let may_be_offered = !matches!(bad.ends, Ends::NotSelected);
    must(is_blocked || may_be_offered, &"it is offered")?;
    let Some(entry) = offered else {
        println!("{}: not offered", bad.what);
        return Ok(());
    };
    let id = report["reportId"].as_str().unwrap();
    let number = entry["number"].to_string();
    let words = ["upgrade", &number, "--report", id, "--confirm", "openclaw"];
    let ran = moulting.exuvia(&[&words[..], &["--soak", bad.soak, "--json"]].concat());
    println!("{}: exit {:?} after {:.0?}", bad.what, ran.code, ran.took);
    match bad.ends {
        Ends::NotSelected => must(ran.code == Some(3), &ran),
        Ends::Refused => must(matches!(ran.code, Some(1 | 3)), &ran),
        Ends::Rehearsed(words) => {
            must(ran.code == Some(1), &ran)?;
            let failure = ran.json()["state"]["failure"].clone();
            let why = failure["why"].as_str().unwrap_or_default();
            must(
                failure["during"] == "rehearse" && why.contains(words),
                &failure,
            )
        }
    }
}

/// One that does this each time that it runs.
fn runs(script: &str) -> Broken {
    Broken::new().when_it_runs(&format!("{STATE}\n{script}"))
}

/// Those that start badly, or not at all.
fn that_do_not_run() -> Vec<Bad> {
    vec![
        Bad::new(
            "its gateway does not start",
            "2026.9.11",
            Broken::gateway(),
            Ends::Rehearsed("listen"),
        ),
        Bad {
            soak: "60",
            ..Bad::new(
                "it dies 20 s after it is ready",
                "2026.9.12",
                runs(&format!(
                    "{CONFIG}\nconst look = setInterval(() => builtin(\"http\").get(\
                     {{ port: config.gateway.port, path: \"/readyz\" }}, (answer) => {{\n\
                     answer.resume();\nif (answer.statusCode !== 200) return;\n\
                     clearInterval(look);\nsetTimeout(() => process.exit(1), 20000);\n\
                     }}).on(\"error\", () => {{}}), 500);"
                )),
                Ends::Rehearsed("ended"),
            )
        },
        Bad::new(
            "a plugin of its throws",
            "2026.9.13",
            Broken::new().file(
                "dist/extensions/talk-voice/index.js",
                "throw new Error(\"broken by its release\");",
            ),
            Ends::Rehearsed("broken by its release"),
        ),
        Bad {
            limits: "ready-seconds = 40",
            ..Bad::new(
                "it takes 10 minutes to start",
                "2026.9.17",
                runs("await new Promise((done) => setTimeout(done, 600000));"),
                Ends::Rehearsed("not ready within 40 s"),
            )
        },
        Bad::new(
            "it eats 4 GB",
            "2026.9.18",
            runs("globalThis.held = Array.from({ length: 64 }, () => Buffer.alloc(64 << 20, 1));"),
            Ends::Rehearsed("memory"),
        ),
    ]
}

/// Those that lose or spoil what is the user's.
fn that_harm_the_state() -> Vec<Bad> {
    vec![
        Bad::new(
            "it loses a cron job",
            "2026.9.14",
            runs(&format!(
                "{DATABASE}\ndb.exec(\"DELETE FROM cron_jobs WHERE name = 'kept-job'\"); db.close();"
            )),
            Ends::Rehearsed("cron job"),
        ),
        Bad::new(
            "it drops a key of the configuration",
            "2026.9.15",
            runs(&format!(
                "{CONFIG}\ndelete config.gateway.bind;\n\
                 fs.writeFileSync(file, JSON.stringify(config));"
            )),
            Ends::Rehearsed("gateway.bind"),
        ),
        Bad::new(
            "its migration throws half way",
            "2026.9.16",
            runs(&format!(
                "{DATABASE}\ndb.exec(\"PRAGMA user_version = 18\"); db.close();\n\
                 throw new Error(\"half way\");"
            )),
            Ends::Rehearsed("it ended"),
        ),
    ]
}

/// Those whose bytes or words are others than was promised.
fn that_are_not_what_they_say() -> Vec<Bad> {
    vec![
        Bad::new(
            "it says that it is another version",
            "2026.9.19",
            Broken::new().says_another_version(),
            Ends::Rehearsed("says that it is 2026.9.6"),
        ),
        Bad::new(
            "its bytes are not those that the registry promises",
            "2026.9.20",
            Broken::new().lied_about(),
            Ends::Refused,
        ),
        Bad::new(
            "a lower version is called the latest",
            "2026.9.3",
            Broken::new(),
            Ends::NotSelected,
        ),
        Bad::new(
            "it needs a newer Node",
            "2026.9.21",
            Broken::new().manifest("engines", json!({ "node": ">=99" })),
            Ends::NotSelected,
        ),
        Bad::new(
            "what it says and what it is are two versions",
            "2026.9.24",
            Broken::new().manifest("version", json!("2026.9.4")),
            Ends::Refused,
        ),
    ]
}

/// Those that write, ask and tell beyond their own.
fn that_reach_out(channel: &str) -> Vec<Bad> {
    let node = |script: &str| format!("node -e \"{script}\"");
    let scripts = [
        node("require('fs').writeFileSync(require('os').homedir() + '/was-here', '')"),
        node(&format!(
            "require('http').get('{channel}').on('error', () => 0)"
        )),
    ];
    let scripts = json!({ "postinstall": scripts.join(" ; ") });
    vec![
        Bad::new(
            "a script of its writes into the home directory and phones home",
            "2026.9.22",
            Broken::gateway().manifest("scripts", scripts),
            Ends::Rehearsed(""),
        ),
        Bad::new(
            "it messages a channel",
            "2026.9.23",
            runs(&format!(
                "setInterval(() => fetch(\"{channel}\", {{ method: \"POST\", body: \"hello\" }})\
                 .catch(() => {{}}), 200);\nsetTimeout(() => process.exit(1), 15000);"
            )),
            Ends::Rehearsed("ended"),
        ),
    ]
}
