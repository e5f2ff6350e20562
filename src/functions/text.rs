//! Text: case, parts, search and replacement of plain strings. Positions and lengths count characters.
//!
//! Most of these take a value of any type and work on its text, as `tostring` gives it; text is never null.

use std::borrow::Cow;
use std::sync::Arc;

use memchr::memmem::Finder;

use super::cells::{count, elements, long, long_at, text};
use super::infix::{Edges, Needle};
use crate::column::Out;
use crate::meter;
use crate::registry::*;
use crate::value::{Type, Value, ValueRef, text_of, write_text, write_typed_text};

/// The functions of this file.
pub(super) const FAMILY: &[&Scalar] = &[
    &TOLOWER,
    &TOUPPER,
    &STRCAT,
    &STRCAT_DELIM,
    &STRCAT_ARRAY,
    &ARRAY_STRCAT,
    &STRLEN,
    &STRING_SIZE,
    &SUBSTRING,
    &SPLIT,
    &INDEXOF,
    &REPLACE_STRING,
    &REPLACE_STRINGS,
    &REVERSE,
    &STRCMP,
    &STRREP,
    &TRANSLATE,
    &HAS_ANY_INDEX,
];

/// A kernel over the text of its arguments; what they are only matters for bools, which print as `True`.
fn with_types(args: &Args<'_>) -> Arc<[Type]> {
    args.types.into()
}

const TOLOWER: Scalar = Scalar {
    name: "tolower",
    params: &[any("value")],
    returns: Returns::Is(Type::String),
    about: "`value` in lower case.",
    examples: &[Example { query: "print tolower('West Europe')", result: "west europe" }],
    strict: false,
    passes: Passes::cased(Case::Lower),
    kernel: KernelDef::Prepared(|args| cased(args, str::make_ascii_lowercase, |c| single_char(c, c.to_lowercase()))),
    ..Scalar::PLAIN
};

const TOUPPER: Scalar = Scalar {
    name: "toupper",
    params: &[any("value")],
    returns: Returns::Is(Type::String),
    about: "`value` in upper case.",
    examples: &[Example { query: "print toupper('p1')", result: "P1" }],
    strict: false,
    passes: Passes::cased(Case::Upper),
    kernel: KernelDef::Prepared(|args| cased(args, str::make_ascii_uppercase, |c| single_char(c, c.to_uppercase()))),
    ..Scalar::PLAIN
};

/// The other case of a character if that is one character: `ß` stays.
fn single_char(c: char, mut cased: impl Iterator<Item = char>) -> char {
    match (cased.next(), cased.next()) {
        (Some(only), None) => only,
        _ => c,
    }
}

/// As the function of the standard library, which looks at the last bytes one by one.
fn is_ascii(text: &str) -> bool {
    const WIDE: usize = 32;
    let bytes = text.as_bytes();
    let plain = |chunk: &[u8; WIDE]| chunk.iter().fold(0, |all, byte| all | byte) < 0x80;
    match bytes.last_chunk() {
        Some(last) => bytes.as_chunks().0.iter().all(plain) && plain(last),
        None => text.is_ascii(),
    }
}

fn cased(args: &Args<'_>, ascii: fn(&mut str), any: fn(char) -> char) -> Result<Kernel, ArgumentFault> {
    let ty = args.types[0];
    Ok(Box::new(move |cells, out| {
        let text = text_of(ty, &cells[0]);
        if is_ascii(&text) {
            out.write(|to| {
                let start = to.len();
                to.push_str(&text);
                ascii(&mut to[start..]);
            });
        } else {
            out.write(|to| to.extend(text.chars().map(any)));
        }
    }))
}

const STRCAT: Scalar = Scalar {
    name: "strcat",
    params: &[any("part").repeated()],
    returns: Returns::Is(Type::String),
    about: "The text of every `part`, one after the other.",
    examples: &[Example { query: "print strcat('v', 1, '-', true)", result: "v1-True" }],
    strict: false,
    kernel: KernelDef::Prepared(|args| {
        let types = with_types(args);
        Ok(Box::new(move |cells, out| {
            out.write(|to| cells.iter().zip(&*types).for_each(|(&cell, &ty)| write_typed_text(to, ty, cell)));
        }))
    }),
    ..Scalar::PLAIN
};

