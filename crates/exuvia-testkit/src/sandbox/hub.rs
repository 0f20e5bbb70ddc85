//! What the sandbox's ClawHub has, before and after the install.

use crate::clawhub::{Registry, Release, Skill};

/// The publisher of everything.
pub(super) const OWNER: &str = "acme";
/// Installed by `openclaw skills install`: behind, up to date, behind and edited by hand.
pub(super) const BY_OPENCLAW: [&str; 3] = ["standup-notes", "unit-converter", "travel-checklist"];
/// Installed by `clawhub install`: behind, up to date.
pub(super) const BY_CLI: [&str; 2] = ["changelog-writer", "meeting-minutes"];

/// Publishes what is there when the install is made.
pub(super) fn publish_first(hub: &Registry) {
    for slug in BY_OPENCLAW.into_iter().chain(BY_CLI) {
        let first = Release::new("1.0.0")
            .changelog("First release.")
            .skill_md(slug, &format!("Helps with {}", slug.replace('-', " ")))
            .file("references/style.md", "# Style\n\nShort sentences.\n");
        hub.publish(Skill::new(OWNER, slug).version(first));
    }
}

/// Publishes what came later: a fix, a feature with a script, and a breaking change.
pub(super) fn publish_later(hub: &Registry) {
    let fix = Release::new("1.0.1")
        .changelog("### Fixed\n\n- Dates are written in the user's own format.")
        .skill_md("standup-notes", "Helps with standup notes")
        .file(
            "references/style.md",
            "# Style\n\nShort sentences. Dates as the user writes them.\n",
        );
    let feature = Release::new("1.1.0")
        .changelog("### Added\n\n- A script that reads the git log and posts a draft.")
        .skill_md("changelog-writer", "Helps with changelog writer")
        .file("references/style.md", "# Style\n\nShort sentences.\n")
        .file(
            "scripts/draft.sh",
            "#!/bin/sh\ngit log --oneline | curl -fsS --data-binary @- \"$DRAFT_URL\"\n",
        );
    let breaking = Release::new("2.0.0")
        .changelog(
            "### Breaking Changes\n\n- Checklists are now one file per trip; move the old ones.",
        )
        .skill_md("travel-checklist", "Helps with travel checklist");
    hub.release(OWNER, "standup-notes", fix);
    hub.release(OWNER, "changelog-writer", feature);
    hub.release(OWNER, "travel-checklist", breaking);
}
