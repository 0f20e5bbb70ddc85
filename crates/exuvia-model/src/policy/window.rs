//! Hours of the week in a time zone.

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

/// Hours in which something may begin: from one time of the day to another, which is on the next day
/// where it is not later, on some days of the week, in a time zone.
///
/// Both ends are instants of that zone. A time that a change of the clocks leaves out is the one
/// that comes instead; of a time that comes twice, the first begins and ends the hours.
#[derive(Debug, Clone, PartialEq)]
pub struct Window {
    days: Vec<Weekday>,
    from: Time,
    to: Time,
    zone: TimeZone,
}

/// What cannot be hours of the week.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAWindow {
    /// The name of a day.
    #[error("{0:?} is no day of the week: mon, tue, wed, thu, fri, sat or sun")]
    Day(String),
    /// A time of the day.
    #[error("{0:?} is no time of the day such as 02:30")]
    Time(String),
}

impl Window {
    /// From the words of a configuration; every day where no day is named.
    pub fn parse(
        days: &[String],
        from: &str,
        to: &str,
        zone: TimeZone,
    ) -> Result<Self, NotAWindow> {
        let named: Vec<Weekday> = days
            .iter()
            .map(|day| weekday(day))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            days: if named.is_empty() {
                ALL.map(|(_, day)| day).into()
            } else {
                named
            },
            from: time(from)?,
            to: time(to)?,
            zone,
        })
    }

    /// Whether this is within the hours; the end is not.
    pub fn is_open(&self, now: Timestamp) -> bool {
        let mut hours = self.around(now, -1, 0);
        hours.any(|(begin, end)| begin <= now && now < end)
    }

    /// When the hours begin next after this; `None` if they do not within a week.
    pub fn opens(&self, now: Timestamp) -> Option<Timestamp> {
        let hours = self.around(now, 0, 8);
        hours
            .filter(|(begin, end)| begin < end && *begin > now)
            .map(|(begin, _)| begin)
            .min()
    }

    /// The hours that begin so many days around this.
    fn around(
        &self,
        now: Timestamp,
        first: i64,
        last: i64,
    ) -> impl Iterator<Item = (Timestamp, Timestamp)> {
        let today = now.to_zoned(self.zone.clone()).date();
        let days = (first..=last).filter_map(move |away| today.checked_add(away.days()).ok());
        let days = days.filter(|day| self.days.contains(&day.weekday()));
        days.filter_map(|day| self.of(day))
    }

    fn of(&self, day: Date) -> Option<(Timestamp, Timestamp)> {
        let last = if self.from < self.to {
            day
        } else {
            day.tomorrow().ok()?
        };
        let at = |day: Date, time: Time| {
            let zoned = day.to_datetime(time).to_zoned(self.zone.clone());
            zoned.ok().map(|zoned| zoned.timestamp())
        };
        Some((at(day, self.from)?, at(last, self.to)?))
    }
}

const ALL: [(&str, Weekday); 7] = [
    ("mon", Weekday::Monday),
    ("tue", Weekday::Tuesday),
    ("wed", Weekday::Wednesday),
    ("thu", Weekday::Thursday),
    ("fri", Weekday::Friday),
    ("sat", Weekday::Saturday),
    ("sun", Weekday::Sunday),
];

fn weekday(name: &str) -> Result<Weekday, NotAWindow> {
    let found = ALL.iter().find(|(short, _)| *short == name);
    found
        .map(|(_, day)| *day)
        .ok_or_else(|| NotAWindow::Day(name.to_owned()))
}

fn time(text: &str) -> Result<Time, NotAWindow> {
    let wrong = || NotAWindow::Time(text.to_owned());
    let (hour, minute) = text.split_once(':').ok_or_else(wrong)?;
    let number = |part: &str| {
        let is_plain = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
        is_plain.then(|| part.parse::<i8>().ok()).flatten()
    };
    let (Some(hour), Some(minute)) = (number(hour), number(minute)) else {
        return Err(wrong());
    };
    Time::new(hour, minute, 0, 0).map_err(|_| wrong())
}
