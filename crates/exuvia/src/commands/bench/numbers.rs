//! Numbers for data that is made up.

/// Numbers that look random and are the same each time (xorshift).
pub(super) struct Numbers(u64);

impl Numbers {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
    }

    pub(super) fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit.max(1)
    }

    /// Bytes that do not compress, as in a picture or an archive.
    pub(super) fn noise(&mut self, bytes: u64) -> Vec<u8> {
        // The highest two bytes of a number are zero.
        let words =
            (0..bytes.div_ceil(6)).flat_map(|_| self.next().to_le_bytes().into_iter().take(6));
        words.take(usize::try_from(bytes).unwrap_or(0)).collect()
    }
}
