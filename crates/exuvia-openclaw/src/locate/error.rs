//! Why no install was found.

use std::fmt;
use std::path::PathBuf;

use crate::label::shown_path;
use crate::{Install, NotAProfile};

/// No install, or not one.
#[derive(Debug, thiserror::Error)]
pub enum LocateError {
    /// There is none where OpenClaw would have put it.
    #[error(
        "no OpenClaw was found. Looked at:\n{}Set OPENCLAW_STATE_DIR to its state directory, or \
         name it with --install PATH or --profile NAME; if there is none yet, install OpenClaw \
         with `npm install -g openclaw`",
        Places(looked_at)
    )]
    NotFound {
        /// Where it was looked for, and why there.
        looked_at: Vec<(PathBuf, String)>,
    },
    /// What was named is something else.
    #[error(
        "{} is no OpenClaw install ({reason}): name a state directory such as ~/.openclaw, a \
         package directory or prefix, or an `openclaw` command",
        shown_path(path)
    )]
    NotAnInstall {
        /// What was named.
        path: PathBuf,
        /// What it is instead.
        reason: String,
    },
    /// There are several, and none of them is the default one.
    #[error(
        "there is no default OpenClaw here, but several with profiles:\n{}Choose one with \
         --profile NAME or --install PATH",
        Choices(installs)
    )]
    Ambiguous {
        /// All of them.
        installs: Vec<Install>,
    },
    /// What was given for a profile cannot be one.
    #[error(transparent)]
    Profile(#[from] NotAProfile),
}

struct Places<'a>(&'a [(PathBuf, String)]);

impl fmt::Display for Places<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (path, why) in self.0 {
            writeln!(f, "  {} ({why})", shown_path(path))?;
        }
        Ok(())
    }
}

struct Choices<'a>(&'a [Install]);

impl fmt::Display for Choices<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for install in self.0 {
            let profile = install.profile.as_deref().unwrap_or("default");
            writeln!(
                f,
                "  {} (profile {profile})",
                shown_path(&install.state_dir)
            )?;
        }
        Ok(())
    }
}
