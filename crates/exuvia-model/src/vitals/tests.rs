use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::{Digest, restart::ProcessIdentity};

const BEFORE: Timestamp = Timestamp::UNIX_EPOCH;

fn after() -> Timestamp {
    BEFORE + SignedDuration::from_mins(5)
}

fn plugin(status: PluginStatus) -> Plugin {
    Plugin {
        version: Some("1.0.0".into()),
        status,
    }
}

fn job(schedule: Schedule) -> CronJob {
    CronJob {
        name: "brief".into(),
        enabled: true,
        schedule,
    }
}

fn session(id: &str, entries: u64) -> Session {
    Session {
        id: id.into(),
        entries: Some(entries),
        archived: false,
    }
}

fn key(text: &str) -> SessionKey {
    text.parse().unwrap()
}

fn once(minute: i64) -> Schedule {
    let at = BEFORE + SignedDuration::from_mins(minute);
    Schedule::Once { at }
}

fn healthy() -> Vitals {
    let channel = Channel {
        enabled: true,
        connected: Some(true),
    };
    let skill = Skill {
        version: None,
        usable: true,
    };
    let strings = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    Vitals {
        version: 1,
        taken_at: BEFORE,
        gateway: Part::Known(Some(RunningGateway {
            version: "2026.9.5".into(),
            process: Some(ProcessIdentity {
                pid: 1,
                boot: String::new(),
                started: 1,
            }),
        })),
        plugins: Part::Known([("memory".to_owned(), plugin(PluginStatus::Loaded))].into()),
        skills: Part::Known([("weather".to_owned(), skill)].into()),
        cron: Part::Known(
            [
                ("daily".to_owned(), job(Schedule::Recurring)),
                ("soon".to_owned(), job(once(2))),
                ("later".to_owned(), job(once(60))),
            ]
            .into(),
        ),
        sessions: Part::Known(
            [
                (key("agent:main:main"), session("s1", 10)),
                (key("agent:main:cron:daily:run:77"), session("s2", 2)),
            ]
            .into(),
        ),
        channels: Part::Known([("telegram".to_owned(), channel)].into()),
        config: Part::Known(ConfigVitals {
            digest: Digest::sha256(&[1; 32]),
            keys: strings(&["gateway.port", "channels.telegram.enabled"]),
        }),
        agents: Part::Known(strings(&["main"])),
    }
}

fn known<T>(part: &mut Part<T>) -> &mut T {
    match part {
        Part::Known(value) => value,
        Part::Unknown(why) => panic!("{why}"),
    }
}

/// Compares the healthy install with what became of it.
fn became(change: impl FnOnce(&mut Vitals)) -> Comparison {
    let mut later = Vitals {
        taken_at: after(),
        ..healthy()
    };
    change(&mut later);
    Vitals::compare(&healthy(), &later)
}

fn said(differences: &[Difference]) -> Vec<String> {
    differences.iter().map(Difference::to_string).collect()
}

#[test]
fn an_install_that_is_as_it_was_lost_nothing() {
    assert_eq!(became(|_| ()), Comparison::default());
    assert!(became(|_| ()).is_clean());
}

type Change = Box<dyn FnOnce(&mut Vitals)>;

fn change(change: impl FnOnce(&mut Vitals) + 'static) -> Change {
    Box::new(change)
}

#[test]
fn every_loss_is_named() {
    let losses: Vec<(&str, Change)> = vec![
        (
            "gateway: 2026.9.5 ran, and nothing runs now",
            change(|v| *known(&mut v.gateway) = None),
        ),
        (
            "plugin memory: gone",
            change(|v| known(&mut v.plugins).clear()),
        ),
        (
            "plugin memory: loaded → error: throws at import",
            change(|v| {
                let error = PluginStatus::Error("throws at import".into());
                known(&mut v.plugins).insert("memory".into(), plugin(error));
            }),
        ),
        (
            "plugin memory: loaded → disabled",
            change(|v| {
                known(&mut v.plugins).insert("memory".into(), plugin(PluginStatus::Disabled));
            }),
        ),
        (
            "skill weather: gone",
            change(|v| known(&mut v.skills).clear()),
        ),
        (
            "skill weather: agents do not get it any more",
            change(|v| known(&mut v.skills).get_mut("weather").unwrap().usable = false),
        ),
        (
            "cron job daily: gone",
            change(|v| {
                known(&mut v.cron).remove("daily");
            }),
        ),
        (
            "cron job later: gone",
            change(|v| {
                known(&mut v.cron).remove("later");
            }),
        ),
        (
            "cron job daily (brief): switched off",
            change(|v| known(&mut v.cron).get_mut("daily").unwrap().enabled = false),
        ),
        (
            "session agent:main:main: gone",
            change(|v| {
                known(&mut v.sessions).remove("agent:main:main");
            }),
        ),
        (
            "session agent:main:main: 10 entries before, 9 now",
            change(|v| {
                known(&mut v.sessions).insert(key("agent:main:main"), session("s1", 9));
            }),
        ),
        (
            "channel telegram: gone",
            change(|v| known(&mut v.channels).clear()),
        ),
        (
            "channel telegram: switched off",
            change(|v| known(&mut v.channels).get_mut("telegram").unwrap().enabled = false),
        ),
        (
            "channel telegram: not connected any more",
            change(|v| {
                known(&mut v.channels)
                    .get_mut("telegram")
                    .unwrap()
                    .connected = Some(false);
            }),
        ),
        (
            "config gateway.port: gone",
            change(|v| {
                known(&mut v.config).keys.remove("gateway.port");
            }),
        ),
        ("agent main: gone", change(|v| known(&mut v.agents).clear())),
    ];
    for (words, change) in losses {
        let comparison = became(change);
        assert_eq!(said(&comparison.losses), [words]);
        assert!(!comparison.is_clean());
    }
}

