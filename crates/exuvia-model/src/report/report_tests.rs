use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::fixtures::{NOW, stages};

fn build(stages: Stages) -> Result<Report, Blocked> {
    Report::build(stages, "rep_1".into(), NOW)
}

fn present<T>(found: &mut Found<T>) -> &mut T {
    match found {
        Found::Present(document) => document,
        _ => panic!("the fixture has every document"),
    }
}

const TWO: [(&str, &str, &str); 2] = [("a", "1.0.0", "2.0.0"), ("b", "1.0.0", "1.0.1")];

#[test]
fn a_complete_check_becomes_a_report_with_the_least_risk_first() {
    let report = build(stages(&TWO)).unwrap();
    let names: Vec<_> = report
        .document()
        .entries
        .iter()
        .map(|e| (e.number, e.update.name.as_str()))
        .collect();
    assert_eq!(names, [(1, "b"), (2, "a")]);
    assert!(!report.is_expired(NOW + jiff::SignedDuration::from_mins(23 * 60 + 59)));
    assert!(report.is_expired(NOW + jiff::SignedDuration::from_hours(24)));
    assert!(
        report.is_expired(NOW - jiff::SignedDuration::from_secs(1)),
        "a clock that went back"
    );
}

/// Takes something away from a complete set of documents.
type Break = fn(&mut Stages);

#[test]
fn each_thing_that_is_missing_is_named_and_nothing_else() {
    let a = || AssetId::new(crate::AssetClass::Extension, "a");
    let cases: [(Break, Vec<Missing>); 13] = [
        (
            |s| s.inventory = Found::Absent,
            vec![Missing::Document {
                stage: Stage::Inventory,
            }],
        ),
        (
            |s| s.scan = Found::Absent,
            vec![Missing::Document { stage: Stage::Scan }],
        ),
        (
            |s| s.evidence = Found::Absent,
            vec![Missing::Document {
                stage: Stage::Evidence,
            }],
        ),
        (
            |s| s.vetting = Found::Absent,
            vec![Missing::Document {
                stage: Stage::Vetting,
            }],
        ),
        (
            |s| s.risk = Found::Absent,
            vec![Missing::Document { stage: Stage::Risk }],
        ),
        (
            |s| s.scan = Found::Unreadable("line 1".into()),
            vec![Missing::Unreadable {
                stage: Stage::Scan,
                reason: "line 1".into(),
            }],
        ),
        (
            |s| present(&mut s.scan).inventory_id = "inv_0".into(),
            vec![Missing::Stale {
                stage: Stage::Scan,
                than: Stage::Inventory,
            }],
        ),
        (
            |s| present(&mut s.risk).evidence_id = "evi_0".into(),
            vec![Missing::Stale {
                stage: Stage::Risk,
                than: Stage::Evidence,
            }],
        ),
        (
            |s| drop(present(&mut s.evidence).items.remove(0)),
            vec![Missing::Evidence { asset: a() }],
        ),
        (
            |s| present(&mut s.evidence).items[0].evidence = Evidence::unavailable("why", vec![]),
            vec![Missing::Source { asset: a() }],
        ),
        (
            |s| drop(present(&mut s.vetting).items.remove(0)),
            vec![Missing::Vetting { asset: a() }],
        ),
        (
            |s| present(&mut s.risk).items[0].assessment.reasons.clear(),
            vec![Missing::Risk { asset: a() }],
        ),
        (
            |s| drop(present(&mut s.scan).updates.remove(0)),
            vec![Missing::Unaccounted {
                asset: a(),
                times: 0,
            }],
        ),
    ];
    for (index, (spoil, expected)) in cases.into_iter().enumerate() {
        let mut stages = stages(&TWO);
        spoil(&mut stages);
        assert_eq!(build(stages).unwrap_err().missing, expected, "case {index}");
    }
}

#[test]
fn a_report_made_anew_of_an_old_scan_is_no_younger_than_the_scan() {
    let later = NOW + jiff::SignedDuration::from_hours(23);
    let report = Report::build(stages(&TWO), "rep_2".into(), later).unwrap();
    assert!(!report.is_expired(later));
    assert!(report.is_expired(later + jiff::SignedDuration::from_hours(1)));
}

#[test]
fn an_asset_in_two_lists_is_noticed() {
    let mut stages = stages(&TWO);
    let scan = present(&mut stages.scan);
    let asset_id = scan.updates[0].asset_id.clone();
    scan.skipped.push(Skipped {
        name: "a".into(),
        reason: "r".into(),
        why: crate::scan::SkipReason::Local,
        asset_id: asset_id.clone(),
    });
    let missing = build(stages).unwrap_err().missing;
    assert_eq!(
        missing,
        [Missing::Unaccounted {
            asset: asset_id,
            times: 2
        }]
    );
}

#[test]
fn with_nothing_to_update_the_later_stages_are_not_needed() {
    let mut stages = stages(&[]);
    (stages.evidence, stages.vetting, stages.risk) = (Found::Absent, Found::Absent, Found::Absent);
    assert!(build(stages).unwrap().document().entries.is_empty());
}

#[test]
fn a_report_that_lost_its_evidence_cannot_be_read_back() {
    let report = build(stages(&TWO)).unwrap();
    let json = serde_json::to_string(&report).unwrap();
    assert_eq!(serde_json::from_str::<Report>(&json).unwrap(), report);
    let mut document = report.document().clone();
    document.entries[0].evidence.attempts.clear();
    document.entries[0].evidence = Evidence::unavailable("why", vec![]);
    let spoiled = serde_json::to_string(&document).unwrap();
    let error = serde_json::from_str::<Report>(&spoiled)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("source of the evidence for extension:b"),
        "{error}"
    );
}

proptest! {
    /// Any subset of evidence, sources, vettings and risks taken away: a report if and only if
    /// nothing was, and every lack is named.
    #[test]
    fn a_report_exists_if_and_only_if_nothing_is_missing(
        lacks in prop::collection::vec((any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>()), 0..6),
    ) {
        let names: Vec<String> = (0..lacks.len()).map(|i| format!("asset{i}")).collect();
        let candidates: Vec<_> = names.iter().map(|name| (name.as_str(), "1.0.0", "1.0.1")).collect();
        let mut stages = stages(&candidates);
        let mut expected = BTreeSet::new();
        for (name, (no_evidence, no_source, no_vetting, no_risk)) in names.iter().zip(&lacks) {
            let asset = AssetId::new(crate::AssetClass::Extension, name);
            if *no_evidence {
                present(&mut stages.evidence).items.retain(|item| item.asset_id != asset);
                expected.insert(Missing::Evidence { asset: asset.clone() });
            } else if *no_source {
                for item in &mut present(&mut stages.evidence).items {
                    if item.asset_id == asset {
                        item.evidence = Evidence::unavailable("nobody answered", vec![]);
                    }
                }
                expected.insert(Missing::Source { asset: asset.clone() });
            }
            if *no_vetting {
                present(&mut stages.vetting).items.retain(|item| item.asset_id != asset);
                expected.insert(Missing::Vetting { asset: asset.clone() });
            }
            if *no_risk {
                present(&mut stages.risk).items.retain(|item| item.asset_id != asset);
                expected.insert(Missing::Risk { asset });
            }
        }
        match build(stages) {
            Ok(report) => {
                prop_assert!(expected.is_empty());
                prop_assert_eq!(report.document().entries.len(), lacks.len());
            }
            Err(blocked) => {
                let missing: BTreeSet<_> = blocked.missing.into_iter().collect();
                prop_assert_eq!(missing, expected);
            }
        }
    }
}
