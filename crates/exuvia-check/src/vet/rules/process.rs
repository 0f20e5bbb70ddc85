//! Programs that are started.

use std::sync::LazyLock;

use exuvia_model::vetting::FindingKind;

use crate::vet::role::Language::{JavaScript, PowerShell, Python, Shell};
use crate::vet::rule::Place::{self, Code, Commands, In};
use crate::vet::rule::{Hit, Rule, Rules};
use crate::vet::source::Source;

/// Every way of starting a program that a text uses.
pub(super) fn hits(source: &Source<'_>) -> Vec<Hit> {
    RULES.hits(source)
}

static RULES: LazyLock<Rules> = LazyLock::new(|| Rules::new(&LIST));

const fn starts(subject: &'static str, place: Place, find: &'static str) -> Rule {
    Rule {
        kind: FindingKind::ProcessSpawn,
        subject,
        place,
        find,
        unless: "",
    }
}

const LIST: [Rule; 17] = [
    starts(
        "child_process",
        Code,
        r#"["'`](?:node:)?child_process["'`]"#,
    ),
    starts(
        "execSync",
        In(JavaScript),
        r"\b(?:execSync|execFileSync|spawnSync|execFile)\s*\(",
    ),
    starts(
        "spawn",
        In(JavaScript),
        r"(?:^|[^.\w$])(?:spawn|execa|\$`)\s*\(?|\b(?:Bun|pty)\.spawn\b|\bcluster\.fork\b",
    ),
    starts("Deno.Command", In(JavaScript), r"\bDeno\.(?:Command|run)\b"),
    starts(
        "subprocess",
        In(Python),
        r"\bsubprocess\.(?:run|Popen|call|check_call|check_output|getoutput|getstatusoutput)\b|^\s*(?:import|from)\s+subprocess\b|\bcreate_subprocess_(?:exec|shell)\b",
    ),
    starts(
        "os.system",
        In(Python),
        r"\bos\.(?:system|popen|exec[lv]p?e?|spawn[lv]p?e?|posix_spawn|startfile)\s*\(|\bpty\.spawn\s*\(",
    ),
    starts(
        "Command",
        Code,
        r"\bexec\.Command(?:Context)?\(|\bprocess::Command\b|\bCommand::new\(",
    ),
    starts(
        "shell_exec",
        Code,
        r"\b(?:shell_exec|passthru|proc_open|popen)\s*\(",
    ),
    starts(
        "Open3",
        Code,
        r"\bOpen3\.\w+|\bIO\.popen\b|\bKernel\.(?:system|exec|spawn)\b",
    ),
    starts(
        "ProcessBuilder",
        Code,
        r"\bProcessBuilder\s*\(|\bgetRuntime\(\)\.exec\(",
    ),
    starts(
        "do shell script",
        Code,
        r"\bdo shell script\b|\bosascript\b",
    ),
    starts(
        "Start-Process",
        In(PowerShell),
        r"(?i)\bStart-Process\b|\bStart-Job\b|\bInvoke-Command\b",
    ),
    starts("command substitution", In(Shell), r"`[^`\n]{2,200}`"),
    starts("exec", In(Shell), r"(?m)^\s*exec\s+[^\s<>0-9]"),
    starts(
        "background process",
        In(Shell),
        r"\b(?:nohup|setsid|disown)\b",
    ),
    starts(
        "scheduled or resident program",
        Commands,
        r"\bcrontab\s+-|\blaunchctl\s+(?:load|bootstrap|submit)\b|\bsystemctl\s+(?:--user\s+)?(?:enable|start)\b|\bschtasks\s+/create|\bLaunchAgents/|/etc/cron",
    ),
    starts("sudo", Commands, r"(?m)(?:^|[\s;&|(`])sudo\s+[a-z/-]"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vet::role::{Language, Role};

    fn found(language: Language, text: &str) -> Vec<String> {
        let source = Source::new("file", Role::Code(language), text.to_owned());
        hits(&source).into_iter().map(|hit| hit.subject).collect()
    }

    #[test]
    fn ways_to_start_a_program_are_found() {
        for (language, text, subject) in [
            (
                JavaScript,
                "import { exec } from 'node:child_process'",
                "child_process",
            ),
            (JavaScript, "require(\"child_process\")", "child_process"),
            (JavaScript, "execSync('ls')", "execSync"),
            (JavaScript, "spawn('ls')", "spawn"),
            (JavaScript, "Bun.spawn(['ls'])", "spawn"),
            (JavaScript, "new Deno.Command('ls')", "Deno.Command"),
            (Python, "subprocess.run(['ls'])", "subprocess"),
            (Python, "os.system('ls')", "os.system"),
            (Language::Other, "exec.Command(\"ls\")", "Command"),
            (Language::Other, "Command::new(\"ls\")", "Command"),
            (Shell, "x=`ls -l`", "command substitution"),
            (Shell, "exec ./server", "exec"),
            (Shell, "nohup ./server &", "background process"),
            (Shell, "sudo rm x", "sudo"),
            (Shell, "crontab -l", "scheduled or resident program"),
            (PowerShell, "start-process calc", "Start-Process"),
        ] {
            assert!(
                found(language, text).contains(&subject.to_owned()),
                "{text}"
            );
        }
    }

    #[test]
    fn look_alikes_are_not_found() {
        for (language, text) in [
            (JavaScript, "/a/.exec(text)"),
            (JavaScript, "db.exec('select 1')"),
            (JavaScript, "world.spawn(monster)"),
            (JavaScript, "const t = `text ${x}`"),
            (JavaScript, "// the child process pattern"),
            (Python, "cursor.execute('select 1')"),
            (Python, "my_os.system_name"),
            (Shell, "exec 3>&1"),
            (Shell, "pseudo code"),
            (Shell, "echo executable"),
        ] {
            assert_eq!(found(language, text), Vec::<String>::new(), "{text}");
        }
    }
}
