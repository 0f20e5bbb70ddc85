//! How long it takes to find an install and read what is in it, caches warm.
#![allow(missing_docs, reason = "criterion's macros make public items")]
#![allow(
    clippy::unwrap_used,
    reason = "a benchmark that cannot be set up has nothing to measure"
)]

use std::path::Path;

use criterion::{Criterion, criterion_group, criterion_main};
use exuvia_host::testing::TestHost;
use exuvia_openclaw::{LocateOptions, locate, take_inventory};
use exuvia_testkit::install::{Builder, Install, Skill};

fn install(home: &Path, skills: usize) -> Install {
    let skill = |number: usize| {
        Skill::clawhub("acme", &format!("skill-{number}"), "1.0.0")
            .file(
                "SKILL.md",
                format!("---\nname: skill-{number}\n---\n{}", "text\n".repeat(400)),
            )
            .file("scripts/run.sh", "#!/bin/sh\necho done\n")
    };
    (0..skills)
        .fold(Builder::new(home), |builder, number| {
            builder.skill(skill(number))
        })
        .build()
}

fn inventory(criterion: &mut Criterion) {
    for skills in [10, 1000] {
        let home = tempfile::tempdir().unwrap();
        let install = install(home.path(), skills);
        let host = install
            .env()
            .into_iter()
            .fold(TestHost::new(), |host, (name, value)| {
                host.with_env(&name, value)
            });
        criterion.bench_function(&format!("inventory of {skills} skills"), |bencher| {
            bencher.iter(|| {
                let install = locate(&host, &LocateOptions::default()).unwrap();
                let inventory = take_inventory(&host, &install);
                assert_eq!(inventory.install.node.is_some(), install.node.is_some());
                inventory.total_assets
            });
        });
    }
}

criterion_group!(benches, inventory);
criterion_main!(benches);
