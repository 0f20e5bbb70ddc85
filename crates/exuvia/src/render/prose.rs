//! Sentences on a terminal: broken between words, not in them.

use unicode_width::UnicodeWidthStr;

/// Breaks each line of a text into lines of no more than so many columns, those that follow
/// indented a little more. A word that is wider stays whole: paths and commands are copied.
pub(crate) fn wrap(text: &str, room: usize) -> String {
    let lines: Vec<String> = text.lines().map(|line| wrap_line(line, room)).collect();
    lines.join("\n")
}

fn wrap_line(line: &str, room: usize) -> String {
    if width(line) <= room {
        return line.to_owned();
    }
    let indent = line.len() - line.trim_start_matches(' ').len();
    let mut out = " ".repeat(indent);
    let mut column = indent;
    for (number, word) in line.trim_start_matches(' ').split(' ').enumerate() {
        let gap = usize::from(number > 0);
        if number > 0 && column + gap + width(word) > room {
            out.push('\n');
            out.push_str(&" ".repeat(indent + 2));
            column = indent + 2;
        } else {
            out.push_str(&" ".repeat(gap));
            column += gap;
        }
        out.push_str(word);
        column += width(word);
    }
    out
}

/// The columns that a text takes; escape sequences of [`super::Ink`] take none.
fn width(text: &str) -> usize {
    let mut parts = text.split('\u{1b}');
    let first = parts.next().unwrap_or_default().width();
    let after = |part: &str| part.split_once('m').map_or(0, |(_, shown)| shown.width());
    first + parts.map(after).sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stay_whole_and_colours_take_no_room() {
        assert_eq!(wrap("one two three", 8), "one two\n  three");
        assert_eq!(wrap("  a bcdefghijkl m", 6), "  a\n    bcdefghijkl\n    m");
        assert_eq!(wrap("short\nlines", 8), "short\nlines");
        let inked = "\u{1b}[1mone\u{1b}[0m two";
        assert_eq!(wrap(inked, 7), inked);
        assert_eq!(wrap("更新 之前", 6), "更新\n  之前");
    }
}
