//! Looking into dynamic values, those that are JSON text included: most queries want one property of them.

use std::borrow::Cow;

use super::{Value, ValueRef, value_of};
use crate::json::{Head, Scanner};

/// One cell that was looked up: borrowed, unless it is text with escapes.
#[derive(Clone, Debug)]
pub(crate) enum FoundValue<'a> {
    Ref(ValueRef<'a>),
    Owned(Value),
}

impl FoundValue<'_> {
    pub(crate) const NULL: FoundValue<'static> = FoundValue::Ref(ValueRef::Null);

    pub(crate) fn as_ref(&self) -> ValueRef<'_> {
        match self {
            FoundValue::Ref(value) => *value,
            FoundValue::Owned(value) => value.as_ref(),
        }
    }
}

/// One step into a dynamic value: `.name` and `['name']`, or `[2]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PathStepRef<'a> {
    Key(&'a str),
    /// Negative ones count from the end.
    Index(i64),
}

/// What one step leads to; null for a key of something that is no bag, an index of something that is no array, and
/// whatever is not there.
pub(crate) fn step<'a>(value: ValueRef<'a>, step: PathStepRef<'_>) -> FoundValue<'a> {
    match (value, step) {
        (ValueRef::Bag(bag), PathStepRef::Key(key)) => {
            FoundValue::Ref(bag.get(key).map_or(ValueRef::Null, Value::as_ref))
        }
        (ValueRef::Array(items), PathStepRef::Index(index)) => {
            let item = from_end(index, || items.len()).and_then(|index| items.get(index));
            FoundValue::Ref(item.map_or(ValueRef::Null, Value::as_ref))
        }
        (ValueRef::Json(text), PathStepRef::Key(key)) => {
            JsonEntries::of(text).and_then(|entries| entries.find_key(key)).unwrap_or(FoundValue::NULL)
        }
        (ValueRef::Json(text), PathStepRef::Index(index)) => {
            let item = JsonItems::of(text).and_then(|mut items| {
                let index = from_end(index, || items.clone().count())?;
                items.nth(index)
            });
            item.unwrap_or(FoundValue::NULL)
        }
        _ => FoundValue::NULL,
    }
}

/// What a path of steps leads to.
pub(crate) fn walk<'a>(value: ValueRef<'a>, mut steps: &[PathStepRef<'_>]) -> FoundValue<'a> {
    let mut at = value;
    while let Some((first, rest)) = steps.split_first() {
        match step(at, *first) {
            FoundValue::Ref(found) => at = found,
            owned if rest.is_empty() => return owned,
            // Only text is ever owned here, and nothing lies below text.
            FoundValue::Owned(_) => return FoundValue::NULL,
        }
        steps = rest;
    }
    FoundValue::Ref(at)
}

/// An index as written into one from the front.
fn from_end(index: i64, length: impl FnOnce() -> usize) -> Option<usize> {
    match usize::try_from(index) {
        Ok(index) => Some(index),
        Err(_) => length().checked_sub(usize::try_from(index.unsigned_abs()).ok()?),
    }
}

/// The next value of a text.
fn found<'a>(scanner: &mut Scanner<'a>) -> Option<FoundValue<'a>> {
    if scanner.at_bracket() {
        return scanner.raw().ok().map(|text| FoundValue::Ref(ValueRef::Json(text)));
    }
    Some(match scanner.head().ok()? {
        Head::Bool(value) => FoundValue::Ref(ValueRef::Bool(value)),
        Head::Number(number) => FoundValue::Owned(value_of(number)),
        Head::String(Cow::Borrowed(text)) => FoundValue::Ref(ValueRef::String(text)),
        Head::String(Cow::Owned(text)) => FoundValue::Owned(Value::String(text.into())),
        Head::Null | Head::Array | Head::Bag => FoundValue::NULL,
    })
}

/// The elements of an array that is JSON text.
#[derive(Clone)]
pub(crate) struct JsonItems<'a>(Scanner<'a>);

impl<'a> JsonItems<'a> {
    /// `None` if the text is no array.
    pub(crate) fn of(text: &'a str) -> Option<JsonItems<'a>> {
        let mut scanner = Scanner::new(text);
        matches!(scanner.head(), Ok(Head::Array)).then_some(JsonItems(scanner))
    }

    /// Passes over an element.
    fn pass(&mut self) -> Option<()> {
        self.0.element().ok()?.then(|| self.0.raw().ok())?.map(drop)
    }
}

impl<'a> Iterator for JsonItems<'a> {
    type Item = FoundValue<'a>;

    fn next(&mut self) -> Option<FoundValue<'a>> {
        self.0.element().ok()?.then(|| found(&mut self.0))?
    }

