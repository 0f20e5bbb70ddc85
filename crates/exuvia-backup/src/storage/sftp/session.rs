//! A conversation with an SFTP server, over `ssh`.

use std::collections::VecDeque;

use exuvia_host::{Command, Conversation, HostError};

use super::packet::{Ask, Attributes, INIT, Packet, Reader, Reply, SPOKEN, VERSION};
use crate::address;

/// How much is read or written by one request: every server takes so much.
const CHUNK: usize = 32 << 10;
/// How many requests are under way at once.
const AHEAD: usize = 48;
/// The longest packet that is read.
const MAX_PACKET: usize = 1 << 20;

const RENAME_OVER: &[u8] = b"posix-rename@openssh.com";
const SYNC: &[u8] = b"fsync@openssh.com";

const READ: u32 = 1;
const WRITE: u32 = 2;
const CREATE: u32 = 8;
const TRUNCATE: u32 = 16;

/// Why a session could not do it.
#[derive(Debug)]
pub(super) enum Fault {
    /// There is no such file.
    Missing,
    /// The server said no.
    Refused(String),
    /// The line is dead.
    Lost(String),
}

impl From<HostError> for Fault {
    fn from(error: HostError) -> Self {
        Self::Lost(error.source.to_string())
    }
}

/// A session.
#[derive(Debug)]
pub(super) struct Session {
    line: Conversation,
    next: u32,
    can_rename_over: bool,
    can_sync: bool,
}

/// What `ssh` is run with. It must not ask anybody anything, and must notice that a line is dead.
fn command(place: &address::Sftp) -> Command {
    let mut command = Command::new("ssh").args([
        "-oBatchMode=yes",
        "-oConnectTimeout=30",
        "-oServerAliveInterval=20",
        "-oServerAliveCountMax=3",
    ]);
    if let Some(user) = &place.user {
        command = command.arg("-l").arg(user);
    }
    if let Some(port) = place.port {
        command = command.arg("-p").arg(port.to_string());
    }
    command.arg("-s").arg("--").arg(&place.host).arg("sftp")
}

impl Session {
    /// Logs in. In the error are the last words of `ssh`.
    pub(super) fn begin(place: &address::Sftp) -> Result<Self, String> {
        let line = Conversation::begin(&command(place))
            .map_err(|error| format!("{error}: is the OpenSSH client installed?"))?;
        let mut session = Self {
            line,
            next: 0,
            can_rename_over: false,
            can_sync: false,
        };
        match session.greet() {
            Ok(()) => Ok(session),
            Err(fault) => {
                let said = session.line.end();
                let last = said.lines().rev().find(|line| !line.trim().is_empty());
                Err(match (last, fault) {
                    (Some(last), _) => format!("ssh says: {}", last.trim()),
                    (None, Fault::Lost(why) | Fault::Refused(why)) => why,
                    (None, Fault::Missing) => "the server does not speak SFTP".to_owned(),
                })
            }
        }
    }

    fn greet(&mut self) -> Result<(), Fault> {
        self.line.say(&Packet::new(INIT).number(SPOKEN).finish())?;
        let body = self.packet()?;
        let mut reader = Reader(&body);
        if reader.byte() != Some(VERSION) || reader.number().is_none_or(|spoken| spoken < SPOKEN) {
            return Err(Fault::Lost("the server does not speak SFTP".to_owned()));
        }
        while let (Some(name), Some(_)) = (reader.text(), reader.text()) {
            self.can_rename_over |= name == RENAME_OVER;
            self.can_sync |= name == SYNC;
        }
        Ok(())
    }

    fn packet(&mut self) -> Result<Vec<u8>, Fault> {
        let mut len = [0; 4];
        self.line.hear(&mut len)?;
        let len = usize::try_from(u32::from_be_bytes(len)).unwrap_or(usize::MAX);
        if len > MAX_PACKET {
            return Err(Fault::Lost("the server does not speak SFTP".to_owned()));
        }
        let mut body = vec![0; len];
        self.line.hear(&mut body)?;
        Ok(body)
    }

    fn send(&mut self, ask: Ask, fill: impl FnOnce(Packet) -> Packet) -> Result<u32, Fault> {
        self.next = self.next.wrapping_add(1);
        let packet = fill(Packet::request(ask, self.next)).finish();
        self.line.say(&packet)?;
        Ok(self.next)
    }

