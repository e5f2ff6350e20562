//! Values of dynamic columns put together again, from a rest and the columns below it.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use foldhash::fast::FixedState;

use super::layout::{Form, Layout};
use crate::column::{Column, Interner};
use crate::json;
use crate::value::{Type, ValueRef, write_json};

/// What a rest has at a wanted path.
struct Template {
    /// Where the value stands in the rest; none if nothing does.
    range: Option<Range<usize>>,
    /// Where the values of columns belong in it, in order.
    holes: Vec<Hole>,
    /// The code of the value, once it is known, where no column has a part in it.
    code: Option<u32>,
}

#[derive(Clone, Debug)]
struct Hole {
    at: Range<usize>,
    /// The number of the column in the layout.
    column: usize,
}

/// The values at a path below the root of a dynamic column: `keys` are those behind it.
pub(super) fn spliced(
    layout: &Layout,
    root: usize,
    keys: &[Arc<str>],
    rest: &Column,
    below: &HashMap<usize, Column, FixedState>,
) -> Column {
    let mut out = Interner::new(Type::Dynamic);
    let mut text = String::new();
    let entries = rest.as_dictionary().map(|rest| rest.values()).unwrap_or(rest);
    let mut templates: Vec<Option<Template>> = Vec::new();
    templates.resize_with(if rest.as_constant().is_some() { 1 } else { entries.len() }, || None);
    for row in 0..rest.len() {
        let entry = match rest.as_dictionary() {
            Some(dictionary) => dictionary.codes()[row] as usize,
            None if rest.as_constant().is_some() => 0,
            None => row,
        };
        let entry_cell = entries.get(entry);
        let skeleton = entry_cell.as_str().unwrap_or("null");
        let template = templates[entry].get_or_insert_with(|| Template::of(layout, root, keys, skeleton));
        if let Some(code) = template.code
            && out.repeat(code)
        {
            continue;
        }
        let Some(range) = template.range.clone() else {
            template.code = out.push_coded(ValueRef::Null);
            continue;
        };
        let cell = |hole: &Hole| below.get(&hole.column).map_or(ValueRef::Null, |column| column.get(row));
        if template.holes.iter().all(|hole| cell(hole).is_null()) {
            let code = push_json(&mut out, &skeleton[range]);
            if template.holes.is_empty() {
                template.code = code;
            }
            continue;
        }
        text.clear();
        let mut copied = range.start;
        for hole in &template.holes {
            text.push_str(&skeleton[copied..hole.at.start]);
            match (cell(hole), layout.columns[hole.column].form) {
                (ValueRef::String(json), Form::Json) => text.push_str(json),
                (value, _) => write_json(&mut text, value),
            }
            copied = hole.at.end;
        }
        text.push_str(&skeleton[copied..range.end]);
        push_json(&mut out, &text);
    }
    out.finish()
}

/// A cell that is the value of a text.
fn push_json(out: &mut Interner, text: &str) -> Option<u32> {
    if text.starts_with(['{', '[']) {
        return out.push_coded(ValueRef::Json(text));
    }
    out.push_coded(crate::value::from_json(text).as_ref())
}

impl Template {
    fn of(layout: &Layout, root: usize, keys: &[Arc<str>], skeleton: &str) -> Template {
        let mut template = Template { range: None, holes: Vec::new(), code: None };
        let bytes = skeleton.as_bytes();
        let sound = json::value(bytes, 0, 0).is_ok_and(|end| end == bytes.len());
        if sound && let Some(range) = find(skeleton, keys) {
            holes(layout, root, skeleton, 0, &mut template.holes);
            template.holes.retain(|hole| range.start <= hole.at.start && hole.at.end <= range.end);
            template.range = Some(range);
        }
        template
    }
}

/// The members of a bag at `at`, each key for the first time; nothing if no bag is there.
fn members(text: &str, at: usize, mut member: impl FnMut(&str, Range<usize>)) {
    let bytes = text.as_bytes();
    let mut at = json::space(bytes, at + 1);
    let mut keys: Vec<String> = Vec::new();
    while bytes.get(at) == Some(&b'"') {
        let Ok(passed) = json::string(bytes, at + 1) else { return };
        let key = json::unescaped(&text[at + 1..passed.end()], passed);
        let Ok(value) = json::colon(bytes, passed.end() + 1) else { return };
        let Ok(end) = json::value(bytes, value, 0) else { return };
        if !keys.iter().any(|known| *known == *key) {
            member(&key, value..end);
            keys.push(key.into_owned());
        }
        at = json::space(bytes, end);
        if bytes.get(at) != Some(&b',') {
            return;
        }
        at = json::space(bytes, at + 1);
    }
}

/// Where the value at a path stands.
fn find(text: &str, keys: &[Arc<str>]) -> Option<Range<usize>> {
    let mut range = 0..text.len();
    for wanted in keys {
        let mut found = None;
        if text.as_bytes().get(range.start) == Some(&b'{') {
            members(text, range.start, |key, value| {
                if key == &**wanted {
                    found = Some(value);
                }
            });
        }
        range = found?;
    }
    Some(range)
}

/// Where columns have values of the bag at `at`, in order.
fn holes(layout: &Layout, node: usize, text: &str, at: usize, found: &mut Vec<Hole>) {
    if text.as_bytes().get(at) != Some(&b'{') {
        return;
    }
    members(text, at, |key, value| {
        let Some(child) = layout.child(node, key) else { return };
        match layout.form(child) {
            Some((column, _)) if &text[value.clone()] == "null" => found.push(Hole { at: value, column }),
            Some(_) => {}
            None => holes(layout, child, text, value.start, found),
        }
    });
}
