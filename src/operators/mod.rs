//! The tabular operators, a file each: names, clause words, docs, syntax and printing.
//!
//! The list at the end is the only place that names them all; it makes the [`Operator`] enum.

pub(crate) mod r#as;
pub(crate) mod count;
pub(crate) mod datatable;
pub(crate) mod distinct;
pub(crate) mod extend;
pub(crate) mod getschema;
pub(crate) mod join;
pub(crate) mod lookup;
pub(crate) mod mv_expand;
pub(crate) mod parse;
pub(crate) mod parse_where;
pub(crate) mod print;
pub(crate) mod project;
pub(crate) mod project_away;
pub(crate) mod project_keep;
pub(crate) mod project_rename;
pub(crate) mod project_reorder;
pub(crate) mod range;
pub(crate) mod render;
pub(crate) mod serialize;
pub(crate) mod sort;
pub(crate) mod summarize;
pub(crate) mod take;
pub(crate) mod top;
pub(crate) mod union;
pub(crate) mod r#where;

pub(crate) use r#as::As;
pub(crate) use count::Count;
pub(crate) use datatable::Datatable;
pub(crate) use distinct::Distinct;
pub(crate) use extend::Extend;
pub(crate) use getschema::Getschema;
pub(crate) use join::{Condition, Join, JoinKind};
pub(crate) use lookup::{Lookup, LookupKind};
pub(crate) use mv_expand::{BagExpansion, Expanded, MvExpand};
pub(crate) use parse::{Parse, ParseKind, Piece};
pub(crate) use parse_where::ParseWhere;
pub(crate) use print::Print;
pub(crate) use project::Project;
pub(crate) use project_away::ProjectAway;
pub(crate) use project_keep::ProjectKeep;
pub(crate) use project_rename::{ProjectRename, Rename};
pub(crate) use project_reorder::{NameOrder, Placed, ProjectReorder};
pub(crate) use range::Range;
pub(crate) use render::Render;
pub(crate) use serialize::Serialize;
pub(crate) use sort::Sort;
pub(crate) use summarize::Summarize;
pub(crate) use take::Take;
pub(crate) use top::Top;
pub(crate) use union::{Leg, Union, UnionKind};
pub(crate) use r#where::Where;

mod lower;

macro_rules! operators {
    ($($operator:ident)*) => {
        /// A tabular operator of a query.
        #[derive(Clone, Debug)]
        pub(crate) enum Operator {
            $($operator($operator),)*
        }
    };
}

operators! {
    As Count Datatable Distinct Extend Getschema Join Lookup MvExpand Parse ParseWhere Print Project ProjectAway
    ProjectKeep ProjectRename ProjectReorder Range Render Serialize Sort Summarize Take Top Union Where
}
