//! Markdown as a flat list of pieces: headings, list items, paragraphs, each as plain text.

use std::sync::LazyLock;

use comrak::arena_tree::NodeEdge;
use comrak::nodes::NodeValue;
use comrak::{Arena, Node, Options, parse_document};
use exuvia_model::text::one_line;
use regex::Regex;

use crate::pattern::pattern;

/// Most pieces that one section is taken apart into.
const PIECES_MAX: usize = 5_000;

/// Longest plain text of one piece, in characters.
const PIECE_MAX: usize = 4_096;

/// One block of text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) shape: Shape,
    /// Plain text: no markup, white space folded, hidden characters removed.
    pub(super) text: String,
    /// All of it is in bold.
    pub(super) bold: bool,
}

/// What a block is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// A heading of that level, from 1.
    Heading(u8),
    /// The first paragraph of a list item, or a row of a table; how deep in lists, from 1.
    Item(u8),
    /// Any other paragraph.
    Paragraph,
}

/// The pieces of `markdown` in reading order. Code blocks, images and comments are left out.
pub(super) fn pieces(markdown: &str) -> Vec<Piece> {
    let arena = Arena::new();
    let mut options = Options::default();
    options.extension.table = true;
    options.extension.tasklist = true;
    options.extension.strikethrough = true;
    let root = parse_document(&arena, markdown, &options);
    let mut walk = Walk::default();
    // An explicit traversal: nesting from outside must not become recursion here.
    for edge in root.traverse() {
        match edge {
            NodeEdge::Start(node) => walk.enter(node),
            NodeEdge::End(node) => walk.leave(node),
        }
        if walk.pieces.len() >= PIECES_MAX {
            break;
        }
    }
    walk.pieces
}

#[derive(Default)]
struct Walk {
    pieces: Vec<Piece>,
    /// The text of the block being read.
    buffer: String,
    /// Visible characters in it, outside bold and inside.
    plain: usize,
    strong: usize,
    /// How many of each are open.
    lists: u8,
    bolds: u32,
    images: u32,
    /// The next paragraph is the first of its list item.
    item_begins: bool,
    /// The longest cell of the table row being read: the one that says something.
    cell: String,
}

impl Walk {
    fn enter(&mut self, node: Node<'_>) {
        match &node.data().value {
            NodeValue::List(_) => self.lists = self.lists.saturating_add(1),
            NodeValue::Item(_) | NodeValue::TaskItem(_) => self.item_begins = true,
            NodeValue::Paragraph | NodeValue::Heading(_) | NodeValue::TableCell => self.begin(),
            NodeValue::TableRow(_) => self.cell.clear(),
            NodeValue::Strong => self.bolds += 1,
            NodeValue::Image(_) => self.images += 1,
            NodeValue::Text(text) => self.say(text),
            NodeValue::Code(code) => self.say(&code.literal),
            NodeValue::SoftBreak | NodeValue::LineBreak => self.say(" "),
            NodeValue::HtmlInline(tag) if tag.starts_with("<br") => self.say(" "),
            NodeValue::HtmlBlock(html) => self.html(&html.literal),
            _ => {}
        }
    }

    fn leave(&mut self, node: Node<'_>) {
        match &node.data().value {
            NodeValue::List(_) => self.lists = self.lists.saturating_sub(1),
            NodeValue::Strong => self.bolds = self.bolds.saturating_sub(1),
            NodeValue::Image(_) => self.images = self.images.saturating_sub(1),
            NodeValue::Heading(heading) => self.end(Shape::Heading(heading.level)),
            NodeValue::Paragraph => {
                let begins = std::mem::take(&mut self.item_begins) && self.lists > 0;
                self.end(if begins {
                    Shape::Item(self.lists)
                } else {
                    Shape::Paragraph
                });
            }
            NodeValue::TableCell if self.buffer.len() > self.cell.len() => {
                self.cell = std::mem::take(&mut self.buffer);
            }
            NodeValue::TableRow(is_header) => {
                let cell = std::mem::take(&mut self.cell);
                if !is_header {
                    self.push(Shape::Item(1), &cell, false);
                }
            }
            _ => {}
        }
    }

    fn begin(&mut self) {
        self.buffer.clear();
        self.plain = 0;
        self.strong = 0;
    }

    fn say(&mut self, text: &str) {
        // A badge's alternative text is no news.
        if self.images > 0 {
            return;
        }
        let visible = text.chars().filter(|c| c.is_alphanumeric()).count();
        if self.bolds > 0 {
            self.strong += visible;
        } else {
            self.plain += visible;
        }
        self.buffer.push_str(text);
    }

    fn end(&mut self, shape: Shape) {
        let text = std::mem::take(&mut self.buffer);
        self.push(shape, &text, self.strong > 0 && self.plain == 0);
    }

    fn html(&mut self, html: &str) {
        let text = COMMENT.replace_all(html, " ");
        let shape = if HEADING.is_match(&text) {
            Shape::Heading(6)
        } else {
            Shape::Paragraph
        };
        let text = TAG.replace_all(&text, " ");
        self.push(shape, &text, false);
    }

    fn push(&mut self, shape: Shape, text: &str, bold: bool) {
        let text = one_line(text, PIECE_MAX);
        if !text.is_empty() {
            self.pieces.push(Piece { shape, text, bold });
        }
    }
}

static COMMENT: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?s)<!--.*?(?:-->|$)"));

static HEADING: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)<(?:h[1-6]|summary)\b"));

static TAG: LazyLock<Regex> = LazyLock::new(|| pattern(r"<[^<>]*>"));
