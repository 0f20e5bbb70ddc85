//! A bucket of Amazon S3, or of a server that speaks as it does.
//!
//! Requests are signed in their addresses by `rusty-s3`, which does no I/O; the client is the one of
//! the REST server.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use exuvia_host::Host;
use reqwest::header::{CONTENT_LENGTH, RANGE};
use reqwest::{Method, RequestBuilder, StatusCode};
use rusty_s3::actions::{ListObjectsV2, ListObjectsV2Response};
use rusty_s3::{Bucket, Credentials, S3Action, UrlStyle};
use url::Url;

use super::web::{Answer, Web};
use super::{Kind, Name, Storage, StorageError, Trouble, range_header, slice};
use crate::address::S3;

const HINT: &str = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and AWS_DEFAULT_REGION if the \
                    bucket is not in us-east-1";
/// How long a signature is good for.
const GOOD_FOR: Duration = Duration::from_mins(30);

/// A bucket.
#[derive(Debug)]
pub(crate) struct Objects {
    web: Arc<Web>,
    host: Arc<dyn Host>,
    bucket: Bucket,
    credentials: Option<Credentials>,
    prefix: String,
    address: String,
}

impl Objects {
    pub(crate) fn new(
        host: Arc<dyn Host>,
        place: &S3,
        address: String,
    ) -> Result<Self, StorageError> {
        let web = Web::new(address.clone())?;
        let variable = |name: &str| host.env(name).and_then(|value| value.into_string().ok());
        let region = variable("AWS_DEFAULT_REGION")
            .or_else(|| variable("AWS_REGION"))
            .or_else(|| region_of(&place.endpoint))
            .unwrap_or_else(|| "us-east-1".to_owned());
        let style = if is_amazon(&place.endpoint) && !place.bucket.contains('.') {
            UrlStyle::VirtualHost
        } else {
            UrlStyle::Path
        };
        let bucket = Bucket::new(place.endpoint.clone(), style, place.bucket.clone(), region)
            .map_err(|error| web.failed("use the bucket", error.to_string(), Trouble::Lasting))?;
        let key = variable("AWS_ACCESS_KEY_ID").zip(variable("AWS_SECRET_ACCESS_KEY"));
        let credentials = key.map(|(key, secret)| match variable("AWS_SESSION_TOKEN") {
            Some(token) => Credentials::new_with_token(key, secret, token),
            None => Credentials::new(key, secret),
        });
        let prefix = if place.prefix.is_empty() {
            String::new()
        } else {
            format!("{}/", place.prefix)
        };
        Ok(Self {
            web,
            host,
            bucket,
            credentials,
            prefix,
            address,
        })
    }

    fn key(&self, name: &Name) -> String {
        format!("{}{}", self.prefix, name.path())
    }

    fn request<'a>(&self, method: Method, action: &impl S3Action<'a>) -> RequestBuilder {
        let url = action.sign_with_time(GOOD_FOR, &self.host.now());
        self.web.client().request(method, url)
    }

    fn succeed(&self, what: &str, request: RequestBuilder) -> Result<Answer, StorageError> {
        let answer = self.web.ask(what, request)?;
        if answer.status.is_success() {
            Ok(answer)
        } else {
            Err(self.web.refused(what, &answer, HINT))
        }
    }

    fn page(
        &self,
        what: &str,
        prefix: &str,
        token: Option<&str>,
    ) -> Result<ListObjectsV2Response, StorageError> {
        let mut action = self.bucket.list_objects_v2(self.credentials.as_ref());
        action.with_prefix(prefix);
        if let Some(token) = token {
            action.with_continuation_token(token);
        }
        let answer = self.succeed(what, self.request(Method::GET, &action))?;
        let text = String::from_utf8_lossy(&answer.body);
        ListObjectsV2::parse_response(&text).map_err(|_| {
            let why = "its answer is no listing of a bucket".to_owned();
            self.web.failed(what, why, Trouble::Lasting)
        })
    }
}

