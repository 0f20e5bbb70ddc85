use std::io::Write as _;

use proptest::prelude::*;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::*;

const SMALL: Limits = Limits {
    entries: 10,
    inflated: 5000,
    keep_file: 10,
    keep_total: 15,
};

fn packed(files: &[(&str, u32, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, mode, content) in files {
        let options = SimpleFileOptions::default().unix_permissions(*mode);
        writer.start_file(*name, options).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

#[test]
fn files_are_listed_with_their_mode() {
    let archive = read(
        &packed(&[("run.sh", 0o755, b"x"), ("a/b", 0o644, b"y")]),
        SMALL,
    )
    .unwrap();
    let listed: Vec<_> = archive
        .files
        .iter()
        .map(|file| (file.path.as_str(), file.executable))
        .collect();
    assert_eq!(listed, [("run.sh", true), ("a/b", false)]);
    assert!(archive.problems.is_empty());
}

#[test]
fn a_bomb_ends_the_reading() {
    let zip = packed(&[
        ("a", 0o644, b"good"),
        ("bomb", 0o644, &vec![0; 100_000]),
        ("c", 0o644, b"x"),
    ]);
    let archive = read(&zip, SMALL).unwrap();
    assert_eq!(archive.files.len(), 1);
    assert_eq!(archive.problems, [ArchiveProblem::Bomb { limit: 5000 }]);
}

#[test]
fn links_that_lead_out_are_told_and_nothing_goes_through_them() {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default();
    writer.add_symlink("out", "../../etc", options).unwrap();
    writer.add_symlink("in", "a/b", options).unwrap();
    writer.start_file("out/passwd", options).unwrap();
    let archive = read(&writer.finish().unwrap().into_inner(), SMALL).unwrap();
    assert_eq!((archive.files.len(), archive.links.len()), (0, 1));
    assert!(matches!(
        archive.problems.as_slice(),
        [
            ArchiveProblem::LinkOutside { .. },
            ArchiveProblem::PathOutside { .. }
        ]
    ));
}

#[test]
fn a_damaged_file_costs_itself() {
    let mut zip = packed(&[("a", 0o644, b"0123456789"), ("b", 0o644, b"good")]);
    // The first byte behind the first header (30 bytes) and its name.
    zip[31] ^= 0xff;
    let archive = read(&zip, SMALL).unwrap();
    assert!(
        archive
            .problems
            .iter()
            .any(|problem| matches!(problem, ArchiveProblem::Truncated { .. }))
    );
    assert_eq!(
        archive.files.last().map(|file| file.path.as_str()),
        Some("b")
    );
}

proptest! {
    #[test]
    fn no_damage_makes_it_panic_or_give_a_path_that_leads_out(
        at in 0_usize..400, byte: u8, cut in 0_usize..400,
    ) {
        let mut zip = packed(&[("a/b", 0o644, b"content"), ("run.sh", 0o755, b"more")]);
        if let Some(place) = zip.get_mut(at) {
            *place = byte;
        }
        zip.truncate(zip.len().saturating_sub(cut % 40));
        if let Ok(archive) = read(&zip, SMALL) {
            for file in archive.files {
                prop_assert!(!file.path.split('/').any(|part| matches!(part, "" | "." | "..")));
            }
        }
    }
}
