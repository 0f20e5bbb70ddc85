//! Gathers an archive's entries, whatever its format, under limits.

use std::collections::HashSet;
use std::io::{self, Read};
use std::ops::ControlFlow;

use exuvia_model::Digest;
use exuvia_model::text::one_line;
use ring::digest::{Context, SHA256};

use super::name::{Layout, stays_inside, take};
use super::{Archive, ArchiveFile, ArchiveLink, ArchiveProblem, Limits};
use crate::hash::bytes32;

/// Problems that are told; a hostile archive has as many as it likes.
const MAX_PROBLEMS: usize = 200;

/// What an entry is, in the words that all formats share.
pub(super) enum Kind {
    File { executable: bool },
    Directory,
    Link { target: Vec<u8> },
    Special,
}

/// Why reading need not go on.
pub(super) enum Stop {
    /// There is more than is looked at.
    Limit,
    /// An entry cannot be read. In a stream nothing behind it can be, either.
    Damage,
}

pub(super) struct Collector {
    limits: Limits,
    layout: Layout,
    files: Vec<ArchiveFile>,
    links: Vec<ArchiveLink>,
    problems: Vec<ArchiveProblem>,
    seen: HashSet<String>,
    link_paths: HashSet<String>,
    entries: usize,
    inflated: u64,
    kept: u64,
}

impl Collector {
    pub(super) fn new(limits: Limits, layout: Layout) -> Self {
        Self {
            limits,
            layout,
            files: Vec::new(),
            links: Vec::new(),
            problems: Vec::new(),
            seen: HashSet::new(),
            link_paths: HashSet::new(),
            entries: 0,
            inflated: 0,
            kept: 0,
        }
    }

    /// Takes one entry; breaks when the archive is not worth reading on.
    pub(super) fn entry(
        &mut self,
        raw_name: &[u8],
        kind: Kind,
        content: &mut dyn Read,
    ) -> ControlFlow<Stop> {
        self.entries += 1;
        if self.entries > self.limits.entries {
            let limit = self.limits.entries;
            self.problem(ArchiveProblem::TooManyFiles { limit });
            return ControlFlow::Break(Stop::Limit);
        }
        match take(raw_name, self.layout) {
            Err(problem) => self.problem(problem),
            Ok(None) => {}
            Ok(Some(path)) => return self.named(path, kind, content),
        }
        ControlFlow::Continue(())
    }

    fn named(&mut self, path: String, kind: Kind, content: &mut dyn Read) -> ControlFlow<Stop> {
        if self.is_below_a_link(&path) {
            self.problem(ArchiveProblem::PathOutside { path });
            return ControlFlow::Continue(());
        }
        if matches!(kind, Kind::Directory) {
            return ControlFlow::Continue(());
        }
        if !self.seen.insert(path.clone()) {
            self.problem(ArchiveProblem::Duplicate { path });
            return ControlFlow::Continue(());
        }
        match kind {
            Kind::File { executable } => return self.file(path, executable, content),
            Kind::Link { target } => self.link(path, &target),
            Kind::Special | Kind::Directory => self.problem(ArchiveProblem::Special { path }),
        }
        ControlFlow::Continue(())
    }

    /// Reads a file to its end, or to where the limit is.
    fn file(
        &mut self,
        path: String,
        executable: bool,
        content: &mut dyn Read,
    ) -> ControlFlow<Stop> {
        let left = self.limits.inflated.saturating_sub(self.inflated);
        let keep = self
            .limits
            .keep_file
            .min(self.limits.keep_total.saturating_sub(self.kept));
        match digest(content, left, keep) {
            Ok(read) if read.size > left => {
                let limit = self.limits.inflated;
                self.problem(ArchiveProblem::Bomb { limit });
                ControlFlow::Break(Stop::Limit)
            }
            Ok(read) => {
                self.inflated += read.size;
                self.kept += read.content.as_ref().map_or(0, |kept| kept.len() as u64);
                self.files.push(ArchiveFile {
                    path,
                    executable,
                    size: read.size,
                    sha256: read.sha256,
                    content: read.content,
                });
                ControlFlow::Continue(())
            }
            Err(error) => {
                self.damaged(&format!("{path}: {error}"));
                ControlFlow::Break(Stop::Damage)
            }
        }
    }

    fn link(&mut self, path: String, target: &[u8]) {
        self.link_paths.insert(path.clone());
        let target = String::from_utf8_lossy(target).into_owned();
        if stays_inside(&path, &target) {
            self.links.push(ArchiveLink { path, target });
        } else {
            let target = one_line(&target, 200);
            self.problem(ArchiveProblem::LinkOutside { path, target });
        }
    }

    fn is_below_a_link(&self, path: &str) -> bool {
        !self.link_paths.is_empty()
            && path
                .match_indices('/')
                .filter_map(|(at, _)| path.get(..at))
                .any(|parent| self.link_paths.contains(parent))
    }

    pub(super) fn problem(&mut self, problem: ArchiveProblem) {
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(problem);
        }
    }

    pub(super) fn damaged(&mut self, reason: &str) {
        let reason = one_line(reason, 200);
        self.problem(ArchiveProblem::Truncated { reason });
    }

    pub(super) fn finish(self, digest: Digest) -> Archive {
        Archive {
            files: self.files,
            links: self.links,
            problems: self.problems,
            digest,
        }
    }
}

struct FileRead {
    size: u64,
    sha256: [u8; 32],
    content: Option<Vec<u8>>,
}

/// Hashes a stream of at most `max` bytes (one more shows that there are more) and keeps its
/// content when it has at most `keep`.
fn digest(content: &mut dyn Read, max: u64, keep: u64) -> io::Result<FileRead> {
    let mut hash = Context::new(&SHA256);
    let mut kept = Some(Vec::new());
    let mut size = 0;
    let mut buffer = [0; 16 * 1024];
    let mut content = content.take(max.saturating_add(1));
    loop {
        let read = content.read(&mut buffer)?;
        let Some(bytes) = buffer.get(..read).filter(|bytes| !bytes.is_empty()) else {
            break;
        };
        size += bytes.len() as u64;
        hash.update(bytes);
        if size > keep {
            kept = None;
        }
        if let Some(kept) = &mut kept {
            kept.extend_from_slice(bytes);
        }
    }
    Ok(FileRead {
        size,
        sha256: bytes32(&hash.finish()),
        content: kept,
    })
}
