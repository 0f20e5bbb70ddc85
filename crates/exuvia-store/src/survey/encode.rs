//! Makes a tree of a walk.

use super::{Found, Node, Previous, Record};
use crate::tree::{Encoded, Entry, TreeBuilder, TreeBytes};

/// The tree. What is the same as before is copied from there, and what was found goes directory by
/// directory: of a large tree there is no room for both.
pub(super) fn encode(root: &Entry, node: Node, previous: Option<&Previous>) -> TreeBytes {
    let totals = node.totals();
    let names = totals.files + totals.directories + totals.symlinks;
    let mut builder = TreeBuilder::with_capacity(usize::try_from(names).unwrap_or(0));
    add(node, previous, &mut builder);
    builder.finish(root.borrow())
}

fn add(node: Node, previous: Option<&Previous>, builder: &mut TreeBuilder) {
    let open = match (node.record, previous) {
        (Record::Same(number), Some(previous)) => {
            let old = previous.tree.dir(number);
            if node.same {
                builder.copy(old);
                return;
            }
            builder.open_same(old)
        }
        (Record::New(found), _) => builder.open_encoded(there(&found)),
        // There is no sameness without something before.
        (Record::Same(_), None) => builder.open(std::iter::empty()),
    };
    for child in node.children {
        add(child, previous, builder);
    }
    builder.close(open);
}

fn there(found: &[Found]) -> impl Iterator<Item = &Encoded> {
    found.iter().filter_map(|one| match one {
        Found::Done(entry) => Some(entry),
        // By now everything was read, or is gone.
        Found::Read(..) | Found::Database(_) | Found::Gone => None,
    })
}
