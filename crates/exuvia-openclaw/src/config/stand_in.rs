//! A configuration in which agents ask a stand-in of their model.

use serde_json::{Map, Value, json};

use super::value;

/// The provider that is added, and its one model.
const PROVIDER: &str = "exuvia-stand-in";
const MODEL: &str = "stand-in";

/// A model provider on this machine that speaks `OpenAI`'s completions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StandIn {
    /// Where it listens on the loopback.
    pub port: u16,
}

impl StandIn {
    /// The configuration with this provider as everybody's model, and without comments: for a copy
    /// that is thrown away. Why not, where the text is none that can be changed.
    ///
    /// What it takes was seen with 2026.9.5 and 2026.9.6: a provider of its own below
    /// `models.providers`, and `agents.defaults.model`. An agent's own model comes before that, and
    /// where `agents.defaults.models` lists any, only those may be used.
    pub fn put_into(self, text: &str) -> Result<String, String> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut config = value::parse(text)?.value;
        let name = format!("{PROVIDER}/{MODEL}");
        let provider = json!({
            "baseUrl": format!("http://127.0.0.1:{}/v1", self.port),
            "apiKey": "none",
            "api": "openai-completions",
            "models": [{ "id": MODEL, "name": MODEL }],
        });
        let root = config.as_object_mut().ok_or("it is not an object")?;
        let providers = object(object(root, "models")?, "providers")?;
        providers.insert(PROVIDER.to_owned(), provider);
        let agents = object(root, "agents")?;
        for list in ["list", "entries"] {
            let own = agents.get_mut(list).into_iter().flat_map(values);
            for model in own.filter_map(|agent| agent.get_mut("model")) {
                *model = json!(name);
            }
        }
        let defaults = object(agents, "defaults")?;
        if let Some(Value::Object(allowed)) = defaults.get_mut("models") {
            allowed.insert(name.clone(), json!({}));
        }
        defaults.insert("model".to_owned(), json!({ "primary": name }));
        serde_json::to_string_pretty(&config).map_err(|error| error.to_string())
    }
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

/// What is in a list or in an object.
fn values(of: &mut Value) -> Vec<&mut Value> {
    match of {
        Value::Array(list) => list.iter_mut().collect(),
        Value::Object(map) => map.iter_mut().map(|(_, value)| value).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_asks_the_stand_in_and_the_rest_is_as_it_was() {
        let text = "// mine\n{ gateway: { port: 1 }, agents: { defaults: { models: { 'a/b': {} } },
            list: [{ id: 'main', model: 'a/b' }, { id: 'other' }] } }";
        let changed = StandIn { port: 7 }.put_into(text).unwrap();
        let config: Value = serde_json::from_str(&changed).unwrap();
        let name = "exuvia-stand-in/stand-in";
        assert_eq!(config["gateway"]["port"], 1);
        let provider = &config["models"]["providers"]["exuvia-stand-in"];
        assert_eq!(provider["baseUrl"], "http://127.0.0.1:7/v1");
        assert_eq!(config["agents"]["defaults"]["model"]["primary"], name);
        assert!(config["agents"]["defaults"]["models"][name].is_object());
        assert_eq!(config["agents"]["list"][0]["model"], name);
        assert_eq!(config["agents"]["list"][1], json!({ "id": "other" }));
    }

    #[test]
    fn what_cannot_be_changed_is_refused_with_the_reason() {
        for text in ["{", "[]", "{ agents: 3 }"] {
            assert!(StandIn { port: 7 }.put_into(text).is_err(), "{text}");
        }
    }
}
