//! A package's document, read as it streams by.
//!
//! The whole document is asked for, not the abbreviated one, which has no times, publishers,
//! repositories and scripts, and which mirrors do not know anyway. OpenClaw's is 10 MB, so it is
//! never in memory: of the versions that are wanted everything of interest is kept, of the others
//! the version alone, and that is also what the cache keeps.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::Read;

use exuvia_model::Version;
use jiff::Timestamp;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Serialize};

use super::lenient::{Any, Fields, Void};
use super::manifest::{Manifest, Wire};
use super::{Npm, name};
use crate::SourceError;
use crate::http::Ask;

/// Largest document that is read: several times the largest ones there are.
const MAX_PACKUMENT: u64 = 64 << 20;
/// Versions that are listed; packages with a nightly release have some thousands.
const MAX_VERSIONS: usize = 50_000;

/// Which versions are of interest beside those that a dist-tag names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Want(BTreeSet<String>);

impl Want {
    /// Those of the dist-tags only.
    pub fn tagged() -> Self {
        Self::default()
    }

    /// One more, usually the installed one.
    #[must_use]
    pub fn and(mut self, version: impl Into<String>) -> Self {
        self.0.insert(version.into());
        self
    }
}

/// What a registry has of a package.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Packument {
    /// The version that each tag names.
    pub dist_tags: BTreeMap<String, Version>,
    /// All versions, lowest first.
    pub versions: Vec<Version>,
    /// When the wanted ones were published.
    pub times: BTreeMap<String, Timestamp>,
    /// The wanted ones, by version as the registry writes it.
    pub manifests: BTreeMap<String, Manifest>,
    /// Those that were asked for, found or not: tells whether a kept one answers a new question.
    wanted: BTreeSet<String>,
}

impl Packument {
    /// What the registry says of a version.
    pub fn manifest(&self, version: &Version) -> Option<&Manifest> {
        // By meaning where the text differs: `v1.2.3` is `1.2.3`.
        self.manifests.get(&version.to_string()).or_else(|| {
            self.manifests
                .values()
                .find(|manifest| &manifest.version == version)
        })
    }

    /// Tags that name a version whose entry is not here, because it came before the tags did.
    fn missed(&self) -> BTreeSet<String> {
        let tagged = self.dist_tags.values().map(ToString::to_string);
        tagged
            .filter(|version| !self.wanted.contains(version))
            .collect()
    }

    fn answers(&self, want: &Want) -> bool {
        want.0.is_subset(&self.wanted)
    }
}

impl Npm {
    /// The document of a package, revalidated if it is known already.
    pub async fn packument(&self, package: &str, want: &Want) -> Result<Packument, SourceError> {
        let registry = self.config.registry_for(package)?;
        let url = name::below(&registry, &name::escaped(package)?)?;
        let header = self.config.authorization(&url);
        let ask = Ask::json(url).authorized(header).at_most(MAX_PACKUMENT);
        let first = self.distil(&ask, package, want).await?;
        let missed = first.missed();
        if missed.is_empty() {
            return Ok(first);
        }
        // A registry that puts its tags last; now that they are known, once more.
        let all = Want(want.0.union(&missed).cloned().collect());
        self.distil(&ask, package, &all).await
    }

    async fn distil(
        &self,
        ask: &Ask,
        package: &str,
        want: &Want,
    ) -> Result<Packument, SourceError> {
        let (package, wanted) = (package.to_owned(), want.clone());
        let distil = move |body: &mut dyn Read| read(body, &package, &wanted);
        let suits = |kept: &Packument| kept.answers(want);
        self.http
            .distilled(ask, "npm-packument-1", suits, distil)
            .await
    }
}

/// Reads a packument to its end, keeping little.
pub(super) fn read(body: &mut dyn Read, package: &str, want: &Want) -> Result<Packument, String> {
    let mut deserializer = serde_json::Deserializer::from_reader(std::io::BufReader::new(body));
    let draft = RefCell::new(Draft::new(package, want));
    let read = (&mut deserializer)
        .deserialize_map(Document(&draft))
        .and_then(|()| deserializer.end());
    read.map_err(|error| error.to_string())?;
    draft.into_inner().finish()
}

