//! The keeper, with a shell script for a gateway.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "the tests' own ground is the machine, and they may panic"
)]

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use exuvia_gateway::keeper::{
    Asked, Client, Keeper, KeeperError, KeeperOptions, Notice, Places, Told,
};
use exuvia_host::process::{Processes, Signal};
use exuvia_host::testing::TestHost;
use exuvia_host::{Command, Home, Host};
use exuvia_model::install::PackageManager;
use exuvia_model::supervision::{State, Terms};
use exuvia_openclaw::Install;
use tempfile::TempDir;
use tokio::task::JoinHandle;

const DEADLINE: Duration = Duration::from_secs(30);

/// What `openclaw` is here: run by `sh` instead of Node. It does what the `n`-th line of `script`
/// says at its `n`-th start, and what the last one says from then on.
const OPENCLAW: &str = r#"
cd "$OPENCLAW_STATE_DIR"
if [ "$2" = restart-handoff ]; then
    echo "$5" >>consumed
    [ -e handoff ] && mv handoff taken && status=accepted
    echo "{\"ok\":true,\"protocol\":\"openclaw.gateway.restart-handoff\",\"protocolVersion\":1,\"status\":\"${status:-none}\"}"
    exit 0
fi
echo $$ >>starts
case $(sed -n "$(wc -l <starts)p" script | grep . || tail -n 1 script) in
fail) exit 1 ;;
config) exit 78 ;;
handoff) touch handoff; exit 0 ;;
clean) exit 0 ;;
stubborn) trap '' TERM ;;
*) trap 'kill $!; exit 0' TERM ;;
esac
tail -f /dev/null &
touch ready
wait
wait
"#;

struct Ground {
    dir: TempDir,
    home: Home,
    install: Install,
    host: Arc<TestHost>,
    said: Arc<Mutex<Vec<String>>>,
}

impl Ground {
    fn new(script: &[&str]) -> Self {
        let dir = TempDir::new().unwrap();
        let root = dir.path().canonicalize().unwrap();
        let (state, package) = (root.join("state"), root.join("package"));
        for dir in [&state, &package] {
            std::fs::create_dir(dir).unwrap();
        }
        std::fs::write(package.join("openclaw.mjs"), OPENCLAW).unwrap();
        std::fs::write(state.join("script"), script.join("\n") + "\n").unwrap();
        let host = TestHost::new().with_env("EXUVIA_HOME", root.join("exuvia"));
        Self {
            home: Home::locate(&host).unwrap(),
            install: install(&root, state, package),
            host: Arc::new(host),
            said: Arc::default(),
            dir,
        }
    }

    fn options() -> KeeperOptions {
        KeeperOptions {
            terms: Terms {
                grace: Duration::from_millis(200),
            },
            look_every: Duration::from_millis(20),
            ..KeeperOptions::default()
        }
    }

    fn keeper(&self, options: KeeperOptions) -> Keeper {
        let said = Arc::clone(&self.said);
        let tell = move |notice: Notice<'_>| said.lock().unwrap().push(format!("{notice:?}"));
        let host: Arc<dyn Host> = self.host.clone();
        let myself = Command::new("/no/such/program");
        Keeper::new(
            host,
            &self.home,
            self.install.clone(),
            options,
            myself,
            tell,
        )
    }

    fn start(&self) -> JoinHandle<Result<i32, KeeperError>> {
        tokio::spawn(self.keeper(Self::options()).run())
    }

    fn places(&self) -> Places {
        Places::of(&self.home, &self.install)
    }

