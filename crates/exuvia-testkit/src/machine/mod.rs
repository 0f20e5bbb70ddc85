//! A Debian of its own, with a real systemd as its first process.
//!
//! ```text
//! <root>/debian    the file system, made once by debootstrap; machines run on top of it
//! <root>/stamps/…  from what it was made
//! ```
//!
//! A machine is a container of systemd-nspawn: it needs root, and no image from anywhere but
//! Debian's own mirror. It has no network but its loopback. What it writes is in memory and gone
//! with it, except in the directories that it shares with the test.

mod image;
mod place;

use std::ffi::OsStr;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

pub use image::Image;
use place::Place;

/// Long enough for a machine that boots while others build.
const DEADLINE: Duration = Duration::from_mins(2);
const LOOK: Duration = Duration::from_millis(50);

/// A directory or file of the test that is there in the machine, too.
#[derive(Clone, Copy, Debug)]
pub struct Shared<'a> {
    /// Where it is for the test.
    pub outside: &'a Path,
    /// Where it is in the machine.
    pub inside: &'a Path,
}

/// A machine that has booted; ends when it is dropped.
#[derive(Debug)]
pub struct Machine {
    /// `systemd-nspawn`.
    runner: Child,
    /// The machine's first process, as it is numbered outside.
    init: u32,
    _place: Place,
    _said: TempDir,
}

impl Machine {
    /// Boots one, and waits until its systemd has started everything.
    pub fn boot(image: &Image, shared: &[Shared<'_>]) -> Self {
        let place = Place::new();
        let said = TempDir::new().expect("a directory for what it says");
        let log = said.path().join("boot.log");
        let output = File::create(&log).expect("a file for what it says");
        let errors = output.try_clone().expect("the same file");
        let mut command = place.command("setpriv");
        // A test that is killed takes its machine along.
        command.args(["--pdeathsig", "TERM", "systemd-nspawn", "--directory"]);
        command.arg(image.root()).args([
            "--volatile=overlay",
            "--register=no",
            "--keep-unit",
            "--private-network",
            "--console=pipe",
            "--quiet",
            "--boot",
        ]);
        for Shared { outside, inside } in shared {
            let both = format!("--bind={}:{}", outside.display(), inside.display());
            command.arg(both);
        }
        // Control groups as every systemd of today has them, whatever this machine's are.
        command.env("SYSTEMD_NSPAWN_UNIFIED_HIERARCHY", "1");
        command.stdin(Stdio::null()).stdout(output).stderr(errors);
        let mut runner = command.spawn().expect("setpriv of util-linux");
        let init = wait_for_init(&mut runner, &log);
        Self {
            runner,
            init,
            _place: place,
            _said: said,
        }
    }

    /// A command that runs in a unit of its own in the machine, as this user: its output is the
    /// command's own, and so is its exit code.
    pub fn command<W: AsRef<OsStr>>(
        &self,
        user: &str,
        words: impl IntoIterator<Item = W>,
    ) -> Command {
        let mut command = enter(self.init);
        command.args(["systemd-run", "--pipe", "--wait", "--collect", "--quiet"]);
        command.arg(format!("--uid={user}")).arg("--").args(words);
        command
    }

    /// Writes a file of the machine.
    pub fn write(&self, path: &Path, text: &str) {
        let path = self.outside(path);
        std::fs::write(&path, text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    }

    /// The words of every process of the machine.
    pub fn processes(&self) -> Vec<Vec<String>> {
        let space = |pid: &str| std::fs::read_link(format!("/proc/{pid}/ns/pid")).ok();
        let own = space(&self.init.to_string());
        let all = std::fs::read_dir("/proc").expect("/proc").flatten();
        let pids = all.filter_map(|entry| entry.file_name().into_string().ok());
        pids.filter(|pid| own.is_some() && space(pid) == own)
            .filter_map(|pid| std::fs::read_to_string(format!("/proc/{pid}/cmdline")).ok())
            .map(|words| words.split_terminator('\0').map(str::to_owned).collect())
            .collect()
    }

    fn outside(&self, path: &Path) -> PathBuf {
        let inside = path.strip_prefix("/").expect("an absolute path");
        PathBuf::from(format!("/proc/{}/root", self.init)).join(inside)
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        // With the first process all others go; the runner then ends by itself.
        let kill = Command::new("kill")
            .args(["-KILL", &self.init.to_string()])
            .status();
        if !kill.is_ok_and(|status| status.success()) {
            let _ = self.runner.kill();
        }
        let _ = self.runner.wait();
    }
}

/// Into all the namespaces of the machine.
fn enter(init: u32) -> Command {
    let mut command = Command::new("nsenter");
    let path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    command.env_clear().env("PATH", path);
    command.args(["--all", "--target", &init.to_string(), "--"]);
    command
}

fn wait_for_init(runner: &mut Child, log: &Path) -> u32 {
    let end = Instant::now() + DEADLINE;
    loop {
        if let Some(init) = place::first_process_below(runner.id())
            && has_booted(init)
        {
            return init;
        }
        let ended = runner.try_wait().expect("systemd-nspawn");
        if ended.is_some() || Instant::now() > end {
            let _ = runner.kill();
            let said = std::fs::read_to_string(log).unwrap_or_default();
            panic!("the machine does not boot ({ended:?}): {said}");
        }
        std::thread::sleep(LOOK);
    }
}

fn has_booted(init: u32) -> bool {
    let asked = enter(init)
        .args(["systemctl", "is-system-running"])
        .output();
    let said = asked.expect("nsenter of util-linux").stdout;
    matches!(said.trim_ascii(), b"running" | b"degraded")
}
