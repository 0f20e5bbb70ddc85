//! Every format, in both languages, as it comes out.

use exuvia_model::AssetClass;
use exuvia_model::AssetId;
use exuvia_model::report::{Blocked, Missing, Stage};

use super::sample;
use crate::render::{
    Lang, Style, all_up_to_date, blocked, html, json, markdown, terminal, terminal_detail,
};

fn plain(width: usize) -> Style {
    Style {
        width,
        ..Style::default()
    }
}

#[test]
fn the_terminal_report_in_english_at_80_columns() {
    insta::assert_snapshot!(terminal(&sample::report(), Lang::En, plain(80)));
}

#[test]
fn the_terminal_report_in_english_at_120_columns() {
    insta::assert_snapshot!(terminal(&sample::report(), Lang::En, plain(120)));
}

#[test]
fn the_terminal_report_in_chinese_at_80_columns() {
    insta::assert_snapshot!(terminal(&sample::report(), Lang::ZhCn, plain(80)));
}

#[test]
fn the_terminal_report_in_chinese_at_120_columns() {
    insta::assert_snapshot!(terminal(&sample::report(), Lang::ZhCn, plain(120)));
}

#[test]
fn the_terminal_report_in_colour_with_links() {
    let style = Style {
        color: true,
        hyperlinks: true,
        interactive: true,
        offset: jiff::tz::Offset::constant(8),
        ..plain(100)
    };
    let text = terminal(&sample::report(), Lang::En, style);
    insta::assert_snapshot!(text.replace('\x1b', "␛"));
}

#[test]
fn each_entry_in_detail() {
    let report = sample::report();
    for (lang, name) in [(Lang::En, "en"), (Lang::ZhCn, "zh")] {
        let all: String = report
            .document()
            .entries
            .iter()
            .map(|entry| terminal_detail(&report, entry, lang, plain(80)))
            .collect();
        insta::assert_snapshot!(format!("each_entry_in_detail_{name}"), all);
    }
}

#[test]
fn the_markdown_report() {
    insta::assert_snapshot!("markdown_en", markdown(&sample::report(), Lang::En));
    insta::assert_snapshot!("markdown_zh", markdown(&sample::report(), Lang::ZhCn));
}

#[test]
fn the_html_report() {
    insta::assert_snapshot!("html_en", html(&sample::report(), Lang::En).unwrap());
    insta::assert_snapshot!("html_zh", html(&sample::report(), Lang::ZhCn).unwrap());
}

#[test]
fn the_json_report() {
    insta::assert_snapshot!(json(&sample::report()));
}

#[test]
fn a_report_without_candidates() {
    for (reachable, name) in [(false, "quiet"), (true, "quiet_but_unreachable")] {
        let report = sample::quiet(reachable);
        for lang in Lang::ALL {
            let both = format!(
                "{}----\n{}----\n{}",
                all_up_to_date(&report, lang),
                terminal(&report, lang, plain(80)),
                markdown(&report, lang)
            );
            insta::assert_snapshot!(format!("{name}_{}", lang.tag()), both);
            assert!(html(&report, lang).is_ok());
        }
    }
}

#[test]
fn everything_that_is_missing_stands_in_one_line_after_the_token() {
    let asset = AssetId::new(AssetClass::Skill, "notes\n\u{202e}x");
    let all = Blocked {
        missing: vec![
            Missing::Document { stage: Stage::Scan },
            Missing::Unreadable {
                stage: Stage::Risk,
                reason: "line 1: \u{1b}[31mexpected `{`".into(),
            },
            Missing::Stale {
                stage: Stage::Scan,
                than: Stage::Inventory,
            },
            Missing::Unaccounted {
                asset: asset.clone(),
                times: 0,
            },
            Missing::Unaccounted {
                asset: asset.clone(),
                times: 2,
            },
            Missing::Evidence {
                asset: asset.clone(),
            },
            Missing::Source {
                asset: asset.clone(),
            },
            Missing::Vetting {
                asset: asset.clone(),
            },
            Missing::Risk { asset },
        ],
    };
    insta::assert_snapshot!(blocked(&all, Lang::En) + &blocked(&all, Lang::ZhCn));
}
