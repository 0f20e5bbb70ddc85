//! The transitions, one by one.

use super::{Effect, End, Event, Failure, IllegalTransition, Kind, Phase, State, TRIES, step};

fn at(kind: Kind, phase: Phase) -> State {
    State {
        phase,
        ..State::new(kind)
    }
}

fn way(mut state: State) -> Vec<Phase> {
    let mut way = vec![state.phase];
    while state.end().is_none() {
        state = step(&state, Event::Done).unwrap().0;
        way.push(state.phase);
    }
    way
}

#[test]
fn an_upgrade_goes_through_three_gates_and_a_rehearsal() {
    use Phase as P;
    let wanted = [
        P::Check,
        P::Stage,
        P::Rehearse,
        P::Quiesce,
        P::Preserve,
        P::Swap,
        P::Start,
        P::Prove,
        P::Commit,
        P::Ended(End::Done),
    ];
    assert_eq!(way(State::new(Kind::Upgrade)), wanted);
}

#[test]
fn a_rehearsal_goes_no_further() {
    use Phase as P;
    let wanted = [
        P::Check,
        P::Stage,
        P::Rehearse,
        P::Commit,
        P::Ended(End::Done),
    ];
    assert_eq!(way(State::new(Kind::Rehearsal)), wanted);
    let failed = Event::Failed("why".to_owned());
    let (failed, _) = step(&at(Kind::Rehearsal, P::Commit), failed).unwrap();
    assert_eq!(way(failed), [P::Discard, P::Ended(End::Untouched)]);
}

#[test]
fn a_rollback_takes_the_state_along() {
    use Phase as P;
    let wanted = [
        P::Check,
        P::Quiesce,
        P::Preserve,
        P::Swap,
        P::Adopt,
        P::Start,
        P::Prove,
        P::Commit,
        P::Ended(End::Done),
    ];
    assert_eq!(way(State::new(Kind::Rollback)), wanted);
}

#[test]
fn what_fails_after_the_exchange_goes_all_the_way_back() {
    for during in [
        Phase::Swap,
        Phase::Adopt,
        Phase::Start,
        Phase::Prove,
        Phase::Commit,
    ] {
        let failed = Event::Failed("it broke".to_owned());
        let (state, effects) = step(&at(Kind::Upgrade, during), failed).unwrap();
        assert_eq!(effects, [Effect::Persist, Effect::Perform]);
        assert_eq!(state.failure.as_ref().unwrap().during, during);
        assert_eq!(
            way(state),
            [
                Phase::Halt,
                Phase::Keep,
                Phase::Unswap,
                Phase::Restore,
                Phase::Relaunch,
                Phase::Verify,
                Phase::Discard,
                Phase::Ended(End::RolledBack)
            ]
        );
    }
}

#[test]
fn what_gate_1_refuses_has_changed_nothing() {
    let refused = Event::Failed("no room".to_owned());
    let (state, effects) = step(&State::new(Kind::Upgrade), refused).unwrap();
    assert_eq!(state.end(), Some(End::Blocked));
    assert_eq!(effects, [Effect::Persist, Effect::End(End::Blocked)]);
}

#[test]
fn the_way_back_is_tried_and_then_given_up_loudly() {
    for phase in Phase::ALL.into_iter().filter(|phase| phase.is_way_back()) {
        let mut state = at(Kind::Upgrade, phase);
        for _ in 1..TRIES {
            state = step(&state, Event::Failed("busy".to_owned())).unwrap().0;
            assert_eq!(state.phase, phase);
        }
        state = step(&state, Event::Failed("busy".to_owned())).unwrap().0;
        assert_eq!(state.end(), Some(End::Inconsistent));
        assert_eq!(state.stuck.unwrap().during, phase);
    }
}

#[test]
fn a_way_back_that_was_given_up_is_taken_up_again() {
    for phase in Phase::ALL.into_iter().filter(|phase| phase.is_way_back()) {
        let mut state = at(Kind::Upgrade, phase);
        state.failure = Some(Failure {
            during: Phase::Prove,
            why: "it was broken".to_owned(),
        });
        for _ in 0..TRIES {
            state = step(&state, Event::Failed("no room".to_owned())).unwrap().0;
        }
        let (again, _) = step(&state, Event::Resumed).unwrap();
        assert!(again.phase.is_way_back(), "{again:?}");
        assert_eq!((again.failed, &again.stuck), (0, &None));
        assert_eq!(way(again).last(), Some(&Phase::Ended(End::RolledBack)));
    }
}

#[test]
fn it_can_be_called_off_until_the_rollback_point() {
    for phase in Phase::ALL {
        let called_off = step(&at(Kind::Upgrade, phase), Event::Cancelled);
        let can_be = matches!(
            phase,
            Phase::Check | Phase::Stage | Phase::Rehearse | Phase::Quiesce
        );
        assert_eq!(called_off.is_ok(), can_be, "{phase}");
    }
}

#[test]
fn what_has_ended_stays_ended() {
    let ended = at(Kind::Upgrade, Phase::Ended(End::Done));
    for event in [
        Event::Done,
        Event::Resumed,
        Event::Cancelled,
        Event::Failed(String::new()),
    ] {
        let refused = step(&ended, event).unwrap_err();
        assert_eq!(refused, IllegalTransition::Ended(End::Done));
    }
}

#[test]
fn a_state_reads_back_from_its_json() {
    for phase in Phase::ALL.into_iter().chain([Phase::Ended(End::Done)]) {
        let state = at(Kind::Rollback, phase);
        let json = serde_json::to_string(&state).unwrap();
        assert_eq!(serde_json::from_str::<State>(&json).unwrap(), state);
    }
}
