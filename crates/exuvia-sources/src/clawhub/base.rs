//! Which registry is meant.

use exuvia_host::Host;
use serde::{Deserialize, Serialize};
use url::Url;

use super::ClawHub;
use crate::Http;
use crate::http::Ask;

/// The registry that the environment names: `OPENCLAW_CLAWHUB_URL` and `CLAWHUB_URL` (OpenClaw),
/// `CLAWHUB_REGISTRY` and `CLAWHUB_SITE` (the `clawhub` CLI), in this order. `None` when none of
/// them holds an http address; what a skill's origin records is right then.
pub fn base_from_env(host: &dyn Host) -> Option<Url> {
    [
        "OPENCLAW_CLAWHUB_URL",
        "CLAWHUB_URL",
        "CLAWHUB_REGISTRY",
        "CLAWHUB_SITE",
    ]
    .iter()
    .filter_map(|name| host.env(name)?.into_string().ok())
    .find_map(|text| text.trim().parse::<Url>().ok().filter(is_http))
}

fn is_http(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https")
}

/// `/.well-known/clawhub.json`.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WellKnown {
    #[serde(alias = "registry")]
    api_base: Option<String>,
}

impl ClawHub {
    /// The registry behind a site: the one that its `/.well-known/clawhub.json` names (or the older
    /// `clawdhub.json`), else the site itself.
    pub async fn discover(http: Http, site: Url) -> Self {
        for path in ["/.well-known/clawhub.json", "/.well-known/clawdhub.json"] {
            let Ok(url) = site.join(path) else { continue };
            let Ok(known) = http
                .json::<WellKnown>(&Ask::json(url), "clawhub-site-1")
                .await
            else {
                continue;
            };
            let base = known.api_base.and_then(|text| text.parse::<Url>().ok());
            // From https to plain text would be a step down that nobody asked for.
            if let Some(base) =
                base.filter(|base| base.scheme() == "https" || base.scheme() == site.scheme())
                && is_http(&base)
            {
                return Self::new(http, base);
            }
        }
        Self::new(http, site)
    }
}
