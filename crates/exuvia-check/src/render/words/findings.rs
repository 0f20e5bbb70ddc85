//! Words for what vetting found.

use exuvia_model::vetting::{Coverage, FindingKind};

use super::{Lang, Phrase, both, datum_of, plural};

/// The kind of a finding, as a heading.
pub fn finding(kind: FindingKind) -> Phrase {
    match kind {
        FindingKind::HostileArchive => both("Hostile archive", "恶意压缩包"),
        FindingKind::IntegrityMismatch => both("Bytes not as promised", "内容与摘要不符"),
        FindingKind::PublisherChanged => both("Another publisher", "发布者变更"),
        FindingKind::PromptInjection => both("Instructions aimed at an agent", "针对智能体的指令"),
        FindingKind::Obfuscation => both("Obfuscated code", "混淆代码"),
        FindingKind::InstallHook => both("Install hook", "安装钩子"),
        FindingKind::NewExecutable => both("New program", "新增可执行文件"),
        FindingKind::BinaryBlob => both("Binary blob", "二进制文件"),
        FindingKind::CredentialAccess => both("Reads credentials", "读取凭据"),
        FindingKind::ProcessSpawn => both("Starts programs", "启动其他程序"),
        FindingKind::NetworkEndpoint => both("New address", "新的网络地址"),
        FindingKind::EnvironmentAccess => both("Reads the environment", "读取环境变量"),
        FindingKind::ChangedExecutable => both("Changed program", "可执行文件有改动"),
        FindingKind::DependencyAdded => both("Dependency added", "新增依赖"),
        FindingKind::DependencyRemoved => both("Dependency removed", "移除依赖"),
        FindingKind::YoungRelease => both("Young release", "发布不足一周"),
        FindingKind::Deprecated => both("Deprecated", "已弃用"),
        FindingKind::NotSignedByRegistry => both("Not signed by this registry", "此注册表不签名"),
        FindingKind::NoAttestation => both("No build attestation", "没有构建证明"),
    }
}

/// So many findings of that kind: `2 new programs`.
pub fn counted(kind: FindingKind, n: usize, lang: Lang) -> String {
    let (one, many, zh) = nouns(kind);
    match lang {
        Lang::En => format!("{n} {}", plural(n, one, many)),
        Lang::ZhCn => format!("{n} {zh}"),
    }
}

/// One, many, and the Chinese with its measure word.
fn nouns(kind: FindingKind) -> (&'static str, &'static str, &'static str) {
    match kind {
        FindingKind::HostileArchive => (
            "attack by the archive",
            "attacks by the archive",
            "处压缩包攻击",
        ),
        FindingKind::IntegrityMismatch => (
            "integrity mismatch",
            "integrity mismatches",
            "处内容与摘要不符",
        ),
        FindingKind::PublisherChanged => ("publisher change", "publisher changes", "次发布者变更"),
        FindingKind::PromptInjection => (
            "instruction aimed at an agent",
            "instructions aimed at an agent",
            "处针对智能体的指令",
        ),
        FindingKind::Obfuscation => (
            "piece of obfuscated code",
            "pieces of obfuscated code",
            "处混淆代码",
        ),
        FindingKind::InstallHook => ("install hook", "install hooks", "个安装钩子"),
        FindingKind::NewExecutable => ("new program", "new programs", "个新增可执行文件"),
        FindingKind::BinaryBlob => ("binary blob", "binary blobs", "个二进制文件"),
        FindingKind::CredentialAccess => ("credential read", "credential reads", "处读取凭据"),
        FindingKind::ProcessSpawn => ("program launch", "program launches", "处启动程序"),
        FindingKind::NetworkEndpoint => ("new address", "new addresses", "个新网络地址"),
        FindingKind::EnvironmentAccess => {
            ("environment read", "environment reads", "处读取环境变量")
        }
        FindingKind::ChangedExecutable => (
            "changed program",
            "changed programs",
            "个有改动的可执行文件",
        ),
        FindingKind::DependencyAdded => ("dependency added", "dependencies added", "个新增依赖"),
        FindingKind::DependencyRemoved => {
            ("dependency removed", "dependencies removed", "个移除的依赖")
        }
        FindingKind::YoungRelease => ("young release", "young releases", "个不足一周的发布"),
        FindingKind::Deprecated => ("deprecation", "deprecations", "个弃用声明"),
        FindingKind::NotSignedByRegistry => (
            "missing registry signature",
            "missing registry signatures",
            "个缺少的注册表签名",
        ),
        FindingKind::NoAttestation => (
            "missing build attestation",
            "missing build attestations",
            "个缺少的构建证明",
        ),
    }
}

/// How much was looked at.
pub fn coverage(coverage: &Coverage, lang: Lang) -> String {
    let phrase = match coverage {
        Coverage::Full => both("every file was looked at", "已审查全部文件"),
        Coverage::Manifest => both(
            "dependencies and install hooks were looked at, not every file",
            "已审查依赖和安装钩子，未逐个审查文件",
        ),
        Coverage::Incomplete { reason } => {
            return match lang {
                Lang::En => format!("not everything could be looked at: {}", datum_of(reason)),
                Lang::ZhCn => format!("未能完整审查：{}", datum_of(reason)),
            };
        }
    };
    phrase.say(lang).to_owned()
}
