//! Words for how risky something is.

use exuvia_model::Risk;

use super::{Phrase, both};

/// The risk in a word.
pub fn risk(risk: Risk) -> Phrase {
    match risk {
        Risk::Low => both("low", "低"),
        Risk::Medium => both("medium", "中"),
        Risk::High => both("high", "高"),
        Risk::Unknown => both("unknown", "未知"),
        Risk::Blocked => both("blocked", "已阻止"),
    }
}

/// The heading over the candidates of that risk.
pub fn risk_heading(risk: Risk) -> Phrase {
    match risk {
        Risk::Low => both("Low risk", "低风险"),
        Risk::Medium => both("Medium risk", "中风险"),
        Risk::High => both("High risk", "高风险"),
        Risk::Unknown => both("Unknown risk", "风险未知"),
        Risk::Blocked => both("Blocked", "已阻止"),
    }
}

/// What the user should do with candidates of that risk.
pub fn advice(risk: Risk) -> Phrase {
    match risk {
        Risk::Low => both("recommended", "建议升级"),
        Risk::Medium => both(
            "suggested: read what changes first",
            "可以升级：请先看变更内容",
        ),
        Risk::High => both(
            "may break something: select it, then confirm it by name",
            "可能破坏现有用法：选择后还须按名称确认",
        ),
        Risk::Unknown => both(
            "review it by hand (detail N), then confirm it by name",
            "请先人工查看（detail N），再按名称确认",
        ),
        Risk::Blocked => both(
            "cannot be upgraded; each says what would unblock it",
            "不可升级；每一项都写明了如何解除",
        ),
    }
}
