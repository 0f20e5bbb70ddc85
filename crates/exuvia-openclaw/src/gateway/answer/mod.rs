//! What a gateway answers, typed.
//!
//! Every field is optional: one that is missing, or of another type than expected, is *unknown*,
//! never a default. What is not named here is kept in `rest`. Shapes were seen on OpenClaw 2026.9.5
//! and 2026.9.6.

mod assets;
mod health;
mod hello;
mod history;
mod restart;
mod sessions;
mod suspension;
mod turn;
mod update;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

pub use assets::{
    ChannelList, CronJob, CronList, PluginEntry, PluginList, PluginRuntime, SkillEntry, SkillList,
};
pub use health::{ConfigState, Health, LoadedPlugins, Process, Status};
pub use hello::{Features, Hello, Policy, Server};
pub use history::{History, HistoryMessage};
pub use restart::{RestartAnswer, RestartReadiness};
pub use sessions::{SessionEntry, SessionList};
pub use suspension::{Blocker, Resumed, SuspensionState};
pub use turn::{Reply, TurnBegun, TurnEnd};
pub use update::{AvailableUpdate, UpdateStatus};

/// The value of a field when it is of the expected type; unknown otherwise.
pub(in crate::gateway) fn known<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    let value = Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(value).ok())
}

/// Declares an answer: each field optional, whatever else there is kept.
macro_rules! answer {
    (
        $(#[$about:meta])*
        pub struct $name:ident {
            $($(#[$field_about:meta])* $field:ident: $kind:ty,)*
        }
    ) => {
        $(#[$about])*
        #[derive(Debug, Clone, Default, PartialEq, serde::Deserialize, serde::Serialize)]
        #[serde(default, rename_all = "camelCase")]
        pub struct $name {
            $(
                $(#[$field_about])*
                #[serde(
                    deserialize_with = "crate::gateway::answer::known",
                    skip_serializing_if = "Option::is_none"
                )]
                pub $field: Option<$kind>,
            )*
            /// What else it said.
            #[serde(flatten)]
            pub rest: serde_json::Map<String, serde_json::Value>,
        }
    };
}
pub(in crate::gateway) use answer;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read<T: DeserializeOwned>(value: Value) -> T {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn a_missing_field_is_unknown_and_an_unknown_one_is_kept() {
        let health: Health = read(json!({ "newer": [1] }));
        assert_eq!((health.ok, health.plugins), (None, None));
        assert_eq!(health.rest["newer"], json!([1]));
    }

    #[test]
    fn a_field_of_another_type_is_unknown_and_takes_no_other_along() {
        let health: Health = read(json!({ "ok": "yes", "ts": 5 }));
        assert_eq!((health.ok, health.ts), (None, Some(5)));
        let list: SessionList = read(json!({ "sessions": { "a": 1 }, "count": 1 }));
        assert_eq!((list.sessions, list.count), (None, Some(1)));
    }

    #[test]
    fn no_sentinel_and_no_word_of_a_sentinel_are_two_things() {
        let told: UpdateStatus = read(json!({ "sentinel": null }));
        assert_eq!(told.sentinel, Some(Value::Null));
        let untold: UpdateStatus = read(json!({}));
        assert_eq!(untold.sentinel, None);
    }

    #[test]
    fn what_was_read_is_written_back_with_all_that_was_there() {
        let value = json!({ "id": "a", "enabled": true, "novel": { "x": 1 } });
        let job: CronJob = read(value.clone());
        assert_eq!(serde_json::to_value(job).unwrap(), value);
    }

    #[test]
    fn an_answer_that_is_no_object_is_an_error() {
        assert!(serde_json::from_value::<Health>(json!([])).is_err());
        assert!(serde_json::from_value::<Health>(json!("ok")).is_err());
    }
}
