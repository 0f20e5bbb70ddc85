//! The keys that registries sign with.
//!
//! `GET <registry>/-/npm/v1/keys` as in npm's "About ECDSA registry signatures": each key is a
//! `SubjectPublicKeyInfo` in DER, in base64, for ECDSA on P-256 with SHA-256.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use ring::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use serde::{Deserialize, Serialize};
use url::Url;

use super::{Npm, Ring, name};
use crate::SourceError;
use crate::http::Ask;

const KEY_TYPE: &str = "ecdsa-sha2-nistp256";

/// `SubjectPublicKeyInfo` of an uncompressed point on P-256, up to the point (RFC 5480).
const SPKI_HEAD: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// Key rings by registry.
#[derive(Debug, Default)]
pub(super) struct Rings(Mutex<HashMap<String, Arc<Ring>>>);

/// A key as the registry publishes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Key {
    pub(super) keyid: String,
    #[serde(default)]
    keytype: Option<String>,
    #[serde(default)]
    expires: Option<String>,
    #[serde(rename = "key")]
    spki: String,
}

#[derive(Serialize, Deserialize)]
struct Published {
    #[serde(default)]
    keys: Vec<Key>,
}

/// What a key says of a signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Judgement {
    Good,
    Wrong(String),
    /// Whether the key was still in use cannot be told.
    Undecided(String),
}

impl Key {
    /// Whether this key made that signature (DER, in base64) over that message, at a time when it
    /// was in use.
    pub(super) fn judge(&self, message: &[u8], sig: &str, made: Option<Timestamp>) -> Judgement {
        match self.verify(message, sig) {
            Ok(()) => self.in_use(made),
            Err(reason) => Judgement::Wrong(reason),
        }
    }

    fn verify(&self, message: &[u8], sig: &str) -> Result<(), String> {
        if self.keytype.as_deref().is_some_and(|kind| kind != KEY_TYPE) {
            return Err(format!(
                "the key {} is of a kind that npm does not use",
                self.keyid
            ));
        }
        let spki = STANDARD
            .decode(&self.spki)
            .map_err(|_| "the key is not base64".to_owned())?;
        let point = spki
            .strip_prefix(&SPKI_HEAD)
            .ok_or_else(|| "the key is not one for P-256".to_owned())?;
        let sig = STANDARD
            .decode(sig)
            .map_err(|_| "the signature is not base64".to_owned())?;
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point)
            .verify(message, &sig)
            .map_err(|_| format!("it was not made with the registry's key {}", self.keyid))
    }

    /// As npm does: an expired key is good for what was published before.
    fn in_use(&self, made: Option<Timestamp>) -> Judgement {
        let Some(expires) = &self.expires else {
            return Judgement::Good;
        };
        match (expires.parse::<Timestamp>(), made) {
            (Ok(expires), Some(made)) if made < expires => Judgement::Good,
            (Ok(_), Some(_)) => Judgement::Wrong(format!(
                "the key {} had expired when this version was published",
                self.keyid
            )),
            (Ok(_), None) => Judgement::Undecided(format!(
                "the key {} expires, and the registry does not say when this version was published",
                self.keyid
            )),
            (Err(_), _) => Judgement::Undecided(format!(
                "when the key {} expires cannot be read",
                self.keyid
            )),
        }
    }
}

impl Npm {
    /// The keys that a registry publishes; none where it publishes none, as mirrors do.
    pub(super) async fn keys_of(&self, registry: &Url) -> Result<Vec<Key>, SourceError> {
        let ring = {
            let mut rings = self.keys.0.lock().unwrap_or_else(PoisonError::into_inner);
            rings.entry(registry.to_string()).or_default().clone()
        };
        ring.get_or_init(|| self.ask_for_keys(registry))
            .await
            .clone()
    }

    async fn ask_for_keys(&self, registry: &Url) -> Result<Vec<Key>, SourceError> {
        let url = name::below(registry, "-/npm/v1/keys")?;
        let header = self.config.authorization(&url);
        let ask = Ask::json(url).authorized(header);
        match self.http.json::<Published>(&ask, "npm-keys-1").await {
            Ok(published) => Ok(published.keys),
            Err(SourceError::NotFound { .. }) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }
}
