//! Words for times.

use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};

use super::{Lang, plural};

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// A moment to the minute, with the offset it is told in: `2026-11-20 19:09 +08:00`.
pub fn moment(at: Timestamp, offset: Offset) -> String {
    let zone = if offset == Offset::UTC { "UTC" } else { "%:z" };
    at.to_zoned(offset.to_time_zone())
        .strftime(&format!("%Y-%m-%d %H:%M {zone}"))
        .to_string()
}

/// A length of time in its largest whole unit: `3 hours`.
pub fn duration(seconds: u64, lang: Lang) -> String {
    let (count, one, many, zh) = match seconds {
        s if s >= 2 * DAY => (s / DAY, "day", "days", "天"),
        s if s >= HOUR => (s / HOUR, "hour", "hours", "小时"),
        s if s >= MINUTE => (s / MINUTE, "minute", "minutes", "分钟"),
        s => (s, "second", "seconds", "秒"),
    };
    match lang {
        Lang::En => {
            let noun = plural(usize::try_from(count).unwrap_or(usize::MAX), one, many);
            format!("{count} {noun}")
        }
        Lang::ZhCn => format!("{count} {zh}"),
    }
}

/// How long before `now` something was: `3 days ago`. For what lies in the future, as a clock that
/// is wrong makes it, the moment itself.
pub fn age(at: Timestamp, now: Timestamp, lang: Lang) -> String {
    let age: SignedDuration = now.duration_since(at);
    match (u64::try_from(age.as_secs()), lang) {
        (Ok(0..MINUTE), Lang::En) => "just now".to_owned(),
        (Ok(0..MINUTE), Lang::ZhCn) => "刚刚".to_owned(),
        (Ok(seconds), Lang::En) => format!("{} ago", duration(seconds, lang)),
        (Ok(seconds), Lang::ZhCn) => format!("{}前", duration(seconds, lang)),
        (Err(_), _) => moment(at, Offset::UTC),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_told_in_its_largest_whole_unit() {
        let cases = [
            (0, "0 seconds", "0 秒"),
            (1, "1 second", "1 秒"),
            (59, "59 seconds", "59 秒"),
            (60, "1 minute", "1 分钟"),
            (3 * HOUR + 59 * MINUTE, "3 hours", "3 小时"),
            (DAY, "24 hours", "24 小时"),
            (2 * DAY, "2 days", "2 天"),
            (400 * DAY, "400 days", "400 天"),
        ];
        for (seconds, en, zh) in cases {
            assert_eq!(duration(seconds, Lang::En), en);
            assert_eq!(duration(seconds, Lang::ZhCn), zh);
        }
    }

    #[test]
    fn a_moment_is_told_with_its_offset() {
        let at: Timestamp = "2026-11-20T11:09:33Z".parse().unwrap();
        assert_eq!(moment(at, Offset::UTC), "2026-11-20 11:09 UTC");
        assert_eq!(moment(at, Offset::constant(8)), "2026-11-20 19:09 +08:00");
    }

    #[test]
    fn what_lies_in_the_future_is_not_called_past() {
        let now: Timestamp = "2026-11-20T11:09:33Z".parse().unwrap();
        let later: Timestamp = "2026-11-21T11:09:33Z".parse().unwrap();
        assert_eq!(age(now, later, Lang::ZhCn), "24 小时前");
        assert_eq!(age(later, now, Lang::En), "2026-11-21 11:09 UTC");
    }
}
