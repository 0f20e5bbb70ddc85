//! `[upgrade]` in `$EXUVIA_HOME/config.toml`: what the user allows.
//!
//! ```toml
//! [upgrade]
//! minimum-age = "3d"        # how long ago a release must have been published; any by default
//! generations = 3           # how many are kept to go back to, of each asset
//! automatic = "low"         # what `exuvia upgrade --automatic` takes; nothing by default
//! inhibitors = ["/usr/local/bin/may-upgrade"]   # programs that are asked first
//! channel = "beta"          # what a check hears of; as OpenClaw is configured by default
//!
//! [[upgrade.window]]        # upgrades begin in one of these; at any time where there is none
//! days = ["sat", "sun"]     # every day by default
//! from = "02:00"
//! to = "05:00"              # not later than `from`: on the next day
//! zone = "Europe/Berlin"    # the machine's by default
//! ```

use std::ops::Range;
use std::path::PathBuf;

use exuvia_host::{Home, Host, HostError, Links, read_optional};
use exuvia_model::policy::{Policy, Window};
use exuvia_model::{Channel, text};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, SpanRelativeTo};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use toml::Spanned;

const FILE: &str = "config.toml";
const MAX_BYTES: u64 = 1024 * 1024;

/// Why what the user allows is not known, so that nothing is allowed.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// The file cannot be read.
    #[error("what upgrades may do cannot be read: {0}")]
    Unreadable(#[from] HostError),
    /// The file says what is not understood.
    #[error("{}:{line}: {words}", .path.display())]
    Settings {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// What is wrong.
        words: String,
    },
}

