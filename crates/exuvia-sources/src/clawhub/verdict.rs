//! The registry's security judgement. OpenClaw refuses to install a skill without it.

use std::collections::BTreeMap;

use exuvia_model::scan::Verdict;
use futures::stream::{self, StreamExt as _};
use serde::{Deserialize, Serialize};

use super::{ClawHub, checked};
use crate::SourceError;

/// Versions that are asked about in one request.
const BATCH: usize = 100;
const AT_ONCE: usize = 4;

/// A slug, or `@owner/slug`, and a version.
type Wanted = (String, String);

#[derive(Serialize)]
struct Question<'a> {
    items: Vec<QuestionItem<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct QuestionItem<'a> {
    slug: &'a str,
    version: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner_handle: Option<&'a str>,
}

#[derive(Serialize, Deserialize)]
struct Answer {
    items: Vec<AnswerItem>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct AnswerItem {
    requested_slug: String,
    requested_version: String,
    #[serde(default)]
    requested_owner_handle: Option<String>,
    #[serde(default)]
    ok: bool,
    #[serde(default)]
    decision: Option<String>,
    #[serde(default)]
    reasons: Vec<String>,
    #[serde(default)]
    security_audit_url: Option<String>,
    #[serde(default)]
    security: Option<Security>,
    #[serde(default)]
    error: Option<Refusal>,
}

#[derive(Serialize, Deserialize)]
struct Security {
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    passed: bool,
}

#[derive(Serialize, Deserialize)]
struct Refusal {
    #[serde(default)]
    message: Option<String>,
}

impl ClawHub {
    /// The registry's judgement on versions, each a slug (or `@owner/slug`, where two publishers
    /// have the same slug) with a version. Every one that was asked for has an answer; what could
    /// not be known is [`Verdict::Unknown`] with the reason.
    pub async fn verdicts(
        &self,
        wanted: &[(String, String)],
    ) -> BTreeMap<(String, String), Verdict> {
        stream::iter(wanted.chunks(BATCH))
            .map(|batch| self.batch(batch))
            .buffer_unordered(AT_ONCE)
            .fold(BTreeMap::new(), |mut all, batch| async {
                all.extend(batch);
                all
            })
            .await
    }

    async fn batch(&self, batch: &[Wanted]) -> Vec<(Wanted, Verdict)> {
        let answer = self.ask_for_verdicts(batch).await;
        let verdict = |wanted: &Wanted| match &answer {
            Ok(answer) => answer
                .items
                .iter()
                .find(|item| item.is_for(wanted))
                .map_or_else(
                    || unknown("the registry left it out of its answer"),
                    AnswerItem::verdict,
                ),
            Err(error) => unknown(&error.to_string()),
        };
        batch
            .iter()
            .map(|wanted| (wanted.clone(), verdict(wanted)))
            .collect()
    }

    async fn ask_for_verdicts(&self, batch: &[Wanted]) -> Result<Answer, SourceError> {
        let items = batch.iter().filter_map(item).collect();
        let json =
            serde_json::to_string(&Question { items }).map_err(|error| SourceError::Refused {
                what: "the question for verdicts".to_owned(),
                reason: error.to_string(),
            })?;
        let url = self.address(&["skills", "-", "security-verdicts"], &[])?;
        self.http
            .json(&Self::ask(url).posting(json), "clawhub-verdicts-1")
            .await
    }
}

/// One that is nobody's name is not asked about; one such must not cost the others their answer.
fn item((name, version): &Wanted) -> Option<QuestionItem<'_>> {
    let (owner_handle, slug) = parts(name);
    let is_asked = [Some(slug), Some(version.as_str()), owner_handle]
        .into_iter()
        .flatten()
        .all(|part| checked(part).is_ok());
    is_asked.then_some(QuestionItem {
        slug,
        version,
        owner_handle,
    })
}

fn parts(name: &str) -> (Option<&str>, &str) {
    match name.strip_prefix('@').and_then(|name| name.split_once('/')) {
        Some((owner, slug)) => (Some(owner), slug),
        None => (None, name),
    }
}

fn unknown(reason: &str) -> Verdict {
    Verdict::Unknown {
        reason: reason.to_owned(),
    }
}

impl AnswerItem {
    fn is_for(&self, (name, version): &Wanted) -> bool {
        let (owner, slug) = parts(name);
        self.requested_slug == slug
            && &self.requested_version == version
            && (self.requested_owner_handle.is_none()
                || self.requested_owner_handle.as_deref() == owner)
    }

    /// Passed only when every field says so; a version that was not scanned yet is unknown.
    fn verdict(&self) -> Verdict {
        let url = self.security_audit_url.clone();
        let security = self.security.as_ref();
        let is_pass = self.decision.as_deref() == Some("pass");
        if self.ok && is_pass && security.is_none_or(|security| security.passed) {
            return Verdict::Pass { url };
        }
        let status = security.and_then(|security| security.status.as_deref());
        match (status, &self.error) {
            (_, Some(refusal)) => {
                let words = refusal.message.as_deref().unwrap_or("no reason given");
                unknown(&format!("the registry does not judge it: {words}"))
            }
            (Some("pending"), _) => unknown("the registry has not scanned this version yet"),
            (None, _) if self.decision.is_none() => unknown("the registry gave no decision"),
            (status, _) => {
                let mut reasons = self.reasons.clone();
                if reasons.is_empty() {
                    reasons.push(status.unwrap_or("no reason given").to_owned());
                }
                Verdict::Fail { reasons, url }
            }
        }
    }
}
