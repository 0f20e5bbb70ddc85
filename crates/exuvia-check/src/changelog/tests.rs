//! The engine as a whole: shapes of changelogs, what is extracted from them, and hostile ones.

mod extracts;
mod hostile;
mod shapes;

use super::*;

fn section(text: &str) -> Section {
    Section {
        version: "1.0.0".to_owned(),
        date: None,
        text: text.to_owned(),
    }
}

fn extracted(text: &str) -> Extract {
    extract(&[section(text)]).expect("the notes say something")
}
