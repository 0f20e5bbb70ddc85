use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::evidence::{Attempt, Nature};
use crate::fixtures::{asset, evidence, install, update, vetting};
use crate::install::NodeRuntime;
use crate::scan::{Artifact, PublisherChange, SignatureState};
use crate::vetting::{Coverage, FindingKind};
use crate::{Asset, AssetKind, Evidence, Finding, InstallSummary, Update, Vetting};

/// One candidate that a test can spoil before it is assessed.
struct Case {
    asset: Asset,
    update: Update,
    install: InstallSummary,
    evidence: Evidence,
    vetting: Vetting,
    known_bad: bool,
}

impl Case {
    fn new(kind: AssetKind, current: &str, latest: &str, nature: Nature) -> Self {
        let asset = asset(kind, "demo", current);
        let update = update(&asset, latest);
        let (install, evidence, vetting) = (install(), evidence(nature), vetting());
        Self {
            asset,
            update,
            install,
            evidence,
            vetting,
            known_bad: false,
        }
    }

    fn with(mut self, spoil: impl FnOnce(&mut Self)) -> Self {
        spoil(&mut self);
        self
    }

    fn assess(&self) -> Assessment {
        assess(Facts {
            update: &self.update,
            asset: &self.asset,
            install: &self.install,
            evidence: &self.evidence,
            vetting: &self.vetting,
            known_bad: self.known_bad,
        })
    }
}

fn skill(current: &str, latest: &str, nature: Nature) -> Case {
    Case::new(AssetKind::SkillClawhub, current, latest, nature)
}

fn found(kind: FindingKind) -> Finding {
    Finding::new(kind, "subject", "run.sh", Some(3), "line")
}

fn npm(
    case: &mut Case,
    change: impl FnOnce(
        &mut SignatureState,
        &mut Option<String>,
        &mut BTreeMap<String, u32>,
        &mut PublisherChange,
    ),
) {
    if let Artifact::Npm {
        signature,
        engines_node,
        schema_versions,
        publisher,
        ..
    } = &mut case.update.artifact
    {
        change(signature, engines_node, schema_versions, publisher);
    }
}

