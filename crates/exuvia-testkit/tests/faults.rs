//! Each fault does over the wire what its documentation says.
#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests fail by panicking, too"
)]

use std::io::Read as _;
use std::time::Duration;

use exuvia_testkit::clawhub::{Registry, Release, Skill};
use exuvia_testkit::faults::Fault;
use flate2::read::GzDecoder;
use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE, LOCATION, RETRY_AFTER};
use reqwest::redirect::Policy;

const PATH: &str = "/api/v1/skills/demo";
const DEADLINE: Duration = Duration::from_secs(20);

struct Hub {
    registry: Registry,
    client: reqwest::Client,
}

impl Hub {
    fn start() -> Self {
        // Only the first test of the process installs it; the others find it there.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let registry = Registry::start();
        let release = Release::new("1.0.0")
            .changelog("First.")
            .skill_md("demo", "A demo");
        registry.publish(Skill::new("acme", "demo").version(release));
        let client = reqwest::Client::builder()
            .redirect(Policy::none())
            .no_gzip()
            .timeout(DEADLINE)
            .build();
        Self {
            registry,
            client: client.unwrap(),
        }
    }

    async fn get(&self) -> reqwest::Result<reqwest::Response> {
        self.client
            .get(format!("{}{PATH}", self.registry.url()))
            .send()
            .await
    }
}

#[tokio::test]
async fn without_a_fault_the_answer_is_right_and_the_request_is_on_record() {
    let hub = Hub::start();
    let body = hub.get().await.unwrap().text().await.unwrap();
    assert!(body.contains(r#""version":"1.0.0""#), "{body}");
    assert_eq!(hub.registry.requests().lines(), [format!("GET {PATH}")]);
}

#[tokio::test]
async fn a_status_comes_with_its_headers_as_often_as_said_and_then_no_more() {
    let hub = Hub::start();
    hub.registry
        .faults()
        .times(2, PATH, Fault::too_many_requests(7));
    for _ in 0..2 {
        let answer = hub.get().await.unwrap();
        assert_eq!(answer.status(), 429);
        assert_eq!(answer.headers()[RETRY_AFTER], "7");
    }
    assert_eq!(hub.get().await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_truncated_body_is_an_error_for_the_client() {
    let hub = Hub::start();
    hub.registry.faults().everywhere(Fault::TruncatedBody);
    assert!(hub.get().await.unwrap().text().await.is_err());
}

#[tokio::test]
async fn a_request_that_hangs_ends_when_the_stand_in_is_dropped() {
    let hub = Hub::start();
    hub.registry.faults().everywhere(Fault::Hang);
    let Hub { registry, client } = hub;
    let asked = tokio::spawn(client.get(format!("{}{PATH}", registry.url())).send());
    let seen = registry.requests().clone();
    tokio::task::spawn_blocking(move || seen.wait_until(DEADLINE, |all| all.len() == 1))
        .await
        .unwrap();
    drop(registry);
    assert!(asked.await.unwrap().is_err());
}

#[tokio::test]
async fn a_redirect_leads_to_where_it_came_from() {
    let hub = Hub::start();
    hub.registry.faults().everywhere(Fault::RedirectLoop);
    let answer = hub.get().await.unwrap();
    assert_eq!(answer.status(), 302);
    assert_eq!(answer.headers()[LOCATION], PATH);
}

#[tokio::test]
async fn html_comes_as_a_success() {
    let hub = Hub::start();
    hub.registry.faults().everywhere(Fault::Html);
    let answer = hub.get().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(
        answer.headers()[CONTENT_TYPE]
            .to_str()
            .unwrap()
            .starts_with("text/html")
    );
}

#[tokio::test]
async fn a_gzip_bomb_is_small_on_the_wire_valid_and_as_large_as_said() {
    const MIB: usize = 64;

    let hub = Hub::start();
    hub.registry
        .faults()
        .everywhere(Fault::GzipBomb { mib: MIB });
    let answer = hub.get().await.unwrap();
    assert_eq!(answer.headers()[CONTENT_ENCODING], "gzip");
    let packed = answer.bytes().await.unwrap();
    assert!(packed.len() < MIB << 20 >> 8, "{} bytes", packed.len());

    let mut inflated = Vec::new();
    GzDecoder::new(packed.as_ref())
        .read_to_end(&mut inflated)
        .unwrap();
    assert_eq!(inflated.len(), MIB << 20);
}

#[tokio::test]
async fn an_oversized_body_is_as_large_as_said() {
    let hub = Hub::start();
    hub.registry
        .faults()
        .everywhere(Fault::Oversized { mib: 30 });
    let answer = hub.get().await.unwrap();
    assert_eq!(answer.content_length(), None);
    assert_eq!(answer.bytes().await.unwrap().len(), 30 << 20);
}

#[tokio::test]
async fn latencies_overlap_when_requests_do_and_the_peak_is_counted() {
    let hub = Hub::start();
    hub.registry
        .faults()
        .everywhere(Fault::Latency(Duration::from_millis(200)));
    let answers = tokio::join!(hub.get(), hub.get(), hub.get());
    assert!([answers.0, answers.1, answers.2].iter().all(Result::is_ok));
    assert_eq!(hub.registry.requests().peak_concurrency(), 3);
}

#[tokio::test]
async fn a_stopped_stand_in_refuses_connections() {
    let hub = Hub::start();
    let Hub { registry, client } = hub;
    let url = registry.url();
    drop(registry);
    assert!(client.get(url).send().await.unwrap_err().is_connect());
}
