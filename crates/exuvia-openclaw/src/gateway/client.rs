//! Asking a gateway.

use std::sync::Arc;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::broadcast;

use super::address::Address;
use super::answer::Hello;
use super::command_line::CommandLine;
use super::connection::Connection;
use super::error::{GatewayError, shown};
use super::frame::Event;

/// How long a question may take that a healthy gateway answers in milliseconds; OpenClaw's own
/// client waits as long.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A gateway that can be asked. Clones share the connection, which closes with the last of them.
///
/// Every question has a deadline. A question whose future is dropped disturbs no other one; the
/// gateway may still carry it out.
#[derive(Clone)]
pub struct Client {
    way: Way,
    hello: Arc<Hello>,
    patience: Duration,
}

#[derive(Clone)]
enum Way {
    Connection(Connection),
    Command(CommandLine),
}

impl Client {
    pub(super) fn of_connection(connection: Connection, hello: Hello) -> Self {
        Self {
            way: Way::Connection(connection),
            hello: Arc::new(hello),
            patience: PATIENCE,
        }
    }

    pub(super) fn of_command(command: CommandLine) -> Self {
        Self {
            way: Way::Command(command),
            hello: Arc::default(),
            patience: PATIENCE,
        }
    }

    /// The same with another deadline for each question.
    #[must_use]
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// What the gateway said of itself when we came. All of it is unknown where it is asked through
    /// its command.
    pub fn hello(&self) -> &Hello {
        &self.hello
    }

    /// Where it is.
    pub fn address(&self) -> Address {
        match &self.way {
            Way::Connection(connection) => connection.address(),
            Way::Command(command) => command.address,
        }
    }

    /// Whether it is asked through `openclaw gateway call`, because it speaks another protocol.
    pub fn is_fallback(&self) -> bool {
        matches!(self.way, Way::Command(_))
    }

    /// What it tells from now on; a listener that is too slow loses the oldest. Nothing where it is
    /// asked through its command.
    pub fn events(&self) -> Option<broadcast::Receiver<Event>> {
        match &self.way {
            Way::Connection(connection) => Some(connection.events()),
            Way::Command(_) => None,
        }
    }

    /// Asks anything, within `patience`.
    pub async fn call(
        &self,
        method: &str,
        params: Value,
        patience: Duration,
    ) -> Result<Value, GatewayError> {
        match &self.way {
            Way::Connection(connection) => connection.request(method, params, patience).await,
            Way::Command(command) => command.request(method, params, patience).await,
        }
    }

    pub(super) async fn ask<T: DeserializeOwned>(
        &self,
        method: &str,
        params: Value,
    ) -> Result<T, GatewayError> {
        self.ask_within(method, params, self.patience).await
    }

    pub(super) async fn ask_within<T: DeserializeOwned>(
        &self,
        method: &str,
        params: Value,
        patience: Duration,
    ) -> Result<T, GatewayError> {
        let answer = self.call(method, params, patience).await?;
        serde_json::from_value(answer).map_err(|error| GatewayError::Unreadable {
            method: method.to_owned(),
            reason: shown(error),
        })
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client")
            .field("address", &self.address())
            .field("fallback", &self.is_fallback())
            .finish_non_exhaustive()
    }
}
