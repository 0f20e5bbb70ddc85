//! The programs of a sandbox: Node, OpenClaw, the clawhub CLI.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::command::output;
use super::{CLAWHUB_CLI, NEXT_OPENCLAW, OPENCLAW};
use crate::step::{Steps, fresh};

/// OpenClaw 2026.9.5's `engines.node` is `>=24.16.0 <25 || >=26.1.0`.
const NODE: &str = "24";

/// Where the programs are.
#[derive(Clone, Debug)]
pub struct Tools {
    dir: PathBuf,
    node: Option<PathBuf>,
    /// npm's prefix that has OpenClaw.
    openclaw: PathBuf,
    version: &'static str,
}

impl Tools {
    pub(super) fn install(root: &Path, steps: &Steps) -> Result<Self> {
        for program in ["git", "npm"] {
            let found = output(Command::new(program).arg("--version"));
            found.with_context(|| {
                format!("the sandbox needs {program}: install it and try again")
            })?;
        }
        let dir = root.join("tools");
        let mut tools = Self {
            node: None,
            openclaw: dir.join("openclaw"),
            dir,
            version: OPENCLAW,
        };
        if !system_node_fits() {
            tools.node = Some(tools.install_node(steps)?);
        }
        tools.install_global(steps, "openclaw", OPENCLAW, &tools.openclaw)?;
        tools.install_global(steps, "clawhub", CLAWHUB_CLI, &tools.dir.join("clawhub"))?;
        Ok(tools)
    }

    /// The same with the release of OpenClaw that came next, which is installed beside.
    pub(super) fn next(&self, steps: &Steps) -> Result<Self> {
        let next = Self {
            openclaw: self.dir.join("openclaw-next"),
            version: NEXT_OPENCLAW,
            ..self.clone()
        };
        next.install_global(steps, "openclaw", NEXT_OPENCLAW, &next.openclaw)?;
        Ok(next)
    }

    /// The same with a copy of OpenClaw's prefix.
    pub(super) fn copied(&self, prefix: &Path) -> Result<Self> {
        let mut copy = Command::new("cp");
        copy.args(["-a", "--reflink=auto"]).arg(&self.openclaw);
        output(copy.arg(prefix))?;
        Ok(Self {
            openclaw: prefix.to_owned(),
            ..self.clone()
        })
    }

    /// The same with this release in a prefix of its own.
    pub(super) fn released(&self, prefix: &Path, version: &'static str) -> Result<Self> {
        self.npm_install("openclaw", version, prefix)?;
        Ok(Self {
            openclaw: prefix.to_owned(),
            version,
            ..self.clone()
        })
    }

    fn install_node(&self, steps: &Steps) -> Result<PathBuf> {
        let at = self.dir.join("node");
        let bin = at.join("node_modules/.bin");
        steps.once("Node 24 from npm", NODE, || {
            fresh(&at)?;
            let spec = format!("node@{NODE}");
            output(
                npm()
                    .args(["install", "--no-save", "--prefix"])
                    .arg(&at)
                    .arg(spec),
            )?;
            let version = output(Command::new(bin.join("node")).arg("--version"))?;
            if !fits(&version) {
                bail!(
                    "npm gave Node {}, which OpenClaw {OPENCLAW} does not run on",
                    version.trim()
                );
            }
            Ok(())
        })?;
        Ok(bin)
    }

    fn install_global(
        &self,
        steps: &Steps,
        package: &str,
        version: &str,
        prefix: &Path,
    ) -> Result<()> {
        steps.once(&format!("{package}@{version} from npm"), version, || {
            fresh(prefix)?;
            self.npm_install(package, version, prefix)
        })?;
        Ok(())
    }

    fn npm_install(&self, package: &str, version: &str, prefix: &Path) -> Result<()> {
        let mut install = npm();
        install
            .args(["install", "--global", "--prefix"])
            .arg(prefix);
        install.arg(format!("{package}@{version}"));
        output(install.env("PATH", self.path())).map(drop)
    }

