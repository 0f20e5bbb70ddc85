//! Transactions of one install: beginning them, and carrying on what was left.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use exuvia_gateway::restart::Restarts;
use exuvia_host::disk::Disk;
use exuvia_host::{Home, Host, Lock};
use exuvia_model::journal::{Operation, RunId, RunRecord};
use exuvia_model::upgrade::{Event, Kind, State, step};
use exuvia_openclaw::Install;
use exuvia_store::journal::{Journal, NewRun, Run};
use tokio::time::{Instant, sleep};

use crate::core::Core;
use crate::extension::ExtensionWorks;
use crate::skill::SkillWorks;
use crate::{Facts, News, Plan, Subject, UpgradeError, drive, orphans};

/// How long a process that leaves a transaction to another may take to end.
const LEAVING: Duration = Duration::from_mins(1);
const GLANCE: Duration = Duration::from_millis(20);

/// The transactions of one install.
#[derive(Debug, Clone)]
pub struct Upgrades {
    pub(crate) host: Arc<dyn Host>,
    pub(crate) disk: Disk,
    pub(crate) home: Home,
    pub(crate) install: Install,
    pub(crate) restarts: Restarts,
}

/// A transaction that can be carried out: nobody else carries one out while this is held.
#[derive(Debug)]
#[must_use = "it does nothing until it is carried out"]
pub struct Begun {
    upgrades: Upgrades,
    run: Run,
    plan: Plan,
    state: State,
    _lock: Lock,
}

impl Upgrades {
    /// Of this install.
    pub fn new(
        host: Arc<dyn Host>,
        disk: Disk,
        home: Home,
        install: Install,
        restarts: Restarts,
    ) -> Self {
        Self {
            host,
            disk,
            home,
            install,
            restarts,
        }
    }

    /// Begins a transaction. Refused while another one is under way or was left unfinished.
    pub fn begin(&self, plan: Plan) -> Result<Begun, UpgradeError> {
        let lock = self.lock()?;
        let journal = Journal::open(self.host.clone(), &self.home)?;
        if let Some(left) = self.left(&journal)? {
            return Err(UpgradeError::Left { run: left.id });
        }
        self.sweep(&journal)?;
        let detail = serde_json::to_value(&plan).map_err(UpgradeError::Plan)?;
        let run = journal.begin(NewRun {
            operation: match plan.kind {
                Kind::Upgrade => Operation::Upgrade,
                Kind::Rollback => Operation::Rollback,
                Kind::Rehearsal => Operation::Rehearse,
            },
            install: Some(self.install.id()),
            subject: format!("{} {} → {}", plan.asset, plan.from, plan.to),
            detail,
        })?;
        Ok(Begun {
            state: State::new(plan.kind),
            upgrades: self.clone(),
            run,
            plan,
            _lock: lock,
        })
    }

    /// The transaction whose process died, to be carried on; none where there is none, or where
    /// somebody carries it out right now. Where there is none, what failed ones have left is removed.
    pub fn resume(&self) -> Result<Option<Begun>, UpgradeError> {
        let Some(journal) = Journal::open_existing(self.host.clone(), &self.home)? else {
            return Ok(None);
        };
        let Ok(lock) = self.lock() else {
            return Ok(None);
        };
        let Some(left) = self.left(&journal)? else {
            self.sweep(&journal)?;
            return Ok(None);
        };
        orphans::end(&left.id)?;
        let (plan, state) = stored(&journal, &left.id)?;
        let run = journal.resume(&left.id)?;
        let (state, _) = step(&state, Event::Resumed)?;
        Ok(Some(Begun {
            upgrades: self.clone(),
            run,
            plan,
            state,
            _lock: lock,
        }))
    }

    /// The transaction that another process began and [left](Begun::leave) to this one. It is
    /// held back until that process has ended.
    pub async fn take_over(&self, run: &RunId) -> Result<Begun, UpgradeError> {
        let end = Instant::now() + LEAVING;
        let lock = loop {
            match self.lock() {
                Err(UpgradeError::Busy) if Instant::now() < end => sleep(GLANCE).await,
                taken => break taken?,
            }
        };
        let journal = Journal::open(self.host.clone(), &self.home)?;
        while self.left(&journal)?.is_none_or(|left| left.id != *run) {
            if Instant::now() >= end {
                return Err(UpgradeError::NotLeft { run: run.clone() });
            }
            sleep(GLANCE).await;
        }
        let (plan, state) = stored(&journal, run)?;
        // One of which something was done already is somebody's to resume, and not new.
        if state != State::new(plan.kind) {
            return Err(UpgradeError::NotLeft { run: run.clone() });
        }
        Ok(Begun {
            upgrades: self.clone(),
            run: journal.resume(run)?,
            plan,
            state,
            _lock: lock,
        })
    }

