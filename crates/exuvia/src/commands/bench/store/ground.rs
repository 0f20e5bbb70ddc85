//! Where the benchmark works, and on which file system.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::way::{Place, Way};

/// A directory that goes when this is dropped, with what is mounted there.
#[derive(Debug)]
pub(super) struct Ground {
    directory: PathBuf,
    mounted: bool,
}

impl Ground {
    /// A new directory in `parent`; with `loop_gib`, on a fresh ext4 with a journal, of that size,
    /// in a file there.
    pub(super) fn new(parent: &Path, loop_gib: Option<u64>) -> Result<Self> {
        let directory = parent.join(format!("exuvia-bench-{}", std::process::id()));
        fs::create_dir_all(&directory)
            .with_context(|| format!("cannot make {}", directory.display()))?;
        let mut ground = Self {
            directory,
            mounted: false,
        };
        if let Some(gib) = loop_gib {
            ground.mount(gib)?;
        }
        Ok(ground)
    }

    fn mount(&mut self, gib: u64) -> Result<()> {
        let image = self.directory.join("disk.img");
        fs::File::create(&image)?.set_len(gib << 30)?;
        fs::create_dir_all(self.work())?;
        let lazy = "lazy_itable_init=0,lazy_journal_init=0";
        // Room for many small files.
        let format = ["-q", "-F", "-i", "4096", "-E", lazy];
        succeed(Command::new("mkfs.ext4").args(format).arg(&image))?;
        let mut mount = Command::new("mount");
        mount.args(["-o", "loop"]).arg(&image).arg(self.work());
        succeed(&mut mount).context("--loop needs root")?;
        self.mounted = true;
        Ok(())
    }

    /// Where everything is done.
    pub(super) fn work(&self) -> PathBuf {
        self.directory.join("work")
    }

    /// Where a way works on what `subject` names.
    pub(super) fn place(&self, subject: &str, way: Way, openclaw: Option<&Path>) -> Place {
        let own = self.work().join(subject).join(way.name().replace(' ', "-"));
        Place {
            way,
            tree: own.join("tree"),
            kept: own.join("kept"),
            restored: own.join("restored"),
            home: own.join("home"),
            openclaw: openclaw.map(Path::to_owned),
        }
    }

    /// What it is on, as the kernel tells.
    pub(super) fn file_system(&self) -> Result<String> {
        fs::create_dir_all(self.work())?;
        let mut df = Command::new("df");
        let answer = df.arg("--output=fstype").arg(self.work()).output()?;
        let text = String::from_utf8_lossy(&answer.stdout).into_owned();
        let kind = text.lines().nth(1).unwrap_or("unknown").trim().to_owned();
        Ok(match (self.mounted, kind) {
            (true, kind) => format!("{kind} with a journal, on a loop device"),
            (false, kind) => kind,
        })
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        if self.mounted {
            // If it stays mounted, removing what is below would empty it, which is as good.
            let _ = Command::new("umount").arg(self.work()).status();
        }
        // A leftover in the temporary directory is the system's to clear.
        let _ = fs::remove_dir_all(&self.directory);
    }
}

/// Runs a command that prepares something.
pub(super) fn succeed(command: &mut Command) -> Result<()> {
    let done = command
        .output()
        .with_context(|| format!("cannot run {}", command.get_program().display()))?;
    if !done.status.success() {
        let said = String::from_utf8_lossy(&done.stderr);
        bail!("{}: {}", command.get_program().display(), said.trim_end());
    }
    Ok(())
}

/// Copies a tree as it is, and lets the disk come to rest.
pub(super) fn copy(from: &Path, to: &Path) -> Result<()> {
    succeed(Command::new("cp").arg("-a").arg(from).arg(to))?;
    settle()
}

/// Waits until what was written is on the disk, so that nobody pays for what another wrote, and
/// until file times can be told apart, as they are when a person is between two snapshots.
pub(super) fn settle() -> Result<()> {
    succeed(&mut Command::new("sync"))?;
    std::thread::sleep(std::time::Duration::from_millis(60));
    Ok(())
}

/// How many bytes a directory takes.
pub(super) fn size_of(directory: &Path) -> Result<u64> {
    let mut du = Command::new("du");
    let answer = du.args(["-s", "-B1"]).arg(directory).output()?;
    let text = String::from_utf8_lossy(&answer.stdout).into_owned();
    let first = text.split_whitespace().next().context("du said nothing")?;
    Ok(first.parse()?)
}
