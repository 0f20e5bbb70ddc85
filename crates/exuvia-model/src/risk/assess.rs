//! The risk table of DESIGN.md, section 5, row by row.

use std::collections::BTreeMap;

use super::{Assessment, Reason, Risk, Row};
use crate::asset::Provenance;
use crate::evidence::{EvidenceOutcome, Nature};
use crate::install::InstallSummary;
use crate::scan::{Artifact, PublisherChange, SignatureState, Verdict};
use crate::vetting::{Coverage, FindingKind};
use crate::{Asset, AssetClass, ChangeType, Evidence, Update, Version, Vetting};

/// What is looked at to assess one candidate.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The candidate.
    pub update: &'a Update,
    /// The asset as it is installed.
    pub asset: &'a Asset,
    /// The install that it is part of.
    pub install: &'a InstallSummary,
    /// What is known of its changes.
    pub evidence: &'a Evidence,
    /// What was found in it.
    pub vetting: &'a Vetting,
    /// Whether this version failed here before.
    pub known_bad: bool,
}

/// Assesses one candidate: every row that applies, and the worst of them.
pub fn assess(facts: Facts<'_>) -> Assessment {
    let mut rows = Rows::default();
    rows.of_step(facts.update, facts.evidence);
    rows.of_evidence(facts.evidence);
    rows.of_asset(facts.update, facts.asset);
    rows.of_artifact(&facts.update.artifact, facts.install);
    rows.of_vetting(facts.vetting);
    if facts.known_bad {
        rows.add(Row::KnownBad, facts.update.latest.to_string());
    }
    rows.finish()
}

#[derive(Default)]
struct Rows(Vec<Reason>);

impl Rows {
    fn add(&mut self, row: Row, detail: impl Into<String>) {
        self.0.push(Reason {
            row,
            detail: detail.into(),
        });
    }

    fn of_step(&mut self, update: &Update, evidence: &Evidence) {
        let step = format!("{} → {}", update.current.short(), update.latest.short());
        let nature = match &evidence.outcome {
            EvidenceOutcome::Available { nature, .. } => Some(*nature),
            EvidenceOutcome::Unavailable { .. } => None,
        };
        match update.change_type {
            ChangeType::Major => self.add(Row::MajorStep, &step),
            ChangeType::Minor => self.add(Row::MinorStep, &step),
            ChangeType::Patch if nature == Some(Nature::Fixes) => {
                self.add(Row::PatchOfFixes, &step);
            }
            ChangeType::Patch => self.add(Row::PatchUnclear, &step),
            ChangeType::Unknown => self.add(Row::NoVersions, &step),
        }
        if ChangeType::scheme_moved(&update.current, &update.latest) {
            self.add(Row::SchemeMoved, &step);
        }
        if let (Some(current), Some(latest)) = (update.current.version(), update.latest.version())
            && latest < current
        {
            self.add(Row::Downgrade, step);
        }
    }

    fn of_evidence(&mut self, evidence: &Evidence) {
        match &evidence.outcome {
            EvidenceOutcome::Available {
                nature, breaking, ..
            } => {
                if *nature == Nature::Breaking || !breaking.is_empty() {
                    self.add(
                        Row::NotesOfBreaking,
                        breaking.first().cloned().unwrap_or_default(),
                    );
                } else if *nature == Nature::Features {
                    self.add(Row::NotesOfFeatures, "");
                }
            }
            EvidenceOutcome::Unavailable { reason } => {
                self.add(Row::EvidenceUnavailable, reason);
            }
        }
    }

    fn of_asset(&mut self, update: &Update, asset: &Asset) {
        if asset.class == AssetClass::Extension {
            self.add(Row::IsExtension, "");
        }
        if !update.kind.can_be_upgraded() {
            self.add(Row::KindNotUpgradable, update.kind.to_string());
        }
        for conflict in &asset.conflicts {
            self.add(
                Row::NameConflict,
                format!("{} ({})", conflict.name, conflict.other_path),
            );
        }
        if let Provenance::Untracked { reason } = &asset.provenance {
            self.add(Row::SourceUntracked, reason);
        }
    }

