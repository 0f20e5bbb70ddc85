//! What is shown, before any format: the report in one language, every text of it cleaned.
//!
//! The formats lay this out and escape it; what stands where, and in which words, is decided here
//! once for all of them.

mod detail;
mod item;
mod lists;

use exuvia_model::report::{Entry, ReportDocument};
use exuvia_model::{AssetClass, Report, Risk};
use jiff::tz::Offset;

pub(super) use detail::{Detail, Fact, Findings, Note};
pub(super) use item::{Item, Unavailable};
pub(super) use lists::{Bundle, Named};

use super::Lang;
use super::text::Text;
use super::words::{self, Label, Reply};

/// Seconds in the life of a report, told to the reader.
const FALLBACK_LIFETIME: u64 = 24 * 60 * 60;

/// A whole report.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) lang: Lang,
    pub(super) report_id: Text,
    pub(super) facts: Vec<Fact>,
    pub(super) updates: String,
    pub(super) tallies: Vec<RiskTally>,
    pub(super) others: Vec<String>,
    pub(super) groups: Vec<Group>,
    pub(super) up_to_date: Vec<Named>,
    pub(super) unreachable: Vec<Bundle>,
    pub(super) skipped: Vec<Bundle>,
    pub(super) warnings: Vec<Text>,
    pub(super) replies: Vec<Reply>,
    pub(super) command: Option<Text>,
    pub(super) expiry: String,
}

/// How many candidates have that risk.
#[derive(Debug)]
pub(super) struct RiskTally {
    pub(super) risk: Risk,
    pub(super) count: usize,
    pub(super) word: &'static str,
}

/// The candidates of one risk.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) risk: Risk,
    pub(super) heading: &'static str,
    pub(super) advice: &'static str,
    pub(super) items: Vec<Item>,
}

impl Page {
    /// The report as it is told in that language, with times at that offset.
    pub(super) fn of(report: &Report, lang: Lang, offset: Offset) -> Self {
        let document = report.document();
        let choice = example(document);
        Self {
            lang,
            report_id: Text::from(&document.report_id),
            facts: facts(document, lang, offset),
            updates: words::updates(document.entries.len(), lang),
            tallies: tallies(document, lang),
            others: others(document, lang),
            groups: groups(document, lang),
            up_to_date: lists::up_to_date(document),
            unreachable: lists::unreachable(document),
            skipped: lists::skipped(document, lang),
            warnings: lists::warnings(document, lang),
            command: command(&choice, document),
            replies: words::replies(&choice, lang),
            expiry: expiry(document, lang),
        }
    }

    /// Whether there is something to choose from.
    pub(super) fn has_entries(&self) -> bool {
        !self.groups.is_empty()
    }
}

fn facts(document: &ReportDocument, lang: Lang, offset: Offset) -> Vec<Fact> {
    let install = &document.install;
    let version = core_version(document);
    let manager = words::package_manager(install.package_manager).say(lang);
    let node = install.node.as_ref().map(|node| node.version.as_str());
    let mut facts = vec![
        Fact::new(Label::Install, lang, &install.state_dir),
        Fact::new(
            Label::OpenClaw,
            lang,
            words::openclaw(version.as_deref(), manager, node, lang),
        ),
        Fact::new(Label::Channel, lang, document.channel.name()),
        Fact::new(
            Label::Checked,
            lang,
            words::moment(document.created_at, offset),
        ),
    ];
    if let Some(seconds) = document.offline_age_seconds {
        facts.push(Fact::new(Label::Cache, lang, words::cached(seconds, lang)));
    }
    facts.push(Fact::new(Label::Report, lang, &document.report_id));
    facts.push(Fact::new(
        Label::Expires,
        lang,
        words::moment(document.expires_at, offset),
    ));
    facts
}

/// The version of OpenClaw itself, wherever the core stands in the report.
fn core_version(document: &ReportDocument) -> Option<String> {
    let offered = document
        .entries
        .iter()
        .find(|entry| entry.update.class == AssetClass::Core)
        .map(|entry| entry.update.current.short());
    let prefix = format!("{}:", AssetClass::Core.name());
    offered.or_else(|| {
        document
            .up_to_date
            .iter()
            .find(|asset| asset.asset_id.as_str().starts_with(&prefix))
            .map(|asset| asset.version.clone())
    })
}

fn of_risk(document: &ReportDocument, risk: Risk) -> impl Iterator<Item = &Entry> {
    document
        .entries
        .iter()
        .filter(move |entry| entry.assessment.risk == risk)
}

fn tallies(document: &ReportDocument, lang: Lang) -> Vec<RiskTally> {
    Risk::ALL
        .into_iter()
        .map(|risk| RiskTally {
            risk,
            count: of_risk(document, risk).count(),
            word: words::risk(risk).say(lang),
        })
        .filter(|tally| tally.count > 0)
        .collect()
}

fn others(document: &ReportDocument, lang: Lang) -> Vec<String> {
    [
        (Label::UpToDate, document.up_to_date.len()),
        (Label::Unreachable, document.unreachable.len()),
        (Label::Skipped, document.skipped.len()),
    ]
    .into_iter()
    .filter(|(_, count)| *count > 0)
    .filter_map(|(label, count)| words::tally(label, count, lang))
    .collect()
}

fn groups(document: &ReportDocument, lang: Lang) -> Vec<Group> {
    Risk::ALL
        .into_iter()
        .map(|risk| Group {
            risk,
            heading: words::risk_heading(risk).say(lang),
            advice: words::advice(risk).say(lang),
            items: of_risk(document, risk)
                .map(|entry| Item::of(document, entry, lang))
                .collect(),
        })
        .filter(|group| !group.items.is_empty())
        .collect()
}

/// The first two entries that may be chosen.
fn example(document: &ReportDocument) -> String {
    document
        .entries
        .iter()
        .filter(|entry| entry.assessment.risk != Risk::Blocked)
        .take(2)
        .map(|entry| entry.number.to_string())
        .collect::<Vec<_>>()
        .join(" ")
}

fn command(choice: &str, document: &ReportDocument) -> Option<Text> {
    (!choice.is_empty()).then(|| {
        Text::from(format!(
            "exuvia select {choice} --report {}",
            document.report_id
        ))
    })
}

fn expiry(document: &ReportDocument, lang: Lang) -> String {
    let life = document.expires_at.duration_since(document.created_at);
    let seconds = u64::try_from(life.as_secs()).unwrap_or(FALLBACK_LIFETIME);
    words::expires_in(seconds, lang)
}
