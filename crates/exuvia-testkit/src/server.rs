//! The HTTP server under every stand-in.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::Request as HttpRequest;
use axum::response::Response;
use tokio::sync::oneshot;

use crate::faults::Faults;
use crate::reply::Reply;
use crate::request::{Request, Requests};

/// A turn of an agent with its whole prompt is the longest body that is sent to a stand-in.
const MAX_BODY: usize = 32 << 20;

/// The protocol that a stand-in speaks: a function from request to answer.
pub(crate) trait Protocol: Send + Sync + 'static {
    fn answer(&self, request: &Request) -> Reply;
}

/// A running server; stopping or dropping it closes its port and cuts every connection.
#[derive(Debug)]
pub(crate) struct Server {
    address: SocketAddr,
    requests: Requests,
    faults: Faults,
    running: Mutex<Option<(oneshot::Sender<()>, JoinHandle<()>)>>,
}

struct Shared {
    protocol: Arc<dyn Protocol>,
    requests: Requests,
    faults: Faults,
}

impl Server {
    pub(crate) fn start(protocol: Arc<dyn Protocol>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port on the loopback");
        listener
            .set_nonblocking(true)
            .expect("a listener that does not block");
        let address = listener.local_addr().expect("the port that was bound");
        let (requests, faults) = (Requests::default(), Faults::default());
        let shared = Shared {
            protocol,
            requests: requests.clone(),
            faults: faults.clone(),
        };
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::spawn(move || serve(listener, shared, stopped));
        Self {
            address,
            requests,
            faults,
            running: Mutex::new(Some((stop, thread))),
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn requests(&self) -> &Requests {
        &self.requests
    }

    pub(crate) fn faults(&self) -> &Faults {
        &self.faults
    }
}

impl Server {
    pub(crate) fn stop(&self) {
        let running = self.running.lock().unwrap().take();
        if let Some((stop, thread)) = running {
            drop(stop);
            // A panic of the server's thread has failed a request already; the test sees that.
            let _ = thread.join();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

fn serve(listener: TcpListener, shared: Shared, stopped: oneshot::Receiver<()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime for the stand-in");
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::from_std(listener).expect("the listener in tokio");
        let router = Router::new().fallback(handle).with_state(Arc::new(shared));
        tokio::select! {
            served = axum::serve(listener, router) => served.expect("the stand-in keeps serving"),
            // The sender is dropped, never used: both outcomes mean "stop".
            _ = stopped => {}
        }
    });
    // Requests that hang would keep a graceful shutdown waiting for ever.
    runtime.shutdown_background();
}

async fn handle(State(shared): State<Arc<Shared>>, asked: HttpRequest<Body>) -> Response {
    let request = read(asked).await;
    let _in_flight = shared.requests.begin(request.clone());
    shared
        .faults
        .apply(&request, || shared.protocol.answer(&request))
        .await
}

async fn read(asked: HttpRequest<Body>) -> Request {
    let (head, body) = asked.into_parts();
    let headers = head.headers.iter().map(|(name, value)| {
        (
            name.as_str().to_owned(),
            String::from_utf8_lossy(value.as_bytes()).into_owned(),
        )
    });
    Request {
        method: head.method.to_string(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: headers.collect(),
        // A body that is too long or cut off is an empty one; no stand-in is asked with such.
        body: to_bytes(body, MAX_BODY).await.unwrap_or_default().to_vec(),
    }
}
