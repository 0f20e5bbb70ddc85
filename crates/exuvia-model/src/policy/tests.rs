use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::{NotAWindow, Policy, Reason, Ruling, Window};

const UTC: &str = "UTC0";
/// From the last Sunday of March to that of October an hour further ahead, as tzdata has it.
const BERLIN: &str = "CET-1CEST,M3.5.0,M10.5.0/3";

fn window(days: &[&str], from: &str, to: &str, zone: &str) -> Window {
    let days: Vec<String> = days.iter().map(|day| (*day).to_owned()).collect();
    Window::parse(&days, from, to, TimeZone::posix(zone).unwrap()).unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn hours_are_those_of_their_zone_and_end_before_their_end() {
    // 2026-11-21 is a Saturday; Berlin is an hour ahead of UTC.
    let window = window(&["sat"], "02:00", "05:00", BERLIN);
    for (now, open) in [
        ("2026-11-21T00:59:59Z", false),
        ("2026-11-21T01:00:00Z", true),
        ("2026-11-21T03:59:59Z", true),
        ("2026-11-21T04:00:00Z", false),
        ("2026-11-22T02:00:00Z", false),
    ] {
        assert_eq!(window.is_open(at(now)), open, "{now}");
    }
    let next = window.opens(at("2026-11-21T02:00:00Z"));
    assert_eq!(next, Some(at("2026-11-28T01:00:00Z")));
}

#[test]
fn hours_that_go_over_midnight_belong_to_the_day_on_which_they_begin() {
    let window = window(&["fri"], "22:00", "04:00", UTC);
    assert!(window.is_open(at("2026-11-20T22:00:00Z")));
    assert!(window.is_open(at("2026-11-21T03:59:00Z")));
    assert!(!window.is_open(at("2026-11-21T22:30:00Z")));
    assert!(!window.is_open(at("2026-11-20T03:00:00Z")));
    // From a time to the same is a whole day.
    let whole = Window::parse(&[], "03:00", "03:00", TimeZone::UTC).unwrap();
    assert!(whole.is_open(at("2026-11-20T02:59:59Z")));
}

#[test]
fn changes_of_the_clocks_move_hours_and_never_open_them_twice() {
    // In Berlin 02:00 to 03:00 is left out on 2026-03-29, and comes twice on 2026-10-25.
    let night = window(&[], "02:30", "04:00", BERLIN);
    assert!(
        !night.is_open(at("2026-03-29T01:15:00Z")),
        "03:15 in summer time"
    );
    assert!(
        night.is_open(at("2026-03-29T01:45:00Z")),
        "03:45 in summer time"
    );
    assert!(
        !night.is_open(at("2026-03-29T02:00:00Z")),
        "04:00 in summer time"
    );
    assert!(
        night.is_open(at("2026-10-25T00:30:00Z")),
        "02:30 in summer time"
    );
    assert!(
        night.is_open(at("2026-10-25T01:15:00Z")),
        "02:15 in winter time"
    );
    assert!(
        !night.is_open(at("2026-10-25T03:00:00Z")),
        "04:00 in winter time"
    );
    // All of it is left out: on that day it does not open.
    let gone = window(&[], "02:00", "03:00", BERLIN);
    let night = at("2026-03-28T20:00:00Z");
    assert_eq!(gone.opens(night), Some(at("2026-03-30T00:00:00Z")));
}

#[test]
fn what_is_no_window_is_told() {
    let parse = |day: &str, from: &str| {
        Window::parse(&[day.to_owned()], from, "05:00", TimeZone::UTC).unwrap_err()
    };
    assert_eq!(
        parse("Saturday", "02:00"),
        NotAWindow::Day("Saturday".into())
    );
    for time in ["2:00", "24:00", "02:60", "0200", "+2:00", "noon"] {
        assert_eq!(parse("sat", time), NotAWindow::Time(time.into()));
    }
}

#[test]
fn a_release_must_be_old_enough_and_its_age_known() {
    let policy = Policy {
        minimum_age: SignedDuration::from_hours(72),
        ..Policy::default()
    };
    let published = at("2026-11-18T12:00:00Z");
    let until = at("2026-11-21T12:00:00Z");
    let young = Ruling::Deny(Reason::Young { until });
    assert_eq!(
        policy.rule(at("2026-11-21T11:59:59Z"), Some(published)),
        young
    );
    assert_eq!(policy.rule(until, Some(published)), Ruling::Allow);
    assert_eq!(policy.rule(until, None), Ruling::Unknown(Reason::Ageless));
    assert_eq!(Policy::default().rule(until, None), Ruling::Allow);
    // A clock that was set back makes nothing old.
    assert_eq!(
        policy.rule(at("2020-01-01T00:00:00Z"), Some(published)),
        young
    );
}

#[test]
fn of_several_windows_one_must_be_open_and_the_next_is_told() {
    let policy = Policy {
        windows: vec![
            window(&["sun"], "02:00", "05:00", UTC),
            window(&["mon"], "01:00", "02:00", UTC),
        ],
        ..Policy::default()
    };
    assert_eq!(policy.rule(at("2026-11-22T03:00:00Z"), None), Ruling::Allow);
    let opens = Some(at("2026-11-23T01:00:00Z"));
    let closed = Ruling::Deny(Reason::Closed { opens });
    assert_eq!(policy.rule(at("2026-11-22T05:00:00Z"), None), closed);
}
