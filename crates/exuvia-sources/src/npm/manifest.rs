//! What a registry says of one version.

use std::collections::BTreeMap;

use exuvia_model::{Digest, Version};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::Url;

use super::lenient::{Any, Fields, Void};
use super::repository::repository_url;

/// Hooks that npm runs when it installs a package from a registry.
const INSTALL_HOOKS: [&str; 3] = ["preinstall", "install", "postinstall"];

/// A version's entry in the packument, as far as anybody here asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The package.
    pub name: String,
    /// The version.
    pub version: Version,
    /// Where the archive is.
    pub tarball: Url,
    /// The strongest digest that the registry promises.
    pub integrity: Option<Digest>,
    /// The promise as the registry wrote it, which is what it signs.
    pub integrity_text: Option<String>,
    /// SHA-1 of the archive, for versions older than `integrity`.
    pub shasum: Option<String>,
    /// The registry's signatures over `name@version:integrity`.
    pub signatures: Vec<Signature>,
    /// Where the registry says attestations are.
    pub attestations_url: Option<Url>,
    /// The range of Node versions it runs on.
    pub engines_node: Option<String>,
    /// Database schemas it writes (`openclaw.schemaVersions` of OpenClaw's own package).
    pub schema_versions: BTreeMap<String, u32>,
    /// The publisher's warning against it; an empty one where only the flag is set.
    pub deprecated: Option<String>,
    /// Who published it (`_npmUser`), else its only maintainer.
    pub publisher: Option<String>,
    /// Who may publish, by name.
    pub maintainers: Vec<String>,
    /// Its repository's web address.
    pub repository: Option<String>,
    /// Direct dependencies, name to range, optional ones included.
    pub dependencies: BTreeMap<String, String>,
    /// Commands that npm runs when it installs it, by hook.
    pub install_scripts: BTreeMap<String, String>,
    /// Whether the registry says that there are such commands.
    pub has_install_script: bool,
    /// Its home page.
    pub homepage: Option<String>,
    /// Where bugs are reported.
    pub bugs: Option<String>,
    /// When it was published, where the registry tells.
    pub published_at: Option<Timestamp>,
}

/// A registry's signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    /// The key's id.
    pub keyid: String,
    /// The signature: DER in base64.
    pub sig: String,
}

/// An entry as it is on the wire.
#[derive(Debug, Deserialize)]
pub(super) struct Wire {
    #[serde(default)]
    dist: Any<Dist>,
    #[serde(default)]
    engines: Any<Fields<Void>>,
    #[serde(default)]
    openclaw: Any<OpenClaw>,
    #[serde(default)]
    deprecated: Any<Void>,
    #[serde(default, rename = "_npmUser")]
    npm_user: Any<Person>,
    #[serde(default)]
    maintainers: Any<Person>,
    #[serde(default)]
    repository: Any<Link>,
    #[serde(default)]
    dependencies: Any<Fields<Void>>,
    #[serde(default, rename = "optionalDependencies")]
    optional_dependencies: Any<Fields<Void>>,
    #[serde(default)]
    scripts: Any<Fields<Void>>,
    #[serde(default, rename = "hasInstallScript")]
    has_install_script: Any<Void>,
    #[serde(default)]
    homepage: Any<Void>,
    #[serde(default)]
    bugs: Any<Link>,
}

#[derive(Debug, Deserialize)]
struct Dist {
    #[serde(default)]
    tarball: Any<Void>,
    #[serde(default)]
    integrity: Any<Void>,
    #[serde(default)]
    shasum: Any<Void>,
    #[serde(default)]
    signatures: Any<WireSignature>,
    #[serde(default)]
    attestations: Any<Link>,
}

#[derive(Debug, Deserialize)]
struct WireSignature {
    #[serde(default)]
    keyid: Any<Void>,
    #[serde(default)]
    sig: Any<Void>,
}

#[derive(Debug, Deserialize)]
struct Person {
    #[serde(default)]
    name: Any<Void>,
}

