//! A packument of 30 MB passes through little memory. In a process of its own, since it looks at
//! the whole process.
#![cfg(target_os = "linux")]
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test, which makes its own files and server"
)]

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use exuvia_host::testing::TestHost;
use exuvia_sources::npm::{Config, Npm, Want};
use exuvia_sources::{Http, HttpOptions};
use futures::stream;

const VERSIONS: usize = 300;
const FILLING: usize = 100 * 1024;

/// One version's entry: mostly text that nobody asks for.
fn entry(number: usize) -> Bytes {
    let comma = if number == 0 { "" } else { "," };
    let filling = "x".repeat(FILLING);
    format!(
        r#"{comma}"1.{number}.0":{{"exports":"{filling}","dist":{{"tarball":"http://127.0.0.1:9/x.tgz"}}}}"#
    )
    .into()
}

/// Made while it is sent, so that the server's side needs no memory either.
fn packument() -> Body {
    let head =
        Bytes::from_static(br#"{"name":"big","dist-tags":{"latest":"1.299.0"},"versions":{"#);
    let tail = Bytes::from_static(br#"},"readme":"done"}"#);
    let pieces = std::iter::once(head)
        .chain((0..VERSIONS).map(entry))
        .chain(std::iter::once(tail));
    Body::from_stream(stream::iter(pieces.map(Ok::<_, std::io::Error>)))
}

/// The most memory that this process ever had, in KiB.
fn high_water() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM"))
        .unwrap();
    line.split_ascii_whitespace()
        .nth(1)
        .unwrap()
        .parse()
        .unwrap()
}

#[tokio::test]
async fn a_packument_of_thirty_megabytes_is_read_in_a_few() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let registry = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().fallback(|| async { packument() });
    tokio::spawn(async move { axum::serve(listener, router).await });

    let directory = tempfile::tempdir().unwrap();
    let config = Config::with_registry(registry.parse().unwrap());
    let options = HttpOptions::new(directory.path());
    let http = Http::new(Arc::new(TestHost::new()), options, &config).unwrap();
    let npm = Npm::new(http, config);
    let before = high_water();
    let found = npm
        .packument("big", &Want::tagged().and("1.7.0"))
        .await
        .unwrap();
    let grown = high_water() - before;
    assert_eq!((found.versions.len(), found.manifests.len()), (VERSIONS, 2));
    assert!(grown < 12 * 1024, "it took {grown} KiB more");
}
