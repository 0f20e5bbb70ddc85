//! `exuvia upgrade`, `rollback` and `resume`: transactions, and telling their course.

mod allowed;
mod by_hand;
mod choice;
pub(super) mod configuration;
mod course;
mod each;
mod ground;
mod heal;
pub(super) mod rehearsal;
pub(crate) mod rehearse;
mod rollback;
mod run_report;
mod told;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Result, anyhow, bail};
use clap::Args;
use exuvia_model::Selection;
use exuvia_model::asset::AssetKind;
use exuvia_model::report::Entry;
use exuvia_model::upgrade::Kind;
use exuvia_upgrade::{CorePlan, Kept, Plan, Subject, core, extension, skill};

use crate::exit::Blocked;
use crate::output::Output;
use crate::session::{Machine, Session};

pub(crate) use ground::Ground;
pub(crate) use heal::heal;
pub(crate) use rollback::{RollbackArgs, rollback};
pub(crate) use told::{add_found, carry_out};

/// How long a new version is watched before it counts as good, in seconds.
const SOAK: u64 = 60;

const UPGRADE_EXAMPLES: &str = "\
Examples:
  exuvia check                    what could be upgraded, and how risky it is
  exuvia upgrade 1                the first entry of the newest report
  exuvia upgrade 1 3              two of them, one after the other; the first failure stops the rest
  exuvia upgrade demo             the entry of this name
  exuvia upgrade 1 --report rep_0123456789abcdef --json
  exuvia upgrade --automatic      what has a low risk, where config.toml allows it: for a timer

OpenClaw itself where npm, pnpm or bun installed it with -g, plugins that OpenClaw installed from npm,
and skills from ClawHub and git can be upgraded. What is live is not touched before the new version
was staged and its bytes compared with those of the report; whatever fails after that is put back,
package and state. For OpenClaw and its plugins a gateway that runs is stopped and started again. What you changed
in a skill is carried over; where that does not go together with the new version, nothing is done.
Exit codes: 0 it runs, 1 it failed before anything was touched, 3 refused, 4 it failed and was put
back, 5 the way back failed too";

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
    /// Numbers of the report's entries, or their names, or `all`
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
    /// Select what has a low risk, if `automatic = "low"` in config.toml allows it
    #[arg(long, conflicts_with = "reply")]
    automatic: bool,
    /// Begin although the release is too young, or the hour none of yours
    #[arg(long, conflicts_with = "automatic")]
    despite_policy: bool,
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
    let Some(chosen) = choose(&ground, machine, &args.choice, output)? else {
        return Ok(ExitCode::SUCCESS);
    };
    each::in_turn(&ground, &chosen, output).await
}

/// What is to be done; nothing where nothing was selected.
pub(crate) fn choose(
    ground: &Ground,
    machine: Machine,
    choice: &Choice,
    output: &Output,
) -> Result<Option<Chosen>> {
    if choice.reply.is_empty() && !choice.automatic {
        bail!(Blocked(
            "nothing is upgraded without a selection: run `exuvia check`, then `exuvia upgrade` \
             with the numbers of its report; nothing was changed"
                .to_owned()
        ));
    }
    if output.json() && choice.report.is_none() {
        bail!("with --json the report that is answered must be named: add --report ID");
    }
    let session = Session::open(machine)?;
    let report = session.documents.report(choice.report.as_deref())?;
    let confirmed = choice.confirm.iter().cloned().collect();
    let reply = if choice.automatic {
        allowed::automatically(&ground.host, &ground.home, &report)?
    } else {
        choice.reply.clone()
    };
    if reply.is_empty() {
        output.text("No update has a low risk; nothing was changed.");
        return Ok(None);
    }
    let selection = choice::take(&session, &report, &reply, &confirmed, output)?;
    session.documents.keep_selection(&selection)?;
    let mut entries = Vec::new();
    for selected in &selection.entries {
        let entry = report.entry(selected.number);
        let entry = entry.ok_or_else(|| anyhow!("no such entry"))?;
        let update = &entry.update;
        allowed::must_not_be_kept_away(
            &ground.upgrades,
            &update.asset_id,
            &update.name,
            Some(&update.latest),
        )?;
        if !choice.despite_policy {
            allowed::must_be_allowed(&ground.host, &ground.home, entry)?;
        }
        entries.push(entry);
    }
    if entries.is_empty() {
        output.text("Nothing selected; nothing was changed.");
        return Ok(None);
    }
    Ok(Some(Chosen {
        entries: entries.into_iter().cloned().collect(),
        selection,
        soak: Duration::from_secs(choice.soak),
    }))
}

