//! The tree as text: what `explain --stage ast` shows and what a formatter writes.
//!
//! Parsed again it gives the same tree. Names and literals are written as they were; brackets stand only where the
//! levels of the operators ask for them.

use std::fmt::{self, Display, Formatter};

use super::ast::{
    Argument, Assign, Call, ColumnType, Expr, ExprKind, Function, Hint, Let, LetValue, Literal, Name, Nulls, Order,
    Parameter, ParameterKind, Pattern, PatternCase, PatternDefinition, Pipeline, PipelineSource, PipelineStep, Script,
    Setting, SortExpr, Statement, TablePattern,
};
use super::expr::above;
use super::lex::literal_type;
use crate::functions;
use crate::registry::{Level, Right};

/// Items with commas between.
pub(crate) struct Listed<'a, T>(pub(crate) &'a [T]);

impl<T: Display> Display for Listed<'_, T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (index, item) in self.0.iter().enumerate() {
            let comma = if index > 0 { ", " } else { "" };
            write!(f, "{comma}{item}")?;
        }
        Ok(())
    }
}

/// Hints, each behind a space.
pub(crate) struct HintList<'a>(pub(crate) &'a [Hint]);

impl Display for HintList<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|hint| write!(f, " {}={}", hint.name, hint.value))
    }
}

/// The first word in `words` for `value`.
pub(crate) fn spelling<T: PartialEq>(words: &[(&'static str, T)], value: T) -> &'static str {
    words.iter().find(|(_, meaning)| *meaning == value).map_or("", |(text, _)| text)
}

impl Display for Script {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (index, statement) in self.statements.iter().enumerate() {
            let end = if index > 0 { ";\n" } else { "" };
            write!(f, "{end}{statement}")?;
        }
        Ok(())
    }
}

impl Display for Statement {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            // A statement of its own has a line per operator.
            Statement::Query(query) => query.write(f, "\n"),
            Statement::Let(binding) => binding.fmt(f),
            Statement::Declare(parameters) => write!(f, "declare query_parameters({})", Listed(parameters)),
            Statement::Set(setting) => setting.fmt(f),
            Statement::Pattern(pattern) => pattern.fmt(f),
        }
    }
}

impl Display for TablePattern {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "declare pattern {}", self.name)?;
        let Some(PatternDefinition { arguments, path, cases }) = &self.definition else { return Ok(()) };
        write!(f, " = ({})", Listed(arguments))?;
        if let Some(path) = path {
            write!(f, "[{path}]")?;
        }
        f.write_str(" { ")?;
        cases.iter().try_for_each(|case| write!(f, "{case} "))?;
        f.write_str("}")
    }
}

impl Display for PatternCase {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "({})", Listed(&self.values))?;
        if let Some(path) = &self.path {
            write!(f, ".[{path}]")?;
        }
        f.write_str(" = ")?;
        self.body.write_body(f)?;
        f.write_str(";")
    }
}

impl Display for Let {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.value {
            LetValue::Expr(value) => write!(f, "let {} = {}", self.name, Bare(value)),
            LetValue::Function(function) => write!(f, "let {} = {function}", self.name),
        }
    }
}

impl Display for Function {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}({}) ", if self.view { "view " } else { "" }, Listed(&self.parameters))?;
        self.write_body(f)
    }
}

impl Function {
    fn write_body(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("{ ")?;
        self.write_inside(f)?;
        f.write_str(" }")
    }

    /// What stands in the brackets of a body.
    pub(crate) fn write_inside(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.statements.iter().try_for_each(|statement| write!(f, "{statement}; "))?;
        Bare(&self.body).fmt(f)
    }
}

