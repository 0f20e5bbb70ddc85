//! Going back: what is brought back, what is left alone, and what is refused.
#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    unreachable_pub,
    missing_docs,
    reason = "tests prepare and inspect real files, and may panic"
)]

mod common;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, mpsc};

use common::{Lab, UNIT_TEXT, assert_same};
use exuvia_host::disk::{Disk, point};
use exuvia_host::points::Points;
use exuvia_host::{Home, Host};
use exuvia_model::journal::{Operation, Outcome};
use exuvia_recovery::{
    AgentId, Context, FileFate, Recovery, RecoveryError, RestoreRequest, Scope, TakeOptions,
};
use exuvia_store::journal::{Filter, Journal};
use serde_json::json;

#[track_caller]
fn assert_refused(lab: &Lab, error: &RecoveryError, was: &common::Facts) {
    assert!(error.is_refusal(), "{error}");
    assert_same(&lab.facts(), was);
}

#[test]
fn an_install_comes_back_with_its_service_and_what_was_there_is_kept() {
    let lab = Lab::new().with_service();
    let was = lab.facts();
    let taken = lab.take("good");
    lab.go_mad(1);
    let mad = lab.facts();
    let restored = lab.restore(&taken.snapshot).unwrap();
    assert_same(&lab.facts(), &was);
    assert_eq!(fs::read_to_string(lab.unit()).unwrap(), UNIT_TEXT);
    assert_eq!(restored.services.len(), 2, "{:?}", restored.services);
    assert!(restored.changes > 3);
    let safety = restored.safety.unwrap();
    let safety = lab.recovery().store().get(safety.as_str()).unwrap();
    assert_eq!(safety.name.as_deref(), Some("pre-restore-20261120T000000Z"));
    assert_eq!(Scope::of(&safety), Some(Scope::Install));
    lab.restore(&safety).unwrap();
    assert_same(&lab.facts(), &mad);
}

#[test]
fn a_plan_tells_what_would_be_done_and_does_nothing() {
    let lab = Lab::new().with_service();
    let taken = lab.take("good");
    lab.go_mad(1);
    let mad = lab.facts();
    let recovery = lab.recovery();
    let install = lab.install();
    let plan = recovery.plan_restore(&install, &taken.snapshot, RestoreRequest::default());
    let plan = plan.unwrap();
    assert!(
        plan.changes
            .iter()
            .any(|change| change.path.ends_with("openclaw.json"))
    );
    let services: Vec<_> = plan
        .services
        .iter()
        .map(|one| (one.path.clone(), one.what))
        .collect();
    let expected = [
        (lab.unit(), FileFate::Changed),
        (lab.drop_in("mad1.conf"), FileFate::Removed),
    ];
    assert_eq!(services, expected);
    assert!(
        plan.warnings
            .iter()
            .any(|one| one.contains("daemon-reload")),
        "{:?}",
        plan.warnings
    );
    drop(plan);
    assert_same(&lab.facts(), &mad);
    assert_eq!(recovery.list(None).unwrap().0.len(), 1);
}

#[test]
fn every_run_is_in_the_journal_with_its_steps() {
    let lab = Lab::new().with_service();
    let taken = lab.take("good");
    lab.go_mad(1);
    let restored = lab.restore(&taken.snapshot).unwrap();
    let refused = lab.recovery().delete(restored.safety.as_ref().unwrap());
    refused.unwrap();
    let home = exuvia_host::Home::locate(lab.host.as_ref()).unwrap();
    let journal = Journal::open(lab.host.clone(), &home).unwrap();
    let runs = journal.runs(&Filter::default()).unwrap();
    let told: Vec<_> = runs
        .iter()
        .rev()
        .map(|run| (run.operation.clone(), run.outcome))
        .collect();
    let done = Some(Outcome::Done);
    let expected = [
        (Operation::Snapshot, done),
        (Operation::Restore, done),
        (Operation::Delete, done),
    ];
    assert_eq!(told, expected);
    let steps: Vec<String> = journal
        .events(&restored.run)
        .unwrap()
        .into_iter()
        .map(|event| event.step)
        .collect();
    assert_eq!(
        steps,
        ["begin", "replace", "belongings", "settled", "finish"]
    );
    assert_eq!(runs[1].subject, taken.snapshot.id.to_string());
    assert_eq!(runs[1].install, Some(lab.install().id()));
}

