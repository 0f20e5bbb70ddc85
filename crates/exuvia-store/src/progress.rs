//! How far something has come, for whoever is waiting.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What is being done, and with that what is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Looking at names; their number is known when all have been looked at.
    Look,
    /// Reading files, in bytes.
    Read,
    /// Writing files of a restore, in bytes.
    Write,
    /// Verifying contents, in bytes as they lie in the store.
    Verify,
    /// Writing anew what is still needed of packs, in packs.
    Collect,
}

/// Somebody who is told how far something has come.
///
/// Calls come from any thread, and what they do should be cheap. One operation may have several
/// stages, and the same one more than once.
pub trait Progress: fmt::Debug + Send + Sync {
    /// A stage begins. What is told from here on adds up to `total`, where that is known, when the
    /// stage succeeds, and never to more.
    fn stage(&self, stage: Stage, total: Option<u64>);

    /// So much more is done.
    fn advance(&self, by: u64);
}

/// Counts one stage.
#[derive(Debug)]
pub(crate) struct Meter {
    to: Option<Arc<dyn Progress>>,
    /// What has not been told yet of the total. Files grow and are read twice: what was promised
    /// is kept all the same.
    left: Option<AtomicU64>,
}

impl Meter {
    /// Begins a stage.
    pub(crate) fn begin(to: Option<&Arc<dyn Progress>>, stage: Stage, total: Option<u64>) -> Self {
        if let Some(to) = to {
            to.stage(stage, total);
        }
        Self {
            to: to.map(Arc::clone),
            left: total.map(AtomicU64::new),
        }
    }

    /// So much more is done.
    pub(crate) fn advance(&self, by: u64) {
        let Some(to) = &self.to else { return };
        let by = match &self.left {
            Some(left) => take(left, by),
            None => by,
        };
        if by > 0 {
            to.advance(by);
        }
    }

    /// Everything is done.
    pub(crate) fn finish(&self) {
        if self.left.is_some() {
            self.advance(u64::MAX);
        }
    }

    /// For one thread, which tells only now and then.
    pub(crate) fn tally(&self) -> Tally<'_> {
        Tally {
            meter: self,
            saved: 0,
        }
    }
}

/// Takes as much as there is.
fn take(left: &AtomicU64, wanted: u64) -> u64 {
    let before = left
        .try_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
            Some(left.saturating_sub(wanted))
        })
        .unwrap_or_else(|left| left);
    before.min(wanted)
}

/// What one thread has done and not told yet; told at the latest when this is dropped.
#[derive(Debug)]
pub(crate) struct Tally<'m> {
    meter: &'m Meter,
    saved: u64,
}

/// How much is saved up.
const SAVED: u64 = 1 << 20;

impl Tally<'_> {
    /// So much more is done.
    pub(crate) fn add(&mut self, by: u64) {
        self.saved = self.saved.saturating_add(by);
        if self.saved >= SAVED {
            self.meter.advance(std::mem::take(&mut self.saved));
        }
    }
}

impl Drop for Tally<'_> {
    fn drop(&mut self) {
        self.meter.advance(self.saved);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[derive(Debug, Default)]
    struct Heard(Mutex<Vec<u64>>);

    impl Progress for Heard {
        fn stage(&self, _: Stage, _: Option<u64>) {}

        fn advance(&self, by: u64) {
            self.0.lock().unwrap().push(by);
        }
    }

    fn heard(total: Option<u64>, work: impl FnOnce(&Meter)) -> Vec<u64> {
        let heard = Arc::new(Heard::default());
        let to: Arc<dyn Progress> = heard.clone();
        let meter = Meter::begin(Some(&to), Stage::Read, total);
        work(&meter);
        meter.finish();
        heard.0.lock().unwrap().clone()
    }

    #[test]
    fn what_is_told_adds_up_to_the_total_whatever_was_counted() {
        assert_eq!(heard(Some(10), |_| {}), [10]);
        assert_eq!(heard(Some(10), |meter| meter.advance(4)), [4, 6]);
        let too_much = |meter: &Meter| (0..3).for_each(|_| meter.advance(7));
        assert_eq!(heard(Some(10), too_much), [7, 3]);
        assert_eq!(heard(None, too_much), [7, 7, 7]);
        assert!(heard(Some(0), too_much).is_empty());
    }

    #[test]
    fn a_tally_tells_seldom_and_forgets_nothing() {
        let counts = heard(None, |meter| {
            let mut tally = meter.tally();
            (0..5000).for_each(|_| tally.add(1000));
        });
        assert!(counts.len() <= 5, "{counts:?}");
        assert_eq!(counts.iter().sum::<u64>(), 5_000_000);
    }
}
