//! One check of one install, phase by phase or whole.

use std::sync::Arc;

use exuvia_host::{Home, HomeError, Host};
use exuvia_model::report::{Blocked, Found, Missing, Stage};
use exuvia_model::risk::RiskItem;
use exuvia_model::{
    Candidate, Channel, EvidenceFile, Inventory, Report, RiskFile, ScanResult, VettingFile,
};
use exuvia_openclaw::{Install, take_inventory};
use exuvia_sources::SourceError;

use crate::documents::{DocumentError, Documents};
use crate::ids::document_id;
use crate::progress::{Phase, Progress};
use crate::sources::Sources;
use crate::{BadVersion, Pin, evidence, leftovers, scan, vetting};

/// What a check may ask.
#[derive(Debug, Clone, Default)]
pub struct CheckOptions {
    /// Which releases to hear of; stable where absent.
    pub channel: Option<Channel>,
    /// Whether to use cached answers only.
    pub offline: bool,
}

/// A check cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// A phase lacks what an earlier one should have left.
    #[error(transparent)]
    Blocked(#[from] Blocked),
    /// A document cannot be kept.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// There is no place for Exuvia's own directory.
    #[error(transparent)]
    Home(#[from] HomeError),
    /// No source can be asked at all.
    #[error(transparent)]
    Source(#[from] SourceError),
}

/// A check of one install. Each phase reads the document of the phase before it from disk and
/// leaves its own there.
#[derive(Debug)]
pub struct Check {
    host: Arc<dyn Host>,
    home: Home,
    install: Install,
    options: CheckOptions,
    documents: Documents,
    progress: Arc<dyn Progress>,
    _lock: exuvia_host::Lock,
}

impl Check {
    /// Opens a check: makes sure that its results can be kept, and that no other check of the same
    /// install is under way.
    pub fn open(
        host: Arc<dyn Host>,
        home: Home,
        install: Install,
        options: CheckOptions,
        progress: Arc<dyn Progress>,
    ) -> Result<Self, CheckError> {
        home.prepare(&*host)?;
        let documents = Documents::new(host.clone(), &install.state_dir, &home, &install.id());
        let lock = documents.lock()?;
        documents.sweep();
        leftovers::sweep_scratch(&*host, &home.scratch());
        leftovers::sweep_cache(&*host, &home.cache());
        Ok(Self {
            host,
            home,
            install,
            options,
            documents,
            progress,
            _lock: lock,
        })
    }

    /// Phase 1: what is installed.
    pub fn inventory(&self) -> Result<Inventory, CheckError> {
        self.progress.begin(Phase::Inventory, 0);
        let inventory = take_inventory(&*self.host, &self.install);
        self.progress.end();
        self.documents.keep(Stage::Inventory, &inventory)?;
        Ok(inventory)
    }

    /// Phase 2: what could be updated.
    pub async fn scan(&self) -> Result<ScanResult, CheckError> {
        let mut inventory: Inventory = self.need(Stage::Inventory)?;
        let before = inventory.clone();
        let sources = self.sources()?;
        let channel = self.options.channel.unwrap_or_default();
        let pins = self.documents.list::<Pin>()?;
        let result = scan::scan(&sources, &mut inventory, channel, &pins, &*self.progress).await;
        if inventory != before {
            self.documents.keep(Stage::Inventory, &inventory)?;
        }
        self.documents.keep(Stage::Scan, &result)?;
        Ok(result)
    }

    /// Phase 3: what changed.
    pub async fn evidence(&self) -> Result<EvidenceFile, CheckError> {
        let scanned: ScanResult = self.need(Stage::Scan)?;
        let sources = self.sources()?;
        let fetched = evidence::fetch(&sources, &scanned, &*self.progress).await;
        self.documents.keep(Stage::Evidence, &fetched)?;
        Ok(fetched)
    }

    /// Phase 4: what the new versions bring along, and how risky that makes them.
    pub async fn risk(&self) -> Result<RiskFile, CheckError> {
        let inventory: Inventory = self.need(Stage::Inventory)?;
        let scanned: ScanResult = self.need(Stage::Scan)?;
        let known: EvidenceFile = self.need(Stage::Evidence)?;
        let sources = self.sources()?;
        let before = match self.documents.find::<VettingFile>(Stage::Vetting) {
            Found::Present(before) => Some(before),
            Found::Absent | Found::Unreadable(_) => None,
        };
        let progress = &*self.progress;
        let vetted = vetting::vet(&sources, &inventory, &scanned, before.as_ref(), progress).await;
        self.documents.keep(Stage::Vetting, &vetted)?;
        let assessed = self.assess(&inventory, &scanned, &known, &vetted)?;
        self.documents.keep(Stage::Risk, &assessed)?;
        Ok(assessed)
    }

    /// All phases, and the report.
    pub async fn run(&self) -> Result<Report, CheckError> {
        self.inventory()?;
        let scanned = self.scan().await?;
        if !scanned.updates.is_empty() {
            self.evidence().await?;
            self.risk().await?;
        }
        Self::report(&*self.host, &self.documents)
    }

    /// Phase 5: the report, if nothing is missing for it.
    pub fn report(host: &dyn Host, documents: &Documents) -> Result<Report, CheckError> {
        let stages = documents.stages();
        let now = host.now();
        let id = match &stages.scan {
            Found::Present(scan) => document_id("rep", now, &scan.scan_id),
            Found::Absent | Found::Unreadable(_) => String::new(),
        };
        let report = Report::build(stages, id, now)?;
        documents.keep_report(&report)?;
        Ok(report)
    }

    fn sources(&self) -> Result<Sources, CheckError> {
        Ok(Sources::open(
            self.host.clone(),
            &self.home,
            self.options.offline,
        )?)
    }

    fn assess(
        &self,
        inventory: &Inventory,
        scanned: &ScanResult,
        known: &EvidenceFile,
        vetted: &VettingFile,
    ) -> Result<RiskFile, CheckError> {
        let bad = self.documents.list::<BadVersion>()?;
        let mut missing = Vec::new();
        let mut items = Vec::with_capacity(scanned.updates.len());
        for update in &scanned.updates {
            let asset_id = update.asset_id.clone();
            let (Some(asset), Some(evidence), Some(vetting)) = (
                inventory.asset(&asset_id),
                known.of(&asset_id),
                vetted.of(&asset_id),
            ) else {
                missing.push(Missing::Evidence { asset: asset_id });
                continue;
            };
            let candidate = Candidate::new(update.clone()).with_evidence(evidence.clone());
            let known_bad = bad.contains(&asset_id, &update.latest);
            let assessed = candidate.assess(vetting.clone(), asset, &inventory.install, known_bad);
            items.push(RiskItem {
                asset_id,
                assessment: assessed.assessment().clone(),
            });
        }
        if !missing.is_empty() {
            return Err(Blocked { missing }.into());
        }
        Ok(RiskFile {
            version: 1,
            assessed_at: self.host.now(),
            scan_id: scanned.scan_id.clone(),
            evidence_id: known.evidence_id.clone(),
            vetting_id: vetted.vetting_id.clone(),
            items,
        })
    }

    /// The document that a phase stands on, or what is the matter with it.
    fn need<T: serde::de::DeserializeOwned>(&self, stage: Stage) -> Result<T, Blocked> {
        let missing = match self.documents.find(stage) {
            Found::Present(document) => return Ok(document),
            Found::Absent => Missing::Document { stage },
            Found::Unreadable(reason) => Missing::Unreadable { stage, reason },
        };
        Err(Blocked {
            missing: vec![missing],
        })
    }
}
