//! `exuvia inhibit`: nothing is upgraded for some time.

use std::process::ExitCode;

use anyhow::{Result, anyhow, bail};
use clap::Args;
use exuvia_check::Inhibitor;
use exuvia_model::journal::Operation;
use exuvia_model::policy::Term;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::lists::{Desk, tell};
use super::policy::parse_age;
use super::restart::actor;
use crate::exit::{Blocked, Usage};
use crate::output::Output;
use crate::render;
use crate::session::Machine;

const EXAMPLES: &str = "\
Examples:
  exuvia inhibit --reason \"the demo is today\"          for a day
  exuvia inhibit --for 90min
  exuvia inhibit --until 2026-12-01T18:00               by this machine's clock and zone
  exuvia inhibit --list
  exuvia inhibit --end                                  the one that there is
  exuvia inhibit --end run_0123456789abcdef

While one is in force no upgrade and no rehearsal begins, by a timer or by hand; going back is always
possible. It ends by itself, after 31 days at the latest. Programs can be asked, too: `inhibitors`
below `[upgrade]` in config.toml.
Exit codes: 0 done, 2 no such time, 3 there is none to end";

/// Keep everything as it is for some time
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct InhibitArgs {
    /// Why, for whoever is refused
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// For how long: 90min, 12h, 3d or 1w; a day by default
    #[arg(long = "for", value_name = "DURATION", value_parser = parse_age)]
    length: Option<SignedDuration>,
    /// Until when, such as 2026-12-01T18:00, or with a zone 2026-12-01T18:00:00Z
    #[arg(long, value_name = "TIME", value_parser = parse_time, conflicts_with = "length")]
    until: Option<Timestamp>,
    /// Tell what is in force
    #[arg(long, conflicts_with_all = ["reason", "length", "until", "end"])]
    list: bool,
    /// End one: that of this run, or the only one
    #[arg(long, value_name = "RUN", num_args = 0..=1, conflicts_with_all = ["reason", "length", "until"])]
    #[expect(
        clippy::option_option,
        reason = "that is how clap tells a flag without its value"
    )]
    end: Option<Option<String>>,
}

pub(crate) fn inhibit(machine: Machine, args: &InhibitArgs, output: &Output) -> Result<ExitCode> {
    let desk = Desk::open(machine)?;
    match &args.end {
        _ if args.list => list(&desk, output),
        Some(run) => end(&desk, run.as_deref(), output),
        None => begin(&desk, args, output),
    }
}

fn begin(desk: &Desk, args: &InhibitArgs, output: &Output) -> Result<ExitCode> {
    let host = &*desk.machine.host;
    let now = host.now();
    let until = match args.until {
        Some(until) => Ok(until),
        None => now.checked_add(args.length.unwrap_or(Term::USUAL)),
    };
    let until = until.map_err(|error| anyhow!(Usage(format!("there is no such time: {error}"))))?;
    let term = Term::new(now, until).map_err(|error| anyhow!(Usage(error.to_string())))?;
    let who = actor(host);
    let subject = format!("upgrades inhibited until {until}");
    let detail = json!({ "inhibit": term, "reason": args.reason });
    let (inhibitor, _) = desk.journaled(Operation::Inhibit, subject, detail, |run| {
        let inhibitor = Inhibitor::of_run(run.clone(), who, args.reason.clone(), term);
        desk.session.documents.add(inhibitor.clone())?;
        Ok(inhibitor)
    })?;
    if output.json() {
        output.document(&json!({ "run": inhibitor.run, "inhibitor": inhibitor }));
    } else {
        output.text(&format!(
            "Nothing is upgraded until {until}; `exuvia inhibit --end` ends that before."
        ));
    }
    Ok(ExitCode::SUCCESS)
}

fn list(desk: &Desk, output: &Output) -> Result<ExitCode> {
    let mut list = desk.session.documents.list::<Inhibitor>()?;
    let now = desk.machine.host.now();
    list.retain(|one| one.term.is_in_force(now));
    let parts = |one: &Inhibitor| {
        vec![
            Some(one.run.to_string()),
            Some(format!("by {}", one.who)),
            Some(format!("until {}", one.term.end())),
            one.reason.clone(),
        ]
    };
    tell(&list, "Nothing inhibits upgrades.", parts, output);
    Ok(ExitCode::SUCCESS)
}

fn end(desk: &Desk, asked: Option<&str>, output: &Output) -> Result<ExitCode> {
    let documents = &desk.session.documents;
    let list = documents.list::<Inhibitor>()?;
    let all: Vec<&Inhibitor> = list.in_force(desk.machine.host.now()).collect();
    let meant = |one: &&&Inhibitor| asked.is_none_or(|asked| one.run.as_str() == asked);
    let meant: Vec<&&Inhibitor> = all.iter().filter(meant).collect();
    let run = match meant.as_slice() {
        [one] => one.run.clone(),
        [] => bail!(Blocked(
            "there is none to end; `exuvia inhibit --list` tells what is in force; nothing was \
             changed"
                .to_owned()
        )),
        several => {
            let runs: Vec<&str> = several.iter().map(|one| one.run.as_str()).collect();
            bail!(Blocked(format!(
                "there are several; say which: {}; nothing was changed",
                runs.join(", ")
            )))
        }
    };
    let (subject, detail) = (format!("{run} ended"), json!({ "end": run }));
    let (ended, by) = desk.journaled(Operation::Inhibit, subject, detail, |_| {
        Ok(documents.take(|one: &Inhibitor| one.run == run)?)
    })?;
    if output.json() {
        output.document(&json!({ "run": by, "ended": ended }));
    } else {
        output.text(&format!("{} is over.", render::line(run.as_str())));
    }
    Ok(ExitCode::SUCCESS)
}

/// A time with its zone, or one by the machine's own.
fn parse_time(text: &str) -> Result<Timestamp, String> {
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(time);
    }
    let wrong = |error: jiff::Error| format!("{error}; give a time such as 2026-12-01T18:00");
    let time: DateTime = text.parse().map_err(wrong)?;
    let time = time.to_zoned(TimeZone::system()).map_err(wrong)?;
    Ok(time.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_their_zone_or_that_of_the_machine() {
        let time = parse_time("2026-12-01T18:00:00+01:00").unwrap();
        assert_eq!(time.to_string(), "2026-12-01T17:00:00Z");
        assert!(parse_time("2026-12-01T18:00").is_ok());
        assert!(parse_time("2026-12-01").is_ok());
        assert!(
            parse_time("tomorrow")
                .unwrap_err()
                .contains("2026-12-01T18:00")
        );
    }
}
