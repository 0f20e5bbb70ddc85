//! What can be told of a candidate without opening it: its age, its signature, its publisher.

use exuvia_model::scan::{Artifact, AttestationState, PublisherChange, SignatureState};
use exuvia_model::vetting::FindingKind;
use exuvia_model::{Finding, Update};
use jiff::{SignedDuration, Timestamp};

/// A release younger than this may not have been looked at by many.
const YOUNG: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Where these findings are: in no file.
pub(super) const PLACE: &str = "(registry)";

pub(super) fn of(update: &Update, now: Timestamp) -> Vec<Finding> {
    let mut findings = Vec::new();
    let subject = format!("{} {}", update.name, update.latest.short());
    if let Some(at) = update.published_at
        && now.duration_since(at) < YOUNG
    {
        findings.push(found(FindingKind::YoungRelease, &subject, &at.to_string()));
    }
    match &update.artifact {
        Artifact::Npm {
            signature,
            attestation,
            deprecated,
            publisher,
            ..
        } => {
            if *signature == SignatureState::NotSigned {
                let words = "the registry publishes no keys";
                findings.push(found(FindingKind::NotSignedByRegistry, &subject, words));
            }
            match attestation {
                AttestationState::Absent => {
                    findings.push(found(FindingKind::NoAttestation, &subject, ""));
                }
                AttestationState::Bad { url, reason } => {
                    let excerpt = format!("{reason} ({url})");
                    findings.push(found(FindingKind::IntegrityMismatch, &subject, &excerpt));
                }
                AttestationState::Present { .. }
                | AttestationState::Verified { .. }
                | AttestationState::Unknown { .. } => {}
            }
            if let Some(words) = deprecated {
                findings.push(found(FindingKind::Deprecated, &subject, words));
            }
            findings.extend(of_publisher(publisher));
        }
        Artifact::ClawHub { publisher, .. } => findings.extend(of_publisher(publisher)),
        Artifact::Git { .. } => {}
    }
    findings
}

fn of_publisher(publisher: &PublisherChange) -> Option<Finding> {
    match publisher {
        PublisherChange::Changed { before, after } => Some(found(
            FindingKind::PublisherChanged,
            after,
            &format!("{before} → {after}"),
        )),
        PublisherChange::Same { .. } | PublisherChange::Unknown => None,
    }
}

fn found(kind: FindingKind, subject: &str, excerpt: &str) -> Finding {
    Finding::new(kind, subject, PLACE, None, excerpt)
}
