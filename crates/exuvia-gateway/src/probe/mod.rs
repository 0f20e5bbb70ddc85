//! Asking a gateway whether it works.
//!
//! Every question of [`Builtin`] is asked of the running process or of OpenClaw's own checks,
//! beside the user's own ([`OwnProbes`]). None of them is enough alone: what each is blind to is
//! told where it is defined.

mod advice;
mod commands;
mod course;
mod ground;
mod own;
mod page;
mod plugins;
mod process;
mod rpc;
mod words;
mod workflow;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use exuvia_host::process::Processes;
use exuvia_host::{Home, Host};
use exuvia_model::Revision;
use exuvia_model::probe::{Answer, Builtin, Probe, Probed, against_gate};
use exuvia_model::restart::Millis;
use exuvia_openclaw::Install;
use exuvia_openclaw::config::Config;
use exuvia_openclaw::gateway::{Address, Target, http};
use futures::StreamExt as _;
use tokio::time::{Instant, sleep};

use crate::keeper::Places;
use ground::Ground;
use words::answer_of;

pub use advice::{Advice, advice};
pub use course::Course;
pub use ground::Process;
pub use own::{HttpProbe, OwnProbeError, OwnProbes, Program};
pub use workflow::WorkflowProbe;

/// How often a gateway that starts is looked at.
const GLANCE: Duration = Duration::from_millis(500);
/// How many of the user's probes are asked at once.
const AT_ONCE: usize = 4;

/// Asks the gateway of one install.
#[derive(Debug, Clone)]
pub struct Examiner {
    host: Arc<dyn Host>,
    processes: Processes,
    install: Arc<Install>,
    places: Places,
    own: Arc<OwnProbes>,
    course: Course,
}

/// What came of asking.
#[derive(Debug, Clone)]
pub struct Examination {
    /// The answers in the order of the gate, the user's own after them.
    pub probed: Vec<Probed>,
    /// The process that runs the gateway, where it can be seen.
    pub process: Option<Process>,
    /// The version of the package on disk.
    pub installed: Option<Revision>,
}

impl Examiner {
    /// For the gateway of this install, with the user's own probes.
    pub fn new(host: Arc<dyn Host>, home: &Home, install: Install) -> Result<Self, OwnProbeError> {
        let own = OwnProbes::read(&*host, home)?;
        Ok(Self {
            host,
            processes: Processes::new(),
            places: Places::of(home, &install),
            install: Arc::new(install),
            own: Arc::new(own),
            course: Course::default(),
        })
    }

    /// Which questions are open while somebody waits for the answers.
    pub fn course(&self) -> Course {
        self.course.clone()
    }

    /// The same with other probes of the user's: a rehearsal brings its own workflow along.
    #[must_use]
    pub fn with_own(mut self, own: OwnProbes) -> Self {
        self.own = Arc::new(own);
        self
    }

    /// Asks everything. `expected` is the version that must be the running one: that of the package
    /// on disk unless it is given.
    pub async fn examine(&self, expected: Option<&Revision>) -> Examination {
        Box::pin(self.examine_with(expected, Checks::Asked)).await
    }

    /// Asks the gateway only: OpenClaw's own checks are neither asked nor missed, because they are
    /// of a package and a configuration that were checked before.
    pub async fn examine_running(&self) -> Examination {
        Box::pin(self.examine_with(None, Checks::LeftOut)).await
    }

    /// The same without asking OpenClaw's own checks again, each of which keeps a processor busy
    /// for seconds: their answers of a look before count still.
    pub async fn examine_again(&self, before: &Examination) -> Examination {
        let checks = before.probed.iter().filter(|one| is_check(&one.probe));
        let checks = Checks::Known(checks.cloned().collect());
        Box::pin(self.examine_with(None, checks)).await
    }

    /// What OpenClaw's own checks say of its package and its configuration, and nothing else.
    pub async fn own_checks(&self) -> Vec<Probed> {
        let ground = self.ground().await;
        self.checks(&ground).await
    }

    async fn examine_with(&self, expected: Option<&Revision>, checks: Checks) -> Examination {
        let ground = self.ground().await;
        let expected = expected.or(ground.installed.as_ref());
        let ground = &ground;
        let mut gate = Builtin::gate();
        if matches!(checks, Checks::LeftOut) {
            gate.retain(|probe| !is_check(probe));
        }
        // What keeps a processor busy comes after: a gateway that has to share the only ones there
        // are is late with its answers, and nobody could tell why.
        let (process, running) = tokio::join!(
            self.one(Builtin::Process, process::alive(self, ground)),
            self.running(ground, expected),
        );
        let checks = async {
            match checks {
                Checks::Asked => self.checks(ground).await,
                Checks::Known(known) => known,
                Checks::LeftOut => Vec::new(),
            }
        };
        let (checks, own) = tokio::join!(checks, self.own(ground));
        let asked = [vec![process], running, checks].concat();
        let mut probed = against_gate(&gate, asked);
        probed.sort_by_key(|one| place(&one.probe));
        probed.extend(own);
        Examination {
            probed,
            process: ground.process.clone(),
            installed: ground.installed.clone(),
        }
    }

    /// Waits until the gateway says that it has started and is ready, but no longer than this.
    /// Whether it does.
    pub async fn wait_until_started(&self, patience: Duration) -> bool {
        let end = Instant::now() + patience;
        loop {
            let has_started = match self.address() {
                Some(address) => {
                    let ready = http::ready(address, GLANCE * 4).await;
                    ready.is_ok_and(|page| page.body.ready == Some(true))
                }
                None => false,
            };
            if has_started || Instant::now() >= end {
                return has_started;
            }
            sleep(GLANCE).await;
        }
    }

