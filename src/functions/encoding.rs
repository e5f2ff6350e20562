//! Text in other clothes: hashes, Base64 and compression, URLs.

use std::io::Read;
use std::sync::Arc;

use base64::Engine as _;
use base64::alphabet::STANDARD as ALPHABET;
use base64::engine::general_purpose::STANDARD as BASE64;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use md5::Md5;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sha1::Sha1;
use sha2::{Digest, Sha256};
use uuid::Uuid;
use xxhash_rust::xxh64::xxh64;

use super::cells::{elements, long, text};
use crate::column::Out;
use crate::registry::*;
use crate::value::{Bag, Type, Value, ValueRef, text_of};

/// The functions of this file.
pub(super) const FAMILY: &[&Scalar] = &[
    &HASH,
    &HASH_XXHASH64,
    &HASH_MD5,
    &HASH_SHA1,
    &HASH_SHA256,
    &BASE64_ENCODE_TOSTRING,
    &BASE64_ENCODESTRING,
    &BASE64_DECODE_TOSTRING,
    &BASE64_DECODESTRING,
    &BASE64_DECODE_TOARRAY,
    &BASE64_ENCODE_FROMARRAY,
    &BASE64_DECODE_TOGUID,
    &BASE64_ENCODE_FROMGUID,
    &ZLIB_DECOMPRESS,
    &GZIP_DECOMPRESS,
    &URL_ENCODE,
    &URL_ENCODE_COMPONENT,
    &URL_DECODE,
    &PARSE_URL,
    &PARSEURL,
    &PARSE_URLQUERY,
    &PARSEURLQUERY,
    &PUNYCODE_FROM_STRING,
    &PUNYCODE_TO_STRING,
    &PUNYCODE_DOMAIN_FROM_STRING,
];

pub(crate) const HASH: Scalar = Scalar {
    name: "hash",
    params: &[any("source"), integer("modulo").optional()],
    returns: Returns::By(|types| match types[0] {
        Type::String | Type::Long | Type::Real | Type::DateTime | Type::TimeSpan => Ok(Type::Long),
        // Which bytes Kusto hashes of the others was not measured.
        ty => Err(format!("the hash of a {ty} is not known; hash its text, or the long it stands for")),
    }),
    about: "A number that is the same for the same `source`: its xxHash64, or the rest of that by `modulo`.",
    examples: &[Example { query: "print hash('World'), hash('World', 100)", result: "1846988464401551951, 51" }],
    strict: false,
    kernel: KernelDef::Plain(|cells, out| {
        let hash = match cells[0] {
            ValueRef::String(text) => xxh64(text.as_bytes(), 0),
            ValueRef::Long(v) => xxh64(&v.to_le_bytes(), 0),
            ValueRef::Real(v) => xxh64(&v.to_le_bytes(), 0),
            ValueRef::DateTime(v) => xxh64(&v.ticks().to_le_bytes(), 0),
            ValueRef::TimeSpan(v) => xxh64(&v.ticks().to_le_bytes(), 0),
            _ => return out.null(),
        };
        match cells.get(1).map(|&cell| long(cell)) {
            None => out.long(hash.cast_signed()),
            Some(Some(modulo)) if modulo > 0 => out.long((hash % modulo.unsigned_abs()).cast_signed()),
            Some(_) => out.null(),
        }
    }),
    ..Scalar::PLAIN
};

const HASH_XXHASH64: Scalar = Scalar {
    name: "hash_xxhash64",
    examples: &[Example { query: "print hash_xxhash64('World')", result: "1846988464401551951" }],
    ..HASH
};

