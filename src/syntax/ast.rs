//! The tree of a query, as it was written: names and literals own their text, and everything keeps its span.
//!
//! The tree is never higher than [`DEPTH`](super::DEPTH), so walking and dropping it needs little stack. `and` and
//! `or` are flat for that reason: queries made by programs chain thousands of them. Each tabular operator's node is in
//! its own file in `operators`.

use crate::diag::Span;
use crate::operators::Operator;
use crate::registry::{FormMeaning, Infix, form};
use crate::value::{Type, Value};

/// A whole text: statements between semicolons.
#[derive(Clone, Debug, Default)]
pub(crate) struct Script {
    pub(crate) statements: Vec<Statement>,
}

/// One statement.
#[derive(Clone, Debug)]
pub(crate) enum Statement {
    /// `Resources | take 5`
    Query(Pipeline),
    /// `let x = 5`
    Let(Let),
    /// `declare query_parameters(p: long = 5)`
    Declare(Vec<Parameter>),
    /// `set notruncation`, `set querytrace = true`
    Set(Setting),
    /// `declare pattern p = (a: string)[b: string] { ("x").["y"] = { T }; }`
    Pattern(TablePattern),
}

/// A table for each of some texts.
#[derive(Clone, Debug)]
pub(crate) struct TablePattern {
    pub(crate) name: Name,
    /// None of a pattern that others are to define.
    pub(crate) definition: Option<PatternDefinition>,
}

/// `(a: string)[b: string] { … }`
#[derive(Clone, Debug)]
pub(crate) struct PatternDefinition {
    pub(crate) arguments: Vec<ColumnType>,
    pub(crate) path: Option<ColumnType>,
    pub(crate) cases: Vec<PatternCase>,
}

/// `("x").["y"] = { T };`
#[derive(Clone, Debug)]
pub(crate) struct PatternCase {
    pub(crate) values: Vec<Expr>,
    pub(crate) path: Option<Expr>,
    pub(crate) span: Span,
    pub(crate) body: Function,
}

/// `let name = value`.
#[derive(Clone, Debug)]
pub(crate) struct Let {
    pub(crate) name: Name,
    pub(crate) value: LetValue,
}

/// What a `let` gives a name to.
#[derive(Clone, Debug)]
pub(crate) enum LetValue {
    /// A scalar, or a table: `5`, `Resources` and `f(5)` look alike here, `Resources | take 5` is
    /// [`ExprKind::Tabular`].
    Expr(Expr),
    /// `(a: long) { a + 1 }`
    Function(Function),
}

/// `(a: long, b: string = "x") { … }`, `view () { … }`.
#[derive(Clone, Debug)]
pub(crate) struct Function {
    pub(crate) view: bool,
    pub(crate) parameters: Vec<Parameter>,
    /// The `let`s (and `set`s) before the result.
    pub(crate) statements: Vec<Statement>,
    /// A scalar or a table, as in [`LetValue::Expr`].
    pub(crate) body: Expr,
}

/// A parameter of a function or of the whole query.
#[derive(Clone, Debug)]
pub(crate) struct Parameter {
    pub(crate) name: Name,
    pub(crate) kind: ParameterKind,
}

/// What a parameter takes.
#[derive(Clone, Debug)]
pub(crate) enum ParameterKind {
    /// `a: long`, `b: string = "x"`
    Scalar { ty: Type, default: Option<Expr> },
    /// `T: (id: string, *)`; `open` if the columns end in (or are) `*`.
    Tabular { columns: Vec<ColumnType>, open: bool },
}

/// `name: type`, as in `datatable(name: type)`.
#[derive(Clone, Debug)]
pub(crate) struct ColumnType {
    pub(crate) name: Name,
    pub(crate) ty: Type,
}

/// `set name = value`.
#[derive(Clone, Debug)]
pub(crate) struct Setting {
    pub(crate) name: Name,
    pub(crate) value: Option<Expr>,
}

/// A source and the operators its rows go through.
#[derive(Clone, Debug)]
pub(crate) struct Pipeline {
    pub(crate) source: PipelineSource,
    pub(crate) steps: Vec<PipelineStep>,
    pub(crate) span: Span,
    /// Levels of nodes in here.
    pub(super) height: u16,
}

