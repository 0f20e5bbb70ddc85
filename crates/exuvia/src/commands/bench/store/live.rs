//! Rounds on a state directory whose databases are being written.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::figures::{Sample, Samples};
use super::generated;
use super::ground::{Ground, copy, settle, size_of, succeed};
use super::watch::cost_of;
use super::way::{Job, Place, Way};
use super::writer::{self, Waited, Writer};
use crate::commands::bench::aim::Aim;
use crate::output::Output;

/// Databases of plugins: `openclaw backup create` refuses one of OpenClaw's own names that has
/// another schema.
const DATABASES: [&str; 2] = ["plugins/ledger/ledger.sqlite", "plugins/notes/notes.sqlite"];

/// How much there is of everything.
#[derive(Debug, Clone, Copy)]
pub(super) struct Size {
    pub(super) database_bytes: u64,
    pub(super) other_bytes: u64,
    /// What the writer commits between two snapshots.
    pub(super) commits: u64,
}

/// What there is to say of a run.
#[derive(Debug)]
pub(super) struct Live {
    pub(super) samples: Samples,
    /// The longest time that a commit took while nobody took snapshots; the median of the rounds.
    pub(super) undisturbed_millis: f64,
}

/// Takes one snapshot after the other with every way, by turns, beside a writer of its own.
pub(super) fn rounds(
    ground: &Ground,
    size: Size,
    ways: &[Way],
    openclaw: Option<&Path>,
    count: usize,
    output: &Output,
) -> Result<Live> {
    let original = ground.work().join("state");
    generated::state(&original, size.other_bytes)?;
    for database in DATABASES {
        writer::prepare(&original.join(database), size.database_bytes)?;
    }
    let mut samples = Samples::default();
    let mut undisturbed = Vec::new();
    for way in ways {
        let place = ground.place("live", *way, openclaw);
        fs::create_dir_all(&place.kept)?;
        copy(&original, &place.tree)?;
        place.prepare()?;
    }
    for round in 0..=count {
        output.note(&format!("live state: round {round} of {count}"));
        for way in ways {
            let place = ground.place("live", *way, openclaw);
            let job = if round == 0 { Job::First } else { Job::Changed };
            let (sample, before) = turn(&place, &format!("round-{round}"), size.commits)?;
            samples.add(job, *way, sample);
            undisturbed.push(before.millis);
        }
    }
    Ok(Live {
        samples,
        undisturbed_millis: crate::commands::bench::median(undisturbed),
    })
}

/// Lets the writer write, takes a snapshot while it goes on, and looks whether that is consistent.
fn turn(place: &Place, label: &str, commits: u64) -> Result<(Sample, Waited)> {
    let databases: Vec<PathBuf> = DATABASES.map(|name| place.tree.join(name)).into();
    let mut writer = Writer::start(&databases)?;
    let before = writer.let_write(commits)?;
    let size = size_of(&place.kept)?;
    writer.ask()?;
    let cost = cost_of(place.snapshot(label)?)?;
    let during = writer.ask()?;
    writer.stop()?;
    let added = size_of(&place.kept)?.saturating_sub(size);
    settle()?;
    let consistent = is_consistent(place, label)?;
    #[allow(clippy::cast_precision_loss, reason = "far below 2⁵² bytes")]
    let sample = Sample {
        cost,
        added_mb: Some(added as f64 / 1e6),
        waited_millis: Some(during.millis),
        consistent: Some(consistent),
    };
    Ok((sample, before))
}

/// Restores and looks into the databases. A copy that cannot even be opened is not consistent.
fn is_consistent(place: &Place, label: &str) -> Result<bool> {
    match place.restore(label, &place.restored)? {
        Some(mut restore) => succeed(&mut restore)?,
        None => unpack(&place.archive(label), &place.restored)?,
    }
    let good = DATABASES.iter().all(|name| {
        let file = Path::new(name).file_name().unwrap_or_default();
        find(&place.restored, file)
            .is_some_and(|path| writer::is_consistent(&path).unwrap_or(false))
    });
    fs::remove_dir_all(&place.restored)?;
    Ok(good)
}

/// What `openclaw backup create` leaves is an archive of its own.
fn unpack(directory: &Path, to: &Path) -> Result<()> {
    let archive = fs::read_dir(directory)?
        .next()
        .context("there is no archive")??
        .path();
    fs::create_dir_all(to)?;
    let mut tar = std::process::Command::new("tar");
    succeed(tar.arg("-xf").arg(archive).arg("-C").arg(to))
}

fn find(directory: &Path, name: &std::ffi::OsStr) -> Option<PathBuf> {
    let entries = fs::read_dir(directory).ok()?;
    for entry in entries.flatten() {
        let path = entry.path();
        if entry.file_name() == name {
            return Some(path);
        }
        if entry.file_type().is_ok_and(|kind| kind.is_dir())
            && let Some(found) = find(&path, name)
        {
            return Some(found);
        }
    }
    None
}

/// What must hold beside a writer.
pub(super) fn aims(live: &Live, is_full_size: bool) -> Vec<Aim> {
    let samples = &live.samples;
    let mut aims = Vec::new();
    let added = |way| samples.median(Job::Changed, way, |sample| sample.added_mb);
    if let (Some(ours), Some(restic)) = (added(Way::Exuvia), added(Way::Restic)) {
        let what = "live state: part of the bytes that restic adds";
        aims.push(Aim::new(what, ours / restic, 0.25, ""));
    }
    let Some(ours) = samples.millis(Job::Changed, Way::Exuvia) else {
        return aims;
    };
    if is_full_size {
        aims.push(Aim::new("live state: time", ours, 150.0, "ms"));
    }
    let waited = samples.median(Job::Changed, Way::Exuvia, |sample| sample.waited_millis);
    aims.push(Aim::new(
        "live state: longest commit meanwhile",
        waited.unwrap_or(f64::NAN),
        35.0,
        "ms",
    ));
    aims
}