/// What a case is called, the case, the risk it must come to and the row that must apply.
type Expected = (&'static str, Case, Risk, Row);

fn check(cases: Vec<Expected>) {
    for (what, case, risk, row) in cases {
        let assessment = case.assess();
        assert_eq!(assessment.risk, risk, "{what}: {assessment:?}");
        assert!(
            assessment.reasons.iter().any(|reason| reason.row == row),
            "{what}: {assessment:?}"
        );
    }
}

#[test]
fn a_step_and_its_notes_give_the_risk_that_the_table_says() {
    check(vec![
        (
            "patch of fixes",
            skill("1.0.0", "1.0.1", Nature::Fixes),
            Risk::Low,
            Row::PatchOfFixes,
        ),
        (
            "patch, unclear",
            skill("1.0.0", "1.0.1", Nature::Unclear),
            Risk::Medium,
            Row::PatchUnclear,
        ),
        (
            "minor",
            skill("1.0.0", "1.1.0", Nature::Fixes),
            Risk::Medium,
            Row::MinorStep,
        ),
        (
            "features",
            skill("1.0.0", "1.0.1", Nature::Features),
            Risk::Medium,
            Row::NotesOfFeatures,
        ),
        (
            "major",
            skill("1.0.0", "2.0.0", Nature::Fixes),
            Risk::High,
            Row::MajorStep,
        ),
        (
            "breaking",
            skill("1.0.0", "1.0.1", Nature::Breaking),
            Risk::High,
            Row::NotesOfBreaking,
        ),
        (
            "scheme",
            skill("1.0.0", "2026.1.0", Nature::Fixes),
            Risk::High,
            Row::SchemeMoved,
        ),
        (
            "extension",
            Case::new(AssetKind::ExtensionNpm, "1.0.0", "1.0.1", Nature::Fixes),
            Risk::Medium,
            Row::IsExtension,
        ),
        (
            "migration",
            Case::new(AssetKind::CoreNpm, "2026.9.5", "2026.9.6", Nature::Fixes).with(|c| {
                npm(c, |_, _, schemas, _| {
                    schemas.insert("state".into(), 18);
                });
            }),
            Risk::Medium,
            Row::MigratesDatabases,
        ),
    ]);
}

#[test]
fn what_nobody_could_look_at_is_unknown() {
    check(vec![
        (
            "no evidence",
            skill("1.0.0", "1.0.1", Nature::Fixes).with(|c| {
                let tried = Attempt {
                    source: "u".into(),
                    outcome: "404".into(),
                };
                c.evidence = Evidence::unavailable("nobody answered", vec![tried]);
            }),
            Risk::Unknown,
            Row::EvidenceUnavailable,
        ),
        (
            "new script",
            skill("1.0.0", "1.0.1", Nature::Fixes)
                .with(|c| c.vetting.findings.push(found(FindingKind::NewExecutable))),
            Risk::Unknown,
            Row::NewExecutables,
        ),
        (
            "vetting incomplete",
            skill("1.0.0", "1.0.1", Nature::Fixes)
                .with(|c| c.vetting.coverage = Coverage::Incomplete { reason: "x".into() }),
            Risk::Unknown,
            Row::VettingIncomplete,
        ),
    ]);
}

#[test]
fn what_is_wrong_with_the_asset_blocks() {
    check(vec![
        (
            "downgrade",
            skill("1.1.0", "1.0.9", Nature::Fixes),
            Risk::Blocked,
            Row::Downgrade,
        ),
        (
            "conflict",
            skill("1.0.0", "1.0.1", Nature::Fixes).with(|c| {
                c.asset.conflicts.push(crate::asset::Conflict {
                    name: "demo".into(),
                    other_path: "/y".into(),
                    wins: true,
                    rule: "workspace first".into(),
                });
            }),
            Risk::Blocked,
            Row::NameConflict,
        ),
        (
            "untracked",
            skill("1.0.0", "1.0.1", Nature::Fixes).with(|c| {
                c.asset.provenance = crate::asset::Provenance::Untracked {
                    reason: "lock file lies".into(),
                };
            }),
            Risk::Blocked,
            Row::SourceUntracked,
        ),
        (
            "known bad",
            skill("1.0.0", "1.0.1", Nature::Fixes).with(|c| c.known_bad = true),
            Risk::Blocked,
            Row::KnownBad,
        ),
        (
            "github extension",
            Case::new(AssetKind::ExtensionGithub, "1.0.0", "1.0.1", Nature::Fixes),
            Risk::Blocked,
            Row::KindNotUpgradable,
        ),
    ]);
}

#[test]
fn what_is_wrong_with_the_bytes_blocks() {
    check(vec![
        (
            "bad signature",
            skill("1.0.0", "1.0.1", Nature::Fixes).with(|c| {
                npm(c, |signature, _, _, _| {
                    *signature = SignatureState::Bad { reason: "x".into() };
                });
            }),
            Risk::Blocked,
            Row::BadSignature,
        ),
        (
            "missing signature",
            skill("1.0.0", "1.0.1", Nature::Fixes)
                .with(|c| npm(c, |signature, _, _, _| *signature = SignatureState::Missing)),
            Risk::Blocked,
            Row::BadSignature,
        ),
        (
            "publisher",
            skill("1.0.0", "1.0.1", Nature::Fixes).with(|c| {
                npm(c, |_, _, _, publisher| {
                    *publisher = PublisherChange::Changed {
                        before: "a".into(),
                        after: "b".into(),
                    };
                });
            }),
            Risk::Blocked,
            Row::PublisherChanged,
        ),
        (
            "node",
            skill("1.0.0", "1.0.1", Nature::Fixes).with(|c| {
                c.install.node = Some(NodeRuntime {
                    path: "node".into(),
                    version: "22.1.0".into(),
                });
                npm(c, |_, engines, _, _| *engines = Some(">=24".into()));
            }),
            Risk::Blocked,
            Row::NodeTooOld,
        ),
    ]);
}

#[test]
fn a_mirror_that_signs_nothing_does_not_block_and_a_matching_node_does_not_either() {
    let case = skill("1.0.0", "1.0.1", Nature::Fixes).with(|c| {
        c.install.node = Some(NodeRuntime {
            path: "node".into(),
            version: "24.21.0".into(),
        });
        npm(c, |_, engines, _, _| {
            *engines = Some(">=24.16.0 <25 || >=26.1.0".into());
        });
    });
    assert_eq!(case.assess().risk, Risk::Low);
}

#[test]
fn what_is_major_and_unknown_at_once_asks_for_the_name() {
    let case = skill("1.0.0", "2.0.0", Nature::Breaking)
        .with(|c| c.vetting.findings.push(found(FindingKind::InstallHook)));
    let assessment = case.assess();
    assert_eq!(assessment.risk, Risk::Unknown);
    assert!(assessment.needs_confirmation());
    let rows: Vec<Row> = assessment.reasons.iter().map(|reason| reason.row).collect();
    assert!(rows.is_sorted_by(|a, b| a.risk() >= b.risk()), "{rows:?}");
}

proptest! {
    #[test]
    fn adding_a_finding_never_lowers_the_risk(
        kinds in prop::collection::vec(prop::sample::select(FindingKind::ALL.to_vec()), 0..6),
        more in prop::sample::select(FindingKind::ALL.to_vec()),
        latest in prop::sample::select(vec!["1.0.1", "1.1.0", "2.0.0", "0.9.0", "2026.1.0"]),
        nature in prop::sample::select(vec![Nature::Fixes, Nature::Unclear, Nature::Features, Nature::Breaking]),
    ) {
        let mut case = skill("1.0.0", latest, nature);
        case.vetting.findings = kinds.into_iter().map(found).collect();
        let before = case.assess();
        case.vetting.findings.push(found(more));
        let after = case.assess();
        prop_assert!(after.risk >= before.risk);
        prop_assert!(before.reasons.iter().all(|reason| after.reasons.contains(reason)));
    }

    #[test]
    fn worse_notes_never_lower_the_risk(
        latest in prop::sample::select(vec!["1.0.1", "1.1.0", "2.0.0"]),
    ) {
        let natures = [Nature::Fixes, Nature::Unclear, Nature::Features, Nature::Breaking];
        let risks = natures.map(|nature| skill("1.0.0", latest, nature).assess().risk);
        prop_assert!(risks.is_sorted());
    }
}
