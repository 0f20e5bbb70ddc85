//! Where large files are cut.

use fastcdc::v2020::FastCDC;

/// Files below this are one content each.
pub(crate) const SMALL: u64 = 512 << 10;
const MIN: usize = 64 << 10;
const AVERAGE: usize = 256 << 10;
/// No chunk is longer than this.
pub(crate) const MAX: usize = 1 << 20;
/// Pages of databases lie at multiples of their size, so pieces of databases do too: a page that
/// changed changes one piece, and nothing ever shifts. A checkpoint writes single pages all over a
/// database, of mostly 4 KiB: what is longer than this is mostly added again for nothing, and what
/// is shorter is not hashed at full speed and costs as much in listings as it saves in contents.
pub(crate) const ALIGNED: usize = 16 << 10;

/// The lengths of the chunks of some bytes, cut where the content says, so that what is inserted
/// or removed moves only the cuts around it. If more bytes follow, the last chunk is not yet
/// certain and left out, unless it is as long as a chunk may be.
pub(crate) fn cuts(bytes: &[u8], is_end: bool) -> Vec<usize> {
    let chunker = FastCDC::new(bytes, MIN, AVERAGE, MAX);
    let mut lengths = Vec::new();
    let mut done = 0;
    while done < bytes.len() && (is_end || bytes.len() - done >= MAX) {
        let (_, end) = chunker.cut(done, bytes.len() - done);
        lengths.push(end - done);
        done = end;
    }
    lengths
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(len: usize) -> Vec<u8> {
        let mut out = vec![0; len];
        blake3::Hasher::new().finalize_xof().fill(&mut out);
        out
    }

    #[test]
    fn cutting_in_windows_is_cutting_at_once() {
        let bytes = noise(9 << 20);
        let whole = cuts(&bytes, true);
        assert_eq!(whole.iter().sum::<usize>(), bytes.len());
        assert!(whole.iter().all(|len| *len <= MAX));
        let mut windowed = Vec::new();
        let (mut start, mut end) = (0, 0);
        while start < bytes.len() {
            end = (end + (3 << 20)).min(bytes.len());
            let lengths = cuts(&bytes[start..end], end == bytes.len());
            start += lengths.iter().sum::<usize>();
            windowed.extend(lengths);
        }
        assert_eq!(windowed, whole);
    }

    #[test]
    fn an_insertion_moves_only_the_cuts_around_it() {
        let mut bytes = noise(8 << 20);
        let before = ends(&bytes);
        bytes.splice(100..100, *b"inserted");
        let after: Vec<usize> = ends(&bytes).into_iter().map(|end| end - 8).collect();
        let kept = before.iter().filter(|end| after.contains(end)).count();
        assert!(kept + 4 >= before.len(), "{kept} of {}", before.len());
    }

    fn ends(bytes: &[u8]) -> Vec<usize> {
        let cuts = cuts(bytes, true).into_iter();
        cuts.scan(0, |end, len| {
            *end += len;
            Some(*end)
        })
        .collect()
    }
}
