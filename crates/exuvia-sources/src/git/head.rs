//! Where a remote's branch is.

use super::Git;
use super::address::{self, Address};
use super::run::failed;
use crate::SourceError;

/// A remote's branch and the commit it is at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteHead {
    /// The branch; `HEAD` where the remote does not say which one that is.
    pub branch: String,
    /// The commit's hash.
    pub commit: String,
}

impl Git {
    /// The newest commit of a branch, or of the remote's default branch.
    pub fn remote_head(&self, url: &str, branch: Option<&str>) -> Result<RemoteHead, SourceError> {
        let address = Address::parse(url)?;
        if self.offline {
            return Err(SourceError::Offline {
                url: address.shown(),
            });
        }
        let reference = match branch {
            Some(branch) => format!("refs/heads/{}", address::branch(branch)?),
            None => "HEAD".to_owned(),
        };
        let command = self
            .far(&address)
            .directory("/")
            .args(["ls-remote", "--symref", "--", address.as_str(), &reference])
            .max_output(1 << 20);
        let output = self.run("ls-remote", &command)?;
        let text = String::from_utf8_lossy(&output.stdout);
        parse(&text, &reference).ok_or_else(|| {
            failed(
                "ls-remote",
                &format!("{} has no {reference}", address.shown()),
            )
        })
    }
}

/// `ref: refs/heads/main\tHEAD` where the remote says so, and `<hash>\t<reference>`.
fn parse(text: &str, reference: &str) -> Option<RemoteHead> {
    let lines = || text.lines().filter_map(|line| line.split_once('\t'));
    let (commit, _) =
        lines().find(|(hash, name)| *name == reference && address::commit(hash).is_ok())?;
    let pointed = lines().find_map(|(target, name)| {
        let target = target.strip_prefix("ref: ").filter(|_| name == reference)?;
        target.strip_prefix("refs/heads/")
    });
    let branch = pointed.or_else(|| reference.strip_prefix("refs/heads/"));
    Some(RemoteHead {
        branch: branch.unwrap_or(reference).to_owned(),
        commit: commit.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn branch_and_commit_are_read_and_look_alikes_are_not() {
        let hash = "a".repeat(40);
        let text = format!("ref: refs/heads/main\tHEAD\n{hash}\tHEAD\n");
        let head = parse(&text, "HEAD").unwrap();
        assert_eq!(
            (head.branch.as_str(), head.commit.as_str()),
            ("main", hash.as_str())
        );
        let other = format!("{hash}\trefs/heads/x/refs/heads/main\n");
        assert_eq!(parse(&other, "refs/heads/main"), None);
        assert_eq!(parse("not a hash\tHEAD\n", "HEAD"), None);
    }
}