impl Display for Parameter {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.kind {
            ParameterKind::Scalar { ty, default: None } => write!(f, "{}: {ty}", self.name),
            ParameterKind::Scalar { ty, default: Some(default) } => write!(f, "{}: {ty} = {default}", self.name),
            ParameterKind::Tabular { columns, open: false } => write!(f, "{}: ({})", self.name, Listed(columns)),
            ParameterKind::Tabular { columns, open: true } if columns.is_empty() => write!(f, "{}: (*)", self.name),
            ParameterKind::Tabular { columns, open: true } => write!(f, "{}: ({}, *)", self.name, Listed(columns)),
        }
    }
}

impl Display for ColumnType {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.ty)
    }
}

impl Display for Setting {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.value {
            Some(value) => write!(f, "set {} = {value}", self.name),
            None => write!(f, "set {}", self.name),
        }
    }
}

impl Pipeline {
    fn write(&self, f: &mut Formatter<'_>, gap: &str) -> fmt::Result {
        let mut first = true;
        match &self.source {
            PipelineSource::Implicit => {}
            PipelineSource::Table(table) => {
                first = false;
                table.fmt(f)?;
            }
            PipelineSource::Operator(step) => {
                first = false;
                step.fmt(f)?;
            }
        }
        for step in &self.steps {
            let gap = if first { "" } else { gap };
            write!(f, "{gap}| {step}")?;
            first = false;
        }
        Ok(())
    }
}

impl Display for Pipeline {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.write(f, " ")
    }
}

/// Operators in brackets, over rows that stand before them.
pub(crate) struct Subquery<'a>(pub(crate) &'a Pipeline);

impl Display for Subquery<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (at, step) in self.0.steps.iter().enumerate() {
            write!(f, "{}{step}", if at == 0 { "(" } else { " | " })?;
        }
        f.write_str(")")
    }
}

impl Display for PipelineStep {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.name, self.operator)
    }
}

impl Display for Name {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.bracketed { write!(f, "[{}]", Quoted(&self.text)) } else { f.write_str(&self.text) }
    }
}

impl Display for Pattern {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.name.fmt(f)
    }
}

/// A name behind what it is a part of.
pub(crate) struct Dotted<'a>(pub(crate) &'a Name);

impl Display for Dotted<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let dot = if self.0.bracketed { "" } else { "." };
        write!(f, "{dot}{}", self.0)
    }
}

/// Text as a string literal.
pub(crate) struct Quoted<'a>(pub(crate) &'a str);

impl Display for Quoted<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("'")?;
        for c in self.0.chars() {
            match c {
                '\'' | '\\' => write!(f, "\\{c}")?,
                '\n' => f.write_str("\\n")?,
                '\r' => f.write_str("\\r")?,
                '\t' => f.write_str("\\t")?,
                c if c.is_control() => write!(f, "\\u{:04x}", u32::from(c))?,
                c => write!(f, "{c}")?,
            }
        }
        f.write_str("'")
    }
}

impl Display for Literal {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Display for Assign {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.names.as_slice() {
            [] => {}
            [name] => write!(f, "{name} = ")?,
            names => write!(f, "({}) = ", Listed(names))?,
        }
        self.expr.fmt(f)
    }
}

impl Display for SortExpr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.expr.fmt(f)?;
        match self.order {
            Some(Order::Asc) => f.write_str(" asc")?,
            Some(Order::Desc) => f.write_str(" desc")?,
            None => {}
        }
        match self.nulls {
            Some(Nulls::First) => f.write_str(" nulls first"),
            Some(Nulls::Last) => f.write_str(" nulls last"),
            None => Ok(()),
        }
    }
}

impl Display for Hint {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} = {}", self.name, self.value)
    }
}

impl Display for Argument {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{name} = {}", self.value),
            None => self.value.fmt(f),
        }
    }
}

impl Display for Call {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Some(of) = &self.of {
            write!(f, "{}.", ReadFrom(of))?;
        }
        // `guid(5)` would be a literal: a function of such a name was called as `guid (5)`.
        let gap = if literal_type(&self.name.text).is_some() { " " } else { "" };
        write!(f, "{}{gap}", self.name)?;
        match self.arguments.as_slice() {
            // The commas of a pipeline are not taken for those between arguments.
            [Argument { name: None, value }] => write!(f, "({})", Bare(value)),
            arguments => write!(f, "({})", Listed(arguments)),
        }
    }
}

