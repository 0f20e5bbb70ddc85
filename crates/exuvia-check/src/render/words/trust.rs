//! Words for what vouches for a candidate.

use exuvia_model::scan::{AttestationState, PublisherChange, SignatureState, Verdict};

use super::{Lang, both, with_datum};

/// What the registry's signature is worth.
pub fn signature(state: &SignatureState, lang: Lang) -> String {
    let (phrase, datum) = match state {
        SignatureState::Verified { key_id } => (
            both("verified with the registry's key", "已用注册表密钥验证"),
            key_id.as_str(),
        ),
        SignatureState::NotSigned => (both("not signed by this registry", "此注册表不签名"), ""),
        SignatureState::Missing => (
            both(
                "missing, though the registry publishes keys",
                "缺失，而注册表公布了密钥",
            ),
            "",
        ),
        SignatureState::Bad { reason } => (both("bad", "错误"), reason.as_str()),
        SignatureState::Unknown { reason } => {
            (both("could not be checked", "无法检查"), reason.as_str())
        }
    };
    with_datum(phrase.say(lang), datum, lang)
}

/// What is known of how it was built, and where that can be read.
pub fn attestation(state: &AttestationState, lang: Lang) -> String {
    let (phrase, datum) = match state {
        AttestationState::Present { .. } => {
            (both("present, not verified here", "存在，此处未验证"), "")
        }
        AttestationState::Verified { .. } => (
            both(
                "verified: it names these very bytes",
                "已验证：所述正是这些内容",
            ),
            "",
        ),
        AttestationState::Bad { reason, .. } => (both("bad", "错误"), reason.as_str()),
        AttestationState::Absent => (both("absent", "没有"), ""),
        AttestationState::Unknown { reason } => {
            (both("could not be asked for", "无法查询"), reason.as_str())
        }
    };
    with_datum(phrase.say(lang), datum, lang)
}

/// Whether the publisher is the one it was installed from.
pub fn publisher(change: &PublisherChange, lang: Lang) -> String {
    match change {
        PublisherChange::Same { publisher } => {
            with_datum(both("as before", "未变").say(lang), publisher, lang)
        }
        PublisherChange::Changed { before, after } => with_datum(
            both("changed", "已变更").say(lang),
            &format!("{before} → {after}"),
            lang,
        ),
        PublisherChange::Unknown => both("the source does not tell", "来源没有说明")
            .say(lang)
            .to_owned(),
    }
}

/// The registry's own security judgement.
pub fn verdict(verdict: &Verdict, lang: Lang) -> String {
    let (phrase, datum) = match verdict {
        Verdict::Pass { .. } => (both("it may be installed", "可以安装"), String::new()),
        Verdict::Fail { reasons, .. } => (
            both("it must not be installed", "不得安装"),
            reasons.join("; "),
        ),
        Verdict::Unknown { reason } => (both("none given", "没有给出"), reason.clone()),
    };
    with_datum(phrase.say(lang), &datum, lang)
}
