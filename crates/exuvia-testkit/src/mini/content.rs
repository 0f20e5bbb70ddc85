//! What an install of the miniature has, read where OpenClaw keeps it.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::module;
use super::state::{State, open};

/// The things of one install.
#[derive(Clone, Debug)]
pub(crate) struct Content {
    state_dir: PathBuf,
    package: PathBuf,
}

impl Content {
    pub(crate) fn of(state_dir: &Path, package: &Path) -> Self {
        Self {
            state_dir: state_dir.to_owned(),
            package: package.to_owned(),
        }
    }

    /// `{key, sessionId, agentId}` for each session of each agent.
    pub(crate) fn sessions(&self) -> Vec<Value> {
        let agents = State::of(&self.state_dir).agents();
        let of_agent = |(agent, database): (String, PathBuf)| {
            let sql = "SELECT session_key, current_session_id, updated_at FROM session_nodes
                       ORDER BY session_key";
            rows(&database, sql, |row| {
                Ok(json!({ "key": row.get::<_, String>(0)?, "agentId": agent,
                    "sessionId": row.get::<_, String>(1)?, "updatedAt": row.get::<_, i64>(2)? }))
            })
        };
        agents.into_iter().flat_map(of_agent).collect()
    }

    /// Cron jobs as the gateway tells them.
    pub(crate) fn cron(&self) -> Vec<Value> {
        let sql = "SELECT job_json FROM cron_jobs ORDER BY rowid";
        rows(&State::of(&self.state_dir).shared(), sql, |row| {
            let text: String = row.get(0)?;
            Ok(serde_json::from_str(&text).expect("a job in JSON"))
        })
    }

    /// Plugins: what the index has, with the version and the trouble that are on disk. One whose
    /// files are gone is looked for where its record says, as the real registry does.
    pub(crate) fn plugins(&self) -> Vec<Value> {
        let index = self.index();
        let records = &index["installRecords"];
        let entries = index["plugins"].as_array().into_iter().flatten();
        entries
            .map(|entry| {
                let root = Path::new(entry["rootDir"].as_str().unwrap_or_default());
                let recorded = entry["pluginId"]
                    .as_str()
                    .map(|id| &records[id]["installPath"]);
                match recorded.and_then(Value::as_str) {
                    Some(path) if !root.is_dir() => plugin(entry, Path::new(path)),
                    _ => plugin(entry, root),
                }
            })
            .collect()
    }

    /// The plugins that the user installed, by id.
    pub(crate) fn own_plugins(&self) -> Vec<String> {
        let own = self.plugins().into_iter();
        own.filter(|plugin| plugin["origin"] != "bundled")
            .filter_map(|plugin| plugin["id"].as_str().map(str::to_owned))
            .collect()
    }

    /// `id: what is wrong` for each plugin that cannot be loaded, and for each id that two have.
    pub(crate) fn broken_plugins(&self) -> Vec<String> {
        let mut found = Vec::new();
        let plugins = self.plugins();
        let ids: Vec<&str> = plugins
            .iter()
            .filter_map(|plugin| plugin["id"].as_str())
            .collect();
        for plugin in &plugins {
            let id = plugin["id"].as_str().unwrap_or_default();
            let root = Path::new(plugin["rootDir"].as_str().unwrap_or_default());
            let error = plugin["runtime"]["error"].as_str().map(str::to_owned);
            let error = error.or_else(|| module::throws(root));
            found.extend(error.map(|error| format!("{id}: {error}")));
            let twice = module::brought_along(root).into_iter();
            let twice = twice.filter(|other| ids.contains(&other.as_str()));
            found.extend(twice.map(|other| {
                format!("{other}: duplicate plugin id detected; global plugin will be overridden")
            }));
        }
        found
    }

    /// Skills of the workspace, of the state directory and of the package.
    pub(crate) fn skills(&self) -> Vec<Value> {
        let places = [
            (
                "openclaw-workspace",
                self.state_dir.join("workspace/skills"),
            ),
            ("openclaw-managed", self.state_dir.join("skills")),
            ("openclaw-bundled", self.package.join("skills")),
        ];
        let of_place = |(source, place): (&'static str, PathBuf)| {
            dirs(&place)
                .into_iter()
                .filter_map(move |dir| skill(source, &dir))
        };
        places.into_iter().flat_map(of_place).collect()
    }

    fn index(&self) -> Value {
        let sql = "SELECT value_json FROM config_machine_state
                   WHERE state_key = 'plugins.installedIndex'";
        let found = rows(&State::of(&self.state_dir).shared(), sql, |row| row.get(0));
        let text: Option<String> = found.into_iter().next();
        let value: Value = text.map_or(Value::Null, |text| {
            serde_json::from_str(&text).expect("an index in JSON")
        });
        value["index"].clone()
    }
}

fn plugin(entry: &Value, root: &Path) -> Value {
    let manifest = std::fs::read_to_string(root.join("package.json"));
    let manifest: Value = manifest
        .ok()
        .and_then(|text| serde_json::from_str(&text).ok())
        .unwrap_or_default();
    let enabled = entry["enabled"] == true;
    let mut plugin = json!({ "id": entry["pluginId"], "name": entry["pluginId"],
        "packageName": entry["packageName"], "version": manifest["version"],
        "origin": entry["origin"], "installed": true, "enabled": enabled,
        "state": if enabled { "enabled" } else { "disabled" }, "rootDir": root,
        "runtime": { "state": if enabled { "active" } else { "unloaded" } } });
    if manifest.is_null() {
        let words = format!("plugin not found: {}", root.display());
        plugin["runtime"] = json!({ "state": "error", "error": words });
    }
    plugin
}

fn skill(source: &str, dir: &Path) -> Option<Value> {
    let file = dir.join("SKILL.md");
    let text = std::fs::read_to_string(&file).ok()?;
    let name = text.lines().find_map(|line| line.strip_prefix("name:"))?;
    let name = name.trim().trim_matches('"');
    Some(
        json!({ "name": name, "source": source, "bundled": source == "openclaw-bundled",
        "filePath": file, "baseDir": dir, "skillKey": name, "always": false, "disabled": false,
        "blockedByAllowlist": false, "eligible": true }),
    )
}

fn dirs(place: &Path) -> Vec<PathBuf> {
    let listed = std::fs::read_dir(place).into_iter().flatten().flatten();
    let mut dirs: Vec<PathBuf> = listed.map(|entry| entry.path()).collect();
    dirs.sort();
    dirs
}

fn rows<T>(
    database: &Path,
    sql: &str,
    read: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
) -> Vec<T> {
    if !database.is_file() {
        return Vec::new();
    }
    let database = open(database);
    let mut statement = database.prepare(sql).expect("a question to the database");
    let rows = statement.query_map([], read).expect("rows");
    rows.collect::<rusqlite::Result<_>>().expect("rows")
}