fn is_amazon(endpoint: &Url) -> bool {
    let host = endpoint.host_str().unwrap_or_default();
    host.ends_with(".amazonaws.com")
}

/// `s3.eu-west-1.amazonaws.com` says which region it is.
fn region_of(endpoint: &Url) -> Option<String> {
    let host = endpoint.host_str()?.strip_suffix(".amazonaws.com")?;
    let region = host.strip_prefix("s3.").or(host.strip_prefix("s3-"))?;
    let region = region.strip_prefix("dualstack.").unwrap_or(region);
    Some(region.to_owned())
}

impl Storage for Objects {
    fn address(&self) -> &str {
        &self.address
    }

    /// A bucket has no directories, and is not made: how is its owner's to say.
    fn create(&self) -> Result<(), StorageError> {
        self.page("look into the bucket", &self.prefix, None)
            .map(drop)
    }

    fn list(&self, kind: Kind) -> Result<Vec<(Name, u64)>, StorageError> {
        let what = format!("list {}", kind.name());
        let prefix = format!("{}{}/", self.prefix, kind.name());
        let mut found = Vec::new();
        let mut token: Option<String> = None;
        loop {
            let page = self.page(&what, &prefix, token.as_deref())?;
            for object in &page.contents {
                let name = object.key.rsplit('/').next().unwrap_or_default();
                let name = Name::parse(kind, name).filter(|name| self.key(name) == object.key);
                found.extend(name.map(|name| (name, object.size.unwrap_or(0))));
            }
            match page.next_continuation_token {
                Some(next) if Some(&next) != token.as_ref() => token = Some(next),
                _ => return Ok(found),
            }
        }
    }

    fn size(&self, name: &Name) -> Result<Option<u64>, StorageError> {
        let what = format!("look at {name}");
        let key = self.key(name);
        let action = self.bucket.head_object(self.credentials.as_ref(), &key);
        let answer = self.web.ask(&what, self.request(Method::HEAD, &action))?;
        match answer.status {
            StatusCode::NOT_FOUND => Ok(None),
            status if status.is_success() => Ok(answer.length),
            _ => Err(self.web.refused(&what, &answer, HINT)),
        }
    }

    fn read(&self, name: &Name, range: Option<Range<u64>>) -> Result<Bytes, StorageError> {
        let what = format!("read {name}");
        let key = self.key(name);
        let action = self.bucket.get_object(self.credentials.as_ref(), &key);
        let mut request = self.request(Method::GET, &action);
        if let Some(range) = &range {
            request = request.header(RANGE, range_header(range));
        }
        let answer = self.succeed(&what, request)?;
        Ok(slice(answer.body, answer.status, range))
    }

    fn write(&self, name: &Name, content: Bytes) -> Result<(), StorageError> {
        let what = format!("write {name}");
        let key = self.key(name);
        let action = self.bucket.put_object(self.credentials.as_ref(), &key);
        let request = self
            .request(Method::PUT, &action)
            .header(CONTENT_LENGTH, content.len())
            .body(content);
        self.succeed(&what, request).map(drop)
    }

    fn remove(&self, name: &Name) -> Result<(), StorageError> {
        let what = format!("remove {name}");
        let key = self.key(name);
        let action = self.bucket.delete_object(self.credentials.as_ref(), &key);
        match self.succeed(&what, self.request(Method::DELETE, &action)) {
            Err(error) if error.trouble == Trouble::Missing => Ok(()),
            other => other.map(drop),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_region_is_in_amazons_names() {
        for (endpoint, region) in [
            ("https://s3.eu-west-1.amazonaws.com/", Some("eu-west-1")),
            (
                "https://s3.dualstack.eu-west-1.amazonaws.com/",
                Some("eu-west-1"),
            ),
            ("https://s3-us-west-2.amazonaws.com/", Some("us-west-2")),
            ("https://s3.amazonaws.com/", None),
            ("https://minio.example/", None),
        ] {
            let found = region_of(&Url::parse(endpoint).unwrap());
            assert_eq!(found.as_deref(), region, "{endpoint}");
        }
    }
}
