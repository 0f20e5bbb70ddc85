//! What this process was run as: OpenClaw, or a Node that is asked to run it, or anything else.

use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// The first argument when this was run by the launcher `<prefix>/bin/node` of a miniature: the
/// name of a link would be lost to whoever resolves it first.
pub(crate) const AS_NODE: &str = "--as-node";
/// The version that it says it is.
const VERSION: &str = "v24.16.0";

/// A command of OpenClaw.
pub(super) struct Words {
    /// The package's `openclaw.mjs`, where it is known.
    pub(super) script: Option<PathBuf>,
    pub(super) arguments: Vec<String>,
}

/// What is asked of OpenClaw; the end of what was asked of Node.
pub(super) fn words(all: impl Iterator<Item = String>) -> Result<Words, ExitCode> {
    let mut all = all.peekable();
    let own = all.next().unwrap_or_default();
    let marked = all.next_if(|word| word == AS_NODE).is_some();
    let is_node = marked || own == "node" || own.ends_with("/node");
    let mut arguments: Vec<String> = all.collect();
    let script = arguments.first().and_then(|first| script(first));
    if script.is_some() {
        arguments.remove(0);
    } else if is_node {
        return Err(as_node(&arguments));
    }
    Ok(Words { script, arguments })
}

/// `openclaw.mjs`, itself or by the link that npm makes to it.
fn script(word: &str) -> Option<PathBuf> {
    let path = Path::new(word);
    let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    real.file_name()
        .is_some_and(|name| name == "openclaw.mjs")
        .then_some(real)
}

fn as_node(arguments: &[String]) -> ExitCode {
    if let [only] = arguments
        && only == "--version"
    {
        println!("{VERSION}");
        return ExitCode::SUCCESS;
    }
    let Some(node) = next_node() else {
        eprintln!("no other Node is on the PATH");
        return ExitCode::FAILURE;
    };
    let error = Command::new(&node).args(arguments).exec();
    eprintln!("{}: {error}", node.display());
    ExitCode::FAILURE
}

/// The first `node` on the `PATH` that is not the launcher of a miniature or this program.
fn next_node() -> Option<PathBuf> {
    let own = std::env::current_exe().ok()?.canonicalize().ok()?;
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|dir| dir.join("node"))
        .filter(|node| node.canonicalize().is_ok_and(|real| real != own))
        .find(|node| !is_launcher(node))
}

/// A short script that names us; a real Node is not read.
fn is_launcher(node: &Path) -> bool {
    let is_short = std::fs::metadata(node).is_ok_and(|meta| meta.len() < 4096);
    is_short && std::fs::read_to_string(node).is_ok_and(|text| text.contains(AS_NODE))
}
