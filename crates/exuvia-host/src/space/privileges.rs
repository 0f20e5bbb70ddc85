//! What programs in a space may not do whoever runs them, and what they may use.

use std::io;

use rustix::process::{DumpableBehavior, Resource, Rlimit, getrlimit, setrlimit};
use rustix::thread::{CapabilitySet, CapabilitySets};

use super::spec::Limits;

/// What root needs to handle files, processes and ports of its own. None of these reaches the
/// kernel, a device, a mount or another process's memory.
const KEPT: [CapabilitySet; 8] = [
    CapabilitySet::CHOWN,
    CapabilitySet::DAC_OVERRIDE,
    CapabilitySet::FOWNER,
    CapabilitySet::FSETID,
    CapabilitySet::KILL,
    CapabilitySet::SETGID,
    CapabilitySet::SETUID,
    CapabilitySet::NET_BIND_SERVICE,
];

/// The highest capability that any kernel could have.
const LAST: u32 = 63;

/// Gives up, for good and for everything that is started from here, all capabilities that lead out.
pub(super) fn give_up() -> io::Result<()> {
    let kept = KEPT.into_iter().collect::<CapabilitySet>();
    for number in 0..=LAST {
        let one = CapabilitySet::from_bits_retain(1 << number);
        match rustix::thread::capability_is_in_bounding_set(one) {
            Ok(true) if !kept.contains(one) => {
                rustix::thread::remove_capability_from_bounding_set(one)?;
            }
            Ok(_) => {}
            // Past the last one that this kernel knows.
            Err(rustix::io::Errno::INVAL) => break,
            Err(errno) => return Err(errno.into()),
        }
    }
    rustix::thread::clear_ambient_capability_set()?;
    let held = rustix::thread::capabilities(None)?.permitted & kept;
    let sets = CapabilitySets {
        effective: held,
        permitted: held,
        inheritable: CapabilitySet::empty(),
    };
    rustix::thread::set_capabilities(None, sets)?;
    no_more()
}

/// No program that is started from here gains anything by being set-user-id, and none may look
/// into this process.
pub(super) fn no_more() -> io::Result<()> {
    rustix::thread::set_no_new_privs(true)?;
    rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    Ok(())
}

/// How much more data than memory a program may reserve.
const RESERVED: u64 = 4;

/// Bounds this process and those that it starts.
///
/// V8 reserves far more than it uses: of the address space, which is not bounded, and of data, of
/// which Node 24 died with 3 GiB while it held less than one ("Failed to reserve virtual memory for
/// `CodeRange`"). What is held is watched besides.
pub(super) fn bound(limits: &Limits) -> rustix::io::Result<()> {
    let bounds = [
        (Resource::Data, limits.memory_bytes.saturating_mul(RESERVED)),
        (Resource::Nofile, limits.open_files),
        (Resource::Fsize, limits.file_bytes),
        (Resource::Cpu, limits.cpu_seconds),
        (Resource::Core, 0),
    ];
    for (resource, wanted) in bounds {
        // More than it may have now only root could ask for.
        let most = getrlimit(resource).maximum.unwrap_or(u64::MAX);
        let bound = Some(wanted.min(most));
        let both = Rlimit {
            current: bound,
            maximum: bound,
        };
        setrlimit(resource, both)?;
    }
    Ok(())
}
