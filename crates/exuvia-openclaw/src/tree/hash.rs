//! Digests over the files of a tree.

use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use exuvia_host::{Host, HostError, Links};
use exuvia_model::Digest;
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
use sha2::{Digest as _, Sha256};

use super::{Tree, TreeFile};

/// What one file's content is. Each file is read once for all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileDigest {
    /// SHA-256 of the content, as ClawHub and OpenClaw record it.
    pub sha256: [u8; 32],
    /// BLAKE3 of the content.
    pub blake3: [u8; 32],
    /// Whether it begins with `#!`.
    pub shebang: bool,
}

/// The digests of all files of a tree, in its order and in parallel, a buffer at a time: a file of
/// any size costs the same memory.
pub fn digest_all(host: &dyn Host, tree: &Tree) -> Vec<Result<FileDigest, HostError>> {
    tree.files
        .par_iter()
        .map(|file| digest_file(host, &tree.root.join(&file.path)))
        .collect()
}

fn digest_file(host: &dyn Host, path: &Path) -> Result<FileDigest, HostError> {
    let failed = |source| HostError::new("read", path, source);
    let mut reader = host.open(path, Links::Refuse)?;
    let mut sha256 = Sha256::new();
    let mut blake3 = blake3::Hasher::new();
    let mut buffer = vec![0; 64 * 1024];
    let mut head: Vec<u8> = Vec::with_capacity(2);
    loop {
        let count = reader.read(&mut buffer).map_err(failed)?;
        let chunk = buffer.get(..count).unwrap_or_default();
        if chunk.is_empty() {
            break;
        }
        let missing = 2_usize.saturating_sub(head.len());
        head.extend(chunk.iter().take(missing));
        sha256.update(chunk);
        blake3.update(chunk);
    }
    Ok(FileDigest {
        sha256: sha256.finalize().into(),
        blake3: *blake3.finalize().as_bytes(),
        shebang: head == b"#!",
    })
}

/// BLAKE3 over every file (path, executable bit, content) and link (path, target) of a tree, in
/// the order of the paths' bytes. Nothing where a file could not be read: half a digest is none.
pub fn content_digest(tree: &Tree, digests: &[Result<FileDigest, HostError>]) -> Option<Digest> {
    if !tree.complete || digests.len() != tree.files.len() {
        return None;
    }
    let mut hasher = blake3::Hasher::new();
    for (file, digest) in tree.files.iter().zip(digests) {
        add_file(&mut hasher, file, digest.as_ref().ok()?);
    }
    for (path, target) in &tree.links {
        hasher.update(b"l");
        add_path(&mut hasher, path);
        add_path(&mut hasher, target);
    }
    Some(Digest::blake3(hasher.finalize().as_bytes()))
}

fn add_file(hasher: &mut blake3::Hasher, file: &TreeFile, digest: &FileDigest) {
    hasher.update(if file.executable { b"x" } else { b"f" });
    add_path(hasher, &file.path);
    hasher.update(&digest.blake3);
}

/// A path with its length, so that no two lists of paths are the same bytes.
fn add_path(hasher: &mut blake3::Hasher, path: &Path) {
    let bytes = path.as_os_str().as_bytes();
    hasher.update(&(bytes.len() as u64).to_le_bytes());
    hasher.update(bytes);
}
