//! What the benchmark runs on: an install with many skills, and slow registries.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use exuvia_testkit::faults::Fault;
use exuvia_testkit::install::{Builder, Install, Skill};
use exuvia_testkit::{clawhub, npm};

/// An install of skills only, all from one registry that takes its time.
pub(super) struct Ground {
    pub(super) hub: clawhub::Registry,
    npm: npm::Registry,
    install: Install,
    directory: PathBuf,
    pub(super) slugs: Vec<String>,
    pub(super) behind: usize,
}

const CORE: &str = "2026.9.5";

impl Ground {
    pub(super) fn build(skills: usize, behind: usize, latency: Duration) -> Result<Self> {
        let directory = std::env::temp_dir().join(format!("exuvia-bench-{}", std::process::id()));
        std::fs::create_dir_all(&directory)?;
        let hub = clawhub::Registry::start();
        let npm = npm::Registry::start();
        npm.publish(npm::Package::new("openclaw").release(npm::Release::new(CORE)));
        let slugs: Vec<String> = (0..skills).map(|n| format!("skill-{n:05}")).collect();
        let mut builder = Builder::new(&directory.join("home")).core(CORE);
        for (index, slug) in slugs.iter().enumerate() {
            let text = skill_md(slug, "1.0.0");
            builder = builder.skill(
                Skill::clawhub("acme", slug, "1.0.0")
                    .registry(&hub.url())
                    .file("SKILL.md", text),
            );
            hub.publish(published(slug, index < behind));
        }
        let install = builder.build();
        hub.faults().everywhere(Fault::Latency(latency));
        Ok(Self {
            hub,
            npm,
            install,
            directory,
            slugs,
            behind,
        })
    }

    /// Environment of a check.
    pub(super) fn env(&self) -> Vec<(String, OsString)> {
        let mut env = self.install.env();
        env.push(("EXUVIA_HOME".to_owned(), self.exuvia_home().into()));
        env.push(("npm_config_registry".to_owned(), self.npm.url().into()));
        env.push(("OPENCLAW_CLAWHUB_URL".to_owned(), self.hub.url().into()));
        env
    }

    /// Makes the next check a first one.
    pub(super) fn forget(&self) -> Result<()> {
        match std::fs::remove_dir_all(self.exuvia_home()) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }

    fn exuvia_home(&self) -> PathBuf {
        self.directory.join("exuvia")
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        // A leftover in the temporary directory is the system's to clear.
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

fn published(slug: &str, behind: bool) -> clawhub::Skill {
    let release = |version: &str| {
        clawhub::Release::new(version)
            .changelog("### Fixes\n- Answers again when the list is empty")
            .file("SKILL.md", skill_md(slug, version))
    };
    let skill = clawhub::Skill::new("acme", slug).version(release("1.0.0"));
    if behind {
        skill.version(release("1.0.1"))
    } else {
        skill
    }
}

fn skill_md(slug: &str, version: &str) -> String {
    let body = "Use it when somebody asks for it, and tell what it did.\n".repeat(40);
    format!("---\nname: {slug}\ndescription: A skill\n---\n# {slug} {version}\n{body}")
}
