//! `exuvia snapshot`, from the command line.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests build real files, and helpers of tests fail by panicking, too"
)]

use std::fs;
use std::path::{Path, PathBuf};

use exuvia_e2e::{Built, Ran, Terminal};
use exuvia_testkit::tree::Snapshot as Tree;
use serde_json::Value;

/// Takes a snapshot, and gives the document of the command.
fn create(built: &Built, arguments: &[&str]) -> Value {
    let arguments = [&["snapshot", "create", "--json"], arguments].concat();
    built.exuvia(&arguments).exits(0).json()
}

/// Takes a snapshot, and gives its id.
fn take(built: &Built, arguments: &[&str]) -> String {
    let document = create(built, arguments);
    document["snapshot"]["id"].as_str().unwrap().to_owned()
}

fn snapshot(built: &Built, arguments: &[&str]) -> Ran {
    built
        .exuvia(&[&["snapshot"], arguments].concat())
        .bears_it()
}

fn listed(built: &Built) -> Vec<Value> {
    let listed = snapshot(built, &["list", "--json"]).exits(0).json();
    listed["snapshots"].as_array().unwrap().clone()
}

/// Does what an agent that went mad does.
fn ruin(built: &Built) {
    let workspace = &built.install.workspace;
    fs::create_dir_all(workspace).unwrap();
    fs::write(workspace.join("MEMORY.md"), "I am somebody else now").unwrap();
    fs::write(workspace.join("junk"), "junk").unwrap();
    fs::remove_file(&built.install.config).unwrap();
}

fn with_memory() -> Built {
    let built = Built::plain();
    fs::create_dir_all(&built.install.workspace).unwrap();
    fs::write(built.install.workspace.join("MEMORY.md"), "who I am").unwrap();
    built
}

#[test]
fn a_snapshot_is_taken_told_and_listed() {
    let built = with_memory();
    let ran = snapshot(&built, &["create", "--name", "before", "--tag", "risky"]).exits(0);
    assert!(ran.stdout.starts_with("Took "), "{ran:#?}");
    assert!(ran.stdout.contains("\"before\""), "{ran:#?}");
    assert!(ran.stdout.lines().count() <= 2, "{ran:#?}");
    let again = snapshot(&built, &["create"]).exits(0);
    assert!(again.stdout.contains("nothing had changed"), "{again:#?}");
    let list = snapshot(&built, &["list"]).exits(0);
    assert!(list.stderr.contains(".openclaw"), "{list:#?}");
    let rows: Vec<&str> = list.stdout.lines().collect();
    assert_eq!(rows.len(), 3, "{list:#?}");
    assert!(
        rows[1].contains("before") && rows[1].contains("risky"),
        "{list:#?}"
    );
}

