//! Characters that do not show, where they can deceive.

use exuvia_model::text::is_hidden;
use exuvia_model::vetting::FindingKind;

use crate::vet::role::Role;
use crate::vet::rule::{Hit, distinct};
use crate::vet::source::Source;

const INVISIBLE: (FindingKind, &str) = (FindingKind::Obfuscation, "invisible characters");

/// Hidden characters in programs and in what agents read.
pub(super) fn hits(source: &Source<'_>) -> Vec<Hit> {
    let is_read = matches!(source.role, Role::Code(_) | Role::AgentText);
    // Binary data has them by chance, and is a finding of its own.
    if !is_read || source.raw.contains('\0') {
        return Vec::new();
    }
    let mut before = '\n';
    let mut selectors = 0_u32;
    // Hidden characters are not in the text that findings point into: count past them.
    let mut at = 0;
    let mut chars = source.raw.chars().peekable();
    let signs = std::iter::from_fn(|| {
        let c = chars.next()?;
        selectors = if is_selector(c) { selectors + 1 } else { 0 };
        let sign = sign(c, before, chars.peek().copied(), selectors);
        let start = at.min(source.text.len());
        if matches!(c, '\n' | '\t') || !is_hidden(c) {
            at += c.len_utf8();
            before = c;
        }
        Some(sign.map(|(kind, subject)| Hit {
            kind,
            subject: subject.to_owned(),
            range: start..start,
        }))
    });
    distinct(source, signs.flatten())
}

fn sign(
    c: char,
    before: char,
    after: Option<char>,
    run: u32,
) -> Option<(FindingKind, &'static str)> {
    let next_is_ascii = after.is_some_and(|c| c.is_ascii_alphanumeric());
    match c {
        // Tags spell out ASCII; only flags such as Scotland's use them, behind a black flag.
        '\u{E0000}'..='\u{E007F}' if before != '\u{1F3F4}' => Some((
            FindingKind::PromptInjection,
            "invisible text in Unicode tags",
        )),
        _ if run >= 3 => Some((
            FindingKind::PromptInjection,
            "invisible text in variation selectors",
        )),
        '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => {
            Some((FindingKind::Obfuscation, "text that changes its direction"))
        }
        '\u{115F}' | '\u{1160}' | '\u{3164}' | '\u{FFA0}' => Some(INVISIBLE),
        // Khmer and Thai part words with these: beside ASCII they only hide.
        '\u{200B}' | '\u{2060}'..='\u{2064}' if before.is_ascii_graphic() || next_is_ascii => {
            Some(INVISIBLE)
        }
        // Joiners belong into emoji and into the scripts of Asia, not between Latin letters.
        '\u{200C}' | '\u{200D}' | '\u{FEFF}' | '\u{00AD}'
            if before.is_ascii_alphanumeric() && next_is_ascii =>
        {
            Some(INVISIBLE)
        }
        _ => None,
    }
}

fn is_selector(c: char) -> bool {
    matches!(c, '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vet::role::Language;

    fn found(role: Role, text: &str) -> Vec<String> {
        let source = Source::new("file", role, text.to_owned());
        hits(&source).into_iter().map(|hit| hit.subject).collect()
    }

    #[test]
    fn characters_that_hide_text_are_found_where_they_stand() {
        for (text, subject) in [
            ("a\u{202e}b", "text that changes its direction"),
            ("a\u{2066}b", "text that changes its direction"),
            ("pass\u{200b}word", "invisible characters"),
            ("pass\u{200d}word", "invisible characters"),
            ("let \u{3164} = 1", "invisible characters"),
            ("hi\u{e0069}\u{e0067}", "invisible text in Unicode tags"),
            (
                "a\u{fe00}\u{e0101}\u{e0102}",
                "invisible text in variation selectors",
            ),
        ] {
            for role in [Role::AgentText, Role::Code(Language::JavaScript)] {
                assert!(found(role, text).contains(&subject.to_owned()), "{text:?}");
            }
        }
        let source = Source::new("file", Role::AgentText, "one\ntwo \u{200b}x\n".to_owned());
        let hit = hits(&source).remove(0);
        assert_eq!(source.line_at(hit.range.start), 1);
    }

    #[test]
    fn scripts_and_emoji_that_need_joiners_are_left_alone() {
        for text in [
            "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}",
            "می\u{200c}خواهم",
            "បាន\u{200b}ផ្ញើ",
            "\u{2764}\u{fe0f}",
            "\u{1f3f4}\u{e0067}\u{e0062}\u{e007f}",
            "plain text\twith tabs\r\n",
            "更新",
        ] {
            assert_eq!(
                found(Role::AgentText, text),
                Vec::<String>::new(),
                "{text:?}"
            );
        }
        assert_eq!(found(Role::Document, "a\u{202e}b"), Vec::<String>::new());
    }
}