const STRCAT_DELIM: Scalar = Scalar {
    name: "strcat_delim",
    params: &[any("delimiter"), any("part"), any("other").repeated()],
    returns: Returns::Is(Type::String),
    about: "The text of every `part`, with `delimiter` between them; empty parts count.",
    examples: &[Example { query: "print strcat_delim('-', 1, '', 2s)", result: "1--00:00:02" }],
    strict: false,
    kernel: KernelDef::Prepared(|args| {
        let types = with_types(args);
        Ok(Box::new(move |cells, out| {
            let delimiter = text_of(types[0], &cells[0]);
            out.write(|to| {
                for (index, (&cell, &ty)) in cells.iter().zip(&*types).enumerate().skip(1) {
                    if index > 1 {
                        meter::push(to, &delimiter);
                    }
                    write_typed_text(to, ty, cell);
                }
            });
        }))
    }),
    ..Scalar::PLAIN
};

const STRCAT_ARRAY: Scalar = Scalar {
    name: "strcat_array",
    params: &[dynamic("array"), any("delimiter")],
    returns: Returns::Is(Type::String),
    about: "The text of the elements of `array`, with `delimiter` between them.",
    examples: &[Example { query: "print strcat_array(dynamic(['a', 2, null, true]), '->')", result: "a->2->->true" }],
    strict: false,
    kernel: KernelDef::Plain(strcat_array),
    ..Scalar::PLAIN
};

/// The unlisted name of `strcat_array`.
const ARRAY_STRCAT: Scalar = Scalar { name: "array_strcat", legacy: true, ..STRCAT_ARRAY };

fn strcat_array(cells: &[ValueRef<'_>], out: &mut Out) {
    let delimiter = text_of(Type::Dynamic, &cells[1]);
    match elements(cells[0]) {
        Some(items) => out.write(|to| {
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    meter::push(to, &delimiter);
                }
                write_text(to, item.as_ref());
            }
        }),
        None => out.write(|to| write_text(to, cells[0])),
    }
}

const STRLEN: Scalar = Scalar {
    name: "strlen",
    params: &[string("source")],
    returns: Returns::Is(Type::Long),
    names: Naming::Prefixed("strlen"),
    about: "How many characters `source` has.",
    examples: &[Example { query: "print strlen('Zürich')", result: "6" }],
    kernel: KernelDef::Plain(|cells, out| out.long(count(text(cells[0]).chars().count()))),
    ..Scalar::PLAIN
};

const STRING_SIZE: Scalar = Scalar {
    name: "string_size",
    params: &[string("source")],
    returns: Returns::Is(Type::Long),
    names: Naming::Prefixed("string_size"),
    about: "How many bytes `source` has in UTF-8.",
    examples: &[Example { query: "print string_size('Zürich')", result: "7" }],
    kernel: KernelDef::Plain(|cells, out| out.long(count(text(cells[0]).len()))),
    ..Scalar::PLAIN
};

const SUBSTRING: Scalar = Scalar {
    name: "substring",
    params: &[any("source"), integer("start"), integer("length").optional()],
    returns: Returns::Is(Type::String),
    about: "Part of `source` from the zero-based `start`, which counts from the end if negative.",
    examples: &[
        Example { query: "print substring('abcdefg', 1, 2)", result: "bc" },
        Example { query: "print substring('abcdefg', -3)", result: "efg" },
    ],
    kernel: KernelDef::Prepared(|args| {
        let ty = args.types[0];
        Ok(Box::new(move |cells, out| {
            let (Some(start), length) = (long(cells[1]), long_at(cells, 2).unwrap_or(i64::MAX)) else {
                return out.null();
            };
            out.string(substring(&text_of(ty, &cells[0]), start, length));
        }))
    }),
    ..Scalar::PLAIN
};

fn substring(text: &str, start: i64, length: i64) -> &str {
    let start = if start < 0 { start.saturating_add(characters(text)) } else { start };
    let (Ok(start), Ok(length)) = (usize::try_from(start), usize::try_from(length)) else { return "" };
    let from = offset(text, start);
    &text[from..from + offset(&text[from..], length)]
}

fn characters(text: &str) -> i64 {
    count(if text.is_ascii() { text.len() } else { text.chars().count() })
}

/// Where the character of this index begins; the end, if there are fewer.
fn offset(text: &str, index: usize) -> usize {
    if text.is_ascii() {
        return index.min(text.len());
    }
    text.char_indices().nth(index).map_or(text.len(), |(at, _)| at)
}

