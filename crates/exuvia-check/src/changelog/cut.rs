//! The sections of a changelog.

use exuvia_model::Version;

use super::Section;
use super::lines::indent;
use super::mark::{Mark, Style, marks};
use super::title::{Title, lenient_version};

/// The notes of every version that `markdown` has, in the order of the file.
///
/// Understands Keep a Changelog, conventional-changelog, changesets, OpenClaw's own changelog and
/// the usual shapes besides: headings with `#`, underlined, in bold, in HTML or bare; versions with
/// links, dates, anchors or a package's name around them. What stands under *Unreleased* and before
/// the first version belongs to no version and is left out.
pub fn sections(markdown: &str) -> Vec<Section> {
    cuts(markdown).map(Section::from).collect()
}

/// The notes of the versions above `from` up to and with `to`, newest first.
pub fn range(markdown: &str, from: &Version, to: &Version) -> Vec<Section> {
    let mut found: Vec<(Version, Section)> = cuts(markdown)
        .filter_map(|cut| Some((lenient_version(&cut.version)?, cut)))
        .filter(|(version, _)| from < version && version <= to)
        .map(|(version, cut)| (version, cut.into()))
        .collect();
    found.sort_by(|(a, _), (b, _)| b.cmp(a));
    found.into_iter().map(|(_, section)| section).collect()
}

struct Cut<'a> {
    version: String,
    date: Option<String>,
    style: Style,
    text: &'a str,
}

impl From<Cut<'_>> for Section {
    fn from(cut: Cut<'_>) -> Self {
        Self {
            version: cut.version,
            date: cut.date,
            text: match cut.style {
                Style::Bullet => outdented(cut.text).trim().to_owned(),
                _ => cut.text.trim().to_owned(),
            },
        }
    }
}

fn cuts(markdown: &str) -> impl Iterator<Item = Cut<'_>> {
    let markdown = markdown.trim_start_matches('\u{feff}');
    let marks = of_one_style(marks(markdown));
    let ends: Vec<usize> = marks
        .iter()
        .skip(1)
        .map(|mark| mark.start)
        .chain([markdown.len()])
        .collect();
    marks.into_iter().zip(ends).filter_map(|(mark, end)| {
        let Title::Release { version, date, .. } = mark.title else {
            return None;
        };
        Some(Cut {
            version,
            date,
            style: mark.style,
            text: markdown.get(mark.body..end)?,
        })
    })
}

/// What stood below a list item, as far to the left as it goes: by itself it would be code.
fn outdented(text: &str) -> String {
    let depth = text
        .lines()
        .skip(1)
        .filter(|line| !line.trim().is_empty())
        .map(indent)
        .min()
        .unwrap_or(0);
    text.lines()
        .map(|line| {
            let spaces = line.len() - line.trim_start_matches(' ').len();
            line.get(depth.min(spaces)..).unwrap_or(line)
        })
        .collect::<Vec<_>>()
        .join("\n")
}

fn of_one_style(mut marks: Vec<Mark>) -> Vec<Mark> {
    let style = marks
        .iter()
        .filter(|mark| matches!(mark.title, Title::Release { .. }))
        .map(|mark| mark.style)
        .min();
    marks.retain(|mark| {
        Some(mark.style) == style
            || (mark.style == Style::Heading && mark.title == Title::Unreleased)
    });
    marks
}
