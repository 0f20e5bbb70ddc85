use std::io::{Read, repeat};

use proptest::prelude::*;
use tar::{Builder, EntryType, Header};

use super::*;
use crate::archive::ArchiveProblem;

const SMALL: Limits = Limits {
    entries: 10,
    inflated: 1000,
    keep_file: 10,
    keep_total: 15,
};

fn list(tar: impl Read, limits: Limits) -> Archive {
    super::read(tar, limits, Layout::Root, Digest::sha256(&[0; 32]))
}

fn header(kind: EntryType, name: &str, size: u64, mode: u32) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_path(name).unwrap();
    header.set_size(size);
    header.set_mode(mode);
    header.set_cksum();
    header
}

fn packed(entries: &[(EntryType, &str, &[u8])]) -> Vec<u8> {
    let mut builder = Builder::new(Vec::new());
    for (kind, name, content) in entries {
        let header = header(*kind, name, content.len() as u64, 0o755);
        builder.append(&header, *content).unwrap();
    }
    builder.into_inner().unwrap()
}

fn pax(records: &str) -> Vec<u8> {
    packed(&[
        (EntryType::XHeader, "pax", records.as_bytes()),
        (EntryType::Regular, "short", b"x"),
    ])
}

#[test]
fn contents_are_kept_up_to_the_limits_and_hashed_beyond() {
    let tar = packed(&[
        (EntryType::Regular, "a", &[1; 10]),
        (EntryType::Regular, "b", &[2; 11]),
        (EntryType::Regular, "c", &[3; 6]),
        (EntryType::Regular, "d", &[4; 5]),
    ]);
    let archive = list(tar.as_slice(), SMALL);
    let kept: Vec<bool> = archive
        .files
        .iter()
        .map(|file| file.content.is_some())
        .collect();
    assert_eq!(kept, [true, false, false, true]);
    assert!(archive.files.iter().all(|file| file.executable));
}

#[test]
fn a_bomb_ends_the_reading_and_keeps_what_came_before() {
    let mut tar = packed(&[(EntryType::Regular, "a", b"good")]);
    tar.truncate(1024);
    let bomb = header(EntryType::Regular, "bomb", 1 << 40, 0o644);
    let endless = tar.chain(bomb.as_bytes().as_slice()).chain(repeat(0));
    let archive = list(endless, SMALL);
    assert_eq!(archive.files.len(), 1);
    assert_eq!(archive.problems, [ArchiveProblem::Bomb { limit: 1000 }]);
}

#[test]
fn names_without_end_are_not_read_into_memory() {
    for kind in [
        EntryType::GNULongName,
        EntryType::GNULongLink,
        EntryType::XHeader,
    ] {
        let long = header(kind, "long", 1 << 40, 0o644);
        let archive = list(
            long.as_bytes().as_slice().chain(repeat(b'a')),
            Limits::PACKAGE,
        );
        assert!(matches!(
            archive.problems.as_slice(),
            [ArchiveProblem::Truncated { .. }]
        ));
    }
}

#[test]
fn too_many_entries_are_not_all_looked_at() {
    let many: Vec<String> = (0..20).map(|number| number.to_string()).collect();
    let entries: Vec<_> = many
        .iter()
        .map(|name| (EntryType::Regular, name.as_str(), &b""[..]))
        .collect();
    let archive = list(packed(&entries).as_slice(), SMALL);
    assert_eq!(archive.files.len(), 10);
    assert_eq!(
        archive.problems,
        [ArchiveProblem::TooManyFiles { limit: 10 }]
    );
}

#[test]
fn devices_pipes_and_hard_links_are_no_files() {
    let tar = packed(&[
        (EntryType::Block, "disk", b""),
        (EntryType::Fifo, "pipe", b""),
        (EntryType::Link, "hard", b""),
        (EntryType::Directory, "dir", b""),
    ]);
    let archive = list(tar.as_slice(), SMALL);
    assert!(archive.files.is_empty());
    let special = |problem: &ArchiveProblem| matches!(problem, ArchiveProblem::Special { .. });
    assert_eq!(
        (archive.problems.len(), archive.problems.iter().all(special)),
        (3, true)
    );
}

#[test]
fn a_name_in_an_extension_is_the_name_and_is_checked() {
    let good = list(pax("18 path=long/name\n").as_slice(), SMALL);
    assert_eq!(
        good.files.first().map(|file| file.path.as_str()),
        Some("long/name")
    );
    let bad = list(pax("16 path=../evil\n").as_slice(), SMALL);
    assert!(
        matches!(
            bad.problems.as_slice(),
            [ArchiveProblem::PathOutside { .. }]
        ),
        "{:?}",
        bad.problems
    );
    let resized = list(pax("11 size=99\n").as_slice(), SMALL);
    assert!(resized.files.is_empty(), "{:?}", resized.files);
    assert!(matches!(
        resized.problems.as_slice(),
        [ArchiveProblem::Truncated { .. }]
    ));
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(noise in proptest::collection::vec(any::<u8>(), 0..2048)) {
        list(noise.as_slice(), SMALL);
    }

    #[test]
    fn no_damage_makes_it_panic_or_give_a_path_that_leads_out(at in 0_usize..3000, byte: u8) {
        let mut tar = packed(&[
            (EntryType::GNULongName, "././@LongLink", b"a/long/name"),
            (EntryType::Regular, "x", b"content"),
            (EntryType::XHeader, "pax", b"18 path=long/name\n"),
            (EntryType::Regular, "y", b"more"),
        ]);
        if let Some(place) = tar.get_mut(at) {
            *place = byte;
        }
        for file in list(tar.as_slice(), SMALL).files {
            prop_assert!(!file.path.split('/').any(|part| matches!(part, "" | "." | "..")));
        }
    }
}
