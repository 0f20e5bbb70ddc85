//! Programs that tests need beside Rust, Node and git.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Result, bail};

/// Where Debian has the server that `ssh` starts for SFTP.
const SFTP_SERVER: &str = "/usr/lib/openssh/sftp-server";

/// Installs restic and an SFTP server where they are missing and the system's packages can be
/// installed.
pub(crate) fn ensure() -> Result<()> {
    let mut missing = Vec::new();
    if !is_there("restic", "version") {
        missing.push("restic");
    }
    if !Path::new(SFTP_SERVER).exists() {
        missing.push("openssh-sftp-server");
    }
    install(&missing, "the tests of backups need it")
}

/// Installs what makes a machine with a systemd of its own, where it is missing.
pub(crate) fn ensure_machines() -> Result<()> {
    let programs = [
        ("debootstrap", "debootstrap"),
        ("systemd-nspawn", "systemd-container"),
    ];
    let missing = programs
        .into_iter()
        .filter(|(program, _)| !is_there(program, "--version"));
    let missing: Vec<_> = missing.map(|(_, package)| package).collect();
    install(&missing, "the tests on a real systemd need it")
}

fn install(missing: &[&str], why: &str) -> Result<()> {
    if missing.is_empty() {
        return Ok(());
    }
    let names = missing.join(" ");
    if !is_there("apt-get", "--version") {
        bail!("install {names}: {why}");
    }
    eprintln!("installing {names}");
    let install = ["install", "--yes", "--no-install-recommends"];
    let mut command = Command::new("apt-get");
    let status = command.args(install).args(missing).status()?;
    if !status.success() {
        bail!("install {names}: `apt-get install` failed ({status})");
    }
    Ok(())
}

fn is_there(program: &str, argument: &str) -> bool {
    let mut command = Command::new(program);
    command
        .arg(argument)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
