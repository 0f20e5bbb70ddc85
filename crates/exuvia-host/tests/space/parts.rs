//! What this program does when a test starts it again.

use std::path::Path;

use exuvia_host::process::Sink;
use exuvia_host::space::Space;

use super::{network, part, with};

pub(crate) fn play(part: &str, args: &[String]) {
    match (part, args) {
        ("connect", [address]) => network::connect(address),
        ("serve", [address, word, ready]) => network::serve(address, word, ready),
        ("daemon", [pid]) => daemon(Path::new(pid)),
        ("open", [directory]) => open(Path::new(directory)),
        ("eat", [bytes]) => eat(bytes.parse().unwrap()),
        ("stay", []) => stay(),
        other => panic!("no such part: {other:?}"),
    }
}

fn stay() {
    loop {
        std::thread::park();
    }
}

/// A process that left its parent, its group and its session, and listens to no signal.
fn daemon(pid: &Path) {
    let script = r#"trap "" TERM INT HUP; sh -c 'setsid sh -c "
        trap \"\" TERM INT HUP; echo x > \"$0\"; tail -f /dev/null" "$0" &' "$0"; tail -f /dev/null"#;
    let status = std::process::Command::new("/bin/sh")
        .args(["-c", script])
        .arg(pid)
        .status();
    drop(status);
}

/// Opens a space with daemons in it, says so, and waits to be killed.
fn open(directory: &Path) {
    let space = Space::open(&with(directory)).unwrap();
    let pid = directory.join("started");
    let child = space.spawn(&part("daemon", &[pid.as_ref()]), &Sink::Nowhere);
    let child = child.unwrap();
    super::wait_for(|| pid.exists().then_some(()));
    let full = space.isolation().is_full();
    std::fs::write(
        directory.join("opened.new"),
        format!("{} {full}", child.id().pid),
    )
    .unwrap();
    std::fs::rename(directory.join("opened.new"), directory.join("opened")).unwrap();
    stay();
}

fn eat(bytes: usize) {
    let mut eaten = Vec::new();
    while eaten.len() < bytes {
        eaten.extend(vec![1_u8; 1 << 20]);
    }
    println!("{}", eaten.len());
    stay();
}
