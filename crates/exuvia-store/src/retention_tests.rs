use jiff::ToSpan;
use proptest::prelude::*;

use super::*;

const NOW: Timestamp = Timestamp::constant(1_795_132_800, 0);

fn candidate(number: u64, hours_ago: i64, pinned: bool) -> Candidate {
    Candidate {
        id: SnapshotId::from_bits(number),
        created_at: NOW - hours_ago.hours(),
        pinned,
    }
}

fn kept(policy: &Policy, candidates: &[Candidate]) -> Vec<SnapshotId> {
    let decisions = policy.decide(candidates, NOW, &TimeZone::UTC);
    let kept = decisions.into_iter().filter(Decision::keeps);
    kept.map(|decision| decision.id).collect()
}

fn numbers(ids: &[SnapshotId]) -> Vec<String> {
    ids.iter().map(|id| id.as_str()[19..].to_owned()).collect()
}

#[test]
fn each_rule_keeps_what_it_says_by_example() {
    // Two an hour for four days, numbered from the newest.
    let all: Vec<Candidate> = (0..192)
        .map(|number| {
            let mut one = candidate(number, 0, false);
            one.created_at = NOW - (30 * i64::try_from(number).unwrap() + 1).minutes();
            one
        })
        .collect();
    let policy = |set: fn(&mut Policy)| {
        let mut policy = Policy::default();
        set(&mut policy);
        numbers(&kept(&policy, &all))
    };
    assert_eq!(policy(|p| p.keep_last = 3), ["00", "01", "02"]);
    assert_eq!(policy(|p| p.keep_hourly = 3), ["00", "02", "04"]);
    assert_eq!(policy(|p| p.keep_daily = 3), ["00", "30", "60"]);
    assert_eq!(policy(|p| p.keep_weekly = 2), ["00"]);
    assert_eq!(policy(|p| p.max_count = Some(2)), ["00", "01"]);
    assert_eq!(
        policy(|p| p.keep_within = Some(SignedDuration::from_hours(1))),
        ["00", "01"]
    );
    assert_eq!(
        policy(|p| p.max_age = Some(SignedDuration::from_mins(40))),
        ["00", "01"]
    );
    assert_eq!(policy(|_| {}).len(), 192);
}

fn candidates() -> impl Strategy<Value = Vec<Candidate>> {
    let one = (0_i64..2000, proptest::bool::weighted(0.1));
    proptest::collection::vec(one, 1..60).prop_map(|list| {
        let list = list.into_iter().enumerate();
        list.map(|(number, (hours, pinned))| candidate(number as u64, hours, pinned))
            .collect()
    })
}

fn policies() -> impl Strategy<Value = Policy> {
    let days =
        || proptest::option::of((0_i64..80).prop_map(|d| SignedDuration::from_hours(d * 24)));
    let limit = proptest::option::of(0_usize..20);
    (
        0_usize..5,
        0_usize..5,
        0_usize..5,
        0_usize..5,
        days(),
        days(),
        limit,
    )
        .prop_map(
            |(keep_last, keep_hourly, keep_daily, keep_weekly, keep_within, max_age, max_count)| {
                Policy {
                    keep_last,
                    keep_hourly,
                    keep_daily,
                    keep_weekly,
                    keep_within,
                    max_age,
                    max_count,
                }
            },
        )
}

proptest! {
    #[test]
    fn the_newest_and_the_pinned_are_always_kept(all in candidates(), policy in policies()) {
        let kept = kept(&policy, &all);
        let newest = all.iter().max_by_key(|one| (one.created_at, one.id.clone())).unwrap();
        prop_assert!(kept.contains(&newest.id));
        for one in all.iter().filter(|one| one.pinned) {
            prop_assert!(kept.contains(&one.id));
        }
    }

    #[test]
    fn limits_hold_for_all_but_the_newest_and_the_pinned(
        all in candidates(),
        policy in policies(),
    ) {
        let kept = kept(&policy, &all);
        let plain = all.iter().filter(|one| kept.contains(&one.id) && !one.pinned);
        if let Some(max) = policy.max_count {
            prop_assert!(plain.clone().count() <= max.max(1));
        }
        if let Some(max) = policy.max_age {
            prop_assert!(plain.filter(|one| NOW.duration_since(one.created_at) > max).count() <= 1);
        }
    }

    #[test]
    fn deciding_again_on_what_was_kept_drops_nothing(all in candidates(), policy in policies()) {
        let once = kept(&policy, &all);
        let rest: Vec<Candidate> =
            all.into_iter().filter(|one| once.contains(&one.id)).collect();
        prop_assert_eq!(kept(&policy, &rest), once);
    }

    #[test]
    fn a_longer_rule_never_keeps_less(all in candidates(), policy in policies()) {
        let unlimited = Policy { max_age: None, max_count: None, keep_last: 1, ..policy };
        let more = Policy { keep_last: 4, keep_daily: unlimited.keep_daily + 1, ..unlimited.clone() };
        let (less, more) = (kept(&unlimited, &all), kept(&more, &all));
        prop_assert!(less.iter().all(|id| more.contains(id)));
    }

    #[test]
    fn the_order_of_what_is_given_does_not_matter(all in candidates(), policy in policies()) {
        let reversed: Vec<Candidate> = all.iter().rev().cloned().collect();
        prop_assert_eq!(kept(&policy, &all), kept(&policy, &reversed));
    }
}
