//! Typed expressions over columns: lifting calls to distinct values, kernels over rows, steps into dynamic values.
//!
//! A call whose varying arguments are all dictionaries with the same codes (one column, or what was computed from it)
//! runs once per *distinct* value and maps the codes. Everything else runs a row at a time.

mod bounds;
mod chain;
mod path;

use crate::column::{Batch, Column, Dictionary, Entries, Interner, Out};
use crate::guard::{Guard, Pace};
use crate::plan::{Expr, Term};
use crate::registry::{Kernel, Reads};
use crate::value::{Type, Value, ValueRef};

pub(crate) use bounds::may_hold;

/// The value of `expr` at every row of `batch`; whatever it likes once the guard stops.
pub(crate) fn eval(expr: &Expr, batch: &Batch, guard: &Guard) -> Column {
    match by_shared_entries(expr, batch, guard) {
        Some((dictionary, entries)) => dictionary.over(entries),
        None => compute(expr, batch, guard),
    }
}

/// The dictionary that `expr` reads alone, if many batches have its entries, and the value of `expr` at each of these,
/// if it is worth being computed.
fn by_shared_entries<'b>(expr: &Expr, batch: &'b Batch, guard: &Guard) -> Option<(&'b Dictionary, Entries)> {
    // Texts are given on without a call.
    if matches!(&expr.kind, Term::Call { callee, .. } if callee.texts()) {
        return None;
    }
    let (at, dictionary) = one_column(expr, batch).filter(|(_, dictionary)| dictionary.is_shared())?;
    let of = Formula(expr.clone());
    let entries = dictionary.shared(of, |entries| eval(expr, &batch_with_column(at, entries), guard))?;
    Some((dictionary, entries))
}

/// What a condition says of the rows, as the codes of the dictionary that it reads alone and its value at each entry:
/// few entries are asked for many rows. None if it reads other rows, or too few rows show too many entries.
pub(crate) fn by_entries<'b>(expr: &Expr, batch: &'b Batch, guard: &Guard) -> Option<(&'b Dictionary, Column)> {
    if let Some((dictionary, entries)) = by_shared_entries(expr, batch, guard) {
        return Some((dictionary, entries.values().clone()));
    }
    let (dictionary, entries) = one_dictionary(expr, batch)?;
    Some((dictionary, eval(expr, &entries, guard)))
}

/// The one column that a deterministic call or path reads, if it is a dictionary.
fn one_column<'b>(expr: &Expr, batch: &'b Batch) -> Option<(usize, &'b Dictionary)> {
    let computed = !matches!(expr.kind, Term::Column(_)) && expr.deterministic();
    let at = expr.only_column().filter(|_| computed)?;
    Some((at, batch.columns[at].as_dictionary()?))
}

/// What `expr` is where the only column that it reads, `at`, has this value.
pub(crate) fn of_one_value(expr: &Expr, at: usize, ty: Type, value: ValueRef<'_>, guard: &Guard) -> Column {
    let mut column = Interner::new(ty);
    column.push(value);
    eval(expr, &batch_with_column(at, &column.finish()), guard)
}

/// Rows with a column at the position `at`, and nothing that matters at those before.
fn batch_with_column(at: usize, column: &Column) -> Batch {
    let mut columns = vec![Column::constant(Type::Dynamic, Value::Null, column.len()); at];
    columns.push(column.clone());
    Batch::new(columns, column.len())
}

/// An expression as what it computes.
struct Formula(Expr);

impl PartialEq for Formula {
    fn eq(&self, other: &Formula) -> bool {
        self.0.same(&other.0)
    }
}

