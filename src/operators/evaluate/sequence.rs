//! Plugins about states one after the other: `funnel_sequence`, `funnel_sequence_completion`, `sequence_detect`.

use super::activity::Setting;
use super::{Evaluate, column, constant, made};
use crate::bind::{Binder, BoundColumn, Exprs, Relation};
use crate::column::Column;
use crate::diag::{BAD_ARGUMENT, Diagnostic, WRONG_TYPE};
use crate::functions::sequence::{self, Funnel, Neighbours};
use crate::plan::Expr;
use crate::registry::{Example, Plugin, TableWork};
use crate::syntax::ast;
use crate::value::{Type, Value, convert, encode_key};

pub(super) const FUNNEL_SEQUENCE: Plugin = Plugin {
    name: "funnel_sequence",
    syntax: "funnel_sequence(id, timeline, start, end, step_window, bin, state, sequence)",
    about: "How many ids went through a sequence of states, by the state before it and the one behind it: three tables, \
            for both, for those before, and for those behind. Steps are at most `step_window` from one another, with no \
            other state in between; a state that stays is one step. Nothing may stand behind it.",
    examples: &[Example {
        query: "datatable(id: string, t: long, s: string)['a', 1, 'x', 'a', 2, 'y', 'b', 1, 'y'] \
                | evaluate funnel_sequence(id, t, 0, 9, 5, 10, s, dynamic(['y']))",
        result: "0, , 2, [\"a\",\"b\"]",
    }],
    caution: Some("which states may lie between the steps of a sequence is documented nowhere"),
};

pub(super) const FUNNEL_SEQUENCE_COMPLETION: Plugin = Plugin {
    name: "funnel_sequence_completion",
    syntax: "funnel_sequence_completion(id, timeline, start, end, bin, state, sequence, periods)",
    about: "How many ids came from the first state of a sequence to each of its states, within each of the `periods`; \
            other states may lie in between.",
    examples: &[Example {
        query: "datatable(id: string, t: timespan, s: string)['a', 1h, 'x', 'a', 3h, 'y', 'b', 1h, 'x'] \
                | evaluate funnel_sequence_completion(id, t, 0h, 9h, 10h, s, dynamic(['x', 'y']), dynamic([1h, 2h]))",
        result: "00:00:00, x, 01:00:00, 2\n00:00:00, y, 01:00:00, 0\n00:00:00, x, 02:00:00, 2\n00:00:00, y, 02:00:00, 1",
    }],
    caution: Some("which states may lie between the steps of a sequence is documented nowhere"),
};

pub(super) const SEQUENCE_DETECT: Plugin = Plugin {
    name: "sequence_detect",
    syntax: "sequence_detect(timeline, step_window, window, name = condition, … [, dimension, …])",
    about: "Where rows meet conditions one after the other: when each was met, at most `step_window` behind the one \
            before, and all within `window`.",
    examples: &[Example {
        query: "datatable(t: timespan, s: string)[1h, 'x', 2h, 'y', 5h, 'y'] \
                | evaluate sequence_detect(t, 2h, 9h, a = s == 'x', b = s == 'y')",
        result: "01:00:00, 02:00:00, 01:00:00",
    }],
    caution: Some("which rows make a sequence of more than two steps is documented nowhere"),
};

use Setting::{Distance, Place};

impl Evaluate {
    pub(super) fn funnel_sequence(&self, input: Relation, binder: &mut Binder<'_>) -> Option<Relation> {
        let arguments = self.exactly(&FUNNEL_SEQUENCE, 8, binder)?;
        let timeline = self.timeline(arguments[1], &input, binder)?;
        let near = self.setting(Distance, arguments[4], timeline.1, &input, binder)?;
        let (read, asked) = self.funnel([2, 3, 5, 6, 7], &arguments, timeline, &input, binder)?;
        let input = binder.for_all_readers(input, self.plugin.name.span);
        // Its rows may be of a sub-query that failed.
        let [id, place, state] = read.map(|at| input.columns.list().get(at).cloned());
        let (id, place, state) = (id?, place?, state?);
        let table = |which: Neighbours| {
            let neighbour = |name: &str| BoundColumn::new(name, state.ty);
            let neighbours = match which {
                Neighbours::Both => vec![neighbour("prev"), neighbour("next")],
                Neighbours::Before => vec![neighbour("prev")],
                Neighbours::Behind => vec![neighbour("next")],
            };
            let mut columns = vec![place.clone()];
            columns.extend(neighbours);
            columns.push(BoundColumn::new("dcount", Type::Long));
            columns.push(BoundColumn::new("samples", Type::Dynamic));
            let args = [&id, &place, &state].into_iter().zip(read).map(|(of, at)| Expr::column(of.ty, at)).collect();
            let asked = asked.clone();
            let work: TableWork = Box::new(move |rows| sequence::neighbours(rows, &asked, near, which));
            made(&FUNNEL_SEQUENCE, args, columns, work, input.clone())
        };
        Some(Relation::several([Neighbours::Both, Neighbours::Before, Neighbours::Behind].map(table).to_vec()))
    }

