//! `preview`: the first rows, and how many there are.

use super::Evaluate;
use crate::bind::{Binder, BoundColumn, BoundColumns, Exprs, Relation};
use crate::operators::count::counting;
use crate::plan::Node;
use crate::registry::{Example, Plugin};
use crate::value::Type;

pub(super) const PREVIEW: Plugin = Plugin {
    name: "preview",
    syntax: "preview(rows)",
    about: "Two tables: so many rows, and how many there are. Nothing may stand behind it.",
    examples: &[Example { query: "range x from 1 to 5 step 1 | evaluate preview(2)", result: "5" }],
    caution: None,
};

impl Evaluate {
    pub(super) fn preview(&self, input: Relation, binder: &mut Binder<'_>) -> Option<Relation> {
        let arguments = self.exactly(&PREVIEW, 1, binder)?;
        let rows = Exprs::new(binder, &BoundColumns::none()).count(arguments[0]).ok()?;
        let rows = usize::try_from(rows).unwrap_or(0);
        let input = binder.for_all_readers(input, self.plugin.name.span);
        let node =
            Node::Aggregate { input: Box::new(input.node.clone()), keys: Vec::new(), aggregates: vec![counting()] };
        let count = Relation::new(node, vec![BoundColumn::new("Count", Type::Long)]);
        Some(Relation::several(vec![input.map(|input| Node::Limit { input, rows }), count]))
    }
}
