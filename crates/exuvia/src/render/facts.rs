//! What is known of one thing: a label, and beside it a line or several.

use super::{Ink, Sheet};

/// Where the values begin.
const COLUMN: usize = 13;

/// Labels and values, in the order in which they were added.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    rows: Vec<(&'static str, Vec<String>)>,
}

impl Facts {
    /// Adds a line.
    pub(crate) fn add(&mut self, label: &'static str, value: impl Into<String>) {
        self.list(label, [value.into()]);
    }

    /// Adds a line, if there is something to say.
    pub(crate) fn add_some(&mut self, label: &'static str, value: Option<impl Into<String>>) {
        self.list(label, value.map(Into::into));
    }

    /// Adds several lines under one label; none at all where there are none.
    pub(crate) fn list(&mut self, label: &'static str, values: impl IntoIterator<Item = String>) {
        let values: Vec<String> = values
            .into_iter()
            .filter(|value| !value.is_empty())
            .collect();
        if !values.is_empty() {
            self.rows.push((label, values));
        }
    }

    /// Draws them.
    pub(crate) fn draw(&self, sheet: &Sheet) -> String {
        let mut lines = Vec::new();
        for (label, values) in &self.rows {
            for (number, value) in values.iter().enumerate() {
                let label = if number == 0 { label } else { "" };
                let label = sheet.ink(Ink::Dim, format!("{label:COLUMN$}"));
                lines.push(format!("{label}{value}"));
            }
        }
        lines.join("\n")
    }
}
