//! Which certificates are trusted.
//!
//! The machine's own (its verifier reads `SSL_CERT_FILE` and `SSL_CERT_DIR`), and beside them those
//! of `NODE_EXTRA_CA_CERTS` and npm's `cafile` and `ca`: behind a company's certificate, these are
//! what makes npm itself work. Verification is never switched off, whatever `strict-ssl` says.

use std::path::Path;

use exuvia_host::{Host, Links, read_limited};
use reqwest::Certificate;

use super::Network;
use crate::SourceError;

/// Bundles of a whole distribution have less than a quarter of it.
const MAX_BUNDLE: u64 = 4 << 20;

pub(super) fn extra_certificates(
    host: &dyn Host,
    network: &Network,
) -> Result<Vec<Certificate>, SourceError> {
    let mut certificates = Vec::new();
    if let Some(path) = host.env("NODE_EXTRA_CA_CERTS") {
        // Node itself only warns about a file that is not there, and goes on.
        if let Ok(bundle) = read_limited(host, Path::new(&path), MAX_BUNDLE, Links::Follow) {
            certificates.extend(parse(&bundle, "NODE_EXTRA_CA_CERTS")?);
        }
    }
    for bundle in &network.certificates {
        certificates.extend(parse(bundle, "npm's cafile or ca")?);
    }
    Ok(certificates)
}

fn parse(bundle: &[u8], from: &str) -> Result<Vec<Certificate>, SourceError> {
    Certificate::from_pem_bundle(bundle).map_err(|error| SourceError::Setup {
        reason: format!("{from} holds no certificates in PEM: {error}"),
    })
}
