//! Chance that can be had again.

use std::time::Duration;

/// Names the seed of a run to be had again.
const SEED: &str = "EXUVIA_E2E_SEED";

/// A stream of numbers that its seed decides (`SplitMix64`).
#[derive(Debug)]
pub struct Dice(u64);

impl Dice {
    /// Dice of the seed in `EXUVIA_E2E_SEED`, or of a new one; it is printed, and a test that
    /// failed shows what it printed.
    pub fn of_the_day() -> Self {
        let named = std::env::var(SEED).ok();
        let seed = named.map_or_else(of_the_clock, |text| {
            text.parse()
                .unwrap_or_else(|error| panic!("{SEED}={text}: {error}"))
        });
        println!("{SEED}={seed}");
        Self(seed)
    }

    /// Dice of this seed.
    pub fn of(seed: u64) -> Self {
        Self(seed)
    }

    /// Any number.
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// One of the numbers below `end`, which is not 0.
    pub fn below(&mut self, end: u64) -> u64 {
        self.roll() % end
    }

    /// Any moment within a span of time.
    pub fn within(&mut self, span: Duration) -> Duration {
        let nanos = u64::try_from(span.as_nanos()).unwrap_or(u64::MAX);
        Duration::from_nanos(self.below(nanos.max(1)))
    }
}

fn of_the_clock() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| u64::from(since.subsec_nanos()))
}
