//! Where an install's gateway listens.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;

use exuvia_host::{Host, Links, read_limited};
use serde::Deserialize;
use serde_json::Value;

use super::error::GatewayError;
use crate::Install;
use crate::config::Config;

/// OpenClaw's default (`DEFAULT_GATEWAY_PORT` in `src/config/paths.ts`).
const DEFAULT_PORT: u16 = 18_789;
/// Where the lock of a running gateway lies, by user id, below the state directory
/// (`resolveGatewayLockDir`), and its name.
const LOCK_PARENT: &str = "tmp";
const LOCK_PREFIX: &str = "openclaw-";
const LOCK: &str = "gateway.state.lock";
const MAX_LOCK: u64 = 64 * 1024;

/// An address and a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Address(SocketAddr);

impl Address {
    /// A port of this machine.
    pub fn loopback(port: u16) -> Self {
        Self(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port))
    }

    /// Where the gateway of an install listens, or would: the port that the last one started wrote
    /// into its lock, then `OPENCLAW_GATEWAY_PORT`, then the config's, then the default; on the
    /// loopback unless `gateway.customBindHost` says otherwise.
    ///
    /// The lock comes first because a port given on the command line is nowhere else.
    pub fn find(host: &dyn Host, install: &Install, config: &Config) -> Result<Self, GatewayError> {
        if config.get(&["gateway", "mode"]).and_then(Value::as_str) == Some("remote") {
            return Err(GatewayError::Remote);
        }
        if config.get(&["gateway", "tls", "enabled"]) == Some(&Value::Bool(true)) {
            return Err(GatewayError::Tls);
        }
        let port = locked_port(host, install)
            .or_else(|| environment_port(host))
            .or_else(|| configured_port(config))
            .unwrap_or_else(|| default_port(install.profile.as_deref()));
        Ok(Self(SocketAddr::new(bound_host(config), port)))
    }

    /// As the system takes it.
    pub fn socket(self) -> SocketAddr {
        self.0
    }

    /// The port.
    pub fn port(self) -> u16 {
        self.0.port()
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[derive(Deserialize)]
struct LockFile {
    #[serde(rename = "stateDir")]
    state_dir: Option<std::path::PathBuf>,
    port: Option<u16>,
    role: Option<String>,
}

/// The port in the lock file; one of another state directory (the tree was copied) or of another
/// role does not count.
fn locked_port(host: &dyn Host, install: &Install) -> Option<u16> {
    let parent = install.state_dir.join(LOCK_PARENT);
    let dirs = host.read_dir(&parent).ok()?.into_iter();
    dirs.filter(|(name, _)| name.to_string_lossy().starts_with(LOCK_PREFIX))
        .find_map(|(name, _)| read_lock(host, install, &parent.join(name).join(LOCK)))
}

fn read_lock(host: &dyn Host, install: &Install, path: &Path) -> Option<u16> {
    let text = read_limited(host, path, MAX_LOCK, Links::Refuse).ok()?;
    let lock: LockFile = serde_json::from_slice(&text).ok()?;
    let ours = lock.state_dir.is_none_or(|dir| {
        host.canonicalize(&dir)
            .is_ok_and(|real| real == install.state_dir)
    });
    let gateway = lock.role.is_none_or(|role| role == "gateway");
    lock.port.filter(|port| ours && gateway && *port > 0)
}

/// A bare port, or one behind a host (`parseGatewayPortEnvValue`).
fn environment_port(host: &dyn Host) -> Option<u16> {
    let value = host.env("OPENCLAW_GATEWAY_PORT")?;
    let value = value.to_str()?.trim();
    let port = value.rsplit_once(':').map_or(value, |(_, port)| port);
    port.parse().ok().filter(|port| *port > 0)
}

fn configured_port(config: &Config) -> Option<u16> {
    let port = config.get(&["gateway", "port"])?.as_u64()?;
    u16::try_from(port).ok().filter(|port| *port > 0)
}

/// A named profile has a port of its own: 20000 + FNV-1a of its name modulo 40000
/// (`resolveGatewayPort`).
fn default_port(profile: Option<&str>) -> u16 {
    let Some(profile) = profile.filter(|name| !name.is_empty()) else {
        return DEFAULT_PORT;
    };
    let hash = profile.bytes().fold(2_166_136_261_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(16_777_619)
    });
    u16::try_from(20_000 + hash % 40_000).unwrap_or(DEFAULT_PORT)
}

/// `bind: "custom"` names an address; every other mode listens on the loopback too.
fn bound_host(config: &Config) -> IpAddr {
    let text = |key| config.get(&["gateway", key]).and_then(Value::as_str);
    let custom = text("customBindHost").filter(|_| text("bind") == Some("custom"));
    match custom.and_then(|host| host.trim().parse::<IpAddr>().ok()) {
        Some(host) if !host.is_unspecified() => host,
        _ => Ipv4Addr::LOCALHOST.into(),
    }
}
