//! A stand-in as a program, laid out as an install.

use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;

use super::behaviour::Behaviour;
use super::book::Book;

/// Long enough for a machine that does much else.
const DEADLINE: Duration = Duration::from_secs(20);

/// An install as npm makes one, whose Node is the stand-in:
///
/// ```text
/// <root>/bin/node                                     the program
/// <root>/bin/openclaw                                 → openclaw.mjs
/// <root>/lib/node_modules/openclaw/{package.json,openclaw.mjs}
/// <root>/.openclaw/{openclaw.json,standin.json}       the state; HOME is <root>
/// ```
#[derive(Debug)]
pub struct Installed {
    root: PathBuf,
    port: u16,
}

impl Installed {
    /// The token of its gateway.
    pub const TOKEN: &str = "standin-token";

    /// Lays one out in an empty directory.
    pub fn at(root: &Path) -> Self {
        let root = root.canonicalize().expect("a directory for the install");
        let installed = Self {
            port: free_port(),
            root,
        };
        let bin = installed.root.join("bin");
        for dir in [&bin, &installed.package(), &installed.state_dir()] {
            std::fs::create_dir_all(dir).expect("a directory of the install");
        }
        symlink(program(), bin.join("node")).expect("a link to the program");
        let script = installed.package().join("openclaw.mjs");
        std::fs::write(&script, "#!/usr/bin/env node\n").expect("the script");
        let executable = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(&script, executable).expect("the script's mode");
        let from_bin = "../lib/node_modules/openclaw/openclaw.mjs";
        symlink(from_bin, bin.join("openclaw")).expect("the launcher");
        installed.set_version(&Behaviour::default().version);
        let gateway = json!({ "mode": "local", "port": installed.port,
            "auth": { "mode": "token", "token": Self::TOKEN } });
        let config = json!({ "gateway": gateway }).to_string();
        std::fs::write(installed.state_dir().join("openclaw.json"), config).expect("the config");
        installed.behave(|_| ());
        installed
    }

    /// `HOME` of the install.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// `~/.openclaw`.
    pub fn state_dir(&self) -> PathBuf {
        self.root.join(".openclaw")
    }

    /// The package tree.
    pub fn package(&self) -> PathBuf {
        self.root.join("lib/node_modules/openclaw")
    }

    /// What is run in Node's place.
    pub fn node(&self) -> PathBuf {
        self.root.join("bin/node")
    }

    /// The port in its config.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Puts another version into the package tree; a process that runs keeps its own.
    pub fn set_version(&self, version: &str) {
        let manifest = json!({ "name": "openclaw", "version": version,
            "bin": { "openclaw": "openclaw.mjs" } });
        let file = self.package().join("package.json");
        std::fs::write(file, manifest.to_string()).expect("the manifest");
    }

    /// Changes what it does from now on.
    pub fn behave(&self, change: impl FnOnce(&mut Behaviour)) {
        let file = self.state_dir().join(Behaviour::FILE);
        let mut behaviour = super::engine::read(&file);
        behaviour.token = Some(Self::TOKEN.to_owned());
        change(&mut behaviour);
        let text = serde_json::to_string(&behaviour).expect("a script");
        let written = file.with_extension("new");
        std::fs::write(&written, text).expect("the script");
        std::fs::rename(&written, &file).expect("the script");
    }

    /// What it remembers.
    pub fn book(&self) -> Book {
        Book::open(&self.state_dir())
    }

    /// A command of its `openclaw`, in an environment of its own.
    pub fn openclaw(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.node());
        command
            .arg(self.package().join("openclaw.mjs"))
            .args(arguments)
            .env_clear()
            .env("HOME", &self.root)
            .env("PATH", self.root.join("bin"))
            .stdin(Stdio::null());
        command
    }

    /// Starts `gateway run` and waits until it listens.
    pub fn run(&self) -> Running {
        let mut command = self.openclaw(&["gateway", "run"]);
        let child = command.stdout(Stdio::null()).spawn().expect("the stand-in");
        let running = Running { child };
        self.wait_until_it_listens();
        running
    }

    /// Waits until something listens on its port.
    pub fn wait_until_it_listens(&self) {
        let end = Instant::now() + DEADLINE;
        while std::net::TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(Instant::now() < end, "nothing listens on {}", self.port);
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

/// A gateway as a process; killed when it is dropped.
#[derive(Debug)]
pub struct Running {
    child: Child,
}

impl Running {
    /// Its pid.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends it a signal by its name (`TERM`).
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .args(["-s", name, &self.pid().to_string()])
            .status();
        assert!(sent.expect("kill").success(), "SIG{name} was not sent");
    }

    /// Waits for its end.
    pub fn wait(&mut self) -> ExitStatus {
        let end = Instant::now() + DEADLINE;
        loop {
            if let Some(status) = self.child.try_wait().expect("the stand-in") {
                return status;
            }
            assert!(Instant::now() < end, "the stand-in does not end");
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The program, built where it is not: a test of another package does not have it built.
pub(crate) fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        if let Some(named) = std::env::var_os("EXUVIA_STANDIN_OPENCLAW") {
            return named.into();
        }
        let own = std::env::current_exe().expect("a path of my own");
        // <target>/<profile>/deps/<test>
        let target = own.ancestors().nth(3).expect("a target directory");
        let built = target.join("debug/standin-openclaw");
        if is_fresh(&built) {
            return built;
        }
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut building = Command::new(cargo);
        building
            .args([
                "build",
                "--quiet",
                "-p",
                "exuvia-testkit",
                "--bin",
                "standin-openclaw",
            ])
            .current_dir(env!("CARGO_MANIFEST_DIR"));
        building.env("CARGO_TARGET_DIR", target);
        let status = building.status().expect("cargo");
        assert!(status.success(), "no stand-in was built");
        built
    })
}

/// Whether a program is newer than all that it is made from. Asking cargo would wait for whoever
/// builds just now.
fn is_fresh(built: &Path) -> bool {
    let modified = |path: &Path| std::fs::metadata(path).and_then(|meta| meta.modified());
    let Ok(made) = modified(built) else {
        return false;
    };
    let mut left = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(dir) = left.pop() {
        for entry in std::fs::read_dir(dir).expect("the sources").flatten() {
            let path = entry.path();
            if path.is_dir() {
                left.push(path);
            } else if modified(&path).is_ok_and(|changed| changed > made) {
                return false;
            }
        }
    }
    true
}

/// Below those that the system gives to whoever asks for any: one of them could be taken by a
/// stand-in before the gateway listens.
pub(crate) fn free_port() -> u16 {
    const FIRST: u32 = 12_000;
    const COUNT: u32 = 18_000;
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let is_free = |port: &u16| std::net::TcpListener::bind(("127.0.0.1", *port)).is_ok();
    // Tests that run at once begin elsewhere.
    let begin = std::process::id().wrapping_mul(101);
    let mut ports = std::iter::from_fn(|| {
        let next = begin.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed));
        u16::try_from(FIRST + next % COUNT).ok()
    });
    ports.find(is_free).expect("a free port")
}
