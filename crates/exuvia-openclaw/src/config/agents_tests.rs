use std::path::Path;

use exuvia_host::testing::TestHost;

use super::*;

fn agents(config: &str) -> Vec<(String, String)> {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join(".openclaw")).unwrap();
    std::fs::write(dir.path().join(".openclaw/openclaw.json"), config).unwrap();
    let host = TestHost::new()
        .with_env("HOME", dir.path())
        .with_env("WORK", "/srv/work");
    let install = crate::locate(&host, &crate::LocateOptions::default()).unwrap();
    let config = Config::read(&host, &install);
    assert!(config.problems.is_empty(), "{:?}", config.problems);
    let home = dir.path().canonicalize().unwrap();
    let short = |path: &Path| {
        let path = path
            .strip_prefix(&home)
            .or(path.strip_prefix(dir.path()))
            .unwrap_or(path);
        path.display().to_string()
    };
    let agents = config.agents(&host, &install);
    agents
        .iter()
        .map(|agent| (agent.id.clone(), short(&agent.workspace)))
        .collect()
}

fn pair(id: &str, workspace: &str) -> (String, String) {
    (id.to_owned(), workspace.to_owned())
}

#[test]
fn without_agents_there_is_main_in_the_default_workspace() {
    assert_eq!(agents("{}"), [pair("main", ".openclaw/workspace")]);
    for empty in ["{agents: {list: []}}", "{agents: {list: [7, null]}}"] {
        assert_eq!(agents(empty), [pair("main", ".openclaw/workspace")]);
    }
    let shared = "{agents: {defaults: {workspace: '~/ws'}}}";
    assert_eq!(agents(shared), [pair("main", "ws")]);
}

#[test]
fn the_owner_has_the_default_workspace_and_others_their_own() {
    let config = "{agents: {list: [{id: 'Ops Team'}, {id: 'b', default: true}, {id: 'c', workspace: '${WORK}/c'}]}}";
    let expected = [
        pair("b", ".openclaw/workspace"),
        pair("ops-team", ".openclaw/workspace-ops-team"),
        pair("c", "/srv/work/c"),
    ];
    assert_eq!(agents(config), expected);
}

#[test]
fn nobody_owns_the_default_workspace_where_ownership_is_explicit() {
    let config = "{agents: {ownership: 'explicit', defaults: {workspace: '/ws'},
                   entries: {a: {default: true}, b: {}}}}";
    assert_eq!(agents(config), [pair("a", "/ws/a"), pair("b", "/ws/b")]);
}

#[test]
fn what_a_config_includes_counts_and_what_lies_outside_does_not() {
    let dir = tempfile::tempdir().unwrap();
    let state = dir.path().join(".openclaw");
    std::fs::create_dir(&state).unwrap();
    let write = |name: &str, text: &str| std::fs::write(state.join(name), text).unwrap();
    write(
        "openclaw.json",
        "{agents: {$include: ['a.json5', './b.json5']}, skills: {$include: '../x.json'}}",
    );
    write("a.json5", "{list: [{id: 'a'}], $include: 'a.json5'}");
    write("b.json5", "{list: [{id: 'b'}]}");
    std::fs::write(dir.path().join("x.json"), "{load: {extraDirs: ['/x']}}").unwrap();
    let host = TestHost::new().with_env("HOME", dir.path());
    let install = crate::locate(&host, &crate::LocateOptions::default()).unwrap();
    let config = Config::read(&host, &install);
    let ids: Vec<String> = config
        .agents(&host, &install)
        .into_iter()
        .map(|a| a.id)
        .collect();
    assert_eq!(ids, ["a", "b"]);
    assert!(config.texts(&["skills", "load", "extraDirs"]).is_empty());
    assert_eq!(config.problems.len(), 2, "{:?}", config.problems);
}
