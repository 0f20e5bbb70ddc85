//! What the registry has, and which request gets which answer.

use std::sync::Mutex;

use serde_json::{Value, json};

use super::answers;
use super::archive::zip;
use super::skill::{Release, Skill};
use crate::hash::sha256_hex;
use crate::reply::Reply;
use crate::request::Request;
use crate::server::Protocol;

#[derive(Debug, Default)]
pub(super) struct Shelf(Mutex<Vec<Skill>>);

impl Shelf {
    pub(super) fn put(&self, skill: Skill) {
        let mut skills = self.0.lock().unwrap();
        let same = |other: &Skill| other.owner == skill.owner && other.slug == skill.slug;
        match skills.iter().position(same) {
            Some(at) => skills[at] = skill,
            None => skills.push(skill),
        }
    }

    pub(super) fn remove(&self, owner: &str, slug: &str) {
        self.0
            .lock()
            .unwrap()
            .retain(|skill| skill.owner != owner || skill.slug != slug);
    }

    pub(super) fn change(&self, owner: &str, slug: &str, change: impl FnOnce(Skill) -> Skill) {
        let mut skills = self.0.lock().unwrap();
        let place = skills
            .iter_mut()
            .find(|skill| skill.owner == owner && skill.slug == slug);
        let place = place.unwrap_or_else(|| panic!("@{owner}/{slug} was never published"));
        *place = change(place.clone());
    }

    /// The skill that a request means: by slug, and by owner if the request names one.
    fn find(&self, slug: &str, owner: Option<&str>) -> Option<Skill> {
        let skills = self.0.lock().unwrap();
        let fits =
            |skill: &&Skill| skill.slug == slug && owner.is_none_or(|owner| skill.owner == owner);
        skills.iter().find(fits).cloned()
    }

    fn asked(&self, slug: &str, request: &Request) -> Option<Skill> {
        self.find(
            slug,
            request
                .param("ownerHandle")
                .filter(|owner| !owner.is_empty())
                .as_deref(),
        )
    }
}

impl Protocol for Shelf {
    fn answer(&self, request: &Request) -> Reply {
        let segments = request.segments();
        let parts: Vec<&str> = segments.iter().map(String::as_str).collect();
        match (request.method.as_str(), parts.as_slice()) {
            ("GET", [".well-known", "clawhub.json" | "clawdhub.json"]) => {
                Reply::json(&json!({ "apiBase": request.base(), "authBase": request.base() }))
            }
            ("POST", ["api", "v1", "skills", "-", "security-verdicts"]) => self.verdicts(request),
            ("GET", ["api", "v1", "skills"]) => self.list(),
            ("GET", ["api", "v1", "search"]) => self.search(request),
            ("GET", ["api", "v1", "resolve"]) => self.resolve(request),
            ("GET", ["api", "v1", "download"]) => self
                .asked(&request.param("slug").unwrap_or_default(), request)
                .map_or_else(Reply::not_found, |skill| download(&skill, request)),
            ("GET", ["api", "v1", "skills", slug, rest @ ..]) => self
                .asked(slug, request)
                .map_or_else(Reply::not_found, |skill| one(&skill, rest, request)),
            _ => Reply::not_found(),
        }
    }
}

/// Routes below one skill.
fn one(skill: &Skill, rest: &[&str], request: &Request) -> Reply {
    match rest {
        [] => Reply::json(&answers::detail(skill)),
        ["versions"] => answers::versions(skill, request),
        ["versions", version] => skill
            .release(version)
            .map_or_else(Reply::not_found, |release| {
                Reply::json(&answers::version(skill, release))
            }),
        ["file"] => file(skill, request),
        ["install"] => answers::install(skill, &request.base()),
        ["verify"] => release(skill, request).map_or_else(Reply::not_found, |release| {
            Reply::json(&answers::verification(skill, release, request))
        }),
        _ => Reply::not_found(),
    }
}

/// The version that the query names, else the latest.
fn release<'a>(skill: &'a Skill, request: &Request) -> Option<&'a Release> {
    match request.param("version") {
        Some(version) => skill.release(&version),
        None => skill.newest(),
    }
}

fn download(skill: &Skill, request: &Request) -> Reply {
    let Some(release) = release(skill, request) else {
        return Reply::not_found();
    };
    let name = format!(
        "attachment; filename=\"{}-{}.zip\"",
        skill.slug, release.version
    );
    let packed = [release.files.as_slice(), &release.unlisted].concat();
    Reply::bytes("application/zip", zip(&packed)).header("content-disposition", name)
}

fn file(skill: &Skill, request: &Request) -> Reply {
    let path = request.param("path").unwrap_or_default();
    let found = release(skill, request)
        .and_then(|release| release.files.iter().find(|(name, _)| *name == path));
    found.map_or_else(Reply::not_found, |(_, content)| {
        Reply::bytes("text/plain; charset=utf-8", content.clone())
            .header("x-content-sha256", sha256_hex(content))
    })
}

impl Shelf {
    fn list(&self) -> Reply {
        let skills = self.0.lock().unwrap();
        let items: Vec<Value> = skills.iter().map(answers::list_item).collect();
        Reply::json(&json!({ "items": items, "nextCursor": null }))
    }

    fn search(&self, request: &Request) -> Reply {
        let wanted = request.param("q").unwrap_or_default();
        let skills = self.0.lock().unwrap();
        let hits = skills.iter().filter(|skill| skill.slug.contains(&wanted));
        Reply::json(&json!({ "results": hits.map(answers::search_hit).collect::<Vec<_>>() }))
    }

    /// Which version has these files, by the CLI's fingerprint.
    fn resolve(&self, request: &Request) -> Reply {
        let slug = request.param("slug").unwrap_or_default();
        let Some(skill) = self.asked(&slug, request) else {
            return Reply::not_found();
        };
        Reply::json(&answers::resolve(
            &skill,
            &request.param("hash").unwrap_or_default(),
        ))
    }

    fn verdicts(&self, request: &Request) -> Reply {
        let asked: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let items = asked["items"].as_array().cloned().unwrap_or_default();
        let text = |item: &Value, key: &str| item[key].as_str().unwrap_or_default().to_owned();
        let verdicts = items.iter().map(|item| {
            let (slug, version) = (text(item, "slug"), text(item, "version"));
            let owner = item["ownerHandle"].as_str();
            let skill = self.find(&slug, owner);
            let found = skill
                .as_ref()
                .and_then(|skill| Some((skill, skill.release(&version)?)));
            answers::verdict(&slug, owner, &version, found, &request.base())
        });
        Reply::json(&json!({ "items": verdicts.collect::<Vec<_>>() }))
    }
}
