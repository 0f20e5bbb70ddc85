//! Assets: the parts of an install that have a version of their own.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Digest, Revision};

/// Names one asset of one install: unique, and the same from check to check.
#[derive(
    Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct AssetId(String);

impl AssetId {
    /// `class:name`, such as `skill:workspace/demo`.
    pub fn new(class: AssetClass, name: &str) -> Self {
        Self(format!("{}:{name}", class.name()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AssetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What an asset is and where it came from, as one word pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum AssetKind {
    /// OpenClaw itself.
    #[serde(rename = "core/npm")]
    CoreNpm,
    /// A plugin from an npm registry.
    #[serde(rename = "extension/npm")]
    ExtensionNpm,
    /// A plugin from a directory or archive of the user's.
    #[serde(rename = "extension/local")]
    ExtensionLocal,
    /// A plugin from a git repository.
    #[serde(rename = "extension/github")]
    ExtensionGithub,
    /// A skill from a ClawHub registry.
    #[serde(rename = "skill/clawhub")]
    SkillClawhub,
    /// A skill from a git repository.
    #[serde(rename = "skill/github")]
    SkillGithub,
    /// A skill that the user wrote or copied.
    #[serde(rename = "skill/local")]
    SkillLocal,
    /// What came inside the package; goes with the core.
    #[serde(rename = "builtin/bundled")]
    BuiltinBundled,
}

impl AssetKind {
    /// The part before the slash.
    pub fn class(self) -> AssetClass {
        match self {
            Self::CoreNpm => AssetClass::Core,
            Self::ExtensionNpm | Self::ExtensionLocal | Self::ExtensionGithub => {
                AssetClass::Extension
            }
            Self::SkillClawhub | Self::SkillGithub | Self::SkillLocal => AssetClass::Skill,
            Self::BuiltinBundled => AssetClass::Builtin,
        }
    }

    /// The part after the slash.
    pub fn source(self) -> SourceName {
        match self {
            Self::CoreNpm | Self::ExtensionNpm => SourceName::Npm,
            Self::ExtensionLocal | Self::SkillLocal => SourceName::Local,
            Self::ExtensionGithub | Self::SkillGithub => SourceName::Github,
            Self::SkillClawhub => SourceName::Clawhub,
            Self::BuiltinBundled => SourceName::Bundled,
        }
    }

    /// Whether Exuvia ever replaces an asset of this kind (DESIGN.md, section 6, Gate 1).
    pub fn can_be_upgraded(self) -> bool {
        matches!(
            self,
            Self::CoreNpm | Self::ExtensionNpm | Self::SkillClawhub | Self::SkillGithub
        )
    }
}

impl fmt::Display for AssetKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.class().name(), self.source().name())
    }
}

/// The `type` of an asset in `inventory.json`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum AssetClass {
    /// OpenClaw itself.
    Core,
    /// A plugin.
    Extension,
    /// A skill.
    Skill,
    /// What the package brings along.
    Builtin,
}

impl AssetClass {
    /// The word in the files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Core => "core",
            Self::Extension => "extension",
            Self::Skill => "skill",
            Self::Builtin => "builtin",
        }
    }
}

/// The `source` of an asset in `inventory.json`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SourceName {
    /// An npm registry.
    Npm,
    /// A ClawHub registry.
    Clawhub,
    /// A git repository, wherever it is hosted: the first Smart Updater's word.
    Github,
    /// The user's own disk.
    Local,
    /// The package itself.
    Bundled,
}

impl SourceName {
    /// The word in the files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Npm => "npm",
            Self::Clawhub => "clawhub",
            Self::Github => "github",
            Self::Local => "local",
            Self::Bundled => "bundled",
        }
    }
}

/// One asset, as `inventory.json` tells it.
///
/// The first group of fields has the first Smart Updater's names and string values, so that scripts
/// which read its files go on working; the second is Exuvia's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Asset {
    /// What people call it.
    pub name: String,
    /// `core`, `extension`, `skill` or `builtin`.
    #[serde(rename = "type")]
    pub class: AssetClass,
    /// Where it came from.
    pub source: SourceName,
    /// What it is at, for what has versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub current_version: Option<Revision>,
    /// The npm package, for what came from npm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub npm_package: Option<String>,
    /// The version that ClawHub's lock file records, for a skill from ClawHub.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registry_version: Option<String>,
    /// The repository's address, for what came from git.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repo: Option<String>,
    /// The commit that is checked out, for what came from git.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current_commit: Option<String>,
    /// When it was installed, RFC 3339, where that is recorded or can be seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub installed_at: Option<String>,
    /// When its newest file was written, RFC 3339, for what is the user's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_modified: Option<String>,
    /// How many there are, for `builtin/bundled`. A string, as in the first Smart Updater.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<String>,

    /// Unique name of the asset in this install.
    pub id: AssetId,
    /// Class and source in one word.
    pub kind: AssetKind,
    /// Where it lies.
    pub path: String,
    /// What is recorded of where it came from.
    pub provenance: Provenance,
    /// Digest over names, modes and contents of its files.
    pub content_digest: Option<Digest>,
    /// What the user changed in it.
    pub local_changes: LocalChanges,
    /// Others that answer to the same name.
    pub conflicts: Vec<Conflict>,
    /// Files in it that can be run.
    pub scripts: Vec<Script>,
    /// What could not be read of it, in words.
    pub problems: Vec<String>,
}

