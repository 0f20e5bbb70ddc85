//! Long histories, by chance.

use exuvia_model::restart::Work;
use proptest::prelude::*;

use crate::checks;
use crate::menu::{Move, WISHES, play};
use crate::world::{Obeys, World};

/// Takes any number for a move that is possible in this world.
fn choose(world: &World, number: u32) -> Move {
    let pick = number / 32;
    match (number % 32, world.effects.is_empty()) {
        (0, _) => Move::Crash {
            jump: [0, 0, -1000, 1000, 5, -5][index(pick, 6)],
        },
        (1, false) => Move::Perform {
            times: 2,
            obeys: Obeys::Yes,
        },
        (_, false) => Move::Perform {
            times: 1,
            obeys: [Obeys::Yes, Obeys::Yes, Obeys::SaysNo, Obeys::Silently][index(pick, 4)],
        },
        (1..=8, true) => Move::Ask(WISHES[index(pick, WISHES.len())]),
        (9..=11, true) => Move::Work(match pick % 3 {
            0 => Work::None,
            1 => Work::Pending { count: 2 },
            _ => Work::Unknown { why: "?".into() },
        }),
        (12, true) => Move::GatewayDiesOrComesBack,
        (13..=23, true) if !world.answers.is_empty() => Move::Deliver {
            index: index(pick, world.answers.len()),
            again: pick.is_multiple_of(5),
        },
        (13..=27, true) => Move::Pass(world.until_timer().unwrap_or(3)),
        (_, true) => Move::Pass(u64::from(pick % 7)),
    }
}

fn index(number: u32, length: usize) -> usize {
    number as usize % length
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn no_long_history_breaks_a_promise(numbers in prop::collection::vec(any::<u32>(), 0..600)) {
        let mut world = World::new();
        for number in numbers {
            let next = choose(&world, number);
            play(&mut world, &next);
            if number % 16 == 0 {
                checks::reads_back(&world.memory);
            }
        }
        while !world.effects.is_empty() {
            world.perform(1, Obeys::Yes);
        }
        checks::everything_ends(&world, Obeys::Yes);
        checks::everything_ends(&world, Obeys::Silently);
    }
}
