//! What programs in a space reach by the network.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};

use exuvia_host::process::Sink;
use exuvia_host::space::{Space, SpaceSpec};

use super::{part, scratch, wait_for, with};

pub(crate) fn the_loopback_of_the_machine_and_names_cannot_be_reached() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    assert!(TcpStream::connect(listener.local_addr().unwrap()).is_ok());
    let space = Space::open(&SpaceSpec::default()).unwrap();
    assert!(space.isolation().is_full(), "{}", space.isolation());
    for address in [
        format!("127.0.0.1:{port}"),
        "example.com:80".into(),
        "1.1.1.1:53".into(),
    ] {
        let output = space.run(&part("connect", &[address.as_ref()])).unwrap();
        assert_eq!(output.status.code(), Some(7), "{address}: {output:?}");
    }
}

pub(crate) fn two_spaces_use_the_same_port_at_once() {
    let home = scratch();
    let spaces = [0, 1].map(|_| Space::open(&with(home.path())).unwrap());
    let address = "127.0.0.1:18789";
    let servers = [0, 1].map(|number: usize| {
        let ready = home.path().join(format!("ready{number}"));
        let command = part(
            "serve",
            &[
                address.as_ref(),
                number.to_string().as_ref(),
                ready.as_ref(),
            ],
        );
        let server = spaces[number].spawn(&command, &Sink::Nowhere).unwrap();
        wait_for(|| ready.exists().then_some(()));
        server
    });
    for (number, space) in spaces.iter().enumerate() {
        let output = space.run(&part("connect", &[address.as_ref()])).unwrap();
        assert_eq!(output.stdout, number.to_string().as_bytes(), "{output:?}");
    }
    drop(servers);
}

pub(crate) fn connect(address: &str) {
    let Ok(mut stream) = TcpStream::connect(address) else {
        std::process::exit(7);
    };
    let mut said = String::new();
    stream.read_to_string(&mut said).unwrap();
    print!("{said}");
}

pub(crate) fn serve(address: &str, word: &str, ready: &str) {
    let listener = TcpListener::bind(address).unwrap();
    std::fs::write(ready, "").unwrap();
    for stream in listener.incoming() {
        stream.unwrap().write_all(word.as_bytes()).unwrap();
    }
}
