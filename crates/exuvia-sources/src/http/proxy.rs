//! Which proxy stands between.
//!
//! npm's own settings go before the environment's, as they do for npm.

use exuvia_host::Host;
use reqwest::{NoProxy, Proxy};

use super::Network;
use crate::SourceError;

pub(super) fn proxies(host: &dyn Host, network: &Network) -> Result<Vec<Proxy>, SourceError> {
    let env = |names: &[&str]| {
        names
            .iter()
            .find_map(|name| host.env(name))
            .and_then(|value| value.into_string().ok())
    };
    let all = || env(&["ALL_PROXY", "all_proxy"]);
    let https = network
        .https_proxy
        .clone()
        .or_else(|| env(&["HTTPS_PROXY", "https_proxy"]))
        .or_else(all);
    let http = network
        .proxy
        .clone()
        .or_else(|| env(&["HTTP_PROXY", "http_proxy"]))
        .or_else(all);
    let direct = network
        .no_proxy
        .clone()
        .or_else(|| env(&["NO_PROXY", "no_proxy"]));
    let direct = direct.as_deref().and_then(NoProxy::from_string);

    let mut proxies = Vec::new();
    if let Some(address) = https {
        proxies.push(
            Proxy::https(&address)
                .map_err(bad)?
                .no_proxy(direct.clone()),
        );
    }
    if let Some(address) = http {
        proxies.push(Proxy::http(&address).map_err(bad)?.no_proxy(direct));
    }
    Ok(proxies)
}

/// Without the address: it may hold a password.
fn bad(_: reqwest::Error) -> SourceError {
    SourceError::Setup {
        reason: "a proxy's address is not one (see proxy and https-proxy in .npmrc, HTTPS_PROXY, \
                 http_proxy and ALL_PROXY)"
            .to_owned(),
    }
}
