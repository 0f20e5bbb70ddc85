//! Files of an install that lie outside of its state directory: the definition of its service, and
//! a config file that was put elsewhere.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use exuvia_host::disk::{Disk, Kind};
use exuvia_host::{EntryKind, Host, HostError, Links};
use exuvia_openclaw::Install;
use exuvia_store::text;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Largest file that is kept.
const MAX_BYTES: u64 = 4 * 1024 * 1024;
/// More drop-ins than anybody has.
const MAX_DROP_INS: usize = 100;

/// A small file, whole.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptFile {
    /// Where it lay.
    #[serde(with = "text")]
    pub path: PathBuf,
    /// Its permission bits.
    pub mode: u32,
    /// The user that owned it.
    pub uid: u32,
    /// Its group.
    pub gid: u32,
    /// Its bytes; they may hold secrets.
    #[serde(serialize_with = "encode", deserialize_with = "decode")]
    pub content: Vec<u8>,
}

/// Tells nothing of the content.
impl std::fmt::Debug for KeptFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeptFile")
            .field("path", &self.path)
            .field("mode", &self.mode)
            .field("bytes", &self.content.len())
            .finish_non_exhaustive()
    }
}

fn encode<S: Serializer>(content: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&STANDARD.encode(content))
}

fn decode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    let text = String::deserialize(deserializer)?;
    STANDARD.decode(text).map_err(serde::de::Error::custom)
}

impl KeptFile {
    /// Reads a file; `None` where there is none. A link is an error: what it leads to is not ours to
    /// replace.
    pub(crate) fn read(disk: &Disk, path: &Path) -> Result<Option<Self>, HostError> {
        match Self::try_read(disk, path) {
            Ok(file) => Ok(Some(file)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn try_read(disk: &Disk, path: &Path) -> Result<Self, HostError> {
        let (parent, name) = split(path);
        let (file, stat) = disk.open_dir(parent)?.open_file_with_stat(name)?;
        let refused = |kind: std::io::ErrorKind| HostError::new("read", path, kind.into());
        if stat.kind != Kind::File {
            return Err(refused(std::io::ErrorKind::InvalidInput));
        }
        if stat.size > MAX_BYTES {
            return Err(refused(std::io::ErrorKind::FileTooLarge));
        }
        let mut content = vec![0; usize::try_from(stat.size).unwrap_or(0)];
        file.read_exact_at(&mut content, 0)?;
        Ok(Self {
            path: path.to_owned(),
            mode: stat.mode & 0o7777,
            uid: stat.uid,
            gid: stat.gid,
            content,
        })
    }

    /// Puts it in its place, whole, under a name that the caller has checked.
    pub(crate) fn write(&self, host: &dyn Host, disk: &Disk) -> Result<(), HostError> {
        let (parent, name) = split(&self.path);
        host.create_private_dir(parent)?;
        host.write_atomic(&self.path, &self.content, self.mode)?;
        let directory = disk.open_dir(parent)?;
        let stat = directory.stat(name)?;
        if (stat.uid, stat.gid) == (self.uid, self.gid) {
            return Ok(());
        }
        directory.set_owner(name, self.uid, self.gid)
    }
}

/// The directory and the name.
pub(crate) fn split(path: &Path) -> (&Path, &OsStr) {
    (
        path.parent().unwrap_or(Path::new("/")),
        path.file_name().unwrap_or_default(),
    )
}

/// What can be held of the service, and what cannot.
#[derive(Debug, Default)]
pub(crate) struct Services {
    pub(crate) files: Vec<KeptFile>,
    pub(crate) not_held: Vec<PathBuf>,
}

/// The definition of an install's service, and its drop-ins (systemd.unit(5)).
pub(crate) fn services(host: &dyn Host, disk: &Disk, install: &Install) -> Services {
    let mut services = Services::default();
    let Some(unit) = install.service.as_ref() else {
        return services;
    };
    match KeptFile::read(disk, unit) {
        Ok(Some(file)) if is_of(install, &file) => services.files.push(file),
        // It is that of another install of the same account.
        Ok(_) => return services,
        Err(_) => services.not_held.push(unit.clone()),
    }
    for path in drop_ins(host, unit) {
        match KeptFile::read(disk, &path) {
            Ok(file) => services.files.extend(file),
            Err(_) => services.not_held.push(path),
        }
    }
    services
}

/// Definitions are found by name alone, and an install in a directory of its own choice has the
/// name of the default one: then the definition must name the directory.
fn is_of(install: &Install, file: &KeptFile) -> bool {
    let directory = install.state_dir.as_os_str().as_bytes();
    install.is_default
        || install.profile.is_some()
        || file
            .content
            .windows(directory.len().max(1))
            .any(|part| part == directory)
}

fn drop_ins(host: &dyn Host, unit: &Path) -> Vec<PathBuf> {
    let directory = drop_in_directory(unit);
    // No directory, no drop-ins.
    let names = host.read_dir(&directory).unwrap_or_default();
    names
        .into_iter()
        .filter(|(name, kind)| *kind != EntryKind::Directory && is_drop_in(Path::new(name)))
        .map(|(name, _)| directory.join(name))
        .take(MAX_DROP_INS)
        .collect()
}

fn drop_in_directory(unit: &Path) -> PathBuf {
    let mut directory = unit.to_owned().into_os_string();
    directory.push(".d");
    directory.into()
}

fn is_drop_in(name: &Path) -> bool {
    name.extension() == Some(OsStr::new("conf"))
}

/// Whether a path is one at which this install's settings outside of the state directory may lie:
/// no snapshot can say otherwise.
pub(crate) fn settings_places(host: &dyn Host, install: &Install) -> impl Fn(&Path) -> bool {
    let units = install.service_places(host);
    let config = install.config_path.clone();
    let config_is_outside = !config.starts_with(&install.state_dir);
    move |path| {
        let (parent, name) = split(path);
        let is_drop_in_of =
            |unit: &PathBuf| drop_in_directory(unit) == parent && is_drop_in(Path::new(name));
        units.iter().any(|unit| unit == path || is_drop_in_of(unit))
            || config_is_outside && path == config
    }
}

/// The config file, where it lies outside of the state directory; else where it lies when it cannot
/// be held.
pub(crate) fn config_outside(
    host: &dyn Host,
    disk: &Disk,
    install: &Install,
) -> Result<Option<KeptFile>, PathBuf> {
    let path = &install.config_path;
    let real = host.canonicalize(path).unwrap_or_else(|_| path.clone());
    if path.starts_with(&install.state_dir) && real.starts_with(&install.state_dir) {
        return Ok(None);
    }
    if host.metadata(path, Links::Refuse).is_err() {
        return Ok(None);
    }
    KeptFile::read(disk, path).map_err(|_| real)
}
