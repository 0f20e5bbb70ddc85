//! SIGKILL at any moment of a snapshot, a prune or a restore harms nothing.
//!
//! The moments are spread evenly over the length of a run. `EXUVIA_E2E_SEED` gives the same ones
//! again, as far as the machine is as fast.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests look at real files, and helpers of tests fail by panicking, too"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use exuvia_e2e::{Built, Dice, Running};
use exuvia_testkit::tree;
use rusqlite::Connection;
use serde_json::Value;

/// How often a running command was really killed, at least.
const KILLS: usize = 200;
/// After so many kills the first snapshot is restored and compared.
const LOOK: usize = 20;
/// Small files in the workspace.
const FILES: u64 = 2_000;
/// How many of them change between two snapshots.
const FEW: u64 = 60;
/// How many of them change before a restore, so that most of it is writing.
const MANY: u64 = 600;
/// Rows of a database that OpenClaw knows nothing of.
const ROWS: u64 = 2_000;
/// Leaves so few snapshots that looking at all of them stays quick.
const PRUNE: [&str; 4] = ["snapshot", "prune", "--keep-last", "2"];
/// The pinned snapshot that must survive everything.
const FIRST: &str = "first";

/// An install whose snapshots are killed, and what its first one must give back.
struct Ground {
    built: Built,
    dice: Dice,
    first: tree::Snapshot,
    named: usize,
}

impl Ground {
    fn new() -> Self {
        let built = Built::plain();
        let mut dice = Dice::of_the_day();
        for file in 0..FILES {
            write(&path(&built, file), &mut dice);
        }
        let database = Connection::open(database(&built)).unwrap();
        let rows = format!(
            "PRAGMA journal_mode = WAL; CREATE TABLE notes (id INTEGER PRIMARY KEY, text BLOB);
             WITH RECURSIVE ids(id) AS (SELECT 0 UNION ALL SELECT id + 1 FROM ids WHERE id < {ROWS})
             INSERT INTO notes SELECT id, randomblob(1000) FROM ids"
        );
        database.execute_batch(&rows).unwrap();
        drop(database);
        let mut ground = Self {
            first: tree::Snapshot::of(&built.install.state),
            built,
            dice,
            named: 0,
        };
        ground.take(FIRST);
        let _ = ground.built.exuvia(&["snapshot", "pin", FIRST]).exits(0);
        ground
    }

    fn take(&mut self, name: &str) -> Duration {
        let ran = self.built.exuvia(&["snapshot", "create", "--name", name]);
        ran.exits(0).took
    }

    fn take_another(&mut self) -> (String, Duration) {
        let name = self.new_name();
        let took = self.take(&name);
        (name, took)
    }

    /// Whether there is a snapshot of this name.
    fn has(&self, name: &str) -> bool {
        let listed = self.json(&["snapshot", "list"]);
        assert_eq!(listed["damaged"], serde_json::json!([]), "{listed:#}");
        list(&listed, "snapshots").any(|snapshot| snapshot["name"] == name)
    }

    fn new_name(&mut self) -> String {
        self.named += 1;
        format!("number-{}", self.named)
    }

    /// Changes some files, removes some, adds some, and writes to the database.
    fn go_on(&mut self, changes: u64) {
        for change in 0..changes {
            let file = self.dice.below(FILES + FILES / 10);
            let path = path(&self.built, file);
            if change % 6 == 0 && path.exists() {
                fs::remove_file(path).unwrap();
            } else {
                write(&path, &mut self.dice);
            }
        }
        let database = Connection::open(database(&self.built)).unwrap();
        let from = i64::try_from(self.dice.below(ROWS)).unwrap();
        let write = "UPDATE notes SET text = randomblob(1000) WHERE id BETWEEN ?1 AND ?1 + 20";
        database.execute(write, [from]).unwrap();
    }

    /// Starts a command and kills it somewhere within `length`; says whether it still ran.
    fn killed(&mut self, arguments: &[&str], length: Duration) -> bool {
        let moment = self.dice.within(length);
        Running::start(&mut self.built.command(arguments)).kill_at(moment)
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let ran = self.built.exuvia(&[arguments, &["--json"]].concat());
        ran.exits(0).json()
    }

    /// Fails the test unless the store is whole, the first snapshot is in it, and the journal tells
    /// of no run that nobody ended.
    fn is_whole(&self) {
        let verified = self.json(&["snapshot", "verify"]);
        assert_eq!(verified["clean"], true, "{verified:#}");
        assert!(self.has(FIRST));
        let history = self.json(&["history"]);
        for run in list(&history, "runs") {
            assert!(run["outcome"].is_string(), "{run:#}");
        }
    }

    /// Fails the test unless the first snapshot gives back every byte and mode.
    fn gives_the_first_back(&self) {
        let copy = self.built.dir().join("copy");
        let to = copy.display().to_string();
        let _ = self.json(&["snapshot", "restore", FIRST, "--to", &to]);
        let differing = differing(&self.first, &tree::Snapshot::of(&copy));
        assert_eq!(differing, [] as [PathBuf; 0]);
        fs::remove_dir_all(copy).unwrap();
    }

    /// The runs of an operation, by the journal, newest first.
    fn runs(&self, operation: &str) -> Vec<Value> {
        let history = self.json(&["history", "--operation", operation, "--limit", "10000"]);
        list(&history, "runs").cloned().collect()
    }

