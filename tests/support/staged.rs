//! Answers in stages beside those of one machine.

use argql::{Diagnostic, Error, Table, Value};

fn said(error: &Error) -> Vec<&str> {
    error.diagnostics().iter().map(|said| said.message.as_str()).collect()
}

/// What differs between the answers of a query in one piece and in stages, or nothing: sums of reals may, within 1e-12.
pub(crate) fn difference(
    native: &Result<Vec<Table>, Error>,
    found: &Result<Vec<Table>, Error>,
    repeatable: bool,
) -> Option<String> {
    match (native, found) {
        (Err(native), Err(found)) => (said(native) != said(found)).then(|| format!("{native}\nbut in stages\n{found}")),
        (Ok(_), Err(found)) => Some(format!("refused in stages: {found}")),
        (Err(native), Ok(_)) => Some(format!("answered in stages only: {native}")),
        (Ok(native), Ok(found)) => {
            if native.len() != found.len() {
                return Some(format!("{} tables and {}", native.len(), found.len()));
            }
            native.iter().zip(found).find_map(|(native, found)| table_difference(native, found, repeatable))
        }
    }
}

fn table_difference(native: &Table, found: &Table, repeatable: bool) -> Option<String> {
    if native.columns() != found.columns() || native.chart() != found.chart() {
        return Some(format!("{:?} and {:?}", native.columns(), found.columns()));
    }
    // What is drawn by chance is never the same.
    if !repeatable {
        return None;
    }
    let warnings = |table: &Table| -> Vec<String> {
        let mut all: Vec<String> = table.warnings().iter().map(|said: &Diagnostic| said.message.clone()).collect();
        all.sort();
        all
    };
    let same = native.len() == found.len()
        && native.rows().zip(found.rows()).all(|(a, b)| a.iter().zip(&b).all(|(a, b)| same_value(a, b)));
    if same && warnings(native) == warnings(found) {
        return None;
    }
    let lines = |table: &Table| {
        let shown: Vec<String> = std::iter::once(table.head(12).to_json()).chain(warnings(table)).collect();
        shown.join("\n")
    };
    Some(format!("{} rows\n{}\nin stages {} rows\n{}", native.len(), lines(native), found.len(), lines(found)))
}

fn same_value(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Real(x), Value::Real(y)) => {
            x.to_bits() == y.to_bits() || (x.is_nan() && y.is_nan()) || (x - y).abs() <= 1e-12 * x.abs().max(y.abs())
        }
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| same_value(a, b))
        }
        (Value::Bag(a), Value::Bag(b)) => {
            a.len() == b.len() && a.iter().zip(b.iter()).all(|((ka, a), (kb, b))| ka == kb && same_value(a, b))
        }
        _ => a == b && format!("{a:?}") == format!("{b:?}"),
    }
}
