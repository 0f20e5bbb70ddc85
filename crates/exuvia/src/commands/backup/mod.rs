//! `exuvia backup`: snapshots in an encrypted repository off the machine, and back from there.

mod bar;
mod check;
mod desk;
mod forget;
mod init;
mod journal;
mod list;
mod password;
mod push;
mod restore;

use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;
use exuvia_backup::BackupError;

use crate::exit;
use crate::heal::Tolerance;
use crate::output::Output;
use crate::session::Machine;

pub(crate) const EXAMPLES: &str = "\
Examples:
  exuvia backup init sftp:me@nas:/backups/openclaw --password-file ~/.backup-password
  exuvia backup push                               the newest snapshot of the install
  exuvia backup list
  exuvia backup restore before-msteams             as a snapshot of this machine again
  exuvia backup check --read-data

REPOSITORY is a path, rest:URL, sftp:USER@HOST:PATH or s3:URL, as restic writes them, and restic
reads what is in it. Logins are read from the environment: RESTIC_REST_USERNAME and
RESTIC_REST_PASSWORD, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and for sftp from ssh itself.
The password is that of --password-file, --password-command or --password-keyring, else of
EXUVIA_BACKUP_PASSWORD, else where `init` found it; else it is asked for.";

/// What `exuvia backup` does.
#[derive(Debug, Subcommand)]
pub(crate) enum BackupCommand {
    /// Make a repository, or choose one that is there, for the commands to come
    #[command(after_help = init::EXAMPLES)]
    Init(init::InitArgs),
    /// Back snapshots up
    #[command(after_help = push::EXAMPLES)]
    Push(push::PushArgs),
    /// List the backups, newest last
    #[command(alias = "ls", after_help = list::EXAMPLES)]
    List(list::ListArgs),
    /// Bring a backup back, as a snapshot or into a directory
    #[command(after_help = restore::EXAMPLES)]
    Restore(restore::RestoreArgs),
    /// Look whether every backup can be restored
    #[command(after_help = check::EXAMPLES)]
    Check(check::CheckArgs),
    /// Forget backups, and clear away what only they needed
    #[command(alias = "rm", after_help = forget::EXAMPLES)]
    Forget(forget::ForgetArgs),
}

impl BackupCommand {
    /// Over what it may run: what takes or makes snapshots runs over no restore that could be
    /// finished.
    pub(crate) fn tolerance(&self) -> Tolerance {
        match self {
            Self::Init(_) | Self::List(_) | Self::Check(_) | Self::Forget(_) => Tolerance::Anything,
            Self::Push(_) | Self::Restore(_) => Tolerance::Stuck,
        }
    }
}

pub(crate) fn run(machine: &Machine, command: &BackupCommand, output: &Output) -> Result<ExitCode> {
    let done = match command {
        BackupCommand::Init(args) => init::run(machine, args, output),
        BackupCommand::Push(args) => push::run(machine, args, output),
        BackupCommand::List(args) => list::run(machine, args, output),
        BackupCommand::Restore(args) => restore::run(machine, args, output),
        BackupCommand::Check(args) => check::run(machine, args, output),
        BackupCommand::Forget(args) => forget::run(machine, args, output),
    };
    match done {
        Err(error) if is_refusal(&error) => {
            output.error(&error);
            Ok(ExitCode::from(exit::BLOCKED))
        }
        other => other,
    }
}

/// Whether nothing failed, and it may just not be done.
fn is_refusal(error: &anyhow::Error) -> bool {
    let error: Option<&BackupError> = error.downcast_ref();
    error.is_some_and(BackupError::is_refusal)
}
