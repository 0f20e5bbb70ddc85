//! `exuvia rehearse`: an upgrade, carried out on a copy, and no further.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Result, bail};
use clap::Args;
use exuvia_check::Progress;
use exuvia_model::Report;
use exuvia_model::asset::{AssetClass, AssetId, AssetKind};
use exuvia_model::report::Entry;
use exuvia_model::risk::Risk;
use exuvia_model::upgrade::Kind;
use exuvia_upgrade::Plan;

use super::{Ground, SOAK, allowed, plan_core, told};
use crate::cli::SourceArgs;
use crate::exit::Blocked;
use crate::output::Output;
use crate::session::{Machine, Session};

const EXAMPLES: &str = "\
Examples:
  exuvia rehearse                      the newest OpenClaw that a check finds
  exuvia rehearse openclaw@2026.9.6    only if that is the version that it finds
  exuvia rehearse --keep               ahead of time: the upgrade goes on from here
  exuvia rehearse --report rep_0123456789abcdef --json

The live install is not touched, and the gateway goes on. The new version runs on a copy of the state,
where it reaches nothing and nobody.
Exit codes: 0 an upgrade would succeed, 1 it would fail, 3 refused";

/// What is rehearsed where nothing is named.
const OPENCLAW: &str = "openclaw";

/// Carry an upgrade out on a copy, cut off from the world
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct RehearseArgs {
    /// What to rehearse, and the version that it must be; OpenClaw itself by default
    #[arg(value_name = "ASSET[@VERSION]")]
    asset: Option<String>,
    /// A report in which it is; a new check by default
    #[arg(long, value_name = "ID")]
    report: Option<String>,
    /// Keep what was staged, so that an upgrade of the same bytes goes on from here
    #[arg(long)]
    keep: bool,
    /// How long the new version is watched at most, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = SOAK)]
    soak: u64,
}

pub(crate) async fn rehearse(
    machine: Machine,
    args: RehearseArgs,
    output: &Output,
) -> Result<ExitCode> {
    let ground = Ground::open(&machine)?;
    let session = Session::open(machine)?;
    let report = match &args.report {
        Some(id) => session.documents.report(Some(id))?,
        None => check(&session, output).await?,
    };
    let asked = args.asset.as_deref().unwrap_or(OPENCLAW);
    let asked = asked.split_once('@').map_or(asked, |(name, _)| name);
    if asked == OPENCLAW || asked == AssetId::new(AssetClass::Core, OPENCLAW).as_str() {
        let core = AssetId::new(AssetClass::Core, OPENCLAW);
        allowed::must_not_be_kept_away(&ground.upgrades, &core, OPENCLAW, None)?;
    }
    let entry = find(&report, args.asset.as_deref().unwrap_or(OPENCLAW))?;
    if entry.update.kind != AssetKind::CoreNpm {
        bail!(Blocked(format!(
            "{} is not OpenClaw itself: `exuvia upgrade` looks at it before it is exchanged, and \
             rehearses a plugin then; nothing was changed",
            entry.update.name
        )));
    }
    let id = &report.document().report_id;
    let plan = plan_core(&ground, entry, id.as_str(), Duration::from_secs(args.soak))?;
    let begun = ground.upgrades.begin(Plan {
        kind: Kind::Rehearsal,
        keep: args.keep,
        ..plan
    })?;
    Ok(told::carry_out(begun, &ground, output).await?.tell(output))
}

async fn check(session: &Session, output: &Output) -> Result<Report> {
    let unasked = SourceArgs {
        offline: false,
        channel: None,
    };
    let (check, bars) = session.check(&unasked, output)?;
    let made = check.run().await;
    bars.end();
    Ok(made?)
}

/// The update that is named, where it may be had at all.
fn find<'r>(report: &'r Report, asked: &str) -> Result<&'r Entry> {
    let (name, version) = match asked.rsplit_once('@') {
        Some((name, version)) if !name.is_empty() => (name, Some(version)),
        _ => (asked, None),
    };
    let document = report.document();
    let is_it = |entry: &&Entry| {
        let update = &entry.update;
        update.name == name || update.asset_id.as_str() == name
    };
    let id = &document.report_id;
    let Some(entry) = document.entries.iter().find(is_it) else {
        bail!(Blocked(format!(
            "there is no update of {name} in {id}: it is up to date, or could not be looked up; \
             nothing was changed"
        )))
    };
    let latest = entry.update.latest.short();
    if version.is_some_and(|version| version != latest) {
        bail!(Blocked(format!(
            "{id} offers {name} {latest}, and no other version of it; nothing was changed"
        )))
    }
    if entry.assessment.risk == Risk::Blocked {
        bail!(Blocked(format!(
            "{name} {latest} is blocked; `exuvia detail {}` says why; nothing was changed",
            entry.number
        )))
    }
    Ok(entry)
}
