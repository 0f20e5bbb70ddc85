use proptest::prelude::*;
use serde_json::json;

use super::syntax::end_of_line;
use super::*;

fn merged(old: &str, new: &Value) -> String {
    let new = serde_json::to_string_pretty(new).unwrap();
    merge(old, &new).unwrap_or_else(|error| panic!("{error}: {old}"))
}

const MINE: &str = "\
// Mine.
{
    gateway: {
        port: 0x4965, // 18789
        bind: 'loopback', // never open to the world
    },
    // Who answers.
    agents: {
        $include: './agents.json5',
        list: [
            { id: 'main', /* the first */ default: true },
            { id: 'helper' }, // the second
        ],
    },
    channels: { telegram: { token: '${TOKEN}' } }, // mine alone
    meta: { lastTouchedVersion: '2026.9.5' },
}
// the end
";

fn mine() -> Value {
    read(MINE).unwrap_or_else(|_| panic!("it is JSON5"))
}

#[test]
fn what_says_the_same_is_the_same_to_the_byte() {
    assert_eq!(merged(MINE, &mine()), MINE);
    let crlf = MINE.replace('\n', "\r\n");
    assert_eq!(merged(&crlf, &mine()), crlf);
    let marked = format!("\u{feff}{MINE}");
    assert_eq!(merged(&marked, &mine()), marked);
}

#[test]
fn a_version_that_is_stamped_is_all_that_changes() {
    let mut new = mine();
    new["meta"]["lastTouchedVersion"] = json!("2026.9.6");
    assert_eq!(merged(MINE, &new), MINE.replace("2026.9.5", "2026.9.6"));
}

#[test]
fn what_is_added_stands_behind_the_rest_and_indented_as_it_is() {
    let mut new = mine();
    new["gateway"]["auth"] = json!({ "mode": "token" });
    new["meta"]["migrations"] = json!({ "a": true });
    new["agents"]["list"]
        .as_array_mut()
        .unwrap()
        .push(json!({ "id": "third" }));
    let text = MINE
        .replace(
            "the world\n",
            "the world\n        \"auth\": {\n            \"mode\": \"token\"\n        },\n",
        )
        .replace("'2026.9.5' }", "'2026.9.5', \"migrations\": {\"a\":true} }")
        .replace(
            "// the second\n",
            "// the second\n            {\n                \"id\": \"third\"\n            },\n",
        );
    assert_eq!(merged(MINE, &new), text);
}

#[test]
fn what_is_removed_takes_the_comment_behind_it_along_and_leaves_those_before_it() {
    let mut new = mine();
    new["gateway"].as_object_mut().unwrap().remove("bind");
    new.as_object_mut().unwrap().remove("agents");
    new.as_object_mut().unwrap().remove("channels");
    let text = "\
// Mine.
{
    gateway: {
        port: 0x4965, // 18789
    },
    // Who answers.
    meta: { lastTouchedVersion: '2026.9.5' },
}
// the end
";
    assert_eq!(merged(MINE, &new), text);
}

#[test]
fn each_way_of_writing_is_changed_in_its_own_way() {
    for (old, new, text) in [
        ("{}", json!({ "a": 1 }), "{\n  \"a\": 1\n}"),
        ("{ a: 1 }", json!({}), "{ }"),
        ("{a:1}", json!({ "a": 1, "b": [2] }), "{a:1, \"b\": [2]}"),
        (
            "{\n\ta: 1\n}",
            json!({ "a": 1, "b": 2 }),
            "{\n\ta: 1,\n\t\"b\": 2\n}",
        ),
        (
            "{\r\n  a: 1 // one\r\n}\r\n",
            json!({ "a": 1, "b": 2 }),
            "{\r\n  a: 1, // one\r\n  \"b\": 2\r\n}\r\n",
        ),
        ("{\n  a: 1,\n  b: 2\n}", json!({ "a": 1 }), "{\n  a: 1\n}"),
        ("{ a: 1\n, b: 2\n}", json!({ "b": 3 }), "{ b: 3\n}"),
        ("{ a: 'it' }", json!({ "a": "it's" }), "{ a: \"it's\" }"),
        ("{ a: 'it' }", json!({ "a": "is" }), "{ a: 'is' }"),
        (
            "{ a: [1, 2, 3] }",
            json!({ "a": [0, 1, 3] }),
            "{ a: [0, 1, 3] }",
        ),
        (
            "{ // none\n}",
            json!({ "a": 1 }),
            "{ // none\n  \"a\": 1\n}",
        ),
        (
            "{ /* none */ }",
            json!({ "a": 1 }),
            "{\n  \"a\": 1 /* none */\n}",
        ),
        (
            "{ a: 1.0, b: +2 }",
            json!({ "a": 1, "b": 3 }),
            "{ a: 1.0, b: 3 }",
        ),
        (
            "{ a: {} }",
            json!({ "a": { "b": 1 } }),
            "{ a: {\n  \"b\": 1\n} }",
        ),
        ("{ a: [ // b\n 1] }", json!({ "a": [] }), "{ a: [ // b\n] }"),
        (
            "{\n  // c\n  a: 1, b: 2 }",
            json!({ "b": 2 }),
            "{\n  // c\n b: 2 }",
        ),
        ("[1]", json!({ "a": 1 }), "{\n  \"a\": 1\n}"),
    ] {
        assert_eq!(merged(old, &new), text, "{old}");
    }
}

