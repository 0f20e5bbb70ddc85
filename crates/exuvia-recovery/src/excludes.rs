//! What snapshots leave out: caches that OpenClaw makes anew, locks of a live gateway, and what
//! upgrades keep of what they replaced: a restore must not take the way back of another away.
//!
//! The list is a file, `$EXUVIA_HOME/snapshot-excludes`, in the manner of `.gitignore`. Where there
//! is none, [`BUILTIN`] is in force.

use std::path::PathBuf;

use exuvia_host::{Home, Host, HostError, Links, read_optional};
use exuvia_store::Excludes;

/// The list that is in force where there is no file.
///
/// Files that end so are held exclusively by a gateway, for minutes while it indexes memory
/// (`manager-index-generation-lease.ts`, `manager-reindex-lock.ts`), and hold nothing. Tried on
/// OpenClaw 2026.9.5: an install without any of this starts, and `status`, `plugins list`
/// and `sessions` say the same as before.
pub const BUILTIN: &[&str] = &[
    "/cache/control-ui-assets/",
    "/cache/shell-snapshots/",
    "/tmp/*",
    "gateway.state.lock",
    "*.lock.sqlite",
    "*.sqlite.reindex-lock.sqlite",
    "*.sqlite.generation-lock.sqlite",
    "*.sqlite.generation-writer.sqlite",
    "node-compile-cache/",
    "/skill-backups/",
    "/extensions-backup/",
];

const HEADER: &str = "\
# What snapshots of OpenClaw leave out, in the manner of .gitignore: paths are relative to the
# state directory, `#` begins a comment, and `!` takes in what a line before it left out.
# What is left out is not in a snapshot, and is not touched by a restore.

";
/// Largest file that is read.
const MAX_BYTES: u64 = 1024 * 1024;
const MAX_SHOWN: usize = 80;

/// A list, and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Patterns {
    /// The patterns, in their order.
    pub patterns: Vec<String>,
    /// Where they come from.
    pub from: From,
}

/// Where a list comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum From {
    /// It is [`BUILTIN`].
    Builtin,
    /// This file holds it.
    File(PathBuf),
}

/// The list cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ExcludesError {
    /// The machine refused.
    #[error(transparent)]
    Host(#[from] HostError),
    /// A line cannot be understood.
    #[error(
        "{}, line {line}: {text:?} is not a pattern ({why}); mend it, or remove the file to use the \
         built-in list", .path.display()
    )]
    Line {
        /// The file.
        path: PathBuf,
        /// The number of the line, from 1.
        line: usize,
        /// The line, cut.
        text: String,
        /// What is wrong with it.
        why: String,
    },
    /// It would be overwritten.
    #[error("{} is there already; change it, or remove it first", .0.display())]
    Exists(PathBuf),
}

/// The list that is in force.
pub fn effective(host: &dyn Host, home: &Home) -> Result<Patterns, ExcludesError> {
    let path = file(home);
    let Some(bytes) = read_optional(host, &path, MAX_BYTES, Links::Follow)? else {
        return Ok(Patterns {
            patterns: BUILTIN.iter().map(|one| (*one).to_owned()).collect(),
            from: From::Builtin,
        });
    };
    Ok(Patterns {
        patterns: parse(&path, &bytes)?,
        from: From::File(path),
    })
}

/// Writes the built-in list to the file, to be changed.
pub fn write_default(host: &dyn Host, home: &Home) -> Result<PathBuf, ExcludesError> {
    let path = file(home);
    match host.metadata(&path, Links::Refuse) {
        Ok(_) => return Err(ExcludesError::Exists(path)),
        Err(error) if error.is_not_found() => {}
        Err(error) => return Err(error.into()),
    }
    host.create_private_dir(home.root())?;
    let text = format!("{HEADER}{}\n", BUILTIN.join("\n"));
    host.write_atomic(&path, text.as_bytes(), 0o600)?;
    Ok(path)
}

fn file(home: &Home) -> PathBuf {
    home.root().join("snapshot-excludes")
}

