//! What a publisher puts on ClawHub.

/// 2026-09-01T12:00:00Z, in milliseconds: when things were published that say nothing else.
const PUBLISHED: u64 = 1_788_264_000_000;

/// A skill with its versions.
#[derive(Clone, Debug)]
pub struct Skill {
    pub(super) owner: String,
    pub(super) handed_to: Option<String>,
    pub(super) slug: String,
    pub(super) summary: String,
    pub(super) releases: Vec<Release>,
    pub(super) latest: Option<String>,
    pub(super) moderation: Option<Moderation>,
    pub(super) github: Option<Github>,
}

/// What ClawHub's moderators say of a skill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moderation {
    /// Flagged for review: the CLI wants `--force`.
    Suspicious,
    /// Blocked as malware: the CLI refuses.
    Malware,
}

/// Where a skill lives that ClawHub only points to (`installKind: "github"`).
#[derive(Clone, Debug)]
pub struct Github {
    /// `owner/name`.
    pub repo: String,
    /// Directory inside the repository.
    pub path: String,
    /// Full commit hash.
    pub commit: String,
    /// Hash of the folder's content, in ClawHub's way.
    pub content_hash: String,
}

/// ClawHub's security verdict on one version.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Verdict {
    /// Scanned and clean.
    #[default]
    Clean,
    /// Not scanned yet.
    Pending,
    /// Scanned, suspicious.
    Suspicious,
    /// Malicious: clients refuse to download.
    Malicious,
}

impl Skill {
    /// A skill without versions, published by `owner`.
    pub fn new(owner: &str, slug: &str) -> Self {
        Self {
            owner: owner.to_owned(),
            handed_to: None,
            slug: slug.to_owned(),
            summary: format!("{slug} of the stand-in"),
            releases: Vec::new(),
            latest: None,
            moderation: None,
            github: None,
        }
    }

    /// Adds a version, which becomes the latest.
    #[must_use]
    pub fn version(mut self, release: Release) -> Self {
        self.latest = Some(release.version.clone());
        self.releases.push(release);
        self
    }

    /// Moves `latest`.
    #[must_use]
    pub fn latest(mut self, version: &str) -> Self {
        self.latest = Some(version.to_owned());
        self
    }

    /// Says of it that somebody else publishes it now; it is still found by its old address.
    #[must_use]
    pub fn handed_to(mut self, owner: &str) -> Self {
        self.handed_to = Some(owner.to_owned());
        self
    }

    /// Takes one of its versions back and puts another in its place, the order kept.
    #[must_use]
    pub fn replaced(mut self, release: &Release) -> Self {
        for old in &mut self.releases {
            if old.version == release.version {
                old.clone_from(release);
            }
        }
        self
    }

    /// Sets what the moderators say.
    #[must_use]
    pub fn moderated(mut self, moderation: Moderation) -> Self {
        self.moderation = Some(moderation);
        self
    }

    /// Makes it a pointer into a GitHub repository; such a skill has no versions.
    #[must_use]
    pub fn on_github(mut self, github: Github) -> Self {
        self.github = Some(github);
        self
    }

    pub(super) fn release(&self, version: &str) -> Option<&Release> {
        self.releases
            .iter()
            .find(|release| release.version == version)
    }

    pub(super) fn newest(&self) -> Option<&Release> {
        self.release(self.latest.as_deref()?)
    }
}

/// One version of a skill.
#[derive(Clone, Debug)]
pub struct Release {
    pub(super) version: String,
    pub(super) changelog: String,
    pub(super) created_at: u64,
    pub(super) files: Vec<(String, Vec<u8>)>,
    pub(super) unlisted: Vec<(String, Vec<u8>)>,
    pub(super) verdict: Verdict,
}

impl Release {
    /// A version without files, changelog, or anything held against it.
    pub fn new(version: &str) -> Self {
        Self {
            version: version.to_owned(),
            changelog: String::new(),
            created_at: PUBLISHED,
            files: Vec::new(),
            unlisted: Vec::new(),
            verdict: Verdict::Clean,
        }
    }

    /// Sets the version's notes.
    #[must_use]
    pub fn changelog(mut self, notes: &str) -> Self {
        notes.clone_into(&mut self.changelog);
        self
    }

    /// Sets when it was published, in milliseconds since 1970.
    #[must_use]
    pub fn created_at(mut self, at_ms: u64) -> Self {
        self.created_at = at_ms;
        self
    }

    /// Adds a file; the path goes into the archive as it is, also `../x`.
    #[must_use]
    pub fn file(mut self, path: &str, content: impl Into<Vec<u8>>) -> Self {
        self.files.push((path.to_owned(), content.into()));
        self
    }

    /// Adds a file to the archive that is not in the list of its files.
    #[must_use]
    pub fn unlisted(mut self, path: &str, content: impl Into<Vec<u8>>) -> Self {
        self.unlisted.push((path.to_owned(), content.into()));
        self
    }

    /// Adds a `SKILL.md` with frontmatter `name` and `description` and a short body.
    #[must_use]
    pub fn skill_md(self, name: &str, description: &str) -> Self {
        let version = self.version.clone();
        self.file("SKILL.md", skill_md(name, description, &version))
    }

    /// Sets the security verdict.
    #[must_use]
    pub fn verdict(mut self, verdict: Verdict) -> Self {
        self.verdict = verdict;
        self
    }
}

/// A plain `SKILL.md`.
pub(crate) fn skill_md(name: &str, description: &str, version: &str) -> String {
    format!(
        "---\nname: {name}\ndescription: \"{description}\"\n---\n\n# {name}\n\nVersion {version}. Say what was asked, in one sentence.\n"
    )
}
