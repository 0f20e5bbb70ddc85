//! Standard output, standard error, language and colour.

use std::borrow::Cow;
use std::ffi::OsString;
use std::io::{IsTerminal, Write};

use exuvia_check::render::{Lang, Style};
use exuvia_host::Host;
use exuvia_model::text;
use jiff::tz::Offset;
use serde::Serialize;

use crate::cli::{ColorWhen, Global, LangName};
use crate::interrupt::Standing;
use crate::render::{Sheet, wrap};

/// Where things are printed, and how.
#[derive(Debug)]
pub(crate) struct Output {
    json: bool,
    quiet: bool,
    lang: Lang,
    ink: Ink,
    offset: Offset,
    standing: Standing,
}

/// What the terminal can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ink {
    /// Text.
    Plain,
    /// Colours, into a file or another program.
    Colors,
    /// Colours and links.
    ColorsAndLinks,
}

impl Output {
    pub(crate) fn new(host: &dyn Host, global: &Global) -> Self {
        let terminal = std::io::stdout().is_terminal();
        let dumb = host.env("TERM").is_none_or(|term| term == "dumb");
        let color = match global.color {
            ColorWhen::Always => true,
            ColorWhen::Never => false,
            ColorWhen::Auto => terminal && !dumb && host.env("NO_COLOR").is_none(),
        };
        Self {
            json: global.json,
            quiet: global.quiet,
            lang: language(host, global.lang),
            ink: match (color, terminal) {
                (false, _) => Ink::Plain,
                (true, false) => Ink::Colors,
                (true, true) => Ink::ColorsAndLinks,
            },
            offset: host.utc_offset(host.now()),
            standing: Standing::default(),
        }
    }

    pub(crate) fn json(&self) -> bool {
        self.json
    }

    pub(crate) fn lang(&self) -> Lang {
        self.lang
    }

    /// Whether a person is there to be asked.
    pub(crate) fn is_interactive(&self) -> bool {
        !self.json && std::io::stdin().is_terminal() && std::io::stdout().is_terminal()
    }

    /// Whether progress is worth drawing.
    pub(crate) fn shows_progress(&self) -> bool {
        !self.quiet && std::io::stderr().is_terminal()
    }

    /// How to lay out what this terminal shows; `asking` when a question follows.
    pub(crate) fn style(&self, asking: bool) -> Style {
        Style {
            color: self.ink != Ink::Plain,
            width: terminal_width().clamp(60, 120),
            hyperlinks: self.ink == Ink::ColorsAndLinks,
            interactive: asking,
            offset: self.offset,
        }
    }

    /// What a command writes its results on.
    pub(crate) fn sheet(&self, host: &dyn Host) -> Sheet {
        let terminal = std::io::stdout().is_terminal();
        Sheet {
            color: self.ink != Ink::Plain,
            width: terminal.then(|| terminal_width().max(40)),
            offset: self.offset,
            now: host.now(),
            home: host.home_dir(),
        }
    }

    /// How to lay out what goes into a file.
    pub(crate) fn plain_style(&self) -> Style {
        Style {
            width: 100,
            offset: self.offset,
            ..Style::default()
        }
    }

    /// Prints a result.
    #[expect(
        clippy::unused_self,
        reason = "where results go is this type's to know"
    )]
    pub(crate) fn text(&self, text: &str) {
        print_all(&mut std::io::stdout().lock(), text);
    }

    /// Prints a result as one JSON document.
    pub(crate) fn document(&self, document: &impl Serialize) {
        match serde_json::to_string_pretty(document) {
            Ok(json) => self.text(&json),
            Err(error) => self.error(&error.into()),
        }
    }

    /// Tells something on the side.
    pub(crate) fn note(&self, note: &str) {
        if !self.quiet {
            print_all(&mut std::io::stderr().lock(), &aside(note));
        }
    }

    /// Says what holds from here on if the user interrupts the command.
    pub(crate) fn if_interrupted(&self, words: impl Into<Cow<'static, str>>) {
        self.standing.set(words);
    }

    /// Tells that the user interrupted the command, and what that left. Nothing more happens then.
    pub(crate) fn interrupted(&self) {
        let standing = self.standing.freeze();
        if self.shows_progress() {
            // What is left of a bar.
            let _ = write!(std::io::stderr().lock(), "\r\u{1b}[K");
        }
        self.error(&anyhow::anyhow!("interrupted; {standing}"));
    }

    /// Tells what went wrong: on standard output too where a program listens.
    pub(crate) fn error(&self, error: &anyhow::Error) {
        let message = text::block(&told(error), 40, 1000);
        if self.json {
            print_error(&message);
        }
        let message = aside(&format!("exuvia: {message}"));
        print_all(&mut std::io::stderr().lock(), &message);
    }
}

/// An error with its causes, but for those that it repeats itself.
fn told(error: &anyhow::Error) -> String {
    error
        .chain()
        .skip(1)
        .fold(error.to_string(), |told, cause| {
            let cause = cause.to_string();
            if told.contains(&cause) {
                told
            } else {
                format!("{told}: {cause}")
            }
        })
}

/// Prints an error as the one JSON document.
pub(crate) fn print_error(message: &str) {
    let document = serde_json::json!({ "error": message.trim_end() });
    print_all(&mut std::io::stdout().lock(), &document.to_string());
}

fn language(host: &dyn Host, asked: Option<LangName>) -> Lang {
    match asked {
        Some(LangName::En) => Lang::En,
        Some(LangName::ZhCn) => Lang::ZhCn,
        None => ["LC_ALL", "LC_MESSAGES", "LANG"]
            .into_iter()
            .find_map(|name| host.env(name))
            .and_then(|tag: OsString| Lang::from_tag(&tag.to_string_lossy()))
            .unwrap_or(Lang::En),
    }
}

/// What goes to standard error, broken between words where that is a terminal.
fn aside(text: &str) -> String {
    if std::io::stderr().is_terminal() {
        wrap(text, terminal_width())
    } else {
        text.to_owned()
    }
}

fn terminal_width() -> usize {
    terminal_size::terminal_size().map_or(80, |(width, _)| usize::from(width.0))
}

fn print_all(to: &mut impl Write, text: &str) {
    let newline = if text.ends_with('\n') { "" } else { "\n" };
    // A reader that went away (`| head`) wants no more; there is nobody left to tell.
    let _ = write!(to, "{text}{newline}").and_then(|()| to.flush());
}
