//! Phase 4, first half: fetches what would be installed and has it looked into.

mod core;
mod signs;
mod tree;

use exuvia_model::vetting::{Coverage, VettingItem};
use exuvia_model::{AssetKind, Finding, Inventory, ScanResult, Update, Vetting, VettingFile};
use futures::StreamExt;

use crate::ids::document_id;
use crate::progress::{Phase, Progress};
use crate::sources::Sources;

/// How many candidates are under way at once; how many archives are in memory is limited apart.
const CANDIDATES_AT_ONCE: usize = 8;

/// Looks into every candidate of a scan.
pub(crate) async fn vet(
    sources: &Sources,
    inventory: &Inventory,
    scan: &ScanResult,
    progress: &dyn Progress,
) -> VettingFile {
    progress.begin(Phase::Vetting, scan.updates.len());
    let vetted = scan.updates.iter().map(|update| async move {
        let vetting = of(sources, inventory, update).await;
        progress.advance(&update.name);
        VettingItem {
            asset_id: update.asset_id.clone(),
            vetting,
        }
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

async fn of(sources: &Sources, inventory: &Inventory, update: &Update) -> Vetting {
    let Some(asset) = inventory.asset(&update.asset_id) else {
        return incomplete("the asset is no longer in the inventory", Vec::new());
    };
    let looked = if update.kind == AssetKind::CoreNpm {
        core::vet(sources, asset, update).await
    } else {
        tree::vet(sources, asset, update).await
    };
    let mut vetting = looked.unwrap_or_else(|reason| incomplete(&reason, Vec::new()));
    vetting
        .findings
        .extend(signs::of(update, sources.host.now()));
    vetting.findings.sort();
    vetting.findings.dedup();
    vetting
}

fn incomplete(reason: &str, findings: Vec<Finding>) -> Vetting {
    let reason = exuvia_model::text::one_line(reason, 300);
    Vetting {
        coverage: Coverage::Incomplete { reason },
        artifact_digest: None,
        findings,
    }
}
