//! Plugins that count by period of a timeline: `session_count`, `sliding_window_counts` and their like.

use std::collections::HashSet;

use super::{Evaluate, column, constant, made};
use crate::bind::{Binder, BoundColumn, Relation};
use crate::diag::{BAD_ARGUMENT, Diagnostic, Span, TOO_LARGE, UNORDERED, UNSUPPORTED, WRONG_TYPE};
use crate::functions::activity;
use crate::plan::Expr;
use crate::registry::{Example, Ordered, Plugin, TableWork};
use crate::syntax::ast::{self, ExprKind, Name};
use crate::value::{Type, Value, encode_key, to_real};

/// Most periods between start and end.
const MOST: i64 = 1_048_576;

pub(super) const SESSION_COUNT: Plugin = Plugin {
    name: "session_count",
    syntax: "session_count(id, timeline, start, end, bin, lookback [, dimension, …])",
    about: "How many sessions begin in each `bin`: an id begins one where it was not seen for `lookback`.",
    examples: &[Example {
        query: "datatable(id: string, t: long)['a', 1, 'a', 3, 'a', 9] | evaluate session_count(id, t, 0, 10, 10, 5)",
        result: "0, 2",
    }],
    caution: None,
};

pub(super) const SLIDING_WINDOW_COUNTS: Plugin = Plugin {
    name: "sliding_window_counts",
    syntax: "sliding_window_counts(id, timeline, start, end, lookback, bin [, dimension, …])",
    about: "Rows and ids in the window of the length `lookback` that ends with each `bin`.",
    examples: &[Example {
        query: "datatable(id: string, t: long)['a', 0, 'b', 1, 'a', 1] | evaluate sliding_window_counts(id, t, 0, 2, 2, 1)",
        result: "0, 1, 1\n1, 3, 2\n2, 2, 2",
    }],
    caution: None,
};

pub(super) const ACTIVE_USERS_COUNT: Plugin = Plugin {
    name: "active_users_count",
    syntax: "active_users_count(id, timeline, start, end, lookback, period, active_periods, bin [, dimension, …])",
    about: "How many ids in each `bin` were there in so many different periods during `lookback`.",
    examples: &[Example {
        query: "datatable(id: string, t: long)['a', 1, 'a', 2, 'b', 2] | evaluate active_users_count(id, t, 0, 9, 5, 1, 2, 10)",
        result: "0, 1",
    }],
    caution: None,
};

pub(super) const ACTIVITY_COUNTS_METRICS: Plugin = Plugin {
    name: "activity_counts_metrics",
    syntax: "activity_counts_metrics(id, timeline, start, end, window [, dimension, …])",
    about: "Rows, ids, ids that are new and ids so far, for each `window`.",
    examples: &[Example {
        query: "datatable(id: string, t: long)['a', 0, 'a', 1, 'b', 1] | evaluate activity_counts_metrics(id, t, 0, 9, 1)",
        result: "0, 1, 1, 1, 1\n1, 2, 2, 1, 2",
    }],
    caution: None,
};

pub(super) const ACTIVITY_METRICS: Plugin = Plugin {
    name: "activity_metrics",
    syntax: "activity_metrics(id, timeline, start, end, window [, dimension, …])",
    about: "Ids, those that were not there in the window before, and which part of those before came again, and did \
            not, for each `window`.",
    examples: &[Example {
        query: "datatable(id: string, t: long)['a', 0, 'b', 0, 'a', 1, 'c', 1] | evaluate activity_metrics(id, t, 0, 9, 1) \
                | where t == 1",
        result: "1, 2, 1, 0.5, 0.5",
    }],
    caution: None,
};

pub(super) const ACTIVITY_ENGAGEMENT: Plugin = Plugin {
    name: "activity_engagement",
    syntax: "activity_engagement(id, timeline, start, end, inner_window, outer_window [, dimension, …])",
    about: "Ids in each inner window, those in the outer window that ends with it, and which part of these the former \
            are; rows before `start` are in outer windows.",
    examples: &[Example {
        query: "datatable(id: string, t: long)['a', 0, 'b', 0, 'a', 1] | evaluate activity_engagement(id, t, 0, 1, 1, 2)",
        result: "0, 2, 2, 1.0\n1, 1, 2, 0.5",
    }],
    caution: Some("whether outer windows see what is before their first inner window is documented nowhere"),
};

