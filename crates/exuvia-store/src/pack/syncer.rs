//! Makes a pack durable while it is still being written.

use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;

use exuvia_host::HostError;
use exuvia_host::disk::File;

/// A thread that waits for the disk, so that nobody else has to, and the end of a pack comes soon
/// after its last block.
#[derive(Debug)]
pub(super) struct Syncer {
    wake: Sender<()>,
    thread: JoinHandle<Result<(), HostError>>,
}

impl Syncer {
    pub(super) fn new(file: Arc<File>) -> Self {
        let (wake, woken) = channel();
        let thread = std::thread::spawn(move || {
            while woken.recv().is_ok() {
                // One time is enough for all that was written by now.
                woken.try_iter().for_each(drop);
                file.sync()?;
            }
            Ok(())
        });
        Self { wake, thread }
    }

    /// Much was written.
    pub(super) fn wake(&self) {
        // If it is gone, it failed, which `finish` tells.
        let _ = self.wake.send(());
    }

    /// Waits for it. The kernel tells that something could not be written only once, so what it was
    /// told here must not be forgotten.
    pub(super) fn finish(self) -> Result<(), HostError> {
        drop(self.wake);
        match self.thread.join() {
            Ok(result) => result,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }
}
