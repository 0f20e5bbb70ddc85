//! Digests over streams.

use std::io::{self, Read};

use ring::digest::{Algorithm, Context, Digest};

/// The lower-case hexadecimal SHA-256 of some bytes.
pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    exuvia_model::digest::hex(ring::digest::digest(&ring::digest::SHA256, bytes).as_ref())
}

/// A digest's 32 bytes; all zero for an algorithm with another length, which nobody asks for.
pub(crate) fn bytes32(digest: &Digest) -> [u8; 32] {
    digest.as_ref().try_into().unwrap_or([0; 32])
}

/// Passes bytes through and takes two digests of them on the way: SHA-256, and the
/// one that was promised.
pub(crate) struct HashingReader<R> {
    inner: R,
    sha256: Context,
    promised: Option<Context>,
}

/// What passed through a [`HashingReader`].
pub(crate) struct Passed {
    pub(crate) sha256: [u8; 32],
    pub(crate) promised: Option<Digest>,
}

impl<R: Read> HashingReader<R> {
    pub(crate) fn new(inner: R, promised: Option<&'static Algorithm>) -> Self {
        Self {
            inner,
            sha256: Context::new(&ring::digest::SHA256),
            promised: promised.map(Context::new),
        }
    }

    /// Reads what is left, so that the digests are over everything.
    pub(crate) fn finish(mut self) -> io::Result<Passed> {
        io::copy(&mut self, &mut io::sink())?;
        Ok(Passed {
            sha256: bytes32(&self.sha256.finish()),
            promised: self.promised.map(Context::finish),
        })
    }
}

impl<R: Read> Read for HashingReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        let bytes = buffer.get(..read).unwrap_or_default();
        self.sha256.update(bytes);
        if let Some(promised) = &mut self.promised {
            promised.update(bytes);
        }
        Ok(read)
    }
}
