//! `narrow`: a row per cell.

use std::sync::Arc;

use super::Evaluate;
use crate::bind::{Binder, BoundColumn, Relation};
use crate::functions;
use crate::operators::sample::numbering;
use crate::plan::{Expansion, Expr, Node};
use crate::registry::{Example, Plugin};
use crate::value::{Type, Value};

pub(super) const NARROW: Plugin = Plugin {
    name: "narrow",
    syntax: "narrow()",
    about: "A row per cell: the number of its row, the name of its column, and its text.",
    examples: &[Example { query: "print a = 1, b = 'x' | evaluate narrow() | where Column == 'b'", result: "0, b, x" }],
    caution: None,
};

impl Evaluate {
    pub(super) fn narrow(&self, input: Relation, binder: &mut Binder<'_>) -> Option<Relation> {
        if !self.plugin.arguments.is_empty() {
            self.wrong_count(&NARROW, binder);
            return None;
        }
        if let Some(schema) = &self.schema {
            binder.refuse(schema.span, "a schema for `narrow`");
            return None;
        }
        let names: Vec<Value> = input.columns.names().map(Value::from).collect();
        let cells: Vec<Expr> = input.pass_through().map(|(_, cell)| binder.converted(cell, Type::String)).collect();
        let number = Expr::column(Type::Long, cells.len());
        let packed = binder.plain_call(&functions::PACK_ARRAY, Type::Dynamic, cells);
        let numbered = input.with_windows(vec![numbering()]);
        let expanded = [Expr::literal(Type::Dynamic, Value::Array(Arc::new(names))), packed].map(|expr| Expansion {
            expr,
            to: Type::String,
            pairs: false,
        });
        let node = Node::Expand {
            input: Box::new(numbered.node),
            keep: vec![number],
            expanded: expanded.into(),
            index: false,
            limit: usize::MAX,
        };
        let columns = [("Row", Type::Long), ("Column", Type::String), ("Value", Type::String)];
        Some(Relation::new(node, columns.map(|(name, ty)| BoundColumn::new(name, ty)).to_vec()))
    }
}
