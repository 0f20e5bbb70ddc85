//! A gateway that a real systemd keeps, in a machine of its own, restarted by somebody who ends
//! with it.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests fail by panicking, too"
)]

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use exuvia_e2e::{Ran, binary, image, own_dir, read_json};
use exuvia_testkit::gateway::Installed;
use exuvia_testkit::machine::{Image, Machine, Shared};
use serde_json::Value;
use tempfile::TempDir;

const SESSION: &str = "agent:main:main";
const UNIT: &str = "openclaw-gateway.service";
const EXUVIA: &str = "/usr/local/bin/exuvia";
const STANDIN: &str = "/usr/local/bin/standin";
const DEADLINE: Duration = Duration::from_mins(2);
const LOOK: Duration = Duration::from_millis(50);

/// Whose gateway it is, and whose unit.
#[derive(Clone, Copy)]
struct Owner {
    user: &'static str,
    home: &'static str,
    is_user_unit: bool,
    /// What only this kind of unit says.
    says: &'static str,
}

/// As `openclaw gateway install` makes it.
const USER: Owner = Owner {
    user: Image::USER,
    home: "/home/claw",
    is_user_unit: true,
    says: "",
};
const SYSTEM: Owner = Owner {
    user: "root",
    home: "/root",
    is_user_unit: false,
    says: "Environment=HOME=/root",
};
const SYSTEM_FOR_USER: Owner = Owner {
    is_user_unit: false,
    says: "User=claw",
    ..USER
};

/// A machine with a unit that keeps a stand-in. In the unit's control group a process waits for the
/// word to ask for an update, as the tool of an agent would.
struct Kept {
    machine: Machine,
    installed: Installed,
    owner: Owner,
    _dir: TempDir,
}

impl Kept {
    fn new(owner: Owner) -> Self {
        let dir = TempDir::new().unwrap();
        let installed = Installed::at(dir.path());
        installed.behave(|behaviour| behaviour.sessions = vec![SESSION.to_owned()]);
        let program = std::fs::read_link(installed.node()).unwrap();
        put_an_asker_beside(&installed, owner.home);
        // Whoever opens the book first is its owner.
        drop(installed.book());
        give_to(owner, installed.root());
        let shared = [
            (installed.root(), owner.home),
            (&binary(), EXUVIA),
            (&program, STANDIN),
        ];
        let shared = shared.map(|(outside, inside)| Shared {
            outside,
            inside: Path::new(inside),
        });
        let kept = Self {
            machine: Machine::boot(image(), &shared),
            installed,
            owner,
            _dir: dir,
        };
        kept.start();
        kept
    }

    fn start(&self) {
        let directory = if self.owner.is_user_unit {
            "/home/claw/.config/systemd/user"
        } else {
            "/etc/systemd/system"
        };
        let _ = self.ran("root", &["mkdir", "-p", directory]).exits(0);
        let text = unit(self.owner);
        self.machine.write(&Path::new(directory).join(UNIT), &text);
        // The manager of a lingering user may still be on its way.
        until("the manager", || {
            (self.systemctl(&["daemon-reload"]).code == Some(0)).then_some(())
        });
        let _ = self.systemctl(&["start", UNIT]).exits(0);
        until("a gateway", || (self.starts() == 1).then_some(()));
    }

    /// Runs a program of the machine, outside of every session and of the unit.
    fn ran(&self, user: &str, words: &[&str]) -> Ran {
        let home = format!("HOME={}", self.owner.home);
        let words = ["env", &home].into_iter().chain(words.iter().copied());
        Ran::of(&mut self.machine.command(user, words))
    }

    fn exuvia(&self, words: &[&str]) -> Ran {
        let words: Vec<&str> = [EXUVIA].into_iter().chain(words.iter().copied()).collect();
        self.ran(self.owner.user, &words)
    }

    /// As somebody who may tell the unit's manager what to do.
    fn systemctl(&self, words: &[&str]) -> Ran {
        let runtime = format!("XDG_RUNTIME_DIR=/run/user/{}", Image::USER_ID);
        let (user, reach) = if self.owner.is_user_unit {
            let reach = vec!["env", &runtime, "systemctl", "--user"];
            (self.owner.user, reach)
        } else {
            ("root", vec!["systemctl"])
        };
        let words: Vec<&str> = reach.into_iter().chain(words.iter().copied()).collect();
        self.ran(user, &words)
    }

    fn starts(&self) -> usize {
        self.installed.book().starts().len()
    }

    /// What a file of the asker says, once it is there.
    fn said(&self, file: &str) -> String {
        let file = self.installed.root().join(file);
        until("what the asker says", || {
            std::fs::read_to_string(&file).ok()
        })
    }

    /// How many processes of the machine end with these words.
    fn running(&self, words: &[&str]) -> usize {
        let all = self.machine.processes().into_iter();
        all.filter(|seen| {
            seen.ends_with(&words.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>())
        })
        .count()
    }

    fn journal(&self) -> String {
        let journal = ["journalctl", "--no-pager", "--output=cat"];
        self.ran("root", &journal).exits(0).stdout
    }

    /// What came of a run, once that is known. Read from its file: a command of exuvia would carry
    /// on what was cut short.
    fn settled(&self, run: &str) -> Value {
        let own = own_dir(&self.installed.root().join(".exuvia"));
        let file = own.join(format!("sentinels/{run}.json"));
        until("the end of the restart", || {
            let sentinel = read_json(&file);
            let outcome = sentinel["outcome"]["state"].as_str().unwrap();
            let note = sentinel["note"]["delivery"]["state"].as_str().unwrap();
            let is_open =
                matches!(outcome, "pending" | "deferred") || matches!(note, "owed" | "sending");
            (!is_open).then_some(sentinel)
        })
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let journal = ["journalctl", "--no-pager", "--lines=60", "--no-hostname"];
            eprintln!("{}", self.ran("root", &journal).stdout);
        }
    }
}

