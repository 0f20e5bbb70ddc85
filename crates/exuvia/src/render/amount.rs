//! Amounts, as people read them.

use std::time::Duration;

const UNITS: [&str; 6] = ["B", "kB", "MB", "GB", "TB", "PB"];

/// Bytes with three digits that count and a decimal unit: `505 MB`, `1.2 GB`.
pub(crate) fn bytes(count: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "three digits of it are shown")]
    let mut value = count as f64;
    let mut unit = 0;
    // 999.5 and more would be rounded to a thousand of a unit.
    while value >= 999.5 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    let name = UNITS.get(unit).copied().unwrap_or_default();
    if unit == 0 || value >= 9.95 {
        format!("{value:.0} {name}")
    } else {
        format!("{value:.1} {name}")
    }
}

/// So many of something: `1 file`, `2,003 files`.
pub(crate) fn count(number: u64, one: &str) -> String {
    match (number, one) {
        (1, one) => format!("1 {one}"),
        (number, one) => format!("{} {}", self::number(number), plural(one)),
    }
}

fn plural(one: &str) -> String {
    match one.strip_suffix('y') {
        Some(stem) => format!("{stem}ies"),
        None => format!("{one}s"),
    }
}

/// A number with its thousands set apart.
pub(crate) fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// How long something took: `0.08 s`, `12 s`, `3 min 20 s`.
pub(crate) fn took(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    if seconds < 9.95 {
        format!("{seconds:.2} s")
    } else if seconds < 59.5 {
        format!("{seconds:.0} s")
    } else {
        let whole = time.as_secs();
        format!("{} min {} s", whole / 60, whole % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_have_the_digits_that_count() {
        for (count, shown) in [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.0 kB"),
            (9_949, "9.9 kB"),
            (9_950, "10 kB"),
            (999_499, "999 kB"),
            (999_500, "1.0 MB"),
            (505_000_000, "505 MB"),
            (1_234_000_000, "1.2 GB"),
            (u64::MAX, "18447 PB"),
        ] {
            assert_eq!(bytes(count), shown);
        }
    }

    #[test]
    fn counts_are_grouped_and_in_the_plural() {
        assert_eq!(count(0, "file"), "0 files");
        assert_eq!(count(1, "file"), "1 file");
        assert_eq!(count(37_245, "file"), "37,245 files");
        assert_eq!(count(1_000_000, "directory"), "1,000,000 directories");
    }

    #[test]
    fn times_are_told_as_one_says_them() {
        assert_eq!(took(Duration::from_millis(84)), "0.08 s");
        assert_eq!(took(Duration::from_secs(12)), "12 s");
        assert_eq!(took(Duration::from_secs(200)), "3 min 20 s");
    }
}
