//! `exuvia backup`, from the command line.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::expect_used,
    clippy::panic,
    reason = "tests build real files, and helpers of tests fail by panicking, too"
)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use exuvia_e2e::{Built, Ran, Running, Terminal};
use exuvia_testkit::rest_server::RestServer;
use exuvia_testkit::tree::Snapshot as Tree;
use rustix::process::Signal;
use serde_json::Value;

const PASSWORD: &str = "geheim wie sonst nichts";

/// An install with a memory, a password in a file, and a repository in a directory.
struct Desk {
    built: Built,
}

impl Desk {
    fn new() -> Self {
        let built = Built::plain();
        fs::create_dir_all(&built.install.workspace).unwrap();
        fs::write(built.install.workspace.join("MEMORY.md"), "who I am").unwrap();
        fs::write(built.dir().join("password"), format!("{PASSWORD}\n")).unwrap();
        Self { built }
    }

    /// The same, with a repository that is remembered.
    fn with_repository() -> Self {
        let desk = Self::new();
        let repository = desk.repository();
        let arguments = [
            "init",
            &repository,
            "--password-file",
            &desk.password_file(),
        ];
        let _ = desk.backup(&arguments).exits(0);
        desk
    }

    fn repository(&self) -> String {
        self.built.dir().join("repository").display().to_string()
    }

    fn password_file(&self) -> String {
        self.built.dir().join("password").display().to_string()
    }

    fn backup(&self, arguments: &[&str]) -> Ran {
        self.built.exuvia(&[&["backup"], arguments].concat())
    }

    fn push(&self) -> Value {
        self.backup(&["push", "--snapshot-now", "--json"])
            .exits(0)
            .json()
    }

    /// A command of a machine that knows nothing yet.
    fn elsewhere(&self, home: &str, arguments: &[&str]) -> Command {
        let mut command = self.built.command(arguments);
        command.env("EXUVIA_HOME", self.built.dir().join(home));
        command
    }
}

fn restic(repository: &str, arguments: &[&str]) -> String {
    let output = Command::new("restic")
        .args(arguments)
        .args(["--no-cache", "--repo", repository])
        .env("RESTIC_PASSWORD", PASSWORD)
        .output()
        .expect("install restic (apt-get install restic): this test compares with it");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let complained = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{arguments:?}: {said}{complained}");
    said
}

/// Every file below a directory, with what is in it.
fn contents(root: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    let mut left = vec![root.to_owned()];
    while let Some(path) = left.pop() {
        for entry in fs::read_dir(&path).unwrap() {
            let path = entry.unwrap().path();
            if path.symlink_metadata().unwrap().is_dir() {
                left.push(path);
            } else {
                let content = fs::read(&path).unwrap_or_default();
                found.push((path, content));
            }
        }
    }
    found
}

#[test]
fn an_install_is_backed_up_and_restic_restores_what_exuvia_restores() {
    let desk = Desk::with_repository();
    let pushed = desk.push();
    let backup = &pushed["backups"][0];
    assert_eq!(backup["alreadyThere"], false, "{pushed}");
    assert!(
        backup["run"].as_str().unwrap().starts_with("run_"),
        "{pushed}"
    );
    let list = desk.backup(&["list"]).exits(0);
    assert!(
        list.stdout.contains(backup["snapshot"].as_str().unwrap()),
        "{list:#?}"
    );
    let ours = desk.built.dir().join("ours");
    let restored = desk
        .backup(&["restore", "latest", "--to", &ours.display().to_string()])
        .exits(0);
    assert!(restored.stdout.starts_with("Restored "), "{restored:#?}");
    let check = desk.backup(&["check", "--read-data"]).exits(0);
    assert!(check.stdout.contains("as it was written"), "{check:#?}");

    let said = restic(&desk.repository(), &["check", "--read-data"]);
    assert!(said.contains("no errors were found"), "{said}");
    let theirs = desk.built.dir().join("theirs");
    restic(
        &desk.repository(),
        &[
            "restore",
            "latest",
            "--target",
            &theirs.display().to_string(),
        ],
    );
    let state = desk.built.install.state.canonicalize().unwrap();
    let theirs = theirs.join(state.strip_prefix("/").unwrap());
    let differs = Tree::of(&ours).changed(&Tree::of(&theirs));
    assert!(differs.is_empty(), "{differs:?}");
    assert_eq!(
        fs::read_to_string(ours.join("workspace/MEMORY.md")).unwrap(),
        "who I am"
    );
}