    /// The reply to this request. Servers answer in the order in which they were asked.
    fn reply(&mut self, id: u32) -> Result<Reply, Fault> {
        let body = self.packet()?;
        match Reader(&body).reply() {
            Some((answered, reply)) if answered == id => match reply {
                Reply::NoSuchFile => Err(Fault::Missing),
                Reply::Refused(why) => Err(Fault::Refused(why)),
                other => Ok(other),
            },
            _ => Err(Fault::Lost("the server answered out of turn".to_owned())),
        }
    }

    fn ask(&mut self, ask: Ask, fill: impl FnOnce(Packet) -> Packet) -> Result<Reply, Fault> {
        let id = self.send(ask, fill)?;
        self.reply(id)
    }

    fn do_it(&mut self, ask: Ask, fill: impl FnOnce(Packet) -> Packet) -> Result<(), Fault> {
        match self.ask(ask, fill)? {
            Reply::Done => Ok(()),
            other => Err(unexpected(&other)),
        }
    }

    fn open(&mut self, path: &str, flags: u32) -> Result<Vec<u8>, Fault> {
        let reply = self.ask(Ask::Open, |packet| {
            packet.text(path.as_bytes()).number(flags).mode(0o600)
        })?;
        handle(reply)
    }

    fn close(&mut self, handle: &[u8]) -> Result<(), Fault> {
        self.do_it(Ask::Close, |packet| packet.text(handle))
    }

    /// Writes a new file and makes it durable where the server can.
    pub(super) fn write(&mut self, path: &str, content: &[u8]) -> Result<(), Fault> {
        let handle = self.open(path, WRITE | CREATE | TRUNCATE)?;
        let written = self.write_chunks(&handle, content);
        let synced = written.and_then(|()| {
            if self.can_sync {
                self.do_it(Ask::Extended, |packet| packet.text(SYNC).text(&handle))
            } else {
                Ok(())
            }
        });
        match synced {
            Ok(()) => self.close(&handle),
            Err(Fault::Lost(why)) => Err(Fault::Lost(why)),
            Err(fault) => self.close(&handle).and(Err(fault)),
        }
    }

    fn write_chunks(&mut self, handle: &[u8], content: &[u8]) -> Result<(), Fault> {
        let mut under_way = VecDeque::new();
        let mut failed = None;
        let mut offset = 0;
        for chunk in content.chunks(CHUNK) {
            if under_way.len() >= AHEAD {
                failed = self.settle(&mut under_way)?.or(failed);
            }
            if failed.is_some() {
                break;
            }
            let id = self.send(Ask::Write, |packet| {
                packet.text(handle).long(offset).text(chunk)
            })?;
            under_way.push_back(id);
            offset += chunk.len() as u64;
        }
        while !under_way.is_empty() {
            failed = self.settle(&mut under_way)?.or(failed);
        }
        failed.map_or(Ok(()), Err)
    }

    /// Waits for the oldest request. What the server refused is given, not raised: other replies
    /// are still to come.
    fn settle(&mut self, under_way: &mut VecDeque<u32>) -> Result<Option<Fault>, Fault> {
        let Some(id) = under_way.pop_front() else {
            return Ok(None);
        };
        match self.reply(id) {
            Ok(Reply::Done) => Ok(None),
            Ok(other) => Err(unexpected(&other)),
            Err(Fault::Lost(why)) => Err(Fault::Lost(why)),
            Err(refused) => Ok(Some(refused)),
        }
    }

    /// Reads a part of a file.
    pub(super) fn read(&mut self, path: &str, start: u64, len: usize) -> Result<Vec<u8>, Fault> {
        let handle = self.open(path, READ)?;
        let read = self.read_chunks(&handle, start, len);
        match read {
            Err(Fault::Lost(why)) => Err(Fault::Lost(why)),
            other => self.close(&handle).and(other),
        }
    }

