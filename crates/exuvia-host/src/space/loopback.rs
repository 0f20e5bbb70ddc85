//! The one interface of a network namespace.

use std::io;

use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recv, send, socket_with,
};

/// `RTM_NEWLINK` with a request for an answer (rtnetlink(7)): interface 1, which is the loopback in
/// every network namespace, is to be up.
fn request() -> Vec<u8> {
    const NEW_LINK: u16 = 16;
    const REQUEST_AND_ANSWER: u16 = 1 | 4;
    const UP: u32 = 1;
    let header = [
        &32_u32.to_ne_bytes()[..],
        &NEW_LINK.to_ne_bytes(),
        &REQUEST_AND_ANSWER.to_ne_bytes(),
        &1_u32.to_ne_bytes(),
        &0_u32.to_ne_bytes(),
    ];
    let link = [
        &0_u32.to_ne_bytes()[..],
        &1_i32.to_ne_bytes(),
        &UP.to_ne_bytes(),
        &UP.to_ne_bytes(),
    ];
    [header.concat(), link.concat()].concat()
}

/// Brings the loopback up.
pub(super) fn up() -> io::Result<()> {
    let family = AddressFamily::NETLINK;
    let socket = socket_with(family, SocketType::RAW, SocketFlags::CLOEXEC, None)?;
    send(&socket, &request(), SendFlags::empty())?;
    let mut answer = [0_u8; 1024];
    let (length, _) = recv(&socket, &mut answer, RecvFlags::empty())?;
    // `struct nlmsgerr` after the header of 16 bytes: zero, or the negative number of an error.
    let code = answer
        .get(16..length.min(20))
        .and_then(|bytes| bytes.first_chunk())
        .map(|bytes| i32::from_ne_bytes(*bytes));
    match code {
        Some(0) => Ok(()),
        Some(errno) => Err(io::Error::from_raw_os_error(-errno)),
        None => Err(io::Error::other("the kernel's answer is cut short")),
    }
}
