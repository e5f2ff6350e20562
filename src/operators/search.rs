//! `search`: rows that hold a text, in any column of any table.

use std::fmt::{self, Display, Formatter};

use nom::Parser;

use super::Syntax;
use super::parse::literal_text;
use super::tabular::Tabular;
use super::union::{UnionLeg, leg, legs_of, table_name, united};
use crate::bind::{Binder, BoundColumn, BoundColumns, Exprs, Relation, Reported};
use crate::diag::{BAD_ARGUMENT, Diagnostic, UNKNOWN_TABLE};
use crate::functions;
use crate::plan::{self, Node, Term};
use crate::registry::{Allowed, Example, Infix, OperatorDef, Position, words};
use crate::syntax::ast::*;
use crate::syntax::clause::{choice, commas, parameter};
use crate::syntax::expr::{comparison, name};
use crate::syntax::pipeline::is_pipeline;
use crate::syntax::print::{Listed, spelling};
use crate::syntax::tokens::{Hope, Parsed, Thing, Tokens, symbol};
use crate::syntax::{TokenKind, literal, parse_literal};
use crate::value::{Type, Value};

/// `search kind=case_sensitive in (A, B*) "text" and (name: "x*" or n > 5)`
#[derive(Clone, Debug)]
pub(crate) struct Search {
    /// `None` is [`SearchKind::Default`].
    pub(crate) kind: Option<SearchKind>,
    /// The tables; none for those at hand, or all.
    pub(crate) legs: Vec<UnionLeg>,
    pub(crate) searched: Searched,
}

/// Whether letter case counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SearchKind {
    Default,
    CaseInsensitive,
    CaseSensitive,
}

/// What is searched for.
#[derive(Clone, Debug)]
pub(crate) enum Searched {
    Or(Vec<Searched>),
    And(Vec<Searched>),
    /// `name: "text"`; a literal of type string.
    Column {
        name: Name,
        text: Expr,
    },
    /// `"text"`, `*`, or any condition.
    One(Expr),
}

const SEARCH: OperatorDef = OperatorDef {
    names: &["search"],
    position: Position::Both,
    resource_graph: Allowed::Never,
    words: &words::<_, 7>(&["kind"], KINDS, &["in", "and", "or"]),
    syntax: "search [kind=case_sensitive] [in (table, …)] \"text\" | column: \"text\" | condition [and | or …]",
    about: "Finds rows that hold a text, `*` in it standing for anything; `$table` says where they are from.",
    examples: &[Example { query: "print a = 'web server' | search 'serv*' | project a", result: "web server" }],
};

impl Syntax for Search {
    const DEF: &'static OperatorDef = &SEARCH;

