//! Commands that look at an install.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use serde_json::{Value, json};

use super::home::Home;
use crate::gateway::recorded;
use crate::mini::{Flaw, State, refresh_index};

/// How often a check that hangs looks whether it still has to.
const GLANCE: Duration = Duration::from_millis(20);

pub(super) fn config(home: &Home) -> ExitCode {
    let path = home.config_path.display().to_string();
    match home.config() {
        Ok(_) => {
            println!("{}", json!({ "valid": true, "path": path, "warnings": [] }));
            ExitCode::SUCCESS
        }
        Err(words) => {
            let error = json!({ "type": "cli_error", "message": "OpenClaw config is invalid" });
            let issues = [json!({ "path": "<root>", "message": words })];
            let answer = json!({ "ok": false, "error": error, "valid": false, "path": path,
                "issues": issues });
            println!("{answer}");
            ExitCode::FAILURE
        }
    }
}

pub(super) fn plugins_doctor(home: &Home) -> ExitCode {
    leave_copies();
    hang_if_asked(home, "plugins doctor");
    let mut problems = home.behaviour().plugin_problems;
    problems.extend(lost_plugins(home));
    if let Some((plan, content)) = home.mini() {
        problems.extend(content.broken_plugins());
        if plan.has(&Flaw::PluginsThrow) {
            let own = content.own_plugins().into_iter();
            problems.extend(own.map(|id| format!("{id}: Error: boom at import")));
        }
    }
    if problems.is_empty() {
        println!(
            "Plugin discovery, module loading, compatibility, and configuration checks passed."
        );
        return ExitCode::SUCCESS;
    }
    println!("Plugin errors:");
    for problem in problems {
        println!("- {problem}");
    }
    ExitCode::FAILURE
}

/// What `plugins.load.paths` names and is not there.
fn lost_plugins(home: &Home) -> Vec<String> {
    let config = home.config().unwrap_or_default();
    let paths = config["plugins"]["load"]["paths"].as_array();
    let paths = paths.into_iter().flatten().filter_map(Value::as_str);
    let lost = paths.filter(|path| !Path::new(path).exists());
    lost.map(|path| format!("plugins.load.paths: plugin path not found: {path}"))
        .collect()
}

/// Comes to no end before the script says so.
pub(super) fn hang_if_asked(home: &Home, command: &str) {
    while home.behaviour().hanging.iter().any(|one| one == command) {
        std::thread::sleep(GLANCE);
    }
}

/// 2026.9.5 copies plugins to the directory for temporary files, loads them from there, and leaves
/// them.
fn leave_copies() {
    let name = format!("openclaw-plugin-build-{}", std::process::id());
    let copy = std::env::temp_dir().join(name).join("package-0");
    // Where there is no room for it the check goes on.
    let _ = std::fs::create_dir_all(&copy)
        .and_then(|()| std::fs::write(copy.join("index.js"), "export {};\n"));
}

pub(super) fn plugins_list(home: &Home) -> ExitCode {
    let listed = home.behaviour().plugins;
    let listed = listed.or_else(|| home.mini().map(|(_, content)| content.plugins()));
    let listed = listed.unwrap_or_else(|| {
        let recorded = recorded("plugins.list").unwrap_or_default();
        recorded["plugins"].as_array().cloned().unwrap_or_default()
    });
    let plugins: Vec<Value> = listed
        .into_iter()
        .map(|plugin| {
            json!({ "id": plugin["id"], "name": plugin["name"], "version": plugin["version"],
                "origin": plugin["origin"], "enabled": plugin["enabled"],
                "status": if plugin["enabled"] == true { "loaded" } else { "disabled" } })
        })
        .collect();
    println!("{}", json!({ "plugins": plugins, "diagnostics": [] }));
    ExitCode::SUCCESS
}

/// `plugins registry --refresh`.
pub(super) fn plugins_refresh(home: &Home) -> ExitCode {
    refresh_index(&State::of(&home.state_dir));
    println!("Plugin registry refreshed.");
    ExitCode::SUCCESS
}
