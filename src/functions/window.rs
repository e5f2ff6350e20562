//! Functions along the order of the rows: they have no kernels, a node of the plan computes them.

use crate::registry::*;
use crate::value::Type;

/// The functions of this file.
pub(super) const FAMILY: &[&Scalar] =
    &[&ROW_NUMBER, &PREV, &NEXT, &ROW_CUMSUM, &ROW_RANK_DENSE, &ROW_RANK_MIN, &ROW_WINDOW_SESSION];

const ROW_NUMBER: Scalar = Scalar {
    name: "row_number",
    params: &[long("start").optional().constant(), boolean("restart").optional()],
    returns: Returns::Is(Type::Long),
    about: "The number of the row, from `start` (1) on, and again from there where `restart` is true; of sorted rows.",
    examples: &[Example {
        query: "datatable(x: long)[5, 7] | sort by x | extend n = row_number() | where n == 2",
        result: "5, 2",
    }],
    kernel: KernelDef::Window(Window::Number),
    ..ALONG
};

const PREV: Scalar = Scalar {
    name: "prev",
    params: &[any("value"), long("offset").optional().constant(), any("default").optional()],
    returns: Returns::Argument(0),
    about: "`value` in the row before, or `offset` rows before; `default` where there is none; of sorted rows.",
    examples: &[Example {
        query: "datatable(x: long)[5, 7] | sort by x asc | extend d = x - prev(x) | where x == 7",
        result: "7, 2",
    }],
    kernel: KernelDef::Window(Window::Before),
    ..ALONG
};

const NEXT: Scalar = Scalar {
    name: "next",
    about: "`value` in the row behind, or `offset` rows behind; `default` where there is none; of sorted rows.",
    examples: &[Example {
        query: "datatable(x: long)[5, 7] | sort by x asc | extend d = next(x, 1, 9) | where x == 7",
        result: "7, 9",
    }],
    kernel: KernelDef::Window(Window::After),
    ..PREV
};

const ROW_CUMSUM: Scalar = Scalar {
    name: "row_cumsum",
    params: &[number("value"), boolean("restart").optional()],
    returns: Returns::Argument(0),
    about: "The sum of `value` so far, and again from nothing where `restart` is true; of sorted rows.",
    examples: &[Example {
        query: "datatable(x: long)[5, 7] | sort by x asc | extend s = row_cumsum(x) | where x == 7",
        result: "7, 12",
    }],
    kernel: KernelDef::Window(Window::Sum),
    ..ALONG
};

const ROW_RANK_DENSE: Scalar = Scalar {
    name: "row_rank_dense",
    params: &[orderable("value"), boolean("restart").optional()],
    returns: Returns::Is(Type::Long),
    about: "How many different `value`s there were so far, again from 1 where `restart` is true; of sorted rows.",
    examples: &[Example {
        query: "datatable(x: long)[5, 5, 7] | sort by x asc | extend r = row_rank_dense(x) | where x == 7",
        result: "7, 2",
    }],
    kernel: KernelDef::Window(Window::DenseRank),
    ..ALONG
};

const ROW_RANK_MIN: Scalar = Scalar {
    name: "row_rank_min",
    about: "The number of the first row with this `value`, again from 1 where `restart` is true; of sorted rows.",
    examples: &[Example {
        query: "datatable(x: long)[5, 5, 7] | sort by x asc | extend r = row_rank_min(x) | where x == 7",
        result: "7, 3",
    }],
    kernel: KernelDef::Window(Window::Rank),
    ..ROW_RANK_DENSE
};

const ROW_WINDOW_SESSION: Scalar = Scalar {
    name: "row_window_session",
    params: &[
        datetime("value"),
        timespan("max_from_first").constant(),
        timespan("max_between_neighbors").constant(),
        boolean("restart").optional(),
    ],
    returns: Returns::Is(Type::DateTime),
    about: "The first `value` of the session that `value` belongs to: a new one begins so long after the first or the one \
            before, and where `restart` is true; of sorted rows.",
    examples: &[Example {
        query: "datatable(m: long)[0, 4, 9] | extend t = datetime(2024-05-06) + m * 1m | sort by t asc \
                | extend s = row_window_session(t, 1h, 5m) | where m == 4 | project s",
        result: "2024-05-06T00:00:00.0000000Z",
    }],
    kernel: KernelDef::Window(Window::Session),
    ..ALONG
};

/// What they have in common: equal arguments may give something else in every row.
const ALONG: Scalar = Scalar { deterministic: false, strict: false, ..Scalar::PLAIN };
