//! Typed expressions over columns: lifting calls to distinct values, kernels over rows, steps into dynamic values.
//!
//! A call whose varying arguments are all dictionaries with the same codes (one column, or what was computed from it)
//! runs once per *distinct* value and maps the codes. Everything else runs a row at a time.

mod path;

use crate::column::{Batch, Column, Out};
use crate::guard::Guard;
use crate::plan::{Expr, Kind};
use crate::registry::Kernel;
use crate::value::{Type, Value, ValueRef};

/// Rows after which the guard is asked.
const TURN: usize = 256;

/// The value of `expr` at every row of `batch`; whatever it likes once the guard stops.
pub(crate) fn eval(expr: &Expr, batch: &Batch, guard: &Guard) -> Column {
    match &expr.kind {
        Kind::Literal(value) => Column::constant(expr.ty, value.clone(), batch.rows),
        Kind::Column(index) => batch.columns[*index].clone(),
        Kind::Path { base, steps } => path::walk(&eval(base, batch, guard), steps),
        Kind::And(parts) => fold(parts, batch, guard, Column::and),
        Kind::Or(parts) => fold(parts, batch, guard, Column::or),
        Kind::Call { callee, kernel, args } => {
            let args: Vec<Column> = args.iter().map(|arg| eval(arg, batch, guard)).collect();
            let call = Call { kernel, strict: callee.strict(), ty: expr.ty, guard };
            if callee.deterministic() { call.lifted(&args, batch.rows) } else { call.rows(&args, batch.rows) }
        }
    }
}

/// The value of an expression that reads no column.
pub(crate) fn constant(expr: &Expr) -> Value {
    eval(expr, &Batch::new(Vec::new(), 1), &Guard::none()).get(0).to_value()
}

fn fold(parts: &[Expr], batch: &Batch, guard: &Guard, with: fn(&Column, &Column) -> Column) -> Column {
    let mut parts = parts.iter().map(|part| eval(part, batch, guard));
    let first = parts.next().expect("a conjunction has parts");
    parts.fold(first, |so_far, part| with(&so_far, &part))
}

struct Call<'a> {
    kernel: &'a Kernel,
    strict: bool,
    ty: Type,
    guard: &'a Guard,
}

impl Call<'_> {
    /// Once per distinct combination of arguments where that is fewer than the rows.
    fn lifted(&self, args: &[Column], rows: usize) -> Column {
        let mut varying = args.iter().filter(|arg| arg.as_constant().is_none());
        let Some(first) = varying.next() else {
            let once: Vec<Column> = args.iter().map(|arg| arg.slice(0, arg.len().min(1))).collect();
            let value = self.rows(&once, 1).get(0).to_value();
            return Column::constant(self.ty, value, rows);
        };
        let Some(codes) = first.as_dictionary() else { return self.rows(args, rows) };
        let entries = codes.values().len();
        if entries > rows || !varying.all(|arg| arg.as_dictionary().is_some_and(|other| other.aligned(codes))) {
            return self.rows(args, rows);
        }
        let distinct: Vec<Column> = args
            .iter()
            .map(|arg| match (arg.as_constant(), arg.as_dictionary()) {
                (Some(value), _) => Column::constant(arg.ty(), value.clone(), entries),
                (None, Some(dictionary)) => dictionary.values().clone(),
                (None, None) => unreachable!("varying arguments were found to be dictionaries"),
            })
            .collect();
        codes.map(self.rows(&distinct, entries))
    }

    /// Once per row.
    fn rows(&self, args: &[Column], rows: usize) -> Column {
        let mut cells: Vec<ValueRef<'_>> =
            args.iter().map(|arg| arg.as_constant().map_or(ValueRef::Null, Value::as_ref)).collect();
        let varying: Vec<usize> = (0..args.len()).filter(|&at| args[at].as_constant().is_none()).collect();
        if self.strict && args.iter().any(|arg| matches!(arg.as_constant(), Some(Value::Null))) {
            return Column::constant(self.ty, Value::absent(self.ty), rows);
        }
        let mut out = Out::new(self.ty, rows);
        for row in 0..rows {
            if row % TURN == TURN - 1 && self.guard.stops() {
                return Column::constant(self.ty, Value::absent(self.ty), rows);
            }
            for &at in &varying {
                cells[at] = args[at].get(row);
            }
            if self.strict && varying.iter().any(|&at| cells[at].is_null()) {
                out.null();
            } else {
                (self.kernel)(&cells, &mut out);
            }
            debug_assert_eq!(out.len(), row + 1, "a kernel gives one value per row");
        }
        out.finish()
    }
}
