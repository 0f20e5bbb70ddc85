//! One name in a tree.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use exuvia_host::disk::{FileTime, Stat, Xattrs};

use crate::id::BlobId;
use crate::wire::{Malformed, Put, Reader};

/// What a file is to the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flavour {
    /// Bytes.
    Plain,
    /// A SQLite database, by its header.
    Database,
    /// The write-ahead log of one, and the salts in its header.
    ///
    /// Opening a database as root changes the owner of its log, and with that the log's `ctime`
    /// though nothing was written: a log is known by size, time of change and salts.
    Log([u8; 8]),
}

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeKind {
    /// A directory.
    Directory,
    /// A symbolic link.
    Symlink,
    /// A regular file.
    File(Flavour),
}

impl NodeKind {
    /// Whether it is a regular file.
    pub fn is_file(self) -> bool {
        matches!(self, Self::File(_))
    }
}

/// What `lstat` said. For a directory, `size` and `links` are 0: they tell nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Meta {
    /// The low twelve bits of the mode.
    pub mode: u32,
    /// The owner.
    pub uid: u32,
    /// The group.
    pub gid: u32,
    /// The length in bytes.
    pub size: u64,
    /// When the content was last changed.
    pub modified: FileTime,
    /// When anything was last changed.
    pub changed: FileTime,
    /// The device.
    pub device: u64,
    /// The inode.
    pub inode: u64,
    /// How many names it had, inside of the tree and out.
    pub links: u32,
}

impl Meta {
    pub(crate) fn of(stat: &Stat) -> Self {
        let is_dir = stat.kind == exuvia_host::disk::Kind::Directory;
        let unless_dir = |value: u64| if is_dir { 0 } else { value };
        Self {
            mode: stat.mode,
            uid: stat.uid,
            gid: stat.gid,
            size: unless_dir(stat.size),
            modified: stat.modified,
            changed: stat.changed,
            device: stat.device,
            inode: stat.inode,
            links: u32::try_from(unless_dir(stat.links)).unwrap_or(u32::MAX),
        }
    }
}

/// A stretch of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Piece {
    /// Its length.
    pub(crate) len: u64,
    /// Its content; `None` for a hole.
    pub(crate) blob: Option<BlobId>,
}

/// A name, with everything that is kept of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub(crate) name: Box<[u8]>,
    pub(crate) meta: Meta,
    pub(crate) kind: NodeKind,
    pub(crate) xattrs: Box<[u8]>,
    pub(crate) body: Box<[u8]>,
}

/// The same, in the bytes of a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntryRef<'a> {
    pub(crate) name: &'a [u8],
    pub(crate) meta: Meta,
    pub(crate) kind: NodeKind,
    /// Encoded; empty when there are none.
    pub(crate) xattrs: &'a [u8],
    /// A link's target, or a file's encoded pieces.
    pub(crate) body: &'a [u8],
}

/// The same, as a tree keeps it: for many, in little room.
#[derive(Debug)]
pub(crate) struct Encoded(Box<[u8]>);

impl Encoded {
    pub(crate) fn of(entry: EntryRef<'_>) -> Self {
        let mut bytes = Vec::new();
        entry.encode(&mut bytes);
        Self(bytes.into())
    }

    /// The name, which comes first.
    pub(crate) fn name(&self) -> &[u8] {
        // What was encoded here can be decoded.
        Reader::new(&self.0).counted().unwrap_or_default()
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl Entry {
    /// It, borrowed.
    pub fn borrow(&self) -> EntryRef<'_> {
        EntryRef {
            name: &self.name,
            meta: self.meta,
            kind: self.kind,
            xattrs: &self.xattrs,
            body: &self.body,
        }
    }
}

impl<'a> EntryRef<'a> {
    /// The name.
    pub fn name(&self) -> &'a OsStr {
        OsStr::from_bytes(self.name)
    }

    /// What is known of it.
    pub fn meta(&self) -> &Meta {
        &self.meta
    }

    /// What it is.
    pub fn kind(&self) -> NodeKind {
        self.kind
    }

