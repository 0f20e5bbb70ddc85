use proptest::prelude::*;

use super::*;

fn version(text: &str) -> Version {
    text.parse().unwrap()
}

/// The pairs of node-semver's `test/fixtures/comparisons.js` that are valid without its loose mode:
/// the first is above the second.
const COMPARISONS: [(&str, &str); 26] = [
    ("0.0.0", "0.0.0-foo"),
    ("0.0.1", "0.0.0"),
    ("1.0.0", "0.9.9"),
    ("0.10.0", "0.9.0"),
    ("0.99.0", "0.10.0"),
    ("2.0.0", "1.2.3"),
    ("v0.0.0", "0.0.0-foo"),
    ("v0.0.1", "0.0.0"),
    ("v1.0.0", "0.9.9"),
    ("0.0.0", "v0.0.0-foo"),
    ("2.0.0", "v1.2.3"),
    ("1.2.3", "1.2.3-asdf"),
    ("1.2.3", "1.2.3-4"),
    ("1.2.3", "1.2.3-4-foo"),
    ("1.2.3-5-foo", "1.2.3-5"),
    ("1.2.3-5", "1.2.3-4"),
    ("1.2.3-5-foo", "1.2.3-5-Foo"),
    ("3.0.0", "2.7.2+asdf"),
    ("1.2.3-a.10", "1.2.3-a.5"),
    ("1.2.3-a.b", "1.2.3-a.5"),
    ("1.2.3-a.b", "1.2.3-a"),
    ("1.2.3-a.b.c.10.d.5", "1.2.3-a.b.c.5.d.100"),
    ("1.2.3-r2", "1.2.3-r100"),
    ("1.2.3-r100", "1.2.3-R2"),
    ("2026.9.6", "2026.9.5"),
    ("2026.10.0", "2026.9.6"),
];

/// The cases of node-semver's `test/functions/diff.js`, `pre…` folded into the plain steps.
const DIFFS: [(&str, &str, ChangeType); 34] = [
    ("1.2.3", "0.2.3", ChangeType::Major),
    ("0.2.3", "1.2.3", ChangeType::Major),
    ("1.4.5", "0.2.3", ChangeType::Major),
    ("1.2.3", "2.0.0-pre", ChangeType::Major),
    ("2.0.0-pre", "1.2.3", ChangeType::Major),
    ("1.2.3", "1.3.3", ChangeType::Minor),
    ("1.0.1", "1.1.0-pre", ChangeType::Minor),
    ("1.2.3", "1.2.4", ChangeType::Patch),
    ("1.2.3", "1.2.4-pre", ChangeType::Patch),
    ("0.0.1", "0.0.1-pre", ChangeType::Patch),
    ("0.0.1", "0.0.1-pre-2", ChangeType::Patch),
    ("1.1.0", "1.1.0-pre", ChangeType::Minor),
    ("1.1.0-pre-1", "1.1.0-pre-2", ChangeType::Patch),
    ("0.0.2-1", "0.0.2", ChangeType::Patch),
    ("0.0.2-1", "0.0.3", ChangeType::Patch),
    ("0.0.2-1", "0.1.0", ChangeType::Minor),
    ("0.0.2-1", "1.0.0", ChangeType::Major),
    ("0.1.0-1", "0.1.0", ChangeType::Minor),
    ("1.0.0-1", "1.0.0", ChangeType::Major),
    ("1.0.0-1", "1.1.1", ChangeType::Major),
    ("1.0.0-1", "2.1.1", ChangeType::Major),
    ("1.0.1-1", "1.0.1", ChangeType::Patch),
    ("0.0.0-1", "0.0.0", ChangeType::Major),
    ("1.0.0-1", "2.0.0", ChangeType::Major),
    ("1.0.0-1", "2.0.0-1", ChangeType::Major),
    ("1.0.0-1", "1.1.0-1", ChangeType::Minor),
    ("1.0.0-1", "1.0.1-1", ChangeType::Patch),
    ("1.7.2-1", "1.8.1", ChangeType::Minor),
    ("1.1.1-pre1", "2.1.1-pre2", ChangeType::Major),
    ("1.1.1-pre1", "1.2.1-pre2", ChangeType::Minor),
    ("1.2.3-1", "1.2.3", ChangeType::Patch),
    ("1.4.0-1", "2.3.5", ChangeType::Major),
    ("1.6.1-5", "1.7.2", ChangeType::Minor),
    ("2.0.0-1", "2.1.1", ChangeType::Major),
];

