//! The install: every kind of asset, put there by the client that users would use.

use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::json;

use super::command::output;
use super::hub::{BY_CLI, BY_OPENCLAW, OWNER, publish_first};
use super::{CLAWHUB_CLI, Home, OPENCLAW, Sandbox};
use crate::clawhub::{Registry, skill_md};
use crate::git::Repo;
use crate::step::{Steps, fresh};

/// Behind its latest. One of few dependencies: every `openclaw` that starts copies all of them to
/// the directory for temporary files (2026.9.5), which for 90 MB takes ten seconds.
const PLUGIN_BEHIND: &str = "@openclaw/irc@2026.9.4";
/// At its latest, whatever that is on the day.
const PLUGIN_LATEST: &str = "@openclaw/synology-chat@latest";

/// Bump when what is installed changes, so that sandboxes on disk are made anew.
const EDITION: &str = "2";

/// What the template is made from.
pub(super) fn edition(root: &Path) -> String {
    format!("{EDITION} {OPENCLAW} {CLAWHUB_CLI} {}", root.display())
}

pub(super) fn install(sandbox: &Sandbox, steps: &Steps) -> Result<()> {
    let home = sandbox.template();
    let stamps = sandbox.root.join("stamps/template");
    let inputs = edition(&sandbox.root);
    // What is left of another edition would be in the way, so its stamps go with it.
    steps.once("an empty home", &inputs, || {
        let (remotes, linked) = (sandbox.root.join("remotes"), sandbox.root.join("linked"));
        for dir in [home.path(), &stamps, &remotes, &linked] {
            fresh(dir)?;
        }
        Ok(())
    })?;
    let steps = Steps::new(&stamps);
    steps.once("npm plugins", &inputs, || npm_plugins(sandbox, &home))?;
    steps.once("a git plugin", &inputs, || git_plugin(sandbox, &home))?;
    steps.once("a linked plugin", &inputs, || linked_plugin(sandbox, &home))?;
    steps.once("ClawHub skills", &inputs, || hub_skills(sandbox, &home))?;
    steps.once("a git-cloned skill", &inputs, || {
        cloned_skill(sandbox, &home)
    })?;
    steps.once("local skills", &inputs, || local_skills(&home))?;
    Ok(())
}

fn install_plugin(sandbox: &Sandbox, home: &Home, further: &[&str], spec: &str) -> Result<()> {
    let mut command = sandbox.tools.command("openclaw", home.path());
    command
        .args(["plugins", "install", "--force", "--accept-capabilities"])
        .args(further);
    output(command.arg(spec)).map(drop)
}

fn npm_plugins(sandbox: &Sandbox, home: &Home) -> Result<()> {
    install_plugin(sandbox, home, &[], PLUGIN_BEHIND)?;
    install_plugin(sandbox, home, &[], PLUGIN_LATEST)
}

fn git_plugin(sandbox: &Sandbox, home: &Home) -> Result<()> {
    let remote = sandbox.remote("gitdemo");
    fresh(&remote)?;
    let repo = Repo::create(&remote);
    let files = plugin_files("gitdemo", "1.0.0");
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(path, text)| (*path, text.as_str()))
        .collect();
    repo.commit("feat: a plugin", &files);
    install_plugin(sandbox, home, &[], &format!("git:{}", repo.url()))?;
    repo.commit(
        "fix: register only once",
        &[(
            "index.js",
            "export default { id: \"gitdemo\", register() {} };\n",
        )],
    );
    Ok(())
}

fn linked_plugin(sandbox: &Sandbox, home: &Home) -> Result<()> {
    let dir = sandbox.root.join("linked/localdemo");
    for (path, text) in plugin_files("localdemo", "1.0.0") {
        write(&dir.join(path), &text)?;
    }
    install_plugin(sandbox, home, &["--link"], &dir.display().to_string())
}

fn hub_skills(sandbox: &Sandbox, home: &Home) -> Result<()> {
    let hub = Registry::start();
    publish_first(&hub);
    for slug in BY_OPENCLAW {
        let mut install = sandbox.tools.command("openclaw", home.path());
        output(install.envs(hub.env()).args([
            "skills",
            "install",
            "--force",
            &format!("@{OWNER}/{slug}"),
        ]))?;
    }
    for slug in BY_CLI {
        let mut install = sandbox.tools.command("clawhub", home.path());
        install
            .envs(hub.env())
            .arg("--workdir")
            .arg(home.workspace());
        output(install.args([
            "install",
            "--no-input",
            "--force",
            &format!("@{OWNER}/{slug}"),
        ]))?;
    }
    let edited = home.workspace().join("skills/travel-checklist/SKILL.md");
    let text = std::fs::read_to_string(&edited)
        .with_context(|| format!("cannot read {}", edited.display()))?;
    write(
        &edited,
        &format!("{text}\nAlways ask for the passport first.\n"),
    )
}

fn cloned_skill(sandbox: &Sandbox, home: &Home) -> Result<()> {
    let remote = sandbox.remote("release-notes");
    fresh(&remote)?;
    let repo = Repo::create(&remote);
    repo.commit(
        "feat: a skill",
        &[(
            "SKILL.md",
            &skill_md("release-notes", "Writes release notes", "1"),
        )],
    );
    let target = home.workspace().join("skills/release-notes");
    fresh(&target)?;
    repo.clone_to(&target);
    repo.commit(
        "fix: mention the authors",
        &[("AUTHORS.md", "Ask who they are.\n")],
    );
    repo.commit(
        "feat!: notes are grouped by kind",
        &[(
            "SKILL.md",
            &skill_md("release-notes", "Groups release notes", "2"),
        )],
    );
    Ok(())
}

/// A skill of one's own, and two in different directories that say they are the same one.
fn local_skills(home: &Home) -> Result<()> {
    let skills = home.workspace().join("skills");
    for (dir, name) in [
        ("house-style", "house-style"),
        ("weekly-report", "report"),
        ("report-draft", "report"),
    ] {
        write(
            &skills.join(dir).join("SKILL.md"),
            &skill_md(name, "A skill of my own", "1"),
        )?;
    }
    Ok(())
}

fn plugin_files(id: &str, version: &str) -> [(&'static str, String); 3] {
    let schema = json!({ "type": "object", "additionalProperties": false, "properties": {} });
    let manifest =
        json!({ "id": id, "name": id, "description": "A demo plugin", "configSchema": schema });
    let package = json!({
        "name": format!("openclaw-plugin-{id}"), "version": version, "type": "module",
        "openclaw": { "extensions": ["./index.js"] },
    });
    [
        ("openclaw.plugin.json", manifest.to_string()),
        ("package.json", package.to_string()),
        (
            "index.js",
            format!("export default {{ id: {id:?}, name: {id:?}, register(api) {{}} }};\n"),
        ),
    ]
}

fn write(path: &Path, text: &str) -> Result<()> {
    let dir = path.parent().context("a file without a directory")?;
    std::fs::create_dir_all(dir).with_context(|| format!("cannot create {}", dir.display()))?;
    std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}
