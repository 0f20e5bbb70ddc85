//! What a command writes on: how wide it is, whether in colour, and the time that ages count from.

use std::path::PathBuf;

use jiff::Timestamp;
use jiff::tz::Offset;

use super::{Ink, age, below_home, moment, short_moment, wrap};

/// How to lay out what is printed.
#[derive(Debug, Clone)]
pub(crate) struct Sheet {
    /// Whether to write in colours.
    pub(crate) color: bool,
    /// The terminal's columns; `None` where nothing needs to be cut: a file or another program.
    pub(crate) width: Option<usize>,
    /// The user's distance from UTC.
    pub(crate) offset: Offset,
    /// When this is written.
    pub(crate) now: Timestamp,
    /// What `~` means.
    pub(crate) home: Option<PathBuf>,
}

impl Sheet {
    /// A text in this ink, where there are colours.
    pub(crate) fn ink(&self, ink: Ink, text: impl AsRef<str>) -> String {
        if self.color {
            ink.write(text.as_ref())
        } else {
            text.as_ref().to_owned()
        }
    }

    /// A command for the user to type.
    pub(crate) fn typed(&self, command: impl AsRef<str>) -> String {
        if self.color {
            Ink::Typed.write(command.as_ref())
        } else {
            format!("`{}`", command.as_ref())
        }
    }

    /// Sentences, broken where the terminal ends.
    pub(crate) fn prose(&self, text: impl AsRef<str>) -> String {
        match self.width {
            Some(room) => wrap(text.as_ref(), room),
            None => text.as_ref().to_owned(),
        }
    }

    /// How long ago it was.
    pub(crate) fn age(&self, at: Timestamp) -> String {
        age(at, self.now)
    }

    /// When and how long ago it was: `2026-11-20 03:17:05 (5 min ago)`.
    pub(crate) fn when(&self, at: Timestamp) -> String {
        let ago = match self.age(at) {
            now if now == "now" => "just now".to_owned(),
            age => format!("{age} ago"),
        };
        format!("{} ({ago})", moment(at, self.offset))
    }

    /// When it was, in twelve columns.
    pub(crate) fn short(&self, at: Timestamp) -> String {
        short_moment(at, self.now, self.offset)
    }

    /// A path, from the user's home where it is below it.
    pub(crate) fn path(&self, path: &std::path::Path) -> String {
        below_home(path, self.home.as_deref())
    }
}
