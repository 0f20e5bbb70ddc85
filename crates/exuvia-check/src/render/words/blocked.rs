//! Words for what keeps a report from being made.

use exuvia_model::report::Missing;

use super::{Lang, datum_of};

/// One thing that is missing, and the command that makes it anew.
pub fn missing(missing: &Missing, lang: Lang) -> String {
    match lang {
        Lang::En => datum_of(&missing.to_string()),
        Lang::ZhCn => chinese(missing),
    }
}

fn chinese(missing: &Missing) -> String {
    match missing {
        Missing::Document { stage } => {
            format!("缺少 {}（请运行 `{}`）", stage.file_name(), stage.command())
        }
        Missing::Unreadable { stage, reason } => format!(
            "无法读取 {}：{}（请运行 `{}`）",
            stage.file_name(),
            datum_of(reason),
            stage.command()
        ),
        Missing::Stale { stage, than } => format!(
            "{} 早于 {}（请运行 `{}`）",
            stage.file_name(),
            than.file_name(),
            stage.command()
        ),
        Missing::Unaccounted { asset, times: 0 } => {
            format!("缺少 {} 的扫描结果", datum_of(asset.as_str()))
        }
        Missing::Unaccounted { asset, times } => format!(
            "{} 的扫描结果应只有一个（现有 {times} 个）",
            datum_of(asset.as_str())
        ),
        Missing::Evidence { asset } => format!("缺少 {} 的变更证据", datum_of(asset.as_str())),
        Missing::Source { asset } => {
            format!("缺少 {} 的变更证据来源", datum_of(asset.as_str()))
        }
        Missing::Vetting { asset } => format!("缺少 {} 的审查结果", datum_of(asset.as_str())),
        Missing::Risk { asset } => format!("缺少 {} 的风险等级", datum_of(asset.as_str())),
    }
}
