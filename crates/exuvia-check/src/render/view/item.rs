//! A candidate as the list shows it.

use exuvia_model::Risk;
use exuvia_model::evidence::EvidenceOutcome;
use exuvia_model::report::{Entry, ReportDocument};
use exuvia_model::risk::Row;
use exuvia_model::vetting::FindingKind;

use super::super::Lang;
use super::super::place::Place;
use super::super::text::Text;
use super::super::words;

/// How many lines on breaking changes the list shows.
const BREAKING_SHOWN: usize = 4;
/// How many places of one reason the list shows.
const PLACES_SHOWN: usize = 3;
/// Longest name and longest version, in characters.
const NAME_MAX: usize = 120;
/// Longest line from release notes, in characters.
const NOTE_LINE_MAX: usize = 240;

/// A candidate.
#[derive(Debug)]
pub(in super::super) struct Item {
    pub(in super::super) number: u32,
    pub(in super::super) name: Text,
    pub(in super::super) current: Text,
    pub(in super::super) latest: Text,
    pub(in super::super) risk: Risk,
    /// What it is, how large the step is, how old.
    pub(in super::super) traits: Vec<Text>,
    /// One line of the notes, or that there are none.
    pub(in super::super) summary: Text,
    /// Where the summary comes from.
    pub(in super::super) source: Option<Place>,
    /// For a candidate without evidence: who was asked in vain.
    pub(in super::super) tried: Vec<Unavailable>,
    pub(in super::super) breaking: Vec<Text>,
    pub(in super::super) breaking_left_out: usize,
    /// Why the risk is what it is, worst first.
    pub(in super::super) reasons: Vec<Reason>,
    /// What vetting found, counted by kind.
    pub(in super::super) found: Vec<String>,
    pub(in super::super) unblock: Vec<&'static str>,
    pub(in super::super) notes: Vec<Text>,
}

/// A row of the risk table, with its own risk.
#[derive(Debug)]
pub(in super::super) struct Reason {
    pub(in super::super) risk: Risk,
    pub(in super::super) text: Text,
}

/// A source that was asked in vain.
#[derive(Debug)]
pub(in super::super) struct Unavailable {
    pub(in super::super) place: Place,
    pub(in super::super) outcome: Text,
}

impl Item {
    pub(in super::super) fn of(document: &ReportDocument, entry: &Entry, lang: Lang) -> Self {
        let update = &entry.update;
        let breaking = breaking(entry);
        Self {
            number: entry.number,
            name: Text::cut(&update.name, NAME_MAX),
            current: Text::cut(&update.current.short(), NAME_MAX),
            latest: Text::cut(&update.latest.short(), NAME_MAX),
            risk: entry.assessment.risk,
            traits: traits(document, entry, lang),
            summary: summary(entry, lang),
            source: source(entry),
            tried: match &entry.evidence.outcome {
                EvidenceOutcome::Unavailable { .. } => tried(entry),
                EvidenceOutcome::Available { .. } => Vec::new(),
            },
            breaking_left_out: breaking.len().saturating_sub(BREAKING_SHOWN),
            breaking: breaking.into_iter().take(BREAKING_SHOWN).collect(),
            reasons: reasons(entry, PLACES_SHOWN, lang),
            found: found(entry, lang),
            unblock: unblock(entry, lang),
            notes: notes(document, entry, lang),
        }
    }
}

/// Every source that was asked, with its answer.
pub(super) fn tried(entry: &Entry) -> Vec<Unavailable> {
    entry
        .evidence
        .attempts
        .iter()
        .map(|attempt| Unavailable {
            place: Place::of(&attempt.source),
            outcome: Text::cut(&attempt.outcome, NOTE_LINE_MAX),
        })
        .collect()
}

