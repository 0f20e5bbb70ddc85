//! Who keeps the gateway of an install.

use std::sync::Arc;
use std::time::Duration;

use exuvia_host::{Home, Host};
use exuvia_model::restart::{Restartability, Supervisor};
use exuvia_openclaw::Install;

use super::{launchd, systemd};
use crate::keeper::{Asked, Client, Places};
use crate::running::Presence;

/// How long the keeper may take to say how things stand.
const PATIENCE: Duration = Duration::from_secs(10);
const REMEDY: &str = "stop it, then run `exuvia gateway run` (or `openclaw gateway install`)";

/// Finds out who can restart the gateway, if anybody can; `presence` is what runs now. Our own
/// keeper comes first: where it keeps the gateway, whatever unit there is besides does not.
pub async fn detect(
    host: &Arc<dyn Host>,
    home: &Home,
    install: &Install,
    presence: &Presence,
) -> Restartability {
    let client = Client::at(Places::of(home, install).socket());
    match client.ask(Asked::Status, PATIENCE).await {
        Ok(Some(_)) => return by(Supervisor::Exuvia),
        Ok(None) => {}
        Err(error) => {
            return Restartability::Unknown {
                why: error.to_string(),
                remedy: "end that `exuvia gateway run` and start it again".to_owned(),
            };
        }
    }
    if let Some(found) = service(host, install, presence).await {
        return found;
    }
    unmanaged(presence)
}

fn by(supervisor: Supervisor) -> Restartability {
    Restartability::By { supervisor }
}

/// What the service that is installed can do; nothing where there is none, or nobody to run it.
async fn service(
    host: &Arc<dyn Host>,
    install: &Install,
    presence: &Presence,
) -> Option<Restartability> {
    let file = install.service.as_deref()?;
    if let Some(unit) = systemd::Unit::of(file) {
        return of_unit(&unit, unit.ask(host).await, presence);
    }
    let label = launchd::label(file)?;
    let told = launchd::ask(host, install, &label).await;
    Some(of_agent(label, told, presence))
}

fn of_unit(
    unit: &systemd::Unit,
    told: systemd::Told,
    presence: &Presence,
) -> Option<Restartability> {
    let scope = if unit.is_user { " --user" } else { "" };
    let name = &unit.name;
    match told {
        systemd::Told::NoSystemd => None,
        systemd::Told::Silent { why } => Some(Restartability::Unknown {
            why: format!("systemd does not answer for the unit {name}: {why}"),
            remedy: format!("systemctl{scope} status {name}"),
        }),
        systemd::Told::NotLoaded { state } => Some(Restartability::Nobody {
            why: format!("systemd has not loaded the unit {name} ({state})"),
            remedy: format!("systemctl{scope} daemon-reload"),
        }),
        systemd::Told::Loaded {
            can_start: false, ..
        } => Some(Restartability::Nobody {
            why: format!("systemd may not start the unit {name}"),
            remedy: format!("systemctl{scope} status {name}"),
        }),
        systemd::Told::Loaded { main_pid, .. } => Some(match presence.process() {
            Some(seen) if !unit.holds(main_pid, seen) => beside(seen.id.pid, name),
            _ => by(unit.supervisor()),
        }),
    }
}

fn of_agent(label: String, told: launchd::Told, presence: &Presence) -> Restartability {
    match (told, presence.process()) {
        (launchd::Told::Loaded { pid }, Some(seen)) if pid != Some(seen.id.pid) => {
            beside(seen.id.pid, &label)
        }
        (launchd::Told::NotLoaded { .. }, Some(seen)) => beside(seen.id.pid, &label),
        (launchd::Told::NotLoaded { why }, None) if why.is_empty() => Restartability::Unknown {
            why: format!("launchd does not answer for {label}"),
            remedy: "openclaw gateway status".to_owned(),
        },
        _ => by(Supervisor::Launchd { label }),
    }
}

fn beside(pid: u32, service: &str) -> Restartability {
    Restartability::Nobody {
        why: format!(
            "process {pid} runs beside the service {service}, which would start a second gateway"
        ),
        remedy: "stop that process, then run `openclaw gateway start`".to_owned(),
    }
}

fn unmanaged(presence: &Presence) -> Restartability {
    match presence {
        // The first process of a container: when it ends, the container does.
        Presence::Runs(seen) if seen.id.pid == 1 => Restartability::Unknown {
            why:
                "it is the first process of a container, and whether the engine starts that again \
                  cannot be seen from inside"
                    .to_owned(),
            remedy: "restart the container from outside, or run `exuvia gateway run` in it"
                .to_owned(),
        },
        Presence::Runs(seen) => Restartability::Nobody {
            why: format!(
                "process {} was started by hand, and nobody starts it again when it ends",
                seen.id.pid
            ),
            remedy: REMEDY.to_owned(),
        },
        Presence::Nothing => Restartability::Nobody {
            why: "no gateway runs, and no service of one is installed".to_owned(),
            remedy: "run `exuvia gateway run` (or `openclaw gateway install`)".to_owned(),
        },
        Presence::Unknown { why } => Restartability::Unknown {
            why: why.clone(),
            remedy: "exuvia status".to_owned(),
        },
    }
}
