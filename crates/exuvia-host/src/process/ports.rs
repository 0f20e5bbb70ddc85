//! Who listens on a port (`/proc/net/tcp`, proc(5)).

use std::collections::BTreeSet;
use std::fs;

use super::seen::{self, Seen};

/// The state of a socket that listens, as the kernel prints it.
const LISTEN: &str = "0A";

/// A port that the system gives to whoever asks for any.
pub(super) fn free() -> std::io::Result<u16> {
    let listener = std::net::TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?.port())
}

pub(super) fn listeners(port: u16) -> Vec<Seen> {
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"];
    let inodes: BTreeSet<String> = tables
        .into_iter()
        .filter_map(|table| fs::read_to_string(table).ok())
        .flat_map(|table| inodes(&table, port))
        .collect();
    if inodes.is_empty() {
        return Vec::new();
    }
    let links: BTreeSet<String> = inodes
        .into_iter()
        .map(|inode| format!("socket:[{inode}]"))
        .collect();
    seen::all()
        .into_iter()
        .filter(|seen| holds_any(seen.id.pid, &links))
        .collect()
}

/// The inodes of the sockets that listen on the port. Columns: number, local address, remote
/// address, state, …, inode as the tenth.
fn inodes(table: &str, port: u16) -> Vec<String> {
    let wanted = format!(":{port:04X}");
    table
        .lines()
        .skip(1)
        .filter_map(|line| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let listens = fields.get(1)?.ends_with(&wanted) && *fields.get(3)? == LISTEN;
            listens.then(|| fields.get(9).map(|inode| (*inode).to_owned()))?
        })
        .collect()
}

fn holds_any(pid: u32, links: &BTreeSet<String>) -> bool {
    let Ok(descriptors) = fs::read_dir(format!("/proc/{pid}/fd")) else {
        return false;
    };
    descriptors
        .flatten()
        .filter_map(|descriptor| fs::read_link(descriptor.path()).ok())
        .any(|target| target.to_str().is_some_and(|target| links.contains(target)))
}