#[test]
fn what_cannot_be_told_is_refused_with_the_reason() {
    for (old, new, words) in [
        ("{", "{}", "as it was is not understood"),
        ("{}", "{", "as it is now is not understood"),
        ("{ a: 1, a: 2 }", "{}", "\"a\" more than once"),
        ("{ a: Infinity }", "{}", "as it was is not understood"),
    ] {
        let told = merge(old, new).unwrap_err().to_string();
        assert!(told.contains(words), "{old}: {told}");
    }
}

/// Writes values down in one of the many ways that JSON5 has, with comments wherever they may stand.
struct Writer(u64);

impl Writer {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) % sides
    }

    fn trivia(&mut self) -> String {
        let number = self.roll(1000);
        match self.roll(6) {
            0 => " ".to_owned(),
            1 => "\n\t".to_owned(),
            2 => format!(" // {number}, \"'\n "),
            3 => format!("/* {number} }} */"),
            4 => format!("\r\n/* {number}\n // */ "),
            _ => String::new(),
        }
    }

    fn text(&mut self, text: &str) -> String {
        if is_plain(text) && self.roll(2) == 0 {
            return format!("'{text}'");
        }
        Value::from(text).to_string()
    }

    fn entries(&mut self, entries: Vec<String>, (open, close): (char, char)) -> String {
        let (mut text, count) = (open.to_string(), entries.len());
        for (number, entry) in entries.into_iter().enumerate() {
            text += &self.trivia();
            text += &entry;
            text += &self.trivia();
            if number + 1 < count || self.roll(2) == 0 {
                text.push(',');
            }
        }
        text + &self.trivia() + &close.to_string()
    }

    fn value(&mut self, value: &Value) -> String {
        match value {
            Value::String(text) => self.text(text),
            Value::Array(list) => {
                let entries = list.iter().map(|one| self.value(one)).collect();
                self.entries(entries, ('[', ']'))
            }
            Value::Object(map) => {
                let entry = |(key, value): (&String, &Value)| {
                    // A comment right behind a key without quotes is not understood.
                    let key = if self.roll(2) == 0 {
                        format!("{key} ")
                    } else {
                        self.text(key)
                    };
                    let between = (self.trivia(), self.trivia());
                    format!("{key}{}:{}{}", between.0, between.1, self.value(value))
                };
                let entries = map.iter().map(entry).collect();
                self.entries(entries, ('{', '}'))
            }
            other => other.to_string(),
        }
    }
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (0..9_i64).prop_map(Value::from),
        "[a-b'\"\\\\/]{0,3}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map("[$a-d]", inner, 0..5)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn any_object() -> impl Strategy<Value = Value> {
    prop::collection::btree_map("[a-d]", any_value(), 0..5)
        .prop_map(|map| Value::Object(map.into_iter().collect()))
}

/// One value that has some of each.
fn mixed(one: &Value, other: &Value, dice: &mut Writer) -> Value {
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            let mut both = other.clone();
            for (key, value) in one {
                let new = match (dice.roll(3), other.get(key)) {
                    (0, Some(other)) => mixed(value, other, dice),
                    (1, _) => continue,
                    _ => value.clone(),
                };
                both.insert(key.clone(), new);
            }
            Value::Object(both)
        }
        (Value::Array(one), Value::Array(other)) => {
            let all = one.iter().chain(other);
            all.filter(|_| dice.roll(2) == 0).cloned().collect()
        }
        _ if dice.roll(2) == 0 => one.clone(),
        _ => other.clone(),
    }
}

proptest! {
    #[test]
    fn whatever_is_merged_says_what_the_new_one_says_and_keeps_what_did_not_change(
        old in any_object(),
        other in any_object(),
        seed in any::<u64>(),
    ) {
        let mut writer = Writer(seed);
        let text = [writer.trivia(), writer.value(&old), writer.trivia()].concat();
        prop_assert_eq!(&merged(&text, &old), &text);
        let new = mixed(&old, &other, &mut writer);
        let both = merged(&text, &new);
        prop_assert_eq!(read(&both).ok(), Some(new.clone()), "{}", both);
        prop_assert_eq!(&merged(&both, &new), &both, "it is done once");
        let root = outline(&text).unwrap();
        let mut from = root.span.start + 1;
        for member in root.members.unwrap() {
            let key = member.key.unwrap();
            let value = member.value.span;
            if new.get(&key) == old.get(&key) {
                let kept = cut(&text, member.start..value.end);
                prop_assert!(both.contains(kept), "{} is not in {}", kept, both);
            }
            let between = cut(&text, from..member.start);
            let lead = cut(between, end_of_line(between)..between.len()).trim();
            prop_assert!(both.contains(lead), "{} is not in {}", lead, both);
            from = member.comma.unwrap_or(value.end) + 1;
        }
    }
}
