//! What a build of OpenClaw refuses to work on, in the words of 2026.9.5.

use std::process::ExitCode;

use serde_json::json;

use super::home::Home;
use crate::mini::{Flaw, Newer, Plan, State};

/// OpenClaw's code for a state that it cannot start with.
const BAD_STATE: u8 = 78;
/// `doctor`'s.
const NOT_CHECKED: u8 = 2;
const DOCS: &str = "See https://docs.openclaw.ai/reference/database-schemas.";

/// The end of a command that this build refuses to do here; none where it does it.
pub(super) fn of(home: &Home, words: &[&str]) -> Option<ExitCode> {
    let (plan, _) = home.mini()?;
    if matches!(words, ["--version" | "-V", ..]) {
        return None;
    }
    if plan.has(&Flaw::NeedsNewerNode) {
        eprintln!("openclaw: Node.js >=99.0.0 is required (current: v24.16.0).");
        return Some(ExitCode::FAILURE);
    }
    if let ["gateway", "run", ..] = words {
        return of_start(home, plan);
    }
    if matches!(
        words,
        ["config", "validate", ..] | ["gateway", "restart-handoff", ..]
    ) {
        return None;
    }
    let newer = State::of(&home.state_dir).newer(plan.schemas);
    let said = cannot_open(home, plan, newer.first()?);
    let error = json!({ "type": "cli_error", "message": said });
    println!("{}", json!({ "ok": false, "error": error }));
    eprintln!("[openclaw] The CLI command failed.\n[openclaw] Reason: {said}");
    let is_doctor = words.first() == Some(&"doctor");
    Some(if is_doctor {
        ExitCode::from(NOT_CHECKED)
    } else {
        ExitCode::FAILURE
    })
}

fn of_start(home: &Home, plan: &Plan) -> Option<ExitCode> {
    let touched = home.touched_by();
    let own = &plan.version;
    if let Some(touched) = touched.filter(|touched| numbers(touched) > numbers(own)) {
        eprintln!(
            "Your OpenClaw config was written by version {touched}, but this command is running \
             {own}.\nRefusing to run automatic gateway startup migrations because this OpenClaw \
             binary ({own}) is older than the config last written by OpenClaw {touched}."
        );
        return Some(ExitCode::FAILURE);
    }
    let newer = State::of(&home.state_dir).newer(plan.schemas);
    let one = newer.first()?;
    eprintln!(
        "[gateway] refused startup because {} OpenClaw database schema(s) are newer than this \
         build. {} database {} uses schema {}; this build supports {}. {DOCS}",
        newer.len(),
        one.kind,
        one.path.display(),
        one.schema,
        one.supported
    );
    Some(ExitCode::from(BAD_STATE))
}

fn cannot_open(home: &Home, plan: &Plan, newer: &Newer) -> String {
    let Newer {
        kind,
        path,
        schema,
        supported,
    } = newer;
    format!(
        "This OpenClaw build cannot open your existing data.\nOpenClaw {kind} database {} uses \
         newer schema version {schema}; this build supports {supported}.\nRefused by OpenClaw {} \
         (ec9c1a1) installed at {}.\nUse a build that supports schema {schema} or newer with this \
         state directory. To use an older build, restore your pre-update backup created with \
         openclaw backup create.\n{DOCS}",
        path.display(),
        plan.version,
        home.package().display()
    )
}

/// The numbers of a version, to be compared.
fn numbers(version: &str) -> Vec<u64> {
    version
        .split(['.', '-'])
        .map_while(|part| part.parse().ok())
        .collect()
}
