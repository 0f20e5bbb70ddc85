//! Finding out whether a repository is whole.

use std::error::Error;

use exuvia_model::text::one_line;
use rustic_core::{CheckOptions, CheckResults, RusticError};
use serde::Serialize;

use crate::error::{BackupError, told};
use crate::lock::Sharing;
use crate::progress::Stage;
use crate::repository::Repository;

/// What a check found.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Checked {
    /// How many backups there are.
    pub backups: usize,
    /// What is wrong, each in one line.
    pub problems: Vec<String>,
    /// What is odd and harms nothing: packs that a push left which was killed.
    pub notes: Vec<String>,
    /// Whether all data was read, or only what names it.
    pub data_was_read: bool,
}

impl Checked {
    /// Whether nothing is wrong.
    pub fn is_clean(&self) -> bool {
        self.problems.is_empty()
    }
}

impl Repository {
    /// Checks that everything that a backup needs is there, and with `read_data` that it is as it
    /// was written. That something is wrong is an answer, not an error.
    pub fn check(&self, read_data: bool) -> Result<Checked, BackupError> {
        let _lock = self.lock(Sharing::Shared)?;
        let mut checked = Checked {
            data_was_read: read_data,
            ..Checked::default()
        };
        self.progress.stage(Stage::Check, None);
        match self.list() {
            Ok(backups) => checked.backups = backups.len(),
            Err(error) => {
                checked.problems.push(error.to_string());
                return Ok(checked);
            }
        }
        let mut options = CheckOptions::default();
        options.read_data = read_data;
        // What is in the cache says nothing of what is in the repository.
        match self.again_uncached(Stage::Check)?.check(options) {
            Ok(results) => checked.add(results),
            Err(error) => checked.problems.push(told(&error)),
        }
        // Each failure to read is one of the problems.
        self.depot.take_failure();
        checked.problems.sort();
        checked.problems.dedup();
        Ok(checked)
    }
}

impl Checked {
    fn add(&mut self, results: CheckResults) {
        for one in results.0 {
            let words = in_words(&one.1);
            // What a single finding is, rustic tells only of a list of findings.
            if CheckResults(vec![one]).is_ok().is_ok() {
                self.notes.push(words);
            } else {
                self.problems.push(words);
            }
        }
    }
}

/// rustic's words for a finding, without its advice to run rustic, and with the cause in ours.
fn in_words(finding: &(impl Error + 'static)) -> String {
    let words = finding.to_string();
    let cause = finding.source();
    let cause = cause.and_then(<dyn Error>::downcast_ref::<Box<RusticError>>);
    let words = if let Some(cause) = cause {
        let (what, _) = words.split_once(" : ").unwrap_or((&words, ""));
        format!("{what}: {}", told(cause))
    } else {
        let advice = [". Can be", ". To repair", " To repair"];
        let ends = advice.iter().filter_map(|one| words.find(one)).min();
        words
            .get(..ends.unwrap_or(words.len()))
            .unwrap_or(&words)
            .to_owned()
    };
    one_line(&words, 300)
}
