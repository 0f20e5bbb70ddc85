//! What a text is written in.

/// The sixteen colours of the terminal's own theme, so that it reads on light and dark grounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ink {
    /// The terminal's own.
    Plain,
    /// Names and headings.
    Strong,
    /// What is read second.
    Dim,
    /// What the user may type.
    Typed,
    /// What was added, or is good.
    Good,
    /// What was changed, or wants attention.
    Attention,
    /// What was removed, or is harmed.
    Bad,
}

impl Ink {
    /// The text between the escape sequences of this ink.
    pub(super) fn write(self, text: &str) -> String {
        let parameters = match self {
            Self::Plain => return text.to_owned(),
            Self::Strong => "1",
            Self::Dim => "2",
            Self::Typed => "1;36",
            Self::Good => "32",
            Self::Attention => "33",
            Self::Bad => "31",
        };
        format!("\u{1b}[{parameters}m{text}\u{1b}[0m")
    }
}
