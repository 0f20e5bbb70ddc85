//! Upgrades of the miniature that are killed.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use exuvia_testkit::sandbox::OPENCLAW;

use crate::offer::{Belongings, upgrade_words};
use crate::{Offer, Ran, Struck, binary};

/// A miniature with what belongs to each of its versions.
#[derive(Debug)]
pub struct Stricken {
    name: &'static str,
    offer: Offer,
    old: Belongings,
    new: Belongings,
}

impl Stricken {
    /// Upgrades it once, to know what belongs to the new version. The log calls it by this name.
    pub fn of(name: &'static str, offer: Offer) -> Self {
        let old = offer.belongings();
        let _ = offer.upgrade().exits(0);
        let new = offer.belongings();
        Self {
            name,
            offer,
            old,
            new,
        }
    }
}

impl Struck for Stricken {
    fn name(&self) -> &'static str {
        self.name
    }

    fn span(&self) -> Duration {
        Duration::from_millis(1500)
    }

    fn command(&self, words: &[&str]) -> Command {
        self.offer.world.exuvia_command(&binary(), words)
    }

    fn exuvia(&self, words: &[&str]) -> Ran {
        self.offer.exuvia(words)
    }

    fn upgrade_words(&self) -> Vec<String> {
        let report = self.offer.exuvia(&["check", "--json"]).exits(0).json();
        upgrade_words(&report, "0")
    }

    fn home(&self) -> PathBuf {
        self.offer.world.install.home.clone()
    }

    fn exuvia_home(&self) -> PathBuf {
        self.offer.world.exuvia_home()
    }

    fn package(&self) -> PathBuf {
        self.offer.world.install.package.clone()
    }

    fn is_whole(&mut self, what: &str) -> String {
        let [running, installed] = self.offer.versions();
        assert_eq!(running, installed, "{what}");
        let version = installed.as_str().unwrap_or_default().to_owned();
        let said = Ran::of(&mut self.offer.world.openclaw(&["--version"])).exits(0);
        assert!(said.stdout.contains(&version), "{what}: {said:#?}");
        let wanted = if self.is_old(&version) {
            &self.old
        } else {
            &self.new
        };
        assert_eq!(self.offer.belongings(), *wanted, "{what}: {version}");
        version
    }

    fn is_old(&self, version: &str) -> bool {
        version == OPENCLAW
    }
}
