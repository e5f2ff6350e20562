//! Each: a body is run for one part of the rows after the other. Parts know nothing of each other, so they run in
//! parallel; what the body reads besides its part is the same for all of them, and is run once.

use super::number::number;
use super::{Failure, Run};
use crate::column::{Batch, Column};
use crate::diag::Diagnostic;
use crate::eval::eval;
use crate::guard::Guard;
use crate::parallel;
use crate::plan::{Expr, Node, PartId, RowParts};

/// How many parts a thread takes at once.
const PARTS: usize = 16;

/// The rows and what is to be made of their parts.
pub(super) struct Each<'a> {
    pub(super) part: PartId,
    pub(super) rows: Batch,
    pub(super) parts: &'a RowParts,
    pub(super) keep: &'a [Expr],
    pub(super) body: &'a Node,
    /// How many columns of the body are read.
    pub(super) width: usize,
}

impl Run<'_> {
    pub(super) fn each(&mut self, each: Each<'_>) -> Result<Vec<Batch>, Failure> {
        let rows = &each.rows;
        if rows.rows == 0 {
            return Ok(Vec::new());
        }
        let body = self.settled(each.body.clone())?;
        let around = &self.parts;
        let guard = self.guard;
        let one = |part: &Vec<u32>| -> Result<(Batch, Vec<Diagnostic>), Failure> {
            guard.check()?;
            let mut run = Run { parts: around.clone(), ..Run::new(guard) };
            run.parts.push((each.part, rows.take(part)));
            let made = run.joined(&body)?;
            if made.rows == 0 {
                return Ok((Batch::default(), run.warnings));
            }
            let first = rows.take(&part[..1]);
            let repeated = vec![0; made.rows];
            let kept = each.keep.iter().map(|expr| eval(expr, &first, guard).take(&repeated));
            let columns = kept.chain(made.columns.into_iter().take(each.width)).collect();
            Ok((Batch::new(columns, made.rows), run.warnings))
        };
        let mut batches = Vec::new();
        let parts = parts(each.parts, rows, guard)?;
        // Most parts are small: to begin each of them for itself would take longer than what is to be done.
        let some = |parts: &[Vec<u32>]| parts.iter().map(one).collect::<Result<Vec<_>, _>>();
        let made = parallel::try_map(guard, parts.chunks(PARTS), some)?;
        for (batch, warnings) in made.into_iter().flatten() {
            self.warn(warnings);
            if batch.rows > 0 {
                batches.push(batch);
            }
        }
        Ok(if batches.is_empty() { batches } else { vec![Batch::concat(batches)] })
    }

    /// What a body reads besides its part gives its rows, once for all parts.
    fn settled(&mut self, body: Node) -> Result<Node, Failure> {
        if matches!(body, Node::Values { .. } | Node::Part { .. }) {
            return Ok(body);
        }
        if !body.reads_part() {
            let batch = self.joined(&body)?;
            return Ok(Node::Values { batch });
        }
        let mut failed = None;
        let body = body.map_inputs(|input| {
            self.settled(input).unwrap_or_else(|failure| {
                failed = Some(failure);
                Node::Union { inputs: Vec::new() }
            })
        });
        failed.map_or(Ok(body), Err)
    }

    /// The rows of the part at hand.
    pub(super) fn part(&self, part: PartId, outputs: &[Expr]) -> Batch {
        let (_, rows) = self.parts.iter().rfind(|(known, _)| *known == part).expect("a part is read in its body");
        Batch::new(outputs.iter().map(|expr| eval(expr, rows, self.guard)).collect(), rows.rows)
    }
}

/// The numbers of the rows of each part.
fn parts(parts: &RowParts, rows: &Batch, guard: &Guard) -> Result<Vec<Vec<u32>>, Failure> {
    let all = 0..u32::try_from(rows.rows).expect("batches have fewer than 2^32 rows");
    Ok(match parts {
        RowParts::Rows => all.map(|row| vec![row]).collect(),
        RowParts::Keyed(key) => {
            let column: Column = eval(key, rows, guard);
            let mut parts: Vec<Vec<u32>> = Vec::new();
            for (row, number) in all.zip(number(&[column], rows.rows, guard)?) {
                let number = number as usize;
                if number == parts.len() {
                    parts.push(Vec::new());
                }
                parts[number].push(row);
            }
            parts
        }
    })
}
