//! Every phrase that a report is written in, both languages side by side.
//!
//! A phrase is a function of the model's own types, so that a new risk row or kind of finding does
//! not compile until it has words in every language. What comes from outside and stands inside a
//! sentence is cleaned where it is put in.

mod blocked;
mod entry;
mod findings;
mod kinds;
mod page;
mod risk;
mod rows;
mod skipped;
mod time;
mod trust;

pub use blocked::missing;
pub use entry::{
    changelog_unavailable, local_edits, migration, more, more_in_detail, must_confirm, published,
};
pub use findings::{counted, coverage, finding};
pub use kinds::{change_type, package_manager};
pub use page::{
    Label, Reply, all_up_to_date, cached, expires_in, nothing_to_update, openclaw, replies, tally,
    title, updates,
};
pub use risk::{advice, risk, risk_heading};
pub use rows::{reason, unblock};
pub use skipped::{shadowed, skipped};
pub use time::{age, duration, moment};
pub use trust::{attestation, publisher, signature, verdict};

use super::Lang;

/// Longest piece of data inside a sentence, in characters.
const DATUM_MAX: usize = 400;

/// One phrase in every language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Phrase {
    en: &'static str,
    zh: &'static str,
}

impl Phrase {
    /// The phrase in that language.
    pub fn say(self, lang: Lang) -> &'static str {
        match lang {
            Lang::En => self.en,
            Lang::ZhCn => self.zh,
        }
    }
}

const fn both(en: &'static str, zh: &'static str) -> Phrase {
    Phrase { en, zh }
}

/// A phrase, and after a colon what it is about, when there is something.
fn with_datum(phrase: &str, datum: &str, lang: Lang) -> String {
    let datum = datum_of(datum);
    match (datum.is_empty(), lang) {
        (true, _) => phrase.to_owned(),
        (false, Lang::En) => format!("{phrase}: {datum}"),
        (false, Lang::ZhCn) => format!("{phrase}：{datum}"),
    }
}

fn datum_of(text: &str) -> String {
    exuvia_model::text::one_line(text, DATUM_MAX)
}

/// `one` for 1, else `many`: English only; Chinese does not inflect.
fn plural(n: usize, one: &'static str, many: &'static str) -> &'static str {
    if n == 1 { one } else { many }
}