/// What is to be upgraded.
pub(crate) struct Chosen {
    entries: Vec<Entry>,
    selection: Selection,
    soak: Duration,
}

impl Chosen {
    /// The plan of the one entry that was chosen.
    pub(crate) fn only(&self, ground: &Ground) -> Result<Plan> {
        let [entry] = self.entries.as_slice() else {
            bail!(Blocked(
                "one update at a time can be handed to a process outside of the gateway; nothing was \
                 changed"
                    .to_owned()
            ));
        };
        plan(ground, entry, &self.selection, self.soak)
    }
}
fn plan(ground: &Ground, entry: &Entry, selection: &Selection, soak: Duration) -> Result<Plan> {
    match entry.update.kind {
        AssetKind::SkillClawhub | AssetKind::SkillGithub => {
            let report = &selection.report_id;
            skill::plan_upgrade(&*ground.host, &ground.install, entry, report).map_err(refused)
        }
        AssetKind::ExtensionNpm => {
            let (host, install) = (&*ground.host, &ground.install);
            let report = &selection.report_id;
            extension::plan_upgrade(host, install, entry, report, soak).map_err(refused)
        }
        AssetKind::CoreNpm => {
            let plan = plan_core(ground, entry, &selection.report_id, soak)?;
            let kept = Kept::read(&*ground.host, &ground.home, &ground.install.id())?;
            Ok(match kept {
                Some(kept) if kept.fits(&plan) => Plan {
                    beside: kept.beside,
                    ahead: true,
                    ..plan
                },
                _ => plan,
            })
        }
        kind => bail!(Blocked(format!(
            "{} is of a kind that exuvia does not replace ({kind}); nothing was changed",
            entry.update.name
        ))),
    }
}

fn plan_core(ground: &Ground, entry: &Entry, report: &str, soak: Duration) -> Result<Plan> {
    let held = core::may_be_replaced(&*ground.host, &ground.install).map_err(refused)?;
    let (from, to) = (&entry.update.current, &entry.update.latest);
    if from.version().is_none() || to.version().is_none() {
        return Err(no_version());
    }
    let name = format!("{to}-{}", ground.host.now().as_second());
    Ok(Plan {
        version: Plan::VERSION,
        kind: Kind::Upgrade,
        asset: entry.update.asset_id.clone(),
        subject: Subject::Core(CorePlan {
            manager: ground.install.package_manager,
        }),
        beside: held.aside.join(name),
        live: held.tree,
        from: from.clone(),
        to: to.clone(),
        digest: entry.artifact_digest.clone(),
        report: Some(report.to_owned()),
        ahead: false,
        keep: false,
        undoes: None,
        soak,
    })
}

fn refused(refusal: impl std::fmt::Display) -> anyhow::Error {
    anyhow!(Blocked(format!("{refusal}; nothing was changed")))
}

fn no_version() -> anyhow::Error {
    anyhow!(Blocked(
        "its version is none that can be compared; nothing was changed".to_owned()
    ))
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
        let carried = carry_out(begun, &ground, output).await;
        // Whoever asked is told, however it ended.
        ground.restarts.drive().await?;
        return Ok(carried?.tell(output));
    }
    if let Some(begun) = ground.upgrades.resume()? {
        // Only now: what the dead driver has left running may hold the state like a gateway.
        ground.must_be_outside(ground::FROM_A_TERMINAL).await?;
        return Ok(told::carry_out(begun, &ground, output).await?.tell(output));
    }
    output.text("no upgrade or rollback was cut short");
    Ok(ExitCode::SUCCESS)
}