    pub(super) fn funnel_sequence_completion(&self, input: Relation, binder: &mut Binder<'_>) -> Option<Relation> {
        let arguments = self.exactly(&FUNNEL_SEQUENCE_COMPLETION, 8, binder)?;
        let timeline = self.timeline(arguments[1], &input, binder)?;
        self.of_time(arguments[1], timeline.1, binder)?;
        let (read, asked) = self.funnel([2, 3, 4, 5, 6], &arguments, timeline, &input, binder)?;
        let mut times = Vec::new();
        for time in array(arguments[7], &input, binder)? {
            // Literals have them as ticks.
            match convert(time.as_ref(), Type::TimeSpan) {
                Value::TimeSpan(time) => times.push(time.ticks()),
                _ => {
                    let message = "periods are an array of timespans";
                    binder.error(Diagnostic::error(WRONG_TYPE, arguments[7].span, message).help("`dynamic([1h, 1d])`"));
                    return None;
                }
            }
        }
        let list = input.columns.list();
        let state = &list[read[2]];
        let values = array(arguments[6], &input, binder)?;
        let values = Column::from_values(state.ty, values.iter().map(|value| convert(value.as_ref(), state.ty)));
        let mut columns = vec![list[read[1]].clone(), state.clone()];
        columns.push(BoundColumn::new("Period", Type::TimeSpan));
        columns.push(BoundColumn::new("dcount", Type::Long));
        let args = read.map(|at| Expr::column(list[at].ty, at)).to_vec();
        let work: TableWork = Box::new(move |rows| sequence::completion(rows, &asked, &times, &values));
        Some(made(&FUNNEL_SEQUENCE_COMPLETION, args, columns, work, input))
    }

    pub(super) fn sequence_detect(&self, input: Relation, binder: &mut Binder<'_>) -> Option<Relation> {
        let arguments = self.plain_arguments(&SEQUENCE_DETECT, 4, binder)?;
        let timeline = self.timeline(arguments[0], &input, binder)?;
        self.of_time(arguments[0], timeline.1, binder)?;
        let near = self.setting(Distance, arguments[1], timeline.1, &input, binder)?;
        let span = self.setting(Distance, arguments[2], timeline.1, &input, binder)?;
        let rest = &self.plugin.arguments[3..];
        let steps = rest.iter().take_while(|argument| argument.name.is_some()).count();
        let (steps, dimensions) = rest.split_at(steps);
        if steps.is_empty() {
            binder.error(
                Diagnostic::error(BAD_ARGUMENT, arguments[3].span, "each step of a sequence has a name")
                    .help("write `name = condition`"),
            );
            return None;
        }
        let dimensions: Vec<&ast::Expr> = dimensions.iter().map(|argument| &argument.value).collect();
        let dimensions = self.dimensions(&dimensions, &input, binder)?;
        let list = input.columns.list();
        let place = &list[timeline.0];
        let mut columns: Vec<BoundColumn> = dimensions.iter().map(|at| list[*at].clone()).collect();
        let mut args = vec![Expr::column(place.ty, timeline.0)];
        for step in steps {
            args.push(Exprs::new(binder, &input.columns).predicate(&step.value).ok()?);
            let name = step.name.as_ref().map_or("", |name| &name.text);
            columns.push(BoundColumn::new(format!("{name}_{}", place.name), place.ty));
        }
        columns.push(BoundColumn::new("Duration", Type::TimeSpan));
        args.extend(dimensions.iter().map(|at| Expr::column(list[*at].ty, *at)));
        let steps = steps.len();
        let work: TableWork = Box::new(move |rows| sequence::occurrences(rows, near, span, steps));
        Some(made(&SEQUENCE_DETECT, args, columns, work, input))
    }

    /// That durations can be told on this timeline.
    fn of_time(&self, argument: &ast::Expr, timeline: Type, binder: &mut Binder<'_>) -> Option<()> {
        match timeline {
            Type::DateTime | Type::TimeSpan => Some(()),
            _ => {
                binder.refuse(argument.span, &format!("`{}` along whole numbers", self.plugin.name.text));
                None
            }
        }
    }

    /// What a funnel is asked for by the arguments at these places (start, end, step, state, sequence): the columns it
    /// reads, id, place and state.
    fn funnel(
        &self,
        [start, end, step, state, sequence]: [usize; 5],
        arguments: &[&ast::Expr],
        timeline: (usize, Type),
        input: &Relation,
        binder: &mut Binder<'_>,
    ) -> Option<([usize; 3], Funnel)> {
        let id = column(arguments[0], &input.columns, binder)?;
        let state = column(arguments[state], &input.columns, binder)?;
        let start = self.setting(Place, arguments[start], timeline.1, input, binder)?;
        let end = self.setting(Place, arguments[end], timeline.1, input, binder)?;
        let step = self.setting(Distance, arguments[step], timeline.1, input, binder)?;
        let written = arguments[sequence];
        let ty = input.columns.list()[state].ty;
        let mut states: Vec<Vec<u8>> = Vec::new();
        for value in array(written, input, binder)? {
            let value = convert(value.as_ref(), ty);
            if value.as_ref().is_null() {
                let message = format!("a state is {ty} here, and the sequence has another value");
                binder.error(Diagnostic::error(WRONG_TYPE, written.span, message).label(ty.name()));
                return None;
            }
            let mut key = Vec::new();
            encode_key(&mut key, value.as_ref());
            if states.last() == Some(&key) {
                binder.refuse(written.span, "a sequence with the same state twice in a row");
                return None;
            }
            states.push(key);
        }
        Some(([id, timeline.0, state], Funnel { start, end, step, states }))
    }
}

/// The elements of a constant array, of which there is one at least.
fn array(argument: &ast::Expr, input: &Relation, binder: &mut Binder<'_>) -> Option<Vec<Value>> {
    let value = constant(argument, Type::Dynamic, &input.columns, binder)?;
    match crate::functions::elements(value.as_ref()) {
        Some(items) if !items.is_empty() => Some(items),
        _ => {
            let message = "an array with an element at least is wanted here";
            binder.error(Diagnostic::error(BAD_ARGUMENT, argument.span, message).help("`dynamic(['a', 'b'])`"));
            None
        }
    }
}