    fn of_artifact(&mut self, artifact: &Artifact, install: &InstallSummary) {
        if artifact.digest().is_none() {
            self.add(Row::BadIntegrity, "");
        }
        match artifact {
            Artifact::Npm {
                signature,
                engines_node,
                schema_versions,
                deprecated,
                publisher,
                ..
            } => {
                self.of_signature(signature);
                self.of_publisher(publisher);
                self.of_node(engines_node.as_deref(), install);
                self.of_schemas(schema_versions, install);
                if let Some(words) = deprecated {
                    self.add(Row::DeprecatedByPublisher, words);
                }
            }
            Artifact::ClawHub {
                verdict, publisher, ..
            } => {
                self.of_publisher(publisher);
                match verdict {
                    Verdict::Pass { .. } => {}
                    Verdict::Fail { reasons, .. } => {
                        self.add(Row::VerdictFailed, reasons.join("; "));
                    }
                    Verdict::Unknown { reason } => self.add(Row::VerdictUnknown, reason),
                }
            }
            Artifact::Git { .. } => {}
        }
    }

    fn of_signature(&mut self, signature: &SignatureState) {
        match signature {
            SignatureState::Verified { .. } | SignatureState::NotSigned => {}
            SignatureState::Missing => self.add(Row::BadSignature, ""),
            SignatureState::Bad { reason } => self.add(Row::BadSignature, reason),
            SignatureState::Unknown { reason } => self.add(Row::SignatureUnknown, reason),
        }
    }

    fn of_publisher(&mut self, publisher: &PublisherChange) {
        if let PublisherChange::Changed { before, after } = publisher {
            self.add(Row::PublisherChanged, format!("{before} → {after}"));
        }
    }

    /// A range that cannot be read or a Node that is not known is left to Gate 1, which asks the
    /// Node itself; a known misfit is said here already.
    fn of_node(&mut self, range: Option<&str>, install: &InstallSummary) {
        let version = install
            .node
            .as_ref()
            .and_then(|node| node.version.parse::<Version>().ok());
        if let (Some(range), Some(version)) = (range, version)
            && version.satisfies(range) == Some(false)
        {
            self.add(Row::NodeTooOld, format!("{range}, not {version}"));
        }
    }

    fn of_schemas(&mut self, offered: &BTreeMap<String, u32>, install: &InstallSummary) {
        let moves: Vec<String> = offered
            .iter()
            .filter_map(|(name, to)| {
                let from = install.schema_versions.get(name)?;
                (from != to).then(|| format!("{name} {from} → {to}"))
            })
            .collect();
        if !moves.is_empty() {
            self.add(Row::MigratesDatabases, moves.join(", "));
        }
    }

    fn of_vetting(&mut self, vetting: &Vetting) {
        if let Coverage::Incomplete { reason } = &vetting.coverage {
            self.add(Row::VettingIncomplete, reason);
        }
        for finding in &vetting.findings {
            let Some(row) = row_of_finding(finding.kind) else {
                continue;
            };
            let place = match finding.line {
                Some(line) => format!("{}:{line}", finding.file),
                None => finding.file.clone(),
            };
            self.add(row, place);
        }
    }

    fn finish(mut self) -> Assessment {
        self.0
            .sort_by(|a, b| b.row.risk().cmp(&a.row.risk()).then_with(|| a.cmp(b)));
        self.0.dedup();
        let risk = self
            .0
            .iter()
            .map(|reason| reason.row.risk())
            .max()
            .unwrap_or(Risk::Unknown);
        Assessment {
            risk,
            reasons: self.0,
        }
    }
}

/// The row that a finding makes apply; the others inform without raising the risk.
fn row_of_finding(kind: FindingKind) -> Option<Row> {
    match kind {
        FindingKind::HostileArchive => Some(Row::HostileArchive),
        FindingKind::IntegrityMismatch => Some(Row::BadIntegrity),
        FindingKind::PublisherChanged => Some(Row::PublisherChanged),
        FindingKind::PromptInjection | FindingKind::Obfuscation => Some(Row::SuspiciousContent),
        FindingKind::InstallHook | FindingKind::NewExecutable | FindingKind::BinaryBlob => {
            Some(Row::NewExecutables)
        }
        FindingKind::Deprecated => Some(Row::DeprecatedByPublisher),
        FindingKind::CredentialAccess
        | FindingKind::ProcessSpawn
        | FindingKind::NetworkEndpoint
        | FindingKind::EnvironmentAccess
        | FindingKind::ChangedExecutable
        | FindingKind::DependencyAdded
        | FindingKind::DependencyRemoved
        | FindingKind::YoungRelease
        | FindingKind::NotSignedByRegistry
        | FindingKind::NoAttestation => None,
    }
}
