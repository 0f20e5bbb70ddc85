//! The driver: events in, effects out, the state durable in between.

use std::path::PathBuf;
use std::time::Duration;

use exuvia_host::Lock;
use exuvia_host::disk::Holder;
use exuvia_model::restart::{
    Effect, Epoch, Event, IllegalTransition, Millis, Now, RequestId, State, What, Work, step,
};
use jiff::SignedDuration;
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Instant, sleep, sleep_until};

use super::{RestartError, Restarts, hooks, replace, settle, work};

/// How often, and after what pause, a lock that is taken is asked for again.
const TRIES: u32 = 25;
const PAUSE: Duration = Duration::from_millis(20);

/// What a task found out.
pub(super) type Heard = Result<What, RestartError>;

/// What came of wanting to drive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drove {
    /// Everything that was asked is done, and everybody was told.
    Everything,
    /// Somebody else drives, and takes what is in the inbox.
    SomebodyElse,
}

impl Restarts {
    /// Carries out what was asked, and what an earlier driver left, until there is nothing left to
    /// do.
    pub async fn drive(&self) -> Result<Drove, RestartError> {
        self.places.prepare(self.host.as_ref())?;
        loop {
            let Some(lock) = self.lock().await? else {
                return Ok(Drove::SomebodyElse);
            };
            Driver::begin(self)?.run().await?;
            self.sweep().await?;
            drop(lock);
            // Whoever put a request in after the last look, and before the lock was free, counts
            // on us.
            if self.places.inbox(self.host.as_ref())?.is_empty() {
                return Ok(Drove::Everything);
            }
        }
    }

    /// Takes the lock, if nobody has it for longer than a moment: a program that a killed driver
    /// was about to start shares it until it is started.
    async fn lock(&self) -> Result<Option<Lock>, RestartError> {
        for _ in 0..TRIES {
            if let Some(lock) = self.host.try_lock(&self.lock_file())? {
                return Ok(Some(lock));
            }
            sleep(PAUSE).await;
        }
        Ok(None)
    }

    pub(super) fn lock_file(&self) -> PathBuf {
        self.places.driver_lock()
    }

    /// What both clocks say. The monotonic one is this process's own.
    fn now(&self) -> Now {
        Now {
            epoch: Epoch::new(Holder::current().to_string()),
            monotonic: Millis::from(self.host.elapsed()),
            wall: self.host.now(),
        }
    }
}

/// One who drives, for as long as it holds the lock. What it set going ends with it.
struct Driver<'r> {
    restarts: &'r Restarts,
    state: State,
    timer: Option<Instant>,
    tasks: JoinSet<()>,
    watching: Option<AbortHandle>,
    replacing: Option<AbortHandle>,
    tell: mpsc::UnboundedSender<Heard>,
    heard: mpsc::UnboundedReceiver<Heard>,
}

impl<'r> Driver<'r> {
    fn begin(restarts: &'r Restarts) -> Result<Self, RestartError> {
        let state = restarts.state()?;
        let (tell, heard) = mpsc::unbounded_channel();
        Ok(Self {
            restarts,
            state: state.unwrap_or_else(|| State::new(restarts.options.policy)),
            timer: None,
            tasks: JoinSet::new(),
            watching: None,
            replacing: None,
            tell,
            heard,
        })
    }

    async fn run(mut self) -> Result<(), RestartError> {
        self.take(What::Resumed)?;
        loop {
            self.take_inbox()?;
            if self.state.is_at_rest() {
                return Ok(());
            }
            let what = tokio::select! {
                Some(heard) = self.heard.recv() => heard?,
                () = at(self.timer) => {
                    self.timer = None;
                    What::Tick
                }
                () = sleep(self.restarts.options.pace.inbox) => continue,
            };
            self.take(what)?;
        }
    }

