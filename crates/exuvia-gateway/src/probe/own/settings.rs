//! `[probes]` in `$EXUVIA_HOME/config.toml`.
//!
//! ```toml
//! [[probes.http]]
//! name = "website"
//! url = "http://127.0.0.1:8080/health"
//! status = 200            # the default
//! body = "^ok"            # a regular expression
//! need = "wanted"         # or "required", the default
//! deadline = 5            # seconds; 10 by default
//!
//! [probes.workflow]
//! enabled = true          # off by default: it costs a turn of the agent's model
//! agent = "main"          # or session = "agent:main:mine"
//! message = "Answer with the word pong."
//! expect = "(?i)pong"
//! deadline = 120
//! need = "required"
//! ```

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::PathBuf;
use std::time::Duration;

use exuvia_host::{Home, Host, Links, read_optional};
use exuvia_model::probe::{Builtin, Need};
use exuvia_model::text;
use hyper::Uri;
use regex::Regex;
use serde::Deserialize;
use toml::Spanned;

use super::{HttpProbe, OwnProbeError, OwnProbes};
use crate::probe::workflow::WorkflowProbe;

const MAX_BYTES: u64 = 1024 * 1024;
/// The longest that a probe may be given, in seconds.
const LONGEST: u64 = 3600;

/// The file. What else is in it is others'.
#[derive(Deserialize)]
struct Document {
    probes: Option<Section>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Section {
    #[serde(default)]
    http: Vec<HttpEntry>,
    workflow: Option<WorkflowEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HttpEntry {
    name: Spanned<String>,
    url: Spanned<String>,
    #[serde(default = "ok")]
    status: Spanned<u16>,
    body: Option<Spanned<String>>,
    #[serde(default = "required")]
    need: Need,
    deadline: Option<Spanned<u64>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WorkflowEntry {
    #[serde(default)]
    enabled: bool,
    agent: Option<Spanned<String>>,
    session: Option<String>,
    message: String,
    expect: Spanned<String>,
    #[serde(default = "required")]
    need: Need,
    deadline: Option<Spanned<u64>>,
}

fn ok() -> Spanned<u16> {
    Spanned::new(0..0, 200)
}

fn required() -> Need {
    Need::Required
}

/// What is wrong, and where.
type Wrong = (Range<usize>, String);

/// What the file says of pages and of the workflow.
pub(super) fn read(host: &dyn Host, home: &Home) -> Result<OwnProbes, OwnProbeError> {
    let path = home.root().join("config.toml");
    let Some(bytes) = read_optional(host, &path, MAX_BYTES, Links::Follow)? else {
        return Ok(OwnProbes::default());
    };
    let text = match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let words = "the file is not text in UTF-8".to_owned();
            let at = error.utf8_error().valid_up_to();
            let before = String::from_utf8_lossy(error.as_bytes().get(..at).unwrap_or_default());
            return Err(settings(path, &before, (at..at, words)));
        }
    };
    parse(&text).map_err(|wrong| settings(path, &text, wrong))
}

fn settings(path: PathBuf, text: &str, (span, words): Wrong) -> OwnProbeError {
    let before = text.as_bytes().iter().take(span.start);
    OwnProbeError::Settings {
        line: before.filter(|byte| **byte == b'\n').count() + 1,
        words: text::one_line(&words, 300),
        path,
    }
}

fn parse(text: &str) -> Result<OwnProbes, Wrong> {
    let document: Document = toml::from_str(text).map_err(|error| {
        let end = text.len()..text.len();
        (error.span().unwrap_or(end), error.message().to_owned())
    })?;
    let Some(section) = document.probes else {
        return Ok(OwnProbes::default());
    };
    let mut names: BTreeSet<String> = Builtin::ALL.map(|one| one.name().to_owned()).into();
    names.insert(WorkflowProbe::NAME.to_owned());
    let http = section.http.into_iter().map(|entry| {
        let name = entry.name.get_ref();
        if name.trim().is_empty() || !names.insert(name.clone()) {
            let words = format!("a probe named {name:?} cannot be: the name is empty or taken");
            return Err((entry.name.span(), words));
        }
        page(entry)
    });
    Ok(OwnProbes {
        programs: Vec::new(),
        http: http.collect::<Result<_, _>>()?,
        workflow: section.workflow.map(workflow).transpose()?.flatten(),
    })
}

fn page(entry: HttpEntry) -> Result<HttpProbe, Wrong> {
    Ok(HttpProbe {
        url: url(&entry.url)?,
        status: match *entry.status.get_ref() {
            code @ 100..=599 => code,
            code => return Err((entry.status.span(), format!("{code} is no HTTP status"))),
        },
        body: entry.body.as_ref().map(regex).transpose()?,
        need: entry.need,
        deadline: deadline(entry.deadline.as_ref(), 10)?,
        name: entry.name.into_inner(),
    })
}

/// One that is switched off is read all the same: it should be right on the day it is needed.
fn workflow(entry: WorkflowEntry) -> Result<Option<WorkflowProbe>, Wrong> {
    let session = match (entry.session, &entry.agent) {
        (Some(_), Some(agent)) => {
            let words = "either agent or session: a session names its agent itself";
            return Err((agent.span(), words.to_owned()));
        }
        (Some(session), None) => session,
        (None, agent) => WorkflowProbe::session_of(
            agent
                .as_ref()
                .map_or("main", |agent| agent.get_ref().as_str()),
        ),
    };
    let probe = WorkflowProbe {
        session,
        message: entry.message,
        expect: regex(&entry.expect)?,
        need: entry.need,
        deadline: deadline(entry.deadline.as_ref(), 120)?,
    };
    Ok(entry.enabled.then_some(probe))
}

fn url(text: &Spanned<String>) -> Result<Uri, Wrong> {
    let wrong = |words: String| (text.span(), words);
    let url: Uri = text.get_ref().parse().map_err(|error| {
        wrong(format!(
            "{:?} is no http:// address: {error}",
            text.get_ref()
        ))
    })?;
    match (url.scheme_str(), url.host()) {
        (Some("http"), Some(_)) => Ok(url),
        (Some("https"), _) => Err(wrong(
            "https is not spoken by these probes; put a program (curl) into probes/required.d \
             instead"
                .to_owned(),
        )),
        _ => Err(wrong(format!("{url} is no http:// address"))),
    }
}

fn regex(text: &Spanned<String>) -> Result<Regex, Wrong> {
    Regex::new(text.get_ref()).map_err(|error| {
        let words = error.to_string();
        let last = words.lines().last().unwrap_or_default();
        let words = format!("{:?} is no regular expression: {last}", text.get_ref());
        (text.span(), words)
    })
}

fn deadline(seconds: Option<&Spanned<u64>>, default: u64) -> Result<Duration, Wrong> {
    match seconds {
        None => Ok(Duration::from_secs(default)),
        Some(given) if (1..=LONGEST).contains(given.get_ref()) => {
            Ok(Duration::from_secs(*given.get_ref()))
        }
        Some(given) => Err((
            given.span(),
            format!("a deadline is 1 to {LONGEST} seconds"),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_and_a_workflow_are_read_and_what_is_others_is_left_alone() {
        let own = parse(
            "[backup]\nanything = 1\n[[probes.http]]\nname = \"site\"\nurl = \
             \"http://127.0.0.1:8080/x\"\nbody = \"^ok\"\nneed = \"wanted\"\ndeadline = 5\n\
             [probes.workflow]\nenabled = true\nmessage = \"ping\"\nexpect = \"pong\"\n",
        )
        .unwrap();
        let page = own.http.first().unwrap();
        assert_eq!((page.status, page.need), (200, Need::Wanted));
        assert_eq!(page.deadline, Duration::from_secs(5));
        let workflow = own.workflow.unwrap();
        assert_eq!(workflow.session, "agent:main:exuvia-probe");
    }

    #[test]
    fn a_workflow_is_off_unless_it_is_switched_on() {
        let own = parse("[probes.workflow]\nmessage = \"ping\"\nexpect = \"pong\"\n").unwrap();
        assert!(own.workflow.is_none());
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        let page = "[[probes.http]]\nname = \"a\"\n";
        for (text, line, words) in [
            ("[probes]\nhtpp = 1\n", 2, "unknown field"),
            (
                &format!("{page}url = \"http://h/\"\nbdy = \"x\"\n"),
                4,
                "unknown field",
            ),
            (
                &format!("{page}url = \"http://h/\"\nbody = \"(\"\n"),
                4,
                "regular expression",
            ),
            (&format!("{page}url = \"https://h/\"\n"), 3, "https"),
            (&format!("{page}url = \"file:///x\"\n"), 3, "http://"),
            (
                &format!("{page}url = \"http://h/\"\ndeadline = 0\n"),
                4,
                "1 to 3600",
            ),
            (
                &format!("{page}url = \"http://h/\"\nstatus = 99\n"),
                4,
                "no HTTP status",
            ),
            (
                "[[probes.http]]\nname = \"ready\"\nurl = \"http://h/\"\n",
                2,
                "taken",
            ),
            (
                "[probes.workflow]\nmessage = \"m\"\nexpect = \"[\"\n",
                3,
                "regular expression",
            ),
            ("\n\n[[[\n", 3, ""),
        ] {
            let wrong = parse(text).unwrap_err();
            let error = settings(PathBuf::from("config.toml"), text, wrong).to_string();
            assert!(
                error.starts_with(&format!("config.toml:{line}: ")),
                "{text}: {error}"
            );
            assert!(error.contains(words), "{text}: {error}");
        }
    }
}
