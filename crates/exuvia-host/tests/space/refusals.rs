//! Machines that refuse.

use std::io::ErrorKind;
use std::sync::Arc;

use exuvia_host::points::Points;
use exuvia_host::process::{Ending, Signal, Sink};
use exuvia_host::space::{Isolation, Space, SpaceError, SpaceSpec, point};
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
    let Isolation::Partial { missing } = space.isolation() else {
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

pub(crate) fn every_effect_passes_its_point() {
    let denied = || Fault::Fail(ErrorKind::PermissionDenied);
    let faults = Faults::new();
    faults.plan(point::OPEN, "", 0, denied());
    let points: Arc<dyn Points> = faults.clone();
    let open = || Space::open_with_points(&SpaceSpec::default(), &points);
    assert!(matches!(open(), Err(SpaceError::NotOpened(_))));
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
