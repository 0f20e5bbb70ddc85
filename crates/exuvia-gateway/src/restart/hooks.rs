//! Programs of the user's own that run right before a restart.

use std::path::{Path, PathBuf};
use std::time::Duration;

use exuvia_host::{Command, EntryKind, HostError, Links, Meta};
use exuvia_model::restart::{Generation, HooksId, Millis, RequestId, What};
use exuvia_model::text;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::driver::Heard;
use super::places::{read, write};
use super::{RestartError, Restarts};

/// Below `$EXUVIA_HOME/hooks`.
const NAME: &str = "before-restart.d";
/// Group and others may write.
const WRITABLE: u32 = 0o022;
const ROOT: u32 = 0;
const MAX_OUTPUT: usize = 1024 * 1024;

/// Which hooks were begun last. They are not begun again, whoever was killed meanwhile.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Begun {
    generation: Generation,
    request: RequestId,
}

impl Restarts {
    fn hooks_dir(&self) -> PathBuf {
        self.home.root().join("hooks").join(NAME)
    }

    /// Names the hooks, if there are any.
    pub(super) fn hooks(&self) -> Result<Option<HooksId>, RestartError> {
        let programs = self.programs()?;
        Ok((!programs.is_empty()).then(|| HooksId::new(NAME)))
    }

    /// The programs, in the order of their names.
    fn programs(&self) -> Result<Vec<PathBuf>, HostError> {
        let dir = self.hooks_dir();
        let entries = match self.host.read_dir(&dir) {
            Err(error) if error.is_not_found() => return Ok(Vec::new()),
            other => other?,
        };
        let mut programs = Vec::new();
        for (name, kind) in entries {
            let path = dir.join(&name);
            let is_hidden = name.as_encoded_bytes().starts_with(b".");
            if !is_hidden && matches!(kind, EntryKind::File | EntryKind::Symlink) {
                let meta = self.host.metadata(&path, Links::Follow)?;
                if meta.kind == EntryKind::File && meta.is_executable() {
                    programs.push(path);
                }
            }
        }
        Ok(programs)
    }

    /// Why a program is not ours to run: somebody else may have written it.
    fn distrust(&self, path: &Path) -> Result<(), String> {
        let look = |path: &Path| self.host.metadata(path, Links::Follow);
        let own = look(self.home.root()).map_err(|error| error.to_string())?;
        let is_safe = |meta: &Meta| {
            meta.mode & WRITABLE == 0 && (meta.owner == own.owner || meta.owner == ROOT)
        };
        for path in [self.hooks_dir().as_path(), path] {
            let meta = look(path).map_err(|error| error.to_string())?;
            if !is_safe(&meta) {
                let shown = path.display();
                return Err(format!(
                    "{shown} may be written by others; chmod go-w {shown}"
                ));
            }
        }
        Ok(())
    }
}

/// Runs them, unless they were begun already.
pub(super) async fn run(
    restarts: Restarts,
    generation: Generation,
    request: RequestId,
    within: Millis,
) -> Heard {
    let begun = Begun {
        generation,
        request: request.clone(),
    };
    let (host, file) = (restarts.host.as_ref(), restarts.places.hooks());
    let failed = if read::<Begun>(host, &file)?.as_ref() == Some(&begun) {
        Some("they were cut short with the process that ran them".to_owned())
    } else {
        write(host, &file, &begun)?;
        run_all(&restarts, &request, within.into()).await.err()
    };
    Ok(What::Prepared {
        generation,
        request,
        failed,
    })
}

async fn run_all(restarts: &Restarts, request: &RequestId, within: Duration) -> Result<(), String> {
    let end = Instant::now() + within;
    for program in restarts.programs().map_err(|error| error.to_string())? {
        restarts.distrust(&program)?;
        let command = Command::new(&program)
            .env("EXUVIA_RUN", request.as_str())
            .timeout(end.saturating_duration_since(Instant::now()))
            .max_output(MAX_OUTPUT);
        let host = restarts.host.clone();
        let ran = tokio::task::spawn_blocking(move || host.run(&command)).await;
        let output = ran
            .map_err(|error| error.to_string())?
            .map_err(|error| error.to_string())?;
        if !output.status.success() {
            let words = text::one_line(&output.last_words(), 200);
            return Err(format!("{}: {}: {words}", program.display(), output.status));
        }
    }
    Ok(())
}
