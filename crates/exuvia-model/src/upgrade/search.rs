//! Every state that can be reached, with a crash possible between any two effects and every effect
//! done not at all, in part, once or twice.

use std::collections::{HashSet, VecDeque};

use super::{Effect, End, Event, Kind, Phase, State, TRIES, step};

/// A version of the package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Package {
    From,
    To,
}

/// The state directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Data {
    /// As this version has it.
    Of(Package),
    /// Half of one, half of the other: an interrupted migration or restore.
    Torn,
}

/// What there is besides Exuvia.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct World {
    live: Package,
    /// What lies beside the live package: the staged one, or the one it replaced.
    beside: Option<Package>,
    data: Data,
    /// The gateway that runs.
    gateway: Option<Package>,
    /// The rollback point.
    preserved: Option<Data>,
    /// Whether what is there now is in a snapshot too.
    is_kept: bool,
    /// The package that migrates the other's state; the other refuses what it finds then.
    newer: Package,
}

/// All of it, at one time.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Point {
    /// What the journal holds.
    stored: State,
    world: World,
    /// Whether somebody drives; nobody does after a crash.
    is_driven: bool,
    /// How often somebody died, and how often something failed.
    crashes: u8,
    failures: u8,
}

const CRASHES: u8 = 3;
const FAILURES: u8 = 4;

impl World {
    fn new(kind: Kind, newer: Package) -> Self {
        Self {
            live: Package::From,
            beside: (kind == Kind::Rollback).then_some(Package::To),
            data: Data::Of(Package::From),
            gateway: Some(Package::From),
            preserved: None,
            is_kept: false,
            newer,
        }
    }

    /// What the effect of a phase makes of it: every way that it can go, and whether it is done
    /// then. The last is the one where all goes well.
    fn perform(self, kind: Kind, phase: Phase) -> Vec<(Self, bool)> {
        let refused = (self, false);
        let done = |world| vec![refused, (world, true)];
        match phase {
            Phase::Stage => done(Self {
                beside: Some(Package::To),
                ..self
            }),
            Phase::Quiesce | Phase::Halt => done(Self {
                gateway: None,
                ..self
            }),
            Phase::Preserve => {
                self.must_be_still();
                assert_eq!(self.live, Package::From);
                done(Self {
                    preserved: Some(self.data),
                    ..self
                })
            }
            Phase::Keep => {
                self.must_be_still();
                done(Self {
                    is_kept: true,
                    ..self
                })
            }
            Phase::Swap => done(self.with_live(Package::To)),
            Phase::Unswap => done(self.with_live(Package::From)),
            Phase::Adopt => self.replaced_by(Data::Of(Package::To)),
            Phase::Restore => {
                assert!(
                    self.is_kept,
                    "what is replaced must be kept first: {self:?}"
                );
                self.replaced_by(self.preserved.expect("a rollback point"))
            }
            Phase::Start | Phase::Relaunch | Phase::Revive => {
                [vec![refused], self.started()].concat()
            }
            Phase::Prove => {
                let good = self.gateway == Some(Package::To) && self.data == Data::Of(Package::To);
                vec![refused, (self, good)]
            }
            Phase::Verify => {
                let good =
                    self.gateway == Some(Package::From) && self.data == Data::Of(Package::From);
                vec![refused, (self, good)]
            }
            Phase::Discard => {
                assert_ne!(kind, Kind::Rollback);
                assert_eq!(self.live, Package::From);
                done(Self {
                    beside: None,
                    ..self
                })
            }
            Phase::Check | Phase::Rehearse | Phase::Commit => done(self),
            Phase::Ended(_) => unreachable!(),
        }
    }

    /// One rename exchanges both, so a package is always there. Done twice it is done once: each
    /// tree is known by what it is, not by where it lies.
    fn with_live(self, wanted: Package) -> Self {
        self.must_be_still();
        if self.live == wanted {
            return self;
        }
        assert_eq!(self.beside, Some(wanted));
        Self {
            live: wanted,
            beside: Some(self.live),
            ..self
        }
    }

    fn replaced_by(self, data: Data) -> Vec<(Self, bool)> {
        self.must_be_still();
        let torn = Self {
            data: Data::Torn,
            ..self
        };
        vec![(self, false), (torn, false), (Self { data, ..self }, true)]
    }

    /// An older package refuses the state of a newer one; a newer one migrates it, or fails halfway.
    fn started(self) -> Vec<(Self, bool)> {
        if self.gateway.is_some() {
            return vec![(self, true)];
        }
        let up = |data| Self {
            gateway: Some(self.live),
            data,
            is_kept: false,
            ..self
        };
        let dead = |data| Self {
            data,
            is_kept: false,
            ..self
        };
        match (self.live, self.data) {
            (live, Data::Of(of)) if live == of => vec![(up(self.data), true)],
            (live, Data::Of(_)) if live == self.newer => {
                vec![(dead(Data::Torn), false), (up(Data::Of(live)), true)]
            }
            _ => vec![(self, false)],
        }
    }

    fn must_be_still(self) {
        assert_eq!(self.gateway, None, "a gateway runs on it: {self:?}");
    }
}

