//! The program: as much of `openclaw` as a supervisor and a health gate run.
//!
//! `--version`, `gateway run`, `gateway call`, `gateway restart-handoff capabilities|consume`,
//! `config validate`, `plugins doctor|list`. It may be run as `openclaw ARGUMENTS`, or in Node's place as
//! `node …/openclaw.mjs ARGUMENTS`.

mod call;
mod checks;
mod handoff;
mod home;
mod lock;
mod run;

use std::path::Path;
use std::process::ExitCode;

use home::Home;

/// Does what the arguments of this process say.
pub fn main() -> ExitCode {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let script = arguments
        .first()
        .filter(|first| Path::new(first).extension().is_some_and(|ext| ext == "mjs"))
        .cloned();
    if script.is_some() {
        arguments.remove(0);
    }
    let home = Home::of_this_process(script.as_deref());
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["--version" | "-V"] if is_node() && script.is_none() => {
            println!("v24.16.0");
            ExitCode::SUCCESS
        }
        ["--version" | "-V", ..] => {
            println!("OpenClaw {} (standin)", home.version());
            ExitCode::SUCCESS
        }
        ["gateway", "run", options @ ..] => run::run(&home, options),
        ["gateway", "call", method, options @ ..] => {
            let config = home.config().unwrap_or_default();
            call::call(&home, run::port(&[], &config), method, options)
        }
        ["gateway", "restart-handoff", rest @ ..] => handoff::answer(&home, rest),
        ["config", "validate", ..] => checks::config(&home),
        ["plugins", "doctor", ..] => checks::plugins_doctor(&home),
        ["plugins", "list", ..] => checks::plugins_list(&home),
        _ => {
            eprintln!("error: unknown command '{}'", words.join(" "));
            ExitCode::FAILURE
        }
    }
}

fn is_node() -> bool {
    std::env::args()
        .next()
        .is_some_and(|name| name == "node" || name.ends_with("/node"))
}
