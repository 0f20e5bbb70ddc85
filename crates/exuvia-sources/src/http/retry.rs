//! When to ask again.

use std::time::Duration;

/// How often one question is asked at most.
pub(super) const MAX_TRIES: u32 = 3;
/// Longest `Retry-After` that is waited for; whoever wants more is told of as unreachable.
const MAX_WAIT: Duration = Duration::from_secs(20);
const FIRST_PAUSE: Duration = Duration::from_millis(250);

/// How long to wait before the next try, or `None` when there is to be none.
///
/// `tries` have been made; `jitter` is between 0 and 1 and spreads those that failed together.
pub(super) fn pause(tries: u32, retry_after: Option<Duration>, jitter: f64) -> Option<Duration> {
    if tries >= MAX_TRIES {
        return None;
    }
    if let Some(wanted) = retry_after {
        return (wanted <= MAX_WAIT).then_some(wanted);
    }
    let doubled = FIRST_PAUSE * 2_u32.saturating_pow(tries.saturating_sub(1));
    Some(doubled.mul_f64(0.5 + jitter.clamp(0.0, 1.0) / 2.0))
}

/// `Retry-After`, in seconds or as a date.
pub(super) fn retry_after(header: &str, now: jiff::Timestamp) -> Option<Duration> {
    let header = header.trim();
    if let Ok(seconds) = header.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let at = httpdate::parse_http_date(header).ok()?;
    let at = jiff::Timestamp::try_from(at).ok()?;
    Some(Duration::try_from(at.duration_since(now)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_end() {
        assert_eq!(pause(1, None, 1.0), Some(Duration::from_millis(250)));
        assert_eq!(pause(2, None, 1.0), Some(Duration::from_millis(500)));
        assert_eq!(pause(2, None, 0.0), Some(Duration::from_millis(250)));
        assert_eq!(pause(3, None, 0.0), None);
    }

    #[test]
    fn a_wish_is_honoured_up_to_twenty_seconds() {
        let seconds = |s| Some(Duration::from_secs(s));
        assert_eq!(pause(1, seconds(20), 0.3), seconds(20));
        assert_eq!(pause(1, seconds(21), 0.3), None);
    }

    #[test]
    fn retry_after_is_read_in_both_forms() {
        let now: jiff::Timestamp = "2026-11-20T00:00:00Z".parse().unwrap();
        let read = |text| retry_after(text, now);
        assert_eq!(read("7"), Some(Duration::from_secs(7)));
        assert_eq!(
            read("Fri, 20 Nov 2026 00:00:09 GMT"),
            Some(Duration::from_secs(9))
        );
        assert_eq!(read("Thu, 19 Nov 2026 00:00:00 GMT"), Some(Duration::ZERO));
        assert_eq!(read("soon"), None);
    }
}
