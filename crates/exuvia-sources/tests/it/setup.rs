//! What every test needs.

use std::sync::Arc;
use std::time::Duration;

use exuvia_host::testing::TestHost;
use exuvia_sources::npm::{Config, Npm};
use exuvia_sources::{Http, HttpOptions};
use tempfile::TempDir;

/// A directory for the cache, and options with times that a test can wait for.
pub(crate) struct Lab {
    pub(crate) directory: TempDir,
    pub(crate) options: HttpOptions,
}

impl Lab {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut options = HttpOptions::new(directory.path().join("cache"));
        options.timeout = Duration::from_secs(20);
        Self { directory, options }
    }

    pub(crate) fn offline(mut self) -> Self {
        self.options.offline = true;
        self
    }

    /// A way out that knows what the earlier ones over the same cache have learnt.
    pub(crate) fn http(&self) -> Http {
        self.http_of(TestHost::new())
    }

    pub(crate) fn http_of(&self, host: TestHost) -> Http {
        let nowhere = Config::with_registry("http://127.0.0.1:9/".parse().unwrap());
        Http::new(Arc::new(host), self.options.clone(), &nowhere).unwrap()
    }

    pub(crate) fn npm(&self, registry: &str) -> Npm {
        Npm::new(
            self.http(),
            Config::with_registry(registry.parse().unwrap()),
        )
    }
}

/// An address where nobody listens.
pub(crate) fn dead_address() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}
