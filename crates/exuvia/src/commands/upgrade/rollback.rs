//! `exuvia rollback`: what an upgrade replaced, put back.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Result, anyhow, bail};
use clap::Args;
use exuvia_model::Revision;
use exuvia_model::upgrade::Kind;
use exuvia_store::journal::Journal;
use exuvia_upgrade::{CorePlan, Generation, Generations, Plan, Subject, core, extension, skill};

use super::ground::{FROM_A_TERMINAL, Ground};
use super::told;
use crate::exit::Blocked;
use crate::output::Output;
use crate::session::Machine;

const EXAMPLES: &str = "\
Examples:
  exuvia rollback                 undo the last upgrade
  exuvia rollback run_0123456789abcdef
  exuvia history                  every run

OpenClaw goes back with its state; what was said and done since the upgrade is kept in a snapshot. A
skill or a plugin goes back with what is recorded of it, and what was said and done since stays. A
rollback can be undone like any upgrade: by its own run.";

/// Go back to what an upgrade replaced, and to what belongs to it
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
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

pub(crate) async fn rollback(
    machine: Machine,
    args: RollbackArgs,
    output: &Output,
) -> Result<ExitCode> {
    let ground = Ground::open(&machine)?;
    let id = ground.install.id();
    let generations = Generations::read(&*ground.host, &machine.home, &id)?;
    let generation = match &args.run {
        Some(asked) => {
            let journal = Journal::open(ground.host.clone(), &machine.home)?;
            generations.of_run(&journal.run(asked)?.id)
        }
        None => generations.before(|generation| live(&ground, generation)),
    };
    let Some(generation) = generation else {
        bail!(Blocked(nothing_kept(&ground, args.run.as_deref())))
    };
    let plan = plan(&ground, generation, Duration::from_secs(args.soak))?;
    ground.must_be_outside_for(&plan, FROM_A_TERMINAL).await?;
    let begun = ground.upgrades.begin(plan)?;
    Ok(told::carry_out(begun, &ground, output).await?.tell(output))
}

fn plan(ground: &Ground, generation: &Generation, soak: Duration) -> Result<Plan> {
    let (host, install) = (&*ground.host, &ground.install);
    match (&generation.skill, &generation.extension) {
        (Some(kept), _) => Ok(skill::plan_rollback(host, generation, kept)),
        (None, Some(kept)) => {
            extension::plan_rollback(host, install, generation, kept, soak).map_err(super::refused)
        }
        (None, None) => plan_core(ground, generation, soak),
    }
}

/// What is live of what a generation is of.
fn live(ground: &Ground, generation: &Generation) -> Option<Revision> {
    let host = &*ground.host;
    if generation.skill.is_some() {
        return skill::revision(host, &ground.install, &generation.asset);
    }
    if generation.extension.is_some() {
        return extension::revision(host, &ground.install, &generation.asset);
    }
    let found = ground.install.package_version(host)?;
    found.version().cloned().map(Revision::Version)
}

fn nothing_kept(ground: &Ground, run: Option<&str>) -> String {
    if let Some(run) = run {
        return format!(
            "nothing is kept of {run}: it was no upgrade that was done, or was undone already; \
             nothing was changed"
        );
    }
    let found = ground.install.package_version(&*ground.host);
    let version = found.as_ref().and_then(|found| found.version());
    let version = version.map_or_else(|| "this version".to_owned(), ToString::to_string);
    format!(
        "no upgrade to {version}, and none of a plugin or a skill, was done by exuvia and is still in force, so \
         nothing is kept to go back to; `exuvia snapshot list` shows states of this version; nothing \
         was changed"
    )
}

fn plan_core(ground: &Ground, generation: &Generation, soak: Duration) -> Result<Plan> {
    let held = core::may_be_replaced(&*ground.host, &ground.install)
        .map_err(|refusal| anyhow!(Blocked(format!("{refusal}; nothing was changed"))))?;
    let found = ground.install.package_version(&*ground.host);
    let from = found.as_ref().and_then(|found| found.version()).cloned();
    let from = from.ok_or_else(super::no_version)?;
    Ok(Plan {
        version: Plan::VERSION,
        kind: Kind::Rollback,
        asset: generation.asset.clone(),
        subject: Subject::Core(CorePlan {
            manager: ground.install.package_manager,
        }),
        beside: generation.beside.clone(),
        live: held.tree,
        from: Revision::Version(from),
        to: generation.version.clone(),
        digest: None,
        report: None,
        ahead: false,
        keep: false,
        undoes: Some(generation.run.clone()),
        soak,
    })
}
