//! Programs that were not there, or are not as they were.

use exuvia_model::Finding;
use exuvia_model::vetting::FindingKind;

use super::File;
use super::before::Before;
use super::format::Format;
use super::role::{Language, Role, SkillRoots, shebang};
use super::source::Source;

/// What a file that is a program says of itself, if it is new or changed.
pub(super) fn look(
    file: &File<'_>,
    role: Role,
    before: &Before<'_>,
    skills: &SkillRoots<'_>,
) -> Option<Finding> {
    let name = program(file, role, skills)?;
    let old = before.file(file.path);
    let was_program = old.is_some_and(|old| program(old, skills.role_of(old), skills).is_some());
    let kind = if was_program {
        FindingKind::ChangedExecutable
    } else {
        FindingKind::NewExecutable
    };
    let (line, excerpt) = first_new_line(file, role, before, skills).unwrap_or_else(|| {
        let was = old.map_or_else(
            || "not there".to_owned(),
            |old| format!("{} bytes", old.size),
        );
        (None, format!("{} bytes; was {was}", file.size))
    });
    Some(Finding::new(kind, &name, file.path, line, &excerpt))
}

/// What kind of program a file is, if it is one.
///
/// JavaScript is one by its name only in a skill: a plugin consists of it, and its modules are
/// loaded, not run.
fn program(file: &File<'_>, role: Role, skills: &SkillRoots<'_>) -> Option<String> {
    let content = file.content.unwrap_or_default();
    if let Format::Program(name) = Format::of(content) {
        return Some(name.to_owned());
    }
    if let Some(command) = shebang(content) {
        return Some(format!("script for {command}"));
    }
    if let Some(name) = by_ending(file.path) {
        return Some(name.to_owned());
    }
    match role {
        Role::Code(Language::JavaScript) if skills.hold(file.path) => {
            Some("JavaScript program".to_owned())
        }
        // A picture with the bit set comes from a file system that sets it for everything.
        Role::Code(_) if file.executable && Format::of(content) != Format::Media => {
            Some("file with permission to execute".to_owned())
        }
        _ => None,
    }
}

fn by_ending(path: &str) -> Option<&'static str> {
    let (_, ending) = path.rsplit_once('.')?;
    Some(match ending.to_ascii_lowercase().as_str() {
        "sh" | "bash" | "zsh" | "fish" | "ksh" | "command" => "shell script",
        "py" | "pyw" => "Python program",
        "rb" => "Ruby program",
        "pl" => "Perl program",
        "php" => "PHP program",
        "lua" => "Lua program",
        "ps1" | "psm1" => "PowerShell script",
        "bat" | "cmd" => "Windows batch file",
        "vbs" | "wsf" | "hta" => "Windows script",
        "scpt" | "applescript" => "AppleScript",
        "exe" | "com" | "msi" | "scr" => "Windows program",
        "dll" | "so" | "dylib" | "node" => "native library",
        "jar" => "Java program",
        _ => return None,
    })
}

fn first_new_line(
    file: &File<'_>,
    role: Role,
    before: &Before<'_>,
    skills: &SkillRoots<'_>,
) -> Option<(Option<u32>, String)> {
    let source = Source::read(file, role, skills)?;
    let old = before.lines(file.path);
    let (number, line) = source
        .lines()
        .enumerate()
        .find(|(_, line)| !line.trim().is_empty() && !old.contains(line.trim()))?;
    let line: String = line.chars().take(400).collect();
    Some((u32::try_from(number + 1).ok(), line))
}
