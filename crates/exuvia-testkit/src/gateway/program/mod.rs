//! The program: as much of `openclaw` as a supervisor and a health gate run.
//!
//! `--version`, `gateway run`, `gateway call`, `gateway restart-handoff capabilities|consume`,
//! `config validate`, `plugins doctor|list|registry`; of a miniature ([`crate::mini`]) also `doctor`,
//! `status`, `sessions`, `cron list`, `skills list`, `update status`, `agent`. It may be run as
//! `openclaw ARGUMENTS`, or in Node's place as `node …/openclaw.mjs ARGUMENTS`; what else is asked of
//! that Node, the next one on the `PATH` does.

mod agent;
mod call;
mod checks;
mod doctor;
mod handoff;
mod home;
mod lists;
mod lock;
mod node;
mod refusal;
mod release;
mod run;

use std::process::ExitCode;

use home::Home;
pub(crate) use node::AS_NODE;
use node::Words;

/// Does what the arguments of this process say.
pub fn main() -> ExitCode {
    let Words { script, arguments } = match node::words(std::env::args()) {
        Ok(words) => words,
        Err(code) => return code,
    };
    // Node tells a module its real path.
    let real = script
        .as_deref()
        .and_then(|script| script.canonicalize().ok());
    let home = Home::of_this_process(real.or(script).as_deref());
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if let Some(code) = refusal::of(&home, &words) {
        return code;
    }
    match words.as_slice() {
        ["--version" | "-V", ..] => {
            println!("OpenClaw {} (standin)", home.version());
            ExitCode::SUCCESS
        }
        ["gateway", "run", options @ ..] => run::run(&home, options),
        ["gateway", "call", method, options @ ..] => call::call(&home, method, options),
        ["gateway", "restart-handoff", rest @ ..] => handoff::answer(&home, rest),
        ["config", "validate", ..] => checks::config(&home),
        ["plugins", "doctor", ..] => checks::plugins_doctor(&home),
        ["plugins", "list", ..] => checks::plugins_list(&home),
        ["plugins", "registry", "--refresh"] => checks::plugins_refresh(&home),
        ["cron", "list", ..] => call::call(&home, "cron.list", &[]),
        words => match home.mini() {
            Some((plan, content)) => lists::answer(&home, plan, content, words),
            None => None,
        }
        .unwrap_or_else(|| unknown(words)),
    }
}

fn unknown(words: &[&str]) -> ExitCode {
    eprintln!("error: unknown command '{}'", words.join(" "));
    ExitCode::FAILURE
}
