//! A ClawHub registry.
//!
//! Answers the endpoints that OpenClaw 2026.9.5 and the `clawhub` CLI 0.23.3 use, in shapes that
//! both accept: point them here with `OPENCLAW_CLAWHUB_URL`, `CLAWHUB_REGISTRY` and
//! `CLAWHUB_SITE` ([`Registry::env`]). Where the two ask for different fields, both are given.

mod answers;
mod archive;
mod shelf;
mod skill;

use std::sync::Arc;

pub use archive::zip;
pub(crate) use skill::skill_md;
pub use skill::{Github, Moderation, Release, Skill, Verdict};

use crate::faults::Faults;
use crate::request::Requests;
use crate::server::Server;
use shelf::Shelf;

/// The stand-in; stops when told to or dropped.
#[derive(Debug)]
pub struct Registry {
    server: Server,
    shelf: Arc<Shelf>,
}

impl Registry {
    /// Starts an empty registry.
    pub fn start() -> Self {
        let shelf = Arc::new(Shelf::default());
        Self {
            server: Server::start(shelf.clone()),
            shelf,
        }
    }

    /// Publishes a skill, in place of one of the same owner and slug.
    pub fn publish(&self, skill: Skill) -> &Self {
        self.shelf.put(skill);
        self
    }

    /// Publishes one more version of a skill, which becomes its latest.
    ///
    /// # Panics
    /// If the skill was never published.
    pub fn release(&self, owner: &str, slug: &str, release: Release) -> &Self {
        self.change(owner, slug, |skill| skill.version(release))
    }

    /// Moves a skill's `latest` to any of its versions, also down.
    pub fn set_latest(&self, owner: &str, slug: &str, version: &str) -> &Self {
        self.change(owner, slug, |skill| skill.latest(version))
    }

    /// Deletes a skill: it answers `404` from now on.
    pub fn delete(&self, owner: &str, slug: &str) -> &Self {
        self.shelf.remove(owner, slug);
        self
    }

    /// Changes a published skill.
    ///
    /// # Panics
    /// If the skill was never published.
    pub fn change(&self, owner: &str, slug: &str, change: impl FnOnce(Skill) -> Skill) -> &Self {
        self.shelf.change(owner, slug, change);
        self
    }

    /// The registry's address.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Environment that points both clients and Exuvia here.
    pub fn env(&self) -> [(&'static str, String); 3] {
        ["OPENCLAW_CLAWHUB_URL", "CLAWHUB_REGISTRY", "CLAWHUB_SITE"].map(|name| (name, self.url()))
    }

    /// Goes down: connections are cut, and further ones refused.
    pub fn stop(&self) {
        self.server.stop();
    }

    /// How it misbehaves.
    pub fn faults(&self) -> &Faults {
        self.server.faults()
    }

    /// What it was asked.
    pub fn requests(&self) -> &Requests {
        self.server.requests()
    }
}