#[test]
fn documents_have_the_shapes_that_programs_rely_on() {
    let built = with_memory();
    let created = create(&built, &["--name", "one", "--description", "a line"]);
    assert!(
        created["run"].as_str().unwrap().starts_with("run_"),
        "{created:#}"
    );
    assert!(created["outside"].is_array(), "{created:#}");
    let id = created["snapshot"]["id"].as_str().unwrap();
    assert!(id.starts_with("snap_"), "{created:#}");
    for key in [
        "createdAt",
        "stats",
        "scope",
        "source",
        "name",
        "description",
    ] {
        assert!(!created["snapshot"][key].is_null(), "{key}: {created:#}");
    }
    let list = snapshot(&built, &["list", "--json"]).exits(0).json();
    assert_eq!(list["snapshots"][0]["id"], id);
    assert_eq!(list["damaged"], serde_json::json!([]));
    let shown = snapshot(&built, &["show", "one", "--json", "--files"])
        .exits(0)
        .json();
    assert_eq!(shown["snapshot"]["id"], id);
    let files = shown["files"].as_array().unwrap();
    let memory = files
        .iter()
        .find(|file| file["path"] == "workspace/MEMORY.md")
        .unwrap();
    assert_eq!(memory["size"], 8, "{memory:#}");
    assert_eq!(memory["type"], "file");

    ruin(&built);
    let diff = snapshot(&built, &["diff", "one", "--json"]).exits(0).json();
    let change = |path: &str| {
        let changes = diff["changes"].as_array().unwrap();
        let found = changes.iter().find(|change| change["path"] == path);
        found.unwrap_or_else(|| panic!("{path}: {diff:#}")).clone()
    };
    assert_eq!(change("workspace/junk")["kind"], "added");
    assert_eq!(change("openclaw.json")["kind"], "removed");
    assert_eq!(change("workspace/MEMORY.md")["aspects"][0], "content");

    let dry = snapshot(&built, &["restore", "one", "--dry-run", "--json"])
        .exits(0)
        .json();
    assert_eq!(dry["dryRun"], true);
    for list in ["changes", "services", "warnings"] {
        assert!(dry[list].is_array(), "{dry:#}");
    }
    let restored = snapshot(&built, &["restore", "one", "--yes", "--json"])
        .exits(0)
        .json();
    assert!(restored["run"].as_str().unwrap().starts_with("run_"));
    assert!(restored["safety"].as_str().unwrap().starts_with("snap_"));
    assert!(restored["changes"].as_u64().unwrap() >= 3, "{restored:#}");
    let verified = snapshot(&built, &["verify", "--json"]).exits(0).json();
    assert_eq!(verified["clean"], true);
    let sampled = snapshot(&built, &["verify", "--sample", "--json"])
        .exits(0)
        .json();
    assert_eq!(sampled["sampled"], true);
    let pruned = snapshot(&built, &["prune", "--dry-run", "--json"])
        .exits(0)
        .json();
    assert_eq!(pruned["dryRun"], true);
    let repaired = snapshot(&built, &["repair", "--json"]).exits(0).json();
    assert_eq!(repaired["lost"], serde_json::json!([]));
    let pinned = snapshot(&built, &["pin", "one", "--json"]).exits(0).json();
    assert_eq!(pinned["snapshots"][0]["pinned"], true);
    let excludes = snapshot(&built, &["excludes", "--json"]).exits(0).json();
    assert!(!excludes["patterns"].as_array().unwrap().is_empty());
    let _ = snapshot(&built, &["unpin", "one", "--json"]).exits(0);
    let deleted = snapshot(&built, &["delete", "one", "--json"])
        .exits(0)
        .json();
    assert_eq!(deleted["deleted"], serde_json::json!([id]));
}

#[test]
fn an_error_is_a_document_too() {
    let built = with_memory();
    let id = take(&built, &[]);
    for (arguments, code) in [
        (&["show", "nothing"][..], 1),
        (&["diff", "nothing"], 1),
        (&["restore", "nothing", "--yes"], 1),
        (&["restore", &id], 2),
        (&["delete", "nothing"], 1),
        (&["pin", "nothing"], 1),
        (&["verify", "nothing"], 1),
        (&["prune", "--max-age", "soon"], 2),
        (&["create", "--scope", "agent"], 2),
        (&["create", "--agent", "nobody"], 1),
        (&["create", "--name", ""], 2),
    ] {
        let ran = snapshot(&built, &[arguments, &["--json"]].concat()).exits(code);
        assert!(ran.json()["error"].is_string(), "{arguments:?}: {ran:#?}");
    }
}

