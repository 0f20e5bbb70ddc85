//! The pnpm that keeps OpenClaw.
//!
//! Since pnpm 11 (seen with 12.21) every global package has a directory of its own, which pnpm never
//! changes: it makes a new one and renews a link. The packages in it are links into a store that all
//! of pnpm's projects share. A tree of Exuvia's holds its packages itself, at places that do not name
//! their versions: nothing that is done to the store or to it reaches the other.

use std::path::{Path, PathBuf};

use exuvia_host::disk::Disk;
use exuvia_host::{Command, Host};
use exuvia_openclaw::Install;
use serde_json::Value;

use super::program::{self, PATIENCE};
use super::project::{self, Project};
use crate::{Plan, Trouble};

/// What pnpm records of a directory that it installed into.
const RECORDS: &str = "node_modules/.modules.yaml";
/// A project above the tree is none of its business, and its packages lie in it.
const OPTIONS: [&str; 5] = [
    "--ignore-scripts",
    "--ignore-workspace",
    "--no-frozen-lockfile",
    "--config.enable-global-virtual-store=false",
    "--config.node-linker=hoisted",
];

/// A pnpm.
pub(super) struct Pnpm<'p> {
    host: &'p dyn Host,
    install: &'p Install,
    /// The directory of the trees.
    global: PathBuf,
    program: PathBuf,
}

impl<'p> Pnpm<'p> {
    /// The one whose global packages lie where this tree does.
    pub(super) fn find(
        host: &'p dyn Host,
        install: &'p Install,
        tree: &Path,
    ) -> Result<Self, Trouble> {
        let global = tree.parent().unwrap_or(tree).to_owned();
        let own = own_dirs(&global);
        let mut said = None;
        for program in program::named(host, install, "pnpm", &own)? {
            let pnpm = Self {
                host,
                install,
                global: global.clone(),
                program,
            };
            match pnpm.root() {
                Ok(root)
                    if host
                        .canonicalize(Path::new(&root))
                        .is_ok_and(|it| it == global) =>
                {
                    return Ok(pnpm);
                }
                Ok(root) => {
                    let program = pnpm.program.display();
                    said.get_or_insert(format!("{program} keeps them in {root}"));
                }
                Err(trouble) => {
                    said.get_or_insert(trouble.to_string());
                }
            }
        }
        let made_by = project::json(host, &tree.join(RECORDS)).ok();
        let made_by = made_by
            .as_ref()
            .and_then(|it| it.get("packageManager")?.as_str());
        Err(Trouble::new(format!(
            "OpenClaw was installed by {} into {}, and no pnpm was found that keeps its global \
             packages there ({}); put that pnpm on the PATH, and its directory into PNPM_HOME",
            made_by.unwrap_or("pnpm"),
            global.display(),
            said.unwrap_or_else(|| "there is none on the PATH".to_owned()),
        )))
    }