/// Where a pipeline's rows come from.
#[derive(Clone, Debug)]
pub(crate) enum PipelineSource {
    /// The pipeline begins with a piped operator (`where …`, `| where …`): table `resources`, or in
    /// `mv-apply … on (…)` and its like the rows given.
    Implicit,
    /// `Resources`, `['a table']`, `arg("").Resources`, `f(5)`; a parenthesised pipeline is [`ExprKind::Tabular`].
    Table(Expr),
    /// `print`, `range`, `datatable`, `union …`
    Operator(Box<PipelineStep>),
}

/// One operator in its place.
#[derive(Clone, Debug)]
pub(crate) struct PipelineStep {
    /// The name as it was written: `filter` for `where`, `order` for `sort`.
    pub(crate) name: Name,
    pub(crate) operator: Operator,
    /// From the name to the end.
    pub(crate) span: Span,
}

/// A name as it was written.
#[derive(Clone, Debug)]
pub(crate) struct Name {
    /// Without brackets and quotes.
    pub(crate) text: String,
    pub(crate) span: Span,
    /// Was written as `['a b']`; a table of this name is no pattern and no keyword.
    pub(crate) bracketed: bool,
}

/// A scalar expression, or a table where an argument may be one.
#[derive(Clone, Debug)]
pub(crate) struct Expr {
    pub(crate) kind: ExprKind,
    pub(crate) span: Span,
    /// Levels of nodes in here, this one included.
    pub(super) height: u16,
}

/// What an expression is.
#[derive(Clone, Debug)]
pub(crate) enum ExprKind {
    /// `5`, `'a'`, `datetime(2024-01-01)`, `dynamic([1])`
    Literal(Literal),
    /// `x`, `['a b']`, `$left`
    Name(Name),
    /// `*` in `count(*)`, `arg_max(t, *)`, `distinct *`, `where * has "x"`
    Star,
    /// `a.b`, `a.['b']`, `a['b']`
    Member { of: Box<Expr>, name: Name },
    /// `a[0]`, `a.[0]`, `a[expr]`
    Index { of: Box<Expr>, at: Box<Expr> },
    /// `f(x)`; with `of` also `database("x").T("y")`, `a.tostring()`
    Call(Call),
    /// `typeof(string)`
    TypeOf(Type),
    /// `-x`
    Minus(Box<Expr>),
    /// `+x`
    Plus(Box<Expr>),
    /// `a and b and c`: two or more.
    And(Vec<Expr>),
    /// `a or b or c`: two or more.
    Or(Vec<Expr>),
    /// Every other infix operator: left, then right, or every item of the list (which may be one
    /// [`ExprKind::Tabular`]), or low and high.
    Infix { infix: &'static Infix, operator: Span, operands: Vec<Expr> },
    /// A pipeline in an argument: `toscalar(T | count)`, `in (T | project x)`, `union (T | take 5)`, `materialize(T)`
    /// (this last one is a plain name).
    Tabular(Box<Pipeline>),
}

/// `name(arguments)`.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// What stands before the dot, if anything does.
    pub(crate) of: Option<Box<Expr>>,
    pub(crate) name: Name,
    pub(crate) arguments: Vec<Argument>,
}

impl Call {
    /// The form that a call of this name is, whatever the query may define.
    pub(crate) fn form(&self) -> Option<FormMeaning> {
        form(&self.name.text).map(|form| form.meaning)
    }
}

/// `5`, or `n = 5` for functions of the user.
#[derive(Clone, Debug)]
pub(crate) struct Argument {
    pub(crate) name: Option<Name>,
    pub(crate) value: Expr,
}

/// A literal: what it is, and how it was written.
#[derive(Clone, Debug)]
pub(crate) struct Literal {
    pub(crate) ty: Type,
    pub(crate) value: Value,
    /// As written; of concatenated strings the parts with a space between.
    pub(crate) text: String,
}

/// `x`, `n = x`, `(a, b) = f()`.
#[derive(Clone, Debug)]
pub(crate) struct Assign {
    /// None, one, or for calls with several results several.
    pub(crate) names: Vec<Name>,
    pub(crate) expr: Expr,
}

/// `expr asc nulls last`.
#[derive(Clone, Debug)]
pub(crate) struct SortExpr {
    pub(crate) expr: Expr,
    pub(crate) order: Option<Order>,
    pub(crate) nulls: Option<Nulls>,
}

/// Which way a key is sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    Asc,
    Desc,
}

/// Where a sort puts nulls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Nulls {
    First,
    Last,
}

