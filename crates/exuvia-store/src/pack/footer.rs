//! The last bytes of a pack: where its index is.

use crate::id::BlobId;
use crate::wire::{Malformed, Put, Reader};

/// Where an index is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Footer {
    pub(super) offset: u64,
    pub(super) len: u64,
    pub(super) digest: BlobId,
}

/// Offset, length, digest, and the digest of these three.
pub(super) const FOOTER_BYTES: usize = 8 + 8 + BlobId::LEN + BlobId::LEN;

impl Footer {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(FOOTER_BYTES);
        bytes.put_u64(self.offset);
        bytes.put_u64(self.len);
        bytes.extend_from_slice(self.digest.as_bytes());
        let own = BlobId::of(&bytes);
        bytes.extend_from_slice(own.as_bytes());
        bytes
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let (content, own) = bytes
            .split_at_checked(FOOTER_BYTES - BlobId::LEN)
            .ok_or(Malformed("its footer is cut short"))?;
        if BlobId::of(content).as_bytes() != own {
            return Err(Malformed("its footer is not as it was written"));
        }
        let mut reader = Reader::new(content);
        Ok(Self {
            offset: reader.u64()?,
            len: reader.u64()?,
            digest: BlobId::from_bytes(reader.array()?),
        })
    }
}