    fn parse(input: Tokens<'_>) -> Parsed<'_, Search> {
        let (input, kind) = match parameter(input, "kind") {
            Some(rest) => {
                let (rest, kind) = choice("a kind of search", KINDS)(rest)?;
                (rest, Some(kind))
            }
            None => (input, None),
        };
        let (input, legs) = searched_tables(input)?;
        let (input, searched) = searched(input)?;
        Ok((input, Search { kind, legs, searched }))
    }
}

const KINDS: &[(&str, SearchKind)] = &[
    ("default", SearchKind::Default),
    ("case_insensitive", SearchKind::CaseInsensitive),
    ("case_sensitive", SearchKind::CaseSensitive),
];

/// `in (resources, T)`, or none: all tables.
pub(super) fn searched_tables(input: Tokens<'_>) -> Parsed<'_, Vec<UnionLeg>> {
    if !input.is(0, "in") {
        input.hope(Hope::Text("in"));
        return Ok((input, Vec::new()));
    }
    let (input, _) = symbol("(").parse(input.skip(1))?;
    let (input, legs) = commas(leg)(input)?;
    let (input, _) = symbol(")").parse(input)?;
    Ok((input, legs))
}

pub(super) fn searched(input: Tokens<'_>) -> Parsed<'_, Searched> {
    input.nested(1, |input| {
        joined(input, "or", |input| joined(input, "and", condition_part, Searched::And), Searched::Or)
    })
}

/// Several with a word between them; one alone is itself.
fn joined<'a>(
    input: Tokens<'a>,
    word: &'static str,
    mut part: impl FnMut(Tokens<'a>) -> Parsed<'a, Searched>,
    join: fn(Vec<Searched>) -> Searched,
) -> Parsed<'a, Searched> {
    let (mut input, first) = part(input)?;
    let mut parts = vec![first];
    while input.is_word(0) && input.is(0, word) {
        let (rest, next) = part(input.skip(1))?;
        parts.push(next);
        input = rest;
    }
    input.hope(Hope::Text(word));
    Ok((input, if parts.len() == 1 { parts.remove(0) } else { join(parts) }))
}

fn condition_part(input: Tokens<'_>) -> Parsed<'_, Searched> {
    if is_whole(input) {
        return bracketed(input);
    }
    if let Some((name, rest)) = column_ahead(input) {
        if rest.first().is_none_or(|token| token.kind != TokenKind::String) {
            return rest.unexpected(Hope::Thing(Thing::String));
        }
        let (input, text) = literal(rest)?;
        return Ok((input, Searched::Column { name, text }));
    }
    let (input, condition) = comparison(input)?;
    Ok((input, Searched::One(condition)))
}

fn bracketed(input: Tokens<'_>) -> Parsed<'_, Searched> {
    let (input, _) = symbol("(").parse(input)?;
    let (input, searched) = searched(input)?;
    let (input, _) = symbol(")").parse(input)?;
    Ok((input, searched))
}

/// Whether a bracket opens here around a whole condition, rather than around a part of one, as in `(a + b) > 5`.
fn is_whole(input: Tokens<'_>) -> bool {
    if !input.is(0, "(") || is_pipeline(input) {
        return false;
    }
    let mut depth = 0_usize;
    for at in 0.. {
        if input.is(at, "(") {
            depth += 1;
        } else if input.is(at, ")") {
            depth -= 1;
        } else if input.ahead(at).is_none() {
            return true;
        }
        if depth == 0 {
            return match input.ahead(at + 1) {
                None => true,
                Some(next) => ["and", "or", "project", "|", ";", ")", "}", ","].contains(&next.text),
            };
        }
    }
    true
}

/// `name:`, if it is ahead, and what is behind. `true` is no name.
fn column_ahead(input: Tokens<'_>) -> Option<(Name, Tokens<'_>)> {
    let is_word = input.is_word(0) && parse_literal(input.text(input.here())).is_none();
    if !is_word && !input.is(0, "[") {
        return None;
    }
    let (rest, name) = name(input).ok()?;
    rest.is(0, ":").then(|| (name, rest.skip(1)))
}

/// A part of a condition, in brackets where it would fall apart.
struct SearchedPart<'a>(&'a Searched, bool);

impl Display for SearchedPart<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.1 { write!(f, "({})", self.0) } else { self.0.fmt(f) }
    }
}

impl Display for Searched {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (parts, word) = match self {
            Searched::One(condition) => return condition.fmt(f),
            Searched::Column { name, text } => return write!(f, "{name}: {text}"),
            Searched::And(parts) => (parts, "and"),
            Searched::Or(parts) => (parts, "or"),
        };
        for (at, part) in parts.iter().enumerate() {
            if at > 0 {
                write!(f, " {word} ")?;
            }
            SearchedPart(part, matches!(part, Searched::And(_) | Searched::Or(_))).fmt(f)?;
        }
        Ok(())
    }
}

impl Display for Search {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Some(kind) = self.kind {
            write!(f, " kind={}", spelling(KINDS, kind))?;
        }
        if !self.legs.is_empty() {
            write!(f, " in ({})", Listed(&self.legs))?;
        }
        write!(f, " {}", self.searched)
    }
}

