//! A candidate with all that is known of it.

use exuvia_model::Finding;
use exuvia_model::evidence::EvidenceOutcome;
use exuvia_model::report::{Entry, ReportDocument};
use exuvia_model::scan::{Artifact, AttestationState, Verdict};
use exuvia_model::vetting::FindingKind;

use super::super::Lang;
use super::super::place::Place;
use super::super::text::{Passage, Text};
use super::super::words::{self, Label};
use super::item::{self, Item, Reason, Unavailable};

/// Bounds on what one entry may fill the screen with.
const FINDINGS_SHOWN: usize = 200;
const PLACES_SHOWN: usize = 20;
const NOTES_SHOWN: usize = 40;
const NOTE_LINES_SHOWN: usize = 300;

/// A label with what it says.
#[derive(Debug, Clone)]
pub(in super::super) struct Fact {
    pub(in super::super) label: &'static str,
    pub(in super::super) value: Text,
    /// Whether it is to be compared letter by letter, and so never broken: a digest.
    pub(in super::super) whole: bool,
}

impl Fact {
    pub(super) fn new(label: Label, lang: Lang, value: impl AsRef<str>) -> Self {
        Self {
            label: label.say(lang),
            value: Text::from(value),
            whole: false,
        }
    }
}

/// A candidate, in full.
#[derive(Debug)]
pub(in super::super) struct Detail {
    pub(in super::super) item: Item,
    pub(in super::super) heading: &'static str,
    pub(in super::super) advice: &'static str,
    pub(in super::super) reasons: Vec<Reason>,
    pub(in super::super) breaking: Vec<Text>,
    pub(in super::super) findings: Vec<Findings>,
    pub(in super::super) findings_count: usize,
    pub(in super::super) findings_left_out: usize,
    pub(in super::super) trust: Vec<Fact>,
    pub(in super::super) tried: Vec<Unavailable>,
    pub(in super::super) notes: Vec<Note>,
    pub(in super::super) notes_left_out: usize,
    pub(in super::super) read_more: Vec<Place>,
}

/// The findings of one kind.
#[derive(Debug)]
pub(in super::super) struct Findings {
    pub(in super::super) heading: &'static str,
    pub(in super::super) lines: Vec<FindingLine>,
}

/// One finding.
#[derive(Debug)]
pub(in super::super) struct FindingLine {
    pub(in super::super) subject: Text,
    /// `file:line`.
    pub(in super::super) place: Text,
    pub(in super::super) excerpt: Text,
}

/// The notes of one version.
#[derive(Debug)]
pub(in super::super) struct Note {
    pub(in super::super) version: Text,
    pub(in super::super) text: Passage,
}

impl Detail {
    pub(in super::super) fn of(document: &ReportDocument, entry: &Entry, lang: Lang) -> Self {
        let notes = match &entry.evidence.outcome {
            EvidenceOutcome::Available { notes, .. } => notes.as_slice(),
            EvidenceOutcome::Unavailable { .. } => &[],
        };
        Self {
            item: Item::of(document, entry, lang),
            heading: words::risk_heading(entry.assessment.risk).say(lang),
            advice: words::advice(entry.assessment.risk).say(lang),
            reasons: item::reasons(entry, PLACES_SHOWN, lang),
            breaking: item::breaking(entry),
            findings: findings(entry, lang),
            findings_count: entry.vetting.findings.len(),
            findings_left_out: entry.vetting.findings.len().saturating_sub(FINDINGS_SHOWN),
            trust: trust(entry, lang),
            tried: item::tried(entry),
            notes: notes
                .iter()
                .take(NOTES_SHOWN)
                .map(|note| Note {
                    version: Text::cut(&note.version, 80),
                    text: Passage::cut(&note.text, NOTE_LINES_SHOWN),
                })
                .collect(),
            notes_left_out: notes.len().saturating_sub(NOTES_SHOWN),
            read_more: read_more(entry),
        }
    }
}

fn findings(entry: &Entry, lang: Lang) -> Vec<Findings> {
    let shown: Vec<&Finding> = entry.vetting.findings.iter().take(FINDINGS_SHOWN).collect();
    FindingKind::ALL
        .into_iter()
        .map(|kind| Findings {
            heading: words::finding(kind).say(lang),
            lines: shown
                .iter()
                .filter(|finding| finding.kind == kind)
                .map(|finding| line(finding))
                .collect(),
        })
        .filter(|findings| !findings.lines.is_empty())
        .collect()
}

fn line(finding: &Finding) -> FindingLine {
    let place = match finding.line {
        Some(line) => format!("{}:{line}", finding.file),
        None => finding.file.clone(),
    };
    FindingLine {
        subject: Text::cut(&finding.subject, 120),
        place: Text::cut(&place, 240),
        excerpt: Text::cut(&finding.excerpt, Finding::EXCERPT_MAX),
    }
}

/// What vouches for the candidate, and the bytes that choosing it approves.
fn trust(entry: &Entry, lang: Lang) -> Vec<Fact> {
    let mut facts = Vec::new();
    let mut tell = |label, value: String| facts.push(Fact::new(label, lang, value));
    match &entry.update.artifact {
        Artifact::Npm {
            signature,
            attestation,
            publisher,
            ..
        } => {
            tell(Label::Signature, words::signature(signature, lang));
            tell(Label::Attestation, words::attestation(attestation, lang));
            tell(Label::Publisher, words::publisher(publisher, lang));
        }
        Artifact::ClawHub {
            verdict, publisher, ..
        } => {
            tell(Label::Verdict, words::verdict(verdict, lang));
            tell(Label::Publisher, words::publisher(publisher, lang));
        }
        Artifact::Git { .. } => {}
    }
    tell(
        Label::Vetted,
        words::coverage(&entry.vetting.coverage, lang),
    );
    if let Some(digest) = &entry.artifact_digest {
        facts.push(Fact {
            whole: true,
            ..Fact::new(Label::Artifact, lang, digest.as_str())
        });
    }
    facts
}

/// Every address that the candidate brings along, each once.
fn read_more(entry: &Entry) -> Vec<Place> {
    let mut places: Vec<Place> = Vec::new();
    let addresses = [
        entry.update.changelog_url.as_deref(),
        about(&entry.update.artifact),
        audit(&entry.update.artifact),
    ];
    for address in addresses.into_iter().flatten() {
        let place = Place::of(address);
        if !places.contains(&place) {
            places.push(place);
        }
    }
    places
}

/// Where the thing itself is at home.
fn about(artifact: &Artifact) -> Option<&str> {
    match artifact {
        Artifact::Npm { repository, .. } => repository.as_deref(),
        Artifact::Git { url, .. } => Some(url),
        Artifact::ClawHub { .. } => None,
    }
}

/// Where a judgement on it can be read.
fn audit(artifact: &Artifact) -> Option<&str> {
    match artifact {
        Artifact::Npm { attestation, .. } => match attestation {
            AttestationState::Present { url }
            | AttestationState::Verified { url }
            | AttestationState::Bad { url, .. } => Some(url),
            AttestationState::Absent | AttestationState::Unknown { .. } => None,
        },
        Artifact::ClawHub { verdict, .. } => match verdict {
            Verdict::Pass { url } | Verdict::Fail { url, .. } => url.as_deref(),
            Verdict::Unknown { .. } => None,
        },
        Artifact::Git { .. } => None,
    }
}
