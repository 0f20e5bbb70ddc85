//! `exuvia bench upgrade`: upgrades and rollbacks of the real OpenClaw beside its own updater, in
//! one run.

mod asking;
mod ground;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use exuvia_testkit::sandbox::{NEXT_OPENCLAW, OPENCLAW, Sandbox};
use serde::Serialize;
use serde_json::Value;

use self::asking::{Asking, Presence};
use self::ground::Ground;
use super::aim::Aim;
use super::median;
use crate::output::Output;

#[derive(Debug, Args)]
pub(crate) struct UpgradeBenchArgs {
    /// How often each is measured; the median counts
    #[arg(long, default_value_t = 1)]
    rounds: usize,
    /// How large the state is made, in MB (10⁶ bytes)
    #[arg(long, default_value_t = 300)]
    state_mb: u64,
    /// A sandbox with the real OpenClaw, which is prepared where it is not
    #[arg(long, value_name = "DIR")]
    sandbox: PathBuf,
    /// Leave out OpenClaw's own updater, which takes minutes
    #[arg(long)]
    without_native: bool,
}

/// How long the new version is watched, which does not count: OpenClaw's own checks are made
/// meanwhile.
const SOAK: Duration = Duration::from_secs(20);

/// One round, in seconds.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct Round {
    /// From the selection to the commit, without a soak.
    upgrade: f64,
    /// For how long no client was answered meanwhile.
    upgrade_away: f64,
    /// For how long in a restart of the new version, which has migrated before.
    new_restart_away: f64,
    rollback: f64,
    rollback_away: f64,
    /// For how long in a restart of the old version.
    old_restart_away: f64,
    /// Staging and rehearsing ahead of time.
    ahead: f64,
    /// The upgrade after that.
    upgrade_ahead: f64,
    upgrade_ahead_away: f64,
    /// How often the package was looked for, and how often it was not there.
    looked: u64,
    absent: u64,
    /// OpenClaw's own updater, with no gateway to stop or to start.
    native: Option<Native>,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct Native {
    seconds: f64,
    absent: u64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Findings {
    state_mb: u64,
    rounds: Vec<Round>,
    aims: Vec<Aim>,
}

pub(super) fn run(args: &UpgradeBenchArgs, output: &Output) -> Result<ExitCode> {
    let sandbox = Sandbox::prepare(&args.sandbox)?;
    let mut rounds = Vec::new();
    for number in 1..=args.rounds.max(1) {
        output.note(&format!("round {number}: {OPENCLAW} with its gateway kept"));
        let mut round = ours(&sandbox, args, output)?;
        if !args.without_native {
            output.note("the same upgrade by `openclaw update`, with no gateway");
            let native = native(&sandbox, args)?;
            output.note(&format!("  {:.1} s", native.seconds));
            round.native = Some(native);
        }
        rounds.push(round);
    }
    let findings = Findings {
        state_mb: args.state_mb,
        aims: aims(&rounds),
        rounds,
    };
    if output.json() {
        output.document(&findings);
    } else {
        let lines: Vec<String> = findings.aims.iter().map(Aim::line).collect();
        output.text(&lines.join("\n"));
    }
    Ok(ExitCode::SUCCESS)
}

fn ours(sandbox: &Sandbox, args: &UpgradeBenchArgs, output: &Output) -> Result<Round> {
    let ground = Ground::build(sandbox, args.state_mb)?;
    let kept = ground.keep()?;
    let presence = Presence::begin(&ground.package());
    let timed = |what: &str, words: &[&str]| -> Result<(f64, f64)> {
        let asking = Asking::begin(kept.port());
        let began = Instant::now();
        let phases = kept.expect(words)?;
        let soak = if words.contains(&"--soak") {
            SOAK
        } else {
            Duration::ZERO
        };
        let took = began.elapsed().saturating_sub(soak).as_secs_f64();
        let away = asking.longest_silence()?.as_secs_f64();
        output.note(&format!("  {what}: {took:.1} s, gateway away {away:.1} s"));
        for phase in phases {
            output.note(&format!("      {phase}"));
        }
        Ok((took, away))
    };
    let words = upgrade_words(&kept.check()?)?;
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let restart = ["restart", "--force"];
    let (upgrade, upgrade_away) = timed("upgrade", &words)?;
    let (_, new_restart_away) = timed("restart of the new version", &restart)?;
    let (rollback, rollback_away) = timed("rollback", &["rollback"])?;
    let (_, old_restart_away) = timed("restart of the old version", &restart)?;
    let words = upgrade_words(&kept.check()?)?;
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let (ahead, _) = timed(
        "rehearsed ahead of time",
        &["rehearse", "openclaw", "--keep"],
    )?;
    let (upgrade_ahead, upgrade_ahead_away) = timed("upgrade after that", &words)?;
    let (looked, absent) = presence.end()?;
    Ok(Round {
        upgrade,
        upgrade_away,
        new_restart_away,
        rollback,
        rollback_away,
        old_restart_away,
        ahead,
        upgrade_ahead,
        upgrade_ahead_away,
        looked,
        absent,
        native: None,
    })
}

/// How the newest OpenClaw of a report is selected.
fn upgrade_words(report: &Value) -> Result<Vec<String>> {
    let entries = report.get("entries").and_then(Value::as_array);
    let openclaw = entries.into_iter().flatten().find(|entry| {
        let name = entry.pointer("/update/name");
        name.and_then(Value::as_str) == Some("openclaw")
    });
    let number = openclaw.and_then(|entry| entry.get("number"));
    let number = number.context("the check found no newer OpenClaw")?;
    let report = report.get("reportId").and_then(Value::as_str);
    let report = report.context("the report has no id")?;
    let (number, soak) = (number.to_string(), SOAK.as_secs().to_string());
    let words = ["upgrade", &number, "--report", report].into_iter().chain([
        "--confirm",
        "openclaw",
        "--soak",
        &soak,
    ]);
    Ok(words.map(str::to_owned).collect())
}

fn native(sandbox: &Sandbox, args: &UpgradeBenchArgs) -> Result<Native> {
    let ground = Ground::build(sandbox, args.state_mb)?;
    let presence = Presence::begin(&ground.package());
    let began = Instant::now();
    let updated = ground
        .openclaw()
        .args(["update", "--tag", NEXT_OPENCLAW])
        .args(["--yes", "--no-restart", "--json"])
        .output()
        .context("cannot run openclaw")?;
    let took = began.elapsed();
    let (_, absent) = presence.end()?;
    if !updated.status.success() {
        let said = String::from_utf8_lossy(&updated.stderr);
        let last: Vec<&str> = said.lines().rev().take(5).collect();
        bail!("`openclaw update` ended with {}: {last:?}", updated.status);
    }
    ensure!(
        took > Duration::from_secs(1),
        "`openclaw update` did nothing"
    );
    Ok(Native {
        seconds: took.as_secs_f64(),
        absent,
    })
}

/// What DESIGN.md's section 11 wants of an upgrade.
fn aims(rounds: &[Round]) -> Vec<Aim> {
    let of = |value: &dyn Fn(&Round) -> f64| median(rounds.iter().map(value).collect());
    let upgrade = of(&|round| round.upgrade);
    let slower_away = of(&|round| round.upgrade_away / round.new_restart_away);
    let ahead_away = of(&|round| round.upgrade_ahead_away / round.new_restart_away);
    let rollback_more = of(&|round| round.rollback_away - round.old_restart_away);
    let absent: u64 = rounds.iter().map(|round| round.absent).sum();
    let mut aims = vec![
        Aim::new(
            "upgrade, from the selection to the commit",
            upgrade,
            90.0,
            "s",
        ),
        Aim::new(
            "gateway away, to a restart of the new version",
            slower_away,
            1.15,
            "",
        ),
        Aim::new(
            "upgrade staged and rehearsed ahead",
            of(&|round| round.upgrade_ahead),
            35.0,
            "s",
        ),
        Aim::new(
            "gateway away, staged ahead, to the same",
            ahead_away,
            1.15,
            "",
        ),
        Aim::new(
            "rollback: gateway away beyond a restart's",
            rollback_more,
            1.0,
            "s",
        ),
        Aim::new(
            "looks that found no package",
            f64::from(u32::try_from(absent).unwrap_or(u32::MAX)),
            0.0,
            "",
        ),
    ];
    let natives: Vec<f64> = rounds
        .iter()
        .filter_map(|round| Some(round.native.as_ref()?.seconds))
        .collect();
    if !natives.is_empty() {
        let what = "upgrade, to that of `openclaw update`";
        aims.push(Aim::new(what, upgrade / median(natives), 0.4, ""));
    }
    aims
}