#[test]
fn what_is_otherwise_and_no_loss_is_a_change() {
    let changes: Vec<(&str, Change)> = vec![
        (
            "gateway: 2026.9.5 → 2026.9.6",
            change(|v| {
                known(&mut v.gateway).as_mut().unwrap().version = "2026.9.6".into();
            }),
        ),
        (
            "plugin memory: 1.0.0 → 1.1.0",
            change(|v| {
                known(&mut v.plugins).get_mut("memory").unwrap().version = Some("1.1.0".into());
            }),
        ),
        (
            "cron job soon: gone: it was to run once, and its time had come",
            change(|v| {
                known(&mut v.cron).remove("soon");
            }),
        ),
        (
            "cron job soon (brief): switched off: its time had come",
            change(|v| known(&mut v.cron).get_mut("soon").unwrap().enabled = false),
        ),
        (
            "session agent:main:main: archived",
            change(|v| {
                known(&mut v.sessions)
                    .get_mut("agent:main:main")
                    .unwrap()
                    .archived = true;
            }),
        ),
        (
            "session agent:main:main: begun anew",
            change(|v| {
                known(&mut v.sessions).insert(key("agent:main:main"), session("s9", 0));
            }),
        ),
        (
            "session agent:main:cron:daily:run:77: gone: it was a run of a cron job, which \
             OpenClaw prunes",
            change(|v| {
                known(&mut v.sessions).remove("agent:main:cron:daily:run:77");
            }),
        ),
        (
            "config: the file is another",
            change(|v| known(&mut v.config).digest = Digest::sha256(&[2; 32])),
        ),
    ];
    for (words, change) in changes {
        let comparison = became(change);
        assert_eq!(said(&comparison.changes), [words]);
        assert!(comparison.is_clean(), "{comparison}");
    }
}

#[test]
fn a_new_process_of_the_same_version_is_nothing_to_tell() {
    let comparison = became(|v| known(&mut v.gateway).as_mut().unwrap().process = None);
    assert_eq!(comparison, Comparison::default());
}

#[test]
fn what_is_unknown_on_either_side_is_not_no_loss() {
    let nothing = Vitals::unknown(after(), "no answer");
    for (before, after) in [(healthy(), nothing.clone()), (nothing, healthy())] {
        let comparison = Vitals::compare(&before, &after);
        assert_eq!(comparison.unknown.len(), 8);
        assert_eq!(comparison.losses, []);
        assert!(!comparison.is_clean());
        let words = comparison.to_string();
        assert!(
            words.starts_with("whether something was lost is not known\n"),
            "{words}"
        );
    }
}

#[test]
fn a_single_fact_that_is_not_known_any_more_is_unknown() {
    let doubts: Vec<(&str, Change)> = vec![
        (
            "plugin memory: loaded → not known: doctor timed out",
            change(|v| {
                let unknown = PluginStatus::Unknown("doctor timed out".into());
                known(&mut v.plugins).insert("memory".into(), plugin(unknown));
            }),
        ),
        (
            "session agent:main:main: how many entries it has is not known now",
            change(|v| {
                known(&mut v.sessions)
                    .get_mut("agent:main:main")
                    .unwrap()
                    .entries = None;
            }),
        ),
        (
            "channel telegram: whether it is connected is not known now",
            change(|v| {
                known(&mut v.channels)
                    .get_mut("telegram")
                    .unwrap()
                    .connected = None;
            }),
        ),
    ];
    for (words, change) in doubts {
        let comparison = became(change);
        let said: Vec<_> = comparison.unknown.iter().map(Unknown::to_string).collect();
        assert_eq!(said, [words]);
        assert!(!comparison.is_clean());
    }
}

