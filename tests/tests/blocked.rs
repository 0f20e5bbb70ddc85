//! The gate in front of a report, and in front of a selection.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests damage real files, and helpers of tests fail by panicking, too"
)]

use std::path::{Path, PathBuf};

use exuvia_e2e::{Built, Ran, entry, read_json};
use exuvia_testkit::clawhub::{Release, Skill, Verdict};
use exuvia_testkit::install;
use serde_json::{Value, json};

/// A built install that was checked, with one more skill of each risk that is refused somehow.
fn checked() -> (Built, Value) {
    let built = Built::new(|builder| {
        builder
            .skill(install::Skill::clawhub("acme", "breaking", "1.0.0"))
            .skill(install::Skill::clawhub("acme", "malicious", "1.0.0"))
    });
    let publish = |slug: &str, later: Release| {
        let first = Release::new("1.0.0").skill_md(slug, "A skill from ClawHub");
        built
            .hub
            .publish(Skill::new("acme", slug).version(first).version(later));
    };
    let notes = "### Breaking Changes\n\n- Everything is elsewhere.";
    publish(
        "breaking",
        Release::new("2.0.0")
            .changelog(notes)
            .skill_md("breaking", "Other"),
    );
    let bad = Release::new("1.0.1").changelog("### Fixed\n\n- Nothing.");
    publish(
        "malicious",
        bad.skill_md("malicious", "Other")
            .verdict(Verdict::Malicious),
    );
    let report = built.check();
    (built, report)
}

fn write(file: &Path, document: &Value) {
    std::fs::write(file, document.to_string()).unwrap();
}

/// Fails unless the program said no by exit 3, in exactly these words.
fn is_blocked(ran: Ran, words: &str) {
    let ran = ran.exits(3).bears_it();
    assert_eq!(ran.stdout, format!("BLOCKED: {words}\n"), "{ran:#?}");
}

#[test]
fn a_document_that_is_missing_is_named_and_no_other() {
    let (built, _) = checked();
    let own = built.own_dir();
    for (file, command) in [
        (built.install.state.join("inventory.json"), "inventory"),
        (built.install.state.join("scan-result.json"), "scan"),
        (own.join("evidence.json"), "changelog"),
        (own.join("vetting.json"), "risk"),
        (own.join("risk.json"), "risk"),
    ] {
        let aside = file.with_extension("aside");
        std::fs::rename(&file, &aside).unwrap();
        let name = file.file_name().unwrap().to_str().unwrap();
        is_blocked(
            built.exuvia(&["report"]),
            &format!("{name} is missing (run `exuvia {command}`)"),
        );
        std::fs::rename(&aside, &file).unwrap();
    }
    let _ = built.exuvia(&["report"]).exits(0);
}

#[test]
fn everything_that_is_missing_is_named_at_once() {
    let (built, _) = checked();
    std::fs::remove_file(built.own_dir().join("evidence.json")).unwrap();
    std::fs::remove_file(built.own_dir().join("risk.json")).unwrap();
    is_blocked(
        built.exuvia(&["report"]),
        "evidence.json is missing (run `exuvia changelog`); risk.json is missing (run `exuvia risk`)",
    );
}

#[test]
fn a_candidate_that_lacks_one_thing_blocks_the_report_by_its_name() {
    let (built, _) = checked();
    for (document, what) in [
        ("evidence.json", "evidence for"),
        ("vetting.json", "vetting of"),
        ("risk.json", "risk of"),
    ] {
        let file = built.own_dir().join(document);
        let whole = read_json(&file);
        let mut lacking = whole.clone();
        let items = lacking["items"].as_array_mut().unwrap();
        let lost = items.remove(1)["assetId"].as_str().unwrap().to_owned();
        write(&file, &lacking);
        is_blocked(built.exuvia(&["report"]), &format!("{what} {lost}"));
        write(&file, &whole);
    }
    let _ = built.exuvia(&["report"]).exits(0);
}

#[test]
fn evidence_that_does_not_say_where_it_is_from_blocks_the_report() {
    let (built, _) = checked();
    let file = built.own_dir().join("evidence.json");
    let mut document = read_json(&file);
    let item = &mut document["items"][0];
    let asset = item["assetId"].as_str().unwrap().to_owned();
    let evidence = if item["evidence"].is_object() {
        &mut item["evidence"]
    } else {
        item
    };
    evidence["source"] = json!("");
    write(&file, &document);
    is_blocked(
        built.exuvia(&["report"]),
        &format!("source of the evidence for {asset}"),
    );
}

#[test]
fn an_asset_that_the_scan_forgets_blocks_the_report_by_its_name() {
    let (built, _) = checked();
    let file = built.install.state.join("scan-result.json");
    let mut document = read_json(&file);
    let lost = document["skipped"].as_array_mut().unwrap().remove(0);
    write(&file, &document);
    let asset = lost["assetId"].as_str().unwrap();
    is_blocked(
        built.exuvia(&["report"]),
        &format!("scan result for {asset}"),
    );
}

#[test]
fn a_newer_inventory_makes_the_scan_stale_until_each_phase_ran_again() {
    let (built, _) = checked();
    let stale = |stage: &str, than: &str, command: &str| {
        format!("{stage} is older than {than} (run `exuvia {command}`)")
    };
    let _ = built.exuvia(&["inventory"]).exits(0);
    is_blocked(
        built.exuvia(&["report"]),
        &stale("scan-result.json", "inventory.json", "scan"),
    );
    let _ = built.exuvia(&["scan"]).exits(0);
    let both = [
        stale("evidence.json", "scan-result.json", "changelog"),
        stale("vetting.json", "scan-result.json", "risk"),
        stale("risk.json", "scan-result.json", "risk"),
    ];
    is_blocked(built.exuvia(&["report"]), &both.join("; "));
    let _ = built.exuvia(&["changelog"]).exits(0);
    let _ = built.exuvia(&["risk"]).exits(0);
    let _ = built.exuvia(&["report"]).exits(0);
}

