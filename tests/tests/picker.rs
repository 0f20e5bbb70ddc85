//! A person at a terminal, asked what to update.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests look at real files, and helpers of tests fail by panicking, too"
)]

use exuvia_e2e::{Built, Terminal, read_json};
use exuvia_testkit::clawhub::{Release, Skill};
use exuvia_testkit::install;
use serde_json::Value;

const QUESTION: &str = "Update which?";

/// Two updates of little risk are numbered before the core's and this one, of high risk.
fn with_a_breaking_skill() -> Built {
    let built =
        Built::new(|builder| builder.skill(install::Skill::clawhub("acme", "breaking", "1.0.0")));
    let version = |number: &str| Release::new(number).skill_md("breaking", "A skill");
    let second = version("2.0.0").changelog("### Breaking Changes\n\n- All of it.");
    built.hub.publish(
        Skill::new("acme", "breaking")
            .version(version("1.0.0"))
            .version(second),
    );
    built
}

fn selections(built: &Built) -> Vec<Value> {
    let Ok(directory) = std::fs::read_dir(built.own_dir().join("selections")) else {
        return Vec::new();
    };
    directory
        .map(|entry| read_json(&entry.unwrap().path()))
        .collect()
}

#[test]
fn an_answer_in_numbers_is_kept_once_the_risky_one_is_confirmed_by_name() {
    let built = with_a_breaking_skill();
    let mut person = Terminal::start(&mut built.command(&["check"]));
    person.sees("breaking").sees(QUESTION).types("1 4\r");
    person.sees("Type breaking to confirm").types("breaking\r");
    let (code, shown) = person.ends();
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.contains("Selected:"), "{shown}");
    let kept = selections(&built);
    assert_eq!(kept.len(), 1);
    let numbers: Vec<&Value> = kept[0]["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| &entry["number"])
        .collect();
    assert_eq!(numbers, [1, 4]);
    assert_eq!(kept[0]["entries"][1]["confirmedByName"], true);
}

#[test]
fn a_wrong_name_confirms_nothing_and_the_question_comes_again() {
    let built = with_a_breaking_skill();
    let mut person = Terminal::start(&mut built.command(&["check"]));
    person.sees(QUESTION).types("4\r");
    person.sees("Type breaking to confirm").types("yes\r");
    person
        .sees("not confirmed by name")
        .sees(QUESTION)
        .types("skip\r");
    let (code, shown) = person.ends();
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.contains("Nothing selected"), "{shown}");
    assert_eq!(selections(&built)[0]["entries"], serde_json::json!([]));
}

#[test]
fn detail_tells_more_and_asks_again_and_nonsense_is_explained() {
    let built = with_a_breaking_skill();
    let mut person = Terminal::start(&mut built.command(&["check"]));
    person
        .sees(QUESTION)
        .types("detail 4\r")
        .sees("Who was asked");
    person
        .sees(QUESTION)
        .types("detail 44\r")
        .sees("there is no entry 44");
    person
        .sees(QUESTION)
        .types("what?\r")
        .sees("is not a reply");
    person.sees(QUESTION).types("9\r").sees("has no entry 9");
    person.sees(QUESTION).types("skip\r");
    assert_eq!(person.ends().0, Some(0));
}

#[test]
fn whoever_leaves_without_an_answer_has_selected_nothing() {
    let built = with_a_breaking_skill();
    for keys in ["\u{1b}", "\u{3}"] {
        let mut person = Terminal::start(&mut built.command(&["check"]));
        person.sees(QUESTION).types(keys);
        let (code, shown) = person.ends();
        assert!(code == Some(0) || code == Some(130), "{code:?}: {shown}");
        assert_eq!(selections(&built), [] as [Value; 0]);
    }
}

#[test]
fn nobody_is_asked_with_no_input_or_in_json() {
    let built = Built::plain();
    for option in ["--no-input", "--json"] {
        let (code, shown) = Terminal::start(&mut built.command(&["check", option])).ends();
        assert_eq!(code, Some(0), "{shown}");
        assert!(!shown.contains(QUESTION), "{shown}");
    }
}

#[test]
fn progress_is_drawn_on_a_terminal_and_not_when_quiet() {
    let built = Built::plain();
    let (_, shown) = Terminal::start(&mut built.command(&["scan"])).ends();
    let _ = built.exuvia(&["check"]).exits(0);
    let (_, loud) = Terminal::start(&mut built.command(&["check", "--no-input"])).ends();
    assert!(loud.contains("Looking for newer versions"), "{loud}{shown}");
    let (_, quiet) =
        Terminal::start(&mut built.command(&["check", "--no-input", "--quiet"])).ends();
    assert!(!quiet.contains("Looking for newer versions"), "{quiet}");
}
