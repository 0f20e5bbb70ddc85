//! The keeper at work.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use exuvia_host::disk::{Disk, Holder};
use exuvia_host::process::{Processes, Signal, Sink};
use exuvia_host::{Command, Home, Host, Lock};
use exuvia_model::supervision::{Effect, Ending, Event, State, step};
use exuvia_openclaw::Install;
use tokio::sync::mpsc;
use tokio::task::{self, JoinSet};

use super::control::{self, Question};
use super::gateway::Gateway;
use super::record::{MARK, Record};
use super::signals::{Signalled, Signals};
use super::waiting::Waiting;
use super::{Asked, KeeperError, KeeperOptions, Notice, Places, Told, handoff, log};

/// How long a fork may take to become another program.
const FORK: Duration = Duration::from_secs(1);

/// Keeps one gateway alive until it is told to end.
pub struct Keeper {
    host: Arc<dyn Host>,
    disk: Disk,
    processes: Processes,
    install: Arc<Install>,
    places: Places,
    options: KeeperOptions,
    myself: Command,
    notice: Box<dyn Fn(Notice<'_>) + Send>,
    state: State,
    record: Record,
    gateway: Option<Holder>,
    waiting: Waiting,
    ends: mpsc::UnboundedSender<End>,
}

/// What is heard of a gateway that has ended.
enum End {
    /// It has.
    Gone(Ending),
    /// And this is what it left.
    Handoff {
        ending: Ending,
        left: Result<bool, KeeperError>,
    },
}

impl fmt::Debug for Keeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keeper")
            .field("state", &self.state)
            .field("gateway", &self.gateway)
            .finish_non_exhaustive()
    }
}