impl Asset {
    /// An asset about which nothing but its place and its origin is known yet.
    pub fn new(kind: AssetKind, name: &str, path: &str, provenance: Provenance) -> Self {
        Self {
            name: name.to_owned(),
            class: kind.class(),
            source: kind.source(),
            current_version: None,
            npm_package: None,
            registry_version: None,
            repo: None,
            current_commit: None,
            installed_at: None,
            last_modified: None,
            count: None,
            id: AssetId::new(kind.class(), name),
            kind,
            path: path.to_owned(),
            provenance,
            content_digest: None,
            local_changes: LocalChanges::unknown("not looked at"),
            conflicts: Vec::new(),
            scripts: Vec::new(),
            problems: Vec::new(),
        }
    }

    /// What it is at: its version, else its commit.
    pub fn revision(&self) -> Option<Revision> {
        self.current_version
            .clone()
            .or_else(|| self.current_commit.clone().map(Revision::from))
    }

    /// Whether another asset shadows it or is shadowed by it.
    pub fn has_conflict(&self) -> bool {
        !self.conflicts.is_empty()
    }
}

/// What is recorded of an asset's origin, and by whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "by", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Provenance {
    /// An npm package.
    Npm {
        /// Its name.
        package: String,
        /// The spec it was asked for by (`@openclaw/msteams@2026.9.4`).
        spec: Option<String>,
        /// npm's `sha512-…` of the archive it came from.
        integrity: Option<String>,
    },
    /// A skill of a ClawHub registry.
    #[serde(rename = "clawhub")]
    ClawHub {
        /// The skill's name there.
        slug: String,
        /// Its publisher's handle.
        owner: Option<String>,
        /// The registry's address, when it is recorded.
        registry: Option<String>,
        /// Which of the two clients installed it.
        client: ClawHubClient,
        /// SHA-256 of the archive it came from, hexadecimal.
        archive_sha256: Option<String>,
    },
    /// A git repository.
    Git {
        /// Its address.
        url: String,
        /// The branch that is followed; the remote's default where absent.
        branch: Option<String>,
        /// The directory inside the repository that holds the asset.
        subdir: Option<String>,
        /// Whether the user cloned it, or OpenClaw did.
        cloned_by: ClonedBy,
    },
    /// A directory or archive of the user's.
    Local {
        /// Where it was taken from, when that is recorded.
        source_path: Option<String>,
        /// Whether it is used in place instead of copied.
        linked: bool,
    },
    /// Came inside the package.
    Bundled,
    /// Nothing trustworthy is recorded.
    Untracked {
        /// Why not.
        reason: String,
    },
}

/// The two clients of ClawHub lay skills out differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ClawHubClient {
    /// `openclaw skills install`: `skills/demo`.
    #[serde(rename = "openclaw")]
    OpenClaw,
    /// The `clawhub` command: `skills/@acme/demo`.
    #[serde(rename = "clawhub")]
    ClawHubCli,
}

/// Who made a checkout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ClonedBy {
    /// `openclaw plugins install git:…` or `openclaw skills install`.
    #[serde(rename = "openclaw")]
    OpenClaw,
    /// `git clone`, by hand.
    User,
}

/// What the user changed in an asset since it was installed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(
    tag = "state",
    rename_all = "lowercase",
    rename_all_fields = "camelCase"
)]
pub enum LocalChanges {
    /// Nothing: the files are those that were installed.
    None {
        /// What the files were compared with.
        basis: String,
    },
    /// Something.
    Modified {
        /// What the files were compared with.
        basis: String,
        /// Which files, where that can be told.
        files: Vec<ChangedFile>,
    },
    /// It could not be told.
    Unknown {
        /// Why not.
        reason: String,
    },
}

impl LocalChanges {
    /// It could not be told, because of this.
    pub fn unknown(reason: impl Into<String>) -> Self {
        Self::Unknown {
            reason: reason.into(),
        }
    }
}

/// One file that is not as it was installed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct ChangedFile {
    /// Its path inside the asset.
    pub path: String,
    /// What became of it.
    pub change: FileChange,
}

/// What became of a file.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum FileChange {
    /// It was not there before.
    Added,
    /// Its content is another.
    Edited,
    /// It is gone.
    Deleted,
}

/// Two assets that answer to one name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Conflict {
    /// The name that both use.
    pub name: String,
    /// Where the other one lies.
    pub other_path: String,
    /// Whether this one is the one that OpenClaw loads.
    pub wins: bool,
    /// The rule that decides between them.
    pub rule: String,
}

/// A file that can be run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Script {
    /// Its path inside the asset.
    pub path: String,
    /// How it can be told.
    pub why: ScriptSign,
}

/// How a script was recognised.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum ScriptSign {
    /// Its mode says so.
    ExecutableBit,
    /// Its first line says so.
    Shebang,
    /// Its name's ending says so.
    Extension,
    /// `package.json` runs it at install time.
    InstallHook,
}
