//! Aggregates: one value (or several columns) per group of rows.

use std::any::Any;

use super::{Args, ArgumentFault, Example, Param, Returns, scalar::arity};
use crate::column::{Column, Out};
use crate::meter;
use crate::value::{Type, Value, ValueRef};

/// An aggregate, a `const` with its fold beneath it in `functions`.
pub(crate) struct Aggregate {
    pub(crate) name: &'static str,
    pub(crate) params: &'static [Param],
    pub(crate) returns: Returns,
    pub(crate) names: AggregateNaming,
    /// One sentence; parameters in backticks.
    pub(crate) about: &'static str,
    pub(crate) examples: &'static [Example],
    /// The parameter that is a predicate: rows where it is not true are kept from the fold, which does not see it.
    pub(crate) condition: Option<usize>,
    /// Gives values that it was given: completion knows them.
    pub(crate) picks: bool,
    /// The order of the rows shows in what it gives, and be it in how one of several equal values is spelled.
    pub(crate) ordered: bool,
    /// An older name that Resource Graph queries still use; not offered in help and completion.
    pub(crate) legacy: bool,
    /// Sees the arguments as the fold does, without the condition.
    pub(crate) fold: fn(&Args<'_>) -> Result<Box<dyn Fold>, ArgumentFault>,
}

impl Aggregate {
    /// What most aggregates are; the fields without a sensible default are given by each.
    pub(crate) const PLAIN: Aggregate = Aggregate {
        name: "",
        params: &[],
        returns: Returns::Is(Type::Dynamic),
        names: AggregateNaming::First,
        about: "",
        examples: &[],
        condition: None,
        picks: false,
        ordered: true,
        legacy: false,
        fold: |_| Err(ArgumentFault::new(0, "no fold")),
    };

    /// Whether its columns are its arguments, of one row each.
    pub(crate) fn gives_its_arguments(&self) -> bool {
        use AggregateNaming::{EachBeside, EachPrefixed, PerArgument, PerPick};
        matches!(self.names, PerArgument(_) | PerPick(_) | EachPrefixed(_) | EachBeside(_))
    }

