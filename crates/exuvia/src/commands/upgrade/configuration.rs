//! What became of the user's configuration where the new version rewrote it, in lines for a person.

use exuvia_upgrade::Facts;
use exuvia_upgrade::core::Rewritten;

use crate::render;

/// What is told of it; nothing where it was not rewritten.
pub(crate) fn lines(facts: &Facts) -> Vec<String> {
    match &facts.config {
        None => Vec::new(),
        Some(Rewritten::Merged) => vec![
            "The new version rewrote openclaw.json; what it did not change has your comments and \
             your way of writing back"
                .to_owned(),
        ],
        Some(Rewritten::Left { why }) => vec![
            format!(
                "! openclaw.json is as the new version wrote it, without your comments and your way of \
                 writing: {}",
                render::line(why)
            ),
            match &facts.point {
                Some(point) => format!("  as it was, it is in the snapshot {point}"),
                None => "  as it was, it may be in openclaw.json.bak".to_owned(),
            },
        ],
    }
}
