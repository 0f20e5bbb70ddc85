//! Encrypted backups of snapshots, off the machine, in the format of restic.
//!
//! A [`Repository`] is opened at an [`Address`] by a password, whose [`PasswordSource`] may be
//! remembered ([`Remembered`]). It is pushed to from the local store, never from the live tree, so a
//! backup is as consistent as the snapshot that it is of; and it is restored into an empty directory,
//! or into the local store, where it is that snapshot again.
//!
//! `rustic_core` cuts, packs and encrypts. What it does not do is done here, around it:
//!
//! | | |
//! |---|---|
//! | `storage` | where the files lie: a directory, a REST server, SFTP, S3 |
//! | `depot` | everything read is compared with its name, and what rustic would only log is remembered |
//! | `push` | nothing counts before all that it needs is known to be there |
//! | `leftovers` | what a killed push uploaded is used by the next |
//! | `lock` | restic's locks, so that restic and Exuvia can work in the same repository |
//! | `restore` | names are looked at before any is made, and what could not be set is told |
#![forbid(unsafe_code)]

mod address;
mod backup;
mod check;
mod config;
mod depot;
mod error;
mod forget;
mod leftovers;
mod lock;
mod mode;
mod node;
mod password;
mod progress;
mod push;
mod repository;
mod restore;
mod source;
mod storage;

pub use address::{Address, AddressError, S3, Sftp};
pub use backup::{Backup, BackupId};
pub use check::Checked;
pub use config::{ConfigError, Remembered};
pub use error::BackupError;
pub use forget::{Forgotten, Which};
pub use password::{PasswordError, PasswordSource, VARIABLE as PASSWORD_VARIABLE};
pub use progress::{Progress, Stage};
pub use push::Pushed;
pub use repository::{Initialized, Located, Repository};
pub use restore::{Adopted, Refused, Restored};