/// A digest of the text of any value, in hexadecimal; of nothing, nothing (measured on Kusto).
const fn digest(
    name: &'static str,
    about: &'static str,
    examples: &'static [Example],
    prepare: fn(&Args<'_>) -> Result<Kernel, ArgumentFault>,
) -> Scalar {
    Scalar {
        name,
        params: const { &[any("source")] },
        returns: Returns::Is(Type::String),
        about,
        examples,
        strict: false,
        kernel: KernelDef::Prepared(prepare),
        ..Scalar::PLAIN
    }
}

#[expect(clippy::unnecessary_wraps, reason = "the shape of every preparation")]
fn digested<D: Digest>(args: &Args<'_>) -> Result<Kernel, ArgumentFault> {
    let ty = args.types[0];
    Ok(Box::new(move |cells, out| {
        let text = text_of(ty, cells[0]);
        if text.is_empty() {
            return out.string("");
        }
        out.write(|to| D::digest(text.as_bytes()).iter().for_each(|&byte| push_hex(to, byte)));
    }))
}

/// Two hexadecimal digits.
fn push_hex(to: &mut String, byte: u8) {
    for digit in [byte >> 4, byte & 15] {
        to.push(char::from_digit(digit.into(), 16).expect("half a byte is one digit"));
    }
}

const HASH_MD5: Scalar = digest(
    "hash_md5",
    "The MD5 of the text of `source`, in hexadecimal.",
    &[Example { query: "print hash_md5('World')", result: "f5a7924e621e84c9280a9a27e1bcb7f6" }],
    digested::<Md5>,
);

const HASH_SHA1: Scalar = digest(
    "hash_sha1",
    "The SHA-1 of the text of `source`, in hexadecimal.",
    &[Example { query: "print hash_sha1('World')", result: "70c07ec18ef89c5309bbb0937f3a6342411e1fdd" }],
    digested::<Sha1>,
);

const HASH_SHA256: Scalar = digest(
    "hash_sha256",
    "The SHA-256 of the text of `source`, in hexadecimal.",
    &[Example {
        query: "print hash_sha256('World')",
        result: "78ae647dc5544d227130a0682a51e30bc7777fbb6d8a8f17007463a3ecd1d524",
    }],
    digested::<Sha256>,
);

/// Reads Base64 whether or not it is padded.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &ALPHABET,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

fn decoded(text: &str) -> Option<Vec<u8>> {
    LENIENT.decode(text).ok()
}

const BASE64_ENCODE_TOSTRING: Scalar = Scalar {
    name: "base64_encode_tostring",
    params: &[string("source")],
    returns: Returns::Is(Type::String),
    about: "`source` in Base64.",
    examples: &[Example { query: "print base64_encode_tostring('Kusto')", result: "S3VzdG8=" }],
    kernel: KernelDef::Plain(|cells, out| out.write(|to| BASE64.encode_string(text(cells[0]), to))),
    ..Scalar::PLAIN
};

/// The old name of `base64_encode_tostring`.
const BASE64_ENCODESTRING: Scalar = Scalar { name: "base64_encodestring", legacy: true, ..BASE64_ENCODE_TOSTRING };

const BASE64_DECODE_TOSTRING: Scalar = Scalar {
    name: "base64_decode_tostring",
    params: &[string("base64")],
    returns: Returns::Is(Type::String),
    about: "The text that `base64` stands for; empty if it is none.",
    examples: &[Example { query: "print base64_decode_tostring('S3VzdG8=')", result: "Kusto" }],
    kernel: KernelDef::Plain(|cells, out| {
        let decoded = decoded(text(cells[0])).and_then(|bytes| String::from_utf8(bytes).ok());
        out.string(&decoded.unwrap_or_default());
    }),
    ..Scalar::PLAIN
};

/// The old name of `base64_decode_tostring`.
const BASE64_DECODESTRING: Scalar = Scalar { name: "base64_decodestring", legacy: true, ..BASE64_DECODE_TOSTRING };

const BASE64_DECODE_TOARRAY: Scalar = Scalar {
    name: "base64_decode_toarray",
    params: &[string("base64")],
    returns: Returns::Is(Type::Dynamic),
    about: "The bytes that `base64` stands for, as numbers.",
    examples: &[Example { query: "print base64_decode_toarray('S3VzdG8=')", result: "[75,117,115,116,111]" }],
    kernel: KernelDef::Plain(|cells, out| match decoded(text(cells[0])) {
        Some(bytes) => {
            out.owned(Value::Array(Arc::new(bytes.into_iter().map(|byte| Value::Long(byte.into())).collect())))
        }
        None => out.null(),
    }),
    ..Scalar::PLAIN
};

const BASE64_ENCODE_FROMARRAY: Scalar = Scalar {
    name: "base64_encode_fromarray",
    params: &[dynamic("bytes")],
    returns: Returns::Is(Type::String),
    about: "An array of bytes, as numbers, in Base64.",
    examples: &[Example {
        query: "print base64_encode_fromarray(dynamic([75, 117, 115, 116, 111]))",
        result: "S3VzdG8=",
    }],
    kernel: KernelDef::Plain(|cells, out| {
        let byte = |item: &Value| long(item.as_ref()).and_then(|item| u8::try_from(item).ok());
        let bytes = elements(cells[0]).and_then(|items| items.iter().map(byte).collect::<Option<Vec<u8>>>());
        out.string(&bytes.map(|bytes| BASE64.encode(bytes)).unwrap_or_default());
    }),
    ..Scalar::PLAIN
};

const BASE64_DECODE_TOGUID: Scalar = Scalar {
    name: "base64_decode_toguid",
    params: &[string("base64")],
    returns: Returns::Is(Type::Guid),
    about: "The guid whose bytes, in the order of .NET, `base64` stands for.",
    examples: &[Example {
        query: "print base64_decode_toguid('AQIDBAUGBwgJCgsMDQ4PEA==')",
        result: "04030201-0605-0807-090a-0b0c0d0e0f10",
    }],
    kernel: KernelDef::Plain(|cells, out| {
        let bytes = decoded(text(cells[0])).and_then(|bytes| <[u8; 16]>::try_from(bytes).ok());
        out.value(bytes.map_or(ValueRef::Null, |bytes| ValueRef::Guid(Uuid::from_bytes_le(bytes))));
    }),
    ..Scalar::PLAIN
};

const BASE64_ENCODE_FROMGUID: Scalar = Scalar {
    name: "base64_encode_fromguid",
    params: &[Param::new("guid", Takes::Is(Type::Guid))],
    returns: Returns::Is(Type::String),
    about: "The bytes of `guid`, in the order of .NET, in Base64.",
    examples: &[Example {
        query: "print base64_encode_fromguid(toguid('ae3133f2-6e22-49ae-b06a-16e6a9b212eb'))",
        result: "8jMxriJurkmwahbmqbIS6w==",
    }],
    kernel: KernelDef::Plain(|cells, out| match cells[0] {
        ValueRef::Guid(guid) => out.write(|to| BASE64.encode_string(guid.to_bytes_le(), to)),
        _ => out.null(),
    }),
    ..Scalar::PLAIN
};

/// No text that was unpacked is larger: a few bytes can stand for gigabytes.
const LARGEST: u64 = 64 << 20;

fn unpacked(cells: &[ValueRef<'_>], read: impl FnOnce(&[u8], &mut String) -> std::io::Result<usize>, out: &mut Out) {
    let mut unpacked = String::new();
    let read = decoded(text(cells[0])).is_some_and(|bytes| read(&bytes, &mut unpacked).is_ok());
    out.string(if read { &unpacked } else { "" });
}

const ZLIB_DECOMPRESS: Scalar = Scalar {
    name: "zlib_decompress_from_base64_string",
    params: &[string("base64")],
    returns: Returns::Is(Type::String),
    about: "The text that zlib packed into `base64`; empty if there is none.",
    examples: &[Example {
        query: "print zlib_decompress_from_base64_string('eJwLSS0uUSguKcrMS1cwNDIGACxqBQ4=')",
        result: "Test string 123",
    }],
    kernel: KernelDef::Plain(|cells, out| {
        unpacked(cells, |bytes, to| flate2::read::ZlibDecoder::new(bytes).take(LARGEST).read_to_string(to), out);
    }),
    ..Scalar::PLAIN
};

const GZIP_DECOMPRESS: Scalar = Scalar {
    name: "gzip_decompress_from_base64_string",
    about: "The text that gzip packed into `base64`; empty if there is none.",
    examples: &[Example { query: "print gzip_decompress_from_base64_string('x0x0')", result: "" }],
    kernel: KernelDef::Plain(|cells, out| {
        unpacked(cells, |bytes, to| flate2::read::GzDecoder::new(bytes).take(LARGEST).read_to_string(to), out);
    }),
    ..ZLIB_DECOMPRESS
};

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

const PUNYCODE_FROM_STRING: Scalar = Scalar {
    name: "punycode_from_string",
    params: &[string("source")],
    returns: Returns::Is(Type::String),
    about: "`source` in Punycode, the ASCII form of names in other scripts.",
    examples: &[Example { query: "print punycode_from_string('bücher')", result: "bcher-kva" }],
    kernel: KernelDef::Plain(|cells, out| out.string(&punycode(text(cells[0])).unwrap_or_default())),
    ..Scalar::PLAIN
};

const PUNYCODE_TO_STRING: Scalar = Scalar {
    name: "punycode_to_string",
    about: "The text that Punycode stands for; empty if it is none.",
    examples: &[Example { query: "print punycode_to_string('bcher-kva')", result: "bücher" }],
    kernel: KernelDef::Plain(|cells, out| out.string(&from_punycode(text(cells[0])).unwrap_or_default())),
    ..PUNYCODE_FROM_STRING
};

const PUNYCODE_DOMAIN_FROM_STRING: Scalar = Scalar {
    name: "punycode_domain_from_string",
    about: "A domain name whose labels in Punycode, which begin with `xn--`, are turned into their text.",
    examples: &[Example {
        query: "print punycode_domain_from_string('xn--bcher-kva.example')",
        result: "bücher.example",
    }],
    kernel: KernelDef::Plain(|cells, out| {
        let plain = |label: &str| match label.strip_prefix("xn--") {
            Some(code) => from_punycode(code),
            None => Some(label.to_owned()),
        };
        let labels: Option<Vec<String>> = text(cells[0]).split('.').map(plain).collect();
        out.string(&labels.unwrap_or_default().join("."));
    }),
    ..PUNYCODE_FROM_STRING
};

/// RFC 3492: the weight of a digit at place `k` under a bias, and the bias after a number.
fn threshold(k: u32, bias: u32) -> u32 {
    k.saturating_sub(bias).clamp(1, 26)
}

fn adapted(delta: u32, points: u32, first: bool) -> u32 {
    let mut delta = if first { delta / 700 } else { delta / 2 };
    delta += delta / points;
    let mut k = 0;
    while delta > 455 {
        delta /= 35;
        k += 36;
    }
    k + 36 * delta / (delta + 38)
}

fn digit(value: u32) -> char {
    char::from_digit(if value < 26 { value + 10 } else { value - 26 }, 36).expect("digits are below 36")
}

fn punycode(source: &str) -> Option<String> {
    let points: Vec<u32> = source.chars().map(u32::from).collect();
    let mut encoded: String = source.chars().filter(char::is_ascii).collect();
    let basic = u32::try_from(encoded.len()).ok()?;
    if basic > 0 {
        encoded.push('-');
    }
    let (mut handled, mut least, mut delta, mut bias) = (basic, 128_u32, 0_u32, 72);
    while let Some(next) = points.iter().copied().filter(|&point| point >= least).min() {
        delta = delta.checked_add((next - least).checked_mul(handled + 1)?)?;
        for &point in &points {
            if point < next {
                delta = delta.checked_add(1)?;
            }
            if point != next {
                continue;
            }
            let (mut rest, mut k) = (delta, 36);
            loop {
                let weight = threshold(k, bias);
                if rest < weight {
                    break;
                }
                encoded.push(digit(weight + (rest - weight) % (36 - weight)));
                rest = (rest - weight) / (36 - weight);
                k += 36;
            }
            encoded.push(digit(rest));
            bias = adapted(delta, handled + 1, handled == basic);
            delta = 0;
            handled += 1;
        }
        delta = delta.checked_add(1)?;
        least = next + 1;
    }
    Some(encoded)
}

fn from_punycode(source: &str) -> Option<String> {
    let (basic, code) = source.rsplit_once('-').unwrap_or(("", source));
    basic.is_ascii().then_some(())?;
    let mut decoded: Vec<char> = basic.chars().collect();
    let (mut point, mut at, mut bias) = (128_u32, 0_u32, 72);
    let mut digits = code.chars();
    while !digits.as_str().is_empty() {
        let (before, mut weight, mut k) = (at, 1_u32, 36);
        loop {
            let digit = digits.next()?.to_digit(36)?;
            let value = if digit >= 10 { digit - 10 } else { digit + 26 };
            at = at.checked_add(value.checked_mul(weight)?)?;
            let limit = threshold(k, bias);
            if value < limit {
                break;
            }
            weight = weight.checked_mul(36 - limit)?;
            k += 36;
        }
        let length = u32::try_from(decoded.len()).ok()? + 1;
        bias = adapted(at - before, length, before == 0);
        point = point.checked_add(at / length)?;
        at %= length;
        decoded.insert(usize::try_from(at).ok()?, char::from_u32(point)?);
        at += 1;
    }
    Some(decoded.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;

    #[test]
    fn hashes_of_text_and_ticks() {
        assert_eq!(answer("hash", &[text("World")]), "1846988464401551951");
        assert_eq!(answer("hash", &[text("World"), long(100)]), "51");
        assert_eq!(answer("hash", &[moment("2015-01-01")]), "1380966698541616202");
        assert_eq!(answer("hash_md5", &[moment("2020-01-01")]), "786c530672d1f8db31fee25ea8a9390b");
        assert_eq!(answer("hash_sha1", &[text("")]), "");
        assert!(refusal("hash", &[bool(true)]).contains("bool"));
    }

    #[test]
    fn what_is_no_base64_of_text_is_empty() {
        let decoded = |source| answer("base64_decode_tostring", &[text(source)]);
        assert_eq!(decoded("S3VzdG8="), "Kusto");
        assert_eq!(decoded("U3RyaW5n0KHR0tGA0L7Rh9C60LA="), "");
        assert_eq!(decoded("!"), "");
        assert_eq!(answer("zlib_decompress_from_base64_string", &[text("x0x0x0")]), "");
    }

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

    #[test]
    fn punycode_goes_both_ways() {
        for (plain, code) in [
            ("bücher", "bcher-kva"),
            ("académie-française", "acadmie-franaise-npb1a"),
            ("艺术", "cqv902d"),
            ("abc", "abc-"),
        ] {
            assert_eq!(answer("punycode_from_string", &[text(plain)]), code);
            assert_eq!(answer("punycode_to_string", &[text(code)]), plain);
        }
        assert_eq!(answer("punycode_to_string", &[text("a-99999999999")]), "");
        let domain = answer("punycode_domain_from_string", &[text("xn--Ge-mia.Bulg.edu")]);
        assert_eq!(domain, "Gáe.Bulg.edu");
    }
}
