//! Plugins: payload on disk, and the record OpenClaw keeps of where it came from.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::{Install, write};
use crate::hash::{sha1_hex, sha256_hex, sha512_integrity};

/// One installed plugin.
#[derive(Clone, Debug)]
pub struct Plugin {
    id: String,
    package: String,
    version: String,
    source: Source,
    record: Vec<(String, Value)>,
    files: Vec<(String, Vec<u8>)>,
}

#[derive(Clone, Debug)]
enum Source {
    Npm,
    Git { url: String, commit: String },
    Linked { path: PathBuf },
    Archive { path: PathBuf },
}

impl Plugin {
    fn new(id: &str, package: &str, version: &str, source: Source) -> Self {
        Self {
            id: id.to_owned(),
            package: package.to_owned(),
            version: version.to_owned(),
            source,
            record: Vec::new(),
            files: Vec::new(),
        }
    }

    /// Installed from npm by `openclaw plugins install <package>@<version>`.
    pub fn npm(id: &str, package: &str, version: &str) -> Self {
        Self::new(id, package, version, Source::Npm)
    }

    /// Installed from git by `openclaw plugins install git:<url>`; the payload is no repository.
    pub fn git(id: &str, url: &str, commit: &str) -> Self {
        let source = Source::Git {
            url: url.to_owned(),
            commit: commit.to_owned(),
        };
        Self::new(id, &format!("openclaw-plugin-{id}"), "1.0.0", source)
    }

    /// Linked from a directory by `openclaw plugins install --link <path>`.
    pub fn linked(id: &str, path: &Path) -> Self {
        let source = Source::Linked {
            path: path.to_owned(),
        };
        Self::new(id, &format!("openclaw-plugin-{id}"), "1.0.0", source)
    }

    /// Installed from a local archive by `openclaw plugins install <path>.tgz`.
    pub fn archive(id: &str, path: &Path, version: &str) -> Self {
        let source = Source::Archive {
            path: path.to_owned(),
        };
        Self::new(id, &format!("openclaw-plugin-{id}"), version, source)
    }

    /// Sets a key of the install record, whatever it is.
    #[must_use]
    pub fn with(mut self, key: &str, value: Value) -> Self {
        self.record.push((key.to_owned(), value));
        self
    }

    /// Adds a file to the payload.
    #[must_use]
    pub fn file(mut self, path: &str, content: impl Into<Vec<u8>>) -> Self {
        self.files.push((path.to_owned(), content.into()));
        self
    }

    /// The plugin's id.
    pub fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn package(&self) -> &str {
        &self.package
    }

    pub(super) fn version(&self) -> &str {
        &self.version
    }

    pub(super) fn linked_path(&self) -> Option<&Path> {
        match &self.source {
            Source::Linked { path } => Some(path),
            Source::Npm | Source::Git { .. } | Source::Archive { .. } => None,
        }
    }

    /// Where the payload lies. The directory names have the form of OpenClaw's, not its hashes.
    pub(super) fn root(&self, install: &Install) -> PathBuf {
        match &self.source {
            Source::Npm => {
                let flat = self.package.trim_start_matches('@').replace('/', "-");
                let project = format!("{flat}-{}", &sha256_hex(self.package.as_bytes())[..10]);
                install
                    .state
                    .join("npm/projects")
                    .join(project)
                    .join("node_modules")
                    .join(&self.package)
            }
            Source::Git { url, .. } => {
                let hash = &sha256_hex(url.as_bytes())[..16];
                install.state.join(format!("git/git-{hash}/repo"))
            }
            Source::Linked { path } => path.clone(),
            Source::Archive { .. } => install.state.join("extensions").join(&self.id),
        }
    }

    pub(super) fn write_payload(&self, install: &Install) {
        let root = self.root(install);
        write_package(&root, &self.id, &self.package, &self.version);
        if matches!(self.source, Source::Npm) {
            self.write_project(&root);
        }
        for (path, content) in &self.files {
            write(&root.join(path), content);
        }
    }

    /// The npm project that OpenClaw makes for each of its plugins: two of what it pins in there.
    fn write_project(&self, root: &Path) {
        let modules = root.ancestors().find(|dir| dir.ends_with("node_modules"));
        let project = modules.and_then(Path::parent);
        let project = project.expect("a package in a project");
        let manifest = json!({
            "private": true, "dependencies": { &self.package: self.version },
            "overrides": { "axios": "1.20.0", "qs": "6.16.0" },
            "openclaw": { "managedOverrides": ["axios", "qs"] },
        });
        write(&project.join("package.json"), super::pretty(&manifest));
    }

    /// The plugin's entry in `installRecords`.
    pub(super) fn record(&self, install: &Install) -> Value {
        let mut record = json!({
            "installPath": self.root(install),
            "version": self.version,
            "installedAt": "2026-11-20T10:44:56.487Z",
        });
        let own = match &self.source {
            Source::Npm => {
                let spec = format!("{}@{}", self.package, self.version);
                json!({
                    "source": "npm", "spec": spec, "resolvedSpec": spec,
                    "resolvedName": self.package, "resolvedVersion": self.version,
                    "integrity": sha512_integrity(spec.as_bytes()), "shasum": sha1_hex(spec.as_bytes()),
                    "resolvedAt": "2026-11-20T10:44:44.528Z",
                })
            }
            Source::Git { url, commit } => json!({
                "source": "git", "spec": format!("git:{url}"), "gitUrl": url, "gitCommit": commit,
                "resolvedAt": "2026-11-20T10:44:44.528Z",
            }),
            Source::Linked { path } => json!({ "source": "path", "sourcePath": path }),
            Source::Archive { path } => json!({ "source": "archive", "sourcePath": path }),
        };
        for (key, value) in own.as_object().expect("an object was just built") {
            record[key] = value.clone();
        }
        for (key, value) in &self.record {
            record[key] = value.clone();
        }
        record
    }
}

/// A plugin's package on disk.
pub(super) fn write_package(root: &Path, id: &str, name: &str, version: &str) {
    for (path, content) in package_files(id, name, version) {
        write(&root.join(path), content);
    }
}

/// A plugin's package: manifest, `package.json` and one module.
pub(crate) fn package_files(id: &str, name: &str, version: &str) -> [(&'static str, String); 3] {
    let schema = json!({ "type": "object", "additionalProperties": false, "properties": {} });
    let manifest =
        json!({ "id": id, "name": id, "description": "A plugin", "configSchema": schema });
    let package = json!({
        "name": name, "version": version, "type": "module",
        "openclaw": { "extensions": ["./index.js"] },
    });
    let module = format!("export default {{ id: {id:?}, register() {{}} }};\n");
    [
        ("openclaw.plugin.json", manifest.to_string()),
        ("package.json", format!("{package:#}")),
        ("index.js", module),
    ]
}