    /// Where the gateway listens, or would.
    pub fn address(&self) -> Option<Address> {
        let config = Config::read(&*self.host, &self.install);
        Address::find(&*self.host, &self.install, &config).ok()
    }

    async fn ground(&self) -> Ground {
        let this = self.clone();
        let look = move || Ground::look(&*this.host, &this.processes, &this.install);
        match tokio::task::spawn_blocking(look).await {
            Ok(ground) => ground,
            Err(error) => Ground::unknown(&error.to_string()),
        }
    }

    /// What the process itself says: on its probe pages, and by its methods over one connection.
    async fn running(&self, ground: &Ground, expected: Option<&Revision>) -> Vec<Probed> {
        const PROBES: [Builtin; 5] = [
            Builtin::Ready,
            Builtin::Version,
            Builtin::Status,
            Builtin::Sessions,
            Builtin::Channels,
        ];
        let all = |answer: &Answer| PROBES.map(|one| said(one, answer.clone())).to_vec();
        if let Some((why, remedy)) = ground.halted() {
            return all(&Answer::fail(&why, &remedy));
        }
        let target = match Target::find(&self.host, &self.install) {
            Ok(target) => target,
            Err(error) => return all(&answer_of(&error, ground)),
        };
        let address = target.address();
        let (ready, version, methods) = tokio::join!(
            self.one(Builtin::Ready, page::ready(address, ground)),
            self.one(Builtin::Version, page::version(address, ground, expected)),
            self.methods(&target, ground, expected),
        );
        [vec![ready, version], methods].concat()
    }

    async fn methods(
        &self,
        target: &Target,
        ground: &Ground,
        expected: Option<&Revision>,
    ) -> Vec<Probed> {
        const PROBES: [Builtin; 3] = [Builtin::Status, Builtin::Sessions, Builtin::Channels];
        let client = match target.connect(patience(Builtin::Status)).await {
            Ok(client) => client.with_patience(patience(Builtin::Status)),
            Err(error) => {
                return PROBES
                    .map(|one| said(one, answer_of(&error, ground)))
                    .to_vec();
            }
        };
        let status = rpc::status(&*self.host, &client, ground, expected);
        let (status, sessions, channels) = tokio::join!(
            self.one(Builtin::Status, status),
            self.one(Builtin::Sessions, rpc::sessions(&client, ground)),
            self.one(Builtin::Channels, rpc::channels(&client, ground)),
        );
        vec![status, sessions, channels]
    }

    /// What OpenClaw's own checks say. At once, though each is a Node that wants a processor for
    /// itself: the one of the plugins takes by far the longest. Without a configuration there is
    /// nothing to check plugins by, and that one ends soon.
    async fn checks(&self, ground: &Ground) -> Vec<Probed> {
        let (config, plugins) = tokio::join!(
            self.one(Builtin::Config, commands::config(self, ground)),
            self.one(Builtin::Plugins, commands::plugins(self, ground)),
        );
        let is_broken = matches!(config.answer, Answer::Fail { .. }) && ground.lost.is_none();
        let plugins = if is_broken {
            let words = "plugins cannot be checked while the configuration is invalid";
            said(Builtin::Plugins, Answer::unknown(words))
        } else {
            plugins
        };
        vec![config, plugins]
    }

    /// What the user wants to know beside.
    async fn own(&self, ground: &Ground) -> Vec<Probed> {
        let programs = self.own.programs.iter();
        let programs = programs.map(|one| self.timed(one.probe(), one.ask(self)));
        let mut asked: Vec<Probed> = futures::stream::iter(programs)
            .buffered(AT_ONCE)
            .collect()
            .await;
        let pages = self.own.http.iter();
        let pages = pages.map(|one| self.timed(one.probe(), one.ask()));
        asked.extend(
            futures::stream::iter(pages)
                .buffered(AT_ONCE)
                .collect::<Vec<_>>()
                .await,
        );
        if let Some(workflow) = &self.own.workflow {
            asked.push(
                self.timed(workflow.probe(), workflow.ask(self, ground))
                    .await,
            );
        }
        asked
    }

    async fn one(&self, builtin: Builtin, asking: impl Future<Output = Answer>) -> Probed {
        self.timed(builtin.probe(), asking).await
    }

    /// Asks one question, for no longer than it has.
    async fn timed(&self, probe: Probe, asking: impl Future<Output = Answer>) -> Probed {
        let _open = self.course.ask(probe.name.clone());
        let began = self.host.elapsed();
        let patience = Duration::from_millis(probe.deadline.get());
        let answer = tokio::time::timeout(patience, asking).await;
        let took = self.host.elapsed().saturating_sub(began);
        let took = Millis::new(u64::try_from(took.as_millis()).unwrap_or(u64::MAX));
        let answer = answer.unwrap_or_else(|_| {
            Answer::unknown(&format!("there was no answer within {}", probe.deadline))
        });
        Probed::new(probe, answer, took)
    }
}

/// What becomes of OpenClaw's own checks in a look.
enum Checks {
    Asked,
    /// What they said before counts still.
    Known(Vec<Probed>),
    LeftOut,
}

/// Whether a command of OpenClaw's answers it, and not the gateway.
fn is_check(probe: &Probe) -> bool {
    [Builtin::Config, Builtin::Plugins]
        .map(Builtin::probe)
        .contains(probe)
}

fn place(probe: &Probe) -> usize {
    let builtin = Builtin::ALL
        .iter()
        .position(|builtin| probe.name == builtin.name().into());
    builtin.unwrap_or(usize::MAX)
}

fn patience(builtin: Builtin) -> Duration {
    Duration::from_millis(builtin.deadline().get())
}

fn said(builtin: Builtin, answer: Answer) -> Probed {
    Probed::new(builtin.probe(), answer, Millis::ZERO)
}
