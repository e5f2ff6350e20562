//! Property bags. Where a key names nested ones, it is a path: `$.a.b` or `$['a']['b']`, without array indexes.

use std::collections::HashSet;
use std::sync::Arc;

use super::array::distinct;
use super::cells::{elements, named_or_string, owned, text};
use crate::column::Out;
use crate::registry::*;
use crate::value::{Bag, JsonEntries, PathStepRef, Type, Value, ValueRef, convert, parse_json_text, walk};

/// The functions of this file.
pub(super) const FAMILY: &[&Scalar] = &[
    &BAG_KEYS,
    &BAG_PACK,
    &PACK,
    &PACK_DICTIONARY,
    &BAG_MERGE,
    &BAG_HAS_KEY,
    &BAG_REMOVE_KEYS,
    &BAG_SET_KEY,
    &BAG_ZIP,
    &TREEPATH,
    &EXTRACT_JSON,
    &EXTRACTJSON,
];

/// The properties of a bag; `None` for anything else.
fn properties(cell: ValueRef<'_>) -> Option<Bag> {
    match owned(cell) {
        Value::Bag(bag) => Some(Arc::unwrap_or_clone(bag)),
        _ => None,
    }
}

fn put(out: &mut Out, bag: Option<Bag>) {
    match bag {
        Some(bag) => out.owned(Value::Bag(Arc::new(bag))),
        None => out.null(),
    }
}

