//! Which columns a part has, and where each of their values stands in a row.
//!
//! A column of a known type is one column of the part. Below a dynamic one, paths that are of one kind and stand in
//! enough rows are columns of their own, called by their path: `properties.status.code`. The dynamic column itself has
//! the rest: the text of the bag, with `null` where the value is in a column. So a rest is JSON that says the shape of
//! the row, it repeats, and with the values put back it is the text that was read, byte for byte. A value whose column
//! could not give its own spelling back (`1.50`, `"\u0061"`) is in the rest as well, and that counts.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use foldhash::fast::FixedState;
use serde_json::{Value as Json, json};

use crate::column::{Field, PartField};
use crate::source::sketch::PathSketch;
use crate::value::Type;

/// What the cells of a part's column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::source) enum Form {
    /// A column of a known type.
    Typed(Type),
    /// Strings.
    Text,
    Long,
    Real,
    Bool,
    /// Values of any kind, as the text that they have in JSON.
    Json,
    /// A dynamic column, without what columns of their own have of it.
    Rest,
}

impl Form {
    /// The type of the column in the part.
    fn ty(self) -> Type {
        match self {
            Form::Typed(ty) => ty,
            Form::Long => Type::Long,
            Form::Real => Type::Real,
            Form::Bool => Type::Bool,
            Form::Text | Form::Json | Form::Rest => Type::String,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Form::Typed(ty) => ty.name(),
            Form::Text => "text",
            Form::Long => "longs",
            Form::Real => "reals",
            Form::Bool => "bools",
            Form::Json => "json",
            Form::Rest => "rest",
        }
    }

    fn named(name: &str) -> Option<Form> {
        [Form::Text, Form::Long, Form::Real, Form::Bool, Form::Json, Form::Rest]
            .into_iter()
            .find(|form| form.name() == name)
            .or_else(|| Type::named(name).map(Form::Typed))
    }
}

/// A column of a part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::source) struct LayoutColumn {
    /// The keys from the row inwards.
    pub(in crate::source) path: Vec<Arc<str>>,
    pub(in crate::source) form: Form,
}

impl LayoutColumn {
    /// As the part has it.
    fn name(&self) -> String {
        self.path.join(".")
    }
}

/// The columns of a part, and the tree that their paths make.
#[derive(Clone, Debug, Default)]
pub(in crate::source) struct Layout {
    pub(in crate::source) columns: Vec<LayoutColumn>,
    /// Node 0 is the row.
    nodes: Vec<LayoutNode>,
}

#[derive(Clone, Debug, Default)]
pub(in crate::source) struct LayoutNode {
    /// Keys with the nodes behind them, in the order in which rows mostly have them.
    pub(in crate::source) keys: Vec<(Arc<str>, usize)>,
    numbers: HashMap<Arc<str>, usize, FixedState>,
    /// The column of what stands here.
    pub(in crate::source) column: Option<usize>,
}

/// Most columns that are made of paths.
const MOST: usize = 300;
/// A path has a column if it stands in one of so many rows.
const SELDOM: usize = 200;

impl Layout {
    pub(in crate::source) const ROW: usize = 0;

    pub(in crate::source) fn new(columns: Vec<LayoutColumn>) -> Layout {
        let mut layout = Layout { columns: Vec::new(), nodes: vec![LayoutNode::default()] };
        for column in columns {
            let mut node = Layout::ROW;
            for key in &column.path {
                node = match layout.child(node, key) {
                    Some(child) => child,
                    None => {
                        let child = layout.nodes.len();
                        layout.nodes.push(LayoutNode::default());
                        let keys = layout.nodes[node].keys.len();
                        layout.nodes[node].keys.push((key.clone(), child));
                        layout.nodes[node].numbers.insert(key.clone(), keys);
                        child
                    }
                };
            }
            layout.nodes[node].column = Some(layout.columns.len());
            layout.columns.push(column);
        }
        layout
    }