const SPLIT: Scalar = Scalar {
    name: "split",
    params: &[any("source"), string("delimiter"), integer("index").optional()],
    returns: Returns::Is(Type::Dynamic),
    names: Naming::First,
    about: "The parts of `source` between occurrences of `delimiter`; with `index`, an array of that part alone.",
    examples: &[
        Example { query: "print split('a/b/c', '/')", result: r#"["a","b","c"]"# },
        Example { query: "print split('a/b/c', '/', 1)", result: r#"["b"]"# },
    ],
    strict: false,
    kernel: KernelDef::Prepared(|args| {
        let (ty, known) = (args.types[0], finder(args, 1));
        Ok(Box::new(move |cells, out| {
            let source = text_of(ty, &cells[0]);
            let delimiter = delimiter(known.as_ref(), cells[1]);
            if let Some(index) = cells.get(2) {
                let index = long(*index).and_then(|index| usize::try_from(index).ok());
                let index = index.filter(|_| !delimiter.needle().is_empty());
                return match index.and_then(|index| parts(&source, &delimiter).nth(index)) {
                    Some(part) => array(out, vec![Value::from(part)]),
                    None => out.null(),
                };
            }
            array(out, parts(&source, &delimiter).map(Value::from).collect());
        }))
    }),
    element: Some(&PART),
    ..Scalar::PLAIN
};

/// `split(source, delimiter)[index]`; written with brackets, so that it is in no list of names.
const PART: Scalar = Scalar {
    name: "split[]",
    params: &[any("source"), string("delimiter"), integer("index")],
    about: "The part of `source` with this number, counted from zero.",
    kernel: KernelDef::Prepared(|args| {
        let (ty, known) = (args.types[0], finder(args, 1));
        Ok(Box::new(move |cells, out| {
            let source = text_of(ty, &cells[0]);
            let delimiter = delimiter(known.as_ref(), cells[1]);
            let index = long(cells[2]).and_then(|index| usize::try_from(index).ok());
            match index.and_then(|index| parts(&source, &delimiter).nth(index)) {
                Some(part) => out.string(part),
                None => out.null(),
            }
        }))
    }),
    strict: false,
    ..Scalar::PLAIN
};

/// What looks for the text of an argument, if that is the same for all rows: it is prepared only once.
fn finder(args: &Args<'_>, at: usize) -> Option<Finder<'static>> {
    Some(Finder::new(args.constants[at].as_ref()?.as_str()?).into_owned())
}

/// The delimiter of a row: what was prepared for all, or what the row says.
fn delimiter<'a>(known: Option<&'a Finder<'static>>, cell: ValueRef<'a>) -> Cow<'a, Finder<'a>> {
    match known {
        Some(known) => Cow::Borrowed(known),
        None => Cow::Owned(Finder::new(text(cell))),
    }
}

/// What stands between occurrences of a delimiter; all of the source if that is empty.
fn parts<'a>(source: &'a str, delimiter: &'a Finder<'_>) -> impl Iterator<Item = &'a str> {
    let length = delimiter.needle().len();
    let mut rest = Some(source);
    std::iter::from_fn(move || {
        let text = rest?;
        let Some(end) = delimiter.find(text.as_bytes()).filter(|_| length > 0) else { return rest.take() };
        rest = Some(&text[end + length..]);
        Some(&text[..end])
    })
}

pub(super) fn array(out: &mut Out, items: Vec<Value>) {
    out.owned(Value::Array(Arc::new(items)));
}

const INDEXOF: Scalar = Scalar {
    name: "indexof",
    params: &[
        any("source"),
        any("lookup"),
        integer("start").optional(),
        integer("length").optional(),
        integer("occurrence").optional().constant(),
    ],
    returns: Returns::Is(Type::Long),
    about: "The zero-based position of `lookup` in `source`, from `start` on and within `length`; -1 if absent.",
    examples: &[
        Example { query: "print indexof('a-b-c', '-')", result: "1" },
        Example { query: "print indexof('a-b-c', '-', 0, -1, 2)", result: "3" },
    ],
    strict: false,
    kernel: KernelDef::Prepared(|args| {
        let types = with_types(args);
        Ok(Box::new(move |cells, out| {
            let number = |index: usize, default| if index < cells.len() { long(cells[index]) } else { Some(default) };
            let (Some(start), Some(length), Some(occurrence)) = (number(2, 0), number(3, -1), number(4, 1)) else {
                return out.null();
            };
            if length < -1 || occurrence < 1 {
                return out.null();
            }
            out.long(index_of(&text_of(types[0], &cells[0]), &text_of(types[1], &cells[1]), start, length, occurrence));
        }))
    }),
    ..Scalar::PLAIN
};

