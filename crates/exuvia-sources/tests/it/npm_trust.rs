use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use exuvia_model::scan::{AttestationState, SignatureState};
use exuvia_sources::npm::{Manifest, Npm, Want};
use exuvia_testkit::faults::Fault;
use exuvia_testkit::npm::{Package, Registry, Release, Signing};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};

use crate::setup::Lab;

async fn demo(lab: &Lab, registry: &Registry) -> (Npm, Manifest) {
    let npm = lab.npm(&registry.url());
    let mut found = npm.packument("@acme/demo", &Want::tagged()).await.unwrap();
    (npm, found.manifests.remove("1.0.0").unwrap())
}

async fn signature(signing: Signing) -> SignatureState {
    let (lab, registry) = (Lab::new(), Registry::start());
    registry
        .publish(Package::new("@acme/demo").release(Release::new("1.0.0")))
        .signing(signing);
    let (npm, manifest) = demo(&lab, &registry).await;
    npm.signature(&manifest).await
}

#[tokio::test]
async fn signatures_are_good_bad_missing_or_not_made_at_all() {
    assert!(matches!(
        signature(Signing::Good).await,
        SignatureState::Verified { .. }
    ));
    assert!(matches!(
        signature(Signing::Bad).await,
        SignatureState::Bad { .. }
    ));
    assert_eq!(signature(Signing::Missing).await, SignatureState::Missing);
    assert_eq!(signature(Signing::NoKeys).await, SignatureState::NotSigned);
}

#[tokio::test]
async fn keys_are_asked_for_once_and_keys_that_cannot_be_had_leave_it_unknown() {
    let (lab, registry) = (Lab::new(), Registry::start());
    registry.publish(Package::new("@acme/demo").release(Release::new("1.0.0")));
    registry.faults().on("/-/npm/v1/keys", Fault::Html);
    let (npm, manifest) = demo(&lab, &registry).await;
    for _ in 0..3 {
        assert!(matches!(
            npm.signature(&manifest).await,
            SignatureState::Unknown { .. }
        ));
    }
    assert_eq!(registry.requests().to("/-/npm/v1/keys").len(), 1);
}

/// A registry's key of the test's own.
struct Signer {
    pair: EcdsaKeyPair,
    random: SystemRandom,
}

impl Signer {
    fn new() -> Self {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
        let pair =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8.as_ref(), &random)
                .unwrap();
        Self { pair, random }
    }

    /// The answer of `/-/npm/v1/keys`, with a key of this name.
    fn keys(&self, expires: Option<&str>) -> Vec<u8> {
        let head = [
            0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06,
            0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
        ];
        let spki = [&head, self.pair.public_key().as_ref()].concat();
        let key = json!({
            "keyid": "k", "keytype": "ecdsa-sha2-nistp256", "scheme": "ecdsa-sha2-nistp256",
            "key": STANDARD.encode(spki), "expires": expires,
        });
        json!({ "keys": [key] }).to_string().into_bytes()
    }

    fn sign(&self, message: &[u8]) -> String {
        STANDARD.encode(self.pair.sign(&self.random, message).unwrap().as_ref())
    }

    fn envelope(&self, statement: &Value) -> Value {
        let (kind, payload) = ("application/vnd.in-toto+json", statement.to_string());
        let message = format!("DSSEv1 {} {kind} {} {payload}", kind.len(), payload.len());
        json!({
            "payload": STANDARD.encode(&payload), "payloadType": kind,
            "signatures": [{ "keyid": "k", "sig": self.sign(message.as_bytes()) }],
        })
    }
}

fn statement(manifest: &Manifest, version: &str) -> Value {
    let integrity = manifest.integrity.as_ref().unwrap().as_str();
    let sha512 = STANDARD
        .decode(integrity.strip_prefix("sha512-").unwrap())
        .unwrap();
    json!({
        "_type": "https://in-toto.io/Statement/v0.1",
        "subject": [{
            "name": format!("pkg:npm/%40acme/demo@{version}"),
            "digest": { "sha512": exuvia_model::digest::hex(&sha512) },
        }],
        "predicateType": PUBLISH,
    })
}

const PUBLISH: &str = "https://github.com/npm/attestation/tree/main/specs/publish/v0.1";

fn published(envelope: &Value) -> Vec<u8> {
    json!({ "attestations": [{ "predicateType": PUBLISH, "bundle": { "dsseEnvelope": envelope } }] })
        .to_string()
        .into_bytes()
}

