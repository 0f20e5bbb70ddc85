//! The rules over texts, one family a file.

mod credentials;
mod environment;
mod hidden;
mod injection;
mod network;
mod obfuscation;
mod process;

use std::collections::HashSet;

use exuvia_model::Finding;
use exuvia_model::vetting::FindingKind;

use super::before::Before;
use super::rule::Hit;
use super::source::{LONG_LINE, Source};

/// Everything that the rules find in a text, whether or not it is new.
pub(super) fn hits(source: &Source<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    hits.extend(network::hits(source));
    hits.extend(credentials::hits(source));
    hits.extend(environment::hits(source));
    hits.extend(process::hits(source));
    hits.extend(obfuscation::hits(source));
    hits.extend(injection::hits(source));
    hits.extend(hidden::hits(source));
    hits.sort_by_key(|hit| hit.range.start);
    hits
}

/// What they find that the installed version did not have.
pub(super) fn look(source: &Source<'_>, before: &Before<'_>) -> Vec<Finding> {
    let old = before.lines(source.path);
    let mut seen = HashSet::new();
    hits(source)
        .into_iter()
        .filter(|hit| is_new(hit, source, &old, before))
        .filter(|hit| seen.insert((hit.kind, hit.subject.clone())))
        .map(|hit| {
            let line = u32::try_from(source.line_at(hit.range.start) + 1).ok();
            let excerpt = source.excerpt(&hit.range);
            Finding::new(hit.kind, &hit.subject, source.path, line, excerpt)
        })
        .collect()
}

/// A host or a variable is known once any old file named it. Of everything else a new line is
/// news, but in a bundle's endless line only what no old file had.
fn is_new(hit: &Hit, source: &Source<'_>, old: &HashSet<String>, before: &Before<'_>) -> bool {
    let last = source.line_at(hit.range.end.saturating_sub(1).max(hit.range.start));
    let mut touched = source.line_at(hit.range.start)..=last;
    if touched
        .clone()
        .all(|number| old.contains(source.line(number).trim()))
    {
        return false;
    }
    let by_subject = matches!(
        hit.kind,
        FindingKind::NetworkEndpoint | FindingKind::EnvironmentAccess
    ) || touched.any(|number| source.line(number).len() > LONG_LINE);
    !(by_subject && before.knows(hit.kind, &hit.subject))
}
