//! OpenClaw's own checks.

use std::time::Duration;

use exuvia_host::{Command, Host, Output, Temporary};
use exuvia_model::probe::{Answer, Builtin};
use exuvia_model::text;
use serde_json::Value;

use super::ground::Ground;
use super::plugins;
use super::words::{CONFIG, LOGS, PACKAGE, PLUGIN};
use super::{Examiner, patience};

/// How much of what a check prints is told, in lines.
const LINES: usize = 3;
const MAX_PRINTED: usize = 4 * 1024 * 1024;

/// Whether the next start will find a config that it takes: a gateway that runs does not notice.
pub(super) async fn config(examiner: &Examiner, ground: &Ground) -> Answer {
    let output = match ask(
        examiner,
        ground,
        &["config", "validate", "--json"],
        Builtin::Config,
    )
    .await
    {
        Ok(output) => output,
        Err(answer) => return answer,
    };
    if output.status.success() {
        return Answer::Pass;
    }
    match issues(&output) {
        Some(words) => Answer::fail(&format!("the configuration is invalid: {words}"), CONFIG),
        None => Answer::fail(&said("config validate", &output), LOGS),
    }
}

/// Whether every plugin can be loaded: the only check that sees one that throws at import.
pub(super) async fn plugins(examiner: &Examiner, ground: &Ground) -> Answer {
    let words = ["plugins", "doctor", "--json"];
    let output = match ask(examiner, ground, &words, Builtin::Plugins).await {
        Ok(output) => output,
        Err(answer) => return answer,
    };
    if output.status.success() {
        return Answer::Pass;
    }
    match plugins::findings(&String::from_utf8_lossy(&output.stdout)) {
        Some(findings) if findings.is_empty() => Answer::Pass,
        Some(findings) => Answer::fail(&findings.join("; "), PLUGIN),
        None => Answer::fail(&said("plugins doctor", &output), PLUGIN),
    }
}

async fn ask(
    examiner: &Examiner,
    ground: &Ground,
    words: &[&'static str],
    probe: Builtin,
) -> Result<Output, Answer> {
    if let Some(words) = ground.lost_words() {
        return Err(Answer::fail(&words, PACKAGE));
    }
    let command = examiner.install.openclaw(words.iter().copied());
    let command = command.map_err(|error| Answer::unknown(&error.to_string()))?;
    // A little less than the probe has, so that it is this that tells of it.
    let patience = patience(probe).saturating_sub(Duration::from_millis(500));
    let command = command
        .env("NO_COLOR", "1")
        .timeout(patience)
        .max_output(MAX_PRINTED);
    let host = examiner.host.clone();
    let ran = tokio::task::spawn_blocking(move || {
        let temporary = Temporary::new()?;
        host.run(&apart(&*host, command, &temporary))
    });
    let ran = ran.await;
    match ran {
        Ok(Ok(output)) => Ok(output),
        Ok(Err(error)) => Err(Answer::unknown(&error.to_string())),
        Err(error) => Err(Answer::unknown(&error.to_string())),
    }
}

/// A check that leaves nothing in the directory for temporary files: OpenClaw 2026.9.5 copies each
/// plugin from npm there to load it, 92 MB for that of Teams, and lets it lie. The compiled code that
/// it keeps is that of everybody.
fn apart(host: &dyn Host, check: Command, temporary: &Temporary) -> Command {
    const COMPILED: &str = "NODE_COMPILE_CACHE";
    let check = check.env("TMPDIR", temporary.path());
    match host.env(COMPILED) {
        Some(_) => check,
        None => check.env(COMPILED, temporary.beside().join("node-compile-cache")),
    }
}

/// `issues: [{path, message}]` of an invalid configuration.
fn issues(output: &Output) -> Option<String> {
    let document: Value = serde_json::from_slice(&output.stdout).ok()?;
    let issues = document.get("issues")?.as_array()?.iter();
    let words = issues.take(LINES).map(|issue| {
        let word = |key: &str| issue.get(key).and_then(Value::as_str).unwrap_or_default();
        format!("{}: {}", word("path"), word("message"))
    });
    let words: Vec<String> = words.collect();
    (!words.is_empty()).then(|| words.join("; "))
}

/// What a command says that failed: as JSON it is `{"ok": false, "error": {"type", "message"}}`.
fn said(words: &str, output: &Output) -> String {
    let document = serde_json::from_slice::<Value>(&output.stdout).ok();
    let message =
        document.and_then(|told| Some(told.pointer("/error/message")?.as_str()?.to_owned()));
    if let Some(message) = message {
        return format!("`openclaw {words}` says: {}", text::one_line(&message, 500));
    }
    let printed = [&output.stdout[..], &output.stderr[..]].concat();
    let printed = String::from_utf8_lossy(&printed);
    let lines: Vec<String> = printed
        .lines()
        .map(|line| text::one_line(line, 200))
        .filter(|line| !line.is_empty())
        .take(LINES)
        .collect();
    if lines.is_empty() {
        return format!("`openclaw {words}` failed and said nothing");
    }
    format!("`openclaw {words}` says: {}", lines.join(" · "))
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt as _;
    use std::process::ExitStatus;

    use super::*;

    fn printed(stdout: &str) -> Output {
        Output {
            status: ExitStatus::from_raw(1 << 8),
            stdout: stdout.as_bytes().to_vec(),
            stderr: Vec::new(),
        }
    }

    #[test]
    fn an_error_is_told_by_its_message() {
        let told = "{\n  \"ok\": false,\n  \"error\": {\n    \"type\": \"cli_error\",\n    \
                    \"message\": \"no room\\nfor it\"\n  }\n}";
        let words = said("plugins doctor", &printed(told));
        assert_eq!(words, "`openclaw plugins doctor` says: no room for it");
        let words = said("plugins doctor", &printed("{ \"ok\"\nbroken"));
        assert_eq!(words, "`openclaw plugins doctor` says: { \"ok\" · broken");
    }
}
