//! Where the password of a repository comes from, by the command line, the environment, what is
//! remembered and the person at the terminal, in this order.

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Args;
use exuvia_backup::{Address, PASSWORD_VARIABLE, PasswordError, PasswordSource};
use exuvia_host::Host;
use inquire::{InquireError, Password, PasswordDisplayMode};
use secrecy::{ExposeSecret, SecretString};

use crate::output::Output;

#[derive(Debug, Args)]
#[group(multiple = false)]
pub(super) struct PasswordArgs {
    /// Read the password from this file
    #[arg(long = "password-file", value_name = "FILE")]
    file: Option<PathBuf>,
    /// Read the password from what this command prints; it is run without a shell
    #[arg(long = "password-command", value_name = "COMMAND")]
    command: Option<String>,
    /// Read the password from the keyring of the system
    #[arg(long = "password-keyring")]
    keyring: bool,
}

impl PasswordArgs {
    /// What the command line says.
    pub(super) fn source(&self, host: &dyn Host) -> Result<Option<PasswordSource>> {
        Ok(match (&self.file, &self.command) {
            // What is remembered must not depend on where one stands.
            (Some(path), _) => Some(PasswordSource::File(host.current_dir()?.join(path))),
            (_, Some(command)) => Some(PasswordSource::Command(command.clone())),
            _ => self.keyring.then_some(PasswordSource::Keyring),
        })
    }
}

/// The password of a repository that is there.
pub(super) fn known(
    host: &dyn Host,
    address: &Address,
    source: Option<&PasswordSource>,
    remembered: Option<&PasswordSource>,
    output: &Output,
) -> Result<SecretString> {
    let by_variable = host
        .env(PASSWORD_VARIABLE)
        .map(|_| &PasswordSource::Environment);
    match source.or(by_variable).or(remembered) {
        Some(source) => Ok(source.read(host, address)?),
        None => ask(address, false, output),
    }
}

/// The password of a repository that is perhaps to be made, and for the keyring.
pub(super) fn chosen(
    host: &dyn Host,
    address: &Address,
    source: Option<&PasswordSource>,
    output: &Output,
) -> Result<SecretString> {
    let by_variable = host.env(PASSWORD_VARIABLE).is_some();
    match source {
        // Whether there is a keyring is asked before anything is made.
        Some(PasswordSource::Keyring) => match PasswordSource::Keyring.read(host, address) {
            Ok(_) | Err(PasswordError::NotInKeyring { .. }) if by_variable => {
                Ok(PasswordSource::Environment.read(host, address)?)
            }
            Err(PasswordError::NotInKeyring { .. }) => ask(address, true, output),
            other => Ok(other?),
        },
        Some(source) => Ok(source.read(host, address)?),
        None if by_variable => Ok(PasswordSource::Environment.read(host, address)?),
        None => ask(address, true, output),
    }
}

/// Asks the person at the terminal, who sees nothing of it.
fn ask(address: &Address, twice: bool, output: &Output) -> Result<SecretString> {
    if !output.is_interactive() {
        bail!(
            "no password for the backups: give --password-file, --password-command or \
             --password-keyring, or set {PASSWORD_VARIABLE}"
        );
    }
    let question = format!("Password of the backups in {address}:");
    let prompt = Password::new(&question).with_display_mode(PasswordDisplayMode::Hidden);
    let prompt = if twice {
        prompt
            .with_custom_confirmation_message("Once more:")
            .with_custom_confirmation_error_message("these are not the same")
    } else {
        prompt.without_confirmation()
    };
    let answer = match prompt.prompt() {
        Ok(answer) => SecretString::from(answer),
        Err(InquireError::OperationCanceled | InquireError::OperationInterrupted) => {
            bail!("no password was given, and nothing was changed")
        }
        Err(error) => return Err(error.into()),
    };
    if answer.expose_secret().is_empty() {
        bail!("the password is empty, and nothing was changed");
    }
    Ok(answer)
}
