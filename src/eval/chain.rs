//! Calls of calls: `split(tolower(id), '/')[8]` over ever new text, a row at a time from the innermost call to the
//! outermost. What lies between them is one cell that is written again and again, and never a column.

use crate::column::{Batch, Column, Out};
use crate::guard::{Guard, Pace};
use crate::plan::{Expr, Term};
use crate::registry::{Kernel, Reads};
use crate::value::{Type, Value, ValueRef};

/// One call: its kernel with all arguments but one, which is what the call before it gives.
struct Link<'e> {
    kernel: &'e Kernel,
    strict: bool,
    cells: [ValueRef<'e>; MOST],
    /// How many arguments there are, and which of them varies.
    count: usize,
    varying: usize,
}

/// Arguments of a call that may be a link.
const MOST: usize = 4;

/// The value of calls that give text to one another, from a column whose cells do not repeat to `expr`. None where they
/// are other calls, or columns are worth being made of what lies between: entries are computed once for many rows.
pub(super) fn chained(expr: &Expr, batch: &Batch, guard: &Guard) -> Option<Column> {
    let mut links = vec![link(expr)?];
    let mut inner = links[0].1;
    let column = loop {
        match &inner.kind {
            Term::Column(index) => break &batch.columns[*index],
            _ if inner.ty == Type::String => links.push(link(inner)?),
            _ => return None,
        }
        inner = links.last()?.1;
    };
    if links.len() < 2 || column.as_dictionary().is_some() || column.as_constant().is_some() {
        return None;
    }
    let links: Vec<Link<'_>> = links.into_iter().rev().map(|(link, _)| link).collect();
    let mut between: Vec<Out> = links[1..].iter().map(|_| Out::of_last_text()).collect();
    let (mut out, mut pace) = (Out::new(expr.ty, batch.rows), Pace::new(guard));
    for row in 0..batch.rows {
        column.fetch_ahead(row);
        if pace.stops() {
            return Some(Column::constant(expr.ty, Value::absent(expr.ty), batch.rows));
        }
        for (at, link) in links.iter().enumerate() {
            let (before, after) = between.split_at_mut(at);
            let mut cells: [ValueRef<'_>; MOST] = link.cells;
            match before.last() {
                Some(before) => cells[link.varying] = ValueRef::String(before.last_text()),
                None => column.read(row, &mut cells[link.varying]),
            }
            let to = after.first_mut().unwrap_or(&mut out);
            if link.strict && cells[link.varying].is_null() {
                to.null();
            } else {
                (link.kernel)(&cells[..link.count], to);
            }
        }
        debug_assert_eq!(out.len(), row + 1, "a kernel gives one value per row");
    }
    Some(out.finish())
}

/// A call with one argument that varies, and that one.
fn link(expr: &Expr) -> Option<(Link<'_>, &Expr)> {
    let Term::Call { callee, kernel, args } = &expr.kind else { return None };
    if callee.reads() != Reads::All || callee.texts() || !callee.deterministic() || args.len() > MOST {
        return None;
    }
    let (mut cells, mut varying) = ([ValueRef::Null; MOST], None);
    for (at, arg) in args.iter().enumerate() {
        match &arg.kind {
            Term::Literal(Value::Null) if callee.strict() => return None,
            Term::Literal(value) => cells[at] = value.as_ref(),
            _ if varying.is_some() => return None,
            _ => varying = Some((at, arg)),
        }
    }
    let (varying, inner) = varying?;
    let link = Link { kernel, strict: callee.strict(), cells, count: args.len(), varying };
    Some((link, inner))
}

#[cfg(test)]
mod tests {
    use crate::Engine;

    /// Rows of text that does not repeat, one of them empty and one beyond ASCII.
    const ROWS: &str = "range n from 1 to 3000 step 1 \
        | extend id = strcat(iff(n == 7, '', strcat('/Sub/', n)), iff(n % 1000 == 1, 'Ä/B', iff(n == 7, '', '/B')))";

    #[test]
    fn calls_of_calls_give_what_they_give_over_columns_between_them() {
        // Text that is used twice is a column of its own.
        let chained =
            "extend a = toupper(tolower(id)), b = strlen(trim('/', tolower(id))), c = split(tolower(id), '/')[2]";
        let apart = "extend low = tolower(id) | extend trimmed = trim('/', low) | where n > 0 \
            | extend a = toupper(low), b = strlen(trimmed), c = split(low, '/')[2]";
        let answer = |with: &str| {
            let query = format!("{ROWS} | {with} | project n, a, b, c, ty = gettype(c)");
            Engine::new().query(&query).expect("it runs").to_json()
        };
        let answered = answer(chained);
        assert_eq!(answered, answer(apart));
        assert!(answered.contains(r#"{"n":1,"a":"/SUB/1Ä/B","b":8,"c":"1ä","ty":"string"}"#), "{}", &answered[..200]);
        assert!(answered.contains(r#"{"n":7,"a":"","b":0,"c":null,"ty":"null"}"#));
    }
}
