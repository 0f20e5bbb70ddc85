//! The port of a stand-in.

use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::connection;
use super::engine::Engine;

const TICK: Duration = Duration::from_millis(2);

/// A port that is listened on, until this is dropped.
#[derive(Debug)]
pub(super) struct Server {
    stop: Arc<AtomicBool>,
    open: Arc<AtomicUsize>,
    accepting: Option<JoinHandle<()>>,
}

/// A listener on the loopback, on a port that the system chooses for 0.
pub(super) fn listen(port: u16) -> io::Result<TcpListener> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

impl Server {
    pub(super) fn start(listener: TcpListener, engine: Arc<Engine>) -> Self {
        let (stop, open) = (
            Arc::new(AtomicBool::new(false)),
            Arc::<AtomicUsize>::default(),
        );
        let (stopping, opened) = (stop.clone(), open.clone());
        let accepting = std::thread::spawn(move || {
            while !stopping.load(Ordering::Relaxed) {
                let Ok((stream, _)) = listener.accept() else {
                    std::thread::sleep(TICK);
                    continue;
                };
                if stream.set_nonblocking(false).is_err() {
                    continue;
                }
                let engine = engine.clone();
                let open = Open::count(&opened);
                std::thread::spawn(move || {
                    connection::serve(&engine, stream);
                    drop(open);
                });
            }
        });
        Self {
            stop,
            open,
            accepting: Some(accepting),
        }
    }

    /// Waits until every connection has said good-bye, for a second at most.
    pub(super) fn drain(&self) {
        let end = Instant::now() + Duration::from_secs(1);
        while self.open.load(Ordering::Relaxed) > 0 && Instant::now() < end {
            std::thread::sleep(TICK);
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(accepting) = self.accepting.take() {
            // Nothing in it can panic but the system itself.
            let _ = accepting.join();
        }
    }
}

/// Counts a connection until it is dropped.
struct Open(Arc<AtomicUsize>);

impl Open {
    fn count(open: &Arc<AtomicUsize>) -> Self {
        open.fetch_add(1, Ordering::Relaxed);
        Self(open.clone())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
