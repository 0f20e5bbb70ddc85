//! The notes themselves, made fit to be kept and shown.

use exuvia_model::evidence::ReleaseNote;
use exuvia_model::text::{block, one_line};

use super::Section;

/// Most versions whose notes are kept.
const NOTES_MAX: usize = 50;

/// Most bytes of one version's notes.
const NOTE_MAX: usize = 64 * 1024;

/// Most characters of one line.
const LINE_MAX: usize = 4_096;

/// The notes of at most 50 versions in the order given, each cleaned and at most 64 KiB.
pub fn notes(sections: &[Section]) -> Vec<ReleaseNote> {
    sections
        .iter()
        .take(NOTES_MAX)
        .map(|section| ReleaseNote {
            version: one_line(&section.version, 80),
            text: note(&section.text),
        })
        .collect()
}

fn note(text: &str) -> String {
    // Cleaning never makes a text longer but for the ellipses, so nothing beyond this is kept.
    let read = text.floor_char_boundary(NOTE_MAX);
    let cut = read < text.len();
    let clean = block(text.get(..read).unwrap_or(text), usize::MAX, LINE_MAX);
    let room = NOTE_MAX - "\n…".len();
    if !cut && clean.len() <= NOTE_MAX {
        return clean;
    }
    let kept = clean.get(..clean.floor_char_boundary(room));
    format!("{}\n…", kept.unwrap_or_default().trim_end())
}
