//! What `openclaw plugins doctor` complains of, and what of that matters.
//!
//! It ends with 1 too when nothing is wrong but that some plugin's state is still to be migrated,
//! or that its link to the host's package leads into another tree: both mend themselves at the next
//! start. Complaints that are not known count.

use serde_json::Value;

/// Words of complaints that mend themselves (`state-migrations` and the peer link checks of OpenClaw
/// 2026.9.5).
const MILD: [&str; 3] = ["state migration", "host link", "peer link"];

/// What is wrong, in words. `None` where that cannot be told from what was printed.
pub(super) fn findings(printed: &str) -> Option<Vec<String>> {
    serde_json::from_str(printed).map_or_else(|_| of_text(printed), |value| of_json(&value))
}

/// `{ok, pluginErrors: [{id, error, source}], diagnostics: [{level, message}], sourceShadowing,
/// compatibility: [{severity, message}], configurationWarnings: [text]}` (`plugins-cli.runtime`).
fn of_json(document: &Value) -> Option<Vec<String>> {
    let list = |key: &str| document.get(key).and_then(Value::as_array);
    let word = |item: &Value, key: &str| {
        let word = item.get(key).and_then(Value::as_str);
        word.unwrap_or_default().to_owned()
    };
    let errors = list("pluginErrors")?.iter();
    let mut found: Vec<String> = errors
        .map(|error| format!("plugin {}: {}", word(error, "id"), word(error, "error")))
        .collect();
    let told = ["diagnostics", "sourceShadowing", "compatibility"];
    for item in told.into_iter().filter_map(list).flatten() {
        let message = word(item, "message");
        // Compatibility has remarks, too.
        if word(item, "severity") != "info" && !is_mild(&message) {
            found.push(message);
        }
    }
    let warnings = list("configurationWarnings").into_iter().flatten();
    let warnings = warnings.filter_map(Value::as_str);
    let warnings = warnings.map(|warning| warning.trim_start_matches("- ").to_owned());
    found.extend(warnings.filter(|warning| !is_mild(warning)));
    Some(found)
}

/// Releases before `--json` print headings and items: `Plugin errors:`, `- id: message`.
fn of_text(printed: &str) -> Option<Vec<String>> {
    let items: Vec<&str> = printed
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix("- "))
        .collect();
    if items.is_empty() {
        return None;
    }
    let found = items.into_iter().filter(|item| !is_mild(item));
    Some(found.map(|item| format!("plugin {item}")).collect())
}

fn is_mild(message: &str) -> bool {
    let message = message.to_lowercase();
    MILD.iter().any(|mild| message.contains(mild))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn document(key: &str, item: &Value) -> String {
        let mut document = json!({ "ok": false, "pluginErrors": [], "diagnostics": [],
            "sourceShadowing": [], "compatibility": [], "configurationWarnings": [] });
        document[key] = json!([item]);
        document.to_string()
    }

    #[test]
    fn a_plugin_that_throws_is_named() {
        let error = json!({ "id": "broken", "error": "Error: boom", "source": "~/p/index.js" });
        let found = findings(&document("pluginErrors", &error)).unwrap();
        assert_eq!(found, ["plugin broken: Error: boom"]);
        let text = "Plugin errors:\n- broken: Error: boom (~/p)\n\nDocs: x";
        assert_eq!(
            findings(text).unwrap(),
            ["plugin broken: Error: boom (~/p)"]
        );
    }

    #[test]
    fn what_mends_itself_is_no_finding_and_what_is_not_known_is_one() {
        for (message, counts) in [
            (
                "Registered plugin x has a broken OpenClaw host link: elsewhere.",
                false,
            ),
            ("Plugin \"x\" state migration is pending: later", false),
            ("something that nobody has seen before", true),
        ] {
            let item = json!({ "level": "warn", "message": message });
            let found = findings(&document("diagnostics", &item)).unwrap();
            assert_eq!(!found.is_empty(), counts, "{message}");
            let warning = findings(&document("configurationWarnings", &json!(message))).unwrap();
            assert_eq!(!warning.is_empty(), counts, "{message}");
            let text = findings(&format!("Diagnostics:\n- x: {message}\n")).unwrap();
            assert_eq!(!text.is_empty(), counts, "{message}");
        }
    }

    #[test]
    fn a_remark_on_compatibility_is_no_finding() {
        let item = json!({ "severity": "info", "message": "uses an old hook" });
        assert_eq!(
            findings(&document("compatibility", &item)).unwrap().len(),
            0
        );
    }

    #[test]
    fn what_is_no_answer_is_none() {
        for printed in ["", "{}", "[]", "Segmentation fault", "{\"ok\":false"] {
            assert_eq!(findings(printed), None, "{printed}");
        }
    }
}
