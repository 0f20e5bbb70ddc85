//! The file system of a space: the machine's own, read-only, with other things at some paths.
//!
//! Runs in a process that has a mount namespace to itself. Everything is reached by descriptors
//! that were opened before anything was covered, through `/proc/self/fd`.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::{DirBuilderExt, symlink};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, FileType, Mode, OFlags};
use rustix::io::Errno;
use rustix::mount::{
    MountFlags, MountPropagationFlags, mount, mount_bind_recursive, mount_change, mount_remount,
};

use super::mountinfo::{self, Mounted};
use super::numbers;
use super::spec::Limits;
use super::talk::{Place, What};

/// Directories that are meant for passing things on: a socket in one of them leads out.
const PASSAGES: [&str; 3] = ["/tmp", "/var/tmp", "/run"];

/// The devices that any program may expect, none of which leads anywhere.
const DEVICES: [&str; 6] = ["null", "zero", "full", "random", "urandom", "tty"];

/// Where the kernel takes orders in `/proc` from whoever has the user number 0.
const ORDERS: [&str; 6] = ["sys", "sysrq-trigger", "irq", "bus", "fs", "acpi"];

/// Why the mounts could not be made.
#[derive(Debug)]
pub(super) enum Failed {
    /// There is nothing at this target.
    NoTarget(PathBuf),
    /// The kernel refused this.
    Refused(String),
}

fn refused(what: &str, path: &Path, why: impl Into<io::Error>) -> Failed {
    let why = why.into();
    Failed::Refused(format!("cannot {what} {}: {why}", path.display()))
}

/// Makes the file system; the memory bounds what each empty directory may hold. Tells whether the
/// kernel bounds process numbers there.
pub(super) fn make(places: &[Place], limits: &Limits) -> Result<bool, Failed> {
    let memory = limits.memory_bytes;
    let root = Path::new("/");
    let private = MountPropagationFlags::PRIVATE | MountPropagationFlags::REC;
    mount_change(root, private).map_err(|e| refused("make private", root, e))?;
    let opened = open_sources(places)?;
    let devices = open_devices();
    let mut ours = BTreeSet::new();
    for passage in PASSAGES.map(PathBuf::from) {
        if passage.is_dir() && places.iter().all(|place| place.target != passage) {
            fresh(&passage, memory)?;
            ours.insert(id_at(&passage)?);
        }
    }
    for (place, source) in places.iter().zip(&opened) {
        put(place, source.as_ref(), places, memory)?;
        if !matches!(
            place.what,
            What::Bind {
                read_only: true,
                ..
            }
        ) {
            ours.insert(id_at(&place.target)?);
        }
    }
    make_proc()?;
    let numbered = numbers::bound(limits);
    ours.extend(make_dev(&devices, memory)?);
    protect(&ours)?;
    mount_bind_orders()?;
    Ok(numbered)
}

fn open_sources(places: &[Place]) -> Result<Vec<Option<OwnedFd>>, Failed> {
    let open = |place: &Place| match &place.what {
        What::Bind { source, .. } => pinned(source)
            .map(Some)
            .map_err(|e| refused("open", source, e)),
        What::Fresh | What::Hidden => Ok(None),
    };
    places.iter().map(open).collect()
}

fn open_devices() -> Vec<(&'static str, OwnedFd)> {
    let open = |name| Some((name, pinned(&Path::new("/dev").join(name)).ok()?));
    DEVICES.into_iter().filter_map(open).collect()
}

/// A descriptor of what lies at a path now, none of whose parts may be a link.
fn pinned(path: &Path) -> Result<OwnedFd, Errno> {
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mut at = rustix::fs::openat(CWD, "/", flags, Mode::empty())?;
    for part in path.components().skip(1) {
        at = rustix::fs::openat(&at, part.as_os_str(), flags, Mode::empty())?;
    }
    let stat = rustix::fs::fstat(&at)?;
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::Symlink => Err(Errno::LOOP),
        _ => Ok(at),
    }
}

fn by_proc(fd: &OwnedFd) -> PathBuf {
    Path::new("/proc/self/fd").join(fd.as_raw_fd().to_string())
}

/// The number of the mount that lies on top at a path.
fn id_at(path: &Path) -> Result<u64, Failed> {
    let failed = |e: io::Error| refused("look at", path, e);
    let fd = pinned(path).map_err(|e| failed(e.into()))?;
    mountinfo::id_of(&fd).map_err(failed)
}

fn put(
    place: &Place,
    source: Option<&OwnedFd>,
    places: &[Place],
    memory: u64,
) -> Result<(), Failed> {
    let target = &place.target;
    let at = match pinned(target) {
        Ok(fd) => fd,
        Err(Errno::NOENT) => {
            let is_file = source.is_some_and(|fd| !by_proc(fd).is_dir());
            make_beneath(place, places, is_file)?;
            pinned(target).map_err(|e| refused("open", target, e))?
        }
        Err(errno) => return Err(refused("open", target, errno)),
    };
    match (&place.what, source) {
        (What::Bind { .. }, Some(source)) => mount_bind_recursive(by_proc(source), by_proc(&at))
            .map_err(|e| refused("bind to", target, e)),
        (What::Hidden, _) => cover(target),
        _ => fresh(target, memory),
    }
}

