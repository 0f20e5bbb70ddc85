//! `scan-result.json`: what could be updated.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Asset, AssetClass, AssetId, AssetKind, ChangeType, Channel, Digest, Revision, SourceName,
};

/// The result of phase 2. A superset of the first Smart Updater's file of the same name.
///
/// Every asset of the inventory stands in exactly one of the four lists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScanResult {
    /// Version of this shape: 1.
    pub version: u32,
    /// When it was made.
    pub scan_time: Timestamp,
    /// How many there are in each list.
    pub summary: ScanSummary,
    /// The candidates.
    pub updates: Vec<Update>,
    /// Those at the newest version that their channel offers.
    pub up_to_date: Vec<UpToDate>,
    /// Those whose source did not answer.
    pub unreachable: Vec<Unreachable>,
    /// Those that have no newer version to look for.
    pub skipped: Vec<Skipped>,
    /// Names this scan; the stages made from it repeat it.
    pub scan_id: String,
    /// The inventory that it was made from.
    pub inventory_id: String,
    /// The channel that was asked for.
    pub channel: Channel,
    /// Age in seconds of the oldest answer used, where some came from the cache unasked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offline_age_seconds: Option<u64>,
}

/// The counts in `scan-result.json`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScanSummary {
    /// All assets.
    pub total: usize,
    /// Candidates.
    pub updates_available: usize,
    /// Up to date.
    pub up_to_date: usize,
    /// Source did not answer.
    pub unreachable: usize,
    /// Nothing to look for.
    pub skipped: usize,
}

/// A candidate: an asset for which a newer version exists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Update {
    /// What people call the asset.
    pub name: String,
    /// `core`, `extension` or `skill`.
    #[serde(rename = "type")]
    pub class: AssetClass,
    /// Where it comes from.
    pub source: SourceName,
    /// What is installed.
    #[schemars(with = "String")]
    pub current: Revision,
    /// What is offered.
    #[schemars(with = "String")]
    pub latest: Revision,
    /// The size of the step.
    pub change_type: ChangeType,
    /// Where a person can read what changed.
    pub changelog_url: Option<String>,
    /// The npm package, for what comes from npm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub npm_package: Option<String>,
    /// Notes that the scan already brought along, for ClawHub skills.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changelog: Vec<String>,

    /// The asset.
    pub asset_id: AssetId,
    /// Class and source in one word.
    pub kind: AssetKind,
    /// When the offered version was published, where the source says so.
    pub published_at: Option<Timestamp>,
    /// The bytes that are offered.
    pub artifact: Artifact,
}

impl Update {
    /// The step of an asset from `current` to `latest`; what a source tells beyond that is added by
    /// who asked it.
    pub fn new(asset: &Asset, current: Revision, latest: Revision, artifact: Artifact) -> Self {
        Self {
            name: asset.name.clone(),
            class: asset.class,
            source: asset.source,
            change_type: ChangeType::between(&current, &latest),
            current,
            latest,
            changelog_url: None,
            npm_package: None,
            changelog: Vec::new(),
            asset_id: asset.id.clone(),
            kind: asset.kind,
            published_at: None,
            artifact,
        }
    }
}

/// What would be installed: where it can be had, and what it must be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(
    tag = "from",
    rename_all = "lowercase",
    rename_all_fields = "camelCase"
)]
pub enum Artifact {
    /// An npm tarball.
    Npm {
        /// The package.
        package: String,
        /// Where the archive is.
        tarball: String,
        /// npm's `sha512-…`; the registry may leave it out.
        integrity: Option<Digest>,
        /// What the registry's signature over it is worth.
        signature: SignatureState,
        /// What is known of how it was built.
        attestation: AttestationState,
        /// The range of Node versions it runs on.
        engines_node: Option<String>,
        /// Database schemas it writes (`openclaw.schemaVersions`).
        #[serde(default)]
        schema_versions: BTreeMap<String, u32>,
        /// The publisher's own warning against this version.
        deprecated: Option<String>,
        /// Who published the installed and the offered version, where the registry tells.
        publisher: PublisherChange,
        /// The repository that the package names, as an address.
        repository: Option<String>,
        /// Direct dependencies of the offered version, name to range, optional ones included.
        #[serde(default)]
        dependencies: BTreeMap<String, String>,
        /// Install hooks of the offered version, name to command.
        #[serde(default)]
        install_scripts: BTreeMap<String, String>,
    },
    /// A ClawHub archive.
    ClawHub {
        /// The registry's address.
        registry: String,
        /// The skill.
        slug: String,
        /// Its publisher's handle.
        owner: Option<String>,
        /// The version offered.
        version: String,
        /// Digest over the names and SHA-256 digests of the files that the registry lists.
        files_digest: Option<Digest>,
        /// The registry's own judgement.
        verdict: Verdict,
        /// Whether the publisher is still the one it was installed from.
        publisher: PublisherChange,
    },
    /// A commit.
    Git {
        /// The repository's address.
        url: String,
        /// The commit offered.
        commit: String,
        /// The directory inside the repository that holds the asset.
        subdir: Option<String>,
    },
}

impl Artifact {
    /// What the bytes must be, where the source commits itself to it.
    pub fn digest(&self) -> Option<Digest> {
        match self {
            Self::Npm { integrity, .. } => integrity.clone(),
            Self::ClawHub { files_digest, .. } => files_digest.clone(),
            Self::Git { commit, .. } => Digest::git(commit).ok(),
        }
    }
}

