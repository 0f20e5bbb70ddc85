//! The packets of SFTP, version 3.
//!
//! <https://datatracker.ietf.org/doc/html/draft-ietf-secsh-filexfer-02>

use exuvia_model::text::one_line;

/// What a request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Ask {
    Open = 3,
    Close = 4,
    Read = 5,
    Write = 6,
    OpenDir = 11,
    ReadDir = 12,
    Remove = 13,
    MakeDir = 14,
    Stat = 17,
    Rename = 18,
    Extended = 200,
}

/// The first packets of either side, which have no number.
pub(super) const INIT: u8 = 1;
pub(super) const VERSION: u8 = 2;
/// The version that everybody speaks.
pub(super) const SPOKEN: u32 = 3;

const STATUS: u8 = 101;
const HANDLE: u8 = 102;
const DATA: u8 = 103;
const NAME: u8 = 104;
const ATTRS: u8 = 105;

const OK: u32 = 0;
const EOF: u32 = 1;
const NO_SUCH_FILE: u32 = 2;

const HAS_SIZE: u32 = 1;
const HAS_OWNER: u32 = 2;
const HAS_MODE: u32 = 4;
const HAS_TIMES: u32 = 8;
const HAS_MORE: u32 = 1 << 31;

/// What a server answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reply {
    /// It was done.
    Done,
    /// There is no more.
    End,
    /// There is no such file.
    NoSuchFile,
    /// It was not done; in the server's words.
    Refused(String),
    /// What stands for an open file.
    Handle(Vec<u8>),
    /// Bytes of a file.
    Data(Vec<u8>),
    /// Names in a directory, with their attributes.
    Names(Vec<(Vec<u8>, Attributes)>),
    /// What a file is.
    Attributes(Attributes),
}

/// What is known of a file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Attributes {
    pub(super) size: Option<u64>,
    mode: Option<u32>,
}

impl Attributes {
    pub(super) fn is_directory(self) -> bool {
        self.mode.is_some_and(|mode| mode & 0o170_000 == 0o040_000)
    }
}

/// A packet that is being written. Its length comes first.
#[derive(Debug)]
pub(super) struct Packet(Vec<u8>);

impl Packet {
    pub(super) fn new(kind: u8) -> Self {
        Self(vec![0, 0, 0, 0, kind])
    }

    pub(super) fn request(ask: Ask, id: u32) -> Self {
        Self::new(ask as u8).number(id)
    }

    pub(super) fn number(mut self, value: u32) -> Self {
        self.0.extend_from_slice(&value.to_be_bytes());
        self
    }

    pub(super) fn long(mut self, value: u64) -> Self {
        self.0.extend_from_slice(&value.to_be_bytes());
        self
    }

    pub(super) fn text(self, value: &[u8]) -> Self {
        let len = u32::try_from(value.len()).unwrap_or(u32::MAX);
        let mut packet = self.number(len);
        packet.0.extend_from_slice(value);
        packet
    }

    /// Attributes that say nothing but a mode.
    pub(super) fn mode(self, mode: u32) -> Self {
        self.number(HAS_MODE).number(mode)
    }

    pub(super) fn finish(mut self) -> Vec<u8> {
        let len = u32::try_from(self.0.len() - 4).unwrap_or(u32::MAX);
        if let Some(head) = self.0.first_chunk_mut() {
            *head = len.to_be_bytes();
        }
        self.0
    }
}

/// A packet that is being read.
#[derive(Debug)]
pub(super) struct Reader<'p>(pub(super) &'p [u8]);

impl<'p> Reader<'p> {
    pub(super) fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    pub(super) fn number(&mut self) -> Option<u32> {
        let (first, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u32::from_be_bytes(*first))
    }

    fn long(&mut self) -> Option<u64> {
        let (first, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u64::from_be_bytes(*first))
    }

    pub(super) fn text(&mut self) -> Option<&'p [u8]> {
        let len = usize::try_from(self.number()?).ok()?;
        let (text, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(text)
    }

    fn attributes(&mut self) -> Option<Attributes> {
        let has = self.number()?;
        let mut found = Attributes::default();
        if has & HAS_SIZE != 0 {
            found.size = Some(self.long()?);
        }
        if has & HAS_OWNER != 0 {
            self.long()?;
        }
        if has & HAS_MODE != 0 {
            found.mode = Some(self.number()?);
        }
        if has & HAS_TIMES != 0 {
            self.long()?;
        }
        if has & HAS_MORE != 0 {
            for _ in 0..self.number()? {
                self.text()?;
                self.text()?;
            }
        }
        Some(found)
    }

    fn names(&mut self) -> Option<Vec<(Vec<u8>, Attributes)>> {
        let mut found = Vec::new();
        for _ in 0..self.number()? {
            let name = self.text()?.to_vec();
            // How `ls -l` would show it.
            self.text()?;
            found.push((name, self.attributes()?));
        }
        Some(found)
    }

    fn status(&mut self) -> Option<Reply> {
        let code = self.number()?;
        let words = self.text().unwrap_or_default();
        Some(match code {
            OK => Reply::Done,
            EOF => Reply::End,
            NO_SUCH_FILE => Reply::NoSuchFile,
            _ => Reply::Refused(one_line(&String::from_utf8_lossy(words), 200)),
        })
    }

    /// The number of a reply, and the reply; `None` if it is none.
    pub(super) fn reply(mut self) -> Option<(u32, Reply)> {
        let kind = self.byte()?;
        let id = self.number()?;
        let reply = match kind {
            STATUS => self.status()?,
            HANDLE => Reply::Handle(self.text()?.to_vec()),
            DATA => Reply::Data(self.text()?.to_vec()),
            NAME => Reply::Names(self.names()?),
            ATTRS => Reply::Attributes(self.attributes()?),
            _ => return None,
        };
        Some((id, reply))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_says_how_long_it_is() {
        let packet = Packet::request(Ask::Stat, 7).text(b"/x").finish();
        assert_eq!(
            packet,
            [0, 0, 0, 11, 17, 0, 0, 0, 7, 0, 0, 0, 2, b'/', b'x']
        );
    }

    #[test]
    fn replies_are_read_and_what_is_cut_off_is_none() {
        let status = [101, 0, 0, 0, 9, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0];
        assert_eq!(Reader(&status).reply(), Some((9, Reply::NoSuchFile)));
        let names = Packet::new(104)
            .number(1)
            .number(1)
            .text(b"a")
            .text(b"-rw-")
            .number(HAS_SIZE | HAS_MODE)
            .long(5)
            .number(0o040_755)
            .finish();
        let body = &names[4..];
        match Reader(body).reply() {
            Some((1, Reply::Names(names))) => {
                assert_eq!(names[0].0, b"a");
                assert_eq!(names[0].1.size, Some(5));
                assert!(names[0].1.is_directory());
            }
            other => panic!("{other:?}"),
        }
        for len in 0..body.len() {
            assert_eq!(Reader(&body[..len]).reply(), None, "{len}");
        }
        let lying = [103, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff];
        assert_eq!(Reader(&lying).reply(), None);
    }
}
