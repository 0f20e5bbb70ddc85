use jiff::SignedDuration;

use super::*;
use crate::fixtures::{NOW, stages};

/// 1 is a medium patch, 2 a major step.
fn report() -> Report {
    let stages = stages(&[("major", "1.0.0", "2.0.0"), ("patch", "1.0.0", "1.0.1")]);
    Report::build(stages, "rep_1".into(), NOW).unwrap()
}

fn take(reply: &str, confirmed: &[&str]) -> Result<Vec<u32>, Refused> {
    let confirmed = confirmed.iter().map(|name| (*name).to_owned()).collect();
    let reply = Reply::parse(reply).unwrap();
    Selection::take(&report(), &reply, &confirmed, NOW)
        .map(|selection| selection.entries.iter().map(|entry| entry.number).collect())
}

#[test]
fn replies_are_understood_in_both_languages() {
    assert_eq!(
        Reply::parse("1 2"),
        Ok(Reply::Numbers(BTreeSet::from([1, 2])))
    );
    assert_eq!(
        Reply::parse(" 2，1,2 "),
        Ok(Reply::Numbers(BTreeSet::from([1, 2])))
    );
    assert_eq!(Reply::parse("ALL"), Ok(Reply::All));
    assert_eq!(Reply::parse("全部"), Ok(Reply::All));
    assert_eq!(Reply::parse("跳过"), Ok(Reply::Skip));
    assert_eq!(Reply::parse("detail 3"), Ok(Reply::Detail(3)));
    assert_eq!(Reply::parse("详情 3"), Ok(Reply::Detail(3)));
    for bad in ["", "maybe", "1 x", "detail", "-1", "99999999999", "all 1"] {
        assert!(Reply::parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn a_choice_is_taken_whole_or_not_at_all() {
    assert_eq!(take("1", &[]), Ok(vec![1]));
    assert_eq!(take("skip", &[]), Ok(vec![]));
    assert_eq!(
        take("1 2", &[]),
        Err(Refused::Unconfirmed {
            names: vec!["major".into()]
        })
    );
    assert_eq!(take("all", &["major"]), Ok(vec![1, 2]));
    assert!(matches!(
        take("1 7", &[]),
        Err(Refused::NoSuchEntry { number: 7, .. })
    ));
}

#[test]
fn nothing_is_taken_from_a_report_of_yesterday() {
    let later = NOW + SignedDuration::from_hours(25);
    let refused = Selection::take(&report(), &Reply::All, &BTreeSet::new(), later);
    assert!(matches!(refused, Err(Refused::Expired { .. })));
}

#[test]
fn a_blocked_entry_cannot_be_chosen_and_all_leaves_it_out() {
    let stages = stages(&[("down", "2.0.0", "1.0.0"), ("patch", "1.0.0", "1.0.1")]);
    let report = Report::build(stages, "rep_1".into(), NOW).unwrap();
    let all = Selection::take(&report, &Reply::All, &BTreeSet::new(), NOW).unwrap();
    assert_eq!(all.entries.len(), 1);
    let two = Reply::Numbers(BTreeSet::from([2]));
    let refused = Selection::take(&report, &two, &BTreeSet::from(["down".to_owned()]), NOW);
    assert_eq!(
        refused,
        Err(Refused::EntryBlocked {
            number: 2,
            name: "down".into()
        })
    );
}