/// What was gathered so far.
struct Draft<'a> {
    package: &'a str,
    result: Packument,
    has_versions: bool,
}

impl<'a> Draft<'a> {
    fn new(package: &'a str, want: &Want) -> Self {
        let result = Packument {
            wanted: want.0.clone(),
            ..Packument::default()
        };
        Self {
            package,
            result,
            has_versions: false,
        }
    }

    fn tags(&mut self, tags: BTreeMap<String, String>) {
        let tags = tags
            .into_iter()
            .filter_map(|(tag, version)| Some((tag, version.parse::<Version>().ok()?)));
        self.result.dist_tags = tags.collect();
        if !self.has_versions {
            let tagged: Vec<String> = self
                .result
                .dist_tags
                .values()
                .map(ToString::to_string)
                .collect();
            self.result.wanted.extend(tagged);
        }
    }

    fn wants(&self, version: &str) -> bool {
        self.result.wanted.contains(version)
    }

    /// Notes a version, and says whether its entry is of interest.
    fn version(&mut self, text: &str) -> Option<Version> {
        self.has_versions = true;
        let version: Version = text.parse().ok()?;
        if self.result.versions.len() < MAX_VERSIONS {
            self.result.versions.push(version.clone());
        }
        self.wants(text).then_some(version)
    }

    fn finish(self) -> Result<Packument, String> {
        let mut result = self.result;
        if !self.has_versions && result.dist_tags.is_empty() {
            return Err("it has neither versions nor dist-tags".to_owned());
        }
        result.versions.sort();
        let Packument {
            times, manifests, ..
        } = &mut result;
        times.retain(|version, _| manifests.contains_key(version));
        for (version, manifest) in manifests {
            manifest.published_at = times.get(version).copied();
        }
        Ok(result)
    }
}

struct Document<'d, 'a>(&'d RefCell<Draft<'a>>);

impl<'de> Visitor<'de> for Document<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a package's document")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "dist-tags" => {
                    let tags = map.next_value::<Any<Fields<Void>>>()?.texts();
                    self.0.borrow_mut().tags(tags);
                }
                "versions" => map.next_value_seed(Versions(self.0))?,
                "time" => map.next_value_seed(Times(self.0))?,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

struct Versions<'d, 'a>(&'d RefCell<Draft<'a>>);

impl<'de> DeserializeSeed<'de> for Versions<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Versions<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with a version in each key")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        self.0.borrow_mut().has_versions = true;
        while let Some(text) = map.next_key::<String>()? {
            let wanted = self.0.borrow_mut().version(&text);
            let Some(version) = wanted else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            let entry = map.next_value::<Any<Wire>>()?.object();
            let mut draft = self.0.borrow_mut();
            if let Some(manifest) =
                entry.and_then(|entry| entry.into_manifest(draft.package, version))
            {
                draft.result.manifests.insert(text, manifest);
            }
        }
        Ok(())
    }
}

struct Times<'d, 'a>(&'d RefCell<Draft<'a>>);

impl<'de> DeserializeSeed<'de> for Times<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        let times = Any::<AllTimes>::deserialize(deserializer)?.object();
        self.0.borrow_mut().result.times = times.map(|times| times.0).unwrap_or_default();
        Ok(())
    }
}

/// Every time in the document. It may stand before the tags do, so what is wanted is not known yet;
/// a text and a number for each version are little.
struct AllTimes(BTreeMap<String, Timestamp>);

impl<'de> Deserialize<'de> for AllTimes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(AllTimesVisitor)
    }
}

struct AllTimesVisitor;

impl<'de> Visitor<'de> for AllTimesVisitor {
    type Value = AllTimes;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of times")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<AllTimes, A::Error> {
        let mut times = BTreeMap::new();
        while let Some(version) = map.next_key::<String>()? {
            let time = map.next_value::<Any<Void>>()?.text();
            if let Some(time) = time.and_then(|time| time.parse().ok())
                && times.len() < MAX_VERSIONS
            {
                times.insert(version, time);
            }
        }
        Ok(AllTimes(times))
    }
}
