//! Is there a process, does it stay, and is the port its own?

use std::time::Duration;

use exuvia_host::process::Seen;
use exuvia_model::probe::Answer;
use exuvia_model::supervision::State;
use exuvia_openclaw::gateway::Address;
use exuvia_openclaw::liveness::Liveness;

use super::Examiner;
use super::ground::{Ground, Process};
use super::words::{CONFIG, FOREIGN, START};
use crate::keeper::{Asked, Client, Told, given_up};

/// How long a keeper may take to say how things stand.
const PATIENCE: Duration = Duration::from_secs(1);

pub(super) async fn alive(examiner: &Examiner, ground: &Ground) -> Answer {
    let told = Client::at(examiner.places.socket())
        .ask(Asked::Status, PATIENCE)
        .await;
    // A keeper that does not answer is not the gateway; what it would have said is missing, no more.
    let told = told.ok().flatten();
    let (pid, port) = match &ground.liveness {
        Liveness::Running { pid, port } => (*pid, *port),
        Liveness::Stopped => return absent(examiner, told.as_ref()),
        Liveness::Unknown { why } => return Answer::unknown(why),
    };
    let Some(process) = &ground.process else {
        return Answer::unknown(&format!(
            "it is process {pid} of another container or user, which cannot be looked at from here"
        ));
    };
    if let Some((why, remedy)) = ground.halted() {
        return Answer::fail(&why, &remedy);
    }
    let Some(port) = port else {
        return Answer::fail(
            &format!("{process} uses this install and is no gateway"),
            "wait until it is done, then start the gateway",
        );
    };
    if let Some(answer) = crashes(examiner, told.as_ref(), process) {
        return answer;
    }
    let listeners = examiner.processes.listeners(port);
    if let Some(other) = stranger(&listeners, pid) {
        let words = format!(
            "port {port} belongs to {}, and the gateway is {process}",
            name(other)
        );
        return Answer::fail(&words, FOREIGN);
    }
    Answer::Pass
}

/// Nothing runs; perhaps because another program took the port.
fn absent(examiner: &Examiner, told: Option<&Told>) -> Answer {
    if let Some(port) = examiner.address().map(Address::port)
        && let Some(other) = examiner.processes.listeners(port).first()
    {
        let words = format!(
            "no gateway of this install runs, and its port {port} belongs to {}",
            name(other)
        );
        return Answer::fail(&words, FOREIGN);
    }
    let given_up = given_up(&*examiner.host, &examiner.places.record());
    let words = match told.map(|told| told.state) {
        None if given_up.is_some() => {
            let end = given_up.map(|end| end.to_string()).unwrap_or_default();
            return Answer::fail(&format!("no gateway of this install runs: {end}"), CONFIG);
        }
        Some(State::Waiting { failures, .. }) => {
            return Answer::fail(
                &format!(
                    "it ended {}, and `exuvia gateway run` is about to start it again",
                    times(failures)
                ),
                &log(examiner),
            );
        }
        Some(State::Stopped) => "no gateway of this install runs: its keeper was told to stop it",
        _ => "no gateway of this install runs",
    };
    Answer::fail(words, START)
}

/// One that its keeper has to start again and again answers everything in between.
fn crashes(examiner: &Examiner, told: Option<&Told>, process: &Process) -> Option<Answer> {
    let State::Running { failures, .. } = told?.state else {
        return None;
    };
    if failures == 0 || !process.is_young() {
        return None;
    }
    let age = process.age.map_or(0, |age| age.as_secs());
    let words = format!(
        "{process} began {age} s ago, and those before it ended {}: whether this one stays is not \
         known for two minutes",
        times(failures)
    );
    Some(Answer::fail(&words, &log(examiner)))
}

fn times(failures: u32) -> String {
    match failures {
        0 | 1 => "too soon".to_owned(),
        failures => format!("too soon {failures} times, one after the other"),
    }
}

fn log(examiner: &Examiner) -> String {
    format!("its last words are in {}", examiner.places.log().display())
}

/// Who listens in the gateway's place. Empty where it cannot be told.
fn stranger(listeners: &[Seen], pid: u32) -> Option<&Seen> {
    if listeners.iter().any(|listener| listener.id.pid == pid) {
        return None;
    }
    listeners.first()
}

fn name(seen: &Seen) -> String {
    let program = seen.words.first().map(|word| word.to_string_lossy());
    let program = program.as_deref().unwrap_or_default();
    let program = program.rsplit('/').next().unwrap_or_default();
    format!("process {} ({program})", seen.id.pid)
}
