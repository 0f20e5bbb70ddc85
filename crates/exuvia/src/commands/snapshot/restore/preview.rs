//! What a restore would do, before it does it.

use anyhow::Result;
use exuvia_openclaw::{Install, LocateError};
use exuvia_recovery::RestorePlan;
use exuvia_store::{Change, Snapshot};
use serde_json::{Value, json};

use super::super::changes::{self, Counts};
use super::super::shelf::Shelf;
use crate::render::{self, Column, Ink, Sheet, Table};

/// How many places are told.
const PLACES: usize = 8;

/// Whether everything is as the snapshot has it.
pub(super) fn is_nothing(plan: &RestorePlan<'_>) -> bool {
    plan.changes.is_empty() && plan.services.is_empty()
}

/// The plan as a document.
pub(super) fn document(plan: &RestorePlan<'_>, snapshot: &Snapshot) -> Value {
    json!({
        "dryRun": true,
        "snapshot": snapshot.id,
        "changes": plan.changes.iter().map(changes::document).collect::<Vec<_>>(),
        "services": plan.services,
        "warnings": plan.warnings,
    })
}

/// The plan for a person: from what, to where, how much, and in which places.
pub(super) fn told(
    plan: &RestorePlan<'_>,
    snapshot: &Snapshot,
    install: &Install,
    shelf: &Shelf<'_>,
) -> Result<String> {
    let sheet = &shelf.sheet;
    let place = sheet.path(&install.state_dir);
    let title = shelf.title(snapshot)?;
    let taken = sheet.when(snapshot.created_at);
    if is_nothing(plan) {
        return Ok(format!(
            "{place} is as {title} has it, taken {taken}: nothing to restore."
        ));
    }
    let mut lines = vec![format!("{place} goes back to {title}, taken {taken}:")];
    let (touched, told): (Vec<&Change>, Vec<&Change>) = plan
        .changes
        .iter()
        .partition(|one| changes::is_mere_touch(one));
    if !told.is_empty() {
        lines.push(places(&told, sheet));
    }
    if !touched.is_empty() {
        let directories = render::count(touched.len() as u64, "directory");
        lines.push(sheet.ink(Ink::Dim, format!("  and the time of {directories}")));
    }
    for file in &plan.services {
        lines.push(format!("  {} is {}", sheet.path(&file.path), file.what));
    }
    for warning in &plan.warnings {
        lines.push(sheet.ink(Ink::Attention, format!("! {}", render::line(warning))));
    }
    lines.push("What is there now is taken as a snapshot first.".to_owned());
    Ok(lines.join("\n"))
}

/// How many paths change, and where most of them are.
fn places(told: &[&Change], sheet: &Sheet) -> String {
    let mut table = Table::new([
        Column::left("  WHERE").gives_way(),
        Column::right("BROUGHT BACK").ink(Ink::Good),
        Column::right("CHANGED").ink(Ink::Attention),
        Column::right("REMOVED").ink(Ink::Bad),
    ]);
    let groups = changes::groups(told.iter().copied());
    for (place, counts) in groups.iter().take(PLACES) {
        table.row(row(&format!("  {place}"), *counts));
    }
    if let Some(rest) = groups.get(PLACES..).filter(|rest| !rest.is_empty()) {
        let counts = rest.iter().map(|(_, counts)| *counts).sum();
        table.row(row(&format!("  {} more places", rest.len()), counts));
    }
    if groups.len() > 1 {
        table.row(row(
            "  in all",
            groups.iter().map(|(_, counts)| *counts).sum(),
        ));
    }
    table.draw(sheet)
}

fn row(place: &str, counts: Counts) -> [String; 4] {
    let shown = |count: u64| match count {
        0 => "-".to_owned(),
        count => render::number(count),
    };
    [
        place.to_owned(),
        shown(counts.added),
        shown(counts.changed),
        shown(counts.removed),
    ]
}

/// Where no install is left, a copy is the way back.
pub(super) fn no_install(error: LocateError, snapshot: &Snapshot) -> anyhow::Error {
    let is_gone = matches!(error, LocateError::NotFound { .. });
    let error = anyhow::Error::from(error);
    if is_gone {
        error.context(bring_back(snapshot))
    } else {
        error
    }
}

/// How to bring back what is gone altogether.
pub(super) fn bring_back(snapshot: &Snapshot) -> String {
    let target = render::shell_word(&snapshot.source.to_string_lossy());
    let id = snapshot.id.as_str();
    format!(
        "there is nothing left to take back; `exuvia snapshot restore {id} --to {target}` brings \
         the snapshot to where it was taken"
    )
}