#[derive(Debug, Deserialize)]
struct Link {
    #[serde(default)]
    url: Any<Void>,
}

#[derive(Debug, Deserialize)]
struct OpenClaw {
    #[serde(default, rename = "schemaVersions")]
    schema_versions: Any<Fields<Void>>,
}

impl Any<Link> {
    fn address(self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text),
            Self::Object(link) => link.url.text(),
            _ => None,
        }
    }
}

impl Any<Person> {
    fn name(self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text),
            Self::Object(person) => person.name.text(),
            _ => None,
        }
    }
}

impl Wire {
    /// The manifest of `name@version`. `None` without an archive: there is nothing to install.
    ///
    /// Name and version are those that were asked for, not those that the entry claims.
    pub(super) fn into_manifest(self, name: &str, version: Version) -> Option<Manifest> {
        let dist = self.dist.object()?;
        let integrity_text = dist.integrity.text();
        let maintainers: Vec<String> = self
            .maintainers
            .list()
            .into_iter()
            .filter_map(Any::name)
            .collect();
        let mut dependencies = self.dependencies.texts();
        dependencies.extend(self.optional_dependencies.texts());
        let install_scripts: BTreeMap<String, String> = self
            .scripts
            .texts()
            .into_iter()
            .filter(|(hook, _)| INSTALL_HOOKS.contains(&hook.as_str()))
            .collect();
        Some(Manifest {
            name: name.to_owned(),
            version,
            tarball: dist.tarball.text()?.parse().ok()?,
            integrity: integrity_text.as_deref().and_then(strongest),
            integrity_text,
            shasum: dist.shasum.text(),
            signatures: dist
                .signatures
                .list()
                .into_iter()
                .filter_map(signature)
                .collect(),
            attestations_url: dist
                .attestations
                .address()
                .and_then(|text| text.parse().ok()),
            engines_node: self.engines.texts().remove("node"),
            schema_versions: schema_versions(self.openclaw),
            deprecated: deprecation(self.deprecated),
            publisher: self.npm_user.name().or_else(|| only(&maintainers)),
            maintainers,
            repository: self
                .repository
                .address()
                .as_deref()
                .and_then(repository_url),
            dependencies,
            has_install_script: matches!(self.has_install_script, Any::Flag(true))
                || !install_scripts.is_empty(),
            install_scripts,
            homepage: self.homepage.text(),
            bugs: self.bugs.address(),
            published_at: None,
        })
    }
}

/// Of several digests (`sha1-… sha512-…`, each perhaps with `?options`) the strongest.
fn strongest(integrity: &str) -> Option<Digest> {
    let strength = |digest: &Digest| match digest.as_str().split('-').next() {
        Some("sha512") => 3,
        Some("sha384") => 2,
        Some("sha256") => 1,
        _ => 0,
    };
    integrity
        .split_ascii_whitespace()
        .filter_map(|one| one.split('?').next()?.parse::<Digest>().ok())
        .max_by_key(strength)
}

fn signature(wire: Any<WireSignature>) -> Option<Signature> {
    let wire = wire.object()?;
    Some(Signature {
        keyid: wire.keyid.text()?,
        sig: wire.sig.text()?,
    })
}

fn schema_versions(wire: Any<OpenClaw>) -> BTreeMap<String, u32> {
    let fields = wire.object().and_then(|own| own.schema_versions.object());
    fields
        .map(|fields| fields.0)
        .unwrap_or_default()
        .into_iter()
        .filter_map(|(name, version)| Some((name, u32::try_from(version.number()?).ok()?)))
        .collect()
}

fn only(names: &[String]) -> Option<String> {
    match names {
        [one] => Some(one.clone()),
        _ => None,
    }
}

/// A text, or `true`, which says it without a reason.
fn deprecation(wire: Any<Void>) -> Option<String> {
    match wire {
        Any::Text(text) if !text.is_empty() => Some(text),
        Any::Flag(true) => Some(String::new()),
        _ => None,
    }
}
