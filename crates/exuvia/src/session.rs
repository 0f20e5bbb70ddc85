//! What most commands begin with: the machine, Exuvia's own directory and the install.

use std::sync::Arc;

use anyhow::Result;
use exuvia_check::{Check, CheckOptions, Documents, Progress};
use exuvia_host::{Home, Host};
use exuvia_openclaw::{Install, LocateOptions, locate};

use crate::cli::{Global, SourceArgs};
use crate::output::Output;
use crate::progress::{Bars, progress};

/// One command's view of the machine and of the install that it is about.
pub(crate) struct Session {
    pub(crate) host: Arc<dyn Host>,
    pub(crate) documents: Documents,
    home: Home,
    install: Install,
}

impl Session {
    pub(crate) fn open(host: Arc<dyn Host>, global: &Global) -> Result<Self> {
        let home = Home::locate(&*host)?;
        let options = LocateOptions {
            install: global.install.clone(),
            profile: global.profile.clone(),
        };
        let install = locate(&*host, &options)?;
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
        let options = CheckOptions {
            channel: args.channel,
            offline: args.offline,
        };
        let (host, home) = (self.host.clone(), self.home.clone());
        let heard: Arc<dyn Progress> = progress(&bars, output);
        let check = Check::open(host, home, self.install.clone(), options, heard)?;
        Ok((check, bars))
    }
}
