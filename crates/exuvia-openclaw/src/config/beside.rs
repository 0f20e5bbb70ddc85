//! A configuration for a gateway that runs beside the live one, on a copy of its state.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::value;

/// What is below `channels` and is none (`ChannelsSchema` of 2026.9.6).
const NO_CHANNELS: [&str; 2] = ["defaults", "modelByChannel"];

/// A gateway that runs beside the live one.
#[derive(Debug, Clone, Copy)]
pub struct Beside<'b> {
    /// Where it listens on the loopback.
    pub port: u16,
    /// The file that it writes its log to.
    pub log: &'b Path,
    /// Directories that have their copy elsewhere.
    pub moved: &'b [(PathBuf, PathBuf)],
}

impl Beside<'_> {
    /// The configuration for it, without comments: for a copy that is thrown away. It listens on
    /// the loopback alone, at its own port, speaks to no channel, and names the copies wherever the
    /// other names what they are of. Why not, where the text is none that can be changed.
    pub fn put_into(self, text: &str) -> Result<String, String> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut config = value::parse(text)?.value;
        self.rename(&mut config);
        let root = config.as_object_mut().ok_or("it is not an object")?;
        let gateway = object(root, "gateway")?;
        gateway.insert("port".to_owned(), json!(self.port));
        gateway.insert("bind".to_owned(), json!("loopback"));
        if let Some(Value::Object(tailscale)) = gateway.get_mut("tailscale") {
            tailscale.insert("mode".to_owned(), json!("off"));
        }
        object(root, "logging")?.insert("file".to_owned(), json!(self.log));
        if let Some(Value::Object(channels)) = root.get_mut("channels") {
            let channels = channels.iter_mut();
            for (_, channel) in channels.filter(|(name, _)| !NO_CHANNELS.contains(&name.as_str())) {
                if let Value::Object(channel) = channel {
                    channel.insert("enabled".to_owned(), json!(false));
                }
            }
        }
        serde_json::to_string_pretty(&config).map_err(|error| error.to_string())
    }

    /// Texts that are a path in a directory that was moved become that in its copy.
    fn rename(self, value: &mut Value) {
        match value {
            Value::String(text) => {
                let path = Path::new(text.as_str());
                let moved = self.moved.iter().find_map(|(from, to)| {
                    let rest = path.strip_prefix(from).ok()?;
                    Some(join(to, rest))
                });
                if let Some(moved) = moved {
                    *text = moved.to_string_lossy().into_owned();
                }
            }
            Value::Array(list) => list.iter_mut().for_each(|one| self.rename(one)),
            Value::Object(map) => map.values_mut().for_each(|one| self.rename(one)),
            _ => {}
        }
    }
}

/// Without the slash that an empty rest would leave at the end.
fn join(to: &Path, rest: &Path) -> PathBuf {
    if rest.as_os_str().is_empty() {
        return to.to_owned();
    }
    to.join(rest)
}

/// What is there, or an empty object in its place.
fn object<'o>(
    within: &'o mut Map<String, Value>,
    key: &str,
) -> Result<&'o mut Map<String, Value>, String> {
    let value = within.entry(key).or_insert_with(|| json!({}));
    value
        .as_object_mut()
        .ok_or_else(|| format!("{key} is not an object"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_listens_elsewhere_speaks_to_nobody_and_names_its_own_copies() {
        let text = "// mine\n{ gateway: { port: 1, bind: 'lan', tailscale: { mode: 'serve' } },
            channels: { telegram: { botToken: 't' }, defaults: { groupPolicy: 'x' } },
            agents: { defaults: { workspace: '/home/me/.openclaw/workspace' },
                list: [{ id: 'a', agentDir: '/home/me/.openclaw' }, '/home/me/.openclaw-other'] } }";
        let moved = [("/home/me/.openclaw".into(), "/copy/state".into())];
        let beside = Beside {
            port: 7,
            log: Path::new("/copy/log"),
            moved: &moved,
        };
        let config: Value = serde_json::from_str(&beside.put_into(text).unwrap()).unwrap();
        let gateway = json!({ "port": 7, "bind": "loopback", "tailscale": { "mode": "off" } });
        assert_eq!(config["gateway"], gateway);
        assert_eq!(config["logging"]["file"], "/copy/log");
        let telegram = json!({ "botToken": "t", "enabled": false });
        assert_eq!(config["channels"]["telegram"], telegram);
        assert_eq!(
            config["channels"]["defaults"],
            json!({ "groupPolicy": "x" })
        );
        let agents = &config["agents"];
        assert_eq!(agents["defaults"]["workspace"], "/copy/state/workspace");
        assert_eq!(agents["list"][0]["agentDir"], "/copy/state");
        assert_eq!(agents["list"][1], "/home/me/.openclaw-other");
    }

    #[test]
    fn what_cannot_be_changed_is_refused_with_the_reason() {
        let beside = Beside {
            port: 7,
            log: Path::new("/log"),
            moved: &[],
        };
        for text in ["{", "[]", "{ gateway: 3 }"] {
            assert!(beside.put_into(text).is_err(), "{text}");
        }
    }
}
