//! What a real gateway (2026.9.5, Linux) answered, recorded once: its secrets, digests and paths
//! replaced, long lists cut. A stand-in's answers are these with the living parts put in, so they
//! have the real one's shape.

use serde_json::Value;

const RECORDED: [(&str, &str); 17] = [
    ("challenge", include_str!("recorded/challenge.json")),
    ("connect", include_str!("recorded/connect.json")),
    ("health", include_str!("recorded/health.json")),
    ("status", include_str!("recorded/status.json")),
    ("system.info", include_str!("recorded/system.info.json")),
    ("config.get", include_str!("recorded/config.get.json")),
    ("update.status", include_str!("recorded/update.status.json")),
    ("plugins.list", include_str!("recorded/plugins.list.json")),
    ("skills.status", include_str!("recorded/skills.status.json")),
    (
        "channels.status",
        include_str!("recorded/channels.status.json"),
    ),
    ("sessions.list", include_str!("recorded/sessions.list.json")),
    ("cron.list", include_str!("recorded/cron.list.json")),
    ("cron.status", include_str!("recorded/cron.status.json")),
    ("chat.history", include_str!("recorded/chat.history.json")),
    (
        "gateway.restart.preflight",
        include_str!("recorded/gateway.restart.preflight.json"),
    ),
    ("readyz", include_str!("recorded/readyz.json")),
    ("startupz", include_str!("recorded/startupz.json")),
];

/// What the real one answered to a method, or on a page (`readyz`, `startupz`).
pub fn recorded(name: &str) -> Option<Value> {
    let (_, text) = RECORDED.iter().find(|(recorded, _)| *recorded == name)?;
    Some(serde_json::from_str(text).expect("a recorded answer"))
}
