//! Where what a program in a space prints goes.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use super::{Space, SpaceError, failed};
use crate::process::{Ending, Signal, Sink};
use crate::{Command, Output};

/// How long a program that was killed may take to be gone.
const LAST: Duration = Duration::from_secs(10);

/// Descriptors for standard output and error.
pub(super) fn opened(sink: &Sink) -> io::Result<(OwnedFd, OwnedFd)> {
    let file: OwnedFd = match sink {
        Sink::Ours => {
            let out = rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdout(), 3)?;
            let err = rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stderr(), 3)?;
            return Ok((out, err));
        }
        Sink::Nowhere => File::options().write(true).open("/dev/null")?.into(),
        Sink::Append(path) => OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            .open(path)?
            .into(),
    };
    Ok((file.try_clone()?, file))
}

pub(super) fn run(space: &Space, command: &Command) -> Result<Output, SpaceError> {
    let failed = |source| failed(command, source);
    let end = Instant::now() + command.patience();
    let (out, out_inside) = io::pipe().map_err(failed)?;
    let (err, err_inside) = io::pipe().map_err(failed)?;
    let child = space.start(command, out_inside.as_fd(), err_inside.as_fd())?;
    // Ours would keep the pipes from ending.
    drop((out_inside, err_inside));
    let gathered = command.gather(out, err, end);
    if gathered.is_err() {
        child.signal_group(Signal::Kill)?;
    }
    let left = end.saturating_duration_since(Instant::now());
    let mut ending = child.wait(left)?;
    let late = ending.is_none();
    if late {
        child.signal_group(Signal::Kill)?;
        ending = child.wait(LAST)?;
    }
    let (stdout, stderr) = gathered.map_err(failed)?;
    let status = match ending {
        Some(Ending::Exit(code)) if !late => ExitStatus::from_raw(code << 8),
        Some(Ending::Signal(signal)) if !late => ExitStatus::from_raw(signal),
        _ => return Err(failed(command.too_long())),
    };
    Ok(Output {
        status,
        stdout,
        stderr,
    })
}
