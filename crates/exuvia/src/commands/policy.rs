//! Which snapshots or backups to keep, as flags.

use clap::Args;
use exuvia_store::retention::Policy;
use jiff::{SignedDuration, Span, SpanRelativeTo};

#[derive(Debug, Args)]
pub(crate) struct PolicyArgs {
    /// Keep so many of the newest of each install
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    keep_last: usize,
    /// Keep the newest of each of the last N hours that have one
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    keep_hourly: usize,
    /// Keep the newest of each of the last N days that have one
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    keep_daily: usize,
    /// Keep the newest of each of the last N weeks that have one
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    keep_weekly: usize,
    /// Keep all that are younger
    #[arg(long, value_name = "AGE", value_parser = parse_age)]
    keep_within: Option<SignedDuration>,
    /// Keep no more than so many, whatever the rules say
    #[arg(long, value_name = "N")]
    max_count: Option<usize>,
    /// Keep none that is older, whatever the rules say
    #[arg(long, value_name = "AGE", value_parser = parse_age)]
    max_age: Option<SignedDuration>,
}

impl PolicyArgs {
    /// The policy, if one was given.
    pub(crate) fn policy(&self) -> Option<Policy> {
        let policy = Policy {
            keep_last: self.keep_last,
            keep_hourly: self.keep_hourly,
            keep_daily: self.keep_daily,
            keep_weekly: self.keep_weekly,
            keep_within: self.keep_within,
            max_age: self.max_age,
            max_count: self.max_count,
        };
        (policy != Policy::default()).then_some(policy)
    }
}

/// An age such as `30d`: days have 24 hours, weeks seven days, and what is longer depends on when.
pub(crate) fn parse_age(text: &str) -> Result<SignedDuration, String> {
    let wrong = |why: &str| format!("{why}; give an age such as 90min, 12h, 30d or 2w");
    let span: Span = text
        .parse()
        .map_err(|error: jiff::Error| wrong(&error.to_string()))?;
    let age = span
        .to_duration(SpanRelativeTo::days_are_24_hours())
        .map_err(|_| wrong("months and years are of no fixed length"))?;
    if age.is_negative() {
        return Err(wrong("an age is not negative"));
    }
    Ok(age)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_days_weeks_and_what_is_shorter() {
        for (text, hours) in [("30d", 720), ("12h", 12), ("2w", 336), ("1d 12h", 36)] {
            assert_eq!(parse_age(text), Ok(SignedDuration::from_hours(hours)));
        }
        for text in [
            "",
            "30",
            "-1d",
            "1 d ago",
            "2mo",
            "1y",
            "soon",
            "9999999999999d",
        ] {
            let error = parse_age(text).unwrap_err();
            assert!(error.contains("12h, 30d or 2w"), "{text}: {error}");
        }
    }
}
