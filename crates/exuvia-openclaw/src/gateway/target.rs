//! A gateway that may be asked: where it is, and what opens it.

use std::sync::Arc;
use std::time::Duration;

use exuvia_host::Host;
use tokio::time::{Instant, sleep_until};

use super::address::Address;
use super::client::Client;
use super::command_line::CommandLine;
use super::connection::Connection;
use super::credential::Credential;
use super::error::GatewayError;
use crate::Install;
use crate::config::Config;

/// One try: the same that OpenClaw's own client gives a handshake.
const TRY: Duration = Duration::from_secs(15);
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Where a gateway is and what opens it.
#[derive(Debug, Clone)]
pub struct Target {
    address: Address,
    credential: Credential,
    own_command: Option<(Arc<dyn Host>, Arc<Install>)>,
}

impl Target {
    /// The gateway of an install, by what lies on disk now. After a restart look again: port and
    /// token may have changed.
    pub fn find(host: &Arc<dyn Host>, install: &Install) -> Result<Self, GatewayError> {
        let config = Config::read(host.as_ref(), install);
        let address = Address::find(host.as_ref(), install, &config)?;
        let credential = Credential::find(host.as_ref(), install, &config)?;
        Ok(Self {
            address,
            credential,
            own_command: Some((host.clone(), Arc::new(install.clone()))),
        })
    }

    /// A gateway that is known; there is no command to fall back on.
    pub fn new(address: Address, credential: Credential) -> Self {
        Self {
            address,
            credential,
            own_command: None,
        }
    }

    /// Where it is.
    pub fn address(&self) -> Address {
        self.address
    }

    /// Connects once, within `patience`. A gateway of another protocol version is asked through the
    /// install's own `openclaw gateway call` from then on.
    pub async fn connect(&self, patience: Duration) -> Result<Client, GatewayError> {
        match Connection::open(self.address, &self.credential, patience).await {
            Ok((connection, hello)) => Ok(Client::of_connection(connection, hello)),
            Err(GatewayError::Protocol { address, theirs }) => {
                let (host, install) = self
                    .own_command
                    .clone()
                    .ok_or(GatewayError::Protocol { address, theirs })?;
                Ok(Client::of_command(CommandLine {
                    host,
                    install,
                    address,
                }))
            }
            Err(error) => Err(error),
        }
    }

    /// Connects, again and again with growing pauses, until it is done or the time is over; the
    /// last try's error then. What cannot get better by waiting (a wrong token, another program on
    /// the port) ends it at once.
    pub async fn connect_within(&self, deadline: Duration) -> Result<Client, GatewayError> {
        let end = Instant::now() + deadline;
        let mut pause = FIRST_PAUSE;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let error = match self.connect(left.min(TRY)).await {
                Ok(client) => return Ok(client),
                Err(error) => error,
            };
            let again = Instant::now() + error.retry_after().unwrap_or(pause).min(LONGEST_PAUSE);
            if !error.is_transient() || again >= end {
                return Err(error);
            }
            sleep_until(again).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}
