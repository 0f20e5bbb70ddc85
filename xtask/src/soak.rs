//! What takes hours: upgrades that are killed over and over, as in the test suite and many more
//! times, and the tests on the real OpenClaw that are too long for it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result};
use clap::Args;
use exuvia_testkit::sandbox::Sandbox;

use crate::run::cargo;
use crate::workspace;

/// After so many runs that failed it is known that something is broken.
const FAILURES: usize = 5;
/// What a line of the log says of a run that failed, in the place of a phase's run.
const FAILED: &str = "FAILED";

#[derive(Args)]
pub(crate) struct Arguments {
    /// Kills on the miniature
    #[arg(long, default_value_t = 1000)]
    mini: usize,
    /// Kills on the real OpenClaw
    #[arg(long, default_value_t = 40)]
    real: usize,
    /// The long tests, too: every upgrade and way back, every bad release, partial isolation
    #[arg(long)]
    long: bool,
}

/// The long tests, by program and name.
const LONG: [(&str, &str); 6] = [
    (
        "upgrade_real",
        "every_upgrade_can_be_gone_back_from_with_everything_as_it_was",
    ),
    (
        "upgrade_bad_real",
        "none_that_does_not_run_reaches_the_live_install",
    ),
    (
        "upgrade_bad_real",
        "none_that_harms_the_state_reaches_the_live_install",
    ),
    (
        "upgrade_bad_real",
        "none_that_is_not_what_it_says_reaches_the_live_install",
    ),
    (
        "upgrade_bad_real",
        "none_that_reaches_for_more_than_its_own_reaches_the_live_install",
    ),
    ("rehearse_partial", "the_real_openclaw_is_rehearsed_in_part"),
];

/// One of the tests that kill.
struct Course {
    name: &'static str,
    binary: &'static str,
    test: &'static str,
    /// How many kills in one world: each upgrade of the real one leaves 600 MB that can be gone back
    /// to.
    at_once: usize,
}

const MINI: Course = Course {
    name: "mini",
    binary: "upgrade",
    test: "a_kill_at_any_moment_leaves_a_working_install",
    at_once: 50,
};
const REAL: Course = Course {
    name: "real",
    binary: "upgrade_real",
    test: "a_kill_at_any_moment_leaves_a_working_openclaw",
    at_once: 4,
};

/// A line of the log, as the tests write it.
struct Kill<'l> {
    world: &'l str,
    kind: &'l str,
    phase: &'l str,
    healed: &'l str,
    seconds: f64,
}

