use exuvia_model::scan::Verdict;
use exuvia_sources::clawhub::{ClawHub, files_digest};
use exuvia_sources::{ArchiveProblem, SourceError};
use exuvia_testkit::clawhub::{Github, Registry, Release, Skill, Verdict as Said};
use exuvia_testkit::faults::Fault;

use crate::setup::Lab;

fn hub() -> (Lab, Registry, ClawHub) {
    let (lab, hub) = (Lab::new(), Registry::start());
    let mut skill = Skill::new("acme", "demo");
    for number in 0..120 {
        let notes = format!("Change {number}.");
        skill = skill.version(
            Release::new(&format!("1.{number}.0"))
                .changelog(&notes)
                .skill_md("demo", "d"),
        );
    }
    hub.publish(skill);
    let clawhub = ClawHub::new(lab.http(), hub.url().parse().unwrap());
    (lab, hub, clawhub)
}

#[tokio::test]
async fn a_skill_comes_with_its_newest_version_and_owner() {
    let (_lab, hub, clawhub) = hub();
    let skill = clawhub.skill(Some("@acme"), "demo").await.unwrap();
    assert_eq!(
        (skill.version.as_str(), skill.owner.as_deref()),
        ("1.119.0", Some("acme"))
    );
    assert_eq!(skill.changelog.as_deref(), Some("Change 119."));
    assert_eq!(
        skill.created_at.unwrap().to_string(),
        "2026-09-01T12:00:00Z"
    );
    assert_eq!(
        hub.requests().lines(),
        ["GET /api/v1/skills/demo?ownerHandle=acme"]
    );
}

#[tokio::test]
async fn notes_are_read_page_by_page_until_the_installed_version() {
    let (lab, hub, clawhub) = hub();
    let notes = clawhub.versions(None, "demo", "1.60.0", 10).await.unwrap();
    assert_eq!(notes.first().unwrap().version, "1.119.0");
    assert!(notes.iter().any(|note| note.version == "1.60.0"));
    assert_eq!(hub.requests().count(), 2);
    hub.requests().forget();
    let clawhub = ClawHub::new(lab.http(), hub.url().parse().unwrap());
    assert_eq!(
        clawhub
            .versions(None, "demo", "0.0.1", 2)
            .await
            .unwrap()
            .len(),
        100
    );
    assert_eq!(hub.requests().count(), 2);
}

#[tokio::test]
async fn the_listed_files_are_those_of_the_archive() {
    let (_lab, _hub, clawhub) = hub();
    let listed = clawhub.files(Some("acme"), "demo", "1.3.0").await.unwrap();
    let archive = clawhub
        .download(Some("acme"), "demo", "1.3.0")
        .await
        .unwrap();
    assert_eq!((listed.len(), archive.files.len()), (1, 1));
    assert_eq!(
        listed[0].sha256,
        exuvia_model::digest::hex(&archive.files[0].sha256)
    );
    assert_eq!(archive.files[0].path, "SKILL.md");
    let reversed: Vec<_> = listed.iter().rev().cloned().collect();
    assert_eq!(files_digest(&listed), files_digest(&reversed));
}

#[tokio::test]
async fn names_that_would_lead_elsewhere_are_never_asked_for() {
    let (_lab, hub, clawhub) = hub();
    for slug in ["..", ".", "", "a/b", "a\nb", "a b", "..\\x"] {
        let error = clawhub.skill(None, slug).await.unwrap_err();
        assert!(
            matches!(error, SourceError::Refused { .. }),
            "{slug:?}: {error}"
        );
        assert!(clawhub.files(None, "demo", slug).await.is_err());
        assert!(clawhub.download(Some(slug), "demo", "1.0.0").await.is_err());
    }
    assert_eq!(hub.requests().count(), 0);
    for odd in ["%2e%2e", "a'b\"c", "$(id)", "a?x=1", "a#b", "ünï"] {
        let error = clawhub.skill(None, odd).await.unwrap_err();
        assert!(
            matches!(error, SourceError::NotFound { .. }),
            "{odd:?}: {error}"
        );
    }
    assert!(
        hub.requests()
            .all()
            .iter()
            .all(|asked| asked.path.starts_with("/api/v1/skills/"))
    );
}

#[tokio::test]
async fn a_zip_that_slips_is_told_and_loses_only_what_slipped() {
    let (lab, hub) = (Lab::new(), Registry::start());
    let release = Release::new("1.0.0")
        .skill_md("demo", "d")
        .file("../../outside", "evil")
        .file("/absolute", "evil")
        .file("zeros.bin", vec![0; 3 << 20]);
    hub.publish(Skill::new("acme", "demo").version(release));
    let clawhub = ClawHub::new(lab.http(), hub.url().parse().unwrap());
    let archive = clawhub.download(None, "demo", "1.0.0").await.unwrap();
    let paths: Vec<&str> = archive
        .files
        .iter()
        .map(|file| file.path.as_str())
        .collect();
    assert_eq!(paths, ["SKILL.md", "zeros.bin"]);
    assert!(matches!(
        archive.problems.as_slice(),
        [
            ArchiveProblem::PathOutside { .. },
            ArchiveProblem::Absolute { .. }
        ]
    ));
    assert!(archive.problems.iter().all(ArchiveProblem::is_hostile));
}

