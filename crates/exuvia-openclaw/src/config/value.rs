//! JSON5 into a value, with nesting and number bounded and repeated keys told of.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// Deepest nesting that is read. Each level costs stack, and a hostile file has as many as it
/// likes.
const MAX_DEPTH: usize = 96;

/// Most values that are read. Each may take a hundred times the memory of its text (`{}` in a list
/// is three characters), and OpenClaw's own files have some hundreds.
const MAX_VALUES: usize = 100_000;

/// Most repeated keys that are told of.
const MAX_REPEATED: usize = 10;

/// What a text says.
#[derive(Debug)]
pub(super) struct Parsed {
    pub(super) value: Value,
    /// Keys that were there more than once; the last one counts, as in JavaScript.
    pub(super) repeated: Vec<String>,
}

/// Reads JSON, or JSON5 where it is not (`parseJsonWithJson5Fallback` of OpenClaw).
pub(super) fn parse(text: &str) -> Result<Parsed, String> {
    let mut json = serde_json::Deserializer::from_str(text);
    if let Ok(parsed) = read(&mut json)
        && json.end().is_ok()
    {
        return Ok(parsed);
    }
    let mut json5 = json5::Deserializer::from_str(text);
    let parsed = read(&mut json5).map_err(|error| words(text, &error))?;
    match read(&mut json5) {
        Err(error) if error.code() == Some(json5::ErrorCode::EofParsingValue) => Ok(parsed),
        Ok(_) => Err("there is more after the end of the configuration".to_owned()),
        Err(error) => Err(format!(
            "there is more after the end of the configuration: {}",
            words(text, &error)
        )),
    }
}

/// The parser's words with the place; its position is missing where the text simply ends.
fn words(text: &str, error: &json5::Error) -> String {
    if error.position().is_some() {
        return error.to_string();
    }
    let line = text.lines().count().max(1);
    format!("{error}: the file ends in line {line}, in the middle of something")
}

fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Parsed, D::Error> {
    let (mut left, mut repeated) = (MAX_VALUES, Vec::new());
    let value = Bounded {
        depth: 0,
        left: &mut left,
        repeated: &mut repeated,
    }
    .deserialize(deserializer)?;
    Ok(Parsed { value, repeated })
}

struct Bounded<'r> {
    depth: usize,
    /// How many more values may be read.
    left: &'r mut usize,
    repeated: &'r mut Vec<String>,
}

impl Bounded<'_> {
    fn deeper<E: serde::de::Error>(&mut self) -> Result<Bounded<'_>, E> {
        if self.depth >= MAX_DEPTH {
            let words = format!("it is nested deeper than {MAX_DEPTH} levels");
            return Err(E::custom(words));
        }
        *self.left = self
            .left
            .checked_sub(1)
            .ok_or_else(|| E::custom(format!("it holds more than {MAX_VALUES} values")))?;
        Ok(Bounded {
            depth: self.depth + 1,
            left: self.left,
            repeated: self.repeated,
        })
    }
}

impl<'de> DeserializeSeed<'de> for Bounded<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Bounded<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut access: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element_seed(self.deeper()?)? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut access: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(key) = access.next_key::<String>()? {
            let value = access.next_value_seed(self.deeper()?)?;
            if map.contains_key(&key) && self.repeated.len() < MAX_REPEATED {
                self.repeated.push(key.clone());
            }
            map.insert(key, value);
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn comments_unquoted_keys_and_trailing_commas_are_read() {
        let text = "// hi\n{ a: 1, /* b */ 'c': [1.5, true, null,], d: \"x\", }\n";
        let parsed = parse(text).unwrap();
        assert_eq!(
            parsed.value,
            json!({"a": 1, "c": [1.5, true, null], "d": "x"})
        );
        assert!(parsed.repeated.is_empty());
    }

    #[test]
    fn the_last_of_two_equal_keys_counts_and_is_told_of() {
        for text in [r#"{"a": 1, "a": 2}"#, "{a: 1, a: 2,}"] {
            let parsed = parse(text).unwrap();
            assert_eq!(parsed.value, json!({"a": 2}));
            assert_eq!(parsed.repeated, ["a"]);
        }
    }

    #[test]
    fn a_truncated_file_is_an_error_that_says_where() {
        let error = parse("{\n  \"agents\": {\n    \"list\": [").unwrap_err();
        assert!(error.contains("line 3"), "{error}");
        let error = parse("{\n  a: 1\n  b: 2\n}").unwrap_err();
        assert!(error.contains('3'), "{error}");
        assert!(parse("{} trailing").is_err());
        assert!(parse("").is_err());
    }

    #[test]
    fn values_cannot_exhaust_the_memory() {
        for item in ["{\"a\":1},", "{a:1},", "[],"] {
            let text = format!("[{}0]", item.repeat(MAX_VALUES));
            assert!(parse(&text).unwrap_err().contains("values"), "{item}");
        }
    }

    #[test]
    fn nesting_cannot_exhaust_the_stack() {
        for open in ["[", "{a:"] {
            assert!(parse(&open.repeat(500_000)).unwrap_err().contains("nested"));
            assert!(parse(&format!("{{}}{}", open.repeat(500_000))).is_err());
        }
    }
}
