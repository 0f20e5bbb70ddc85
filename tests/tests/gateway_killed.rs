//! A real gateway whose keeper, or whoever restarts it, is killed at any moment.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests fail by panicking, too"
)]

use std::fmt::Write as _;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use exuvia_e2e::{Dice, Kept, found, sandbox, until};
use exuvia_testkit::sandbox::OPENCLAW;
use rustix::process::Signal;
use serde_json::Value;

const SESSION: &str = "agent:main:main";
/// A restart takes 8 to 20 s on a quiet machine, so most moments lie within one.
const SPAN: Duration = Duration::from_secs(12);

/// How much of each log a failure shows.
const LAST_LINES: usize = 40;

/// Who is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Victims {
    Driver,
    Keeper,
    Both,
}

struct Ground {
    kept: Kept,
    dice: Dice,
    /// The last run that was asked for.
    last: Value,
}

impl Ground {
    /// Asks for a restart in one way or the other, and kills at some moment.
    fn kill(&mut self, round: u32, victims: Victims) -> String {
        let note = format!("MARK {round}");
        let update = ["update", "run", "--note", &note, "--session-key", SESSION];
        let words = if self.dice.below(2) == 0 {
            &["restart", "--force"][..]
        } else {
            &update
        };
        let mut driver = self.begin(words);
        let moment = self.dice.within(SPAN);
        std::thread::sleep(moment);
        if victims != Victims::Keeper {
            driver.kill().unwrap();
        }
        if victims != Victims::Driver {
            self.kill_keepers();
        }
        driver.wait().unwrap();
        format!("round {round}: {victims:?} killed {moment:?} after `exuvia {words:?}`")
    }

    fn begin(&self, words: &[&str]) -> Child {
        let mut driver = self.kept.command(words);
        driver.stdin(Stdio::null()).stdout(Stdio::null());
        driver.stderr(Stdio::null()).spawn().unwrap()
    }

    fn kill_keepers(&self) {
        let home = self.kept.home().path();
        for keeper in found::keepers(home) {
            found::signal(keeper.pid, Signal::KILL);
            until("it has died", || {
                let left = found::keepers(home);
                left.iter().all(|it| it.pid != keeper.pid).then_some(())
            });
        }
    }

    /// What a user types who finds that something died.
    fn heal(&mut self, victims: Victims, what: &str) {
        if victims == Victims::Driver {
            let _ = self.kept.exuvia(&["update", "status"]);
        } else {
            let started = self.kept.exuvia(&["gateway", "start", "--within", "280"]);
            assert_eq!(
                started.code,
                Some(0),
                "{what}: {started:#?}\n{}",
                self.logs()
            );
        }
        let sentinel = until("what was asked for is over", || {
            let told = self.kept.exuvia(&["update", "status", "--json"]).json();
            let state = &told["outcome"]["state"];
            let delivery = &told["note"]["delivery"]["state"];
            let is_open = state == "pending" || delivery == "owed" || delivery == "sending";
            (!is_open).then_some(told)
        });
        // Killed before it had asked, or before it had asked whole.
        if sentinel["run"] != self.last && !sentinel.is_null() {
            self.last = sentinel["run"].clone();
            let why = sentinel["outcome"]["why"].as_str().unwrap_or_default();
            let is_restarted = sentinel["outcome"]["state"] == "restarted";
            let was_never_asked = why.contains("before the request was made");
            assert!(is_restarted || was_never_asked, "{what}: {sentinel:#}");
        }
    }

    /// What the gateway and the keeper that was started again said last.
    fn logs(&self) -> String {
        let dir = self.kept.exuvia_home().join("logs");
        let files = std::fs::read_dir(dir).into_iter().flatten().flatten();
        let mut told = String::new();
        for file in files.map(|entry| entry.path()) {
            let text = std::fs::read_to_string(&file).unwrap_or_default();
            let lines: Vec<&str> = text.lines().collect();
            let last = lines.len().saturating_sub(LAST_LINES);
            writeln!(told, "--- {}\n{}", file.display(), lines[last..].join("\n")).unwrap();
        }
        told
    }

    /// One gateway, which answers and is kept; no note twice.
    fn is_whole(&self, round: u32, what: &str) {
        // A keeper that comes after a dead one sees an end that was asked for as one too soon, and
        // what follows on that counts as good after two minutes.
        let status = until("it is healthy", || {
            let status = self.kept.exuvia(&["status", "--wait", "280", "--json"]);
            let status = status.json();
            (status["verdict"] == "healthy").then_some(status)
        });
        assert_eq!(status["version"]["running"], OPENCLAW, "{what}");
        let home = self.kept.home().path();
        let gateways = found::gateways(home);
        assert_eq!(gateways.len(), 1, "{what}: {gateways:?}");
        assert_eq!(self.kept.pid(), status["process"]["pid"], "{what}");
        let keepers = found::keepers(home);
        assert_eq!(keepers.len(), 1, "{what}: {keepers:?}");
        for told in 0..=round {
            let times = self.kept.told(SESSION, &format!("MARK {told}"));
            assert!(times <= 1, "{what}: MARK {told} was told {times} times");
        }
    }
}

#[test]
fn one_gateway_runs_and_no_note_is_told_twice_whoever_is_killed_when() {
    let mut ground = Ground {
        kept: Kept::start(sandbox()),
        dice: Dice::of_the_day(),
        last: Value::Null,
    };
    // A session that can be told something.
    ground.kept.client().turn(SESSION, "hello").unwrap();
    let victims = [
        Victims::Driver,
        Victims::Keeper,
        Victims::Both,
        Victims::Both,
    ];
    for (round, victims) in (0..).zip(victims) {
        let began = Instant::now();
        let what = ground.kill(round, victims);
        ground.heal(victims, &what);
        ground.is_whole(round, &what);
        println!("{what}; whole after {:.0?}", began.elapsed());
    }
}
