//! Releases of OpenClaw, made of the bytes of a real one, with something wrong.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;

use anyhow::{Context as _, Result};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde_json::{Map, Value};
use tar::{Archive, Builder};

const LAUNCHER: &str = "openclaw.mjs";
const MANIFEST: &str = "package.json";
/// Where a running OpenClaw reads first which version it is (2026.9.6).
const BUILD: &str = "dist/build-info.json";

/// What is wrong with a release.
#[derive(Debug, Clone, Default)]
pub struct Broken {
    /// JavaScript that files begin with, by their path in the package.
    first: BTreeMap<String, String>,
    /// What `package.json` and the registry say of it besides.
    manifest: Map<String, Value>,
    /// Whether it says in its files that it is the version that it is made of.
    says_other: bool,
    /// Whether the registry promises other bytes.
    lied_about: bool,
}

impl Broken {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Its gateway does not start; everything else works.
    pub fn gateway() -> Self {
        Self::new().when_it_runs(
            "console.error(\"TypeError: cannot read properties of undefined (reading 'listen')\"); \
             process.exit(1);",
        )
    }

    /// Its launcher does this first when it is to run the gateway. `builtin(name)` is a module of
    /// Node's own.
    #[must_use]
    pub fn when_it_runs(self, script: &str) -> Self {
        let script = format!(
            "if (process.argv.includes(\"gateway\") && process.argv.includes(\"run\")) {{\n\
             const builtin = (name) => process.getBuiltinModule(`node:${{name}}`);\n{script}\n}}"
        );
        self.file(LAUNCHER, &script)
    }

    /// One of its files does this first.
    #[must_use]
    pub fn file(mut self, path: &str, script: &str) -> Self {
        self.first.insert(path.to_owned(), script.to_owned());
        self
    }

    /// `package.json`, and the registry, say this of it.
    #[must_use]
    pub fn manifest(mut self, key: &str, value: Value) -> Self {
        self.manifest.insert(key.to_owned(), value);
        self
    }

    /// When it runs it says that it is the version whose bytes it is made of.
    #[must_use]
    pub fn says_another_version(mut self) -> Self {
        self.says_other = true;
        self
    }

    /// The registry promises bytes that it does not serve.
    #[must_use]
    pub fn lied_about(mut self) -> Self {
        self.lied_about = true;
        self
    }

    pub(super) fn is_lied_about(&self) -> bool {
        self.lied_about
    }

    /// What a manifest says of a release of this version.
    pub(super) fn describe(&self, manifest: &mut Value, version: &str) {
        manifest["version"] = version.into();
        for (key, value) in &self.manifest {
            manifest[key.as_str()] = value.clone();
        }
    }

    /// The archive of a release, as one of this version.
    pub(super) fn archive(&self, archive: &Path, version: &str) -> Result<Vec<u8>> {
        let file = std::fs::File::open(archive)
            .with_context(|| format!("cannot read {}", archive.display()))?;
        let mut from = Archive::new(GzDecoder::new(file));
        let mut to = Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
        let mut missing: Vec<&String> = self.first.keys().collect();
        for entry in from.entries()? {
            let mut entry = entry?;
            let (path, mut header) = (entry.path()?.into_owned(), entry.header().clone());
            let mut content = Vec::new();
            entry.read_to_end(&mut content)?;
            let inner = path.strip_prefix("package").unwrap_or(&path);
            let inner = inner.to_str().unwrap_or_default();
            if let Some(script) = self.first.get(inner) {
                content = beginning(&content, script)?;
                missing.retain(|path| *path != inner);
            } else if inner == MANIFEST || (inner == BUILD && !self.says_other) {
                let mut json: Value = serde_json::from_slice(&content)?;
                match inner {
                    MANIFEST => self.describe(&mut json, version),
                    _ => json["version"] = version.into(),
                }
                content = serde_json::to_vec_pretty(&json)?;
            }
            header.set_size(content.len().try_into()?);
            to.append_data(&mut header, &path, content.as_slice())?;
        }
        anyhow::ensure!(missing.is_empty(), "the release has no {missing:?}");
        Ok(to.into_inner()?.finish()?)
    }
}

/// After the line that names the interpreter, if there is one.
fn beginning(file: &[u8], script: &str) -> Result<Vec<u8>> {
    let text = std::str::from_utf8(file)?;
    let (shebang, rest) = match text.split_once('\n') {
        Some((first, rest)) if first.starts_with("#!") => (format!("{first}\n"), rest),
        _ => (String::new(), text),
    };
    Ok(format!("{shebang}{script}\n{rest}").into_bytes())
}
