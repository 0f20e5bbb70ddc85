//! `exuvia pin` and `unpin`: an asset stays what it is.

use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Args;
use exuvia_check::Pin;
use exuvia_model::journal::Operation;
use serde_json::json;

use super::lists::{Desk, tell};
use crate::exit::Blocked;
use crate::output::Output;
use crate::render;
use crate::session::Machine;

const PIN_EXAMPLES: &str = "\
Examples:
  exuvia pin openclaw                            stays what it is, until it is unpinned
  exuvia pin openclaw@2026.9.5 --reason \"the plugin of work\"    only if that is what it is
  exuvia pin --list --json

A check skips what is pinned and says so, and an upgrade of it is refused.
Exit codes: 0 done, 3 there is no such asset, or it is another version";

const UNPIN_EXAMPLES: &str = "\
Examples:
  exuvia unpin openclaw

Exit codes: 0 done, 3 there is no such asset, or it is not pinned";

/// Keep an asset at the version that it is
#[derive(Debug, Args)]
#[command(after_help = PIN_EXAMPLES)]
pub(crate) struct PinArgs {
    /// Its name or id, and the version that it must be
    #[arg(value_name = "ASSET[@VERSION]", required_unless_present = "list")]
    asset: Option<String>,
    /// Why, for whoever asks later
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Tell what is pinned
    #[arg(long, conflicts_with_all = ["asset", "reason"])]
    list: bool,
}

/// Let an asset be upgraded again
#[derive(Debug, Args)]
#[command(after_help = UNPIN_EXAMPLES)]
pub(crate) struct UnpinArgs {
    /// Its name or id
    #[arg(value_name = "ASSET")]
    asset: String,
}

pub(crate) fn pin(machine: Machine, args: &PinArgs, output: &Output) -> Result<ExitCode> {
    let desk = Desk::open(machine)?;
    let Some(asked) = &args.asset else {
        let pins = desk.session.documents.list::<Pin>()?;
        let parts = |pin: &Pin| {
            vec![
                Some(desk.name(&pin.asset_id)),
                pin.version.clone(),
                pin.at.map(|at| format!("since {at}")),
                pin.reason.clone(),
            ]
        };
        tell(&pins, "Nothing is pinned.", parts, output);
        return Ok(ExitCode::SUCCESS);
    };
    let named = desk.named(asked)?;
    let asset = named.asset;
    let installed = asset.revision();
    let version = installed.as_ref().map(ToString::to_string);
    if let Some(wanted) = &named.version
        && version.as_ref() != Some(&desk.version(asset, wanted))
    {
        let is = installed.map_or_else(|| "no known version".to_owned(), |it| it.short());
        bail!(Blocked(format!(
            "{} is {is}, and a pin keeps it so: upgrade or roll back to {wanted} first; nothing was \
             changed",
            asset.name
        )));
    }
    let at = installed.map(|revision| revision.short());
    let at = at.map_or_else(String::new, |short| format!(" at {short}"));
    let detail = json!({ "pin": asset.id, "version": version, "reason": args.reason });
    let subject = format!("{} pinned{at}", asset.id);
    let (pin, run) = desk.journaled(Operation::AssetPin, subject, detail, |run| {
        let (reason, now) = (args.reason.clone(), desk.machine.host.now());
        let pin = Pin::of_run(asset.id.clone(), version.clone(), reason, run.clone(), now);
        desk.session.documents.add(pin.clone())?;
        Ok(pin)
    })?;
    if output.json() {
        output.document(&json!({ "run": run, "pin": pin }));
    } else {
        let name = render::line(&asset.name);
        output.text(&format!(
            "{name} stays as it is{at}; `exuvia unpin {name}` lets it be upgraded again."
        ));
    }
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn unpin(machine: Machine, args: &UnpinArgs, output: &Output) -> Result<ExitCode> {
    let desk = Desk::open(machine)?;
    let pins = desk.session.documents.list::<Pin>()?;
    // One that was removed since can be named by its id.
    let gone = pins
        .all()
        .iter()
        .find(|pin| pin.asset_id.as_str() == args.asset);
    let asset = match gone {
        Some(pin) => pin.asset_id.clone(),
        None => desk.named(&args.asset)?.asset.id.clone(),
    };
    let name = desk.name(&asset);
    if pins.find(&asset).is_none() {
        bail!(Blocked(format!(
            "{name} is not pinned; nothing was changed"
        )));
    }
    let (subject, detail) = (format!("{asset} unpinned"), json!({ "unpin": asset }));
    let (pin, run) = desk.journaled(Operation::AssetPin, subject, detail, |_| {
        let is_it = |pin: &Pin| pin.asset_id == asset;
        Ok(desk.session.documents.take(is_it)?)
    })?;
    if output.json() {
        output.document(&json!({ "run": run, "unpinned": pin }));
    } else {
        let name = render::line(&name);
        output.text(&format!("{name} is upgraded again when you say so."));
    }
    Ok(ExitCode::SUCCESS)
}
