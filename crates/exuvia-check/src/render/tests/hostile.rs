//! Text from outside that would like to be more than text.

use comrak::nodes::NodeValue;
use exuvia_model::evidence::Nature;
use exuvia_model::scan::{PublisherChange, Verdict};
use exuvia_model::text::is_hidden;
use exuvia_model::vetting::{Coverage, FindingKind};
use exuvia_model::{AssetKind, Attempt, Evidence, Finding, Report};
use proptest::prelude::*;

use super::sample::{self, Piece, asset, build, clawhub, known, vetted};
use crate::render::{Lang, Style, html, markdown, terminal, terminal_detail};

const ATTACKS: [&str; 20] = [
    "[click](javascript:alert(1))",
    "![x](https://evil.example/pixel.png)",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "\n\n# Approved\n\n",
    "\n```\nout\n",
    "| a | b |\n|---|---|\n| 1 | 2 |",
    "https://evil.example/x www.evil.example me@evil.example ftp://e.example",
    "<https://evil.example>",
    "[ref]\n\n[ref]: https://evil.example",
    "&lt;b&gt; &#60;i&#62;",
    "\u{202e}gnp.exe \u{1b}]8;;https://evil.example\u{1b}\\x\u{1b}]8;;\u{1b}\\ \u{1b}[2J\u{7}",
    "'\"><svg onload=alert(1)>",
    "javascript:alert(1)",
    "data:text/html,<script>",
    "https://evil.example/\"onmouseover=\"x",
    "- [ ] task\n1. one\n===\n---\n> quote",
    "**bold** ~~gone~~ [^1]\n\n[^1]: note `code` $x$ :tada:",
    "{{ 7*7 }} {% include \"x\" %}",
    "``` `` ` \\` \\[x](y) \\\\[x](y)",
];

/// A report all of whose text comes from these.
fn report(texts: &[&str]) -> Report {
    let mut texts = texts.iter().copied().cycle();
    let mut next = || texts.next().unwrap_or_default();
    let mut pieces = Vec::new();
    for index in 0..3 {
        let name = format!("{}{index}", next());
        let mut asset = asset(AssetKind::SkillClawhub, &name, next());
        if index == 2 {
            asset.conflicts.push(exuvia_model::asset::Conflict {
                name: next().into(),
                other_path: next().into(),
                wins: true,
                rule: next().into(),
            });
        }
        let (summary, source) = (format!("s{}", next()), format!("s{}", next()));
        let evidence = if index == 0 {
            Evidence::unavailable(
                summary,
                vec![Attempt {
                    source: next().into(),
                    outcome: next().into(),
                }],
            )
        } else {
            known(
                &summary,
                Nature::Unclear,
                &[next(), next()],
                &source,
                &[(next(), next())],
            )
        };
        pieces.push(Piece {
            asset,
            latest: "9.9.9",
            age_days: 1,
            artifact: clawhub(
                next(),
                Verdict::Unknown {
                    reason: next().into(),
                },
                PublisherChange::Unknown,
            ),
            evidence,
            vetting: vetted(
                Coverage::Incomplete {
                    reason: next().into(),
                },
                vec![Finding::new(
                    FindingKind::PromptInjection,
                    next(),
                    next(),
                    Some(3),
                    next(),
                )],
            ),
        });
    }
    build(pieces, true)
}

/// The elements of a Markdown text as GitHub reads it.
#[derive(Debug, Default, PartialEq, Eq)]
struct Elements {
    headings: usize,
    strong: usize,
    emphasised: usize,
    links: Vec<String>,
    others: Vec<String>,
}

fn elements(text: &str) -> Elements {
    let mut options = comrak::Options::default();
    options.extension.autolink = true;
    options.extension.strikethrough = true;
    options.extension.table = true;
    options.extension.tasklist = true;
    options.extension.footnotes = true;
    let arena = comrak::Arena::new();
    let mut found = Elements::default();
    for node in comrak::parse_document(&arena, text, &options).descendants() {
        match &node.data().value {
            NodeValue::Heading(_) => found.headings += 1,
            NodeValue::Strong => found.strong += 1,
            NodeValue::Emph => found.emphasised += 1,
            NodeValue::Link(link) => found.links.push(link.url.clone()),
            NodeValue::Document
            | NodeValue::Text(_)
            | NodeValue::Paragraph
            | NodeValue::List(_)
            | NodeValue::Item(_)
            | NodeValue::Code(_)
            | NodeValue::SoftBreak => {}
            other => found.others.push(format!("{other:?}")),
        }
    }
    found
}

/// Headings of a Markdown report of three entries: our own, however the text reads.
fn expected_headings(report: &Report) -> usize {
    let document = report.document();
    let mut risks: Vec<_> = document
        .entries
        .iter()
        .map(|entry| entry.assessment.risk)
        .collect();
    risks.dedup();
    // Title, groups, entries; then up to date, unreachable, skipped, warnings and the answer.
    1 + risks.len() + document.entries.len() + 5
}

