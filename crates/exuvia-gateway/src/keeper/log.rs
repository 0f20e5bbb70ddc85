//! The gateway's log, kept to a size.
//!
//! The gateway has the file open and appends to it, so it cannot be renamed away: its content is
//! copied aside and the file emptied. A line that is printed in between can be lost; a gateway
//! that dies because nobody reads its output cannot be.

use std::path::{Path, PathBuf};

use exuvia_host::disk::Disk;
use exuvia_host::{Host, HostError, Links};

/// Rotates the log when it is too long. Whether it was.
pub(super) fn rotate(
    host: &dyn Host,
    disk: &Disk,
    log: &Path,
    max: u64,
    kept: u32,
) -> Result<bool, HostError> {
    let size = match host.metadata(log, Links::Refuse) {
        Ok(meta) => meta.len,
        Err(error) if error.is_not_found() => return Ok(false),
        Err(error) => return Err(error),
    };
    if size <= max {
        return Ok(false);
    }
    for number in (1..kept).rev() {
        let older = numbered(log, number + 1);
        match host.rename(&numbered(log, number), &older) {
            Err(error) if !error.is_not_found() => return Err(error),
            _ => {}
        }
    }
    let aside = numbered(log, 1);
    host.remove_file(&aside)?;
    if kept > 0 {
        host.copy_file(log, &aside)?;
    }
    empty(disk, log)?;
    Ok(true)
}

fn empty(disk: &Disk, log: &Path) -> Result<(), HostError> {
    let missing = || HostError::new("empty", log, std::io::ErrorKind::NotFound.into());
    let name = log.file_name().ok_or_else(missing)?;
    let dir = disk.open_dir(log.parent().ok_or_else(missing)?)?;
    dir.open_or_create(name, 0o600)?.set_len(0)
}

fn numbered(log: &Path, number: u32) -> PathBuf {
    let mut name = log.as_os_str().to_owned();
    name.push(format!(".{number}"));
    PathBuf::from(name)
}

#[cfg(test)]
#[allow(
    clippy::disallowed_methods,
    reason = "the tests' own ground is the machine"
)]
mod tests {
    use exuvia_host::testing::TestHost;

    use super::*;

    #[test]
    fn a_log_that_is_too_long_is_put_aside_and_the_oldest_goes() {
        let directory = tempfile::tempdir().unwrap();
        let (host, disk) = (TestHost::new(), Disk::new());
        let log = directory.path().join("gateway.log");
        let mut writer = std::fs::File::options()
            .create(true)
            .append(true)
            .open(&log)
            .unwrap();
        assert!(!rotate(&host, &disk, &log, 3, 2).unwrap(), "it is empty");
        for content in ["one\n", "two\n", "three\n"] {
            std::io::Write::write_all(&mut writer, content.as_bytes()).unwrap();
            assert!(rotate(&host, &disk, &log, 3, 2).unwrap());
        }
        std::io::Write::write_all(&mut writer, b"4").unwrap();
        let read = |path: &Path| std::fs::read_to_string(path).unwrap();
        assert_eq!(read(&log), "4", "whoever appends goes on at the beginning");
        assert_eq!(read(&numbered(&log, 1)), "three\n");
        assert_eq!(read(&numbered(&log, 2)), "two\n");
        assert!(!numbered(&log, 3).exists());
    }
}