/// `name`, `['name']`, `prefix*`, `*`, `a*b`.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    /// A bracketed name holds no wildcards, whatever its text.
    pub(crate) name: Name,
}

/// `hint.strategy = shuffle`: says how, never what; kept to be printed.
#[derive(Clone, Debug)]
pub(crate) struct Hint {
    pub(crate) name: Name,
    pub(crate) value: Expr,
}

impl Statement {
    /// The name that it gives, and to what.
    pub(crate) fn as_let(&self) -> Option<&Let> {
        if let Statement::Let(definition) = self { Some(definition) } else { None }
    }

    /// The parameters that it declares.
    pub(crate) fn as_declare(&self) -> Option<&[Parameter]> {
        if let Statement::Declare(parameters) = self { Some(parameters) } else { None }
    }
}

impl Name {
    pub(crate) fn new(text: impl Into<String>, span: Span) -> Name {
        Name { text: text.into(), span, bracketed: false }
    }
}

impl Expr {
    /// The column of this name.
    pub(crate) fn named(name: &Name) -> Expr {
        Expr::new(ExprKind::Name(name.clone()), name.span)
    }

    pub(crate) fn new(kind: ExprKind, span: Span) -> Expr {
        let height = 1 + kind.children().map(|child| child.height).max().unwrap_or(0).max(kind.pipeline_height());
        Expr { kind, span, height }
    }

    /// The name, if it is nothing but a name.
    pub(crate) fn as_name(&self) -> Option<&Name> {
        match &self.kind {
            ExprKind::Name(name) => Some(name),
            _ => None,
        }
    }
}

impl ExprKind {
    /// The expressions right beneath, from left to right; those inside a pipeline are not.
    pub(crate) fn children(&self) -> Box<dyn Iterator<Item = &Expr> + '_> {
        use std::iter::{empty, once};
        match self {
            ExprKind::Literal(_) | ExprKind::Name(_) | ExprKind::Star | ExprKind::TypeOf(_) | ExprKind::Tabular(_) => {
                Box::new(empty())
            }
            ExprKind::Member { of, .. } | ExprKind::Minus(of) | ExprKind::Plus(of) => Box::new(once(&**of)),
            ExprKind::Index { of, at } => Box::new([&**of, &**at].into_iter()),
            ExprKind::Call(call) => {
                Box::new(call.of.as_deref().into_iter().chain(call.arguments.iter().map(|argument| &argument.value)))
            }
            ExprKind::And(operands) | ExprKind::Or(operands) | ExprKind::Infix { operands, .. } => {
                Box::new(operands.iter())
            }
        }
    }

    fn pipeline_height(&self) -> u16 {
        match self {
            ExprKind::Tabular(pipeline) => pipeline.height,
            _ => 0,
        }
    }
}

impl Function {
    /// Whether it may be called without arguments, and then by its name alone.
    pub(crate) fn takes_nothing(&self) -> bool {
        self.parameters.iter().all(|parameter| match &parameter.kind {
            ParameterKind::Scalar { default, .. } => default.is_some(),
            ParameterKind::Tabular { .. } => false,
        })
    }

    /// Levels of nodes in its body.
    pub(crate) fn height(&self) -> u16 {
        let statements = self.statements.iter().map(|statement| match statement {
            Statement::Let(Let { value: LetValue::Expr(expr), .. }) => expr.height,
            Statement::Let(Let { value: LetValue::Function(function), .. }) => function.height(),
            Statement::Query(_) | Statement::Declare(_) | Statement::Set(_) | Statement::Pattern(_) => 0,
        });
        1 + statements.max().unwrap_or(0).max(self.body.height)
    }
}

impl Assign {
    /// The name given, if it is one.
    pub(crate) fn name(&self) -> Option<&Name> {
        match self.names.as_slice() {
            [name] => Some(name),
            _ => None,
        }
    }
}

impl SortExpr {
    /// Kusto sorts down unless told otherwise.
    pub(crate) fn descending(&self) -> bool {
        self.order != Some(Order::Asc)
    }

    /// Null is the smallest value unless told otherwise.
    pub(crate) fn nulls_first(&self) -> bool {
        match self.nulls {
            Some(nulls) => nulls == Nulls::First,
            None => !self.descending(),
        }
    }
}

impl Pattern {
    /// Whether it can stand for other names than its own text.
    pub(crate) fn is_wild(&self) -> bool {
        !self.name.bracketed && self.name.text.contains('*')
    }
}
