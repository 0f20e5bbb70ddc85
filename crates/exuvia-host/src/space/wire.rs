//! What a space's first process and we say to each other: frames of a length and bytes, with
//! descriptors beside them, over a pair of sockets.

use std::ffi::OsString;
use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};

/// The longest frame. An environment and its words are at most 2 MiB on Linux.
const MAX_FRAME: usize = 8 << 20;

/// One end.
#[derive(Debug)]
pub(super) struct Channel(pub(super) UnixStream);

impl Channel {
    /// Sends a frame, with at most two descriptors.
    pub(super) fn send(&self, frame: &[u8], fds: &[BorrowedFd<'_>]) -> io::Result<()> {
        let length = u32::try_from(frame.len()).map_err(io::Error::other)?;
        let header = length.to_le_bytes();
        let mut room = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(2))];
        let mut beside = SendAncillaryBuffer::new(&mut room);
        if !fds.is_empty() && !beside.push(SendAncillaryMessage::ScmRights(fds)) {
            return Err(io::Error::other("too many descriptors"));
        }
        let sent = rustix::io::retry_on_intr(|| {
            let flags = SendFlags::NOSIGNAL;
            sendmsg(&self.0, &[IoSlice::new(&header)], &mut beside, flags)
        })?;
        let mut stream = &self.0;
        stream.write_all(header.get(sent..).unwrap_or_default())?;
        stream.write_all(frame)
    }

    /// The next frame; `None` when the other end is gone.
    pub(super) fn receive(&self) -> io::Result<Option<(Vec<u8>, Vec<OwnedFd>)>> {
        let mut header = [0; 4];
        let mut room = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(2))];
        let mut beside = RecvAncillaryBuffer::new(&mut room);
        let got = rustix::io::retry_on_intr(|| {
            let flags = RecvFlags::CMSG_CLOEXEC;
            recvmsg(
                &self.0,
                &mut [IoSliceMut::new(&mut header)],
                &mut beside,
                flags,
            )
        });
        let got = match got {
            Ok(message) if message.bytes == 0 => return Ok(None),
            Ok(message) => message.bytes,
            Err(rustix::io::Errno::CONNRESET) => return Ok(None),
            Err(errno) => return Err(errno.into()),
        };
        let mut fds = Vec::new();
        for message in beside.drain() {
            if let RecvAncillaryMessage::ScmRights(more) = message {
                fds.extend(more);
            }
        }
        let mut stream = &self.0;
        if let Some(rest) = header.get_mut(got..) {
            stream.read_exact(rest)?;
        }
        let length = usize::try_from(u32::from_le_bytes(header)).map_err(io::Error::other)?;
        if length > MAX_FRAME {
            return Err(io::Error::other("a frame that is too long"));
        }
        let mut frame = vec![0; length];
        stream.read_exact(&mut frame)?;
        Ok(Some((frame, fds)))
    }
}

/// Puts values into a frame.
#[derive(Debug, Default)]
pub(super) struct Packer(Vec<u8>);

impl Packer {
    pub(super) fn number(mut self, number: u64) -> Self {
        self.0.extend(number.to_le_bytes());
        self
    }

    pub(super) fn bytes(self, bytes: &[u8]) -> Self {
        let mut packed = self.number(bytes.len() as u64);
        packed.0.extend(bytes);
        packed
    }

    pub(super) fn path(self, path: &Path) -> Self {
        self.bytes(path.as_os_str().as_bytes())
    }

    /// A list: how many, then each.
    pub(super) fn list<T>(self, list: &[T], each: impl Fn(Self, &T) -> Self) -> Self {
        let start = self.number(list.len() as u64);
        list.iter().fold(start, each)
    }

    pub(super) fn done(self) -> Vec<u8> {
        self.0
    }
}

/// Takes them out again.
#[derive(Debug)]
pub(super) struct Unpacker<'a>(pub(super) &'a [u8]);

impl Unpacker<'_> {
    pub(super) fn number(&mut self) -> io::Result<u64> {
        let (number, rest) = self.0.split_first_chunk().ok_or_else(cut)?;
        self.0 = rest;
        Ok(u64::from_le_bytes(*number))
    }

    pub(super) fn bytes(&mut self) -> io::Result<Vec<u8>> {
        let length = usize::try_from(self.number()?).map_err(io::Error::other)?;
        let (bytes, rest) = self.0.split_at_checked(length).ok_or_else(cut)?;
        self.0 = rest;
        Ok(bytes.to_vec())
    }

    pub(super) fn text(&mut self) -> io::Result<String> {
        Ok(String::from_utf8_lossy(&self.bytes()?).into_owned())
    }

    pub(super) fn word(&mut self) -> io::Result<OsString> {
        Ok(OsString::from_vec(self.bytes()?))
    }

    pub(super) fn path(&mut self) -> io::Result<PathBuf> {
        Ok(PathBuf::from(self.word()?))
    }

    pub(super) fn list<T>(
        &mut self,
        mut each: impl FnMut(&mut Self) -> io::Result<T>,
    ) -> io::Result<Vec<T>> {
        let length = self.number()?;
        (0..length).map(|_| each(self)).collect()
    }
}

fn cut() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "a frame that is cut short")
}