    /// Where a symbolic link points; empty for anything else.
    pub fn target(&self) -> &'a OsStr {
        OsStr::from_bytes(match self.kind {
            NodeKind::Symlink => self.body,
            NodeKind::Directory | NodeKind::File(_) => &[],
        })
    }

    /// The stretches of a file, in order; none for anything else.
    pub(crate) fn pieces(&self) -> Pieces<'a> {
        Pieces(Reader::new(match self.kind {
            NodeKind::File(_) => self.body,
            NodeKind::Directory | NodeKind::Symlink => &[],
        }))
    }

    pub(crate) fn xattrs(&self) -> Result<Xattrs, Malformed> {
        let mut reader = Reader::new(self.xattrs);
        let mut found = Vec::new();
        while !reader.is_empty() {
            let name = reader.counted()?.to_vec();
            found.push((name, reader.counted()?.to_vec()));
        }
        Ok(found)
    }

    pub(crate) fn own(self) -> Entry {
        Entry {
            name: self.name.into(),
            meta: self.meta,
            kind: self.kind,
            xattrs: self.xattrs.into(),
            body: self.body.into(),
        }
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        let meta = &self.meta;
        out.put_counted(self.name);
        match self.kind {
            NodeKind::Directory => out.put_u8(0),
            NodeKind::Symlink => out.put_u8(1),
            NodeKind::File(Flavour::Plain) => out.put_u8(2),
            NodeKind::File(Flavour::Database) => out.put_u8(3),
            NodeKind::File(Flavour::Log(salts)) => {
                out.put_u8(4);
                out.extend_from_slice(&salts);
            }
        }
        out.put_short(meta.mode.into());
        out.put_short(meta.uid.into());
        out.put_short(meta.gid.into());
        out.put_short(meta.size);
        out.put_signed(meta.modified.seconds);
        out.put_short(meta.modified.nanos.into());
        out.put_signed(meta.changed.seconds);
        out.put_short(meta.changed.nanos.into());
        out.put_short(meta.device);
        out.put_short(meta.inode);
        out.put_short(meta.links.into());
        out.put_counted(self.xattrs);
        out.put_counted(self.body);
    }

    pub(crate) fn decode(reader: &mut Reader<'a>) -> Result<Self, Malformed> {
        let name = reader.counted()?;
        let kind = match reader.u8()? {
            0 => NodeKind::Directory,
            1 => NodeKind::Symlink,
            2 => NodeKind::File(Flavour::Plain),
            3 => NodeKind::File(Flavour::Database),
            4 => NodeKind::File(Flavour::Log(reader.array()?)),
            _ => return Err(Malformed("it has an entry of unknown kind")),
        };
        let meta = Meta {
            mode: reader.short_u32()?,
            uid: reader.short_u32()?,
            gid: reader.short_u32()?,
            size: reader.short()?,
            modified: time(reader)?,
            changed: time(reader)?,
            device: reader.short()?,
            inode: reader.short()?,
            links: reader.short_u32()?,
        };
        Ok(Self {
            name,
            meta,
            kind,
            xattrs: reader.counted()?,
            body: reader.counted()?,
        })
    }
}

fn time(reader: &mut Reader<'_>) -> Result<FileTime, Malformed> {
    Ok(FileTime {
        seconds: reader.signed()?,
        nanos: reader.short_u32()?,
    })
}

/// The stretches of a file.
#[derive(Debug, Clone)]
pub(crate) struct Pieces<'a>(Reader<'a>);

impl Pieces<'_> {
    /// All of them, or what is wrong with them.
    pub(crate) fn read(self) -> Result<Vec<Piece>, Malformed> {
        self.collect()
    }

    fn read_one(&mut self) -> Result<Piece, Malformed> {
        let head = self.0.short()?;
        let len = head >> 1;
        let blob = if head & 1 == 0 {
            Some(BlobId::from_bytes(self.0.array()?))
        } else {
            None
        };
        Ok(Piece { len, blob })
    }
}

impl Iterator for Pieces<'_> {
    type Item = Result<Piece, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let piece = self.read_one();
        if piece.is_err() {
            self.0 = Reader::new(&[]);
        }
        Some(piece)
    }
}

/// A file's pieces as an entry keeps them.
pub(crate) fn encode_pieces(pieces: &[Piece]) -> Box<[u8]> {
    let mut out = Vec::with_capacity(pieces.len() * (4 + BlobId::LEN));
    for piece in pieces {
        out.put_short(piece.len << 1 | u64::from(piece.blob.is_none()));
        if let Some(blob) = piece.blob {
            out.extend_from_slice(blob.as_bytes());
        }
    }
    out.into_boxed_slice()
}

/// Attributes as an entry keeps them.
pub(crate) fn encode_xattrs(xattrs: &Xattrs) -> Box<[u8]> {
    let mut out = Vec::new();
    for (name, value) in xattrs {
        out.put_counted(name);
        out.put_counted(value);
    }
    out.into_boxed_slice()
}
