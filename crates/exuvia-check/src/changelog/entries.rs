//! What a section says, line by line, each with the group that it stands in.

use super::READ_MAX;
use super::breaking;
use super::group::Group;
use super::pieces::{Piece, Shape, pieces};

/// Below the six levels of headings: a paragraph in bold, or ending in a colon, that names a group.
const PARAGRAPH_RANK: u8 = 7;

/// A line that ends in a colon introduces those below it; a longer one says something itself.
const LEAD_MAX: usize = 60;

/// One line of notes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// Plain text.
    pub(super) text: String,
    /// Where it stands.
    pub(super) group: Group,
    /// It explains the entry above it.
    pub(super) nested: bool,
}

/// The entries of one section.
#[derive(Debug, Default)]
pub(super) struct Entries {
    /// In reading order.
    pub(super) list: Vec<Entry>,
    /// The text went on after what was read.
    pub(super) truncated: bool,
}

/// Reads one section.
pub(super) fn entries(markdown: &str) -> Entries {
    let read = markdown.get(..markdown.floor_char_boundary(READ_MAX));
    let pieces = pieces(read.unwrap_or(markdown));
    let mut reader = Reader::default();
    let mut rest = pieces.iter().peekable();
    while let Some(piece) = rest.next() {
        reader.take(piece, rest.peek().copied());
    }
    Entries {
        list: reader.list,
        truncated: markdown.len() > READ_MAX,
    }
}

#[derive(Default)]
struct Reader {
    list: Vec<Entry>,
    /// The headings above, outermost first: how high, and what they name.
    above: Vec<(u8, Group)>,
    /// The depth of the last item that said something itself.
    said_at: Option<u8>,
}

impl Reader {
    fn take(&mut self, piece: &Piece, next: Option<&Piece>) {
        match piece.shape {
            Shape::Heading(level) => self.heading(level, &piece.text),
            Shape::Item(depth) => self.item(depth, piece, next),
            Shape::Paragraph => self.paragraph(piece),
        }
    }

    fn heading(&mut self, rank: u8, text: &str) {
        self.leave(rank);
        self.said_at = None;
        // A heading may be the declaration itself: `## BREAKING CHANGE: the config moved`.
        if text.chars().count() > LEAD_MAX && breaking::declaration(text).is_some() {
            self.say(text, false);
        }
        let named = Group::of_heading(text);
        let group = match (self.group(), named) {
            (_, Some(Group::Breaking)) => Group::Breaking,
            // What stands below such a heading belongs to it, however it is divided.
            (outer @ (Group::Breaking | Group::Noise), _) => outer,
            (outer, named) => named.unwrap_or(outer),
        };
        self.above.push((rank, group));
    }

    fn paragraph(&mut self, piece: &Piece) {
        if names_a_group(piece) {
            self.heading(PARAGRAPH_RANK, &piece.text);
        } else {
            let nested = self.said_at.is_some();
            self.say(&piece.text, nested);
        }
    }

    fn item(&mut self, depth: u8, piece: &Piece, next: Option<&Piece>) {
        let rank = PARAGRAPH_RANK.saturating_add(depth);
        self.leave(rank);
        self.said_at = self.said_at.filter(|said| *said < depth);
        let introduces =
            next.is_some_and(|next| matches!(next.shape, Shape::Item(below) if below > depth));
        if introduces && names_a_group(piece) {
            self.heading(rank, &piece.text);
        } else if introduces && ends_in_colon(&piece.text) {
            self.said_at = None;
        } else {
            self.say(&piece.text, self.said_at.is_some());
            self.said_at = self.said_at.or(Some(depth));
        }
    }

    fn leave(&mut self, rank: u8) {
        while self.above.pop_if(|(outer, _)| *outer >= rank).is_some() {}
    }

    fn group(&self) -> Group {
        self.above
            .last()
            .map_or(Group::Unnamed, |(_, group)| *group)
    }

    fn say(&mut self, text: &str, nested: bool) {
        self.list.push(Entry {
            text: text.to_owned(),
            group: self.group(),
            nested,
        });
    }
}

fn ends_in_colon(text: &str) -> bool {
    text.ends_with([':', '：']) && text.chars().count() <= LEAD_MAX
}

fn names_a_group(piece: &Piece) -> bool {
    (piece.bold || ends_in_colon(&piece.text)) && Group::of_heading(&piece.text).is_some()
}
