//! Leaving a note in a session's transcript, once.
//!
//! `chat.inject` writes a message of the assistant and asks no model, but has no idempotency key.
//! Its label is written in front of the text, so a label that is used once is the key: the
//! transcript is searched for it first. (`sessions.send` and `agent` have a key, and make the model
//! answer; `wake` and `system-event` leave nothing in the transcript.)

use serde_json::{Value, json};

use super::answer::History;
use super::client::Client;
use super::error::GatewayError;

/// The longest label that `chat.inject` takes, in UTF-16 units as JavaScript counts.
const MAX_LABEL: usize = 100;
/// How far back a note is looked for.
const PAGE: u64 = 200;
const MAX_PAGES: u64 = 10;

/// A note for a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The session that is told.
    pub session_key: String,
    /// What this note is known by; used for no other one: `exuvia run_0123456789abcdef`.
    pub label: String,
    /// The text.
    pub text: String,
}

/// What became of a note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// It was written now; the id of the message.
    Written(Option<String>),
    /// It was there already.
    AlreadyThere,
}

impl Client {
    /// Writes a note unless it is there. After an error it is not known whether it was written:
    /// call again with the same label, when the gateway answers again.
    ///
    /// Two processes that do this at the same moment would both write; take a lock first.
    pub async fn deliver_note(&self, note: &Note) -> Result<Delivery, GatewayError> {
        let label = clipped(&note.label);
        if self.has_note(&note.session_key, label).await? {
            return Ok(Delivery::AlreadyThere);
        }
        let params = json!({
            "sessionKey": note.session_key,
            "message": note.text,
            "label": label,
        });
        let answer: Value = self.ask("chat.inject", params).await?;
        let id = answer.get("messageId").and_then(Value::as_str);
        Ok(Delivery::Written(id.map(str::to_owned)))
    }

    async fn has_note(&self, session_key: &str, label: &str) -> Result<bool, GatewayError> {
        let mark = format!("[{label}]");
        for page in 0..MAX_PAGES {
            let history = self.history(session_key, PAGE, page * PAGE).await?;
            if messages(&history)?.any(|text| text.trim_start().starts_with(&mark)) {
                return Ok(true);
            }
            if history.has_more != Some(true) {
                break;
            }
        }
        Ok(false)
    }
}

/// The texts of a page. A page without a list says nothing of what is there.
fn messages(history: &History) -> Result<impl Iterator<Item = String>, GatewayError> {
    let list = history
        .messages
        .as_ref()
        .ok_or_else(|| GatewayError::Unreadable {
            method: "chat.history".to_owned(),
            reason: "there are no messages in it".to_owned(),
        })?;
    Ok(list.iter().map(super::answer::HistoryMessage::text))
}

fn clipped(label: &str) -> &str {
    let mut units = 0;
    let end = label.char_indices().find(|(_, c)| {
        units += c.len_utf16();
        units > MAX_LABEL
    });
    end.and_then(|(at, _)| label.get(..at)).unwrap_or(label)
}

#[cfg(test)]
mod tests {
    use super::clipped;

    #[test]
    fn a_label_is_cut_where_the_gateway_would_refuse_it() {
        assert_eq!(clipped("exuvia run_1"), "exuvia run_1");
        assert_eq!(clipped(&"é".repeat(101)), "é".repeat(100));
        assert_eq!(clipped(&"🦞".repeat(60)), "🦞".repeat(50));
    }
}
