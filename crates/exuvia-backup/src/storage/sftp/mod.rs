//! A directory behind SSH. `ssh` itself makes the connection, so that its keys, its agent, its
//! configuration and its known hosts are what counts; what is spoken over it is SFTP.

mod packet;
mod session;

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use exuvia_model::text::one_line;

use self::session::{Fault, Session};
use super::{Kind, Name, Storage, StorageError, Trouble};
use crate::address;

/// What a file is called until it is whole.
const UNFINISHED: &str = ".exuvia-tmp";

/// A directory behind SSH.
#[derive(Debug)]
pub(crate) struct Sftp {
    place: address::Sftp,
    address: String,
    session: Mutex<Option<Session>>,
}

impl Sftp {
    pub(crate) fn new(place: address::Sftp, address: String) -> Self {
        Self {
            place,
            address,
            session: Mutex::default(),
        }
    }

    fn path(&self, below: &str) -> String {
        format!("{}/{below}", self.place.path.trim_end_matches('/'))
    }

    /// Does something in a session, a new one if there is none.
    fn with<T>(
        &self,
        what: &str,
        act: impl FnOnce(&mut Session) -> Result<T, Fault>,
    ) -> Result<T, StorageError> {
        let mut held = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        if held.is_none() {
            let begun = Session::begin(&self.place);
            *held = Some(begun.map_err(|why| self.failed(what, &why, Trouble::Lasting))?);
        }
        let Some(session) = held.as_mut() else {
            return Err(self.failed(what, "there is no connection", Trouble::Passing));
        };
        act(session).map_err(|fault| match fault {
            Fault::Missing => self.failed(what, "there is no such file", Trouble::Missing),
            Fault::Refused(why) => self.failed(what, &why, Trouble::Lasting),
            Fault::Lost(why) => {
                *held = None;
                let why = format!("the connection was lost: {why}");
                self.failed(what, &why, Trouble::Passing)
            }
        })
    }

    fn failed(&self, what: &str, why: &str, trouble: Trouble) -> StorageError {
        StorageError {
            what: what.to_owned(),
            at: self.address.clone(),
            why: one_line(why, 300),
            trouble,
        }
    }

    /// The directories of a repository, those above first.
    fn directories(&self) -> Vec<String> {
        let mut all = Vec::new();
        let mut path = String::new();
        for part in self.place.path.split_inclusive('/') {
            path.push_str(part);
            let path = path.trim_end_matches('/');
            if !path.is_empty() {
                all.push(path.to_owned());
            }
        }
        all.extend(Kind::LISTED.map(|kind| self.path(kind.name())));
        all.extend((0..=u8::MAX).map(|first| self.path(&format!("data/{first:02x}"))));
        all
    }
}

impl Storage for Sftp {
    fn address(&self) -> &str {
        &self.address
    }

    fn create(&self) -> Result<(), StorageError> {
        let directories = self.directories();
        self.with("make the directories of a repository", |session| {
            directories
                .iter()
                .try_for_each(|path| session.make_dir(path))
        })
    }

    fn list(&self, kind: Kind) -> Result<Vec<(Name, u64)>, StorageError> {
        let top = self.path(kind.name());
        let found = self.with(&format!("list {}", kind.name()), |session| {
            let mut found = session.list(&top)?;
            if kind == Kind::Data {
                let below: Vec<Vec<u8>> = found
                    .iter()
                    .filter(|(name, what)| name.len() == 2 && what.is_directory())
                    .map(|(name, _)| name.clone())
                    .collect();
                for name in below
                    .iter()
                    .filter(|name| name.is_ascii() && *name != b"..")
                {
                    let path = format!("{top}/{}", String::from_utf8_lossy(name));
                    found.extend(session.list(&path)?);
                }
            }
            Ok(found)
        })?;
        let named = found.into_iter().filter_map(|(name, what)| {
            let name = Name::parse(kind, std::str::from_utf8(&name).ok()?)?;
            Some((name, what.size?))
        });
        Ok(named.collect())
    }

    fn size(&self, name: &Name) -> Result<Option<u64>, StorageError> {
        let path = self.path(&name.path());
        let found = self.with(&format!("look at {name}"), |session| session.stat(&path))?;
        Ok(found.and_then(|what| what.size))
    }

    fn read(&self, name: &Name, range: Option<Range<u64>>) -> Result<Bytes, StorageError> {
        let path = self.path(&name.path());
        let content = self.with(&format!("read {name}"), |session| {
            let range = match range {
                Some(range) => range,
                None => {
                    0..session
                        .stat(&path)?
                        .ok_or(Fault::Missing)?
                        .size
                        .unwrap_or(0)
                }
            };
            let len = usize::try_from(range.end - range.start).unwrap_or(usize::MAX);
            session.read(&path, range.start, len)
        })?;
        Ok(content.into())
    }

    fn write(&self, name: &Name, content: Bytes) -> Result<(), StorageError> {
        let path = self.path(&name.path());
        let unfinished = format!("{path}{UNFINISHED}");
        self.with(&format!("write {name}"), |session| {
            session.write(&unfinished, &content)?;
            session.rename(&unfinished, &path)
        })
    }

    fn remove(&self, name: &Name) -> Result<(), StorageError> {
        let path = self.path(&name.path());
        self.with(&format!("remove {name}"), |session| session.remove(&path))
    }
}