/// How tightly an expression holds together.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Hold {
    Level(Level),
    Sign,
    /// Numbers: a point behind them would be theirs.
    Number,
    Operand,
}

fn hold(expr: &Expr) -> Hold {
    match &expr.kind {
        ExprKind::Or(_) => Hold::Level(Level::Or),
        ExprKind::And(_) => Hold::Level(Level::And),
        ExprKind::Infix { infix, .. } => Hold::Level(infix.level),
        ExprKind::Minus(_) | ExprKind::Plus(_) => Hold::Sign,
        ExprKind::Literal(literal) if literal.text.starts_with(|c: char| c.is_ascii_digit()) => Hold::Number,
        _ => Hold::Operand,
    }
}

/// An expression where one that holds less than this needs brackets.
struct InBrackets<'a>(&'a Expr, Hold);

impl Display for InBrackets<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if hold(self.0) < self.1 { write!(f, "({})", self.0) } else { self.0.fmt(f) }
    }
}

/// An expression that something is read from.
struct ReadFrom<'a>(&'a Expr);

impl Display for ReadFrom<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        InBrackets(self.0, Hold::Operand).fmt(f)
    }
}

/// An expression where a pipeline needs no brackets.
struct Bare<'a>(&'a Expr);

impl Display for Bare<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.0.kind {
            ExprKind::Tabular(pipeline) => pipeline.fmt(f),
            _ => self.0.fmt(f),
        }
    }
}

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.kind {
            ExprKind::Literal(literal) => literal.fmt(f),
            ExprKind::Name(name) => name.fmt(f),
            ExprKind::Star => f.write_str("*"),
            ExprKind::Member { of, name } => write!(f, "{}{}", ReadFrom(of), Dotted(name)),
            ExprKind::Index { of, at } => write!(f, "{}[{at}]", ReadFrom(of)),
            ExprKind::Call(call) => call.fmt(f),
            ExprKind::TypeOf(ty) => write!(f, "typeof({ty})"),
            ExprKind::Minus(of) => write!(f, "-{}", InBrackets(of, Hold::Number)),
            ExprKind::Plus(of) => write!(f, "+{}", InBrackets(of, Hold::Number)),
            ExprKind::And(operands) => write_chain(f, operands, Level::And),
            ExprKind::Or(operands) => write_chain(f, operands, Level::Or),
            ExprKind::Infix { infix, operands, .. } => {
                let tighter = above(infix.level).map_or(Hold::Sign, Hold::Level);
                let left = if infix.level == Level::Equality { tighter } else { Hold::Level(infix.level) };
                let (first, rest) = operands.split_first().expect("an infix operator has a left side");
                write!(f, "{} {} ", InBrackets(first, left), infix.text)?;
                match (infix.right, rest) {
                    (Right::Operand, [right]) => InBrackets(right, tighter).fmt(f),
                    (Right::Range, [low, high]) => write!(f, "({low} .. {high})"),
                    (_, [only]) => write!(f, "({})", Bare(only)),
                    (_, items) => write!(f, "({})", Listed(items)),
                }
            }
            ExprKind::Tabular(pipeline) => write!(f, "({pipeline})"),
        }
    }
}

fn write_chain(f: &mut Formatter<'_>, operands: &[Expr], level: Level) -> fmt::Result {
    let tighter = above(level).map_or(Hold::Sign, Hold::Level);
    let word = functions::joining(level).map_or("", |infix| infix.text);
    for (index, operand) in operands.iter().enumerate() {
        if index > 0 {
            write!(f, " {word} ")?;
        }
        InBrackets(operand, tighter).fmt(f)?;
    }
    Ok(())
}
