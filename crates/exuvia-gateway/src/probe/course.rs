//! Which questions are being asked.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use exuvia_model::probe::ProbeName;

/// The questions that have no answer yet, for whoever waits for them. Clones share.
#[derive(Debug, Clone, Default)]
pub struct Course(Arc<Mutex<Vec<ProbeName>>>);

/// A question; answered, or given up, once this is dropped.
#[derive(Debug)]
pub(super) struct Open<'c> {
    course: &'c Course,
    name: ProbeName,
}

impl Course {
    /// The questions that are open now, in the order that they were asked in.
    pub fn open(&self) -> Vec<ProbeName> {
        self.names().clone()
    }

    pub(super) fn ask(&self, name: ProbeName) -> Open<'_> {
        self.names().push(name.clone());
        Open { course: self, name }
    }

    fn names(&self) -> MutexGuard<'_, Vec<ProbeName>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        let mut names = self.course.names();
        if let Some(at) = names.iter().position(|name| *name == self.name) {
            names.remove(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_open_until_it_is_answered() {
        let course = Course::default();
        let seen = || course.clone().open();
        let (one, other) = (course.ask("one".into()), course.ask("other".into()));
        assert_eq!(seen(), ["one".into(), "other".into()]);
        drop(one);
        assert_eq!(seen(), ["other".into()]);
        drop(other);
        assert_eq!(seen(), []);
    }
}
