//! What a file is for: to be run, to be read by an agent, or neither.

use super::File;

/// What a file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Role {
    /// To be run.
    Code(Language),
    /// To be read by programs.
    Data,
    /// To be read by people.
    Document,
    /// To be read by an agent, which may do what it says.
    AgentText,
}

/// The language of a program, as far as rules differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Language {
    JavaScript,
    Python,
    Shell,
    PowerShell,
    /// Any other, and whatever has an unknown name.
    Other,
}

/// The directories of a version that hold a skill: what lies below them is read and run by agents.
pub(super) struct SkillRoots<'a>(Vec<&'a str>);

impl<'a> SkillRoots<'a> {
    /// Every directory with a `SKILL.md`.
    pub(super) fn of(files: &[File<'a>]) -> Self {
        Self(
            files
                .iter()
                .filter_map(|file| {
                    let (parent, name) = split(file.path);
                    name.eq_ignore_ascii_case("SKILL.md").then_some(parent)
                })
                .collect(),
        )
    }

    /// Whether a file belongs to a skill.
    pub(super) fn hold(&self, path: &str) -> bool {
        self.0.iter().any(|root| {
            path.strip_prefix(root)
                .is_some_and(|rest| root.is_empty() || rest.starts_with('/'))
        })
    }

    /// What a file is for, by its name, its first line and its place.
    pub(super) fn role_of(&self, file: &File<'_>) -> Role {
        let (_, name) = split(file.path);
        let lower = name.to_ascii_lowercase();
        if let Some(language) = interpreter(file.content.unwrap_or_default()) {
            return Role::Code(language);
        }
        let ending = lower.rsplit_once('.').map_or("", |(_, ending)| ending);
        match ending {
            "js" | "mjs" | "cjs" | "jsx" | "ts" | "mts" | "cts" | "tsx" | "vue" | "svelte" => {
                Role::Code(Language::JavaScript)
            }
            "py" | "pyw" | "ipynb" => Role::Code(Language::Python),
            "sh" | "bash" | "zsh" | "fish" | "ksh" | "command" => Role::Code(Language::Shell),
            "ps1" | "psm1" | "psd1" => Role::Code(Language::PowerShell),
            "json" | "jsonc" | "json5" | "yaml" | "yml" | "toml" | "ini" | "cfg" | "conf"
            | "lock" | "csv" | "tsv" | "xml" | "css" | "scss" | "map" | "svg" | "plist"
            | "properties" | "jsonl" | "ndjson" | "po" => Role::Data,
            "md" | "mdx" | "markdown" | "txt" | "rst" | "adoc" => self.document(file.path, &lower),
            _ if DOCUMENTS.contains(&lower.as_str()) => self.document(file.path, &lower),
            _ => Role::Code(Language::Other),
        }
    }

    fn document(&self, path: &str, name: &str) -> Role {
        if AGENT_FILES.contains(&name) || name.ends_with(".prompt.md") || self.hold(path) {
            Role::AgentText
        } else {
            Role::Document
        }
    }
}

/// Directory and name.
pub(super) fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

/// The command in a `#!` line, without its directory.
pub(super) fn shebang(bytes: &[u8]) -> Option<String> {
    let line = bytes.strip_prefix(b"#!")?.split(|b| *b == b'\n').next()?;
    let line = String::from_utf8_lossy(line.get(..200).unwrap_or(line)).into_owned();
    let mut words = line
        .split_whitespace()
        .map(|word| split(word).1)
        .filter(|word| !word.starts_with('-'));
    let first = words.next()?;
    let command = if first == "env" { words.next()? } else { first };
    Some(command.to_owned())
}

fn interpreter(bytes: &[u8]) -> Option<Language> {
    let command = shebang(bytes)?;
    let name = command.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    Some(match name {
        "node" | "nodejs" | "deno" | "bun" | "tsx" | "ts-node" => Language::JavaScript,
        "python" => Language::Python,
        "sh" | "bash" | "zsh" | "dash" | "ksh" | "fish" | "ash" => Language::Shell,
        "pwsh" | "powershell" => Language::PowerShell,
        _ => Language::Other,
    })
}

/// Documents without an ending.
const DOCUMENTS: [&str; 9] = [
    "license",
    "licence",
    "notice",
    "readme",
    "changelog",
    "authors",
    "copying",
    "history",
    "contributors",
];

/// What OpenClaw and other agents read as instructions, wherever it lies
/// (<https://docs.openclaw.ai/concepts/agent-workspace>).
const AGENT_FILES: [&str; 11] = [
    "skill.md",
    "agents.md",
    "claude.md",
    "gemini.md",
    "soul.md",
    "tools.md",
    "user.md",
    "identity.md",
    "heartbeat.md",
    "bootstrap.md",
    "memory.md",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn file<'a>(path: &'a str, content: &'a str) -> File<'a> {
        File {
            path,
            executable: false,
            size: content.len() as u64,
            content: Some(content.as_bytes()),
        }
    }

    #[test]
    fn a_role_follows_from_name_first_line_and_place() {
        let files = [file("skills/demo/SKILL.md", "")];
        let skills = SkillRoots::of(&files);
        for (path, content, role) in [
            ("dist/index.js", "", Role::Code(Language::JavaScript)),
            (
                "run",
                "#!/usr/bin/env -S python3 -u\n",
                Role::Code(Language::Python),
            ),
            ("README.md", "#!/bin/bash\n", Role::Code(Language::Shell)),
            ("README.md", "", Role::Document),
            ("LICENSE", "", Role::Document),
            ("skills/demo/notes.md", "", Role::AgentText),
            ("skills/demo/run.sh", "", Role::Code(Language::Shell)),
            ("skills/demonstration/notes.md", "", Role::Document),
            ("docs/AGENTS.md", "", Role::AgentText),
            ("package.json", "", Role::Data),
            ("Makefile", "", Role::Code(Language::Other)),
            ("picture.png", "", Role::Code(Language::Other)),
        ] {
            assert_eq!(skills.role_of(&file(path, content)), role, "{path}");
        }
    }
}