#[test]
fn a_restore_brings_everything_back_and_can_be_undone() {
    let built = with_memory();
    let state = &built.install.state;
    let before = Tree::of(state);
    let _ = take(&built, &["--name", "good"]);
    ruin(&built);
    let ruined = Tree::of(state);

    let ran = snapshot(&built, &["restore", "good", "--dry-run"]).exits(0);
    assert!(ran.stdout.contains("goes back to"), "{ran:#?}");
    assert_eq!(
        ruined.changed(&Tree::of(state)),
        [] as [PathBuf; 0],
        "a dry run"
    );
    assert_eq!(listed(&built).len(), 1);

    let ran = snapshot(&built, &["restore", "good", "--yes"]).exits(0);
    assert_eq!(before.changed(&Tree::of(state)), [] as [PathBuf; 0]);
    let undo = ran
        .stdout
        .split('`')
        .find(|part| part.starts_with("exuvia snapshot restore "));
    let undo: Vec<&str> = undo.unwrap().split(' ').skip(1).collect();
    assert!(ran.stdout.contains("gateway"), "{ran:#?}");

    let _ = built.exuvia(&[&undo[..], &["--yes"]].concat()).exits(0);
    assert_eq!(ruined.changed(&Tree::of(state)), [] as [PathBuf; 0]);

    let ran = snapshot(&built, &["restore", "good", "--yes", "--quiet"]).exits(0);
    assert_eq!(ran.stderr, "");
    let ran = snapshot(&built, &["restore", "good", "--yes"]).exits(0);
    assert!(ran.stdout.contains("nothing to restore"), "{ran:#?}");
}

#[test]
fn names_and_unique_beginnings_of_ids_are_taken_everywhere() {
    let built = with_memory();
    let id = take(&built, &["--name", "mine"]);
    let digits = id.trim_start_matches("snap_");
    for text in ["mine", &id, digits, &digits[..8], &id[..12]] {
        let shown = snapshot(&built, &["show", text, "--json"]).exits(0).json();
        assert_eq!(shown["snapshot"]["id"], *id, "{text}");
        let _ = snapshot(&built, &["diff", text, text]).exits(0);
        let _ = snapshot(&built, &["verify", text]).exits(0);
        let _ = snapshot(&built, &["pin", text]).exits(0);
        let _ = snapshot(&built, &["unpin", text]).exits(0);
        let _ = snapshot(&built, &["restore", text, "--dry-run"]).exits(0);
    }
    let newer = take(&built, &["--name", "mine"]);
    let shown = snapshot(&built, &["show", "mine", "--json"])
        .exits(0)
        .json();
    assert_eq!(shown["snapshot"]["id"], *newer, "the newest of a name");
    let _ = snapshot(&built, &["delete", &newer, digits]).exits(0);
    assert!(listed(&built).is_empty());
}

#[test]
fn an_ambiguous_beginning_is_answered_with_what_it_could_be() {
    let built = Built::plain();
    // More snapshots than there are first digits.
    let ids: Vec<String> = (0..17).map(|_| take(&built, &[])).collect();
    let first = |id: &String| id.trim_start_matches("snap_")[..1].to_owned();
    let twice = ids
        .iter()
        .map(first)
        .find(|digit| ids.iter().filter(|id| first(id) == *digit).count() > 1);
    let twice = twice.unwrap();
    let ran = snapshot(&built, &["show", &twice]).exits(1);
    for id in ids.iter().filter(|id| first(id) == twice) {
        assert!(ran.stderr.contains(id.as_str()), "{ran:#?}");
    }
    assert!(ran.stderr.contains("more of the id"), "{ran:#?}");
}

#[test]
fn a_person_is_shown_what_a_restore_does_and_asked() {
    let built = with_memory();
    let _ = take(&built, &["--name", "good"]);
    ruin(&built);
    let ruined = Tree::of(&built.install.state);
    for keys in ["n\r", "\r", "\u{1b}"] {
        let mut person = Terminal::start(&mut built.command(&["snapshot", "restore", "good"]));
        person
            .sees("goes back to")
            .sees("workspace")
            .sees("Go ahead?")
            .types(keys);
        let (code, shown) = person.ends();
        assert_eq!(code, Some(0), "{shown}");
        assert!(shown.contains("nothing was changed"), "{shown}");
        assert_eq!(
            ruined.changed(&Tree::of(&built.install.state)),
            [] as [PathBuf; 0]
        );
    }
    let mut person = Terminal::start(&mut built.command(&["snapshot", "restore", "good"]));
    person
        .sees("Go ahead?")
        .types("y\r")
        .sees("Restored")
        .sees("undoes this")
        .sees("start the gateway");
    assert_eq!(person.ends().0, Some(0));
    assert!(!built.install.workspace.join("junk").exists());
}

