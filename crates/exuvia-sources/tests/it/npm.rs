use exuvia_sources::SourceError;
use exuvia_sources::npm::{Config, Npm, Want};
use exuvia_testkit::faults::Fault;
use exuvia_testkit::npm::{Package, Registry, Release};
use serde_json::json;

use crate::setup::Lab;

fn demo() -> Package {
    let release = |version: &str| {
        Release::new(version)
            .file("index.js", "1\n")
            .with("engines", json!({ "node": ">=24" }))
            .with(
                "repository",
                json!({ "type": "git", "url": "git+https://github.com/acme/demo.git" }),
            )
            .with("dependencies", json!({ "a": "^1", "b": 7 }))
            .with("optionalDependencies", json!({ "c": "2" }))
            .with(
                "scripts",
                json!({ "postinstall": "node x.js", "test": "true" }),
            )
            .with(
                "openclaw",
                json!({ "schemaVersions": { "state": 18, "agent": 23, "odd": "x" } }),
            )
    };
    Package::new("@acme/demo")
        .release(release("1.0.0"))
        .release(release("1.1.0").published("2026-10-02T03:04:05.000Z"))
        .release(release("2.0.0-beta.1"))
        .tag("latest", "1.1.0")
        .tag("beta", "2.0.0-beta.1")
}

#[tokio::test]
async fn the_wanted_versions_are_kept_whole_and_the_others_by_name() {
    let (lab, registry) = (Lab::new(), Registry::start());
    registry.publish(demo().release(Release::new("0.9.0")));
    let npm = lab.npm(&registry.url());
    let found = npm
        .packument("@acme/demo", &Want::tagged().and("1.0.0"))
        .await
        .unwrap();
    let versions: Vec<String> = found.versions.iter().map(ToString::to_string).collect();
    assert_eq!(versions, ["0.9.0", "1.0.0", "1.1.0", "2.0.0-beta.1"]);
    let kept: Vec<&str> = found.manifests.keys().map(String::as_str).collect();
    assert_eq!(kept, ["1.0.0", "1.1.0", "2.0.0-beta.1"]);

    let manifest = found.manifest(&"1.1.0".parse().unwrap()).unwrap();
    assert_eq!(manifest.engines_node.as_deref(), Some(">=24"));
    assert_eq!(
        manifest.repository.as_deref(),
        Some("https://github.com/acme/demo")
    );
    assert_eq!(manifest.dependencies.keys().collect::<Vec<_>>(), ["a", "c"]);
    assert_eq!(
        manifest.install_scripts.keys().collect::<Vec<_>>(),
        ["postinstall"]
    );
    assert!(manifest.has_install_script);
    assert_eq!(manifest.schema_versions["state"], 18);
    assert_eq!(manifest.schema_versions.len(), 2);
    assert_eq!(
        manifest.published_at.unwrap().to_string(),
        "2026-10-02T03:04:05Z"
    );
    assert!(
        manifest
            .integrity
            .as_ref()
            .unwrap()
            .as_str()
            .starts_with("sha512-")
    );
}

#[tokio::test]
async fn an_unchanged_packument_is_not_sent_again() {
    let (lab, registry) = (Lab::new(), Registry::start());
    registry.publish(demo());
    let first = lab
        .npm(&registry.url())
        .packument("@acme/demo", &Want::tagged())
        .await
        .unwrap();
    let again = lab
        .npm(&registry.url())
        .packument("@acme/demo", &Want::tagged())
        .await
        .unwrap();
    assert_eq!(first, again);
    let requests = registry.requests().all();
    assert_eq!(requests.len(), 2);
    assert!(requests[0].header("if-none-match").is_none());
    assert!(requests[1].header("if-none-match").is_some());
    assert_eq!(requests[1].path, "/@acme%2fdemo");
}

#[tokio::test]
async fn a_version_that_was_not_wanted_before_is_fetched_whole() {
    let (lab, registry) = (Lab::new(), Registry::start());
    registry.publish(demo());
    let npm = lab.npm(&registry.url());
    npm.packument("@acme/demo", &Want::tagged()).await.unwrap();
    let found = npm
        .packument("@acme/demo", &Want::tagged().and("1.0.0"))
        .await
        .unwrap();
    assert!(found.manifests.contains_key("1.0.0"));
    assert!(
        registry.requests().all()[1]
            .header("if-none-match")
            .is_none()
    );
}

