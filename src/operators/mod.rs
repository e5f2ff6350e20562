//! The tabular operators, a file each: names, clause words, docs, syntax, printing and meaning.
//!
//! The list below is the only place that names them all: it makes their modules and the [`Operator`] enum.

mod foreign;
mod tabular;
pub(crate) mod target;

use std::fmt::{self, Display, Formatter};

pub(crate) use foreign::kql_word_for;
use tabular::Tabular;

use crate::registry::OperatorDef;
use crate::syntax::tokens::{Parsed, Tokens};

/// What an operator's file says about its syntax; its `Display` writes what follows the name.
pub(crate) trait Syntax: Sized + Display {
    const DEF: &'static OperatorDef;

    /// Behind the name.
    fn parse(input: Tokens<'_>) -> Parsed<'_, Self>;
}

/// Reads what follows an operator's name.
pub(crate) type OperatorParser = for<'a> fn(Tokens<'a>) -> Parsed<'a, Operator>;

macro_rules! operators {
    ($($module:ident::$operator:ident)*) => {
        $(pub(crate) mod $module;)*

        /// A tabular operator of a query.
        #[derive(Clone, Debug)]
        pub(crate) enum Operator {
            $($operator($module::$operator),)*
        }

        /// Every operator.
        pub(crate) const OPERATORS: &[(&OperatorDef, OperatorParser)] = &[$(
            (<$module::$operator as Syntax>::DEF, |input| {
                let (input, operator) = Syntax::parse(input)?;
                Ok((input, Operator::$operator(operator)))
            }),
        )*];

        impl Operator {
            /// What its file says of its syntax.
            pub(crate) fn def(&self) -> &'static OperatorDef {
                match self {
                    $(Operator::$operator(_) => <$module::$operator as Syntax>::DEF,)*
                }
            }

            /// What its file says of its meaning.
            pub(crate) fn tabular(&self) -> &dyn Tabular {
                match self {
                    $(Operator::$operator(operator) => operator,)*
                }
            }
        }
    };
}

operators! {
    r#as::As
    assert_schema::AssertSchema
    consume::Consume
    count::Count
    datatable::Datatable
    distinct::Distinct
    evaluate::Evaluate
    extend::Extend
    externaldata::Externaldata
    facet::Facet
    find::Find
    fork::Fork
    getschema::Getschema
    graph_mark_components::GraphMarkComponents
    graph_match::GraphMatch
    graph_shortest_paths::GraphShortestPaths
    graph_to_table::GraphToTable
    graph_where_edges::GraphWhereEdges
    graph_where_nodes::GraphWhereNodes
    invoke::Invoke
    join::Join
    lookup::Lookup
    macro_expand::MacroExpand
    make_graph::MakeGraph
    make_series::MakeSeries
    mv_apply::MvApply
    mv_expand::MvExpand
    parse::Parse
    parse_kv::ParseKv
    parse_where::ParseWhere
    partition::Partition
    print::Print
    project::Project
    project_away::ProjectAway
    project_by_names::ProjectByNames
    project_keep::ProjectKeep
    project_rename::ProjectRename
    project_reorder::ProjectReorder
    range::Range
    reduce::Reduce
    render::Render
    sample::Sample
    sample_distinct::SampleDistinct
    scan::Scan
    search::Search
    serialize::Serialize
    sort::Sort
    summarize::Summarize
    take::Take
    top::Top
    top_hitters::TopHitters
    top_nested::TopNested
    union::Union
    r#where::Where
}

impl Display for Operator {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.tabular().fmt(f)
    }
}

/// The operator of this (case-sensitive) name.
pub(crate) fn by_name(name: &str) -> Option<&'static (&'static OperatorDef, OperatorParser)> {
    OPERATORS.iter().find(|(def, _)| def.names.contains(&name))
}

/// Every name of every operator.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    OPERATORS.iter().flat_map(|(def, _)| def.names.iter().copied())
}
