//! The components of a graph, numbered by their first nodes.

use petgraph::algo::kosaraju_scc;
use petgraph::graph::DiGraph;
use petgraph::unionfind::UnionFind;

/// The number of each node's component.
pub(super) fn components(size: usize, sources: &[u32], targets: &[u32], strong: bool) -> Vec<i64> {
    let edges = sources.iter().zip(targets);
    let labels: Vec<usize> = if strong {
        let mut graph: DiGraph<(), (), u32> = DiGraph::with_capacity(size, sources.len());
        (0..size).for_each(|_| _ = graph.add_node(()));
        edges.for_each(|(&source, &target)| _ = graph.add_edge(source.into(), target.into(), ()));
        let mut labels = vec![0; size];
        for (label, nodes) in kosaraju_scc(&graph).iter().enumerate() {
            nodes.iter().for_each(|node| labels[node.index()] = label);
        }
        labels
    } else {
        let mut sets: UnionFind<usize> = UnionFind::new(size);
        edges.for_each(|(&source, &target)| _ = sets.union(source as usize, target as usize));
        sets.into_labeling()
    };
    let mut numbers: Vec<Option<i64>> = vec![None; size];
    let mut next = 0;
    let number = |label: usize| {
        *numbers[label].get_or_insert_with(|| {
            next += 1;
            next - 1
        })
    };
    labels.into_iter().map(number).collect()
}
