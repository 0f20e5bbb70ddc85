//! What figures must be.

use serde::Serialize;

/// Something that a figure must be.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Aim {
    what: String,
    found: f64,
    at_most: f64,
    unit: &'static str,
    met: bool,
}

impl Aim {
    pub(super) fn new(
        what: impl Into<String>,
        found: f64,
        at_most: f64,
        unit: &'static str,
    ) -> Self {
        Self {
            what: what.into(),
            found,
            at_most,
            unit,
            met: found <= at_most,
        }
    }

    pub(super) fn line(&self) -> String {
        let verdict = if self.met { "met" } else { "MISSED" };
        let (what, found, at_most, unit) = (&self.what, self.found, self.at_most, self.unit);
        format!("{what:48} {found:>9.3} {unit:4} at most {at_most:.3}  {verdict}")
    }
}
