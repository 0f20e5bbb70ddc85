use std::time::{Duration, Instant};

use exuvia_sources::SourceError;
use exuvia_sources::clawhub::ClawHub;
use exuvia_testkit::clawhub::{Registry, Release, Skill};
use exuvia_testkit::faults::Fault;
use futures::StreamExt as _;
use futures::stream;

use crate::setup::{Lab, dead_address};

fn hub_with_demo() -> Registry {
    let hub = Registry::start();
    hub.publish(
        Skill::new("acme", "demo").version(Release::new("1.0.0").skill_md("demo", "A demo")),
    );
    hub
}

fn clawhub(lab: &Lab, url: &str) -> ClawHub {
    ClawHub::new(lab.http(), url.parse().unwrap())
}

async fn fails_with(fault: Fault) -> (SourceError, usize) {
    let (lab, hub) = (Lab::new(), hub_with_demo());
    hub.faults().everywhere(fault);
    let error = clawhub(&lab, &hub.url())
        .skill(None, "demo")
        .await
        .unwrap_err();
    (error, hub.requests().count())
}

#[tokio::test]
async fn a_short_wish_for_quiet_is_granted() {
    let (lab, hub) = (Lab::new(), hub_with_demo());
    hub.faults().times(1, "/", Fault::too_many_requests(1));
    let began = Instant::now();
    let skill = clawhub(&lab, &hub.url()).skill(None, "demo").await.unwrap();
    assert_eq!(skill.version, "1.0.0");
    assert!(began.elapsed() >= Duration::from_secs(1));
    assert_eq!(hub.requests().count(), 2);
}

#[tokio::test]
async fn a_long_wish_for_quiet_is_told_and_not_waited_for() {
    let (error, requests) = fails_with(Fault::too_many_requests(3600)).await;
    let an_hour = Some(Duration::from_hours(1));
    assert!(
        matches!(error, SourceError::RateLimited { retry_after, .. } if retry_after == an_hour)
    );
    assert_eq!(requests, 1);
}

#[tokio::test]
async fn one_broken_answer_is_asked_again() {
    let (lab, hub) = (Lab::new(), hub_with_demo());
    hub.faults().times(1, "/", Fault::status(500));
    assert!(clawhub(&lab, &hub.url()).skill(None, "demo").await.is_ok());
    assert_eq!(hub.requests().count(), 2);
}

#[tokio::test]
async fn a_registry_that_stays_broken_is_given_up_after_three_tries() {
    let (error, requests) = fails_with(Fault::status(503)).await;
    assert!(
        matches!(error, SourceError::Status { status: 503, .. }),
        "{error}"
    );
    assert_eq!(requests, 3);
}

#[tokio::test]
async fn a_missing_thing_is_asked_for_once() {
    let (error, requests) = fails_with(Fault::status(404)).await;
    assert!(matches!(error, SourceError::NotFound { .. }), "{error}");
    assert_eq!(requests, 1);
}

#[tokio::test]
async fn a_registry_that_hangs_costs_its_time_once_for_all_skills() {
    let (mut lab, hub) = (Lab::new(), hub_with_demo());
    hub.faults().everywhere(Fault::Hang);
    lab.options.timeout = Duration::from_millis(300);
    lab.options.per_host = 8;
    let clawhub = clawhub(&lab, &hub.url());
    let errors = ask_all(&clawhub, 200).await;
    let timed_out = |error: &&SourceError| matches!(error, SourceError::TimedOut { .. });
    assert!(errors.iter().filter(timed_out).count() >= 3);
    assert!(
        errors
            .iter()
            .all(|error| error.to_string().contains("did not answer")
                || error.to_string().contains("no answer within"))
    );
    assert!(hub.requests().count() <= 16, "{}", hub.requests().count());
}

#[tokio::test]
async fn a_dead_registry_is_left_alone_after_a_few_tries() {
    let lab = Lab::new();
    let http = lab.http();
    let clawhub = ClawHub::new(http.clone(), dead_address().parse().unwrap());
    let errors = ask_all(&clawhub, 500).await;
    assert_eq!(errors.len(), 500);
    assert!(
        errors
            .iter()
            .all(|error| matches!(error, SourceError::Unreachable { .. }))
    );
    assert!(http.requests() <= 3 * 32, "{}", http.requests());
}

async fn ask_all(clawhub: &ClawHub, count: usize) -> Vec<SourceError> {
    stream::iter(0..count)
        .map(|number| async move {
            clawhub
                .skill(None, &format!("skill-{number}"))
                .await
                .unwrap_err()
        })
        .buffer_unordered(64)
        .collect()
        .await
}

#[tokio::test]
async fn redirects_end() {
    let (error, requests) = fails_with(Fault::RedirectLoop).await;
    assert!(matches!(error, SourceError::Refused { .. }), "{error}");
    assert!(
        error.to_string().contains("redirects more than 5 times"),
        "{error}"
    );
    assert!(requests <= 7, "{requests}");
}

#[tokio::test]
async fn a_bomb_is_counted_as_it_inflates() {
    let (error, _) = fails_with(Fault::GzipBomb { mib: 512 }).await;
    assert!(matches!(error, SourceError::TooLarge { .. }), "{error}");
}

