//! The npm stand-in against the registry's documented behaviour.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests fail by panicking, too"
)]

use std::io::Read as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use exuvia_testkit::npm::{Package, Registry, Release, Signing};
use flate2::read::GzDecoder;
use reqwest::header::{ACCEPT, AUTHORIZATION, ETAG, IF_NONE_MATCH};
use ring::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha512};

const NAME: &str = "@acme/demo";
const ABBREVIATED: &str = "application/vnd.npm.install-v1+json";

fn registry() -> Registry {
    let registry = Registry::start();
    let first = Release::new("1.0.0").file("index.js", "1");
    let second = Release::new("1.1.0")
        .file("index.js", "2")
        .with(
            "scripts",
            json!({ "postinstall": "node x.js", "test": "x" }),
        )
        .with("engines", json!({ "node": ">=24" }));
    registry.publish(
        Package::new(NAME)
            .release(first)
            .release(second)
            .tag("beta", "1.0.0")
            .repository("git+https://example.invalid/acme/demo.git"),
    );
    registry
}

async fn get(url: String, headers: &[(reqwest::header::HeaderName, &str)]) -> reqwest::Response {
    // Only the first test of the process installs it; the others find it there.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let request = reqwest::Client::new().get(url);
    let request = headers.iter().fold(request, |request, (name, value)| {
        request.header(name, *value)
    });
    request.send().await.unwrap()
}

async fn json_of(url: String) -> Value {
    get(url, &[]).await.json().await.unwrap()
}

#[tokio::test]
async fn a_packument_has_tags_times_and_tarballs_that_fit_their_integrity() {
    let registry = registry();
    let packument = json_of(format!("{}/@acme%2fdemo", registry.url())).await;
    assert_eq!(
        packument["dist-tags"],
        json!({ "latest": "1.1.0", "beta": "1.0.0" })
    );
    assert!(packument["time"]["1.1.0"].is_string());

    let dist = &packument["versions"]["1.1.0"]["dist"];
    let tarball = get(dist["tarball"].as_str().unwrap().to_owned(), &[]).await;
    let tarball = tarball.bytes().await.unwrap();
    let integrity = format!("sha512-{}", STANDARD.encode(Sha512::digest(&tarball)));
    assert_eq!(dist["integrity"], json!(integrity));
    assert_eq!(registry.tarball(NAME, "1.1.0").unwrap(), tarball);
}

#[tokio::test]
async fn the_abbreviated_form_is_given_when_asked_for_and_only_if_it_is_known() {
    let registry = registry();
    let url = format!("{}/@acme%2fdemo", registry.url());
    let short: Value = get(url.clone(), &[(ACCEPT, ABBREVIATED)])
        .await
        .json()
        .await
        .unwrap();
    let version = &short["versions"]["1.1.0"];
    assert_eq!(version["hasInstallScript"], true);
    assert_eq!(version["engines"]["node"], ">=24");
    assert!(version.get("scripts").is_none() && short.get("time").is_none());

    registry.abbreviated(false);
    let full: Value = get(url, &[(ACCEPT, ABBREVIATED)])
        .await
        .json()
        .await
        .unwrap();
    assert!(full["versions"]["1.1.0"]["scripts"].is_object());
}

#[tokio::test]
async fn a_conditional_request_is_answered_304_until_something_is_published() {
    let registry = registry();
    let url = format!("{}/@acme%2fdemo", registry.url());
    let etag = get(url.clone(), &[]).await.headers()[ETAG]
        .to_str()
        .unwrap()
        .to_owned();
    assert_eq!(
        get(url.clone(), &[(IF_NONE_MATCH, &etag)]).await.status(),
        304
    );

    registry.publish(Package::new(NAME).release(Release::new("2.0.0")));
    assert_eq!(get(url, &[(IF_NONE_MATCH, &etag)]).await.status(), 200);
}

