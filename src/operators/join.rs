//! `join`: the rows of two tables side by side.

use std::fmt::{self, Display, Formatter};
use std::sync::Arc;

use nom::Parser;

use super::Syntax;
use super::tabular::Tabular;
use super::target::TargetCheck;
use crate::bind::{Binder, BoundColumn, BoundColumns, Namer, Relation};
use crate::diag::{ARG_JOIN, DYNAMIC_KEY, Diagnostic, Span, UNEXPECTED, WRONG_TYPE};
use crate::plan::{self, JoinKind, JoinSide, Node};
use crate::registry::{Allowed, Example, OperatorDef, Position};
use crate::syntax::ast::*;
use crate::syntax::clause::{choice, commas, hint, parameter};
use crate::syntax::expr::expr;
use crate::syntax::pipeline::table;
use crate::syntax::print::{Dotted, HintList, Listed, spelling};
use crate::syntax::tokens::{ParseFault, Parsed, Tokens, failure, word};
use crate::value::Type;

/// `join kind=leftouter (T | project id, x) on id`
#[derive(Clone, Debug)]
pub(crate) struct Join {
    /// `None` is Kusto's default, [`JoinKind::InnerUnique`].
    pub(crate) kind: Option<JoinKind>,
    pub(crate) hints: Vec<Hint>,
    pub(crate) right: Box<Expr>,
    pub(crate) on: Vec<Condition>,
}

/// What partners have in common.
#[derive(Clone, Debug)]
pub(crate) enum Condition {
    /// `on id`
    Same(Name),
    /// `on $left.id == $right.key`, written in either order.
    Pair { left: Name, right: Name },
}

const JOIN: OperatorDef = OperatorDef {
    names: &["join"],
    position: Position::Piped,
    resource_graph: Allowed::AtMost(3),
    words: &[
        "kind",
        "on",
        "innerunique",
        "inner",
        "leftouter",
        "rightouter",
        "fullouter",
        "leftsemi",
        "rightsemi",
        "leftanti",
        "rightanti",
        "anti",
        "leftantisemi",
        "rightantisemi",
    ],
    syntax: "join [kind=…] (table) on column | $left.a == $right.b, …",
    about: "Puts the rows of two tables that agree in the keys side by side.",
    examples: &[Example {
        query: "print k = 1, a = 2 | join kind=inner (print k = 1, b = 3) on k",
        result: "1, 2, 1, 3",
    }],
};

impl Syntax for Join {
    const DEF: &'static OperatorDef = &JOIN;

    fn parse(input: Tokens<'_>) -> Parsed<'_, Join> {
        let (input, (kind, hints, right, on)) = partner(input, "a kind of join", KINDS)?;
        Ok((input, Join { kind, hints, right, on }))
    }
}

/// What stands behind `join` and `lookup`: parameters, a table, conditions.
type Partner<K> = (Option<K>, Vec<Hint>, Box<Expr>, Vec<Condition>);

/// Reads `kind=… (table) on …`, the kind being one of `kinds`.
pub(super) fn partner<'a, K: Copy>(
    input: Tokens<'a>,
    what: &'static str,
    kinds: &'static [(&'static str, K)],
) -> Parsed<'a, Partner<K>> {
    let (mut input, mut kind, mut hints) = (input, None, Vec::new());
    loop {
        if let Some(rest) = parameter(input, "kind") {
            let (rest, given) = choice(what, kinds)(rest)?;
            (input, kind) = (rest, Some(given));
        } else if let (rest, Some(given)) = hint(input)? {
            hints.push(given);
            input = rest;
        } else {
            break;
        }
    }
    let (input, right) = table(input)?;
    let (input, on) = on(input)?;
    Ok((input, (kind, hints, Box::new(right), on)))
}

const KINDS: &[(&str, JoinKind)] = &[
    ("innerunique", JoinKind::InnerUnique),
    ("inner", JoinKind::Inner),
    ("leftouter", JoinKind::LeftOuter),
    ("rightouter", JoinKind::RightOuter),
    ("fullouter", JoinKind::FullOuter),
    ("leftsemi", JoinKind::LeftSemi),
    ("rightsemi", JoinKind::RightSemi),
    ("leftanti", JoinKind::LeftAnti),
    ("anti", JoinKind::LeftAnti),
    ("leftantisemi", JoinKind::LeftAnti),
    ("rightanti", JoinKind::RightAnti),
    ("rightantisemi", JoinKind::RightAnti),
];