/// What is made of an attestation that `tampered` changed.
async fn attested(tampered: impl FnOnce(&Manifest, &Signer) -> Value) -> AttestationState {
    let (lab, registry, signer) = (Lab::new(), Registry::start(), Signer::new());
    registry.publish(Package::new("@acme/demo").release(Release::new("1.0.0")));
    let (npm, manifest) = demo(&lab, &registry).await;
    registry
        .faults()
        .on("/-/npm/v1/keys", Fault::Body(signer.keys(None)));
    let envelope = tampered(&manifest, &signer);
    registry
        .faults()
        .on("/-/npm/v1/attestations", Fault::Body(published(&envelope)));
    npm.attestation(&manifest).await
}

#[tokio::test]
async fn the_registrys_own_attestation_is_verified() {
    let state = attested(|manifest, signer| signer.envelope(&statement(manifest, "1.0.0"))).await;
    assert!(
        matches!(state, AttestationState::Verified { .. }),
        "{state:?}"
    );
}

#[tokio::test]
async fn an_attestation_of_another_version_or_by_another_key_is_bad() {
    let other_version =
        attested(|manifest, signer| signer.envelope(&statement(manifest, "1.0.1"))).await;
    assert!(
        matches!(other_version, AttestationState::Bad { .. }),
        "{other_version:?}"
    );
    let other_key =
        attested(|manifest, _| Signer::new().envelope(&statement(manifest, "1.0.0"))).await;
    assert!(
        matches!(other_key, AttestationState::Bad { .. }),
        "{other_key:?}"
    );
    let unsigned = attested(|manifest, signer| {
        let mut envelope = signer.envelope(&statement(manifest, "1.0.0"));
        envelope["signatures"] = json!([]);
        envelope
    });
    assert!(matches!(unsigned.await, AttestationState::Bad { .. }));
}

#[tokio::test]
async fn provenance_alone_is_present_and_about_other_bytes_it_is_bad() {
    for (wrong_integrity, expected) in [(false, true), (true, false)] {
        let (lab, registry) = (Lab::new(), Registry::start());
        let mut release =
            Release::new("1.0.0").provenance("@acme/demo", "https://github.com/acme/demo");
        if wrong_integrity {
            release = release.wrong_integrity();
        }
        registry.publish(Package::new("@acme/demo").release(release));
        let (npm, manifest) = demo(&lab, &registry).await;
        let state = npm.attestation(&manifest).await;
        assert_eq!(
            matches!(state, AttestationState::Present { .. }),
            expected,
            "{state:?}"
        );
        assert_eq!(
            matches!(state, AttestationState::Bad { .. }),
            !expected,
            "{state:?}"
        );
    }
}

#[tokio::test]
async fn no_attestation_is_absent() {
    let (lab, registry) = (Lab::new(), Registry::start());
    registry.publish(Package::new("@acme/demo").release(Release::new("1.0.0")));
    let (npm, manifest) = demo(&lab, &registry).await;
    assert_eq!(npm.attestation(&manifest).await, AttestationState::Absent);
}

#[tokio::test]
async fn an_expired_key_is_good_only_for_what_was_published_before() {
    let cases = [
        (None, true),
        (Some("2026-09-02T00:00:00Z"), true),
        (Some("2026-08-31T00:00:00Z"), false),
    ];
    for (expires, expected) in cases {
        let (lab, registry, signer) = (Lab::new(), Registry::start(), Signer::new());
        registry.publish(Package::new("@acme/demo").release(Release::new("1.0.0")));
        let (npm, mut manifest) = demo(&lab, &registry).await;
        registry
            .faults()
            .on("/-/npm/v1/keys", Fault::Body(signer.keys(expires)));
        let message = format!(
            "@acme/demo@1.0.0:{}",
            manifest.integrity_text.as_ref().unwrap()
        );
        manifest.signatures[0].keyid = "k".to_owned();
        manifest.signatures[0].sig = signer.sign(message.as_bytes());
        let state = npm.signature(&manifest).await;
        assert_eq!(
            matches!(state, SignatureState::Verified { .. }),
            expected,
            "{expires:?} {state:?}"
        );
        assert_eq!(
            matches!(state, SignatureState::Bad { .. }),
            !expected,
            "{expires:?} {state:?}"
        );
    }
}
