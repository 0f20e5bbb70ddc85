use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;

use exuvia_host::testing::TestHost;
use exuvia_sources::npm::{Config, Npm, Want};
use exuvia_sources::{Http, SourceError};
use exuvia_testkit::faults::Fault;
use exuvia_testkit::npm::{Package, Registry, Release};
use serde_json::json;

use crate::setup::Lab;

fn package(name: &str) -> Package {
    Package::new(name).release(Release::new("1.0.0"))
}

/// An npm that knows the `.npmrc` in the lab's home.
fn npm(lab: &Lab, host: TestHost, npmrc: &str) -> Npm {
    std::fs::write(lab.directory.path().join(".npmrc"), npmrc).unwrap();
    let host = Arc::new(host.with_env("HOME", lab.directory.path()));
    let config = Config::load(host.as_ref(), &lab.options.cache_dir).unwrap();
    Npm::new(
        Http::new(host, lab.options.clone(), &config).unwrap(),
        config,
    )
}

fn place(registry: &Registry) -> String {
    registry.url().replace("http:", "")
}

#[tokio::test]
async fn a_scope_has_its_own_registry_and_its_token_goes_there_alone() {
    let (lab, public, private) = (Lab::new(), Registry::start(), Registry::start());
    public.publish(package("open"));
    private
        .publish(package("@acme/secret"))
        .require_token("s3cret");
    let npmrc = format!(
        "registry={}\n@acme:registry={}\n{}/:_authToken=${{TOKEN}}\n",
        public.url(),
        private.url(),
        place(&private)
    );
    let npm = npm(&lab, TestHost::new().with_env("TOKEN", "s3cret"), &npmrc);
    npm.packument("open", &Want::tagged()).await.unwrap();
    let found = npm
        .packument("@acme/secret", &Want::tagged())
        .await
        .unwrap();
    let manifest = found.manifest(&"1.0.0".parse().unwrap()).unwrap();
    npm.tarball(manifest).await.unwrap();
    assert!(
        public
            .requests()
            .all()
            .iter()
            .all(|request| request.header("authorization").is_none())
    );
    assert!(
        private
            .requests()
            .all()
            .iter()
            .all(|request| request.header("authorization").is_some())
    );
}

#[tokio::test]
async fn an_archive_elsewhere_is_fetched_without_the_token() {
    let (lab, registry, elsewhere) = (Lab::new(), Registry::start(), Registry::start());
    elsewhere.publish(package("demo"));
    let tarball = format!("{}/demo/-/demo-1.0.0.tgz", elsewhere.url());
    let document = json!({
        "dist-tags": { "latest": "1.0.0" },
        "versions": { "1.0.0": { "dist": { "tarball": tarball } } },
    });
    registry
        .faults()
        .everywhere(Fault::Body(document.to_string().into_bytes()));
    let npmrc = format!(
        "registry={}\n{}/:_authToken=s3cret",
        registry.url(),
        place(&registry)
    );
    let npm = npm(&lab, TestHost::new(), &npmrc);
    let found = npm.packument("demo", &Want::tagged()).await.unwrap();
    npm.tarball(&found.manifests["1.0.0"]).await.unwrap();
    assert!(
        registry.requests().all()[0]
            .header("authorization")
            .is_some()
    );
    assert!(
        elsewhere.requests().all()[0]
            .header("authorization")
            .is_none()
    );
}

#[tokio::test]
async fn a_redirect_to_another_host_loses_the_token() {
    let (lab, registry, elsewhere) = (Lab::new(), Registry::start(), Registry::start());
    elsewhere.publish(package("demo"));
    registry.faults().everywhere(Fault::Status {
        status: 302,
        headers: vec![("location".into(), format!("{}/demo", elsewhere.url()))],
        body: String::new(),
    });
    let npmrc = format!(
        "registry={}\n{}/:_authToken=s3cret",
        registry.url(),
        place(&registry)
    );
    let npm = npm(&lab, TestHost::new(), &npmrc);
    npm.packument("demo", &Want::tagged()).await.unwrap();
    assert!(
        registry.requests().all()[0]
            .header("authorization")
            .is_some()
    );
    assert!(
        elsewhere.requests().all()[0]
            .header("authorization")
            .is_none()
    );
}

fn load(lab: &Lab, host: TestHost) -> Config {
    let host = host.with_env("HOME", lab.directory.path());
    Config::load(&host, &lab.options.cache_dir).unwrap()
}

