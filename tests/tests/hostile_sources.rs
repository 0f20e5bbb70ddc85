//! Registries that do not answer as registries do.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests fail by panicking, too"
)]

use std::time::Duration;

use exuvia_e2e::{Built, entry, listed};
use exuvia_testkit::faults::Fault;
use exuvia_testkit::install::{Plugin, Skill};
use exuvia_testkit::{clawhub, npm};
use serde_json::Value;

const NPM_PATH: &str = "/@acme%2fvictim";
const HUB_PATH: &str = "/api/v1/skills/victim-skill";

/// A plugin and a skill whose sources misbehave, beside those whose sources do not.
fn victims() -> Built {
    let built = Built::new(|builder| {
        builder
            .plugin(Plugin::npm("victim", "@acme/victim", "1.0.0"))
            .skill(Skill::clawhub("acme", "victim-skill", "1.0.0"))
    });
    let package = npm::Package::new("@acme/victim")
        .release(npm::Release::new("1.0.0"))
        .release(npm::Release::new("1.0.1"));
    built.npm.publish(package);
    let version = |number| clawhub::Release::new(number).skill_md("victim-skill", "A skill");
    let skill = clawhub::Skill::new("acme", "victim-skill");
    built
        .hub
        .publish(skill.version(version("1.0.0")).version(version("1.0.1")));
    built
}

fn misbehave(built: &Built, fault: &Fault) {
    built.npm.faults().on(NPM_PATH, fault.clone());
    built.hub.faults().on(HUB_PATH, fault.clone());
}

fn reason<'a>(report: &'a Value, name: &str) -> &'a str {
    let reason = listed(report, "unreachable", name)["reason"]
        .as_str()
        .unwrap();
    assert!(
        !reason.is_empty() && reason.chars().count() < 2000,
        "{reason}"
    );
    reason
}

/// Fails unless exactly the two victims are unreachable, for a reason that has all of `words`.
fn only_they_are_unreachable(fault: &Fault, words: &[&str]) {
    let built = victims();
    misbehave(&built, fault);
    let report = built.check();
    assert_eq!(
        report["unreachable"].as_array().unwrap().len(),
        2,
        "{}",
        report["unreachable"]
    );
    for name in ["victim", "victim-skill"] {
        let reason = reason(&report, name);
        for word in words {
            assert!(
                reason.contains(word),
                "{name}: {word:?} is not in {reason:?}"
            );
        }
    }
}

#[test]
fn a_web_page_instead_of_an_answer_is_called_that() {
    only_they_are_unreachable(&Fault::Html, &["http://127.0.0.1"]);
}

#[test]
fn redirects_in_a_circle_end() {
    only_they_are_unreachable(&Fault::RedirectLoop, &["redirect"]);
}

#[test]
fn a_gzip_bomb_is_not_inflated_to_its_end() {
    only_they_are_unreachable(&Fault::GzipBomb { mib: 4096 }, &["http://127.0.0.1"]);
}

#[test]
fn an_answer_without_end_is_not_read_to_its_end() {
    only_they_are_unreachable(&Fault::Oversized { mib: 2048 }, &["http://127.0.0.1"]);
}

#[test]
fn an_answer_that_is_cut_off_is_no_answer() {
    only_they_are_unreachable(&Fault::TruncatedBody, &["http://127.0.0.1"]);
}

#[test]
fn an_answer_of_another_shape_is_no_answer() {
    for body in [
        "[]",
        "null",
        "{}",
        "{\"versions\":[]}",
        "{\"skill\":{\"slug\":7},\"latestVersion\":[]}",
    ] {
        only_they_are_unreachable(&Fault::Body(body.as_bytes().to_vec()), &[]);
    }
}

#[test]
fn a_hundred_thousand_nested_brackets_in_an_answer_overflow_nothing() {
    for open in ["[", "{\"versions\":", "{\"versions\":{\"1.0.0\":{\"a\":"] {
        only_they_are_unreachable(&Fault::Body(open.repeat(100_000).into_bytes()), &[]);
    }
}

#[test]
fn a_server_that_fails_is_asked_again_and_then_named() {
    only_they_are_unreachable(&Fault::status(503), &["503"]);
}

#[test]
fn a_server_that_was_only_busy_is_asked_again_when_it_said() {
    let built = victims();
    built
        .npm
        .faults()
        .times(1, NPM_PATH, Fault::too_many_requests(1));
    built
        .hub
        .faults()
        .times(1, HUB_PATH, Fault::too_many_requests(1));
    let report = built.check();
    entry(&report, "victim");
    entry(&report, "victim-skill");
}

#[test]
fn a_server_that_never_answers_is_given_up() {
    let built = victims();
    misbehave(&built, &Fault::Hang);
    let ran = built.exuvia(&["scan"]);
    assert!(ran.code == Some(3), "there is no inventory yet: {ran:#?}");
    let report = built.check();
    for name in ["victim", "victim-skill"] {
        assert!(reason(&report, name).contains("http://127.0.0.1"));
    }
}

