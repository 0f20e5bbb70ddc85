//! Upgrades and rollbacks whose processes are all killed at some moment, over and over.

use std::fs::OpenOptions;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use crate::{Dice, Ran, found, until};

/// Names a file to which each kill adds a line: world, kind, phase, version that it was healed to,
/// seconds until that.
const LOG: &str = "EXUVIA_E2E_KILL_LOG";
/// How many kills are wanted.
const KILLS: &str = "EXUVIA_E2E_KILLS";
/// Longer than any phase takes.
const PATIENCE: Duration = Duration::from_mins(20);

/// The phases of both kinds, in their order.
const UPGRADE: [&str; 9] = [
    "check", "stage", "rehearse", "quiesce", "preserve", "swap", "start", "prove", "commit",
];
const ROLLBACK: [&str; 8] = [
    "check", "quiesce", "preserve", "swap", "adopt", "start", "prove", "commit",
];

/// An install that is upgraded and rolled back, and killed meanwhile.
pub trait Struck {
    /// What it is called in the log.
    fn name(&self) -> &'static str;
    /// Within this time after a phase has begun it is killed; mostly soon.
    fn span(&self) -> Duration;
    /// A command of `exuvia`.
    fn command(&self, words: &[&str]) -> Command;
    /// Runs it to its end.
    fn exuvia(&self, words: &[&str]) -> Ran;
    /// The words of an upgrade.
    fn upgrade_words(&self) -> Vec<String>;
    /// Its `HOME`.
    fn home(&self) -> PathBuf;
    /// `$EXUVIA_HOME`.
    fn exuvia_home(&self) -> PathBuf;
    /// The package.
    fn package(&self) -> PathBuf;
    /// Fails unless everything is as it belongs to the version that runs; tells that.
    fn is_whole(&mut self, what: &str) -> String;
    /// Whether a version is the older one.
    fn is_old(&self, version: &str) -> bool;
}

/// How many kills a test is to do; so many where nobody says.
pub fn wanted_kills(usual: u32) -> u32 {
    std::env::var(KILLS).map_or(usual, |kills| {
        kills
            .parse()
            .unwrap_or_else(|error| panic!("{KILLS}={kills}: {error}"))
    })
}

/// Kills so often: an upgrade where the old version runs, a rollback where the new one does. After
/// each the next command heals it.
pub fn strike(it: &mut impl Struck, kills: u32) {
    let mut dice = Dice::of_the_day();
    let mut version = it.is_whole("before");
    let mut killed = 0;
    while killed < kills {
        let (kind, phases, words) = if it.is_old(&version) {
            ("upgrade", &UPGRADE[..], it.upgrade_words())
        } else {
            let words = ["rollback", "--json"].map(str::to_owned);
            ("rollback", &ROLLBACK[..], words.into())
        };
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let aim = usize::try_from(dice.below(phases.len() as u64)).unwrap_or(0);
        let delay = soon(&mut dice, it.span());
        let began = Instant::now();
        let Some(done) = kill(&mut it.command(&words), aim, delay) else {
            version = it.is_whole(&format!("{kind} that ended by itself"));
            continue;
        };
        let phase = phases.get(done).copied().unwrap_or("end");
        let what = format!("{kind} killed in {phase} after {:.1?}", began.elapsed());
        let healing = Instant::now();
        let healed = it.exuvia(&["resume", "--json"]);
        assert!(
            matches!(healed.code, Some(0 | 1 | 4)),
            "{what}: {healed:#?}"
        );
        version = it.is_whole(&what);
        leaves_nothing(it, &what);
        let took = healing.elapsed().as_secs_f64();
        println!("{what}: healed to {version} in {took:.1} s");
        note(&format!(
            "{}\t{kind}\t{phase}\t{version}\t{took:.1}",
            it.name()
        ));
        killed += 1;
    }
}

/// Some moment of a span, the early ones more often: many phases are short.
fn soon(dice: &mut Dice, span: Duration) -> Duration {
    let part = dice.within(span).as_secs_f64() / span.as_secs_f64();
    span.mul_f64(part.powi(3))
}

/// Starts a command, waits until so many of its phases are done and then for this long, and kills
/// it with everything that it started. Tells how many phases were done then; nothing where it ended
/// before.
fn kill(command: &mut Command, aim: usize, delay: Duration) -> Option<usize> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("cannot run {command:?}: {error}"));
    let stderr = child.stderr.take();
    let (tell, told) = channel();
    let reader = std::thread::spawn(move || {
        let lines = stderr
            .into_iter()
            .flat_map(|pipe| BufReader::new(pipe).lines());
        for line in lines.map_while(Result::ok) {
            // Nobody listens any more once it was killed.
            let _ = tell.send(line);
        }
    });
    let (mut done, mut lines) = (0, Vec::new());
    let mut end = Instant::now() + if aim == 0 { delay } else { PATIENCE };
    loop {
        match told.recv_timeout(end.saturating_duration_since(Instant::now())) {
            Ok(line) => {
                done += usize::from(line.contains('✓'));
                if line.contains('✓') && done == aim {
                    end = Instant::now() + delay;
                }
                lines.push(line);
            }
            Err(RecvTimeoutError::Timeout) => break,
            Err(RecvTimeoutError::Disconnected) => {
                let status = child.wait();
                let good = status.is_ok_and(|status| status.success());
                assert!(good, "it failed before it could be killed: {lines:#?}");
                return None;
            }
        }
    }
    found::kill_tree(child.id());
    let killed = child.wait();
    reader
        .join()
        .unwrap_or_else(|panicked| std::panic::resume_unwind(panicked));
    killed.is_ok_and(|status| status.code().is_none()).then(|| {
        let rest = told.try_iter().filter(|line| line.contains('✓'));
        done + rest.count()
    })
}

/// No stage, no copy of the state, no process.
pub fn leaves_nothing(it: &impl Struck, what: &str) {
    let rehearsals = names(&it.exuvia_home().join("rehearsals"));
    assert!(rehearsals.is_empty(), "{what}: {rehearsals:?}");
    let kept = crate::own_dir(&it.exuvia_home()).join("generations.json");
    let kept = std::fs::read_to_string(kept).unwrap_or_default();
    let beside = names(&it.package().with_file_name(".exuvia"));
    let strange: Vec<_> = beside.iter().filter(|name| !kept.contains(*name)).collect();
    assert!(
        strange.is_empty(),
        "{what}: {strange:?}, and kept are {kept}"
    );
    until("nothing runs but the gateway and its keeper", || {
        found::strangers(&it.home()).is_empty().then_some(())
    });
}

fn names(dir: &Path) -> Vec<String> {
    let listed = std::fs::read_dir(dir).into_iter().flatten().flatten();
    let names = listed.map(|entry| entry.file_name().to_string_lossy().into_owned());
    names.collect()
}

fn note(line: &str) {
    let Some(path) = std::env::var_os(LOG) else {
        return;
    };
    let file = OpenOptions::new().create(true).append(true).open(path);
    let noted = file.and_then(|mut file| writeln!(file, "{line}"));
    noted.unwrap_or_else(|error| panic!("{LOG}: {error}"));
}
