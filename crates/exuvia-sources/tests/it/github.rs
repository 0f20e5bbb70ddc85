use exuvia_host::testing::TestHost;
use exuvia_sources::SourceError;
use exuvia_sources::github::GitHub;
use exuvia_testkit::github::{Api, Release};

use crate::setup::Lab;

fn version(text: &str) -> exuvia_model::Version {
    text.parse().unwrap()
}

async fn tags(github: &GitHub, from: &str, to: &str, hint: Option<&str>) -> Vec<String> {
    let releases = github
        .releases("acme", "demo", &version(from), &version(to), hint)
        .await
        .unwrap();
    releases.into_iter().map(|release| release.tag).collect()
}

#[tokio::test]
async fn releases_between_two_versions_are_found_newest_first() {
    let (lab, api) = (Lab::new(), Api::start());
    for tag in ["v1.0.0", "v1.1.0", "v1.2.0", "v1.1.1", "nightly", "v2.0.0"] {
        api.release("acme/demo", Release::new(tag, "Notes."));
    }
    api.release("acme/demo", Release::new("v1.1.5", "Hidden.").draft());
    let github = GitHub::new(lab.http(), Ok(api.url().parse().unwrap()));
    assert_eq!(
        tags(&github, "1.0.0", "1.2.0", None).await,
        ["v1.2.0", "v1.1.1", "v1.1.0"]
    );
}

#[tokio::test]
async fn pages_are_read_until_the_installed_version_and_at_most_five() {
    let (lab, api) = (Lab::new(), Api::start());
    for number in 0..400 {
        api.release("acme/demo", Release::new(&format!("v1.{number}.0"), ""));
    }
    let github = GitHub::new(lab.http(), Ok(api.url().parse().unwrap()));
    assert_eq!(tags(&github, "1.380.0", "1.399.0", None).await.len(), 19);
    assert_eq!(api.requests().count(), 1);
    api.requests().forget();
    let github = GitHub::new(lab.http(), Ok(api.url().parse().unwrap()));
    assert_eq!(tags(&github, "1.0.0", "1.399.0", None).await.len(), 250);
    assert_eq!(api.requests().count(), 5);
}

#[tokio::test]
async fn in_a_repository_of_many_packages_only_ours_count() {
    let (lab, api) = (Lab::new(), Api::start());
    for tag in ["@acme/demo@1.0.0", "@acme/other@1.5.0", "@acme/demo@1.1.0"] {
        api.release("acme/demo", Release::new(tag, ""));
    }
    let github = GitHub::new(lab.http(), Ok(api.url().parse().unwrap()));
    assert_eq!(
        tags(&github, "1.0.0", "2.0.0", Some("@acme/demo")).await,
        ["@acme/demo@1.1.0"]
    );
}

#[tokio::test]
async fn a_used_up_limit_is_told_with_the_time_it_ends() {
    let (lab, api) = (Lab::new(), Api::start());
    // A quarter of an hour after the test host's time.
    api.exhaust_rate_limit(1_795_132_800 + 900);
    let github = GitHub::new(lab.http(), Ok(api.url().parse().unwrap()));
    let (from, to) = (version("1.0.0"), version("2.0.0"));
    let error = github
        .releases("acme", "demo", &from, &to, None)
        .await
        .unwrap_err();
    assert!(matches!(error, SourceError::RateLimited { .. }), "{error}");
    assert!(error.to_string().contains("again in 900 s"), "{error}");
    assert_eq!(api.requests().count(), 1);
}

#[tokio::test]
async fn the_token_goes_to_the_api() {
    let (lab, api) = (Lab::new(), Api::start());
    api.release("acme/demo", Release::new("v1.0.0", ""));
    let host = TestHost::new().with_env("GH_TOKEN", "s3cret");
    let github = GitHub::new(lab.http_of(host), Ok(api.url().parse().unwrap()));
    tags(&github, "0.1.0", "2.0.0", None).await;
    assert_eq!(
        api.requests().all()[0].header("authorization"),
        Some("Bearer s3cret")
    );
    assert!(!format!("{github:?}").contains("s3cret"));
}

#[tokio::test]
async fn a_wrong_address_is_the_answer_to_every_question() {
    let lab = Lab::new();
    let host = TestHost::new().with_env("EXUVIA_GITHUB_API_URL", "not an address");
    let github = GitHub::new(lab.http(), GitHub::api_from_env(&host));
    let (from, to) = (version("1.0.0"), version("2.0.0"));
    let error = github
        .releases("acme", "demo", &from, &to, None)
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("EXUVIA_GITHUB_API_URL"),
        "{error}"
    );
}
