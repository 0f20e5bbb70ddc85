//! Attestations: what the registry, or a build service, states about how a version came to be.
//!
//! `GET <registry>/-/npm/v1/attestations/<name>@<version>` gives a list. The registry's own
//! (`…/publish/v0.1`) is a DSSE envelope signed with one of the registry's published keys, and is
//! verified here. SLSA provenance is signed through Sigstore; that it is there, and about these
//! bytes, is all that is said of it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use exuvia_model::scan::AttestationState;
use serde::{Deserialize, Serialize};

use super::keys::{Judgement, Key};
use super::{Manifest, Npm, name};
use crate::http::Ask;
use crate::{SourceError, redact};

/// The registry's own predicate, without the version of its specification's repository.
const PUBLISH: &str = "/specs/publish/v0.1";

#[derive(Debug, Serialize, Deserialize)]
struct Listed {
    #[serde(default)]
    attestations: Vec<Attestation>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Attestation {
    predicate_type: String,
    bundle: Bundle,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bundle {
    dsse_envelope: Envelope,
}

/// DSSE, "Dead Simple Signing Envelope".
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope {
    payload: String,
    payload_type: String,
    #[serde(default)]
    signatures: Vec<EnvelopeSignature>,
}

#[derive(Debug, Serialize, Deserialize)]
struct EnvelopeSignature {
    sig: String,
    #[serde(default)]
    keyid: String,
}

/// An in-toto statement, as far as it says what it is about.
#[derive(Deserialize)]
struct Statement {
    #[serde(default)]
    subject: Vec<Subject>,
}

#[derive(Deserialize)]
struct Subject {
    name: String,
    digest: std::collections::BTreeMap<String, String>,
}

impl Npm {
    /// What is known of how this version was published and built.
    pub async fn attestation(&self, manifest: &Manifest) -> AttestationState {
        match self.ask_for_attestations(manifest).await {
            Ok(state) => state,
            Err(SourceError::NotFound { .. }) => AttestationState::Absent,
            Err(error) => AttestationState::Unknown {
                reason: error.to_string(),
            },
        }
    }

    async fn ask_for_attestations(
        &self,
        manifest: &Manifest,
    ) -> Result<AttestationState, SourceError> {
        let registry = self.config.registry_for(&manifest.name)?;
        let package = name::escaped(&manifest.name)?;
        let path = format!("-/npm/v1/attestations/{package}@{}", manifest.version);
        let url = name::below(&registry, &path)?;
        let shown = redact::url(&url);
        let header = self.config.authorization(&url);
        let ask = Ask::json(url).authorized(header);
        let listed: Listed = self.http.json(&ask, "npm-attestations-1").await?;
        if listed.attestations.is_empty() {
            return Ok(AttestationState::Absent);
        }
        let keys = self.keys_of(&registry).await?;
        Ok(judge(manifest, &listed.attestations, &keys, shown))
    }
}

/// The rule, given what the registry lists and its keys: any attestation about other bytes, or
/// wrongly signed by the registry, is bad, whatever the others say.
fn judge(manifest: &Manifest, all: &[Attestation], keys: &[Key], url: String) -> AttestationState {
    let mut is_verified = false;
    for attestation in all {
        let envelope = &attestation.bundle.dsse_envelope;
        let checked = envelope.payload().and_then(|payload| {
            is_about(&payload, manifest)?;
            // Without keys there is nothing to verify against; with a mirror that is the rule.
            if attestation.predicate_type.ends_with(PUBLISH) && !keys.is_empty() {
                envelope.verify(&payload, keys, manifest)?;
                is_verified = true;
            }
            Ok(())
        });
        if let Err(reason) = checked {
            return AttestationState::Bad { url, reason };
        }
    }
    if is_verified {
        AttestationState::Verified { url }
    } else {
        AttestationState::Present { url }
    }
}

impl Envelope {
    fn payload(&self) -> Result<Vec<u8>, String> {
        STANDARD
            .decode(&self.payload)
            .map_err(|_| "its content is not base64".to_owned())
    }

    fn verify(&self, payload: &[u8], keys: &[Key], manifest: &Manifest) -> Result<(), String> {
        let message = pre_authentication_encoding(&self.payload_type, payload);
        let mut reason = "it is not signed".to_owned();
        for signature in &self.signatures {
            let Some(key) = keys.iter().find(|key| key.keyid == signature.keyid) else {
                "it is signed with a key that the registry does not publish"
                    .clone_into(&mut reason);
                continue;
            };
            match key.judge(&message, &signature.sig, manifest.published_at) {
                Judgement::Good => return Ok(()),
                Judgement::Wrong(why) | Judgement::Undecided(why) => reason = why,
            }
        }
        Err(reason)
    }
}

/// What DSSE signs: type and content, each with its length, so that neither can flow into the
/// other.
fn pre_authentication_encoding(kind: &str, payload: &[u8]) -> Vec<u8> {
    let head = format!("DSSEv1 {} {kind} {} ", kind.len(), payload.len());
    [head.as_bytes(), payload].concat()
}

/// Whether a statement is about this version and these bytes.
fn is_about(payload: &[u8], manifest: &Manifest) -> Result<(), String> {
    let statement: Statement =
        serde_json::from_slice(payload).map_err(|_| "its content is no statement".to_owned())?;
    let promised = manifest
        .integrity
        .as_ref()
        .and_then(|digest| digest.as_str().strip_prefix("sha512-"))
        .and_then(|base64| STANDARD.decode(base64).ok())
        .map(|bytes| exuvia_model::digest::hex(&bytes))
        .ok_or_else(|| "the registry promises no SHA-512 to compare it with".to_owned())?;
    let purl = format!(
        "pkg:npm/{}@{}",
        manifest.name.replacen('@', "%40", 1),
        manifest.version
    );
    let fits = |subject: &Subject| {
        subject.name == purl
            && subject
                .digest
                .get("sha512")
                .is_some_and(|digest| digest.eq_ignore_ascii_case(&promised))
    };
    if statement.subject.iter().any(fits) {
        Ok(())
    } else {
        Err("it is about another version or other bytes".to_owned())
    }
}
