//! `exuvia upgrade`, `rollback` and `resume`: transactions, and telling their course.

mod course;
mod ground;
mod heal;
pub(super) mod rehearsal;
pub(crate) mod rehearse;
mod told;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Result, anyhow, bail};
use clap::Args;
use exuvia_model::asset::AssetKind;
use exuvia_model::report::Entry;
use exuvia_model::upgrade::Kind;
use exuvia_model::{Reply, Selection, Version};
use exuvia_store::journal::Journal;
use exuvia_upgrade::{Generations, Kept, Plan, core};

use crate::exit::Blocked;
use crate::output::Output;
use crate::session::{Machine, Session};

pub(crate) use ground::Ground;
pub(crate) use heal::heal;
pub(crate) use told::carry_out;

/// How long a new version is watched before it counts as good, in seconds.
const SOAK: u64 = 60;

const UPGRADE_EXAMPLES: &str = "\
Examples:
  exuvia check                    what could be upgraded, and how risky it is
  exuvia upgrade 1                the first entry of the newest report
  exuvia upgrade 1 --report rep_0123456789abcdef --json

What is live is not touched before the new version was staged and its bytes compared with those of
the report; whatever fails after that is put back, package and state.
Exit codes: 0 it runs, 1 it failed before anything was touched, 3 refused, 4 it failed and was put
back, 5 the way back failed too";

const ROLLBACK_EXAMPLES: &str = "\
Examples:
  exuvia rollback                 undo the last upgrade: its package and its state
  exuvia rollback run_0123456789abcdef
  exuvia history                  every run

What was said and done since the upgrade is kept in a snapshot, and the rollback can be undone like
any upgrade: by its own run.";

/// Upgrade what is selected from a report
#[derive(Debug, Args)]
#[command(after_help = UPGRADE_EXAMPLES)]
pub(crate) struct UpgradeArgs {
    #[command(flatten)]
    choice: Choice,
}

/// What is to be upgraded, and from which report.
#[derive(Debug, Args)]
pub(crate) struct Choice {
    /// Numbers of the report's entries
    #[arg(value_name = "SELECTION")]
    pub(crate) reply: Vec<String>,
    /// The report that is answered; the newest by default, required with --json
    #[arg(long, value_name = "ID")]
    pub(crate) report: Option<String>,
    /// Confirm an entry of high or unknown risk by its name; may be repeated
    #[arg(long, value_name = "NAME")]
    pub(crate) confirm: Vec<String>,
    /// How long the new version is watched before it counts as good, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = SOAK)]
    soak: u64,
}

/// Go back to what an upgrade replaced: its package, and the state that belongs to it
#[derive(Debug, Args)]
#[command(after_help = ROLLBACK_EXAMPLES)]
pub(crate) struct RollbackArgs {
    /// The run that is undone; the last upgrade by default
    #[arg(value_name = "RUN", conflicts_with = "last")]
    run: Option<String>,
    /// Undo the last upgrade
    #[arg(long)]
    last: bool,
    /// How long the version is watched before it counts as good, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    soak: u64,
}

/// Carry on an upgrade or a rollback that was cut short
#[derive(Debug, Args)]
pub(crate) struct ResumeArgs {
    /// Carry out what another process began and leaves to this one
    #[arg(long, value_name = "RUN", hide = true)]
    begun: Option<String>,
}

pub(crate) async fn upgrade(
    machine: Machine,
    args: UpgradeArgs,
    output: &Output,
) -> Result<ExitCode> {
    let ground = Ground::open(&machine)?;
    let Some(plan) = choose(machine, &ground, &args.choice, output)? else {
        return Ok(ExitCode::SUCCESS);
    };
    ground
        .must_be_outside("`exuvia update run` with the same selection goes on outside of it")
        .await?;
    let begun = ground.upgrades.begin(plan)?;
    told::carry_out(begun, output).await
}

/// What is to be done; nothing where nothing was selected.
pub(crate) fn choose(
    machine: Machine,
    ground: &Ground,
    choice: &Choice,
    output: &Output,
) -> Result<Option<Plan>> {
    if choice.reply.is_empty() {
        bail!(Blocked(
            "nothing is upgraded without a selection: run `exuvia check`, then `exuvia upgrade` \
             with the numbers of its report; nothing was changed"
                .to_owned()
        ));
    }
    if output.json() && choice.report.is_none() {
        bail!("with --json the report that is answered must be named: add --report ID");
    }
    let home = machine.home.clone();
    let session = Session::open(machine)?;
    let report = session.documents.report(choice.report.as_deref())?;
    let reply = Reply::parse(&choice.reply.join(" "))?;
    let confirmed = choice.confirm.iter().cloned().collect();
    let selection = Selection::take(&report, &reply, &confirmed, session.host.now())?;
    session.documents.keep_selection(&selection)?;
    let mut entries = Vec::new();
    for selected in &selection.entries {
        let entry = report.entry(selected.number);
        entries.push(can_be_upgraded(
            entry.ok_or_else(|| anyhow!("no such entry"))?,
        )?);
    }
    let Some(entry) = entries.first() else {
        output.text("Nothing selected; nothing was changed.");
        return Ok(None);
    };
    let soak = Duration::from_secs(choice.soak);
    let plan = plan_upgrade(ground, entry, &selection.report_id, soak)?;
    let kept = Kept::read(&*ground.host, &home, &ground.install.id())?;
    Ok(Some(match kept {
        Some(kept) if kept.fits(&plan) => Plan {
            beside: kept.beside,
            ahead: true,
            ..plan
        },
        _ => plan,
    }))
}

