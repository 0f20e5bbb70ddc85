use std::time::Duration;

use super::*;

const TERMS: Terms = Terms {
    grace: Duration::from_secs(30),
};

fn at(seconds: u64) -> Moment {
    Duration::from_secs(seconds)
}

fn running(since: u64, failures: u32) -> State {
    State::Running {
        since: at(since),
        failures,
    }
}

fn exit(code: i32) -> Event {
    Event::Exited {
        ending: Ending::Exit(code),
        handoff: false,
    }
}

fn next(state: State, event: Event, now: u64) -> (State, Vec<Effect>) {
    step(state, event, at(now), TERMS).unwrap()
}

#[test]
fn what_ends_unasked_is_started_again_after_longer_and_longer_waits() {
    let mut state = running(0, 0);
    let mut waits = Vec::new();
    let mut now = 0;
    for _ in 0..9 {
        let (waiting, effects) = next(state, exit(1), now);
        let State::Waiting { until, .. } = waiting else {
            panic!("{waiting:?}")
        };
        assert_eq!((waiting.wakes_at(), effects), (Some(until), Vec::new()));
        waits.push(until.as_secs() - now);
        now = until.as_secs();
        let (again, effects) = next(waiting, Event::Wake, now);
        assert_eq!(effects, [Effect::Spawn]);
        state = again;
    }
    assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
}

#[test]
fn one_that_ran_long_begins_a_new_count() {
    let (state, _) = next(running(0, 5), exit(1), 120);
    assert_eq!(
        state,
        State::Waiting {
            until: at(121),
            failures: 1
        }
    );
}

#[test]
fn a_clean_end_that_nobody_asked_for_leaves_nobody_without_a_gateway() {
    let (state, _) = next(running(0, 0), exit(0), 300);
    assert!(matches!(state, State::Waiting { .. }));
}

#[test]
fn a_configuration_that_cannot_work_is_final() {
    let (state, effects) = next(running(0, 0), exit(EXIT_CONFIG), 1);
    assert_eq!(state, State::Ended { code: 78 });
    assert_eq!(effects, [Effect::Quit(78)]);
}

#[test]
fn a_handoff_is_a_wish_to_be_started_at_once_and_no_failure() {
    let event = Event::Exited {
        ending: Ending::Exit(0),
        handoff: true,
    };
    let (state, effects) = next(running(0, 3), event, 5);
    assert_eq!(state, running(5, 0));
    assert_eq!(effects, [Effect::Spawn]);
}

#[test]
fn one_that_does_not_stop_is_killed_after_its_grace_and_only_once() {
    let (stopping, effects) = next(running(0, 0), Event::Stop, 10);
    assert_eq!(effects, [Effect::Terminate]);
    assert_eq!(stopping.wakes_at(), Some(at(40)));
    assert_eq!(next(stopping, Event::Wake, 39), (stopping, Vec::new()));
    let (killed, effects) = next(stopping, Event::Wake, 40);
    assert_eq!(effects, [Effect::Kill]);
    assert_eq!(next(killed, Event::Wake, 99), (killed, Vec::new()));
    assert_eq!(next(killed, exit(137), 41), (State::Stopped, Vec::new()));
}

#[test]
fn the_last_word_counts_but_not_against_the_end() {
    let (stopping, _) = next(running(0, 0), Event::Restart, 1);
    let (stay, _) = next(stopping, Event::Stop, 2);
    assert_eq!(next(stay, exit(0), 3).0, State::Stopped);
    let (again, _) = next(stay, Event::Start, 2);
    assert_eq!(next(again, exit(0), 3).1, [Effect::Spawn]);
    let (quit, _) = next(stopping, Event::Quit, 2);
    for event in [Event::Start, Event::Stop, Event::Restart] {
        let (kept, effects) = next(quit, event, 2);
        assert_eq!((kept, effects), (quit, Vec::new()));
    }
    assert_eq!(next(quit, exit(0), 3).1, [Effect::Quit(0)]);
}

#[test]
fn an_end_without_a_gateway_is_not_believed() {
    for state in [State::Stopped, State::Ended { code: 0 }] {
        assert!(step(state, exit(0), at(1), TERMS).is_err());
        assert!(step(state, Event::NotStarted, at(1), TERMS).is_err());
    }
}

/// What the machine's effects would do to a world with processes in it.
#[derive(Clone)]
struct World {
    state: State,
    now: u64,
    processes: u32,
    asked_to_stop: bool,
    terminated_at: Option<u64>,
    ended: bool,
}

impl World {
    fn apply(&mut self, event: Event) {
        match event {
            Event::Exited { .. } | Event::NotStarted => {
                self.processes -= 1;
                self.terminated_at = None;
            }
            Event::Stop | Event::Quit => self.asked_to_stop = true,
            Event::Start | Event::Restart => self.asked_to_stop = false,
            Event::Wake => {}
        }
        let (state, effects) = step(self.state, event, at(self.now), TERMS).unwrap();
        for effect in effects {
            assert!(!self.ended, "nothing happens after the end");
            match effect {
                Effect::Spawn => self.processes += 1,
                Effect::Terminate => self.terminated_at = Some(self.now),
                Effect::Kill => {
                    let told = self.terminated_at.expect("asked before it is killed");
                    assert!(self.now >= told + TERMS.grace.as_secs());
                }
                Effect::Quit(_) => self.ended = true,
            }
        }
        self.state = state;
        self.check();
    }

    fn check(&self) {
        assert!(self.processes <= 1, "never two gateways: {:?}", self.state);
        let expected = matches!(self.state, State::Running { .. } | State::Stopping { .. });
        assert_eq!(self.processes == 1, expected, "{:?}", self.state);
        if self.ended {
            assert_eq!(self.processes, 0, "no gateway is left behind");
        }
        if let State::Waiting { .. } = self.state {
            assert!(self.state.wakes_at().is_some(), "somebody will wake it");
        }
        if self.state == State::Stopped {
            assert!(self.asked_to_stop, "it rests only when it was asked to");
        }
    }

    fn events(&self) -> Vec<Event> {
        let mut events = vec![
            Event::Start,
            Event::Stop,
            Event::Restart,
            Event::Quit,
            Event::Wake,
        ];
        if self.processes == 1 {
            events.extend([
                exit(0),
                exit(1),
                exit(EXIT_CONFIG),
                Event::NotStarted,
                Event::Exited {
                    ending: Ending::Unknown,
                    handoff: true,
                },
            ]);
        }
        events
    }
}

#[test]
fn no_sequence_of_events_makes_two_gateways_or_forgets_one() {
    fn explore(world: &World, depth: u32, seen: &mut u64) {
        *seen += 1;
        if depth == 0 {
            return;
        }
        for event in world.events() {
            for pause in [0, 40] {
                let mut world = world.clone();
                world.now += pause;
                world.apply(event);
                explore(&world, depth - 1, seen);
            }
        }
    }
    let world = World {
        state: running(0, 0),
        now: 0,
        processes: 1,
        asked_to_stop: false,
        terminated_at: None,
        ended: false,
    };
    let mut seen = 0;
    explore(&world, 5, &mut seen);
    assert!(seen > 500_000, "{seen}");
}
