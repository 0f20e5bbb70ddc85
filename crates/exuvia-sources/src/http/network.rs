//! What `.npmrc` says about the way out.

/// Proxies and certificates that were configured for npm. Both hold for every source: a company's
/// proxy does not ask who is behind it.
#[derive(Clone, Default)]
pub struct Network {
    /// For `http:` addresses.
    pub proxy: Option<String>,
    /// For `https:` addresses.
    pub https_proxy: Option<String>,
    /// Hosts that are reached directly, separated by commas.
    pub no_proxy: Option<String>,
    /// Certificates to trust beside the machine's own, each a bundle in PEM.
    pub certificates: Vec<Vec<u8>>,
}

impl std::fmt::Debug for Network {
    /// Proxies have passwords in them.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Network")
            .field("proxy", &self.proxy.is_some())
            .field("https_proxy", &self.https_proxy.is_some())
            .field("no_proxy", &self.no_proxy)
            .field("certificates", &self.certificates.len())
            .finish()
    }
}
