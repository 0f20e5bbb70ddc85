//! Somebody who talks to an agent without pause.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use exuvia_testkit::sandbox::{Client, Gateway};

/// A turn takes a third of a second, the first one some seconds.
const PATIENCE: Duration = Duration::from_mins(2);

/// A turn that the gateway said is over and went well.
#[derive(Clone, Debug)]
pub struct Turn {
    /// What was said to the agent; no other turn of the conversation says the same.
    pub message: String,
    /// From sending it to the gateway's word that it is over.
    pub took: Duration,
}

/// What was said so far, and who waits for more of it.
#[derive(Debug, Default)]
struct Said {
    turns: Mutex<Vec<Turn>>,
    more: Condvar,
}

/// A thread that takes one turn after the other in a session.
#[derive(Debug)]
pub struct Conversation {
    said: Arc<Said>,
    over: Arc<AtomicBool>,
    speaker: JoinHandle<anyhow::Result<()>>,
}

impl Conversation {
    /// Begins to talk, in the session of this key.
    pub fn begin(gateway: &Gateway, session_key: &str) -> Self {
        let client = Client::connect(gateway);
        let mut client = client.unwrap_or_else(|error| panic!("no connection: {error:#}"));
        let said = Arc::new(Said::default());
        let over = Arc::new(AtomicBool::new(false));
        let speaker = std::thread::spawn({
            let (said, over, key) = (said.clone(), over.clone(), session_key.to_owned());
            move || {
                for number in 1.. {
                    if over.load(Ordering::Relaxed) {
                        break;
                    }
                    let message = format!("turn {number} of {key}");
                    let begun = Instant::now();
                    client.turn(&key, &message)?;
                    let took = begun.elapsed();
                    said.turns().push(Turn { message, took });
                    said.more.notify_all();
                }
                Ok(())
            }
        });
        Self {
            said,
            over,
            speaker,
        }
    }

    /// Every turn that was acknowledged by now.
    pub fn acknowledged(&self) -> Vec<Turn> {
        self.said.turns().clone()
    }

    /// Waits until there were so many turns.
    pub fn wait_for(&self, turns: usize) {
        let fewer = |said: &mut Vec<Turn>| said.len() < turns;
        let waited = self
            .said
            .more
            .wait_timeout_while(self.said.turns(), PATIENCE, fewer);
        let (said, waited) = waited.unwrap_or_else(PoisonError::into_inner);
        let count = said.len();
        assert!(!waited.timed_out(), "{count} turns in {PATIENCE:?}");
    }

    /// Falls silent after the present turn, and gives all that there were.
    pub fn end(self) -> Vec<Turn> {
        self.over.store(true, Ordering::Relaxed);
        let ended = self.speaker.join();
        let ended = ended.unwrap_or_else(|panicked| std::panic::resume_unwind(panicked));
        ended.unwrap_or_else(|error| panic!("a turn failed: {error:#}"));
        self.said.turns().clone()
    }
}

impl Said {
    fn turns(&self) -> MutexGuard<'_, Vec<Turn>> {
        self.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
