//! The file system that machines boot.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::sandbox::output;
use crate::step::{self, Steps};

/// What is in it beside what every Debian has: systemd, for the system and for users.
const PACKAGES: &str = "systemd,systemd-sysv,dbus,dbus-user-session,libpam-systemd";
/// What nobody in there reads.
const LEFT_OUT: [&str; 4] = [
    "var/cache/apt/archives",
    "usr/share/doc",
    "usr/share/man",
    "usr/share/locale",
];

/// A prepared file system, of the Debian that this machine has: programs that were built here run
/// in there.
#[derive(Clone, Debug)]
pub struct Image {
    root: PathBuf,
}

impl Image {
    /// The user of whom systemd runs a manager from the boot on.
    pub const USER: &str = "claw";
    /// Their number.
    pub const USER_ID: u32 = 1000;

    /// Prepares the file system below `dir`, unless that was done: a minute or two, once.
    pub fn prepare(dir: &Path) -> Result<Self> {
        if !rustix::process::geteuid().is_root() {
            bail!("a machine with a systemd of its own takes root; run the tests as root");
        }
        for program in ["debootstrap", "systemd-nspawn"] {
            let found = output(Command::new(program).arg("--version"));
            found.with_context(|| {
                format!("{program} is missing: `apt-get install debootstrap systemd-container`")
            })?;
        }
        std::fs::create_dir_all(dir).with_context(|| format!("cannot create {}", dir.display()))?;
        let dir = dir.canonicalize().context("a path of the machine")?;
        let _lock = step::lock(&dir)?;
        let (root, release) = (dir.join("debian"), release()?);
        let inputs = format!("{release} {PACKAGES} {LEFT_OUT:?}");
        Steps::new(&dir.join("stamps")).once("a Debian with systemd", &inputs, || {
            step::fresh(&root)?;
            make(&root, &release)
        })?;
        Ok(Self { root })
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }
}

fn make(root: &Path, release: &str) -> Result<()> {
    let mut debootstrap = Command::new("debootstrap");
    debootstrap.args([
        "--variant=minbase",
        &format!("--include={PACKAGES}"),
        release,
    ]);
    output(debootstrap.arg(root).args(mirror(release)))?;
    let (user, number) = (Image::USER, Image::USER_ID.to_string());
    let mut useradd = Command::new("chroot");
    useradd
        .arg(root)
        .args(["useradd", "--create-home", "--uid", &number, user]);
    output(&mut useradd)?;
    // As `loginctl enable-linger` leaves it.
    let lingering = root.join("var/lib/systemd/linger");
    std::fs::create_dir_all(&lingering)?;
    std::fs::write(lingering.join(user), "")?;
    for left_out in LEFT_OUT {
        step::fresh(&root.join(left_out))?;
    }
    Ok(())
}

/// The name of this machine's release.
fn release() -> Result<String> {
    let text = std::fs::read_to_string("/etc/os-release").context("which Debian this is")?;
    let named = text
        .lines()
        .find_map(|line| line.strip_prefix("VERSION_CODENAME="));
    let name = named.context("/etc/os-release names no release: a Debian is needed")?;
    Ok(name.trim_matches('"').to_owned())
}

/// Where this machine gets its own packages; debootstrap's own default where that is not known.
fn mirror(release: &str) -> Option<String> {
    let mut command = Command::new("apt-get");
    command.args(["indextargets", "--format", "$(REPO_URI)"]);
    command.args([&format!("Codename: {release}"), "Component: main"]);
    let listed = output(&mut command).ok()?;
    listed.lines().next().map(str::to_owned)
}
