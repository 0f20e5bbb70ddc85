//! Phase 4, first half: fetches what would be installed and has it looked into.

mod core;
mod signs;
mod tree;

use exuvia_model::vetting::{Coverage, VettingBasis, VettingItem};
use exuvia_model::{
    Asset, AssetKind, Finding, Inventory, ScanResult, Update, Vetting, VettingFile,
};
use futures::StreamExt;

use crate::ids::document_id;
use crate::progress::{Phase, Progress};
use crate::sources::Sources;

/// How many candidates are under way at once; how much of archives is in memory is limited apart.
const CANDIDATES_AT_ONCE: usize = 64;

/// Which rules look into files. Moves whenever `crate::vet` finds something else in the same bytes.
const RULES: u32 = 1;

/// Looks into every candidate of a scan. What was looked into before, and is still the same bytes
/// by the same rules, is not fetched again.
pub(crate) async fn vet(
    sources: &Sources,
    inventory: &Inventory,
    scan: &ScanResult,
    before: Option<&VettingFile>,
    progress: &dyn Progress,
) -> VettingFile {
    progress.begin(Phase::Vetting, scan.updates.len());
    let vetted = scan.updates.iter().map(|update| async move {
        let item = of(sources, inventory, update, before).await;
        progress.advance(&update.name);
        item
    });
    let items: Vec<VettingItem> = futures::stream::iter(vetted)
        .buffered(CANDIDATES_AT_ONCE)
        .collect()
        .await;
    progress.end();
    let vetted_at = sources.host.now();
    VettingFile {
        version: 1,
        vetted_at,
        vetting_id: document_id("vet", vetted_at, &(&items, &scan.scan_id)),
        scan_id: scan.scan_id.clone(),
        items,
    }
}

async fn of(
    sources: &Sources,
    inventory: &Inventory,
    update: &Update,
    before: Option<&VettingFile>,
) -> VettingItem {
    let asset_id = update.asset_id.clone();
    let Some(asset) = inventory.asset(&asset_id) else {
        let vetting = incomplete("the asset is no longer in the inventory", Vec::new());
        return VettingItem {
            asset_id,
            vetting,
            basis: None,
        };
    };
    let basis = basis(asset, update);
    let mut vetting = match known(before, update, basis.as_ref()) {
        Some(vetting) => vetting,
        None => look(sources, asset, update).await,
    };
    vetting
        .findings
        .extend(signs::of(update, sources.host.now()));
    vetting.findings.sort();
    vetting.findings.dedup();
    VettingItem {
        asset_id,
        vetting,
        basis,
    }
}

async fn look(sources: &Sources, asset: &Asset, update: &Update) -> Vetting {
    let looked = if update.kind == AssetKind::CoreNpm {
        core::vet(sources, asset, update).await
    } else {
        tree::vet(sources, asset, update).await
    };
    looked.unwrap_or_else(|reason| incomplete(&reason, Vec::new()))
}

fn basis(asset: &Asset, update: &Update) -> Option<VettingBasis> {
    let (installed, offered) = (asset.content_digest.clone()?, update.artifact.digest()?);
    Some(VettingBasis {
        installed,
        offered,
        rules: RULES,
    })
}

/// What was found before in the same bytes, if all of them were looked at. What can be told
/// without the bytes is left out: it is told anew.
fn known(
    before: Option<&VettingFile>,
    update: &Update,
    basis: Option<&VettingBasis>,
) -> Option<Vetting> {
    let item = before?
        .items
        .iter()
        .find(|item| item.asset_id == update.asset_id)?;
    let same = basis.is_some() && item.basis.as_ref() == basis;
    let whole = matches!(item.vetting.coverage, Coverage::Full | Coverage::Manifest);
    let mut vetting = (same && whole).then(|| item.vetting.clone())?;
    vetting
        .findings
        .retain(|finding| finding.file != signs::PLACE);
    Some(vetting)
}

fn incomplete(reason: &str, findings: Vec<Finding>) -> Vetting {
    let reason = exuvia_model::text::one_line(reason, 300);
    Vetting {
        coverage: Coverage::Incomplete { reason },
        artifact_digest: None,
        findings,
    }
}