#[test]
fn a_running_gateway_is_refused_and_one_that_cannot_be_told_too_even_with_force() {
    let lab = Lab::new();
    let taken = lab.take("good");
    lab.go_mad(1);
    let was = lab.facts();
    let lock = lab.running();
    for refused in [lab.restore(&taken.snapshot), lab.force(&taken.snapshot)] {
        let error = refused.unwrap_err();
        assert!(
            matches!(
                error,
                RecoveryError::Running {
                    pid: 7,
                    port: Some(19100),
                    ..
                }
            ),
            "{error}"
        );
        assert_refused(&lab, &error, &was);
    }
    drop(lock);
    let elsewhere = json!({ "pid": 7, "startTime": 1, "createdAt": "2999-01-01T00:00:00Z" });
    lab.write("tmp/openclaw-0/gateway.state.lock", &elsewhere.to_string());
    let error = lab.force(&taken.snapshot).unwrap_err();
    assert!(matches!(error, RecoveryError::CannotTell { .. }), "{error}");
    assert_refused(&lab, &error, &was);
    fs::remove_file(lab.state().join("tmp/openclaw-0/gateway.state.lock")).unwrap();
    lab.restore(&taken.snapshot).unwrap();
}

#[test]
fn a_gateway_that_starts_after_the_plan_is_noticed() {
    let lab = Lab::new();
    let taken = lab.take("good");
    lab.go_mad(1);
    let was = lab.facts();
    let (recovery, install) = (lab.recovery(), lab.install());
    let plan = recovery.plan_restore(&install, &taken.snapshot, RestoreRequest::default());
    let plan = plan.unwrap();
    let _lock = lab.running();
    let error = plan.apply().unwrap_err();
    assert_refused(&lab, &error, &was);
    assert_eq!(recovery.store().pending_restores().unwrap(), []);
}

#[test]
fn a_stale_lock_of_a_gateway_that_was_killed_is_no_gateway() {
    let lab = Lab::new();
    let taken = lab.take("good");
    drop(lab.running());
    lab.restore(&taken.snapshot).unwrap();
}

#[test]
fn a_state_directory_that_is_a_link_is_refused() {
    let lab = Lab::new();
    let taken = lab.take("good");
    let was = lab.facts();
    let mut install = lab.install();
    install.state_dir = lab.directory.path().join("link");
    symlink(lab.state(), &install.state_dir).unwrap();
    let refused = common::restore(&lab.recovery(), &install, &taken.snapshot, true);
    let error = refused.unwrap_err();
    assert!(
        matches!(error, RecoveryError::NotADirectory { .. }),
        "{error}"
    );
    assert_refused(&lab, &error, &was);
    let error = lab
        .recovery()
        .restore_to(&taken.snapshot, &install.state_dir)
        .unwrap_err();
    assert_refused(&lab, &error, &was);
}

#[test]
fn a_snapshot_of_another_install_needs_force_and_leaves_the_service_alone() {
    let lab = Lab::new().with_service();
    let taken = lab.take("good");
    let other = Lab::new();
    common::write_at(&other.unit(), "[Service]\nExecStart=/other\n");
    let record = taken.snapshot.record();
    let record = serde_json::from_value(serde_json::to_value(record).unwrap()).unwrap();
    let copy = other.directory.path().join("copy");
    lab.recovery().restore_to(&taken.snapshot, &copy).unwrap();
    let foreign = other.recovery().store().adopt(&copy, record).unwrap();
    let was = other.facts();
    let error = other.restore(&foreign).unwrap_err();
    assert!(
        matches!(error, RecoveryError::OtherInstall { .. }),
        "{error}"
    );
    assert_refused(&other, &error, &was);
    let (recovery, install) = (other.recovery(), other.install());
    let plan = recovery.plan_restore(&install, &foreign, RestoreRequest { force: true });
    let plan = plan.unwrap();
    assert_eq!(plan.services, []);
    assert!(
        plan.warnings.iter().any(|one| one.contains("lead there")),
        "{:?}",
        plan.warnings
    );
    plan.apply().unwrap();
    let unit = fs::read_to_string(other.unit()).unwrap();
    assert!(unit.contains("/other"));
}

