//! JSON is read here, whoever asks: sources, `parse_json` and `dynamic`, paths into values that are text, completion.
//!
//! All of it is checked, and what is wrong has a place: a file that is broken where no query looks is broken all the
//! same. Over bytes, [`value`], [`string`] and the others pass what they are named after and make nothing of it; over
//! text, a [`Scanner`] says what there is. How many brackets count as open around a value, and what may stand behind it,
//! is for those to say who ask: sources read on, and a text that is to be one value must end with it.
//!
//! Most bytes of an export lie in strings, so these are looked through 32 or 64 bytes at a time; UTF-8 is checked per
//! string, and only where one has bytes beyond ASCII, since outside of strings such bytes fit nowhere.

mod chunk;
mod misfit;
mod scanner;
mod string;
mod token;
mod value;

pub(crate) use chunk::{LINE, fetch, glance, masked_eq};
pub(crate) use misfit::{Misfit, Scanned, Why};
pub(crate) use scanner::{Head, Scanner};
pub(crate) use string::{Passed, long_string, quote, string, text, unescape, unescaped, write_string};
pub(crate) use token::{ARRAY_GOES_ON, BAG_GOES_ON, KEY, Numeral, VALUE, colon, literal, number, space};
pub(crate) use value::value;

/// How deep arrays and bags may be nested: enough for any data (real rows have a dozen levels), and little enough that
/// values can be walked, written and dropped by recursion.
pub(crate) const DEPTH: usize = crate::guard::MOST_NESTING;
