//! The engine of the container that the gateway is the main process of, through its HTTP API.
//!
//! By the documentation of Docker's Engine API 1.41; Podman serves the same. A restart goes on in
//! the engine when whoever asked for it ends with the container (seen with Docker 20.10).

use std::path::{Path, PathBuf};
use std::time::Duration;

use exuvia_host::process::{Processes, Seen};
use exuvia_host::{Host, Links, read_limited};
use exuvia_model::restart::{Manner, Supervisor};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::{Method, Request, StatusCode, header};
use hyper_util::rt::TokioIo;
use tokio::net::UnixStream;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::{Overseer, SupervisorError};

/// Programs that are a container's first process only to start another.
const INITS: [&str; 4] = ["tini", "docker-init", "dumb-init", "catatonit"];
/// Where engines listen, if `DOCKER_HOST` does not say.
const SOCKETS: [(&str, &str); 2] = [
    ("docker", "/var/run/docker.sock"),
    ("podman", "/run/podman/podman.sock"),
];
const MOUNTS: &str = "/proc/self/mountinfo";
const MAX_BYTES: u64 = 1024 * 1024;
const PATIENCE: Duration = Duration::from_secs(10);
/// Letters of a container's id.
const ID: usize = 64;
/// Letters of it that an engine takes for it, and shows.
const SHORT: usize = 12;

/// Whether a container ends when this process does.
pub(super) fn is_main(gateway: &Seen) -> bool {
    let is_init = |first: &Seen| {
        let program = first.words.first().map(Path::new).and_then(Path::file_name);
        INITS.iter().any(|name| program == Some(name.as_ref()))
    };
    let first = || Processes::new().find(1);
    gateway.id.pid == 1 || gateway.parent == 1 && first().as_ref().is_some_and(is_init)
}

/// The engine that is reached from here, and this container's name there.
#[derive(Debug)]
pub(super) struct Engine {
    name: &'static str,
    socket: PathBuf,
    container: String,
}

impl Engine {
    /// Nothing where no socket of one is here, or nothing says which container this is.
    pub(super) fn of_this_container(host: &dyn Host) -> Option<Self> {
        let (name, socket) = socket(host)?;
        let mounts = read_limited(host, Path::new(MOUNTS), MAX_BYTES, Links::Follow);
        let mounts = mounts.unwrap_or_default();
        let container = mounted(&String::from_utf8_lossy(&mounts)).or_else(|| called(host))?;
        Some(Self {
            name,
            socket,
            container,
        })
    }

    pub(super) fn supervisor(&self) -> Supervisor {
        Supervisor::Container {
            engine: self.name.to_owned(),
            container: self.container.clone(),
        }
    }

    /// Whether it knows this container, and may be asked.
    pub(super) async fn knows_it(&self) -> Result<(), SupervisorError> {
        self.ask(Method::GET, "json", PATIENCE).await
    }

    async fn ask(
        &self,
        method: Method,
        what: &str,
        within: Duration,
    ) -> Result<(), SupervisorError> {
        let path = format!("/containers/{}/{what}", self.container);
        let command = format!("{method} {path} at {}", self.socket.display());
        let refused = |status: &str, words: String| SupervisorError::Refused {
            command: command.clone(),
            status: status.to_owned(),
            words,
        };
        match timeout(within, self.call(method, &path)).await {
            // 304: it is already as was asked.
            Ok(Ok((status, _))) if status.is_success() || status == StatusCode::NOT_MODIFIED => {
                Ok(())
            }
            Ok(Ok((status, words))) => Err(refused(status.as_str(), words)),
            Ok(Err(error)) => Err(refused("no answer", error.to_string())),
            Err(_) => Err(refused("no answer in time", String::new())),
        }
    }

    async fn call(&self, method: Method, path: &str) -> Result<(StatusCode, String), BoxError> {
        let stream = UnixStream::connect(&self.socket).await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        // Ends with this function, whatever happens.
        let mut driver = JoinSet::new();
        driver.spawn(connection);
        let request = Request::builder().method(method).uri(path);
        let request = request.header(header::HOST, "localhost");
        let response = sender
            .send_request(request.body(Empty::<Bytes>::new())?)
            .await?;
        let status = response.status();
        let limit = usize::try_from(MAX_BYTES).unwrap_or(usize::MAX);
        let body = Limited::new(response.into_body(), limit).collect().await?;
        Ok((
            status,
            String::from_utf8_lossy(&body.to_bytes()).into_owned(),
        ))
    }
}

type BoxError = Box<dyn std::error::Error + Send + Sync>;

fn socket(host: &dyn Host) -> Option<(&'static str, PathBuf)> {
    if let Some(named) = host.env("DOCKER_HOST") {
        let path = named.to_str()?.strip_prefix("unix://")?;
        return Some(("docker", PathBuf::from(path)));
    }
    let is_there = |path: &Path| host.metadata(path, Links::Follow).is_ok();
    let mut sockets = SOCKETS
        .into_iter()
        .map(|(name, path)| (name, PathBuf::from(path)));
    sockets.find(|(_, path)| is_there(path))
}

/// Engines mount files of the container over `/etc/hostname` and others, from a directory that is
/// named after its id.
fn mounted(mounts: &str) -> Option<String> {
    let mut rest = mounts.split("containers/").skip(1);
    rest.find_map(|rest| {
        let (id, _) = rest.split_once('/')?;
        short(id, ID)
    })
}

/// A container is called by the first letters of its id, unless it was given a name of its own.
fn called(host: &dyn Host) -> Option<String> {
    short(host.env("HOSTNAME")?.to_str()?, SHORT)
}

fn short(id: &str, letters: usize) -> Option<String> {
    let is_id = id.len() == letters && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_id.then(|| id.chars().take(SHORT).collect())
}

impl Overseer {
    pub(super) async fn engine_starts(&self, within: Duration) -> Result<(), SupervisorError> {
        self.order_engine("start", within).await
    }

    pub(super) async fn engine_stops(&self, within: Duration) -> Result<(), SupervisorError> {
        self.order_engine("stop", within).await
    }

    pub(super) async fn engine_restarts(
        &self,
        manner: Manner,
        within: Duration,
    ) -> Result<(), SupervisorError> {
        let what = match manner {
            Manner::Killed => "restart?t=0",
            // As long as the container is given to stop.
            Manner::Asked => "restart",
        };
        self.order_engine(what, within).await
    }

    async fn order_engine(&self, what: &str, within: Duration) -> Result<(), SupervisorError> {
        let engine = Engine::of_this_container(self.host.as_ref());
        let engine = engine.ok_or_else(|| self.out_of_reach())?;
        engine.ask(Method::POST, what, within).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_of_a_container_is_read_from_what_is_mounted() {
        let id = "0123456789abcdef".repeat(4);
        for mounts in [
            format!("1 2 8:1 /var/lib/docker/containers/{id}/hostname /etc/hostname rw"),
            format!("1 2 8:1 /x/overlay-containers/{id}/userdata/hosts /etc/hosts rw"),
            format!("/srv/containers/a/b /c\n/docker/containers/{id}/hosts /etc/hosts"),
        ] {
            assert_eq!(mounted(&mounts).unwrap(), "0123456789ab", "{mounts}");
        }
        for mounts in ["", "/containers/", "/containers/short/x", "containers/../x"] {
            assert_eq!(mounted(mounts), None, "{mounts}");
        }
    }
}
