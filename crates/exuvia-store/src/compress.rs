//! Compression, with one context a thread: making one costs more than compressing a block.

use std::cell::RefCell;
use std::io;

use zstd::bulk::{Compressor, Decompressor};
use zstd::zstd_safe::WriteBuf;

/// Level 1 halves what text takes at the speed of the disk.
const LEVEL: i32 = 1;

thread_local! {
    static COMPRESSOR: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
    static DECOMPRESSOR: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

/// Compresses.
pub(crate) fn compress(raw: &[u8]) -> io::Result<Vec<u8>> {
    COMPRESSOR.with_borrow_mut(|kept| {
        let compressor = match kept {
            Some(compressor) => compressor,
            None => kept.insert(Compressor::new(LEVEL)?),
        };
        compressor.compress(raw)
    })
}

/// Unpacks exactly `len` bytes into `raw`; whatever the frame says of its size, it gets no more
/// room. Tells whether that is what came out.
pub(crate) fn unpack(packed: &[u8], len: usize, raw: &mut Vec<u8>) -> io::Result<bool> {
    raw.clear();
    raw.reserve_exact(len);
    Ok(unpack_to(packed, raw)? == Some(len) && raw.len() == len)
}

/// The same, where there is room for exactly what must come out.
pub(crate) fn unpack_into(packed: &[u8], raw: &mut [u8]) -> io::Result<bool> {
    Ok(unpack_to(packed, raw)? == Some(raw.len()))
}

/// Tells how many bytes came out, if it could be unpacked.
fn unpack_to(packed: &[u8], raw: &mut (impl WriteBuf + ?Sized)) -> io::Result<Option<usize>> {
    DECOMPRESSOR.with_borrow_mut(|kept| {
        let decompressor = match kept {
            Some(decompressor) => decompressor,
            None => kept.insert(Decompressor::new()?),
        };
        Ok(decompressor.decompress_to_buffer(packed, raw).ok())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_compressed_comes_back_and_nothing_larger_does() {
        let content = vec![7; 100_000];
        let packed = compress(&content).unwrap();
        let mut raw = Vec::new();
        assert!(unpack(&packed, content.len(), &mut raw).unwrap());
        assert_eq!(raw, content);
        assert!(!unpack(&packed, 1000, &mut Vec::new()).unwrap());
        assert!(!unpack(&packed, 200_000, &mut raw).unwrap());
        assert!(!unpack(b"no frame", 8, &mut raw).unwrap());
    }
}
