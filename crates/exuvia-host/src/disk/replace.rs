//! A file that takes another one's place in one step, and is like it in everything but its content.

use std::ffi::{OsStr, OsString};

use super::{Dir, Stat};
use crate::{HostError, TEMPORARY_SUFFIX};

impl Dir {
    /// Replaces a regular file that still says `was`, durably, with its mode and its owner; whoever
    /// reads it sees the old content or the new, whole. `false` where it says something else by now.
    pub fn replace_file(
        &self,
        name: &OsStr,
        was: &[u8],
        content: &[u8],
    ) -> Result<bool, HostError> {
        let like = self.open_file_with_stat(name)?.1;
        let mut beside = OsString::from(".");
        beside.push(name);
        beside.push(format!(".{}{TEMPORARY_SUFFIX}", std::process::id()));
        let replaced = self.fill(&beside, &like, content).and_then(|()| {
            let is_same = self.says(name, was)?;
            if is_same {
                self.rename(&beside, self, name)?;
            }
            Ok(is_same)
        });
        if !matches!(replaced, Ok(true)) {
            // The first error is the one to tell; a leftover harms nobody.
            let _ = self.remove_file(&beside);
        }
        if replaced? {
            self.sync()?;
            return Ok(true);
        }
        Ok(false)
    }

    fn fill(&self, name: &OsStr, like: &Stat, content: &[u8]) -> Result<(), HostError> {
        // Left by a process of the same number that was killed.
        self.remove_file(name)?;
        let file = self.create_file(name, 0o600)?;
        file.write_at(content, 0)?;
        let made = file.stat()?;
        if (made.uid, made.gid) != (like.uid, like.gid) {
            file.set_owner(like.uid, like.gid)?;
        }
        // The umask cuts a mode at creation, and a new owner clears some of it.
        file.set_mode(like.mode & 0o7777)?;
        file.sync()
    }

    fn says(&self, name: &OsStr, content: &[u8]) -> Result<bool, HostError> {
        let (file, stat) = self.open_file_with_stat(name)?;
        if stat.size != content.len() as u64 {
            return Ok(false);
        }
        let mut found = vec![0; content.len()];
        Ok(file.read_at(&mut found, 0)? == content.len() && found == content)
    }
}
