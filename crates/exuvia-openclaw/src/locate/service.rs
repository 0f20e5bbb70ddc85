//! The definition of the service that runs the gateway.
//!
//! Names by `src/daemon/constants.ts` of OpenClaw 2026.9.5: `openclaw-gateway[-<profile>].service`
//! under systemd, `ai.openclaw.gateway` or `ai.openclaw.<profile>` under launchd.

use std::path::{Path, PathBuf};

use exuvia_host::{Host, Links, read_limited};

use crate::Profile;
use crate::environment::{Environment, trimmed};

/// Largest definition that is read.
const MAX_BYTES: u64 = 256 * 1024;

/// A service definition that was found.
#[derive(Debug)]
pub(super) struct Service {
    pub(super) path: PathBuf,
    /// The Node that it starts.
    pub(super) node: Option<PathBuf>,
    /// The files that it names, the command first.
    pub(super) program: Vec<PathBuf>,
}

/// The service of the install in force; the first definition that is there.
pub(super) fn find(host: &dyn Host, environment: &Environment) -> Option<Service> {
    let name = environment.profile.as_ref().and_then(Profile::name);
    let places = places(host, &environment.os_home, name);
    places.into_iter().find_map(|path| {
        let bytes = read_limited(host, &path, MAX_BYTES, Links::Follow).ok()?;
        let text = String::from_utf8_lossy(&bytes);
        let is_plist = path.extension().is_some_and(|ending| ending == "plist");
        let words = if is_plist {
            plist_arguments(&text)
        } else {
            exec_start(&text)
        };
        let program: Vec<PathBuf> = words
            .into_iter()
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
            .collect();
        let node = program.first().filter(|program| is_node(program)).cloned();
        Some(Service {
            path,
            node,
            program,
        })
    })
}

/// Where the definition of an install's service may be, the account's own first.
pub(crate) fn places(host: &dyn Host, home: &Path, profile: Option<&str>) -> Vec<PathBuf> {
    let suffix = profile.map(|name| format!("-{name}")).unwrap_or_default();
    let unit = format!("openclaw-gateway{suffix}.service");
    let label = format!("ai.openclaw.{}.plist", profile.unwrap_or("gateway"));
    let config =
        trimmed(host, "XDG_CONFIG_HOME").map_or_else(|| home.join(".config"), PathBuf::from);
    vec![
        config.join("systemd/user").join(&unit),
        home.join(".config/systemd/user").join(&unit),
        home.join("Library/LaunchAgents").join(&label),
        Path::new("/etc/systemd/system").join(&unit),
        Path::new("/Library/LaunchDaemons").join(&label),
    ]
}

fn is_node(program: &Path) -> bool {
    program
        .file_name()
        .and_then(|name| name.to_str())
        .is_some_and(|name| name == "node" || name.starts_with("node-") || name == "nodejs")
}

/// The words of `ExecStart=` in `[Service]` (systemd.service(5)): quoted or not, with `\` escapes
/// and `%%`.
fn exec_start(unit: &str) -> Vec<String> {
    let unit = unit.replace("\\\n", " ");
    let mut in_service = false;
    let mut command = None;
    for line in unit.lines().map(str::trim) {
        if line.starts_with('[') {
            in_service = line == "[Service]";
        } else if in_service && let Some(value) = line.strip_prefix("ExecStart=") {
            // An empty one clears those before; of several, the first one runs first.
            command = if value.is_empty() {
                None
            } else {
                command.or(Some(value.to_owned()))
            };
        }
    }
    let command = command.unwrap_or_default();
    words(command.trim_start_matches(['-', '@', ':', '+', '!']))
}

fn words(command: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut chars = command.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => word.get_or_insert_default().extend(chars.next()),
            c if quote == Some(c) => quote = None,
            '"' | '\'' if quote.is_none() => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            c if c.is_whitespace() && quote.is_none() => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
        .into_iter()
        .map(|word| word.replace("%%", "%"))
        .collect()
}

/// The strings of `ProgramArguments` in a property list (launchd.plist(5)).
fn plist_arguments(plist: &str) -> Vec<String> {
    let Some((_, after)) = plist.split_once("<key>ProgramArguments</key>") else {
        return Vec::new();
    };
    let array = after
        .split_once("</array>")
        .map_or(after, |(array, _)| array);
    array
        .split("<string>")
        .skip(1)
        .filter_map(|part| part.split_once("</string>"))
        .map(|(text, _)| unescaped(text))
        .collect()
}

fn unescaped(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&apos;", "'")
        .replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_of_a_unit_is_split_as_systemd_splits_it() {
        let unit = "[Unit]\nExecStart=/no\n[Service]\nEnvironment=A=b\n\
                    ExecStart=\"/opt/my node/bin/node\" /x/openclaw/dist/entry.js gateway --port 1\n";
        let expected = [
            "/opt/my node/bin/node",
            "/x/openclaw/dist/entry.js",
            "gateway",
            "--port",
            "1",
        ];
        assert_eq!(exec_start(unit), expected);
        assert_eq!(
            exec_start("[Service]\nExecStart=-/a\\ b 100%%\n"),
            ["/a b", "100%"]
        );
        assert!(exec_start("nothing").is_empty());
    }

    #[test]
    fn the_arguments_of_a_property_list_are_read() {
        let plist = "<dict><key>Label</key><string>x</string><key>ProgramArguments</key>\n<array>\n\
                     <string>/a/node</string><string>/b &amp; c/entry.js</string></array>\
                     <string>no</string></dict>";
        assert_eq!(plist_arguments(plist), ["/a/node", "/b & c/entry.js"]);
    }
}
