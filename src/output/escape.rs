//! Text in HTML, XML and paths of URLs.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC};

use crate::diag::render::visible;

/// What is escaped in the path of a URL.
pub(crate) const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// Text for between tags and for attributes in double quotes; control characters become visible.
///
/// ```
/// assert_eq!(argql::escaped("a < b\u{1b}"), "a &lt; b␛");
/// ```
pub fn escaped(text: &str) -> Cow<'_, str> {
    let text = visible(text);
    if !text.contains(['&', '<', '>', '"', '\'', '\u{FFFE}', '\u{FFFF}']) {
        return text;
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // No characters of HTML and XML.
            '\u{FFFE}' | '\u{FFFF}' => out.push(char::REPLACEMENT_CHARACTER),
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_becomes_a_reference() {
        let path = percent_encoding::utf8_percent_encode("export/2026 01/ä.json", PATH);
        assert_eq!(path.to_string(), "export/2026%2001/%C3%A4.json");
    }
}
