//! `exuvia backup init`: makes a repository, and remembers it.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use exuvia_backup::Remembered;
use exuvia_model::journal::Operation;
use serde_json::json;

use super::bar::BackupBar;
use super::desk::{Desk, locate, parse};
use super::journal::{Job, journaled};
use super::password::{self, PasswordArgs};
use crate::output::Output;
use crate::render;
use crate::session::Machine;

pub(super) const EXAMPLES: &str = "\
Examples:
  exuvia backup init /mnt/usb/backup
  exuvia backup init rest:https://backup.example:8000/me --password-file ~/.backup-password
  exuvia backup init sftp:me@nas:/backups --password-command 'pass show backup'
  exuvia backup init s3:https://s3.eu-west-1.amazonaws.com/bucket/openclaw --password-keyring

A repository that is there already is chosen if the password opens it, and not changed. What is
remembered, in config.toml of Exuvia's own directory, is the address and where the password comes
from, never the password: without it nobody can read a backup, so keep it in another place, too.
The keyring of Linux forgets at a restart; for what runs unattended take a file or a command.";

#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    /// Where: a path, rest:URL, sftp:USER@HOST:PATH or s3:URL
    #[arg(value_name = "REPOSITORY")]
    repository: String,
    #[command(flatten)]
    password: PasswordArgs,
}

pub(super) fn run(machine: &Machine, args: &InitArgs, output: &Output) -> Result<ExitCode> {
    let host = machine.host.as_ref();
    let address = parse(machine, &args.repository)?;
    // Before a repository is made that would not be remembered.
    Remembered::read(host, &machine.home)?;
    let source = args.password.source(host)?;
    let password = password::chosen(host, &address, source.as_ref(), output)?;
    output.if_interrupted("a repository that was begun is finished by running this again");
    let job = Job {
        operation: Operation::BackupInit,
        install: None,
        subject: address.to_string(),
        repository: address.to_string(),
    };
    let bar = BackupBar::new(output);
    let mut made = None;
    let (created, run) = journaled(machine, job, || {
        let initialized = locate(machine, address.clone(), &bar).init(&password);
        bar.end();
        let initialized = initialized?;
        if let Some(source) = &source {
            source.keep(&address, &password)?;
        }
        Remembered::write(host, &machine.home, &address, source.as_ref())?;
        made = Some(initialized.repository);
        Ok(initialized.created)
    })?;
    if output.json() {
        output.document(&json!({
            "repository": address.to_string(),
            "created": created,
            "run": run,
        }));
        return Ok(ExitCode::SUCCESS);
    }
    let place = render::line(&address.to_string());
    let done = if created {
        format!("Made the backup repository {place}.")
    } else {
        format!("The backup repository {place} was there, and is the one that is used from now on.")
    };
    let Some(repository) = made else {
        output.text(&done);
        return Ok(ExitCode::SUCCESS);
    };
    let desk = Desk::at(machine, output, repository, bar);
    let push = desk.sheet.typed("exuvia backup push");
    desk.tell(format!(
        "{done}\nKeep its password in another place, too: without it nobody can read a backup.\n\
         Next: {push}"
    ));
    Ok(ExitCode::SUCCESS)
}
