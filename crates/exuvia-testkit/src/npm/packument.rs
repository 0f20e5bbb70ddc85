//! The registry's document of one package.

use serde_json::{Value, json};

use super::package::{Package, Release};
use crate::hash::{sha1_hex, sha512_integrity};

/// Keys of a version that the abbreviated form keeps, as npm's documentation lists them.
const ABBREVIATED: [&str; 14] = [
    "name",
    "version",
    "deprecated",
    "dependencies",
    "optionalDependencies",
    "devDependencies",
    "bundleDependencies",
    "peerDependencies",
    "peerDependenciesMeta",
    "bin",
    "directories",
    "engines",
    "cpu",
    "os",
];

/// The two forms in which a packument is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Full,
    Abbreviated,
}

impl Form {
    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::Full => "application/json",
            Self::Abbreviated => "application/vnd.npm.install-v1+json",
        }
    }
}

pub(super) fn render(
    package: &Package,
    form: Form,
    base: &str,
    signatures: impl Fn(&Release) -> Option<Value>,
) -> Value {
    let mut document = match form {
        Form::Full => package.extra.clone(),
        Form::Abbreviated => json!({}),
    };
    document["name"] = json!(package.name);
    document["dist-tags"] = package
        .tags()
        .into_iter()
        .map(|(tag, version)| (tag, json!(version)))
        .collect();
    let versions = package.releases.iter().map(|release| {
        (
            release.version.clone(),
            version(package, release, form, base, signatures(release)),
        )
    });
    document["versions"] = versions.collect();
    let last = package
        .releases
        .last()
        .map(|release| release.published.clone());
    match form {
        Form::Abbreviated => document["modified"] = json!(last),
        Form::Full => {
            document["_id"] = json!(package.name);
            let times = package
                .releases
                .iter()
                .map(|release| (release.version.clone(), json!(release.published)));
            document["time"] = times.collect();
            document["time"]["created"] =
                json!(package.releases.first().map(|first| &first.published));
            document["time"]["modified"] = json!(last);
        }
    }
    document
}

fn version(
    package: &Package,
    release: &Release,
    form: Form,
    base: &str,
    signatures: Option<Value>,
) -> Value {
    let tarball = release.tarball(&package.name);
    let digested: &[u8] = if release.wrong_integrity {
        b"other bytes"
    } else {
        &tarball
    };
    let mut dist = json!({
        "integrity": sha512_integrity(digested),
        "shasum": sha1_hex(digested),
        "tarball": format!("{base}/{}/-/{}", package.name, release.file_name(&package.name)),
        "fileCount": release.entries.len() + 1,
        "unpackedSize": release.entries.iter().map(|entry| entry.content.len()).sum::<usize>(),
    });
    if let Some(signatures) = signatures {
        dist["signatures"] = signatures;
    }
    if release.attestations.is_some() {
        dist["attestations"] = json!({
            "url": format!("{base}/-/npm/v1/attestations/{}@{}", package.name, release.version),
            "provenance": { "predicateType": "https://slsa.dev/provenance/v1" },
        });
    }
    let mut entry = release.manifest(&package.name);
    let installs = ["preinstall", "install", "postinstall"]
        .iter()
        .any(|hook| entry["scripts"].get(hook).is_some());
    let fields = entry.as_object_mut().expect("a manifest is an object");
    if form == Form::Abbreviated {
        fields.retain(|key, _| ABBREVIATED.contains(&key.as_str()));
    }
    // npm says so in both forms, since it keeps `scripts` out of the short one.
    if installs {
        fields.insert("hasInstallScript".to_owned(), json!(true));
    }
    fields.insert("dist".to_owned(), dist);
    entry
}
