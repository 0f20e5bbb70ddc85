use exuvia_sources::npm::{Manifest, Npm, Want};
use exuvia_sources::{ArchiveProblem, SourceError};
use exuvia_testkit::npm::{Package, Registry, Release};

use crate::setup::Lab;

async fn published(lab: &Lab, registry: &Registry, release: Release) -> (Npm, Manifest) {
    registry.publish(Package::new("demo").release(release));
    let npm = lab.npm(&registry.url());
    let mut found = npm.packument("demo", &Want::tagged()).await.unwrap();
    (npm, found.manifests.remove("1.0.0").unwrap())
}

#[tokio::test]
async fn files_come_without_their_first_directory_and_with_their_digest() {
    let (lab, registry) = (Lab::new(), Registry::start());
    let release = Release::new("1.0.0")
        .file("dist/a.js", "hello")
        .file("CHANGELOG.md", "# 1.0.0");
    let (npm, manifest) = published(&lab, &registry, release).await;
    let archive = npm.tarball(&manifest).await.unwrap();
    let paths: Vec<&str> = archive
        .files
        .iter()
        .map(|file| file.path.as_str())
        .collect();
    assert_eq!(paths, ["package.json", "dist/a.js", "CHANGELOG.md"]);
    let file = &archive.files[1];
    assert_eq!(file.content.as_deref(), Some(&b"hello"[..]));
    assert_eq!((file.size, file.executable), (5, false));
    let hex = exuvia_model::digest::hex(&file.sha256);
    assert_eq!(
        hex,
        "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
    );
    assert!(archive.problems.is_empty());
}

#[tokio::test]
async fn other_bytes_than_the_promised_ones_are_an_error_and_not_kept() {
    let (lab, registry) = (Lab::new(), Registry::start());
    let (npm, manifest) = published(&lab, &registry, Release::new("1.0.0").wrong_integrity()).await;
    for _ in 0..2 {
        let error = npm.tarball(&manifest).await.unwrap_err();
        assert!(
            matches!(error, SourceError::IntegrityMismatch { .. }),
            "{error}"
        );
    }
    assert_eq!(registry.requests().to("/demo/-/").len(), 2);
}

#[tokio::test]
async fn an_archive_is_downloaded_once_and_again_when_its_copy_is_damaged() {
    let (lab, registry) = (Lab::new(), Registry::start());
    let (npm, manifest) = published(&lab, &registry, Release::new("1.0.0").file("a", "b")).await;
    let first = npm.tarball(&manifest).await.unwrap();
    assert_eq!(npm.tarball(&manifest).await.unwrap(), first);
    assert_eq!(registry.requests().to("/demo/-/").len(), 1);
    for file in std::fs::read_dir(lab.options.cache_dir.join("tarballs")).unwrap() {
        std::fs::write(file.unwrap().path(), b"damaged").unwrap();
    }
    assert_eq!(npm.tarball(&manifest).await.unwrap(), first);
    assert_eq!(registry.requests().to("/demo/-/").len(), 2);
}

#[tokio::test]
async fn hostile_entries_are_told_and_are_no_files() {
    let (lab, registry) = (Lab::new(), Registry::start());
    let release = Release::new("1.0.0")
        .raw_entry("../../etc/cron.d/x", "evil")
        .raw_entry("/etc/passwd", "evil")
        .raw_entry(b"package/\xff".to_vec(), "evil")
        .raw_entry("package/a\u{1b}[2Jb", "evil")
        .raw_link("package/out", "../../../etc")
        .raw_entry("package/out/passwd", "evil")
        .raw_link("package/in", "dist/a.js")
        .file("package.json", "twice")
        .file("dist/a.js", "good");
    let (npm, manifest) = published(&lab, &registry, release).await;
    let archive = npm.tarball(&manifest).await.unwrap();
    let paths: Vec<&str> = archive
        .files
        .iter()
        .map(|file| file.path.as_str())
        .collect();
    assert_eq!(paths, ["package.json", "dist/a.js"]);
    assert_eq!(archive.links.len(), 1);
    let has =
        |wanted: fn(&ArchiveProblem) -> bool| archive.problems.iter().filter(|p| wanted(p)).count();
    assert_eq!(has(|p| matches!(p, ArchiveProblem::PathOutside { .. })), 2);
    assert_eq!(has(|p| matches!(p, ArchiveProblem::Absolute { .. })), 1);
    assert_eq!(has(|p| matches!(p, ArchiveProblem::BadName { .. })), 2);
    assert_eq!(has(|p| matches!(p, ArchiveProblem::LinkOutside { .. })), 1);
    assert_eq!(has(|p| matches!(p, ArchiveProblem::Duplicate { .. })), 1);
    let shown: String = archive.problems.iter().map(ToString::to_string).collect();
    assert!(!shown.contains('\u{1b}'));
    assert!(!lab.directory.path().join("etc").exists());
}

#[tokio::test]
async fn large_files_are_hashed_and_not_kept() {
    let (lab, registry) = (Lab::new(), Registry::start());
    let release = Release::new("1.0.0")
        .file("big.bin", vec![7; (8 << 20) + 1])
        .file("z", "z");
    let (npm, manifest) = published(&lab, &registry, release).await;
    let archive = npm.tarball(&manifest).await.unwrap();
    assert_eq!(
        (archive.files[1].size, archive.files[1].content.is_none()),
        ((8 << 20) + 1, true)
    );
    assert_eq!(archive.files[2].content.as_deref(), Some(&b"z"[..]));
}

#[tokio::test]
async fn long_names_are_whole() {
    let (lab, registry) = (Lab::new(), Registry::start());
    let name = format!("{}/{}", "d".repeat(200), "f".repeat(200));
    let (npm, manifest) = published(&lab, &registry, Release::new("1.0.0").file(&name, "x")).await;
    assert_eq!(npm.tarball(&manifest).await.unwrap().files[1].path, name);
}

#[tokio::test]
async fn an_archive_that_is_none_is_told_as_damaged() {
    use exuvia_testkit::faults::Fault;
    let (lab, registry) = (Lab::new(), Registry::start());
    let (npm, mut manifest) = published(&lab, &registry, Release::new("1.0.0")).await;
    registry
        .faults()
        .on("/demo/-/", Fault::Body(b"this is no gzip".to_vec()));
    manifest.integrity = None;
    manifest.shasum = None;
    let archive = npm.tarball(&manifest).await.unwrap();
    assert!(archive.files.is_empty());
    assert!(matches!(
        archive.problems.as_slice(),
        [ArchiveProblem::Truncated { .. }]
    ));
}
