//! The whole check on a real install with every kind of asset.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests look at real files, and helpers of tests fail by panicking, too"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::{Arc, Mutex, Weak};

use exuvia_e2e::{Ran, World, entry, read_json, sandbox};
use exuvia_testkit::sandbox::OPENCLAW;
use serde_json::Value;

const LISTS: [&str; 4] = ["updates", "upToDate", "unreachable", "skipped"];

/// A world that was checked once; the tests that run at one time share it.
struct Checked {
    world: World,
    report: Value,
}

fn checked() -> Arc<Checked> {
    static SHARED: Mutex<Weak<Checked>> = Mutex::new(Weak::new());
    let mut shared = SHARED
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(checked) = shared.upgrade() {
        return checked;
    }
    let world = World::fork();
    let report = world.exuvia(&["check", "--json"]).exits(0).json();
    let checked = Arc::new(Checked { world, report });
    *shared = Arc::downgrade(&checked);
    checked
}

impl Checked {
    fn document(&self, name: &str) -> Value {
        read_json(&self.world.home().state().join(name))
    }
}

fn items<'a>(document: &'a Value, list: &str) -> &'a [Value] {
    document[list].as_array().unwrap()
}

#[test]
fn every_asset_stands_exactly_once_in_updates_up_to_date_unreachable_or_skipped() {
    let checked = checked();
    let (inventory, scan) = (
        checked.document("inventory.json"),
        checked.document("scan-result.json"),
    );
    let mut times: BTreeMap<&str, usize> = BTreeMap::new();
    for item in LISTS.iter().flat_map(|list| items(&scan, list)) {
        *times.entry(item["assetId"].as_str().unwrap()).or_default() += 1;
    }
    let assets = items(&inventory, "assets");
    let once: BTreeMap<&str, usize> = assets
        .iter()
        .map(|asset| (asset["id"].as_str().unwrap(), 1))
        .collect();
    assert_eq!(times, once);
    assert_eq!(inventory["totalAssets"], assets.len());
    assert_eq!(scan["summary"]["total"], assets.len());
    assert_eq!(items(&scan, "unreachable"), [] as [Value; 0]);

    let reported: usize = ["entries", "upToDate", "unreachable", "skipped"]
        .iter()
        .map(|list| items(&checked.report, list).len())
        .sum();
    assert_eq!(reported, assets.len());
}

#[test]
fn every_kind_of_asset_is_found() {
    let inventory = checked().document("inventory.json");
    let found: BTreeSet<&str> = items(&inventory, "assets")
        .iter()
        .map(|asset| asset["kind"].as_str().unwrap())
        .collect();
    let all = [
        "builtin/bundled",
        "core/npm",
        "extension/github",
        "extension/local",
        "extension/npm",
        "skill/clawhub",
        "skill/github",
        "skill/local",
    ];
    assert_eq!(found, BTreeSet::from(all));
}

#[test]
fn each_asset_of_the_demo_has_the_fate_that_was_prepared_for_it() {
    let scan = checked().document("scan-result.json");
    let names = |list: &str| -> BTreeSet<String> {
        items(&scan, list)
            .iter()
            .map(|item| item["name"].as_str().unwrap().to_owned())
            .collect()
    };
    let set =
        |names: &[&str]| -> BTreeSet<String> { names.iter().map(ToString::to_string).collect() };
    let behind = [
        "openclaw",
        "irc",
        "gitdemo",
        "standup-notes",
        "changelog-writer",
        "travel-checklist",
        "release-notes",
    ];
    assert_eq!(names("updates"), set(&behind));
    assert_eq!(
        names("upToDate"),
        set(&["synology-chat", "unit-converter", "meeting-minutes"])
    );
    let own = ["localdemo", "house-style", "weekly-report", "report-draft"];
    let bundled = ["_builtin_skills", "_builtin_extensions"];
    assert_eq!(names("skipped"), set(&[&own[..], &bundled[..]].concat()));
}

#[test]
fn the_real_core_goes_to_npms_newest_with_a_summary_and_a_source_that_can_be_opened() {
    let checked = checked();
    let mut npm = sandbox()
        .tools()
        .command("npm", checked.world.home().path());
    let newest = Ran::of(npm.args(["view", "openclaw", "dist-tags.latest"])).exits(0);
    let core = entry(&checked.report, "openclaw");
    assert_eq!(core["update"]["current"], OPENCLAW);
    assert_eq!(core["update"]["latest"], newest.stdout.trim());

    let told = &core["evidence"];
    let summary = told["summary"].as_str().unwrap();
    assert!(
        !summary.is_empty() && summary.chars().count() <= 160,
        "{summary}"
    );
    let source = told["source"].as_str().unwrap();
    let (page, tag) = source.rsplit_once("/tag/").unwrap();
    assert_eq!(page, "https://github.com/openclaw/openclaw/releases");
    let release = get(
        &checked.world.github.url(),
        &format!("/repos/openclaw/openclaw/releases/tags/{tag}"),
    );
    assert_eq!(release["html_url"], source);
    // The summary is what stands there, and nothing of our own.
    let said = plain(release["body"].as_str().unwrap());
    let extract = plain(summary.trim_end_matches('…'));
    assert!(
        said.contains(&extract),
        "{extract:?} does not stand in {said:?}"
    );
}

