//! Scalar functions: one value per row from that row's arguments.

use super::{Example, Param};
use crate::column::{Batch, Column, Out};
use crate::guard::Guard;
use crate::value::{DateTime, Type, Value, ValueRef};

/// A scalar function, a `const` with its kernel beneath it in `functions`.
pub(crate) struct Scalar {
    pub(crate) name: &'static str,
    pub(crate) params: &'static [Param],
    pub(crate) returns: Returns,
    /// How a column made by a call is called when the query does not say.
    pub(crate) names: Naming,
    /// How many columns a call with arguments of these types makes where it is assigned; of several, its value is an
    /// array with an element for each.
    pub(crate) columns: Option<fn(&[Type]) -> usize>,
    /// One sentence; parameters in backticks.
    pub(crate) about: &'static str,
    pub(crate) examples: &'static [Example],
    /// Gives the same for the same arguments; only then are calls folded and lifted to distinct values.
    pub(crate) deterministic: bool,
    /// Its kernel is told the moment of the run, which the plan then holds.
    pub(crate) clock: bool,
    /// A null argument makes the result null without the kernel being asked.
    pub(crate) strict: bool,
    /// An older name that Resource Graph queries still use; not offered in help and completion.
    pub(crate) legacy: bool,
    /// Which of its arguments it looks at.
    pub(crate) reads: Reads,
    /// The argument whose values it gives on, nearly as they are: completion knows them.
    pub(crate) passes: Option<Passes>,
    /// Gives a text on as it is, and of null the empty one: columns of texts need no call.
    pub(crate) texts: bool,
    /// What gives one element of its array without making the array, from the same arguments and an index.
    pub(crate) element: Option<&'static Scalar>,
    /// Whether `*` as its only argument stands for all columns.
    pub(crate) star: bool,
    /// What is computed in another way than Kusto's in a call with these arguments, if anything is: the warning.
    pub(crate) caution: Option<fn(&Args<'_>) -> Option<&'static str>>,
    pub(crate) kernel: KernelDef,
}

impl Scalar {
    /// What most functions are; the fields without a sensible default are given by each.
    pub(crate) const PLAIN: Scalar = Scalar {
        name: "",
        params: &[],
        returns: Returns::Is(Type::Dynamic),
        names: Naming::Numbered,
        columns: None,
        about: "",
        examples: &[],
        deterministic: true,
        clock: false,
        strict: true,
        legacy: false,
        reads: Reads::All,
        passes: None,
        texts: false,
        element: None,
        star: false,
        caution: None,
        kernel: KernelDef::Plain(|_, out| out.null()),
    };

    /// What it asks about the elements of a pattern, if it does.
    pub(crate) fn of_pattern(&self) -> Option<PatternFunction> {
        match self.kernel {
            KernelDef::Columns(ColumnsFunction::OfPattern(function)) => Some(function),
            _ => None,
        }
    }

    /// Fewest and most arguments.
    pub(crate) fn arity(&self) -> (usize, usize) {
        arity(self.params)
    }
}

pub(super) fn arity(params: &[Param]) -> (usize, usize) {
    let least = params.iter().filter(|p| !p.optional).count();
    let most = if params.iter().any(|p| p.repeated) { usize::MAX } else { params.len() };
    (least, most)
}

/// Which of its arguments a function looks at; the others need not be computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reads {
    /// All of them.
    All,
    /// Predicates until one is true, the argument behind that one, and the last argument if none is.
    Branch,
    /// Those up to the first that is neither null nor an empty string.
    UntilFilled,
}

/// What a function gives on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Passes {
    pub(crate) argument: usize,
    pub(crate) case: Case,
}

impl Passes {
    /// The values of this argument.
    pub(crate) const fn on(argument: usize) -> Option<Passes> {
        Some(Passes { argument, case: Case::Unchanged })
    }

    /// The texts of the first argument in this case.
    pub(crate) const fn cased(case: Case) -> Option<Passes> {
        Some(Passes { argument: 0, case })
    }
}

/// What becomes of letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Case {
    Unchanged,
    Lower,
    Upper,
}

/// The type of a call.
#[derive(Clone, Copy)]
pub(crate) enum Returns {
    /// Always this.
    Is(Type),
    /// That of the argument with this index, after conversion.
    Argument(usize),
    /// That of the first argument that is [`Common`](super::Takes::Common), after conversion.
    Common,
    /// By the types of the arguments; `Err` says why there is no such call (lower case, no full stop).
    By(fn(&[Type]) -> Result<Type, String>),
    /// By the constant text of the argument with this index, if it is given: a type that it names (`typeof(long)`
    /// arrives as the string `long`), a period.
    ByText(usize, fn(Option<&str>) -> Type),
}

