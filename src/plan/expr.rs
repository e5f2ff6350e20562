//! Typed expressions over the columns of a node's input.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::registry::{Infix, Kernel, Reads, Scalar};
use crate::value::{Type, Value};

/// An expression with its type.
#[derive(Clone, Debug)]
pub(crate) struct Expr {
    pub(crate) ty: Type,
    pub(crate) kind: Term,
}

/// What an expression is.
#[derive(Clone)]
pub(crate) enum Term {
    /// One value for all rows.
    Literal(Value),
    /// The input column at this position.
    Column(usize),
    /// `base.key[0]`: steps into a dynamic value.
    Path { base: Box<Expr>, steps: Vec<PathStep> },
    /// A scalar function or infix operator, its kernel ready.
    Call { callee: Callee, kernel: Arc<Kernel>, args: Vec<Expr> },
    /// All of them; false wins over null.
    And(Vec<Expr>),
    /// Any of them; true wins over null.
    Or(Vec<Expr>),
}

/// One step into a dynamic value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum PathStep {
    /// `.name` or `['name']`: the value of a bag's key.
    Key(Arc<str>),
    /// `[2]`, `[-1]`: an element of an array, from the end if negative.
    Index(i64),
}

/// What is called.
#[derive(Clone, Copy)]
pub(crate) enum Callee {
    Scalar(&'static Scalar),
    /// With whether a null operand makes the result null.
    Infix(&'static Infix, bool),
}

impl Callee {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Callee::Scalar(scalar) => scalar.name,
            Callee::Infix(infix, _) => infix.text,
        }
    }

    /// A null argument makes the result null without the kernel being asked.
    pub(crate) fn strict(self) -> bool {
        match self {
            Callee::Scalar(scalar) => scalar.strict,
            Callee::Infix(_, strict) => strict,
        }
    }

    /// Which of its arguments it looks at.
    pub(crate) fn reads(self) -> Reads {
        match self {
            Callee::Scalar(scalar) => scalar.reads,
            Callee::Infix(..) => Reads::All,
        }
    }

    /// Gives texts on as they are.
    pub(crate) fn texts(self) -> bool {
        match self {
            Callee::Scalar(scalar) => scalar.texts,
            Callee::Infix(..) => false,
        }
    }

    /// May be computed once for equal arguments.
    pub(crate) fn deterministic(self) -> bool {
        match self {
            Callee::Scalar(scalar) => scalar.deterministic,
            Callee::Infix(..) => true,
        }
    }
}

/// Most parts that an expression may have after it took in what it reads: chains of `extend` that read their
/// predecessors twice would double it at every step.
const MOVED: usize = 256;

impl Expr {
    pub(crate) fn literal(ty: Type, value: Value) -> Expr {
        Expr { ty, kind: Term::Literal(value) }
    }

    pub(crate) fn column(ty: Type, index: usize) -> Expr {
        Expr { ty, kind: Term::Column(index) }
    }

    /// The value, if it is known before any row is read.
    pub(crate) fn constant(&self) -> Option<&Value> {
        match &self.kind {
            Term::Literal(value) => Some(value),
            _ => None,
        }
    }

    /// The one column that this expression reads, if there is one and no other.
    pub(crate) fn only_column(&self) -> Option<usize> {
        let (mut read, mut alone) = (None, true);
        self.visit(&mut |part| {
            if let Term::Column(index) = part.kind {
                alone &= *read.get_or_insert(index) == index;
            }
            alone
        });
        read.filter(|_| alone)
    }

    /// The steps below a column that this expression reads, if it reads nothing else: `(column, steps)`.
    pub(crate) fn as_path(&self) -> Option<(usize, &[PathStep])> {
        match &self.kind {
            Term::Column(index) => Some((*index, &[])),
            Term::Path { base, steps } => match base.kind {
                Term::Column(index) => Some((index, steps)),
                _ => None,
            },
            _ => None,
        }
    }

