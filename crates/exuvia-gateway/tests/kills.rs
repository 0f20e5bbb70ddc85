//! Drivers and keepers that are killed at any moment.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "the tests' own ground is the machine, and they may panic"
)]

mod support;

use std::time::Duration;

use exuvia_gateway::restart::Drove;
use exuvia_host::process::{Processes, Signal};
use exuvia_model::sentinel::Delivery;

use support::{DEADLINE, Ground, ask, forced, is_restarted, play_driver, play_keeper};

const ROUNDS: u32 = 120;

#[test]
fn role_keeper() {
    play_keeper();
}

#[test]
fn role_driver() {
    play_driver();
}

/// Numbers that are the same for the same seed (xorshift).
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}

fn kill(who: &exuvia_host::disk::Holder) {
    Processes::new().signal(who, Signal::Kill).unwrap();
    Processes::new().wait_gone(who, DEADLINE).unwrap();
}

#[tokio::test]
async fn one_gateway_runs_and_no_note_is_told_twice_whoever_is_killed_when() {
    let seed = std::env::var("EXUVIA_SEED").map_or(20_261_120, |seed| seed.parse().unwrap());
    eprintln!("EXUVIA_SEED={seed}");
    let mut dice = Dice(seed);
    let ground = Ground::kept().await;
    let (mut restarted, mut impossible) = (0, 0);
    for round in 0..ROUNDS {
        let restarts = ground.restarts();
        let asked = if dice.below(2) == 0 { ask() } else { forced() };
        let run = restarts.ask(asked).await.unwrap();
        let driver = ground.start("role_driver");
        tokio::time::sleep(Duration::from_millis(dice.below(400))).await;
        let victims = dice.below(3);
        if victims != 1 {
            kill(&driver);
        }
        if victims != 0
            && let Some(keeper) = ground.keeper().await
        {
            kill(&keeper);
        }
        Processes::new().wait_gone(&driver, DEADLINE).unwrap();
        // Somebody else comes along.
        let what = format!("round {round} of seed {seed}, {run}");
        assert_eq!(restarts.drive().await.unwrap(), Drove::Everything, "{what}");
        let sentinel = restarts.sentinel(&run).unwrap().unwrap();
        assert!(sentinel.outcome.is_final(), "{what}: {sentinel}");
        let told = ground.told(run.as_str());
        let delivery = &sentinel.note.as_ref().unwrap().delivery;
        if matches!(delivery, Delivery::Delivered { .. }) {
            assert_eq!(told, 1, "{what}: {sentinel}");
        } else {
            impossible += 1;
            assert!(told <= 1, "{what}: {sentinel}");
        }
        restarted += u32::from(is_restarted(&sentinel));
        if ground.keeper().await.is_none() {
            ground.start_keeper();
        }
        ground.until_running().await;
        let gateways = ground.gateways();
        assert_eq!(gateways.len(), 1, "{what}: {gateways:?}");
    }
    eprintln!("{restarted} of {ROUNDS} restarted, {impossible} notes undelivered");
    assert_eq!(restarted, ROUNDS);
    assert_eq!(impossible, 0, "the gateway could be reached each time");
}

#[tokio::test]
async fn a_gateway_whose_keeper_has_died_is_restarted_by_one_that_comes_back() {
    let ground = Ground::kept().await;
    let restarts = ground.restarts();
    let first = restarts.ask(ask()).await.unwrap();
    let sentinel = support::wait(&restarts, &first).await;
    assert!(is_restarted(&sentinel), "{sentinel}");
    kill(&ground.keeper().await.unwrap());
    let second = restarts.ask(ask()).await.unwrap();
    let sentinel = support::wait(&restarts, &second).await;
    assert!(is_restarted(&sentinel), "{sentinel}");
    assert_eq!(ground.gateways().len(), 1);
}
