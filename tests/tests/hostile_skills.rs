//! Skills that nobody in their right mind would have, beside some that everybody has.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests build real files, and helpers of tests fail by panicking, too"
)]

use std::ffi::OsString;
use std::fs::File;
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use exuvia_e2e::{Built, listed};
use exuvia_testkit::install::Skill;
use serde_json::Value;

/// What the inventory says of the skill in this directory of the workspace.
fn asset(built: &Built, directory: &str) -> Value {
    let inventory = built.document("inventory.json");
    let assets = inventory["assets"].as_array().unwrap();
    let ends = format!("/skills/{directory}");
    let found = assets
        .iter()
        .find(|asset| asset["path"].as_str().unwrap().ends_with(&ends));
    found
        .unwrap_or_else(|| panic!("{directory:?} is not there: {inventory:#}"))
        .clone()
}

fn directory(built: &Built, name: &str) -> PathBuf {
    built.install.workspace.join("skills").join(name)
}

/// Fails if anything was printed that moves a cursor, turns text around or hides it.
fn is_clean(shown: &str) {
    let bad = |c: char| {
        c.is_control() && c != '\n'
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200b}'..='\u{200f}')
    };
    let found: Vec<char> = shown.chars().filter(|c| bad(*c)).collect();
    assert_eq!(found, [] as [char; 0], "{shown:?}");
}

#[test]
fn a_directory_may_have_any_name_that_a_file_system_takes() {
    let long = "l".repeat(255);
    let names: [OsString; 9] = [
        "a'b\"c".into(),
        "$(id)".into(),
        "`id`; rm -rf ~".into(),
        "new\nline".into(),
        "\u{202e}gnp.exe\u{1b}[2J".into(),
        "-rf".into(),
        long.into(),
        "<script>alert(1)</script>".replace('/', "\u{2215}").into(),
        OsString::from_vec(vec![b'n', 0xff, 0xfe, b'o']),
    ];
    let built = Built::new(|builder| {
        names
            .iter()
            .enumerate()
            .fold(builder, |builder, (number, name)| {
                builder.skill(Skill::local(name, &format!("hostile-{number}")))
            })
    });
    let report = built.check();
    let skipped = report["skipped"].as_array().unwrap();
    let local = skipped
        .iter()
        .filter(|item| item["assetId"].as_str().unwrap().starts_with("skill:"));
    assert_eq!(local.count(), names.len(), "{skipped:#?}");
    for format in ["terminal", "markdown", "html"] {
        let shown = built
            .exuvia(&["report", "--format", format])
            .exits(0)
            .bears_it()
            .stdout;
        is_clean(&shown);
        assert!(
            format == "terminal" || !shown.contains("<script>"),
            "{format}"
        );
        assert!(!shown.contains("uid="), "{format}");
    }
    is_clean(&built.exuvia(&["inventory"]).exits(0).stdout);
}

#[test]
fn a_directory_that_only_looks_like_anothers_is_pointed_out() {
    // The fifth letter is Cyrillic.
    let look = "byst\u{430}nder-skill";
    let built = Built::new(|builder| builder.skill(Skill::local(look, "something-else")));
    built.check();
    let problems = asset(&built, look)["problems"].to_string();
    assert!(
        problems.contains("looks like") && problems.contains("bystander-skill"),
        "{problems}"
    );
}

#[test]
fn a_skill_of_fifty_megabytes_costs_neither_memory_nor_the_report() {
    let built = Built::new(|builder| builder.skill(Skill::local("huge", "huge")));
    let head = "---\nname: huge\ndescription: x\n---\n";
    let mut text = head.as_bytes().to_vec();
    text.resize(50 << 20, b'x');
    std::fs::write(directory(&built, "huge").join("SKILL.md"), text).unwrap();
    let report = built.check();
    listed(&report, "skipped", "huge");
    assert_ne!(asset(&built, "huge")["problems"].to_string(), "[]");
}

#[test]
fn a_skill_with_frontmatter_of_fifty_megabytes_is_a_problem_of_that_skill() {
    let built = Built::new(|builder| builder.skill(Skill::local("endless", "endless")));
    let mut text = b"---\nname: endless\n".to_vec();
    while text.len() < 50 << 20 {
        text.extend_from_slice(b"key: [[[[[[[[[[[[[[[[[[{{{{{{{{{{{{\n");
    }
    std::fs::write(directory(&built, "endless").join("SKILL.md"), text).unwrap();
    built.check();
    assert_ne!(asset(&built, "endless")["problems"].to_string(), "[]");
}

