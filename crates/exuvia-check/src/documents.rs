//! The documents that the stages leave on disk, and nothing else about them.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use exuvia_host::{Home, Host, HostError, Links, Lock, read_optional};
use exuvia_model::report::{Found, Stage, Stages};
use exuvia_model::{Report, Selection};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::leftovers::{Writers, sweep_files};

/// Largest document that is read back, in bytes: 100,000 assets fit.
pub(crate) const MAX_DOCUMENT: u64 = 256 * 1024 * 1024;

/// How long another one may take to change a list, and how often it is looked whether it has.
const PATIENCE: Duration = Duration::from_secs(10);
const GLANCE: Duration = Duration::from_millis(10);

/// Reads and writes the documents of one install.
#[derive(Debug, Clone)]
pub struct Documents {
    host: Arc<dyn Host>,
    state_dir: PathBuf,
    own_dir: PathBuf,
}

/// A document cannot be kept or found.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// The machine refused.
    #[error(transparent)]
    Host(#[from] HostError),
    /// A value cannot be written as JSON.
    #[error("cannot write {document} as JSON: {reason}")]
    NotSerializable {
        /// The document.
        document: String,
        /// Why not.
        reason: String,
    },
    /// A file that must be understood is not.
    #[error("{} cannot be read: {reason}; mend it or move it away", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A second check of the same install is under way.
    #[error("another exuvia is checking this install; wait for it to end (lock: {})", .lock.display())]
    Busy {
        /// The lock that it holds.
        lock: PathBuf,
    },
    /// Somebody changes a list and does not end.
    #[error("another exuvia changes the same list; try again when it has ended (lock: {})", .lock.display())]
    Held {
        /// The lock that it holds.
        lock: PathBuf,
    },
    /// There is no such report.
    #[error("there is no report {id}; run `exuvia check` to make one")]
    NoSuchReport {
        /// What was asked for.
        id: String,
    },
    /// The report is there and cannot be used.
    #[error("report {id} cannot be used: {reason}; run `exuvia check` to make a new one")]
    UnusableReport {
        /// The report.
        id: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl Documents {
    /// The documents of the install with this state directory and id.
    pub fn new(host: Arc<dyn Host>, state_dir: &Path, home: &Home, install_id: &str) -> Self {
        Self {
            host,
            state_dir: state_dir.to_owned(),
            own_dir: home.install(install_id),
        }
    }

    /// Keeps others from checking this install until the lock is dropped.
    pub fn lock(&self) -> Result<Lock, DocumentError> {
        self.host.create_private_dir(&self.own_dir)?;
        let lock = self.own_dir.join("check.lock");
        self.host
            .try_lock(&lock)?
            .ok_or(DocumentError::Busy { lock })
    }

    /// Keeps others from changing the lists that the user and failed upgrades add to, for as long
    /// as one takes: waits for whoever does.
    pub(crate) fn alone_with_lists(&self) -> Result<Lock, DocumentError> {
        self.host.create_private_dir(&self.own_dir)?;
        let lock = self.own_dir.join("lists.lock");
        let began = self.host.elapsed();
        loop {
            if let Some(held) = self.host.try_lock(&lock)? {
                return Ok(held);
            }
            if self.host.elapsed().saturating_sub(began) >= PATIENCE {
                return Err(DocumentError::Held { lock });
            }
            std::thread::sleep(GLANCE);
        }
    }

    /// Removes what a check that was killed left beside the documents. For the lock's holder:
    /// reports and selections are written without it, the stages' documents never.
    pub(crate) fn sweep(&self) {
        for directory in [&self.state_dir, &self.own_dir] {
            sweep_files(&*self.host, directory, Writers::Caller);
        }
        for directory in ["reports", "selections"] {
            sweep_files(&*self.host, &self.own_dir.join(directory), Writers::Anybody);
        }
    }

    /// Where a stage's document lies: the two that the first Smart Updater's scripts read in the
    /// state directory, the others in Exuvia's own.
    pub fn path(&self, stage: Stage) -> PathBuf {
        match stage {
            Stage::Inventory | Stage::Scan => self.state_dir.join(stage.file_name()),
            Stage::Evidence | Stage::Vetting | Stage::Risk => self.own_dir.join(stage.file_name()),
        }
    }

    /// A stage's document as it is found.
    pub fn find<T: DeserializeOwned>(&self, stage: Stage) -> Found<T> {
        let path = self.path(stage);
        match read_optional(&*self.host, &path, MAX_DOCUMENT, Links::Refuse) {
            Ok(None) => Found::Absent,
            Ok(Some(bytes)) => match serde_json::from_slice(&bytes) {
                Ok(document) => Found::Present(document),
                Err(error) => Found::Unreadable(error.to_string()),
            },
            Err(error) => Found::Unreadable(error.source.to_string()),
        }
    }

    /// All stages' documents as they are found.
    pub fn stages(&self) -> Stages {
        Stages {
            inventory: self.find(Stage::Inventory),
            scan: self.find(Stage::Scan),
            evidence: self.find(Stage::Evidence),
            vetting: self.find(Stage::Vetting),
            risk: self.find(Stage::Risk),
        }
    }

    /// A document of Exuvia's own about the install.
    pub(crate) fn own_path(&self, name: &str) -> PathBuf {
        self.own_dir.join(name)
    }

    pub(crate) fn host(&self) -> &dyn Host {
        &*self.host
    }

    /// Keeps a stage's document in place of the one before.
    pub fn keep<T: Serialize>(&self, stage: Stage, document: &T) -> Result<(), DocumentError> {
        self.write(&self.path(stage), document)
    }

    /// Keeps a report, as itself and as the newest one.
    pub fn keep_report(&self, report: &Report) -> Result<PathBuf, DocumentError> {
        let directory = self.own_dir.join("reports");
        self.host.create_private_dir(&directory)?;
        let path = directory.join(format!("{}.json", report.document().report_id));
        self.write(&path, report)?;
        self.write(&self.latest(), &report.document().report_id)?;
        Ok(path)
    }

    /// The report of that id, or the newest.
    pub fn report(&self, id: Option<&str>) -> Result<Report, DocumentError> {
        let id = match id {
            Some(id) => id.to_owned(),
            None => self.latest_id()?,
        };
        if !is_report_id(&id) {
            return Err(DocumentError::NoSuchReport { id });
        }
        let path = self.own_dir.join("reports").join(format!("{id}.json"));
        let Some(bytes) = read_optional(&*self.host, &path, MAX_DOCUMENT, Links::Refuse)? else {
            return Err(DocumentError::NoSuchReport { id });
        };
        serde_json::from_slice(&bytes).map_err(|error| DocumentError::UnusableReport {
            id,
            reason: error.to_string(),
        })
    }

    /// Keeps what was chosen from a report, in place of an earlier choice from the same report.
    pub fn keep_selection(&self, selection: &Selection) -> Result<PathBuf, DocumentError> {
        let directory = self.own_dir.join("selections");
        self.host.create_private_dir(&directory)?;
        let path = directory.join(format!("{}.json", selection.report_id));
        self.write(&path, selection)?;
        Ok(path)
    }

    fn latest(&self) -> PathBuf {
        self.own_dir.join("reports").join("latest")
    }

    fn latest_id(&self) -> Result<String, DocumentError> {
        let latest = read_optional(&*self.host, &self.latest(), 1024, Links::Refuse)?;
        latest
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .ok_or_else(|| DocumentError::NoSuchReport {
                id: "(the newest)".to_owned(),
            })
    }

    pub(crate) fn write<T: Serialize>(
        &self,
        path: &Path,
        document: &T,
    ) -> Result<(), DocumentError> {
        let mut bytes = serde_json::to_vec_pretty(document).map_err(|error| {
            let document = path.display().to_string();
            DocumentError::NotSerializable {
                document,
                reason: error.to_string(),
            }
        })?;
        bytes.push(b'\n');
        if let Some(directory) = path.parent().filter(|parent| *parent != self.state_dir) {
            self.host.create_private_dir(directory)?;
        }
        Ok(self.host.write_atomic(path, &bytes, 0o600)?)
    }
}

/// Ids come from the command line; only ours are ever part of a path.
fn is_report_id(id: &str) -> bool {
    id.strip_prefix("rep_").is_some_and(|rest| {
        !rest.is_empty() && rest.len() <= 64 && rest.bytes().all(|b| b.is_ascii_hexdigit())
    })
}

#[cfg(test)]
mod tests {
    use exuvia_host::testing::TestHost;
    use exuvia_model::Inventory;

    use super::*;
    use crate::BadVersion;

    fn documents(directory: &Path) -> Documents {
        let host = TestHost::new().with_env("EXUVIA_HOME", directory.join("home"));
        let home = Home::locate(&host).unwrap();
        Documents::new(Arc::new(host), directory, &home, "abc")
    }

    #[test]
    fn a_document_that_is_half_there_is_unreadable_and_one_that_is_not_is_absent() {
        let directory = tempfile::tempdir().unwrap();
        let documents = documents(directory.path());
        assert!(matches!(
            documents.find::<Inventory>(Stage::Inventory),
            Found::Absent
        ));
        let host = TestHost::new();
        host.write_atomic(&documents.path(Stage::Inventory), b"{\"version\":1,", 0o600)
            .unwrap();
        assert!(matches!(
            documents.find::<Inventory>(Stage::Inventory),
            Found::Unreadable(_)
        ));
    }

    #[test]
    fn a_report_id_cannot_lead_out_of_the_reports() {
        let directory = tempfile::tempdir().unwrap();
        let documents = documents(directory.path());
        for id in ["../../etc/passwd", "rep_../x", "rep_", "", "rep_\u{ff11}"] {
            let refused = documents.report(Some(id));
            assert!(
                matches!(refused, Err(DocumentError::NoSuchReport { .. })),
                "{id}"
            );
        }
    }

    #[test]
    fn a_version_that_is_known_to_be_bad_is_recognised_and_a_broken_list_is_no_empty_list() {
        let directory = tempfile::tempdir().unwrap();
        let documents = documents(directory.path());
        let (core, version) = (
            exuvia_model::AssetId::new(exuvia_model::AssetClass::Core, "openclaw"),
            "2.0.0",
        );
        assert!(
            !documents
                .list::<BadVersion>()
                .unwrap()
                .contains(&core, &version.into())
        );
        let list = documents.own_dir.join("known-bad.json");
        let host = TestHost::new();
        host.create_private_dir(&documents.own_dir).unwrap();
        let bad = br#"{"versions":[{"assetId":"core:openclaw","version":"2.0.0"}]}"#;
        host.write_atomic(&list, bad, 0o600).unwrap();
        let known = documents.list::<BadVersion>().unwrap();
        assert!(known.contains(&core, &version.into()));
        assert!(!known.contains(&core, &"2.0.1".into()));
        host.write_atomic(&list, b"{", 0o600).unwrap();
        assert!(matches!(
            documents.list::<BadVersion>(),
            Err(DocumentError::Unreadable { .. })
        ));
    }

    #[test]
    fn two_checks_of_one_install_do_not_run_at_once() {
        let directory = tempfile::tempdir().unwrap();
        let documents = documents(directory.path());
        let held = documents.lock().unwrap();
        assert!(matches!(documents.lock(), Err(DocumentError::Busy { .. })));
        drop(held);
        documents.lock().unwrap();
    }
}