#[test]
fn a_phase_without_the_one_before_it_says_which_and_writes_nothing() {
    let built = Built::plain();
    is_blocked(
        built.exuvia(&["scan"]),
        "inventory.json is missing (run `exuvia inventory`)",
    );
    is_blocked(
        built.exuvia(&["changelog"]),
        "scan-result.json is missing (run `exuvia scan`)",
    );
    assert!(!built.install.state.join("scan-result.json").exists());
}

#[test]
fn half_a_document_is_no_document() {
    let (built, _) = checked();
    let file = built.install.state.join("scan-result.json");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, &text[..text.len() / 2]).unwrap();
    let ran = built.exuvia(&["report"]).exits(3).bears_it();
    assert!(
        ran.stdout
            .starts_with("BLOCKED: scan-result.json cannot be read: "),
        "{ran:#?}"
    );
    assert!(ran.stdout.ends_with(" (run `exuvia scan`)\n"), "{ran:#?}");
}

#[test]
fn a_program_gets_what_is_missing_as_one_document() {
    let (built, _) = checked();
    std::fs::remove_file(built.install.state.join("scan-result.json")).unwrap();
    let ran = built.exuvia(&["report", "--json"]).exits(3);
    let expected = json!({ "blocked": true, "missing": [{ "what": "document", "stage": "scan" }] });
    assert_eq!(ran.json(), expected);
}

fn report_file(built: &Built, report: &Value) -> PathBuf {
    let id = report["reportId"].as_str().unwrap();
    built.own_dir().join(format!("reports/{id}.json"))
}

/// The number and the report's id, as `select` wants them.
fn chosen(report: &Value, name: &str) -> (String, String) {
    let number = entry(report, name)["number"].to_string();
    (number, report["reportId"].as_str().unwrap().to_owned())
}

/// Fails unless the selection was refused with these words, and nothing was kept.
fn is_refused(built: &Built, ran: Ran, words: &str) {
    let ran = ran.exits(3);
    assert!(ran.stderr.contains(words), "{ran:#?}");
    assert!(
        !built.own_dir().join("selections").exists(),
        "something was kept"
    );
}

#[test]
fn a_report_of_another_install_or_of_none_cannot_be_answered() {
    let (built, _) = checked();
    for foreign in ["rep_0123456789abcdef", "../../etc/passwd", "rep_../x", ""] {
        let ran = built.exuvia(&["select", "1", "--report", foreign]);
        is_refused(&built, ran, "there is no report");
    }
}

#[test]
fn a_report_that_expired_cannot_be_answered() {
    let (built, report) = checked();
    let file = report_file(&built, &report);
    let mut document = read_json(&file);
    document["createdAt"] = json!("2026-01-01T00:00:00Z");
    document["expiresAt"] = json!("2026-01-02T00:00:00Z");
    write(&file, &document);
    let (number, id) = chosen(&report, "bystander-skill");
    let ran = built.exuvia(&["select", &number, "--report", &id]);
    is_refused(
        &built,
        ran,
        "expired at 2026-01-02T00:00:00Z; run `exuvia check` for a new one",
    );
}

#[test]
fn what_is_blocked_cannot_be_selected_even_when_confirmed() {
    let (built, report) = checked();
    assert_eq!(entry(&report, "malicious")["assessment"]["risk"], "blocked");
    let (number, id) = chosen(&report, "malicious");
    let ran = built.exuvia(&["select", &number, "--report", &id, "--confirm", "malicious"]);
    is_refused(&built, ran, "is blocked");
}

#[test]
fn what_is_risky_is_selected_by_its_name_only() {
    let (built, report) = checked();
    assert_eq!(entry(&report, "breaking")["assessment"]["risk"], "high");
    let (number, id) = chosen(&report, "breaking");
    let select = |further: &[&str]| {
        built.exuvia(
            &[
                &["select", number.as_str(), "--report", id.as_str()],
                further,
            ]
            .concat(),
        )
    };
    is_refused(&built, select(&[]), "breaking must be confirmed by name");
    is_refused(
        &built,
        select(&["--confirm", "braking"]),
        "breaking must be confirmed by name",
    );
    // All of them, or none: the unconfirmed one takes the others along.
    let all = built.exuvia(&["select", "all", "--report", &id]);
    is_refused(&built, all, "breaking must be confirmed by name");

    let selection = select(&["--confirm", "breaking", "--json"]).exits(0).json();
    let kept = read_json(&built.own_dir().join(format!("selections/{id}.json")));
    assert_eq!(selection, kept);
    let entry = entry(&report, "breaking");
    assert_eq!(kept["entries"][0]["assetId"], entry["update"]["assetId"]);
    assert_eq!(
        kept["entries"][0]["artifactDigest"],
        entry["artifactDigest"]
    );
    assert_eq!(kept["entries"][0]["confirmedByName"], true);
}

#[test]
fn skip_is_an_answer_and_a_number_that_is_not_there_is_none() {
    let (built, report) = checked();
    let ran = built.exuvia(&["select", "99"]);
    is_refused(&built, ran, "has no entry 99");
    let selection = built
        .exuvia(&[
            "select",
            "skip",
            "--report",
            report["reportId"].as_str().unwrap(),
            "--json",
        ])
        .exits(0)
        .json();
    assert_eq!(selection["entries"], json!([]));
}
