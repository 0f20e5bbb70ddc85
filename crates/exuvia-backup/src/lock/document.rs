//! What a lock says.

use std::fmt;

use exuvia_host::disk::Holder;
use exuvia_model::text::one_line;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// When a lock that was not renewed counts no more: as in restic.
const OLD: SignedDuration = SignedDuration::from_mins(30);
/// A lock is some hundred bytes.
const MAX_BYTES: u64 = 64 << 10;
/// What marks a document that is compressed.
const COMPRESSED: u8 = 2;

/// A lock.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Document {
    time: Timestamp,
    pub(super) exclusive: bool,
    #[serde(default)]
    hostname: String,
    #[serde(default)]
    username: String,
    #[serde(default)]
    pid: u32,
}

impl Document {
    /// One of this process.
    pub(super) fn new(time: Timestamp, host_name: &str, exclusive: bool) -> Self {
        Self {
            time,
            exclusive,
            hostname: host_name.to_owned(),
            username: "exuvia".to_owned(),
            pid: Holder::current().pid,
        }
    }

    pub(super) fn encode(&self) -> Option<Vec<u8>> {
        serde_json::to_vec(self).ok()
    }

    pub(super) fn decode(plain: &[u8]) -> Option<Self> {
        match plain.split_first()? {
            (&COMPRESSED, packed) => {
                let mut content = Vec::new();
                let decoder = zstd::stream::read::Decoder::new(packed).ok()?;
                let mut limited = std::io::Read::take(decoder, MAX_BYTES);
                std::io::Read::read_to_end(&mut limited, &mut content).ok()?;
                serde_json::from_slice(&content).ok()
            }
            _ => serde_json::from_slice(plain).ok(),
        }
    }

    /// Whether its holder is gone, or has not renewed it for long.
    pub(super) fn is_stale(&self, now: Timestamp, host_name: &str) -> bool {
        let is_old = now.duration_since(self.time) > OLD;
        let is_dead = self.hostname == host_name && Holder::of(self.pid).is_none();
        is_old || is_dead
    }
}

impl fmt::Display for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (user, host) = (one_line(&self.username, 40), one_line(&self.hostname, 80));
        write!(f, "{user} on {host} (process {})", self.pid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_of_restics_is_read_also_when_it_is_compressed() {
        let json = br#"{"time":"2026-11-20T15:04:05.999999999+02:00","exclusive":true,
            "hostname":"box","username":"me","pid":7,"uid":1000,"gid":1000}"#;
        let mut packed = vec![COMPRESSED];
        packed.extend(zstd::encode_all(&json[..], 1).unwrap());
        for plain in [&json[..], &packed] {
            let document = Document::decode(plain).unwrap();
            assert!(document.exclusive);
            assert_eq!(document.to_string(), "me on box (process 7)");
        }
        assert!(Document::decode(b"").is_none());
        assert!(Document::decode(b"\x02nonsense").is_none());
    }

    #[test]
    fn a_lock_counts_until_its_process_is_gone_or_it_is_old() {
        let now: Timestamp = "2026-11-20T15:00:00Z".parse().unwrap();
        let own = Document::new(now, "box", false);
        assert!(!own.is_stale(now, "box"));
        assert!(own.is_stale(now + SignedDuration::from_mins(31), "box"));
        let dead = Document {
            pid: u32::MAX - 1,
            ..own
        };
        assert!(dead.is_stale(now, "box"));
        assert!(!dead.is_stale(now, "elsewhere"));
    }
}