/// Tables, each with its name if it has one.
pub(super) type NamedLegs = Vec<(Option<String>, Relation)>;

/// The tables that are searched: those at hand, those in brackets, or all; none if one is wrong, which has been said.
pub(super) fn searched_legs(
    input: Relation,
    listed: &[UnionLeg],
    step: &PipelineStep,
    binder: &mut Binder<'_>,
) -> Option<NamedLegs> {
    let piped = !input.is_nothing();
    let legs: NamedLegs = match (piped, listed.is_empty()) {
        (true, true) => vec![(table_name(&input), input)],
        (true, false) => {
            let message = "the tables to search are either those before the `|` or those in the brackets";
            binder.error(Diagnostic::error(BAD_ARGUMENT, step.name.span, message).help("leave one of them out"));
            return None;
        }
        (false, false) => legs_of(listed, false, binder),
        (false, true) => {
            let every = Pattern { name: Name::new("*", step.name.span) };
            let names = binder.tables_like(&every);
            if names.is_empty() {
                let message = "there is no table to search";
                binder.error(Diagnostic::error(UNKNOWN_TABLE, step.name.span, message).label("searches all tables"));
                return None;
            }
            names.into_iter().map(|name| (Some(name.clone()), binder.table(&name, step.name.span))).collect()
        }
    };
    (!legs.iter().any(|(_, leg)| leg.columns.has_any_column())).then_some(legs)
}

impl Tabular for Search {
    fn lower(&self, input: Relation, step: &PipelineStep, binder: &mut Binder<'_>) -> Relation {
        let Some(legs) = searched_legs(input, &self.legs, step, binder) else { return Relation::poisoned() };
        let exact = self.kind == Some(SearchKind::CaseSensitive);
        let legs = Sought { condition: &self.searched, exact }.matching_legs(legs, binder);
        united(legs, false, Some("$table"))
    }
}

/// What is looked for.
pub(super) struct Sought<'a> {
    pub(super) condition: &'a Searched,
    /// In the very letter case.
    pub(super) exact: bool,
}

