//! The gate in front of a report: takes every candidate through its stages, and notes what it lacks.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::blocked::{Blocked, Missing, Stage};
use super::{Entry, REPORT_LIFETIME_HOURS, ReportDocument, Shadowed};
use crate::{
    Assessment, AssetId, Candidate, Evidence, EvidenceFile, Inventory, RiskFile, ScanResult,
    VettingFile,
};

/// A stage's document as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found<T> {
    /// There is none.
    Absent,
    /// There is one that cannot be read, for this reason.
    Unreadable(String),
    /// There is one.
    Present(T),
}

/// The documents of all the stages, as they were found.
#[derive(Debug, Clone)]
pub struct Stages {
    /// Phase 1.
    pub inventory: Found<Inventory>,
    /// Phase 2.
    pub scan: Found<ScanResult>,
    /// Phase 3.
    pub evidence: Found<EvidenceFile>,
    /// Phase 4, first half.
    pub vetting: Found<VettingFile>,
    /// Phase 4, second half.
    pub risk: Found<RiskFile>,
}

/// Makes what a report says, or says everything that is missing for one.
pub(super) fn pass(
    stages: Stages,
    report_id: String,
    now: Timestamp,
) -> Result<ReportDocument, Blocked> {
    let mut gate = Gate::default();
    let inventory = gate.take(Stage::Inventory, stages.inventory);
    let scan = gate.take(Stage::Scan, stages.scan);
    let (Some(inventory), Some(scan)) = (inventory, scan) else {
        return Err(gate.blocked());
    };
    gate.check_scan(&inventory, &scan);
    let candidates = if scan.updates.is_empty() {
        Vec::new()
    } else {
        let evidence = gate.take(Stage::Evidence, stages.evidence);
        let vetting = gate.take(Stage::Vetting, stages.vetting);
        let risk = gate.take(Stage::Risk, stages.risk);
        gate.check_links(&scan, evidence.as_ref(), vetting.as_ref(), risk.as_ref());
        gate.candidates(&scan, evidence.as_ref(), vetting.as_ref(), risk.as_ref())
    };
    if !gate.missing.is_empty() {
        return Err(gate.blocked());
    }
    Ok(document(inventory, scan, candidates, report_id, now))
}

/// Whether a report that was read back still has what every candidate needs.
pub(super) fn still_passes(document: &ReportDocument) -> Result<(), Blocked> {
    let mut gate = Gate::default();
    for entry in &document.entries {
        let asset = &entry.update.asset_id;
        gate.check_evidence(asset, &entry.evidence);
        gate.check_assessment(asset, &entry.assessment);
    }
    if gate.missing.is_empty() {
        Ok(())
    } else {
        Err(gate.blocked())
    }
}

fn document(
    inventory: Inventory,
    scan: ScanResult,
    mut candidates: Vec<Candidate<crate::candidate::Assessed>>,
    report_id: String,
    now: Timestamp,
) -> ReportDocument {
    candidates.sort_by_key(|candidate| candidate.assessment().risk);
    let entries: Vec<Entry> = (1..)
        .zip(candidates)
        .map(|(number, candidate)| {
            let (update, evidence, vetting, assessment) = candidate.into_parts();
            let promised = update.artifact.digest();
            let artifact_digest = promised.or_else(|| vetting.artifact_digest.clone());
            Entry {
                number,
                update,
                evidence,
                vetting,
                assessment,
                artifact_digest,
            }
        })
        .collect();
    let local_edits = entries
        .iter()
        .filter_map(|entry| {
            let asset = inventory.asset(&entry.update.asset_id)?;
            match &asset.local_changes {
                crate::asset::LocalChanges::Modified { files, .. } => {
                    Some((asset.id.clone(), files.len()))
                }
                _ => None,
            }
        })
        .collect();
    let shadowed = shadowed(&inventory);
    ReportDocument {
        version: 1,
        report_id,
        created_at: now,
        // From when the sources were asked: a report made anew of an old scan is no younger.
        expires_at: scan.scan_time.min(now) + SignedDuration::from_hours(REPORT_LIFETIME_HOURS),
        install: inventory.install,
        channel: scan.channel,
        entries,
        up_to_date: scan.up_to_date,
        unreachable: scan.unreachable,
        skipped: scan.skipped,
        warnings: inventory.warnings,
        shadowed,
        local_edits,
        offline_age_seconds: scan.offline_age_seconds,
    }
}

fn shadowed(inventory: &Inventory) -> Vec<Shadowed> {
    let losing = |asset: &crate::Asset| {
        let path = asset.path.clone();
        asset
            .conflicts
            .iter()
            .filter(|conflict| !conflict.wins)
            .map(move |conflict| Shadowed {
                name: conflict.name.clone(),
                loaded: conflict.other_path.clone(),
                ignored: path.clone(),
            })
            .collect::<Vec<_>>()
    };
    inventory.assets.iter().flat_map(losing).collect()
}

