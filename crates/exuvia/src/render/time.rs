//! Times, as people read them.

use jiff::Timestamp;
use jiff::tz::Offset;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// How long ago: `now`, `5 min`, `3 h`, `12 d`, `8 mo`, `2 y`.
pub(crate) fn age(at: Timestamp, now: Timestamp) -> String {
    let seconds = now.duration_since(at).as_secs();
    // A clock that was set back makes what is young look as if it were to come.
    match seconds.max(0) {
        0..MINUTE => "now".to_owned(),
        MINUTE..HOUR => format!("{} min", seconds / MINUTE),
        HOUR..172_800 => format!("{} h", seconds / HOUR),
        172_800..7_776_000 => format!("{} d", seconds / DAY),
        7_776_000..63_072_000 => format!("{} mo", seconds / (30 * DAY)),
        _ => format!("{} y", seconds / (365 * DAY)),
    }
}

/// A time of this user's: `2026-11-20 03:17:05`.
pub(crate) fn moment(at: Timestamp, offset: Offset) -> String {
    offset
        .to_datetime(at)
        .strftime("%Y-%m-%d %H:%M:%S")
        .to_string()
}

/// The same in twelve columns, as `ls -l` does: `Nov 20 03:17`, and the year instead of the time
/// when it is half a year away.
pub(crate) fn short_moment(at: Timestamp, now: Timestamp, offset: Offset) -> String {
    let away = now.duration_since(at).as_secs().abs();
    let format = if away < 180 * DAY {
        "%b %e %H:%M"
    } else {
        "%b %e  %Y"
    };
    offset.to_datetime(at).strftime(format).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn ages_grow_coarser() {
        let now = at("2026-11-20T03:17:00Z");
        for (then, told) in [
            ("2026-11-20T03:18:00Z", "now"),
            ("2026-11-20T03:16:30Z", "now"),
            ("2026-11-20T03:12:00Z", "5 min"),
            ("2026-11-19T04:17:00Z", "23 h"),
            ("2026-11-18T04:17:00Z", "47 h"),
            ("2026-11-08T03:17:00Z", "12 d"),
            ("2026-07-20T03:17:00Z", "4 mo"),
            ("2023-11-20T03:17:00Z", "3 y"),
        ] {
            assert_eq!(age(at(then), now), told, "{then}");
        }
    }

    #[test]
    fn times_are_the_users_own() {
        let (now, east) = (at("2026-11-20T03:17:05Z"), jiff::tz::offset(8));
        assert_eq!(moment(now, east), "2026-11-20 11:17:05");
        assert_eq!(short_moment(now, now, east), "Nov 20 11:17");
        assert_eq!(
            short_moment(at("2025-01-02T00:00:00Z"), now, Offset::UTC),
            "Jan  2  2025"
        );
    }
}
