//! Who holds something: a process that can be told from a later one of the same number.

use std::fmt;
use std::fs;

/// A process, by what no other process ever shares: its number, the boot it lives in and the time
/// it was started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Its number.
    pub pid: u32,
    /// The boot of the machine; empty where there is no way to know.
    pub boot: String,
    /// When it was started, in ticks since that boot; 0 where there is no way to know.
    pub started: u64,
}

impl Holder {
    /// This process.
    pub fn current() -> Self {
        Self {
            pid: std::process::id(),
            boot: boot(),
            started: started("self").unwrap_or(0),
        }
    }

    /// The process of this number, whether it runs or has ended and was not waited for yet.
    pub fn of(pid: u32) -> Option<Self> {
        Some(Self {
            pid,
            boot: boot(),
            started: started(&pid.to_string())?,
        })
    }

    /// Whether it still runs.
    pub fn is_alive(&self) -> bool {
        self.boot == boot() && started(&self.pid.to_string()).unwrap_or(0) == self.started
    }

    /// Reads what [`fmt::Display`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        let mut words = text.split_whitespace();
        let pid = words.next()?.parse().ok()?;
        let started = words.next()?.parse().ok()?;
        let boot = words.next().unwrap_or_default().to_owned();
        Some(Self { pid, boot, started })
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.pid, self.started, self.boot)
    }
}

fn boot() -> String {
    fs::read_to_string("/proc/sys/kernel/random/boot_id")
        .map(|id| id.trim().to_owned())
        .unwrap_or_default()
}

/// The 22nd field of `/proc/<pid>/stat` (proc(5)). The second is the program's name in brackets,
/// which may hold anything, so fields are counted from its end.
fn started(pid: &str) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    fields.split_whitespace().nth(19)?.parse().ok()
}