/// Letters and digits only, so that Markdown and line breaks make no difference.
fn plain(text: &str) -> String {
    let words = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

/// A JSON document over plain HTTP.
fn get(base: &str, path: &str) -> Value {
    let host = base.trim_start_matches("http://");
    let mut connection = TcpStream::connect(host).unwrap();
    write!(connection, "GET {path} HTTP/1.0\r\nhost: {host}\r\n\r\n").unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.contains(" 200 "), "{head}");
    serde_json::from_str(body).unwrap()
}

#[test]
fn every_candidate_says_where_its_evidence_comes_from_and_why_it_has_its_risk() {
    for entry in items(&checked().report, "entries") {
        let name = entry["update"]["name"].as_str().unwrap();
        assert_eq!(entry["evidence"]["state"], "available", "{name}");
        assert_ne!(entry["evidence"]["source"], "", "{name}");
        assert_ne!(
            items(&entry["evidence"], "attempts"),
            [] as [Value; 0],
            "{name}"
        );
        assert_ne!(
            items(&entry["assessment"], "reasons"),
            [] as [Value; 0],
            "{name}"
        );
        assert!(entry["artifactDigest"].is_string(), "{name}");
    }
}

#[test]
fn the_risks_of_the_demo_are_those_of_the_table() {
    let checked = checked();
    let risk = |name: &str| entry(&checked.report, name)["assessment"]["risk"].clone();
    for (name, expected) in [
        ("standup-notes", "low"),
        ("irc", "medium"),
        ("travel-checklist", "high"),
        ("release-notes", "high"),
        ("changelog-writer", "unknown"),
        ("gitdemo", "blocked"),
    ] {
        assert_eq!(risk(name), expected, "{name}");
    }
}

#[test]
fn what_was_changed_by_hand_and_who_shadows_whom_is_in_the_inventory() {
    let inventory = checked().document("inventory.json");
    let asset = |name: &str| {
        let found = items(&inventory, "assets")
            .iter()
            .find(|asset| asset["name"] == name);
        found.unwrap_or_else(|| panic!("{name} is not there"))
    };
    let edited = &asset("travel-checklist")["localChanges"];
    assert_eq!(edited["state"], "modified", "{edited:#}");
    let files = items(edited, "files");
    assert_eq!(files.len(), 1, "{edited:#}");
    assert!(files[0].to_string().contains("SKILL.md"), "{edited:#}");
    for clean in [
        "standup-notes",
        "changelog-writer",
        "unit-converter",
        "meeting-minutes",
    ] {
        assert_eq!(asset(clean)["localChanges"]["state"], "none", "{clean}");
    }
    for same_name in ["weekly-report", "report-draft"] {
        assert_eq!(items(asset(same_name), "conflicts").len(), 1, "{same_name}");
    }
}

#[test]
fn the_report_of_a_real_check_keeps_to_its_published_schema() {
    let schema = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../docs/reference/report.schema.json"
    );
    let schema = read_json(schema.as_ref());
    let checked = checked();
    let errors: Vec<String> = jsonschema::validator_for(&schema)
        .unwrap()
        .iter_errors(&checked.report)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert_eq!(errors, [] as [String; 0]);
}

#[test]
fn one_check_can_be_read_in_every_shape_and_both_languages() {
    let checked = checked();
    let page = checked.world.home().path().join("report.html");
    let page_name = page.to_str().unwrap();
    let shown = |arguments: &[&str]| {
        checked
            .world
            .exuvia(&[&["report"], arguments].concat())
            .exits(0)
            .stdout
    };
    let english = shown(&["--lang", "en"]);
    let chinese = shown(&["--lang", "zh-CN"]);
    let markdown = shown(&["--format", "markdown"]);
    shown(&["--format", "html", "--output", page_name]);
    let html = std::fs::read_to_string(&page).unwrap();
    for name in items(&checked.report, "entries")
        .iter()
        .map(|entry| &entry["update"]["name"])
    {
        for (shape, text) in [
            ("en", &english),
            ("zh", &chinese),
            ("markdown", &markdown),
            ("html", &html),
        ] {
            assert!(
                text.contains(name.as_str().unwrap()),
                "{name} is not in {shape}"
            );
        }
    }
    assert!(english.contains("Up to date") && chinese.contains("已是最新"));
    for outside in ["<script", "<link", "<img", "<iframe"] {
        assert!(
            !html.contains(outside),
            "the page needs something else: {outside}"
        );
    }
}
