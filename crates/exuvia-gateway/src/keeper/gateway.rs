//! The one process that a keeper keeps.

use std::time::Duration;

use exuvia_host::HostError;
use exuvia_host::disk::Holder;
use exuvia_host::process::{self, Child, Processes};
use exuvia_model::supervision::Ending;

/// How long one wait for its end is; there is nothing to do but wait again.
const WAIT: Duration = Duration::from_mins(1);

/// A gateway, started by this very process or by a keeper before it.
#[derive(Debug)]
pub(super) enum Gateway {
    Started(Child),
    Found(Holder),
}

impl Gateway {
    pub(super) fn id(&self) -> &Holder {
        match self {
            Self::Started(child) => child.id(),
            Self::Found(holder) => holder,
        }
    }

    /// Blocks until it has ended.
    pub(super) fn wait(self, processes: &Processes) -> Result<Ending, HostError> {
        match self {
            Self::Started(mut child) => loop {
                if let Some(ending) = child.wait(WAIT)? {
                    return Ok(told(ending));
                }
            },
            Self::Found(holder) => {
                while !processes.wait_gone(&holder, WAIT)? {}
                Ok(processes.reap(&holder)?.map_or(Ending::Unknown, told))
            }
        }
    }
}

fn told(ending: process::Ending) -> Ending {
    match ending {
        process::Ending::Exit(code) => Ending::Exit(code),
        process::Ending::Signal(number) => Ending::Signal(number),
    }
}