pub(super) const NEW_ACTIVITY_METRICS: Plugin = Plugin {
    name: "new_activity_metrics",
    syntax: "new_activity_metrics(id, timeline, start, end, window [, cohort] [, dimension, …] [, lookback])",
    about: "For the ids that came in each `window` (or in that of `cohort` only), how many were there in it and in each \
            later one; those in the table `lookback` are not new.",
    examples: &[Example {
        query: "datatable(id: string, t: long)['a', 0, 'b', 0, 'a', 1, 'c', 1] \
                | evaluate new_activity_metrics(id, t, 0, 1, 1)",
        result: "0, 0, 2, 2, 0, 1.0, 0.0\n0, 1, 1, 1, 1, 0.5, 0.5\n1, 1, 1, 1, 0, 1.0, 0.0",
    }],
    caution: None,
};

pub(super) const ROLLING_PERCENTILE: Plugin = Plugin {
    name: "rolling_percentile",
    syntax: "rolling_percentile(value, percentile, index, bin, bins_per_window [, dimension, …])",
    about: "The percentile of the values in the window of so many bins that ends with each `bin` where there are rows.",
    examples: &[Example {
        query: "datatable(v: long, t: long)[1, 0, 2, 0, 9, 1] | evaluate rolling_percentile(v, 50, t, 1, 2)",
        result: "0, 1\n1, 2",
    }],
    caution: None,
};

pub(super) const ROWS_NEAR: Plugin = Plugin {
    name: "rows_near",
    syntax: "rows_near(condition, rows [, rows_after])",
    about: "The rows that are so near to a row where `condition` is true; of sorted rows.",
    examples: &[Example {
        query: "range x from 1 to 9 step 1 | sort by x asc | evaluate rows_near(x == 5, 1)",
        result: "4\n5\n6",
    }],
    caution: None,
};

/// What a setting behind the timeline is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Setting {
    /// A place on the timeline.
    Place,
    /// A distance on it, more than nothing.
    Distance,
    /// A number.
    Count,
}

use Setting::{Count, Distance, Place};

impl Evaluate {
    pub(super) fn session_count(&self, input: Relation, binder: &mut Binder<'_>) -> Option<Relation> {
        let makes = [("count_sessions", Type::Long)];
        self.counted(&SESSION_COUNT, [Place, Place, Distance, Distance], 2, &makes, activity::sessions, input, binder)
    }

    pub(super) fn sliding_window_counts(&self, input: Relation, binder: &mut Binder<'_>) -> Option<Relation> {
        let makes = [("Count", Type::Long), ("Dcount", Type::Long)];
        let settings = [Place, Place, Distance, Distance];
        self.counted(&SLIDING_WINDOW_COUNTS, settings, 3, &makes, activity::sliding, input, binder)
    }

    pub(super) fn active_users_count(&self, input: Relation, binder: &mut Binder<'_>) -> Option<Relation> {
        let makes = [("dcount", Type::Long)];
        let settings = [Place, Place, Distance, Distance, Count, Distance];
        self.counted(&ACTIVE_USERS_COUNT, settings, 5, &makes, activity::active, input, binder)
    }

    pub(super) fn activity_counts_metrics(&self, input: Relation, binder: &mut Binder<'_>) -> Option<Relation> {
        let makes = ["count", "dcount", "new_dcount", "aggregated_dcount"].map(|name| (name, Type::Long));
        let settings = [Place, Place, Distance];
        self.counted(&ACTIVITY_COUNTS_METRICS, settings, 2, &makes, activity::counts, input, binder)
    }

    pub(super) fn activity_metrics(&self, input: Relation, binder: &mut Binder<'_>) -> Option<Relation> {
        let makes = [
            ("dcount_values", Type::Long),
            ("dcount_newvalues", Type::Long),
            ("retention_rate", Type::Real),
            ("churn_rate", Type::Real),
        ];
        self.bounded(3, binder)?;
        let settings = [Place, Place, Distance];
        self.counted(&ACTIVITY_METRICS, settings, 2, &makes, activity::metrics, input, binder)
    }

