//! Reading and writing the store's own binary files: little-endian numbers, short numbers (seven
//! bits a byte, the lowest first; the high bit says that more follow) and counted bytes.

/// What was read is not what was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed(pub(crate) &'static str);

/// Takes a file apart, front to back; every step is checked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    pub(crate) fn bytes(&mut self, len: usize) -> Result<&'a [u8], Malformed> {
        let (bytes, rest) = self
            .rest
            .split_at_checked(len)
            .ok_or(Malformed("it ends early"))?;
        self.rest = rest;
        Ok(bytes)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (bytes, rest) = self
            .rest
            .split_first_chunk::<N>()
            .ok_or(Malformed("it ends early"))?;
        self.rest = rest;
        Ok(*bytes)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, Malformed> {
        self.array::<1>().map(u8::from_le_bytes)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, Malformed> {
        self.array().map(u32::from_le_bytes)
    }

    pub(crate) fn u64(&mut self) -> Result<u64, Malformed> {
        self.array().map(u64::from_le_bytes)
    }

    /// A short number; most have one byte.
    #[inline]
    pub(crate) fn short(&mut self) -> Result<u64, Malformed> {
        match self.u8()? {
            byte @ 0..0x80 => Ok(byte.into()),
            byte => self.longer(u64::from(byte & 0x7f)),
        }
    }

    fn longer(&mut self, mut value: u64) -> Result<u64, Malformed> {
        for shift in (7..u64::BITS).step_by(7) {
            let byte = u64::from(self.u8()?);
            let bits = byte & 0x7f;
            if bits << shift >> shift != bits {
                break;
            }
            value |= bits << shift;
            if byte == bits {
                return Ok(value);
            }
        }
        Err(Malformed("it has a number that is too long"))
    }

    /// A short number of 32 bits.
    pub(crate) fn short_u32(&mut self) -> Result<u32, Malformed> {
        let value = self.short()?;
        u32::try_from(value).map_err(|_| Malformed("it has a number that is too large"))
    }

    /// A short number that may be negative.
    pub(crate) fn signed(&mut self) -> Result<i64, Malformed> {
        let value = self.short()?;
        Ok((value >> 1).cast_signed() ^ -(value & 1).cast_signed())
    }

    /// A count of what follows, each of which takes at least `least` bytes: a count that the rest
    /// cannot hold is refused before anything is allocated for it.
    pub(crate) fn count(&mut self, least: usize) -> Result<usize, Malformed> {
        let count = self.u32()? as usize;
        if count.saturating_mul(least.max(1)) > self.rest.len() {
            return Err(Malformed("it counts more than it holds"));
        }
        Ok(count)
    }

    pub(crate) fn counted(&mut self) -> Result<&'a [u8], Malformed> {
        let len = self.short()?;
        self.bytes(usize::try_from(len).unwrap_or(usize::MAX))
    }
}

/// Puts a file together.
pub(crate) trait Put {
    fn put_u8(&mut self, value: u8);
    fn put_u32(&mut self, value: u32);
    fn put_u64(&mut self, value: u64);
    fn put_short(&mut self, value: u64);
    fn put_signed(&mut self, value: i64);
    fn put_counted(&mut self, bytes: &[u8]);
}

impl Put for Vec<u8> {
    fn put_u8(&mut self, value: u8) {
        self.push(value);
    }

    fn put_u32(&mut self, value: u32) {
        self.extend_from_slice(&value.to_le_bytes());
    }

    fn put_u64(&mut self, value: u64) {
        self.extend_from_slice(&value.to_le_bytes());
    }

    fn put_short(&mut self, mut value: u64) {
        while value >= 0x80 {
            let [low, ..] = value.to_le_bytes();
            self.push(low | 0x80);
            value >>= 7;
        }
        let [low, ..] = value.to_le_bytes();
        self.push(low);
    }

    fn put_signed(&mut self, value: i64) {
        self.put_short((value << 1 ^ value >> 63).cast_unsigned());
    }

    fn put_counted(&mut self, bytes: &[u8]) {
        self.put_short(bytes.len() as u64);
        self.extend_from_slice(bytes);
    }
}

/// A length that fits: names, targets, attributes, blocks and tables stay far below 4 GiB.
pub(crate) fn length(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_numbers_are_read_back_and_are_short() {
        let largest = u64::from(u32::MAX);
        for (value, len) in [(0, 1), (127, 1), (128, 2), (largest, 5), (u64::MAX, 10)] {
            let mut bytes = Vec::new();
            bytes.put_short(value);
            assert_eq!(Reader::new(&bytes).short(), Ok(value));
            assert_eq!(bytes.len(), len);
        }
        for value in [0, -1, 1, -64, 64, i64::MIN, i64::MAX] {
            let mut bytes = Vec::new();
            bytes.put_signed(value);
            assert_eq!(Reader::new(&bytes).signed(), Ok(value));
        }
    }

    #[test]
    fn numbers_that_do_not_fit_are_refused() {
        assert!(Reader::new(&[0xff; 10]).short().is_err());
        assert!(Reader::new(&[0xff; 3]).short().is_err());
        let mut large = Vec::new();
        large.put_short(1 << 32);
        assert!(Reader::new(&large).short_u32().is_err());
        let mut counted = Vec::new();
        counted.put_short(u64::MAX);
        assert!(Reader::new(&counted).counted().is_err());
    }
}