    /// Fewest and most arguments.
    pub(crate) fn arity(&self) -> (usize, usize) {
        arity(self.params)
    }
}

/// How the result column is called when the query does not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AggregateNaming {
    /// Prefix, `_`, and the name of the first argument, empty if it has none: `count_`, `sum_x`.
    Prefixed(&'static str),
    /// The same, of the column alone: [`AggregateNaming::is_passed_on`].
    Alone(&'static str),
    /// Prefix and the names of the first two arguments: `covariance_x_y`.
    PrefixedPair(&'static str),
    /// As the first argument: `binary_all_and(x)` is `x`.
    First,
    /// `arg_max(t, a, b + 1)` makes `t`, `a`, `max_t_arg2`: a column per argument; `*` is all but the keys and the first.
    PerArgument(&'static str),
    /// `take_any(a, b + 1)` makes `a`, `any_arg1`: a column per argument.
    PerPick(&'static str),
    /// `any(a, b + 1)` makes `any_a`, `any_arg1`: a column per argument, each with the prefix.
    EachPrefixed(&'static str),
    /// `argmax(t, a)` makes `max_t`, `max_t_a`: a column per argument, each with the prefix and the name of the first.
    EachBeside(&'static str),
    /// `percentiles(x, 5, 99.9)` makes `percentile_x_5`, `percentile_x_99_9`: a column per constant from the argument
    /// with this index on.
    PerPercentile(usize),
}

impl AggregateNaming {
    /// Whether an expression around the call has its name, as `round(avg(x), 2)` is `avg_x`: `tostring(take_any(x))` has
    /// none (Kusto's binder), as if there were several columns.
    pub(crate) fn is_passed_on(self) -> bool {
        match self {
            Self::Prefixed(_) | Self::PrefixedPair(_) | Self::First | Self::EachPrefixed(_) => true,
            Self::Alone(_) | Self::PerArgument(_) | Self::PerPick(_) | Self::EachBeside(_) | Self::PerPercentile(_) => {
                false
            }
        }
    }
}

/// Folds rows into groups. Splitting the rows anywhere and merging in order gives what one fold over all gives, also
/// where what a fold has was saved and loaded in between.
pub(crate) trait Fold: Send {
    /// Takes one batch; `args` has a column per argument (without the condition), all of one length. Without any
    /// argument there is still one column, of nulls, to tell the number of rows.
    fn add(&mut self, args: &[Column], groups: Groups<'_>);
    /// Takes over what a fold over *later* rows has; its group `g` is our `map[g]`, below `count`.
    fn merge(&mut self, later: Box<dyn Fold>, map: &[u32], count: usize);
    /// The result columns, a row per group; groups that no row reached give what no rows give.
    fn finish(self: Box<Self>, count: usize) -> Vec<Column>;
    /// The types of the columns that `save` gives. They are the same for all folds of one call, with rows or without.
    fn saved(&self) -> Vec<Type>;
    /// What the fold has, as columns with a row per group. The rows stand for themselves: some of them, or the same in
    /// another order, are what a fold over those groups alone has.
    fn save(self: Box<Self>, count: usize) -> Vec<Column>;
    /// Takes what a fold of the same call has saved; nothing was added before. Merged and finished it is as that one
    /// would be, to the last bit.
    fn load(&mut self, saved: &[Column]);
    /// For `merge` to get at its own kind.
    fn into_any(self: Box<Self>) -> Box<dyn Any>;
}

/// Which group each row of a batch belongs to.
#[derive(Clone, Copy)]
pub(crate) struct Groups<'a> {
    /// A group per row; empty when there is one group for all rows.
    pub(crate) rows: &'a [u32],
    /// How many groups there are by now.
    pub(crate) count: usize,
}

impl Groups<'_> {
    pub(crate) fn of(self, row: usize) -> usize {
        self.rows.get(row).map_or(0, |&group| group as usize)
    }
}

/// The state of one group, for aggregates that are best written a row at a time.
pub(crate) trait State: Send + 'static {
    /// The types of the cells that `save` gives.
    const SAVED: &'static [Type];

    /// Takes one row's arguments.
    fn add(&mut self, row: &[ValueRef<'_>]);
    /// Takes over the state of later rows.
    fn merge(&mut self, later: Self);
    /// Writes the one result.
    fn finish(self, out: &mut Out);
    /// All that it knows of its rows.
    fn save(self) -> Vec<Value>;
    /// Knows what was saved, and did not know of any row before.
    fn load(&mut self, saved: &[ValueRef<'_>]);
}

/// A [`Fold`] out of a [`State`] per group.
pub(crate) struct PerGroup<S> {
    start: Box<dyn Fn() -> S + Send>,
    states: Vec<S>,
    returns: Type,
}

impl<S: State> PerGroup<S> {
    /// States begin as `start` makes them; the result column has type `returns`.
    pub(crate) fn fold(returns: Type, start: impl Fn() -> S + Send + 'static) -> Box<dyn Fold> {
        Box::new(PerGroup { start: Box::new(start), states: Vec::new(), returns })
    }

    fn grow(&mut self, count: usize) {
        while self.states.len() < count {
            self.states.push((self.start)());
        }
    }
}

impl<S: State> Fold for PerGroup<S> {
    fn add(&mut self, args: &[Column], groups: Groups<'_>) {
        self.grow(groups.count);
        let rows = args.first().map_or(groups.rows.len(), Column::len);
        let mut cells = Vec::with_capacity(args.len());
        for row in (0..rows).take_while(|_| !meter::over()) {
            cells.clear();
            cells.extend(args.iter().map(|column| column.get(row)));
            self.states[groups.of(row)].add(&cells);
        }
    }

    fn merge(&mut self, later: Box<dyn Fold>, map: &[u32], count: usize) {
        self.grow(count);
        let later = later.into_any().downcast::<PerGroup<S>>().expect("folds of one aggregate are of one kind");
        for (state, &group) in later.states.into_iter().zip(map) {
            self.states[group as usize].merge(state);
        }
    }

    fn finish(mut self: Box<Self>, count: usize) -> Vec<Column> {
        self.grow(count);
        let mut out = Out::new(self.returns, count);
        for state in self.states {
            state.finish(&mut out);
        }
        vec![out.finish()]
    }

    fn saved(&self) -> Vec<Type> {
        S::SAVED.to_vec()
    }

    fn save(mut self: Box<Self>, count: usize) -> Vec<Column> {
        self.grow(count);
        let mut columns: Vec<Out> = S::SAVED.iter().map(|&ty| Out::new(ty, count)).collect();
        for state in self.states {
            columns.iter_mut().zip(state.save()).for_each(|(out, cell)| out.owned(cell));
        }
        columns.into_iter().map(Out::finish).collect()
    }

    fn load(&mut self, saved: &[Column]) {
        self.grow(saved.first().map_or(0, Column::len));
        let mut cells = Vec::with_capacity(saved.len());
        for (row, state) in self.states.iter_mut().enumerate() {
            cells.clear();
            cells.extend(saved.iter().map(|column| column.get(row)));
            state.load(&cells);
        }
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}
