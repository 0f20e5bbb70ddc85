//! Speaking to a keeper: one line of JSON each way, over a socket in a directory that only its
//! owner may enter.

use std::path::PathBuf;
use std::time::Duration;

use exuvia_model::supervision::State;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{mpsc, oneshot};

use super::KeeperError;

/// The longest line that is read.
const MAX_LINE: u64 = 64 * 1024;
/// How long a question may take to arrive once somebody is connected.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a keeper can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Asked {
    /// How things stand.
    Status,
    /// Start a gateway, if none runs. Answered once it is started.
    Start,
    /// Stop the gateway, and keep it stopped. Answered once it has ended.
    Stop,
    /// Start another gateway in place of the one that runs. Answered once that is started.
    Restart,
    /// Become the program that now lies where the keeper's did, gateway kept.
    Replace,
}

/// How things stand with a keeper.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Told {
    /// The keeper's process.
    pub keeper: u32,
    /// What its machine says.
    pub state: State,
    /// The gateway's process, while one runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateway: Option<u32>,
    /// How many gateways were started, by this keeper and those before it.
    pub generation: u64,
}

/// A question, and where its answer goes.
pub(super) type Question = (Asked, oneshot::Sender<Told>);

/// Makes the socket.
pub(super) fn listen(path: PathBuf) -> Result<UnixListener, KeeperError> {
    UnixListener::bind(&path).map_err(|source| KeeperError::Socket { path, source })
}

/// Hands on what is asked.
pub(super) async fn serve(listener: UnixListener, questions: mpsc::UnboundedSender<Question>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Out of descriptors for a moment; the gateway is what matters.
            tokio::time::sleep(PATIENCE).await;
            continue;
        };
        tokio::spawn(answer(stream, questions.clone()));
    }
}

/// One question of one client. Whoever goes away or talks nonsense gets no answer.
async fn answer(stream: UnixStream, questions: mpsc::UnboundedSender<Question>) {
    let (reader, mut writer) = stream.into_split();
    let Ok(Ok(line)) = tokio::time::timeout(PATIENCE, line(reader)).await else {
        return;
    };
    let Ok(asked) = serde_json::from_str(&line) else {
        return;
    };
    let (sender, told) = oneshot::channel();
    if questions.send((asked, sender)).is_err() {
        return;
    }
    if let Ok(told) = told.await
        && let Ok(mut json) = serde_json::to_string(&told)
    {
        json.push('\n');
        // The client may have gone; what it asked for was done.
        let _ = writer.write_all(json.as_bytes()).await;
    }
}

async fn line(reader: impl AsyncRead + Unpin) -> std::io::Result<String> {
    let mut line = String::new();
    BufReader::new(reader.take(MAX_LINE))
        .read_line(&mut line)
        .await?;
    Ok(line)
}

/// Speaks to the keeper of an install.
#[derive(Debug, Clone)]
pub struct Client {
    path: PathBuf,
}

impl Client {
    /// For the keeper whose socket this is.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Asks, and waits for the answer no longer than this. `None` when no keeper is there.
    pub async fn ask(&self, asked: Asked, patience: Duration) -> Result<Option<Told>, KeeperError> {
        let asking = async {
            let mut stream = match UnixStream::connect(&self.path).await {
                Ok(stream) => stream,
                Err(error) if nobody_listens(&error) => return Ok(None),
                Err(source) => return Err(self.failed(source)),
            };
            let mut question = serde_json::to_string(&asked).map_err(|e| self.failed(e.into()))?;
            question.push('\n');
            let sent = stream.write_all(question.as_bytes()).await;
            sent.map_err(|source| self.failed(source))?;
            let line = line(stream).await.map_err(|source| self.failed(source))?;
            let told = serde_json::from_str(&line).map_err(|error| self.garbled(&line, &error))?;
            Ok(Some(told))
        };
        let late = || self.failed(std::io::ErrorKind::TimedOut.into());
        tokio::time::timeout(patience, asking)
            .await
            .unwrap_or_else(|_| Err(late()))
    }

    fn failed(&self, source: std::io::Error) -> KeeperError {
        let path = self.path.clone();
        KeeperError::Socket { path, source }
    }

    fn garbled(&self, line: &str, error: &serde_json::Error) -> KeeperError {
        let why = if line.is_empty() {
            "it ended before it answered".to_owned()
        } else {
            error.to_string()
        };
        KeeperError::Garbled {
            path: self.path.clone(),
            why,
        }
    }
}

fn nobody_listens(error: &std::io::Error) -> bool {
    use std::io::ErrorKind;
    matches!(
        error.kind(),
        ErrorKind::NotFound | ErrorKind::ConnectionRefused
    )
}
