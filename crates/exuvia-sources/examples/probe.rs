use exuvia_host::SystemHost;
use exuvia_sources::{
    Http, HttpOptions,
    npm::{Config, Npm, Want},
};
use std::sync::Arc;
use std::time::Instant;
#[tokio::main(flavor = "current_thread")]
async fn main() {
    let host = Arc::new(SystemHost::new());
    let dir = std::path::PathBuf::from("/tmp/probe-cache");
    let t = Instant::now();
    let config = Config::load(host.as_ref(), &dir).unwrap();
    println!(
        "{:?} {:?} {:?}",
        t.elapsed(),
        config
            .registry_for("openclaw")
            .map(|u| u.host_str().map(str::len)),
        config.problems()
    );
    let http = Http::new(host, HttpOptions::new(&dir), &config).unwrap();
    let npm = Npm::new(http.clone(), config);
    for n in ["openclaw", "@openclaw/msteams"] {
        let t = Instant::now();
        match npm.packument(n, &Want::tagged().and("2026.9.5")).await {
            Ok(p) => {
                println!(
                    "{n} {:?} {} versions {:?} {:?}",
                    t.elapsed(),
                    p.versions.len(),
                    p.dist_tags,
                    p.manifests.keys()
                );
                rss();
                let m = &p.manifests.values().last().unwrap();
                println!(
                    "{:?} {:?} {:?} {:?} {:?} {:?}",
                    m.schema_versions,
                    m.engines_node,
                    m.repository,
                    m.install_scripts,
                    m.publisher,
                    m.published_at
                );
                println!(
                    "{:?} {:?}",
                    npm.signature(m).await,
                    npm.attestation(m).await
                );
                let t = Instant::now();
                let a = npm.tarball(m).await;
                match a {
                    Ok(a) => println!(
                        "{:?} files {} problems {:?} digest {}",
                        t.elapsed(),
                        a.files.len(),
                        a.problems,
                        a.digest
                    ),
                    Err(e) => println!("{e}"),
                }
                rss();
            }
            Err(e) => println!("{n}: {e}"),
        }
    }
    println!("requests {}", http.requests());
}
fn rss() {
    let s = std::fs::read_to_string("/proc/self/status").unwrap();
    for l in s
        .lines()
        .filter(|l| l.starts_with("VmHWM") || l.starts_with("VmRSS"))
    {
        println!("{l}");
    }
}
