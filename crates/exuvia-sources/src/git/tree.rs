//! What a commit has, by name and digest, without its content.

use std::path::Path;

use exuvia_model::digest::hex;
use ring::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY};

use super::Git;
use super::address;
use super::archive::tree_of;
use crate::SourceError;

const MAX_OUTPUT: usize = 32 << 20;

/// A file of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeEntry {
    /// Its path from the directory that was asked for. Bytes that are not UTF-8 are replaced.
    pub path: String,
    /// Its mode: `0o100644`, `0o100755` (executable), `0o120000` (symlink), `0o160000` (submodule).
    pub mode: u32,
    /// Its content's hash; see [`blob_id`].
    pub oid: String,
}

impl Git {
    /// The files of a commit in the user's own repository, which is read and not changed.
    pub fn tree(
        &self,
        git_dir: &Path,
        commit: &str,
        subdir: Option<&str>,
    ) -> Result<Vec<TreeEntry>, SourceError> {
        let tree = tree_of(address::commit(commit)?, subdir)?;
        let command = self
            .near()
            .arg("--git-dir")
            .arg(git_dir)
            .args(["ls-tree", "-r", "-z", "--full-tree", tree.as_str()])
            .max_output(MAX_OUTPUT);
        let output = self.run("ls-tree", &command)?;
        Ok(output.stdout.split(|b| *b == 0).filter_map(entry).collect())
    }
}

impl Git {
    /// Whether a commit is below another in the user's own repository, which is read and not
    /// changed. A commit that the repository does not have is below none.
    pub fn is_ancestor(
        &self,
        git_dir: &Path,
        ancestor: &str,
        descendant: &str,
    ) -> Result<bool, SourceError> {
        let (ancestor, descendant) = (address::commit(ancestor)?, address::commit(descendant)?);
        let command = self.near().arg("--git-dir").arg(git_dir).args([
            "merge-base",
            "--is-ancestor",
            ancestor,
            descendant,
        ]);
        Ok(self.attempt("merge-base", &command)?.status.success())
    }
}

impl Git {
    /// See [`blob_id`].
    pub fn blob_id(content: &[u8]) -> String {
        blob_id(content)
    }
}

/// `<mode> <type> <hash>\t<path>`.
fn entry(record: &[u8]) -> Option<TreeEntry> {
    let text = String::from_utf8_lossy(record);
    let (head, path) = text.split_once('\t')?;
    let mut head = head.split(' ');
    let (mode, _, oid) = (head.next()?, head.next()?, head.next()?);
    Some(TreeEntry {
        path: path.to_owned(),
        mode: u32::from_str_radix(mode, 8).ok()?,
        oid: oid.to_owned(),
    })
}

/// git's hash of a file with this content, in a repository that uses SHA-1 (as all do that nobody
/// made otherwise).
pub fn blob_id(content: &[u8]) -> String {
    let mut hash = Context::new(&SHA1_FOR_LEGACY_USE_ONLY);
    hash.update(format!("blob {}\0", content.len()).as_bytes());
    hash.update(content);
    hex(hash.finish().as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_gits_own() {
        // `printf 'what is up, doc?' | git hash-object --stdin`, from the Git book.
        assert_eq!(
            blob_id(b"what is up, doc?"),
            "bd9dbf5aae1a3862dd1526723246b20206e5fc37"
        );
        assert_eq!(blob_id(b""), "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
    }
}