fn check(report: &Report) {
    for lang in Lang::ALL {
        let text = markdown(report, lang);
        let found = elements(&text);
        assert_eq!(found.headings, expected_headings(report), "{text}");
        assert_eq!(found.others, [""; 0], "{text}");
        for link in &found.links {
            let is_shown = text.contains(&format!("<{link}>"));
            assert!(link.starts_with("http") && is_shown, "{link}\n{text}");
        }
        let labels = text.lines().filter(|line| line.starts_with("- **")).count();
        assert_eq!((found.strong, found.emphasised), (labels + 1, 1), "{text}");
        shows_no_hidden(&text);

        let page = html(report, lang).unwrap();
        shows_no_hidden(&page);
        assert_only_our_tags(&page);

        let plain = terminal(report, lang, Style::default());
        shows_no_hidden(&plain);
        let style = Style {
            color: true,
            hyperlinks: true,
            ..Style::default()
        };
        assert_eq!(without_our_escapes(&terminal(report, lang, style)), plain);
        for entry in &report.document().entries {
            let detail = terminal_detail(report, entry, lang, style);
            shows_no_hidden(&without_our_escapes(&detail));
        }
    }
}

fn shows_no_hidden(text: &str) {
    let hidden = text.chars().find(|c| *c != '\n' && is_hidden(*c));
    assert_eq!(hidden, None, "{text:?}");
}

/// Takes away colours and links as we write them, and nothing else.
fn without_our_escapes(text: &str) -> String {
    let mut out = String::new();
    let mut parts = text.split('\x1b');
    out.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let rest = if let Some(color) = part.strip_prefix('[') {
            let (codes, rest) = color.split_once('m').unwrap();
            assert!(codes.bytes().all(|b| b.is_ascii_digit() || b == b';'));
            rest
        } else if let Some(link) = part.strip_prefix("]8;;") {
            assert!(link.is_empty() || link.starts_with("http"), "{link}");
            ""
        } else {
            part.strip_prefix('\\').unwrap()
        };
        out.push_str(rest);
    }
    out
}

/// Every tag is one that the template writes, with attributes that it writes.
fn assert_only_our_tags(page: &str) {
    let body = page.split_once("</style>").unwrap().1;
    for tag in body.split('<').skip(1) {
        let tag = tag.split_once('>').unwrap().0;
        let name = tag.trim_start_matches('/').split(' ').next().unwrap();
        assert!(OUR_TAGS.contains(&name), "<{tag}>");
        // What stands outside of the quotes.
        let attributes: String = tag.split('"').step_by(2).collect();
        for attribute in attributes.split(' ').skip(1).filter(|a| !a.is_empty()) {
            let known = [
                "class=",
                "href=",
                "id=",
                "rel=",
                "aria-hidden=",
                "aria-labelledby=",
            ];
            assert!(known.contains(&attribute), "<{tag}>");
        }
        if let Some((_, href)) = tag.split_once("href=\"") {
            assert!(href.starts_with('#') || href.starts_with("http"), "<{tag}>");
        }
    }
}

const OUR_TAGS: [&str; 28] = [
    "head", "body", "html", "header", "main", "footer", "section", "article", "h1", "h2", "h3",
    "h4", "p", "dl", "dt", "dd", "div", "ul", "li", "a", "bdi", "span", "strong", "code", "pre",
    "kbd", "details", "summary",
];

#[test]
fn no_attack_comes_through_in_any_format() {
    for start in 0..ATTACKS.len() {
        let mut texts = ATTACKS.to_vec();
        texts.rotate_left(start);
        check(&report(&texts));
    }
}

#[test]
fn the_sample_report_has_nothing_in_it_but_what_we_put_there() {
    let text = markdown(&sample::report(), Lang::En);
    let found = elements(&text);
    assert_eq!(found.others, [""; 0]);
    assert!(found.links.iter().all(|link| link.starts_with("https://")));
    assert_eq!(found.links.len(), 5);
    assert_only_our_tags(&html(&sample::report(), Lang::En).unwrap());
}

#[test]
fn a_page_of_html_asks_nobody_for_anything() {
    let page = html(&sample::report(), Lang::En).unwrap();
    assert!(page.contains("default-src 'none'; style-src 'unsafe-inline'"));
    for bad in [
        "<script", "<img", "<link", "<iframe", "@import", "url(", "src=",
    ] {
        assert!(!page.contains(bad), "{bad}");
    }
}

#[test]
fn a_name_of_many_lines_and_no_end_stays_in_its_line() {
    let name = "x\n\r\u{2028}".to_owned() + &"long ".repeat(100) + &"w".repeat(300);
    let text = terminal(&report(&[&name]), Lang::En, Style::default());
    for line in text.lines() {
        assert!(
            unicode_width::UnicodeWidthStr::width(line) <= 80,
            "{line:?}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_text_at_all_becomes_more_than_text(
        texts in prop::collection::vec("([\\[\\]()<>!#|`*_~@&:/.\\\\\\n -]|https?|www|[a-z0-9]|\u{202e}|\u{1b}|é|中){0,30}", 5..20)
    ) {
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        check(&report(&texts));
    }
}