#[test]
fn a_skill_file_that_is_no_text_or_has_no_frontmatter_is_a_problem_of_that_skill() {
    let files: [(&str, &[u8]); 6] = [
        ("invalid", b"---\nname: inv\xff\xfealid\n---\n\xc3\x28"),
        ("bare", b"# No frontmatter at all\n"),
        ("empty", b""),
        ("unclosed", b"---\nname: unclosed\n"),
        ("nul", b"---\nname: \0\0\0\n---\n"),
        ("utf16", b"\xff\xfe-\0-\0-\0\n\0"),
    ];
    let built = Built::new(|builder| {
        files.iter().fold(builder, |builder, (name, text)| {
            builder.skill(Skill::empty(name).file("SKILL.md", *text))
        })
    });
    built.check();
    for (name, _) in files {
        assert_ne!(
            asset(&built, name)["problems"].to_string(),
            "[]",
            "{name} has no problem"
        );
    }
}

#[test]
fn links_in_circles_and_out_of_the_workspace_are_not_followed() {
    let built = Built::new(|builder| builder.skill(Skill::local("circle", "circle")));
    let circle = directory(&built, "circle");
    let secret = built.dir().join("secret");
    std::fs::create_dir(&secret).unwrap();
    std::fs::write(
        secret.join("SKILL.md"),
        "---\nname: secret\n---\nthe secret words\n",
    )
    .unwrap();
    symlink(".", circle.join("here")).unwrap();
    symlink("..", circle.join("up")).unwrap();
    symlink("b", circle.join("a")).unwrap();
    symlink("a", circle.join("b")).unwrap();
    symlink(secret.join("SKILL.md"), circle.join("secret.md")).unwrap();
    symlink("/", circle.join("root")).unwrap();
    symlink(&circle, directory(&built, "the-same-again")).unwrap();
    symlink("loop", directory(&built, "loop")).unwrap();
    symlink("/nowhere", directory(&built, "nowhere")).unwrap();
    let report = built.check();
    listed(&report, "skipped", "circle");
    for document in ["inventory.json", "scan-result.json"] {
        let text = std::fs::read_to_string(built.install.state.join(document)).unwrap();
        assert!(!text.contains("the secret words"), "{document}");
    }
}

#[test]
fn a_pipe_or_a_device_in_place_of_a_file_does_not_keep_the_check_waiting() {
    let built = Built::new(|builder| builder.skill(Skill::empty("pipe")));
    let pipe = directory(&built, "pipe").join("SKILL.md");
    assert!(
        std::process::Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    symlink("/dev/zero", directory(&built, "pipe").join("zero")).unwrap();
    built.check();
}

#[test]
fn a_directory_nested_too_deep_is_a_problem_of_that_skill() {
    let built = Built::new(|builder| builder.skill(Skill::local("deep", "deep")));
    let mut deepest = directory(&built, "deep");
    for _ in 0..1000 {
        deepest.push("d");
    }
    std::fs::create_dir_all(&deepest).unwrap();
    File::create(deepest.join("end")).unwrap();
    let report = built.check();
    listed(&report, "skipped", "deep");
}

#[test]
fn a_lock_file_that_lies_is_not_believed() {
    let built = Built::new(|builder| builder.skill(Skill::clawhub("acme", "honest", "1.0.0")));
    let lock = built.install.workspace.join(".clawhub/lock.json");
    let mut lies = exuvia_e2e::read_json(&lock);
    lies["skills"]["honest"]["version"] = "9.9.9".into();
    lies["skills"]["../../../etc"] = lies["skills"]["honest"].clone();
    lies["skills"]["/etc/passwd"] = lies["skills"]["honest"].clone();
    lies["skills"]["not-there"] = lies["skills"]["honest"].clone();
    lies["skills"][".."] = serde_json::json!(42);
    std::fs::write(&lock, lies.to_string()).unwrap();
    built.check();
    let asset = asset(&built, "honest");
    assert_eq!(asset["currentVersion"], "1.0.0", "{asset:#}");
    let inventory = built.document("inventory.json");
    let said = format!("{} {}", inventory["warnings"], asset["problems"]);
    for lie in ["9.9.9", "not-there", "../../../etc"] {
        assert!(said.contains(lie), "nothing is said of {lie}: {said}");
    }
    for path in inventory["assets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|asset| &asset["path"])
    {
        assert!(!path.as_str().unwrap().starts_with("/etc"), "{path}");
    }
}

#[test]
fn a_lock_file_that_is_broken_costs_nothing_but_itself() {
    for broken in [
        &b"{\"version\":1,\"skills\":{"[..],
        b"[]",
        b"\xff\xff",
        b"null",
        b"",
    ] {
        let built = Built::plain();
        std::fs::write(built.install.workspace.join(".clawhub/lock.json"), broken).unwrap();
        built.check();
        let warnings = built.document("inventory.json")["warnings"].to_string();
        assert!(warnings.contains("lock.json"), "{broken:?}: {warnings}");
    }
}
