//! The words themselves.

use exuvia_model::Risk;
use exuvia_model::risk::Row;
use exuvia_model::vetting::FindingKind;

use crate::render::{Lang, words};

const ROWS: [Row; 28] = [
    Row::PatchOfFixes,
    Row::PatchUnclear,
    Row::MinorStep,
    Row::NotesOfFeatures,
    Row::NoVersions,
    Row::MajorStep,
    Row::NotesOfBreaking,
    Row::SchemeMoved,
    Row::IsExtension,
    Row::MigratesDatabases,
    Row::DeprecatedByPublisher,
    Row::EvidenceUnavailable,
    Row::NewExecutables,
    Row::SuspiciousContent,
    Row::VettingIncomplete,
    Row::VerdictUnknown,
    Row::SignatureUnknown,
    Row::NameConflict,
    Row::SourceUntracked,
    Row::Downgrade,
    Row::BadSignature,
    Row::BadIntegrity,
    Row::HostileArchive,
    Row::PublisherChanged,
    Row::VerdictFailed,
    Row::NodeTooOld,
    Row::KnownBad,
    Row::KindNotUpgradable,
];

fn is_chinese(text: &str) -> bool {
    text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c))
}

#[test]
fn every_row_that_blocks_and_no_other_says_what_would_unblock_it() {
    for row in ROWS {
        let blocks = row.risk() == Risk::Blocked;
        assert_eq!(words::unblock(row).is_some(), blocks, "{row:?}");
    }
}

#[test]
fn every_phrase_is_chinese_in_chinese_and_not_in_english() {
    let mut pairs: Vec<(String, String)> = Vec::new();
    let mut add = |say: &dyn Fn(Lang) -> String| pairs.push((say(Lang::En), say(Lang::ZhCn)));
    for row in ROWS {
        add(&|lang| words::reason(row, "", lang));
        if let Some(way) = words::unblock(row) {
            add(&|lang| way.say(lang).to_owned());
        }
    }
    for kind in FindingKind::ALL {
        add(&|lang| words::finding(kind).say(lang).to_owned());
        add(&|lang| words::counted(kind, 2, lang));
    }
    for risk in Risk::ALL {
        add(&|lang| words::risk(risk).say(lang).to_owned());
        add(&|lang| words::risk_heading(risk).say(lang).to_owned());
        add(&|lang| words::advice(risk).say(lang).to_owned());
    }
    for (en, zh) in pairs {
        assert!(!is_chinese(&en) && !en.is_empty(), "{en}");
        assert!(is_chinese(&zh), "{en}: {zh}");
    }
}

#[test]
fn one_is_not_many() {
    let count = |n| words::counted(FindingKind::NewExecutable, n, Lang::En);
    assert_eq!(
        (count(1), count(2)),
        ("1 new program".into(), "2 new programs".into())
    );
    assert_eq!(words::local_edits(1, Lang::En), "you changed 1 file here");
    assert_eq!(words::local_edits(3, Lang::ZhCn), "你改动过这里的 3 个文件");
}
