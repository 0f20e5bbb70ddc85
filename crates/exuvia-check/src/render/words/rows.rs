//! Words for the rows of the risk table: why a candidate is as risky as it is.

use exuvia_model::risk::Row;

use super::{Lang, Phrase, both, with_datum};

/// Why a row applies, with what made it apply: a version, a host, a path. `detail` may be empty.
pub fn reason(row: Row, detail: &str, lang: Lang) -> String {
    with_datum(condition(row).say(lang), detail, lang)
}

fn condition(row: Row) -> Phrase {
    match row {
        Row::PatchOfFixes => both(
            "patch whose notes speak only of fixes",
            "补丁版本，说明中只有修复",
        ),
        Row::PatchUnclear => both(
            "patch whose notes do not say that it only fixes",
            "补丁版本，但说明未表明只有修复",
        ),
        Row::MinorStep => both("minor step", "次版本升级"),
        Row::NotesOfFeatures => both("the notes speak of features", "说明中提到新功能"),
        Row::NoVersions => both(
            "commits instead of versions, so the size of the step cannot be told",
            "只有提交而没有版本号，无法判断跨度",
        ),
        Row::MajorStep => both("major step", "主版本升级"),
        Row::NotesOfBreaking => both(
            "the notes speak of breaking changes",
            "说明中提到破坏性变更",
        ),
        Row::SchemeMoved => both("the way of counting versions moved", "版本编号方式变了"),
        Row::IsExtension => both(
            "an extension runs inside the gateway",
            "扩展在网关进程内运行",
        ),
        Row::MigratesDatabases => both("the databases will be migrated", "数据库将被迁移"),
        Row::DeprecatedByPublisher => both(
            "its publisher warns against this version",
            "发布者已弃用此版本",
        ),
        Row::EvidenceUnavailable => both("no source told what changed", "没有来源说明改了什么"),
        Row::NewExecutables => both(
            "new programs or install hooks (read the vetting first)",
            "新增可执行文件或安装钩子（请先看审查结果）",
        ),
        Row::SuspiciousContent => both("signs of an attack or of hiding", "有攻击或隐藏行为的迹象"),
        Row::VettingIncomplete => both("it could not be looked at as a whole", "未能完整审查"),
        Row::VerdictUnknown => both(
            "the registry gave no security verdict",
            "注册表没有给出安全结论",
        ),
        Row::SignatureUnknown => both("its signature could not be checked", "无法检查签名"),
        Row::NameConflict => both("another asset answers to the same name", "与另一项重名"),
        Row::SourceUntracked => both(
            "nothing trustworthy says where the installed one came from",
            "已安装的版本来源不可信或无记录",
        ),
        Row::Downgrade => both(
            "the offered version is below the installed one",
            "所提供的版本低于已安装的版本",
        ),
        Row::BadSignature => both(
            "not signed with any key that the registry publishes",
            "没有用注册表公布的密钥签名",
        ),
        Row::BadIntegrity => both(
            "the bytes are not those promised, or nothing promises any",
            "内容与承诺的摘要不符，或没有摘要可对照",
        ),
        Row::HostileArchive => both("the archive itself attacks", "压缩包本身带有攻击"),
        Row::PublisherChanged => both("somebody else publishes it now", "发布者换了人"),
        Row::VerdictFailed => both("the registry judges it unsafe", "注册表判定为不安全"),
        Row::NodeTooOld => both(
            "it needs another Node than the one that runs OpenClaw",
            "所需的 Node 版本与运行 OpenClaw 的不符",
        ),
        Row::KnownBad => both(
            "this version failed here before, or you blocked it",
            "此版本曾在这里升级失败，或已被你阻止",
        ),
        Row::KindNotUpgradable => both(
            "Exuvia does not replace assets of this kind",
            "Exuvia 不替换这一类资源",
        ),
    }
}

/// What would unblock a candidate that this row blocks; nothing for the rows that do not block.
pub fn unblock(row: Row) -> Option<Phrase> {
    Some(match row {
        Row::NameConflict => both(
            "rename or remove one of the two, then check again",
            "重命名或移除其中一个，然后重新检查",
        ),
        Row::SourceUntracked => both(
            "install it anew from its registry or repository, so that its origin is recorded",
            "从注册表或仓库重新安装，使其来源有记录",
        ),
        Row::Downgrade => both(
            "wait for a version above the installed one, or ask for another channel",
            "等待高于已安装版本的发布，或改用其他渠道",
        ),
        Row::BadSignature => both(
            "wait for a signed release; where the registry is a mirror, ask the original",
            "等待有签名的发布；若这是镜像，请改用原注册表",
        ),
        Row::BadIntegrity => both(
            "wait until the registry promises a digest and the bytes match it; clear no cache to get \
             around it",
            "等待注册表给出摘要且内容与之一致，不要设法绕过",
        ),
        Row::HostileArchive => both(
            "report it to the registry, and wait for another version",
            "向注册表举报，并等待其他版本",
        ),
        Row::PublisherChanged => both(
            "ask the former publisher whether the handover is real; if so, install it by hand once",
            "向原发布者核实移交是否属实；若属实，请手动安装一次",
        ),
        Row::VerdictFailed => both(
            "wait for a version that the registry judges safe",
            "等待注册表判定为安全的版本",
        ),
        Row::NodeTooOld => both(
            "give OpenClaw a Node of that range first, then check again",
            "先为 OpenClaw 换上符合范围的 Node，再重新检查",
        ),
        Row::KnownBad => both(
            "wait for the next version, or take it off the list with `exuvia unblock`",
            "等待下一个版本，或用 `exuvia unblock` 将其移出列表",
        ),
        Row::KindNotUpgradable => both(
            "update it where it comes from, then check again",
            "在其来源处更新，然后重新检查",
        ),
        Row::PatchOfFixes
        | Row::PatchUnclear
        | Row::MinorStep
        | Row::NotesOfFeatures
        | Row::NoVersions
        | Row::MajorStep
        | Row::NotesOfBreaking
        | Row::SchemeMoved
        | Row::IsExtension
        | Row::MigratesDatabases
        | Row::DeprecatedByPublisher
        | Row::EvidenceUnavailable
        | Row::NewExecutables
        | Row::SuspiciousContent
        | Row::VettingIncomplete
        | Row::VerdictUnknown
        | Row::SignatureUnknown => return None,
    })
}