    async fn ask(&self, asked: Asked) -> Told {
        let client = Client::at(self.places().socket());
        let asking = async {
            loop {
                // Until the keeper listens; the socket of one that was aborted may accept still.
                if let Ok(Some(told)) = client.ask(asked, DEADLINE).await {
                    return told;
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(DEADLINE, asking).await.unwrap()
    }

    /// Asks how things stand until they are so.
    async fn until(&self, wanted: impl Fn(&Told) -> bool) -> Told {
        let asking = async {
            loop {
                let told = self.ask(Asked::Status).await;
                if wanted(&told) {
                    return told;
                }
            }
        };
        tokio::time::timeout(DEADLINE, asking).await.unwrap()
    }

    fn lines(&self, name: &str) -> Vec<String> {
        let text = std::fs::read_to_string(self.dir.path().join("state").join(name));
        text.unwrap_or_default()
            .lines()
            .map(str::to_owned)
            .collect()
    }

    fn said(&self, what: &str) -> bool {
        let said = self.said.lock().unwrap();
        said.iter().any(|line| line.starts_with(what))
    }

    /// Waits until so many gateways have said that they were started.
    async fn started(&self, count: usize) {
        let waiting = async {
            while self.lines("starts").len() < count {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(DEADLINE, waiting).await.unwrap();
    }

    /// The gateways that run now.
    fn running(&self) -> usize {
        let processes = Processes::new();
        self.lines("starts")
            .iter()
            .filter(|pid| processes.find(pid.parse().unwrap()).is_some())
            .count()
    }
}

impl Drop for Ground {
    /// Everything that was started here knows where, also what has not said so yet.
    fn drop(&mut self) {
        let state = self.install.state_dir.to_str().unwrap();
        let ended = Processes::new().end_with_variable("OPENCLAW_STATE_DIR", state, DEADLINE);
        ended.unwrap();
    }
}

fn install(root: &Path, state: PathBuf, package: PathBuf) -> Install {
    Install {
        config_path: state.join("openclaw.json"),
        default_workspace: state.join("workspace"),
        state_dir: state,
        package_root: Some(package),
        package_manager: PackageManager::Npm,
        package_writable: true,
        profile: None,
        home: root.to_owned(),
        os_home: root.to_owned(),
        is_default: false,
        service: None,
        node: Some(PathBuf::from("/bin/sh")),
        scratch_dir: root.join("tmp"),
    }
}

fn runs(told: &Told) -> bool {
    matches!(told.state, State::Running { .. })
}

#[tokio::test]
async fn it_is_started_stopped_and_restarted_when_somebody_asks() {
    let ground = Ground::new(&["last"]);
    let keeper = ground.start();
    let first = ground.until(runs).await;
    assert_eq!(first.generation, 1);
    let stopped = ground.ask(Asked::Stop).await;
    assert_eq!((stopped.state, stopped.gateway), (State::Stopped, None));
    assert_eq!(ground.running(), 0);
    let started = ground.ask(Asked::Start).await;
    assert!(runs(&started) && started.generation == 2);
    let again = ground.ask(Asked::Start).await;
    assert_eq!(again.gateway, started.gateway, "one is enough");
    let other = ground.ask(Asked::Restart).await;
    assert!(other.generation == 3 && other.gateway != started.gateway);
    assert!(
        ground.lines("consumed").is_empty(),
        "nobody asks after a stop"
    );
    keeper.abort();
}

#[tokio::test]
async fn what_ends_unasked_is_started_again() {
    let ground = Ground::new(&["fail", "clean", "last"]);
    let keeper = ground.start();
    let told = ground
        .until(|told| runs(told) && told.generation == 3)
        .await;
    ground.started(3).await;
    assert_eq!(ground.running(), 1);
    assert_eq!(ground.lines("starts")[2], told.gateway.unwrap().to_string());
    assert_eq!(
        ground.lines("consumed").len(),
        1,
        "only the clean end may have left one"
    );
    keeper.abort();
}

#[tokio::test]
async fn a_configuration_that_cannot_work_ends_the_keeper_with_78() {
    let ground = Ground::new(&["config"]);
    assert_eq!(ground.start().await.unwrap().unwrap(), 78);
    assert_eq!(ground.lines("starts").len(), 1);
    assert!(!ground.places().socket().exists());
}

#[tokio::test]
async fn a_handoff_is_taken_once_and_answered_by_a_start() {
    let ground = Ground::new(&["handoff", "last"]);
    let keeper = ground.start();
    ground
        .until(|told| runs(told) && told.generation == 2)
        .await;
    assert_eq!(
        ground.lines("consumed"),
        [ground.lines("starts")[0].clone()]
    );
    assert!(ground.said("Restarts"));
    keeper.abort();
}

#[tokio::test]
async fn one_that_was_up_is_started_again_before_it_is_asked_for_a_handoff() {
    let ground = Ground::new(&["handoff", "last"]);
    let options = KeeperOptions {
        up_after: Duration::ZERO,
        ..Ground::options()
    };
    let keeper = tokio::spawn(ground.keeper(options).run());
    ground
        .until(|told| runs(told) && told.generation == 2)
        .await;
    let taken = async {
        while ground.lines("consumed").is_empty() {
            ground.ask(Asked::Status).await;
        }
    };
    tokio::time::timeout(DEADLINE, taken).await.unwrap();
    assert_eq!(
        ground.lines("consumed"),
        [ground.lines("starts")[0].clone()]
    );
    keeper.abort();
}

#[tokio::test]
async fn one_that_will_not_stop_is_killed_with_what_it_started() {
    let ground = Ground::new(&["stubborn"]);
    let keeper = ground.start();
    ground.until(runs).await;
    let ignores = async {
        while !ground.install.state_dir.join("ready").exists() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(DEADLINE, ignores).await.unwrap();
    ground.ask(Asked::Stop).await;
    assert_eq!(ground.running(), 0);
    assert!(ground.said("Killed"));
    keeper.abort();
}

#[tokio::test]
async fn two_keepers_of_one_install_cannot_be() {
    let ground = Ground::new(&["last"]);
    let keeper = ground.start();
    ground.started(1).await;
    let second = ground.keeper(Ground::options()).run().await;
    assert!(matches!(second, Err(KeeperError::Kept)), "{second:?}");
    assert_eq!(ground.running(), 1);
    ground.until(runs).await;
    keeper.abort();
}

#[tokio::test]
async fn the_next_keeper_goes_on_with_the_gateway_that_the_last_one_left() {
    let ground = Ground::new(&["last"]);
    let keeper = ground.start();
    let left = ground.until(runs).await;
    ground.started(1).await;
    keeper.abort();
    assert!(keeper.await.unwrap_err().is_cancelled());
    let keeper = ground.start();
    let found = ground.until(runs).await;
    assert_eq!(found.gateway, left.gateway);
    assert_eq!(ground.lines("starts").len(), 1);
    let pid = found.gateway.unwrap();
    let seen = Processes::new().find(pid).unwrap();
    Processes::new().signal(&seen.id, Signal::Kill).unwrap();
    ground
        .until(|told| runs(told) && told.generation == 2)
        .await;
    keeper.abort();
}

#[tokio::test]
async fn a_gateway_is_found_though_the_keeper_died_before_it_knew_its_process() {
    let ground = Ground::new(&["last"]);
    let keeper = ground.start();
    let left = ground.until(runs).await;
    ground.started(1).await;
    keeper.abort();
    assert!(keeper.await.unwrap_err().is_cancelled());
    let record = ground.places().record();
    let text = std::fs::read_to_string(&record).unwrap();
    let mut json: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert!(json.as_object_mut().unwrap().remove("gateway").is_some());
    std::fs::write(&record, json.to_string()).unwrap();
    let keeper = ground.start();
    assert_eq!(ground.until(runs).await.gateway, left.gateway);
    assert_eq!(ground.running(), 1);
    keeper.abort();
}

#[tokio::test]
async fn one_that_holds_too_much_memory_is_restarted() {
    let ground = Ground::new(&["last"]);
    let options = KeeperOptions {
        max_resident: Some(1),
        ..Ground::options()
    };
    let keeper = tokio::spawn(ground.keeper(options).run());
    ground.until(|told| told.generation >= 2).await;
    assert!(ground.said("TooLarge"));
    keeper.abort();
}

#[tokio::test]
async fn a_program_that_cannot_be_started_is_tried_again_and_told() {
    let mut ground = Ground::new(&["last"]);
    ground.install.node = Some(ground.dir.path().join("node"));
    let keeper = ground.start();
    let waiting = |told: &Told| matches!(told.state, State::Waiting { .. });
    ground.until(waiting).await;
    assert!(ground.said("Failed"));
    std::os::unix::fs::symlink("/bin/sh", ground.dir.path().join("node")).unwrap();
    ground.until(runs).await;
    keeper.abort();
}

#[tokio::test]
async fn nonsense_on_the_socket_harms_nobody() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let ground = Ground::new(&["last"]);
    let keeper = ground.start();
    ground.until(runs).await;
    let endless = vec![b'x'; 100_000];
    for nonsense in [&b"\n"[..], b"{\"delete\":1}\n", b"\xff\xfe\n", &endless] {
        let mut stream = tokio::net::UnixStream::connect(ground.places().socket())
            .await
            .unwrap();
        // It may hang up before it has read all of it.
        let _ = stream.write_all(nonsense).await;
        let _ = stream.shutdown().await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        assert!(answer.is_empty());
    }
    ground.until(runs).await;
    keeper.abort();
}

#[tokio::test]
async fn where_no_keeper_is_nobody_answers() {
    let ground = Ground::new(&["last"]);
    let client = Client::at(ground.places().socket());
    assert_eq!(client.ask(Asked::Status, DEADLINE).await.unwrap(), None);
}
