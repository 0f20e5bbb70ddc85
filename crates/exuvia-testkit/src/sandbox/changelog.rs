//! Release notes as OpenClaw published them: sections of the `CHANGELOG.md` in its npm packages.

use std::io::Read as _;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::command::output;
use super::tools::Tools;
use crate::step::{Steps, fresh};

/// The notes of one version.
#[derive(Clone, Debug)]
pub(super) struct Section {
    pub(super) version: String,
    pub(super) body: String,
}

/// The sections in the newest OpenClaw's changelog and in the installed one's, oldest first.
pub(super) fn fetch(root: &Path, tools: &Tools, steps: &Steps) -> Result<Vec<Section>> {
    let newest = output(
        tools
            .command("npm", root)
            .args(["view", "openclaw", "version"]),
    )
    .context("cannot ask npm for the newest OpenClaw")?;
    let dir = root.join("changelog");
    steps.once(
        "release notes of the newest OpenClaw",
        newest.trim(),
        || {
            fresh(&dir)?;
            let mut pack = tools.command("npm", root);
            pack.args(["pack", "--silent", "--pack-destination"])
                .arg(&dir);
            let file = output(pack.arg(format!("openclaw@{}", newest.trim())))?;
            let archive = dir.join(file.trim());
            let text = read_from(&archive)
                .with_context(|| format!("cannot read {}", archive.display()))?;
            std::fs::write(dir.join("CHANGELOG.md"), text).context("cannot write the changelog")?;
            std::fs::remove_file(&archive).context("cannot remove the archive")
        },
    )?;
    let read = |path: &Path| {
        std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
    };
    let mut sections = split(&read(&tools.openclaw_package().join("CHANGELOG.md"))?);
    let newer = split(&read(&dir.join("CHANGELOG.md"))?);
    sections.retain(|section| newer.iter().all(|other| other.version != section.version));
    sections.extend(newer.into_iter().rev());
    Ok(sections)
}

fn read_from(archive: &Path) -> Result<String> {
    let file = std::fs::File::open(archive)?;
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(file));
    for entry in archive.entries()? {
        let mut entry = entry?;
        if entry.path()? == Path::new("package/CHANGELOG.md") {
            let mut text = String::new();
            entry.read_to_string(&mut text)?;
            return Ok(text);
        }
    }
    anyhow::bail!("it has no CHANGELOG.md")
}

/// Cuts `## <version>` sections, in the order of the file.
fn split(changelog: &str) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    for line in changelog.lines() {
        if let Some(version) = line.strip_prefix("## ") {
            sections.push(Section {
                version: version.trim().to_owned(),
                body: String::new(),
            });
        } else if let Some(section) = sections.last_mut() {
            section.body.push_str(line);
            section.body.push('\n');
        }
    }
    sections
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_are_cut_at_headings_of_the_second_level() {
        let sections = split("# Changelog\n\n## 2.0.0\n\n### Fixes\n- a\n\n## 1.0.0\n- b\n");
        let cut: Vec<_> = sections
            .iter()
            .map(|s| (s.version.as_str(), s.body.trim()))
            .collect();
        assert_eq!(cut, [("2.0.0", "### Fixes\n- a"), ("1.0.0", "- b")]);
    }
}
