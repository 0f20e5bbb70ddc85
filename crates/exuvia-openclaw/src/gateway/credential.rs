//! What opens a gateway: its token or password, found where OpenClaw keeps it.
//!
//! Follows `src/gateway/credential-planner.ts` and `credentials.ts` of OpenClaw 2026.9.5: the
//! environment before the config, and `gateway.auth.mode` says which of token and password counts.

use std::fmt;

use exuvia_host::Host;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::dotenv;
use super::secret_ref::{self, Secret};
use crate::Install;
use crate::config::Config;

/// What is shown to the gateway. Its `Debug` says nothing of the secret.
#[derive(Clone)]
pub enum Credential {
    /// `auth.token`.
    Token(SecretString),
    /// `auth.password`.
    Password(SecretString),
    /// Nothing: the install asks for none, or none is configured.
    Nothing,
}

/// Why a credential that is configured could not be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CredentialError {
    /// It is kept where only OpenClaw itself can look.
    #[error(
        "{path} in openclaw.json is a secret of a \"{source_kind}\" provider, which only OpenClaw \
         itself can read; set OPENCLAW_GATEWAY_TOKEN for exuvia"
    )]
    Elsewhere {
        /// The key.
        path: &'static str,
        /// `exec` or `store`.
        source_kind: String,
    },
    /// It names what is not there.
    #[error("{path} in openclaw.json points at a secret that cannot be read: {reason}")]
    Missing {
        /// The key.
        path: &'static str,
        /// What is wrong, without the secret.
        reason: String,
    },
    /// A reverse proxy vouches for who comes in; there is nothing that we could show.
    #[error(
        "gateway.auth.mode is \"trusted-proxy\" and no password is configured, so exuvia cannot \
         ask the gateway anything; set gateway.auth.password for calls from this machine"
    )]
    TrustedProxy,
}

impl Credential {
    /// The credential of an install's own gateway.
    pub fn find(
        host: &dyn Host,
        install: &Install,
        config: &Config,
    ) -> Result<Self, CredentialError> {
        let look = Look {
            host,
            install,
            config,
        };
        let mode = config.get(&["gateway", "auth", "mode"]);
        match mode.and_then(Value::as_str) {
            Some("none") => Ok(Self::Nothing),
            Some("password") => look.password(),
            Some("trusted-proxy") => match look.password()? {
                Self::Nothing => Err(CredentialError::TrustedProxy),
                password => Ok(password),
            },
            Some("token") => look.token(),
            _ => match look.token()? {
                Self::Nothing => look.password(),
                token => Ok(token),
            },
        }
    }

    /// `params.auth` of a connect request.
    pub(super) fn to_json(&self) -> Value {
        match self {
            Self::Token(token) => json!({ "token": token.expose_secret() }),
            Self::Password(password) => json!({ "password": password.expose_secret() }),
            Self::Nothing => json!({}),
        }
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Token(_) => "Token(…)",
            Self::Password(_) => "Password(…)",
            Self::Nothing => "Nothing",
        })
    }
}

struct Look<'a> {
    host: &'a dyn Host,
    install: &'a Install,
    config: &'a Config,
}

impl Look<'_> {
    fn token(&self) -> Result<Credential, CredentialError> {
        let found = self.secret("OPENCLAW_GATEWAY_TOKEN", "token", "gateway.auth.token")?;
        Ok(found.map_or(Credential::Nothing, Credential::Token))
    }

    fn password(&self) -> Result<Credential, CredentialError> {
        let name = "OPENCLAW_GATEWAY_PASSWORD";
        let found = self.secret(name, "password", "gateway.auth.password")?;
        Ok(found.map_or(Credential::Nothing, Credential::Password))
    }

    fn secret(
        &self,
        variable: &str,
        key: &str,
        path: &'static str,
    ) -> Result<Option<SecretString>, CredentialError> {
        if let Some(value) = dotenv::variable(self.host, self.install, variable) {
            return Ok(Some(value));
        }
        let Some(value) = self.config.get(&["gateway", "auth", key]) else {
            return Ok(None);
        };
        match secret_ref::resolve(self.host, self.install, self.config, value) {
            Secret::Is(secret) => Ok(Some(secret)),
            Secret::NotConfigured => Ok(None),
            Secret::Elsewhere(source_kind) => Err(CredentialError::Elsewhere { path, source_kind }),
            Secret::Missing(reason) => Err(CredentialError::Missing { path, reason }),
        }
    }
}
