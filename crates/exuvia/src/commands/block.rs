//! `exuvia block` and `unblock`: a version is not installed here.

use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Args;
use exuvia_check::BadVersion;
use exuvia_model::journal::Operation;
use serde_json::json;

use super::lists::{Desk, tell};
use crate::exit::{Blocked, Usage};
use crate::output::Output;
use crate::render;
use crate::session::Machine;

const BLOCK_EXAMPLES: &str = "\
Examples:
  exuvia block openclaw@2026.9.6 --reason \"loses my channel\"
  exuvia block demo@1.4.0
  exuvia block --list             also those that failed here

A check reports a version that is on the list as blocked, and an upgrade to it is refused; the next
version is offered as ever.
Exit codes: 0 done, 2 no version was named, 3 there is no such asset";

const UNBLOCK_EXAMPLES: &str = "\
Examples:
  exuvia unblock openclaw@2026.9.6     you blocked it, or it failed here, and you want it again

Exit codes: 0 done, 2 no version was named, 3 it is not on the list";

/// Keep a version from being installed here
#[derive(Debug, Args)]
#[command(after_help = BLOCK_EXAMPLES)]
pub(crate) struct BlockArgs {
    /// The name or id of an asset, and the version
    #[arg(value_name = "ASSET@VERSION", required_unless_present = "list")]
    what: Option<String>,
    /// Why, for whoever asks later
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Tell which versions are kept from being installed
    #[arg(long, conflicts_with_all = ["what", "reason"])]
    list: bool,
}

/// Let a version be installed that was blocked, or that failed here
#[derive(Debug, Args)]
#[command(after_help = UNBLOCK_EXAMPLES)]
pub(crate) struct UnblockArgs {
    /// The name or id of an asset, and the version
    #[arg(value_name = "ASSET@VERSION")]
    what: String,
}

pub(crate) fn block(machine: Machine, args: &BlockArgs, output: &Output) -> Result<ExitCode> {
    let desk = Desk::open(machine)?;
    let Some(asked) = &args.what else {
        let known = desk.session.documents.list::<BadVersion>()?;
        let nothing = "No version is blocked, and none has failed here.";
        tell(&known, nothing, |bad| parts(&desk, bad), output);
        return Ok(ExitCode::SUCCESS);
    };
    let named = desk.named(asked)?;
    let asset = named.asset;
    let Some(said) = &named.version else {
        return Err(versionless(&asset.name, "block"));
    };
    let version = desk.version(asset, said);
    let detail = json!({ "block": asset.id, "version": version, "reason": args.reason });
    let subject = format!("{} {said} blocked", asset.id);
    let (bad, run) = desk.journaled(Operation::VersionBlock, subject, detail, |run| {
        let (id, now) = (asset.id.clone(), desk.machine.host.now());
        let reason = args.reason.clone();
        let bad = BadVersion::of_user(id, version.clone(), reason, run.clone(), now);
        desk.session.documents.add(bad.clone())?;
        Ok(bad)
    })?;
    if output.json() {
        output.document(&json!({ "run": run, "blocked": bad }));
    } else {
        let (name, said) = (render::line(&asset.name), render::line(said));
        output.text(&format!(
            "{name} {said} is not installed here; `exuvia unblock {name}@{said}` takes that back."
        ));
    }
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn unblock(machine: Machine, args: &UnblockArgs, output: &Output) -> Result<ExitCode> {
    let desk = Desk::open(machine)?;
    let named = desk.named(&args.what)?;
    let asset = named.asset;
    let Some(said) = &named.version else {
        return Err(versionless(&asset.name, "unblock"));
    };
    let known = desk.session.documents.list::<BadVersion>()?;
    let is_listed = |version: &String| {
        let mut all = known.all().iter();
        all.any(|bad| bad.asset_id == asset.id && bad.version == *version)
    };
    let full = desk.version(asset, said);
    let Some(version) = [full, said.clone()].into_iter().find(is_listed) else {
        bail!(Blocked(format!(
            "{} {said} is not blocked; `exuvia block --list` tells what is; nothing was changed",
            asset.name
        )));
    };
    let detail = json!({ "unblock": asset.id, "version": version });
    let subject = format!("{} {said} unblocked", asset.id);
    let (bad, run) = desk.journaled(Operation::VersionBlock, subject, detail, |_| {
        let is_it = |bad: &BadVersion| bad.asset_id == asset.id && bad.version == version;
        Ok(desk.session.documents.take(is_it)?)
    })?;
    if output.json() {
        output.document(&json!({ "run": run, "unblocked": bad }));
    } else {
        let (name, said) = (render::line(&asset.name), render::line(said));
        output.text(&format!(
            "{name} {said} may be installed again; `exuvia check` offers it where it is the newest."
        ));
    }
    Ok(ExitCode::SUCCESS)
}

fn parts(desk: &Desk, bad: &BadVersion) -> Vec<Option<String>> {
    let who = match &bad.run {
        Some(run) if !bad.is_of_user() => format!("failed in {run}"),
        _ => "blocked by you".to_owned(),
    };
    vec![
        Some(desk.name(&bad.asset_id)),
        Some(bad.version.clone()),
        Some(who),
        bad.at.map(|at| at.to_string()),
        bad.reason.clone(),
    ]
}

fn versionless(name: &str, command: &str) -> anyhow::Error {
    let words = format!(
        "which version of {name}? `exuvia {command} {name}@VERSION`; `exuvia pin {name}` keeps all \
         others away"
    );
    anyhow::anyhow!(Usage(words))
}