/// By the real one's `dist/systemd-unit-*.mjs` (OpenClaw 2026.9.5).
fn unit(owner: Owner) -> String {
    let Owner { home, says, .. } = owner;
    let wanted_by = if owner.is_user_unit {
        "default"
    } else {
        "multi-user"
    };
    format!(
        "[Unit]\nDescription=OpenClaw Gateway\nStartLimitBurst=10\nStartLimitIntervalSec=300\n\n\
         [Service]\n\
         ExecStart={home}/bin/node {home}/lib/node_modules/openclaw/openclaw.mjs gateway run\n\
         Restart=always\nRestartSec=5\nRestartPreventExitStatus=78\nTimeoutStopSec=30\n\
         TimeoutStartSec=30\nSuccessExitStatus=0 143\nOOMPolicy=continue\nKillMode=mixed\n{says}\n\n\
         [Install]\nWantedBy={wanted_by}.target\n"
    )
}

/// Node starts the asker before it becomes the first gateway: what it runs is the gateway's child.
fn put_an_asker_beside(installed: &Installed, home: &str) {
    let asker = format!(
        "#!/bin/sh\n\
         cd {home}\n\
         while [ ! -e call ]; do sleep 0.05; done\n\
         cp /proc/self/cgroup cgroup\n\
         {EXUVIA} update run --note 'MARK done' --session-key {SESSION} --json >said.json 2>said.log\n\
         echo $? >code.new; mv code.new code\n\
         exec sleep infinity\n"
    );
    let node = format!(
        "#!/bin/sh\n\
         if [ \"$2 $3\" = 'gateway run' ] && mkdir {home}/called 2>/dev/null; then\n\
           {home}/bin/asker &\n\
         fi\n\
         exec {STANDIN} \"$@\"\n"
    );
    let bin = installed.root().join("bin");
    std::fs::remove_file(bin.join("node")).unwrap();
    for (name, text) in [("asker", asker), ("node", node)] {
        std::fs::write(bin.join(name), text).unwrap();
        let mode = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(bin.join(name), mode).unwrap();
    }
}

fn give_to(owner: Owner, root: &Path) {
    let user = if owner.user == Image::USER {
        Image::USER_ID
    } else {
        0
    };
    let mut chown = Command::new("chown");
    let status = chown.args(["-R", &user.to_string()]).arg(root).status();
    assert!(status.unwrap().success());
}

fn until<T>(what: &str, look: impl Fn() -> Option<T>) -> T {
    let end = Instant::now() + DEADLINE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < end, "{what} does not come");
        std::thread::sleep(LOOK);
    }
}

fn an_asker_that_ends_with_the_unit_gets_its_restart(owner: Owner) {
    let kept = Kept::new(owner);
    let _ = kept.exuvia(&["gateway", "start"]).exits(0);
    assert_eq!(kept.starts(), 1, "the one that runs is left as it is");

    std::fs::write(kept.installed.root().join("call"), "").unwrap();
    let code = kept.said("code");
    assert_eq!(code.trim(), "75", "{}", kept.said("said.log"));
    assert!(kept.said("cgroup").trim().ends_with(&format!("/{UNIT}")));
    let said: Value = serde_json::from_str(&kept.said("said.json")).unwrap();
    assert_eq!(said["handedOver"], true);
    let run = said["run"].as_str().unwrap();

    // Nobody but the one that the asker left carries it on.
    let sentinel = kept.settled(run);
    assert_eq!(sentinel["outcome"]["state"], "restarted", "{sentinel:#}");
    assert_eq!(kept.running(&["sleep", "infinity"]), 0, "the asker is gone");
    assert_eq!(kept.running(&["gateway", "run"]), 1);
    assert_eq!(kept.starts(), 2);
    assert_eq!(kept.installed.book().count(SESSION, "MARK done"), 1);
    let scope = format!("Started exuvia-restart-{run}.scope");
    assert!(
        kept.journal().contains(&scope),
        "{scope}: {}",
        kept.journal()
    );

    // From outside it is waited for.
    let restarted = kept.exuvia(&["restart", "--force", "--json"]).exits(0);
    assert_eq!(
        restarted.json()["sentinel"]["outcome"]["state"],
        "restarted"
    );
    assert_eq!((kept.starts(), kept.running(&["gateway", "run"])), (3, 1));
}

#[test]
fn a_user_unit_is_restarted_by_somebody_who_ends_with_it() {
    an_asker_that_ends_with_the_unit_gets_its_restart(USER);
}

#[test]
fn a_system_unit_is_restarted_by_somebody_who_ends_with_it() {
    an_asker_that_ends_with_the_unit_gets_its_restart(SYSTEM);
}

#[test]
fn a_system_unit_that_heeds_root_alone_is_refused_to_others_before_anything_is_changed() {
    let kept = Kept::new(SYSTEM_FOR_USER);
    let refused = kept.exuvia(&["restart", "--force"]).exits(3);
    let words = "nothing says that it heeds user 1000; nothing was changed";
    assert!(refused.stderr.contains(words), "{refused:?}");
    assert!(!kept.installed.root().join(".exuvia/installs").exists());
    assert_eq!(kept.starts(), 1);
    let restarted = [EXUVIA, "restart", "--force", "--install"];
    let state = format!("{}/.openclaw", kept.owner.home);
    let restarted: Vec<&str> = restarted.into_iter().chain([state.as_str()]).collect();
    let _ = kept.ran("root", &restarted).exits(0);
    assert_eq!((kept.starts(), kept.running(&["gateway", "run"])), (2, 1));
}