/// The value of `expr` at every row, whatever other batches have in common with this one: what [`by_entries`] is not
/// worth while for.
pub(crate) fn compute(expr: &Expr, batch: &Batch, guard: &Guard) -> Column {
    match &expr.kind {
        Term::Literal(value) => Column::constant(expr.ty, value.clone(), batch.rows),
        Term::Column(index) => batch.columns[*index].clone(),
        Term::Path { base, steps } => path::walk(&eval(base, batch, guard), steps, guard),
        Term::And(parts) => fold(parts, batch, guard, Column::and),
        Term::Or(parts) => fold(parts, batch, guard, Column::or),
        Term::Call { callee, kernel, args } => {
            if callee.reads() != Reads::All && !chooses_cells_at_hand(expr.ty, args) {
                return choice(expr, callee.reads(), args, batch, guard);
            }
            if let Some(column) = chain::chained(expr, batch, guard) {
                return column;
            }
            let args: Vec<Column> = args.iter().map(|arg| eval(arg, batch, guard)).collect();
            if callee.texts()
                && let Some(texts) = args[0].as_text()
            {
                return texts;
            }
            let call = KernelCall { kernel, strict: callee.strict(), ty: expr.ty, guard };
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

/// Whether a choice is between cells at hand that take no more room than their place: its kernel looks at each row.
fn chooses_cells_at_hand(ty: Type, args: &[Expr]) -> bool {
    let at_hand = |arg: &Expr| matches!(arg.kind, Term::Literal(_) | Term::Column(_));
    !matches!(ty, Type::String | Type::Dynamic) && args.iter().skip(1).all(at_hand)
}

/// What the kernel of a call that chooses one of its arguments gives, with each argument evaluated only where rows look
/// at it, and no text copied.
fn choice(expr: &Expr, reads: Reads, args: &[Expr], batch: &Batch, guard: &Guard) -> Column {
    if let Some((codes, entries)) = one_dictionary(expr, batch) {
        return codes.map(choice(expr, reads, args, &entries, guard));
    }
    // `open` are the rows that have not found their argument yet. Of `case` and `iff` they look at the next predicate;
    // those for which it is true are `taken`, and they alone look at the argument behind it; the last argument is for
    // those left. Of `coalesce` they look at the next argument, and stay open where it is empty. At rows that did not
    // look, a column may hold anything: what counts of it are the rows for which `chosen` names it.
    let mut open: Vec<u32> = (0..u32::try_from(batch.rows).expect("batches have fewer than 2^32 rows")).collect();
    let mut taken = Vec::new();
    let mut chosen = vec![0; batch.rows];
    let mut columns: Vec<Column> = Vec::with_capacity(args.len());
    for (at, arg) in args.iter().enumerate() {
        let number = columns.len();
        let last = at + 1 == args.len();
        if reads == Reads::Branch && at % 2 == 0 && !last {
            let predicate = eval_at(&open, arg, batch, guard);
            (taken, open) =
                open.into_iter().partition(|&row| matches!(predicate.get(row as usize), ValueRef::Bool(true)));
            continue;
        }
        let looking = if reads == Reads::Branch && !last { &taken } else { &open };
        if looking.is_empty() {
            continue;
        }
        let column = eval_at(looking, arg, batch, guard);
        let rests = |&row: &u32| matches!(column.get(row as usize), ValueRef::Null | ValueRef::String(""));
        if reads == Reads::UntilFilled {
            (open, taken) = open.into_iter().partition(rests);
        } else {
            taken = looking.clone();
        }
        taken.iter().for_each(|&row| chosen[row as usize] = number);
        columns.push(column);
    }
    if reads == Reads::UntilFilled && !open.is_empty() {
        open.iter().for_each(|&row| chosen[row as usize] = columns.len());
        columns.push(Column::constant(expr.ty, Value::absent(expr.ty), batch.rows));
    }
    Column::choose(expr.ty, &columns, &chosen)
}

/// If an expression reads columns of one dictionary alone, which has no more entries than there are rows: its codes,
/// and its entries as rows.
fn one_dictionary<'b>(expr: &Expr, batch: &'b Batch) -> Option<(&'b Dictionary, Batch)> {
    let read = columns_read(expr, batch);
    let varies = |(at, &read): (usize, &bool)| (read && batch.columns[at].as_constant().is_none()).then_some(at);
    let varying: Vec<usize> = read.iter().enumerate().filter_map(varies).collect();
    let codes = batch.columns[*varying.first()?].as_dictionary()?;
    let entries = codes.values().len();
    let aligned = |at: &usize| batch.columns[*at].as_dictionary().is_some_and(|other| other.aligned(codes));
    if entries > batch.rows || !varying.iter().all(aligned) || !expr.deterministic() {
        return None;
    }
    let column = |(column, read): (&Column, bool)| match (column.as_dictionary(), column.as_constant()) {
        (Some(dictionary), _) if read => dictionary.values().clone(),
        (_, Some(value)) => Column::constant(column.ty(), value.clone(), entries),
        _ => Column::constant(column.ty(), Value::Null, entries),
    };
    Some((codes, Batch::new(batch.columns.iter().zip(read).map(column).collect(), entries)))
}

/// Whether an expression reads each of the columns.
fn columns_read(expr: &Expr, batch: &Batch) -> Vec<bool> {
    let mut read = vec![false; batch.columns.len()];
    expr.visit(&mut |part| {
        if let Term::Column(index) = part.kind {
            read[index] = true;
        }
        true
    });
    read
}

/// The value of `expr` at the given rows, in order, and whatever it likes or nothing at the others.
fn eval_at(rows: &[u32], expr: &Expr, batch: &Batch, guard: &Guard) -> Column {
    if rows.is_empty() {
        return Column::constant(expr.ty, Value::absent(expr.ty), batch.rows);
    }
    // What is computed once for each entry of a dictionary is not made cheaper by fewer rows.
    let read = columns_read(expr, batch);
    let by_row = |column: &Column| column.as_dictionary().is_none() && column.as_constant().is_none();
    let costly = batch.columns.iter().zip(&read).any(|(column, &read)| read && by_row(column));
    if !costly || rows.len() > batch.rows / FEW {
        return eval(expr, batch, guard);
    }
    let column = |(column, read): (&Column, bool)| match read {
        true => column.take(rows),
        false => Column::constant(column.ty(), Value::Null, rows.len()),
    };
    let some = Batch::new(batch.columns.iter().zip(read).map(column).collect(), rows.len());
    let made = eval(expr, &some, guard);
    let mut places = vec![None; batch.rows];
    (0..).zip(rows).for_each(|(place, &row)| places[row as usize] = Some(place));
    made.take_or_absent(&places)
}

/// Rows are worth being picked out if they are at most one in so many.
const FEW: usize = 4;

struct KernelCall<'a> {
    kernel: &'a Kernel,
    strict: bool,
    ty: Type,
    guard: &'a Guard,
}

impl KernelCall<'_> {
    /// Once per distinct combination of arguments where that is fewer than the rows.
    ///
    /// Dictionaries with the same codes show, at every row, entries of the same number: their entries side by side are
    /// all combinations that the rows can have. Entries that no row shows are computed as well; kernels cannot fail, so
    /// that costs a little time only, and the same codes then lead from the rows to the results.
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
        let (mut out, mut pace) = (Out::new(self.ty, rows), Pace::new(self.guard));
        for row in 0..rows {
            varying.iter().for_each(|&at| args[at].fetch_ahead(row));
            if pace.stops() {
                return Column::constant(self.ty, Value::absent(self.ty), rows);
            }
            for &at in &varying {
                args[at].read(row, &mut cells[at]);
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
