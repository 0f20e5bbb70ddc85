//! Configurations and databases that are not what OpenClaw wrote.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests build real files, and helpers of tests fail by panicking, too"
)]

use exuvia_e2e::Built;

/// Checks an install with this configuration, and gives the warnings about the install.
fn warnings_about(config: impl Into<Vec<u8>>) -> String {
    let config = config.into();
    let built = Built::new(|builder| builder.raw_config(config));
    built.check();
    built.document("inventory.json")["warnings"].to_string()
}

fn is_named(warnings: &str) {
    assert!(warnings.contains("openclaw.json"), "{warnings}");
}

#[test]
fn a_truncated_configuration_is_named_and_the_rest_is_reported() {
    is_named(&warnings_about("{ \"gateway\": { \"mode\": \"lo"));
    is_named(&warnings_about(""));
}

#[test]
fn comments_and_trailing_commas_are_how_openclaw_writes_it() {
    let config = "// a\n/* b */ { gateway: { mode: 'local', }, /* c */ }\n// d";
    assert_eq!(warnings_about(config), "[]");
}

#[test]
fn duplicate_keys_are_no_reason_to_stop() {
    let config = "{ \"gateway\": { \"mode\": \"local\" }, \"gateway\": { \"mode\": \"remote\" }, \"gateway\": 1 }";
    warnings_about(config);
}

#[test]
fn twenty_megabytes_of_configuration_are_read_or_refused_within_bounds() {
    let mut config = String::from("{ \"x\": [");
    while config.len() < 20 << 20 {
        config.push_str("{\"a\":1},");
    }
    config.push_str("0] }");
    is_named(&warnings_about(config));
    // One long text is no reason to refuse the rest of it.
    let padding = format!("{{ \"x\": \"{}\" }}", "y".repeat(20 << 20));
    assert_eq!(warnings_about(padding), "[]");
    let comments = "// a comment that takes room\n".repeat(700_000);
    assert_eq!(warnings_about(format!("{comments}{{}}")), "[]");
}

#[test]
fn a_hundred_thousand_nested_brackets_overflow_nothing() {
    let depth = 100_000;
    is_named(&warnings_about(format!(
        "{}{}",
        "[".repeat(depth),
        "]".repeat(depth)
    )));
    let objects = format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth));
    is_named(&warnings_about(objects));
    is_named(&warnings_about("{\"a\":".repeat(depth)));
}

#[test]
fn a_configuration_that_is_no_text_is_named() {
    is_named(&warnings_about(vec![0xff, 0xfe, 0x00, 0x80]));
    is_named(&warnings_about(vec![0; 4096]));
}

#[test]
fn a_configuration_of_the_wrong_shape_is_no_reason_to_stop() {
    for config in [
        "[]",
        "null",
        "{ \"agents\": { \"list\": [] } }",
        "{ \"plugins\": 7, \"agents\": \"x\", \"skills\": [[]] }",
        "{ \"agents\": { \"list\": [7, null, []], \"defaults\": { \"workspace\": 7 } } }",
        "{ \"plugins\": { \"load\": { \"paths\": [\"/\", \"..\", \"\", 3, \"/dev/zero\"] } } }",
        "{ \"$include\": \"openclaw.json\" }",
    ] {
        warnings_about(config);
    }
}

#[test]
fn a_plugin_path_that_is_the_whole_machine_is_not_walked() {
    let paths = r#"{ "plugins": { "load": { "paths": ["/", "/usr", "/proc", "/dev/zero"] } } }"#;
    let built = Built::new(|builder| builder.raw_config(paths));
    built.check();
    let inventory = built.document("inventory.json");
    for asset in inventory["assets"].as_array().unwrap() {
        let path = asset["path"].as_str().unwrap();
        assert!(path.starts_with(built.dir().to_str().unwrap()), "{path}");
    }
}

#[test]
fn a_directory_in_its_place_is_named() {
    let built = Built::plain();
    std::fs::remove_file(&built.install.config).unwrap();
    std::fs::create_dir(&built.install.config).unwrap();
    built.check_without_plugins();
    is_named(&built.document("inventory.json")["warnings"].to_string());
}

#[test]
fn a_database_that_is_none_is_named_and_costs_only_the_plugins() {
    for content in [
        &b"this is no database"[..],
        b"SQLite format 3\0 and then nothing",
        b"",
    ] {
        let built = Built::plain();
        let state = built.install.state.join("state");
        std::fs::remove_file(state.join("openclaw.sqlite-wal")).unwrap();
        std::fs::write(state.join("openclaw.sqlite"), content).unwrap();
        built.check_without_plugins();
        let warnings = built.document("inventory.json")["warnings"].to_string();
        assert!(
            warnings.contains("openclaw.sqlite"),
            "{content:?}: {warnings}"
        );
    }
}

#[test]
fn a_database_of_a_version_to_come_is_read_by_what_is_there_and_the_report_says_so() {
    let built = Built::new(|builder| builder.schema(99, 98));
    let report = built.check();
    let warnings = report.get("warnings").unwrap().to_string();
    assert!(warnings.contains("99"), "{warnings}");
}