    /// Where it keeps global packages.
    fn root(&self) -> Result<String, Trouble> {
        let command = self.command(&self.global)?.args(["root", "--global"]);
        let output = self.host.run(&command)?;
        if !output.status.success() {
            return Err(Trouble::new(output.last_words()));
        }
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    /// Makes a tree like the live one, with the other version in it.
    pub(super) fn stage(&self, disk: &Disk, plan: &Plan) -> Result<(), Trouble> {
        let (live, tree) = (&plan.live, &plan.beside);
        begin(self.host, disk, live, tree)?;
        project::copy(self.host, "pnpm-lock.yaml", live, tree)?;
        let mut project = Project::read(self.host, live)?;
        let (exact, range) = (plan.to.to_string(), project.range(&plan.to)?);
        project.write(self.host, tree, &exact)?;
        if range != exact {
            // A later version may be in the range: what the lock file has is kept.
            self.install(plan, &["--lockfile-only"])?;
            project.write(self.host, tree, &range)?;
        }
        self.install(plan, &[])
    }

    fn install(&self, plan: &Plan, words: &[&str]) -> Result<(), Trouble> {
        let allowed = builds(self.host, &plan.live).to_string();
        let command = self.command(&plan.beside)?;
        let command = command
            .arg("install")
            .args(OPTIONS)
            .args(words.iter().copied())
            .env("pnpm_config_allow_builds", allowed);
        let what = format!("install openclaw@{}", plan.to);
        program::run(self.host, &command, "pnpm", &what)
    }

    /// One that runs in a directory. It wants its own directory of commands on the `PATH`.
    fn command(&self, dir: &Path) -> Result<Command, Trouble> {
        let own = own_dirs(&self.global);
        let path = program::path(self.host, self.install, &own)?;
        let command = Command::new(&self.program).env("PATH", path);
        let command = command.directory(dir).timeout(PATIENCE);
        Ok(match home(&self.global) {
            Some(home) => command.env("PNPM_HOME", home),
            None => command,
        })
    }
}

/// `$PNPM_HOME`, where the global packages lie in it: `<home>/global/v11`.
pub(super) fn home(global: &Path) -> Option<&Path> {
    let above = global.parent().filter(|above| above.ends_with("global"));
    above?.parent()
}

/// The directories in which pnpm puts commands: the second one before pnpm 11.
pub(super) fn own_dirs(global: &Path) -> Vec<PathBuf> {
    let home = home(global).into_iter();
    home.flat_map(|home| [home.join("bin"), home.to_owned()])
        .collect()
}

/// Which packages the user lets run scripts, as pnpm recorded it.
fn builds(host: &dyn Host, tree: &Path) -> Value {
    let records = project::json(host, &tree.join(RECORDS)).ok();
    let builds = records.and_then(|mut records| Some(records.get_mut("allowBuilds")?.take()));
    builds
        .filter(Value::is_object)
        .unwrap_or_else(|| Value::Object(serde_json::Map::new()))
}

/// The packages of a tree whose scripts may run, by where they lie in it.
pub(super) fn allowed(host: &dyn Host, tree: &Path) -> Result<Vec<PathBuf>, Trouble> {
    let records = project::json(host, &tree.join(RECORDS))?;
    let builds = builds(host, tree);
    // `<name>@<version>` with peers in parentheses; what is allowed names a version or none.
    let is_allowed = |id: &str| {
        let id = id.split_once('(').map_or(id, |(id, _)| id);
        let name = id.rsplit_once('@').map_or(id, |(name, _)| name);
        let says = |key: &str| builds.get(key).and_then(Value::as_bool) == Some(true);
        says(id) || says(name)
    };
    let pending = records.get("pendingBuilds").and_then(Value::as_array);
    let pending = pending.into_iter().flatten().filter_map(Value::as_str);
    let places = |id: &str| {
        let places = records.get("hoistedLocations")?.get(id)?.as_array()?;
        let places = places.iter().filter_map(Value::as_str).map(PathBuf::from);
        Some(places.collect::<Vec<_>>())
    };
    let places = pending.filter(|id| is_allowed(id)).filter_map(places);
    Ok(places.flatten().collect())
}

/// An empty directory with the mode of the live tree.
fn begin(host: &dyn Host, disk: &Disk, live: &Path, tree: &Path) -> Result<(), Trouble> {
    let (Some(aside), Some(name)) = (tree.parent(), tree.file_name()) else {
        return Err(Trouble::new(format!("{} is no place", tree.display())));
    };
    host.create_private_dir(aside)?;
    let mode = disk.open_dir(live)?.stat_self()?.mode & 0o777;
    let aside = disk.open_dir(aside)?;
    aside.make_dir(name, mode)?;
    Ok(aside.set_directory_mode(name, mode)?)
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "tests build what is read here")]
mod tests {
    use exuvia_host::testing::TestHost;
    use serde_json::json;

    use super::*;

    #[test]
    fn only_scripts_that_pnpm_was_allowed_to_run_are_run() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("node_modules")).unwrap();
        let records = json!({
            "allowBuilds": { "koffi": true, "@a/b": true, "c@1.0.0": true, "d": false },
            "pendingBuilds": ["koffi@3.2.1", "@a/b@1.0.0(zod@4.0.0)", "c@2.0.0", "d@1.0.0", "e@1.0.0"],
            "hoistedLocations": {
                "koffi@3.2.1": ["node_modules/koffi", "node_modules/x/node_modules/koffi"],
                "@a/b@1.0.0(zod@4.0.0)": ["node_modules/@a/b"],
                "c@2.0.0": ["node_modules/c"],
            },
        });
        std::fs::write(dir.path().join(RECORDS), records.to_string()).unwrap();
        let allowed = allowed(&TestHost::new(), dir.path()).unwrap();
        let places = [
            "node_modules/koffi",
            "node_modules/x/node_modules/koffi",
            "node_modules/@a/b",
        ];
        assert_eq!(allowed, places.map(PathBuf::from));
    }

    #[test]
    fn pnpm_is_at_home_above_its_global_packages() {
        assert_eq!(home(Path::new("/p/global/v11")), Some(Path::new("/p")));
        assert_eq!(home(Path::new("/elsewhere/v11")), None);
    }
}
