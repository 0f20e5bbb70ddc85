//! `doctor [--fix|--lint]`.

use std::process::ExitCode;

use serde_json::json;

use super::checks::hang_if_asked;
use super::home::Home;
use super::lock::Lock;
use super::release;
use crate::mini::Plan;

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
