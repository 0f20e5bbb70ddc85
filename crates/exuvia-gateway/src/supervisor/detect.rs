//! Who keeps the gateway of an install.

use std::sync::Arc;
use std::time::Duration;

use exuvia_host::{Home, Host};
use exuvia_model::restart::{Restartability, Supervisor};
use exuvia_openclaw::Install;

use super::{engine, launchd, systemd};
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
    match presence {
        Presence::Runs(seen) if engine::is_main(seen) => of_container(host).await,
        _ => unmanaged(presence),
    }
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
        let found = of_unit(&unit, unit.ask(host).await, presence);
        return match (found, unit.heeds_not(host).await) {
            (Some(Restartability::By { .. }), Some(user)) => Some(not_heeded(&unit.name, user)),
            (found, _) => found,
        };
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

fn not_heeded(name: &str, user: u32) -> Restartability {
    Restartability::Unknown {
        why: format!(
            "the system's systemd keeps the unit {name}, and nothing says that it heeds user {user}"
        ),
        remedy: "run this as root, or make it a unit of your own (`openclaw gateway install`)"
            .to_owned(),
    }
}

/// What the engine can do of the container whose main process the gateway is.
async fn of_container(host: &Arc<dyn Host>) -> Restartability {
    let why = match engine::Engine::of_this_container(host.as_ref()) {
        Some(engine) => match engine.knows_it().await {
            Ok(()) => return by(engine.supervisor()),
            Err(error) => error.to_string(),
        },
        None => "its engine cannot be reached from in here".to_owned(),
    };
    Restartability::Unknown {
        why: format!(
            "it is the main process of a container, which ends with it, and nobody here can tell \
             whether that is started again: {why}"
        ),
        remedy: "make `exuvia gateway run` the container's command, or restart the container from \
                 outside"
            .to_owned(),
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
