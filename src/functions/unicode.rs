//! The characters of a text by their numbers.

use super::cells::{elements, long};
use super::text::array;
use crate::registry::*;
use crate::value::{Type, Value, ValueRef, text_of};

/// The functions of this file.
pub(super) const FAMILY: &[&Scalar] =
    &[&ISASCII, &ISUTF8, &UNICODE_CODEPOINTS_FROM_STRING, &TO_UTF8, &UNICODE_CODEPOINTS_TO_STRING, &MAKE_STRING];

const ISASCII: Scalar = Scalar {
    name: "isascii",
    params: &[any("value")],
    returns: Returns::Is(Type::Bool),
    about: "Whether the text of `value` is all ASCII.",
    examples: &[Example { query: "print isascii('abc'), isascii('ü')", result: "True, False" }],
    strict: false,
    kernel: KernelDef::Plain(|cells, out| out.bool(text_of(Type::Dynamic, &cells[0]).is_ascii())),
    ..Scalar::PLAIN
};

const ISUTF8: Scalar = Scalar {
    name: "isutf8",
    params: &[any("value")],
    returns: Returns::Is(Type::Bool),
    about: "Whether the text of `value` is valid UTF-8: here, all text is.",
    examples: &[Example { query: "print isutf8('ü')", result: "True" }],
    strict: false,
    kernel: KernelDef::Plain(|_, out| out.bool(true)),
    ..Scalar::PLAIN
};

const UNICODE_CODEPOINTS_FROM_STRING: Scalar = Scalar {
    name: "unicode_codepoints_from_string",
    params: &[any("value")],
    returns: Returns::Is(Type::Dynamic),
    about: "The code points of the text of `value`.",
    examples: &[Example { query: "print unicode_codepoints_from_string('aé')", result: "[97,233]" }],
    strict: false,
    kernel: KernelDef::Prepared(|args| {
        let ty = args.types[0];
        Ok(Box::new(move |cells, out| {
            array(out, text_of(ty, &cells[0]).chars().map(|c| Value::Long(u32::from(c).into())).collect());
        }))
    }),
    ..Scalar::PLAIN
};

/// The old name of `unicode_codepoints_from_string`.
const TO_UTF8: Scalar = Scalar { name: "to_utf8", legacy: true, ..UNICODE_CODEPOINTS_FROM_STRING };

const UNICODE_CODEPOINTS_TO_STRING: Scalar = Scalar {
    name: "unicode_codepoints_to_string",
    params: &[any("value").repeated()],
    returns: Returns::Is(Type::String),
    about: "The text made of code points, given as integers or arrays of them; empty if one of them is none.",
    examples: &[Example { query: "print unicode_codepoints_to_string(dynamic([97, 98]), 99)", result: "abc" }],
    kernel: KernelDef::Plain(|cells, out| {
        let character = |cell: ValueRef<'_>| long(cell).and_then(|v| u32::try_from(v).ok()).and_then(char::from_u32);
        let text = |cell: &ValueRef<'_>| match elements(*cell) {
            Some(items) => items.iter().map(|item| character(item.as_ref())).collect::<Option<String>>(),
            None => character(*cell).map(String::from),
        };
        out.string(&cells.iter().map(text).collect::<Option<String>>().unwrap_or_default());
    }),
    ..Scalar::PLAIN
};

/// The old name of `unicode_codepoints_to_string`.
const MAKE_STRING: Scalar = Scalar { name: "make_string", legacy: true, ..UNICODE_CODEPOINTS_TO_STRING };