#[derive(Default)]
struct Gate {
    missing: BTreeSet<Missing>,
}

impl Gate {
    fn take<T>(&mut self, stage: Stage, found: Found<T>) -> Option<T> {
        match found {
            Found::Present(document) => return Some(document),
            Found::Absent => self.missing.insert(Missing::Document { stage }),
            Found::Unreadable(reason) => self.missing.insert(Missing::Unreadable { stage, reason }),
        };
        None
    }

    fn check_scan(&mut self, inventory: &Inventory, scan: &ScanResult) {
        if scan.inventory_id != inventory.inventory_id || scan.scan_time < inventory.scan_time {
            self.stale(Stage::Scan, Stage::Inventory);
            return;
        }
        let mut times: BTreeMap<&AssetId, usize> = inventory
            .assets
            .iter()
            .map(|asset| (&asset.id, 0))
            .collect();
        let listed = (scan.updates.iter().map(|item| &item.asset_id))
            .chain(scan.up_to_date.iter().map(|item| &item.asset_id))
            .chain(scan.unreachable.iter().map(|item| &item.asset_id))
            .chain(scan.skipped.iter().map(|item| &item.asset_id));
        for asset in listed {
            *times.entry(asset).or_default() += 1;
        }
        for (asset, times) in times.into_iter().filter(|(_, times)| *times != 1) {
            self.missing.insert(Missing::Unaccounted {
                asset: asset.clone(),
                times,
            });
        }
    }

    fn check_links(
        &mut self,
        scan: &ScanResult,
        evidence: Option<&EvidenceFile>,
        vetting: Option<&VettingFile>,
        risk: Option<&RiskFile>,
    ) {
        if evidence.is_some_and(|file| file.scan_id != scan.scan_id) {
            self.stale(Stage::Evidence, Stage::Scan);
        }
        if vetting.is_some_and(|file| file.scan_id != scan.scan_id) {
            self.stale(Stage::Vetting, Stage::Scan);
        }
        let Some(risk) = risk else { return };
        if risk.scan_id != scan.scan_id {
            self.stale(Stage::Risk, Stage::Scan);
        }
        if evidence.is_some_and(|file| file.evidence_id != risk.evidence_id) {
            self.stale(Stage::Risk, Stage::Evidence);
        }
        if vetting.is_some_and(|file| file.vetting_id != risk.vetting_id) {
            self.stale(Stage::Risk, Stage::Vetting);
        }
    }

    fn stale(&mut self, stage: Stage, than: Stage) {
        self.missing.insert(Missing::Stale { stage, than });
    }

    /// Takes every candidate through its stages; what one lacks is noted, not skipped over.
    fn candidates(
        &mut self,
        scan: &ScanResult,
        evidence: Option<&EvidenceFile>,
        vetting: Option<&VettingFile>,
        risk: Option<&RiskFile>,
    ) -> Vec<Candidate<crate::candidate::Assessed>> {
        let mut complete = Vec::with_capacity(scan.updates.len());
        for update in &scan.updates {
            let asset = &update.asset_id;
            let known = evidence.and_then(|file| file.of(asset)).cloned();
            let vetted = vetting.and_then(|file| file.of(asset)).cloned();
            let assessed = risk.and_then(|file| file.of(asset)).cloned();
            if evidence.is_some() {
                match &known {
                    Some(evidence) => self.check_evidence(asset, evidence),
                    None => self.need(Missing::Evidence {
                        asset: asset.clone(),
                    }),
                }
            }
            if vetting.is_some() && vetted.is_none() {
                self.need(Missing::Vetting {
                    asset: asset.clone(),
                });
            }
            if risk.is_some() {
                match &assessed {
                    Some(assessment) => self.check_assessment(asset, assessment),
                    None => self.need(Missing::Risk {
                        asset: asset.clone(),
                    }),
                }
            }
            if let (Some(known), Some(vetted), Some(assessed)) = (known, vetted, assessed) {
                let candidate = Candidate::new(update.clone()).with_evidence(known);
                complete.push(candidate.with_assessment(vetted, assessed));
            }
        }
        complete
    }

    fn check_evidence(&mut self, asset: &AssetId, evidence: &Evidence) {
        if !evidence.has_content() {
            self.need(Missing::Evidence {
                asset: asset.clone(),
            });
        }
        if !evidence.has_source() {
            self.need(Missing::Source {
                asset: asset.clone(),
            });
        }
    }

    fn check_assessment(&mut self, asset: &AssetId, assessment: &Assessment) {
        if assessment.reasons.is_empty() {
            self.need(Missing::Risk {
                asset: asset.clone(),
            });
        }
    }

    fn need(&mut self, missing: Missing) {
        self.missing.insert(missing);
    }

    fn blocked(self) -> Blocked {
        Blocked {
            missing: self.missing.into_iter().collect(),
        }
    }
}
