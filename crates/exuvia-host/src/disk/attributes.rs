//! Extended attributes.

use std::ffi::{CStr, CString, OsStr};

use rustix::fs::XattrFlags;
use rustix::io::Errno;

use super::dir::by_proc;
use super::{Dir, File, point};
use crate::HostError;

/// The largest list of names and the largest value that Linux has.
const MAX_BYTES: usize = 64 * 1024;

/// Extended attributes, sorted by name.
pub type Xattrs = Vec<(Vec<u8>, Vec<u8>)>;

impl File {
    /// Its extended attributes; none where the file system has no such thing.
    pub fn xattrs(&self) -> Result<Xattrs, HostError> {
        // Nearly all files have none, and finding that out needs no buffer.
        match rustix::fs::flistxattr_query(self.raw()) {
            Ok(0) | Err(Errno::NOTSUP) => return Ok(Vec::new()),
            Ok(_) | Err(_) => {}
        }
        let failed = |errno: Errno| self.error("read the attributes of", errno.into());
        let names = filled(|buffer| rustix::fs::flistxattr(self.raw(), buffer)).map_err(failed)?;
        collect(&names, |name| {
            filled(|buffer| rustix::fs::fgetxattr(self.raw(), name, buffer))
        })
        .map_err(failed)
    }

    /// Sets one.
    pub fn set_xattr(&self, name: &[u8], value: &[u8]) -> Result<(), HostError> {
        self.gate()
            .pass(point::ATTRIBUTE, "set an attribute of", self.path(), || {
                rustix::fs::fsetxattr(self.raw(), name, value, XattrFlags::empty())
            })
    }

    /// Removes one; that it is gone already is no error.
    pub fn remove_xattr(&self, name: &[u8]) -> Result<(), HostError> {
        self.gate().pass(
            point::ATTRIBUTE,
            "remove an attribute of",
            self.path(),
            || or_gone(rustix::fs::fremovexattr(self.raw(), name)),
        )
    }
}

impl Dir {
    /// The extended attributes of a symbolic link itself.
    ///
    /// There is no call for that by descriptor: the kernel is asked by way of `/proc`, and where
    /// there is none the answer is that there are none.
    pub fn link_xattrs(&self, name: &OsStr) -> Result<Xattrs, HostError> {
        let path = by_proc(self.fd()).join(name);
        let failed = |errno: Errno| HostError::new("read the attributes of", &path, errno.into());
        match filled(|buffer| rustix::fs::llistxattr(&path, buffer)) {
            Ok(names) => collect(&names, |name| {
                filled(|buffer| rustix::fs::lgetxattr(&path, name, buffer))
            })
            .map_err(failed),
            Err(Errno::NOENT | Errno::NOTSUP | Errno::PERM | Errno::NOTDIR) => Ok(Vec::new()),
            Err(errno) => Err(failed(errno)),
        }
    }

    /// Sets an extended attribute of a symbolic link itself.
    pub fn set_link_xattr(&self, link: &OsStr, name: &[u8], value: &[u8]) -> Result<(), HostError> {
        let path = by_proc(self.fd()).join(link);
        self.gate().pass(
            point::ATTRIBUTE,
            "set an attribute of",
            &self.path().join(link),
            || rustix::fs::lsetxattr(&path, name, value, XattrFlags::empty()),
        )
    }
}

fn or_gone(result: rustix::io::Result<()>) -> rustix::io::Result<()> {
    match result {
        #[cfg(target_os = "linux")]
        Err(Errno::NODATA) => Ok(()),
        other => other,
    }
}

/// What a call puts into a buffer, which is made larger only when it must be.
fn filled(
    mut call: impl FnMut(&mut [u8]) -> rustix::io::Result<usize>,
) -> rustix::io::Result<Vec<u8>> {
    let mut buffer = vec![0; 256];
    loop {
        match call(&mut buffer) {
            Ok(len) => {
                buffer.truncate(len);
                return Ok(buffer);
            }
            Err(Errno::RANGE) if buffer.len() < MAX_BYTES => buffer.resize(MAX_BYTES, 0),
            Err(errno) => return Err(errno),
        }
    }
}

/// One that vanishes between the list and the question is not there.
fn collect(
    names: &[u8],
    mut value: impl FnMut(&CStr) -> rustix::io::Result<Vec<u8>>,
) -> rustix::io::Result<Xattrs> {
    let mut found = Vec::new();
    for name in names
        .split(|byte| *byte == 0)
        .filter(|name| !name.is_empty())
    {
        let Ok(asked) = CString::new(name) else {
            continue;
        };
        match value(&asked) {
            Ok(value) => found.push((name.to_vec(), value)),
            #[cfg(target_os = "linux")]
            Err(Errno::NODATA) => {}
            Err(errno) => return Err(errno),
        }
    }
    found.sort();
    Ok(found)
}
