//! A version's archive, checked against the registry's promise while it is read.

use std::io::Read;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use exuvia_model::Digest;
use exuvia_model::digest::hex;
use flate2::read::MultiGzDecoder;
use ring::digest::{Algorithm, SHA1_FOR_LEGACY_USE_ONLY, SHA256, SHA384, SHA512};

use super::tarball_cache::{Kept, MAX_KEPT};
use super::{Manifest, Npm};
use crate::archive::{Archive, Layout, Limits, tar};
use crate::hash::HashingReader;
use crate::http::Ask;
use crate::{SourceError, redact};

/// Largest archive that is read, packed: several times OpenClaw's own.
const MAX_TARBALL: u64 = 512 << 20;

/// The digest that the registry promised.
#[derive(Debug, Clone)]
struct Promise {
    algorithm: &'static Algorithm,
    /// As the registry writes it: `sha512-…`, or SHA-1 in hexadecimal for old versions.
    text: String,
    is_hex: bool,
}

impl Promise {
    fn of(manifest: &Manifest) -> Option<Self> {
        let integrity = manifest.integrity.as_ref().map(Digest::as_str);
        let known = integrity.and_then(|text| {
            let algorithm = match text.split('-').next()? {
                "sha512" => &SHA512,
                "sha384" => &SHA384,
                "sha256" => &SHA256,
                "sha1" => &SHA1_FOR_LEGACY_USE_ONLY,
                _ => return None,
            };
            Some(Self {
                algorithm,
                text: text.to_owned(),
                is_hex: false,
            })
        });
        let legacy = || {
            manifest.shasum.as_ref().map(|sum| Self {
                algorithm: &SHA1_FOR_LEGACY_USE_ONLY,
                text: sum.to_ascii_lowercase(),
                is_hex: true,
            })
        };
        known.or_else(legacy)
    }

    fn written(&self, digest: &[u8]) -> String {
        if self.is_hex {
            return hex(digest);
        }
        let name = self.text.split('-').next().unwrap_or_default();
        format!("{name}-{}", STANDARD.encode(digest))
    }
}

impl Npm {
    /// What is in a version's archive. Bytes that are not the promised ones are an error.
    ///
    /// Archives of less than 20 MiB are kept, so that a second check needs no download. The
    /// registry's credentials are sent only if the archive lies where they are for.
    pub async fn tarball(&self, manifest: &Manifest) -> Result<Archive, SourceError> {
        let promise = Promise::of(manifest);
        let kept = promise
            .as_ref()
            .map(|promise| Kept::new(&self.http, &promise.text));
        let shown = redact::url(&manifest.tarball);
        if let Some(kept) = kept.clone() {
            let (promise, shown) = (promise.clone(), shown.clone());
            let read = move || {
                let archive = list(kept.open()?, promise.as_ref(), &shown);
                if archive.is_err() {
                    // Damaged on our own disk: the registry has another.
                    kept.forget();
                }
                archive.ok()
            };
            if let Ok(Some(archive)) = tokio::task::spawn_blocking(read).await {
                return Ok(archive);
            }
        }
        if !matches!(manifest.tarball.scheme(), "https" | "http") {
            let reason = "an archive is fetched over http only".to_owned();
            return Err(SourceError::Refused {
                what: shown,
                reason,
            });
        }
        let header = self.config.authorization(&manifest.tarball);
        let ask = Ask::archive(manifest.tarball.clone(), MAX_TARBALL).authorized(header);
        let read = move |body: &mut dyn Read| {
            let mut copy = Copying {
                inner: body,
                copy: Some(Vec::new()),
            };
            let archive = list(&mut copy, promise.as_ref(), &shown)?;
            if let (Some(kept), Some(bytes)) = (&kept, &copy.copy) {
                kept.put(bytes);
            }
            Ok(archive)
        };
        self.http.read(&ask, read).await
    }
}

/// Lists an archive to its end, and holds it against the promise.
fn list(reader: impl Read, promise: Option<&Promise>, shown: &str) -> Result<Archive, SourceError> {
    let bad = |reason: String| SourceError::BadArchive {
        url: shown.to_owned(),
        reason,
    };
    let mut hashing = HashingReader::new(reader, promise.map(|promise| promise.algorithm));
    // Which digest it has is known only at its end.
    let unknown = Digest::sha256(&[0; 32]);
    let mut archive = tar::read(
        MultiGzDecoder::new(&mut hashing),
        Limits::PACKAGE,
        Layout::BelowOneDirectory,
        unknown,
    );
    let passed = hashing.finish().map_err(|error| bad(error.to_string()))?;
    archive.digest = Digest::sha256(&passed.sha256);
    if let (Some(promise), Some(found)) = (promise, passed.promised) {
        let found = promise.written(found.as_ref());
        if found != promise.text {
            let (url, expected) = (shown.to_owned(), promise.text.clone());
            return Err(SourceError::IntegrityMismatch {
                url,
                expected,
                found,
            });
        }
    }
    Ok(archive)
}

/// Keeps a copy of what is read, until there is too much of it.
struct Copying<R> {
    inner: R,
    copy: Option<Vec<u8>>,
}

impl<R: Read> Read for Copying<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.inner.read(buffer)?;
        if let Some(copy) = &mut self.copy {
            copy.extend_from_slice(buffer.get(..read).unwrap_or_default());
            if copy.len() > MAX_KEPT {
                self.copy = None;
            }
        }
        Ok(read)
    }
}
