//! The ways to take snapshots and to give them back, and the commands that do it.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};
use clap::ValueEnum;

use super::watch::{Cost, cost_of};

/// A way to keep what a directory was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, ValueEnum)]
pub(super) enum Way {
    /// Exuvia's own store
    Exuvia,
    /// restic
    Restic,
    /// `tar | zstd -1`
    Tar,
    /// `cp -a`
    Cp,
    /// `openclaw backup create`, for live state
    Openclaw,
}

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Job {
    First,
    Unchanged,
    Changed,
    Restore,
    InPlace,
}

impl Job {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Unchanged => "unchanged",
            Self::Changed => "1 % changed",
            Self::Restore => "full restore",
            Self::InPlace => "in place",
        }
    }

    /// What a snapshot that it takes is called.
    fn label(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Unchanged => "second",
            Self::Changed | Self::Restore | Self::InPlace => "third",
        }
    }
}

/// Where one way works: what it keeps, and what it restores into.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) way: Way,
    /// The directory that is taken.
    pub(super) tree: PathBuf,
    /// Where it keeps what it took.
    pub(super) kept: PathBuf,
    /// Where it restores to.
    pub(super) restored: PathBuf,
    /// Where its caches and its home are.
    pub(super) home: PathBuf,
    /// The prefix of the OpenClaw to run.
    pub(super) openclaw: Option<PathBuf>,
}

impl Way {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Exuvia => "exuvia",
            Self::Restic => "restic",
            Self::Tar => "tar, zstd -1",
            Self::Cp => "cp -a",
            Self::Openclaw => "openclaw backup create",
        }
    }

    /// The programs that it needs, and how to get them.
    fn needs(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Exuvia => &[],
            Self::Restic => &[("restic", "apt-get install restic")],
            Self::Tar => &[
                ("tar", "apt-get install tar"),
                ("zstd", "apt-get install zstd"),
            ],
            Self::Cp => &[("cp", "apt-get install coreutils")],
            Self::Openclaw => &[("node", "install Node.js and name its directory in PATH")],
        }
    }

    /// Refuses when a program is missing: a peer is never left out in silence.
    pub(super) fn check(self) -> Result<()> {
        for (program, remedy) in self.needs() {
            if Command::new(program).arg("--version").output().is_err() {
                bail!(
                    "{program} is not installed: {remedy}, or leave it out with --only {}",
                    Self::others(self)
                );
            }
        }
        Ok(())
    }

    fn others(missing: Self) -> String {
        let all = Self::value_variants().iter();
        let names = all
            .filter(|way| **way != missing)
            .filter_map(Way::to_possible_value)
            .map(|value| value.get_name().to_owned());
        names.collect::<Vec<_>>().join(",")
    }
}

impl Place {
    /// What must be there before the first snapshot.
    pub(super) fn prepare(&self) -> Result<()> {
        std::fs::create_dir_all(&self.kept)?;
        std::fs::create_dir_all(&self.home)?;
        if self.way == Way::Restic {
            let done = self.restic(&["init"]).output()?;
            if !done.status.success() {
                bail!("restic init: {}", String::from_utf8_lossy(&done.stderr));
            }
        }
        Ok(())
    }

    /// Does a job; `None` if this way cannot.
    pub(super) fn run(&self, job: Job) -> Result<Option<Cost>> {
        let command = match job {
            Job::First | Job::Unchanged | Job::Changed => Some(self.snapshot(job.label())?),
            Job::Restore => self.restore("first", &self.restored)?,
            Job::InPlace => self.in_place("first")?,
        };
        command.map(cost_of).transpose()
    }

    /// The command that takes a snapshot of this name.
    pub(super) fn snapshot(&self, label: &str) -> Result<Command> {
        let archive = self.archive(label);
        Ok(match self.way {
            Way::Exuvia => self.exuvia("snapshot", &self.tree, label)?,
            Way::Restic => {
                let mut command = self.restic(&["backup", "--quiet", "--tag", label, "."]);
                command.current_dir(&self.tree);
                command
            }
            // That a file changed while it was read is no failure here: it is what is compared.
            Way::Tar => shell(
                "tar -I 'zstd -q -1' -cf \"$2\" -C \"$1\" . || test $? -eq 1",
                &[&self.tree, &archive],
            ),
            Way::Cp => command("cp", &["-a".as_ref(), path(&self.tree), path(&archive)]),
            Way::Openclaw => self.openclaw(&archive)?,
        })
    }

