//! The ignore files that the `clawhub` command obeys: gitignore's rules, case ignored, as npm's
//! `ignore` package has them.

/// The rules of some ignore files, in order.
#[derive(Debug, Default)]
pub(super) struct IgnoreRules(Vec<Rule>);

#[derive(Debug)]
struct Rule {
    segments: Vec<Vec<char>>,
    anchored: bool,
    only_directories: bool,
    negated: bool,
}

/// Longer patterns and longer lists than anybody writes are left unread.
const MAX_PATTERN: usize = 512;
const MAX_RULES: usize = 1000;

impl IgnoreRules {
    pub(super) fn parse<'t>(files: impl Iterator<Item = &'t str>) -> Self {
        Self(
            files
                .flat_map(str::lines)
                .filter_map(Rule::parse)
                .take(MAX_RULES)
                .collect(),
        )
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a file is excluded: itself, or a directory above it.
    pub(super) fn exclude(&self, path: &str) -> bool {
        let lower = path.to_lowercase();
        let parts: Vec<Vec<char>> = lower
            .split('/')
            .map(|part| part.chars().collect())
            .collect();
        (1..=parts.len()).any(|length| {
            let head = parts.get(..length).unwrap_or_default();
            self.excludes_entry(head, length < parts.len())
        })
    }

    /// The last rule that applies decides.
    fn excludes_entry(&self, path: &[Vec<char>], is_directory: bool) -> bool {
        let applies = |rule: &&Rule| (is_directory || !rule.only_directories) && rule.matches(path);
        self.0
            .iter()
            .rev()
            .find(applies)
            .is_some_and(|rule| !rule.negated)
    }
}

impl Rule {
    fn parse(line: &str) -> Option<Self> {
        let line = line.trim_end().to_lowercase();
        if line.is_empty() || line.starts_with('#') || line.len() > MAX_PATTERN {
            return None;
        }
        let (negated, pattern) = match line.strip_prefix('!') {
            Some(rest) => (true, rest),
            None => (false, line.strip_prefix('\\').unwrap_or(&line)),
        };
        let (only_directories, pattern) = match pattern.strip_suffix('/') {
            Some(rest) => (true, rest),
            None => (false, pattern),
        };
        let anchored = pattern.contains('/');
        let segments: Vec<Vec<char>> = pattern
            .trim_start_matches('/')
            .split('/')
            .map(|segment| segment.chars().collect())
            .collect();
        Some(Self {
            segments,
            anchored,
            only_directories,
            negated,
        })
    }

    fn matches(&self, path: &[Vec<char>]) -> bool {
        if self.anchored {
            return matches_path(&self.segments, path);
        }
        match (self.segments.first(), path.last()) {
            (Some(segment), Some(name)) => matches_name(segment, name),
            _ => false,
        }
    }
}

fn matches_path(pattern: &[Vec<char>], path: &[Vec<char>]) -> bool {
    match pattern.split_first() {
        None => path.is_empty(),
        Some((segment, rest)) if segment == &['*', '*'] => {
            (0..=path.len()).any(|skip| matches_path(rest, path.get(skip..).unwrap_or_default()))
        }
        Some((segment, rest)) => path
            .split_first()
            .is_some_and(|(name, tail)| matches_name(segment, name) && matches_path(rest, tail)),
    }
}

/// One name against `*`, `?` and `[…]`, in time proportional to the product of the lengths.
fn matches_name(pattern: &[char], name: &[char]) -> bool {
    let (mut at, mut position) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while position < name.len() {
        if pattern.get(at) == Some(&'*') {
            star = Some((at, position));
            at += 1;
        } else if let Some(next) = matches_one(pattern, at, name.get(position).copied()) {
            at = next;
            position += 1;
        } else if let Some((star_at, matched)) = star {
            at = star_at + 1;
            position = matched + 1;
            star = Some((star_at, position));
        } else {
            return false;
        }
    }
    pattern
        .get(at..)
        .unwrap_or_default()
        .iter()
        .all(|c| *c == '*')
}

/// Where the pattern goes on when its element at `at` takes this character.
fn matches_one(pattern: &[char], at: usize, c: Option<char>) -> Option<usize> {
    let c = c?;
    match pattern.get(at)? {
        '?' => Some(at + 1),
        '\\' => (pattern.get(at + 1) == Some(&c)).then_some(at + 2),
        '[' => matches_class(pattern, at + 1, c),
        literal => (*literal == c).then_some(at + 1),
    }
}

fn matches_class(pattern: &[char], start: usize, c: char) -> Option<usize> {
    let body = pattern.get(start..)?;
    let length = body.iter().skip(1).position(|c| *c == ']')? + 1;
    let class = body.get(..length)?;
    let (negated, class) = match class.split_first() {
        Some(('!' | '^', rest)) => (true, rest),
        _ => (false, class),
    };
    let mut found = false;
    let mut rest = class;
    while let Some((first, tail)) = rest.split_first() {
        rest = if let ['-', last, after @ ..] = tail {
            found |= (*first..=*last).contains(&c);
            after
        } else {
            found |= *first == c;
            tail
        };
    }
    (found != negated).then_some(start + length + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_excluded_as_git_excludes_them() {
        let rules = IgnoreRules::parse(
            ["# a comment\n*.log\n!keep.log\n/top.txt\nbuild/\ndocs/**/*.tmp\n[ab]?.md\n"]
                .into_iter(),
        );
        for path in [
            "a.log",
            "x/A.LOG",
            "top.txt",
            "build/x",
            "y/build/z",
            "docs/a/b/c.tmp",
            "a1.md",
        ] {
            assert!(rules.exclude(path), "{path}");
        }
        for path in [
            "keep.log",
            "x/top.txt",
            "build",
            "doc/c.tmp",
            "c1.md",
            "SKILL.md",
        ] {
            assert!(!rules.exclude(path), "{path}");
        }
    }

    #[test]
    fn a_pattern_made_to_take_forever_does_not() {
        let rules = IgnoreRules::parse(["*a*a*a*a*a*a*a*a*a*a*a*a*b"].into_iter());
        assert!(!rules.exclude(&"a".repeat(5000)));
    }
}
