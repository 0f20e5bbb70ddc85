//! The package tree, `<prefix>/lib/node_modules/openclaw`.

use std::os::unix::fs::symlink;

use serde_json::json;

use super::{AGENT_VERSION, Builder, Install, STATE_VERSION, write};
use crate::clawhub::skill_md;

impl Builder {
    /// Replaces the bundled extensions and skills.
    #[must_use]
    pub fn bundled(mut self, extensions: &[&str], skills: &[&str]) -> Self {
        self.bundled_extensions = extensions.iter().map(|name| (*name).to_owned()).collect();
        self.bundled_skills = skills.iter().map(|name| (*name).to_owned()).collect();
        self
    }

    pub(super) fn write_package(&self, install: &Install) {
        let version = &self.version;
        let root = &install.package;
        let manifest = json!({
            "name": "openclaw",
            "version": version,
            "description": "Multi-channel AI gateway with extensible messaging integrations",
            "license": "MIT",
            "repository": { "type": "git", "url": "git+https://github.com/openclaw/openclaw.git" },
            "bin": { "openclaw": "openclaw.mjs" },
            "type": "module",
            "engines": { "node": ">=24.16.0 <25 || >=26.1.0" },
            "dependencies": { "zod": "4.5.4" },
            "scripts": { "postinstall": "node scripts/postinstall-bundled-plugins.mjs" },
            "openclaw": { "schemaVersions": { "state": STATE_VERSION, "agent": AGENT_VERSION } },
        });
        let build = json!({
            "version": version,
            "commit": "ec9c1a13db8938e5a3eaa51fca2e981cde2395a9",
            "builtAt": "2026-09-18T18:51:37.323Z",
            "buildId": format!("{version}-release-ec9c1a13db89-2026-09-18T18-51-37.323Z"),
        });
        write(&root.join("package.json"), manifest.to_string());
        write(&root.join("dist/build-info.json"), build.to_string());
        write(&root.join("openclaw.mjs"), "#!/usr/bin/env node\n");
        write(
            &root.join("CHANGELOG.md"),
            format!("# Changelog\n\n## {version}\n\n- Fixes.\n"),
        );
        for id in &self.bundled_extensions {
            let name = format!("@openclaw/{id}");
            super::plugin::write_package(
                &root.join("dist/extensions").join(id),
                id,
                &name,
                version,
            );
        }
        for name in &self.bundled_skills {
            let text = skill_md(name, "A bundled skill", version);
            write(&root.join("skills").join(name).join("SKILL.md"), text);
        }
        let bin = install.prefix.join("bin");
        std::fs::create_dir_all(&bin).expect("the prefix's bin directory");
        symlink(
            "../lib/node_modules/openclaw/openclaw.mjs",
            bin.join("openclaw"),
        )
        .expect("a new link");
    }
}
