//! Where the parts of a JSON5 text stand, as `jsonc-parser` finds them. What they say,
//! [`super::super::value`] reads.

use std::ops::Range;

use jsonc_parser::ast;
use jsonc_parser::common::Ranged as _;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};

/// One value of a text.
#[derive(Debug)]
pub(super) struct Node {
    /// Where it stands.
    pub(super) span: Range<usize>,
    /// What is in it, in the order of the text; `None` of what is neither list nor object.
    pub(super) members: Option<Vec<Member>>,
}

/// One entry of a list or an object.
#[derive(Debug)]
pub(super) struct Member {
    /// What it is called, in an object.
    pub(super) key: Option<String>,
    /// Where it begins: with its key, where it has one.
    pub(super) start: usize,
    pub(super) value: Node,
    /// Where the comma behind it stands.
    pub(super) comma: Option<usize>,
}

/// The one value of a text that [`value::parse`](super::super::value::parse) has read, which bounds
/// how deep it is nested; why not, where it is not understood.
pub(super) fn outline(text: &str) -> Result<Node, String> {
    let options = ParseOptions {
        allow_missing_commas: false,
        // JSON has no word for them.
        allow_non_finite_numbers: false,
        ..ParseOptions::default()
    };
    let parsed = parse_to_ast(text, &CollectOptions::default(), &options);
    let parsed = parsed.map_err(|error| error.to_string())?;
    let value = parsed.value.ok_or("there is nothing in it")?;
    Ok(node(text, &value))
}

fn node(text: &str, value: &ast::Value<'_>) -> Node {
    let members = match value {
        ast::Value::Object(object) => {
            let all = object.properties.iter();
            let all = all.map(|one| {
                let key = one.name.as_str().to_owned();
                member(text, Some(key), one.start(), &one.value)
            });
            Some(all.collect())
        }
        ast::Value::Array(list) => {
            let all = list.elements.iter();
            Some(
                all.map(|one| member(text, None, one.start(), one))
                    .collect(),
            )
        }
        _ => None,
    };
    Node {
        span: value.start()..value.end(),
        members,
    }
}

fn member(text: &str, key: Option<String>, start: usize, value: &ast::Value<'_>) -> Member {
    let rest = after_trivia(cut(text, value.end()..text.len()));
    Member {
        key,
        start,
        value: node(text, value),
        comma: rest.starts_with(',').then(|| text.len() - rest.len()),
    }
}

/// A part of a text; nothing where there is no such part.
pub(super) fn cut(text: &str, span: Range<usize>) -> &str {
    text.get(span).unwrap_or_default()
}

/// How much of what stands between two things belongs to the first one: what is behind it on its
/// line. Nothing does where both are on one line.
pub(super) fn end_of_line(trivia: &str) -> usize {
    let mut rest = trivia;
    loop {
        let after = if rest.starts_with("//") {
            rest.trim_start_matches(|c| !is_line_end(c))
        } else if rest.starts_with("/*") {
            after_block(rest)
        } else if rest.starts_with(is_line_end) {
            return trivia.len() - rest.len();
        } else {
            let mut chars = rest.chars();
            if chars.next().is_none() {
                return 0;
            }
            chars.as_str()
        };
        rest = after;
    }
}

pub(super) fn is_line_end(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{2028}' | '\u{2029}')
}

/// What comes after the white space and the comments at the beginning.
fn after_trivia(text: &str) -> &str {
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
        if rest.starts_with("//") {
            rest = rest.trim_start_matches(|c| !is_line_end(c));
        } else if rest.starts_with("/*") {
            rest = after_block(rest);
        } else {
            return rest;
        }
    }
}

/// What comes after the comment `/* … */` at the beginning.
fn after_block(text: &str) -> &str {
    let within = text.strip_prefix("/*").unwrap_or_default();
    within.split_once("*/").map_or("", |(_, after)| after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_where_is_found_in_all_of_json5() {
        let text = "// a\n{ $include: './b', 'it\\'s': [0x1F, +.5, 'x\\\ny',], /* c */ \"\\u0064\" : {} , }";
        let root = outline(text).unwrap();
        let members = root.members.unwrap();
        let keys: Vec<&str> = members
            .iter()
            .filter_map(|member| member.key.as_deref())
            .collect();
        assert_eq!(keys, ["$include", "it's", "d"]);
        let said: Vec<&str> = members
            .iter()
            .map(|member| cut(text, member.value.span.clone()))
            .collect();
        assert_eq!(said, ["'./b'", "[0x1F, +.5, 'x\\\ny',]", "{}"]);
        assert!(members.iter().all(|member| member.comma.is_some()));
    }

    #[test]
    fn what_json_does_not_have_and_odd_keys_are_not_understood() {
        for text in ["{a: Infinity}", "[-NaN]", "{\\u0061: 1}", "{a/**/: 1}", ""] {
            assert!(outline(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_behind_something_on_its_line_belongs_to_it() {
        for (trivia, own) in [
            (" // a\n  // b\n", " // a"),
            (" /* a\n */ // b\r\n  ", " /* a\n */ // b"),
            ("\n  ", ""),
            (" /* a */ ", ""),
            ("", ""),
        ] {
            assert_eq!(cut(trivia, 0..end_of_line(trivia)), own, "{trivia:?}");
        }
    }
}
