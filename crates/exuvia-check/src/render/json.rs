//! The report for programs.

use exuvia_model::Report;
use exuvia_model::report::ReportDocument;

/// The report as one JSON document, indented.
pub fn json(report: &Report) -> String {
    // A report has string keys and no fallible serialiser, so this cannot fail; an empty object
    // would be refused by every reader.
    let mut text = serde_json::to_string_pretty(report).unwrap_or_else(|_| "{}".to_owned());
    text.push('\n');
    text
}

/// The JSON Schema (draft 2020-12) of [`json`]'s document: `docs/reference/report.schema.json`.
pub fn json_schema() -> serde_json::Value {
    schemars::schema_for!(ReportDocument).to_value()
}
