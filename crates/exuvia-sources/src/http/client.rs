//! The connection pool under everything.

use exuvia_host::Host;
use reqwest::redirect::{Action, Attempt, Policy};
use reqwest::{Client, ClientBuilder};
use url::Url;

use super::{HttpOptions, Network, proxy, tls};
use crate::SourceError;

const MAX_REDIRECTS: usize = 5;
const AGENT: &str = concat!("exuvia/", env!("CARGO_PKG_VERSION"));

pub(super) fn build(
    host: &dyn Host,
    options: &HttpOptions,
    network: &Network,
) -> Result<Client, SourceError> {
    // Somebody else in this process may have installed it; it is the same one then.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let certificates = tls::extra_certificates(host, network)?;
    let proxies = proxy::proxies(host, network)?;
    let builder = || {
        let builder = Client::builder()
            .user_agent(AGENT)
            .connect_timeout(options.connect_timeout)
            .read_timeout(options.timeout)
            .redirect(Policy::custom(follow))
            .referer(false)
            .no_proxy();
        proxies.iter().cloned().fold(builder, ClientBuilder::proxy)
    };
    builder()
        .tls_certs_merge(certificates)
        .build()
        // A machine without any certificates, as small containers are: nothing behind https can be
        // trusted, which each such source will tell, but everything else can be asked.
        .or_else(|error| builder().tls_certs_only([]).build().map_err(|_| error))
        .map_err(|error| SourceError::Setup {
            reason: innermost(&error),
        })
}

/// reqwest itself drops credentials when the origin changes.
fn follow(attempt: Attempt<'_>) -> Action {
    match objection(attempt.previous(), attempt.url()) {
        Some(reason) => attempt.error(reason),
        None => attempt.follow(),
    }
}

/// Why a redirect is not followed. Never from TLS to plain text, wherever the chain began.
fn objection(previous: &[Url], next: &Url) -> Option<&'static str> {
    let was_encrypted = previous.iter().any(|url| url.scheme() == "https");
    if !matches!(next.scheme(), "http" | "https") {
        Some("it redirects to something else than a web address")
    } else if was_encrypted && next.scheme() != "https" {
        Some("it redirects from https to an address that is not encrypted")
    } else if previous.len() > MAX_REDIRECTS {
        Some("it redirects more than 5 times")
    } else {
        None
    }
}

/// The cause under all causes, which is the one that says something. Never the address.
pub(super) fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}

/// What to do about a certificate that is not trusted.
pub(super) fn with_advice(reason: &str) -> String {
    if is_distrust(reason) {
        format!(
            "{reason}; if it is your company's certificate, name its file in NODE_EXTRA_CA_CERTS or \
             npm's cafile, and if this machine has no certificates at all, install ca-certificates"
        )
    } else {
        reason.to_owned()
    }
}

/// In rustls' words.
pub(super) fn is_distrust(reason: &str) -> bool {
    reason.starts_with("invalid peer certificate")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        text.parse().unwrap()
    }

    #[test]
    fn redirects_stay_encrypted_and_end() {
        let plain = vec![url("http://a/")];
        let encrypted = vec![url("https://a/"), url("https://b/")];
        assert_eq!(objection(&plain, &url("http://b/")), None);
        assert_eq!(objection(&plain, &url("https://b/")), None);
        assert_eq!(objection(&encrypted, &url("https://c/")), None);
        assert!(objection(&encrypted, &url("http://c/")).is_some());
        assert!(objection(&plain, &url("file:///etc/passwd")).is_some());
        assert!(objection(&vec![url("https://a/"); 6], &url("https://a/")).is_some());
    }
}
