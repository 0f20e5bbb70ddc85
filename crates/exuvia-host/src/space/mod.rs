//! A space: a place of its own in which programs run as if at home, and from which nothing leads
//! out.
//!
//! Inside, the file system is the machine's, read-only, but for what the caller put elsewhere
//! ([`Bind`]); `/tmp` and its like are empty; `/dev` and `/proc` are the space's own; there is no
//! network but a loopback of its own, so that two spaces may use the same port; there are no
//! processes but its own, and none of them outlives the space, whatever it forks or ignores. All of
//! it hangs on one process, this very program started again ([`enter_if_asked`]), which ends when we
//! do, however that happens; the kernel then ends the rest and forgets the mounts.
//!
//! Where the kernel does not allow that, [`Space::isolation`] says so, and programs run beside
//! everything else, **at the real paths**: look before the first [`Space::spawn`]. They still die
//! with the space, and a [`Fence`] holds them to what they may do, where the kernel can.
//!
//! A program whose file lies where the space is empty can be started all the same if it is this
//! one: as `/proc/self/exe`.

mod cgroup;
mod child;
mod entry;
mod fence;
mod init;
mod isolation;
mod line;
mod loopback;
mod mountinfo;
mod mounts;
mod numbers;
mod output;
mod privileges;
mod spec;
mod talk;
mod usage;
mod wire;

use std::io;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;

pub use child::Child;
pub use entry::enter_if_asked;
pub use isolation::{Held, Isolation};
pub use spec::{Bind, Fence, Limits, SpaceSpec};

use crate::points::{GoOn, Points};
use crate::process::Sink;
use crate::{Command, HostError, Output};
use cgroup::Cgroup;
use line::Line;
pub(crate) use talk::Program;
use talk::{Plan, Reply, Request};

/// The points that a [`Space`] passes, as [`Points::reach`] names them.
pub mod point {
    /// Before a space's first process is started. The path is the program's that becomes it.
    pub const OPEN: &str = "space.open";
    /// Before namespaces are asked for; an error stands for the kernel's refusal, and the space is
    /// a partial one.
    pub const ISOLATE: &str = "space.isolate";
    /// Before a partial space is told its fence; an error stands for a kernel that has none.
    pub const FENCE: &str = "space.fence";
    /// Before a program is started in it.
    pub const SPAWN: &str = "space.spawn";
    /// Before a signal is sent in it.
    pub const SIGNAL: &str = "space.signal";

    /// All of them.
    pub const ALL: [&str; 5] = [OPEN, ISOLATE, FENCE, SPAWN, SIGNAL];
}