/// What a registry's signature over `name@version:integrity` is worth.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(
    tag = "state",
    rename_all = "kebab-case",
    rename_all_fields = "camelCase"
)]
pub enum SignatureState {
    /// Made with a key that the registry publishes.
    Verified {
        /// The key's id.
        key_id: String,
    },
    /// The registry publishes no keys, as mirrors do: nothing to verify against.
    NotSigned,
    /// The registry publishes keys and gives no signature for this version.
    Missing,
    /// The registry publishes keys and the signature is not made with any of them.
    Bad {
        /// What is wrong with it.
        reason: String,
    },
    /// It could not be looked at.
    Unknown {
        /// Why not.
        reason: String,
    },
}

/// What is known of how a package was built.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(
    tag = "state",
    rename_all = "kebab-case",
    rename_all_fields = "camelCase"
)]
pub enum AttestationState {
    /// The registry has an attestation for it; nobody here checked its signature.
    Present {
        /// Where it can be read.
        url: String,
    },
    /// The registry's own attestation of the publication is signed with one of its keys and names
    /// these very bytes.
    Verified {
        /// Where it can be read.
        url: String,
    },
    /// There is an attestation, and it is not about these bytes or its signature is wrong.
    Bad {
        /// Where it can be read.
        url: String,
        /// What is wrong.
        reason: String,
    },
    /// There is none.
    Absent,
    /// It could not be asked for.
    Unknown {
        /// Why not.
        reason: String,
    },
}

/// Whether those who published the offered version are those who published the installed one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "state", rename_all = "lowercase")]
pub enum PublisherChange {
    /// The same.
    Same {
        /// Who.
        publisher: String,
    },
    /// Others.
    Changed {
        /// Who published what is installed.
        before: String,
        /// Who published what is offered.
        after: String,
    },
    /// The source does not tell.
    Unknown,
}

/// A registry's own security judgement on a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "state", rename_all = "lowercase")]
pub enum Verdict {
    /// It may be installed.
    Pass {
        /// Where the audit can be read.
        url: Option<String>,
    },
    /// It must not be.
    Fail {
        /// The registry's reasons.
        reasons: Vec<String>,
        /// Where the audit can be read.
        url: Option<String>,
    },
    /// The registry did not say.
    Unknown {
        /// Why not.
        reason: String,
    },
}

/// An asset at the newest version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UpToDate {
    /// What people call it.
    pub name: String,
    /// What it is at.
    pub version: String,
    /// The asset.
    pub asset_id: AssetId,
}

/// An asset whose source did not answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Unreachable {
    /// What people call it.
    pub name: String,
    /// Where it comes from.
    pub source: SourceName,
    /// What happened.
    pub reason: String,
    /// The asset.
    pub asset_id: AssetId,
}

/// An asset that there is nothing to look for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Skipped {
    /// What people call it.
    pub name: String,
    /// Why, as a sentence: what the first Smart Updater's readers expect.
    pub reason: String,
    /// Why, as data.
    pub why: SkipReason,
    /// The asset.
    pub asset_id: AssetId,
}

impl Skipped {
    /// An asset that is skipped for this reason.
    pub fn new(asset: &Asset, why: SkipReason) -> Self {
        let (name, asset_id) = (asset.name.clone(), asset.id.clone());
        Self {
            name,
            reason: why.to_string(),
            why,
            asset_id,
        }
    }
}

/// Why an asset was not asked about, or what was offered is no candidate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(
    tag = "code",
    rename_all = "kebab-case",
    rename_all_fields = "camelCase"
)]
pub enum SkipReason {
    /// It is the user's own.
    Local,
    /// It goes with the core.
    Bundled,
    /// Nothing trustworthy says where it came from.
    Untracked {
        /// What is wrong with what is recorded.
        detail: String,
    },
    /// The source offers less than what is installed.
    OfferedIsOlder {
        /// What is installed.
        installed: String,
        /// What is offered.
        offered: String,
    },
    /// The checkout has commits that its remote has not.
    AheadOfRemote,
    /// Its package has no release on the channel that was asked for.
    NotOnChannel {
        /// The channel.
        channel: Channel,
    },
    /// The user wants it to stay what it is.
    Pinned {
        /// The version that it was pinned at, where it has one.
        version: Option<String>,
        /// Why, in the user's words.
        because: Option<String>,
    },
}

impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local => f.write_str("local: its source is on this machine"),
            Self::Bundled => f.write_str("bundled: goes with the core"),
            Self::Untracked { detail } => write!(f, "source untracked: {detail}"),
            Self::OfferedIsOlder { installed, offered } => {
                write!(
                    f,
                    "the source offers {offered}, older than the installed {installed}"
                )
            }
            Self::AheadOfRemote => f.write_str("has commits that its remote has not"),
            Self::NotOnChannel { channel } => {
                write!(f, "no release on the channel {}", channel.name())
            }
            Self::Pinned { version, because } => {
                f.write_str("pinned")?;
                if let Some(version) = version {
                    write!(f, " at {version}")?;
                }
                match because {
                    Some(because) => write!(f, ": {because}"),
                    None => Ok(()),
                }
            }
        }
    }
}