#[test]
fn a_machine_with_nothing_but_the_repository_and_the_password_gets_its_install_back() {
    let desk = Desk::with_repository();
    let take = ["snapshot", "create", "--name", "before", "--tag", "risky"];
    let _ = desk.built.exuvia(&take).exits(0);
    let pushed = desk.backup(&["push", "before", "--json"]).exits(0).json();
    let memory = desk.built.install.workspace.join("MEMORY.md");
    fs::write(&memory, "somebody else").unwrap();
    fs::remove_dir_all(desk.built.exuvia_home()).unwrap();

    let (repository, file) = (desk.repository(), desk.password_file());
    let access = ["--repository", &repository, "--password-file", &file];
    let list = [&["backup", "list", "--json"], &access[..]].concat();
    let listed = Ran::of(&mut desk.elsewhere("new", &list)).exits(0).json();
    let one = &listed["backups"][0];
    assert_eq!(one["name"], "before");
    assert_eq!(one["tags"][0], "risky");
    assert_eq!(one["scope"], "install");
    assert!(one["install"].is_string(), "{one}");
    let restore = [&["backup", "restore", "before"], &access[..]].concat();
    let restored = Ran::of(&mut desk.elsewhere("new", &restore)).exits(0);
    let id = pushed["backups"][0]["snapshot"].as_str().unwrap();
    let next = format!("exuvia snapshot restore {id}");
    assert!(restored.stdout.contains(&next), "{restored:#?}");
    let back = ["snapshot", "restore", id, "--yes"];
    let back = Ran::of(&mut desk.elsewhere("new", &back));
    assert_eq!(back.code, Some(0), "{back:#?}");
    assert_eq!(fs::read_to_string(&memory).unwrap(), "who I am");
    let show = ["snapshot", "show", "before", "--json"];
    let shown = Ran::of(&mut desk.elsewhere("new", &show)).exits(0);
    assert!(shown.stdout.contains("risky"), "{shown:#?}");
}

