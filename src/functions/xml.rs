//! XML as bags and arrays.

use std::borrow::Cow;
use std::sync::Arc;

use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use super::cells::text;
use crate::json;
use crate::registry::*;
use crate::value::{Bag, Type, Value, parse_json_text};

/// The functions of this file.
pub(super) const FAMILY: &[&Scalar] = &[&PARSE_XML];

const PARSE_XML: Scalar = Scalar {
    name: "parse_xml",
    params: &[string("xml")],
    returns: Returns::Is(Type::Dynamic),
    names: Naming::First,
    about: "The elements of `xml` as bags: attributes as `@name`, text beside other things as `#text`, elements of one name as an array; null of what is no XML.",
    examples: &[
        Example {
            query: "print parse_xml('<e id=\"a\">text<b/></e>')",
            result: r##"{"e":{"@id":"a","#text":"text","b":null}}"##,
        },
        Example { query: "print parse_xml('<e><a>x</a><a>1.5</a></e>').e.a[1]", result: "1.5" },
    ],
    caution: Some(|_| {
        Some(
            "Kusto's documentation shows by one example only that the text of an element is a number where it looks like one",
        )
    }),
    kernel: KernelDef::Plain(|cells, out| match document(text(cells[0])) {
        Some(value) => out.owned(value),
        None => out.null(),
    }),
    ..Scalar::PLAIN
};

/// No text is read that is longer, as documented.
const LONGEST: usize = 1 << 20;

/// An element that is open.
#[derive(Default)]
struct Element {
    name: String,
    /// Attributes, children and text, in order.
    parts: Bag,
    /// The text since the last tag.
    text: String,
}

impl Element {
    fn open(tag: &BytesStart<'_>) -> Option<Element> {
        let mut parts = Bag::default();
        for attribute in tag.attributes() {
            let attribute = attribute.ok()?;
            let value = attribute.normalized_value(XmlVersion::Implicit1_0).ok()?;
            parts.insert(format!("@{}", attribute.key.as_ref()).into(), Value::from(&*value));
        }
        Some(Element { name: tag.name().as_ref().to_owned(), parts, text: String::new() })
    }

    /// Takes a part; of several by one name an array.
    fn put(&mut self, name: &str, value: Value) {
        match self.parts.get_mut(name) {
            None => _ = self.parts.insert(name.into(), value),
            Some(Value::Array(items)) => Arc::make_mut(items).push(value),
            Some(first) => *first = Value::Array(Arc::new(vec![std::mem::take(first), value])),
        }
    }

    /// Takes the text so far, unless it is only space.
    fn end_text(&mut self) {
        let text = std::mem::take(&mut self.text);
        if !text.trim().is_empty() {
            self.put("#text", of_text(text.trim()));
        }
    }

    /// What it is as a value: nothing, its text, or a bag.
    fn value(mut self) -> Value {
        match (self.parts.len(), self.parts.get_mut("#text")) {
            (0, _) => Value::Null,
            (1, Some(text)) => std::mem::take(text),
            _ => Value::Bag(Arc::new(self.parts)),
        }
    }
}

/// The text of an element: a number where JSON would have one.
fn of_text(text: &str) -> Value {
    match text.starts_with(|c: char| c == '-' || c.is_ascii_digit()).then(|| parse_json_text(text)).flatten() {
        Some(number) => number,
        None => Value::from(text),
    }
}

