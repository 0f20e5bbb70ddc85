//! The published schema, and the documents that must fit it.

// A test reads and, when asked to, rewrites a file of the repository.
#![allow(clippy::disallowed_methods)]

use std::path::Path;

use super::sample;
use crate::render::{json, json_schema};

/// With `EXUVIA_UPDATE_SCHEMA=1` the file is written instead.
#[test]
fn the_published_schema_is_the_one_the_code_writes() {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/report.schema.json");
    let written = serde_json::to_string_pretty(&json_schema()).unwrap() + "\n";
    if std::env::var_os("EXUVIA_UPDATE_SCHEMA").is_some() {
        std::fs::write(&path, &written).unwrap();
    }
    let published = std::fs::read_to_string(&path).unwrap_or_default();
    // Not assert_eq: the two are a thousand lines each.
    assert!(
        published == written,
        "docs/reference/report.schema.json is not what the code writes; \
         run this test once with EXUVIA_UPDATE_SCHEMA=1 and look at the difference"
    );
}

#[test]
fn what_is_written_as_json_fits_the_schema() {
    let validator = jsonschema::validator_for(&json_schema()).unwrap();
    for report in [sample::report(), sample::quiet(false), sample::quiet(true)] {
        let document: serde_json::Value = serde_json::from_str(&json(&report)).unwrap();
        let errors: Vec<String> = validator
            .iter_errors(&document)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert_eq!(errors, [""; 0]);
    }
}

#[test]
fn what_does_not_fit_is_refused_by_the_schema() {
    let validator = jsonschema::validator_for(&json_schema()).unwrap();
    let mut document: serde_json::Value = serde_json::from_str(&json(&sample::report())).unwrap();
    document["entries"][0]["assessment"]["risk"] = "harmless".into();
    assert!(!validator.is_valid(&document));
}

#[test]
fn a_report_comes_back_from_its_json_as_it_was() {
    let report = sample::report();
    let back: exuvia_model::Report = serde_json::from_str(&json(&report)).unwrap();
    assert_eq!(back, report);
}
