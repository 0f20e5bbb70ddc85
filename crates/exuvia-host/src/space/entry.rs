//! How this program becomes the first process of a space.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::path::Path;

use nix::unistd::{ForkResult, fork};
use rustix::fs::{Dir, FileType, Mode, OFlags};
use rustix::process::{Signal, WaitOptions, waitpid};
use rustix::thread::UnshareFlags;

use super::init::Init;
use super::isolation::Held;
use super::mounts::{self, Failed};
use super::talk::{Plan, Reply, Request};
use super::usage::Members;
use super::wire::Channel;
use super::{fence, loopback, privileges};

/// What a program is told so that it becomes a space's first process.
pub(super) const ASKED: &str = "__exuvia-space";

/// Becomes the first process of a space and never returns, if that is what this program was
/// started for. `main` calls it before anything else: it must be the only thread there is.
pub fn enter_if_asked() {
    let mut words = std::env::args_os().skip(1);
    let asked = words.next().is_some_and(|word| word == OsStr::new(ASKED));
    if !asked || words.next().is_some() {
        return;
    }
    // Whoever asked hears of an error by the channel's end.
    let code = i32::from(enter().is_err());
    std::process::exit(code);
}

fn enter() -> io::Result<()> {
    close_inherited()?;
    let channel = Channel(control()?);
    let Some((frame, _)) = channel.receive()? else {
        return Ok(());
    };
    let Request::Open(plan) = Request::unpack(&frame)? else {
        return Err(io::Error::other("a space begins with its plan"));
    };
    if plan.isolated {
        return enter_isolated(channel, &plan);
    }
    rustix::process::set_child_subreaper(Some(rustix::process::getpid()))?;
    privileges::no_more()?;
    let held = plan.fence.as_ref().map(fence::raise).unwrap_or_default();
    let ready = Reply::Ready {
        held,
        numbered: false,
    };
    Init::new(channel, Members::Descendants, ready, &plan).run()
}

/// Our end of the channel, which came as standard input. That is an empty one from now on.
fn control() -> io::Result<UnixStream> {
    let stdin = rustix::stdio::stdin();
    let stat = rustix::fs::fstat(stdin)?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::Socket {
        return Err(io::Error::other("this is for Exuvia itself to call"));
    }
    let socket = rustix::io::fcntl_dupfd_cloexec(stdin, 3)?;
    let nothing = rustix::fs::open("/dev/null", OFlags::RDWR | OFlags::CLOEXEC, Mode::empty())?;
    rustix::stdio::dup2_stdin(&nothing)?;
    Ok(socket.into())
}

/// A descriptor that somebody left open to us, of a directory for instance, would lead the
/// programs out.
#[allow(unsafe_code)]
fn close_inherited() -> io::Result<()> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let mut listing = Dir::new(rustix::fs::open("/proc/self/fd", flags, Mode::empty())?)?;
    let own = listing.fd()?.as_raw_fd();
    let mut inherited = Vec::new();
    while let Some(entry) = listing.read() {
        let number = entry?
            .file_name()
            .to_str()
            .ok()
            .and_then(|n| n.parse::<i32>().ok());
        inherited.extend(number.filter(|number| *number > 2 && *number != own));
    }
    for number in inherited {
        // SAFETY: it is open, and nothing in this process owns a descriptor above the standard
        // ones yet but the listing, which is left out: there is one thread, and it begins here.
        unsafe { rustix::io::close(number) };
    }
    Ok(())
}

fn enter_isolated(channel: Channel, plan: &Plan) -> io::Result<()> {
    if let Err(words) = separate() {
        return channel.send(&Reply::Refused(words).pack(), &[]);
    }
    match fork_alone()? {
        ForkResult::Parent { child } => {
            drop(channel);
            let child = rustix::process::Pid::from_raw(child.as_raw());
            rustix::io::retry_on_intr(|| waitpid(child, WaitOptions::empty()))?;
            Ok(())
        }
        ForkResult::Child => begin(channel, plan),
    }
}

#[allow(unsafe_code)]
fn fork_alone() -> io::Result<ForkResult> {
    // SAFETY: the process has one thread (`enter_if_asked` runs before anything else), so the
    // child finds no lock taken by a thread that it does not have.
    Ok(unsafe { fork() }?)
}

/// Leaves the machine's namespaces. As root no user namespace is needed, unless root is not
/// allowed to do without.
fn separate() -> Result<(), String> {
    let common = UnshareFlags::NEWNS
        | UnshareFlags::NEWNET
        | UnshareFlags::NEWPID
        | UnshareFlags::NEWIPC
        | UnshareFlags::NEWUTS;
    let (user, group) = (rustix::process::geteuid(), rustix::process::getegid());
    if user.is_root() && unshare(common).is_ok() {
        return Ok(());
    }
    unshare(common | UnshareFlags::NEWUSER)
        .map_err(|e| format!("the kernel allows no namespaces ({e}){}", hint()))?;
    let write = |file: &str, text: String| {
        let path = Path::new("/proc/self").join(file);
        fs::write(&path, text).map_err(|e| format!("cannot write {}: {e}", path.display()))
    };
    let (user, group) = (user.as_raw(), group.as_raw());
    write("setgroups", "deny".to_owned())?;
    write("uid_map", format!("{user} {user} 1"))?;
    write("gid_map", format!("{group} {group} 1"))
}

#[allow(unsafe_code)]
fn unshare(flags: UnshareFlags) -> rustix::io::Result<()> {
    // SAFETY: the flags unshare namespaces only, not descriptors (`CLONE_FILES`), which is what
    // can be unsound.
    unsafe { rustix::thread::unshare_unsafe(flags) }
}

/// The setting that forbids user namespaces here, if one is known to.
fn hint() -> String {
    let settings = [
        ("/proc/sys/user/max_user_namespaces", "0"),
        ("/proc/sys/kernel/unprivileged_userns_clone", "0"),
        (
            "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
            "1",
        ),
    ];
    let forbids = |(path, value): &(&str, &str)| {
        fs::read_to_string(path).is_ok_and(|text| text.trim() == *value)
    };
    let found = settings.into_iter().find(forbids);
    found.map_or_else(String::new, |(path, value)| format!(": {path} is {value}"))
}

/// The first process of the new namespaces: sets up what the programs will see, and serves.
fn begin(channel: Channel, plan: &Plan) -> io::Result<()> {
    // Our parent has one thread, so its end is the process's end.
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
    let refused = |words: String| Reply::Refused(words);
    let made = mounts::make(&plan.places, &plan.limits).map_err(|failed| match failed {
        Failed::NoTarget(path) => Reply::NoTarget(path),
        Failed::Refused(words) => refused(words),
    });
    let done = made.and_then(|numbered| {
        loopback::up().map_err(|e| refused(format!("no loopback: {e}")))?;
        privileges::give_up().map_err(|e| refused(format!("capabilities: {e}")))?;
        std::env::set_current_dir("/").map_err(|e| refused(e.to_string()))?;
        Ok(Reply::Ready {
            held: Held::default(),
            numbered,
        })
    });
    match done {
        Ok(ready) => Init::new(channel, Members::All, ready, plan).run(),
        Err(reply) => channel.send(&reply.pack(), &[]),
    }
}