/// `on a, $left.b == $right.c and $left.d == $right.e`
fn on(input: Tokens<'_>) -> Parsed<'_, Vec<Condition>> {
    let (input, _) = word("on").parse(input)?;
    let (input, keys) = commas(expr)(input)?;
    let mut conditions = Vec::new();
    for key in keys {
        condition(key, &mut conditions)?;
    }
    Ok((input, conditions))
}

fn condition(key: Expr, conditions: &mut Vec<Condition>) -> Result<(), nom::Err<ParseFault>> {
    match key.kind {
        ExprKind::Name(name) => conditions.push(Condition::Same(name)),
        ExprKind::And(keys) => return keys.into_iter().try_for_each(|key| condition(key, conditions)),
        ExprKind::Infix { infix, operator, operands } => {
            if infix.text != "==" {
                let help = "a join compares columns with `==`; filter by anything else in a `where` behind it";
                return Err(refusal(operator, format!("`{}` cannot join tables", infix.text), help));
            }
            let mut sides = [None, None];
            for operand in operands {
                let span = operand.span;
                let (side, name) = side(operand)?;
                if sides[side].replace(name).is_some() {
                    let help = "compare a column of `$left` with one of `$right`";
                    return Err(refusal(span, "both columns are of the same side", help));
                }
            }
            if let [Some(left), Some(right)] = sides {
                conditions.push(Condition::Pair { left, right });
            }
        }
        _ => {
            let help = "compute it with `extend` before the join, in both tables";
            return Err(refusal(key.span, "a join key must be a column", help));
        }
    }
    Ok(())
}

/// Which side `$left.a` or `$right.a` is of, and the column.
fn side(operand: Expr) -> Result<(usize, Name), nom::Err<ParseFault>> {
    if let ExprKind::Member { of, name } = operand.kind {
        match of.as_name().map(|name| name.text.as_str()) {
            Some("$left") => return Ok((0, name)),
            Some("$right") => return Ok((1, name)),
            _ => {}
        }
    }
    let message = "a join condition compares a column of `$left` with one of `$right`";
    Err(refusal(operand.span, message, "write `$left.a == $right.b`, or just `a` if both columns are called so"))
}

fn refusal(span: Span, message: impl Into<String>, help: &str) -> nom::Err<ParseFault> {
    failure(Diagnostic::error(UNEXPECTED, span, message).help(help))
}

impl Display for Condition {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Condition::Same(name) => write!(f, "{name}"),
            Condition::Pair { left, right } => write!(f, "$left{} == $right{}", Dotted(left), Dotted(right)),
        }
    }
}

impl Display for Join {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Some(kind) = self.kind {
            write!(f, " kind={}", spelling(KINDS, kind))?;
        }
        write!(f, "{} {} on {}", HintList(&self.hints), self.right, Listed(&self.on))
    }
}

impl Tabular for Join {
    fn lower(&self, input: Relation, _: &PipelineStep, binder: &mut Binder<'_>) -> Relation {
        let right = binder.tabular(&self.right);
        let keys = keys(&self.on, &input, &right, binder);
        let kind = self.kind.unwrap_or(JoinKind::InnerUnique);
        let right_columns: Vec<usize> = (0..right.columns.list().len()).collect();
        beside(input, right, keys, kind, &right_columns)
    }

    fn target(&self, step: &PipelineStep, target: &mut TargetCheck) {
        let known = [JoinKind::InnerUnique, JoinKind::Inner, JoinKind::LeftOuter, JoinKind::FullOuter];
        if self.kind.is_some_and(|kind| !known.contains(&kind)) {
            let what = "this kind of `join`; it takes `innerunique`, `inner`, `leftouter` and `fullouter`";
            target.warn(ARG_JOIN, step.name.span, what);
        }
        self.hints.iter().for_each(|hint| target.warn(ARG_JOIN, hint.name.span, "hints"));
        target.expr(&self.right);
    }
}

/// What both sides are compared by.
#[derive(Default)]
pub(super) struct JoinKeys {
    pub(super) left: Vec<plan::Expr>,
    pub(super) right: Vec<plan::Expr>,
    /// The positions of the right side's keys that are plain columns.
    pub(super) right_columns: Vec<usize>,
}