    /// Takes every request that waits. Each stays in the inbox until the state that has it is
    /// durable; one that is taken twice is taken once.
    fn take_inbox(&mut self) -> Result<(), RestartError> {
        let (host, places) = (self.restarts.host.as_ref(), &self.restarts.places);
        for run in places.inbox(host)? {
            if let Some(request) = places.request(host, &run)? {
                self.restarts.take_run(&run);
                match self.take(What::Asked(request)) {
                    Err(RestartError::Illegal(error @ IllegalTransition::TooMany { .. })) => {
                        self.refuse(&run, &error.to_string())?;
                    }
                    other => other?,
                }
            }
            places.drop_request(host, &run)?;
        }
        Ok(())
    }

    fn refuse(&self, run: &RequestId, why: &str) -> Result<(), RestartError> {
        let (host, places) = (self.restarts.host.as_ref(), &self.restarts.places);
        let Some(sentinel) = places.sentinel(host, run)? else {
            return Ok(());
        };
        let now = host.now();
        let sentinel = sentinel.failed(now, why).note_impossible(now, why);
        places.write_sentinel(host, &sentinel)?;
        self.restarts.end_run(&sentinel);
        Ok(())
    }

    fn take(&mut self, what: What) -> Result<(), RestartError> {
        let at = self.restarts.now();
        let (state, effects) = step(&self.state, Event { at, what })?;
        self.state = state;
        for effect in effects {
            self.perform(effect)?;
        }
        Ok(())
    }

    fn perform(&mut self, effect: Effect) -> Result<(), RestartError> {
        let restarts = self.restarts.clone();
        match effect {
            Effect::Persist => {
                let host = restarts.host.as_ref();
                return restarts.places.write_state(host, &self.state);
            }
            // Whoever asked reads the state and the sentinel; there is no other line to them.
            Effect::Answer { .. } => {}
            Effect::ArmTimer { after } => self.timer = Some(Instant::now() + Duration::from(after)),
            Effect::WatchWork { generation } => {
                stop(&mut self.watching);
                let tell = self.tell.clone();
                let watch = work::watch(restarts, generation, tell);
                self.watching = Some(self.tasks.spawn(watch));
            }
            Effect::Defer {
                requests,
                at_most,
                work,
            } => return self.defer(&requests, at_most, &work),
            Effect::RunHooks {
                generation,
                request,
                within,
                ..
            } => {
                stop(&mut self.watching);
                self.spawn(hooks::run(restarts, generation, request, within));
            }
            Effect::Restart {
                generation,
                attempt,
                replaces,
                manner,
                within,
            } => {
                stop(&mut self.watching);
                stop(&mut self.replacing);
                let order = replace::Order {
                    generation,
                    attempt,
                    replaces,
                    manner,
                    within: within.into(),
                };
                self.replacing = Some(self.spawn(replace::replace(restarts, order)));
            }
            Effect::Settle(ended) => {
                self.spawn(settle::settle(restarts, ended));
            }
        }
        Ok(())
    }

    fn defer(
        &self,
        requests: &[RequestId],
        at_most: Millis,
        work: &Work,
    ) -> Result<(), RestartError> {
        let (host, places) = (self.restarts.host.as_ref(), &self.restarts.places);
        let left = i64::try_from(at_most.get()).unwrap_or(i64::MAX);
        let span = SignedDuration::from_millis(left);
        let until = host.now().checked_add(span).unwrap_or(jiff::Timestamp::MAX);
        for run in requests {
            if let Some(sentinel) = places.sentinel(host, run)? {
                let sentinel = sentinel.deferred(until, &work.to_string());
                places.write_sentinel(host, &sentinel)?;
            }
        }
        Ok(())
    }

    fn spawn(&mut self, task: impl Future<Output = Heard> + Send + 'static) -> AbortHandle {
        let tell = self.tell.clone();
        self.tasks.spawn(async move {
            // A driver that has ended wants to know no more.
            let _ = tell.send(task.await);
        })
    }
}

fn stop(task: &mut Option<AbortHandle>) {
    if let Some(task) = task.take() {
        task.abort();
    }
}

async fn at(timer: Option<Instant>) {
    match timer {
        Some(timer) => sleep_until(timer).await,
        None => std::future::pending().await,
    }
}
