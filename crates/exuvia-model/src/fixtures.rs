//! Small documents for the tests of the rules.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::asset::Provenance;
use crate::evidence::{EvidenceItem, EvidenceOutcome, Nature};
use crate::install::PackageManager;
use crate::report::{Found, Stages};
use crate::risk::{self, Facts, RiskItem};
use crate::scan::{Artifact, AttestationState, PublisherChange, ScanSummary, SignatureState};
use crate::vetting::{Coverage, VettingItem};
use crate::{
    Asset, AssetKind, Attempt, Channel, Evidence, EvidenceFile, InstallSummary, Inventory,
    RiskFile, ScanResult, Update, Vetting, VettingFile,
};

pub(crate) const NOW: Timestamp = Timestamp::constant(1_795_132_800, 0);

pub(crate) fn install() -> InstallSummary {
    InstallSummary {
        id: "abc".into(),
        state_dir: "/home/me/.openclaw".into(),
        config_path: "/home/me/.openclaw/openclaw.json".into(),
        package_root: None,
        package_manager: PackageManager::Npm,
        package_writable: true,
        profile: None,
        node: None,
        schema_versions: BTreeMap::from([("state".into(), 17), ("agent".into(), 21)]),
        databases: Vec::new(),
    }
}

pub(crate) fn asset(kind: AssetKind, name: &str, version: &str) -> Asset {
    let provenance = Provenance::Npm {
        package: name.into(),
        spec: None,
        integrity: None,
    };
    let mut asset = Asset::new(kind, name, &format!("/x/{name}"), provenance);
    asset.current_version = Some(version.into());
    asset
}

pub(crate) fn update(asset: &Asset, latest: &str) -> Update {
    let current = asset.revision().unwrap();
    let latest = latest.into();
    let artifact = Artifact::Npm {
        package: asset.name.clone(),
        tarball: "https://registry.example/x.tgz".into(),
        integrity: "sha512-Ie0kyQSCVfFqixsgVg39vevUDq01Ch5u3+7Yu5Y3qA=="
            .parse()
            .ok(),
        signature: SignatureState::NotSigned,
        attestation: AttestationState::Absent,
        engines_node: None,
        schema_versions: BTreeMap::new(),
        deprecated: None,
        publisher: PublisherChange::Unknown,
        repository: None,
        dependencies: BTreeMap::new(),
        install_scripts: BTreeMap::new(),
    };
    Update {
        npm_package: Some(asset.name.clone()),
        ..Update::new(asset, current, latest, artifact)
    }
}

pub(crate) fn evidence(nature: Nature) -> Evidence {
    let source = "https://code.example/releases".to_owned();
    Evidence {
        outcome: EvidenceOutcome::Available {
            summary: "Fixes a thing".into(),
            breaking: Vec::new(),
            nature,
            source: source.clone(),
            notes: Vec::new(),
        },
        attempts: vec![Attempt {
            source,
            outcome: "200".into(),
        }],
    }
}

pub(crate) fn vetting() -> Vetting {
    Vetting {
        coverage: Coverage::Full,
        artifact_digest: None,
        findings: Vec::new(),
    }
}

/// A complete set of documents: every candidate is `name current → latest`.
pub(crate) fn stages(candidates: &[(&str, &str, &str)]) -> Stages {
    let assets: Vec<Asset> = candidates
        .iter()
        .map(|(name, current, _)| asset(AssetKind::ExtensionNpm, name, current))
        .collect();
    let updates: Vec<Update> = assets
        .iter()
        .zip(candidates)
        .map(|(asset, (_, _, latest))| update(asset, latest))
        .collect();
    let (known, vetted) = (evidence(Nature::Fixes), vetting());
    let install = install();
    let risks = assets.iter().zip(&updates).map(|(asset, update)| RiskItem {
        asset_id: asset.id.clone(),
        assessment: risk::assess(Facts {
            update,
            asset,
            install: &install,
            evidence: &known,
            vetting: &vetted,
            known_bad: false,
        }),
    });
    let risk = RiskFile {
        version: 1,
        assessed_at: NOW,
        scan_id: "scan_1".into(),
        evidence_id: "evi_1".into(),
        vetting_id: "vet_1".into(),
        items: risks.collect(),
    };
    let ids = || assets.iter().map(|asset| asset.id.clone());
    let evidence_items = ids()
        .map(|asset_id| EvidenceItem {
            asset_id,
            evidence: known.clone(),
        })
        .collect();
    let vetting_items = ids()
        .map(|asset_id| VettingItem {
            asset_id,
            vetting: vetted.clone(),
            basis: None,
        })
        .collect();
    Stages {
        evidence: Found::Present(EvidenceFile {
            version: 1,
            fetched_at: NOW,
            evidence_id: "evi_1".into(),
            scan_id: "scan_1".into(),
            items: evidence_items,
        }),
        vetting: Found::Present(VettingFile {
            version: 1,
            vetted_at: NOW,
            vetting_id: "vet_1".into(),
            scan_id: "scan_1".into(),
            items: vetting_items,
        }),
        risk: Found::Present(risk),
        scan: Found::Present(ScanResult {
            version: 1,
            scan_time: NOW,
            summary: ScanSummary {
                total: assets.len(),
                ..ScanSummary::default()
            },
            updates,
            up_to_date: Vec::new(),
            unreachable: Vec::new(),
            skipped: Vec::new(),
            scan_id: "scan_1".into(),
            inventory_id: "inv_1".into(),
            channel: Channel::Stable,
            offline_age_seconds: None,
        }),
        inventory: Found::Present(Inventory {
            version: 1,
            scan_time: NOW,
            total_assets: assets.len(),
            assets,
            inventory_id: "inv_1".into(),
            install,
            warnings: Vec::new(),
        }),
    }
}
