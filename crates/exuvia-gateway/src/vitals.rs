//! Taking an install's vitals.
//!
//! What runs is asked of the running gateway; what cannot be asked is unknown, with the reason.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use exuvia_host::disk::Holder;
use exuvia_host::{Host, Links, read_limited};
use exuvia_model::restart::{ProcessIdentity, SessionKey};
use exuvia_model::vitals::{
    Channel, ConfigVitals, CronJob, Part, Plugin, PluginStatus, RunningGateway, Schedule, Session,
    Skill, Vitals,
};
use exuvia_model::{Digest, Revision};
use exuvia_openclaw::Install;
use exuvia_openclaw::config::Config;
use exuvia_openclaw::gateway::answer::{self, PluginEntry, SkillEntry};
use exuvia_openclaw::gateway::{Client, GatewayError, Target};
use exuvia_openclaw::liveness::{self, Liveness};
use jiff::Timestamp;
use serde_json::Value;

use crate::running::identity;

/// How long the gateway may take to let us in, and to answer one question.
const PATIENCE: Duration = Duration::from_secs(20);
/// Largest config file that is read.
const MAX_CONFIG: u64 = 16 * 1024 * 1024;

/// Takes the vitals of an install.
pub async fn take(host: &Arc<dyn Host>, install: &Install) -> Vitals {
    let now = host.now();
    let client = match Target::find(host, install) {
        Ok(target) => target.connect(PATIENCE).await,
        Err(error) => Err(error),
    };
    let mut vitals = match client {
        Ok(client) => of_gateway(&client.with_patience(PATIENCE), now).await,
        Err(error) => Vitals::unknown(now, &error.to_string()),
    };
    if let Part::Known(Some(gateway)) = &mut vitals.gateway {
        gateway.process = process(&**host, install);
    } else if liveness::look(&**host, install) == Liveness::Stopped {
        vitals.gateway = Part::Known(None);
    }
    vitals.config = config(&**host, install);
    vitals.agents = Part::Known(agents(&**host, install));
    vitals
}

/// The process that runs this install's gateway, as far as it can be told.
pub fn process(host: &dyn Host, install: &Install) -> Option<ProcessIdentity> {
    let Liveness::Running { pid, .. } = liveness::look(host, install) else {
        return None;
    };
    Holder::of(pid).map(|holder| identity(&holder))
}

async fn of_gateway(client: &Client, now: Timestamp) -> Vitals {
    let (plugins, skills, cron, sessions, channels) = tokio::join!(
        client.plugins(),
        client.skills(None),
        client.cron_jobs(),
        client.sessions(),
        client.channels(),
    );
    let version = client.hello().version().map(str::to_owned);
    let unnamed = "the gateway does not say its version";
    Vitals {
        gateway: version.map_or_else(
            || Part::unknown(unnamed),
            |version| {
                Part::Known(Some(RunningGateway {
                    version: Revision::from(version),
                    process: None,
                }))
            },
        ),
        plugins: part(plugins, |list| {
            let entries = list.plugins.ok_or("there is no list of plugins")?;
            Ok(entries.into_iter().filter_map(plugin).collect())
        }),
        skills: part(skills, |list| {
            let entries = list.skills.ok_or("there is no list of skills")?;
            Ok(entries.into_iter().filter_map(skill).collect())
        }),
        cron: part(cron, |jobs| Ok(jobs.into_iter().filter_map(job).collect())),
        sessions: part(sessions, |list| {
            Ok(list.into_iter().filter_map(session).collect())
        }),
        channels: part(channels, |list| channels_of(&list)),
        ..Vitals::unknown(now, "it was not looked at")
    }
}

fn part<A, T>(
    asked: Result<A, GatewayError>,
    read: impl FnOnce(A) -> Result<T, &'static str>,
) -> Part<T> {
    match asked {
        Ok(answer) => read(answer).map_or_else(Part::unknown, Part::Known),
        Err(error) => Part::unknown(&error.to_string()),
    }
}

/// One that is installed. The list also has what could be: every plugin that OpenClaw brings along.
fn plugin(entry: PluginEntry) -> Option<(String, Plugin)> {
    if entry.installed != Some(true) {
        return None;
    }
    let error = entry.runtime.and_then(|runtime| runtime.error);
    let status = match (entry.enabled, error) {
        (_, Some(error)) => PluginStatus::Error(error),
        (Some(false), None) => PluginStatus::Disabled,
        // Many are loaded only when they are needed; that is no failure.
        (Some(true), None) => PluginStatus::Loaded,
        (None, None) => PluginStatus::Unknown("it does not say whether it is enabled".to_owned()),
    };
    let version = entry.version.map(Revision::from);
    Some((entry.id?, Plugin { version, status }))
}