/// The match has to lie within the `length` characters from `start`, or from behind the beginning of the occurrence
/// before it (so Kusto's documentation has it); -1 for all that follow.
fn index_of(source: &str, lookup: &str, start: i64, length: i64, occurrence: i64) -> i64 {
    let start = if start < 0 { start.saturating_add(characters(source)).max(0) } else { start };
    let Ok(start) = usize::try_from(start) else { return -1 };
    let from = offset(source, start);
    if from == source.len() && start > 0 && count(start) > characters(source) {
        return -1;
    }
    let (mut at, mut left) = (from, occurrence);
    loop {
        let rest = &source[at..];
        let within = usize::try_from(length).map_or(rest, |length| &rest[..offset(rest, length)]);
        let Some(found) = find(within, lookup) else { return -1 };
        at += found;
        left -= 1;
        match source[at..].chars().next() {
            _ if left == 0 => return characters(&source[..at]),
            Some(first) => at += first.len_utf8(),
            None => return -1,
        }
    }
}

/// Where `lookup` begins, without the preparation that pays for long texts only.
fn find(text: &str, lookup: &str) -> Option<usize> {
    match lookup.as_bytes() {
        [byte] => memchr::memchr(*byte, text.as_bytes()),
        lookup => memchr::memmem::find(text.as_bytes(), lookup),
    }
}

const REPLACE_STRING: Scalar = Scalar {
    name: "replace_string",
    params: &[string("text"), string("lookup"), string("rewrite")],
    returns: Returns::Is(Type::String),
    about: "`text` with every `lookup` in it replaced by `rewrite`.",
    examples: &[Example { query: "print replace_string('1,2,3', ',', '; ')", result: "1; 2; 3" }],
    kernel: KernelDef::Plain(|cells, out| {
        let (source, lookup, rewrite) = (text(cells[0]), text(cells[1]), text(cells[2]));
        if lookup.is_empty() {
            return out.string(source);
        }
        out.write(|to| {
            let mut parts = source.split(lookup);
            to.push_str(parts.next().unwrap_or_default());
            parts.for_each(|part| {
                meter::push(to, rewrite);
                meter::push(to, part);
            });
        });
    }),
    ..Scalar::PLAIN
};

const REPLACE_STRINGS: Scalar = Scalar {
    name: "replace_strings",
    params: &[string("text"), dynamic("lookups"), dynamic("rewrites")],
    returns: Returns::Is(Type::String),
    about: "`text` with each of `lookups` replaced by its counterpart in `rewrites`; what an earlier one took, a later one \
            does not see.",
    examples: &[Example {
        query: "print replace_strings('cat and dog', dynamic(['cat', 'dog']), dynamic(['dog', 'pigeon']))",
        result: "dog and pigeon",
    }],
    kernel: KernelDef::Plain(|cells, out| match elements(cells[1]).zip(elements(cells[2])) {
        Some((lookups, rewrites)) if lookups.len() == rewrites.len() => {
            out.write(|to| replace_strings(text(cells[0]), &lookups, &rewrites, to));
        }
        _ => out.null(),
    }),
    ..Scalar::PLAIN
};

/// The documentation's examples show that lookups go by their order and not by place: of `is` and `This`, `is` takes
/// its part of `This` first; and that a rewrite that is no text leaves what its lookup took as it is.
fn replace_strings(source: &str, lookups: &[Value], rewrites: &[Value], to: &mut String) {
    let pairs: Vec<(Cow<'_, str>, &Value)> = lookups.iter().map(plain).zip(rewrites).collect();
    // Pieces of the source that are still free, and what was put in the place of those that are not.
    let mut pieces = vec![(source, true)];
    for (lookup, rewrite) in pairs.iter().filter(|(lookup, _)| !lookup.is_empty()) {
        let rewrite = if let Value::String(rewrite) = rewrite { &**rewrite } else { lookup };
        let mut next = Vec::new();
        for (piece, free) in pieces {
            if !free {
                next.push((piece, false));
                continue;
            }
            for (nth, part) in piece.split(&**lookup).enumerate() {
                if nth > 0 {
                    next.push((rewrite, false));
                }
                next.push((part, true));
            }
        }
        pieces = next;
    }
    pieces.into_iter().for_each(|(piece, _)| meter::push(to, piece));
}

/// The text of an element.
fn plain(item: &Value) -> Cow<'_, str> {
    text_of(Type::Dynamic, &item.as_ref())
}

