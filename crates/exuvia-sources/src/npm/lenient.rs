//! Reading documents whose writers did as they liked.
//!
//! Packuments go back to 2010 and hold whatever was published: strings where objects are expected
//! and the reverse. One odd field must not lose the package, and a huge one must not become our
//! memory; so each of these takes what it can use and reads past everything else.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// Entries of one map or list that are kept.
const MAX_ENTRIES: usize = 5_000;
/// Longest text that is kept, in bytes.
const MAX_TEXT: usize = 64 * 1024;

/// A value of any type: a text, an object `T`, a list of `T`, or nothing of use.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum Any<T> {
    Text(String),
    Object(T),
    List(Vec<Any<T>>),
    Number(u64),
    Flag(bool),
    #[default]
    Nothing,
}

impl<T> Any<T> {
    pub(super) fn text(self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn object(self) -> Option<T> {
        match self {
            Self::Object(object) => Some(object),
            _ => None,
        }
    }

    pub(super) fn list(self) -> Vec<Self> {
        match self {
            Self::List(list) => list,
            _ => Vec::new(),
        }
    }

    pub(super) fn number(self) -> Option<u64> {
        match self {
            Self::Number(number) => Some(number),
            _ => None,
        }
    }
}

/// An object of which nothing is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Void;

impl<'de> Deserialize<'de> for Void {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Self)
    }
}

/// An object's fields of one kind, in the order of their names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fields<T>(pub(super) BTreeMap<String, Any<T>>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Any<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let visitor = AnyVisitor {
            lists: true,
            of: PhantomData,
        };
        deserializer.deserialize_any(visitor)
    }
}

struct AnyVisitor<T> {
    /// Whether a list is of use here. Inside of a list it is not: lists of lists of lists would
    /// be kept many times larger than they are written.
    lists: bool,
    of: PhantomData<T>,
}

/// A value inside of a list or of [`Fields`].
struct Inner<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> DeserializeSeed<'de> for Inner<T> {
    type Value = Any<T>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Any<T>, D::Error> {
        let visitor = AnyVisitor {
            lists: false,
            of: PhantomData,
        };
        deserializer.deserialize_any(visitor)
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for AnyVisitor<T> {
    type Value = Any<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_str<E>(self, text: &str) -> Result<Any<T>, E> {
        Ok(if text.len() <= MAX_TEXT {
            Any::Text(text.to_owned())
        } else {
            Any::Nothing
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Any<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Any::Object)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Any<T>, A::Error> {
        let mut list = Vec::new();
        while self.lists && list.len() < MAX_ENTRIES {
            match items.next_element_seed(Inner(PhantomData))? {
                Some(item) => list.push(item),
                None => return Ok(Any::List(list)),
            }
        }
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(if self.lists {
            Any::List(list)
        } else {
            Any::Nothing
        })
    }

    fn visit_u64<E>(self, number: u64) -> Result<Any<T>, E> {
        Ok(Any::Number(number))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Any<T>, E> {
        Ok(Any::Nothing)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Any<T>, E> {
        Ok(Any::Nothing)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Any<T>, E> {
        Ok(Any::Flag(flag))
    }

    fn visit_unit<E>(self) -> Result<Any<T>, E> {
        Ok(Any::Nothing)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Fields<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FieldsVisitor(PhantomData))
    }
}

struct FieldsVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for FieldsVisitor<T> {
    type Value = Fields<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<T>, A::Error> {
        let mut fields = BTreeMap::new();
        while let Some(name) = map.next_key::<String>()? {
            if fields.len() < MAX_ENTRIES && name.len() <= MAX_TEXT {
                fields.insert(name, map.next_value_seed(Inner(PhantomData))?);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(Fields(fields))
    }
}

impl<T> Any<Fields<T>> {
    /// The fields that are texts.
    pub(super) fn texts(self) -> BTreeMap<String, String> {
        let fields = self.object().map(|fields| fields.0).unwrap_or_default();
        fields
            .into_iter()
            .filter_map(|(name, value)| Some((name, value.text()?)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, Deserialize)]
    struct Named {
        #[serde(default)]
        name: Any<Void>,
    }

    fn read(json: &str) -> Any<Named> {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn each_type_is_taken_for_what_it_is() {
        assert_eq!(read("\"a\"").text().as_deref(), Some("a"));
        assert_eq!(
            read("{\"name\":\"b\",\"x\":[]}")
                .object()
                .unwrap()
                .name
                .text()
                .as_deref(),
            Some("b")
        );
        assert_eq!(read("[\"a\",{},7]").list().len(), 3);
        assert!(
            read("{\"name\":{\"deep\":[1]}}")
                .object()
                .unwrap()
                .name
                .text()
                .is_none()
        );
        assert!(matches!(read("true"), Any::Flag(true)));
        for nothing in ["null", "-1", "1.5"] {
            assert!(matches!(read(nothing), Any::Nothing), "{nothing}");
        }
    }

    fn json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            any::<f64>().prop_map(Into::into),
            ".{0,8}".prop_map(Into::into),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
                proptest::collection::vec(("name|[a-c]", inner), 0..4)
                    .prop_map(|pairs| serde_json::Value::Object(pairs.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn no_valid_json_is_an_error(value in json()) {
            let text = value.to_string();
            prop_assert!(serde_json::from_str::<Any<Named>>(&text).is_ok());
            prop_assert!(serde_json::from_str::<Any<Fields<Void>>>(&text).is_ok());
        }
    }
}
