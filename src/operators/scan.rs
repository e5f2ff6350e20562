//! `scan`: rows in their order against steps, which hold what they took.

use std::fmt::{self, Display, Formatter};
use std::sync::Arc;

use nom::Parser;

use super::Syntax;
use super::tabular::Tabular;
use crate::bind::{Binder, BoundColumn, BoundColumns, Exprs, Relation, Reported, StepRows, duplicate};
use crate::diag::{DUPLICATE_NAME, Diagnostic, UNKNOWN_COLUMN, UNORDERED, UNSUPPORTED};
use crate::plan::{self, Node, Step, StepOutput, Steps};
use crate::registry::{Allowed, Example, OperatorDef, Position, words};
use crate::syntax::ast::*;
use crate::syntax::clause::{choice, column_type, commas, constant, parameter};
use crate::syntax::expr::{column_name, expr, name};
use crate::syntax::print::{Listed, spelling};
use crate::syntax::tokens::{Hope, Parsed, Tokens, symbol, word};
use crate::value::{Type, Value};

/// `scan with_match_id=id declare (n: long = 0) with (step s: x > 1 => n = s.n + 1;)`
#[derive(Clone, Debug)]
pub(crate) struct Scan {
    pub(crate) match_id: Option<Name>,
    pub(crate) declared: Vec<DeclaredColumn>,
    pub(crate) steps: Vec<ScanStep>,
}

/// `n: long = 0`
#[derive(Clone, Debug)]
pub(crate) struct DeclaredColumn {
    pub(crate) column: ColumnType,
    pub(crate) default: Option<Expr>,
}

/// `step s output=last: x > 1 => n = s.n + 1;`
#[derive(Clone, Debug)]
pub(crate) struct ScanStep {
    pub(crate) name: Name,
    pub(crate) output: Option<StepOutput>,
    pub(crate) condition: Expr,
    pub(crate) assigned: Vec<StepAssign>,
}

/// `n = s.n + 1`
#[derive(Clone, Debug)]
pub(crate) struct StepAssign {
    pub(crate) name: Name,
    pub(crate) expr: Expr,
}

const SCAN: OperatorDef = OperatorDef {
    names: &["scan"],
    position: Position::Piped,
    resource_graph: Allowed::Never,
    words: &words::<_, 8>(&["with_match_id", "declare", "with", "step", "output"], OUTPUTS, &[]),
    syntax: "scan [with_match_id=column] [declare (name: type [= default], …)] with (step name [output=all | last | none]: predicate [=> column = expr, …]; …)",
    about: "Finds sequences among rows in order: a row that meets a step's predicate is taken behind the rows of the steps before, which it reads as `step.column`.",
    examples: &[Example {
        query: "range x from 1 to 4 step 1 | scan declare (sum: long = 0) with (step s: true => sum = x + s.sum;) | project sum",
        result: "1\n3\n6\n10",
    }],
};

const OUTPUTS: &[(&str, StepOutput)] =
    &[("all", StepOutput::All), ("last", StepOutput::Last), ("none", StepOutput::None)];

impl Syntax for Scan {
    const DEF: &'static OperatorDef = &SCAN;