#[tokio::test]
async fn a_mirror_without_etags_is_asked_again_in_the_next_run_and_not_in_this_one() {
    let (lab, registry) = (Lab::new(), Registry::start());
    registry.publish(demo()).like_a_mirror();
    let npm = lab.npm(&registry.url());
    let first = npm.packument("@acme/demo", &Want::tagged()).await.unwrap();
    assert_eq!(
        npm.packument("@acme/demo", &Want::tagged()).await.unwrap(),
        first
    );
    assert_eq!(registry.requests().count(), 1);
    let next = lab.npm(&registry.url());
    assert_eq!(
        next.packument("@acme/demo", &Want::tagged()).await.unwrap(),
        first
    );
    assert_eq!(registry.requests().count(), 2);
}

#[tokio::test]
async fn a_registry_that_puts_its_tags_last_loses_nothing() {
    let (lab, registry) = (Lab::new(), Registry::start());
    let entry = json!({ "dist": { "tarball": "http://127.0.0.1:9/x.tgz" } });
    let body = format!(
        r#"{{"time":{{"2.0.0":"2026-01-01T00:00:00Z"}},"versions":{{"1.0.0":{entry},"2.0.0":{entry}}},"dist-tags":{{"latest":"2.0.0"}}}}"#
    );
    registry.faults().everywhere(Fault::Body(body.into_bytes()));
    let found = lab
        .npm(&registry.url())
        .packument("x", &Want::tagged())
        .await
        .unwrap();
    let manifest = found.manifest(&"2.0.0".parse().unwrap()).unwrap();
    assert!(manifest.published_at.is_some());
}

#[tokio::test]
async fn odd_fields_cost_themselves_and_nothing_else() {
    let (lab, registry) = (Lab::new(), Registry::start());
    let odd = json!({
        "dist-tags": { "latest": "1.0.0", "broken": "not a version", "odd": 7 },
        "versions": {
            "1.0.0": {
                "dist": { "tarball": "http://127.0.0.1:9/x.tgz", "integrity": 5, "signatures": {} },
                "engines": ["node >= 4"], "scripts": "none", "repository": 3, "deprecated": true,
                "maintainers": "me", "_npmUser": [], "dependencies": [["a", "b"]], "openclaw": "yes",
            },
            "nonsense": {},
            "3.0.0": null,
        },
        "time": [],
    });
    registry
        .faults()
        .everywhere(Fault::Body(odd.to_string().into_bytes()));
    let found = lab
        .npm(&registry.url())
        .packument("x", &Want::tagged().and("3.0.0"))
        .await
        .unwrap();
    let manifest = found.manifest(&"1.0.0".parse().unwrap()).unwrap();
    assert_eq!(manifest.deprecated.as_deref(), Some(""));
    assert_eq!(
        (manifest.integrity.as_ref(), manifest.dependencies.len()),
        (None, 0)
    );
    assert_eq!(found.versions.len(), 2);
}

#[tokio::test]
async fn a_tag_below_the_installed_version_is_told_as_it_is() {
    let (lab, registry) = (Lab::new(), Registry::start());
    registry.publish(demo().tag("latest", "1.0.0"));
    let want = Want::tagged().and("1.1.0");
    let found = lab
        .npm(&registry.url())
        .packument("@acme/demo", &want)
        .await
        .unwrap();
    assert!(found.dist_tags["latest"] < "1.1.0".parse().unwrap());
    assert!(found.manifests.contains_key("1.1.0"));
}

#[tokio::test]
async fn what_cannot_be_a_package_is_never_asked_for() {
    let (lab, registry) = (Lab::new(), Registry::start());
    let npm = lab.npm(&registry.url());
    for name in ["../-/npm/v1/keys", "a?b", "", "@/x", "a\nb", "a/../b"] {
        let error = npm.packument(name, &Want::tagged()).await.unwrap_err();
        assert!(
            matches!(error, SourceError::Refused { .. }),
            "{name:?}: {error}"
        );
    }
    assert_eq!(registry.requests().count(), 0);
}

#[tokio::test]
async fn errors_do_not_repeat_tokens() {
    let (lab, registry) = (Lab::new(), Registry::start());
    let url = registry.url().replace("http://", "http://me:hunter2@");
    let npm = Npm::new(lab.http(), Config::with_registry(url.parse().unwrap()));
    let error = npm
        .packument("missing", &Want::tagged())
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("missing") && !error.contains("hunter2"),
        "{error}"
    );
}
