//! Which entry of a list became which.

use serde_json::Value;

use super::same;

/// What became of an entry, by where it stood before and where it stands now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// It is there both times, as it was or changed.
    Both(usize, usize),
    /// It is not there any more.
    Gone(usize),
    /// It was not there before.
    New(usize),
}

/// Every entry of both lists, in an order that is that of each. Equal ones are found from both ends
/// first, then one after the other; what lies between is what was changed.
pub(super) fn align(old: &[Value], new: &[Value]) -> Vec<Step> {
    let alike = |pair: &(&Value, &Value)| same(pair.0, pair.1);
    let head = old.iter().zip(new).take_while(alike).count();
    let (rest_old, rest_new) = (old.len() - head, new.len() - head);
    let backwards = old.iter().rev().zip(new.iter().rev());
    let tail = backwards.take(rest_old.min(rest_new));
    let tail = tail.take_while(alike).count();
    let mut steps: Vec<Step> = (0..head).map(|at| Step::Both(at, at)).collect();
    let (mut from, mut to) = (head, head);
    for (number, value) in new.iter().enumerate().take(new.len() - tail).skip(head) {
        let left = old.iter().enumerate().take(old.len() - tail).skip(from);
        if let Some((found, _)) = left.into_iter().find(|(_, other)| same(other, value)) {
            between(&mut steps, from..found, to..number);
            steps.push(Step::Both(found, number));
            (from, to) = (found + 1, number + 1);
        }
    }
    between(&mut steps, from..old.len() - tail, to..new.len() - tail);
    let ends = (old.len() - tail..old.len()).zip(new.len() - tail..new.len());
    steps.extend(ends.map(|(old, new)| Step::Both(old, new)));
    steps
}

fn between(steps: &mut Vec<Step>, old: std::ops::Range<usize>, new: std::ops::Range<usize>) {
    let both = old.len().min(new.len());
    steps.extend(
        old.clone()
            .zip(new.clone())
            .map(|(old, new)| Step::Both(old, new)),
    );
    steps.extend(old.skip(both).map(Step::Gone));
    steps.extend(new.skip(both).map(Step::New));
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Step::{Both, Gone, New};
    use super::*;

    #[test]
    fn what_stayed_is_found_wherever_it_went() {
        for (old, new, steps) in [
            (json!([1, 2]), json!([1, 2]), vec![Both(0, 0), Both(1, 1)]),
            (json!([1, 2]), json!([2]), vec![Gone(0), Both(1, 0)]),
            (json!([1]), json!([0, 1]), vec![New(0), Both(0, 1)]),
            (
                json!([1, 2, 3, 4]),
                json!([2, 4]),
                vec![Gone(0), Both(1, 0), Gone(2), Both(3, 1)],
            ),
            (
                json!([1, 2, 3]),
                json!([1, 9, 3, 4]),
                vec![Both(0, 0), Both(1, 1), Both(2, 2), New(3)],
            ),
            (json!([]), json!([1]), vec![New(0)]),
        ] {
            let lists = (old.as_array().unwrap(), new.as_array().unwrap());
            assert_eq!(align(lists.0, lists.1), steps, "{old} {new}");
        }
    }
}
