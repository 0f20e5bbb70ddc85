//! Whether the user's policy lets upgrades begin.

use std::sync::Arc;

use anyhow::{Result, anyhow, bail};
use exuvia_host::{Home, Host};
use exuvia_model::policy::Ruling;
use exuvia_model::report::Entry;
use exuvia_model::{AssetId, Report, Revision, Risk};
use exuvia_upgrade::{Upgrades, policy};

use crate::exit::Blocked;

/// What OpenClaw takes for its own automatic updates, too, and what wins.
const NEVER: &str = "OPENCLAW_NO_AUTO_UPDATE";

/// Refuses what the user keeps away: by a pin, a block, an inhibitor.
pub(super) fn must_not_be_kept_away(
    upgrades: &Upgrades,
    asset: &AssetId,
    name: &str,
    version: Option<&Revision>,
) -> Result<()> {
    upgrades.must_allow(asset, name, version).map_err(|away| {
        if away.is_refusal() {
            anyhow!(Blocked(format!("{away}; nothing was changed")))
        } else {
            away.into()
        }
    })
}

/// Refuses what may not begin now, or of which that cannot be told.
pub(super) fn must_be_allowed(host: &Arc<dyn Host>, home: &Home, entry: &Entry) -> Result<()> {
    let update = &entry.update;
    let ruling = policy(&**host, home)?.rule(host.now(), update.published_at);
    let (Ruling::Deny(why) | Ruling::Unknown(why)) = ruling else {
        return Ok(());
    };
    bail!(Blocked(format!(
        "{} {} may not be installed now: {why} (`[upgrade]` in config.toml; --despite-policy goes \
         past it); nothing was changed",
        update.name, update.latest
    )))
}

/// The numbers of what may be upgraded without being asked: what has a low risk, where the user
/// said so beforehand.
pub(super) fn automatically(
    host: &Arc<dyn Host>,
    home: &Home,
    report: &Report,
) -> Result<Vec<String>> {
    if host.env(NEVER).is_some_and(|value| value == "1") {
        bail!(Blocked(format!(
            "{NEVER}=1 is set, so nothing is upgraded without being asked; nothing was changed"
        )));
    }
    if !policy(&**host, home)?.automatic {
        bail!(Blocked(
            "nothing may be upgraded without being asked: `automatic = \"low\"` below `[upgrade]` in \
             config.toml allows what has a low risk; nothing was changed"
                .to_owned()
        ));
    }
    let entries = report.document().entries.iter();
    let low = entries.filter(|entry| entry.assessment.risk == Risk::Low);
    Ok(low.map(|entry| entry.number.to_string()).collect())
}