#[test]
fn an_older_package_than_the_snapshots_needs_force_and_a_newer_one_is_told() {
    let lab = Lab::new();
    let taken = lab.take("good");
    let was = lab.facts();
    let manifest = lab.built.package.join("package.json");
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, text.replace("\"2026.9.5\"", "\"2026.9.4\"")).unwrap();
    let error = lab.restore(&taken.snapshot).unwrap_err();
    assert!(
        error.to_string().contains("2026.9.4 is installed"),
        "{error}"
    );
    assert_refused(&lab, &error, &was);
    lab.force(&taken.snapshot).unwrap();
    fs::write(&manifest, text.replace("\"state\":17", "\"state\":16")).unwrap();
    let error = lab.restore(&taken.snapshot).unwrap_err();
    assert!(
        matches!(error, RecoveryError::OlderPackage { .. }),
        "{error}"
    );
    fs::write(&manifest, text.replace("\"2026.9.5\"", "\"2026.9.6\"")).unwrap();
    let (recovery, install) = (lab.recovery(), lab.install());
    let plan = recovery.plan_restore(&install, &taken.snapshot, RestoreRequest::default());
    let warnings = plan.unwrap().warnings;
    assert!(
        warnings.iter().any(|one| one.contains("migrate")),
        "{warnings:?}"
    );
    fs::write(&manifest, text.replace("\"2026.9.5\"", "\"whatever\"")).unwrap();
    let error = lab.restore(&taken.snapshot).unwrap_err();
    assert!(
        matches!(error, RecoveryError::UnknownPackage { .. }),
        "{error}"
    );
    assert_refused(&lab, &error, &was);
}

#[test]
fn a_path_is_not_written_because_a_snapshot_says_so() {
    let lab = Lab::new().with_service();
    let taken = lab.take("good");
    let target = lab.built.home.join(".bashrc");
    let mut hostile = taken.snapshot.clone();
    let mut context = serde_json::to_value(Context::of(&hostile).unwrap()).unwrap();
    let escape = lab.drop_in("../../../../evil.conf");
    for path in [&target, &escape] {
        context["services"][0]["path"] = json!(path);
        hostile.context = Some(context.clone());
        let (recovery, install) = (lab.recovery(), lab.install());
        let plan = recovery.plan_restore(&install, &hostile, RestoreRequest::default());
        let plan = plan.unwrap();
        assert_eq!(plan.services, [], "{}", path.display());
        assert!(plan.warnings.iter().any(|one| one.contains("not restored")));
    }
}

#[test]
fn an_agent_goes_back_alone() {
    let lab = Lab::new().with_service();
    let taken = lab.take_agent("main").unwrap();
    let before = lab.facts();
    lab.write("agents/main/sessions/1.jsonl", "mad\n");
    lab.write("agents/main/sessions/9.jsonl", "new\n");
    lab.write("workspace/MEMORY.md", "mad");
    lab.write("agents/other/sessions/2.jsonl", "other\n");
    lab.write("openclaw.json", "{\"later\":1}");
    common::write_at(&lab.unit(), "[Service]\n");
    fs::remove_file(lab.state().join("logs/gateway.log")).unwrap();
    let restored = lab.restore(&taken.snapshot).unwrap();
    let safety = lab
        .recovery()
        .store()
        .get(restored.safety.unwrap().as_str());
    let agent = Scope::Agent(AgentId::new("main").unwrap());
    assert_eq!(Scope::of(&safety.unwrap()), Some(agent));
    let mut changed = before.changed(&lab.facts());
    changed.sort();
    let expected = [
        "agents/other/sessions/2.jsonl",
        "logs/gateway.log",
        "openclaw.json",
        "systemd/user/openclaw-gateway.service",
    ];
    assert_eq!(changed, expected.map(std::path::PathBuf::from));
}

#[test]
fn an_agent_that_shares_its_workspace_is_told() {
    let lab = Lab::with(|builder| {
        let shared = json!({ "list": [
            { "id": "main", "workspace": "~/.openclaw/workspace" },
            { "id": "other", "workspace": "~/.openclaw/workspace/sub" },
            { "id": "third", "workspace": "~/.openclaw/workspace-2" },
        ] });
        builder.config("agents", shared)
    });
    let taken = lab.take_agent("main").unwrap();
    let (recovery, install) = (lab.recovery(), lab.install());
    let plan = recovery.plan_restore(&install, &taken.snapshot, RestoreRequest::default());
    let warnings = plan.unwrap().warnings;
    assert!(
        matches!(warnings.as_slice(), [one] if one.starts_with("agent other works in")),
        "{warnings:?}"
    );
}