/// The file. What else is in it is others'.
#[derive(Deserialize)]
struct Document {
    upgrade: Option<Section>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Section {
    minimum_age: Option<Spanned<String>>,
    generations: Option<Spanned<usize>>,
    automatic: Option<Spanned<String>>,
    #[serde(default)]
    inhibitors: Vec<Spanned<PathBuf>>,
    /// Read by [`channel`].
    #[serde(rename = "channel")]
    _channel: Option<toml::Value>,
    #[serde(default)]
    window: Vec<Spanned<Hours>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Hours {
    #[serde(default)]
    days: Vec<String>,
    from: String,
    to: String,
    zone: Option<String>,
}

/// What is wrong, and where.
type Wrong = (Range<usize>, String);

/// Reads what the user allows; everything at any time, but nothing by itself, where nothing is said.
pub fn policy(host: &dyn Host, home: &Home) -> Result<Policy, PolicyError> {
    read(host, home, parse)
}

fn read<T>(
    host: &dyn Host,
    home: &Home,
    parse: impl Fn(&str) -> Result<T, Wrong>,
) -> Result<T, PolicyError> {
    let path = home.root().join(FILE);
    let bytes = read_optional(host, &path, MAX_BYTES, Links::Follow)?.unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    parse(&text).map_err(|(span, words)| PolicyError::Settings {
        line: text
            .bytes()
            .take(span.start)
            .filter(|byte| *byte == b'\n')
            .count()
            + 1,
        words: text::one_line(&words, 300),
        path,
    })
}

fn parse(text: &str) -> Result<Policy, Wrong> {
    let document: Document = toml(text)?;
    let Some(section) = document.upgrade else {
        return Ok(Policy::default());
    };
    let windows = section.window.into_iter().map(window);
    Ok(Policy {
        minimum_age: section
            .minimum_age
            .as_ref()
            .map_or(Ok(SignedDuration::ZERO), age)?,
        windows: windows.collect::<Result<_, _>>()?,
        generations: section
            .generations
            .as_ref()
            .map_or(Ok(Policy::GENERATIONS), count)?,
        automatic: section.automatic.as_ref().map_or(Ok(false), automatic)?,
        inhibitors: section
            .inhibitors
            .into_iter()
            .map(program)
            .collect::<Result<_, _>>()?,
    })
}

/// The file as far as a check is concerned, which no other mistake in it stops.
#[derive(Deserialize)]
struct Heard {
    upgrade: Option<HeardSection>,
}

#[derive(Deserialize)]
struct HeardSection {
    channel: Option<Spanned<String>>,
}

/// Reads which releases the user wants to hear of; nothing where that is not said.
pub fn channel(host: &dyn Host, home: &Home) -> Result<Option<Channel>, PolicyError> {
    read(host, home, parse_channel)
}

fn parse_channel(text: &str) -> Result<Option<Channel>, Wrong> {
    let heard: Heard = toml(text)?;
    let Some(name) = heard.upgrade.and_then(|section| section.channel) else {
        return Ok(None);
    };
    let channel = Channel::from_name(name.get_ref());
    channel.map(Some).ok_or_else(|| {
        let names = Channel::ALL.map(Channel::name).join(", ");
        let words = format!(
            "there is no channel {:?}; the channels are {names}",
            name.get_ref()
        );
        (name.span(), words)
    })
}

fn toml<T: DeserializeOwned>(text: &str) -> Result<T, Wrong> {
    toml::from_str(text).map_err(|error| {
        let end = text.len()..text.len();
        (error.span().unwrap_or(end), error.message().to_owned())
    })
}

fn program(program: Spanned<PathBuf>) -> Result<PathBuf, Wrong> {
    if program.get_ref().is_absolute() {
        return Ok(program.into_inner());
    }
    let words = format!(
        "{:?} is no absolute path of a program",
        program.get_ref().display().to_string()
    );
    Err((program.span(), words))
}

/// Days have 24 hours and weeks seven days; what is longer is of no fixed length.
fn age(age: &Spanned<String>) -> Result<SignedDuration, Wrong> {
    let wrong = || {
        let words = format!("{:?} is no age such as 12h, 3d or 1w", age.get_ref());
        (age.span(), words)
    };
    let span: Span = age.get_ref().parse().map_err(|_| wrong())?;
    let age = span.to_duration(SpanRelativeTo::days_are_24_hours());
    age.ok().filter(|age| !age.is_negative()).ok_or_else(wrong)
}

fn count(count: &Spanned<usize>) -> Result<usize, Wrong> {
    match *count.get_ref() {
        0 => Err((
            count.span(),
            "one generation is always kept: it is the way back".to_owned(),
        )),
        count => Ok(count),
    }
}

fn automatic(word: &Spanned<String>) -> Result<bool, Wrong> {
    match word.get_ref().as_str() {
        "low" => Ok(true),
        "off" => Ok(false),
        other => {
            let words = format!("{other:?} is neither \"low\" nor \"off\"");
            Err((word.span(), words))
        }
    }
}

fn window(hours: Spanned<Hours>) -> Result<Window, Wrong> {
    let span = hours.span();
    let Hours {
        days,
        from,
        to,
        zone,
    } = hours.into_inner();
    let zone = match zone {
        None => TimeZone::system(),
        Some(name) => TimeZone::get(&name).map_err(|_| {
            let words = format!("{name:?} is no time zone such as Europe/Berlin");
            (span.clone(), words)
        })?,
    };
    Window::parse(&days, &from, &to, zone).map_err(|error| (span, error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_read_and_what_is_not_is_the_default() {
        assert_eq!(parse("[probes]\n"), Ok(Policy::default()));
        let policy = parse(
            "[upgrade]\nminimum-age = \"3d\"\ngenerations = 1\nautomatic = \"low\"\n\
             [[upgrade.window]]\ndays = [\"sat\"]\nfrom = \"02:00\"\nto = \"05:00\"\n\
             zone = \"Europe/Berlin\"\n",
        )
        .unwrap();
        let asked = parse("[upgrade]\nchannel = \"dev\"\ninhibitors = [\"/bin/may\"]\n").unwrap();
        assert_eq!(asked.inhibitors, [PathBuf::from("/bin/may")]);
        assert_eq!(policy.minimum_age, SignedDuration::from_hours(72));
        assert_eq!((policy.generations, policy.automatic), (1, true));
        let open = "2026-11-21T01:00:00Z".parse().unwrap();
        assert!(policy.windows.iter().all(|window| window.is_open(open)));
    }

    #[test]
    fn a_channel_is_read_beside_whatever_else_is_wrong_and_told_where_there_is_none() {
        let text = "[upgrade]\ngenerations = 0\nchannel = \"extended-stable\"\n";
        assert_eq!(parse_channel(text), Ok(Some(Channel::ExtendedStable)));
        assert_eq!(parse_channel("[probes]\n"), Ok(None));
        let (span, words) = parse_channel("[upgrade]\nchannel = \"nightly\"\n").unwrap_err();
        assert!(
            span.start > 10 && words.contains("stable, beta, dev"),
            "{words}"
        );
    }

    #[test]
    fn what_is_not_understood_is_told_with_its_line_and_allows_nothing() {
        for (text, line, words) in [
            ("[upgrade]\nminimum-age = \"soon\"\n", 2, "no age"),
            ("[upgrade]\nminimum-age = \"1mo\"\n", 2, "no age"),
            ("[upgrade]\nminimum-age = \"-1d\"\n", 2, "no age"),
            ("[upgrade]\ngenerations = 0\n", 2, "always kept"),
            ("[upgrade]\nautomatic = \"high\"\n", 2, "neither"),
            ("[upgrade]\nwindows = []\n", 2, "unknown field"),
            ("[upgrade]\ninhibitors = [\"may\"]\n", 2, "no absolute path"),
            (
                "[upgrade]\n[[upgrade.window]]\nfrom = \"2\"\nto = \"05:00\"\n",
                2,
                "no time of the day",
            ),
            (
                "[upgrade]\n[[upgrade.window]]\nfrom = \"02:00\"\nto = \"05:00\"\nzone = \"Berlin\"\n",
                2,
                "no time zone",
            ),
        ] {
            let (span, told) = parse(text).unwrap_err();
            let before = text.bytes().take(span.start);
            let found = before.filter(|byte| *byte == b'\n').count() + 1;
            assert_eq!(found, line, "{text}: {told}");
            assert!(told.contains(words), "{text}: {told}");
        }
    }
}