/// The lines that speak of breaking changes.
pub(super) fn breaking(entry: &Entry) -> Vec<Text> {
    match &entry.evidence.outcome {
        EvidenceOutcome::Available { breaking, .. } => breaking
            .iter()
            .map(|line| Text::cut(line, NOTE_LINE_MAX))
            .filter(|line| !line.is_empty())
            .collect(),
        EvidenceOutcome::Unavailable { .. } => Vec::new(),
    }
}

fn traits(document: &ReportDocument, entry: &Entry, lang: Lang) -> Vec<Text> {
    let update = &entry.update;
    let mut traits = vec![
        Text::from(update.kind.to_string()),
        Text::from(words::change_type(update.change_type).say(lang)),
    ];
    if let Some(at) = update.published_at {
        traits.push(Text::from(words::published(at, document.created_at, lang)));
    }
    traits
}

fn summary(entry: &Entry, lang: Lang) -> Text {
    match &entry.evidence.outcome {
        EvidenceOutcome::Available { summary, .. } => Text::cut(summary, NOTE_LINE_MAX),
        EvidenceOutcome::Unavailable { .. } => {
            Text::from(words::changelog_unavailable(&entry.evidence, lang).unwrap_or_default())
        }
    }
}

fn source(entry: &Entry) -> Option<Place> {
    match &entry.evidence.outcome {
        EvidenceOutcome::Available { source, .. } => Some(Place::of(source)),
        EvidenceOutcome::Unavailable { .. } => None,
    }
}

/// One line for each row; a row that applies several times names its first places.
pub(super) fn reasons(entry: &Entry, most: usize, lang: Lang) -> Vec<Reason> {
    let update = &entry.update;
    let step = format!("{} → {}", update.current.short(), update.latest.short());
    entry
        .assessment
        .reasons
        .chunk_by(|a, b| a.row == b.row)
        .filter_map(|same| {
            let row = same.first()?.row;
            let mut details: Vec<String> = same
                .iter()
                .map(|reason| reason.detail.clone())
                .filter(|detail| !is_told_elsewhere(row) && !detail.is_empty() && *detail != step)
                .collect();
            let left_out = details.len().saturating_sub(most);
            details.truncate(most);
            if left_out > 0 {
                details.push(words::more(left_out, lang));
            }
            Some(Reason {
                risk: row.risk(),
                text: Text::from(words::reason(row, &details.join(", "), lang)),
            })
        })
        .collect()
}

/// Whether what made the row apply has a place of its own in the list.
fn is_told_elsewhere(row: Row) -> bool {
    matches!(row, Row::NotesOfBreaking | Row::EvidenceUnavailable)
}

/// What was found, counted by kind, worst first.
fn found(entry: &Entry, lang: Lang) -> Vec<String> {
    FindingKind::ALL
        .into_iter()
        .filter_map(|kind| {
            let count = entry
                .vetting
                .findings
                .iter()
                .filter(|finding| finding.kind == kind)
                .count();
            (count > 0).then(|| words::counted(kind, count, lang))
        })
        .collect()
}

fn unblock(entry: &Entry, lang: Lang) -> Vec<&'static str> {
    let mut ways: Vec<&'static str> = Vec::new();
    for reason in &entry.assessment.reasons {
        if let Some(way) = words::unblock(reason.row).map(|way| way.say(lang))
            && !ways.contains(&way)
        {
            ways.push(way);
        }
    }
    ways
}

fn notes(document: &ReportDocument, entry: &Entry, lang: Lang) -> Vec<Text> {
    let mut notes = Vec::new();
    let rows = &entry.assessment.reasons;
    if rows
        .iter()
        .any(|reason| reason.row == Row::MigratesDatabases)
    {
        notes.push(Text::from(words::migration().say(lang)));
    }
    if let Some(files) = document.local_edits.get(&entry.update.asset_id) {
        notes.push(Text::from(words::local_edits(*files, lang)));
    }
    if entry.assessment.risk != Risk::Blocked && entry.assessment.needs_confirmation() {
        notes.push(Text::from(words::must_confirm(&entry.update.name, lang)));
    }
    notes
}
