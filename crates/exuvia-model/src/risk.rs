//! Risk: DESIGN.md, section 5, as a function.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::evidence::{EvidenceOutcome, Nature};
use crate::install::InstallSummary;
use crate::scan::{Artifact, PublisherChange, SignatureState, Verdict};
use crate::vetting::{Coverage, FindingKind};
use crate::{Asset, AssetClass, AssetId, ChangeType, Evidence, Update, Version, Vetting};

/// How much could go wrong. Worse is greater.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Risk {
    /// 🟢 Fixes only.
    Low,
    /// 🟡 Features, an extension, or a migration.
    Medium,
    /// 🔴 Something is said to break.
    High,
    /// 🟠 Nobody can say: a person must look.
    Unknown,
    /// ⛔ It will not be done.
    Blocked,
}

impl Risk {
    /// Every risk, least first.
    pub const ALL: [Self; 5] = [
        Self::Low,
        Self::Medium,
        Self::High,
        Self::Unknown,
        Self::Blocked,
    ];

    /// The sign in reports.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Low => "🟢",
            Self::Medium => "🟡",
            Self::High => "🔴",
            Self::Unknown => "🟠",
            Self::Blocked => "⛔",
        }
    }
}

/// A row of the risk table that applies to a candidate.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Row {
    /// A patch whose notes speak only of fixes.
    PatchOfFixes,
    /// A patch whose notes do not say that it only fixes.
    PatchUnclear,
    /// A minor step.
    MinorStep,
    /// The notes speak of features.
    NotesOfFeatures,
    /// A git checkout: there are no versions to compare.
    NoVersions,
    /// A major step.
    MajorStep,
    /// The notes speak of breaking changes.
    NotesOfBreaking,
    /// The way of counting versions moved.
    SchemeMoved,
    /// An extension runs inside the gateway.
    IsExtension,
    /// The databases will be migrated.
    MigratesDatabases,
    /// The publisher deprecated this very version.
    DeprecatedByPublisher,
    /// No source told what changed.
    EvidenceUnavailable,
    /// New programs or install hooks.
    NewExecutables,
    /// Signs of an attack or of hiding: injection, obfuscation.
    SuspiciousContent,
    /// The archive could not be looked at as a whole.
    VettingIncomplete,
    /// The registry gave no judgement though it should have.
    VerdictUnknown,
    /// The signature could not be looked at.
    SignatureUnknown,
    /// Another asset answers to the same name.
    NameConflict,
    /// Nothing trustworthy says where the installed one came from.
    SourceUntracked,
    /// The offered version is below the installed one.
    Downgrade,
    /// The registry publishes keys and this is not signed with them.
    BadSignature,
    /// The bytes are not those promised, or nothing says which bytes they must be.
    BadIntegrity,
    /// The archive would write outside of its directory, or is a bomb.
    HostileArchive,
    /// Somebody else publishes it now.
    PublisherChanged,
    /// The registry judges it unsafe.
    VerdictFailed,
    /// It needs another Node than the one that runs OpenClaw.
    NodeTooOld,
    /// It failed here before.
    KnownBad,
    /// Exuvia does not replace assets of this kind.
    KindNotUpgradable,
}

impl Row {
    /// The risk that this row alone means.
    pub fn risk(self) -> Risk {
        match self {
            Self::PatchOfFixes => Risk::Low,
            Self::PatchUnclear
            | Self::MinorStep
            | Self::NotesOfFeatures
            | Self::NoVersions
            | Self::IsExtension
            | Self::MigratesDatabases => Risk::Medium,
            Self::MajorStep
            | Self::NotesOfBreaking
            | Self::SchemeMoved
            | Self::DeprecatedByPublisher => Risk::High,
            Self::EvidenceUnavailable
            | Self::NewExecutables
            | Self::SuspiciousContent
            | Self::VettingIncomplete
            | Self::VerdictUnknown
            | Self::SignatureUnknown => Risk::Unknown,
            Self::NameConflict
            | Self::SourceUntracked
            | Self::Downgrade
            | Self::BadSignature
            | Self::BadIntegrity
            | Self::HostileArchive
            | Self::PublisherChanged
            | Self::VerdictFailed
            | Self::NodeTooOld
            | Self::KnownBad
            | Self::KindNotUpgradable => Risk::Blocked,
        }
    }
}

/// A row that applies, and what it applies to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Reason {
    /// The row.
    pub row: Row,
    /// What made it apply, as data: a version, a host, a path. May be empty.
    pub detail: String,
}

/// How risky one candidate is, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Assessment {
    /// The worst row's risk.
    pub risk: Risk,
    /// Every row that applies, worst first. Never empty.
    pub reasons: Vec<Reason>,
}

impl Assessment {
    /// Whether the user must confirm this candidate by its name.
    pub fn needs_confirmation(&self) -> bool {
        self.reasons
            .iter()
            .any(|reason| matches!(reason.row.risk(), Risk::High | Risk::Unknown))
    }
}

/// The second half of phase 4: the risk of every candidate of one scan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RiskFile {
    /// Version of this shape: 1.
    pub version: u32,
    /// When it was assessed.
    pub assessed_at: Timestamp,
    /// The scan that it is for.
    pub scan_id: String,
    /// The evidence that it stands on.
    pub evidence_id: String,
    /// The vetting that it stands on.
    pub vetting_id: String,
    /// One for each candidate.
    pub items: Vec<RiskItem>,
}

impl RiskFile {
    /// The risk of that asset's candidate.
    pub fn of(&self, asset: &AssetId) -> Option<&Assessment> {
        self.items
            .iter()
            .find(|item| &item.asset_id == asset)
            .map(|item| &item.assessment)
    }
}

/// The risk of one candidate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RiskItem {
    /// The asset.
    pub asset_id: AssetId,
    /// How risky, and why.
    pub assessment: Assessment,
}

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
        if let crate::asset::Provenance::Untracked { reason } = &asset.provenance {
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

    fn of_schemas(
        &mut self,
        offered: &std::collections::BTreeMap<String, u32>,
        install: &InstallSummary,
    ) {
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

#[cfg(test)]
#[path = "risk_tests.rs"]
mod tests;