/// Everything that can follow on a point.
fn follow(point: &Point) -> Vec<Point> {
    let mut next = Vec::new();
    let Point { stored, world, .. } = point;
    if stored.end().is_some() {
        return next;
    }
    if !point.is_driven {
        // Whoever keeps the gateway may start it, or it may have died too.
        for (world, _) in world.started() {
            if world != point.world {
                next.push(Point {
                    world,
                    ..point.clone()
                });
            }
        }
        let (stored, _) = step(stored, Event::Resumed).unwrap();
        next.push(Point {
            stored,
            is_driven: true,
            ..point.clone()
        });
        return next;
    }
    let ways = world.perform(stored.kind, stored.phase);
    for (world, is_done) in ways {
        // Twice, since whoever did it may have died before that was known.
        if point.crashes < CRASHES {
            for gateway in [world.gateway, None] {
                next.push(Point {
                    world: World { gateway, ..world },
                    is_driven: false,
                    crashes: point.crashes + 1,
                    ..point.clone()
                });
            }
        }
        let event = if is_done {
            Event::Done
        } else if point.failures < FAILURES {
            Event::Failed("why".to_owned())
        } else {
            continue;
        };
        let failures = point.failures + u8::from(!is_done);
        let (stored, effects) = step(stored, event).unwrap();
        assert_eq!(effects[0], Effect::Persist, "intent before effect");
        next.push(Point {
            stored,
            world,
            failures,
            ..point.clone()
        });
    }
    if let Ok((stored, _)) = step(stored, Event::Cancelled) {
        next.push(Point {
            stored,
            ..point.clone()
        });
    }
    next
}

/// What must hold of every end.
fn judge(point: &Point) {
    let Point { stored, world, .. } = point;
    let whole = |package| world.live == package && world.data == Data::Of(package);
    match stored.end() {
        None => {}
        Some(End::Done) if stored.kind == Kind::Rehearsal => {
            assert!(whole(Package::From), "{point:?}");
            assert_eq!(world.preserved, None, "nothing is kept of it: {point:?}");
        }
        Some(End::Done) => {
            assert!(whole(Package::To), "{point:?}");
            assert!(
                world.beside == Some(Package::From),
                "the way back is kept: {point:?}"
            );
        }
        Some(End::Blocked | End::Untouched | End::RolledBack) => {
            assert!(whole(Package::From), "{point:?}");
            assert!(stored.failure.is_some(), "it says why: {point:?}");
        }
        Some(End::Inconsistent) => {
            assert!(stored.stuck.is_some(), "it says where: {point:?}");
            assert!(point.failures >= u8::try_from(TRIES).unwrap(), "{point:?}");
        }
    }
}

/// Where nothing fails any more, it ends, and well.
fn ends_well(point: &Point) {
    let mut point = point.clone();
    if point.stored.end() == Some(End::Inconsistent) {
        // Whatever was in its way is gone, and the next command takes it up.
        point.stored = step(&point.stored, Event::Resumed).unwrap().0;
    }
    for _ in 0..60 {
        if let Some(end) = point.stored.end() {
            assert_ne!(end, End::Inconsistent, "{point:?}");
            assert!(
                point.world.gateway.is_some() || point.crashes > 0,
                "nobody died, and yet no gateway runs: {point:?}"
            );
            return;
        }
        if !point.is_driven {
            point.stored = step(&point.stored, Event::Resumed).unwrap().0;
            point.is_driven = true;
            continue;
        }
        let ways = point.world.perform(point.stored.kind, point.stored.phase);
        let (world, is_done) = *ways.last().unwrap();
        let event = if is_done {
            Event::Done
        } else {
            Event::Failed("why".to_owned())
        };
        point.world = world;
        point.stored = step(&point.stored, event).unwrap().0;
    }
    panic!("it never ends: {point:?}");
}

fn search(kind: Kind, newer: Package) -> usize {
    let first = Point {
        stored: State::new(kind),
        world: World::new(kind, newer),
        is_driven: true,
        crashes: 0,
        failures: 0,
    };
    let mut seen = HashSet::from([first.clone()]);
    let mut queue = VecDeque::from([first]);
    while let Some(point) = queue.pop_front() {
        judge(&point);
        ends_well(&point);
        for next in follow(&point) {
            if seen.insert(next.clone()) {
                queue.push_back(next);
            }
        }
    }
    seen.len()
}

#[test]
fn an_upgrade_ends_with_the_old_install_whole_or_the_new_one_whole() {
    let points = search(Kind::Upgrade, Package::To);
    assert!(points > 1_000, "{points}");
}

#[test]
fn a_rollback_ends_with_the_new_install_whole_or_the_old_one_whole() {
    let points = search(Kind::Rollback, Package::From);
    assert!(points > 1_000, "{points}");
}

#[test]
fn so_does_the_undoing_of_a_rollback() {
    let points = search(Kind::Rollback, Package::To);
    assert!(points > 1_000, "{points}");
}

#[test]
fn a_rehearsal_ends_with_what_was_live_as_it_was() {
    let points = search(Kind::Rehearsal, Package::To);
    assert!(points > 50, "{points}");
}
