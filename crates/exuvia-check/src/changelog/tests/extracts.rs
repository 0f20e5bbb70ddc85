use exuvia_model::evidence::Nature;

use super::super::*;
use super::{extracted, section};

#[test]
fn the_summary_comes_from_the_group_that_matters_most() {
    for (notes, summary) in [
        (
            "### Fixes\n- fix one\n### Features\n- window two\n### Highlights\n- the best\n",
            "the best",
        ),
        (
            "### Fixes\n- fix one\n### Features\n- window two\n",
            "window two",
        ),
        ("### Docs\n- docs one\n### Fixes\n- fix two\n", "fix two"),
        (
            "Hello there. All is new.\n\n- one\n",
            "Hello there. All is new.",
        ),
        ("- just a bullet (#12)\n- another\n", "just a bullet"),
        (
            "## What's Changed\n* feat: windows by @a in https://example.com/pull/1\n* fix: doors by @b in https://example.com/pull/2\n\n## New Contributors\n* @b made their first contribution in https://example.com/pull/2\n\n**Full Changelog**: https://example.com/compare/v1...v2\n",
            "windows",
        ),
        (
            "**Full Changelog**: https://example.com/compare/v1...v2\n\n* Doors by @b in https://example.com/pull/2\n",
            "Doors",
        ),
        (
            "**Features**\n\n- a window\n\n**Bug Fixes**\n\n- a door\n",
            "a window",
        ),
        (
            "- **Bug Fixes**\n  - a door\n- **Features**\n  - a window\n",
            "a window",
        ),
        (
            "Fixes:\n\n- a door\n\nNew features:\n\n- a window\n",
            "a window",
        ),
        (
            "### 修复\n- 修复门\n### 新增\n- 新增窗口 (#12)\n",
            "新增窗口",
        ),
        (
            "| Commit | Type | Description |\n| -- | -- | -- |\n| [a1b2c3d](https://example.com) | fix | the door closes by itself |\n",
            "the door closes by itself",
        ),
        (
            "![badge](https://example.com/badge.svg)\n\n- [Doors](https://example.com) **open** `now`\n",
            "Doors open now",
        ),
        (
            "<details><summary>Changes</summary>\n\n- a door\n\n</details>\n",
            "a door",
        ),
    ] {
        assert_eq!(extracted(notes).summary, summary, "{notes}");
    }
}

#[test]
fn the_newest_version_that_says_anything_gives_the_summary() {
    let sections = [
        section("**Full Changelog**: https://example.com/compare/v1...v2"),
        section("- newer"),
        section("### Features\n- older"),
    ];
    let extract = extract(&sections).expect("something");
    assert_eq!(extract.summary, "newer");
    assert_eq!(extract.nature, Nature::Features);
}

#[test]
fn notes_that_say_nothing_give_no_extract() {
    for notes in [
        "",
        " \n\t\n",
        "### Features\n",
        "<!-- nothing yet -->",
        "**Full Changelog**: https://example.com/compare/v1...v2",
        "```\ncode\n```\n",
        "\u{202e}\u{200b}",
    ] {
        assert_eq!(extract(&[section(notes)]), None, "{notes}");
    }
    assert_eq!(extract(&[]), None);
}

#[test]
fn breaking_changes_are_found_where_they_are_declared() {
    for (notes, breaking) in [
        (
            "### Breaking changes\n- one\n- two\n  - detail\n",
            vec!["one", "two"],
        ),
        (
            "### ⚠ BREAKING CHANGES\n\n* **api:** one\nmore of it\n",
            vec!["api: one more of it"],
        ),
        (
            "### Breaking\n\nThe config moved.\n",
            vec!["The config moved."],
        ),
        (
            "### Breaking\n#### Config\n- one\n### Fixes\n- two\n",
            vec!["one"],
        ),
        (
            "## 破坏性变更\n- 配置已移动\n## 修复\n- 门\n",
            vec!["配置已移动"],
        ),
        (
            "- feat(api)!: one (#1)\n- fix: two\n",
            vec!["feat(api)!: one"],
        ),
        (
            "- fix: one\n\n  BREAKING CHANGE: the config moved\n",
            vec!["BREAKING CHANGE: the config moved"],
        ),
        ("- **Breaking:** one\n", vec!["Breaking: one"]),
        ("- **Breaking:**\n  - one\n  - two\n", vec!["one", "two"]),
        ("**Breaking changes**\n\n- one\n", vec!["one"]),
        ("### Major Changes\n\n- a1b2c3d: one\n", vec!["one"]),
        (
            "### New Contributors\n- @a\n### Breaking\n- one\n",
            vec!["one"],
        ),
    ] {
        let extract = extracted(notes);
        assert_eq!(extract.breaking, breaking, "{notes}");
        assert_eq!(extract.nature, Nature::Breaking);
    }
}

