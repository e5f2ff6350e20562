//! URLs: their escapes, their parts and the parameters in them.

use std::sync::Arc;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::cells::text;
use crate::column::Out;
use crate::registry::*;
use crate::value::{Bag, Type, Value};

/// The functions of this file.
pub(super) const FAMILY: &[&Scalar] =
    &[&URL_ENCODE, &URL_ENCODE_COMPONENT, &URL_DECODE, &PARSE_URL, &PARSEURL, &PARSE_URLQUERY, &PARSEURLQUERY];

const URL_ENCODE: Scalar = Scalar {
    name: "url_encode",
    params: &[string("url")],
    returns: Returns::Is(Type::String),
    about: "`url` with what has a meaning in URLs as `%` and hexadecimal digits, and spaces as `+`.",
    examples: &[Example { query: "print url_encode('a b/c')", result: "a+b%2fc" }],
    kernel: KernelDef::Plain(|cells, out| url_encode(text(cells[0]), "+", out)),
    ..Scalar::PLAIN
};

const URL_ENCODE_COMPONENT: Scalar = Scalar {
    name: "url_encode_component",
    about: "`url` with what has a meaning in URLs, and spaces, as `%` and hexadecimal digits.",
    examples: &[Example { query: "print url_encode_component('a b/c')", result: "a%20b%2fc" }],
    kernel: KernelDef::Plain(|cells, out| url_encode(text(cells[0]), "%20", out)),
    ..URL_ENCODE
};

/// All but what never has a meaning in URLs.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Kusto's digits are lower case.
fn url_encode(source: &str, space: &str, out: &mut Out) {
    out.write(|to| {
        for piece in utf8_percent_encode(source, RESERVED) {
            match piece {
                "%20" => to.push_str(space),
                escape if escape.starts_with('%') => to.extend(escape.chars().map(|digit| digit.to_ascii_lowercase())),
                plain => to.push_str(plain),
            }
        }
    });
}

const URL_DECODE: Scalar = Scalar {
    name: "url_decode",
    params: &[string("url")],
    returns: Returns::Is(Type::String),
    about: "`url` with the characters that `%` and hexadecimal digits, and `+`, stand for.",
    examples: &[Example {
        query: "print url_decode('https%3a%2f%2fwww.bing.com%2f')",
        result: "https://www.bing.com/",
    }],
    kernel: KernelDef::Plain(|cells, out| {
        let spaced = text(cells[0]).replace('+', " ");
        out.string(&percent_decode_str(&spaced).decode_utf8_lossy());
    }),
    ..Scalar::PLAIN
};

const PARSE_URL: Scalar = Scalar {
    name: "parse_url",
    params: &[string("url")],
    returns: Returns::Is(Type::Dynamic),
    about: "The parts of an absolute URL as a bag: Scheme, Host, Port, Path, Username, Password, Query Parameters, Fragment.",
    examples: &[Example {
        query: "print parse_url('https://host:81/a?k=1').Port, parse_url('https://host/a?k=1')['Query Parameters'].k",
        result: "81, 1",
    }],
    kernel: KernelDef::Plain(|cells, out| out.owned(parse_url(text(cells[0])).unwrap_or_else(|| Url::default().bag()))),
    ..Scalar::PLAIN
};

/// The old name of `parse_url`.
const PARSEURL: Scalar = Scalar { name: "parseurl", legacy: true, ..PARSE_URL };

#[derive(Default)]
struct Url<'a> {
    scheme: &'a str,
    host: &'a str,
    port: &'a str,
    path: &'a str,
    username: &'a str,
    password: &'a str,
    query: &'a str,
    fragment: &'a str,
}

impl Url<'_> {
    fn bag(&self) -> Value {
        let parts = [
            ("Scheme", Value::from(self.scheme)),
            ("Host", Value::from(self.host)),
            ("Port", Value::from(self.port)),
            ("Path", Value::from(self.path)),
            ("Username", Value::from(self.username)),
            ("Password", Value::from(self.password)),
            ("Query Parameters", query_parameters(self.query)),
            ("Fragment", Value::from(self.fragment)),
        ];
        let bag: Bag = parts.into_iter().map(|(name, value)| (Arc::from(name), value)).collect();
        Value::Bag(Arc::new(bag))
    }
}

