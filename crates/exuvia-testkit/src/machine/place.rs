//! Where a machine runs among this machine's processes.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

/// Where the hierarchies are that systemd keeps track of processes in: the unified one, or the two
/// that there are beside the older ones.
const HIERARCHIES: [&str; 3] = [
    "/sys/fs/cgroup",
    "/sys/fs/cgroup/systemd",
    "/sys/fs/cgroup/unified",
];
/// Enters the control groups before the `--`, then becomes the command behind it.
const ENTER: &str = "while [ \"$1\" != -- ]; do echo $$ >\"$1/cgroup.procs\" || exit; shift; done
    shift; exec \"$@\"";

/// Control groups of a machine's own: two machines in the same ones would see each other's units.
#[derive(Debug)]
pub(super) struct Place(Vec<PathBuf>);

impl Place {
    pub(super) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("exuvia-machine-{}-{number}", std::process::id());
        let hierarchies = HIERARCHIES.iter().map(Path::new);
        let groups = hierarchies.filter(|dir| dir.join("cgroup.procs").exists());
        let groups: Vec<PathBuf> = groups.map(|dir| dir.join(&name)).collect();
        for group in &groups {
            std::fs::create_dir(group).unwrap_or_else(|e| panic!("{}: {e}", group.display()));
        }
        Self(groups)
    }

    /// A command that runs here.
    pub(super) fn command(&self, program: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", ENTER, "sh"]).args(&self.0);
        command.args(["--", program]);
        command
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        for group in &self.0 {
            // One that is still in use is left: the next boot of this machine clears it away.
            let _ = remove(group);
        }
    }
}

/// Control groups hold files that cannot be removed, and go without them.
fn remove(group: &Path) -> std::io::Result<()> {
    for entry in std::fs::read_dir(group)?.flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove(&entry.path())?;
        }
    }
    std::fs::remove_dir(group)
}

/// The child of a process that is number 1 in a space of its own.
pub(super) fn first_process_below(pid: u32) -> Option<u32> {
    let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).ok()?;
    let mut children = children.split_whitespace();
    let is_first = |child: &str| {
        let status = std::fs::read_to_string(format!("/proc/{child}/status")).unwrap_or_default();
        let numbers = status.lines().find_map(|line| line.strip_prefix("NSpid:"));
        let numbers = numbers.unwrap_or_default().split_whitespace().skip(1);
        numbers.last() == Some("1")
    };
    children.find(|child| is_first(child))?.parse().ok()
}
