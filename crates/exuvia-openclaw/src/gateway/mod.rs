//! Talking to a running gateway.
//!
//! [`Target::find`] says where an install's gateway listens and what opens it, [`Target::connect`]
//! gives a [`Client`], whose answers are in [`answer`]. [`http`] asks the probe pages. Everything
//! has a deadline, what a gateway may send has a limit, and a server that lies gets a typed error
//! ([`GatewayError`]).
//!
//! ```no_run
//! # async fn example(
//! #     host: std::sync::Arc<dyn exuvia_host::Host>,
//! #     install: exuvia_openclaw::Install,
//! # ) -> Result<(), exuvia_openclaw::gateway::GatewayError> {
//! use std::time::Duration;
//!
//! use exuvia_openclaw::gateway::Target;
//!
//! let gateway = Target::find(&host, &install)?.connect(Duration::from_secs(5)).await?;
//! println!("{:?} runs", gateway.hello().version());
//! # Ok(())
//! # }
//! ```

mod address;
pub mod answer;
mod client;
mod command_line;
mod connection;
mod credential;
mod dotenv;
mod error;
mod frame;
mod handshake;
pub mod http;
mod lease;
mod note;
mod questions;
mod restart;
mod secret_ref;
mod socket;
mod target;
mod turn;

pub use address::Address;
pub use client::{Client, PATIENCE};
pub use credential::{Credential, CredentialError};
pub use error::{GatewayError, Refusal};
pub use frame::{Event, PROTOCOL};
pub use lease::{Suspended, Suspension};
pub use note::{Delivery, Note};
pub use target::Target;
pub use turn::Turn;
