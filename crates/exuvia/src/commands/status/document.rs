//! A look as a document.

use serde_json::{Map, Value, json};

use super::Look;

/// The look as JSON; the vitals with it only when they are wanted.
pub(crate) fn document(look: &Look, vitals: bool) -> Value {
    let counts = look.counts().into_iter();
    let counts: Map<String, Value> = counts
        .map(|(one, count)| (key(one).to_owned(), json!(count)))
        .collect();
    let process = look.examination.process.as_ref();
    let mut document = json!({
        "install": look.install.id(),
        "stateDir": look.install.state_dir.to_string_lossy(),
        "address": look.address().map(|address| address.to_string()),
        "good": look.verdict.is_good(),
        "verdict": verdict(look),
        "version": {
            "running": look.running_version(),
            "installed": look.installed_version(),
        },
        "process": process.map(|process| json!({
            "pid": process.seen.id.pid,
            "ageSeconds": process.age.map(|age| age.as_secs()),
            "residentBytes": process.seen.resident,
            "stopped": process.seen.stopped,
        })),
        "startedAfterMs": look.started_after.map(|after| after.as_millis()),
        "supervisor": look.supervisor,
        "probes": look.examination.probed,
        "counts": counts,
    });
    if let (true, Some(fields)) = (vitals, document.as_object_mut()) {
        fields.insert("vitals".to_owned(), json!(look.vitals));
    }
    document
}

/// The verdict's name alone: what it rests on is in `probes`.
fn verdict(look: &Look) -> Value {
    let verdict = json!(look.verdict);
    verdict.get("verdict").cloned().unwrap_or_default()
}

fn key(one: &str) -> &'static str {
    match one {
        "plugin" => "plugins",
        "skill" => "skills",
        "cron job" => "cronJobs",
        "session" => "sessions",
        _ => "channels",
    }
}
