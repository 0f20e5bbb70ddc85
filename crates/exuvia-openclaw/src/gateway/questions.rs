//! Questions that change nothing.

use serde_json::{Value, json};

use super::answer::{
    ChannelList, ConfigState, CronJob, CronList, Health, History, PluginList, Process,
    SessionEntry, SessionList, SkillList, Status, UpdateStatus,
};
use super::client::Client;
use super::error::GatewayError;

/// The most that `cron.list` gives at once.
const CRON_PAGE: u64 = 200;
const SESSION_PAGE: u64 = 500;
/// Where a list that says it has ever more is given up.
const MAX_PAGES: usize = 200;

impl Client {
    /// `health`.
    pub async fn health(&self) -> Result<Health, GatewayError> {
        self.ask("health", json!({})).await
    }

    /// `status`.
    pub async fn status(&self) -> Result<Status, GatewayError> {
        self.ask("status", json!({})).await
    }

    /// `system.info`: the process that answers.
    pub async fn process(&self) -> Result<Process, GatewayError> {
        self.ask("system.info", json!({})).await
    }

    /// `config.get`: whether the config file is taken, and what digest it has.
    pub async fn config_state(&self) -> Result<ConfigState, GatewayError> {
        self.ask("config.get", json!({})).await
    }

    /// `update.status`.
    pub async fn update_status(&self) -> Result<UpdateStatus, GatewayError> {
        self.ask("update.status", json!({})).await
    }

    /// `plugins.list`.
    pub async fn plugins(&self) -> Result<PluginList, GatewayError> {
        self.ask("plugins.list", json!({})).await
    }

    /// `skills.status` of one agent, the default one where none is named.
    pub async fn skills(&self, agent: Option<&str>) -> Result<SkillList, GatewayError> {
        let params = agent.map_or_else(|| json!({}), |agent| json!({ "agentId": agent }));
        self.ask("skills.status", params).await
    }

    /// `channels.status`.
    pub async fn channels(&self) -> Result<ChannelList, GatewayError> {
        self.ask("channels.status", json!({})).await
    }

    /// Every session, archived ones among them (`sessions.list`, page by page). Empty means that the
    /// gateway said so; an answer without a list is an error.
    pub async fn sessions(&self) -> Result<Vec<SessionEntry>, GatewayError> {
        let mut all = Vec::new();
        let mut offset = 0;
        for _ in 0..MAX_PAGES {
            let params = json!({
                "limit": SESSION_PAGE,
                "offset": offset,
                "includeGlobal": true,
                "includeUnknown": true,
                "archived": "all",
            });
            let page: SessionList = self.ask("sessions.list", params).await?;
            all.extend(page.sessions.ok_or_else(|| no_list("sessions.list"))?);
            match next(page.has_more, page.next_offset, offset) {
                Some(next) => offset = next,
                None => return Ok(all),
            }
        }
        Err(endless("sessions.list"))
    }

    /// Every cron job, those switched off among them (`cron.list`, page by page).
    pub async fn cron_jobs(&self) -> Result<Vec<CronJob>, GatewayError> {
        let mut all = Vec::new();
        let mut offset = 0;
        for _ in 0..MAX_PAGES {
            let params = json!({
                "limit": CRON_PAGE,
                "offset": offset,
                "includeDisabled": true,
                "includeDeliveryPreviews": false,
            });
            let page: CronList = self.ask("cron.list", params).await?;
            all.extend(page.jobs.ok_or_else(|| no_list("cron.list"))?);
            match next(page.has_more, page.next_offset, offset) {
                Some(next) => offset = next,
                None => return Ok(all),
            }
        }
        Err(endless("cron.list"))
    }

    /// `chat.history`: at most `limit` messages before the `offset` newest ones.
    pub async fn history(
        &self,
        session_key: &str,
        limit: u64,
        offset: u64,
    ) -> Result<History, GatewayError> {
        let params = json!({ "sessionKey": session_key, "limit": limit, "offset": offset });
        self.ask("chat.history", params).await
    }

    /// The session that the default agent talks in (`snapshot.sessionDefaults` of the hello).
    pub fn main_session(&self) -> Option<&str> {
        let defaults = self.hello().rest.get("snapshot")?.get("sessionDefaults")?;
        defaults.get("mainSessionKey").and_then(Value::as_str)
    }
}

/// Where the next page begins, if there is one.
fn next(has_more: Option<bool>, next: Option<u64>, offset: u64) -> Option<u64> {
    next.filter(|next| has_more == Some(true) && *next > offset)
}

fn no_list(method: &str) -> GatewayError {
    GatewayError::Unreadable {
        method: method.to_owned(),
        reason: "there is no list in it".to_owned(),
    }
}

fn endless(method: &str) -> GatewayError {
    GatewayError::Unreadable {
        method: method.to_owned(),
        reason: format!("it has more than {MAX_PAGES} pages"),
    }
}