/// The tables of 2026.9.5.
const WORKSPACE_TABLES: &str = "
    CREATE TABLE workspace_setup_state (workspace_key TEXT NOT NULL PRIMARY KEY,
      workspace_path TEXT, version INTEGER, attested_at_ms INTEGER) STRICT;
    CREATE TABLE workspace_generated_bootstrap_hashes (workspace_key TEXT NOT NULL,
      filename TEXT NOT NULL, sha256 TEXT NOT NULL, PRIMARY KEY (workspace_key, filename),
      FOREIGN KEY (workspace_key) REFERENCES workspace_setup_state(workspace_key)
        ON DELETE CASCADE) STRICT;
    CREATE TABLE workspace_path_aliases (alias_key TEXT NOT NULL PRIMARY KEY,
      alias_path TEXT NOT NULL, workspace_key TEXT NOT NULL, workspace_path TEXT NOT NULL,
      updated_at_ms INTEGER NOT NULL) STRICT;";

fn attest(lab: &Lab, workspace: &str, at: i64) {
    use sha2::Digest;
    let path = lab.state().canonicalize().unwrap().join(workspace);
    let path = path.to_str().unwrap();
    let key = exuvia_model::digest::hex(&sha2::Sha256::digest(path));
    let state = lab.built.open_state();
    let row = (&key, path, at);
    state
        .execute(
            "INSERT OR REPLACE INTO workspace_setup_state VALUES (?1, ?2, 1, ?3)",
            row,
        )
        .unwrap();
    state
        .execute(
            "INSERT OR REPLACE INTO workspace_generated_bootstrap_hashes VALUES (?1, 'A.md', ?2)",
            (&key, at.to_string()),
        )
        .unwrap();
    state
        .execute(
            "INSERT OR REPLACE INTO workspace_path_aliases VALUES (?1, ?2, ?1, ?2, ?3)",
            row,
        )
        .unwrap();
}

fn attested(lab: &Lab) -> Vec<(String, i64, String)> {
    let state = lab.built.open_state();
    let sql = "SELECT workspace_path, attested_at_ms, sha256 FROM workspace_setup_state \
               JOIN workspace_generated_bootstrap_hashes USING (workspace_key) \
               JOIN workspace_path_aliases USING (workspace_key, workspace_path) ORDER BY 1";
    let mut statement = state.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| {
        let path: String = row.get(0)?;
        let name = path.rsplit('/').next().unwrap().to_owned();
        Ok((name, row.get(1)?, row.get(2)?))
    });
    rows.unwrap().map(Result::unwrap).collect()
}

#[test]
fn what_openclaw_has_on_record_of_an_agents_workspaces_goes_back_with_it_and_no_other() {
    let lab = Lab::new();
    lab.built
        .open_state()
        .execute_batch(WORKSPACE_TABLES)
        .unwrap();
    attest(&lab, "workspace", 1);
    attest(&lab, "workspace-other", 1);
    let taken = lab.take_agent("main").unwrap();
    for workspace in ["workspace", "workspace-main", "workspace-other"] {
        attest(&lab, workspace, 2);
    }
    lab.restore(&taken.snapshot).unwrap();
    let row = |name: &str, at: i64| (name.to_owned(), at, at.to_string());
    let expected = [row("workspace", 1), row("workspace-other", 2)];
    assert_eq!(
        attested(&lab),
        expected,
        "workspace-main was not attested then"
    );
    let state = lab.built.open_state();
    state.pragma_update(None, "user_version", 18).unwrap();
    drop(state);
    attest(&lab, "workspace", 3);
    let manifest = lab.built.package.join("package.json");
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, text.replace("\"state\":17", "\"state\":18")).unwrap();
    let (recovery, install) = (lab.recovery(), lab.install());
    let plan = recovery.plan_restore(&install, &taken.snapshot, RestoreRequest::default());
    let plan = plan.unwrap();
    assert!(
        plan.warnings
            .iter()
            .any(|one| one.contains("refuse the workspace")),
        "{:?}",
        plan.warnings
    );
    plan.apply().unwrap();
    assert_eq!(
        attested(&lab)[0],
        row("workspace", 3),
        "another schema is left alone"
    );
}

