//! A release of OpenClaw, made of the bytes of a real one, whose gateway does not start.

use std::io::Read as _;
use std::path::Path;

use anyhow::{Context as _, Result};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde_json::Value;
use tar::{Archive, Builder};

/// What its launcher does first: everything but the gateway works.
const REFUSAL: &str = "if (process.argv.includes(\"gateway\") && process.argv.includes(\"run\")) {\n  \
     console.error(\"TypeError: cannot read properties of undefined (reading 'listen')\");\n  \
     process.exit(1);\n}\n";
const LAUNCHER: &str = "package/openclaw.mjs";
const MANIFEST: &str = "package/package.json";

/// The archive of a release, as one of this version that is broken.
pub(super) fn broken(archive: &Path, version: &str) -> Result<Vec<u8>> {
    let file = std::fs::File::open(archive)
        .with_context(|| format!("cannot read {}", archive.display()))?;
    let mut from = Archive::new(GzDecoder::new(file));
    let mut to = Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for entry in from.entries()? {
        let mut entry = entry?;
        let (path, mut header) = (entry.path()?.into_owned(), entry.header().clone());
        let mut content = Vec::new();
        entry.read_to_end(&mut content)?;
        if path == Path::new(LAUNCHER) {
            content = refusing(&content)?;
        } else if path == Path::new(MANIFEST) {
            content = named(&content, version)?;
        }
        header.set_size(content.len().try_into()?);
        to.append_data(&mut header, &path, content.as_slice())?;
    }
    Ok(to.into_inner()?.finish()?)
}

/// After the line that names the interpreter.
fn refusing(launcher: &[u8]) -> Result<Vec<u8>> {
    let text = std::str::from_utf8(launcher)?;
    let (first, rest) = text.split_once('\n').context("the launcher has one line")?;
    Ok(format!("{first}\n{REFUSAL}{rest}").into_bytes())
}

fn named(manifest: &[u8], version: &str) -> Result<Vec<u8>> {
    let mut manifest: Value = serde_json::from_slice(manifest)?;
    manifest["version"] = version.into();
    Ok(serde_json::to_vec_pretty(&manifest)?)
}