    fn parse(input: Tokens<'_>) -> Parsed<'_, Scan> {
        let (input, match_id) = match parameter(input, "with_match_id") {
            Some(rest) => {
                let (rest, column) = name(rest)?;
                (rest, Some(column))
            }
            None => (input, None),
        };
        let (input, declared) = if input.is(0, "declare") {
            let (input, _) = symbol("(").parse(input.skip(1))?;
            let (input, declared) = commas(declared)(input)?;
            let (input, _) = symbol(")").parse(input)?;
            (input, declared)
        } else {
            input.hope(Hope::Text("declare"));
            (input, Vec::new())
        };
        let (input, _) = word("with").parse(input)?;
        let (input, _) = symbol("(").parse(input)?;
        let (mut input, first) = step(input)?;
        let mut steps = vec![first];
        while input.is(0, "step") {
            let (rest, next) = step(input)?;
            steps.push(next);
            input = rest;
        }
        input.hope(Hope::Text("step"));
        let (input, _) = symbol(")").parse(input)?;
        Ok((input, Scan { match_id, declared, steps }))
    }
}

fn declared(input: Tokens<'_>) -> Parsed<'_, DeclaredColumn> {
    let (input, column) = column_type(input)?;
    if !input.is(0, "=") {
        input.hope(Hope::Text("="));
        return Ok((input, DeclaredColumn { column, default: None }));
    }
    let (input, default) = constant(input.skip(1))?;
    Ok((input, DeclaredColumn { column, default: Some(default) }))
}

fn step(input: Tokens<'_>) -> Parsed<'_, ScanStep> {
    let (input, _) = word("step").parse(input)?;
    let (input, name) = name(input)?;
    let (input, output) = match parameter(input, "output") {
        Some(rest) => {
            let (rest, output) = choice("an output of a step", OUTPUTS)(rest)?;
            (rest, Some(output))
        }
        None => (input, None),
    };
    let (input, _) = symbol(":").parse(input)?;
    let (input, condition) = expr(input)?;
    let (input, assigned) = if input.is(0, "=>") {
        commas(assigned)(input.skip(1))?
    } else {
        input.hope(Hope::Text("=>"));
        (input, Vec::new())
    };
    let (input, _) = symbol(";").parse(input)?;
    Ok((input, ScanStep { name, output, condition, assigned }))
}

fn assigned(input: Tokens<'_>) -> Parsed<'_, StepAssign> {
    let (input, name) = column_name(input)?;
    let (input, _) = symbol("=").parse(input)?;
    let (input, expr) = expr(input)?;
    Ok((input, StepAssign { name, expr }))
}

impl Display for DeclaredColumn {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.default {
            Some(default) => write!(f, "{} = {default}", self.column),
            None => self.column.fmt(f),
        }
    }
}

impl Display for StepAssign {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} = {}", self.name, self.expr)
    }
}

impl Display for ScanStep {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "step {}", self.name)?;
        if let Some(output) = self.output {
            write!(f, " output={}", spelling(OUTPUTS, output))?;
        }
        write!(f, ": {}", self.condition)?;
        if !self.assigned.is_empty() {
            write!(f, " => {}", Listed(&self.assigned))?;
        }
        f.write_str(";")
    }
}

impl Display for Scan {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Some(column) = &self.match_id {
            write!(f, " with_match_id={column}")?;
        }
        if !self.declared.is_empty() {
            write!(f, " declare ({})", Listed(&self.declared))?;
        }
        f.write_str(" with (")?;
        for (at, step) in self.steps.iter().enumerate() {
            write!(f, "{}{step}", if at > 0 { " " } else { "" })?;
        }
        f.write_str(")")
    }
}

impl Tabular for Scan {
    fn lower(&self, input: Relation, step: &PipelineStep, binder: &mut Binder<'_>) -> Relation {
        if !input.serialized && !input.columns.has_any_column() {
            binder.error(
                Diagnostic::error(
                    UNORDERED,
                    step.name.span,
                    "`scan` reads the rows in their order, and here it is open",
                )
                .label("wants rows in order")
                .help("sort the rows first (`| sort by …`), or take them as they come (`| serialize`)"),
            );
        }
        // A row that a step holds has all columns.
        binder.needs_all_columns(&input.columns);
        let given = self.given(&input.columns);
        match self.steps(&input, &given, binder) {
            Ok((steps, made)) => {
                let keep: Vec<plan::Expr> = input.pass_through().map(|(_, expr)| expr).collect();
                let declared = keep.len() + self.declared.len();
                let mut outputs: Vec<(BoundColumn, plan::Expr)> = input.pass_through().collect();
                for (slot, &column) in (declared..).zip(&given) {
                    outputs[column].1 = plan::Expr::column(outputs[column].0.ty, slot);
                }
                let places = (keep.len()..declared).chain([declared + given.len()]);
                outputs.extend(places.zip(made).map(|(at, column)| {
                    let expr = plan::Expr::column(column.ty, at);
                    (column, expr)
                }));
                let steps = Arc::new(steps);
                input.map(|input| Node::Match { input, keep, steps }).compute(outputs).of_whole_table(false)
            }
            Err(_) => input.with_any_column(),
        }
    }
}

/// Whether a value is given to what is held there.
fn gives(assigned: &[(usize, plan::Expr)], slot: usize) -> bool {
    assigned.iter().any(|(known, _)| *known == slot)
}

impl Scan {
    /// The columns of the input that steps give values to. They are held behind the declared ones.
    fn given(&self, input: &BoundColumns) -> Vec<usize> {
        let mut given: Vec<usize> = Vec::new();
        for StepAssign { name, .. } in self.steps.iter().flat_map(|step| &step.assigned) {
            if let Some(at) = input.position(&name.text).filter(|at| !given.contains(at)) {
                given.push(at);
            }
        }
        given
    }

