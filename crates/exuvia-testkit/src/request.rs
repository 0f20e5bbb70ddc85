//! What a stand-in was asked.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

/// One request that reached a stand-in.
#[derive(Clone, Debug)]
pub struct Request {
    /// `GET`, `POST`, …
    pub method: String,
    /// The path as sent, still percent-encoded (`/@acme%2fdemo`).
    pub path: String,
    /// The query string as sent, without `?`; empty if there was none.
    pub query: String,
    /// Headers by lower-case name; of a repeated header the last value.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: Vec<u8>,
}

impl Request {
    /// The path's segments, percent-decoded, after the decoding split no further: npm's
    /// `/@acme%2fdemo` is the one segment `@acme/demo`.
    pub fn segments(&self) -> Vec<String> {
        self.path
            .split('/')
            .filter(|part| !part.is_empty())
            .map(decode)
            .collect()
    }

    /// A parameter of the query, decoded.
    pub fn param(&self, name: &str) -> Option<String> {
        self.query.split('&').find_map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(key) == name).then(|| decode(&value.replace('+', " ")))
        })
    }

    /// A header by its lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// The address this stand-in was reached at, for links in answers.
    pub(crate) fn base(&self) -> String {
        format!("http://{}", self.header("host").unwrap_or("127.0.0.1"))
    }

    /// Path and query in one, as a request line has them.
    pub fn target(&self) -> String {
        if self.query.is_empty() {
            self.path.clone()
        } else {
            format!("{}?{}", self.path, self.query)
        }
    }
}

fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escaped = bytes.get(at + 1..at + 3).filter(|_| bytes[at] == b'%');
        let byte = escaped
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        decoded.push(byte.unwrap_or(bytes[at]));
        at += if byte.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

/// The requests a stand-in has received, in order. Cheap to clone; clones share.
#[derive(Clone, Debug, Default)]
pub struct Requests(Arc<(Mutex<Log>, Condvar)>);

#[derive(Debug, Default)]
struct Log {
    seen: Vec<Request>,
    in_flight: usize,
    peak: usize,
}

impl Requests {
    /// All requests so far.
    pub fn all(&self) -> Vec<Request> {
        self.0.0.lock().unwrap().seen.clone()
    }

    /// How many requests there were so far.
    pub fn count(&self) -> usize {
        self.0.0.lock().unwrap().seen.len()
    }

    /// The requests whose path begins with `prefix`.
    pub fn to(&self, prefix: &str) -> Vec<Request> {
        self.all()
            .into_iter()
            .filter(|request| request.path.starts_with(prefix))
            .collect()
    }

    /// Request lines (`GET /path?query`) of all requests, for assertions on the order.
    pub fn lines(&self) -> Vec<String> {
        self.all()
            .iter()
            .map(|request| format!("{} {}", request.method, request.target()))
            .collect()
    }

    /// The most requests that were being answered at one moment.
    pub fn peak_concurrency(&self) -> usize {
        self.0.0.lock().unwrap().peak
    }

    /// Forgets what was seen, so that the next assertion is about what comes after.
    pub fn forget(&self) {
        let mut log = self.0.0.lock().unwrap();
        log.seen.clear();
        log.peak = log.in_flight;
    }

    /// Waits until `enough` holds of the requests seen. Panics after `deadline`.
    pub fn wait_until(&self, deadline: Duration, enough: impl Fn(&[Request]) -> bool) {
        let (log, changed) = &*self.0;
        let guard = log.lock().unwrap();
        let waited = changed.wait_timeout_while(guard, deadline, |log| !enough(&log.seen));
        let (guard, outcome) = waited.unwrap();
        // Panicking with the lock held would take the stand-in down as well.
        drop(guard);
        assert!(
            !outcome.timed_out(),
            "not seen within {deadline:?}; seen: {:#?}",
            self.lines()
        );
    }

    pub(crate) fn begin(&self, request: Request) -> InFlight {
        let mut log = self.0.0.lock().unwrap();
        log.seen.push(request);
        log.in_flight += 1;
        log.peak = log.peak.max(log.in_flight);
        self.0.1.notify_all();
        InFlight(self.clone())
    }
}

/// Counts a request as being answered until it is dropped, however that comes about.
pub(crate) struct InFlight(Requests);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.0.0.lock().unwrap().in_flight -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(path: &str, query: &str) -> Request {
        Request {
            method: "GET".into(),
            path: path.into(),
            query: query.into(),
            headers: BTreeMap::new(),
            body: Vec::new(),
        }
    }

    #[test]
    fn an_encoded_slash_does_not_split_a_segment() {
        assert_eq!(
            request("/@acme%2fdemo/-/x.tgz", "").segments(),
            ["@acme/demo", "-", "x.tgz"]
        );
    }

    #[test]
    fn parameters_are_decoded_and_a_lone_percent_is_kept() {
        let asked = request("/", "path=a%2Fb+c&odd=100%&empty");
        assert_eq!(asked.param("path").as_deref(), Some("a/b c"));
        assert_eq!(asked.param("odd").as_deref(), Some("100%"));
        assert_eq!(asked.param("empty").as_deref(), Some(""));
        assert_eq!(asked.param("absent"), None);
    }
}
