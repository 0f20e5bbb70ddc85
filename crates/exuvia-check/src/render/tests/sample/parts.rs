//! What the candidates of a sample are made of.

use std::collections::BTreeMap;

use exuvia_model::asset::Provenance;
use exuvia_model::evidence::{EvidenceOutcome, Nature, ReleaseNote};
use exuvia_model::scan::{Artifact, AttestationState, PublisherChange, SignatureState, Verdict};
use exuvia_model::vetting::{Coverage, FindingKind};
use exuvia_model::{Asset, AssetKind, Attempt, Digest, Evidence, Finding, Revision, Vetting};

pub(in super::super) fn asset(kind: AssetKind, name: &str, current: &str) -> Asset {
    let mut asset = Asset::new(
        kind,
        name,
        &format!("/home/ada/{name}"),
        Provenance::Bundled,
    );
    asset.current_version = Some(Revision::from(current));
    asset
}

pub(in super::super) fn known(
    summary: &str,
    nature: Nature,
    breaking: &[&str],
    source: &str,
    notes: &[(&str, &str)],
) -> Evidence {
    Evidence {
        outcome: EvidenceOutcome::Available {
            summary: summary.into(),
            breaking: breaking.iter().map(|line| (*line).into()).collect(),
            nature,
            source: source.into(),
            notes: notes
                .iter()
                .map(|(version, text)| ReleaseNote {
                    version: (*version).into(),
                    text: (*text).into(),
                })
                .collect(),
        },
        attempts: vec![Attempt {
            source: source.into(),
            outcome: "answered".into(),
        }],
    }
}

pub(in super::super) fn vetted(coverage: Coverage, findings: Vec<Finding>) -> Vetting {
    Vetting {
        coverage,
        artifact_digest: None,
        findings,
    }
}

pub(in super::super) fn clawhub(
    slug: &str,
    verdict: Verdict,
    publisher: PublisherChange,
) -> Artifact {
    Artifact::ClawHub {
        registry: "https://clawhub.example".into(),
        slug: slug.into(),
        owner: Some("acme".into()),
        version: "1".into(),
        files_digest: Some(Digest::sha256(&[7; 32])),
        verdict,
        publisher,
    }
}

pub(super) fn npm(
    package: &str,
    signature: SignatureState,
    attestation: AttestationState,
) -> Artifact {
    Artifact::Npm {
        package: package.into(),
        tarball: format!("https://npm.example/{package}/-/x.tgz"),
        integrity: "sha512-Ie0kyQSCVfFqixsgVg39vevUDq01Ch5u3+7Yu5Y3qA=="
            .parse()
            .ok(),
        signature,
        attestation,
        engines_node: Some(">=24.15.0".into()),
        schema_versions: BTreeMap::new(),
        deprecated: None,
        publisher: PublisherChange::Same {
            publisher: "openclaw-release".into(),
        },
        repository: Some("https://github.com/openclaw/openclaw".into()),
        dependencies: BTreeMap::new(),
        install_scripts: BTreeMap::new(),
    }
}

pub(super) fn finding(
    kind: FindingKind,
    subject: &str,
    file: &str,
    line: u32,
    excerpt: &str,
) -> Finding {
    Finding::new(kind, subject, file, (line > 0).then_some(line), excerpt)
}
