//! The gateway client against servers that lie, break off, or say nothing.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests fail by panicking, too"
)]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use exuvia_openclaw::gateway::{Address, Client, Credential, GatewayError, Target, http};
use exuvia_testkit::gateway::{Behaviour, Gateway, Speaks};
use serde_json::json;

const SOON: Duration = Duration::from_secs(10);
const SHORT: Duration = Duration::from_millis(200);

fn target(port: u16) -> Target {
    Target::new(Address::loopback(port), Credential::Nothing)
}

/// A server that does this with each connection.
fn server(serve: impl Fn(TcpStream) + Send + Sync + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let serve = std::sync::Arc::new(serve);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let serve = serve.clone();
            thread::spawn(move || serve(stream));
        }
    });
    port
}

/// A server that opens a WebSocket as it should and then sends these bytes.
fn after_the_upgrade(bytes: Vec<u8>) -> u16 {
    server(move |mut stream| {
        let mut socket = tungstenite_accept(&mut stream);
        socket.write_all(&bytes).unwrap();
        // Kept open until the client has had enough.
        let _ = socket.read_to_end(&mut Vec::new());
    })
}

/// Answers the upgrade by hand, so that what follows can be anything.
fn tungstenite_accept(stream: &mut TcpStream) -> TcpStream {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap();
    let key = head
        .lines()
        .find_map(|line| {
            line.split_once(": ")
                .filter(|(name, _)| name.eq_ignore_ascii_case("sec-websocket-key"))
        })
        .map(|(_, key)| key.trim().to_owned())
        .unwrap();
    let accept = tokio_tungstenite::tungstenite::handshake::derive_accept_key(key.as_bytes());
    write!(
        stream,
        "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n\
         sec-websocket-accept: {accept}\r\n\r\n"
    )
    .unwrap();
    stream.try_clone().unwrap()
}

/// An unmasked text frame.
fn text(content: &str) -> Vec<u8> {
    let mut frame = vec![0x81];
    match u16::try_from(content.len()) {
        Ok(length) if length < 126 => frame.push(u8::try_from(length).unwrap()),
        Ok(length) => {
            frame.push(126);
            frame.extend(length.to_be_bytes());
        }
        Err(_) => {
            frame.push(127);
            frame.extend((content.len() as u64).to_be_bytes());
        }
    }
    frame.extend(content.as_bytes());
    frame
}

const CHALLENGE: &str = r#"{"type":"event","event":"connect.challenge","payload":{"nonce":"n"}}"#;

async fn refused(port: u16) -> GatewayError {
    target(port).connect(SOON).await.unwrap_err()
}

#[tokio::test]
async fn nobody_there() {
    let port = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    let error = target(port).connect(SOON).await.unwrap_err();
    assert!(
        matches!(error, GatewayError::Unreachable { .. }) && error.is_transient(),
        "{error}"
    );
    let waited = target(port).connect_within(SHORT).await.unwrap_err();
    assert!(
        matches!(waited, GatewayError::Unreachable { .. }),
        "{waited}"
    );
    let page = http::ready(Address::loopback(port), SOON)
        .await
        .unwrap_err();
    assert!(matches!(page, GatewayError::Unreachable { .. }), "{page}");
}

#[tokio::test]
async fn a_web_page_with_200_is_no_gateway_and_no_readiness() {
    let gateway = Gateway::with(Behaviour {
        speaks: Speaks::WebPage,
        ..Behaviour::default()
    });
    let error = target(gateway.port())
        .connect_within(SOON)
        .await
        .unwrap_err();
    assert!(matches!(error, GatewayError::NotAGateway { .. }), "{error}");
    let error = http::ready(Address::loopback(gateway.port()), SOON)
        .await
        .unwrap_err();
    assert!(error.to_string().contains("a web page"), "{error}");
}

#[tokio::test]
async fn a_server_that_takes_connections_and_says_nothing() {
    let gateway = Gateway::with(Behaviour {
        speaks: Speaks::Nothing,
        ..Behaviour::default()
    });
    let error = target(gateway.port()).connect(SHORT).await.unwrap_err();
    assert!(matches!(error, GatewayError::Silent { .. }), "{error}");
    let error = http::live(Address::loopback(gateway.port()), SHORT)
        .await
        .unwrap_err();
    assert!(matches!(error, GatewayError::Silent { .. }), "{error}");
}

#[tokio::test]
async fn a_web_socket_that_never_challenges() {
    let port = after_the_upgrade(Vec::new());
    let error = target(port).connect(SHORT).await.unwrap_err();
    assert!(matches!(error, GatewayError::Silent { .. }), "{error}");
}

#[tokio::test]
async fn a_web_socket_of_another_program() {
    let error = refused(after_the_upgrade(text(
        r#"{"type":"event","event":"welcome"}"#,
    )))
    .await;
    assert!(matches!(error, GatewayError::NotAGateway { .. }), "{error}");
}

#[tokio::test]
async fn what_is_no_json_no_text_or_no_frame() {
    let binary = vec![0x82, 2, 1, 2];
    let reserved = vec![0xf1, 0];
    let invalid_text = vec![0x81, 2, 0xff, 0xfe];
    for bytes in [
        text("<html>"),
        text("{\"type\":"),
        binary,
        reserved,
        invalid_text,
    ] {
        let error = refused(after_the_upgrade(bytes.clone())).await;
        assert!(
            matches!(error, GatewayError::Garbled { .. }),
            "{bytes:?}: {error}"
        );
        assert!(!error.is_transient());
    }
}

