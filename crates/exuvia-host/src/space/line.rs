//! Our end of the talk with a space's first process.

use std::os::fd::{BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use super::talk::{Reply, Request};
use super::wire::Channel;
use super::{SpaceError, point};
use crate::disk::Holder;
use crate::points::Points;

/// Asked by several threads; each question is answered before the next.
#[derive(Debug)]
pub(super) struct Line {
    channel: Mutex<Channel>,
    points: Arc<dyn Points>,
    /// A second handle on the socket, so that hanging up waits for nobody.
    socket: UnixStream,
}

impl Line {
    pub(super) fn new(socket: UnixStream, points: Arc<dyn Points>) -> std::io::Result<Self> {
        Ok(Self {
            socket: socket.try_clone()?,
            channel: Mutex::new(Channel(socket)),
            points,
        })
    }

    pub(super) fn ask(&self, request: &Request) -> Result<Reply, SpaceError> {
        let channel = self.channel.lock().unwrap_or_else(PoisonError::into_inner);
        exchange(&channel, request, &[]).map(|(reply, _)| reply)
    }

    /// Starts a program, and looks at it by `see` before anybody may wait for it.
    pub(super) fn start<T>(
        &self,
        request: &Request,
        fds: &[BorrowedFd<'_>],
        see: impl FnOnce(u32, u64, OwnedFd) -> std::io::Result<T>,
    ) -> Result<Result<T, std::io::Error>, SpaceError> {
        let channel = self.channel.lock().unwrap_or_else(PoisonError::into_inner);
        match exchange(&channel, request, fds)? {
            (Reply::Started { pid, since }, mut handles) => {
                let handle = handles
                    .pop()
                    .ok_or_else(|| SpaceError::strange(&Reply::Running))?;
                let seen = see(pid, since, handle).map_err(SpaceError::Lost);
                // When it is over by now, whoever asks next is told why.
                let _ = channel.send(&Request::Seen.pack(), &[]);
                seen.map(Ok)
            }
            (Reply::NotStarted(errno), _) => Ok(Err(std::io::Error::from_raw_os_error(errno))),
            (other, _) => Err(SpaceError::strange(&other)),
        }
    }

    pub(super) fn may_signal(&self, who: &Holder) -> Result<(), SpaceError> {
        let path = Path::new("/proc").join(who.pid.to_string());
        self.points
            .reach(point::SIGNAL, &path)
            .map_err(SpaceError::Lost)
    }

    pub(super) fn points(&self) -> &dyn Points {
        &*self.points
    }

    /// Ends the talk, and with it the space.
    pub(super) fn hang_up(&self) {
        // It fails when the other end is gone already.
        let _ = self.socket.shutdown(std::net::Shutdown::Both);
    }
}

fn exchange(
    channel: &Channel,
    request: &Request,
    fds: &[BorrowedFd<'_>],
) -> Result<(Reply, Vec<OwnedFd>), SpaceError> {
    // One that is over cannot be written to any more, but its last words can be read.
    let sent = channel.send(&request.pack(), fds);
    match channel.receive() {
        Ok(Some((frame, handles))) => match Reply::unpack(&frame).map_err(SpaceError::Lost)? {
            Reply::Over(words) => Err(SpaceError::Over(words)),
            reply => Ok((reply, handles)),
        },
        Ok(None) => Err(SpaceError::Gone(match sent {
            Ok(()) => "its first process ended".to_owned(),
            Err(error) => format!("its first process ended ({error})"),
        })),
        Err(error) => Err(SpaceError::Lost(error)),
    }
}
