//! Registry signatures: ECDSA P-256 with SHA-256 over `name@version:integrity`.
//!
//! As in npm's "About ECDSA registry signatures": the key is published as base64 of its
//! `SubjectPublicKeyInfo` in DER, and its id is `SHA256:` with base64 of that DER's SHA-256.

use std::collections::BTreeMap;
use std::sync::Mutex;

use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::package::{Package, Release};
use crate::hash::{base64, sha512_integrity};

/// `SubjectPublicKeyInfo` of an uncompressed P-256 point, up to the point (RFC 5480).
const P256_SPKI_HEAD: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// How releases are signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signing {
    /// By the published key, over the right bytes.
    Good,
    /// By the published key, over another package's digest: well formed and wrong.
    Bad,
    /// Not at all, though the registry publishes a key.
    Missing,
    /// Not at all, and no key is published: `404`, as a mirror does.
    NoKeys,
}

/// The registry's key pair, made anew for every stand-in.
#[derive(Debug)]
pub(super) struct Signer {
    pair: EcdsaKeyPair,
    random: SystemRandom,
    /// Signatures by what was signed: ECDSA signs differently each time, and a registry that did
    /// so on each request would have another `ETag` each time.
    made: Mutex<BTreeMap<String, String>>,
}

impl Signer {
    pub(super) fn generate() -> Self {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_ASN1_SIGNING;
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).expect("a new key");
        let pair =
            EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random).expect("the new key");
        Self {
            pair,
            random,
            made: Mutex::default(),
        }
    }

    fn spki(&self) -> Vec<u8> {
        [&P256_SPKI_HEAD, self.pair.public_key().as_ref()].concat()
    }

    fn key_id(&self) -> String {
        format!("SHA256:{}", base64(&Sha256::digest(self.spki())))
    }

    /// The answer of `/-/npm/v1/keys`.
    pub(super) fn keys(&self) -> Value {
        json!({ "keys": [{
            "expires": null,
            "keyid": self.key_id(),
            "keytype": "ecdsa-sha2-nistp256",
            "scheme": "ecdsa-sha2-nistp256",
            "key": base64(&self.spki()),
        }] })
    }

    /// The release's `dist.signatures`, if it has any.
    pub(super) fn signatures(
        &self,
        package: &Package,
        release: &Release,
        signing: Signing,
    ) -> Option<Value> {
        let integrity = match signing {
            Signing::Good => sha512_integrity(&release.tarball(&package.name)),
            Signing::Bad => sha512_integrity(b"some other package"),
            Signing::Missing | Signing::NoKeys => return None,
        };
        let message = format!("{}@{}:{integrity}", package.name, release.version);
        let mut made = self.made.lock().unwrap();
        let signature = made.entry(message).or_insert_with_key(|message| {
            let signed = self
                .pair
                .sign(&self.random, message.as_bytes())
                .expect("a signature");
            base64(signed.as_ref())
        });
        Some(json!([{ "keyid": self.key_id(), "sig": signature }]))
    }
}
