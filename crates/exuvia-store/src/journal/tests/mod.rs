#![allow(
    clippy::disallowed_methods,
    reason = "tests prepare and inspect real files"
)]

mod making;
mod model;
mod reading;
mod refused;
mod writing;

use std::path::Path;
use std::sync::Arc;

use exuvia_host::testing::TestHost;
use exuvia_host::{Home, Host};
use exuvia_model::journal::Operation;
use rusqlite::Connection;
use serde_json::json;

use super::{Journal, JournalError, NewRun};

/// A process that is not there: no process has this number, and no boot this name.
const DEAD: &str = "4194999 1 another-boot";

/// An Exuvia home of the test's own.
struct Lab {
    directory: tempfile::TempDir,
    host: Arc<TestHost>,
    home: Home,
}

impl Lab {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let host = TestHost::new()
            .with_env("EXUVIA_HOME", directory.path().join("home"))
            .with_env("USER", "me");
        let home = Home::locate(&host).unwrap();
        Self {
            directory,
            host: Arc::new(host),
            home,
        }
    }

    fn open(&self) -> Result<Journal, JournalError> {
        Journal::open(self.host.clone(), &self.home)
    }

    fn open_existing(&self) -> Result<Option<Journal>, JournalError> {
        let host: Arc<dyn Host> = self.host.clone();
        Journal::open_existing(host, &self.home)
    }

    fn file(&self) -> std::path::PathBuf {
        self.home.root().join("journal.sqlite")
    }

    /// A connection that keeps none of the journal's habits.
    fn sql(&self) -> Connection {
        Connection::open(self.file()).unwrap()
    }
}

fn new_run(subject: &str) -> NewRun {
    NewRun {
        operation: Operation::Snapshot,
        install: Some("abc".to_owned()),
        subject: subject.to_owned(),
        detail: json!({ "name": subject }),
    }
}

/// Whoever carries a run dies.
fn kill(sql: &Connection, id: &str) {
    let resumed = "INSERT INTO event (run, at, step, holder, detail)
                   SELECT number, '2026-11-20T00:00:00Z', 'resume', ?2, '{}' FROM run WHERE id = ?1";
    assert_eq!(sql.execute(resumed, [id, DEAD]).unwrap(), 1);
}

fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}
