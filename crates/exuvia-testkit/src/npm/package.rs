//! A scripted package and its releases.

use base64::Engine as _;
use serde_json::{Value, json};

use super::Signing;
use super::tarball::{Entry, pack};
use crate::hash::sha512_hex;

/// A package: releases, dist-tags, and whatever else its packument shall say.
#[derive(Clone, Debug)]
pub struct Package {
    pub(super) name: String,
    pub(super) releases: Vec<Release>,
    pub(super) dist_tags: Vec<(String, String)>,
    pub(super) extra: Value,
}

impl Package {
    /// A package without releases; `name` may have a scope.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            releases: Vec::new(),
            dist_tags: Vec::new(),
            extra: json!({}),
        }
    }

    /// Adds a release; the last one added is `latest` unless [`Package::tag`] says otherwise.
    #[must_use]
    pub fn release(mut self, release: Release) -> Self {
        self.releases.push(release);
        self
    }

    /// Sets a dist-tag.
    #[must_use]
    pub fn tag(mut self, tag: &str, version: &str) -> Self {
        self.dist_tags.retain(|(other, _)| other != tag);
        self.dist_tags.push((tag.to_owned(), version.to_owned()));
        self
    }

    /// Adds top-level keys to the packument (`readme`, `repository`, …).
    #[must_use]
    pub fn with(mut self, key: &str, value: Value) -> Self {
        self.extra[key] = value;
        self
    }

    /// Adds `repository` of type git.
    #[must_use]
    pub fn repository(self, url: &str) -> Self {
        self.with("repository", json!({ "type": "git", "url": url }))
    }

    /// The package's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn find(&self, version: &str) -> Option<&Release> {
        self.releases
            .iter()
            .find(|release| release.version == version)
    }

    pub(super) fn tags(&self) -> Vec<(String, String)> {
        let mut tags = self.dist_tags.clone();
        let newest = self
            .releases
            .last()
            .filter(|_| !tags.iter().any(|(tag, _)| tag == "latest"));
        if let Some(newest) = newest {
            tags.push(("latest".to_owned(), newest.version.clone()));
        }
        tags
    }
}

/// One version of a package.
#[derive(Clone, Debug)]
pub struct Release {
    pub(super) version: String,
    pub(super) manifest: Value,
    pub(super) entries: Vec<Entry>,
    pub(super) published: String,
    pub(super) signing: Option<Signing>,
    pub(super) attestations: Option<Value>,
    pub(super) wrong_integrity: bool,
    packed_as: Option<String>,
}

impl Release {
    /// A release whose tarball holds a `package.json` and what is added.
    pub fn new(version: &str) -> Self {
        Self {
            version: version.to_owned(),
            manifest: json!({}),
            entries: Vec::new(),
            published: "2026-09-01T12:00:00.000Z".to_owned(),
            signing: None,
            attestations: None,
            wrong_integrity: false,
            packed_as: None,
        }
    }

    /// Adds a file below the tarball's `package/`.
    #[must_use]
    pub fn file(mut self, path: &str, content: impl Into<Vec<u8>>) -> Self {
        self.entries
            .push(Entry::file(format!("package/{path}"), content.into()));
        self
    }

    /// Adds an entry whose name is written as it is: `../../etc/x`, `/abs`, control characters.
    #[must_use]
    pub fn raw_entry(mut self, name: impl Into<Vec<u8>>, content: impl Into<Vec<u8>>) -> Self {
        self.entries.push(Entry {
            name: name.into(),
            content: content.into(),
            link: None,
        });
        self
    }

    /// Adds a symbolic link, named as it is.
    #[must_use]
    pub fn raw_link(mut self, name: impl Into<Vec<u8>>, target: &str) -> Self {
        let link = Some(target.to_owned());
        self.entries.push(Entry {
            name: name.into(),
            content: Vec::new(),
            link,
        });
        self
    }

    /// Sets a key of the manifest, in `package.json` and packument: `engines`, `scripts`,
    /// `dependencies`, `openclaw`, …; `deprecated` and what begins with `_`
    /// (`_npmUser`, the publisher) only in the packument.
    #[must_use]
    pub fn with(mut self, key: &str, value: Value) -> Self {
        self.manifest[key] = value;
        self
    }

    /// When it was published: RFC 3339, in the packument's `time`.
    #[must_use]
    pub fn published(mut self, time: &str) -> Self {
        time.clone_into(&mut self.published);
        self
    }

    /// How this release is signed, whatever the registry does otherwise.
    #[must_use]
    pub fn signing(mut self, signing: Signing) -> Self {
        self.signing = Some(signing);
        self
    }

    /// Makes the packument's `integrity` and `shasum` those of other bytes.
    #[must_use]
    pub fn wrong_integrity(mut self) -> Self {
        self.wrong_integrity = true;
        self
    }

    /// Makes the tarball's `package.json` say this version, whatever the registry calls it.
    #[must_use]
    pub fn packed_as(mut self, version: &str) -> Self {
        self.packed_as = Some(version.to_owned());
        self
    }

    /// What `/-/npm/v1/attestations` answers for this release.
    #[must_use]
    pub fn attestations(mut self, attestations: Value) -> Self {
        self.attestations = Some(attestations);
        self
    }

    /// Gives it a SLSA provenance statement in npm's shape: right subject and digest, built from
    /// `repository`, in an envelope whose signature no Sigstore would accept.
    #[must_use]
    pub fn provenance(self, name: &str, repository: &str) -> Self {
        let purl = format!("pkg:npm/{}@{}", name.replacen('@', "%40", 1), self.version);
        let statement = json!({
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{ "name": purl, "digest": { "sha512": sha512_hex(&self.tarball(name)) } }],
            "predicateType": "https://slsa.dev/provenance/v1",
            "predicate": { "buildDefinition": { "externalParameters": { "workflow": {
                "ref": format!("refs/tags/v{}", self.version),
                "repository": repository,
                "path": ".github/workflows/release.yml",
            } } } },
        });
        let payload = base64::engine::general_purpose::STANDARD.encode(statement.to_string());
        self.attestations(json!({ "attestations": [{
            "predicateType": "https://slsa.dev/provenance/v1",
            "bundle": {
                "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
                "verificationMaterial": { "tlogEntries": [] },
                "dsseEnvelope": {
                    "payload": payload,
                    "payloadType": "application/vnd.in-toto+json",
                    "signatures": [{ "sig": "c3RhbmQtaW4=", "keyid": "" }],
                },
            },
        }] }))
    }

    /// The release's version.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// `demo-1.0.0.tgz`: the scope is left out, as npm does.
    pub(super) fn file_name(&self, name: &str) -> String {
        let base = name.rsplit('/').next().unwrap_or(name);
        format!("{base}-{}.tgz", self.version)
    }

    /// `package.json`, and the packument's entry before `dist`.
    pub(super) fn manifest(&self, name: &str) -> Value {
        let mut manifest = self.manifest.clone();
        manifest["name"] = json!(name);
        manifest["version"] = json!(self.version);
        manifest
    }

    pub(super) fn tarball(&self, name: &str) -> Vec<u8> {
        let mut manifest = self.manifest(name);
        if let Some(version) = &self.packed_as {
            manifest["version"] = json!(version);
        }
        let fields = manifest.as_object_mut().expect("a manifest is an object");
        // What the registry says of a published version, the archive cannot know.
        fields.retain(|key, _| key != "deprecated" && !key.starts_with('_'));
        let text = serde_json::to_vec_pretty(&manifest).expect("JSON can be written");
        let own = Entry::file("package/package.json".to_owned(), text);
        pack(std::iter::once(&own).chain(&self.entries))
    }
}