impl Sought<'_> {
    /// The rows of each table that are searched for.
    pub(super) fn matching_legs(&self, legs: NamedLegs, binder: &mut Binder<'_>) -> NamedLegs {
        // A column that one table lacks and another has is null in the first.
        let mut named = Vec::new();
        self.condition.names(&mut named);
        let mut lent: Vec<BoundColumn> = Vec::new();
        for (_, leg) in &legs {
            binder.needs_all_columns(&leg.columns);
            for column in leg.columns.list() {
                if named.contains(&&*column.name) && lent.iter().all(|known| known.name != column.name) {
                    lent.push(column.clone());
                }
            }
        }
        legs.into_iter().map(|(name, leg)| (name, self.matching_rows(leg, &lent, binder))).collect()
    }

    /// The rows of one table that are searched for.
    fn matching_rows(&self, leg: Relation, lent: &[BoundColumn], binder: &mut Binder<'_>) -> Relation {
        let own: Vec<(BoundColumn, plan::Expr)> = leg.pass_through().collect();
        let mut columns = own.clone();
        for column in lent.iter().filter(|column| leg.columns.position(&column.name).is_none()) {
            columns.push((column.clone(), plan::Expr::literal(column.ty, Value::absent(column.ty))));
        }
        // What is lent is read by name, and none of the columns that a text is looked for in.
        let width = own.len();
        let leg = leg.compute(columns);
        let Ok(condition) = self.holds(self.condition, &leg, width, binder) else { return Relation::poisoned() };
        leg.map(|input| Node::Filter { input, conditions: vec![condition] }).compute(own)
    }

    fn holds(
        &self,
        searched: &Searched,
        leg: &Relation,
        width: usize,
        binder: &mut Binder<'_>,
    ) -> Result<plan::Expr, Reported> {
        let mut all = |parts: &[Searched]| -> Result<Vec<plan::Expr>, Reported> {
            parts.iter().map(|part| self.holds(part, leg, width, binder)).collect()
        };
        let kind = match searched {
            Searched::Or(parts) => Term::Or(all(parts)?),
            Searched::And(parts) => Term::And(all(parts)?),
            Searched::Column { name, text } => {
                let column =
                    Exprs::new(binder, &leg.columns).expr(&Expr::new(ExprKind::Name(name.clone()), name.span))?;
                return self.holds_text(vec![column], text, leg, binder);
            }
            Searched::One(condition) => return self.text_or_condition(condition, leg, width, binder),
        };
        Ok(plan::Expr { ty: Type::Bool, kind })
    }

    /// A condition, in which a string alone is a text to look for.
    fn text_or_condition(
        &self,
        condition: &Expr,
        leg: &Relation,
        width: usize,
        binder: &mut Binder<'_>,
    ) -> Result<plan::Expr, Reported> {
        let mut all = |parts: &[Expr]| -> Result<Vec<plan::Expr>, Reported> {
            parts.iter().map(|part| self.text_or_condition(part, leg, width, binder)).collect()
        };
        let kind = match &condition.kind {
            ExprKind::Or(parts) => Term::Or(all(parts)?),
            ExprKind::And(parts) => Term::And(all(parts)?),
            ExprKind::Call(Call { of: None, name, arguments }) if name.text == "not" && arguments.len() == 1 => {
                let condition = self.text_or_condition(&arguments[0].value, leg, width, binder)?;
                return Ok(binder.plain_call(&functions::NOT, Type::Bool, vec![condition]));
            }
            ExprKind::Star => return Ok(plan::Expr::literal(Type::Bool, Value::Bool(true))),
            ExprKind::Literal(literal) if literal.ty == Type::String => {
                let columns = leg.pass_through().take(width).map(|(_, column)| column).collect();
                return self.holds_text(columns, condition, leg, binder);
            }
            _ if self.exact => {
                return match by_case(condition) {
                    Some(exact) => of_columns(&exact, leg, width, binder),
                    None => Err(binder.refuse(condition.span, "this condition within `search kind=case_sensitive`")),
                };
            }
            _ => return of_columns(condition, leg, width, binder),
        };
        Ok(plan::Expr { ty: Type::Bool, kind })
    }

    /// Whether one of the columns holds a text, in which `*` stands for anything.
    fn holds_text(
        &self,
        columns: Vec<plan::Expr>,
        text: &Expr,
        leg: &Relation,
        binder: &mut Binder<'_>,
    ) -> Result<plan::Expr, Reported> {
        let written = literal_text(text);
        if written == "*" {
            return Ok(plan::Expr::literal(Type::Bool, Value::Bool(true)));
        }
        let ahead = written.strip_prefix('*').unwrap_or(written);
        let core = ahead.strip_suffix('*').unwrap_or(ahead);
        if core.is_empty() {
            return Err(binder.refuse(text.span, "a search for no text"));
        }
        let (open, close) = (ahead.len() < written.len(), core.len() < ahead.len());
        let operators = match (open, close, core.contains('*')) {
            (false, false, false) => ["has", "has_cs"],
            (false, true, false) => ["hasprefix", "hasprefix_cs"],
            (true, false, false) => ["hassuffix", "hassuffix_cs"],
            (true, true, false) => ["contains", "contains_cs"],
            (false, false, true) => ["matches regex"; 2],
            (_, _, true) => {
                return Err(binder.refuse(text.span, "a search with `*` both within and around the text"));
            }
        };
        let sought = if core.contains('*') {
            let parts: Vec<String> = core.split('*').map(regex::escape).collect();
            format!(r"{}\b{}\b", if self.exact { "" } else { "(?i)" }, parts.join(".*"))
        } else {
            core.to_owned()
        };
        let mut found = Vec::new();
        for column in columns {
            let column = binder.converted(column, Type::String);
            let sought = plan::Expr::literal(Type::String, Value::from(sought.as_str()));
            let operands = vec![(column, None), (sought, None)];
            found.push(Exprs::new(binder, &leg.columns).infix_call(
                operators[usize::from(self.exact)],
                text.span,
                operands,
            )?);
        }
        Ok(plan::Expr { ty: Type::Bool, kind: Term::Or(found) })
    }
}

