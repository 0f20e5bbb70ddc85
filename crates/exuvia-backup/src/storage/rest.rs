//! A server that speaks restic's REST protocol, version 2.
//!
//! <https://restic.readthedocs.io/en/stable/REST_backend.html>

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use exuvia_host::Host;
use reqwest::header::{ACCEPT, CONTENT_TYPE, RANGE};
use reqwest::{Method, RequestBuilder, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use url::Url;

use super::web::{Answer, Web};
use super::{Kind, Name, Storage, StorageError, Trouble, slice};

const VERSION_2: &str = "application/vnd.x.restic.rest.v2";
const BINARY: &str = "application/octet-stream";
const HINT: &str = "set RESTIC_REST_USERNAME and RESTIC_REST_PASSWORD";

/// A server.
#[derive(Debug)]
pub(crate) struct Rest {
    web: Arc<Web>,
    url: Url,
    address: String,
    login: Option<(String, SecretString)>,
}

#[derive(Deserialize)]
struct Listed {
    name: String,
    size: u64,
}

impl Rest {
    pub(crate) fn new(host: &dyn Host, url: &Url, address: String) -> Result<Self, StorageError> {
        let variable = |name: &str| host.env(name).and_then(|value| value.into_string().ok());
        let password = variable("RESTIC_REST_PASSWORD").unwrap_or_default();
        Ok(Self {
            web: Web::new(address.clone())?,
            url: url.clone(),
            address,
            login: variable("RESTIC_REST_USERNAME")
                .map(|user| (user, SecretString::from(password))),
        })
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        // What is joined is a name of ours: it cannot lead elsewhere.
        let url = format!("{}{path}", self.url);
        let request = self.web.client().request(method, url);
        let request = request.header(ACCEPT, VERSION_2);
        match &self.login {
            Some((user, password)) => request.basic_auth(user, Some(password.expose_secret())),
            None => request,
        }
    }

    fn succeed(&self, what: &str, request: RequestBuilder) -> Result<Answer, StorageError> {
        let answer = self.web.ask(what, request)?;
        if answer.status.is_success() {
            Ok(answer)
        } else {
            Err(self.web.refused(what, &answer, HINT))
        }
    }
}

impl Storage for Rest {
    fn address(&self) -> &str {
        &self.address
    }

    fn create(&self) -> Result<(), StorageError> {
        let request = self.request(Method::POST, "?create=true");
        self.succeed("make a repository", request).map(drop)
    }

    fn list(&self, kind: Kind) -> Result<Vec<(Name, u64)>, StorageError> {
        let what = format!("list {}", kind.name());
        let request = self.request(Method::GET, &format!("{}/", kind.name()));
        let answer = self.web.ask(&what, request)?;
        if answer.status == StatusCode::NOT_FOUND {
            return Ok(Vec::new());
        }
        if !answer.status.is_success() {
            return Err(self.web.refused(&what, &answer, HINT));
        }
        let listed: Vec<Listed> = serde_json::from_slice(&answer.body).map_err(|_| {
            let why = "its answer is no listing of version 2 of the protocol".to_owned();
            self.web.failed(&what, why, Trouble::Lasting)
        })?;
        let found = listed.iter();
        Ok(found
            .filter_map(|one| Some((Name::parse(kind, &one.name)?, one.size)))
            .collect())
    }

    fn size(&self, name: &Name) -> Result<Option<u64>, StorageError> {
        let what = format!("look at {name}");
        // Not all servers tell the size of the config without sending it; it is small.
        if name.kind() == Kind::Config {
            return match self.read(name, None) {
                Ok(content) => Ok(Some(content.len() as u64)),
                Err(error) if error.trouble == Trouble::Missing => Ok(None),
                Err(error) => Err(error),
            };
        }
        let request = self.request(Method::HEAD, &flat(name));
        let answer = self.web.ask(&what, request)?;
        match answer.status {
            StatusCode::NOT_FOUND => Ok(None),
            status if status.is_success() => Ok(answer.length),
            _ => Err(self.web.refused(&what, &answer, HINT)),
        }
    }

    fn read(&self, name: &Name, range: Option<Range<u64>>) -> Result<Bytes, StorageError> {
        let what = format!("read {name}");
        let mut request = self.request(Method::GET, &flat(name));
        if let Some(range) = &range {
            request = request.header(RANGE, super::range_header(range));
        }
        let answer = self.succeed(&what, request)?;
        Ok(slice(answer.body, answer.status, range))
    }

    fn write(&self, name: &Name, content: Bytes) -> Result<(), StorageError> {
        let what = format!("write {name}");
        let request = self
            .request(Method::POST, &flat(name))
            .header(CONTENT_TYPE, BINARY)
            .body(content);
        self.succeed(&what, request).map(drop)
    }

    fn remove(&self, name: &Name) -> Result<(), StorageError> {
        let what = format!("remove {name}");
        match self.succeed(&what, self.request(Method::DELETE, &flat(name))) {
            Err(error) if error.trouble == Trouble::Missing => Ok(()),
            other => other.map(drop),
        }
    }
}

/// The server spreads packs itself.
fn flat(name: &Name) -> String {
    name.to_string()
}