#[test]
fn a_github_that_misbehaves_costs_only_its_release_notes() {
    for fault in [
        Fault::Html,
        Fault::RedirectLoop,
        Fault::GzipBomb { mib: 4096 },
        Fault::TruncatedBody,
        Fault::status(500),
        Fault::Body(b"[[[[".repeat(50_000)),
    ] {
        let built = Built::plain();
        built.github.faults().everywhere(fault.clone());
        let report = built.check();
        let evidence = &entry(&report, "openclaw")["evidence"];
        assert_eq!(
            evidence["summary"], "Shipped notes of the core.",
            "{fault:?}: {evidence:#}"
        );
    }
}

#[test]
fn a_github_that_is_used_up_is_named_among_the_tries() {
    let built = Built::plain();
    built.github.exhaust_rate_limit(4_102_444_800);
    let report = built.check();
    let tries = entry(&report, "openclaw")["evidence"]["attempts"].to_string();
    assert!(tries.contains("limit"), "{tries}");
}

#[test]
fn a_packument_of_thirty_megabytes_is_read_in_little_memory() {
    let built = victims();
    let big = npm::Package::new("@acme/victim")
        .release(npm::Release::new("1.0.0"))
        .release(npm::Release::new("1.0.1"));
    let mut readme = String::with_capacity(30 << 20);
    while readme.len() < 30 << 20 {
        readme.push_str("{\"quoted\": \\\\ \u{6587}} ");
    }
    built.npm.publish(big.with("readme", readme.into()));
    let report = built.check();
    assert_eq!(entry(&report, "victim")["update"]["latest"], "1.0.1");

    // And one that is that long by its versions.
    let padding = Value::from("x".repeat(10_000));
    let many = (0..3_000).fold(npm::Package::new("@acme/victim"), |package, patch| {
        let release = npm::Release::new(&format!("1.0.{patch}"));
        package.release(release.with("_padding", padding.clone()))
    });
    built.npm.publish(many);
    let report = built.check();
    assert_eq!(entry(&report, "victim")["update"]["latest"], "1.0.2999");
}

#[test]
fn an_offer_below_what_is_installed_is_no_update_and_not_hidden() {
    let built = victims();
    let lower = npm::Package::new("@acme/victim")
        .release(npm::Release::new("1.0.0"))
        .release(npm::Release::new("0.9.0"));
    built.npm.publish(lower);
    built
        .hub
        .release("acme", "victim-skill", clawhub::Release::new("0.9.0"));
    let report = built.check();
    for name in ["victim", "victim-skill"] {
        let reason = listed(&report, "skipped", name)["reason"].as_str().unwrap();
        assert!(
            reason.contains("0.9.0") && reason.contains("1.0.0"),
            "{name}: {reason}"
        );
    }
}

#[test]
fn names_and_notes_from_outside_cannot_act_in_any_report() {
    let built = victims();
    let notes = "### Fixed\n\n- </script><img src=x onerror=alert(1)>[click](javascript:alert(1)) \u{202e}\u{1b}]8;;http://evil\u{7}x\u{1b}[2J `$(id)`";
    let hostile = clawhub::Release::new("1.0.2")
        .changelog(notes)
        .skill_md("victim-skill", "x");
    built.hub.release("acme", "victim-skill", hostile);
    let report = built.check();
    let number = entry(&report, "victim-skill")["number"].to_string();
    let shown = |arguments: &[&str]| built.exuvia(arguments).exits(0).stdout;
    let html = shown(&["report", "--format", "html"]);
    assert!(
        !html.contains("<img") && !html.contains("href=\"javascript:"),
        "{html}"
    );
    let markdown = shown(&["report", "--format", "markdown"]);
    assert!(
        !markdown.contains("](javascript:") && !markdown.contains("<img"),
        "{markdown}"
    );
    for text in [
        shown(&["report"]),
        shown(&["detail", &number]),
        html,
        markdown,
    ] {
        for bad in ['\u{202e}', '\u{1b}', '\u{7}'] {
            assert!(!text.contains(bad), "{bad:?} is in {text}");
        }
    }
}

#[test]
fn slow_sources_are_asked_at_the_same_time() {
    let latency = Duration::from_millis(300);
    let built = Built::new(|builder| {
        (0..30).fold(builder, |builder, number| {
            builder.skill(Skill::clawhub("acme", &format!("many-{number}"), "1.0.0"))
        })
    });
    for number in 0..30 {
        let release = clawhub::Release::new("1.0.0");
        built
            .hub
            .publish(clawhub::Skill::new("acme", &format!("many-{number}")).version(release));
    }
    built.hub.faults().everywhere(Fault::Latency(latency));
    built.check();
    let peak = built.hub.requests().peak_concurrency();
    assert!(peak >= 4, "only {peak} requests were under way at once");
}