/// The keys of all conditions; those that are wrong are left out, which is then said.
pub(super) fn keys(on: &[Condition], left: &Relation, right: &Relation, binder: &mut Binder<'_>) -> JoinKeys {
    let mut keys = JoinKeys::default();
    for condition in on {
        let (left_name, right_name) = match condition {
            Condition::Same(name) => (name, name),
            Condition::Pair { left, right } => (left, right),
        };
        let found =
            (column(left_name, &left.columns, "left", binder), column(right_name, &right.columns, "right", binder));
        let (Some((_, left_key)), Some((at, right_key))) = found else { continue };
        match agreed(left_key.ty, right_key.ty) {
            Some(ty) => {
                keys.left.push(binder.converted(left_key, ty));
                keys.right.push(binder.converted(right_key, ty));
                keys.right_columns.push(at);
            }
            None => {
                let types = (left_key.ty, right_key.ty);
                binder.error(disagreement(left_name.span.to(right_name.span), types));
            }
        }
    }
    keys
}

/// The column that one side is compared by.
fn column(name: &Name, columns: &BoundColumns, side: &str, binder: &mut Binder<'_>) -> Option<(usize, plan::Expr)> {
    let Some(at) = columns.position(&name.text) else {
        if !columns.has_any_column() {
            let unknown = columns.unknown(name);
            let message = format!("`{}` is not a column of the {side} side", name.text);
            binder.error(Diagnostic { message, ..unknown });
        }
        return None;
    };
    let column = &columns.list()[at];
    if column.poisoned {
        return None;
    }
    if column.ty == Type::Dynamic {
        binder.error(
            Diagnostic::error(
                DYNAMIC_KEY,
                name.span,
                format!("`{}` is dynamic on the {side} side and cannot be a key", name.text),
            )
            .label("dynamic")
            .help(format!("make it text before: `extend {0} = tostring({0})`", name.text)),
        );
        return None;
    }
    Some((at, plan::Expr::column(column.ty, at)))
}

/// The type that keys of two types are compared as.
fn agreed(left: Type, right: Type) -> Option<Type> {
    match (left, right) {
        (left, right) if left == right => Some(left),
        (Type::Int | Type::Long, Type::Int | Type::Long) => Some(Type::Long),
        _ => None,
    }
}

fn disagreement(span: Span, (left, right): (Type, Type)) -> Diagnostic {
    Diagnostic::error(
        WRONG_TYPE,
        span,
        format!("keys must be of one type: this is {left} on the left and {right} on the right"),
    )
    .label(format!("{left}, {right}"))
    .help("convert one side before: `extend k = tostring(k)`")
}

/// The rows of both sides side by side, of the right side only these columns. Names that are taken get a number.
pub(super) fn beside(
    left: Relation,
    right: Relation,
    keys: JoinKeys,
    kind: plan::JoinKind,
    right_columns: &[usize],
) -> Relation {
    use plan::JoinKind as K;
    let open = left.columns.has_any_column() || right.columns.has_any_column();
    let gives_left = !matches!(kind, K::RightSemi | K::RightAnti);
    let wide = (left.columns.has_unseen_columns(), right.columns.has_unseen_columns());
    let whole = (left.columns.has_whole_table(), right.columns.has_whole_table());
    let gives_right = !matches!(kind, K::LeftSemi | K::LeftAnti);
    let (mut columns, keep_left): (Vec<BoundColumn>, Vec<plan::Expr>) =
        if gives_left { left.pass_through().unzip() } else { (Vec::new(), Vec::new()) };
    let taken: Vec<Arc<str>> = columns.iter().map(|column| column.name.clone()).collect();
    let right_all: Vec<(BoundColumn, plan::Expr)> = right.pass_through().collect();
    let given: Vec<&(BoundColumn, plan::Expr)> =
        right_columns.iter().filter(|_| gives_right).map(|&at| &right_all[at]).collect();
    let coming = given.iter().map(|(column, _)| &*column.name);
    let mut namer = Namer::behind(taken.iter().map(|name| &**name), coming);
    let mut keep_right = Vec::new();
    for (column, expr) in given.into_iter().cloned() {
        let name = namer.free_name(column.name.to_string());
        columns.push(BoundColumn { name: name.into(), ..column });
        keep_right.push(expr);
    }
    let left = JoinSide { input: left.node, keys: keys.left, keep: keep_left };
    let right = JoinSide { input: right.node, keys: keys.right, keep: keep_right };
    let joined = Relation::new(Node::Join { left: Box::new(left), right: Box::new(right), kind }, columns);
    let joined = joined.with_unseen_columns(gives_left && wide.0 || gives_right && wide.1);
    let joined = joined.of_whole_table(gives_left && whole.0 || gives_right && whole.1);
    if open { joined.with_any_column() } else { joined }
}
