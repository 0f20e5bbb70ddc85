//! Machines that refuse.

use std::io::ErrorKind;
use std::sync::Arc;

use exuvia_host::points::Points;
use exuvia_host::process::{Ending, Signal, Sink};
use exuvia_host::space::{Fence, Held, Isolation, Space, SpaceError, SpaceSpec, point};
use exuvia_host::testing::{Fault, Faults};

use super::processes::with_words;
use super::{LONG, part, scratch, sh, wait_for, with};

pub(crate) fn without_namespaces_it_is_partial_and_still_ends_everything() {
    let faults = Faults::new();
    faults.plan(
        point::ISOLATE,
        "",
        0,
        Fault::Fail(ErrorKind::PermissionDenied),
    );
    let home = scratch();
    let points: Arc<dyn Points> = faults;
    let space = Space::open_with_points(&with(home.path()), &points).unwrap();
    let Isolation::Partial { missing, .. } = space.isolation() else {
        panic!("{}", space.isolation());
    };
    assert!(missing[0].contains("namespaces"), "{missing:?}");
    assert_eq!(space.run(&sh("exit 4")).unwrap().status.code(), Some(4));
    let mark = home.path().join("started");
    let words = mark.display().to_string();
    let child = space
        .spawn(&part("daemon", &[mark.as_ref()]), &Sink::Nowhere)
        .unwrap();
    assert_eq!(child.pid_inside(), child.id().pid);
    wait_for(|| mark.exists().then_some(()));
    child.signal(Signal::Kill).unwrap();
    assert_eq!(child.wait(LONG).unwrap(), Some(Ending::Signal(9)));
    assert!(
        !with_words(&words).is_empty(),
        "those that it started live on"
    );
    space.close().unwrap();
    assert_eq!(with_words(&words), []);
}

pub(crate) fn a_fence_lets_nothing_be_written_or_reached_but_what_it_names() {
    let faults = Faults::new();
    let refuse = Fault::Fail(ErrorKind::PermissionDenied);
    faults.plan(point::ISOLATE, "", 0, refuse);
    let home = scratch();
    let copy = home.path().join("copy");
    std::fs::create_dir(&copy).unwrap();
    std::fs::write(home.path().join("real"), "real").unwrap();
    let own = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let other = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = |listener: &std::net::TcpListener| listener.local_addr().unwrap().port();
    let spec = SpaceSpec {
        fence: Some(Fence {
            writable: vec![copy.clone()],
            ports: vec![port(&own)],
        }),
        ..SpaceSpec::default()
    };
    let points: Arc<dyn Points> = faults;
    let space = Space::open_with_points(&spec, &points).unwrap();
    let Isolation::Partial { held, .. } = space.isolation() else {
        panic!("{}", space.isolation());
    };
    if !held.files {
        println!("this kernel has no Landlock");
        return;
    }
    let code = |script: &str| space.run(&sh(script)).unwrap().status.code();
    let real = home.path().display();
    assert_eq!(
        code(&format!(
            "cd '{real}/copy' && echo a > b && mkdir c && mv b c/"
        )),
        Some(0)
    );
    assert_eq!(code("echo gone > /dev/null"), Some(0));
    assert_ne!(code(&format!("echo a > '{real}/new'")), Some(0));
    assert_ne!(
        code(&format!(
            "rm '{real}/real' || mv '{real}/real' '{real}/copy/'"
        )),
        Some(0)
    );
    assert_ne!(code(&format!("echo more >> '{real}/real'")), Some(0));
    assert_eq!(
        std::fs::read_to_string(home.path().join("real")).unwrap(),
        "real"
    );
    assert_eq!(
        code(&format!("cat '{real}/real' > '{real}/copy/read'")),
        Some(0)
    );
    if held.connections {
        let reach = |port: u16| {
            let address = format!("127.0.0.1:{port}");
            let connect = part("connect", &[address.as_ref()]);
            space.run(&connect).unwrap().status.code()
        };
        assert_ne!(reach(port(&other)), Some(0));
        let port = port(&own);
        let taken = std::thread::spawn(move || drop(own.accept()));
        assert_eq!(reach(port), Some(0));
        taken.join().unwrap();
    }
    let outside = std::process::id();
    assert!(!held.signals || code(&format!("kill -0 {outside}")) != Some(0));
}

pub(crate) fn every_effect_passes_its_point() {
    let denied = || Fault::Fail(ErrorKind::PermissionDenied);
    let faults = Faults::new();
    faults.plan(point::OPEN, "", 0, denied());
    let points: Arc<dyn Points> = faults.clone();
    let open = || Space::open_with_points(&SpaceSpec::default(), &points);
    assert!(matches!(open(), Err(SpaceError::NotOpened(_))));
    faults.plan(point::ISOLATE, "", 0, denied());
    faults.plan(point::FENCE, "", 0, denied());
    let fenced = SpaceSpec {
        fence: Some(Fence::default()),
        ..SpaceSpec::default()
    };
    let unfenced = Space::open_with_points(&fenced, &points).unwrap();
    let Isolation::Partial { missing, held } = unfenced.isolation() else {
        panic!("{}", unfenced.isolation());
    };
    assert_eq!(*held, Held::default(), "{missing:?}");
    assert!(missing.iter().any(|words| words.contains("written")));
    let space = open().unwrap();
    faults.plan(point::SPAWN, "/bin/sh", 0, denied());
    assert!(matches!(
        space.run(&sh("true")),
        Err(SpaceError::Program(_))
    ));
    let child = space
        .spawn(&sh("tail -f /dev/null"), &Sink::Nowhere)
        .unwrap();
    faults.plan(point::SIGNAL, "", 0, denied());
    assert!(child.signal(Signal::Kill).is_err());
    assert!(child.signal(Signal::Kill).is_ok());
    let reached: Vec<_> = faults
        .reached()
        .into_iter()
        .map(|(point, _)| point)
        .collect();
    for point in point::ALL {
        assert!(reached.contains(&point), "{point}");
    }
}
