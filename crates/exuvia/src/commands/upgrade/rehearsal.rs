//! What a rehearsal found, in lines for a person.

use exuvia_upgrade::core::{Proof, Recipe, Rehearsed};

use crate::render;

/// How many changes and errors are told.
const TOLD: usize = 3;

/// What it found.
pub(crate) fn lines(found: &Rehearsed) -> Vec<String> {
    let mut lines = vec![format!(
        "Rehearsed in {}: isolation {}, ready after {}, nothing lost",
        render::took(found.took),
        isolation(found),
        render::took(found.ready),
    )];
    if !found.not_isolated.is_empty() {
        lines.push(
            "! isolation: partial. It was rehearsed beside everything else, so that this says less \
             than one that is cut off:"
                .to_owned(),
        );
        let open = found.not_isolated.iter();
        lines.extend(open.map(|open| format!("  - {}", render::line(open))));
    }
    if let Some(run) = &found.ahead {
        lines.push(format!("  ahead of time, in {run}"));
    }
    if found.recipe == Recipe::DoctorThenStart {
        let words = "  a start alone is not enough: its `openclaw doctor --fix` runs before it";
        lines.push(words.to_owned());
    }
    lines.push(proof("a turn of an agent", &found.turn));
    lines.push(proof("the way back", &found.way_back));
    lines.extend(some(
        "otherwise than before",
        &found.changes,
        found.changes.len(),
    ));
    lines.extend(some("errors in its log", &found.errors, found.error_count));
    lines
}

/// Full with what is weaker, or partial, which is told below.
fn isolation(found: &Rehearsed) -> String {
    if found.not_isolated.is_empty() {
        return render::line(&found.isolation);
    }
    "partial".to_owned()
}

fn proof(what: &str, proof: &Proof) -> String {
    match proof {
        Proof::Works { took } => format!("  {what} works ({})", render::took(*took)),
        Proof::Unknown { why } => {
            format!("  {what} was not rehearsed: {}", render::line(why))
        }
    }
}

/// How many there are, and the first of them.
fn some(what: &str, all: &[String], count: usize) -> Option<String> {
    let named = all.iter().take(TOLD).map(|one| render::line(one));
    let named = named.collect::<Vec<_>>().join("; ");
    (count > 0).then(|| format!("  {count} {what}: {named}"))
}