    /// For rows of these columns that look so below them.
    pub(in crate::source) fn planned(fields: &[Field], rows: &PathSketch) -> Layout {
        let mut leaves = Vec::new();
        let dynamic = |field: &&Field| field.ty == Type::Dynamic;
        for field in fields.iter().filter(dynamic) {
            if let Some(shape) = rows.keys.get(&field.name) {
                plan(&mut vec![field.name.clone()], shape, rows.count, &mut leaves);
            }
        }
        // The paths that stand in most rows have columns; equal ones stay in their order.
        let mut order: Vec<usize> = (0..leaves.len()).collect();
        order.sort_by_key(|&at| std::cmp::Reverse(leaves[at].0));
        let chosen: HashSet<usize, FixedState> = order.into_iter().take(MOST).collect();
        let mut names: HashSet<String, FixedState> = fields.iter().map(|field| field.name.to_string()).collect();
        let mut columns = Vec::new();
        for field in fields {
            let form = if field.ty == Type::Dynamic { Form::Rest } else { Form::Typed(field.ty) };
            columns.push(LayoutColumn { path: vec![field.name.clone()], form });
            for (at, (_, leaf)) in leaves.iter().enumerate() {
                // Two paths may have one name, by dots in their keys.
                if chosen.contains(&at) && leaf.path[0] == field.name && names.insert(leaf.name()) {
                    columns.push(leaf.clone());
                }
            }
        }
        Layout::new(columns)
    }

    pub(in crate::source) fn node(&self, node: usize) -> &LayoutNode {
        &self.nodes[node]
    }

    pub(in crate::source) fn nodes(&self) -> usize {
        self.nodes.len()
    }

    /// The node behind a key.
    pub(in crate::source) fn child(&self, node: usize, key: &str) -> Option<usize> {
        let node = &self.nodes[node];
        node.numbers.get(key).map(|&number| node.keys[number].1)
    }

    /// What stands at a node, if it has a column.
    pub(in crate::source) fn form(&self, node: usize) -> Option<(usize, Form)> {
        self.nodes[node].column.map(|column| (column, self.columns[column].form))
    }

    /// The columns as their part has them.
    pub(in crate::source) fn fields(&self) -> Vec<PartField> {
        let field = |column: &LayoutColumn| PartField {
            name: column.name(),
            ty: column.form.ty(),
            bloom: column.path.len() == 1 && &*column.path[0] == "id",
            coded: true,
            ids: false,
        };
        self.columns.iter().map(field).collect()
    }

    /// As text for the part's metadata; of paths that are not complete some values are in the rest only.
    pub(in crate::source) fn to_text(&self, complete: &[bool]) -> String {
        let columns = self.columns.iter().zip(complete).map(|(column, complete)| {
            let path: Vec<&str> = column.path.iter().map(|key| &**key).collect();
            json!({"path": path, "form": column.form.name(), "complete": complete})
        });
        json!({ "columns": columns.collect::<Vec<_>>() }).to_string()
    }

    /// The same from the text, with what is complete; none if it says something else.
    pub(in crate::source) fn from_text(text: &str) -> Option<(Layout, Vec<bool>)> {
        let read: Json = serde_json::from_str(text).ok()?;
        let (mut columns, mut complete) = (Vec::new(), Vec::new());
        for column in read.get("columns")?.as_array()? {
            let keys = column.get("path")?.as_array()?.iter();
            let path: Vec<Arc<str>> = keys.map(|key| key.as_str().map(Arc::from)).collect::<Option<_>>()?;
            if path.is_empty() {
                return None;
            }
            columns.push(LayoutColumn { path, form: Form::named(column.get("form")?.as_str()?)? });
            complete.push(column.get("complete")?.as_bool()?);
        }
        Some((Layout::new(columns), complete))
    }
}

/// Collects the columns below a path, with how many rows have each.
fn plan(path: &mut Vec<Arc<str>>, shape: &PathSketch, rows: usize, leaves: &mut Vec<(usize, LayoutColumn)>) {
    let often = shape.count * SELDOM >= rows && (shape.count > 1 || rows < 20);
    if !often {
        return;
    }
    let below = leaves.len();
    for (key, shape) in &shape.keys {
        path.push(key.clone());
        plan(path, shape, rows, leaves);
        path.pop();
    }
    if leaves.len() > below || path.len() == 1 {
        return;
    }
    let form = match shape.kinds().as_str() {
        "string" => Form::Text,
        "long" => Form::Long,
        "real" => Form::Real,
        "bool" => Form::Bool,
        "null" => return,
        _ => Form::Json,
    };
    leaves.push((shape.count, LayoutColumn { path: path.clone(), form }));
}
