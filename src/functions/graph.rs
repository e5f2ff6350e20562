//! Functions of the elements of a graph's pattern: the binder knows which element each asks about.

use crate::registry::*;
use crate::value::Type;

/// The functions of this file.
pub(super) const FAMILY: &[&Scalar] =
    &[&NODE_ID, &NODE_DEGREE_IN, &NODE_DEGREE_OUT, &LABELS, &INNER_NODES, &MAP, &ALL, &ANY];

const NODE_ID: Scalar = Scalar {
    name: "node_id",
    params: &[any("node").optional()],
    returns: Returns::Is(Type::String),
    about: "The id of a node of the pattern, as text; among `inner_nodes`, that of the node at hand.",
    examples: &[Example {
        query: "print a = 1, b = 2 | make-graph a --> b | graph-match (n)-->(m) project node_id(n)",
        result: "1",
    }],
    kernel: KernelDef::Columns(ColumnsFunction::OfPattern(PatternFunction::Id)),
    ..Scalar::PLAIN
};

const NODE_DEGREE_IN: Scalar = Scalar {
    name: "node_degree_in",
    params: &[any("node").optional()],
    returns: Returns::Is(Type::Long),
    about: "How many edges of the graph end at a node of the pattern; among `inner_nodes`, at the node at hand.",
    examples: &[Example {
        query: "print a = 1, b = 2 | make-graph a --> b | graph-match (n)-->(m) project node_degree_in(m)",
        result: "1",
    }],
    kernel: KernelDef::Columns(ColumnsFunction::OfPattern(PatternFunction::DegreeIn)),
    ..Scalar::PLAIN
};

const NODE_DEGREE_OUT: Scalar = Scalar {
    name: "node_degree_out",
    about: "How many edges of the graph begin at a node of the pattern; among `inner_nodes`, at the node at hand.",
    examples: &[Example {
        query: "print a = 1, b = 2 | make-graph a --> b | graph-match (n)-->(m) project node_degree_out(m)",
        result: "0",
    }],
    kernel: KernelDef::Columns(ColumnsFunction::OfPattern(PatternFunction::DegreeOut)),
    ..NODE_DEGREE_IN
};

const LABELS: Scalar = Scalar {
    name: "labels",
    params: &[any("element").optional()],
    returns: Returns::Is(Type::Dynamic),
    about: "The labels of a node or edge of the pattern: none, for only the graphs that a service keeps have labels.",
    examples: &[Example {
        query: "print a = 1, b = 2 | make-graph a --> b | graph-match (n)-->(m) project labels(n)",
        result: "[]",
    }],
    kernel: KernelDef::Columns(ColumnsFunction::OfPattern(PatternFunction::Labels)),
    ..Scalar::PLAIN
};

const INNER_NODES: Scalar = Scalar {
    name: "inner_nodes",
    params: &[any("path")],
    returns: Returns::Is(Type::Dynamic),
    about: "The nodes between the edges of a path, for `map`, `all` and `any`.",
    examples: &[Example {
        query: "datatable(a: string, b: string)['x', 'y', 'y', 'z'] | make-graph a --> b with_node_id=id | graph-match (n)-[e*2..2]->(m) project map(inner_nodes(e), id)",
        result: r#"["y"]"#,
    }],
    kernel: KernelDef::Columns(ColumnsFunction::OfPattern(PatternFunction::InnerNodes)),
    ..Scalar::PLAIN
};

const MAP: Scalar = Scalar {
    name: "map",
    params: &[any("path"), any("expr")],
    returns: Returns::Is(Type::Dynamic),
    about: "An array of what `expr` is for each edge of a path, or for each of its `inner_nodes`; their properties go by their names.",
    examples: &[Example {
        query: "datatable(a: string, b: string)['x', 'y', 'y', 'z'] | make-graph a --> b | graph-match (n)-[e*2..2]->(m) project map(e, strcat(a, b))",
        result: r#"["xy","yz"]"#,
    }],
    kernel: KernelDef::Columns(ColumnsFunction::OfPattern(PatternFunction::Map)),
    ..Scalar::PLAIN
};

const ALL: Scalar = Scalar {
    name: "all",
    params: &[any("path"), boolean("predicate")],
    returns: Returns::Is(Type::Bool),
    about: "Whether `predicate` is true of each edge of a path, or of each of its `inner_nodes`.",
    examples: &[Example {
        query: "datatable(a: string, b: string)['x', 'y', 'y', 'z'] | make-graph a --> b | graph-match (n)-[e*2..2]->(m) project all(e, strlen(a) == 1)",
        result: "True",
    }],
    kernel: KernelDef::Columns(ColumnsFunction::OfPattern(PatternFunction::All)),
    ..Scalar::PLAIN
};

/// The aggregate `any` is another; it stands where there is no pattern.
const ANY: Scalar = Scalar {
    name: "any",
    about: "Whether `predicate` is true of an edge of a path at least, or of one of its `inner_nodes`.",
    examples: &[Example {
        query: "datatable(a: string, b: string)['x', 'y', 'y', 'z'] | make-graph a --> b | graph-match (n)-[e*2..2]->(m) project any(e, a == 'q')",
        result: "False",
    }],
    kernel: KernelDef::Columns(ColumnsFunction::OfPattern(PatternFunction::Any)),
    ..ALL
};
