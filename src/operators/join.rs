//! `join`: the rows of two tables side by side.

use super::project::output;
use crate::bind::{Binder, Column, Columns, Label, Namer, Relation};
use crate::diag::{DYNAMIC_KEY, Diagnostic, Span, WRONG_TYPE};
use crate::plan::{self, Node, Side};
use crate::value::Type;
use crate::syntax::ast::*;

/// `join kind=leftouter (T | project id, x) on id`
#[derive(Clone, Debug)]
pub(crate) struct Join {
    /// `None` is Kusto's default, [`JoinKind::InnerUnique`].
    pub(crate) kind: Option<JoinKind>,
    pub(crate) hints: Vec<Hint>,
    pub(crate) right: Box<Expr>,
    pub(crate) on: Vec<Condition>,
}

/// What happens to rows with one partner, several or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum JoinKind {
    InnerUnique,
    Inner,
    LeftOuter,
    RightOuter,
    FullOuter,
    LeftSemi,
    RightSemi,
    LeftAnti,
    RightAnti,
}

/// What partners have in common.
#[derive(Clone, Debug)]
pub(crate) enum Condition {
    /// `on id`
    Same(Name),
    /// `on $left.id == $right.key`, written in either order.
    Pair { left: Name, right: Name },
}

impl Join {
    pub(crate) fn lower(&self, input: Relation, binder: &mut Binder<'_>) -> Relation {
        let right = binder.tabular(&self.right);
        let keys = keys(&self.on, &input, &right, binder);
        let kind = self.kind.unwrap_or(JoinKind::InnerUnique).plan();
        let right_columns: Vec<usize> = (0..right.columns.list().len()).collect();
        beside(input, right, keys, kind, &right_columns)
    }
}

impl JoinKind {
    fn plan(self) -> plan::JoinKind {
        match self {
            JoinKind::InnerUnique => plan::JoinKind::InnerUnique,
            JoinKind::Inner => plan::JoinKind::Inner,
            JoinKind::LeftOuter => plan::JoinKind::LeftOuter,
            JoinKind::RightOuter => plan::JoinKind::RightOuter,
            JoinKind::FullOuter => plan::JoinKind::FullOuter,
            JoinKind::LeftSemi => plan::JoinKind::LeftSemi,
            JoinKind::RightSemi => plan::JoinKind::RightSemi,
            JoinKind::LeftAnti => plan::JoinKind::LeftAnti,
            JoinKind::RightAnti => plan::JoinKind::RightAnti,
        }
    }
}

/// What both sides are compared by.
#[derive(Default)]
pub(super) struct Keys {
    pub(super) left: Vec<plan::Expr>,
    pub(super) right: Vec<plan::Expr>,
    /// The positions of the right side's keys that are plain columns.
    pub(super) right_columns: Vec<usize>,
}

/// The keys of all conditions; those that are wrong are left out, which is then said.
pub(super) fn keys(on: &[Condition], left: &Relation, right: &Relation, binder: &mut Binder<'_>) -> Keys {
    let mut keys = Keys::default();
    for condition in on {
        let (left_name, right_name) = match condition {
            Condition::Same(name) => (name, name),
            Condition::Pair { left, right } => (left, right),
        };
        let found = (key(left_name, &left.columns, "left", binder), key(right_name, &right.columns, "right", binder));
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
fn key(name: &Name, columns: &Columns, side: &str, binder: &mut Binder<'_>) -> Option<(usize, plan::Expr)> {
    let Some(at) = columns.position(&name.text) else {
        if !columns.is_open() {
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
            Diagnostic::error(DYNAMIC_KEY, name.span, format!("`{}` is dynamic on the {side} side and cannot be a key", name.text))
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
    Diagnostic::error(WRONG_TYPE, span, format!("keys must be of one type: this is {left} on the left and {right} on the right"))
        .label(format!("{left}, {right}"))
        .help("convert one side before: `extend k = tostring(k)`")
}

/// The rows of both sides side by side, of the right side only these columns. Names that are taken get a number.
pub(super) fn beside(
    left: Relation,
    right: Relation,
    keys: Keys,
    kind: plan::JoinKind,
    right_columns: &[usize],
) -> Relation {
    use plan::JoinKind as K;
    let open = left.columns.is_open() || right.columns.is_open();
    let gives_left = !matches!(kind, K::RightSemi | K::RightAnti);
    let gives_right = !matches!(kind, K::LeftSemi | K::LeftAnti);
    let (mut columns, keep_left): (Vec<Column>, Vec<plan::Expr>) =
        if gives_left { left.pass().unzip() } else { (Vec::new(), Vec::new()) };
    let given: Vec<Label> = columns
        .iter()
        .map(|column| Label::Given(Name::new(&*column.name, Span::default())))
        .collect();
    let mut namer = Namer::new(&given);
    let right_all: Vec<(Column, plan::Expr)> = right.pass().collect();
    let mut keep_right = Vec::new();
    for &at in right_columns.iter().filter(|_| gives_right) {
        let (column, expr) = right_all[at].clone();
        let name = namer.free(column.name.to_string());
        columns.push(Column { name: name.into(), ..column });
        keep_right.push(expr);
    }
    let left = Side { input: left.node, keys: keys.left, keep: keep_left };
    let right = Side { input: right.node, keys: keys.right, keep: keep_right };
    let joined = Relation::new(Node::Join { left: Box::new(left), right: Box::new(right), kind }, columns);
    if open { joined.opened() } else { joined }
}
