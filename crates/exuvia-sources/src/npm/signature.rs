//! The registry's signature over a version: ECDSA over `name@version:integrity`.

use exuvia_model::scan::SignatureState;

use super::keys::{Judgement, Key};
use super::{Manifest, Npm};

impl Npm {
    /// What the registry's signature over this version is worth.
    pub async fn signature(&self, manifest: &Manifest) -> SignatureState {
        let unknown = |error: crate::SourceError| SignatureState::Unknown {
            reason: error.to_string(),
        };
        let registry = match self.config.registry_for(&manifest.name) {
            Ok(registry) => registry,
            Err(error) => return unknown(error),
        };
        match self.keys_of(&registry).await {
            Ok(keys) => judge(manifest, &keys),
            Err(error) => unknown(error),
        }
    }
}

/// The rule, given the keys.
///
/// All signatures that are there must be good, as npm's own `npm audit signatures` demands.
fn judge(manifest: &Manifest, keys: &[Key]) -> SignatureState {
    if keys.is_empty() {
        return SignatureState::NotSigned;
    }
    let Some(integrity) = &manifest.integrity_text else {
        return SignatureState::Missing;
    };
    let message = format!("{}@{}:{integrity}", manifest.name, manifest.version);
    let mut state = SignatureState::Missing;
    for signature in &manifest.signatures {
        let Some(key) = keys.iter().find(|key| key.keyid == signature.keyid) else {
            let reason = "it is made with a key that the registry does not publish".to_owned();
            return SignatureState::Bad { reason };
        };
        match key.judge(message.as_bytes(), &signature.sig, manifest.published_at) {
            Judgement::Good => {
                state = SignatureState::Verified {
                    key_id: key.keyid.clone(),
                }
            }
            Judgement::Wrong(reason) => return SignatureState::Bad { reason },
            Judgement::Undecided(reason) => return SignatureState::Unknown { reason },
        }
    }
    state
}
