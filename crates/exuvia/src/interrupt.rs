//! What an interrupt leaves behind.

use std::borrow::Cow;
use std::mem;
use std::sync::{Mutex, PoisonError};

/// What holds where every document is replaced in one step.
pub(crate) const NOTHING_HALF_DONE: &str = "nothing was changed but what was already written whole";

/// What holds when the user interrupts the command now. The command that runs keeps it true.
#[derive(Debug)]
pub(crate) struct Standing(Mutex<Cow<'static, str>>);

impl Default for Standing {
    fn default() -> Self {
        Self(Mutex::new(Cow::Borrowed(NOTHING_HALF_DONE)))
    }
}

impl Standing {
    /// Says what holds from here on, before it does.
    pub(crate) fn set(&self, words: impl Into<Cow<'static, str>>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = words.into();
    }

    /// What holds, for good: whoever would change it waits until the process has ended. Otherwise
    /// a command could begin an effect after it was told that there was none.
    pub(crate) fn freeze(&self) -> String {
        let words = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let told = words.to_string();
        mem::forget(words);
        told
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::mpsc::channel;
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_was_told_stays_true() {
        let standing = Arc::new(Standing::default());
        standing.set("nothing was changed");
        assert_eq!(standing.freeze(), "nothing was changed");
        let (begun, begins) = channel();
        let command = Arc::clone(&standing);
        std::thread::spawn(move || {
            command.set("half of it was changed");
            begun.send(())
        });
        assert!(begins.recv_timeout(Duration::from_millis(50)).is_err());
    }
}