#[test]
fn versions_are_ordered_as_npm_orders_them() {
    for (higher, lower) in COMPARISONS {
        let (a, b) = (version(higher), version(lower));
        assert_eq!(a.cmp(&b), Ordering::Greater, "{higher} is above {lower}");
    }
    assert_eq!(
        version("1.2.3+build.1"),
        version("v1.2.3+build.2"),
        "build metadata says nothing"
    );
}

#[test]
fn steps_are_those_of_npms_diff() {
    for (from, to, expected) in DIFFS {
        assert_eq!(
            ChangeType::between(&from.into(), &to.into()),
            expected,
            "{from} to {to}"
        );
    }
}

#[test]
fn a_calendar_version_moves_by_at_most_a_minor_step() {
    let cases = [
        ("2026.9.5", "2026.9.6", ChangeType::Patch),
        ("2026.9.6", "2026.10.0", ChangeType::Minor),
        ("2026.12.1", "2027.1.0", ChangeType::Minor),
        ("2026.9.6", "2026.9.7-beta.1", ChangeType::Patch),
        ("1.9.0", "2026.1.0", ChangeType::Major),
        ("2026.1.0", "1.9.0", ChangeType::Major),
    ];
    for (from, to, expected) in cases {
        assert_eq!(
            ChangeType::between(&from.into(), &to.into()),
            expected,
            "{from} to {to}"
        );
    }
    assert!(ChangeType::scheme_moved(
        &"1.9.0".into(),
        &"2026.1.0".into()
    ));
    assert!(!ChangeType::scheme_moved(
        &"2026.9.5".into(),
        &"2026.9.6".into()
    ));
}

#[test]
fn what_is_no_version_is_told_apart_and_never_ordered() {
    let commit = "b269b9029b4cec35cfefa19344148bd3ab32f3a0";
    assert_eq!(Revision::from(commit), Revision::Commit(commit.to_owned()));
    assert_eq!(Revision::from(commit).short(), "b269b9029b4c");
    assert_eq!(
        Revision::from("nightly"),
        Revision::Opaque("nightly".to_owned())
    );
    assert_eq!(
        ChangeType::between(&commit.into(), &"1.0.0".into()),
        ChangeType::Unknown
    );
    for bad in [
        "",
        "1",
        "1.2",
        "1.2.3.4",
        "a.b.c",
        "1.2.3 || rm -rf /",
        "../1.2.3",
    ] {
        assert!(bad.parse::<Version>().is_err(), "{bad:?}");
    }
    assert!("1".repeat(300).parse::<Version>().is_err());
}

#[test]
fn a_range_that_cannot_be_read_is_neither_yes_nor_no() {
    let node = version("24.21.0");
    assert_eq!(node.satisfies(">=24.16.0 <25 || >=26.1.0"), Some(true));
    assert_eq!(
        version("22.1.0").satisfies(">=24.16.0 <25 || >=26.1.0"),
        Some(false)
    );
    assert_eq!(node.satisfies("whatever you like"), None);
}

prop_compose! {
    fn any_version()(
        main in prop::array::uniform3(0u64..4),
        pre in prop::option::of("[a-c0-3]{1,2}(\\.[a-c1-3]{1,2}){0,2}"),
    ) -> Option<Version> {
        let [major, minor, patch] = main;
        let pre = pre.map(|pre| format!("-{pre}")).unwrap_or_default();
        format!("{major}.{minor}.{patch}{pre}").parse().ok()
    }
}

proptest! {
    #[test]
    fn the_order_is_total(a in any_version(), b in any_version(), c in any_version()) {
        let (Some(a), Some(b), Some(c)) = (a, b, c) else { return Ok(()) };
        prop_assert_eq!(a.cmp(&b), b.cmp(&a).reverse());
        if a <= b && b <= c {
            prop_assert!(a <= c);
        }
        prop_assert_eq!(
            ChangeType::between(&Revision::Version(a.clone()), &Revision::Version(b.clone())),
            ChangeType::between(&Revision::Version(b), &Revision::Version(a))
        );
    }

    #[test]
    fn no_text_panics_and_a_read_version_reads_again(text in any::<String>()) {
        if let Ok(version) = text.parse::<Version>() {
            prop_assert_eq!(version.to_string().parse::<Version>(), Ok(version));
        }
    }
}
