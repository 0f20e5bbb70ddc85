//! `exuvia inventory`, `scan`, `changelog` and `risk`: one phase each.

use std::process::ExitCode;

use anyhow::Result;
use exuvia_check::Progress;
use exuvia_model::evidence::EvidenceOutcome;
use exuvia_model::report::Stage;
use serde::Serialize;

use crate::cli::SourceArgs;
use crate::output::Output;
use crate::session::Session;

pub(crate) fn inventory(session: &Session, output: &Output) -> Result<ExitCode> {
    let unasked = SourceArgs {
        offline: true,
        channel: None,
    };
    let (check, bars) = session.check(&unasked, output)?;
    let taken = check.inventory();
    bars.end();
    let taken = taken?;
    Ok(done(session, Stage::Inventory, &taken, output, || {
        let lines = taken.assets.iter().map(|asset| {
            let at = asset
                .revision()
                .map(|revision| revision.short())
                .unwrap_or_default();
            format!("{:20} {:12} {}", asset.kind.to_string(), at, asset.name)
        });
        lines
            .chain(taken.warnings.iter().map(|warning| format!("! {warning}")))
            .collect()
    }))
}

pub(crate) async fn scan(
    session: &Session,
    args: &SourceArgs,
    output: &Output,
) -> Result<ExitCode> {
    let (check, bars) = session.check(args, output)?;
    let scanned = check.scan().await;
    bars.end();
    let scanned = scanned?;
    Ok(done(session, Stage::Scan, &scanned, output, || {
        let updates = scanned.updates.iter().map(|update| {
            format!(
                "{} {} → {}",
                update.name,
                update.current.short(),
                update.latest.short()
            )
        });
        let unreachable = scanned
            .unreachable
            .iter()
            .map(|asset| format!("? {}: {}", asset.name, asset.reason));
        let counts = scanned.summary;
        updates
            .chain(unreachable)
            .chain([format!(
                "{} assets: {} updates, {} up to date, {} unreachable, {} skipped",
                counts.total,
                counts.updates_available,
                counts.up_to_date,
                counts.unreachable,
                counts.skipped
            )])
            .collect()
    }))
}

pub(crate) async fn changelog(
    session: &Session,
    args: &SourceArgs,
    output: &Output,
) -> Result<ExitCode> {
    let (check, bars) = session.check(args, output)?;
    let fetched = check.evidence().await;
    bars.end();
    let fetched = fetched?;
    Ok(done(session, Stage::Evidence, &fetched, output, || {
        let lines = fetched
            .items
            .iter()
            .map(|item| match &item.evidence.outcome {
                EvidenceOutcome::Available {
                    summary, source, ..
                } => {
                    format!("{}: {summary}\n    {source}", item.asset_id)
                }
                EvidenceOutcome::Unavailable { reason } => {
                    format!("{}: unavailable: {reason}", item.asset_id)
                }
            });
        lines.collect()
    }))
}

pub(crate) async fn risk(
    session: &Session,
    args: &SourceArgs,
    output: &Output,
) -> Result<ExitCode> {
    let (check, bars) = session.check(args, output)?;
    let assessed = check.risk().await;
    bars.end();
    let assessed = assessed?;
    Ok(done(session, Stage::Risk, &assessed, output, || {
        let lines = assessed
            .items
            .iter()
            .map(|item| format!("{} {}", item.assessment.risk.sign(), item.asset_id));
        lines.collect()
    }))
}

/// Prints what a phase found: the document for a program, a few lines for a person.
fn done(
    session: &Session,
    stage: Stage,
    document: &impl Serialize,
    output: &Output,
    lines: impl FnOnce() -> Vec<String>,
) -> ExitCode {
    if output.json() {
        output.document(document);
    } else {
        for line in lines() {
            output.text(&exuvia_model::text::block(&line, 4, 400));
        }
        output.note(&format!(
            "written to {}",
            session.documents.path(stage).display()
        ));
    }
    ExitCode::SUCCESS
}
