//! Every host that is asked, by its origin.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use url::Url;

use super::site::Site;

pub(super) struct Hosts {
    per_host: usize,
    sites: Mutex<HashMap<String, Arc<Site>>>,
}

impl Hosts {
    pub(super) fn new(per_host: usize) -> Self {
        Self {
            per_host: per_host.max(1),
            sites: Mutex::new(HashMap::new()),
        }
    }

    pub(super) fn of(&self, url: &Url) -> Arc<Site> {
        let origin = url.origin().ascii_serialization();
        let mut sites = self.sites.lock().unwrap_or_else(PoisonError::into_inner);
        sites
            .entry(origin)
            .or_insert_with(|| Arc::new(Site::new(self.per_host)))
            .clone()
    }
}
