//! Text to tree and back: [`lex`] makes tokens, [`parse`] a tree of them, and the tree's `Display` text again.
//!
//! Keywords are contextual: `kind`, `type` and `where` are columns wherever a column may stand. Operators parse
//! themselves, each in its file in `operators`, out of the clauses in [`clause`].

pub(crate) mod ast;
pub(crate) mod clause;
mod complaint;
pub(crate) mod expr;
mod lex;
mod literal;
pub(crate) mod pipeline;
pub(crate) mod print;
mod statement;
pub(crate) mod tokens;

pub(crate) use lex::{Token, TokenKind, lex};
pub(crate) use literal::{literal, type_name};
pub(crate) use statement::bracketed_body;

use crate::diag::{Diagnostic, NO_QUERY, Place, Span, UNTERMINATED};
use crate::value::Value;

/// How high a tree may be, and how deep brackets may be nested: what walks a tree calls itself that often.
pub(crate) const DEPTH: u16 = 150;

/// Reads a whole query text.
pub(crate) fn parse(text: &str) -> Result<ast::Script, Vec<Diagnostic>> {
    let tokens = lex(text).map_err(|problem| vec![problem])?;
    let context = tokens::Context::new(text, &tokens);
    match statement::script(context.input()) {
        Ok((_, script)) => Ok(script),
        Err(error) => Err(vec![complaint::complaint(&context, error)]),
    }
}

/// Reads a text that somebody wants something from: one without any statement is no script.
pub(crate) fn script(text: &str) -> Result<ast::Script, Vec<Diagnostic>> {
    let script = parse(text)?;
    if script.statements.is_empty() { Err(vec![no_query(text)]) } else { Ok(script) }
}

/// What is said of a text that asks nothing.
pub(crate) fn no_query(text: &str) -> Diagnostic {
    let end = text.trim_end().len();
    Diagnostic::error(NO_QUERY, Span { start: end, end }, "there is no query here")
        .help("begin with a table, as in `resources | take 10`, or with `print`")
}

/// What may follow a text at the end of which somebody is typing: what the parser would have liked to see there. None
/// if something is wrong before.
pub(crate) fn hopes(text: &str) -> Option<Vec<tokens::Hope>> {
    let tokens = lex(text).ok()?;
    let context = tokens::Context::unfinished(text, &tokens);
    let _ = statement::script(context.input());
    let furthest = context.furthest();
    (furthest.index == tokens.len()).then(|| furthest.hopes.clone())
}

/// Where the string begins that a text ends in the middle of, if it does.
pub(crate) fn string_at_end(text: &str) -> Option<usize> {
    let problem = lex(text).err().filter(|problem| *problem.code == *UNTERMINATED)?;
    let Place::Query(span) = problem.place else { return None };
    let multiline = |quote: &str| text[span.start..].contains(quote);
    let is_string = !text[span.start..].starts_with('(');
    (is_string && (multiline("```") || multiline("~~~") || !text[span.start..].contains('\n'))).then_some(span.start)
}

/// The value of a literal of KQL; none if the text is something else, or more.
///
/// ```
/// use argql::{Value, read_literal};
///
/// assert_eq!(read_literal("it's"), None);
/// assert_eq!(read_literal(r"'it\'s'"), Some(Value::from("it's")));
/// assert!(matches!(read_literal("1.5h"), Some(Value::TimeSpan(_))));
/// assert_eq!(read_literal("1 + 1"), None);
/// ```
pub fn read_literal(text: &str) -> Option<Value> {
    parse_literal(text).map(|literal| literal.value)
}