    /// The steps, and the columns that they make.
    fn steps(
        &self,
        input: &Relation,
        given: &[usize],
        binder: &mut Binder<'_>,
    ) -> Result<(Steps, Vec<BoundColumn>), Reported> {
        let mut held = input.columns.list().to_vec();
        let mut wrong = None;
        let mut values = Vec::with_capacity(self.declared.len());
        for DeclaredColumn { column: ColumnType { name, ty }, default } in &self.declared {
            if held.iter().any(|known| *known.name == name.text) {
                wrong = Some(binder.error(duplicate(name)));
            }
            held.push(BoundColumn::new(name.text.as_str(), *ty));
            let value = match default {
                None => Ok(Value::absent(*ty)),
                Some(written) => {
                    let nothing = BoundColumns::none();
                    let mut exprs = Exprs::new(binder, &nothing);
                    exprs.expr(written).and_then(|bound| exprs.cell(bound, *ty, written))
                }
            };
            match value {
                Ok(value) => values.push((*ty, value)),
                Err(reported) => wrong = Some(reported),
            }
        }
        let own = input.columns.list().len();
        let mut places: Vec<usize> = (0..held.len()).collect();
        for (slot, &column) in (held.len()..).zip(given) {
            places[column] = slot;
            let ty = held[column].ty;
            values.push((ty, Value::absent(ty)));
        }
        let mut made = held.split_off(own);
        if let Some(name) = &self.match_id
            && input.columns.names().chain(made.iter().map(|column| &*column.name)).any(|known| known == name.text)
        {
            wrong = Some(binder.error(duplicate(name)));
        }
        let held = BoundColumns::new(held.iter().chain(&made).cloned().collect());
        let names: Vec<&str> = self.steps.iter().map(|step| step.name.text.as_str()).collect();
        let mut list = Vec::with_capacity(self.steps.len());
        for (at, step) in self.steps.iter().enumerate() {
            if names.iter().take(at).any(|known| *known == step.name.text) {
                let message = format!("there is a step `{}` already", step.name.text);
                let diagnostic = Diagnostic::error(DUPLICATE_NAME, step.name.span, message).label("same name again");
                wrong = Some(binder.error(diagnostic));
            }
            let rows = StepRows { names: &names, at, columns: &held, places: &places, width: own + values.len() };
            let mut exprs = Exprs::of_step(binder, &input.columns, rows);
            let condition = exprs.predicate(&step.condition);
            let mut assigned: Vec<(usize, plan::Expr)> = Vec::new();
            for StepAssign { name, expr } in &step.assigned {
                let bound = exprs.expr(expr);
                let Some(column) = held.position(&name.text) else {
                    let message = format!("there is no column `{}` to give a value to", name.text);
                    wrong = Some(exprs.binder.error(
                        Diagnostic::error(UNKNOWN_COLUMN, name.span, message).label("no column").help(format!(
                            "a step gives values to columns of its rows and to those behind `declare`: `declare ({}: type)`",
                            name.text
                        )),
                    ));
                    continue;
                };
                let slot = places[column] - own;
                if gives(&assigned, slot) {
                    wrong = Some(exprs.binder.error(duplicate(name)));
                }
                match bound.and_then(|bound| exprs.convert(bound, held.list()[column].ty, expr)) {
                    Ok(value) => {
                        let before = |&read: &usize| {
                            read < own && places[read].checked_sub(own).is_some_and(|slot| gives(&assigned, slot))
                        };
                        if let Some(read) = value.columns().into_iter().find(before) {
                            let name = &held.list()[read].name;
                            let message = format!("whether `{name}` is here what the step gave it is not documented");
                            let diagnostic = Diagnostic::error(UNSUPPORTED, expr.span, message);
                            wrong = Some(exprs.binder.error(diagnostic.label("not implemented").help(format!(
                                "read it before it is given a value, or from a copy: `| extend copy = {name}`"
                            ))));
                        }
                        assigned.push((slot, value));
                    }
                    Err(reported) => wrong = Some(reported),
                }
            }
            // A column that other steps give values to stays as the row has it.
            for &column in given {
                let slot = places[column] - own;
                if !gives(&assigned, slot) {
                    assigned.push((slot, plan::Expr::column(held.list()[column].ty, column)));
                }
            }
            match condition {
                Ok(condition) => {
                    let output = step.output.unwrap_or(StepOutput::All);
                    list.push(Step { condition, output, assigned });
                }
                Err(reported) => wrong = Some(reported),
            }
        }
        made.extend(self.match_id.as_ref().map(|name| BoundColumn::new(name.text.as_str(), Type::Long)));
        wrong.map_or(Ok((Steps { declared: values, list }, made)), Err)
    }
}
