//! A candidate on its way through the check.
//!
//! Each stage adds what it found and gives the candidate its next type, so that a candidate that
//! skipped a stage cannot be put into a report: there is no function that would take it.

use crate::risk::{self, Facts};
use crate::{Assessment, Evidence, Update, Vetting};

/// A candidate at a stage of the check.
#[derive(Debug, Clone)]
pub struct Candidate<Stage> {
    update: Update,
    stage: Stage,
}

/// Known to exist.
#[derive(Debug, Clone)]
pub struct Scanned(());

/// Known to exist, with what is known of its changes.
#[derive(Debug, Clone)]
pub struct Evidenced {
    evidence: Evidence,
}

/// Known as far as a check goes.
#[derive(Debug, Clone)]
pub struct Assessed {
    evidence: Evidence,
    vetting: Vetting,
    assessment: Assessment,
}

impl<Stage> Candidate<Stage> {
    /// What the scan found.
    pub fn update(&self) -> &Update {
        &self.update
    }
}

impl Candidate<Scanned> {
    /// A candidate as the scan found it.
    pub fn new(update: Update) -> Self {
        Self {
            update,
            stage: Scanned(()),
        }
    }

    /// Adds what is known of its changes.
    #[must_use]
    pub fn with_evidence(self, evidence: Evidence) -> Candidate<Evidenced> {
        Candidate {
            update: self.update,
            stage: Evidenced { evidence },
        }
    }
}

impl Candidate<Evidenced> {
    /// What is known of its changes.
    pub fn evidence(&self) -> &Evidence {
        &self.stage.evidence
    }

    /// Adds what was found in it and how risky that makes it.
    #[must_use]
    pub fn with_assessment(self, vetting: Vetting, assessment: Assessment) -> Candidate<Assessed> {
        let stage = Assessed {
            evidence: self.stage.evidence,
            vetting,
            assessment,
        };
        Candidate {
            update: self.update,
            stage,
        }
    }

    /// Assesses it by the risk table.
    #[must_use]
    pub fn assess(
        self,
        vetting: Vetting,
        asset: &crate::Asset,
        install: &crate::InstallSummary,
        known_bad: bool,
    ) -> Candidate<Assessed> {
        let assessment = risk::assess(Facts {
            update: &self.update,
            asset,
            install,
            evidence: &self.stage.evidence,
            vetting: &vetting,
            known_bad,
        });
        self.with_assessment(vetting, assessment)
    }
}

impl Candidate<Assessed> {
    /// What is known of its changes.
    pub fn evidence(&self) -> &Evidence {
        &self.stage.evidence
    }

    /// What was found in it.
    pub fn vetting(&self) -> &Vetting {
        &self.stage.vetting
    }

    /// How risky it is, and why.
    pub fn assessment(&self) -> &Assessment {
        &self.stage.assessment
    }

    /// Taken apart: the update, its evidence, its vetting and its assessment.
    pub fn into_parts(self) -> (Update, Evidence, Vetting, Assessment) {
        (
            self.update,
            self.stage.evidence,
            self.stage.vetting,
            self.stage.assessment,
        )
    }
}
