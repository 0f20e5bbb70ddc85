//! The sentences: what we ask of a space's first process, and its answers.

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use super::isolation::Held;
use super::spec::{Fence, Limits, SpaceSpec};
use super::wire::{Packer, Unpacker};
use crate::process::Ending;

/// What lies at a path inside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum What {
    /// Something else of the machine's.
    Bind { source: PathBuf, read_only: bool },
    /// An empty directory of the space's own.
    Fresh,
    /// An empty directory that cannot be written.
    Hidden,
}

/// A path inside and what lies there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) target: PathBuf,
    pub(super) what: What,
}

/// What to set up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) isolated: bool,
    pub(super) places: Vec<Place>,
    pub(super) fence: Option<Fence>,
    pub(super) limits: Limits,
    pub(super) deadline: Duration,
}

/// A program to start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Program {
    pub(crate) path: PathBuf,
    pub(crate) args: Vec<OsString>,
    pub(crate) env: Vec<(OsString, Option<OsString>)>,
    pub(crate) directory: Option<PathBuf>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Request {
    /// The first.
    Open(Plan),
    /// With descriptors for standard output and error.
    Spawn(Program),
    /// After [`Reply::Started`], when the process has been seen from outside: from here on it may
    /// be waited for.
    Seen,
    /// How this process ended, if it has.
    Status(u32),
    /// A signal to a process, or to the group that it leads.
    Signal { pid: u32, signal: i32, group: bool },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reply {
    /// What the programs are held to by the fence, and whether the kernel bounds their numbers.
    Ready {
        held: Held,
        numbered: bool,
    },
    /// The kernel does not allow it.
    Refused(String),
    /// There is nothing at a bind's target.
    NoTarget(PathBuf),
    /// With a descriptor of the process (pidfd). `since` is its start, in ticks since the boot.
    Started {
        pid: u32,
        since: u64,
    },
    /// The operating system's number for why.
    NotStarted(i32),
    Running,
    Ended(Ending),
    /// Whether a signal found its process.
    Signalled(bool),
    /// The space is at its end, and why.
    Over(String),
}

impl Plan {
    pub(super) fn new(spec: &SpaceSpec, isolated: bool) -> Self {
        let binds = spec.binds.iter().map(|bind| Place {
            target: bind.target.clone(),
            what: What::Bind {
                source: bind.source.clone(),
                read_only: bind.read_only,
            },
        });
        let place = |what: What| {
            move |target: &PathBuf| Place {
                target: target.clone(),
                what: what.clone(),
            }
        };
        let mut places: Vec<Place> = binds
            .chain(spec.fresh.iter().map(place(What::Fresh)))
            .chain(spec.hidden.iter().map(place(What::Hidden)))
            .collect();
        // What lies below another comes after it, or it would be covered.
        places.sort_by_key(|place| place.target.components().count());
        Self {
            isolated,
            places,
            fence: spec.fence.clone(),
            limits: spec.limits,
            deadline: spec.deadline,
        }
    }
}

impl Request {
    pub(super) fn pack(&self) -> Vec<u8> {
        let packer = Packer::default();
        match self {
            Self::Open(plan) => pack_plan(packer.number(0), plan),
            Self::Spawn(program) => pack_program(packer.number(1), program),
            Self::Seen => packer.number(2),
            Self::Status(pid) => packer.number(3).number((*pid).into()),
            Self::Signal { pid, signal, group } => packer
                .number(4)
                .number((*pid).into())
                .number(signal.unsigned_abs().into())
                .number((*group).into()),
        }
        .done()
    }

    pub(super) fn unpack(frame: &[u8]) -> io::Result<Self> {
        let mut from = Unpacker(frame);
        Ok(match from.number()? {
            0 => Self::Open(unpack_plan(&mut from)?),
            1 => Self::Spawn(unpack_program(&mut from)?),
            2 => Self::Seen,
            3 => Self::Status(small(from.number()?)?),
            4 => Self::Signal {
                pid: small(from.number()?)?,
                signal: small(from.number()?)?,
                group: from.number()? != 0,
            },
            _ => return Err(unknown()),
        })
    }
}

impl Reply {
    pub(super) fn pack(&self) -> Vec<u8> {
        let packer = Packer::default();
        match self {
            Self::Ready { held, numbered } => packer
                .number(0)
                .number(held.files.into())
                .number(held.connections.into())
                .number(held.signals.into())
                .number((*numbered).into()),
            Self::Refused(words) => packer.number(1).bytes(words.as_bytes()),
            Self::NoTarget(path) => packer.number(2).path(path),
            Self::Started { pid, since } => packer.number(3).number((*pid).into()).number(*since),
            Self::NotStarted(errno) => packer.number(4).number(errno.unsigned_abs().into()),
            Self::Running => packer.number(5),
            Self::Ended(Ending::Exit(code)) => packer.number(6).number(code.unsigned_abs().into()),
            Self::Ended(Ending::Signal(signal)) => {
                packer.number(7).number(signal.unsigned_abs().into())
            }
            Self::Signalled(found) => packer.number(8).number((*found).into()),
            Self::Over(words) => packer.number(9).bytes(words.as_bytes()),
        }
        .done()
    }

    pub(super) fn unpack(frame: &[u8]) -> io::Result<Self> {
        let mut from = Unpacker(frame);
        Ok(match from.number()? {
            0 => Self::Ready {
                held: Held {
                    files: from.number()? != 0,
                    connections: from.number()? != 0,
                    signals: from.number()? != 0,
                },
                numbered: from.number()? != 0,
            },
            1 => Self::Refused(from.text()?),
            2 => Self::NoTarget(from.path()?),
            3 => Self::Started {
                pid: small(from.number()?)?,
                since: from.number()?,
            },
            4 => Self::NotStarted(small(from.number()?)?),
            5 => Self::Running,
            6 => Self::Ended(Ending::Exit(small(from.number()?)?)),
            7 => Self::Ended(Ending::Signal(small(from.number()?)?)),
            8 => Self::Signalled(from.number()? != 0),
            9 => Self::Over(from.text()?),
            _ => return Err(unknown()),
        })
    }
}

fn pack_plan(packer: Packer, plan: &Plan) -> Packer {
    let limits = &plan.limits;
    packer
        .number(plan.isolated.into())
        .number(limits.memory_bytes)
        .number(limits.processes)
        .number(limits.open_files)
        .number(limits.file_bytes)
        .number(limits.cpu_seconds)
        .number(u64::try_from(plan.deadline.as_millis()).unwrap_or(u64::MAX))
        .list(&plan.places, |packer, place| {
            let packer = packer.path(&place.target);
            match &place.what {
                What::Bind { source, read_only } => {
                    packer.number(0).path(source).number((*read_only).into())
                }
                What::Fresh => packer.number(1),
                What::Hidden => packer.number(2),
            }
        })
        .list(plan.fence.as_slice(), |packer, fence| {
            packer
                .list(&fence.writable, |packer, path| packer.path(path))
                .list(&fence.ports, |packer, port| packer.number((*port).into()))
        })
}

fn unpack_plan(from: &mut Unpacker<'_>) -> io::Result<Plan> {
    Ok(Plan {
        isolated: from.number()? != 0,
        limits: Limits {
            memory_bytes: from.number()?,
            processes: from.number()?,
            open_files: from.number()?,
            file_bytes: from.number()?,
            cpu_seconds: from.number()?,
        },
        deadline: Duration::from_millis(from.number()?),
        places: from.list(|from| {
            let target = from.path()?;
            let what = match from.number()? {
                0 => What::Bind {
                    source: from.path()?,
                    read_only: from.number()? != 0,
                },
                1 => What::Fresh,
                _ => What::Hidden,
            };
            Ok(Place { target, what })
        })?,
        fence: from
            .list(|from| {
                Ok(Fence {
                    writable: from.list(Unpacker::path)?,
                    ports: from.list(|from| small(from.number()?))?,
                })
            })?
            .pop(),
    })
}

fn pack_program(packer: Packer, program: &Program) -> Packer {
    let directory: Vec<_> = program.directory.iter().collect();
    packer
        .path(&program.path)
        .list(&program.args, |packer, arg| {
            packer.bytes(arg.as_encoded_bytes())
        })
        .list(&program.env, |packer, (name, value)| {
            let value: Vec<_> = value.iter().collect();
            packer
                .bytes(name.as_encoded_bytes())
                .list(&value, |packer, value| {
                    packer.bytes(value.as_encoded_bytes())
                })
        })
        .list(&directory, |packer, path| packer.path(path))
}

fn unpack_program(from: &mut Unpacker<'_>) -> io::Result<Program> {
    Ok(Program {
        path: from.path()?,
        args: from.list(Unpacker::word)?,
        env: from.list(|from| Ok((from.word()?, from.list(Unpacker::word)?.pop())))?,
        directory: from.list(Unpacker::path)?.pop(),
    })
}

fn small<T: TryFrom<u64>>(number: u64) -> io::Result<T> {
    T::try_from(number).map_err(|_| unknown())
}

fn unknown() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "a frame that means nothing")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::space::Bind;

    #[test]
    fn what_is_asked_arrives_as_it_was_said() {
        let spec = SpaceSpec {
            binds: vec![Bind {
                source: "/copy".into(),
                target: "/home/me".into(),
                read_only: true,
            }],
            fresh: vec!["/tmp".into()],
            hidden: vec!["/home/me/.ssh".into()],
            fence: Some(Fence {
                writable: vec!["/copy".into()],
                ports: vec![7, 8],
            }),
            ..SpaceSpec::default()
        };
        let program = Program {
            path: "/bin/sh".into(),
            args: vec!["-c".into(), "".into()],
            env: vec![("A".into(), Some("b".into())), ("C".into(), None)],
            directory: Some("/".into()),
        };
        let requests = [
            Request::Open(Plan::new(&spec, true)),
            Request::Spawn(program),
            Request::Seen,
            Request::Status(7),
            Request::Signal {
                pid: 8,
                signal: 15,
                group: true,
            },
        ];
        for request in requests {
            let packed = request.pack();
            assert_eq!(Request::unpack(&packed).unwrap(), request);
            assert!(Request::unpack(&packed[..packed.len() - 1]).is_err());
        }
    }

    #[test]
    fn answers_arrive_as_they_were_given() {
        let replies = [
            Reply::Ready {
                held: Held {
                    connections: true,
                    ..Held::default()
                },
                numbered: true,
            },
            Reply::Refused("no".into()),
            Reply::NoTarget("/x".into()),
            Reply::Started { pid: 2, since: 99 },
            Reply::NotStarted(2),
            Reply::Running,
            Reply::Ended(Ending::Exit(3)),
            Reply::Ended(Ending::Signal(9)),
            Reply::Signalled(true),
            Reply::Over("late".into()),
        ];
        for reply in replies {
            assert_eq!(Reply::unpack(&reply.pack()).unwrap(), reply);
        }
    }
}