#[tokio::test]
async fn a_body_without_end_is_not_read_to_its_end() {
    let (error, _) = fails_with(Fault::Oversized { mib: 512 }).await;
    assert!(matches!(error, SourceError::TooLarge { .. }), "{error}");
}

#[tokio::test]
async fn a_web_page_is_called_one() {
    let (error, requests) = fails_with(Fault::Html).await;
    assert!(matches!(error, SourceError::NotJson { .. }), "{error}");
    assert!(error.to_string().contains("web page"), "{error}");
    assert_eq!(requests, 1);
    let (error, _) = fails_with(Fault::Body(b"\n <html>hello".to_vec())).await;
    assert!(error.to_string().contains("web page"), "{error}");
}

#[tokio::test]
async fn an_answer_of_another_shape_is_not_one() {
    for body in ["", "{", "[]", "{\"skill\":7}", "\u{0}"] {
        let (error, _) = fails_with(Fault::Body(body.into())).await;
        assert!(
            matches!(error, SourceError::NotJson { .. }),
            "{body:?}: {error}"
        );
    }
}

#[tokio::test]
async fn a_cut_answer_is_asked_for_again_and_then_told() {
    let (error, requests) = fails_with(Fault::TruncatedBody).await;
    assert!(matches!(error, SourceError::Unreachable { .. }), "{error}");
    assert_eq!(requests, 3);
}

#[tokio::test]
async fn offline_gives_what_was_learnt_and_says_how_old_it_is() {
    let (lab, hub) = (Lab::new(), hub_with_demo());
    let learnt = clawhub(&lab, &hub.url())
        .skill(Some("acme"), "demo")
        .await
        .unwrap();
    let lab = lab.offline();
    hub.requests().forget();

    let http = lab.http();
    assert_eq!(http.oldest_unasked(), None);
    let clawhub = ClawHub::new(http.clone(), hub.url().parse().unwrap());
    assert_eq!(clawhub.skill(Some("acme"), "demo").await.unwrap(), learnt);
    assert_eq!(http.oldest_unasked(), Some(Duration::ZERO));

    let error = clawhub.skill(None, "other").await.unwrap_err();
    assert!(matches!(error, SourceError::Offline { .. }), "{error}");
    assert_eq!((hub.requests().count(), http.requests()), (0, 0));
}

#[tokio::test]
async fn a_damaged_cache_is_an_empty_one() {
    let (lab, hub) = (Lab::new(), hub_with_demo());
    drop(clawhub(&lab, &hub.url()).skill(None, "demo").await.unwrap());
    let files: Vec<_> = std::fs::read_dir(lab.options.cache_dir.join("http"))
        .unwrap()
        .collect();
    assert_eq!(files.len(), 1);
    for file in files {
        std::fs::write(file.unwrap().path(), b"{\"shape\":1,\"entries\":{\"x").unwrap();
    }
    assert!(clawhub(&lab, &hub.url()).skill(None, "demo").await.is_ok());
}

#[tokio::test]
async fn a_cache_that_cannot_be_written_costs_no_answer() {
    use exuvia_host::testing::{Fault as Trouble, TestHost};
    let (lab, hub) = (Lab::new(), hub_with_demo());
    let host = TestHost::new();
    for _ in 0..9 {
        host.faults().plan(
            "write.content",
            "",
            0,
            Trouble::Fail(std::io::ErrorKind::StorageFull),
        );
    }
    let clawhub = ClawHub::new(lab.http_of(host), hub.url().parse().unwrap());
    assert!(clawhub.skill(None, "demo").await.is_ok());
}

#[tokio::test]
async fn kept_answers_are_private() {
    use std::os::unix::fs::PermissionsExt as _;
    let (lab, hub) = (Lab::new(), hub_with_demo());
    drop(clawhub(&lab, &hub.url()).skill(None, "demo").await.unwrap());
    for entry in std::fs::read_dir(lab.options.cache_dir.join("http")).unwrap() {
        let mode = entry.unwrap().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[tokio::test]
async fn a_thousand_skills_are_one_request_each_and_never_more_than_the_limit_at_once() {
    let (lab, hub) = (Lab::new(), Registry::start());
    for number in 0..1000 {
        let release = Release::new("1.0.0").changelog("First.");
        hub.publish(Skill::new("acme", &format!("skill-{number}")).version(release));
    }
    hub.faults()
        .everywhere(Fault::Latency(Duration::from_millis(50)));
    let (http, began) = (lab.http(), Instant::now());
    let clawhub = ClawHub::new(http.clone(), hub.url().parse().unwrap());
    let answers: Vec<_> = stream::iter(0..1000)
        .map(|number| {
            let clawhub = &clawhub;
            async move {
                clawhub
                    .skill(Some("acme"), &format!("skill-{number}"))
                    .await
            }
        })
        .buffer_unordered(64)
        .collect()
        .await;
    let took = began.elapsed();
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!((hub.requests().count(), http.requests()), (1000, 1000));
    assert!(hub.requests().peak_concurrency() <= 32);
    // 1.6 s of waiting; the rest is for slow machines without optimisation.
    assert!(took < Duration::from_secs(15), "{took:?}");
    eprintln!("a thousand skills took {took:?}");
}