/// How the result column of a call is called when the query does not say (`semantics` of naming: one rule for
/// project, extend, summarize, by, distinct and print).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Naming {
    /// As the first argument: `tostring(a.b)` is `a_b`.
    First,
    /// As the argument, if there is but one: `make_datetime(s)` is `s`.
    Only,
    /// Prefix, `_`, and the name of the first argument: `strlen(s)` is `strlen_s`.
    Prefixed(&'static str),
    /// As the column that the first argument, a string, names; numbered if there is none.
    Column,
    /// `d.a` sorted is `d_a_sorted`, what has no name `array0_sorted`.
    Sorted,
    /// This.
    Fixed(&'static str),
    /// A column per part, of its type: `series_stats(x)` makes `series_stats_x_min` … Its value is an array of them.
    Parts(&'static [(&'static str, Type)]),
    /// `Column1`, `Column2` …
    Numbered,
}

/// The work: either the same for every call, or made for the constants of one.
#[derive(Clone, Copy)]
pub(crate) enum KernelDef {
    /// Needs no preparation.
    Plain(fn(&[ValueRef<'_>], &mut Out)),
    /// Sees types and constants first: compiles a regex, parses a format, takes `now`.
    Prepared(fn(&Args<'_>) -> Result<Kernel, ArgumentFault>),
    /// Reads the rows around its own: sees types and constants first, then the whole columns.
    Window(fn(&Args<'_>) -> Result<Along, ArgumentFault>),
    /// None: the binder knows what it asks about, and puts the answer in its place.
    Columns(ColumnsFunction),
}

impl KernelDef {
    /// The kernel of one call.
    pub(crate) fn prepared(self, known: &Args<'_>) -> Result<Kernel, ArgumentFault> {
        match self {
            KernelDef::Plain(kernel) => Ok(Box::new(kernel)),
            KernelDef::Prepared(prepare) => prepare(known),
            KernelDef::Window(_) | KernelDef::Columns(_) => Err(ArgumentFault::new(0, "this call has no kernel")),
        }
    }
}

/// Functions of the columns themselves, and of the options that the query sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ColumnsFunction {
    /// `pack_all(ignore_null_empty)`
    Pack,
    /// `bag_pack_columns(a, b)`
    PackThese,
    /// `bin_auto(value)`
    Grid,
    /// `column_ifexists(name, default)`
    IfExists,
    /// `iscolumnexists(name)`
    Exists,
    /// `estimate_data_size(a, b)`, `estimate_data_size(*)`
    Size,
    /// `node_id(n)`: it asks about an element of a graph's pattern.
    OfPattern(PatternFunction),
}

/// What is asked about the elements of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PatternFunction {
    Id,
    DegreeIn,
    DegreeOut,
    Labels,
    InnerNodes,
    Map,
    All,
    Any,
}

/// One row's arguments in, exactly one value out.
pub(crate) type Kernel = Box<dyn Fn(&[ValueRef<'_>], &mut Out) + Send + Sync>;

/// All rows in their order in, one value for each out.
pub(crate) type Along = Box<dyn Fn(&Ordered<'_>) -> Column + Send + Sync>;

/// All rows in, a table out: what a plugin does.
pub(crate) type TableWork = Box<dyn Fn(&Ordered<'_>) -> Batch + Send + Sync>;

/// The arguments of a call along the order of the rows.
pub(crate) struct Ordered<'a> {
    /// A column per argument.
    pub(crate) args: Vec<Column>,
    pub(crate) rows: usize,
    pub(crate) guard: &'a Guard,
}

/// What is known of a call before any row is read.
pub(crate) struct Args<'a> {
    /// Types after conversion.
    pub(crate) types: &'a [Type],
    /// The values of those arguments that are constant.
    pub(crate) constants: &'a [Option<Value>],
    /// The result type that the binder settled on.
    pub(crate) returns: Type,
    /// The moment that `now()` gives during this run, for functions that say so ([`Scalar::clock`]).
    pub(crate) now: DateTime,
}

impl Args<'static> {
    /// No arguments, for what needs none.
    pub(crate) fn none(returns: Type) -> Args<'static> {
        Args { types: &[], constants: &[], returns, now: DateTime::from_ticks(0) }
    }
}

impl Args<'_> {
    /// The constant at `index`, if that argument was given and is constant.
    pub(crate) fn constant(&self, index: usize) -> Option<&Value> {
        self.constants.get(index)?.as_ref()
    }

    /// The constant text at `index`, if that argument was given and is a constant string.
    pub(crate) fn text(&self, index: usize) -> Option<&str> {
        match self.constant(index)? {
            Value::String(text) => Some(text),
            _ => None,
        }
    }
}

/// Why a call cannot be prepared.
#[derive(Debug)]
pub(crate) struct ArgumentFault {
    /// Index of the argument that is to blame.
    pub(crate) argument: usize,
    /// One line, lower case, no full stop.
    pub(crate) message: String,
    /// The cure, if there is one.
    pub(crate) help: Option<String>,
}

impl ArgumentFault {
    pub(crate) fn new(argument: usize, message: impl Into<String>) -> ArgumentFault {
        ArgumentFault { argument, message: message.into(), help: None }
    }
}