const REVERSE: Scalar = Scalar {
    name: "reverse",
    params: &[any("value")],
    returns: Returns::Is(Type::String),
    about: "The text of `value` from its end to its beginning.",
    examples: &[Example { query: "print reverse('abc')", result: "cba" }],
    strict: false,
    kernel: KernelDef::Prepared(|args| {
        let ty = args.types[0];
        Ok(Box::new(move |cells, out| out.write(|to| to.extend(text_of(ty, &cells[0]).chars().rev()))))
    }),
    ..Scalar::PLAIN
};

const STRCMP: Scalar = Scalar {
    name: "strcmp",
    params: &[any("a"), any("b")],
    returns: Returns::Is(Type::Long),
    about: "-1 if the text of `a` comes before that of `b` by code points, 1 if behind it, 0 if they are equal.",
    examples: &[Example { query: "print strcmp('ABC', 'abc')", result: "-1" }],
    strict: false,
    kernel: KernelDef::Prepared(|args| {
        let types = with_types(args);
        Ok(Box::new(move |cells, out| {
            out.long(text_of(types[0], &cells[0]).cmp(&text_of(types[1], &cells[1])) as i64);
        }))
    }),
    ..Scalar::PLAIN
};

/// Kusto repeats a text at most so often.
const MOST_REPEATS: i64 = 1024;

const STRREP: Scalar = Scalar {
    name: "strrep",
    params: &[any("value"), integer("multiplier"), any("delimiter").optional()],
    returns: Returns::Is(Type::String),
    about: "The text of `value` repeated `multiplier` times, at most 1024, with `delimiter` between.",
    examples: &[Example { query: "print strrep('ab', 2), strrep(7, 3, '.')", result: "abab, 7.7.7" }],
    kernel: KernelDef::Prepared(|args| {
        let types = with_types(args);
        Ok(Box::new(move |cells, out| {
            let value = text_of(types[0], &cells[0]);
            let delimiter = cells.get(2).map(|cell| text_of(types[2], cell)).unwrap_or_default();
            let times = long(cells[1]).unwrap_or_default().clamp(0, MOST_REPEATS);
            out.write(|to| {
                for time in 0..times {
                    if time > 0 {
                        meter::push(to, &delimiter);
                    }
                    meter::push(to, &value);
                }
            });
        }))
    }),
    ..Scalar::PLAIN
};

const TRANSLATE: Scalar = Scalar {
    name: "translate",
    params: &[string("search_list"), string("replacement_list"), string("source")],
    returns: Returns::Is(Type::String),
    about: "`source` with each character of `search_list` replaced by the one in its place in `replacement_list`, the \
            last of which stands for all that follow; without any, they are removed.",
    examples: &[Example {
        query: "print translate('abc', 'x', 'abcd'), translate('krasp', 'otsku', 'spark')",
        result: "xxxd, kusto",
    }],
    kernel: KernelDef::Plain(|cells, out| {
        let to: Vec<char> = text(cells[1]).chars().collect();
        let replace = |c: char| match text(cells[0]).chars().position(|from| from == c) {
            Some(place) => to.get(place).or(to.last()).copied(),
            None => Some(c),
        };
        out.write(|written| written.extend(text(cells[2]).chars().filter_map(replace)));
    }),
    ..Scalar::PLAIN
};

const HAS_ANY_INDEX: Scalar = Scalar {
    name: "has_any_index",
    params: &[string("source"), dynamic("values")],
    returns: Returns::Is(Type::Long),
    about: "The position in `values` of the first one that `source` has as a term, in any letter case; -1 if none.",
    examples: &[Example { query: "print has_any_index('this is it', dynamic(['that', 'is']))", result: "1" }],
    kernel: KernelDef::Plain(|cells, out| {
        let values = elements(cells[1]).unwrap_or_default();
        let found =
            values.iter().position(|value| Needle::new(&plain(value), true).occurs(text(cells[0]), Edges::BOTH));
        out.long(found.map_or(-1, count));
    }),
    ..Scalar::PLAIN
};

#[cfg(test)]
mod tests;
