use exuvia_model::Version;

use super::super::*;

const KEEP_A_CHANGELOG: &str = "\
# Changelog

The format is based on [Keep a Changelog](https://keepachangelog.com/en/1.1.0/).

## [Unreleased]

### Added

- Something that nobody has yet.

## [1.2.0] - 2026-01-01

### Added

- A second window.

### Fixed

- The lock is released on exit.

## [1.1.1] - 2025-12-24 [YANKED]

### Security

- Tokens are no longer logged.

## 1.0.0 - 2025-11-01

### Removed

- The first window.

[Unreleased]: https://example.com/compare/v1.2.0...HEAD
[1.2.0]: https://example.com/compare/v1.1.1...v1.2.0
";

const CONVENTIONAL: &str = "\
# [2.0.0](https://example.com/compare/v1.9.1...v2.0.0) (2026-02-03)

### Bug Fixes

* **api:** close the socket ([#12](https://example.com/12)) ([a1b2c3d](https://example.com/a1b2c3d)), closes [#11](https://example.com/11)

### ⚠ BREAKING CHANGES

* **api:** the old socket is gone

## [1.9.1](https://example.com/compare/v1.9.0...v1.9.1) (2026-01-20)

### Bug Fixes

* keep the order

### [1.9.0](https://example.com/compare/v1.8.0...v1.9.0) (2026-01-10)

### Features

* ordering
";

const CHANGESETS: &str = "\
# @acme/pkg

## 3.0.0

### Major Changes

- [#12](https://example.com/12) [`a1b2c3d`](https://example.com/a1b2c3d) Thanks [@who](https://example.com/who)! - Drop the old config

### Patch Changes

- Updated dependencies [[`a1b2c3d`](https://example.com/a1b2c3d)]:
  - @acme/other@2.0.0

## 2.1.0

### Minor Changes

- b2c3d4e: Add a second config
";

const UNDERLINED: &str = "\
4.2.0 / 2026-01-02
==================

  * Fix the router
  * deps: send@1.2.3

4.1.0 / 2025-12-01
==================

  * Add a router
";

const OPENCLAW: &str = "\
# Changelog

## 2026.9.6

### Highlights

- Updates: complete upgrades after paths change. (#1, #2) Thanks @who.

### Fixes

- Gateway: keep the lock.

## 2026.9.5-beta.2

### Breaking

- Config: `a.b` is now `a.c`.
";

fn versions(markdown: &str) -> Vec<String> {
    sections(markdown)
        .into_iter()
        .map(|section| section.version)
        .collect()
}

fn version(text: &str) -> Version {
    text.parse().expect("a version")
}

#[test]
fn the_usual_shapes_are_cut_at_their_versions() {
    for (markdown, expected) in [
        (KEEP_A_CHANGELOG, vec!["1.2.0", "1.1.1", "1.0.0"]),
        (CONVENTIONAL, vec!["2.0.0", "1.9.1", "1.9.0"]),
        (CHANGESETS, vec!["3.0.0", "2.1.0"]),
        (UNDERLINED, vec!["4.2.0", "4.1.0"]),
        (OPENCLAW, vec!["2026.9.6", "2026.9.5-beta.2"]),
        ("## Version 1.2.3\n\na\n", vec!["1.2.3"]),
        ("v1.2.3\n------\n\n- a\n", vec!["1.2.3"]),
        ("## v1.2.3-rc.1+build.5\n- a\n", vec!["1.2.3-rc.1+build.5"]),
        ("##1.2.3\n- a\n", vec!["1.2.3"]),
        ("## 🎉 1.2.3 🎉\n- a\n", vec!["1.2.3"]),
        ("## :tada: `1.2.3`\n- a\n", vec!["1.2.3"]),
        (
            "<a name=\"1.2.3\"></a>\n## <a name=\"x\"></a>[1.2.3](https://example.com/1.0.0...1.2.3) \"name\" (2026-01-01)\n- a\n",
            vec!["1.2.3"],
        ),
        (
            "## 2026-01-09, Version 21.5.1 (Current), @who\n- a\n",
            vec!["21.5.1"],
        ),
        ("## January 5, 2026 - 1.2.3\n- a\n", vec!["1.2.3"]),
        ("## 2023.01.06\n- a\n", vec!["2023.01.06"]),
        ("<h2>1.2.3</h2>\n\n- a\n", vec!["1.2.3"]),
        (
            "**1.2.3** (2026-01-01)\n\n- a\n\n**1.2.2**\n\n- b\n",
            vec!["1.2.3", "1.2.2"],
        ),
        (
            "1.2.3 / 2026-01-01\n\n- a\n\nVersion 1.2.2\n\n- b\n",
            vec!["1.2.3", "1.2.2"],
        ),
        ("- 1.2.3: a\n- **1.2.2**: b\n", vec!["1.2.3", "1.2.2"]),
        (
            "| Version | Change |\n| -- | -- |\n| 1.2.3 | a |\n| 1.2.2 | b |\n",
            vec!["1.2.3", "1.2.2"],
        ),
        (
            "#### Koffi 1.2.3\n\n*Released on 2026-09-04*\n\n- a\n",
            vec!["1.2.3"],
        ),
        (
            "* **`1.2.3`**\n    * a\n\n* **`1.2.2`**\n    * b\n",
            vec!["1.2.3", "1.2.2"],
        ),
        ("## @acme/pkg@1.2.3\n- a\n", vec!["1.2.3"]),
        ("## openclaw 2026.9.6\n- a\n", vec!["2026.9.6"]),
        ("## 版本 1.2.3（2026年1月1日）\n- a\n", vec!["1.2.3"]),
        ("## 1.2.0 - Now with windows\n- a\n", vec!["1.2.0"]),
    ] {
        assert_eq!(versions(markdown), expected, "{markdown}");
    }
}

#[test]
fn what_only_mentions_a_version_is_no_heading() {
    for markdown in [
        "## 1.2.0\n\n### Support Node 24.0.0\n\n- a\n\n### Migrating from 1.0.0 to 1.2.0\n\n- b\n",
        "## 1.2.0\n\n```sh\n## 1.1.0\n```\n\n~~~\n# 1.0.0\n~~~\n",
        "## 1.2.0\n\n- a\n\n  ```sh\n  # 1.1.0\n  ```\n\n- b\n",
        "## 1.2.0\n\n    # 1.1.0\n",
        "<!--\n## 1.3.0\n-->\n## 1.2.0\n- a\n",
        "## 1.2.0\n\n- Requires 1.1.0 or newer.\n- 1.0.0: no longer supported\n",
        "## 1.2.0\n\n## Upgrade to 2.0.0\n\ntext\n",
    ] {
        assert_eq!(versions(markdown), ["1.2.0"], "{markdown}");
    }
    assert_eq!(versions("- one\n- two\n"), Vec::<String>::new());
}

#[test]
fn an_unclosed_fence_in_a_list_hides_nothing_behind_the_list() {
    let markdown = "## 1.2.0\n\n- a\n  ```\n  code\n\n## 1.1.0\n\n- b\n";
    assert_eq!(versions(markdown), ["1.2.0", "1.1.0"]);
}

#[test]
fn windows_line_ends_and_a_byte_order_mark_change_nothing() {
    for markdown in [
        KEEP_A_CHANGELOG,
        CONVENTIONAL,
        CHANGESETS,
        UNDERLINED,
        OPENCLAW,
    ] {
        let windows = format!("\u{feff}{}", markdown.replace('\n', "\r\n"));
        assert_eq!(versions(&windows), versions(markdown));
        assert_eq!(extract(&sections(&windows)), extract(&sections(markdown)));
    }
}

#[test]
fn dates_are_kept_as_they_stand() {
    let dates = |markdown| {
        sections(markdown)
            .into_iter()
            .map(|section| section.date)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        dates(KEEP_A_CHANGELOG),
        [Some("2026-01-01"), Some("2025-12-24"), Some("2025-11-01")]
            .map(|date| date.map(str::to_owned))
    );
    assert_eq!(dates("## 2023.01.06\n- a\n"), [None]);
    assert_eq!(
        dates("## 1.2.3 (5 January 2026)\n- a\n"),
        [Some("5 January 2026".to_owned())]
    );
}

#[test]
fn a_range_leaves_out_what_is_installed_and_begins_with_the_newest() {
    let names = |markdown: &str, from: &str, to: &str| {
        range(markdown, &version(from), &version(to))
            .into_iter()
            .map(|section| section.version)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        names(KEEP_A_CHANGELOG, "1.0.0", "1.2.0"),
        ["1.2.0", "1.1.1"]
    );
    assert_eq!(
        names(KEEP_A_CHANGELOG, "1.2.0", "1.3.0"),
        Vec::<String>::new()
    );
    assert_eq!(
        names(OPENCLAW, "2026.9.5-beta.1", "2026.9.6"),
        ["2026.9.6", "2026.9.5-beta.2"]
    );
    assert_eq!(names(OPENCLAW, "2026.9.5", "2026.9.6"), ["2026.9.6"]);
    let oldest_first = "## 1.0\n- a\n## 1.1\n- b\n## 1.2\n- c\n";
    assert_eq!(names(oldest_first, "1.0.0", "1.2.0"), ["1.2", "1.1"]);
}

#[test]
fn each_shape_says_what_it_says() {
    use exuvia_model::evidence::Nature::{Breaking, Features};
    let of = |markdown| extract(&sections(markdown)).expect("something");
    assert_eq!(of(KEEP_A_CHANGELOG).summary, "A second window.");
    assert_eq!(of(KEEP_A_CHANGELOG).nature, Features);
    let conventional = of(CONVENTIONAL);
    assert_eq!(conventional.summary, "api: the old socket is gone");
    assert_eq!(conventional.breaking, ["api: the old socket is gone"]);
    assert_eq!(conventional.nature, Breaking);
    let changesets = of(CHANGESETS);
    assert_eq!(changesets.summary, "Drop the old config");
    assert_eq!(changesets.breaking, ["Drop the old config"]);
    let openclaw = of(OPENCLAW);
    assert_eq!(
        openclaw.summary,
        "Updates: complete upgrades after paths change."
    );
    assert_eq!(openclaw.breaking, ["Config: a.b is now a.c."]);
    let table = "| Version | Change |\n| -- | -- |\n| 1.2.3 | Close the door |\n";
    assert_eq!(of(table).summary, "Close the door");
    assert_eq!(
        of("* **`1.2.3`**\n    * Close the door\n").summary,
        "Close the door"
    );
    assert_eq!(of(UNDERLINED).summary, "Fix the router");
    assert_eq!(of(UNDERLINED).nature, Features);
}
