use std::os::unix::fs::{PermissionsExt, symlink};

use exuvia_host::testing::TestHost;
use exuvia_testkit::install::Builder;

use super::*;

fn home() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn real(path: &Path) -> PathBuf {
    path.canonicalize().unwrap()
}

fn state(dir: &Path) -> PathBuf {
    std::fs::create_dir_all(dir).unwrap();
    std::fs::write(dir.join("openclaw.json"), "{}").unwrap();
    real(dir)
}

fn package(root: &Path) -> PathBuf {
    std::fs::create_dir_all(root.join("dist")).unwrap();
    std::fs::write(
        root.join("package.json"),
        r#"{"name":"openclaw","version":"1.0.0"}"#,
    )
    .unwrap();
    program(&root.join("openclaw.mjs"), "#!/usr/bin/env node\n");
    real(root)
}

fn program(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

fn find(host: &TestHost) -> Install {
    locate(host, &LocateOptions::default()).unwrap()
}

fn named(path: &Path) -> LocateOptions {
    LocateOptions {
        install: Some(path.to_owned()),
        profile: None,
    }
}

fn profile(name: &str) -> LocateOptions {
    LocateOptions {
        install: None,
        profile: Some(name.to_owned()),
    }
}

#[test]
fn the_environment_is_read_as_openclaw_reads_it() {
    let home = home();
    let (default, other) = (
        state(&home.path().join(".openclaw")),
        state(&home.path().join("own")),
    );
    let moved = state(&home.path().join("moved/.openclaw"));
    let host = || TestHost::new().with_env("HOME", home.path());

    let install = find(&host());
    assert_eq!(
        (install.state_dir, install.is_default),
        (default.clone(), true)
    );
    let install = find(&host().with_env("OPENCLAW_STATE_DIR", " ~/own "));
    assert_eq!(install.state_dir, other);
    assert_eq!(install.default_workspace, other.join("workspace"));
    assert!(!install.is_default);
    let install = find(&host().with_env("OPENCLAW_HOME", "~/moved"));
    assert_eq!(install.state_dir, moved);
    let install = find(&host().with_env("OPENCLAW_CONFIG_PATH", "~/x.json"));
    assert_eq!(
        (install.state_dir, install.config_path),
        (default, home.path().join("x.json"))
    );
    let install = find(&host().with_env("OPENCLAW_WORKSPACE_DIR", "/ws"));
    assert_eq!(install.default_workspace, Path::new("/ws"));
}

#[test]
fn a_profile_selects_its_own_state_unless_another_one_is_set() {
    let home = home();
    state(&home.path().join(".openclaw"));
    let work = state(&home.path().join(".openclaw-work"));
    let own = state(&home.path().join("own"));
    let host = TestHost::new().with_env("HOME", home.path());
    let install = locate(&host, &profile("work")).unwrap();
    assert_eq!(
        (install.state_dir, install.profile.as_deref()),
        (work.clone(), Some("work"))
    );
    assert_eq!(locate(&host, &profile("default")).unwrap().profile, None);
    assert!(matches!(
        locate(&host, &profile("../x")),
        Err(LocateError::Profile(_))
    ));
    assert!(matches!(
        locate(&host, &profile("gone")),
        Err(LocateError::NotFound { .. })
    ));

    // What `openclaw config file` of 2026.9.5 does: the variable alone moves nothing.
    let host = TestHost::new()
        .with_env("HOME", home.path())
        .with_env("OPENCLAW_PROFILE", "work");
    assert_eq!(find(&host).state_dir, real(&home.path().join(".openclaw")));
    let host = TestHost::new()
        .with_env("HOME", home.path())
        .with_env("OPENCLAW_STATE_DIR", &own);
    assert_eq!(locate(&host, &profile("work")).unwrap().state_dir, own);
    let states: Vec<PathBuf> = locate_all(&host).into_iter().map(|i| i.state_dir).collect();
    assert_eq!(states, [own, real(&home.path().join(".openclaw")), work]);
}

#[test]
fn without_an_install_it_is_said_where_was_looked_and_what_to_do() {
    let home = home();
    let host = TestHost::new()
        .with_env("HOME", home.path())
        .with_env("PATH", "/nowhere/bin");
    let error = locate(&host, &LocateOptions::default()).unwrap_err();
    let LocateError::NotFound { looked_at } = &error else {
        panic!("{error}")
    };
    assert!(
        looked_at
            .iter()
            .any(|(path, _)| path == &home.path().join(".openclaw"))
    );
    let text = error.to_string();
    for part in [
        "default state directory",
        "/nowhere/bin/openclaw (PATH)",
        "OPENCLAW_STATE_DIR",
        "--install",
        "npm install",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn several_profiles_without_a_default_are_a_question_and_one_is_an_answer() {
    let home = home();
    let one = state(&home.path().join(".openclaw-one"));
    let host = TestHost::new().with_env("HOME", home.path());
    assert_eq!(find(&host).state_dir, one);
    state(&home.path().join(".openclaw-two"));
    let error = locate(&host, &LocateOptions::default()).unwrap_err();
    assert!(matches!(&error, LocateError::Ambiguous { installs } if installs.len() == 2));
    assert!(error.to_string().contains("profile two"), "{error}");
}

#[test]
fn a_package_is_found_by_whatever_leads_to_it() {
    let home = home();
    state(&home.path().join(".openclaw"));
    let modules = home.path().join("prefix/lib/node_modules");
    let root = package(&modules.join("openclaw"));
    let bin = home.path().join("prefix/bin");
    std::fs::create_dir(&bin).unwrap();
    symlink(
        "../lib/node_modules/openclaw/openclaw.mjs",
        bin.join("openclaw"),
    )
    .unwrap();
    let host = TestHost::new()
        .with_env("HOME", home.path())
        .with_env("PATH", &bin);
    let install = find(&host);
    assert_eq!(install.package_root.as_ref(), Some(&root));
    assert_eq!(install.package_manager, PackageManager::Npm);
    assert!(install.package_writable);

    let host = TestHost::new().with_env("HOME", home.path());
    for path in [
        bin.join("openclaw"),
        home.path().join("prefix"),
        modules.join("openclaw"),
    ] {
        let install = locate(&host, &named(&path)).unwrap();
        assert_eq!(
            install.package_root.as_ref(),
            Some(&root),
            "{}",
            path.display()
        );
    }
    let own = state(&home.path().join("own"));
    assert_eq!(locate(&host, &named(&own)).unwrap().state_dir, own);
    for path in ["/etc/passwd", "/nowhere", "/proc"] {
        let error = locate(&host, &named(Path::new(path))).unwrap_err();
        assert!(matches!(error, LocateError::NotAnInstall { .. }), "{error}");
    }
}

#[test]
fn package_managers_are_told_by_where_they_keep_things() {
    let home = home();
    state(&home.path().join(".openclaw"));
    let store = home
        .path()
        .join("pnpm/global/5/.pnpm/openclaw@1.0.0/node_modules/openclaw");
    let pnpm = package(&store);
    let shim = home.path().join("pnpm/openclaw");
    program(
        &shim,
        "#!/bin/sh\nbasedir=$(dirname \"$0\")\nexec node  \"$basedir/global/5/.pnpm/openclaw@1.0.0/node_modules/openclaw/openclaw.mjs\" \"$@\"\n",
    );
    let bun = package(
        &home
            .path()
            .join(".bun/install/global/node_modules/openclaw"),
    );
    let checkout = package(&home.path().join("src/claw"));
    std::fs::create_dir(checkout.join(".git")).unwrap();
    let host = TestHost::new().with_env("HOME", home.path());
    for (path, root, manager) in [
        (&shim, &pnpm, PackageManager::Pnpm),
        (&bun, &bun, PackageManager::Bun),
        (&checkout, &checkout, PackageManager::Git),
    ] {
        let install = locate(&host, &named(path)).unwrap();
        assert_eq!(install.package_root.as_ref(), Some(root));
        assert_eq!(install.package_manager, manager);
    }
}

/// `<pnpm>/global/v11` with the package in a directory, and the link to it.
fn pnpm_11(pnpm: &Path, lies: &str) -> (PathBuf, PathBuf) {
    let global = pnpm.join("global/v11");
    let tree = global.join("1f-2a-0");
    let root = package(&pnpm.join(lies));
    let named = tree.join("node_modules/openclaw");
    std::fs::create_dir_all(tree.join("node_modules")).unwrap();
    std::fs::write(tree.join("node_modules/.modules.yaml"), "{}").unwrap();
    if !named.exists() {
        symlink(&root, named).unwrap();
    }
    symlink("1f-2a-0", global.join("ab12")).unwrap();
    let projects = pnpm.join("store/v11/projects");
    std::fs::create_dir_all(&projects).unwrap();
    symlink(&tree, projects.join("cd34")).unwrap();
    (root, real(&global).join("ab12/node_modules/openclaw"))
}

#[test]
fn a_package_of_pnpm_is_known_by_the_link_that_stays_wherever_it_lies() {
    for lies in [
        "store/v11/links/@/openclaw/1.0.0/ef56/node_modules/openclaw",
        "global/v11/1f-2a-0/node_modules/.pnpm/openclaw@1.0.0/node_modules/openclaw",
        "global/v11/1f-2a-0/node_modules/openclaw",
    ] {
        let home = home();
        state(&home.path().join(".openclaw"));
        let pnpm = home.path().join(".local/share/pnpm");
        let (root, link) = pnpm_11(&pnpm, lies);
        let host = TestHost::new().with_env("HOME", home.path());
        let of_root = locate(&host, &named(&root)).unwrap();
        for install in [of_root, find(&host)] {
            assert_eq!(install.package_root.as_ref(), Some(&link), "{lies}");
            assert_eq!(install.package_manager, PackageManager::Pnpm, "{lies}");
            let held = install.held(&host).unwrap();
            assert_eq!(held.tree, real(&pnpm.join("global/v11/1f-2a-0")));
            assert_eq!(held.aside, real(&pnpm.join("global")).join(".exuvia"));
        }
    }
}

#[test]
fn a_version_that_pnpm_took_away_leads_to_the_one_that_took_its_place() {
    let home = home();
    state(&home.path().join(".openclaw"));
    let pnpm = home.path().join("pnpm");
    let links = "store/v11/links/@/openclaw";
    let (_, link) = pnpm_11(&pnpm, &format!("{links}/2.0.0/ef56/node_modules/openclaw"));
    let gone = real(&pnpm)
        .join(links)
        .join("1.0.0/ab/node_modules/openclaw");
    let host = TestHost::new();
    assert_eq!(pnpm::by_link(&host, &gone), Some(link));
    let elsewhere = home.path().join("links/node_modules/openclaw");
    assert_eq!(pnpm::by_link(&host, &elsewhere), None);
}

#[test]
fn a_project_that_a_link_leads_to_is_no_global_package() {
    let home = home();
    state(&home.path().join(".openclaw"));
    let project = home.path().join("src/claw");
    let root = package(&project.join("node_modules/openclaw"));
    std::fs::write(project.join("node_modules/.modules.yaml"), "{}").unwrap();
    symlink("claw", home.path().join("src/current")).unwrap();
    let host = TestHost::new().with_env("HOME", home.path());
    let install = locate(&host, &named(&root)).unwrap();
    assert_eq!(install.package_root, Some(root));
    assert_eq!(install.package_manager, PackageManager::Pnpm);
    assert_eq!(install.held(&host), None);
}

#[test]
fn what_bun_installed_goes_with_its_lock_file() {
    let home = home();
    state(&home.path().join(".openclaw"));
    let global = home.path().join("opt/bun/install/global");
    let root = package(&global.join("node_modules/openclaw"));
    let host = TestHost::new().with_env("HOME", home.path());
    let install = locate(&host, &named(&root)).unwrap();
    assert_eq!(install.package_manager, PackageManager::Npm);
    std::fs::write(global.join("bun.lock"), "{}").unwrap();
    let install = locate(&host, &named(&root)).unwrap();
    assert_eq!(install.package_manager, PackageManager::Bun);
    let held = install.held(&host).unwrap();
    assert_eq!(held.tree, real(&global));
    assert_eq!(held.aside, real(&global).with_file_name(".exuvia"));
}

#[test]
fn the_service_says_which_node_and_which_package_run() {
    let home = home();
    state(&home.path().join(".openclaw-work"));
    let root = package(&home.path().join("svc/node_modules/openclaw"));
    let node = home.path().join("n/bin/node");
    let unit = home
        .path()
        .join(".config/systemd/user/openclaw-gateway-work.service");
    let text = format!(
        "[Service]\nExecStart={} {}/dist/entry.js gateway\n",
        node.display(),
        root.display()
    );
    program(&unit, &text);
    let host = TestHost::new().with_env("HOME", home.path());
    let install = locate(&host, &profile("work")).unwrap();
    assert_eq!(install.service, Some(unit));
    assert_eq!(install.node, Some(node));
    assert_eq!(install.package_root, Some(root));
}

#[test]
fn the_index_of_plugins_says_which_package_wrote_the_state() {
    let home = home();
    let built = Builder::new(home.path()).build();
    let hidden = home.path().join("elsewhere");
    std::fs::rename(home.path().join(".npm-global"), &hidden).unwrap();
    symlink(&hidden, home.path().join(".npm-global")).unwrap();
    let host = TestHost::new().with_env("HOME", home.path());
    let install = find(&host);
    assert_eq!(install.package_root, Some(real(&built.package)));
    assert_eq!(install.scratch_dir, home.path().join(".exuvia/tmp"));
    assert_eq!(install.id().len(), 16);
    assert_eq!(install.id(), find(&host).id());
}
