//! Lines that say that something breaks.

use std::sync::LazyLock;

use regex::Regex;

use crate::pattern::pattern;

/// The part of `text` that declares a breaking change, if one does.
///
/// The declarations are those that people and tools write on purpose: Conventional Commits'
/// `BREAKING CHANGE:` and `feat!:`, a label at the beginning, a sentence that says so. A text that
/// only has the word in it (`fix breaking the build`) declares nothing.
pub(super) fn declaration(text: &str) -> Option<&str> {
    for footer in FOOTER.find_iter(text) {
        let before = text.get(..footer.start()).unwrap_or_default();
        if !NEGATION.is_match(before) {
            return text.get(footer.start()..);
        }
    }
    let declared = BANG.is_match(text)
        || (LABEL.is_match(text) && !negated(text))
        || [&*SHOUT, &*SENTENCE, &*CHINESE]
            .into_iter()
            .any(|rule| declares(rule, text));
    declared.then_some(text)
}

/// Whether a heading or label denies that something breaks.
pub(super) fn negated(text: &str) -> bool {
    MENTION
        .find_iter(text)
        .all(|found| NEGATION.is_match(text.get(..found.start()).unwrap_or_default()))
}

/// Whether a line under a heading for breaking changes says that there are none.
pub(super) fn is_nothing(text: &str) -> bool {
    NOTHING.is_match(text)
}

fn declares(rule: &Regex, text: &str) -> bool {
    rule.find_iter(text)
        .any(|found| !NEGATION.is_match(text.get(..found.start()).unwrap_or_default()))
}

static FOOTER: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"\bBREAKING[ -]CHANGES?\b\s*[:：]|(?i)^\W*breaking(?:[ -]changes?)?\s*[:：]\s*")
});

/// Conventional Commits' mark, and gitmoji's.
static BANG: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"^(?:[0-9a-f]{7,40}:?\s+)?[A-Za-z]{2,20}(?:\([^()]{1,60}\))?!:\s|^\W*(?:💥|💣)")
});

static LABEL: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)^\W*(?:[\[(]\s*breaking(?:[ -]changes?)?\s*[\])]|breaking[ -]changes?\s*[-–—!]|breaking\s+[-–—!])|[\[(]breaking(?: changes?)?[\])]",
    )
});

static SHOUT: LazyLock<Regex> = LazyLock::new(|| pattern(r"\bBREAKING\b"));

static SENTENCE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:is|are|includes?|contains?|introduces?|has|have|potentially|possibly|possible|with)\s+(?:an?\s+|some\s+|several\s+|the following\s+)?breaking(?:\s+api)?(?:\s+changes?)?\b|\bbackwards?[ -]incompatible\b|\bbreaking\s+changes?\s*[:：]",
    )
});

static CHINESE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"破坏性(?:变更|更改|更新|改动|修改|变化|升级)|不(?:向后|向下)?兼容的?(?:变更|更改|更新|改动|修改|变化|升级)|不(?:再)?(?:向后|向下)兼容",
    )
});

static MENTION: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?i)\bbreaking\b|incompatib|\bmajor changes\b|破坏性|不兼容"));

/// Directly before the word: what denies it, or says that it is being repaired.
static NEGATION: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)(?:\bnon|\bnot|\bno|\bnever|\bwithout|\bzero|n't|\bnone of the|\bavoid(?:s|ed|ing)?|\bprevent(?:s|ed|ing)?|\bfix(?:es|ed|ing)?|\brevert(?:s|ed|ing)?|\bundo(?:es)?|\bline|\bword)(?:[\s-]+(?:be|been|an?|any|the|this|some|known|api|accidental(?:ly)?|unintended|contain|include|introduce|have))*[\s-]*$|(?:没有|不含|不包含|不是|并非|避免|修复了?|撤销|无|非|零)(?:任何|一个|包含|引入|的|上个版本|之前)*\s*$",
    )
});

static NOTHING: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)^\W*(?:(?:there (?:are|is|were) )?(?:none|n/?a|nil|nothing|no(?:ne)? (?:known )?(?:breaking )?(?:changes?|known)?)(?:\s+(?:in|for|with|this|release|version|known|yet|at|time|here))*|无|暂无|没有|无破坏性变更|没有破坏性变更)?\W*$",
    )
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_declares_a_breaking_change_is_found() {
        for text in [
            "BREAKING CHANGE: the config moved",
            "BREAKING-CHANGE: the config moved",
            "Reworked. BREAKING CHANGE: the config moved",
            "feat!: drop Node 22",
            "fix(api)!: rename the flag",
            "a1b2c3d: feat(core)!: rename",
            "Breaking: the config moved",
            "Breaking change: the config moved",
            "breaking changes：配置已移动",
            "[breaking] the config moved",
            "[Breaking Change] the config moved",
            "💥 Drop Node 22",
            "BREAKING Drop Node 22",
            "The config moved (breaking)",
            "This is a breaking change for plugins.",
            "This release contains breaking changes.",
            "A backwards-incompatible change of the API",
            "破坏性变更：配置已移动",
            "这是一个不兼容的变更",
            "此版本不再向后兼容",
        ] {
            assert!(declaration(text).is_some(), "{text}");
        }
    }

    #[test]
    fn what_only_has_the_word_declares_nothing() {
        for text in [
            "A non-breaking change of the API",
            "No breaking changes",
            "There are no BREAKING changes in this release",
            "NON-BREAKING: tidy up",
            "This is not a breaking change.",
            "This release does not contain breaking changes",
            "fix breaking the build",
            "Fix breaking change introduced in 1.4.1",
            "Revert a breaking change: the flag is back",
            "Improve line breaking in the editor",
            "Fixed groundbreaking typo",
            "feat: breakpoints",
            "无破坏性变更",
            "没有任何破坏性变更",
            "非破坏性更新",
            "修复不兼容问题",
        ] {
            assert_eq!(declaration(text), None, "{text}");
        }
    }

    #[test]
    fn a_footer_is_told_from_its_marker_on() {
        assert_eq!(
            declaration("Reworked. BREAKING CHANGE: gone"),
            Some("BREAKING CHANGE: gone")
        );
    }

    #[test]
    fn nothing_is_recognised_in_its_usual_words() {
        for text in [
            "None",
            "none.",
            "N/A",
            "无",
            "暂无。",
            "-",
            "No breaking changes.",
            "Nothing",
            "None in this release",
        ] {
            assert!(is_nothing(text), "{text}");
        }
        for text in [
            "None of the old flags work",
            "No longer reads the old file",
            "Drops Node 22",
        ] {
            assert!(!is_nothing(text), "{text}");
        }
    }
}
