//! Text from outside, made fit to be shown.
//!
//! Names, changelogs and excerpts come from strangers. What is shown of them must not move the
//! cursor, hide its own direction or run over the line it was given.

/// One line of at most `max` characters: control, bidirectional and invisible formatting
/// characters removed, white space folded, an ellipsis where it was cut.
pub fn one_line(text: &str, max: usize) -> String {
    let mut line = String::with_capacity(text.len().min(max * 4));
    let mut count = 0;
    let mut gap = false;
    for c in text.chars() {
        if c.is_whitespace() {
            gap = !line.is_empty();
            continue;
        }
        if is_hidden(c) {
            continue;
        }
        let needed = 1 + usize::from(gap);
        if count + needed > max {
            return cut(line, count, max);
        }
        if gap {
            line.push(' ');
        }
        line.push(c);
        count += needed;
        gap = false;
    }
    line
}

/// Several lines, each cleaned as by [`one_line`] but with its indentation kept; at most
/// `max_lines` of at most `max_line` characters.
pub fn block(text: &str, max_lines: usize, max_line: usize) -> String {
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines() {
        if lines.len() == max_lines {
            lines.push("…".to_owned());
            break;
        }
        let indent = line.chars().take_while(|c| *c == ' ').count().min(16);
        lines.push(
            format!("{:indent$}{}", "", one_line(line, max_line))
                .trim_end()
                .to_owned(),
        );
    }
    lines.join("\n")
}

/// Whether a character shows nothing, or changes how others are shown.
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
            | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}'
            | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}' | '\u{1D173}'..='\u{1D17A}'
            | '\u{E0000}'..='\u{E0FFF}')
}

fn cut(mut line: String, count: usize, max: usize) -> String {
    if max == 0 {
        return String::new();
    }
    if count >= max {
        line.pop();
    }
    while line.ends_with(' ') {
        line.pop();
    }
    line.push('…');
    line
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_could_steer_a_terminal_is_gone() {
        assert_eq!(
            one_line("a\u{1b}[31mred\u{202e}evil\r\nnext", 80),
            "a[31mredevil next"
        );
        assert_eq!(one_line("  two\t\twords  ", 80), "two words");
    }

    #[test]
    fn a_cut_is_shown() {
        assert_eq!(one_line("abcdef", 4), "abc…");
        assert_eq!(one_line("abc def", 4), "abc…");
        assert_eq!(one_line("更新内容很多", 3), "更新…");
        assert_eq!(block("a\n  b\nc", 2, 10), "a\n  b\n…");
    }

    proptest! {
        #[test]
        fn a_line_is_never_longer_than_asked_and_never_hides_anything(text in any::<String>(), max in 0usize..50) {
            let line = one_line(&text, max);
            prop_assert!(line.chars().count() <= max);
            prop_assert!(!line.chars().any(is_hidden));
        }
    }
}
