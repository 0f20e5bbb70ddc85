//! The lists that a user keeps of an install, each in a file of its own. Somebody may have written
//! one by hand, so that what is not understood is kept.

use std::fmt;

use exuvia_host::{Links, read_optional};
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use crate::documents::{DocumentError, Documents, MAX_DOCUMENT};

/// What a list is of.
pub trait Listed: Clone + fmt::Debug + Serialize + DeserializeOwned {
    /// Its file.
    const FILE: &'static str;
    /// The name in it of what is listed.
    const KEY: &'static str;

    /// Whether this takes the other one's place.
    fn replaces(&self, other: &Self) -> bool;
}

/// A list, in the order in which it was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List<T> {
    entries: Vec<T>,
    others: Map<String, Value>,
}

impl<T> List<T> {
    /// All that is on it.
    pub fn all(&self) -> &[T] {
        &self.entries
    }

    /// Leaves out what is not meant, of this copy of it.
    pub fn retain(&mut self, is_meant: impl Fn(&T) -> bool) {
        self.entries.retain(is_meant);
    }
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self {
            entries: Vec::new(),
            others: Map::new(),
        }
    }
}

impl<T: Listed> Serialize for List<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let entries = serde_json::to_value(&self.entries).map_err(serde::ser::Error::custom)?;
        let mut document = self.others.clone();
        document.insert(T::KEY.to_owned(), entries);
        document.serialize(serializer)
    }
}

impl<'de, T: Listed> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut others = Map::deserialize(deserializer)?;
        let entries = others.remove(T::KEY);
        let entries = entries.ok_or_else(|| D::Error::missing_field(T::KEY))?;
        let entries = serde_json::from_value(entries).map_err(D::Error::custom)?;
        Ok(Self { entries, others })
    }
}

impl Documents {
    /// A list, which is empty where there is none yet. What cannot be read is an error: nothing may
    /// be forgotten because a file broke.
    pub fn list<T: Listed>(&self) -> Result<List<T>, DocumentError> {
        let path = self.own_path(T::FILE);
        let Some(bytes) = read_optional(self.host(), &path, MAX_DOCUMENT, Links::Refuse)? else {
            return Ok(List::default());
        };
        serde_json::from_slice(&bytes).map_err(|error| DocumentError::Unreadable {
            path,
            reason: error.to_string(),
        })
    }

    /// Puts something on its list, in place of what it replaces.
    pub fn add<T: Listed>(&self, entry: T) -> Result<(), DocumentError> {
        let _alone = self.alone_with_lists()?;
        let mut list = self.list::<T>()?;
        list.entries.retain(|other| !entry.replaces(other));
        list.entries.push(entry);
        self.write(&self.own_path(T::FILE), &list)
    }

    /// Takes the first one off its list that is meant; what it was.
    pub fn take<T: Listed>(
        &self,
        is_meant: impl Fn(&T) -> bool,
    ) -> Result<Option<T>, DocumentError> {
        let _alone = self.alone_with_lists()?;
        let mut list = self.list::<T>()?;
        let Some(at) = list.entries.iter().position(is_meant) else {
            return Ok(None);
        };
        let entry = list.entries.remove(at);
        self.write(&self.own_path(T::FILE), &list)?;
        Ok(Some(entry))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use exuvia_host::testing::TestHost;
    use exuvia_host::{Home, Host};
    use exuvia_model::journal::RunId;
    use exuvia_model::{AssetClass, AssetId};
    use serde_json::json;

    use super::*;
    use crate::Pin;

    #[test]
    fn what_is_added_replaces_what_it_must_and_leaves_what_was_written_by_hand() {
        let dir = tempfile::tempdir().unwrap();
        let host: Arc<dyn Host> = Arc::new(TestHost::new());
        let host_of = TestHost::new().with_env("EXUVIA_HOME", dir.path().join("home"));
        let home = Home::locate(&host_of).unwrap();
        let documents = Documents::new(host.clone(), &dir.path().join("state"), &home, "id");
        let path = documents.own_path(Pin::FILE);
        host.create_private_dir(path.parent().unwrap()).unwrap();
        let by_hand = json!({ "note": "mine", "pins": [
            { "assetId": "skill:demo", "why": "I like it" }] });
        host.write_atomic(&path, by_hand.to_string().as_bytes(), 0o600)
            .unwrap();
        let core = AssetId::new(AssetClass::Core, "openclaw");
        for version in ["1", "2"] {
            let version = Some(version.to_owned());
            let pin = Pin::of_run(core.clone(), version, None, RunId::from_bits(1), host.now());
            documents.add(pin).unwrap();
        }
        let pins = documents.list::<Pin>().unwrap();
        assert_eq!(pins.all().len(), 2);
        assert_eq!(pins.find(&core).unwrap().version.as_deref(), Some("2"));
        let text = serde_json::to_value(&pins).unwrap();
        assert_eq!(text["note"], "mine");
        assert_eq!(text["pins"][0]["why"], "I like it");
        let is_it = |pin: &Pin| pin.asset_id == core;
        assert!(documents.take(is_it).unwrap().is_some());
        assert_eq!(documents.take(is_it).unwrap(), None);
        for broken in ["{", "{}", r#"{ "pins": [{}] }"#] {
            host.write_atomic(&path, broken.as_bytes(), 0o600).unwrap();
            assert!(documents.list::<Pin>().is_err(), "{broken}");
            assert!(documents.take(is_it).is_err(), "{broken}");
        }
    }
}