    /// npm's prefix of the installed OpenClaw.
    pub fn openclaw_prefix(&self) -> PathBuf {
        self.openclaw.clone()
    }

    /// The version of the installed OpenClaw.
    pub fn openclaw_version(&self) -> &'static str {
        self.version
    }

    /// OpenClaw's package tree.
    pub fn openclaw_package(&self) -> PathBuf {
        self.openclaw_prefix().join("lib/node_modules/openclaw")
    }

    /// `PATH` with these programs before the machine's.
    pub fn path(&self) -> OsString {
        let own = [self.openclaw.clone(), self.dir.join("clawhub")].map(|dir| dir.join("bin"));
        let machine = std::env::var_os("PATH").unwrap_or_default();
        let all = self
            .node
            .iter()
            .cloned()
            .chain(own)
            .chain(std::env::split_paths(&machine));
        std::env::join_paths(all).expect("paths that came out of PATH or have no colon")
    }

    /// A program with nothing of the caller's environment but what reaching the network needs.
    pub fn command(&self, program: &str, home: &Path) -> Command {
        // Looked up here, since the child's PATH is not what `Command` searches.
        let path = self.path();
        let found = std::env::split_paths(&path)
            .map(|dir| dir.join(program))
            .find(|file| file.is_file());
        let mut command = Command::new(found.unwrap_or_else(|| program.into()));
        command
            .env_clear()
            .env("npm_config_cache", self.dir.join("npm-cache"))
            .envs(network_env())
            .env("PATH", path)
            .env("HOME", home)
            .env("LANG", "C.UTF-8")
            .env("OPENCLAW_NO_AUTO_UPDATE", "1")
            .env("CLAWHUB_DISABLE_TELEMETRY", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .current_dir(home);
        command
    }
}

/// What a machine behind a proxy, a mirror or a company's certificate needs to reach npm: the
/// sandbox has a HOME of its own and would not find the user's `.npmrc`.
fn network_env() -> Vec<(OsString, OsString)> {
    const NAMES: [&str; 9] = [
        "http_proxy",
        "https_proxy",
        "no_proxy",
        "all_proxy",
        "ssl_cert_file",
        "ssl_cert_dir",
        "node_extra_ca_certs",
        "git_ssl_cainfo",
        "tmpdir",
    ];
    let wanted = |name: &OsString| {
        let name = name.to_string_lossy().to_lowercase();
        NAMES.contains(&name.as_str()) || name.starts_with("npm_config_")
    };
    let mut kept: Vec<_> = std::env::vars_os()
        .filter(|(name, _)| wanted(name))
        .collect();
    let user = std::env::var_os("HOME").map(|home| Path::new(&home).join(".npmrc"));
    let named = kept
        .iter()
        .any(|(name, _)| name.eq_ignore_ascii_case("npm_config_userconfig"));
    if let Some(user) = user.filter(|file| !named && file.is_file()) {
        kept.push(("npm_config_userconfig".into(), user.into()));
    }
    kept
}

fn npm() -> Command {
    let mut npm = Command::new("npm");
    npm.env("npm_config_audit", "false")
        .env("npm_config_fund", "false")
        .env("npm_config_loglevel", "error");
    npm
}

fn system_node_fits() -> bool {
    output(Command::new("node").arg("--version")).is_ok_and(|version| fits(&version))
}

fn fits(version: &str) -> bool {
    let mut numbers = version
        .trim()
        .trim_start_matches('v')
        .split('.')
        .map(str::parse::<u32>);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => {
            major == 24 && minor >= 16 || major == 26 && minor >= 1 || major > 26
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn node_fits_by_the_range_that_openclaw_asks_for() {
        for version in ["v24.16.0\n", "v24.21.0", "v26.1.0", "v28.0.0"] {
            assert!(fits(version), "{version}");
        }
        for version in ["v20.20.2", "v24.15.9", "v25.9.0", "v26.0.9", "", "node"] {
            assert!(!fits(version), "{version}");
        }
    }
}