#[test]
fn it_reads_well_at_night_and_hostile_names_do_nothing() {
    let comparison = became(|v| {
        known(&mut v.plugins).clear();
        known(&mut v.skills).insert(
            "\u{1b}[2Jevil\n".into(),
            Skill {
                version: None,
                usable: true,
            },
        );
        v.cron = Part::unknown("UNAVAILABLE");
    });
    assert_eq!(
        comparison.to_string(),
        "1 LOSS\n  lost     plugin memory: gone\n  unknown  cron job: not known now: UNAVAILABLE\n  \
         gained   skill [2Jevil: new"
    );
}

#[test]
fn vitals_are_written_in_a_form_that_stays() {
    let mut vitals = healthy();
    vitals.channels = Part::unknown("no answer");
    let written = serde_json::to_value(&vitals).unwrap();
    let expected = json!({
        "version": 1,
        "takenAt": "1970-01-01T00:00:00Z",
        "gateway": { "known": {
            "version": "2026.9.5", "process": { "pid": 1, "boot": "", "started": 1 }
        } },
        "plugins": { "known": { "memory": { "version": "1.0.0", "status": "loaded" } } },
        "skills": { "known": { "weather": { "version": null, "usable": true } } },
        "cron": { "known": {
            "daily": { "name": "brief", "enabled": true, "schedule": { "kind": "recurring" } },
            "soon": { "name": "brief", "enabled": true, "schedule":
                { "kind": "once", "at": "1970-01-01T00:02:00Z" } },
            "later": { "name": "brief", "enabled": true, "schedule":
                { "kind": "once", "at": "1970-01-01T01:00:00Z" } }
        } },
        "sessions": { "known": {
            "agent:main:main": { "id": "s1", "entries": 10, "archived": false },
            "agent:main:cron:daily:run:77": { "id": "s2", "entries": 2, "archived": false }
        } },
        "channels": { "unknown": "no answer" },
        "config": { "known": {
            "digest": format!("sha256:{}", "01".repeat(32)),
            "keys": ["channels.telegram.enabled", "gateway.port"]
        } },
        "agents": { "known": ["main"] }
    });
    assert_eq!(written, expected);
    assert_eq!(serde_json::from_value::<Vitals>(written).unwrap(), vitals);
}

/// Vitals of which each part is there or not, and each thing works or not.
fn vitals() -> impl Strategy<Value = Vitals> {
    let status = prop_oneof![
        Just(PluginStatus::Loaded),
        Just(PluginStatus::Disabled),
        Just(PluginStatus::Error("e".into())),
        Just(PluginStatus::Unknown("u".into())),
    ];
    let plugins = prop::collection::btree_map("[ab]", status.prop_map(plugin), 0..3);
    let sessions = prop::collection::btree_map("[ab]".prop_map(|k| key(&k)), 0u64..3, 0..3);
    (any::<[bool; 4]>(), plugins, sessions).prop_map(|(bits, plugins, sessions)| {
        let mut vitals = healthy();
        vitals.plugins = if bits[0] {
            Part::Known(plugins)
        } else {
            Part::unknown("p")
        };
        let sessions = sessions
            .into_iter()
            .map(|(key, n)| (key, session("s", n)))
            .collect();
        vitals.sessions = if bits[1] {
            Part::Known(sessions)
        } else {
            Part::unknown("s")
        };
        if bits[2] {
            vitals.gateway = Part::Known(None);
        }
        known(&mut vitals.channels)
            .get_mut("telegram")
            .unwrap()
            .enabled = bits[3];
        vitals
    })
}

proptest! {
    #[test]
    fn what_is_lost_one_way_is_gained_the_other(before in vitals(), after in vitals()) {
        let there = Vitals::compare(&before, &after);
        let back = Vitals::compare(&after, &before);
        let subjects = |differences: &[Difference]| differences
            .iter()
            .filter(|difference| difference.aspect != Aspect::Session)
            .map(|difference| (difference.aspect, difference.subject.clone()))
            .collect::<std::collections::BTreeSet<_>>();
        prop_assert_eq!(subjects(&there.losses), subjects(&back.gains));
        prop_assert_eq!(there.unknown.len(), back.unknown.len());
    }

    #[test]
    fn nothing_is_lost_between_a_thing_and_itself(vitals in vitals()) {
        let comparison = Vitals::compare(&vitals, &vitals);
        prop_assert!(comparison.losses.is_empty() && comparison.gains.is_empty());
        prop_assert!(comparison.changes.is_empty());
    }
}