#[test]
fn a_service_that_is_newer_than_the_snapshot_stays_and_a_lost_one_comes_back() {
    let lab = Lab::new();
    let bare = lab.take("bare");
    common::write_at(&lab.unit(), UNIT_TEXT);
    let with = lab.take("with");
    let (recovery, install) = (lab.recovery(), lab.install());
    let plan = recovery.plan_restore(&install, &bare.snapshot, RestoreRequest::default());
    let plan = plan.unwrap();
    assert_eq!(plan.services, []);
    assert!(
        plan.warnings
            .iter()
            .any(|one| one.contains("newer than the snapshot"))
    );
    fs::remove_file(lab.unit()).unwrap();
    let restored = lab.restore(&with.snapshot).unwrap();
    assert_eq!(restored.services[0].what, FileFate::Added);
    assert_eq!(fs::read_to_string(lab.unit()).unwrap(), UNIT_TEXT);
}

#[test]
fn policies_are_for_each_agent_and_install_by_itself() {
    let lab = Lab::new();
    let install = lab.install();
    for number in 0..3 {
        let at = lab.host.now() + jiff::SignedDuration::from_hours(1);
        lab.host.set_now(at);
        let mut options = TakeOptions::of(Scope::Install);
        options.name = Some(format!("i{number}-x"));
        lab.recovery().take(&install, options).unwrap();
    }
    let agent = lab.take_agent("main").unwrap();
    let policy = exuvia_store::retention::Policy {
        keep_last: 1,
        ..Default::default()
    };
    let dry = lab.recovery().retain(&policy, true).unwrap();
    assert_eq!(dry.iter().filter(|one| !one.keeps()).count(), 2);
    assert_eq!(lab.recovery().list(None).unwrap().0.len(), 4);
    lab.recovery().retain(&policy, false).unwrap();
    let left: Vec<_> = lab.recovery().list(None).unwrap().0;
    assert_eq!(left.len(), 2);
    assert!(left.iter().any(|one| one.id == agent.snapshot.id));
    assert!(left.iter().any(|one| one.name.as_deref() == Some("i2-x")));
}

/// Tells when somebody comes to the lock of a restore.
#[derive(Debug)]
struct AtTheLock(Mutex<mpsc::Sender<()>>);

impl Points for AtTheLock {
    fn reach(&self, point: &'static str, path: &Path) -> std::io::Result<()> {
        if point == point::LOCK && path.to_string_lossy().contains("/restores/") {
            // Whoever waited for the first needs no other.
            let _ = self.0.lock().unwrap().send(());
        }
        Ok(())
    }
}

/// In the middle of a restore, has somebody else finish what was cut short.
struct Meddling {
    target: PathBuf,
    begin: Mutex<Option<Box<dyn FnOnce() + Send>>>,
}

impl std::fmt::Debug for Meddling {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Meddling")
    }
}

impl Points for Meddling {
    fn reach(&self, point: &'static str, path: &Path) -> std::io::Result<()> {
        if point == point::CREATE && path.starts_with(&self.target) {
            let begin = self.begin.lock().unwrap().take();
            if let Some(begin) = begin {
                begin();
            }
        }
        Ok(())
    }
}

#[test]
fn a_restore_that_is_under_way_is_not_taken_for_one_that_was_cut_short() {
    let lab = Lab::new();
    let good = lab.take("good").snapshot;
    let target = lab.exuvia().join("copy");
    let (came, coming) = mpsc::channel();
    let (ended, ending) = mpsc::channel();
    let healer = {
        let home = Home::locate(&*lab.again()).unwrap();
        let disk = Disk::with_points(Arc::new(AtTheLock(Mutex::new(came))));
        Recovery::open(lab.again(), disk, &home, None).unwrap()
    };
    let begin = move || {
        std::thread::spawn(move || ended.send(healer.heal()).unwrap());
        coming.recv().unwrap();
    };
    let points = Meddling {
        target: target.clone(),
        begin: Mutex::new(Some(Box::new(begin))),
    };
    let home = Home::locate(&*lab.again()).unwrap();
    let disk = Disk::with_points(Arc::new(points));
    let recovery = Recovery::open(lab.again(), disk, &home, None).unwrap();
    recovery.restore_to(&good, &target).unwrap();
    recovery.delete(&good.id).unwrap();
    let done = ending.recv().unwrap().unwrap();
    assert!(done.is_empty(), "{done:?}");
}
