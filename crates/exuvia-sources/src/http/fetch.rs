//! Asking, and asking again; what is known already, and what is kept.

use std::io::Read;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::cache::Entry;
use super::send::{Again, Answer, Validators};
use super::site::Site;
use super::{Ask, Http, retry};
use crate::SourceError;

impl Http {
    /// A JSON document, revalidated if it is known already.
    pub(crate) async fn json<T>(&self, ask: &Ask, kind: &str) -> Result<T, SourceError>
    where
        T: Serialize + DeserializeOwned + Send + 'static,
    {
        self.distilled(ask, kind, |_: &T| true, parse).await
    }

    /// What `distil` makes of a JSON document. Only that is kept, and revalidated next time if it
    /// still `suits`.
    pub(crate) async fn distilled<T, F>(
        &self,
        ask: &Ask,
        kind: &str,
        suits: impl Fn(&T) -> bool,
        distil: F,
    ) -> Result<T, SourceError>
    where
        T: Serialize + DeserializeOwned + Send + 'static,
        F: Fn(&mut dyn Read) -> Result<T, String> + Send + Sync + 'static,
    {
        let key = ask.key(kind);
        let known = self.known(ask, &key).filter(|(_, value)| suits(value));
        if self.is_offline() {
            let (entry, value) = known.ok_or_else(|| SourceError::Offline { url: ask.shown() })?;
            self.used_unasked(entry.fetched_at);
            return Ok(value);
        }
        let shown = ask.shown();
        let read = move |body: &mut dyn Read| {
            distil(body).map_err(|reason| SourceError::NotJson {
                url: shown.clone(),
                reason,
            })
        };
        if self.0.cache.is_fresh(&key)
            && let Some((_, value)) = known
        {
            return Ok(value);
        }
        let validators = known.as_ref().map(|(entry, _)| entry.validators.clone());
        let now = self.0.host.now();
        match (self.fetch(ask, validators, Arc::new(read)).await?, known) {
            (Answer::New(value, validators), _) => {
                self.0
                    .cache
                    .put(&ask.url, key, Entry::new(validators, now, &value));
                Ok(value)
            }
            (Answer::Unchanged, Some((_, value))) => {
                self.0.cache.confirm(&ask.url, &key, now);
                Ok(value)
            }
            (Answer::Unchanged, None) => Err(SourceError::Status {
                url: ask.shown(),
                status: 304,
            }),
        }
    }

    fn known<T: DeserializeOwned>(&self, ask: &Ask, key: &str) -> Option<(Entry, T)> {
        let entry = self.0.cache.get(&ask.url, key)?;
        // What an older Exuvia kept in another shape is as good as nothing.
        let value = serde_json::from_str(&entry.value).ok()?;
        Some((entry, value))
    }

    /// What `read` makes of a body. Nothing is kept.
    pub(crate) async fn read<T, F>(&self, ask: &Ask, read: F) -> Result<T, SourceError>
    where
        T: Send + 'static,
        F: Fn(&mut dyn Read) -> Result<T, SourceError> + Send + Sync + 'static,
    {
        match self.fetch(ask, None, Arc::new(read)).await? {
            Answer::New(value, _) => Ok(value),
            Answer::Unchanged => Err(SourceError::Status {
                url: ask.shown(),
                status: 304,
            }),
        }
    }

    async fn fetch<T, F>(
        &self,
        ask: &Ask,
        known: Option<Validators>,
        read: Arc<F>,
    ) -> Result<Answer<T>, SourceError>
    where
        T: Send + 'static,
        F: Fn(&mut dyn Read) -> Result<T, SourceError> + Send + Sync + 'static,
    {
        let shown = ask.shown();
        if self.is_offline() {
            return Err(SourceError::Offline { url: shown });
        }
        let site = self.0.hosts.of(&ask.url);
        let _turn = site.enter(&shown).await?;
        let mut tries = 0;
        loop {
            self.wait_for_quiet(&site).await;
            // Others may have given the host up in the meantime.
            site.still_asked(&shown)?;
            tries += 1;
            let failure = match self.once(ask, known.as_ref(), read.clone()).await {
                Ok(answer) => {
                    site.answered();
                    return Ok(answer);
                }
                Err(failure) => failure,
            };
            let pause = match failure.again {
                Again::Yes { after } => retry::pause(tries, after, self.jitter()),
                Again::No => None,
            };
            let Some(pause) = pause else {
                site.gave_up(&failure.error);
                return Err(failure.error);
            };
            if matches!(failure.error, SourceError::RateLimited { .. }) {
                // Whoever is next must not ask in the meantime either.
                site.be_quiet_until(self.0.host.elapsed() + pause);
            } else {
                tokio::time::sleep(pause).await;
            }
        }
    }

    async fn wait_for_quiet(&self, site: &Site) {
        while let Some(left) = site.quiet_for(self.0.host.elapsed()) {
            tokio::time::sleep(left).await;
        }
    }

    /// Anything that differs between requests that failed at the same moment.
    fn jitter(&self) -> f64 {
        let nanos = self.0.host.elapsed().subsec_nanos() % 1000;
        f64::from(nanos) / 1000.0
    }
}

fn parse<T: DeserializeOwned>(body: &mut dyn Read) -> Result<T, String> {
    serde_json::from_reader(std::io::BufReader::new(body)).map_err(|error| error.to_string())
}