#[test]
fn what_breaks_nothing_is_not_said_to() {
    for notes in [
        "### Breaking changes\n\nNone.\n\n### Fixes\n- one\n",
        "### 破坏性变更\n\n- 无\n\n### 修复\n- one\n",
        "### Non-breaking changes\n- one\n",
        "### Removed\n- the door\n",
        "- No breaking changes in this release\n- Fix line breaking\n- fix breaking the build\n",
        "### Line breaks\n- one\n",
    ] {
        let extract = extracted(notes);
        assert_eq!(extract.breaking, Vec::<String>::new(), "{notes}");
        assert_ne!(extract.nature, Nature::Breaking, "{notes}");
    }
}

#[test]
fn the_nature_is_no_better_than_the_worst_line() {
    for (notes, nature) in [
        (
            "### Fixes\n- one\n### Documentation\n- two\n### Security\n- three\n",
            Nature::Fixes,
        ),
        (
            "### Patch Changes\n- a1b2c3d: Fix it\n- Updated dependencies [a1b2c3d]\n",
            Nature::Fixes,
        ),
        (
            "- fix: one\n- chore(deps): two\n- docs: three\n",
            Nature::Fixes,
        ),
        ("- Fix a\n- 修复 b\n- Bump c from 1 to 2\n", Nature::Fixes),
        ("- Gateway: fix a\n", Nature::Fixes),
        (
            "### Fixes\n- one\n\nThis release also rewrites everything.\n\n### Changes\n- we now do b\n",
            Nature::Unclear,
        ),
        ("- fix: one\n- perf: two\n", Nature::Unclear),
        ("- something\n", Nature::Unclear),
        ("### Removed\n- one\n", Nature::Unclear),
        ("### Fixes\n- one\n### Added\n- two\n", Nature::Features),
        ("### Fixes\n- feat: one\n", Nature::Features),
        ("### Changes\n- Models: add one\n", Nature::Features),
        ("### 优化\n- 支持窗口\n", Nature::Features),
        ("### 优化\n- 更快\n", Nature::Unclear),
    ] {
        assert_eq!(extracted(notes).nature, nature, "{notes}");
    }
}

#[test]
fn what_was_not_read_may_say_anything() {
    let notes = format!("### Fixes\n- one\n{}", "- fix: two\n".repeat(60_000));
    assert_eq!(extracted(&notes).nature, Nature::Unclear);
}

#[test]
fn commits_stand_in_for_notes() {
    let commit =
        |subject: &str, body: &str| ("a1b2c3d".to_owned(), subject.to_owned(), body.to_owned());
    let commits = [
        commit("Merge pull request #1 from a/b", "feat: c"),
        commit("chore: tidy", ""),
        commit(
            "fix(api): close the door (#12)",
            "long\n\nBREAKING CHANGE: the handle is gone\nSigned-off-by: a",
        ),
        commit("feat: a window", ""),
    ];
    let extract = extract_commits(&commits).expect("something");
    assert_eq!(extract.summary, "a window");
    assert_eq!(extract.breaking, ["BREAKING CHANGE: the handle is gone"]);
    assert_eq!(extract.nature, Nature::Breaking);

    let fixes = extract_commits(&commits[1..2]).expect("something");
    assert_eq!(
        (fixes.summary.as_str(), fixes.nature),
        ("tidy", Nature::Fixes)
    );
    assert_eq!(extract_commits(&[]), None);
    assert_eq!(extract_commits(&commits[..1]), None);
    let plain = extract_commits(&[commit("Close the door", "This is fine.")]).expect("something");
    assert_eq!(plain.nature, Nature::Unclear);
    let bang = extract_commits(&[commit("feat(api)!: drop the door", "")]).expect("something");
    assert_eq!(bang.breaking, ["feat(api)!: drop the door"]);
}

#[test]
fn notes_are_kept_clean_and_short() {
    let long = section(&"a line\u{202e} of text\n".repeat(10_000));
    let kept = notes(&vec![long; 60]);
    assert_eq!(kept.len(), 50);
    for note in kept {
        assert!(note.text.len() <= 64 * 1024);
        assert!(note.text.ends_with('…'));
        assert!(!note.text.contains('\u{202e}'));
    }
    assert_eq!(notes(&[section("- a\n  - b\r\n")])[0].text, "- a\n  - b");
}