#[test]
fn a_long_diff_is_cut_on_a_terminal_and_whole_in_a_pipe() {
    let built = with_memory();
    let _ = take(&built, &["--name", "good"]);
    for number in 0..300 {
        fs::write(built.install.workspace.join(format!("n{number:03}")), "").unwrap();
    }
    let diff = snapshot(&built, &["diff", "good"]).exits(0);
    let paths: Vec<&str> = diff.stdout.lines().collect();
    assert_eq!(paths.len(), 300, "{diff:#?}");
    assert!(
        paths.iter().all(|line| line.starts_with("+ workspace/n")),
        "{diff:#?}"
    );
    assert!(
        diff.stderr.contains("300 added, 0 changed, 0 removed"),
        "{diff:#?}"
    );
    let terminal = Terminal::start(&mut built.command(&["snapshot", "diff", "good"]));
    let (_, shown) = terminal.ends();
    assert!(shown.contains("200 more changes"), "{shown}");
    let document = snapshot(&built, &["diff", "good", "--json"])
        .exits(0)
        .json();
    assert!(document["changes"].as_array().unwrap().len() >= 300);
}

#[test]
fn prune_deletes_by_policy_only_and_says_why_the_others_stay() {
    let built = with_memory();
    for name in ["one", "two", "three", "four"] {
        fs::write(built.install.workspace.join("MEMORY.md"), name).unwrap();
        let _ = take(&built, &["--name", name]);
    }
    let ran = snapshot(&built, &["prune"]).exits(0);
    assert!(ran.stderr.contains("no policy"), "{ran:#?}");
    assert_eq!(listed(&built).len(), 4);
    let _ = snapshot(&built, &["pin", "one"]).exits(0);
    let policy = ["prune", "--keep-last", "2", "--keep-within", "0s"];
    let dry = snapshot(&built, &[&policy[..], &["--dry-run"]].concat()).exits(0);
    for words in [
        "would go",
        "stays: pinned",
        "stays: newest, last",
        "1 snapshot would go, 3 stay",
    ] {
        assert!(dry.stdout.contains(words), "{words}: {dry:#?}");
    }
    assert_eq!(listed(&built).len(), 4);
    let json = snapshot(&built, &[&policy[..], &["--json"]].concat())
        .exits(0)
        .json();
    let kept = |decision: &&Value| decision["kept"] == true;
    assert_eq!(
        json["decisions"]
            .as_array()
            .unwrap()
            .iter()
            .filter(kept)
            .count(),
        3
    );
    let left: Vec<Value> = listed(&built)
        .iter()
        .map(|one| one["name"].clone())
        .collect();
    assert_eq!(left, ["one", "three", "four"]);
    for age in ["30d", "12h", "2w"] {
        let _ = snapshot(&built, &["prune", "--max-age", age, "--dry-run"]).exits(0);
    }
}

