//! Pieces of a line with what they are written in.

use exuvia_model::Risk;

/// What a piece of text is written in. The sixteen colours of the terminal's own theme where they
/// suffice, so that it reads on light and dark grounds alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ink {
    /// The terminal's own.
    Plain,
    /// Names and headings.
    Strong,
    /// What is read second.
    Dim,
    /// What the user may type.
    Typed,
    /// In the colour of a risk.
    Risk(Risk),
    /// A heading in the colour of a risk.
    RiskHeading(Risk),
}

impl Ink {
    /// The parameters of the escape sequence that begins it; empty for what needs none.
    fn sgr(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Strong => "1",
            Self::Dim => "2",
            Self::Typed => "1;36",
            Self::Risk(Risk::Low) => "32",
            Self::Risk(Risk::Medium) => "33",
            Self::Risk(Risk::High) => "31",
            // Orange is not among the sixteen.
            Self::Risk(Risk::Unknown) => "38;5;208",
            Self::Risk(Risk::Blocked) => "35",
            Self::RiskHeading(Risk::Low) => "1;32",
            Self::RiskHeading(Risk::Medium) => "1;33",
            Self::RiskHeading(Risk::High) => "1;31",
            Self::RiskHeading(Risk::Unknown) => "1;38;5;208",
            Self::RiskHeading(Risk::Blocked) => "1;35",
        }
    }
}

/// A piece of a line.
#[derive(Debug, Clone)]
pub(super) struct Span {
    pub(super) text: String,
    pub(super) ink: Ink,
    /// Never broken, though the line become too long: addresses and commands, to be copied whole.
    pub(super) solid: bool,
    /// A web address that may be followed.
    pub(super) is_link: bool,
}

impl Span {
    pub(super) fn new(text: impl Into<String>, ink: Ink) -> Self {
        Self {
            text: text.into(),
            ink,
            solid: false,
            is_link: false,
        }
    }

    pub(super) fn plain(text: impl Into<String>) -> Self {
        Self::new(text, Ink::Plain)
    }

    pub(super) fn dim(text: impl Into<String>) -> Self {
        Self::new(text, Ink::Dim)
    }

    pub(super) fn strong(text: impl Into<String>) -> Self {
        Self::new(text, Ink::Strong)
    }

    pub(super) fn solid(text: impl Into<String>, ink: Ink) -> Self {
        Self {
            solid: true,
            ..Self::new(text, ink)
        }
    }
}

/// Writes a run of text in its ink.
pub(super) fn write_run(out: &mut String, text: &str, span: &Span, color: bool, links: bool) {
    let sgr = if color { span.ink.sgr() } else { "" };
    let linked = links && span.is_link;
    if linked {
        // OSC 8; the text of a link is its address, whole (see `Place`).
        out.push_str("\x1b]8;;");
        out.push_str(&span.text);
        out.push_str("\x1b\\");
    }
    if sgr.is_empty() {
        out.push_str(text);
    } else {
        out.push_str("\x1b[");
        out.push_str(sgr);
        out.push('m');
        out.push_str(text);
        out.push_str("\x1b[0m");
    }
    if linked {
        out.push_str("\x1b]8;;\x1b\\");
    }
}