/// Why a space is not to be had, or does not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum SpaceError {
    /// A path that depends on where one stands, or goes up.
    #[error("{} is no plain absolute path; name it from the root, without `..`", .0.display())]
    NotPlain(PathBuf),
    /// A path through a symbolic link, which may lead elsewhere at any time.
    #[error("{} is a symbolic link; name the path that it stands for", .0.display())]
    Link(PathBuf),
    /// There is nothing to bind.
    #[error("there is no {} to put into the space; make it first", .0.display())]
    NoSource(PathBuf),
    /// Nothing lies where it is to be bound to, and nothing is made on the real file system.
    #[error(
        "there is no {} that something else could take the place of inside; \
         make it, or make a directory above it a fresh one", .0.display()
    )]
    NoTarget(PathBuf),
    /// Two things for one path.
    #[error("{} is to be two things at once; name it once", .0.display())]
    Twice(PathBuf),
    /// The first process was not to be started.
    #[error("cannot open a space: {0}")]
    NotOpened(#[source] HostError),
    /// A program was not to be started in it, or could not be read.
    #[error("in the space: {0}")]
    Program(#[source] HostError),
    /// It took more time, memory or processes than it may, and everything that ran in it was killed.
    #[error("the space is over: {0}; open another one")]
    Over(String),
    /// It is at its end already.
    #[error("the space is over: {0}; open another one")]
    Gone(String),
    /// Its first process does not answer as it should.
    #[error("lost touch with the space: {0}; open another one")]
    Lost(#[source] io::Error),
}

impl SpaceError {
    fn strange(reply: &Reply) -> Self {
        Self::Lost(io::Error::other(format!(
            "an answer out of place: {reply:?}"
        )))
    }
}

/// A place of its own for programs. Closing or dropping it ends everything in it.
#[derive(Debug)]
pub struct Space {
    line: Arc<Line>,
    first: std::process::Child,
    isolation: Isolation,
    held: Held,
    /// Gone after the processes: the order of the fields is the order of the drops.
    _cgroup: Option<Cgroup>,
}

impl Space {
    /// Makes a space. When the kernel allows none it is a partial one; when the spec cannot be
    /// followed it is an error.
    pub fn open(spec: &SpaceSpec) -> Result<Self, SpaceError> {
        let points: Arc<dyn Points> = Arc::new(GoOn);
        Self::open_with_points(spec, &points)
    }

    /// Makes a space, with somebody to ask before each effect.
    pub fn open_with_points(
        spec: &SpaceSpec,
        points: &Arc<dyn Points>,
    ) -> Result<Self, SpaceError> {
        spec.check()?;
        points
            .reach(point::OPEN, &spec.helper)
            .map_err(|source| not_opened(spec, source))?;
        let refused = match points.reach(point::ISOLATE, &spec.helper) {
            Ok(()) => match Self::begin(spec, Plan::new(spec, true), points)? {
                Ok(space) => return Ok(space),
                Err(words) => words,
            },
            Err(refusal) => format!("the kernel allows no namespaces ({refusal})"),
        };
        let mut plan = Plan::new(spec, false);
        if plan.fence.is_some() && points.reach(point::FENCE, &spec.helper).is_err() {
            plan.fence = None;
        }
        let mut space = match Self::begin(spec, plan, points)? {
            Ok(space) => space,
            Err(words) => return Err(not_opened(spec, io::Error::other(words))),
        };
        if let Isolation::Full { weaker } = &space.isolation {
            let held = space.held;
            let open = spec.fence.as_ref().map(|_| held.missing());
            let open = open.into_iter().flatten();
            let missing = [refused].into_iter().chain(open).chain(weaker.clone());
            let missing = missing.collect();
            space.isolation = Isolation::Partial { missing, held };
        }
        Ok(space)
    }

    /// Starts the first process and has it set the space up, or the kernel's words against it.
    fn begin(
        spec: &SpaceSpec,
        plan: Plan,
        points: &Arc<dyn Points>,
    ) -> Result<Result<Self, String>, SpaceError> {
        let failed = |source| not_opened(spec, source);
        let cgroup = Cgroup::make(&spec.limits);
        let (ours, theirs) = UnixStream::pair().map_err(failed)?;
        let line = Arc::new(Line::new(ours, Arc::clone(points)).map_err(failed)?);
        // A group of its own: a Ctrl-C ends us, and the space through us.
        let first = std::process::Command::new(&spec.helper)
            .arg(entry::ASKED)
            .stdin(Stdio::from(std::os::fd::OwnedFd::from(theirs)))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .map_err(failed)?;
        let taken = cgroup.and_then(|cgroup| {
            let taken = cgroup.take(first.id()).map_err(|error| error.to_string());
            taken.map(|()| cgroup)
        });
        let (cgroup, why) = match taken {
            Ok(cgroup) => (Some(cgroup), None),
            Err(why) => (None, Some(why)),
        };
        let mut space = Self {
            line,
            first,
            isolation: Isolation::Full { weaker: Vec::new() },
            held: Held::default(),
            _cgroup: cgroup,
        };
        match space.line.ask(&Request::Open(plan))? {
            Reply::Ready { held, numbered } => {
                space.held = held;
                let weaker = why.map(|why| isolation::weaker(numbered, &why));
                let weaker = weaker.into_iter().collect();
                space.isolation = Isolation::Full { weaker };
                Ok(Ok(space))
            }
            Reply::Refused(words) => Ok(Err(words)),
            Reply::NoTarget(path) => Err(SpaceError::NoTarget(path)),
            other => Err(SpaceError::strange(&other)),
        }
    }

    /// How far it is cut off.
    pub fn isolation(&self) -> &Isolation {
        &self.isolation
    }

    /// Starts a program in it, in a session and a process group of its own, with the environment
    /// that this process had when it opened the space, and what the command says.
    pub fn spawn(&self, command: &Command, output: &Sink) -> Result<Child, SpaceError> {
        let failed = |source| failed(command, source);
        let (out, err) = output::opened(output).map_err(failed)?;
        self.start(command, out.as_fd(), err.as_fd())
    }

    /// Runs a program in it to its end, as [`crate::Host::run`] does, with nothing on standard
    /// input. One that takes too long or writes too much is killed with its group.
    pub fn run(&self, command: &Command) -> Result<Output, SpaceError> {
        output::run(self, command)
    }

    fn start(
        &self,
        command: &Command,
        out: std::os::fd::BorrowedFd<'_>,
        err: std::os::fd::BorrowedFd<'_>,
    ) -> Result<Child, SpaceError> {
        let failed = |source| failed(command, source);
        self.line
            .points()
            .reach(point::SPAWN, command.program())
            .map_err(failed)?;
        let request = Request::Spawn(command.as_program());
        let see = |pid, since, handle| Child::new(pid, since, handle, Arc::clone(&self.line));
        self.line.start(&request, &[out, err], see)?.map_err(failed)
    }

    /// Ends everything in it, and returns when nothing of it is left.
    pub fn close(mut self) -> Result<(), SpaceError> {
        self.end().map_err(SpaceError::Lost)
    }

    fn end(&mut self) -> io::Result<()> {
        self.line.hang_up();
        self.first.wait().map(|_| ())
    }
}

impl Drop for Space {
    fn drop(&mut self) {
        // Nothing to wait for is nothing to do.
        let _ = self.end();
    }
}

fn not_opened(spec: &SpaceSpec, source: io::Error) -> SpaceError {
    SpaceError::NotOpened(HostError::new("start", &spec.helper, source))
}

fn failed(command: &Command, source: io::Error) -> SpaceError {
    SpaceError::Program(HostError::new("run", command.program(), source))
}
