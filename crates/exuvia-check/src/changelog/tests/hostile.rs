use comrak::nodes::NodeValue;
use comrak::{Arena, Options, parse_document};
use exuvia_model::text::{is_hidden, one_line};
use proptest::prelude::*;

use super::super::*;
use super::section;

/// The words of a Markdown text, read independently of the engine: every run of text and code, in
/// order, with white space folded.
fn plain(markdown: &str) -> String {
    let arena = Arena::new();
    let mut options = Options::default();
    options.extension.table = true;
    options.extension.tasklist = true;
    options.extension.strikethrough = true;
    let root = parse_document(&arena, markdown, &options);
    let mut text = String::new();
    for node in root.descendants() {
        match &node.data().value {
            NodeValue::Text(run) => text.push_str(run),
            NodeValue::Code(code) => text.push_str(&code.literal),
            NodeValue::HtmlBlock(html) => {
                let mut inside = false;
                text.extend(html.literal.chars().map(|c| match c {
                    '<' => {
                        inside = true;
                        ' '
                    }
                    '>' => {
                        inside = false;
                        ' '
                    }
                    _ if inside => ' ',
                    c => c,
                }));
            }
            NodeValue::HtmlInline(_)
            | NodeValue::Emph
            | NodeValue::Strong
            | NodeValue::Strikethrough
            | NodeValue::Link(_) => {}
            _ => text.push(' '),
        }
    }
    one_line(&text, 1_000_000)
}

fn markdown() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        "[a-z]{1,12}",
        "[A-Z][a-z]{1,8}",
        Just("**bold**".to_owned()),
        Just("`code`".to_owned()),
        Just("[link](https://example.com)".to_owned()),
        Just("(#12, #13)".to_owned()),
        Just("feat(api)!:".to_owned()),
        Just("BREAKING CHANGE:".to_owned()),
        Just("更新内容".to_owned()),
        Just("\u{202e}".to_owned()),
        Just("🎉".to_owned()),
        Just("Thanks @who.".to_owned()),
    ];
    let line = proptest::collection::vec(word, 1..40).prop_map(|words| words.join(" "));
    let lead = prop_oneof![
        Just("- "),
        Just("  - "),
        Just("### "),
        Just(""),
        Just("> "),
        Just("### Breaking changes\n\n- "),
        Just("### Fixes\n\n- "),
        Just("\n"),
    ];
    proptest::collection::vec((lead, line), 0..12).prop_map(|lines| {
        let lines: Vec<String> = lines
            .into_iter()
            .map(|(lead, line)| format!("{lead}{line}\n"))
            .collect();
        lines.concat()
    })
}

fn is_presentable(line: &str) -> bool {
    !line.is_empty() && line.chars().count() <= 160 && !line.chars().any(is_hidden)
}

proptest! {
    #[test]
    fn every_line_of_an_extract_stands_in_the_notes(markdown in markdown()) {
        if let Some(extract) = extract(&[section(&markdown)]) {
            let plain = plain(&markdown);
            for line in extract.breaking.iter().chain([&extract.summary]) {
                prop_assert!(is_presentable(line), "{line:?}");
                let words = line.strip_suffix('…').unwrap_or(line);
                prop_assert!(plain.contains(words), "{words:?} is not in {plain:?}");
            }
        }
    }

    #[test]
    fn any_text_is_read_without_harm(text in any::<String>(), heading in 0u8..2) {
        let text = if heading == 0 { text } else { format!("## 1.0.0\n{text}\n## 2.0.0\n{text}") };
        let sections = sections(&text);
        for note in notes(&sections) {
            prop_assert!(note.text.len() <= 64 * 1024);
        }
        if let Some(extract) = extract(&sections) {
            prop_assert!(is_presentable(&extract.summary));
            prop_assert!(extract.breaking.len() <= 20);
        }
    }
}

#[test]
fn ten_megabytes_of_anything_are_read_in_bounded_time_and_kept_small() {
    let mb = 1024 * 1024;
    for (seed, times) in [
        ("# 1.0.0\n", 10 * mb / 8),
        ("[", 10 * mb),
        ("> ", 5 * mb),
        ("- ", 5 * mb),
        ("*_", 5 * mb),
        ("<!--", 10 * mb / 4),
        ("`", 10 * mb),
        ("1.2.3 ", 10 * mb / 6),
        ("## 1.2.3\n\n- fix: a (#1, #2)\n", 10 * mb / 29),
        ("![[](", 2 * mb),
        ("#", 10 * mb),
    ] {
        let text = format!("## 9.9.9\n\n{}", seed.repeat(times));
        let found = sections(&text);
        assert!(!found.is_empty() && found.len() <= 10_000, "{seed}");
        let extract = extract(&found);
        assert!(extract.is_none_or(|extract| is_presentable(&extract.summary)));
        assert!(
            notes(&found)
                .iter()
                .all(|note| note.text.len() <= 64 * 1024)
        );
    }
}

#[test]
fn deep_nesting_is_walked_and_not_recursed() {
    for seed in ["> ", "- ", "1. ", "**a ", "[a"] {
        let text = format!("{}deep\n\n- shallow\n", seed.repeat(30_000));
        assert!(extract(&[section(&text)]).is_some(), "{seed}");
    }
}
