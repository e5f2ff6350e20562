//! Which parts of a row are wanted: paths of keys, and all of them as one tree.

use std::sync::Arc;

use crate::value::Type;

/// A column, or a path of keys into a dynamic one: `type`, `properties.status.code`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Want {
    /// The keys from the row inwards; at least one.
    pub(crate) path: Vec<Arc<str>>,
    /// The type of the column to make: `dynamic` for paths and dynamic columns.
    pub(crate) ty: Type,
}

impl Want {
    /// A whole column.
    pub(crate) fn column(name: &str, ty: Type) -> Want {
        Want { path: vec![Arc::from(name)], ty }
    }

    /// A dotted path of plain keys into a dynamic column.
    #[cfg(test)]
    pub(crate) fn path(path: &str) -> Want {
        Want { path: path.split('.').map(Arc::from).collect(), ty: Type::Dynamic }
    }
}

/// All wanted paths; node 0 is the row.
#[derive(Debug, Default)]
pub(super) struct WantTree {
    nodes: Vec<WantNode>,
}

#[derive(Debug, Default)]
pub(super) struct WantNode {
    children: Vec<(Arc<str>, usize)>,
    /// The wants (by number) that end here.
    pub(super) ends: Vec<usize>,
    /// The wants that end here or further inwards.
    pub(super) below: Vec<usize>,
}

impl WantTree {
    pub(super) const ROW: usize = 0;

    pub(super) fn new(wants: &[Want]) -> WantTree {
        let mut tree = WantTree { nodes: vec![WantNode::default()] };
        for (number, want) in wants.iter().enumerate() {
            let mut at = WantTree::ROW;
            for key in &want.path {
                at = tree.child(at, key).unwrap_or_else(|| {
                    let new = tree.nodes.len();
                    tree.nodes.push(WantNode::default());
                    tree.nodes[at].children.push((key.clone(), new));
                    new
                });
                tree.nodes[at].below.push(number);
            }
            tree.nodes[at].ends.push(number);
        }
        tree
    }

    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    pub(super) fn node(&self, node: usize) -> &WantNode {
        &self.nodes[node]
    }

    /// The node behind a key.
    pub(super) fn child(&self, node: usize, key: &str) -> Option<usize> {
        self.nodes[node].children.iter().find(|(name, _)| **name == *key).map(|&(_, child)| child)
    }

    /// Whether nothing further inwards is wanted.
    pub(super) fn is_leaf(&self, node: usize) -> bool {
        self.nodes[node].children.is_empty()
    }
}
