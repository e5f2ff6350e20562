//! What the registry says of each name of the language.

use std::fmt::Write;

use super::Failure;
use crate::diag::nearest;
use crate::functions::{AGGREGATES, INFIXES, SCALARS};
use crate::operators::OPERATORS;
use crate::registry::{Example, Meaning, Param, Returns, Right, Takes};

/// One name and what it is.
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) kind: &'static str,
    pub(super) syntax: String,
    pub(super) about: &'static str,
    examples: &'static [Example],
}

/// Everything that is offered: no older names, and nothing that is only refused.
pub(super) fn entries() -> impl Iterator<Item = Entry> {
    let operators = OPERATORS.iter().map(|(operator, _)| Entry {
        name: operator.names[0].to_owned(),
        kind: "operator",
        syntax: operator.syntax.to_owned(),
        about: operator.about,
        examples: operator.examples,
    });
    let scalars = SCALARS.iter().copied().flatten().filter(|scalar| !scalar.legacy).map(|scalar| Entry {
        name: scalar.name.to_owned(),
        kind: "function",
        syntax: call(scalar.name, scalar.params, scalar.returns),
        about: scalar.about,
        examples: scalar.examples,
    });
    let aggregates =
        AGGREGATES.iter().copied().flatten().filter(|aggregate| !aggregate.legacy).map(|aggregate| Entry {
            name: aggregate.name.to_owned(),
            kind: "aggregate",
            syntax: call(aggregate.name, aggregate.params, aggregate.returns),
            about: aggregate.about,
            examples: aggregate.examples,
        });
    let infixes = INFIXES.iter().filter(|infix| !infix.legacy && !matches!(infix.meaning, Meaning::Refused));
    let infixes = infixes.map(|infix| Entry {
        name: infix.text.to_owned(),
        kind: "infix",
        syntax: match infix.right {
            Right::Operand => format!("a {} b", infix.text),
            Right::List => format!("a {} (b, …)", infix.text),
            Right::Range => format!("a {} (low .. high)", infix.text),
        },
        about: infix.about,
        examples: &[],
    });
    operators.chain(scalars).chain(aggregates).chain(infixes)
}

/// All there is to say about a name.
pub(super) fn page(name: &str) -> Result<String, Failure> {
    let mut page = String::new();
    for entry in entries().filter(|entry| entry.name == name) {
        if !page.is_empty() {
            page.push('\n');
        }
        let infallible = "strings take all text";
        writeln!(page, "{}\n\n{} ({})", entry.syntax, entry.about, entry.kind).expect(infallible);
        for example in entry.examples {
            writeln!(page, "\n  {}\n  {}", example.query, example.result).expect(infallible);
        }
    }
    if !page.is_empty() {
        return Ok(page);
    }
    let names: Vec<String> = entries().map(|entry| entry.name).collect();
    let cure = match nearest(name, names.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`argql functions` lists them".to_owned(),
    };
    Err(Failure::Usage(format!("there is no function or operator `{name}`; {cure}")))
}

/// `substring(source: string, start: long, [length: long]): string`.
fn call(name: &str, params: &[Param], returns: Returns) -> String {
    let params: Vec<String> = params.iter().map(parameter).collect();
    let result = match returns {
        Returns::Is(ty) => format!(": {ty}"),
        Returns::Argument(index) => params
            .get(index)
            .and_then(|param| param.trim_start_matches('[').split([':', ' ']).next())
            .map_or(String::new(), |param| format!(": type of {param}")),
        Returns::Common | Returns::By(_) | Returns::Named(..) => String::new(),
    };
    format!("{name}({}){result}", params.join(", "))
}

fn parameter(param: &Param) -> String {
    let takes = match param.takes {
        Takes::Is(ty) => ty.name(),
        Takes::Any | Takes::Common | Takes::Branch => "any",
        Takes::Number => "number",
        Takes::Integer => "integer",
        Takes::Orderable => "orderable",
        Takes::Summable => "number | timespan | datetime",
    };
    let more = if param.repeated { ", …" } else { "" };
    let text = format!("{}: {takes}{more}", param.name);
    if param.optional { format!("[{text}]") } else { text }
}
