//! Regular expressions: taking parts out of text, replacing and trimming. The syntax is that of the `regex` crate,
//! which is what Kusto documents feature for feature.

use std::sync::Arc;

use regex::{Captures, Regex};

use super::cells::{count, elements, long, long_at, named_or_string, text};
use super::infix::compile;
use crate::column::Out;
use crate::meter;
use crate::registry::*;
use crate::value::{Type, Value, ValueRef, convert, text_of};

/// The functions of this file.
pub(super) const FAMILY: &[&Scalar] = &[
    &EXTRACT,
    &EXTRACT_ALL,
    &EXTRACTALL,
    &REPLACE_REGEX,
    &REPLACE,
    &TRIM,
    &TRIM_START,
    &TRIM_END,
    &COUNTOF,
    &INDEXOF_REGEX,
    &REGEX_QUOTE,
];

/// The constant pattern at `index`.
fn pattern(args: &Args<'_>, index: usize) -> Result<Regex, ArgumentFault> {
    match args.text(index) {
        Some(pattern) => compile(pattern, index),
        None => Err(ArgumentFault::new(index, "the regular expression must be a constant")),
    }
}

const EXTRACT: Scalar = Scalar {
    name: "extract",
    params: &[string("regex").constant(), integer("group"), string("source"), string("type").optional().constant()],
    returns: Returns::ByText(3, named_or_string),
    about: "What `group` of the first match of `regex` holds (0: the whole match), converted to `type` if one is given.",
    examples: &[Example { query: r#"print extract(@'v(\d+)', 1, 'tls v12', typeof(long))"#, result: "12" }],
    strict: false,
    kernel: KernelDef::Prepared(|args| {
        let (regex, returns) = (pattern(args, 0)?, args.returns);
        Ok(Box::new(move |cells, out| {
            let group = long(cells[1]).and_then(|group| usize::try_from(group).ok());
            let found = group.and_then(|group| match group {
                0 => regex.find(text(cells[2])),
                group => regex.captures(text(cells[2])).and_then(|captures| captures.get(group)),
            });
            match found {
                Some(found) if returns == Type::String => out.string(found.as_str()),
                Some(found) => out.value(convert(ValueRef::String(found.as_str()), returns).as_ref()),
                None => out.null(),
            }
        }))
    }),
    ..Scalar::PLAIN
};

const EXTRACT_ALL: Scalar = Scalar {
    name: "extract_all",
    params: &[string("regex").constant(), any("groups_or_source"), string("source").optional()],
    returns: Returns::Is(Type::Dynamic),
    about: "An array with what the groups of `regex` hold in every match; of several groups, an array per match. Which \
            groups may be said in an array before the source.",
    examples: &[
        Example { query: r#"print extract_all(@'(\d+)', 'a1b22')"#, result: r#"["1","22"]"# },
        Example { query: r#"print extract_all(@'(\w)(\d)', dynamic([2]), 'a1 b2')"#, result: r#"["1","2"]"# },
    ],
    strict: false,
    kernel: KernelDef::Prepared(extract_all),
    ..Scalar::PLAIN
};

/// The old name of `extract_all`.
const EXTRACTALL: Scalar = Scalar { name: "extractall", legacy: true, ..EXTRACT_ALL };

fn extract_all(args: &Args<'_>) -> Result<Kernel, ArgumentFault> {
    let regex = pattern(args, 0)?;
    let groups = regex.captures_len() - 1;
    if groups == 0 {
        return Err(ArgumentFault {
            help: Some("put parentheses around what is wanted".into()),
            ..ArgumentFault::new(0, "the regular expression has no group")
        });
    }
    let ty = args.types[1];
    Ok(Box::new(move |cells, out| {
        // A group is wanted by its number or, if it is named, by its name.
        let chosen = |item: &Value| match item {
            Value::String(name) => regex.capture_names().position(|known| known == Some(name)),
            item => long(item.as_ref()).and_then(|group| usize::try_from(group).ok()),
        };
        let (source, wanted) = match cells.get(2) {
            Some(&source) => (text(source).into(), elements(cells[1]).unwrap_or_default()),
            None => (text_of(ty, &cells[1]), Vec::new()),
        };
        let mut wanted: Vec<usize> =
            wanted.iter().filter_map(chosen).filter(|group| (1..=groups).contains(group)).collect();
        if wanted.is_empty() {
            wanted = (1..=groups).collect();
        }
        let held =
            |captures: &Captures<'_>, group: usize| Value::from(captures.get(group).map_or("", |held| held.as_str()));
        let rows: Vec<Value> = match wanted[..] {
            [group] => regex.captures_iter(&source).map(|captures| held(&captures, group)).collect(),
            _ => {
                let row = |captures: Captures<'_>| wanted.iter().map(|&group| held(&captures, group)).collect();
                regex.captures_iter(&source).map(|captures| Value::Array(Arc::new(row(captures)))).collect()
            }
        };
        if rows.is_empty() { out.null() } else { out.owned(Value::Array(Arc::new(rows))) }
    }))
}

const REPLACE_REGEX: Scalar = Scalar {
    name: "replace_regex",
    params: &[string("source"), string("regex").constant(), string("rewrite").constant()],
    returns: Returns::Is(Type::String),
    about: r"`source` with every match of `regex` replaced by `rewrite`, in which `\1` stands for what group 1 holds.",
    examples: &[Example { query: r"print replace_regex('n is 5', @'is (\d+)', @'was \1')", result: "n was 5" }],
    kernel: KernelDef::Prepared(|args| {
        let regex = pattern(args, 1)?;
        Ok(Box::new(move |cells, out| replace(&regex, text(cells[0]), text(cells[2]), out)))
    }),
    ..Scalar::PLAIN
};

const REPLACE: Scalar = Scalar {
    name: "replace",
    params: &[string("regex").constant(), string("rewrite"), string("source")],
    about: r"`source` with every match of `regex` replaced by `rewrite`; the old form of `replace_regex`.",
    examples: &[Example { query: r"print replace(@'is (\d+)', @'was \1', 'n is 5')", result: "n was 5" }],
    legacy: true,
    kernel: KernelDef::Prepared(|args| {
        let regex = pattern(args, 0)?;
        Ok(Box::new(move |cells, out| replace(&regex, text(cells[2]), text(cells[1]), out)))
    }),
    ..REPLACE_REGEX
};

/// Writes `source` with every match rewritten; only `\0` to `\9` refer to groups, and `\\` is a backslash.
fn replace(regex: &Regex, source: &str, rewrite: &str, out: &mut Out) {
    out.write(|to| {
        let mut done = 0;
        for captures in regex.captures_iter(source) {
            let whole = captures.get_match();
            if meter::over() {
                return;
            }
            to.push_str(&source[done..whole.start()]);
            done = whole.end();
            let mut pieces = rewrite.chars().peekable();
            while let Some(c) = pieces.next() {
                match (c, pieces.peek().copied()) {
                    ('\\', Some(digit @ '0'..='9')) => {
                        pieces.next();
                        let group = digit.to_digit(10).map_or(0, |digit| digit as usize);
                        meter::push(to, captures.get(group).map_or("", |held| held.as_str()));
                    }
                    ('\\', Some('\\')) => {
                        pieces.next();
                        to.push('\\');
                    }
                    (c, _) => to.push(c),
                }
            }
        }
        to.push_str(&source[done..]);
    });
}

const TRIM: Scalar = Scalar {
    name: "trim",
    params: &[string("regex").constant(), string("source")],
    returns: Returns::Is(Type::String),
    about: "`source` without a match of `regex` at its beginning and one at its end.",
    examples: &[Example { query: "print trim('--', '--a--b--')", result: "a--b" }],
    passes: Passes::on(1),
    kernel: KernelDef::Prepared(|args| trim(args, true, true)),
    ..Scalar::PLAIN
};

const TRIM_START: Scalar = Scalar {
    name: "trim_start",
    about: "`source` without a match of `regex` at its beginning.",
    examples: &[Example { query: "print trim_start('0+', '0070')", result: "70" }],
    kernel: KernelDef::Prepared(|args| trim(args, true, false)),
    ..TRIM
};

const TRIM_END: Scalar = Scalar {
    name: "trim_end",
    about: "`source` without a match of `regex` at its end.",
    examples: &[Example { query: "print trim_end('/', 'a/b/')", result: "a/b" }],
    kernel: KernelDef::Prepared(|args| trim(args, false, true)),
    ..TRIM
};

/// Each end is trimmed once: `trim_start(' ', '  x')` leaves a space (measured on Kusto).
fn trim(args: &Args<'_>, start: bool, end: bool) -> Result<Kernel, ArgumentFault> {
    let Some(wanted) = args.text(0) else {
        return Err(ArgumentFault::new(0, "the regular expression must be a constant"));
    };
    if wanted.is_empty() {
        return Err(ArgumentFault::new(0, "the regular expression is empty"));
    }
    // What is wrong with it is said of it alone.
    compile(wanted, 0)?;
    let (first, last) = (compile(&format!("^(?:{wanted})"), 0)?, compile(&format!("(?:{wanted})$"), 0)?);
    Ok(Box::new(move |cells, out| {
        let source = text(cells[1]);
        let from = if start { first.find(source).map_or(0, |found| found.end()) } else { 0 };
        // After a match at the beginning, the search goes on behind it.
        let to =
            if end { last.find_at(source, from).map_or(source.len(), |found| found.start()) } else { source.len() };
        out.string(&source[from..to]);
    }))
}

const COUNTOF: Scalar = Scalar {
    name: "countof",
    params: &[string("source"), string("search").constant(), string("kind").optional().constant()],
    returns: Returns::Is(Type::Long),
    about: "How often `search` occurs in `source`: as text, overlapping ones too, or as a regular expression if `kind` \
            is `regex`.",
    examples: &[Example { query: "print countof('aaaa', 'aa'), countof('aaaa', 'aa', 'regex')", result: "3, 2" }],
    kernel: KernelDef::Prepared(|args| match args.text(2).unwrap_or("normal") {
        "regex" => {
            let regex = pattern(args, 1)?;
            let empty = args.text(1) == Some("");
            Ok(Box::new(move |cells, out| {
                out.long(if empty { 0 } else { count(regex.find_iter(text(cells[0])).count()) });
            }))
        }
        "normal" => Ok(Box::new(|cells, out| {
            let (source, search) = (text(cells[0]), text(cells[1]));
            let Some(first) = search.chars().next() else { return out.long(0) };
            let (mut found, mut rest) = (0, source);
            while let Some(at) = rest.find(search) {
                found += 1;
                rest = &rest[at + first.len_utf8()..];
            }
            out.long(found);
        })),
        other => Err(ArgumentFault::new(2, format!("`{other}` is neither `normal` nor `regex`"))),
    }),
    ..Scalar::PLAIN
};

const INDEXOF_REGEX: Scalar = Scalar {
    name: "indexof_regex",
    params: &[
        any("source"),
        string("regex").constant(),
        integer("start").optional(),
        integer("length").optional(),
        integer("occurrence").optional().constant(),
    ],
    returns: Returns::Is(Type::Long),
    about: "The zero-based position of a match of `regex` in `source`, from `start` on and within `length`; -1 if there \
            is none.",
    examples: &[Example { query: r"print indexof_regex('ab12', @'\d')", result: "2" }],
    strict: false,
    kernel: KernelDef::Prepared(|args| {
        let (regex, ty) = (pattern(args, 1)?, args.types[0]);
        Ok(Box::new(move |cells, out| {
            let number =
                |index: usize, default| if index < cells.len() { long_at(cells, index) } else { Some(default) };
            let (Some(start), Some(length), Some(occurrence)) = (number(2, 0), number(3, -1), number(4, 1)) else {
                return out.null();
            };
            let (Ok(start), Ok(occurrence)) = (usize::try_from(start), usize::try_from(occurrence - 1)) else {
                return out.null();
            };
            if length < -1 {
                return out.null();
            }
            let source = text_of(ty, &cells[0]);
            let length = usize::try_from(length).unwrap_or(usize::MAX);
            let within: String = source.chars().skip(start).take(length).collect();
            let found = regex.find_iter(&within).nth(occurrence);
            out.long(found.map_or(-1, |found| count(start + within[..found.start()].chars().count())));
        }))
    }),
    ..Scalar::PLAIN
};

const REGEX_QUOTE: Scalar = Scalar {
    name: "regex_quote",
    params: &[any("value")],
    returns: Returns::Is(Type::String),
    about: "`value` as a regular expression that matches just it.",
    examples: &[Example { query: "print regex_quote('a.b')", result: r"a\.b" }],
    strict: false,
    kernel: KernelDef::Plain(|cells, out| out.string(&regex::escape(&text_of(Type::Dynamic, &cells[0])))),
    ..Scalar::PLAIN
};

#[cfg(test)]
mod tests {
    use super::super::testing::*;

    #[test]
    fn extract_gives_a_group_or_nothing() {
        let extract = |pattern, group, source| answer("extract", &[text(pattern), long(group), text(source)]);
        assert_eq!(extract(r"-(\d{2})-", 1, "15-12-2024"), "12");
        assert_eq!(extract(r"\d+", 0, "Age: 29"), "29");
        assert_eq!(extract("(x)?b", 1, "ab"), "");
        assert_eq!(extract("a", 5, "a"), "");
        let typed = |source, ty| answer("extract", &[text(r"(\d+)"), long(1), text(source), text(ty)]);
        assert_eq!(typed("v12", "long"), "12");
        assert_eq!(typed("v", "long"), "null");
    }

    #[test]
    fn extract_all_gives_arrays_of_what_the_groups_hold() {
        let all = |pattern, source| answer("extract_all", &[text(pattern), text(source)]);
        assert_eq!(all(r"(\d)", "a1b2"), r#"["1","2"]"#);
        assert_eq!(all(r"(\w)(\d)", "a1b2"), r#"[["a","1"],["b","2"]]"#);
        assert_eq!(all("(x)", "abc"), "null");
        let chosen = |groups| answer("extract_all", &[text(r"(\w)(\d)"), dynamic(groups), text("a1b2")]);
        assert_eq!(chosen("[2, 1]"), r#"[["1","a"],["2","b"]]"#);
        assert_eq!(chosen("[2]"), r#"["1","2"]"#);
        assert_eq!(chosen("[9]"), r#"[["a","1"],["b","2"]]"#);
        assert_eq!(refusal("extract_all", &[text("a"), text("a")]), "the regular expression has no group");
    }

    #[test]
    fn a_rewrite_refers_to_groups_by_backslash_only() {
        let replaced = |rewrite| answer("replace_regex", &[text("n is 5"), text(r"is (\d)"), text(rewrite)]);
        assert_eq!(replaced(r"was \1"), "n was 5");
        assert_eq!(replaced("was $1"), "n was $1");
        assert_eq!(replaced(r"[\0]"), "n [is 5]");
        assert_eq!(answer("replace", &[text("a(.)"), text(r"\1"), text("abac")]), "bc");
    }

    #[test]
    fn each_end_is_trimmed_once() {
        assert_eq!(answer("trim_start", &[text(" "), text("  x")]), " x");
        assert_eq!(answer("trim", &[text("--"), text("--https://bing.com--")]), "https://bing.com");
        assert_eq!(answer("trim", &[text(r"[^\w]+"), text("-  Te st1// $")]), "Te st1");
        assert_eq!(answer("trim_end", &[text(".com"), text("bing.com")]), "bing");
        assert_eq!(answer("trim", &[text("a|b"), text("axb")]), "x");
        assert_eq!(answer("trim", &[text("x+"), text("xxx")]), "");
        assert_eq!(refusal("trim", &[text(""), text("a")]), "the regular expression is empty");
    }

    #[test]
    fn counting_text_overlaps_and_counting_matches_does_not() {
        assert_eq!(answer("countof", &[text("aaaa"), text("aa")]), "3");
        assert_eq!(answer("countof", &[text("aaaa"), text("aa"), text("regex")]), "2");
        assert_eq!(answer("countof", &[text("aaaa"), text("")]), "0");
        assert_eq!(answer("countof", &[text("Aa"), text("a")]), "1");
    }

    #[test]
    fn a_bad_pattern_is_refused_before_any_row() {
        assert_eq!(refusal("extract", &[text("(a"), long(0), text("a")]), "`(a` is not a regular expression");
        assert_eq!(
            refusal("replace_regex", &[text("a"), text(r"(?=a)"), text("")]),
            "`(?=a)` is not a regular expression"
        );
    }
}
