//! The bytes of a plugin's versions, as the registry has them now.

use std::sync::Arc;

use exuvia_model::scan::{Artifact, PublisherChange, SignatureState};
use exuvia_model::{Revision, Version};
use exuvia_sources::Archive;
use exuvia_sources::http::{Http, HttpOptions};
use exuvia_sources::npm::{self, Manifest, Npm, Want};

use super::ExtensionWorks;
use crate::Trouble;
use crate::bytes::{same_bytes, whole};
use crate::run::Upgrades;

/// A version that is offered, all of it known.
#[derive(Debug)]
pub(super) struct Offered {
    pub(super) manifest: Manifest,
    pub(super) archive: Archive,
}

impl ExtensionWorks {
    /// The version that was approved, if the registry still promises the same bytes and vouches for
    /// them as it did; and the version that is installed, as it was published.
    pub(super) async fn fetch(&self) -> Result<(Offered, Archive), Trouble> {
        let plan = &self.core.plan;
        let npm = self.registry()?;
        let (from, to) = (version(&plan.from)?, version(&plan.to)?);
        let package = &self.extension.package;
        let want = Want::tagged().and(to.to_string()).and(from.to_string());
        let packument = npm.packument(package, &want).await?;
        let gone = |version: &Version| {
            Trouble::new(format!(
                "the registry no longer has {package} {version}; run `exuvia check` again"
            ))
        };
        let manifest = packument.manifest(to).ok_or_else(|| gone(to))?.clone();
        same_bytes(plan.digest.as_ref(), manifest.integrity.as_ref(), to)?;
        self.vouched(&npm, &manifest).await?;
        let archive = whole(npm.tarball(&manifest).await?, to)?;
        let installed = packument.manifest(from).ok_or_else(|| {
            Trouble::new(format!(
                "the registry no longer has the {package} {from} that is installed, so whether it \
                 was edited here cannot be told; copy it aside, and install it anew: `openclaw \
                 plugins install {package}`"
            ))
        })?;
        let installed = npm.tarball(installed).await?;
        Ok((Offered { manifest, archive }, installed))
    }

    fn registry(&self) -> Result<Npm, Trouble> {
        let Upgrades { host, home, .. } = &self.core.upgrades;
        let cache = home.cache();
        let config = npm::Config::load(host.as_ref(), &cache)?;
        let http = Http::new(
            Arc::clone(host),
            HttpOptions::new(cache.join("http")),
            &config,
        )?;
        Ok(Npm::new(http, config))
    }

    /// Whether the one who published it is still the one who published what is installed, and the
    /// registry's signature is worth what it was.
    async fn vouched(&self, npm: &Npm, manifest: &Manifest) -> Result<(), Trouble> {
        let Some(Artifact::Npm {
            signature: approved,
            publisher,
            ..
        }) = &self.extension.artifact
        else {
            return Err(Trouble::new("the report names no package from npm"));
        };
        if let PublisherChange::Changed { before, after } = publisher {
            return Err(changed_hands(&manifest.name, before, after));
        }
        if let (PublisherChange::Same { publisher }, Some(now)) = (publisher, &manifest.publisher)
            && publisher != now
        {
            return Err(changed_hands(&manifest.name, publisher, now));
        }
        let now = npm.signature(manifest).await;
        match (&now, approved) {
            (SignatureState::Verified { .. }, _) => Ok(()),
            (SignatureState::Bad { reason }, _) => Err(Trouble::new(format!(
                "the registry's signature over {} {} is wrong: {reason}",
                manifest.name, manifest.version
            ))),
            // That it was good was in the report, and was what the user relied on.
            (_, SignatureState::Verified { .. }) => Err(Trouble::new(format!(
                "the registry's signature over {} {} was good and cannot be verified now; run \
                 `exuvia check` again",
                manifest.name, manifest.version
            ))),
            _ => Ok(()),
        }
    }
}

fn changed_hands(package: &str, before: &str, after: &str) -> Trouble {
    Trouble::new(format!(
        "what is installed of {package} was published by {before} and this version is by {after}; if \
         that is right, install it yourself: `openclaw plugins install {package}`"
    ))
}

pub(super) fn version(revision: &Revision) -> Result<&Version, Trouble> {
    revision
        .version()
        .ok_or_else(|| Trouble::new(format!("{revision} is no version that npm could have")))
}