#[test]
fn what_is_remembered_is_where_and_never_the_password() {
    let desk = Desk::new();
    let home = desk.built.exuvia_home();
    fs::create_dir_all(&home).unwrap();
    fs::write(home.join("config.toml"), "# mine\nother = 1\n").unwrap();
    let repository = desk.repository();
    let init = ["backup", "init", &repository];
    let init = Ran::of(
        desk.built
            .command(&init)
            .env("EXUVIA_BACKUP_PASSWORD", PASSWORD),
    );
    assert_eq!(init.code, Some(0), "{init:#?}");
    assert!(init.stdout.contains("Keep its password"), "{init:#?}");
    let command = format!("cat '{}'", desk.password_file());
    let _ = desk
        .backup(&["init", &repository, "--password-command", &command])
        .exits(0);
    desk.push();
    let config = fs::read_to_string(home.join("config.toml")).unwrap();
    assert!(config.starts_with("# mine\nother = 1\n"), "{config}");
    assert!(config.contains("password-command"), "{config}");
    let mode = fs::metadata(home.join("config.toml"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    let mut all = contents(&home);
    all.extend(contents(Path::new(&repository)));
    for (path, content) in all {
        let held = content
            .windows(PASSWORD.len())
            .any(|part| part == PASSWORD.as_bytes());
        assert!(!held, "the password is in {}", path.display());
    }
}

#[test]
fn a_person_is_asked_for_the_password_and_does_not_see_it() {
    let desk = Desk::new();
    let repository = desk.repository();
    let mut command = desk.built.command(&["backup", "init", &repository]);
    let mut terminal = Terminal::start(&mut command);
    terminal
        .sees("Password of the backups")
        .types(PASSWORD)
        .types("\r");
    terminal.sees("Once more").types(PASSWORD).types("\r");
    let (code, shown) = terminal.ends();
    assert_eq!(code, Some(0), "{shown}");
    assert!(!shown.contains("geheim"), "{shown}");
    let listed = desk.backup(&["list", "--password-file", &desk.password_file()]);
    assert_eq!(listed.code, Some(0), "{listed:#?}");
    let without = desk.backup(&["list"]).exits(1);
    assert!(without.stderr.contains("--password-file"), "{without:#?}");
}

#[test]
fn a_wrong_password_and_an_address_with_one_are_refused_and_nothing_is_changed() {
    let desk = Desk::with_repository();
    desk.push();
    let (home, repository) = (desk.built.exuvia_home(), desk.repository());
    let before = (
        fs::read(home.join("config.toml")).unwrap(),
        Tree::of(Path::new(&repository)),
    );
    for arguments in [
        &["list"][..],
        &["push"],
        &["check"],
        &["restore", "latest"],
        &["init", &repository],
    ] {
        let mut command = desk.built.command(&[&["backup"], arguments].concat());
        // The flag goes before what is remembered.
        fs::write(desk.built.dir().join("wrong"), "wrong").unwrap();
        let wrong = desk.built.dir().join("wrong");
        let ran = Ran::of(command.arg("--password-file").arg(wrong)).exits(1);
        assert!(ran.stderr.contains("does not open"), "{ran:#?}");
    }
    let secret = "rest:https://me:geheim@backup.example/";
    let ran = desk.backup(&["init", secret]).exits(1);
    assert!(ran.stderr.contains("RESTIC_REST_PASSWORD"), "{ran:#?}");
    assert!(!ran.stderr.contains("geheim"), "{ran:#?}");
    let after = (
        fs::read(home.join("config.toml")).unwrap(),
        Tree::of(Path::new(&repository)),
    );
    assert_eq!(before.0, after.0);
    assert!(before.1.changed(&after.1).is_empty());
}

#[test]
fn the_last_backup_is_kept_and_what_is_wrong_is_named_with_exit_codes_to_tell_them_apart() {
    let desk = Desk::with_repository();
    let first = desk.push()["backups"][0]["backup"]
        .as_str()
        .unwrap()
        .to_owned();
    let kept = desk.backup(&["forget", &first]).exits(3);
    assert!(kept.stderr.contains("--force"), "{kept:#?}");
    let _ = desk.backup(&["forget"]).exits(2);
    fs::write(desk.built.install.workspace.join("new"), "new").unwrap();
    desk.push();
    let dry = desk.backup(&["forget", "--keep-last", "1", "--dry-run", "--json"]);
    let dry = dry.exits(0).json();
    assert_eq!(dry["forgotten"][0]["id"].as_str(), Some(&*first), "{dry}");
    let gone = desk.backup(&["forget", "--keep-last", "1", "--prune", "--json"]);
    let gone = gone.exits(0).json();
    assert_eq!(gone["kept"].as_array().unwrap().len(), 1, "{gone}");
    assert!(gone["freedBytes"].is_number(), "{gone}");
    let missing = desk.backup(&["restore", &first]).exits(1);
    assert!(
        missing.stderr.contains("exuvia backup list"),
        "{missing:#?}"
    );
    let _ = desk.backup(&["check", "--read-data"]).exits(0);
    let packs = Path::new(&desk.repository()).join("data");
    let (pack, content) = contents(&packs).remove(0);
    fs::write(&pack, &content[..content.len() / 2]).unwrap();
    let harmed = desk.backup(&["check", "--json"]).exits(1).json();
    assert_eq!(harmed["clean"], false, "{harmed}");
    let name = pack.file_name().unwrap().to_string_lossy().into_owned();
    assert!(
        harmed["problems"].to_string().contains(&name[..8]),
        "{harmed}"
    );
}

#[test]
fn without_a_repository_or_a_network_it_is_said_what_to_do() {
    let desk = Desk::new();
    let none = desk.backup(&["push"]).exits(1);
    assert!(none.stderr.contains("exuvia backup init"), "{none:#?}");
    let file = desk.password_file();
    let server = RestServer::start();
    let address = server.repository();
    let _ = desk
        .backup(&["init", &address, "--password-file", &file])
        .exits(0);
    drop(server);
    let gone = desk.backup(&["list", "--json"]).exits(1);
    let told = gone.json()["error"].as_str().unwrap().to_owned();
    assert!(told.contains(&address), "{told}");
}

#[test]
fn every_operation_that_changes_something_is_in_the_history() {
    let desk = Desk::with_repository();
    desk.push();
    let target = desk.built.dir().join("target").display().to_string();
    let _ = desk
        .backup(&["restore", "latest", "--to", &target])
        .exits(0);
    let _ = desk.backup(&["forget", "latest", "--force"]).exits(0);
    let history = ["history", "--all-installs", "--json"];
    let history = desk.built.exuvia(&history).exits(0).stdout;
    for operation in [
        "backup-init",
        "backup-push",
        "backup-restore",
        "backup-forget",
    ] {
        assert!(history.contains(operation), "{operation}: {history}");
    }
    assert!(!history.contains(PASSWORD));
}

/// Bytes that do not compress.
fn noise(len: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut bytes = Vec::with_capacity(len);
    while bytes.len() < len {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(len);
    bytes
}

#[test]
fn a_push_that_is_killed_half_way_goes_on_where_it_was() {
    let desk = Desk::new();
    let server = RestServer::start();
    let file = desk.password_file();
    let _ = desk
        .backup(&["init", &server.repository(), "--password-file", &file])
        .exits(0);
    let size = 100 << 20;
    fs::write(desk.built.install.workspace.join("large"), noise(size)).unwrap();
    let _ = desk.built.exuvia(&["snapshot", "create"]).exits(0);
    let push = Running::start(&mut desk.built.command(&["backup", "push"]));
    let is_pack =
        |one: &exuvia_testkit::Request| one.method == "POST" && one.path.starts_with("/data/");
    server
        .requests()
        .wait_until(Duration::from_mins(2), |seen| {
            seen.iter().filter(|one| is_pack(one)).count() >= 4
        });
    push.signal(Signal::KILL);
    assert_eq!(push.wait().code, None);
    let sent = server.received("data/");
    let there: u64 = server
        .files()
        .iter()
        .filter(|(path, _)| path.starts_with("data/"))
        .map(|(_, content)| content.len() as u64)
        .sum();
    assert!(there > 30 << 20, "{there} bytes of packs are there");
    assert!(
        !server
            .files()
            .keys()
            .any(|path| path.starts_with("snapshots/"))
    );
    server.requests().forget();

    let again = desk.backup(&["push", "--json"]).exits(0).json();
    assert!(
        again["backups"][0]["reusedPacks"].as_u64().unwrap() >= 3,
        "{again}"
    );
    let rest = server.received("data/");
    let missing = (size as u64).saturating_sub(there);
    assert!(
        rest < missing + (20 << 20),
        "{sent} bytes were sent before the kill and {rest} after it; {missing} were missing"
    );
    let check = restic(&server.repository(), &["check", "--read-data"]);
    assert!(check.contains("no errors were found"), "{check}");
}

/// Debian has it in the package openssh-sftp-server.
const SFTP_SERVER: &str = "/usr/lib/openssh/sftp-server";

#[test]
fn a_repository_behind_ssh_is_spoken_with_as_any_sftp_server() {
    assert!(
        Path::new(SFTP_SERVER).exists(),
        "install openssh-sftp-server: this test speaks with it"
    );
    let desk = Desk::new();
    // What `ssh` would start on the other machine, without the way there.
    let bin = desk.built.dir().join("bin");
    fs::create_dir(&bin).unwrap();
    let log = bin.join("log");
    let script = format!(
        "#!/bin/sh\necho \"$@\" >> {}\nexec {SFTP_SERVER}\n",
        log.display()
    );
    fs::write(bin.join("ssh"), script).unwrap();
    fs::set_permissions(bin.join("ssh"), fs::Permissions::from_mode(0o755)).unwrap();
    let run = |arguments: &[&str]| {
        let mut command = desk.built.command(&[&["backup"], arguments].concat());
        command.env("PATH", format!("{}:/usr/bin:/bin", bin.display()));
        Ran::of(&mut command).exits(0)
    };
    let repository = format!("sftp:me@nas:{}/deep/er", desk.built.dir().display());
    let file = desk.password_file();
    fs::write(desk.built.install.workspace.join("large"), noise(20 << 20)).unwrap();
    run(&["init", &repository, "--password-file", &file]);
    run(&["push", "--snapshot-now"]);
    run(&["push", "--snapshot-now"]);
    run(&["check", "--read-data"]);
    let target = desk.built.dir().join("target");
    run(&["restore", "latest", "--to", &target.display().to_string()]);
    let mut differs = Tree::of(&desk.built.install.state).changed(&Tree::of(&target));
    // The index of a write-ahead log is SQLite's to make anew, and in no snapshot.
    differs.retain(|path| !path.to_string_lossy().ends_with("-shm"));
    assert!(differs.is_empty(), "{differs:?}");
    run(&["forget", "--keep-last", "1", "--prune"]);
    let said = fs::read_to_string(log).unwrap();
    assert!(said.contains("-oBatchMode=yes"), "{said}");
    assert!(said.contains("-l me -s -- nas sftp"), "{said}");
    let directory = desk.built.dir().join("deep/er").display().to_string();
    let check = restic(&directory, &["check", "--read-data"]);
    assert!(check.contains("no errors were found"), "{check}");
}