const BAG_KEYS: Scalar = Scalar {
    name: "bag_keys",
    params: &[dynamic("bag")],
    returns: Returns::Is(Type::Dynamic),
    about: "The keys of `bag`; null for anything else.",
    examples: &[Example { query: "print bag_keys(dynamic({'a': 1, 'b': 2}))", result: r#"["a","b"]"# }],
    kernel: KernelDef::Plain(|cells, out| {
        let keys = match cells[0] {
            ValueRef::Bag(bag) => Some(bag.keys().map(|key| Value::String(key.clone())).collect()),
            ValueRef::Json(text) => JsonEntries::of(text).map(|entries| {
                let keys: Vec<Value> = entries.map(|(key, _)| Value::from(&*key)).collect();
                distinct(&keys, |_| true)
            }),
            _ => None,
        };
        match keys {
            Some(keys) => out.owned(Value::Array(Arc::new(keys))),
            None => out.null(),
        }
    }),
    ..Scalar::PLAIN
};

pub(super) const BAG_PACK: Scalar = Scalar {
    name: "bag_pack",
    params: &[string("key").repeated(), any("value").repeated()],
    returns: Returns::Is(Type::Dynamic),
    about: "A bag of pairs of `key` and `value`.",
    examples: &[Example { query: "print bag_pack('a', 1, 'b', 'x')", result: r#"{"a":1,"b":"x"}"# }],
    strict: false,
    kernel: KernelDef::Plain(|cells, out| {
        let pairs = cells.chunks_exact(2).map(|pair| (Arc::from(text(pair[0])), owned(pair[1])));
        put(out, Some(pairs.collect()));
    }),
    ..Scalar::PLAIN
};

/// `bag_pack` without what is null or empty text; no user can name it.
pub(super) const PACK_PRESENT: Scalar = Scalar {
    kernel: KernelDef::Plain(|cells, out| {
        let present = |pair: &&[ValueRef<'_>]| !matches!(pair[1], ValueRef::Null | ValueRef::String(""));
        let pairs = cells.chunks_exact(2).filter(present).map(|pair| (Arc::from(text(pair[0])), owned(pair[1])));
        put(out, Some(pairs.collect()));
    }),
    ..BAG_PACK
};

/// The old name of `bag_pack`.
const PACK: Scalar = Scalar { name: "pack", legacy: true, ..BAG_PACK };

/// Another old name of `bag_pack`.
const PACK_DICTIONARY: Scalar = Scalar { name: "pack_dictionary", legacy: true, ..BAG_PACK };

const BAG_MERGE: Scalar = Scalar {
    name: "bag_merge",
    params: &[dynamic("bag").repeated()],
    returns: Returns::Is(Type::Dynamic),
    about: "One bag of the properties of all; of a key in several, the leftmost counts.",
    examples: &[Example {
        query: "print bag_merge(dynamic({'a': 1}), dynamic({'a': 2, 'b': 3}))",
        result: r#"{"a":1,"b":3}"#,
    }],
    strict: false,
    kernel: KernelDef::Plain(|cells, out| {
        let mut merged: Option<Bag> = None;
        for bag in cells.iter().filter_map(|&cell| properties(cell)) {
            let merged = merged.get_or_insert_default();
            for (key, value) in bag {
                merged.entry(key).or_insert(value);
            }
        }
        put(out, merged);
    }),
    ..Scalar::PLAIN
};

/// The steps of a key: one, unless it is a path.
fn steps(key: &str) -> Option<Vec<String>> {
    let Some(mut rest) = key.strip_prefix('$').filter(|rest| rest.starts_with(['.', '['])) else {
        return Some(vec![key.to_string()]);
    };
    let mut steps = Vec::new();
    while !rest.is_empty() {
        let (step, behind) = if let Some(name) = rest.strip_prefix('.') {
            name.split_at(name.find(['.', '[']).unwrap_or(name.len()))
        } else {
            let quoted = rest.strip_prefix('[')?;
            let quote = quoted.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
            let (step, behind) = quoted[1..].split_once(quote)?;
            (step, behind.strip_prefix(']')?)
        };
        steps.push(step.to_string());
        rest = behind;
    }
    Some(steps)
}

const BAG_HAS_KEY: Scalar = Scalar {
    name: "bag_has_key",
    params: &[dynamic("bag"), string("key")],
    returns: Returns::Is(Type::Bool),
    about: "Whether `bag` has `key`, which may be a path such as `$.a.b`.",
    examples: &[Example { query: "print bag_has_key(dynamic({'a': {'b': null}}), '$.a.b')", result: "True" }],
    kernel: KernelDef::Plain(|cells, out| {
        let Some(bag) = properties(cells[0]) else { return out.null() };
        let has = steps(text(cells[1])).is_some_and(|steps| match steps.split_last() {
            Some((last, path)) => {
                let inner = path.iter().try_fold(&bag, |bag, step| match bag.get(step.as_str()) {
                    Some(Value::Bag(inner)) => Some(&**inner),
                    _ => None,
                });
                inner.is_some_and(|bag| bag.contains_key(last.as_str()))
            }
            None => false,
        });
        out.bool(has);
    }),
    ..Scalar::PLAIN
};

const BAG_REMOVE_KEYS: Scalar = Scalar {
    name: "bag_remove_keys",
    params: &[dynamic("bag"), dynamic("keys")],
    returns: Returns::Is(Type::Dynamic),
    about: "`bag` without `keys`, which may be paths such as `$.a.b`.",
    examples: &[Example {
        query: "print bag_remove_keys(dynamic({'a': 1, 'b': 2}), dynamic(['b', 'c']))",
        result: r#"{"a":1}"#,
    }],
    kernel: KernelDef::Plain(|cells, out| {
        let Some(mut bag) = properties(cells[0]) else { return out.null() };
        let Some(keys) = elements(cells[1]) else { return out.null() };
        let mut whole = HashSet::new();
        for key in &keys {
            let Value::String(key) = key else { continue };
            match &steps(key).unwrap_or_default()[..] {
                [only] => _ = whole.insert(only.clone()),
                steps => remove(&mut bag, steps),
            }
        }
        bag.retain(|key, _| !whole.contains(&**key));
        put(out, Some(bag));
    }),
    ..Scalar::PLAIN
};

fn remove(bag: &mut Bag, steps: &[String]) {
    match steps {
        [] => {}
        [last] => {
            bag.shift_remove(last.as_str());
        }
        [first, rest @ ..] => {
            if let Some(Value::Bag(inner)) = bag.get_mut(first.as_str()) {
                remove(Arc::make_mut(inner), rest);
            }
        }
    }
}

const BAG_SET_KEY: Scalar = Scalar {
    name: "bag_set_key",
    params: &[dynamic("bag"), string("key"), any("value")],
    returns: Returns::Is(Type::Dynamic),
    about: "`bag` with `value` at `key`, which may be a path such as `$.a.b`.",
    examples: &[Example {
        query: "print bag_set_key(dynamic({'a': 1}), '$.b.c', 2)",
        result: r#"{"a":1,"b":{"c":2}}"#,
    }],
    strict: false,
    kernel: KernelDef::Plain(|cells, out| {
        let (Some(mut bag), Some(steps)) = (properties(cells[0]), steps(text(cells[1]))) else { return out.null() };
        set(&mut bag, &steps, owned(cells[2]));
        put(out, Some(bag));
    }),
    ..Scalar::PLAIN
};

fn set(bag: &mut Bag, steps: &[String], value: Value) {
    match steps {
        [] => {}
        [last] => {
            bag.insert(Arc::from(last.as_str()), value);
        }
        [first, rest @ ..] => {
            let inner = bag.entry(Arc::from(first.as_str())).or_default();
            if !matches!(inner, Value::Bag(_)) {
                *inner = Value::Bag(Arc::default());
            }
            if let Value::Bag(inner) = inner {
                set(Arc::make_mut(inner), rest, value);
            }
        }
    }
}

const BAG_ZIP: Scalar = Scalar {
    name: "bag_zip",
    params: &[dynamic("keys"), dynamic("values")],
    returns: Returns::Is(Type::Dynamic),
    about: "A bag of `keys` with the `values` in their places; keys without a value have null.",
    examples: &[Example { query: "print bag_zip(dynamic(['a', 'b']), dynamic([1]))", result: r#"{"a":1,"b":null}"# }],
    strict: false,
    kernel: KernelDef::Plain(|cells, out| {
        let bag = elements(cells[0]).map(|keys| {
            // What is no array has no value for any key.
            let mut values = elements(cells[1]).unwrap_or_default().into_iter();
            let pairs = keys.iter().map(|key| (key, values.next().unwrap_or_default()));
            let named = pairs.filter_map(|(key, value)| match key {
                Value::String(key) => Some((key.clone(), value)),
                _ => None,
            });
            named.collect()
        });
        put(out, bag);
    }),
    ..Scalar::PLAIN
};

const TREEPATH: Scalar = Scalar {
    name: "treepath",
    params: &[dynamic("object")],
    returns: Returns::Is(Type::Dynamic),
    names: Naming::Prefixed("tree"),
    about: "The paths of everything in `object` that is no bag, and of the elements of arrays as `[0]`.",
    examples: &[Example {
        query: "print treepath(dynamic({'a': 1, 'b': {'c': [2]}}))",
        result: r#"["['a']","['b']","['b']['c']","['b']['c'][0]"]"#,
    }],
    kernel: KernelDef::Plain(|cells, out| {
        let mut paths = Vec::new();
        branches(&owned(cells[0]), "", &mut paths);
        let distinct = distinct(&paths, |_| true);
        out.owned(Value::Array(Arc::new(distinct)));
    }),
    ..Scalar::PLAIN
};

/// Kusto names an array's elements by `[0]`, whichever they are.
fn branches(value: &Value, path: &str, paths: &mut Vec<Value>) {
    let mut branch = |path: String, value: &Value| {
        paths.push(Value::from(path.as_str()));
        branches(value, &path, paths);
    };
    match value {
        Value::Bag(bag) => bag.iter().for_each(|(key, value)| branch(format!("{path}['{key}']"), value)),
        Value::Array(items) => items.iter().for_each(|value| branch(format!("{path}[0]"), value)),
        _ => {}
    }
}

const EXTRACT_JSON: Scalar = Scalar {
    name: "extract_json",
    params: &[string("path").constant(), string("json"), string("type").optional().constant()],
    returns: Returns::ByText(2, named_or_string),
    about: "What stands at `path`, such as `$.a[0]['b']`, in JSON text, converted to `type` if one is given.",
    examples: &[Example { query: r#"print extract_json('$.a[1]', '{"a": [1, 2]}', typeof(long))"#, result: "2" }],
    strict: false,
    kernel: KernelDef::Prepared(|args| {
        let path =
            args.text(0).and_then(json_path).ok_or_else(|| ArgumentFault::new(0, "this is no path into JSON"))?;
        let returns = args.returns;
        Ok(Box::new(move |cells, out| {
            let Some(value) = parse_json_text(text(cells[1])) else { return out.null() };
            let steps: Vec<PathStepRef<'_>> = path.iter().map(JsonPathStep::step).collect();
            match walk(value.as_ref(), &steps).as_ref() {
                found if returns == Type::Dynamic => out.value(found),
                found => out.value(convert(found, returns).as_ref()),
            }
        }))
    }),
    ..Scalar::PLAIN
};

/// The old name of `extract_json`.
const EXTRACTJSON: Scalar = Scalar { name: "extractjson", legacy: true, ..EXTRACT_JSON };

enum JsonPathStep {
    Key(String),
    Index(i64),
}

impl JsonPathStep {
    fn step(&self) -> PathStepRef<'_> {
        match self {
            JsonPathStep::Key(key) => PathStepRef::Key(key),
            JsonPathStep::Index(index) => PathStepRef::Index(*index),
        }
    }
}

/// `$`, then `.key`, `['key']` and `[2]`.
fn json_path(path: &str) -> Option<Vec<JsonPathStep>> {
    let mut rest = path.trim().strip_prefix('$')?;
    let mut steps = Vec::new();
    while !rest.is_empty() {
        if let Some(name) = rest.strip_prefix('.') {
            let (name, behind) = name.split_at(name.find(['.', '[']).unwrap_or(name.len()));
            steps.push(JsonPathStep::Key((!name.is_empty()).then(|| name.to_owned())?));
            rest = behind;
            continue;
        }
        let bracket = rest.strip_prefix('[')?;
        match bracket.chars().next().filter(|c| matches!(c, '\'' | '"')) {
            Some(quote) => {
                let (name, behind) = bracket[1..].split_once(quote)?;
                steps.push(JsonPathStep::Key(name.to_owned()));
                rest = behind.strip_prefix(']')?;
            }
            None => {
                let (index, behind) = bracket.split_once(']')?;
                steps.push(JsonPathStep::Index(index.trim().parse().ok()?));
                rest = behind;
            }
        }
    }
    Some(steps)
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::value::Type;

    #[test]
    fn keys_are_those_of_bags_only() {
        assert_eq!(answer("bag_keys", &[dynamic(r#"{"b": {"c": 1}, "a": 2}"#)]), r#"["b","a"]"#);
        assert_eq!(answer("bag_keys", &[dynamic("{}")]), "[]");
        assert_eq!(answer("bag_keys", &[dynamic("[1]")]), "null");
        assert_eq!(answer("bag_keys", &[null(Type::Dynamic)]), "null");
    }

    #[test]
    fn packing_keeps_values_and_the_last_of_equal_keys() {
        let pairs = [text("a"), long(1), text("b"), span("1.00:00:00"), text("c"), null(Type::Long)];
        assert_eq!(answer("bag_pack", &pairs), r#"{"a":1,"b":"1.00:00:00","c":null}"#);
        assert_eq!(answer("pack", &[text("a"), long(1), text("a"), long(2)]), r#"{"a":2}"#);
    }

    #[test]
    fn merging_prefers_the_left() {
        let merged = [dynamic(r#"{"a": 1, "b": 2}"#), null(Type::Dynamic), dynamic(r#"{"a": 9, "c": 3}"#)];
        assert_eq!(answer("bag_merge", &merged), r#"{"a":1,"b":2,"c":3}"#);
        assert_eq!(answer("bag_merge", &[null(Type::Dynamic), dynamic("[1]")]), "null");
    }

    #[test]
    fn keys_may_be_paths() {
        let bag = || dynamic(r#"{"a": {"b": 1, "x.y": 2}, "c": 3}"#);
        let has = |key| call("bag_has_key", &[bag(), text(key)]).unwrap() == bool(true);
        assert!(["c", "$.a.b", "$['a']['x.y']"].into_iter().all(has));
        assert!(!["b", "$.a.c", "$.c.b", "$['a'"].into_iter().any(has));
        assert_eq!(answer("bag_remove_keys", &[bag(), dynamic(r#"["$.a.b", "c", "z"]"#)]), r#"{"a":{"x.y":2}}"#);
        assert_eq!(answer("bag_set_key", &[bag(), text("$.a.b"), text("n")]), r#"{"a":{"b":"n","x.y":2},"c":3}"#);
        assert_eq!(answer("bag_set_key", &[bag(), text("$.c.d"), long(1)]), r#"{"a":{"b":1,"x.y":2},"c":{"d":1}}"#);
    }

    #[test]
    fn json_text_is_read_by_a_path() {
        let json = r#"{"a": {"b c": [1, "x"]}, "d": true}"#;
        let at = |path| answer("extract_json", &[text(path), text(json)]);
        assert_eq!(at("$.a['b c'][1]"), "x");
        assert_eq!(at("$.a"), r#"{"b c":[1,"x"]}"#);
        assert_eq!(at("$.z"), "");
        assert_eq!(answer("extract_json", &[text("$.a['b c'][0]"), text(json), text("long")]), "1");
        assert_eq!(answer("extract_json", &[text("$.a"), text("no json"), text("long")]), "null");
        assert_eq!(refusal("extract_json", &[text("a.b"), text(json)]), "this is no path into JSON");
    }
}
