//! Clock and names.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Milliseconds since 1970.
pub(super) fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    i64::try_from(since.expect("a clock after 1970").as_millis()).expect("a clock before 292000000")
}

/// A name that nothing else of this machine has, in the form of a UUID.
pub(crate) fn id() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed) & 0xffff_ffff;
    let now = now_ms();
    let pid = std::process::id();
    format!(
        "{pid:08x}-{:04x}-4{:03x}-8000-{count:012x}",
        now & 0xffff,
        (now >> 16) & 0xfff
    )
}