/// Makes what is to be covered, where that is nowhere but in the space.
fn make_beneath(place: &Place, places: &[Place], is_file: bool) -> Result<(), Failed> {
    let target = &place.target;
    let in_passage = PASSAGES.iter().any(|passage| target.starts_with(passage));
    let in_fresh = |other: &Place| other.what == What::Fresh && target.starts_with(&other.target);
    let in_bind = |other: &Place| {
        matches!(other.what, What::Bind { .. })
            && other != place
            && target.starts_with(&other.target)
    };
    if places.iter().any(in_bind) || !(in_passage || places.iter().any(in_fresh)) {
        return Err(Failed::NoTarget(target.clone()));
    }
    let failed = |e| refused("make", target, e);
    let directory = if is_file {
        target.parent()
    } else {
        Some(target.as_path())
    };
    if let Some(directory) = directory {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true).mode(0o755);
        builder.create(directory).map_err(failed)?;
    }
    if is_file {
        fs::write(target, "").map_err(failed)?;
    }
    Ok(())
}

/// An empty directory that anybody inside may write.
fn fresh(target: &Path, memory: u64) -> Result<(), Failed> {
    let options = format!("mode=1777,size={memory}");
    tmpfs(target, MountFlags::NODEV | MountFlags::NOSUID, &options)
}

fn cover(target: &Path) -> Result<(), Failed> {
    let flags = MountFlags::NODEV | MountFlags::NOSUID | MountFlags::RDONLY;
    tmpfs(target, flags, "mode=0555,size=4k")
}

fn tmpfs(target: &Path, flags: MountFlags, options: &str) -> Result<(), Failed> {
    let failed = |e| refused("cover", target, e);
    let options = std::ffi::CString::new(options).map_err(|e| failed(io::Error::other(e)))?;
    mount("tmpfs", target, "tmpfs", flags, options.as_c_str()).map_err(|e| failed(e.into()))
}

fn make_proc() -> Result<(), Failed> {
    let proc = Path::new("/proc");
    let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    mount("proc", proc, "proc", flags, None).map_err(|e| refused("mount", proc, e))
}

/// A `/dev` of the harmless devices alone: with the number 0 even a read-only mount of the
/// machine's lets write to its disks. Answers which mounts are to stay as they are.
fn make_dev(devices: &[(&str, OwnedFd)], memory: u64) -> Result<BTreeSet<u64>, Failed> {
    let dev = Path::new("/dev");
    let made = |path: &Path, result: io::Result<()>| result.map_err(|e| refused("make", path, e));
    tmpfs(dev, MountFlags::NOSUID, "mode=0755,size=64k")?;
    let mut ours = BTreeSet::new();
    for (name, fd) in devices {
        let path = dev.join(name);
        made(&path, fs::write(&path, ""))?;
        let bound = mount_bind_recursive(by_proc(fd), &path);
        bound.map_err(|e| refused("bind to", &path, e))?;
        ours.insert(id_at(&path)?);
    }
    let links = [
        ("fd", "/proc/self/fd"),
        ("stdin", "/proc/self/fd/0"),
        ("stdout", "/proc/self/fd/1"),
        ("stderr", "/proc/self/fd/2"),
        ("ptmx", "pts/ptmx"),
    ];
    for (name, to) in links {
        made(dev, symlink(to, dev.join(name)))?;
    }
    let (shm, pts) = (dev.join("shm"), dev.join("pts"));
    made(&shm, fs::create_dir(&shm))?;
    made(&pts, fs::create_dir(&pts))?;
    fresh(&shm, memory)?;
    ours.insert(id_at(&shm)?);
    let flags = MountFlags::NOSUID | MountFlags::NOEXEC;
    let options = c"newinstance,ptmxmode=0666,mode=0620";
    mount("devpts", &pts, "devpts", flags, options).map_err(|e| refused("mount", &pts, e))?;
    ours.insert(id_at(&pts)?);
    Ok(ours)
}

/// Makes every mount read-only and without devices, but for ours.
fn protect(ours: &BTreeSet<u64>) -> Result<(), Failed> {
    let failed = |e| refused("read", Path::new(mountinfo::PATH), e);
    let proc = id_at(Path::new("/proc"))?;
    let dev = id_at(Path::new("/dev"))?;
    for Mounted { id, at, flags } in mountinfo::all().map_err(failed)? {
        if ours.contains(&id) || id == proc {
            continue;
        }
        // Covered by another, or in a place that this user may not enter: nobody inside gets there.
        let Ok(fd) = pinned(&at) else { continue };
        if mountinfo::id_of(&fd).ok() != Some(id) {
            continue;
        }
        let kept = flags | MountFlags::RDONLY | MountFlags::NOSUID;
        // Our own directory of devices holds none itself; those in it are mounts.
        let wanted = if id == dev {
            flags | MountFlags::RDONLY
        } else {
            kept | MountFlags::NODEV
        };
        mount_remount(by_proc(&fd), wanted | MountFlags::BIND, c"")
            .map_err(|e| refused("protect", &at, e))?;
    }
    Ok(())
}

/// Takes away the parts of `/proc` by which the kernel is told what to do.
fn mount_bind_orders() -> Result<(), Failed> {
    for path in ORDERS.map(|name| Path::new("/proc").join(name)) {
        if !path.exists() {
            continue;
        }
        mount_bind_recursive(&path, &path).map_err(|e| refused("bind to", &path, e))?;
        let flags = MountFlags::BIND
            | MountFlags::RDONLY
            | MountFlags::NOSUID
            | MountFlags::NODEV
            | MountFlags::NOEXEC;
        mount_remount(&path, flags, c"").map_err(|e| refused("protect", &path, e))?;
    }
    Ok(())
}