impl Searched {
    /// Whether it looks into all columns.
    pub(super) fn reads_all(&self) -> bool {
        fn of_condition(condition: &Expr) -> bool {
            match &condition.kind {
                ExprKind::Or(parts) | ExprKind::And(parts) => parts.iter().any(of_condition),
                ExprKind::Literal(literal) => literal.ty == Type::String,
                _ => reads_star(condition),
            }
        }
        match self {
            Searched::Or(parts) | Searched::And(parts) => parts.iter().any(Searched::reads_all),
            Searched::Column { .. } => false,
            Searched::One(condition) => of_condition(condition),
        }
    }

    /// The names that conditions read.
    pub(super) fn names<'a>(&'a self, found: &mut Vec<&'a str>) {
        match self {
            Searched::Or(parts) | Searched::And(parts) => parts.iter().for_each(|part| part.names(found)),
            Searched::Column { name, .. } => found.push(&name.text),
            Searched::One(condition) => names(condition, found),
        }
    }
}

/// A condition on the columns of a table; of `*`, as in `* == ""`, those are its own.
fn of_columns(condition: &Expr, leg: &Relation, width: usize, binder: &mut Binder<'_>) -> Result<plan::Expr, Reported> {
    if reads_star(condition) {
        let own = BoundColumns::new(leg.columns.list()[..width].to_vec());
        return Exprs::new(binder, &own).predicate(condition);
    }
    Exprs::new(binder, &leg.columns).predicate(condition)
}

/// The condition with every comparison of text by case; none if one of them has no such form.
fn by_case(condition: &Expr) -> Option<Expr> {
    let all = |parts: &[Expr]| parts.iter().map(by_case).collect::<Option<Vec<Expr>>>();
    let kind = match &condition.kind {
        ExprKind::And(parts) => ExprKind::And(all(parts)?),
        ExprKind::Or(parts) => ExprKind::Or(all(parts)?),
        ExprKind::Infix { infix, operator, operands } => {
            ExprKind::Infix { infix: infix_by_case(infix)?, operator: *operator, operands: all(operands)? }
        }
        _ => return is_by_case(condition).then(|| condition.clone()),
    };
    Some(Expr::new(kind, condition.span))
}

/// Whether every comparison of text in it is by case as it stands.
fn is_by_case(expr: &Expr) -> bool {
    let own = match &expr.kind {
        ExprKind::Infix { infix, .. } => infix_by_case(infix).is_some_and(|exact| exact.text == infix.text),
        _ => true,
    };
    own && expr.kind.children().all(is_by_case)
}

/// The operator that does the same by case: most do anyway.
fn infix_by_case(infix: &'static Infix) -> Option<&'static Infix> {
    match infix.text {
        "has_any" | "has_all" => None,
        "=~" => functions::infix("=="),
        "!~" => functions::infix("!="),
        text => {
            let forms = [format!("{text}_cs"), format!("{text}cs"), text.trim_end_matches('~').to_owned()];
            forms.iter().find_map(|form| functions::infix(form))
        }
    }
}

/// Whether there is a `*` in it.
fn reads_star(expr: &Expr) -> bool {
    matches!(expr.kind, ExprKind::Star) || expr.kind.children().any(reads_star)
}

fn names<'a>(expr: &'a Expr, found: &mut Vec<&'a str>) {
    found.extend(expr.as_name().map(|name| name.text.as_str()));
    expr.kind.children().for_each(|child| names(child, found));
}
