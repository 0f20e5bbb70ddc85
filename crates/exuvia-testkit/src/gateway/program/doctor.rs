//! `doctor [--fix|--lint]`.

use std::process::{Command, ExitCode};

use serde_json::json;

use super::checks::hang_if_asked;
use super::home::Home;
use super::lock::Lock;
use super::release;
use crate::mini::Plan;

/// Set where `openclaw` was started by `openclaw` (`openclaw.mjs`, 2026.9.5).
const STARTED_AGAIN: &str = "OPENCLAW_PACKAGED_COMPILE_CACHE_RESPAWNED";

pub(super) fn doctor(home: &Home, plan: &Plan, options: &[&str]) -> ExitCode {
    if options.contains(&"--lint") {
        println!(
            "{}",
            json!({ "schemaVersion": 1, "ok": true, "checksRun": 35,
            "checksSkipped": 30, "findings": [] })
        );
        return ExitCode::SUCCESS;
    }
    if !options.contains(&"--fix") {
        println!("Doctor complete.");
        return ExitCode::SUCCESS;
    }
    if std::env::var_os(STARTED_AGAIN).is_none() {
        return start_again();
    }
    let Some(_alone) = Lock::try_take(home) else {
        eprintln!("doctor failed: agent-database-lease-active");
        return ExitCode::FAILURE;
    };
    match release::take_over(home, plan) {
        Ok(()) => {
            hang_if_asked(home, "doctor --fix");
            println!("Doctor complete.");
            ExitCode::SUCCESS
        }
        Err(words) => {
            eprintln!("doctor failed: {words}");
            ExitCode::FAILURE
        }
    }
}

/// What does the work is a child of its own, as in the real one; it goes on where whoever asked for
/// it dies and takes this process along.
fn start_again() -> ExitCode {
    let own = std::env::current_exe().expect("a program has a file");
    let again = Command::new(own)
        .args(std::env::args_os().skip(1))
        .env(STARTED_AGAIN, "1")
        .status();
    match again {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}
