//! Trees to take snapshots of, the same each time.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::commands::bench::numbers::Numbers;

const WORDS: &[&str] = &[
    "const ",
    "return ",
    "function ",
    "export ",
    "import ",
    "this.",
    "undefined",
    "options",
    "(",
    ");\n",
    "{\n  ",
    "}\n",
    "=> ",
    "=== ",
    "value",
    "await ",
    "module",
    "config",
    "string",
    ", ",
    "throw new Error(",
    "length",
    "// see the notes\n",
    "null",
    "state",
    "index",
    "name",
    "type ",
];

/// Text as in a package: words over and over, and now and then a name of its own.
fn text(bytes: u64, numbers: &mut Numbers) -> Vec<u8> {
    let length = usize::try_from(bytes).unwrap_or(0);
    let mut text = Vec::with_capacity(length + 32);
    while text.len() < length {
        let number = numbers.next();
        if number.is_multiple_of(5) {
            text.extend_from_slice(format!("{:x}", number & 0xff_ffff).as_bytes());
        } else {
            let word = WORDS.get(usize::try_from(number % 28).unwrap_or(0));
            text.extend_from_slice(word.unwrap_or(&" ").as_bytes());
        }
    }
    text.truncate(length);
    text
}

/// What one file of a package is: most are small, a few are large, and some of those do not
/// compress. On the average it has about 13 KB, as in OpenClaw's own package tree.
fn content(number: u64, share: u64, numbers: &mut Numbers) -> Vec<u8> {
    match number % 1000 {
        0 => numbers.noise(1_500_000 / share),
        1..=4 => text((600_000 + numbers.below(400_000)) / share, numbers),
        5..=99 => text((20_000 + numbers.below(60_000)) / share, numbers),
        _ => text((200 + numbers.below(7_000)) / share, numbers),
    }
}

/// Above this, files are smaller, or four copies of a tree of a million would need 50 GB.
const MANY: u64 = 200_000;

/// Makes a tree of packages with so many files.
pub(super) fn tree(root: &Path, files: u64) -> Result<()> {
    let share = if files > MANY { 8 } else { 1 };
    for number in 0..files {
        let (package, part) = (number / 60, number / 12 % 5);
        let directory = root.join(format!(
            "node_modules/scope-{}/package-{package}/dist/part-{part}",
            package % 40
        ));
        if number.is_multiple_of(12) {
            fs::create_dir_all(&directory)?;
        }
        let name = directory.join(format!("module-{number}.js"));
        fs::write(name, content(number, share, &mut Numbers::new(number + 1)))?;
    }
    Ok(())
}

/// Makes a state directory as OpenClaw's, but for its databases: so many bytes of sessions.
pub(super) fn state(root: &Path, bytes: u64) -> Result<()> {
    let sessions = root.join("agents/main/sessions");
    fs::create_dir_all(&sessions)?;
    fs::create_dir_all(root.join("plugins/ledger"))?;
    fs::create_dir_all(root.join("plugins/notes"))?;
    fs::write(root.join("openclaw.json"), "{}\n")?;
    for number in 0..2000 {
        let mut numbers = Numbers::new(number + 77);
        let content = text(bytes / 2000, &mut numbers);
        fs::write(sessions.join(format!("{number:08}.jsonl")), content)?;
    }
    Ok(())
}

/// Changes one percent: of a hundred files one is appended to; ten go, ten come.
pub(super) fn change(root: &Path) -> Result<()> {
    let mut files = Vec::new();
    collect(root, &mut files)?;
    files.sort();
    let edits = files.len() / 106;
    let step = (files.len() / (edits + 10)).max(1);
    for (number, path) in files.iter().step_by(step).take(edits + 10).enumerate() {
        if number < edits {
            let mut file = OpenOptions::new().append(true).open(path)?;
            file.write_all(b"\n// edited\n")?;
        } else {
            fs::remove_file(path)?;
        }
    }
    for number in 0..10 {
        fs::write(root.join(format!("added-{number}")), format!("{number}\n"))?;
    }
    Ok(())
}

fn collect(directory: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            collect(&entry.path(), files)?;
        } else if kind.is_file() {
            files.push(entry.path());
        }
    }
    Ok(())
}

/// How many files there are, and their bytes.
pub(super) fn weigh(root: &Path) -> Result<(u64, u64)> {
    let mut files = Vec::new();
    collect(root, &mut files)?;
    let mut bytes = 0;
    for path in &files {
        bytes += fs::symlink_metadata(path)?.len();
    }
    Ok((files.len() as u64, bytes))
}
