//! A report in which every risk and much else stands, made through the model's own gate.

mod candidates;
mod others;
mod parts;

use std::collections::BTreeMap;

use exuvia_model::evidence::EvidenceItem;
use exuvia_model::install::{NodeRuntime, PackageManager};
use exuvia_model::report::{Found, Stages};
use exuvia_model::risk::{Facts, RiskItem, assess};
use exuvia_model::scan::{Artifact, ScanSummary};
use exuvia_model::vetting::VettingItem;
use exuvia_model::{
    Asset, Channel, Evidence, EvidenceFile, InstallSummary, Inventory, Report, Revision, RiskFile,
    ScanResult, Update, Vetting, VettingFile,
};
use jiff::Timestamp;

use candidates::{core, gitdemo, notes, planner, scraper, teams, weather};
use others::Others;
pub(super) use parts::{asset, clawhub, known, vetted};

/// When the sample report was made.
pub(super) fn now() -> Timestamp {
    "2026-11-20T11:09:33Z".parse().unwrap()
}

/// What one candidate is made of.
pub(super) struct Piece {
    pub(super) asset: Asset,
    pub(super) latest: &'static str,
    pub(super) age_days: i64,
    pub(super) artifact: Artifact,
    pub(super) evidence: Evidence,
    pub(super) vetting: Vetting,
}

/// Every risk, both kinds of block, migrations, local edits, evidence and none.
pub(super) fn report() -> Report {
    build(
        vec![
            core(),
            weather(),
            teams(),
            planner(),
            scraper(),
            notes(),
            gitdemo(),
        ],
        true,
    )
}

/// A report without candidates.
pub(super) fn quiet(with_unreachable: bool) -> Report {
    build(Vec::new(), with_unreachable)
}

/// Takes candidates through the gate.
pub(super) fn build(pieces: Vec<Piece>, with_unreachable: bool) -> Report {
    let install = install();
    let updates: Vec<Update> = pieces.iter().map(update).collect();
    let risks = pieces
        .iter()
        .zip(&updates)
        .map(|(piece, update)| RiskItem {
            asset_id: piece.asset.id.clone(),
            assessment: assess(Facts {
                update,
                asset: &piece.asset,
                install: &install,
                evidence: &piece.evidence,
                vetting: &piece.vetting,
                known_bad: false,
            }),
        })
        .collect();
    let evidence = pieces
        .iter()
        .map(|piece| EvidenceItem {
            asset_id: piece.asset.id.clone(),
            evidence: piece.evidence.clone(),
        })
        .collect();
    let vetting = pieces
        .iter()
        .map(|piece| VettingItem {
            asset_id: piece.asset.id.clone(),
            vetting: piece.vetting.clone(),
            basis: None,
        })
        .collect();
    let others = Others::new(with_unreachable);
    let mut assets: Vec<Asset> = pieces.into_iter().map(|piece| piece.asset).collect();
    assets.extend(others.assets());
    let stages = Stages {
        inventory: Found::Present(Inventory {
            version: 1,
            scan_time: now(),
            total_assets: assets.len(),
            assets,
            inventory_id: "inventory-1".into(),
            install,
            warnings: vec![
                "state/agents/night.sqlite: user_version 99 is not known; read by what is there"
                    .into(),
            ],
        }),
        scan: Found::Present(ScanResult {
            version: 1,
            scan_time: now(),
            summary: ScanSummary::default(),
            updates,
            up_to_date: others.up_to_date,
            unreachable: others.unreachable,
            skipped: others.skipped,
            scan_id: "scan-1".into(),
            inventory_id: "inventory-1".into(),
            channel: Channel::Stable,
            offline_age_seconds: with_unreachable.then_some(11_000),
        }),
        evidence: Found::Present(EvidenceFile {
            version: 1,
            fetched_at: now(),
            evidence_id: "evidence-1".into(),
            scan_id: "scan-1".into(),
            items: evidence,
        }),
        vetting: Found::Present(VettingFile {
            version: 1,
            vetted_at: now(),
            vetting_id: "vetting-1".into(),
            scan_id: "scan-1".into(),
            items: vetting,
        }),
        risk: Found::Present(RiskFile {
            version: 1,
            assessed_at: now(),
            scan_id: "scan-1".into(),
            evidence_id: "evidence-1".into(),
            vetting_id: "vetting-1".into(),
            items: risks,
        }),
    };
    Report::build(stages, "20261120-110933-5f2c".into(), now()).unwrap()
}

fn install() -> InstallSummary {
    InstallSummary {
        id: "5f2c".into(),
        state_dir: "/home/ada/.openclaw".into(),
        config_path: "/home/ada/.openclaw/openclaw.json".into(),
        package_root: Some("/home/ada/.local/lib/node_modules/openclaw".into()),
        package_manager: PackageManager::Npm,
        package_writable: true,
        profile: None,
        node: Some(NodeRuntime {
            path: "/usr/bin/node".into(),
            version: "24.16.0".into(),
        }),
        schema_versions: schemas(17),
        databases: Vec::new(),
    }
}

fn schemas(state: u32) -> BTreeMap<String, u32> {
    BTreeMap::from([("state".into(), state), ("agent".into(), 4)])
}

fn update(piece: &Piece) -> Update {
    let asset = &piece.asset;
    let current = asset.revision().unwrap();
    let latest = Revision::from(piece.latest);
    let url = format!("https://example.org/{}/changelog", asset.class.name());
    Update {
        changelog_url: Some(url),
        npm_package: asset.npm_package.clone(),
        published_at: Some(now() - jiff::SignedDuration::from_hours(24 * piece.age_days)),
        ..Update::new(asset, current, latest, piece.artifact.clone())
    }
}
