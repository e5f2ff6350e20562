//! Match: rows in their order, against the steps of `scan`.
//!
//! A step holds at most one sequence: for itself and every step before it the row that it took last. A row is shown to
//! the steps from the last to the first. A step takes it, if its condition holds, after the sequence of the step before,
//! which moves on to it; or else into the sequence that it holds already. The first step begins sequences.

use super::{Failure, Run};
use crate::column::{Batch, Column, Out};
use crate::eval::eval;
use crate::guard::{Guard, Pace};
use crate::plan::{Expr, Node, StepOutput, Steps, Term};
use crate::value::{Type, Value};

/// A row that a step took: its number, and what the step gave to the declared columns.
#[derive(Clone)]
struct Taken {
    row: usize,
    declared: Vec<Value>,
}

/// What a step holds.
struct Sequence {
    number: i64,
    /// What each of the steps so far took last.
    taken: Vec<Option<Taken>>,
    /// What comes out once the step takes no more.
    waiting: Option<Taken>,
}

impl Run<'_> {
    pub(super) fn matches(&mut self, input: &Node, keep: &[Expr], steps: &Steps) -> Result<Vec<Batch>, Failure> {
        let batch = self.joined(input)?;
        if batch.rows == 0 {
            return Ok(Vec::new());
        }
        let kept: Vec<Column> = keep.iter().map(|expr| eval(expr, &batch, self.guard)).collect();
        let rows = Batch::new(kept, batch.rows);
        let mut matcher = Matcher::new(&rows, steps, self.guard);
        let mut pace = Pace::new(self.guard);
        for row in 0..rows.rows {
            if pace.stops() {
                break;
            }
            matcher.show(row);
        }
        self.guard.check()?;
        matcher.end();
        let found = matcher.found;
        let picked = u32s(found.iter().map(|(_, taken)| taken.row));
        let mut columns = rows.take(&picked).columns;
        for (at, (ty, _)) in steps.declared.iter().enumerate() {
            let mut out = Out::new(*ty, found.len());
            found.iter().for_each(|(_, taken)| {
                out.value(taken.declared.get(at).map_or(crate::value::ValueRef::Null, Value::as_ref))
            });
            columns.push(out.finish());
        }
        columns.push(Column::longs(found.iter().map(|(number, _)| *number).collect()));
        Ok(vec![Batch::new(columns, found.len())])
    }
}

fn u32s(rows: impl Iterator<Item = usize>) -> Vec<u32> {
    rows.map(|row| u32::try_from(row).expect("batches have fewer than 2^32 rows")).collect()
}

struct Matcher<'a> {
    rows: &'a Batch,
    steps: &'a Steps,
    guard: &'a Guard,
    /// What conditions say of all rows, as far as it depends on nothing that steps hold: these rows alone are looked at.
    may_match: Vec<Option<Column>>,
    held: Vec<Option<Sequence>>,
    next: i64,
    found: Vec<(i64, Taken)>,
}

impl<'a> Matcher<'a> {
    fn new(rows: &'a Batch, steps: &'a Steps, guard: &'a Guard) -> Matcher<'a> {
        let free = |step: &crate::plan::Step| free_part(&step.condition, rows.columns.len());
        let may_match = steps.list.iter().map(|step| free(step).map(|part| eval(&part, rows, guard))).collect();
        let held = steps.list.iter().map(|_| None).collect();
        Matcher { rows, steps, guard, may_match, held, next: 0, found: Vec::new() }
    }

    /// Shows a row to all steps.
    fn show(&mut self, row: usize) {
        for at in (0..self.steps.list.len()).rev() {
            if self.may_match[at].as_ref().is_some_and(|known| !known.is_true(row)) {
                continue;
            }
            let before = at.checked_sub(1).filter(|&before| self.held[before].is_some());
            if let Some(before) = before
                && self.holds(at, row, self.held[before].as_ref())
            {
                self.close(at);
                self.close_row(before);
                let mut sequence = self.held[before].take().expect("it was looked at");
                sequence.taken.push(None);
                self.held[at] = Some(sequence);
                self.take(at, row);
            } else if (at == 0 || self.held[at].is_some()) && self.holds(at, row, self.held[at].as_ref()) {
                if self.held[at].is_none() {
                    self.held[at] = Some(Sequence { number: self.next, taken: vec![None], waiting: None });
                    self.next += 1;
                }
                self.take(at, row);
            }
        }
    }

    /// Nothing follows.
    fn end(&mut self) {
        (0..self.held.len()).for_each(|at| self.close(at));
    }

    /// The sequence that a step holds is at its end.
    fn close(&mut self, at: usize) {
        self.close_row(at);
        self.held[at] = None;
    }

    /// A step takes no more rows: the last one comes out, if it waited for that.
    fn close_row(&mut self, at: usize) {
        if let Some(sequence) = &mut self.held[at]
            && let Some(waiting) = sequence.waiting.take()
        {
            self.found.push((sequence.number, waiting));
        }
    }

    /// A step takes a row into the sequence that it holds.
    fn take(&mut self, at: usize, row: usize) {
        let step = &self.steps.list[at];
        let mut declared: Vec<Value> = self.steps.declared.iter().map(|(_, value)| value.clone()).collect();
        if !step.assigned.is_empty() {
            let batch = self.around(row, self.held[at].as_ref());
            for (column, expr) in &step.assigned {
                declared[*column] = eval(expr, &batch, self.guard).get(0).to_value();
            }
        }
        let Some(sequence) = &mut self.held[at] else { return };
        let taken = Taken { row, declared };
        sequence.taken[at] = Some(taken.clone());
        match step.output {
            StepOutput::All => self.found.push((sequence.number, taken)),
            StepOutput::Last => sequence.waiting = Some(taken),
            StepOutput::None => {}
        }
    }

    /// Whether the condition of a step holds for a row behind a sequence.
    fn holds(&self, at: usize, row: usize, sequence: Option<&Sequence>) -> bool {
        eval(&self.steps.list[at].condition, &self.around(row, sequence), self.guard).is_true(0)
    }

    /// The row that expressions read.
    fn around(&self, row: usize, sequence: Option<&Sequence>) -> Batch {
        let mut columns: Vec<Column> = self.rows.columns.iter().map(|column| column.slice(row, row + 1)).collect();
        for step in 0..self.steps.list.len() {
            let taken = sequence.and_then(|sequence| sequence.taken.get(step)?.as_ref());
            columns.extend(self.rows.columns.iter().map(|column| match taken {
                Some(taken) => column.slice(taken.row, taken.row + 1),
                None => Column::constant(column.ty(), Value::absent(column.ty()), 1),
            }));
            columns.extend(self.steps.declared.iter().enumerate().map(|(at, (ty, default))| {
                let value = taken.and_then(|taken| taken.declared.get(at)).unwrap_or(default);
                Column::constant(*ty, value.clone(), 1)
            }));
        }
        Batch::new(columns, 1)
    }
}

/// The parts of a conjunction that read nothing but the row at hand, if there are any.
fn free_part(condition: &Expr, own: usize) -> Option<Expr> {
    let is_free = |expr: &Expr| expr.deterministic() && expr.columns().iter().all(|&at| at < own);
    let parts: Vec<Expr> = match &condition.kind {
        Term::And(parts) => parts.iter().filter(|part| is_free(part)).cloned().collect(),
        _ => Some(condition).filter(|condition| is_free(condition)).into_iter().cloned().collect(),
    };
    if parts.is_empty() { None } else { Some(Expr { ty: Type::Bool, kind: Term::And(parts) }) }
}
