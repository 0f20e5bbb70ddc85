//! Tarballs, honest and otherwise; the same entries always give the same bytes.

use flate2::Compression;
use flate2::write::GzEncoder;
use tar::{Builder, EntryType, Header};

/// One entry, its name written as it is.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) name: Vec<u8>,
    pub(crate) content: Vec<u8>,
    pub(crate) link: Option<String>,
}

impl Entry {
    pub(crate) fn file(name: String, content: Vec<u8>) -> Self {
        Self {
            name: name.into_bytes(),
            content,
            link: None,
        }
    }
}

/// Packs entries into a `.tgz`. Names longer than 100 bytes are kept by a GNU long-name record.
pub(crate) fn pack<'a>(entries: impl Iterator<Item = &'a Entry>) -> Vec<u8> {
    let mut archive = Builder::new(GzEncoder::new(Vec::new(), Compression::default()));
    for entry in entries {
        append(&mut archive, entry);
    }
    let encoder = archive.into_inner().expect("an archive in memory");
    encoder.finish().expect("an archive in memory")
}

fn append(archive: &mut Builder<GzEncoder<Vec<u8>>>, entry: &Entry) {
    let mut header = Header::new_gnu();
    let field = &mut header.as_old_mut().name;
    if entry.name.len() >= field.len() {
        let long = [entry.name.as_slice(), b"\0"].concat();
        let mut record = Header::new_gnu();
        record.as_old_mut().name[..13].copy_from_slice(b"././@LongLink");
        record.set_entry_type(EntryType::GNULongName);
        write(archive, &mut record, &long);
    }
    // The crate's own setter refuses the very names that hostile archives have.
    let kept = entry.name.len().min(field.len());
    field[..kept].copy_from_slice(&entry.name[..kept]);
    if let Some(target) = &entry.link {
        header.set_entry_type(EntryType::Symlink);
        header
            .set_link_name_literal(target)
            .expect("a short link target");
    } else {
        header.set_entry_type(EntryType::Regular);
    }
    write(archive, &mut header, &entry.content);
}

fn write(archive: &mut Builder<GzEncoder<Vec<u8>>>, header: &mut Header, content: &[u8]) {
    header.set_size(content.len() as u64);
    header.set_mode(0o644);
    header.set_mtime(0);
    header.set_cksum();
    archive
        .append(header, content)
        .expect("an archive in memory");
}