/// Whether the registry's published key verifies the signature of 1.1.0; `None` without one.
async fn verifies(registry: &Registry) -> Option<bool> {
    let packument = json_of(format!("{}/@acme%2fdemo", registry.url())).await;
    let dist = &packument["versions"]["1.1.0"]["dist"];
    let signature = dist.get("signatures")?[0].clone();
    let keys = json_of(format!("{}/-/npm/v1/keys", registry.url())).await;
    assert_eq!(keys["keys"][0]["keyid"], signature["keyid"]);
    let der = STANDARD.decode(keys["keys"][0]["key"].as_str()?).unwrap();
    let signed = STANDARD.decode(signature["sig"].as_str()?).unwrap();
    let message = format!("{NAME}@1.1.0:{}", dist["integrity"].as_str()?);
    let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, &der[26..]);
    Some(key.verify(message.as_bytes(), &signed).is_ok())
}

#[tokio::test]
async fn signatures_verify_or_not_or_are_missing_as_said() {
    let registry = registry();
    assert_eq!(verifies(&registry).await, Some(true));
    registry.signing(Signing::Bad);
    assert_eq!(verifies(&registry).await, Some(false));
    registry.signing(Signing::Missing);
    assert_eq!(verifies(&registry).await, None);
    registry.like_a_mirror();
    assert_eq!(verifies(&registry).await, None);
    let keys = get(format!("{}/-/npm/v1/keys", registry.url()), &[]).await;
    assert_eq!(keys.status(), 404);
}

#[tokio::test]
async fn a_protected_registry_wants_its_token() {
    let registry = registry();
    registry.require_token("secret");
    let url = format!("{}/@acme%2fdemo", registry.url());
    assert_eq!(get(url.clone(), &[]).await.status(), 401);
    assert_eq!(
        get(url.clone(), &[(AUTHORIZATION, "Bearer other")])
            .await
            .status(),
        401
    );
    assert_eq!(
        get(url, &[(AUTHORIZATION, "Bearer secret")]).await.status(),
        200
    );
}

#[tokio::test]
async fn provenance_names_the_package_and_its_digest() {
    let registry = Registry::start();
    let release = Release::new("1.0.0").provenance(NAME, "https://example.invalid/acme/demo");
    registry.publish(Package::new(NAME).release(release));
    let packument = json_of(format!("{}/{NAME}", registry.url())).await;
    let url = packument["versions"]["1.0.0"]["dist"]["attestations"]["url"]
        .as_str()
        .unwrap();
    let answer = json_of(url.to_owned()).await;
    let payload = &answer["attestations"][0]["bundle"]["dsseEnvelope"]["payload"];
    let statement = STANDARD.decode(payload.as_str().unwrap()).unwrap();
    let statement: Value = serde_json::from_slice(&statement).unwrap();
    assert_eq!(
        statement["subject"][0]["name"],
        "pkg:npm/%40acme/demo@1.0.0"
    );
}

#[test]
fn hostile_names_stand_in_the_tarball_as_they_are() {
    let long = "d/".repeat(80) + "x";
    let registry = Registry::start();
    let release = Release::new("1.0.0")
        .raw_entry("../../etc/evil", "1")
        .raw_entry("/absolute", "2")
        .raw_entry(long.as_str(), "3")
        .raw_link("package/link", "/etc/passwd");
    registry.publish(Package::new("evil").release(release));

    let tarball = registry.tarball("evil", "1.0.0").unwrap();
    let mut plain = Vec::new();
    GzDecoder::new(tarball.as_slice())
        .read_to_end(&mut plain)
        .unwrap();
    let mut archive = tar::Archive::new(plain.as_slice());
    let names: Vec<_> = archive
        .entries()
        .unwrap()
        .map(|entry| String::from_utf8(entry.unwrap().path_bytes().into_owned()).unwrap())
        .collect();
    let expected = [
        "package/package.json",
        "../../etc/evil",
        "/absolute",
        long.as_str(),
        "package/link",
    ];
    assert_eq!(names, expected);
}
