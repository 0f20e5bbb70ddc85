//! How long it takes to read a changelog and to look into a new version.
#![allow(missing_docs, reason = "criterion's macros make public items")]
#![allow(
    clippy::unwrap_used,
    reason = "a benchmark that cannot be set up has nothing to measure"
)]

use criterion::{Criterion, criterion_group, criterion_main};
use exuvia_check::changelog;
use exuvia_check::vet::{self, File};

fn changelog_of(versions: u32) -> String {
    let lines = "- **Gateway:** answers again when the list is empty. (#1234)\n".repeat(40);
    let section =
        |minor: u32| format!("## 1.{minor}.0\n\n### Changes\n\n{lines}\n### Fixes\n\n{lines}\n");
    (1..=versions)
        .rev()
        .map(section)
        .collect::<Vec<_>>()
        .concat()
}

fn reading(criterion: &mut Criterion) {
    let text = changelog_of(200);
    let (from, to) = ("1.190.0".parse().unwrap(), "1.200.0".parse().unwrap());
    criterion.bench_function("ten versions out of a changelog of 200", |bencher| {
        bencher.iter(|| {
            let sections = changelog::range(&text, &from, &to);
            assert_eq!(sections.len(), 10);
            changelog::extract(&sections)
        });
    });
    let old = "export function run(list) { return list.map((x) => x.name); }\n".repeat(4000);
    let new =
        format!("{old}fetch(\"https://api.example/v1\", {{ token: process.env.API_TOKEN }});\n");
    let file = |content: &'static str| File {
        path: "dist/index.js",
        executable: false,
        size: content.len() as u64,
        content: Some(content.as_bytes()),
    };
    let (old, new): (&'static str, &'static str) = (old.leak(), new.leak());
    criterion.bench_function("a bundle of 260 KB with one new line", |bencher| {
        bencher.iter(|| {
            let findings = vet::compare(&[file(old)], &[file(new)]);
            assert!(!findings.is_empty());
            findings
        });
    });
}

criterion_group!(benches, reading);
criterion_main!(benches);