    /// The command that restores a snapshot into a directory that is not there yet.
    pub(super) fn restore(&self, label: &str, to: &Path) -> Result<Option<Command>> {
        let archive = self.archive(label);
        Ok(match self.way {
            Way::Exuvia => Some(self.exuvia("restore", to, label)?),
            Way::Restic => Some(self.restic_restore(label, to)),
            Way::Tar => Some(shell(
                "mkdir \"$2\" && tar -I 'zstd -q' -xpf \"$1\" -C \"$2\"",
                &[&archive, to],
            )),
            Way::Cp => Some(command("cp", &["-a".as_ref(), path(&archive), path(to)])),
            // It has no command that restores.
            Way::Openclaw => None,
        })
    }

    /// The command that makes the directory what it was.
    fn in_place(&self, label: &str) -> Result<Option<Command>> {
        let archive = self.archive(label);
        Ok(match self.way {
            Way::Exuvia => Some(self.exuvia("in-place", &self.tree, label)?),
            // It makes no link where one is (restic 0.14), and leaves what was not there.
            Way::Restic => Some(self.with_repository(shell(
                "find \"$2\" -type l -delete && \
                 restic restore latest --quiet --tag \"$1\" --target \"$2\"",
                &[Path::new(label), &self.tree],
            ))),
            Way::Tar => Some(shell(
                "rm -rf \"$2\" && mkdir \"$2\" && tar -I 'zstd -q' -xpf \"$1\" -C \"$2\"",
                &[&archive, &self.tree],
            )),
            Way::Cp => Some(shell(
                "rm -rf \"$2\" && cp -a \"$1\" \"$2\"",
                &[&archive, &self.tree],
            )),
            Way::Openclaw => None,
        })
    }

    /// Where a way that makes one archive for each snapshot puts it.
    pub(super) fn archive(&self, label: &str) -> PathBuf {
        self.kept.join(label)
    }

    fn exuvia(&self, job: &str, tree: &Path, label: &str) -> Result<Command> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["bench", "job", job]);
        command.arg(self.kept.join("store")).arg(tree).arg(label);
        Ok(command)
    }

    fn restic(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("restic");
        command.args(arguments);
        self.with_repository(command)
    }

    fn with_repository(&self, mut command: Command) -> Command {
        command
            .env("RESTIC_REPOSITORY", self.kept.join("repository"))
            .env("RESTIC_CACHE_DIR", self.home.join("cache"))
            .env("RESTIC_PASSWORD", "a benchmark");
        command
    }

    fn restic_restore(&self, label: &str, to: &Path) -> Command {
        let mut command = self.restic(&["restore", "latest", "--quiet", "--tag", label]);
        command.arg("--target").arg(to);
        command
    }

    fn openclaw(&self, archive: &Path) -> Result<Command> {
        let Some(prefix) = &self.openclaw else {
            bail!("name the prefix of an installed OpenClaw with --openclaw");
        };
        std::fs::create_dir_all(archive)?;
        let mut command = Command::new(prefix.join("bin/openclaw"));
        command
            .args(["backup", "create", "--json", "--output"])
            .arg(archive)
            .env("HOME", &self.home)
            .env("OPENCLAW_STATE_DIR", &self.tree)
            .env("OPENCLAW_NO_AUTO_UPDATE", "1");
        Ok(command)
    }
}

fn path(path: &Path) -> &OsStr {
    path.as_os_str()
}

fn command(program: &str, arguments: &[&OsStr]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments);
    command
}

/// A pipeline; paths are arguments, never part of the script.
fn shell(script: &str, paths: &[&Path]) -> Command {
    let mut command = Command::new("sh");
    command.args(["-euc", script, "sh"]).args(paths);
    command
}
