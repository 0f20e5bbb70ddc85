//! Commands that look at an install.

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
    while home.behaviour().plugins_doctor_hangs {
        std::thread::sleep(GLANCE);
    }
    let mut problems = home.behaviour().plugin_problems;
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