impl Keeper {
    /// A keeper for an install. `myself` is the command by which this process becomes itself
    /// again.
    pub fn new(
        host: Arc<dyn Host>,
        home: &Home,
        install: Install,
        options: KeeperOptions,
        myself: Command,
        notice: impl Fn(Notice<'_>) + Send + 'static,
    ) -> Self {
        Self {
            places: Places::of(home, &install),
            host,
            disk: Disk::new(),
            processes: Processes::new(),
            install: Arc::new(install),
            options,
            myself,
            notice: Box::new(notice),
            state: State::Stopped,
            record: Record::default(),
            gateway: None,
            waiting: Waiting::default(),
            ends: mpsc::unbounded_channel().0,
        }
    }

    /// Keeps the gateway until the keeper is told to end, or the gateway says that starting it
    /// cannot help: the exit code.
    pub async fn run(mut self) -> Result<i32, KeeperError> {
        let lock = lock(&*self.host, &self.places).await?;
        let (ends, mut ended) = mpsc::unbounded_channel();
        self.ends = ends;
        let mut signals = Signals::listen()?;
        let (questions, mut asked) = mpsc::unbounded_channel();
        // Before there is a gateway: a keeper that cannot be spoken to starts none.
        let listener = control::listen(self.places.socket())?;
        let mut server = JoinSet::new();
        server.spawn(control::serve(listener, questions));
        let mut round = tokio::time::interval(self.options.look_every);
        self.begin()?;
        loop {
            if let State::Ended { code } = self.state {
                self.write_end(code)?;
                self.host.remove_file(&self.places.socket())?;
                return Ok(code);
            }
            let due = self.due_in();
            tokio::select! {
                Some(question) = asked.recv() => {
                    if self.hear(question)? == Turn::Replace {
                        return Err(self.replace(lock));
                    }
                }
                Some(end) = ended.recv() => self.take(end)?,
                signalled = signals.next() => match signalled {
                    Signalled::Quit => self.apply(Event::Quit)?,
                    Signalled::Forward => self.signal(Signal::User1),
                    Signalled::Replace => return Err(self.replace(lock)),
                },
                () = after(due) => self.apply(Event::Wake)?,
                _ = round.tick() => self.look()?,
            }
        }
    }

    /// Leaves word of an end that nobody ordered, for whoever finds no keeper.
    fn write_end(&self, code: i32) -> Result<(), KeeperError> {
        if code == 0 {
            return Ok(());
        }
        let ended = self.record.clone().with_end(code);
        Ok(ended.write(&*self.host, &self.places.record())?)
    }

    /// Goes on with the gateway that an earlier keeper left, or starts one.
    fn begin(&mut self) -> Result<(), KeeperError> {
        self.record = Record::read(&*self.host, &self.places.record())?;
        let Some(found) = self.record.find(&self.processes) else {
            return self.apply(Event::Start);
        };
        (self.notice)(Notice::Found { pid: found.pid });
        self.state = State::Running {
            since: self.host.elapsed(),
            failures: 0,
        };
        self.keep(Gateway::Found(found));
        Ok(())
    }

    /// Takes an event, does what follows from it, and answers who waited for that.
    fn apply(&mut self, event: Event) -> Result<(), KeeperError> {
        let mut next = Some(event);
        while let Some(event) = next.take() {
            let now = self.host.elapsed();
            let (state, effects) = step(self.state, event, now, self.options.terms)?;
            self.state = state;
            for effect in effects {
                next = self.perform(effect).or(next);
            }
        }
        let told = self.told();
        self.waiting.tell(&told);
        Ok(())
    }

    /// Does it. What fails is told, and is no reason to leave the gateway alone.
    fn perform(&mut self, effect: Effect) -> Option<Event> {
        match effect {
            Effect::Spawn => {
                let failed = self.spawn().err()?;
                self.complain(&failed);
                return Some(Event::NotStarted);
            }
            Effect::Terminate => self.signal(Signal::Terminate),
            Effect::Kill => {
                (self.notice)(Notice::Killed);
                let gateway = self.gateway.as_ref()?;
                let killed = self.processes.signal_group(gateway, Signal::Kill);
                self.complain(&killed.err()?.into());
            }
            // The state says so, and ends the loop.
            Effect::Quit(_) => {}
        }
        None
    }

    fn complain(&self, error: &KeeperError) {
        (self.notice)(Notice::Failed { error });
    }

    /// Starts a gateway: first what it will be found by is written down, then it is started, then
    /// which process it is is written down.
    fn spawn(&mut self) -> Result<(), KeeperError> {
        let unique = format!("{}-{}", Holder::current(), self.host.now());
        let record = self.record.next(&unique);
        record.write(&*self.host, &self.places.record())?;
        self.record = record;
        let command = self
            .install
            .openclaw(["gateway", "run"])?
            .args(self.options.arguments.iter().cloned())
            .env("OPENCLAW_SUPERVISOR_MODE", "external")
            .env(MARK, &self.record.mark);
        let log = self.places.log();
        let child = self
            .processes
            .spawn(&command, &Sink::Append(log.to_owned()))?;
        let pid = child.id().pid;
        (self.notice)(Notice::Started { pid, log });
        let known = self.record.clone().with_gateway(child.id());
        self.keep(Gateway::Started(child));
        // It runs, whatever fails now: without this it is found by its mark.
        match known.write(&*self.host, &self.places.record()) {
            Ok(()) => self.record = known,
            Err(error) => self.complain(&error.into()),
        }
        Ok(())
    }

    /// Waits for its end on a thread of its own.
    fn keep(&mut self, gateway: Gateway) {
        self.gateway = Some(gateway.id().clone());
        let (processes, ends) = (self.processes.clone(), self.ends.clone());
        task::spawn_blocking(move || {
            // A wait that fails cannot tell how it ended; that it can no longer be watched counts
            // as its end, and the state lock keeps a second one from harm.
            let ending = gateway.wait(&processes).unwrap_or(Ending::Unknown);
            // The keeper may have ended before its gateway; then nobody needs to know.
            let _ = ends.send(End::Gone(ending));
        });
    }

    /// A gateway has ended. One that did so in order may have left a handoff. Asking for it takes
    /// OpenClaw's command line seconds (5 s seen with 2026.9.5), so one that had been up is started
    /// again first: that is what becomes of it anyhow.
    fn take(&mut self, end: End) -> Result<(), KeeperError> {
        let (ending, handoff) = match end {
            End::Gone(ending) => match self.state {
                State::Running { since, .. }
                    if matches!(ending, Ending::Exit(0) | Ending::Unknown) =>
                {
                    let was_up = self.host.elapsed().saturating_sub(since) >= self.options.up_after;
                    self.ask_for_handoff(ending, !was_up);
                    if !was_up {
                        return Ok(());
                    }
                    (ending, true)
                }
                _ => (ending, false),
            },
            End::Handoff { ending, left } => {
                let left = left.unwrap_or_else(|error| {
                    self.complain(&error);
                    false
                });
                (ending, left)
            }
        };
        self.gateway = None;
        let before = self.state;
        self.apply(Event::Exited { ending, handoff })?;
        self.tell_end(before, ending, handoff);
        Ok(())
    }

    /// Takes the handoff that the gateway left, if it left one, and waits for the answer or not:
    /// one that stays would be taken for that of a later gateway of the same number.
    fn ask_for_handoff(&self, ending: Ending, waits: bool) {
        let Some(gateway) = self.gateway.clone() else {
            return;
        };
        let (host, install) = (Arc::clone(&self.host), Arc::clone(&self.install));
        let ends = self.ends.clone();
        task::spawn_blocking(move || {
            let left = handoff::consume(&*host, &install, &gateway);
            if waits {
                // As above: the keeper may have ended.
                let _ = ends.send(End::Handoff { ending, left });
            }
        });
    }

    fn tell_end(&self, before: State, ending: Ending, handoff: bool) {
        let notice = match (before, self.state) {
            (State::Running { .. }, State::Waiting { until, .. }) => Notice::Ended {
                ending,
                again_in: Some(until.saturating_sub(self.host.elapsed())),
            },
            (State::Running { .. }, State::Ended { .. }) => Notice::Ended {
                ending,
                again_in: None,
            },
            (State::Running { .. }, _) if handoff => Notice::Restarts,
            _ => Notice::Stopped,
        };
        (self.notice)(notice);
    }

    fn hear(&mut self, (asked, answer): Question) -> Result<Turn, KeeperError> {
        let (event, goal) = Waiting::understand(asked, self.record.generation);
        self.waiting.push(goal, answer);
        if let Some(event) = event {
            self.apply(event)?;
        } else {
            let told = self.told();
            self.waiting.tell(&told);
        }
        Ok(if asked == Asked::Replace {
            Turn::Replace
        } else {
            Turn::GoOn
        })
    }

    fn told(&self) -> Told {
        Told {
            keeper: std::process::id(),
            state: self.state,
            gateway: self.gateway.as_ref().map(|gateway| gateway.pid),
            generation: self.record.generation,
        }
    }

    /// One that has just ended is heard of soon.
    fn signal(&self, signal: Signal) {
        let Some(gateway) = &self.gateway else { return };
        if let Err(error) = self.processes.signal(gateway, signal) {
            self.complain(&error.into());
        }
    }

    /// Looks at the log's size and the gateway's memory.
    fn look(&mut self) -> Result<(), KeeperError> {
        let (max, kept) = (self.options.max_log, self.options.kept_logs);
        if let Err(error) = log::rotate(&*self.host, &self.disk, self.places.log(), max, kept) {
            self.complain(&error.into());
        }
        let seen = self.gateway.as_ref().and_then(|it| self.processes.see(it));
        let limit = self.options.max_resident.unwrap_or(u64::MAX);
        match seen {
            Some(seen) if seen.resident > limit && matches!(self.state, State::Running { .. }) => {
                let resident = seen.resident;
                (self.notice)(Notice::TooLarge { resident });
                self.apply(Event::Restart)
            }
            _ => Ok(()),
        }
    }

    fn due_in(&self) -> Option<Duration> {
        let at = self.state.wakes_at()?;
        Some(at.saturating_sub(self.host.elapsed()))
    }

    /// Becomes the program anew; the gateway is found again by its record. Returns only why that
    /// failed: then this keeper ends, and the gateway goes on.
    fn replace(&self, lock: Lock) -> KeeperError {
        drop(lock);
        self.processes.become_program(&self.myself).into()
    }
}

/// One keeper of an install at a time. A process that the keeper before is just starting holds its
/// lock too, from its fork until its exec.
async fn lock(host: &dyn Host, places: &Places) -> Result<Lock, KeeperError> {
    for dir in [places.dir(), places.logs()] {
        host.create_private_dir(dir)?;
    }
    let deadline = tokio::time::Instant::now() + FORK;
    loop {
        if let Some(lock) = host.try_lock(&places.lock())? {
            // Only a keeper that is no more can have left it.
            host.remove_file(&places.socket())?;
            return Ok(lock);
        }
        if tokio::time::Instant::now() >= deadline {
            return Err(KeeperError::Kept);
        }
        tokio::time::sleep(FORK / 50).await;
    }
}

/// Whether the keeper goes on as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    GoOn,
    Replace,
}

async fn after(due: Option<Duration>) {
    match due {
        Some(due) => tokio::time::sleep(due).await,
        None => std::future::pending().await,
    }
}