    /// Fails the test if the journal knows of no run of this operation that was interrupted.
    fn knows_of_interrupted(&self, operation: &str) {
        let runs = self.runs(operation);
        assert!(runs.iter().any(|run| run["outcome"] == "interrupted"));
    }
}

/// The paths whose content or mode is not the same. SQLite makes its index of a log anew when it
/// is not there, so no snapshot has one.
fn differing(one: &tree::Snapshot, other: &tree::Snapshot) -> Vec<PathBuf> {
    let mut paths = one.changed(other);
    paths.retain(|path| path.extension() != Some("sqlite-shm".as_ref()));
    paths
}

fn list<'a>(document: &'a Value, of: &str) -> impl Iterator<Item = &'a Value> {
    document[of].as_array().unwrap().iter()
}

fn path(built: &Built, file: u64) -> PathBuf {
    let dir = built.install.workspace.join(format!("notes/{}", file % 50));
    dir.join(format!("{file}.md"))
}

fn write(path: &Path, dice: &mut Dice) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let lines = usize::try_from(1 + dice.below(100)).unwrap();
    let text = format!("{}\n", dice.roll()).repeat(lines);
    fs::write(path, text).unwrap();
}

fn database(built: &Built) -> PathBuf {
    built.install.state.join("notes.sqlite")
}

/// Does `round` until its command was killed [`KILLS`] times while it ran, looking whether all is
/// whole each time. `usual` is how long the command takes when it is not killed; `round` kills it
/// within that time, and says whether it still ran.
fn until_killed(
    ground: &mut Ground,
    what: &str,
    usual: impl Fn(&mut Ground) -> Duration,
    mut round: impl FnMut(&mut Ground, Duration) -> bool,
) {
    let (begun, mut hits, mut misses) = (Instant::now(), 0, 0);
    let mut length = usual(ground);
    while hits < KILLS {
        if !round(ground, length) {
            misses += 1;
            assert!(misses <= KILLS, "{what} is over before it can be killed");
            // The machine does less than when it was measured.
            length = length.mul_f64(0.9);
            continue;
        }
        hits += 1;
        // And so that the last moments have their turn, too: one in five comes too late.
        length = length.mul_f64(1.02);
        ground.is_whole();
        if hits % LOOK == 0 {
            ground.gives_the_first_back();
            let _ = ground.json(&PRUNE);
            length = usual(ground);
        }
    }
    let took = begun.elapsed().as_secs();
    println!("{what} of {length:.0?}: {hits} kills, {misses} came too late, {took} s");
}

#[test]
fn a_snapshot_killed_at_any_moment_harms_no_other() {
    let mut ground = Ground::new();
    let usual = |ground: &mut Ground| {
        ground.go_on(FEW);
        ground.take_another().1
    };
    until_killed(&mut ground, "snapshot", usual, |ground, length| {
        ground.go_on(FEW);
        let name = ground.new_name();
        ground.killed(&["snapshot", "create", "--name", &name], length)
    });
    ground.knows_of_interrupted("snapshot");
}

#[test]
fn a_prune_killed_at_any_moment_loses_nothing_that_is_kept() {
    let mut ground = Ground::new();
    let usual = |ground: &mut Ground| {
        for _ in 0..3 {
            ground.go_on(FEW);
            ground.take_another();
        }
        ground.built.exuvia(&PRUNE).exits(0).took
    };
    until_killed(&mut ground, "prune", usual, |ground, length| {
        ground.go_on(FEW);
        let (name, _) = ground.take_another();
        let killed = ground.killed(&PRUNE, length);
        assert!(ground.has(&name), "{name} is gone");
        killed
    });
    ground.knows_of_interrupted("prune");
}

#[test]
fn a_restore_killed_at_any_moment_is_completed_by_the_next_command() {
    const RESTORE: [&str; 4] = ["snapshot", "restore", FIRST, "--yes"];

    let mut ground = Ground::new();
    let usual = |ground: &mut Ground| {
        ground.go_on(MANY);
        ground.built.exuvia(&RESTORE).exits(0).took
    };
    let (mut untouched, mut completed) = (0, 0);
    until_killed(&mut ground, "restore", usual, |ground, length| {
        ground.go_on(MANY);
        let before = tree::Snapshot::of(&ground.built.install.state);
        let earlier = ground.runs("restore").len();
        let killed = ground.killed(&RESTORE, length);
        assert!(ground.has(FIRST));
        let now = tree::Snapshot::of(&ground.built.install.state);
        let runs = ground.runs("restore");
        let outcome = (runs.len() > earlier).then(|| &runs[0]["outcome"]);
        if differing(&before, &now).is_empty() {
            assert!(outcome.is_none_or(|outcome| outcome == "interrupted"));
            untouched += 1;
            let _ = ground.built.exuvia(&RESTORE).exits(0);
        } else {
            assert_eq!(differing(&ground.first, &now), [] as [PathBuf; 0]);
            assert!(outcome.is_some_and(|outcome| outcome == "done"));
            completed += usize::from(killed);
        }
        killed
    });
    println!("killed before it began to write: {untouched}, and completed: {completed}");
    assert!(completed >= KILLS / 10, "too few kills in the writing");
    ground.knows_of_interrupted("restore");
}