/// The one element of a document, by its name.
fn document(xml: &str) -> Option<Value> {
    if xml.len() > LONGEST {
        return None;
    }
    let mut reader = Reader::from_str(xml);
    // What is around the root is an element without a name.
    let mut open = vec![Element::default()];
    loop {
        let within = open.len() > 1;
        let now = open.last_mut()?;
        match reader.read_event().ok()? {
            Event::Start(tag) => {
                now.end_text();
                if open.len() > json::DEPTH {
                    return None;
                }
                open.push(Element::open(&tag)?);
            }
            Event::Empty(tag) => {
                now.end_text();
                let element = Element::open(&tag)?;
                now.put(&element.name.clone(), element.value());
            }
            Event::End(_) => {
                now.end_text();
                let ended = open.pop()?;
                let name = ended.name.clone();
                open.last_mut()?.put(&name, ended.value());
            }
            Event::Text(text) => now.text.push_str(&text.xml10_content()),
            Event::CData(text) if within => now.text.push_str(&text.xml10_content()),
            Event::GeneralRef(name) if within => now.text.push_str(&character(&name)?),
            Event::CData(_) | Event::GeneralRef(_) => return None,
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
            Event::Eof => break,
        }
    }
    let mut around = open.pop().filter(|_| open.is_empty())?;
    around.end_text();
    let whole = around.parts.len() == 1 && around.parts.values().all(|root| !matches!(root, Value::Array(_)));
    (whole && !around.parts.contains_key("#text")).then(|| Value::Bag(Arc::new(around.parts)))
}

/// What stands for `&amp;` or `&#228;`.
fn character<'a>(name: &'a BytesRef<'_>) -> Option<Cow<'a, str>> {
    match name.resolve_char_ref().ok()? {
        Some(character) => Some(character.to_string().into()),
        None => resolve_predefined_entity(name).map(Cow::Borrowed),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;

    fn xml(source: &str) -> String {
        answer("parse_xml", &[text(source)])
    }

    #[test]
    fn the_documented_table() {
        for (source, wanted) in [
            ("<e/>", r#"{"e":null}"#),
            ("<e>text</e>", r#"{"e":"text"}"#),
            (r#"<e name="value" />"#, r#"{"e":{"@name":"value"}}"#),
            (r#"<e name="value">text</e>"#, r##"{"e":{"@name":"value","#text":"text"}}"##),
            ("<e> <a>text</a> <b>text</b> </e>", r#"{"e":{"a":"text","b":"text"}}"#),
            ("<e> <a>text</a> <a>text</a> </e>", r#"{"e":{"a":["text","text"]}}"#),
            ("<e> text <a>text</a> </e>", r##"{"e":{"#text":"text","a":"text"}}"##),
        ] {
            assert_eq!(xml(source), wanted, "{source}");
        }
        let example = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<duration>\n <value>118.0</value>\n <min>100.0</min>\n</duration>";
        assert_eq!(xml(example), r#"{"duration":{"value":118.0,"min":100.0}}"#);
    }

    #[test]
    fn references_sections_and_names_with_a_colon() {
        assert_eq!(xml("<e a='&lt;&#x41;'>&amp;<![CDATA[<b>]]> &#228;</e>"), r##"{"e":{"@a":"<A","#text":"&<b> ä"}}"##);
        assert_eq!(xml("<x:e xmlns:x='u'><x:a/></x:e>"), r#"{"x:e":{"@xmlns:x":"u","x:a":null}}"#);
        assert_eq!(xml("<!-- c --><e>007<?p i?></e>"), r#"{"e":"007"}"#);
        assert_eq!(xml("<e>a<b/>c</e>"), r##"{"e":{"#text":["a","c"],"b":null}}"##);
    }

    #[test]
    fn what_is_no_document_is_null() {
        let deep = "<a>".repeat(2000) + &"</a>".repeat(2000);
        let long = format!("<a>{}</a>", "x".repeat(1 << 20));
        for source in [
            "",
            " ",
            "text",
            "<a>",
            "<a></b>",
            "<a/><b/>",
            "<a/><a/>",
            "<a/>text",
            "text<a/>",
            "</a>",
            "<a b='1' b='2'/>",
            "<a b=1/>",
            "<a>&nbsp;</a>",
            "<a",
            "&amp;<a/>",
            &deep,
            &long,
        ] {
            assert_eq!(xml(source), "null", "{source:.40}");
        }
    }
}