    /// The effects as they are; with points around them where a test wants to stop there.
    #[cfg(not(feature = "failpoints"))]
    #[expect(clippy::unused_self, reason = "a test's needs more")]
    fn with_points<W>(&self, effects: W) -> W {
        effects
    }

    #[cfg(feature = "failpoints")]
    fn with_points<W>(&self, effects: W) -> crate::failpoint::Pointed<W> {
        crate::failpoint::Pointed::new(effects, Arc::clone(&self.host))
    }

    /// Whether one was left unfinished.
    pub fn is_left(&self) -> Result<Option<RunId>, UpgradeError> {
        let journal = Journal::open_existing(self.host.clone(), &self.home)?;
        match journal {
            Some(journal) => Ok(self.left(&journal)?.map(|run| run.id)),
            None => Ok(None),
        }
    }

    fn left(&self, journal: &Journal) -> Result<Option<RunRecord>, UpgradeError> {
        let id = self.install.id();
        let unfinished = journal.unfinished()?;
        Ok(unfinished.into_iter().find(|run| {
            let operation = &run.operation;
            matches!(
                operation,
                Operation::Upgrade | Operation::Rollback | Operation::Rehearse
            ) && run.install.as_deref() == Some(&id)
        }))
    }

    fn lock(&self) -> Result<Lock, UpgradeError> {
        let file = self.lock_file();
        if let Some(dir) = file.parent() {
            self.host.create_private_dir(dir)?;
        }
        self.host.try_lock(&file)?.ok_or(UpgradeError::Busy)
    }

    /// Held by whoever carries out a transaction.
    pub fn lock_file(&self) -> PathBuf {
        let dir = self.home.install(&self.install.id());
        dir.join("upgrade.lock")
    }

    /// What a run found out.
    pub fn facts(&self, run: &RunId) -> Result<Facts, UpgradeError> {
        Ok(Facts::read(self.host.as_ref(), &self.dir(run))?)
    }

    /// Where a run keeps what it found out.
    pub fn dir(&self, run: &RunId) -> PathBuf {
        Facts::dir(&self.home, run)
    }
}

impl Begun {
    /// Its run.
    pub fn id(&self) -> &RunId {
        self.run.id()
    }

    /// What it does.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The transactions that it is one of.
    pub fn upgrades(&self) -> &Upgrades {
        &self.upgrades
    }

    /// Leaves it to [another process](Upgrades::take_over), which has it once this one has ended.
    pub fn leave(self) -> RunId {
        self.run.id().clone()
    }

    /// Carries it out, to its end.
    pub async fn carry_out(
        self,
        tell: &(dyn Fn(News<'_>) + Send + Sync),
    ) -> Result<State, UpgradeError> {
        let run = self.run.id().clone();
        if matches!(self.plan.subject, Subject::Skill(_)) {
            let skill = SkillWorks::open(&self.upgrades, run, self.plan)?;
            let mut skill = self.upgrades.with_points(skill);
            return drive(self.run, self.state, &mut skill, tell).await;
        }
        if matches!(self.plan.subject, Subject::Extension(_)) {
            let extension = ExtensionWorks::open(&self.upgrades, run, self.plan)?;
            let mut extension = self.upgrades.with_points(extension);
            return drive(self.run, self.state, &mut extension, tell).await;
        }
        let core = Core::open(&self.upgrades, run, self.plan)?;
        let mut core = self.upgrades.with_points(core);
        drive(self.run, self.state, &mut core, tell).await
    }
}

/// What a run was to do, and where it stood.
pub(crate) fn stored(journal: &Journal, run: &RunId) -> Result<(Plan, State), UpgradeError> {
    let unreadable = |why: String| UpgradeError::Unreadable {
        run: run.clone(),
        why,
    };
    let plan = journal.begun(run)?.unwrap_or_default();
    let plan: Plan = serde_json::from_value(plan).map_err(|error| unreadable(error.to_string()))?;
    if plan.version != Plan::VERSION {
        return Err(unreadable(format!("its plan has version {}", plan.version)));
    }
    let events = journal.events(run)?;
    let last = events
        .iter()
        .rev()
        .find_map(|event| serde_json::from_value::<State>(event.detail.clone()).ok());
    Ok((plan.clone(), last.unwrap_or_else(|| State::new(plan.kind))))
}
