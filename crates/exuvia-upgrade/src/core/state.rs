//! The state: kept before it changes, and put in place.

use std::sync::Arc;

use exuvia_model::upgrade::Kind;
use exuvia_recovery::{
    Recovery, RecoveryError, RestoreRequest, Scope, TakeOptions, automatic_name,
};
use exuvia_store::SnapshotId;

use super::Core;
use crate::Trouble;

impl Core {
    /// Takes the rollback point.
    pub(crate) async fn preserve(&mut self) -> Result<(), Trouble> {
        self.must_be_still()?;
        let what = match self.plan.kind {
            Kind::Upgrade => "upgrade",
            Kind::Rollback => "rollback",
            Kind::Rehearsal => "rehearsal",
        };
        let words = format!(
            "before the {what} of {} {} to {} ({})",
            self.plan.name(),
            self.plan.from,
            self.plan.to,
            self.run
        );
        let taken = self.take(what, words).await?;
        self.learn(|facts| facts.point = Some(taken))
    }

    /// Takes what is there when the way back begins: what was said and done since.
    pub(crate) async fn keep(&mut self) -> Result<(), Trouble> {
        self.must_be_still()?;
        let words = format!(
            "what was there when the way back from {} {} to {} began ({})",
            self.plan.name(),
            self.plan.to,
            self.plan.from,
            self.run
        );
        let taken = self.take("way-back", words).await?;
        self.learn(|facts| facts.kept = Some(taken))
    }

    /// Puts the state of the rollback point back.
    pub(crate) async fn put_back(&self) -> Result<(), Trouble> {
        let point = self.facts.point.clone();
        self.restore(point, "the rollback point").await
    }

    /// Puts the state in place that belongs to the package that was exchanged in.
    pub(super) async fn adopt(&self) -> Result<(), Trouble> {
        let adopts = self.facts.adopts.clone();
        self.restore(adopts, "the state that belongs to the package")
            .await
    }

    async fn take(&self, what: &str, words: String) -> Result<SnapshotId, Trouble> {
        let install = self.upgrades.install.clone();
        let options = TakeOptions {
            name: Some(automatic_name(what, self.upgrades.host.now())),
            description: Some(words),
            ..TakeOptions::of(Scope::Install)
        };
        self.with_store(move |recovery| {
            // A restore that was cut short when the driver died: nothing can be taken before its end.
            recovery.heal()?;
            let taken = recovery.take(&install, options)?;
            // Only retention removes it, and not before its generation is given up.
            recovery.pin(&taken.snapshot.id, true)?;
            Ok(taken.snapshot.id)
        })
        .await
    }

    async fn restore(&self, snapshot: Option<SnapshotId>, what: &str) -> Result<(), Trouble> {
        self.must_be_still()?;
        let id = snapshot.ok_or_else(|| Trouble::new(format!("{what} was not kept")))?;
        let install = self.upgrades.install.clone();
        self.with_store(move |recovery| {
            recovery.heal()?;
            let snapshot = recovery.store().get(id.as_str())?;
            let plan = recovery.plan_restore(&install, &snapshot, RestoreRequest::default())?;
            plan.apply().map(drop)
        })
        .await
    }

    /// Does something with the store, on a thread of its own.
    pub(super) async fn with_store<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Recovery) -> Result<T, RecoveryError> + Send + 'static,
    ) -> Result<T, Trouble> {
        let host = Arc::clone(&self.upgrades.host);
        let (disk, home) = (self.upgrades.disk.clone(), self.upgrades.home.clone());
        let worked = tokio::task::spawn_blocking(move || {
            let recovery = Recovery::open(host, disk, &home, None)?;
            work(&recovery)
        });
        Ok(worked.await??)
    }
}
