//! `ipv4_lookup` and `ipv6_lookup`: facts about addresses by their networks.

use std::sync::Arc;

use super::{Evaluate, column, constant};
use crate::bind::{Binder, BoundColumn, Relation, duplicate};
use crate::column::{Batch, Column};
use crate::diag::{Diagnostic, WRONG_TYPE};
use crate::functions::Networks;
use crate::plan::{Node, PluginCall};
use crate::registry::{Example, Ordered, Plugin, TableWork};
use crate::syntax::ast::Name;
use crate::value::{Type, Value, ValueRef};

pub(super) const IPV4_LOOKUP: Plugin = Plugin {
    name: "ipv4_lookup",
    syntax: "ipv4_lookup(table, address, network [, return_unmatched])",
    about: "The rows of a table whose `network` holds the `address`, and the row beside each; with `return_unmatched` \
            also rows that no network holds.",
    examples: &[Example {
        query: "print ip = '10.1.2.3' | evaluate ipv4_lookup((datatable(net: string, n: long)['10.1.0.0/16', 1, '10.2.0.0/16', 2]), ip, net)",
        result: "10.1.0.0/16, 1, 10.1.2.3",
    }],
    caution: None,
};

pub(super) const IPV6_LOOKUP: Plugin = Plugin {
    name: "ipv6_lookup",
    syntax: "ipv6_lookup(table, address, network [, return_unmatched])",
    about: "The rows of a table whose `network`, of IPv6 or IPv4, holds the `address`, and the row beside each; with \
            `return_unmatched` also rows that no network holds.",
    examples: &[Example {
        query: "print ip = 'fe80::1' | evaluate ipv6_lookup((datatable(net: string)['fe80::/16']), ip, net)",
        result: "fe80::/16, fe80::1",
    }],
    caution: None,
};

impl Evaluate {
    pub(super) fn ipv4_lookup(&self, input: Relation, binder: &mut Binder<'_>) -> Option<Relation> {
        self.looked_up(&IPV4_LOOKUP, Networks::v4(), input, binder)
    }

    pub(super) fn ipv6_lookup(&self, input: Relation, binder: &mut Binder<'_>) -> Option<Relation> {
        self.looked_up(&IPV6_LOOKUP, Networks::v6(), input, binder)
    }

    fn looked_up(
        &self,
        plugin: &'static Plugin,
        mut networks: Networks,
        input: Relation,
        binder: &mut Binder<'_>,
    ) -> Option<Relation> {
        let arguments = self.plain_arguments(plugin, 3, binder)?;
        let facts = binder.tabular(arguments[0]);
        if facts.columns.has_any_column() {
            return None;
        }
        binder.needs_all_columns(&facts.columns);
        let address = column(arguments[1], &input.columns, binder)?;
        let network = column(arguments[2], &facts.columns, binder)?;
        for (at, column) in [(1, &input.columns.list()[address]), (2, &facts.columns.list()[network])] {
            if column.ty != Type::String {
                let message = format!("an address is a string, and this is {}", column.ty);
                binder.error(Diagnostic::error(WRONG_TYPE, arguments[at].span, message).label(column.ty.name()));
                return None;
            }
        }
        let unmatched = match arguments.get(3..).unwrap_or_default() {
            [] => false,
            [flag] if flag.as_name().is_none() => {
                constant(flag, Type::Bool, &input.columns, binder)? == Value::Bool(true)
            }
            [key, ..] => {
                binder.refuse(key.span, &format!("`{}` with further keys", plugin.name));
                return None;
            }
        };
        let mut columns: Vec<BoundColumn> = facts.columns.list().to_vec();
        for column in input.columns.list() {
            if columns.iter().any(|known| known.name == column.name) {
                binder.error(duplicate(&Name::new(&*column.name, self.plugin.name.span)));
                return None;
            }
            columns.push(column.clone());
        }
        let width = facts.columns.list().len();
        let facts = match binder.run_subquery(facts, arguments[0].span).ok()? {
            Some(table) => Batch::concat(table.into_batches()),
            None => Batch::default(),
        };
        if facts.columns.len() >= width {
            for (number, cell) in (0..).zip(facts.columns[network].iter()) {
                if let ValueRef::String(text) = cell {
                    networks.add(text, number);
                }
            }
        }
        let types: Vec<Type> = columns.iter().map(|column| column.ty).collect();
        let fact_types = types[..width].to_vec();
        let work: TableWork = Box::new(move |rows| {
            let find = |at: usize| match rows.args[address].get(at) {
                ValueRef::String(text) => networks.matching(text),
                _ => Vec::new(),
            };
            let Beside { facts, rows, count } = beside(rows, find, &facts, &fact_types, unmatched);
            Batch::new(facts.into_iter().chain(rows).collect(), count)
        });
        let args = input.pass_through().map(|(_, cell)| cell).collect();
        let call = PluginCall { name: plugin.name, makes: types, work: Arc::new(work) };
        Some(Relation::new(Node::Plugin { input: Box::new(input.node), args, call }, columns))
    }
}

/// The facts that `find` gives for each row, by their numbers, and the row beside each; with `unmatched` also the rows for
/// which there are none.
pub(super) fn beside(
    rows: &Ordered<'_>,
    find: impl Fn(usize) -> Vec<u32>,
    facts: &Batch,
    types: &[Type],
    unmatched: bool,
) -> Beside {
    let (mut left, mut right) = (Vec::new(), Vec::new());
    let mut pace = crate::guard::Pace::new(rows.guard);
    for (at, row) in (0..rows.rows).zip(0..) {
        if pace.stops() {
            break;
        }
        let found = find(at);
        if found.is_empty() && unmatched {
            left.push(None);
            right.push(row);
        }
        left.extend(found.iter().map(|number| Some(*number)));
        right.resize(left.len(), row);
    }
    let facts = match facts.columns.get(..types.len()) {
        Some(facts) => facts.iter().map(|column| column.take_or_absent(&left)).collect(),
        None => {
            let absent = |ty: &Type| Column::constant(*ty, Value::absent(*ty), left.len());
            types.iter().map(absent).collect()
        }
    };
    let columns = rows.args.iter().map(|column| column.take(&right)).collect();
    Beside { facts, rows: columns, count: right.len() }
}

/// Rows that stand side by side.
pub(super) struct Beside {
    pub(super) facts: Vec<Column>,
    pub(super) rows: Vec<Column>,
    pub(super) count: usize,
}
