//! Words around one candidate.

use exuvia_model::Evidence;
use exuvia_model::evidence::EvidenceOutcome;
use jiff::Timestamp;

use super::{Lang, Phrase, age, both, datum_of, plural};

/// That no source told what changed; nothing when one did.
pub fn changelog_unavailable(evidence: &Evidence, lang: Lang) -> Option<String> {
    let EvidenceOutcome::Unavailable { reason } = &evidence.outcome else {
        return None;
    };
    let reason = datum_of(reason);
    Some(match lang {
        Lang::En => format!("changelog unavailable: {reason}"),
        Lang::ZhCn => format!("变更日志不可用：{reason}"),
    })
}

/// That the user changed files of it; 0 when it is known that, but not which.
pub fn local_edits(files: usize, lang: Lang) -> String {
    match (lang, files) {
        (Lang::En, 0) => "you changed something here".to_owned(),
        (Lang::En, n) => format!("you changed {n} {} here", plural(n, "file", "files")),
        (Lang::ZhCn, 0) => "你改动过这里的内容".to_owned(),
        (Lang::ZhCn, n) => format!("你改动过这里的 {n} 个文件"),
    }
}

/// What a migration of the databases means for the way back.
pub fn migration() -> Phrase {
    both(
        "Going back will need the data back too; Exuvia takes it along.",
        "回退时数据也要一并回退，Exuvia 会负责带回。",
    )
}

/// That it wants to be confirmed by its name.
pub fn must_confirm(name: &str, lang: Lang) -> String {
    let name = datum_of(name);
    match lang {
        Lang::En => format!("selecting it asks you to confirm by name: {name}"),
        Lang::ZhCn => format!("选择后须输入名称确认：{name}"),
    }
}

/// When the offered version was published, as seen from the report.
pub fn published(at: Timestamp, now: Timestamp, lang: Lang) -> String {
    let age = age(at, now, lang);
    match lang {
        Lang::En => format!("published {age}"),
        Lang::ZhCn => format!("{age}发布"),
    }
}

/// That there is more than is shown.
pub fn more(n: usize, lang: Lang) -> String {
    match lang {
        Lang::En => format!("and {n} more"),
        Lang::ZhCn => format!("另有 {n} 项"),
    }
}

/// That there is more than is shown, and how to see it.
pub fn more_in_detail(n: usize, number: u32, lang: Lang) -> String {
    let more = more(n, lang);
    match lang {
        Lang::En => format!("{more} (detail {number})"),
        Lang::ZhCn => format!("{more}（detail {number}）"),
    }
}