#[tokio::test]
async fn what_is_no_zip_is_an_error() {
    let (_lab, hub, clawhub) = hub();
    hub.faults().on("/api/v1/download", Fault::Html);
    let error = clawhub.download(None, "demo", "1.3.0").await.unwrap_err();
    assert!(matches!(error, SourceError::BadArchive { .. }), "{error}");
}

#[tokio::test]
async fn each_version_has_a_verdict_and_only_a_pass_is_one() {
    let (lab, hub) = (Lab::new(), Registry::start());
    let said = [
        Said::Clean,
        Said::Pending,
        Said::Suspicious,
        Said::Malicious,
    ];
    for (number, verdict) in said.into_iter().enumerate() {
        let release = Release::new("1.0.0").verdict(verdict);
        hub.publish(Skill::new("acme", &format!("skill-{number}")).version(release));
    }
    let clawhub = ClawHub::new(lab.http(), hub.url().parse().unwrap());
    let wanted: Vec<(String, String)> = [
        "@acme/skill-0",
        "skill-1",
        "skill-2",
        "skill-3",
        "missing",
        "..",
    ]
    .map(|name| (name.to_owned(), "1.0.0".to_owned()))
    .to_vec();
    let verdicts = clawhub.verdicts(&wanted).await;
    let of = |index: usize| &verdicts[&wanted[index]];
    assert_eq!(verdicts.len(), 6);
    assert!(matches!(of(0), Verdict::Pass { url: Some(_) }));
    assert!(matches!(of(1), Verdict::Unknown { .. }));
    assert!(matches!(of(2), Verdict::Fail { reasons, .. } if reasons == &["scan.suspicious"]));
    assert!(matches!(of(3), Verdict::Fail { .. }));
    assert!(matches!(of(4), Verdict::Unknown { .. }));
    assert!(matches!(of(5), Verdict::Unknown { .. }));
}

#[tokio::test]
async fn many_verdicts_are_asked_for_together_and_a_failure_is_unknown_for_all() {
    let (_lab, hub, clawhub) = hub();
    let wanted: Vec<(String, String)> = (0..250)
        .map(|number| ("demo".to_owned(), format!("1.{number}.0")))
        .collect();
    assert_eq!(clawhub.verdicts(&wanted).await.len(), 250);
    assert_eq!(hub.requests().count(), 3);
    hub.faults().everywhere(Fault::status(500));
    let clawhub = ClawHub::new(Lab::new().http(), hub.url().parse().unwrap());
    let verdicts = clawhub.verdicts(&wanted).await;
    assert_eq!(verdicts.len(), 250);
    assert!(
        verdicts
            .values()
            .all(|verdict| matches!(verdict, Verdict::Unknown { .. }))
    );
}

#[tokio::test]
async fn a_site_names_its_registry() {
    let (lab, hub) = (Lab::new(), Registry::start());
    hub.publish(Skill::new("acme", "demo").version(Release::new("1.0.0")));
    let clawhub = ClawHub::discover(lab.http(), hub.url().parse().unwrap()).await;
    assert!(clawhub.skill(None, "demo").await.is_ok());
    hub.faults().on("/.well-known", Fault::status(404));
    let fresh = Lab::new();
    let clawhub = ClawHub::discover(fresh.http(), hub.url().parse().unwrap()).await;
    assert_eq!(clawhub.base().as_str(), format!("{}/", hub.url()));
}

#[tokio::test]
async fn a_skill_that_lies_on_github_is_at_its_commit() {
    let (lab, hub) = (Lab::new(), Registry::start());
    let place = Github {
        repo: "acme/skills".to_owned(),
        path: "skills/demo".to_owned(),
        commit: "a".repeat(40),
        content_hash: "b".repeat(64),
    };
    hub.publish(Skill::new("acme", "demo").on_github(place));
    hub.publish(Skill::new("acme", "empty"));
    let clawhub = ClawHub::new(lab.http(), hub.url().parse().unwrap());
    let skill = clawhub.skill(None, "demo").await.unwrap();
    assert_eq!(skill.version, "a".repeat(40));
    assert_eq!(skill.github.unwrap().repo, "acme/skills");
    let error = clawhub.skill(None, "empty").await.unwrap_err();
    assert!(matches!(error, SourceError::NotFound { .. }), "{error}");
}