    fn nth(&mut self, index: usize) -> Option<FoundValue<'a>> {
        (0..index).try_for_each(|_| self.pass())?;
        self.next()
    }

    fn count(mut self) -> usize {
        std::iter::from_fn(|| self.pass()).count()
    }
}

/// The properties of a bag that is JSON text, duplicates included.
#[derive(Clone)]
pub(crate) struct JsonEntries<'a>(Scanner<'a>);

impl<'a> JsonEntries<'a> {
    /// `None` if the text is no bag.
    pub(crate) fn of(text: &'a str) -> Option<JsonEntries<'a>> {
        let mut scanner = Scanner::new(text);
        matches!(scanner.head(), Ok(Head::Bag)).then_some(JsonEntries(scanner))
    }

    /// The value of the first property of this name.
    fn find_key(mut self, name: &str) -> Option<FoundValue<'a>> {
        while let Some(key) = self.0.key().ok()? {
            if key == name {
                return found(&mut self.0);
            }
            self.0.raw().ok()?;
        }
        None
    }
}

impl<'a> Iterator for JsonEntries<'a> {
    type Item = (Cow<'a, str>, FoundValue<'a>);

    fn next(&mut self) -> Option<(Cow<'a, str>, FoundValue<'a>)> {
        let key = self.0.key().ok()??;
        Some((key, found(&mut self.0)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::from_json;
    use crate::value::write::written;

    const TEXT: &str =
        r#" { "a" : { "b" : [ 10 , -2.5 , "x\"y" , [ ] , { "]" : "}" } ] } , "\u0063" : true, "a": 0, "n": null } "#;

    fn at(steps: &[PathStepRef<'_>]) -> String {
        let lazy = written(walk(ValueRef::Json(TEXT), steps).as_ref());
        let value = from_json(TEXT);
        assert_eq!(lazy, written(walk(value.as_ref(), steps).as_ref()), "text and values agree");
        lazy
    }

    #[test]
    fn steps_lead_into_text_as_into_values() {
        use PathStepRef::{Index, Key};
        let b = [Key("a"), Key("b")];
        let item = |index| at(&[b[0], b[1], Index(index)]);
        assert_eq!(at(&[]), r#"{"a":{"b":[10,-2.5,"x\"y",[],{"]":"}"}]},"c":true,"n":null}"#);
        assert_eq!(item(0), "10");
        assert_eq!(item(1), "-2.5");
        assert_eq!(item(2), r#""x\"y""#);
        assert_eq!(item(-1), r#"{"]":"}"}"#);
        assert_eq!(item(-2), "[]");
        assert_eq!(at(&[b[0], b[1], Index(4), Key("]")]), r#""}""#);
        assert_eq!(at(&[Key("c")]), "true");
    }

    #[test]
    fn steps_that_lead_nowhere_give_null() {
        use PathStepRef::{Index, Key};
        for steps in [
            &[Key("A")][..],
            &[Key("n")],
            &[Key("n"), Key("x")],
            &[Index(0)],
            &[Key("a"), Key("b"), Key("x")],
            &[Key("a"), Key("b"), Index(5)],
            &[Key("a"), Key("b"), Index(-6)],
            &[Key("a"), Key("b"), Index(i64::MIN)],
            &[Key("a"), Key("b"), Index(2), Index(0)],
            &[Key("c"), Key("x")],
        ] {
            assert_eq!(at(steps), "null", "{steps:?}");
        }
    }

    #[test]
    fn elements_and_properties_are_listed_from_text() {
        let items = JsonItems::of(" [1, \"a\\n\" ,[2,[3]] ,null]").expect("an array");
        assert_eq!(items.clone().count(), 4);
        let all: Vec<_> = items.map(|found| written(found.as_ref())).collect();
        assert_eq!(all, ["1", "\"a\\n\"", "[2,[3]]", "null"]);
        assert_eq!(JsonItems::of("[ ]").expect("an array").count(), 0);
        assert!(JsonItems::of("{}").is_none());
        let keys: Vec<_> = JsonEntries::of(TEXT).expect("a bag").map(|(key, _)| key.into_owned()).collect();
        assert_eq!(keys, ["a", "c", "a", "n"]);
        assert_eq!(JsonEntries::of("{ }").expect("a bag").count(), 0);
    }

    #[test]
    fn broken_text_is_walked_without_panic() {
        for text in ["{", "[", "{\"", "{\"a", "{\"a\"", "{\"a\":", "{\"a\":\"", "[1,", "[\"\\", "{\"a\":1", "[é"] {
            let _ = written(ValueRef::Json(text));
            let _ = step(ValueRef::Json(text), PathStepRef::Key("a"));
            let _ = step(ValueRef::Json(text), PathStepRef::Index(-1));
            assert!(from_json(text).is_null());
        }
    }
}
