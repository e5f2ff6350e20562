//! `dcount_intersect`: how many values several sketches have in common.

use super::{Evaluate, made};
use crate::bind::{Binder, BoundColumn, Exprs, Relation, duplicate};
use crate::column::{Batch, Column};
use crate::diag::{Diagnostic, WRONG_TYPE};
use crate::functions::Hll;
use crate::guard::Pace;
use crate::plan::Expr;
use crate::registry::{Example, Ordered, Plugin, TableWork};
use crate::syntax::ast::Name;
use crate::value::{Type, Value};

/// Most sets, as Kusto has it: what several have in common takes the unions of all their subsets.
const MOST: usize = 16;

pub(super) const DCOUNT_INTERSECT: Plugin = Plugin {
    name: "dcount_intersect",
    syntax: "dcount_intersect(hll, hll, …)",
    about: "How many distinct values the first `hll` stands for, how many of them the second one does, too, and so on, as \
            columns `s0`, `s1`, …; exact while each has at most 1,024.",
    examples: &[Example {
        query: "range x from 1 to 100 step 1 | summarize a = hll(x), b = hll(x / 2) | evaluate dcount_intersect(a, b) \
                | project s0, s1",
        result: "100, 50",
    }],
    caution: None,
};

impl Evaluate {
    pub(super) fn dcount_intersect(&self, input: Relation, binder: &mut Binder<'_>) -> Option<Relation> {
        let arguments = self.plain_arguments(&DCOUNT_INTERSECT, 2, binder)?;
        if arguments.len() > MOST {
            self.wrong_count(&DCOUNT_INTERSECT, binder);
            return None;
        }
        let (mut columns, mut args): (Vec<BoundColumn>, Vec<Expr>) = input.pass_through().unzip();
        let width = columns.len();
        for (number, argument) in arguments.iter().enumerate() {
            let hll = Exprs::new(binder, &input.columns).expr(argument).ok()?;
            if hll.ty != Type::Dynamic {
                let message = format!("an `hll` is dynamic, and this is {}", hll.ty);
                binder.error(Diagnostic::error(WRONG_TYPE, argument.span, message).label(hll.ty.name()));
                return None;
            }
            args.push(hll);
            let name = format!("s{number}");
            if columns.iter().any(|column| *column.name == *name) {
                binder.error(duplicate(&Name::new(name, argument.span)));
                return None;
            }
            columns.push(BoundColumn::new(name, Type::Long));
        }
        let work: TableWork = Box::new(move |rows| beside(rows, width));
        let serialized = input.serialized;
        Some(Relation { serialized, ..made(&DCOUNT_INTERSECT, args, columns, work, input) })
    }
}

/// The columns in front, and what the sketches behind them have in common.
fn beside(rows: &Ordered<'_>, width: usize) -> Batch {
    let (columns, hlls) = rows.args.split_at(width);
    let mut pace = Pace::new(rows.guard);
    let mut counts: Vec<Vec<Value>> = vec![Vec::with_capacity(rows.rows); hlls.len()];
    for row in 0..rows.rows {
        let read: Option<Vec<Hll>> = hlls.iter().map(|hll| Hll::of(hll.get(row))).collect();
        let shared = read.and_then(|read| Hll::shared(&read, &mut pace));
        for (at, counts) in counts.iter_mut().enumerate() {
            let count = shared.as_ref().and_then(|shared| shared.get(at));
            counts.push(count.map_or(Value::Null, |count| Value::Long(*count)));
        }
    }
    let counts = counts.into_iter().map(|counts| Column::from_values(Type::Long, counts));
    Batch::new(columns.iter().cloned().chain(counts).collect(), rows.rows)
}