    fn read_chunks(&mut self, handle: &[u8], start: u64, len: usize) -> Result<Vec<u8>, Fault> {
        let mut content = Vec::with_capacity(len.min(MAX_PACKET));
        while content.len() < len {
            let before = content.len();
            let rest = len - before;
            let mut wanted = Vec::new();
            for at in (0..rest).step_by(CHUNK).take(AHEAD) {
                let size = u32::try_from(CHUNK.min(rest - at)).unwrap_or(0);
                let offset = start + (before + at) as u64;
                let id = self.send(Ask::Read, |packet| {
                    packet.text(handle).long(offset).number(size)
                })?;
                wanted.push((id, before + at));
            }
            let mut refused = None;
            for (id, at) in wanted {
                match self.reply(id) {
                    // A server may give less than it was asked for; what follows is asked again.
                    Ok(Reply::Data(data)) if at == content.len() => content.extend(data),
                    Ok(Reply::Data(_) | Reply::End) => {}
                    Ok(other) => return Err(unexpected(&other)),
                    Err(Fault::Lost(why)) => return Err(Fault::Lost(why)),
                    Err(other) => refused = Some(other),
                }
            }
            if let Some(refused) = refused {
                return Err(refused);
            }
            if content.len() == before {
                // It ends here.
                return Ok(content);
            }
        }
        Ok(content)
    }

    /// What a path is, if there is something.
    pub(super) fn stat(&mut self, path: &str) -> Result<Option<Attributes>, Fault> {
        match self.ask(Ask::Stat, |packet| packet.text(path.as_bytes())) {
            Ok(Reply::Attributes(found)) => Ok(Some(found)),
            Ok(other) => Err(unexpected(&other)),
            Err(Fault::Missing) => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// The names in a directory; none if there is no such directory.
    pub(super) fn list(&mut self, path: &str) -> Result<Vec<(Vec<u8>, Attributes)>, Fault> {
        let reply = match self.ask(Ask::OpenDir, |packet| packet.text(path.as_bytes())) {
            Err(Fault::Missing) => return Ok(Vec::new()),
            other => other?,
        };
        let handle = handle(reply)?;
        let mut found = Vec::new();
        loop {
            match self.ask(Ask::ReadDir, |packet| packet.text(&handle))? {
                Reply::Names(names) => found.extend(names),
                Reply::End => break,
                other => return Err(unexpected(&other)),
            }
        }
        self.close(&handle)?;
        Ok(found)
    }

    /// Makes a directory, unless it is there.
    pub(super) fn make_dir(&mut self, path: &str) -> Result<(), Fault> {
        let made = self.do_it(Ask::MakeDir, |packet| {
            packet.text(path.as_bytes()).mode(0o700)
        });
        match made {
            // Version 3 has no answer of its own for what is there already.
            Err(Fault::Refused(why)) => match self.stat(path)? {
                Some(found) if found.is_directory() => Ok(()),
                _ => Err(Fault::Refused(why)),
            },
            other => other,
        }
    }

    /// Renames, over what is there where the server can.
    pub(super) fn rename(&mut self, from: &str, to: &str) -> Result<(), Fault> {
        if self.can_rename_over {
            return self.do_it(Ask::Extended, |packet| {
                let packet = packet.text(RENAME_OVER);
                packet.text(from.as_bytes()).text(to.as_bytes())
            });
        }
        self.remove(to)?;
        self.do_it(Ask::Rename, |packet| {
            packet.text(from.as_bytes()).text(to.as_bytes())
        })
    }

    /// Removes a file; that it is gone already is no error.
    pub(super) fn remove(&mut self, path: &str) -> Result<(), Fault> {
        match self.do_it(Ask::Remove, |packet| packet.text(path.as_bytes())) {
            Err(Fault::Missing) => Ok(()),
            other => other,
        }
    }
}

fn handle(reply: Reply) -> Result<Vec<u8>, Fault> {
    match reply {
        Reply::Handle(handle) => Ok(handle),
        other => Err(unexpected(&other)),
    }
}

fn unexpected(reply: &Reply) -> Fault {
    let what = match reply {
        Reply::Done => "done",
        Reply::End => "the end",
        Reply::NoSuchFile | Reply::Refused(_) => "a refusal",
        Reply::Handle(_) => "a handle",
        Reply::Data(_) => "data",
        Reply::Names(_) => "names",
        Reply::Attributes(_) => "attributes",
    };
    Fault::Lost(format!(
        "the server answered {what} where that makes no sense"
    ))
}