/// Nothing is decoded; `None` if it is no absolute URL.
fn parse_url(text: &str) -> Option<Value> {
    let (scheme, rest) = text.split_once("://")?;
    let named = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    named.then_some(())?;
    // A lone slash is no path where nothing follows it (measured on Kusto).
    let rest = rest.strip_suffix('/').filter(|rest| !rest.contains(['/', '?', '#'])).unwrap_or(rest);
    let (rest, fragment) = rest.split_once('#').unwrap_or((rest, ""));
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    // Who has no password has no name either, but stays with the host (measured on Kusto).
    let with_password = authority.rsplit_once('@').and_then(|(user, place)| Some((user.split_once(':')?, place)));
    let ((username, password), place) = with_password.unwrap_or((("", ""), authority));
    // The colons of an IPv6 address stand in brackets.
    let port_at = place.rfind(':').filter(|&at| !place[at..].contains(']'));
    let (host, port) = port_at.map_or((place, ""), |at| (&place[..at], &place[at + 1..]));
    port.bytes().all(|byte| byte.is_ascii_digit()).then_some(())?;
    Some(Url { scheme, host, port, path, username, password, query, fragment }.bag())
}

/// A bag of the parameters in the order of their names; one that repeats has an array of its values. What has no name
/// or no value is left out.
fn query_parameters(query: &str) -> Value {
    let mut found: std::collections::BTreeMap<&str, Vec<Value>> = std::collections::BTreeMap::new();
    for (key, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
        if !key.is_empty() && !value.is_empty() {
            found.entry(key).or_default().push(Value::from(value));
        }
    }
    let held = |mut values: Vec<Value>| match values.len() {
        1 => values.remove(0),
        _ => Value::Array(Arc::new(values)),
    };
    let bag: Bag = found.into_iter().map(|(key, values)| (Arc::from(key), held(values))).collect();
    Value::Bag(Arc::new(bag))
}

const PARSE_URLQUERY: Scalar = Scalar {
    name: "parse_urlquery",
    params: &[string("query")],
    about: "The parameters of the query of a URL, as a bag under the key Query Parameters.",
    examples: &[Example {
        query: "print parse_urlquery('a=1&b=2')",
        result: r#"{"Query Parameters":{"a":"1","b":"2"}}"#,
    }],
    kernel: KernelDef::Plain(|cells, out| {
        let parameters = query_parameters(text(cells[0]));
        let bag: Bag = [(Arc::from("Query Parameters"), parameters)].into_iter().collect();
        out.owned(Value::Bag(Arc::new(bag)));
    }),
    ..PARSE_URL
};

/// The old name of `parse_urlquery`.
const PARSEURLQUERY: Scalar = Scalar { name: "parseurlquery", legacy: true, ..PARSE_URLQUERY };

#[cfg(test)]
mod tests {
    use super::super::testing::*;

    #[test]
    fn urls_are_taken_apart_and_nothing_is_decoded() {
        let url = "https://me:secret@host:1234/a%20b?b=2&a=1&b=3&=x&c=#end";
        let parts =
            r#"{"Scheme":"https","Host":"host","Port":"1234","Path":"/a%20b","Username":"me","Password":"secret","#;
        let rest = r#""Query Parameters":{"a":"1","b":["2","3"]},"Fragment":"end"}"#;
        assert_eq!(answer("parse_url", &[text(url)]), format!("{parts}{rest}"));
        let none = answer("parse_url", &[text("nonsense")]);
        assert!(
            none.starts_with(r#"{"Scheme":"","Host":"""#) && none.ends_with(r#""Query Parameters":{},"Fragment":""}"#)
        );
    }

    #[test]
    fn escapes_come_back() {
        assert_eq!(answer("url_encode", &[text("https://a b/ü")]), "https%3a%2f%2fa+b%2f%c3%bc");
        assert_eq!(answer("url_decode", &[text("a%20b%zz%c3%bc")]), "a b%zzü");
        assert_eq!(answer("url_encode_component", &[text("a b+%20~(é)")]), "a%20b%2b%2520~%28%c3%a9%29");
        assert_eq!(answer("url_decode", &[text("a+b%2b%2B%2520%c3%%4")]), "a b++%20\u{fffd}%%4");
    }
}
