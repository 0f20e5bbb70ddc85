//! What is to be upgraded: the entries of a report that were answered with.

use std::collections::BTreeSet;

use anyhow::{Result, bail};
use exuvia_model::report::{Found, Stage};
use exuvia_model::selection::NotAReply;
use exuvia_model::{Asset, Inventory, Reply, Report, Selection};

use super::by_hand;
use crate::exit::Blocked;
use crate::output::Output;
use crate::session::Session;

/// Takes the answer to a report: numbers, names, or `all`. What cannot be upgraded is refused with
/// the words that help, and left out of `all`.
pub(super) fn take(
    session: &Session,
    report: &Report,
    words: &[String],
    confirmed: &BTreeSet<String>,
    output: &Output,
) -> Result<Selection> {
    let assets = match session.documents.find::<Inventory>(Stage::Inventory) {
        Found::Present(inventory) => inventory.assets,
        _ => Vec::new(),
    };
    let reply = match Reply::parse(&words.join(" ")) {
        Ok(reply) => reply,
        Err(error) => named(report, &assets, words, error)?,
    };
    let reply = match reply {
        Reply::Numbers(numbers) => {
            let refused = refused(report, &assets, |number| numbers.contains(&number));
            if let Some((_, why)) = refused.into_iter().next() {
                bail!(Blocked(format!("{why}. Nothing was changed")));
            }
            Reply::Numbers(numbers)
        }
        Reply::All => {
            let left_out = refused(report, &assets, |_| true);
            for (_, why) in &left_out {
                output.note(&format!("left out: {why}"));
            }
            all_but(report, &left_out)
        }
        other => other,
    };
    Ok(Selection::take(
        report,
        &reply,
        confirmed,
        session.host.now(),
    )?)
}

/// The entries of these names.
fn named(report: &Report, assets: &[Asset], names: &[String], error: NotAReply) -> Result<Reply> {
    let mut numbers = BTreeSet::new();
    for name in names {
        let entries = &report.document().entries;
        let mut found = entries.iter().filter(|entry| {
            let update = &entry.update;
            update.name == *name || update.asset_id.as_str() == name
        });
        match (found.next(), found.next()) {
            (Some(entry), None) => {
                numbers.insert(entry.number);
            }
            (Some(one), Some(other)) => bail!(Blocked(format!(
                "{name} is the name of {} and of {} in the report; answer with a number; nothing was \
                 changed",
                one.number, other.number
            ))),
            (None, _) => {
                let mut of_name = assets
                    .iter()
                    .filter(|asset| asset.name == *name || asset.id.as_str() == name);
                if let Some(why) = of_name.find_map(by_hand::words) {
                    bail!(Blocked(format!("{why}. Nothing was changed")));
                }
                return Err(error.into());
            }
        }
    }
    Ok(Reply::Numbers(numbers))
}

/// The entries that are no matter of Exuvia's, and why.
fn refused(
    report: &Report,
    assets: &[Asset],
    is_asked_for: impl Fn(u32) -> bool,
) -> Vec<(u32, String)> {
    let entries = report.document().entries.iter();
    entries
        .filter(|entry| is_asked_for(entry.number))
        .filter_map(|entry| {
            let id = &entry.update.asset_id;
            let asset = assets.iter().find(|asset| asset.id == *id)?;
            Some((entry.number, by_hand::words(asset)?))
        })
        .collect()
}

fn all_but(report: &Report, left_out: &[(u32, String)]) -> Reply {
    let entries = report.document().entries.iter();
    let is_left_out = |number: u32| left_out.iter().any(|(other, _)| *other == number);
    let numbers = entries
        .filter(|entry| entry.assessment.risk != exuvia_model::Risk::Blocked)
        .map(|entry| entry.number)
        .filter(|number| !is_left_out(*number));
    Reply::Numbers(numbers.collect())
}
