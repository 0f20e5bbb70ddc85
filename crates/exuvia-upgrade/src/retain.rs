//! How many generations are kept.

use exuvia_model::AssetId;
use exuvia_recovery::{Recovery, RecoveryError};

use crate::{Generation, Generations, PolicyError, Upgrades, policy};

/// Why what is not kept any more was not removed. The next upgrade does it.
#[derive(Debug, thiserror::Error)]
pub enum RetainError {
    /// How many are kept is not known.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// The machine refused.
    #[error(transparent)]
    Host(#[from] exuvia_host::HostError),
    /// A snapshot could not be let go.
    #[error(transparent)]
    Recovery(#[from] RecoveryError),
}

impl Upgrades {
    /// Removes the generations of an asset that are more than the user keeps, the oldest first; says
    /// which. Their snapshots lose their pins, and go by the rules for snapshots from then on.
    pub fn retain(&self, asset: &AssetId) -> Result<Vec<Generation>, RetainError> {
        let host = self.host.as_ref();
        let count = policy(host, &self.home)?.generations;
        let install = self.install.id();
        let mut generations = Generations::read(host, &self.home, &install)?;
        let surplus = surplus(&generations, asset, count);
        for generation in &surplus {
            // What is not there any more leads nowhere, so it goes first: a process that dies in
            // between leaves an entry that the next one removes.
            host.remove_tree(&generation.beside)?;
            self.unpin(generation)?;
            generations.kept.retain(|kept| kept.run != generation.run);
            generations.write(host, &self.home, &install)?;
        }
        Ok(surplus)
    }

    fn unpin(&self, generation: &Generation) -> Result<(), RecoveryError> {
        let Some(snapshot) = &generation.snapshot else {
            return Ok(());
        };
        let (host, disk) = (self.host.clone(), self.disk.clone());
        let recovery = Recovery::open(host, disk, &self.home, None)?;
        if recovery.store().get(snapshot.as_str()).is_ok() {
            recovery.pin(snapshot, false)?;
        }
        Ok(())
    }
}

/// Those of an asset that are more than so many, the newest being kept: at least one is.
fn surplus(generations: &Generations, asset: &AssetId, count: usize) -> Vec<Generation> {
    let of_asset = generations.kept.iter().filter(|kept| kept.asset == *asset);
    let mut of_asset: Vec<Generation> = of_asset.cloned().collect();
    of_asset.truncate(of_asset.len().saturating_sub(count.max(1)));
    of_asset
}