fn parse(path: &std::path::Path, bytes: &[u8]) -> Result<Vec<String>, ExcludesError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut patterns = Vec::new();
    for (number, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        let failed = |why: String| ExcludesError::Line {
            path: path.to_owned(),
            line: number + 1,
            text: exuvia_model::text::one_line(&String::from_utf8_lossy(line), MAX_SHOWN),
            why,
        };
        let text = std::str::from_utf8(line).map_err(|_| failed("it is not UTF-8".to_owned()))?;
        let Some(pattern) = pattern(text) else {
            continue;
        };
        if pattern.chars().any(char::is_control) {
            return Err(failed("it has a control character".to_owned()));
        }
        Excludes::new([&pattern]).map_err(|error| failed(why(&error)))?;
        patterns.push(pattern);
    }
    Ok(patterns)
}

fn why(error: &exuvia_store::StoreError) -> String {
    match error {
        exuvia_store::StoreError::Pattern { why, .. } => why.clone(),
        other => other.to_string(),
    }
}

/// The pattern of a line; nothing for a comment or an empty one. Blanks at the end count only
/// after a `\`.
fn pattern(line: &str) -> Option<String> {
    let line = line.strip_suffix('\r').unwrap_or(line);
    let trimmed = line.trim_end_matches([' ', '\t']);
    let kept = if trimmed.ends_with('\\') && trimmed.len() < line.len() {
        line.get(..=trimmed.len()).unwrap_or(line)
    } else {
        trimmed
    };
    (!kept.is_empty() && !kept.starts_with('#')).then(|| kept.to_owned())
}

#[cfg(test)]
mod tests {
    use exuvia_host::testing::TestHost;

    use super::*;

    fn lab(content: Option<&[u8]>) -> (tempfile::TempDir, TestHost, Home) {
        let directory = tempfile::tempdir().unwrap();
        let host = TestHost::new().with_env("EXUVIA_HOME", directory.path().join("home"));
        let home = Home::locate(&host).unwrap();
        if let Some(content) = content {
            host.create_private_dir(home.root()).unwrap();
            host.write_atomic(&file(&home), content, 0o600).unwrap();
        }
        (directory, host, home)
    }

    #[test]
    fn without_a_file_the_builtin_list_is_in_force() {
        let (_directory, host, home) = lab(None);
        let patterns = effective(&host, &home).unwrap();
        assert_eq!(patterns.patterns, BUILTIN);
        assert_eq!(patterns.from, From::Builtin);
    }

    #[test]
    fn the_file_that_is_written_says_the_same_as_the_builtin_list_and_is_never_overwritten() {
        let (_directory, host, home) = lab(None);
        let path = write_default(&host, &home).unwrap();
        let patterns = effective(&host, &home).unwrap();
        assert_eq!(patterns.patterns, BUILTIN);
        assert_eq!(patterns.from, From::File(path));
        assert!(matches!(
            write_default(&host, &home),
            Err(ExcludesError::Exists(_))
        ));
    }

    #[test]
    fn comments_and_blanks_mean_what_they_mean_in_a_gitignore() {
        let text = b"\xef\xbb\xbf# a comment\n\n  \n/logs/  \r\n!/logs/keep\nodd\\ \n\\#x\n";
        let (_directory, host, home) = lab(Some(text));
        let patterns = effective(&host, &home).unwrap().patterns;
        assert_eq!(patterns, ["/logs/", "!/logs/keep", "odd\\ ", "\\#x"]);
    }

    #[test]
    fn a_line_that_cannot_be_understood_is_named_with_its_number() {
        for (text, line) in [
            (&b"/logs/\n[x\n"[..], "line 2"),
            (b"a\nb\n\xff\n", "line 3"),
            (b"a\x1b[31m\n", "line 1"),
        ] {
            let (_directory, host, home) = lab(Some(text));
            let error = effective(&host, &home).unwrap_err().to_string();
            assert!(error.contains(line), "{error}");
            assert!(!error.contains('\x1b'), "{error:?}");
        }
        let (_directory, host, home) = lab(Some(&vec![b'x'; 2 << 20]));
        assert!(effective(&host, &home).is_err());
    }
}