    /// The expressions directly beneath.
    pub(crate) fn children(&self) -> &[Expr] {
        match &self.kind {
            Term::Literal(_) | Term::Column(_) => &[],
            Term::Path { base, .. } => std::slice::from_ref(base),
            Term::Call { args, .. } => args,
            Term::And(parts) | Term::Or(parts) => parts,
        }
    }

    fn children_mut(&mut self) -> &mut [Expr] {
        match &mut self.kind {
            Term::Literal(_) | Term::Column(_) => &mut [],
            Term::Path { base, .. } => std::slice::from_mut(base),
            Term::Call { args, .. } => args,
            Term::And(parts) | Term::Or(parts) => parts,
        }
    }

    /// Replaces this expression, or else each one beneath, by what `change` gives.
    pub(crate) fn replace(&mut self, change: &mut impl FnMut(&Expr) -> Option<Expr>) {
        match change(self) {
            Some(other) => *self = other,
            None => self.children_mut().iter_mut().for_each(|child| child.replace(change)),
        }
    }

    /// Shows this expression, then each one beneath; `visit` says whether to go deeper.
    pub(crate) fn visit(&self, visit: &mut impl FnMut(&Expr) -> bool) {
        if visit(self) {
            self.children().iter().for_each(|child| child.visit(visit));
        }
    }

    /// The columns that it reads.
    pub(crate) fn columns(&self) -> BTreeSet<usize> {
        let mut columns = BTreeSet::new();
        self.visit(&mut |part| {
            if let Term::Column(at) = part.kind {
                columns.insert(at);
            }
            true
        });
        columns
    }

    /// How many expressions there are in it, itself included.
    pub(crate) fn parts(&self) -> usize {
        let mut parts = 0;
        self.visit(&mut |_| {
            parts += 1;
            true
        });
        parts
    }

    /// The parts of a conjunction: each alone keeps the rows for which it is true.
    pub(crate) fn conjuncts(self) -> Vec<Expr> {
        match self.kind {
            Term::And(parts) => parts.into_iter().flat_map(Expr::conjuncts).collect(),
            _ => vec![self],
        }
    }

    /// The same over the rows that these outputs are computed of; none unless all that it reads are outputs that may be
    /// computed any number of times, and not too many.
    pub(crate) fn over(&self, outputs: &[Expr]) -> Option<Expr> {
        let (mut movable, mut parts) = (true, 0);
        self.visit(&mut |expr| {
            parts += 1;
            if let Term::Column(index) = expr.kind {
                match outputs.get(index) {
                    Some(output) => {
                        movable &= output.deterministic();
                        parts += output.parts();
                    }
                    None => movable = false,
                }
            }
            movable && parts <= MOVED
        });
        (movable && parts <= MOVED).then(|| {
            let mut moved = self.clone();
            moved.replace(&mut |expr| match &expr.kind {
                Term::Column(index) => Some(outputs[*index].clone()),
                _ => None,
            });
            moved
        })
    }

    /// Whether this computes what another does: they make the same calls, with the kernels of one place in a plan, whose
    /// constants these may hold.
    pub(crate) fn same(&self, other: &Expr) -> bool {
        let all = |one: &[Expr], other: &[Expr]| {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| one.same(other))
        };
        match (&self.kind, &other.kind) {
            (Term::Literal(one), Term::Literal(other)) => one == other,
            (Term::Column(one), Term::Column(other)) => one == other,
            (Term::Path { base: one, steps }, Term::Path { base: other, steps: others }) => {
                steps == others && one.same(other)
            }
            (Term::Call { kernel, args, .. }, Term::Call { kernel: other, args: others, .. }) => {
                Arc::ptr_eq(kernel, other) && all(args, others)
            }
            (Term::And(one), Term::And(other)) | (Term::Or(one), Term::Or(other)) => all(one, other),
            _ => false,
        }
    }

    /// May be evaluated any number of times, anywhere.
    pub(crate) fn deterministic(&self) -> bool {
        let mut all = true;
        self.visit(&mut |expr| {
            all &= !matches!(&expr.kind, Term::Call { callee, .. } if !callee.deterministic());
            all
        });
        all
    }
}
