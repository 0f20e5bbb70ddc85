//! The encryption of a repository's files: AES-256 in counter mode with Poly1305-AES.
//!
//! <https://restic.readthedocs.io/en/stable/100_references.html#keys-encryption-and-mac>

use std::fmt;

use aes256ctr_poly1305aes::aead::{Aead, Nonce};
use aes256ctr_poly1305aes::{Aes256CtrPoly1305Aes, Key};
use ring::rand::{SecureRandom, SystemRandom};
use rustic_core::repofile::MasterKey;

const NONCE: usize = 16;

/// A repository's key.
pub(super) struct Cipher(Aes256CtrPoly1305Aes);

impl fmt::Debug for Cipher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cipher")
    }
}

impl Cipher {
    pub(super) fn new(master: &MasterKey) -> Self {
        let mut key = Key::default();
        let parts = master.encrypt.iter();
        let parts = parts.chain(&master.mac.k).chain(&master.mac.r);
        for (byte, part) in key.iter_mut().zip(parts) {
            *byte = *part;
        }
        Self(Aes256CtrPoly1305Aes::new(&key))
    }

    /// `None` only where the machine has no randomness.
    pub(super) fn encrypt(&self, plain: &[u8]) -> Option<Vec<u8>> {
        let mut nonce = [0; NONCE];
        SystemRandom::new().fill(&mut nonce).ok()?;
        let sealed = self.0.encrypt(&nonce_of(nonce), plain).ok()?;
        Some([nonce.as_slice(), &sealed].concat())
    }

    /// `None` if it was not encrypted with this key, or is not as it was.
    pub(super) fn decrypt(&self, content: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = content.split_first_chunk::<NONCE>()?;
        self.0.decrypt(&nonce_of(*nonce), sealed).ok()
    }
}

fn nonce_of(bytes: [u8; NONCE]) -> Nonce<Aes256CtrPoly1305Aes> {
    bytes.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encrypted_comes_back_and_what_was_changed_does_not() {
        let cipher = Cipher::new(&MasterKey::new());
        let mut content = cipher.encrypt(b"{}").unwrap();
        assert_eq!(cipher.decrypt(&content).as_deref(), Some(&b"{}"[..]));
        assert_eq!(Cipher::new(&MasterKey::new()).decrypt(&content), None);
        content[20] ^= 1;
        assert_eq!(cipher.decrypt(&content), None);
        assert_eq!(cipher.decrypt(b"short"), None);
    }
}