#[tokio::test]
async fn a_frame_that_is_cut_off() {
    let port = server(|mut stream| {
        let mut socket = tungstenite_accept(&mut stream);
        let whole = text(CHALLENGE);
        socket.write_all(&whole[..20]).unwrap();
    });
    let error = refused(port).await;
    assert!(matches!(error, GatewayError::Lost { .. }), "{error}");
}

#[tokio::test]
async fn a_frame_that_claims_to_be_huge_costs_no_memory() {
    let mut frame = vec![0x81, 127];
    frame.extend((1_u64 << 40).to_be_bytes());
    let error = refused(after_the_upgrade(frame)).await;
    assert!(matches!(error, GatewayError::TooLarge { .. }), "{error}");
}

#[tokio::test]
async fn a_hello_of_another_protocol_or_without_one() {
    for (hello, theirs) in [(json!({ "protocol": 7 }), Some(7)), (json!({}), None)] {
        let response = json!({ "type": "res", "id": "connect", "ok": true, "payload": hello });
        let bytes = [text(CHALLENGE), text(&response.to_string())].concat();
        let error = refused(after_the_upgrade(bytes)).await;
        let GatewayError::Protocol { theirs: told, .. } = error else {
            panic!("{error}");
        };
        assert_eq!(told, theirs);
    }
}

#[tokio::test]
async fn a_gateway_that_refuses_our_protocol_says_which_it_speaks() {
    let gateway = Gateway::with(Behaviour {
        protocol: 9,
        ..Behaviour::default()
    });
    let error = refused(gateway.port()).await;
    assert!(
        matches!(
            error,
            GatewayError::Protocol {
                theirs: Some(9),
                ..
            }
        ),
        "{error}"
    );
    assert!(error.to_string().contains("speaks protocol 9"), "{error}");
}

async fn connected(behaviour: Behaviour) -> (Gateway, Client) {
    let gateway = Gateway::with(behaviour);
    let client = target(gateway.port()).connect(SOON).await.unwrap();
    (gateway, client)
}

#[tokio::test]
async fn a_gateway_that_dies_in_the_middle_of_a_question() {
    let (gateway, client) = connected(Behaviour {
        silent: vec!["health".to_owned()],
        ..Behaviour::default()
    })
    .await;
    let asking = tokio::spawn({
        let client = client.clone();
        async move { client.health().await }
    });
    tokio::task::spawn_blocking(move || {
        while gateway.book().times("health") == 0 {
            thread::yield_now();
        }
        gateway.stop();
    })
    .await
    .unwrap();
    let error = asking.await.unwrap().unwrap_err();
    assert!(matches!(error, GatewayError::Lost { .. }), "{error}");
    let later = client.status().await.unwrap_err();
    assert_eq!(later.to_string(), error.to_string());
}

#[tokio::test]
async fn words_of_a_stranger_cannot_move_the_cursor_or_fill_the_screen() {
    let (_gateway, client) = connected({
        let mut behaviour = Behaviour::default();
        let words = format!("\u{1b}[2J\u{202e}boo\n{}", "x".repeat(10_000));
        let error = json!({ "code": "A\u{7}B", "message": words });
        behaviour.refuses.insert("health".to_owned(), error);
        behaviour
    })
    .await;
    let told = client.health().await.unwrap_err().to_string();
    assert!(told.chars().count() < 500, "{told}");
    assert!(
        !told.chars().any(|c| c.is_control() || c == '\u{202e}'),
        "{told:?}"
    );
}

#[tokio::test]
async fn pages_that_are_too_long_cut_off_or_no_http() {
    let page = |answer: &'static str, fill: usize| {
        server(move |mut stream| {
            let _ = stream.read(&mut [0; 1024]);
            // The client may hang up in the middle.
            let _ = stream.write_all(answer.as_bytes());
            let _ = stream.write_all(&vec![b' '; fill]);
        })
    };
    let ready = |port| async move {
        http::ready(Address::loopback(port), SOON)
            .await
            .unwrap_err()
    };
    let endless = "HTTP/1.1 200 OK\r\ncontent-length: 10000000\r\n\r\n{";
    let error = ready(page(endless, 200_000)).await;
    assert!(matches!(error, GatewayError::TooLarge { .. }), "{error}");
    let error = ready(page("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{", 0)).await;
    assert!(matches!(error, GatewayError::Lost { .. }), "{error}");
    let error = ready(page("SSH-2.0-OpenSSH_9.9\r\n", 0)).await;
    assert!(matches!(error, GatewayError::NotAGateway { .. }), "{error}");
    let list = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n[]";
    let error = ready(page(list, 0)).await;
    assert!(matches!(error, GatewayError::NotAGateway { .. }), "{error}");
}

#[tokio::test]
async fn a_gateway_that_begins_anew_refuses_web_sockets_and_is_waited_for() {
    let port = server(|mut stream| {
        let _ = stream.read(&mut [0; 1024]);
        let answer = "HTTP/1.1 503 Busy\r\ncontent-length: 5\r\n\r\nlater";
        // The client may hang up in the middle.
        let _ = stream.write_all(answer.as_bytes());
    });
    let error = target(port).connect_within(SHORT).await.unwrap_err();
    assert!(matches!(error, GatewayError::NotNow { .. }), "{error}");
    assert!(error.is_transient());
    assert!(error.to_string().contains("HTTP 503"), "{error}");
}
