//! Makes a tree of a walk.

use super::{Found, Node, Previous, Record, Todo};
use crate::tree::{Entry, TreeBuilder, TreeBytes};

/// The tree. What is the same as before is copied from there.
pub(super) fn encode(root: &Entry, node: &Node, previous: Option<&Previous>) -> TreeBytes {
    let totals = node.totals();
    let names = totals.files + totals.directories + totals.symlinks;
    let mut builder = TreeBuilder::with_capacity(usize::try_from(names).unwrap_or(0));
    add(node, previous, &mut builder);
    builder.finish(root.borrow())
}

fn add(node: &Node, previous: Option<&Previous>, builder: &mut TreeBuilder) {
    let open = match (&node.record, previous) {
        (Record::Same(number), Some(previous)) => {
            let old = previous.tree.dir(*number);
            if node.same {
                builder.copy(old);
                return;
            }
            builder.open_same(old)
        }
        (Record::New(found), _) => builder.open(there(found)),
        // There is no sameness without something before.
        (Record::Same(_), None) => builder.open(std::iter::empty()),
    };
    for child in &node.children {
        add(child, previous, builder);
    }
    builder.close(open);
}

fn there(found: &[Found]) -> impl Iterator<Item = crate::tree::EntryRef<'_>> {
    found
        .iter()
        .filter(|one| one.todo != Todo::Gone)
        .map(|one| one.entry.borrow())
}
