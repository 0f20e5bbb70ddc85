//! Vetting: what a new version brings that the old did not have.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{AssetId, Digest};

/// The first half of phase 4: what was found in every candidate of one scan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct VettingFile {
    /// Version of this shape: 1.
    pub version: u32,
    /// When it was done.
    pub vetted_at: Timestamp,
    /// Names this file; the risk stage repeats it.
    pub vetting_id: String,
    /// The scan that it is for.
    pub scan_id: String,
    /// One for each candidate.
    pub items: Vec<VettingItem>,
}

impl VettingFile {
    /// What was found in that asset's candidate.
    pub fn of(&self, asset: &AssetId) -> Option<&Vetting> {
        self.items
            .iter()
            .find(|item| &item.asset_id == asset)
            .map(|item| &item.vetting)
    }
}

/// The vetting of one candidate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct VettingItem {
    /// The asset.
    pub asset_id: AssetId,
    /// What was found.
    pub vetting: Vetting,
    /// What was compared with what; absent where that has no digests. As long as it stays the
    /// same, so does what is found in the files.
    #[serde(default)]
    pub basis: Option<VettingBasis>,
}

/// The bytes that a vetting compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct VettingBasis {
    /// Digest of the installed files.
    pub installed: Digest,
    /// Digest of what is offered, as its source commits itself to it.
    pub offered: Digest,
    /// The rules that looked: they change from release to release of Exuvia.
    pub rules: u32,
}

/// What was found in one candidate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Vetting {
    /// How much of it was looked at.
    pub coverage: Coverage,
    /// Digest of the archive that was looked at.
    pub artifact_digest: Option<Digest>,
    /// What was found, worst first.
    pub findings: Vec<Finding>,
}

/// How much of a candidate was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum Coverage {
    /// Every file.
    Full,
    /// Dependencies and install hooks, not every file: `core/npm`.
    Manifest,
    /// Less than that should be.
    Incomplete {
        /// Why.
        reason: String,
    },
}

/// One thing that was found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// What it is.
    pub kind: FindingKind,
    /// What it is about: a host, a variable, a dependency, a publisher.
    pub subject: String,
    /// The file it was found in; for what is not in a file, what it was found in.
    pub file: String,
    /// The line in that file, from 1.
    pub line: Option<u32>,
    /// The line itself, cleaned and cut to 160 characters.
    pub excerpt: String,
}

/// The kinds of findings, worst first.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum FindingKind {
    /// The archive itself attacks: `../`, absolute paths, links out of it, a bomb.
    HostileArchive,
    /// The bytes are not those that the registry promised.
    IntegrityMismatch,
    /// Published by somebody else than what is installed.
    PublisherChanged,
    /// Text that gives an agent orders that its user did not.
    PromptInjection,
    /// Code written so that it cannot be read.
    Obfuscation,
    /// Code that was not there, and runs when the package is installed.
    InstallHook,
    /// A program that was not there.
    NewExecutable,
    /// Bytes that are neither text nor a usual medium.
    BinaryBlob,
    /// Reads passwords, tokens or keys.
    CredentialAccess,
    /// Starts other programs.
    ProcessSpawn,
    /// Speaks to an address that the old version did not.
    NetworkEndpoint,
    /// Reads the environment.
    EnvironmentAccess,
    /// A program that is not as it was.
    ChangedExecutable,
    /// A dependency that was not there.
    DependencyAdded,
    /// A dependency that is gone.
    DependencyRemoved,
    /// Published less than a week ago.
    YoungRelease,
    /// The publisher warns against this version.
    Deprecated,
    /// The registry that was asked signs nothing.
    NotSignedByRegistry,
    /// Nothing attests how it was built.
    NoAttestation,
}

impl FindingKind {
    /// Every kind, worst first.
    pub const ALL: [Self; 19] = [
        Self::HostileArchive,
        Self::IntegrityMismatch,
        Self::PublisherChanged,
        Self::PromptInjection,
        Self::Obfuscation,
        Self::InstallHook,
        Self::NewExecutable,
        Self::BinaryBlob,
        Self::CredentialAccess,
        Self::ProcessSpawn,
        Self::NetworkEndpoint,
        Self::EnvironmentAccess,
        Self::ChangedExecutable,
        Self::DependencyAdded,
        Self::DependencyRemoved,
        Self::YoungRelease,
        Self::Deprecated,
        Self::NotSignedByRegistry,
        Self::NoAttestation,
    ];
}

impl Finding {
    /// Longest excerpt, in characters.
    pub const EXCERPT_MAX: usize = 160;

    /// A finding whose text is cleaned for showing.
    pub fn new(
        kind: FindingKind,
        subject: &str,
        file: &str,
        line: Option<u32>,
        excerpt: &str,
    ) -> Self {
        Self {
            kind,
            subject: crate::text::one_line(subject, 120),
            file: crate::text::one_line(file, 200),
            line,
            excerpt: crate::text::one_line(excerpt, Self::EXCERPT_MAX),
        }
    }
}