/// What came of the kills in one phase.
#[derive(Default)]
struct Row {
    kills: usize,
    healed: BTreeMap<String, usize>,
    total: f64,
    longest: f64,
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let log = workspace::target().join("soak.log");
    eprintln!(
        "each kill is a line of {}; stopped and started again, it goes on from there",
        log.display()
    );
    let exuvia = workspace::build_exuvia()?;
    let sandbox = workspace::target().join("demo");
    if arguments.real > 0 || arguments.long {
        Sandbox::prepare(&sandbox)?;
    }
    for (course, wanted) in [(MINI, arguments.mini), (REAL, arguments.real)] {
        loop {
            let text = read(&log)?;
            let done = kills(&text).filter(|kill| kill.world == course.name);
            let (failed, killed): (Vec<_>, Vec<_>) = done.partition(|kill| kill.kind == FAILED);
            if killed.len() >= wanted || failed.len() >= FAILURES {
                break;
            }
            let next = course.at_once.min(wanted - killed.len());
            strike(&course, next, &log, &exuvia, &sandbox)?;
        }
    }
    let text = read(&log)?;
    println!("{}", summary(&text));
    let mut failed = kills(&text).any(|kill| kill.kind == FAILED);
    for (binary, test) in arguments.long.then_some(LONG).into_iter().flatten() {
        eprintln!("→ {test}");
        let status = test_command(binary, test, &exuvia, &sandbox)
            .arg("--ignored")
            .status();
        failed |= !status.context("cannot run the tests")?.success();
    }
    Ok(if failed {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

/// One run of a test; what it printed is kept where it failed.
fn strike(course: &Course, kills: usize, log: &Path, exuvia: &Path, sandbox: &Path) -> Result<()> {
    eprintln!("→ {kills} kills of {}", course.name);
    let printed = log.with_extension("printed");
    let file = File::create(&printed).context("cannot keep what a test prints")?;
    let status = test_command(course.binary, course.test, exuvia, sandbox)
        .env("EXUVIA_E2E_KILLS", kills.to_string())
        .env("EXUVIA_E2E_KILL_LOG", log)
        .stdout(file.try_clone()?)
        .stderr(file)
        .status()
        .context("cannot run the tests")?;
    if status.success() {
        return Ok(());
    }
    let kept = (1..=FAILURES)
        .map(|number| log.with_extension(format!("failed-{number}")))
        .find(|path| !path.exists())
        .unwrap_or_else(|| printed.clone());
    std::fs::rename(&printed, &kept).context("cannot keep what a test printed")?;
    eprintln!("✗ it failed: {}", kept.display());
    let mut log = OpenOptions::new().create(true).append(true).open(log)?;
    writeln!(log, "{}\t{FAILED}\t{}\t-\t0", course.name, kept.display())?;
    Ok(())
}

/// One test of one program.
fn test_command(binary: &str, test: &str, exuvia: &Path, sandbox: &Path) -> Command {
    // Of the whole workspace, as whatever else is built: with fewer features it is built twice.
    let mut command = cargo(&["test", "--workspace", "--test", binary]);
    command
        .args(["--", "--exact", "--nocapture", test])
        .env("EXUVIA_E2E_BINARY", exuvia)
        .env("EXUVIA_E2E_SANDBOX", sandbox);
    command
}

fn read(log: &PathBuf) -> Result<String> {
    match std::fs::read_to_string(log) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        read => read.with_context(|| format!("cannot read {}", log.display())),
    }
}

fn kills(text: &str) -> impl Iterator<Item = Kill<'_>> {
    text.lines().filter_map(|line| {
        let mut parts = line.split('\t');
        Some(Kill {
            world: parts.next()?,
            kind: parts.next()?,
            phase: parts.next()?,
            healed: parts.next()?,
            seconds: parts.next()?.parse().ok()?,
        })
    })
}

fn summary(text: &str) -> String {
    let mut rows: BTreeMap<(&str, &str, &str), Row> = BTreeMap::new();
    let mut all: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for kill in kills(text) {
        let (killed, failed) = all.entry(kill.world).or_default();
        if kill.kind == FAILED {
            *failed += 1;
            continue;
        }
        *killed += 1;
        let row = rows.entry((kill.world, kill.kind, kill.phase)).or_default();
        row.kills += 1;
        *row.healed.entry(kill.healed.to_owned()).or_default() += 1;
        row.total += kill.seconds;
        row.longest = row.longest.max(kill.seconds);
    }
    let mut told = String::from(
        "world  kind      killed in   kills  healed to                          seconds: mean, longest\n",
    );
    for ((world, kind, phase), row) in rows {
        let healed = row
            .healed
            .iter()
            .map(|(to, count)| format!("{to}: {count}"));
        let healed = healed.collect::<Vec<_>>().join(", ");
        let mean = row.total / f64::from(u32::try_from(row.kills).unwrap_or(u32::MAX));
        // Writing to a text cannot fail.
        let _ = writeln!(
            told,
            "{world:<6} {kind:<9} {phase:<11} {:>5}  {healed:<34} {mean:.1}, {:.1}",
            row.kills, row.longest
        );
    }
    for (world, (killed, failed)) in all {
        let _ = writeln!(told, "{world}: {killed} kills, {failed} failures");
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_counts_kills_by_phase_and_failures_apart() {
        let log = "mini\tupgrade\tswap\t2026.9.5\t1.0\nmini\tupgrade\tswap\t2026.9.6\t3.0\n\
                   mini\tFAILED\ta file\t-\t0\nreal\trollback\tadopt\t2026.9.6\t61.5\ncut off";
        let told = summary(log);
        let swap = told.lines().find(|line| line.contains("swap")).unwrap();
        assert!(swap.contains("    2  2026.9.5: 1, 2026.9.6: 1"), "{told}");
        assert!(swap.ends_with("2.0, 3.0"), "{told}");
        assert!(told.contains("mini: 2 kills, 1 failures"), "{told}");
        assert!(told.contains("real: 1 kills, 0 failures"), "{told}");
    }
}
