//! Making the processes of a home hold still.

use std::path::Path;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// A signal to stop takes effect at once, but for a process deep in the kernel.
const DEADLINE: Duration = Duration::from_secs(30);

/// All processes with a `HOME`, stopped where they are until this is dropped.
#[derive(Debug)]
pub struct Frozen(Vec<Pid>);

impl Frozen {
    /// Stops every process whose `HOME` is this.
    pub fn of(home: &Path) -> Self {
        let frozen = Self(processes(home));
        for pid in &frozen.0 {
            // A process that just ended writes nothing either.
            let _ = kill_process(*pid, Signal::STOP);
        }
        let end = Instant::now() + DEADLINE;
        while !frozen.0.iter().all(|pid| holds_still(*pid)) {
            assert!(Instant::now() < end, "{frozen:?} do not stop");
            std::thread::yield_now();
        }
        frozen
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        for pid in &self.0 {
            // As above.
            let _ = kill_process(*pid, Signal::CONT);
        }
    }
}

fn processes(home: &Path) -> Vec<Pid> {
    let wanted = format!("HOME={}", home.display());
    let listed = std::fs::read_dir("/proc").unwrap_or_else(|error| panic!("no /proc: {error}"));
    let numbers = listed
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let has_home = |number: &i32| {
        let environment = std::fs::read(format!("/proc/{number}/environ")).unwrap_or_default();
        environment
            .split(|byte| *byte == 0)
            .any(|variable| variable == wanted.as_bytes())
    };
    numbers.filter(has_home).filter_map(Pid::from_raw).collect()
}

/// Whether a process is stopped, or gone.
fn holds_still(pid: Pid) -> bool {
    let path = format!("/proc/{}/stat", pid.as_raw_nonzero());
    let stat = std::fs::read_to_string(path).unwrap_or_default();
    // The name before the state is in parentheses, and may hold some itself.
    let state = stat.rsplit_once(") ").map(|(_, rest)| rest.chars().next());
    matches!(state, None | Some(Some('T' | 'Z')))
}
