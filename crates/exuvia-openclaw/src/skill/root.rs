//! The directories that OpenClaw loads skills from.
//!
//! `loadLocalSkillTiers` in `src/skills/loading/workspace-skill-loader.ts` of OpenClaw 2026.9.5. The
//! directory `plugin-skills` is no source of its own: it links to skills of plugins.

use std::path::PathBuf;

use exuvia_host::Host;

use crate::Install;
use crate::config::{Agent, Config, path};

/// What a directory of skills is to OpenClaw, the weakest first: a skill shadows those of the same
/// name in kinds before its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RootKind {
    /// `skills.load.extraDirs` in the configuration (`openclaw-extra`).
    Extra,
    /// `skills` in the package (`openclaw-bundled`).
    Bundled,
    /// `workshop-skills` in an agent's directory (`openclaw-workshop`).
    Workshop,
    /// `skills` in the state directory (`openclaw-managed`).
    Managed,
    /// `~/.agents/skills` (`agents-skills-personal`); only with the default state directory.
    Personal,
    /// `.agents/skills` in a workspace (`agents-skills-project`).
    Project,
    /// `skills` in a workspace (`openclaw-workspace`).
    Workspace,
}

impl RootKind {
    /// As people say it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Extra => "an extra directory's skills",
            Self::Bundled => "bundled skills",
            Self::Workshop => "workshop skills",
            Self::Managed => "managed skills",
            Self::Personal => "the account's own skills (~/.agents/skills)",
            Self::Project => "the workspace's .agents skills",
            Self::Workspace => "workspace skills",
        }
    }

    /// Whether a link may lead out of it (`shouldEnforceConfiguredSkillRootContainment`).
    pub(crate) fn may_be_left(self) -> bool {
        matches!(self, Self::Managed | Self::Personal)
    }
}

/// One directory of skills.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SkillRoot {
    /// What it is to OpenClaw.
    pub kind: RootKind,
    /// Where it is; it need not exist.
    pub dir: PathBuf,
    /// Names it in ids.
    pub label: String,
    /// The agent, by its place in the list, that alone loads from it; all of them where absent.
    pub agent: Option<usize>,
    /// Where links in it may lead besides itself (`skills.load.allowSymlinkTargets`).
    pub link_targets: Vec<PathBuf>,
}

/// Every directory of skills of an install, the weakest first.
pub fn roots(
    host: &dyn Host,
    install: &Install,
    config: &Config,
    agents: &[Agent],
) -> Vec<SkillRoot> {
    let link_targets: Vec<PathBuf> = config
        .texts(&["skills", "load", "allowSymlinkTargets"])
        .into_iter()
        .filter_map(|text| host.canonicalize(&path(host, install, text)?).ok())
        .collect();
    let mut roots = shared_roots(host, install, config);
    for (index, agent) in agents.iter().enumerate() {
        // The owner of the default workspace comes first, and its labels are the short ones.
        let suffix = match index {
            0 => String::new(),
            _ => format!("-{}", agent.id),
        };
        let own = [
            (
                RootKind::Workshop,
                agent.dir.join("workshop-skills"),
                "workshop",
            ),
            (
                RootKind::Project,
                agent.workspace.join(".agents/skills"),
                "workspace-agents",
            ),
            (
                RootKind::Workspace,
                agent.workspace.join("skills"),
                "workspace",
            ),
        ];
        roots.extend(own.map(|(kind, dir, label)| SkillRoot {
            kind,
            dir,
            label: format!("{label}{suffix}"),
            agent: Some(index),
            link_targets: Vec::new(),
        }));
    }
    for root in &mut roots {
        if matches!(
            root.kind,
            RootKind::Workspace | RootKind::Project | RootKind::Extra
        ) {
            root.link_targets.clone_from(&link_targets);
        }
    }
    roots.sort_by_key(|root| root.kind);
    roots
}

fn shared_roots(host: &dyn Host, install: &Install, config: &Config) -> Vec<SkillRoot> {
    let root = |kind, dir, label: &str| SkillRoot {
        kind,
        dir,
        label: label.to_owned(),
        agent: None,
        link_targets: Vec::new(),
    };
    let mut roots = Vec::new();
    let extra = config.texts(&["skills", "load", "extraDirs"]);
    for (number, text) in extra.into_iter().enumerate() {
        if let Some(dir) = path(host, install, text) {
            roots.push(root(RootKind::Extra, dir, &format!("extra-{}", number + 1)));
        }
    }
    if let Some(package) = &install.package_root {
        roots.push(root(RootKind::Bundled, package.join("skills"), "bundled"));
    }
    roots.push(root(
        RootKind::Managed,
        install.state_dir.join("skills"),
        "managed",
    ));
    if install.is_default {
        let dir = install.os_home.join(".agents/skills");
        roots.push(root(RootKind::Personal, dir, "personal"));
    }
    roots
}
