use exuvia_host::disk::FileTime;

use super::*;
use crate::id::BlobId;

fn meta() -> Meta {
    Meta {
        mode: 0o644,
        uid: 1,
        gid: 2,
        size: 3,
        modified: FileTime::default(),
        changed: FileTime::default(),
        device: 4,
        inode: 5,
        links: 1,
    }
}

fn entry(name: &[u8], kind: NodeKind) -> Entry {
    Entry {
        name: name.into(),
        meta: meta(),
        kind,
        xattrs: encode_xattrs(&vec![(b"user.a".to_vec(), b"v".to_vec())]),
        body: match kind {
            NodeKind::Symlink => b"target".to_vec().into(),
            NodeKind::Directory => Box::default(),
            NodeKind::File(_) => encode_pieces(&pieces()),
        },
    }
}

fn pieces() -> Vec<Piece> {
    let blob = Some(BlobId::of(b"x"));
    vec![Piece { len: 7, blob }, Piece { len: 9, blob: None }]
}

fn dir(name: &[u8]) -> Entry {
    entry(name, NodeKind::Directory)
}

/// A root with two directories, the first of which has one, and a file and a link.
fn bytes() -> Vec<u8> {
    let mut builder = TreeBuilder::default();
    let file = entry(b"c\xff", NodeKind::File(Flavour::Log([7; 8])));
    let link = entry(b"d", NodeKind::Symlink);
    let (a, b, below) = (dir(b"a"), dir(b"b"), dir(b"below"));
    let root = builder.open([&a, &b, &file, &link].into_iter().map(Entry::borrow));
    let first = builder.open(std::iter::once(below.borrow()));
    let inner = builder.open(std::iter::once(file.borrow()));
    builder.close(inner);
    builder.close(first);
    let second = builder.open(std::iter::empty());
    builder.close(second);
    builder.close(root);
    joined(builder)
}

fn joined(builder: TreeBuilder) -> Vec<u8> {
    let tree = builder.finish(dir(b"").borrow());
    [tree.head, tree.records].concat()
}

fn names(dir: DirRef<'_>) -> Vec<Vec<u8>> {
    dir.entries()
        .map(|entry| entry.unwrap().0.name.to_vec())
        .collect()
}

#[test]
fn a_tree_is_read_back_with_every_directory_in_its_place() {
    let tree = Tree::new(bytes()).unwrap();
    assert_eq!(tree.root_entry().unwrap(), dir(b"").borrow());
    let root: Vec<_> = tree.root().entries().map(Result::unwrap).collect();
    assert_eq!(names(tree.root()), [&b"a"[..], b"b", b"c\xff", b"d"]);
    assert_eq!(names(root[0].1.unwrap()), [b"below"]);
    let below = root[0].1.unwrap().entries().next().unwrap().unwrap();
    assert_eq!(names(below.1.unwrap()), [b"c\xff"]);
    assert!(names(root[1].1.unwrap()).is_empty());
    assert_eq!(root[2].0.pieces().read().unwrap(), pieces());
    assert_eq!(root[2].0.kind, NodeKind::File(Flavour::Log([7; 8])));
    assert_eq!(root[3].0.target(), "target");
    assert_eq!(
        root[3].0.xattrs().unwrap(),
        [(b"user.a".to_vec(), b"v".to_vec())]
    );
}

#[test]
fn a_subtree_is_copied_as_it_is() {
    let tree = Tree::new(bytes()).unwrap();
    let root: Vec<_> = tree.root().entries().map(Result::unwrap).collect();
    let mut builder = TreeBuilder::default();
    let copy = builder.open_same(tree.root());
    builder.copy(root[0].1.unwrap());
    builder.copy(root[1].1.unwrap());
    builder.close(copy);
    assert_eq!(joined(builder), bytes());
    let mut whole = TreeBuilder::default();
    whole.copy(tree.root());
    assert_eq!(joined(whole), bytes());
}

#[test]
fn a_tree_that_lies_is_refused_without_a_panic() {
    let whole = bytes();
    for at in 0..whole.len() {
        assert!(Tree::new(whole[..at].to_vec()).is_err());
        for flip in [1, 0x80, 0xff] {
            let mut flipped = whole.clone();
            flipped[at] ^= flip;
            if let Ok(tree) = Tree::new(flipped) {
                visit(tree.root(), 0);
            }
        }
    }
}

fn visit(dir: DirRef<'_>, depth: usize) {
    assert!(depth < 10, "a directory lies in itself");
    for (entry, below) in dir.entries().flatten() {
        let _ = (entry.pieces().read(), entry.xattrs());
        if let Some(below) = below {
            visit(below, depth + 1);
        }
    }
}

#[test]
fn names_that_lead_out_are_refused() {
    for name in [&b".."[..], b".", b"a/b", b"", b"a\0b"] {
        let mut builder = TreeBuilder::default();
        let bad = entry(name, NodeKind::Symlink);
        let root = builder.open(std::iter::once(bad.borrow()));
        builder.close(root);
        let tree = Tree::new(joined(builder)).unwrap();
        assert!(tree.root().entries().next().unwrap().is_err(), "{name:?}");
    }
}

#[test]
fn a_usual_file_takes_little_room() {
    let time = |nanos| FileTime {
        seconds: 1_800_000_000,
        nanos,
    };
    let file = Entry {
        name: b"some-module.d.ts".as_slice().into(),
        meta: Meta {
            size: 12_345,
            modified: time(0),
            changed: time(999_999_999),
            device: 0xfe01,
            inode: 12_345_678,
            ..meta()
        },
        kind: NodeKind::File(Flavour::Plain),
        xattrs: Box::default(),
        body: encode_pieces(&[Piece {
            len: 12_345,
            blob: Some(BlobId::of(b"x")),
        }]),
    };
    let mut bytes = Vec::new();
    file.borrow().encode(&mut bytes);
    assert!(bytes.len() <= 96, "{}", bytes.len());
}
