//! An OpenClaw gateway without OpenClaw: its WebSocket protocol, its probe pages, and a program
//! that behaves as `openclaw` as far as a supervisor can see.
//!
//! | Wanted | Take |
//! |---|---|
//! | a gateway in this process | [`Gateway::start`] |
//! | `openclaw gateway run` as a process that can be killed | [`Installed`] |
//! | a gateway that lies, hangs, dies, is busy | [`Behaviour`] |
//! | what it was asked, and what is in its transcripts | [`Book`] |
//! | what the real one answered | [`recorded`] |
//!
//! ```
//! use exuvia_testkit::gateway::Gateway;
//!
//! let gateway = Gateway::start();
//! gateway.behave(|behaviour| behaviour.failing = vec!["telegram".to_owned()]);
//! assert_ne!(gateway.port(), 0);
//! assert_eq!(gateway.book().times("health"), 0);
//! ```

mod behaviour;
mod book;
mod connection;
mod engine;
mod installed;
mod methods;
mod pages;
pub mod program;
mod recorded;
mod server;
pub(crate) mod time;

use std::sync::{Arc, Mutex};

pub use behaviour::{Behaviour, Restart, Speaks};
pub(crate) use book::MESSAGES;
pub use book::{Asked, Book, Message, Start};
pub use installed::{Installed, Running};
pub(crate) use installed::{free_port, program as program_path};
pub(crate) use program::AS_NODE;
pub use recorded::recorded;

use engine::{End, Engine, Script};
use server::Server;

/// A stand-in in this process; stops when it is dropped.
#[derive(Debug)]
pub struct Gateway {
    engine: Arc<Engine>,
    server: Mutex<Option<Server>>,
}

impl Gateway {
    /// Starts one that does everything right and lets everybody in.
    pub fn start() -> Self {
        Self::with(Behaviour::default())
    }

    /// Starts one that behaves like this from its first moment.
    pub fn with(behaviour: Behaviour) -> Self {
        let listener = server::listen(0).expect("a port on the loopback");
        let port = listener
            .local_addr()
            .expect("the port that was bound")
            .port();
        let version = behaviour.version.clone();
        let script = Script::Given(Box::new(Mutex::new(behaviour)));
        let engine = Arc::new(Engine::new(script, Book::in_memory(), port, version));
        let server = Server::start(listener, engine.clone());
        Self {
            engine,
            server: Mutex::new(Some(server)),
        }
    }

    /// The port that it listens on, on the loopback.
    pub fn port(&self) -> u16 {
        self.engine.port
    }

    /// Changes what it does from now on.
    pub fn behave(&self, change: impl FnOnce(&mut Behaviour)) {
        self.engine.behave(change);
    }

    /// What it remembers.
    pub fn book(&self) -> &Book {
        &self.engine.book
    }

    /// Restarts within the process: every connection is closed with 1012, and what follows is
    /// another start, of this version where one is given.
    pub fn restart(&self, version: Option<&str>) {
        self.engine.end(End::Restart {
            reason: "test".to_owned(),
        });
        if let Some(server) = &*self.server.lock().unwrap() {
            server.drain();
        }
        let version = version.map_or_else(|| self.engine.version(), str::to_owned);
        self.engine.begin(version);
    }

    /// Goes away: every connection is closed, and further ones are refused.
    pub fn stop(&self) {
        self.engine.end(End::Stop);
        if let Some(server) = self.server.lock().unwrap().take() {
            server.drain();
        }
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.stop();
    }
}
