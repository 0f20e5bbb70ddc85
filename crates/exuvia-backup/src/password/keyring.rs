//! The keyring of the system: on macOS the user's keychain, on Linux that of the kernel, which
//! needs no desktop and no further program, and forgets at a restart.

use std::sync::Arc;

use keyring_core::api::CredentialStoreApi;
use keyring_core::{Entry, Error};
use secrecy::SecretString;

use super::PasswordError;
use crate::address::Address;

const SERVICE: &str = "exuvia-backup";

#[cfg(target_os = "macos")]
fn store() -> Result<Arc<impl CredentialStoreApi>, Error> {
    apple_native_keyring_store::keychain::Store::new()
}

#[cfg(target_os = "linux")]
fn store() -> Result<Arc<impl CredentialStoreApi>, Error> {
    linux_keyutils_keyring_store::Store::new()
}

#[cfg(not(any(target_os = "macos", target_os = "linux")))]
fn store() -> Result<Arc<keyring_core::mock::Store>, Error> {
    Err(Error::NotSupportedByStore("this system".to_owned()))
}

fn entry(address: &Address) -> Result<Entry, PasswordError> {
    store()
        .and_then(|store| store.build(SERVICE, &address.to_string(), None))
        .map_err(|error| PasswordError::Keyring(error.to_string()))
}

pub(super) fn read(address: &Address) -> Result<SecretString, PasswordError> {
    match entry(address)?.get_password() {
        Ok(password) => Ok(SecretString::from(password)),
        Err(Error::NoEntry) => Err(PasswordError::NotInKeyring {
            at: address.to_string(),
        }),
        Err(error) => Err(PasswordError::Keyring(error.to_string())),
    }
}

pub(super) fn write(address: &Address, password: &str) -> Result<(), PasswordError> {
    entry(address)?
        .set_password(password)
        .map_err(|error| PasswordError::Keyring(error.to_string()))
}
