//! Which parts of a row are wanted: paths of keys, and all of them as one tree.

use std::num::NonZeroU32;
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

/// All wanted paths; the first node is the row.
#[derive(Debug)]
pub(super) struct WantTree {
    nodes: Vec<WantNode>,
}

/// A node of the tree, by its number from 1.
#[derive(Clone, Copy, Debug)]
pub(super) struct NodeId(NonZeroU32);

impl NodeId {
    pub(super) const ROW: NodeId = NodeId(NonZeroU32::MIN);

    /// The node that was added last.
    fn last(nodes: &[WantNode]) -> NodeId {
        let number = u32::try_from(nodes.len()).ok().and_then(NonZeroU32::new);
        NodeId(number.expect("a query wants few paths"))
    }

    /// Its place among all nodes.
    pub(super) fn index(self) -> usize {
        self.0.get() as usize - 1
    }
}

#[derive(Debug, Default)]
pub(super) struct WantNode {
    children: Vec<(Arc<str>, NodeId)>,
    /// The wants (by number) that end here.
    pub(super) ends: Vec<usize>,
    /// The wants that end here or further inwards.
    pub(super) below: Vec<usize>,
}

impl WantTree {
    pub(super) fn new(wants: &[Want]) -> WantTree {
        let mut tree = WantTree { nodes: vec![WantNode::default()] };
        for (number, want) in wants.iter().enumerate() {
            let mut at = NodeId::ROW;
            for key in &want.path {
                at = tree.child(at, key).unwrap_or_else(|| {
                    tree.nodes.push(WantNode::default());
                    let new = NodeId::last(&tree.nodes);
                    tree.nodes[at.index()].children.push((key.clone(), new));
                    new
                });
                tree.nodes[at.index()].below.push(number);
            }
            tree.nodes[at.index()].ends.push(number);
        }
        tree
    }

    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    pub(super) fn node(&self, node: NodeId) -> &WantNode {
        &self.nodes[node.index()]
    }

    /// The node behind a key.
    pub(super) fn child(&self, node: NodeId, key: &str) -> Option<NodeId> {
        self.node(node).children.iter().find(|(name, _)| **name == *key).map(|&(_, child)| child)
    }

    /// Whether nothing further inwards is wanted.
    pub(super) fn is_leaf(&self, node: NodeId) -> bool {
        self.node(node).children.is_empty()
    }
}
