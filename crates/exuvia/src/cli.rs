//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use exuvia_model::Channel;

use crate::commands::snapshot::SnapshotCommand;
use crate::heal::Tolerance;

/// Updates OpenClaw without ever leaving it broken. 宁可不升,不可升坏
#[derive(Debug, Parser)]
#[command(name = "exuvia", version, about, propagate_version = true, after_help = EXAMPLES)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXAMPLES: &str = "\
Examples:
  exuvia check                    what could be updated, what changed, how risky it is
  exuvia check --json             the same, as one JSON document
  exuvia detail 2                 everything that is known of the second update
  exuvia upgrade 1                upgrade the first; `exuvia rollback` undoes it
  exuvia snapshot create          a point in time to go back to
  exuvia report --format html --output report.html

Exit codes: 0 done, 1 error, 2 usage, 3 blocked (something is missing or refused),
5 left half done";

/// What every command understands.
#[derive(Debug, Args)]
pub(crate) struct Global {
    /// The install: its state directory, its package, or an `openclaw` command
    #[arg(long, global = true, value_name = "PATH")]
    pub(crate) install: Option<PathBuf>,
    /// The OpenClaw profile, as in `openclaw --profile`
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// Print one JSON document on standard output and nothing else
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// No progress and no notes on standard error
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
    /// Language of what is printed; from the locale by default
    #[arg(long, global = true, value_name = "LANG")]
    pub(crate) lang: Option<LangName>,
    /// When to use colours
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: ColorWhen,
}

/// The languages that reports are written in.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum LangName {
    /// English
    En,
    /// 简体中文
    #[value(name = "zh-CN", alias = "zh")]
    ZhCn,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorWhen {
    /// On a terminal, unless `NO_COLOR` is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Find out what could be updated and how risky it is, then ask what to do
    #[command(after_help = "Runs `inventory`, `scan`, `changelog`, `risk` and `report` in turn.")]
    Check(CheckArgs),
    /// List what is installed (phase 1); writes inventory.json
    Inventory,
    /// Look for newer versions of it (phase 2); writes scan-result.json
    Scan(SourceArgs),
    /// Fetch what changed in each of them (phase 3)
    Changelog(SourceArgs),
    /// Look into each of them and assess its risk (phase 4)
    Risk(SourceArgs),
    /// Make the report of what the phases before found (phase 5)
    Report(ReportArgs),
    /// Tell everything that is known of one update of the newest report
    Detail(DetailArgs),
    /// Answer the newest report: `1 2`, `all` or `skip`
    #[command(after_help = SELECT_EXAMPLES)]
    Select(SelectArgs),
    Upgrade(crate::commands::upgrade::UpgradeArgs),
    Rehearse(crate::commands::upgrade::rehearse::RehearseArgs),
    Rollback(crate::commands::upgrade::RollbackArgs),
    Resume(crate::commands::upgrade::ResumeArgs),
    Pin(crate::commands::pin::PinArgs),
    Unpin(crate::commands::pin::UnpinArgs),
    Block(crate::commands::block::BlockArgs),
    Unblock(crate::commands::block::UnblockArgs),
    Inhibit(crate::commands::inhibit::InhibitArgs),
    /// Take snapshots of the install, and go back to them
    #[command(subcommand, after_help = SNAPSHOT_EXAMPLES)]
    Snapshot(SnapshotCommand),
    /// Back snapshots up off the machine, encrypted, and bring them back
    #[command(subcommand, after_help = crate::commands::backup::EXAMPLES)]
    Backup(crate::commands::backup::BackupCommand),
    /// Tell what was done, and what became of it
    #[command(after_help = crate::commands::history::EXAMPLES)]
    History(crate::commands::history::HistoryArgs),
    /// Tell whether the gateway works
    #[command(after_help = crate::commands::status::EXAMPLES)]
    Status(crate::commands::status::StatusArgs),
    /// Tell what is wrong with the gateway, and what to do about it
    Doctor,
    /// Put another gateway in place of the one that runs
    #[command(after_help = crate::commands::restart::EXAMPLES)]
    Restart(crate::commands::restart::RestartArgs),
    /// Put an update into force, and tell what came of it
    #[command(subcommand)]
    Update(crate::commands::update::UpdateCommand),
    /// Keep the gateway alive, start and stop it
    #[command(subcommand)]
    Gateway(crate::commands::gateway::GatewayCommand),
    /// List the OpenClaw installs of this machine
    Installs,
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Answer as a model provider, inside of a rehearsal
    #[command(hide = true)]
    StandInModel(crate::commands::stand_in_model::StandInModelArgs),
    /// Measure Exuvia beside what it replaces
    #[cfg(feature = "bench")]
    #[command(subcommand)]
    Bench(BenchCommand),
}