/// What can be upgraded here; everything else is refused before anything is done.
fn can_be_upgraded(entry: &Entry) -> Result<&Entry> {
    if entry.update.kind == AssetKind::CoreNpm {
        return Ok(entry);
    }
    bail!(Blocked(format!(
        "{} is not OpenClaw itself, and only that can be upgraded yet; nothing was changed",
        entry.update.name
    )))
}

fn plan_upgrade(ground: &Ground, entry: &Entry, report: &str, soak: Duration) -> Result<Plan> {
    let live = core::may_be_replaced(&*ground.host, &ground.install)
        .map_err(|refusal| anyhow!(Blocked(format!("{refusal}; nothing was changed"))))?;
    let from = version(entry.update.current.version())?;
    let to = version(entry.update.latest.version())?;
    let name = format!("{to}-{}", ground.host.now().as_second());
    Ok(Plan {
        version: Plan::VERSION,
        kind: Kind::Upgrade,
        asset: entry.update.asset_id.clone(),
        beside: Plan::place_beside(&live, &name),
        live,
        from,
        to,
        digest: entry.artifact_digest.clone(),
        report: Some(report.to_owned()),
        ahead: false,
        keep: false,
        undoes: None,
        soak,
    })
}

fn version(version: Option<&Version>) -> Result<Version> {
    version.cloned().ok_or_else(|| {
        anyhow!(Blocked(
            "its version is none that can be compared; nothing was changed".to_owned()
        ))
    })
}

pub(crate) async fn rollback(
    machine: Machine,
    args: RollbackArgs,
    output: &Output,
) -> Result<ExitCode> {
    let ground = Ground::open(&machine)?;
    let live = core::may_be_replaced(&*ground.host, &ground.install)
        .map_err(|refusal| anyhow!(Blocked(format!("{refusal}; nothing was changed"))))?;
    let found = ground.install.package_version(&*ground.host);
    let from = version(found.as_ref().and_then(|found| found.version()))?;
    let id = ground.install.id();
    let generations = Generations::read(&*ground.host, &machine.home, &id)?;
    let generation = match &args.run {
        Some(asked) => {
            let journal = Journal::open(ground.host.clone(), &machine.home)?;
            generations.of_run(&journal.run(asked)?.id)
        }
        None => generations.before(&from),
    };
    let Some(generation) = generation else {
        bail!(Blocked(match &args.run {
            Some(run) => format!(
                "nothing is kept of {run}: it was no upgrade that was done, or was undone already; \
                 nothing was changed"
            ),
            None => format!(
                "no upgrade to {from} was done by exuvia, so nothing is kept to go back to; \
                 `exuvia snapshot list` shows states of this version; nothing was changed"
            ),
        }))
    };
    let plan = Plan {
        version: Plan::VERSION,
        kind: Kind::Rollback,
        asset: generation.asset.clone(),
        beside: generation.beside.clone(),
        live,
        from,
        to: generation.version.clone(),
        digest: None,
        report: None,
        ahead: false,
        keep: false,
        undoes: Some(generation.run.clone()),
        soak: Duration::from_secs(args.soak),
    };
    ground.must_be_outside(ground::FROM_A_TERMINAL).await?;
    let begun = ground.upgrades.begin(plan)?;
    told::carry_out(begun, output).await
}

/// `exuvia resume`: carries on what was cut short.
pub(crate) async fn resume(
    machine: Machine,
    args: ResumeArgs,
    output: &Output,
) -> Result<ExitCode> {
    let ground = Ground::open(&machine)?;
    if let Some(run) = &args.begun {
        let begun = ground.upgrades.take_over(&run.parse()?).await?;
        let code = told::carry_out(begun, output).await;
        // Whoever asked is told, however it ended.
        ground.restarts.drive().await?;
        return code;
    }
    ground.must_be_outside(ground::FROM_A_TERMINAL).await?;
    if let Some(begun) = ground.upgrades.resume()? {
        return told::carry_out(begun, output).await;
    }
    output.text("no upgrade or rollback was cut short");
    Ok(ExitCode::SUCCESS)
}
