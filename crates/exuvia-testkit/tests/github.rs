//! The GitHub stand-in against the API's documented behaviour.
#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests fail by panicking, too"
)]

use exuvia_testkit::github::{Api, Release};
use serde_json::Value;

async fn get(url: String) -> reqwest::Response {
    // Only the first test of the process installs it; the others find it there.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::get(url).await.unwrap()
}

#[tokio::test]
async fn releases_come_newest_first_in_pages_that_link_to_the_next() {
    let api = Api::start();
    for minor in 0..5 {
        api.release(
            "acme/demo",
            Release::new(&format!("v1.{minor}.0"), "- Fixes."),
        );
    }
    api.release("acme/demo", Release::new("v9.0.0", "secret").draft());

    let mut next = Some(format!("{}/repos/acme/demo/releases?per_page=2", api.url()));
    let mut tags = Vec::new();
    while let Some(url) = next {
        let answer = get(url).await;
        let link = answer
            .headers()
            .get("link")
            .map(|link| link.to_str().unwrap().to_owned());
        next = link.map(|link| link.split(['<', '>']).nth(1).unwrap().to_owned());
        let page: Vec<Value> = answer.json().await.unwrap();
        tags.extend(
            page.iter()
                .map(|release| release["tag_name"].as_str().unwrap().to_owned()),
        );
    }
    assert_eq!(tags, ["v1.4.0", "v1.3.0", "v1.2.0", "v1.1.0", "v1.0.0"]);
}

#[tokio::test]
async fn a_release_is_found_by_its_tag_and_latest_is_no_prerelease() {
    let api = Api::start();
    api.release("acme/demo", Release::new("v1.0.0", "one"));
    api.release(
        "acme/demo",
        Release::new("v2.0.0-beta.1", "two").prerelease(),
    );
    let of = |what: &str| format!("{}/repos/acme/demo/releases/{what}", api.url());
    let by_tag: Value = get(of("tags/v1.0.0")).await.json().await.unwrap();
    assert_eq!(by_tag["body"], "one");
    let latest: Value = get(of("latest")).await.json().await.unwrap();
    assert_eq!(latest["tag_name"], "v1.0.0");
    assert_eq!(get(of("tags/v3.0.0")).await.status(), 404);
}

#[tokio::test]
async fn an_exhausted_limit_says_when_it_resets() {
    let api = Api::start();
    api.release("acme/demo", Release::new("v1.0.0", "one"));
    api.exhaust_rate_limit(1_900_000_000);
    let answer = get(format!("{}/repos/acme/demo/releases", api.url())).await;
    assert_eq!(answer.status(), 403);
    assert_eq!(answer.headers().get("x-ratelimit-remaining").unwrap(), "0");
    assert_eq!(
        answer.headers().get("x-ratelimit-reset").unwrap(),
        "1900000000"
    );
}
