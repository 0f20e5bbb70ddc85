//! Holding programs to what they may do where no namespaces are to be had: Landlock (landlock(7)),
//! which a process takes upon itself and upon all that it starts, and which needs no privilege.

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::path::Path;

use nix::libc;
use rustix::fs::{Mode, OFlags};

use super::isolation::Held;
use super::spec::Fence;

/// Rights on files (`LANDLOCK_ACCESS_FS_*`): writing; removing and making entries of each kind;
/// moving them between directories (version 2); cutting files short (version 3).
const WRITE: u64 = 1 << 1;
const ENTRIES: u64 = 0b1_1111_1111 << 4;
const MOVE: u64 = 1 << 13;
const CUT: u64 = 1 << 14;
/// `LANDLOCK_ACCESS_NET_CONNECT_TCP` (version 4).
const CONNECT: u64 = 1 << 1;
/// `LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET` and `LANDLOCK_SCOPE_SIGNAL` (version 6).
const SCOPES: u64 = 0b11;

/// `LANDLOCK_CREATE_RULESET_VERSION`, `LANDLOCK_RULE_PATH_BENEATH`, `LANDLOCK_RULE_NET_PORT`.
const VERSION: u32 = 1;
const BENEATH: u32 = 1;
const PORT: u32 = 2;

/// The first version by which files can be moved between directories at all: with an earlier one
/// programs would fail that do no harm.
const FIRST: i64 = 2;

/// What any program may write to, and which leads nowhere.
const DEVICES: [&str; 5] = [
    "/dev/null",
    "/dev/zero",
    "/dev/full",
    "/dev/tty",
    "/dev/ptmx",
];

/// `struct landlock_ruleset_attr`. An older kernel takes it where what it does not know is zero.
#[repr(C)]
struct Ruleset {
    files: u64,
    network: u64,
    scopes: u64,
}

/// `struct landlock_path_beneath_attr`.
#[repr(C, packed)]
struct Beneath {
    allowed: u64,
    parent: i32,
}

/// `struct landlock_net_port_attr`.
#[repr(C)]
struct NetPort {
    allowed: u64,
    port: u64,
}

/// Holds this process, and all that it starts, to the fence, as far as the kernel can. It must be
/// the only thread there is, and gain no privileges any more.
pub(super) fn raise(fence: &Fence) -> Held {
    // A kernel that knows nothing of it, or was told not to.
    try_raise(fence).unwrap_or_default()
}

fn try_raise(fence: &Fence) -> io::Result<Held> {
    let version = version()?;
    if version < FIRST {
        return Ok(Held::default());
    }
    let from = |first: i64, rights: u64| if version >= first { rights } else { 0 };
    let files = WRITE | ENTRIES | MOVE | from(3, CUT);
    let attributes = Ruleset {
        files,
        network: from(4, CONNECT),
        scopes: from(6, SCOPES),
    };
    let rules = create(&attributes)?;
    for path in &fence.writable {
        let dir = rustix::fs::open(path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())?;
        allow_beneath(&rules, &dir, files)?;
    }
    for path in DEVICES.map(Path::new) {
        // One that is not there is not written to either.
        if let Ok(file) = rustix::fs::open(path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty()) {
            allow_beneath(&rules, &file, files & (WRITE | CUT))?;
        }
    }
    if attributes.network != 0 {
        for port in &fence.ports {
            allow_port(&rules, *port)?;
        }
    }
    restrict(&rules)?;
    Ok(Held {
        files: true,
        connections: attributes.network != 0,
        signals: attributes.scopes != 0,
    })
}

fn checked(answer: i64) -> io::Result<i64> {
    if answer < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(answer)
}

#[allow(unsafe_code)]
fn version() -> io::Result<i64> {
    let nothing = std::ptr::null::<Ruleset>();
    // SAFETY: with this flag the kernel reads nothing and tells a number.
    checked(unsafe { libc::syscall(libc::SYS_landlock_create_ruleset, nothing, 0_usize, VERSION) })
}

#[allow(unsafe_code)]
fn create(attributes: &Ruleset) -> io::Result<OwnedFd> {
    let size = size_of::<Ruleset>();
    let from = std::ptr::from_ref(attributes);
    // SAFETY: the kernel reads `size` bytes of a structure that lives as long as the call.
    let fd = unsafe { libc::syscall(libc::SYS_landlock_create_ruleset, from, size, 0_u32) };
    let fd = i32::try_from(checked(fd)?).map_err(io::Error::other)?;
    // SAFETY: the kernel has just opened it for us, and nobody else knows of it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

#[allow(unsafe_code)]
fn allow_beneath(rules: &OwnedFd, parent: &OwnedFd, allowed: u64) -> io::Result<()> {
    let rule = Beneath {
        allowed,
        parent: parent.as_raw_fd(),
    };
    let (rules, from) = (rules.as_raw_fd(), std::ptr::from_ref(&rule));
    // SAFETY: the kernel reads a structure of the kind that is named, which outlives the call.
    let added = unsafe { libc::syscall(libc::SYS_landlock_add_rule, rules, BENEATH, from, 0_u32) };
    checked(added).map(drop)
}

#[allow(unsafe_code)]
fn allow_port(rules: &OwnedFd, port: u16) -> io::Result<()> {
    let rule = NetPort {
        allowed: CONNECT,
        port: port.into(),
    };
    let (rules, from) = (rules.as_raw_fd(), std::ptr::from_ref(&rule));
    // SAFETY: the kernel reads a structure of the kind that is named, which outlives the call.
    let added = unsafe { libc::syscall(libc::SYS_landlock_add_rule, rules, PORT, from, 0_u32) };
    checked(added).map(drop)
}

#[allow(unsafe_code)]
fn restrict(rules: &OwnedFd) -> io::Result<()> {
    // SAFETY: the kernel reads no memory of ours, and takes rights away from this thread alone,
    // which is the only one.
    let done = unsafe { libc::syscall(libc::SYS_landlock_restrict_self, rules.as_raw_fd(), 0_u32) };
    checked(done).map(drop)
}
