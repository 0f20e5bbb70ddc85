//! What commands begin with: the machine, Exuvia's own directory and the install.

use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use exuvia_check::{Check, CheckOptions, Documents, Progress};
use exuvia_host::{Home, Host, HostError, Links};
use exuvia_openclaw::{Install, LocateError, LocateOptions, locate};
use exuvia_upgrade::channel;

use crate::cli::{Global, SourceArgs};
use crate::output::Output;
use crate::progress::{Bars, progress};

/// The machine and Exuvia's own directory: what is there before an install is looked for.
#[derive(Debug, Clone)]
pub(crate) struct Machine {
    pub(crate) host: Arc<dyn Host>,
    pub(crate) home: Home,
    wanted: LocateOptions,
}

impl Machine {
    pub(crate) fn open(host: Arc<dyn Host>, global: &Global) -> Result<Self> {
        let home = Home::locate(&*host)?;
        let wanted = LocateOptions {
            install: global.install.clone(),
            profile: global.profile.clone(),
        };
        Ok(Self { host, home, wanted })
    }

    /// The install that the command line or the environment names.
    pub(crate) fn install(&self) -> Result<Install, LocateError> {
        locate(&*self.host, &self.wanted)
    }

    /// Whether there is a snapshot store.
    pub(crate) fn has_store(&self) -> Result<bool, HostError> {
        self.has("store/format")
    }

    /// Whether Exuvia ever kept anything that an interrupted command can have left half done.
    pub(crate) fn has_history(&self) -> Result<bool, HostError> {
        Ok(self.has_store()? || self.has("journal.sqlite")?)
    }

    fn has(&self, name: &str) -> Result<bool, HostError> {
        self.is_there(&self.home.root().join(name))
    }

    /// Whether there is something at a path.
    pub(crate) fn is_there(&self, path: &Path) -> Result<bool, HostError> {
        match self.host.metadata(path, Links::Refuse) {
            Ok(_) => Ok(true),
            Err(error) if error.is_not_found() => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Whether the command line itself names an install.
    pub(crate) fn names_an_install(&self) -> bool {
        self.wanted.install.is_some() || self.wanted.profile.is_some()
    }
}

/// One command's view of the machine and of the install that it is about.
pub(crate) struct Session {
    pub(crate) host: Arc<dyn Host>,
    pub(crate) documents: Documents,
    home: Home,
    install: Install,
}

impl Session {
    pub(crate) fn open(machine: Machine) -> Result<Self> {
        let install = machine.install()?;
        let Machine { host, home, .. } = machine;
        let documents = Documents::new(host.clone(), &install.state_dir, &home, &install.id());
        Ok(Self {
            host,
            documents,
            home,
            install,
        })
    }

    /// A check of the install, which tells its course on standard error.
    pub(crate) fn check(&self, args: &SourceArgs, output: &Output) -> Result<(Check, Arc<Bars>)> {
        let bars = Arc::new(Bars::new(output));
        let channel = match args.channel {
            None => channel(&*self.host, &self.home)?,
            named => named,
        };
        let options = CheckOptions {
            channel,
            offline: args.offline,
        };
        let (host, home) = (self.host.clone(), self.home.clone());
        let heard: Arc<dyn Progress> = progress(&bars, output);
        let check = Check::open(host, home, self.install.clone(), options, heard)?;
        Ok((check, bars))
    }
}