fn skill(entry: SkillEntry) -> Option<(String, Skill)> {
    let usable = entry.eligible == Some(true) && entry.disabled != Some(true);
    let version = None;
    Some((entry.name?, Skill { version, usable }))
}

fn job(job: answer::CronJob) -> Option<(String, CronJob)> {
    let id = job.id?;
    let schedule = job.schedule.as_ref().map_or(Schedule::Recurring, schedule);
    let name = job.name.unwrap_or_else(|| id.clone());
    let enabled = job.enabled.unwrap_or(true);
    Some((
        id,
        CronJob {
            name,
            enabled,
            schedule,
        },
    ))
}

/// `{kind: "at", at: "2026-…"}` runs once (`src/cron/types.ts`).
fn schedule(schedule: &serde_json::Map<String, Value>) -> Schedule {
    let text = |key: &str| schedule.get(key).and_then(Value::as_str);
    let at = text("at").and_then(|at| at.parse::<Timestamp>().ok());
    match (text("kind"), at) {
        (Some("at"), Some(at)) => Schedule::Once { at },
        _ => Schedule::Recurring,
    }
}

fn session(entry: answer::SessionEntry) -> Option<(SessionKey, Session)> {
    let key = entry.key?.try_into().ok()?;
    Some((
        key,
        Session {
            id: entry.session_id.unwrap_or_default(),
            entries: None,
            archived: entry.archived == Some(true),
        },
    ))
}

/// Every account of a channel counts: a channel is connected when all that are enabled are.
fn channels_of(list: &answer::ChannelList) -> Result<BTreeMap<String, Channel>, &'static str> {
    let accounts = list.channel_accounts.as_ref();
    let accounts = accounts.ok_or("there is no list of channels")?;
    Ok(accounts
        .iter()
        .map(|(name, accounts)| (name.clone(), channel(accounts)))
        .collect())
}

fn channel(accounts: &Value) -> Channel {
    let accounts = accounts.as_array().map_or(&[][..], Vec::as_slice);
    let is = |account: &Value, key: &str| account.get(key).and_then(Value::as_bool);
    let enabled: Vec<&Value> = accounts
        .iter()
        .filter(|account| is(account, "enabled") == Some(true))
        .filter(|account| is(account, "configured") != Some(false))
        .collect();
    let connected: Option<Vec<bool>> = enabled
        .iter()
        .map(|account| is(account, "connected").or_else(|| is(account, "running")))
        .collect();
    Channel {
        enabled: !enabled.is_empty(),
        connected: connected
            .filter(|each| !each.is_empty())
            .map(|each| each.into_iter().all(|connected| connected)),
    }
}

/// What there is to know of the config file.
pub fn config(host: &dyn Host, install: &Install) -> Part<ConfigVitals> {
    let path = &install.config_path;
    match read_limited(host, path, MAX_CONFIG, Links::Follow) {
        Ok(bytes) => Part::Known(ConfigVitals {
            digest: digest(&bytes),
            keys: Config::read(host, install).key_paths(),
        }),
        // Without one OpenClaw runs on its defaults.
        Err(error) if error.is_not_found() => Part::Known(ConfigVitals {
            digest: digest(b""),
            keys: BTreeSet::new(),
        }),
        Err(error) => Part::unknown(&error.to_string()),
    }
}

fn digest(content: &[u8]) -> Digest {
    Digest::blake3(blake3::hash(content).as_bytes())
}

fn agents(host: &dyn Host, install: &Install) -> BTreeSet<String> {
    Config::read(host, install)
        .agents(host, install)
        .into_iter()
        .map(|agent| agent.id)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vitals_hold_a_digest_of_the_config_and_none_of_its_secrets() {
        let secret = b"{ gateway: { auth: { token: 'hush' } } }";
        let text = digest(secret).to_string();
        assert_eq!(text.parse(), Ok(digest(secret)), "it reads back");
        assert!(!text.contains(&exuvia_model::digest::hex(b"hush")));
        assert_ne!(digest(secret), digest(b"{}"));
    }
}
