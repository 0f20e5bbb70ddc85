//! What a restart is about.

use std::path::PathBuf;

use anyhow::{Result, anyhow};
use exuvia_gateway::restart::{Carrier, RestartOptions, Restarts};
use exuvia_host::Host;
use exuvia_host::process::Processes;
use exuvia_model::{Revision, Version};

use crate::exit::Blocked;
use crate::session::Machine;

/// The restarts of the install that the command line names.
pub(crate) fn restarts(machine: &Machine) -> Result<Restarts> {
    let install = machine.install()?;
    let carrier = Carrier {
        program: this_program()?,
        arguments: vec![
            "restart".into(),
            "--carry".into(),
            "--install".into(),
            install.state_dir.clone().into(),
        ],
    };
    let (host, home) = (machine.host.clone(), machine.home.clone());
    let options = RestartOptions::new(carrier);
    Ok(Restarts::new(
        host,
        home,
        install,
        Processes::new(),
        options,
    ))
}

/// The version that must run afterwards: that of the package that is in place.
pub(crate) fn expected(machine: &Machine) -> Result<Version> {
    match machine.install()?.package_version(&*machine.host) {
        Some(Revision::Version(version)) => Ok(version),
        _ => Err(anyhow!(Blocked(
            "which version is installed could not be told, so neither could success: the package \
             has no readable package.json; nothing was changed"
                .to_owned()
        ))),
    }
}

/// Who asks: the user's name.
pub(crate) fn actor(host: &dyn Host) -> String {
    let name = ["USER", "LOGNAME"]
        .into_iter()
        .find_map(|name| host.env(name));
    name.map_or_else(
        || "unknown".to_owned(),
        |name| name.to_string_lossy().into_owned(),
    )
}

/// The program that this is. One that was replaced since is named as the kernel names it, with a
/// remark that is no part of its path.
pub(crate) fn this_program() -> Result<PathBuf> {
    const REPLACED: &str = " (deleted)";
    let program = std::env::current_exe()?;
    Ok(
        match program
            .to_str()
            .and_then(|path| path.strip_suffix(REPLACED))
        {
            Some(path) => PathBuf::from(path),
            None => program,
        },
    )
}
