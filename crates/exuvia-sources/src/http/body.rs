//! A body on its way from the network to a parser that blocks.

use std::io::{self, Read};

use reqwest::Response;
use tokio::sync::mpsc;

use crate::SourceError;

/// Pieces in flight: enough to keep both sides busy, little enough to need no memory.
const IN_FLIGHT: usize = 4;

/// A body as a [`Read`]. To be read on a thread that may block.
pub(crate) struct Body {
    pieces: mpsc::Receiver<Vec<u8>>,
    piece: Vec<u8>,
    at: usize,
}

/// Why a body could not be read to its end.
pub(super) enum Broken {
    /// The connection, not the content: worth another try.
    Cut(reqwest::Error),
    /// The content.
    Useless(SourceError),
}

pub(super) fn channel() -> (mpsc::Sender<Vec<u8>>, Body) {
    let (sender, pieces) = mpsc::channel(IN_FLIGHT);
    let body = Body {
        pieces,
        piece: Vec::new(),
        at: 0,
    };
    (sender, body)
}

/// Sends a body's pieces, counting them as they are after decompression.
///
/// Ends early, and without an error, when nobody reads any more: the reader knows why.
pub(super) async fn feed(
    mut response: Response,
    max: u64,
    is_json: bool,
    shown: &str,
    sender: mpsc::Sender<Vec<u8>>,
) -> Result<(), Broken> {
    let mut count = 0_u64;
    while let Some(piece) = response.chunk().await.map_err(Broken::Cut)? {
        if is_json && count == 0 && starts_as_markup(&piece) {
            return Err(Broken::Useless(SourceError::NotJson {
                url: shown.to_owned(),
                reason: web_page(),
            }));
        }
        count += piece.len() as u64;
        if count > max {
            let url = shown.to_owned();
            return Err(Broken::Useless(SourceError::TooLarge { url, max }));
        }
        if sender.send(piece.into()).await.is_err() {
            break;
        }
    }
    Ok(())
}

/// What a captive portal or a web application answers for every path.
pub(super) fn web_page() -> String {
    "it is a web page (a sign-in page, or the wrong address)".to_owned()
}

fn starts_as_markup(piece: &[u8]) -> bool {
    piece.trim_ascii_start().first() == Some(&b'<')
}

impl Read for Body {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.at == self.piece.len() {
            match self.pieces.blocking_recv() {
                Some(piece) => (self.piece, self.at) = (piece, 0),
                None => return Ok(0),
            }
        }
        let read = self.piece.get(self.at..).unwrap_or_default().read(buffer)?;
        self.at += read;
        Ok(read)
    }
}
