//! Release notes: cut out of a changelog, and what they say, extracted.
//!
//! Everything here is a function of the text it is given. A strange text costs bounded time and
//! memory: the file is cut by a scan over its lines, and only the sections that are asked for, each
//! up to `READ_MAX` bytes, are parsed as Markdown.

mod breaking;
mod commits;
mod cut;
mod entries;
mod extract;
mod group;
pub(crate) mod lines;
mod mark;
mod notes;
mod pieces;
mod tidy;
mod title;

pub use commits::extract_commits;
pub use cut::{range, sections};
pub use extract::extract;
pub use notes::notes;

use exuvia_model::evidence::Nature;

/// Most bytes of one section that are parsed; what follows makes the notes at best unclear.
const READ_MAX: usize = 256 * 1024;

/// Most sections that are parsed for one [`Extract`], the newest of them.
const SECTIONS_MAX: usize = 200;

/// Longest summary and longest line on a breaking change, in characters.
const LINE_MAX: usize = exuvia_model::Evidence::SUMMARY_MAX;

/// The notes of one version, as they stand in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// The version, as its heading writes it, without a leading `v`.
    pub version: String,
    /// The date in the heading, as it stands there.
    pub date: Option<String>,
    /// The Markdown below the heading.
    pub text: String,
}

/// What notes say, in their own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extract {
    /// One line of the notes' plain text, at most 160 characters, an ellipsis where it was cut.
    pub summary: String,
    /// The lines that speak of breaking changes, each at most 160 characters; at most 20.
    pub breaking: Vec<String>,
    /// What the notes speak of.
    pub nature: Nature,
}

#[cfg(test)]
mod tests;
