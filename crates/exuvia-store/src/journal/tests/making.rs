//! The journal is looked at while another makes it.

use std::path::Path;
use std::thread;

use rusqlite::Connection;

use super::super::{connect, schema};

/// Often enough for a look to fall into the middle of a making: where its parts are of several
/// moments, a few of a hundred do.
const ROUNDS: usize = 150;

#[test]
fn one_that_is_being_made_is_never_taken_for_another_programs() {
    let directory = tempfile::tempdir().unwrap();
    for round in 0..ROUNDS {
        let path = directory.path().join(format!("{round}.sqlite"));
        let mut maker = Connection::open(&path).unwrap();
        connect::share(&maker, &path).unwrap();
        let looker = thread::spawn(move || until_current(&path));
        schema::migrate(&mut maker).unwrap();
        looker.join().unwrap();
    }
}

fn until_current(path: &Path) {
    let connection = connect::connect(path).unwrap();
    while schema::look(&connection, path).unwrap() != schema::Seen::Current {}
}
