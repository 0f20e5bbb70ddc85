//! A release of the miniature: the package that npm installs.

use serde_json::{Value, json};

use super::Flaw;
use super::plan::{Plan, Schemas};
use crate::clawhub::skill_md;
use crate::gateway::program_path;
use crate::hash::sha256_hex;
use crate::install::plugin_files;
use crate::npm;

const LAUNCHER: &str = include_str!("package/openclaw.mjs");
const POSTINSTALL: &str = include_str!("package/postinstall.mjs");
const POSTINSTALL_PATH: &str = "scripts/postinstall-bundled-plugins.mjs";
/// Lists of files that no list of files names.
const INVENTORY: &str = "dist/postinstall-inventory.json";
const CONTENT_INVENTORY: &str = "dist/postinstall-content-inventory.json";

/// Extensions and skills that every release brings along: a few of the real one's.
pub(super) const EXTENSIONS: [&str; 3] = ["a2a", "anthropic", "telegram"];
const SKILLS: [&str; 2] = ["github", "weather"];

/// A release that can be published.
#[derive(Clone, Debug)]
pub struct Mini {
    version: String,
    schemas: Schemas,
    flaws: Vec<Flaw>,
    files: Vec<(String, Vec<u8>)>,
}

impl Mini {
    /// A good release of this version, with the real one's database schemas.
    pub fn release(version: &str) -> Self {
        Self {
            version: version.to_owned(),
            schemas: Schemas::of(version),
            flaws: Vec::new(),
            files: Vec::new(),
        }
    }

    /// Makes it a bad one; may be said several times.
    #[must_use]
    pub fn broken(mut self, flaw: Flaw) -> Self {
        self.flaws.push(flaw);
        self
    }

    /// Sets the schemas that its migration leads to.
    #[must_use]
    pub fn schemas(mut self, schemas: Schemas) -> Self {
        self.schemas = schemas;
        self
    }

    /// Adds a file, in place of the release's own of this path.
    #[must_use]
    pub fn file(mut self, path: &str, content: impl Into<Vec<u8>>) -> Self {
        self.files.push((path.to_owned(), content.into()));
        self
    }

    /// What the registry calls it.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The release for an [`npm::Registry`].
    pub fn pack(&self) -> npm::Release {
        let plan = self.plan();
        let node = if plan.has(&Flaw::NeedsNewerNode) {
            ">=99.0.0"
        } else {
            // The real range would keep it from running where npm itself runs.
            ">=18.0.0"
        };
        let repository =
            json!({ "type": "git", "url": "git+https://github.com/openclaw/openclaw.git" });
        let schemas = json!({ "state": self.schemas.state, "agent": self.schemas.agent });
        let mut release = npm::Release::new(&self.version)
            .with(
                "description",
                json!("Multi-channel AI gateway with extensible messaging integrations"),
            )
            .with("license", json!("MIT"))
            .with("repository", repository)
            .with("bin", json!({ "openclaw": "openclaw.mjs" }))
            .with("type", json!("module"))
            .with("main", json!("dist/index.js"))
            .with("engines", json!({ "node": node }))
            .with(
                "scripts",
                json!({ "postinstall": format!("node {POSTINSTALL_PATH}") }),
            )
            .with("openclaw", json!({ "schemaVersions": schemas }))
            .packed_as(&plan.version);
        for (path, content) in self.tree(&plan) {
            release = release.file(&path, content);
        }
        if plan.has(&Flaw::WrongIntegrity) {
            release = release.wrong_integrity();
        }
        release
    }

    fn plan(&self) -> Plan {
        let inside = self.flaws.iter().find_map(|flaw| match flaw {
            Flaw::IsVersion(version) => Some(version),
            _ => None,
        });
        Plan {
            version: inside.unwrap_or(&self.version).clone(),
            schemas: self.schemas,
            flaws: self.flaws.clone(),
        }
    }

    /// Every file but `package.json`.
    fn tree(&self, plan: &Plan) -> Vec<(String, Vec<u8>)> {
        let version = &plan.version;
        let program = program_path().display().to_string();
        let mut files = vec![
            file("openclaw.mjs", LAUNCHER.replace("@PROGRAM@", &program)),
            file(POSTINSTALL_PATH, POSTINSTALL),
            file(
                "CHANGELOG.md",
                format!("# Changelog\n\n## {version}\n\n### Fixes\n\n- What {version} mends.\n"),
            ),
            file("README.md", "# OpenClaw\n"),
            file("dist/index.js", "export {};\n"),
            file("dist/entry.js", "export {};\n"),
            file("dist/build-info.json", build_info(version).to_string()),
            file(
                Plan::FILE,
                serde_json::to_string(plan).expect("a plan in JSON"),
            ),
        ];
        for id in EXTENSIONS {
            let own = plugin_files(id, &format!("@openclaw/{id}"), version);
            files.extend(
                own.map(|(path, content)| file(&format!("dist/extensions/{id}/{path}"), content)),
            );
        }
        for name in SKILLS {
            files.push(file(
                &format!("skills/{name}/SKILL.md"),
                skill_md(name, "A bundled skill", version),
            ));
        }
        for (path, content) in &self.files {
            files.retain(|(other, _)| other != path);
            files.push((path.clone(), content.clone()));
        }
        files.sort();
        let (paths, contents) = inventories(&files);
        files.push(file(INVENTORY, paths.to_string()));
        files.push(file(CONTENT_INVENTORY, contents.to_string()));
        files
    }
}

fn file(path: &str, content: impl Into<Vec<u8>>) -> (String, Vec<u8>) {
    (path.to_owned(), content.into())
}

fn build_info(version: &str) -> Value {
    json!({
        "version": version,
        "commit": "ec9c1a13db8938e5a3eaa51fca2e981cde2395a9",
        "builtAt": "2026-09-18T18:51:37.323Z",
        "buildId": format!("{version}-release-ec9c1a13db89-2026-09-18T18-51-37.323Z"),
    })
}

/// What lies below `dist`: `[path]`, and `[{path, sha256, mode, size}]`.
fn inventories(files: &[(String, Vec<u8>)]) -> (Value, Value) {
    let listed = || files.iter().filter(|(path, _)| path.starts_with("dist/"));
    let paths = listed().map(|(path, _)| json!(path)).collect();
    let contents = listed().map(|(path, content)| {
        json!({ "path": path, "sha256": sha256_hex(content), "mode": 0o644, "size": content.len() })
    });
    (paths, contents.collect())
}