/// Reads a text that is a literal and nothing else.
pub(crate) fn parse_literal(text: &str) -> Option<ast::Literal> {
    let tokens = lex(text).ok()?;
    let context = tokens::Context::new(text, &tokens);
    let (rest, expr) = literal(context.input()).ok()?;
    match expr.kind {
        ast::ExprKind::Literal(literal) if rest.first().is_none() => Some(literal),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is marked, the message and the help.
    fn refusal(text: &str) -> (&str, String, String) {
        let problem = parse(text).expect_err(text).remove(0);
        let Place::Query(span) = problem.place else { panic!("a place in the query") };
        (&text[span.range()], problem.message, problem.help.unwrap_or_default())
    }

    #[test]
    fn printed_text_parses_to_the_same_text() {
        let cases = [
            "T\n| where (a + b) * c - (d - e) == (g == h) and (i or j)",
            "| where type =~ 'x'\n| project kind, n = tolower(name)",
            "T\n| project-away tmp*, *x, kind\n| project-keep a*b\n| project-reorder b asc, * granny-desc",
            "T\n| project-rename a = b, ['c d'] = e\n| extend (a, b) = f(), c = -(-1)",
            "T\n| summarize hint.strategy=shuffle n = count(), max(a) by bin(t, 1d), x = y",
            "T\n| summarize\n| summarize by x\n| distinct *\n| count as n",
            "T\n| sort by a asc nulls last, b desc, c\n| top 5 by a nulls first\n| limit 10",
            "T\n| join kind=leftouter hint.remote=auto (U | take 5) on a, $left.b == $right['c d']",
            "T\n| lookup kind=inner (U) on a",
            "union kind=inner withsource=t isfuzzy=true A, (B | take 5), C*",
            "T\n| mv-expand kind=array with_itemindex=i a, n = b.c to typeof(string) limit 5",
            "T\n| parse kind=regex flags=Ui a with * 'x' y: long \"z\" *",
            "range x from 1 to 5 step 2\n| as Z\n| serialize r = row_number()\n| getschema",
            "datatable(a: long, ['b c']: string)[1, 'x', -2, \"y\"]\n| render barchart with (title = 'x', ycolumns = a, b)",
            "let a = 5;\nlet T = R | take 1;\nlet f = (x: long = 1, T: (i: string, *)) { let y = x; T | where i == y };\nset s = true;\ndeclare query_parameters(p: string = 'x');\nf(1, T)",
            "let v = view () { T };\nv()",
            "cluster('x').database(\"y\").T\n| take toscalar(T | count)",
            "print a = ['b\\'c'], (1).x, 'a' \"b\", dynamic({\"a\": [1]}), typeof(string)",
        ];
        for text in cases {
            // The subquery of a join's bracket loses nothing but brackets that say nothing.
            let text = text.replace("(U) on", "U on");
            let script = parse(&text).unwrap_or_else(|problems| panic!("{text}\n{}", problems[0].message));
            assert_eq!(script.to_string(), text);
        }
    }

    #[test]
    fn a_query_may_begin_with_an_operator_unless_that_is_a_table() {
        for text in ["where a == 1", "| where a == 1", "take 5", "distinct *", "where (a)", "project-away x"] {
            assert!(parse(text).unwrap().to_string().starts_with('|'), "{text}");
        }
        for text in ["count\n| take 5", "top", "T\n| take 1"] {
            assert_eq!(parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn statements_end_with_semicolons_and_empty_ones_are_none() {
        assert_eq!(parse(";; T | take 1 ; ; U;").unwrap().statements.len(), 2);
        assert_eq!(parse(" // nothing").unwrap().statements.len(), 0);
        assert_eq!(script(" // nothing").unwrap_err()[0].code.id, "AQ0009");
        assert_eq!(parse("\u{feff}let x = 1;\r\nT\r\n| take x\r\n").unwrap().statements.len(), 2);
    }

    #[test]
    fn mistakes_get_a_place_a_message_and_a_cure() {
        let cases: &[(&str, &str, &str, &str)] = &[
            ("T | where a = 1", "=", "`=` does not compare", "write `==` to compare; `name = …` names a column"),
            ("T where a", "where", "expected `|`, found `where`", "write `|` before `where`"),
            (
                "T | where a == 1 order by b",
                "order",
                "expected an operator or `|`, found `order`",
                "write `|` before `order`",
            ),
            ("T | sort a", "a", "expected `by`, found `a`", ""),
            ("T | where a == 1 and", "", "expected an expression after `and`, but the query ends here", ""),
            ("T | where a and | take 5", "|", "expected an expression after `and`, found `|`", ""),
            ("T | where (a == 1 | take 5", "(", "`(` is never closed", "expected `)`"),
            ("T | where a == 1)", ")", "`)` closes nothing", ""),
            ("T | where a.b != null", "null", "nothing can be compared with null", "write `isnotnull(a.b)`"),
            ("T | where a not in ('b')", "not", "expected an operator or `|`, found `not`", "write `!in`"),
            (
                "T | where not a == 1",
                "a",
                "expected an operator or `|`, found `a`",
                "`not` is a function: write `not(…)`",
            ),
            ("T | where a AND b", "AND", "expected an operator or `|`, found `AND`", "did you mean `and`?"),
            ("T | where a in 'b'", "'b'", "expected `(`, found `'b'`", "write `in (…)`, in brackets"),
            ("T | where a between 1 and 2", "1", "expected `(`, found `1`", "write `between (low .. high)`"),
            ("T | where a > .5", ".5", "a number cannot begin with a point", "write `0.5`"),
            (
                "print a == b == c",
                "==",
                "`==` cannot follow `==`",
                "put one of the two comparisons in brackets, or join them with `and`",
            ),
            (
                "print --1",
                "-",
                "expected an expression after `-`, found `-`",
                "put the second sign and what follows in brackets",
            ),
            ("print d.0", "0", "an element is not reached by a dot", "write `[0]`"),
            (
                "print [1]",
                "[",
                "no expression begins with `[`",
                "an array is written `dynamic([…])`, a name with blanks `['a name']`",
            ),
            ("T | extend a = 1 b = 2", "b", "expected an operator, `,` or `|`, found `b`", "write `,` before `b`"),
            ("T | whre a", "whre", "`whre` is no operator of KQL", "did you mean `where`?"),
            ("T | select a", "select", "`select` is no operator of KQL", "KQL's word for it is `project`"),
            (
                "select a from T",
                "select",
                "a query begins with a table",
                "write `Resources | where … | project …`; the columns come last",
            ),
            (
                "T | __partitionby x",
                "__partitionby",
                "argql cannot run `__partitionby` yet",
                "it is for Kusto's own use, and what it does is documented nowhere",
            ),
            ("T | print 1", "print", "`print` begins a query", "it makes rows of its own and takes none from a `|`"),
            (
                "T | join kind=outer (U) on a",
                "outer",
                "`outer` is not a kind of join",
                "there are innerunique, inner, leftouter, rightouter, fullouter, leftsemi, rightsemi, leftanti, anti, leftantisemi, rightanti, rightantisemi",
            ),
            (
                "T | join (U) on tolower(a)",
                "tolower(a)",
                "a join key must be a column",
                "compute it with `extend` before the join, in both tables",
            ),
            (
                "T | parse a with 'x' b long",
                "long",
                "two columns in a row",
                "put the text that stands between them in quotes; a type is written `name: type`",
            ),
            ("T | mv-expand a to long", "long", "expected `typeof`, found `long`", "write `typeof(long)`"),
            (
                "let x = 5\nT | take x",
                "T",
                "expected an operator or `;`, found `T`",
                "a statement ends with `;`, an operator begins with `|`",
            ),
            (
                "print long(x)",
                "long(x)",
                "`x` is not a literal of type long",
                "`long(…)` takes a literal only; to convert a value, write `tolong(…)`",
            ),
            ("T | take 5 5", "5", "expected an operator or `|`, found `5`", ""),
            ("5 | take 1", "5", "a query begins with a table", "to compute without one, write `print …`"),
        ];
        for (text, marked, message, help) in cases {
            assert_eq!(refusal(text), (*marked, (*message).to_owned(), (*help).to_owned()), "{text}");
        }
    }

    #[test]
    fn depth_ends_in_a_diagnostic_and_never_in_the_stack() {
        let many = 3_000;
        let openings = [
            "(",
            "f(",
            "-(",
            "dynamic([",
            "a[",
            "a in (",
            "toscalar(T | where ",
            "toscalar(print ",
            "a or b and c == d < e + f * (",
        ];
        for opening in openings {
            let text = format!("print {}", opening.repeat(many));
            assert!(parse(&text).is_err(), "{opening}");
        }
        for opening in ["T | join (", "union (", "let f = () { ", "(T | take 1 | union "] {
            assert!(parse(&opening.repeat(many)).is_err(), "{opening}");
        }
        for text in [format!("print a{}", ".b".repeat(many)), format!("print a{}", " + a".repeat(many))] {
            assert_eq!(parse(&text).unwrap_err()[0].code, crate::diag::TOO_DEEP);
        }
    }

    #[test]
    fn what_is_deepest_can_still_be_printed() {
        for (open, close) in
            [("(", ")"), ("f(", ")"), ("-(", ")"), ("a[", "]"), ("a in (", ")"), ("toscalar(T | where ", ")")]
        {
            let text = |depth: usize| format!("print {}x{}", open.repeat(depth), close.repeat(depth));
            let deepest = (1..usize::from(DEPTH)).take_while(|&depth| parse(&text(depth)).is_ok()).last().unwrap();
            assert!(deepest >= 20, "{open}");
            let printed = parse(&text(deepest)).unwrap().to_string();
            assert!(parse(&printed).is_ok());
        }
    }

    #[test]
    fn chains_of_thousands_are_flat() {
        for link in ["a == 1 or ", "a and b or ", "a and "] {
            let text = format!("T | where {}a", link.repeat(20_000));
            let printed = parse(&text).unwrap().to_string();
            assert!(parse(&printed).is_ok());
        }
        assert!(parse(&format!("T {}", "| take 1 ".repeat(20_000))).is_ok());
        assert!(parse(&format!("print a in ({}1)", "1, ".repeat(20_000))).is_ok());
    }

    #[test]
    fn time_grows_with_the_length_of_the_text() {
        let texts: [fn(usize) -> String; 6] = [
            |n| format!("T | where {}a", "a == 'b' or ".repeat(n)),
            |n| format!("print {}", "(a, b, ".repeat(n)),
            |n| format!("T | project {}a", "f(a, b.c[0]), ".repeat(n)),
            |n| "a-".repeat(n),
            |n| "'a' ".repeat(n),
            |n| "matches ".repeat(n),
        ];
        for text in texts {
            let took = |n: usize| {
                let text = text(n);
                let once = |_| {
                    let start = std::time::Instant::now();
                    let _ = parse(&text);
                    start.elapsed().as_secs_f64()
                };
                (0..5).map(once).fold(f64::INFINITY, f64::min)
            };
            let (short, long) = (took(1_000), took(16_000));
            assert!(long / short < 100.0, "sixteen times the text took {:.0} times as long: {}", long / short, text(2));
        }
    }
}
