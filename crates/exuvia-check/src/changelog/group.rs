//! What a heading says of the lines below it.

use std::sync::LazyLock;

use regex::{Regex, RegexSet};

use super::breaking::negated;
use crate::pattern::{pattern, pattern_set};

/// A heading longer than this is a sentence, not the name of a group.
const NAME_MAX: usize = 60;

/// The kinds of changes that changelogs are divided into, in the order in which a summary prefers
/// them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Group {
    Highlights,
    Breaking,
    Features,
    Changes,
    Fixes,
    /// No heading that is known.
    Unnamed,
    /// Documentation, dependencies, chores.
    Upkeep,
    /// Credits, links and lists that say nothing of the software.
    Noise,
}

impl Group {
    /// The group that a heading names, if it is one of the usual ones.
    pub(super) fn of_heading(heading: &str) -> Option<Self> {
        if heading.chars().count() > NAME_MAX {
            return None;
        }
        if BREAKING.is_match(heading) && !negated(heading) {
            return Some(Self::Breaking);
        }
        let known = [
            Self::Noise,
            Self::Highlights,
            Self::Upkeep,
            Self::Fixes,
            Self::Features,
            Self::Changes,
        ];
        let matched = NAMES.matches(heading);
        known
            .into_iter()
            .enumerate()
            .find_map(|(index, group)| matched.matched(index).then_some(group))
    }

    /// The group of a commit or a line by its conventional type, such as `fix`.
    pub(super) fn of_type(kind: &str) -> Option<Self> {
        Some(match kind.to_ascii_lowercase().as_str() {
            "feat" | "feature" => Self::Features,
            "fix" | "bugfix" | "hotfix" | "security" | "sec" => Self::Fixes,
            "perf" | "refactor" | "revert" | "improvement" | "change" => Self::Changes,
            "docs" | "doc" | "chore" | "ci" | "build" | "test" | "tests" | "style" | "deps"
            | "release" => Self::Upkeep,
            _ => return None,
        })
    }
}

/// `Major Changes` is how changesets names them; `Removed` alone is no breaking change in Keep a
/// Changelog.
static BREAKING: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\bbreaking\b|\bbackwards?[ -]incompatib|\bincompatible (?:changes?|updates?)|^\W*major changes\W*$|破坏性|不兼容",
    )
});

/// In the order of `known` above: the first that matches counts.
static NAMES: LazyLock<RegexSet> = LazyLock::new(|| {
    pattern_set([
        r"(?i)\bcontribut|\bcredits?\b|\bthanks\b|\backnowledg|\bsponsors?\b|\bfull changelog\b|\bpull requests\b|\bchecksums?\b|\bsha256|^\W*(?:assets|downloads?|links|install(?:ation)?|committers?)\W*$|致谢|贡献者|完整(?:更新)?日志",
        r"(?i)\bhighlights?\b|^\W*(?:summary|overview|tl;?dr)\W*$|亮点|重点|摘要|概览",
        r"(?i)\bdocs?\b|\bdocumentation\b|\bdependenc|\bdeps\b|\bchores?\b|\bbuild\b|^\W*ci\b|\btests?\b|\binternals?\b|\bhousekeeping\b|\bmaintenance\b|\bstyles?\b|\bunder the hood\b|文档|依赖|内部|测试|构建",
        r"(?i)\bfix(?:es|ed)?\b|\bbug ?-?fix|\bbugs?\b|\bsecurity\b|^\W*patch(?:es| changes)?\W*$|\bhotfix|修复|修正|安全",
        r"(?i)\bfeatures?\b|\bfeat\b|^\W*add(?:ed|s|itions)?\W*$|^\W*new\b|\bminor changes\b|\benhancements?\b|\bwhat'?s new\b|新增|功能|新特性|特性|添加",
        r"(?i)\bchange[sd]?\b|\bimprove|\bperformance\b|\brefactor|\bremoved?\b|\bdeprecat|\breverts?\b|\bupdates?\b|\bwhat'?s changed\b|\bother\b|变更|更改|改动|改进|优化|移除|删除|弃用|调整|性能",
    ])
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_name_the_groups_that_their_shapes_are_known_for() {
        use Group::{Breaking, Changes, Features, Fixes, Highlights, Noise, Upkeep};
        for (heading, group) in [
            ("⚠ BREAKING CHANGES", Some(Breaking)),
            ("Breaking Changes 🛠", Some(Breaking)),
            ("Breaking", Some(Breaking)),
            ("Major Changes", Some(Breaking)),
            ("Backwards incompatible changes", Some(Breaking)),
            ("破坏性变更", Some(Breaking)),
            ("不兼容", Some(Breaking)),
            ("Non-breaking changes", Some(Changes)),
            ("No breaking changes", Some(Changes)),
            ("无破坏性变更", Some(Changes)),
            ("Removed", Some(Changes)),
            ("Deprecated", Some(Changes)),
            ("Added", Some(Features)),
            ("🚀 Features", Some(Features)),
            ("Minor Changes", Some(Features)),
            ("新增功能", Some(Features)),
            ("Patch Changes", Some(Fixes)),
            ("Bug Fixes", Some(Fixes)),
            ("🐛 Bug fixes", Some(Fixes)),
            ("Security", Some(Fixes)),
            ("问题修复", Some(Fixes)),
            ("What's Changed", Some(Changes)),
            ("优化", Some(Changes)),
            ("变更", Some(Changes)),
            ("Highlights", Some(Highlights)),
            ("Dependencies", Some(Upkeep)),
            ("Documentation", Some(Upkeep)),
            ("New Contributors", Some(Noise)),
            ("Complete contribution record", Some(Noise)),
            ("Gateway", None),
            ("Line breaks", None),
        ] {
            assert_eq!(Group::of_heading(heading), group, "{heading}");
        }
    }
}
