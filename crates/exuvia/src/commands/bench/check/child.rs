//! One `exuvia check` in a process of its own, watched.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::ground::Ground;

/// What a run cost.
pub(super) struct Cost {
    pub(super) took: Duration,
    pub(super) rss_mib: Option<f64>,
}

pub(super) fn check(ground: &Ground) -> Result<Cost> {
    let started = Instant::now();
    let mut child = Command::new(std::env::current_exe()?)
        .args(["check", "--json", "--quiet"])
        .envs(ground.env())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .context("cannot run exuvia")?;
    let mut rss_mib = None;
    let status = loop {
        rss_mib = peak(&child).or(rss_mib);
        if let Some(status) = child.try_wait()? {
            break status;
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    ensure!(status.success(), "exuvia check ended with {status}");
    Ok(Cost {
        took: started.elapsed(),
        rss_mib,
    })
}

/// The largest resident set so far, where the system tells (Linux).
fn peak(child: &Child) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib / 1024.0)
}