    pub(super) fn activity_engagement(&self, input: Relation, binder: &mut Binder<'_>) -> Option<Relation> {
        let makes = [
            ("dcount_activities_inner", Type::Long),
            ("dcount_activities_outer", Type::Long),
            ("activity_ratio", Type::Real),
        ];
        self.bounded(4, binder)?;
        let settings = [Place, Place, Distance, Distance];
        self.counted(&ACTIVITY_ENGAGEMENT, settings, 2, &makes, activity::engagement, input, binder)
    }

    pub(super) fn new_activity_metrics(&self, input: Relation, binder: &mut Binder<'_>) -> Option<Relation> {
        let arguments = self.plain_arguments(&NEW_ACTIVITY_METRICS, 5, binder)?;
        let id = column(arguments[0], &input.columns, binder)?;
        let timeline = self.timeline(arguments[1], &input, binder)?;
        let start = self.setting(Place, arguments[2], timeline.1, &input, binder)?;
        let end = self.setting(Place, arguments[3], timeline.1, &input, binder)?;
        let step = self.setting(Distance, arguments[4], timeline.1, &input, binder)?;
        let mut rest = &arguments[5..];
        let is_column =
            |argument: &ast::Expr| argument.as_name().is_some_and(|name| input.columns.position(&name.text).is_some());
        let mut known = HashSet::new();
        if let [others @ .., last] = rest
            && !is_column(last)
            && let Some(table) = binder.as_table(last)
        {
            known = lookback(table, last.span, &input.columns.list()[id], binder)?;
            rest = others;
        }
        let mut only = None;
        if let [first, others @ ..] = rest
            && !is_column(first)
        {
            only = Some(self.setting(Place, first, timeline.1, &input, binder)?);
            rest = others;
        }
        let periods = end.saturating_sub(start) / step.max(1);
        let pairs = if only.is_some() { periods } else { periods.saturating_mul(periods) / 2 };
        if pairs > MOST {
            let message = format!("`{}` compares {MOST} pairs of periods at most", NEW_ACTIVITY_METRICS.name);
            binder.error(Diagnostic::error(TOO_LARGE, arguments[4].span, message).label("too short a step"));
            return None;
        }
        let dimensions = self.dimensions(rest, &input, binder)?;
        let asked = activity::Cohorts { start, end, step, only, known };
        let work: TableWork = Box::new(move |rows| activity::cohorts(rows, &asked));
        let list = input.columns.list();
        let place = &list[timeline.0];
        let mut columns =
            ["from_", "to_"].map(|side| BoundColumn::new(format!("{side}{}", place.name), place.ty)).to_vec();
        columns.extend(dimensions.iter().map(|at| list[*at].clone()));
        let counts = ["dcount_new_values", "dcount_retained_values", "dcount_churn_values"];
        columns.extend(counts.map(|name| BoundColumn::new(name, Type::Long)));
        columns.extend(["retention_rate", "churn_rate"].map(|name| BoundColumn::new(name, Type::Real)));
        let read = [id, timeline.0].into_iter().chain(dimensions);
        let args = read.map(|at| Expr::column(list[at].ty, at)).collect();
        Some(made(&NEW_ACTIVITY_METRICS, args, columns, work, input))
    }