#[test]
fn a_damaged_store_is_found_named_and_repaired() {
    let built = with_memory();
    let _ = take(&built, &["--name", "harmed"]);
    let packs = built.exuvia_home().join("store/packs");
    let largest = |dir: &Path| {
        let files = fs::read_dir(dir)
            .unwrap()
            .map(|entry| entry.unwrap().path());
        files
            .max_by_key(|path| fs::metadata(path).unwrap().len())
            .unwrap()
    };
    let pack = largest(&packs);
    let mut bytes = fs::read(&pack).unwrap();
    let middle = bytes.len() / 3;
    bytes[middle] ^= 0xff;
    fs::write(&pack, bytes).unwrap();
    let ran = snapshot(&built, &["verify"]).exits(1);
    for words in ["damaged", "\"harmed\" has lost", "exuvia snapshot repair"] {
        assert!(ran.stdout.contains(words), "{words}: {ran:#?}");
    }
    let document = snapshot(&built, &["verify", "--json"]).exits(1).json();
    assert_eq!(document["clean"], false);
    assert!(
        !document["lost"].as_array().unwrap().is_empty(),
        "{document:#}"
    );
    let repaired = snapshot(&built, &["repair"]).exits(0);
    assert!(repaired.stdout.contains("quarantine"), "{repaired:#?}");
    let _ = snapshot(&built, &["verify"]).exits(0);
    let list = snapshot(&built, &["list"]).exits(0);
    assert!(list.stdout.contains("harmed"), "{list:#?}");
    let shown = snapshot(&built, &["show", "harmed"]).exits(0);
    assert!(shown.stdout.contains("Lost"), "{shown:#?}");
}

#[test]
fn hostile_names_neither_lead_anywhere_nor_steer_a_terminal() {
    let built = with_memory();
    let long = "n".repeat(300);
    for name in [
        "",
        " ",
        "a\nb",
        "\u{1b}[2J",
        "\u{202e}live",
        &long,
        "snap_0123456789abcdef",
    ] {
        let ran = snapshot(&built, &["create", "--name", name]);
        assert_eq!(ran.code, Some(2), "{name:?}: {ran:#?}");
        assert!(!ran.stderr.contains('\u{1b}'), "{ran:#?}");
    }
    assert!(!built.exuvia_home().join("store/snapshots").exists() || listed(&built).is_empty());
    let odd = [
        "../../etc/passwd",
        "it's \"quoted\" $(id) `id`",
        "-x",
        "更新之前",
        "beforе",
    ];
    for name in odd {
        let id = take(&built, &[&format!("--name={name}")]);
        let shown = snapshot(&built, &["show", "--json", "--", name])
            .exits(0)
            .json();
        assert_eq!(shown["snapshot"]["id"], *id, "{name}");
    }
    // The Cyrillic one is not the Latin one.
    let ran = snapshot(&built, &["show", "before"]).exits(1);
    assert!(ran.stderr.contains("there is no snapshot"), "{ran:#?}");
    for text in ["", "../x", "snap_", "%", "\u{1b}[2J", &long] {
        let ran = snapshot(&built, &["show", "--", text]).exits(1);
        assert!(!ran.stderr.contains('\u{1b}'), "{ran:#?}");
    }
    let hostile = built
        .install
        .workspace
        .join("\u{1b}]0;owned\u{7}\u{202e}gpj.exe\nnext");
    fs::write(&hostile, "").unwrap();
    let diff = snapshot(&built, &["diff", "更新之前"]).exits(0);
    assert!(
        !diff.stdout.contains(['\u{1b}', '\u{7}', '\u{202e}']),
        "{diff:#?}"
    );
    assert_eq!(diff.stdout.lines().count(), 1, "{diff:#?}");
    let _ = snapshot(&built, &["create"]).exits(0);
    let _ = snapshot(&built, &["list"]).exits(0);
}

#[test]
fn with_the_install_gone_its_snapshots_are_still_found_and_brought_back() {
    let built = with_memory();
    let before = Tree::of(&built.install.state);
    let _ = take(&built, &["--name", "good"]);
    let state = &built.install.state;
    fs::remove_dir_all(state).unwrap();
    fs::remove_dir_all(&built.install.prefix).unwrap();
    let list = snapshot(&built, &["list"]).exits(0);
    assert!(list.stdout.contains("good"), "{list:#?}");
    let _ = snapshot(&built, &["show", "good"]).exits(0);
    let _ = snapshot(&built, &["verify", "good"]).exits(0);
    let ran = snapshot(&built, &["restore", "good", "--yes"]).exits(1);
    let told = ran
        .stderr
        .split('`')
        .find(|part| part.contains(" --to "))
        .unwrap();
    let arguments: Vec<&str> = told.split(' ').skip(1).collect();
    let _ = built.exuvia(&arguments).exits(0);
    let changed = before.changed(&Tree::of(state));
    let is_index = |path: &PathBuf| path.to_str().unwrap().ends_with(".sqlite-shm");
    assert!(
        changed.iter().all(is_index),
        "SQLite makes these anew: {changed:?}"
    );
}

