//! The tabular operators, a file each: names, clause words, docs, syntax and printing.
//!
//! The list at the end is the only place that names them all; it makes the [`Operator`] enum.

pub(crate) mod r#as;
pub(crate) mod consume;
pub(crate) mod count;
pub(crate) mod datatable;
pub(crate) mod distinct;
pub(crate) mod evaluate;
pub(crate) mod extend;
pub(crate) mod externaldata;
pub(crate) mod facet;
pub(crate) mod fork;
pub(crate) mod getschema;
pub(crate) mod invoke;
pub(crate) mod join;
pub(crate) mod lookup;
mod lower;
pub(crate) mod make_series;
pub(crate) mod mv_apply;
pub(crate) mod mv_expand;
pub(crate) mod parse;
pub(crate) mod parse_kv;
pub(crate) mod parse_where;
pub(crate) mod partition;
pub(crate) mod print;
pub(crate) mod project;
pub(crate) mod project_away;
pub(crate) mod project_keep;
pub(crate) mod project_rename;
pub(crate) mod project_reorder;
pub(crate) mod range;
pub(crate) mod render;
pub(crate) mod sample;
pub(crate) mod sample_distinct;
pub(crate) mod search;
pub(crate) mod serialize;
pub(crate) mod sort;
pub(crate) mod summarize;
pub(crate) mod take;
pub(crate) mod target;
pub(crate) mod top;
pub(crate) mod top_hitters;
pub(crate) mod top_nested;
pub(crate) mod union;
pub(crate) mod r#where;

pub(crate) use r#as::As;
pub(crate) use consume::Consume;
pub(crate) use count::Count;
pub(crate) use datatable::Datatable;
pub(crate) use distinct::Distinct;
pub(crate) use evaluate::Evaluate;
pub(crate) use extend::Extend;
pub(crate) use externaldata::Externaldata;
pub(crate) use facet::Facet;
pub(crate) use fork::Fork;
pub(crate) use getschema::Getschema;
pub(crate) use invoke::Invoke;
pub(crate) use join::Join;
pub(crate) use lookup::Lookup;
pub(crate) use make_series::MakeSeries;
pub(crate) use mv_apply::MvApply;
pub(crate) use mv_expand::MvExpand;
pub(crate) use parse::Parse;
pub(crate) use parse_kv::ParseKv;
pub(crate) use parse_where::ParseWhere;
pub(crate) use partition::Partition;
pub(crate) use print::Print;
pub(crate) use project::Project;
pub(crate) use project_away::ProjectAway;
pub(crate) use project_keep::ProjectKeep;
pub(crate) use project_rename::ProjectRename;
pub(crate) use project_reorder::ProjectReorder;
pub(crate) use range::Range;
pub(crate) use render::Render;
pub(crate) use sample::Sample;
pub(crate) use sample_distinct::SampleDistinct;
pub(crate) use search::Search;
pub(crate) use serialize::Serialize;
pub(crate) use sort::Sort;
pub(crate) use summarize::Summarize;
pub(crate) use take::Take;
pub(crate) use top::Top;
pub(crate) use top_hitters::TopHitters;
pub(crate) use top_nested::TopNested;
pub(crate) use union::Union;
pub(crate) use r#where::Where;

use std::fmt::{self, Display, Formatter};

use crate::registry::{OperatorDef, Position};
use crate::syntax::tokens::{Parsed, Tokens};

/// What an operator's file says about its syntax; its `Display` writes what follows the name.
pub(crate) trait Syntax: Sized + Display {
    const DEF: &'static OperatorDef;

    /// Behind the name.
    fn parse(input: Tokens<'_>) -> Parsed<'_, Self>;
}

/// Reads what follows an operator's name.
pub(crate) type Reader = for<'a> fn(Tokens<'a>) -> Parsed<'a, Operator>;

macro_rules! operators {
    ($($operator:ident)*) => {
        /// A tabular operator of a query.
        #[derive(Clone, Debug)]
        pub(crate) enum Operator {
            $($operator($operator),)*
        }

        /// Every operator.
        pub(crate) const OPERATORS: &[(&OperatorDef, Reader)] = &[$(
            ($operator::DEF, |input| {
                let (input, operator) = <$operator as Syntax>::parse(input)?;
                Ok((input, Operator::$operator(operator)))
            }),
        )*];

        impl Display for Operator {
            fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
                match self {
                    $(Operator::$operator(operator) => operator.fmt(f),)*
                }
            }
        }
    };
}

operators! {
    As Consume Count Datatable Distinct Evaluate Extend Externaldata Facet Fork Getschema Invoke Join Lookup MakeSeries
    MvApply MvExpand Parse ParseKv ParseWhere Partition Print Project ProjectAway ProjectKeep ProjectRename ProjectReorder
    Range Render Sample SampleDistinct Search Serialize Sort Summarize Take Top TopHitters TopNested Union Where
}

/// Operators of KQL that are refused by name; a few of them are read all the same, and refused by what they mean.
pub(crate) const UNSUPPORTED: &[(&str, Position)] = &[
    ("__executeAndCache", Position::Piped),
    ("__partitionby", Position::Piped),
    ("assert-schema", Position::Piped),
    ("externaldata", Position::Start),
    ("facet", Position::Piped),
    ("find", Position::Both),
    ("fork", Position::Piped),
    ("graph-mark-components", Position::Piped),
    ("graph-match", Position::Piped),
    ("graph-shortest-paths", Position::Piped),
    ("graph-to-table", Position::Piped),
    ("graph-where-edges", Position::Piped),
    ("graph-where-nodes", Position::Piped),
    ("macro-expand", Position::Both),
    ("make-graph", Position::Piped),
    ("project-by-names", Position::Piped),
    ("reduce", Position::Piped),
    ("scan", Position::Piped),
];

/// The operator of this (case-sensitive) name.
pub(crate) fn named(name: &str) -> Option<&'static (&'static OperatorDef, Reader)> {
    OPERATORS.iter().find(|(def, _)| def.names.contains(&name))
}

/// Every name of every operator.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    OPERATORS.iter().flat_map(|(def, _)| def.names.iter().copied())
}