impl Command {
    /// Over what it may run, where an interrupted command left something half done that cannot be
    /// finished now.
    pub(crate) fn tolerance(&self) -> Tolerance {
        match self {
            Self::Snapshot(command) => command.tolerance(),
            Self::Backup(command) => command.tolerance(),
            Self::Report(_)
            | Self::Detail(_)
            | Self::Installs
            | Self::History(_)
            | Self::Status(_)
            | Self::Doctor => Tolerance::Anything,
            _ => Tolerance::Nothing,
        }
    }

    /// Whether it ends by itself, and in order, when the user interrupts it.
    pub(crate) fn hears_interrupts(&self) -> bool {
        matches!(
            self,
            Self::Gateway(crate::commands::gateway::GatewayCommand::Run(_))
        )
    }

    /// Whether it is about an install or what Exuvia keeps at all.
    pub(crate) fn heals(&self) -> bool {
        match self {
            // What is left to finish is told as it is.
            Self::Completions { .. } | Self::History(_) | Self::StandInModel(_) => false,
            // It is the one that finishes.
            Self::Restart(args) => !args.carry,
            Self::Resume(_) => false,
            #[cfg(feature = "bench")]
            Self::Bench(_) => false,
            _ => true,
        }
    }
}

const SNAPSHOT_EXAMPLES: &str = "\
Examples:
  exuvia snapshot create --name before-msteams     the gateway may run meanwhile
  exuvia snapshot list                             what there is to go back to
  exuvia snapshot diff before-msteams              what has changed since
  exuvia snapshot restore before-msteams           shows what it will do, and asks

SNAPSHOT is a name, an id, or the beginning of an id that no other has.";

const SELECT_EXAMPLES: &str = "\
Examples:
  exuvia select 1 2
  exuvia select all --report rep_0123456789abcdef
  exuvia select 3 --confirm openclaw     what is risky is confirmed by its name
  exuvia select skip";

#[derive(Debug, Args)]
pub(crate) struct SourceArgs {
    /// Use cached answers only, and say how old they are
    #[arg(long)]
    pub(crate) offline: bool,
    /// Which releases to hear of: stable, beta, dev or extended-stable
    #[arg(long, value_name = "CHANNEL", value_parser = parse_channel)]
    pub(crate) channel: Option<Channel>,
}

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    pub(crate) sources: SourceArgs,
    /// Print the report and do not ask
    #[arg(long)]
    pub(crate) no_input: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ReportArgs {
    /// The shape of the report
    #[arg(long, value_enum, default_value = "terminal")]
    pub(crate) format: ReportFormat,
    /// Write it to this file instead of standard output
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

/// The shapes of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// For reading here
    Terminal,
    /// For a chat or an issue
    Markdown,
    /// One self-contained page
    Html,
    /// For programs; docs/reference/report.schema.json describes it
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct DetailArgs {
    /// Its number in the report
    pub(crate) number: u32,
    /// The report; the newest by default
    #[arg(long, value_name = "ID")]
    pub(crate) report: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct SelectArgs {
    /// Numbers, `all` or `skip`
    #[arg(required = true, value_name = "REPLY")]
    pub(crate) reply: Vec<String>,
    /// The report that is answered; the newest by default, required with --json
    #[arg(long, value_name = "ID")]
    pub(crate) report: Option<String>,
    /// Confirm an update of high or unknown risk by its name
    #[arg(long, value_name = "NAME")]
    pub(crate) confirm: Vec<String>,
}

/// What is measured.
#[cfg(feature = "bench")]
#[derive(Debug, Subcommand)]
pub(crate) enum BenchCommand {
    /// The whole check of many skills against a slow local registry
    Check(crate::commands::bench::CheckBenchArgs),
    /// Snapshots and restores of a tree and of a live state directory, beside other tools
    Store(crate::commands::bench::StoreBenchArgs),
    /// Upgrades and rollbacks of the real OpenClaw beside its own updater
    Upgrade(crate::commands::bench::UpgradeBenchArgs),
    /// Runs a program and tells what it cost
    #[command(hide = true)]
    Watch(crate::commands::bench::WatchArgs),
    /// One job of the snapshot store
    #[command(hide = true, subcommand)]
    Job(crate::commands::bench::Job),
    /// Writes databases steadily until its standard input ends
    #[command(hide = true)]
    Writer(crate::commands::bench::WriterArgs),
}

fn parse_channel(name: &str) -> Result<Channel, String> {
    Channel::from_name(name).ok_or_else(|| {
        let names = Channel::ALL.map(Channel::name).join(", ");
        format!("there is no channel {name:?}; the channels are {names}")
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn an_unknown_channel_is_answered_with_those_there_are() {
        let error = parse_channel("nightly").unwrap_err();
        assert!(
            error.contains("stable, beta, dev, extended-stable"),
            "{error}"
        );
    }
}