    /// A plugin of an id, a timeline, settings, of which one is the step, and dimensions.
    #[expect(clippy::too_many_arguments, reason = "what such plugins differ in")]
    fn counted<const N: usize>(
        &self,
        plugin: &'static Plugin,
        settings: [Setting; N],
        step: usize,
        makes: &[(&str, Type)],
        work: fn(&Ordered<'_>, [i64; N]) -> crate::column::Batch,
        input: Relation,
        binder: &mut Binder<'_>,
    ) -> Option<Relation> {
        let arguments = self.plain_arguments(plugin, N + 2, binder)?;
        let id = column(arguments[0], &input.columns, binder)?;
        let timeline = self.timeline(arguments[1], &input, binder)?;
        let mut values = [0; N];
        for (at, setting) in settings.iter().enumerate() {
            values[at] = self.setting(*setting, arguments[at + 2], timeline.1, &input, binder)?;
        }
        if values[1].saturating_sub(values[0]) / values[step].max(1) > MOST {
            let message = format!("`{}` counts {MOST} periods at most", plugin.name);
            binder.error(Diagnostic::error(TOO_LARGE, arguments[step + 2].span, message).label("too short a step"));
            return None;
        }
        let dimensions = self.dimensions(&arguments[N + 2..], &input, binder)?;
        let work: TableWork = Box::new(move |rows| work(rows, values));
        Some(sliced(plugin, [id, timeline.0], &dimensions, makes.to_vec(), work, input))
    }

    pub(super) fn rolling_percentile(&self, input: Relation, binder: &mut Binder<'_>) -> Option<Relation> {
        let arguments = self.plain_arguments(&ROLLING_PERCENTILE, 5, binder)?;
        let value = column(arguments[0], &input.columns, binder)?;
        let of = &input.columns.list()[value];
        if !of.ty.is_number() {
            let message = format!("percentiles of {} are not implemented", of.ty);
            binder.error(Diagnostic::error(WRONG_TYPE, arguments[0].span, message).label(of.ty.name()));
            return None;
        }
        let percentile = any_constant(arguments[1], &input, binder)?;
        let wanted = to_real(percentile.as_ref()).filter(|percentile| (0.0..=100.0).contains(percentile));
        let Some(wanted) = wanted else {
            binder.error(Diagnostic::error(BAD_ARGUMENT, arguments[1].span, "a percentile lies between 0 and 100"));
            return None;
        };
        let timeline = self.timeline(arguments[2], &input, binder)?;
        let size = self.setting(Distance, arguments[3], timeline.1, &input, binder)?;
        let bins = self.setting(Count, arguments[4], timeline.1, &input, binder)?;
        let dimensions = self.dimensions(&arguments[5..], &input, binder)?;
        let name = format!("rolling_{bins}_percentile_{}_{percentile}", of.name);
        let work: TableWork = Box::new(move |rows| activity::percentiles(rows, wanted, size, bins));
        let makes = vec![(name.as_str(), of.ty)];
        Some(sliced(&ROLLING_PERCENTILE, [value, timeline.0], &dimensions, makes, work, input))
    }

    pub(super) fn rows_near(&self, input: Relation, binder: &mut Binder<'_>) -> Option<Relation> {
        let arguments = self.plain_arguments(&ROWS_NEAR, 2, binder)?;
        if arguments.len() > 3 {
            self.wrong_count(&ROWS_NEAR, binder);
            return None;
        }
        let condition = crate::bind::Exprs::new(binder, &input.columns).predicate(arguments[0]).ok()?;
        let before = self.setting(Count, arguments[1], Type::Long, &input, binder)?;
        let after = match arguments.get(2) {
            Some(after) => self.setting(Count, after, Type::Long, &input, binder)?,
            None => before,
        };
        if !input.serialized {
            let message = format!("`{}` reads the rows in their order, and here it is open", ROWS_NEAR.name);
            binder.error(
                Diagnostic::error(UNORDERED, self.plugin.name.span, message)
                    .label("wants rows in order")
                    .help("sort the rows first (`| sort by …`), or take them as they come (`| serialize`)"),
            );
            return None;
        }
        let [before, after] = [before, after].map(|rows| usize::try_from(rows).unwrap_or(usize::MAX));
        let (columns, mut args): (Vec<BoundColumn>, Vec<Expr>) = input.pass_through().unzip();
        args.push(condition);
        let work: TableWork = Box::new(move |rows| activity::near(rows, before, after));
        Some(made(&ROWS_NEAR, args, columns, work, input).in_order())
    }

    /// The column with places, and its type.
    pub(super) fn timeline(
        &self,
        argument: &ast::Expr,
        input: &Relation,
        binder: &mut Binder<'_>,
    ) -> Option<(usize, Type)> {
        let at = column(argument, &input.columns, binder)?;
        match input.columns.list()[at].ty {
            ty @ (Type::DateTime | Type::TimeSpan | Type::Long | Type::Int) => Some((at, ty)),
            ty => {
                let message = format!("a timeline is of datetimes, timespans or whole numbers, and this is {ty}");
                binder.error(Diagnostic::error(WRONG_TYPE, argument.span, message).label(ty.name()));
                None
            }
        }
    }

    /// That the call is not the form with only so many arguments, which has no start and no end.
    fn bounded(&self, short: usize, binder: &mut Binder<'_>) -> Option<()> {
        if self.plugin.arguments.len() != short {
            return Some(());
        }
        let name = &self.plugin.name;
        binder.error(
            Diagnostic::error(
                UNSUPPORTED,
                name.span,
                format!("`{}` without start and end is not implemented", name.text),
            )
            .label("not implemented")
            .help("where its windows begin is documented nowhere: give a start and an end"),
        );
        None
    }

    /// The value of a setting on a timeline of this type.
    pub(super) fn setting(
        &self,
        setting: Setting,
        argument: &ast::Expr,
        timeline: Type,
        input: &Relation,
        binder: &mut Binder<'_>,
    ) -> Option<i64> {
        let ty = match (setting, timeline) {
            (Place, Type::DateTime) => Type::DateTime,
            (Place | Distance, Type::DateTime | Type::TimeSpan) => Type::TimeSpan,
            _ => Type::Long,
        };
        if setting == Distance && ty == Type::TimeSpan && is_text(argument) {
            binder.refuse(argument.span, "a period of the calendar");
            return None;
        }
        let value = activity::ticks(constant(argument, ty, &input.columns, binder)?.as_ref());
        let value = value.filter(|value| match setting {
            Place => true,
            Distance => *value > 0,
            Count => *value >= 0,
        });
        if value.is_none() {
            let message =
                if setting == Distance { "more than nothing is wanted here" } else { "a number is wanted here" };
            binder.error(Diagnostic::error(BAD_ARGUMENT, argument.span, message));
        }
        value
    }

    pub(super) fn dimensions(
        &self,
        arguments: &[&ast::Expr],
        input: &Relation,
        binder: &mut Binder<'_>,
    ) -> Option<Vec<usize>> {
        arguments.iter().map(|argument| column(argument, &input.columns, binder)).collect()
    }
}

/// Whether it is a text, as `'week'`.
fn is_text(argument: &ast::Expr) -> bool {
    matches!(&argument.kind, ExprKind::Literal(literal) if matches!(literal.value, Value::String(_)))
}

/// The value of an argument that is known before any row is read.
fn any_constant(argument: &ast::Expr, input: &Relation, binder: &mut Binder<'_>) -> Option<Value> {
    let bound = crate::bind::Exprs::new(binder, &input.columns).expr(argument).ok()?;
    constant(argument, bound.ty, &input.columns, binder)
}

/// The ids of a table, by their keys: the column that is called as `id` is, or the only one.
fn lookback(table: Relation, span: Span, id: &BoundColumn, binder: &mut Binder<'_>) -> Option<HashSet<Vec<u8>>> {
    if table.columns.has_any_column() {
        return None;
    }
    binder.needs_all_columns(&table.columns);
    let list = table.columns.list();
    let Some(at) = table.columns.position(&id.name).or((list.len() == 1).then_some(0)) else {
        let name = Name::new(&*id.name, span);
        binder.error(table.columns.unknown(&name));
        return None;
    };
    let of = list[at].clone();
    if of.ty != id.ty {
        let message = format!("ids are {} here, and the column `{}` of this table is {}", id.ty, of.name, of.ty);
        binder.error(Diagnostic::error(WRONG_TYPE, span, message).label(of.ty.name()));
        return None;
    }
    let ids = table.compute(vec![(of.clone(), Expr::column(of.ty, at))]);
    let mut known = HashSet::new();
    for batch in binder.run_subquery(ids, span).ok()?.iter().flat_map(|table| table.batches()) {
        for cell in batch.columns[0].iter() {
            let mut key = Vec::new();
            encode_key(&mut key, cell);
            known.insert(key);
        }
    }
    Some(known)
}

/// The table of a plugin that makes the timeline, the dimensions, and some columns more.
fn sliced(
    plugin: &'static Plugin,
    [first, timeline]: [usize; 2],
    dimensions: &[usize],
    makes: Vec<(&str, Type)>,
    work: TableWork,
    input: Relation,
) -> Relation {
    let list = input.columns.list();
    let read = |at: usize| Expr::column(list[at].ty, at);
    let args = [first, timeline].iter().chain(dimensions).map(|at| read(*at)).collect();
    let mut columns: Vec<BoundColumn> = [timeline].iter().chain(dimensions).map(|at| list[*at].clone()).collect();
    columns.extend(makes.iter().map(|(name, ty)| BoundColumn::new(*name, *ty)));
    made(plugin, args, columns, work, input)
}