#[test]
fn the_environment_goes_before_the_users_file_and_that_before_the_global_one() {
    let lab = Lab::new();
    let global = lab.directory.path().join("global");
    std::fs::write(&global, "registry=http://global/\n@b:registry=http://b/").unwrap();
    std::fs::write(lab.directory.path().join(".npmrc"), "registry=http://user/").unwrap();
    let host = || TestHost::new().with_env("npm_config_globalconfig", &global);
    assert_eq!(
        load(&lab, host()).registry_for("x").unwrap().as_str(),
        "http://user/"
    );
    assert_eq!(
        load(&lab, host()).registry_for("@b/x").unwrap().as_str(),
        "http://b/"
    );
    let host = host().with_env("NPM_CONFIG_REGISTRY", "http://env/");
    assert_eq!(
        load(&lab, host).registry_for("@c/x").unwrap().as_str(),
        "http://env/"
    );
}

#[test]
fn without_a_registry_npm_itself_is_asked_once() {
    let lab = Lab::new();
    let bin = fake_npm(
        lab.directory.path(),
        "echo asked >> \"$0.log\"; echo http://from-npm/",
    );
    for _ in 0..2 {
        let config = load(&lab, TestHost::new().with_env("PATH", &bin));
        assert_eq!(
            config.registry_for("x").unwrap().as_str(),
            "http://from-npm/"
        );
    }
    let log = std::fs::read_to_string(bin.join("npm.log")).unwrap();
    assert_eq!(log, "asked\n");
}

#[test]
fn without_npm_it_is_said_that_there_is_no_registry() {
    let lab = Lab::new();
    let config = load(&lab, TestHost::new().with_env("PATH", lab.directory.path()));
    let error = config.registry_for("x").unwrap_err();
    assert!(matches!(error, SourceError::NoRegistry { .. }));
    assert!(error.to_string().contains("npm was not found"), "{error}");
    let bin = fake_npm(lab.directory.path(), "echo no such thing >&2; exit 1");
    let error = load(&lab, TestHost::new().with_env("PATH", bin))
        .registry_for("x")
        .unwrap_err();
    assert!(error.to_string().contains("no such thing"), "{error}");
}

fn fake_npm(directory: &Path, script: &str) -> std::path::PathBuf {
    let bin = directory.join("bin");
    std::fs::create_dir_all(&bin).unwrap();
    let program = bin.join("npm");
    std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    bin
}

#[test]
fn verification_is_never_switched_off_and_that_is_said() {
    let lab = Lab::new();
    let npmrc =
        "registry=http://r/\nstrict-ssl=false\n_authToken=s3cret\ncafile=/nonexistent/ca.pem";
    std::fs::write(lab.directory.path().join(".npmrc"), npmrc).unwrap();
    let problems = load(&lab, TestHost::new()).problems().join("\n");
    for part in ["strict-ssl", "_authToken", "cafile"] {
        assert!(problems.contains(part), "{part}: {problems}");
    }
    assert!(!problems.contains("s3cret"));
}

#[test]
fn a_certificate_that_is_none_is_told() {
    let lab = Lab::new();
    let path = lab.directory.path().join("ca.pem");
    std::fs::write(
        &path,
        "-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n",
    )
    .unwrap();
    let npmrc = format!("registry=http://r/\ncafile={}", path.display());
    std::fs::write(lab.directory.path().join(".npmrc"), npmrc).unwrap();
    let config = load(&lab, TestHost::new());
    let error = Http::new(Arc::new(TestHost::new()), lab.options.clone(), &config).unwrap_err();
    assert!(matches!(error, SourceError::Setup { .. }), "{error}");
}

#[tokio::test]
async fn a_proxy_of_npm_is_asked_and_noproxy_goes_around_it() {
    let (lab, proxy, registry) = (Lab::new(), Registry::start(), Registry::start());
    proxy.publish(package("demo"));
    registry.publish(package("demo"));
    let target = "registry=http://registry.invalid/\n";
    let via = npm(
        &lab,
        TestHost::new(),
        &format!("{target}proxy={}", proxy.url()),
    );
    via.packument("demo", &Want::tagged()).await.unwrap();
    assert_eq!(proxy.requests().count(), 1);

    let env = TestHost::new()
        .with_env("HTTP_PROXY", proxy.url())
        .with_env("NO_PROXY", "127.0.0.1");
    let around = npm(&lab, env, &format!("registry={}", registry.url()));
    around.packument("demo", &Want::tagged()).await.unwrap();
    assert_eq!(
        (proxy.requests().count(), registry.requests().count()),
        (1, 1)
    );
}
