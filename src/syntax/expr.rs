//! Expressions: infix levels are climbed, operands are literals, names, calls and brackets with their postfixes.
//!
//! What calls itself here is written out rather than combined: a level of nesting should cost little stack.

use nom::Parser;

use super::ast::{Argument, Call, Expr, ExprKind, Literal, Name};
use super::lex::TokenKind;
use super::literal::{concatenated, literal, type_name};
use super::pipeline::value;
use super::tokens::{Hope, ParseFault, Parsed, Thing, Tokens, any_word, failure, symbol};
use crate::diag::{Diagnostic, Span, UNEXPECTED};
use crate::functions;
use crate::registry::{Infix, Level, Right};
use crate::value::Type;

/// `a == 1 and b`
pub(crate) fn expr(input: Tokens<'_>) -> Parsed<'_, Expr> {
    input.nested(1, |input| climb(input, Level::Or))
}

/// `a == 1`, without `and` and `or`.
pub(crate) fn comparison(input: Tokens<'_>) -> Parsed<'_, Expr> {
    input.nested(1, |input| climb(input, Level::Equality))
}

/// The level whose operators bind tighter.
pub(super) fn above(level: Level) -> Option<Level> {
    match level {
        Level::Or => Some(Level::And),
        Level::And => Some(Level::Equality),
        Level::Equality => Some(Level::Relation),
        Level::Relation => Some(Level::Sum),
        Level::Sum => Some(Level::Product),
        Level::Product => None,
    }
}

/// One in which nothing is compared.
pub(super) fn sum(input: Tokens<'_>) -> Parsed<'_, Expr> {
    input.nested(1, |input| climb(input, Level::Sum))
}

/// Operands joined by operators of `least` or a tighter level.
fn climb(input: Tokens<'_>, least: Level) -> Parsed<'_, Expr> {
    let start = input.here();
    let (mut input, mut left) = unary(input)?;
    while let Some(infix) = input.infix().filter(|infix| infix.level >= least) {
        (input, left) = joined(input, left, infix, start)?;
    }
    if input.infix().is_none() {
        input.hope(Hope::Thing(Thing::Infix));
    }
    Ok((input, left))
}

/// From an operator on, which stands behind `left`.
fn joined<'a>(input: Tokens<'a>, left: Expr, infix: &'static Infix, start: Span) -> Parsed<'a, Expr> {
    if matches!(infix.level, Level::And | Level::Or) {
        return flat(input, left, infix, start);
    }
    let (input, joined) = infixed(input.skip(1), left, infix, input.here(), start)?;
    // Behind the bracket of `in (…)` no tighter operator goes on either (Kusto.Language).
    match input.infix() {
        Some(next) if infix.level == Level::Equality && next.level >= Level::Equality => Err(failure(
            Diagnostic::error(UNEXPECTED, input.here(), format!("`{}` cannot follow `{}`", next.text, infix.text))
                .help("put one of the two comparisons in brackets, or join them with `and`"),
        )),
        _ => Ok((input, joined)),
    }
}

/// The right side of an operator, one level tighter.
fn right(input: Tokens<'_>, level: Level) -> Parsed<'_, Expr> {
    match above(level) {
        Some(level) => input.nested(1, |input| climb(input, level)),
        None => unary(input),
    }
}

/// `left and b and c`, flat.
fn flat<'a>(input: Tokens<'a>, left: Expr, infix: &'static Infix, start: Span) -> Parsed<'a, Expr> {
    let mut operands = vec![left];
    let mut input = input;
    while input.infix().is_some_and(|next| next.level == infix.level) {
        let (rest, operand) = right(input.skip(1), infix.level)?;
        operands.push(operand);
        input = rest;
    }
    let kind = if infix.level == Level::And { ExprKind::And(operands) } else { ExprKind::Or(operands) };
    input.expr(kind, start)
}

/// The operator's right side, behind its text.
fn infixed<'a>(input: Tokens<'a>, left: Expr, infix: &'static Infix, operator: Span, start: Span) -> Parsed<'a, Expr> {
    let mut operands = vec![left];
    let input = match infix.right {
        Right::Operand => {
            not_null(input, &operands[0], infix)?;
            let (rest, operand) = right(input, infix.level)?;
            operands.push(operand);
            rest
        }
        Right::List => {
            let (rest, items) = list(input)?;
            operands.extend(items);
            rest
        }
        Right::Range => {
            let (rest, [low, high]) = range(input)?;
            operands.extend([low, high]);
            rest
        }
    };
    input.expr(ExprKind::Infix { infix, operator, operands }, start)
}

/// `x == null`: there is no such value.
fn not_null(input: Tokens<'_>, left: &Expr, infix: &Infix) -> Result<(), nom::Err<ParseFault>> {
    let Some(test) = functions::null_test(infix).filter(|_| input.is(0, "null")) else { return Ok(()) };
    let complaint = Diagnostic::error(UNEXPECTED, input.here(), "nothing can be compared with null");
    Err(failure(complaint.help(format!("write `{}({})`", test.name, input.text(left.span)))))
}

/// `(a, b)`, `(T | project x)`; brackets are a must, and so is something in them (Kusto.Language).
fn list(input: Tokens<'_>) -> Parsed<'_, Vec<Expr>> {
    let (input, _) = symbol("(").parse(input)?;
    let (mut input, first) = value(input)?;
    let mut items = vec![first];
    while input.is(0, ",") {
        let (rest, item) = value(input.skip(1))?;
        items.push(item);
        input = rest;
    }
    input.hope(Hope::Text(","));
    let (input, _) = symbol(")").parse(input)?;
    Ok((input, items))
}

/// `(low .. high)`
fn range(input: Tokens<'_>) -> Parsed<'_, [Expr; 2]> {
    let (input, _) = symbol("(").parse(input)?;
    let (input, low) = expr(input)?;
    let (input, _) = symbol("..").parse(input)?;
    let (input, high) = expr(input)?;
    let (input, _) = symbol(")").parse(input)?;
    Ok((input, [low, high]))
}

/// `-x`, `+x`, `x`; of two signs in a row, `--x`, Kusto knows nothing.
fn unary(input: Tokens<'_>) -> Parsed<'_, Expr> {
    if input.is(0, "-") || input.is(0, "+") { signed(input) } else { operand(input) }
}

fn signed(input: Tokens<'_>) -> Parsed<'_, Expr> {
    let start = input.here();
    let (rest, of) = operand(input.skip(1))?;
    let of = Box::new(of);
    rest.expr(if input.is(0, "-") { ExprKind::Minus(of) } else { ExprKind::Plus(of) }, start)
}

/// A primary with its postfixes: `a.b`, `a['b']`, `a[0]`, `f(x).y`.
pub(crate) fn operand(input: Tokens<'_>) -> Parsed<'_, Expr> {
    let start = input.here();
    let (mut input, mut of) = primary(input)?;
    while input.is(0, ".") || input.is(0, "[") {
        (input, of) = postfix(input, of, start)?;
    }
    Ok((input, of))
}

fn postfix<'a>(input: Tokens<'a>, of: Expr, start: Span) -> Parsed<'a, Expr> {
    if input.is(0, "[") {
        return bracketed(input.skip(1), of, start);
    }
    if input.is(1, "[") { bracketed(input.skip(2), of, start) } else { member(input.skip(1), of, start) }
}

/// Behind a dot.
fn member<'a>(input: Tokens<'a>, of: Expr, start: Span) -> Parsed<'a, Expr> {
    if let Some(token) = input.first().filter(|token| matches!(token.kind, TokenKind::Long | TokenKind::Real)) {
        let index = token.text.split('.').next().unwrap_or_default();
        let complaint = Diagnostic::error(UNEXPECTED, token.span, "an element is not reached by a dot");
        return Err(failure(complaint.help(format!("write `[{index}]`"))));
    }
    let (input, name) = any_word(input)?;
    if input.is(0, "(") {
        return call(input, Some(Box::new(of)), name, start);
    }
    input.expr(ExprKind::Member { of: Box::new(of), name }, start)
}

/// Behind an opening square bracket.
fn bracketed<'a>(input: Tokens<'a>, of: Expr, start: Span) -> Parsed<'a, Expr> {
    let of = Box::new(of);
    let plain = input.first().is_some_and(|token| token.kind == TokenKind::String);
    let (input, at) = expr(input)?;
    let (input, _) = symbol("]").parse(input)?;
    match at.kind {
        ExprKind::Literal(Literal { ty: Type::String, value: crate::value::Value::String(text), .. }) if plain => {
            let name = Name { text: text.to_string(), span: at.span, bracketed: true };
            input.expr(ExprKind::Member { of, name }, start)
        }
        _ => input.expr(ExprKind::Index { of, at: Box::new(at) }, start),
    }
}

fn primary(input: Tokens<'_>) -> Parsed<'_, Expr> {
    match input.first().map(|token| token.kind) {
        Some(TokenKind::Symbol) if input.is(0, "(") => brackets(input.skip(1)),
        Some(TokenKind::Symbol) => signs(input),
        Some(TokenKind::Word) => words(input),
        Some(_) => literal(input),
        None => input.unexpected(Hope::Thing(Thing::Expression)),
    }
}

/// What begins with a sign but a bracket.
fn signs(input: Tokens<'_>) -> Parsed<'_, Expr> {
    let start = input.here();
    if input.is(0, "*") {
        return input.skip(1).expr(ExprKind::Star, start);
    }
    if input.is(0, "[") {
        let (input, name) = bracketed_name(input)?;
        return input.expr(ExprKind::Name(name), start);
    }
    no_operand(input)
}

/// What begins with a word: a literal, a call, a name.
fn words(input: Tokens<'_>) -> Parsed<'_, Expr> {
    let start = input.here();
    match input.text(start) {
        "true" | "True" | "TRUE" | "false" | "False" | "FALSE" => literal(input),
        "dynamic" if input.is(1, "(") => literal(input),
        "typeof" if input.is(1, "(") => type_of(input),
        // Columns called `and` and `or` want brackets: `['and']` (Kusto.Language).
        _ if input.infix().is_some_and(|infix| infix.level <= Level::And) => {
            input.unexpected(Hope::Thing(Thing::Expression))
        }
        "null" => Err(failure(
            Diagnostic::error(UNEXPECTED, start, "`null` is no value of its own")
                .help("write `int(null)`, `dynamic(null)` …; a column of that name is `['null']`"),
        )),
        text if input.is(1, "(") => call(input.skip(1), None, Name::new(text, start), start),
        text => input.skip(1).expr(ExprKind::Name(Name::new(text, start)), start),
    }
}

/// `typeof(long)`
fn type_of(input: Tokens<'_>) -> Parsed<'_, Expr> {
    let start = input.here();
    let (input, ty) = type_name(input.skip(2))?;
    let (input, _) = symbol(")").parse(input)?;
    input.expr(ExprKind::TypeOf(ty), start)
}

/// Why nothing begins here.
fn no_operand(input: Tokens<'_>) -> Parsed<'_, Expr> {
    let number = input.ahead(1).filter(|token| token.kind == TokenKind::Long || token.kind == TokenKind::Real);
    if input.is(0, ".")
        && let Some(token) = number
    {
        let span = Span { start: input.here().start, end: token.span.end };
        let complaint = Diagnostic::error(UNEXPECTED, span, "a number cannot begin with a point");
        return Err(failure(complaint.help(format!("write `0.{}`", token.text))));
    }
    input.unexpected(Hope::Thing(Thing::Expression))
}

/// Behind an opening bracket: an expression, or a pipeline.
fn brackets(input: Tokens<'_>) -> Parsed<'_, Expr> {
    let (input, inner) = value(input)?;
    let (input, _) = symbol(")").parse(input)?;
    Ok((input, inner))
}

/// `['a b']`
pub(crate) fn bracketed_name(input: Tokens<'_>) -> Parsed<'_, Name> {
    let start = input.here();
    let (inner, _) = symbol("[").parse(input)?;
    if !inner.first().is_some_and(|token| token.kind == TokenKind::String) {
        let complaint = Diagnostic::error(UNEXPECTED, start, "no expression begins with `[`");
        return Err(failure(complaint.help("an array is written `dynamic([…])`, a name with blanks `['a name']`")));
    }
    let (rest, (_, text)) = concatenated(inner)?;
    let (rest, _) = symbol("]").parse(rest)?;
    Ok((rest, Name { text, span: rest.since(start), bracketed: true }))
}

/// `a`, `['a b']`
pub(crate) fn name(input: Tokens<'_>) -> Parsed<'_, Name> {
    if input.is(0, "[") { bracketed_name(input) } else { any_word(input) }
}

/// The name of a column that is there: no other is known to completion, while any is read.
pub(crate) fn column_name(input: Tokens<'_>) -> Parsed<'_, Name> {
    if input.is_word(0) || input.is(0, "[") {
        return name(input);
    }
    input.unexpected(Hope::Thing(Thing::ColumnName))
}

/// `name(arguments)`, and nothing behind it that would be part of an operand.
pub(crate) fn plain_call(input: Tokens<'_>) -> Parsed<'_, Call> {
    let start = input.here();
    let (input, name) = any_word(input)?;
    if !input.is(0, "(") {
        return input.unexpected(Hope::Text("("));
    }
    let (input, expr) = call(input, None, name, start)?;
    match expr.kind {
        ExprKind::Call(call) => Ok((input, call)),
        _ => unreachable!("a call was read"),
    }
}

/// The arguments of a call, from the opening bracket.
fn call<'a>(input: Tokens<'a>, of: Option<Box<Expr>>, name: Name, start: Span) -> Parsed<'a, Expr> {
    let (mut input, mut arguments) = (input.skip(1), Vec::new());
    while !input.is(0, ")") || !arguments.is_empty() {
        input = argument(input, &mut arguments)?.0;
        if !input.is(0, ",") {
            input.hope(Hope::Text(","));
            break;
        }
        input = input.skip(1);
    }
    let (input, _) = symbol(")").parse(input)?;
    input.expr(ExprKind::Call(Call { of, name, arguments }), start)
}

fn argument<'a>(input: Tokens<'a>, arguments: &mut Vec<Argument>) -> Parsed<'a, ()> {
    let named = input.is_word(0) && input.is(1, "=");
    let (rest, value) = value(if named { input.skip(2) } else { input })?;
    let name = named.then(|| Name::new(input.text(input.here()), input.here()));
    arguments.push(Argument { name, value });
    Ok((rest, ()))
}

#[cfg(test)]
mod tests {
    use super::super::ast::{PipelineSource, Statement};
    use super::*;
    use crate::operators::Operator;

    /// The expression with brackets around every operation.
    fn grouped(text: &str) -> String {
        let query = format!("print {text}");
        let script = super::super::parse(&query).unwrap_or_else(|problems| panic!("{text}: {}", problems[0].message));
        let [Statement::Query(query)] = script.statements.as_slice() else { panic!("one query") };
        let PipelineSource::Operator(step) = &query.source else { panic!("print") };
        let Operator::Print(print) = &step.operator else { panic!("print") };
        group(&print.columns[0].expr)
    }

    fn group(expr: &Expr) -> String {
        let all = |operands: &[Expr], word: &str| operands.iter().map(group).collect::<Vec<_>>().join(word);
        match &expr.kind {
            ExprKind::And(operands) => format!("({})", all(operands, " and ")),
            ExprKind::Or(operands) => format!("({})", all(operands, " or ")),
            ExprKind::Infix { infix, operands, .. } => {
                format!("({} {} {})", group(&operands[0]), infix.text, all(&operands[1..], ", "))
            }
            ExprKind::Minus(of) => format!("(-{})", group(of)),
            ExprKind::Member { of, name } => format!("{}.{}", group(of), name.text),
            ExprKind::Index { of, at } => format!("{}[{}]", group(of), group(at)),
            ExprKind::Call(call) => {
                let of = call.of.as_ref().map_or(String::new(), |of| format!("{}.", group(of)));
                let arguments: Vec<String> = call.arguments.iter().map(|argument| group(&argument.value)).collect();
                format!("{of}{}({})", call.name.text, arguments.join(", "))
            }
            _ => expr.to_string(),
        }
    }

    #[test]
    fn operators_bind_by_level_and_to_the_left() {
        let cases = [
            ("a or b and c", "(a or (b and c))"),
            ("a and b or c and d", "((a and b) or (c and d))"),
            ("a and b and c", "(a and b and c)"),
            ("a == b and c", "((a == b) and c)"),
            ("1 == 2 < 3", "(1 == (2 < 3))"),
            ("1 < 2 == 3", "((1 < 2) == 3)"),
            ("a < b + c", "(a < (b + c))"),
            ("a contains b + c", "(a contains (b + c))"),
            ("a contains b == c", "((a contains b) == c)"),
            ("a < b < c", "((a < b) < c)"),
            ("a - b - c", "((a - b) - c)"),
            ("a / b * c % d", "(((a / b) * c) % d)"),
            ("a + b * c", "(a + (b * c))"),
            ("-a * b", "((-a) * b)"),
            ("5 - -3", "(5 - (-3))"),
            ("-a.b[0]", "(-a.b[0])"),
            ("a in (1, 2) and b", "((a in 1, 2) and b)"),
            ("a between (1..5) or b", "((a between 1, 5) or b)"),
            ("a + b in (c)", "((a + b) in c)"),
            ("not(a) and b", "(not(a) and b)"),
            ("(a or b) and c", "((a or b) and c)"),
            ("a matches regex 'x' or b !has 'c'", "((a matches regex 'x') or (b !has 'c'))"),
        ];
        for (text, meaning) in cases {
            assert_eq!(grouped(text), meaning, "{text}");
        }
    }

    #[test]
    fn paths_are_read_in_every_spelling() {
        let cases = [
            ("a.b", "a.b"),
            ("a['b c']", "a.b c"),
            ("a.['odata.type'].x", "a.odata.type.x"),
            ("a[0].b", "a[0].b"),
            ("a.[0]", "a[0]"),
            ("a[-1]", "a[(-1)]"),
            ("a[b + 1]", "a[(b + 1)]"),
            ("['a b'].c", "['a b'].c"),
            ("f(x).b", "f(x).b"),
            ("(a + b).c", "(a + b).c"),
            ("split(x, '/').[7]", "split(x, '/')[7]"),
            ("a.b.tostring()", "a.b.tostring()"),
            ("a.$type", "a.$type"),
        ];
        for (text, meaning) in cases {
            assert_eq!(grouped(text), meaning, "{text}");
        }
    }

    #[test]
    fn keywords_are_columns_where_a_column_may_stand() {
        for word in
            ["type", "kind", "name", "by", "where", "count", "in", "has", "asc", "on", "contains", "dynamic", "let"]
        {
            assert_eq!(grouped(&format!("{word} == 1")), format!("({word} == 1)"));
        }
    }

    #[test]
    fn an_argument_may_be_a_pipeline() {
        for text in [
            "toscalar(T | count)",
            "a in (T | project x)",
            "toscalar(print x = 1 | take 1)",
            "f(range x from 1 to 2 step 1)",
            "f(range(1, 2))",
            "materialize(union A, B)",
            "f(n = 5)",
        ] {
            assert_eq!(super::super::parse(&format!("print {text}")).unwrap().to_string(), format!("print {text}"));
        }
    }
}
