//! Words for the report as a whole.

use super::{Lang, Phrase, both, duration, plural};

/// A label or heading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Label {
    /// The principle.
    Motto,
    /// The state directory.
    Install,
    /// The version of OpenClaw itself.
    OpenClaw,
    /// The release channel.
    Channel,
    /// When the check was done.
    Checked,
    /// The report's id.
    Report,
    /// When it expires.
    Expires,
    /// The age of answers from the cache.
    Cache,
    /// What changed, in one line.
    Summary,
    /// Where that is known from.
    Source,
    /// Sources that did not tell.
    Tried,
    /// Why the risk is what it is.
    Risk,
    /// What vetting found.
    Found,
    /// What is said to break.
    Breaking,
    /// What would unblock it.
    Unblock,
    /// Something to know besides.
    Note,
    /// All reasons.
    Reasons,
    /// All findings.
    Findings,
    /// The lines on what is said to break.
    BreakingChanges,
    /// Sources that were asked.
    Sources,
    /// Release notes.
    Notes,
    /// What vouches for it.
    Trust,
    /// The registry's signature.
    Signature,
    /// The attestation of the build.
    Attestation,
    /// Who publishes it.
    Publisher,
    /// The registry's judgement.
    Verdict,
    /// How much was vetted.
    Vetted,
    /// The digest of the bytes that a selection approves.
    Artifact,
    /// Where to read more.
    ReadMore,
    /// Assets at the newest version.
    UpToDate,
    /// Assets whose source did not answer.
    Unreachable,
    /// Assets that there is nothing to look for.
    Skipped,
    /// What could not be read.
    Warnings,
    /// How to answer.
    Answer,
    /// How to answer from a script.
    Command,
}

impl Label {
    /// The words.
    pub fn say(self, lang: Lang) -> &'static str {
        self.phrase().say(lang)
    }

    fn phrase(self) -> Phrase {
        match self {
            Self::Motto => both("Rather no update than a broken one.", "宁可不升,不可升坏。"),
            Self::Install => both("install", "安装"),
            Self::OpenClaw => both("OpenClaw", "OpenClaw"),
            Self::Channel => both("channel", "渠道"),
            Self::Checked => both("checked", "检查于"),
            Self::Report => both("report", "报告"),
            Self::Expires => both("expires", "失效于"),
            Self::Cache => both("offline", "离线"),
            Self::Summary => both("summary", "摘要"),
            Self::Source => both("source", "来源"),
            Self::Tried => both("tried", "已尝试"),
            Self::Risk => both("risk", "风险"),
            Self::Found => both("found", "发现"),
            Self::Breaking => both("breaking", "破坏性"),
            Self::Unblock => both("unblock", "解除"),
            Self::Note => both("note", "注意"),
            Self::Reasons => both("Why this risk", "风险理由"),
            Self::Findings => both("What vetting found", "审查发现"),
            Self::BreakingChanges => both("What is said to break", "破坏性变更"),
            Self::Sources => both("Who was asked", "查询过的来源"),
            Self::Notes => both("Release notes", "发布说明"),
            Self::Trust => both("What vouches for it", "可信依据"),
            Self::Signature => both("signature", "签名"),
            Self::Attestation => both("attestation", "构建证明"),
            Self::Publisher => both("publisher", "发布者"),
            Self::Verdict => both("verdict", "安全结论"),
            Self::Vetted => both("vetted", "审查"),
            Self::Artifact => both("artifact", "制品摘要"),
            Self::ReadMore => both("Read more", "延伸阅读"),
            Self::UpToDate => both("Up to date", "已是最新"),
            Self::Unreachable => both("Unreachable", "未能查询"),
            Self::Skipped => both("Skipped", "已跳过"),
            Self::Warnings => both("Worth knowing", "值得注意"),
            Self::Answer => both("Your answer", "请回复"),
            Self::Command => both("from a script", "在脚本中"),
        }
    }
}

/// A reply that the user may give.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// What to type.
    pub typed: String,
    /// What it means.
    pub meaning: &'static str,
}

/// The replies to a report; `example` is a choice that may be made, such as `1 2`, and is empty
/// when every entry is blocked.
pub fn replies(example: &str, lang: Lang) -> Vec<Reply> {
    let reply = |typed: &str, meaning: Phrase| Reply {
        typed: typed.to_owned(),
        meaning: meaning.say(lang),
    };
    let choose = (!example.is_empty()).then(|| {
        [
            reply(
                example,
                both(
                    "choose these; they are upgraded one after the other",
                    "选择这些项；将依次升级",
                ),
            ),
            reply(
                "all",
                both("every one that is not blocked", "升级所有未被阻止的项"),
            ),
        ]
    });
    choose
        .into_iter()
        .flatten()
        .chain([
            reply("skip", both("none, this time", "这次都不升级")),
            reply(
                "detail N",
                both("tell more of that one", "查看该项的全部内容"),
            ),
        ])
        .collect()
}

/// The title of the report.
pub fn title() -> Phrase {
    both("OpenClaw update report", "OpenClaw 更新报告")
}

/// So many candidates.
pub fn updates(n: usize, lang: Lang) -> String {
    match lang {
        Lang::En => format!("{n} {}", plural(n, "update", "updates")),
        Lang::ZhCn => format!("{n} 项更新"),
    }
}

/// So many of a list: `3 skipped`.
pub fn tally(list: Label, n: usize, lang: Lang) -> Option<String> {
    let (en, zh) = match list {
        Label::UpToDate => ("up to date", "已是最新"),
        Label::Unreachable => ("unreachable", "未能查询"),
        Label::Skipped => ("skipped", "已跳过"),
        _ => return None,
    };
    Some(match lang {
        Lang::En => format!("{n} {en}"),
        Lang::ZhCn => format!("{n} 项{zh}"),
    })
}

/// The version of OpenClaw and what it stands on, of what is known.
pub fn openclaw(version: Option<&str>, manager: &str, node: Option<&str>, lang: Lang) -> String {
    let unknown = both("version unknown", "版本未知").say(lang);
    let mut text = format!("{} · {manager}", version.unwrap_or(unknown));
    if let Some(node) = node {
        text.push_str(" · Node ");
        text.push_str(node);
    }
    text
}

/// For how long the report can be decided from.
pub fn expires_in(seconds: u64, lang: Lang) -> String {
    let duration = duration(seconds, lang);
    match lang {
        Lang::En => format!("This report expires after {duration}; then run exuvia check again."),
        Lang::ZhCn => format!("本报告在 {duration}后失效，届时请重新运行 exuvia check。"),
    }
}

/// How old the answers from the cache are.
pub fn cached(seconds: u64, lang: Lang) -> String {
    let duration = duration(seconds, lang);
    match lang {
        Lang::En => format!("answers from the cache, up to {duration} old"),
        Lang::ZhCn => format!("使用缓存的答复，最旧的已有 {duration}"),
    }
}

/// Every asset that has a source is at its newest version.
pub fn all_up_to_date(n: usize, lang: Lang) -> String {
    match lang {
        Lang::En => format!("All up to date ({n} checked)."),
        Lang::ZhCn => format!("全部已是最新（已检查 {n} 项）。"),
    }
}

/// No update is known, but not every source answered.
pub fn nothing_to_update(unreachable: usize, lang: Lang) -> String {
    match lang {
        Lang::En => format!("No update found, but {unreachable} could not be reached:"),
        Lang::ZhCn => format!("没有发现更新，但有 {unreachable} 项未能查询："),
    }
}
