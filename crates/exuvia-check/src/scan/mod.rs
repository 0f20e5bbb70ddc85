//! Phase 2: asks every source for newer versions, all at once, and loses none of the answers.

mod clawhub;
mod git;
mod npm;

use exuvia_model::asset::{LocalChanges, Provenance};
use exuvia_model::scan::{ScanSummary, SkipReason, Skipped, Unreachable, UpToDate};
use exuvia_model::{Asset, Channel, Inventory, ScanResult, Update, text};
use futures::StreamExt;

use crate::ids::document_id;
use crate::lists::List;
use crate::local_changes;
use crate::pins::Pin;
use crate::progress::{Phase, Progress};
use crate::sources::Sources;

/// How many assets are under way at once; the sources have limits of their own per host.
const ASSETS_AT_ONCE: usize = 128;

/// What became of one asset.
#[derive(Debug)]
pub(crate) enum Answer {
    /// There is a newer version.
    Update(Box<Update>),
    /// There is none.
    UpToDate(UpToDate),
    /// The source did not tell.
    Unreachable(Unreachable),
    /// There is nothing to ask, or what is offered is no candidate.
    Skipped(Skipped),
}

impl Answer {
    fn up_to_date(asset: &Asset) -> Self {
        let version = asset
            .revision()
            .map(|revision| revision.short())
            .unwrap_or_default();
        let (name, asset_id) = (asset.name.clone(), asset.id.clone());
        Self::UpToDate(UpToDate {
            name,
            version,
            asset_id,
        })
    }

    fn unreachable(asset: &Asset, reason: &(impl ToString + ?Sized)) -> Self {
        Self::Unreachable(Unreachable {
            name: asset.name.clone(),
            source: asset.source,
            reason: reason.to_string(),
            asset_id: asset.id.clone(),
        })
    }

    fn skipped(asset: &Asset, why: SkipReason) -> Self {
        Self::Skipped(Skipped::new(asset, why))
    }
}

/// Asks about every asset of the inventory. What it learns of local changes goes into the
/// inventory; everything else into the result.
pub(crate) async fn scan(
    sources: &Sources,
    inventory: &mut Inventory,
    channel: Channel,
    pins: &List<Pin>,
    progress: &dyn Progress,
) -> ScanResult {
    progress.begin(Phase::Scan, inventory.assets.len());
    let asked = inventory.assets.iter().map(|asset| async move {
        let answer = match pins.find(&asset.id) {
            Some(pin) => (Answer::skipped(asset, pinned(pin)), None),
            None => ask(sources, asset, channel).await,
        };
        progress.advance(&asset.name);
        answer
    });
    // In the order of the inventory, whatever the order of the answers.
    let answers: Vec<_> = futures::stream::iter(asked)
        .buffered(ASSETS_AT_ONCE)
        .collect()
        .await;
    add_problems(sources, inventory);
    let mut result = empty(sources, inventory, channel);
    for (asset, (answer, changes)) in inventory.assets.iter_mut().zip(answers) {
        if let Some(changes) = changes {
            asset.local_changes = changes;
        }
        match answer {
            Answer::Update(update) => result.updates.push(*update),
            Answer::UpToDate(item) => result.up_to_date.push(item),
            Answer::Unreachable(item) => result.unreachable.push(item),
            Answer::Skipped(item) => result.skipped.push(item),
        }
    }
    clawhub::add_verdicts(sources, &mut result.updates).await;
    result.offline_age_seconds = sources.http.oldest_unasked().map(|age| age.as_secs());
    result.summary = ScanSummary {
        total: inventory.assets.len(),
        updates_available: result.updates.len(),
        up_to_date: result.up_to_date.len(),
        unreachable: result.unreachable.len(),
        skipped: result.skipped.len(),
    };
    result.scan_id = document_id(
        "scan",
        result.scan_time,
        &(&result.updates, &result.inventory_id),
    );
    progress.end();
    result
}

/// What in npm's configuration is not followed belongs to what the user is told of the install.
fn add_problems(sources: &Sources, inventory: &mut Inventory) {
    for problem in sources.npm.config().problems() {
        let warning = text::one_line(&format!("npm's configuration: {problem}"), 300);
        if !inventory.warnings.contains(&warning) {
            inventory.warnings.push(warning);
        }
    }
}

fn empty(sources: &Sources, inventory: &Inventory, channel: Channel) -> ScanResult {
    ScanResult {
        version: 1,
        // A clock that went back since the inventory must not make the scan look stale.
        scan_time: sources.host.now().max(inventory.scan_time),
        summary: ScanSummary::default(),
        updates: Vec::new(),
        up_to_date: Vec::new(),
        unreachable: Vec::new(),
        skipped: Vec::new(),
        scan_id: String::new(),
        inventory_id: inventory.inventory_id.clone(),
        channel,
        offline_age_seconds: None,
    }
}

fn pinned(pin: &Pin) -> SkipReason {
    let short = |text: &String| text::one_line(text, 200);
    SkipReason::Pinned {
        version: pin.version.as_ref().map(short),
        because: pin.reason.as_ref().map(short),
    }
}

/// Asks the one source that an asset has.
async fn ask(sources: &Sources, asset: &Asset, channel: Channel) -> (Answer, Option<LocalChanges>) {
    match &asset.provenance {
        Provenance::Npm { package, .. } => npm::ask(sources, asset, package, channel).await,
        Provenance::ClawHub { .. } => (
            clawhub::ask(sources, asset).await,
            open_changes(asset, local_changes::of_clawhub(sources, asset)).await,
        ),
        Provenance::Git { .. } => (
            git::ask(sources, asset).await,
            open_changes(asset, local_changes::of_git(sources, asset)).await,
        ),
        Provenance::Local { .. } => (Answer::skipped(asset, SkipReason::Local), None),
        Provenance::Bundled => (Answer::skipped(asset, SkipReason::Bundled), None),
        Provenance::Untracked { reason } => {
            let detail = reason.clone();
            (
                Answer::skipped(asset, SkipReason::Untracked { detail }),
                None,
            )
        }
    }
}

/// What comparing an asset told, where the inventory left it open.
async fn open_changes(
    asset: &Asset,
    compared: impl Future<Output = Result<LocalChanges, String>>,
) -> Option<LocalChanges> {
    if !local_changes::are_open(asset) {
        return None;
    }
    match (compared.await, &asset.local_changes) {
        (Ok(changes), _) => Some(changes),
        // That it was changed is known all the same; only which files are not.
        (Err(_), LocalChanges::Modified { .. }) => None,
        (Err(reason), _) => Some(LocalChanges::unknown(reason)),
    }
}