#[test]
fn the_list_of_what_is_left_out_can_be_read_and_changed() {
    let built = with_memory();
    let builtin = snapshot(&built, &["excludes"]).exits(0);
    assert!(builtin.stderr.contains("built-in"), "{builtin:#?}");
    let file = built.exuvia_home().join("snapshot-excludes");
    assert!(!file.exists());
    let _ = snapshot(&built, &["excludes", "--init"]).exits(0);
    let mut text = fs::read_to_string(&file).unwrap();
    text.push_str("\n# mine\n*.scratch\n");
    fs::write(&file, text).unwrap();
    let changed = snapshot(&built, &["excludes"]).exits(0);
    assert!(changed.stdout.contains("*.scratch"), "{changed:#?}");
    assert!(changed.stderr.contains("snapshot-excludes"), "{changed:#?}");
    fs::write(built.install.workspace.join("a.scratch"), "").unwrap();
    let _ = take(&built, &["--name", "without"]);
    let files = snapshot(&built, &["show", "without", "--files"]).exits(0);
    assert!(files.stdout.contains("workspace/MEMORY.md"), "{files:#?}");
    assert!(!files.stdout.contains("a.scratch"), "{files:#?}");
    let again = snapshot(&built, &["excludes", "--init"]).exits(1);
    assert!(again.stderr.contains("there already"), "{again:#?}");
    assert!(
        fs::read_to_string(&file).unwrap().contains("*.scratch"),
        "kept"
    );
}

#[test]
fn nothing_is_made_by_a_command_that_only_reads() {
    let built = Built::plain();
    for arguments in [&["list"][..], &["list", "--all-installs"], &["excludes"]] {
        let _ = snapshot(&built, arguments).exits(0);
    }
    for arguments in [&["show", "x"][..], &["verify", "x"], &["diff", "x"]] {
        let _ = snapshot(&built, arguments).exits(1);
    }
    for kept in ["store", "journal.sqlite", "snapshot-excludes"] {
        assert!(!built.exuvia_home().join(kept).exists(), "{kept}");
    }
}

#[test]
fn quiet_and_json_leave_standard_error_alone() {
    let built = with_memory();
    let _ = snapshot(&built, &["create", "--name", "one"]).exits(0);
    let create = &["create", "--name", "two"][..];
    let others = [
        &["list"][..],
        &["show", "one"],
        &["diff", "one", "two"],
        &["verify"],
        &["prune"],
    ];
    for arguments in std::iter::once(create).chain(others) {
        for option in ["--quiet", "--json"] {
            let ran = snapshot(&built, &[arguments, &[option]].concat()).exits(0);
            assert_eq!(ran.stderr, "", "{arguments:?} {option}");
        }
    }
}

#[test]
fn every_command_has_help_with_an_example_and_is_completed() {
    let built = Built::plain();
    let script = built.exuvia(&["completions", "bash"]).exits(0).stdout;
    for command in [
        "create", "list", "show", "diff", "restore", "verify", "repair", "delete", "prune", "pin",
        "unpin", "excludes",
    ] {
        let help = snapshot(&built, &[command, "--help"]).exits(0).stdout;
        assert!(help.contains("exuvia snapshot"), "{help}");
        assert!(help.contains("Example"), "{command}: {help}");
        assert!(
            script.contains(&format!("exuvia__subcmd__snapshot__subcmd__{command}"))
                || script.contains(&format!("exuvia__snapshot__{command}")),
            "{command}"
        );
    }
}
