//! `exuvia snapshot`: points in time, and the way back to them.

mod changes;
mod create;
mod delete;
mod diff;
mod excludes;
mod list;
mod pin;
mod prune;
mod repair;
mod restore;
mod shelf;
mod show;
mod verify;

use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;

use crate::heal::Tolerance;
use crate::output::Output;
use crate::session::Machine;

/// What `exuvia snapshot` does.
#[derive(Debug, Subcommand)]
pub(crate) enum SnapshotCommand {
    /// Take a snapshot of the install, or of one agent
    #[command(after_help = create::EXAMPLES)]
    Create(create::CreateArgs),
    /// List the snapshots of the install, newest last
    #[command(alias = "ls", after_help = list::EXAMPLES)]
    List(list::ListArgs),
    /// Tell everything that is known of a snapshot
    #[command(after_help = show::EXAMPLES)]
    Show(show::ShowArgs),
    /// Tell what differs between a snapshot and another, or what is there now
    #[command(after_help = diff::EXAMPLES)]
    Diff(diff::DiffArgs),
    /// Take the install back to a snapshot
    #[command(after_help = restore::EXAMPLES)]
    Restore(restore::RestoreArgs),
    /// Look whether every snapshot can be restored
    #[command(after_help = verify::EXAMPLES)]
    Verify(verify::VerifyArgs),
    /// Make a damaged store whole again, of what is left
    #[command(after_help = repair::EXAMPLES)]
    Repair,
    /// Delete snapshots
    #[command(alias = "rm", after_help = delete::EXAMPLES)]
    Delete(delete::DeleteArgs),
    /// Delete what a policy does not keep, and give back the room
    #[command(after_help = prune::EXAMPLES)]
    Prune(prune::PruneArgs),
    /// Keep snapshots from being deleted
    #[command(after_help = pin::EXAMPLES)]
    Pin(pin::PinArgs),
    /// Let snapshots be deleted again
    #[command(after_help = pin::EXAMPLES)]
    Unpin(pin::PinArgs),
    /// Tell which files snapshots leave out
    #[command(after_help = excludes::EXAMPLES)]
    Excludes(excludes::ExcludesArgs),
}

impl SnapshotCommand {
    /// Over what it may run. What changes an install or the store runs over no restore that could
    /// be finished; over one that is stuck, it is what leads out.
    pub(crate) fn tolerance(&self) -> Tolerance {
        let only_reads = match self {
            Self::List(_) | Self::Show(_) | Self::Diff(_) | Self::Verify(_) => true,
            Self::Excludes(args) => !args.writes(),
            Self::Restore(args) => !args.is_in_place(),
            Self::Prune(args) => args.is_dry_run(),
            Self::Create(_) | Self::Repair | Self::Delete(_) | Self::Pin(_) | Self::Unpin(_) => {
                false
            }
        };
        if only_reads {
            Tolerance::Anything
        } else {
            Tolerance::Stuck
        }
    }
}

pub(crate) fn run(
    machine: &Machine,
    command: &SnapshotCommand,
    output: &Output,
) -> Result<ExitCode> {
    match command {
        SnapshotCommand::Create(args) => create::run(machine, args, output),
        SnapshotCommand::List(args) => list::run(machine, args, output),
        SnapshotCommand::Show(args) => show::run(machine, args, output),
        SnapshotCommand::Diff(args) => diff::run(machine, args, output),
        SnapshotCommand::Restore(args) => restore::run(machine, args, output),
        SnapshotCommand::Verify(args) => verify::run(machine, args, output),
        SnapshotCommand::Repair => repair::run(machine, output),
        SnapshotCommand::Delete(args) => delete::run(machine, args, output),
        SnapshotCommand::Prune(args) => prune::run(machine, args, output),
        SnapshotCommand::Pin(args) => pin::run(machine, args, true, output),
        SnapshotCommand::Unpin(args) => pin::run(machine, args, false, output),
        SnapshotCommand::Excludes(args) => excludes::run(machine, args, output),
    }
}
