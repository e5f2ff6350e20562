//! Sub-queries whose answer is part of the plan: `toscalar(T)`, `materialize(T)`, `x in (T)`. They run while the main
//! query is bound.
//!
//! Where nothing is run (`check`, a body that nobody called) their values are *open*: an expression of the right type
//! without a value, which passes for a constant wherever one is wanted.

use std::sync::Arc;

use super::expr::Exprs;
use super::{Beside, Binder, BoundColumn, BoundColumns, Definition, Relation, Reported};
use crate::column::{Batch, Table};
use crate::diag::{Diagnostic, Span, UNEXPECTED, WRONG_COUNT, WRONG_TYPE};
use crate::functions;
use crate::plan::{Callee, Expr, Node, Term};
use crate::registry::{FormMeaning, Infix, Meaning, Operand, Right, Scalar, TOSCALAR};
use crate::syntax::ast::{self, Call, ExprKind};
use crate::value::{DateTime, Type, Value, ValueRef};

/// Most nodes of a plan that is put in for every reader where nothing is run.
const LARGE: usize = 100;

/// What stands for a value that is not known yet. It never runs, and is never folded away.
const OPEN: Scalar = Scalar { name: TOSCALAR.name, deterministic: false, ..Scalar::PLAIN };

impl Expr {
    /// A value that is constant and not known yet.
    pub(super) fn open(ty: Type) -> Expr {
        Expr::waiting(ty, Callee::Scalar(&OPEN), Vec::new())
    }

    /// A call whose kernel cannot be made yet, for a value among `args` is open.
    pub(super) fn waiting(ty: Type, callee: Callee, args: Vec<Expr>) -> Expr {
        let kind = Term::Call { callee, kernel: Arc::new(Box::new(|_, out| out.null())), args };
        Expr { ty, kind }
    }

    /// Whether there is a value in it that is not known yet.
    pub(crate) fn is_open(&self) -> bool {
        let mut open = false;
        self.visit(&mut |part| {
            open |= matches!(part.kind, Term::Call { callee: Callee::Scalar(scalar), .. } if scalar.name == OPEN.name);
            !open
        });
        open
    }
}

/// What became of a sub-query.
enum Subquery {
    /// Nothing: nothing is run.
    Waits,
    /// Its plan stands for its rows.
    Plan,
    Rows(Table),
}

impl Binder<'_> {
    /// Whether values may be open.
    pub(super) fn may_leave_open(&self) -> bool {
        !self.attempt.runs_subqueries
            || self.environment.evaluate.is_none()
            || self.is_rehearsing()
            || !self.findings.errors.is_empty()
    }

    /// The moment of the run; what is bound with it is good for that run only.
    pub(super) fn moment(&mut self) -> DateTime {
        self.open_questions.of_the_moment = true;
        self.environment.now
    }

    /// Whether what is read or run for the plan is to be now; takes note of it otherwise.
    pub(crate) fn runs_now(&mut self) -> bool {
        let evaluates = self.environment.evaluate.is_some();
        let now = evaluates && !self.may_leave_open();
        if !now {
            self.open_questions.subqueries_wait |= evaluates && !self.is_rehearsing();
            self.open_questions.of_the_moment = true;
        }
        now
    }

    /// The rows of a sub-query, which stands at `span`; none where nothing is run.
    pub(crate) fn run_subquery(&mut self, relation: Relation, span: Span) -> Result<Option<Table>, Reported> {
        Ok(match self.rows_or_plan(relation, span, false)? {
            Subquery::Rows(table) => Some(table),
            Subquery::Waits | Subquery::Plan => None,
        })
    }

    fn rows_or_plan(&mut self, relation: Relation, span: Span, or_plan: bool) -> Result<Subquery, Reported> {
        if relation.node.reads_part() {
            return Err(self.refuse(span, "a query inside a sub-query over the rows of that sub-query"));
        }
        let now = self.runs_now();
        let environment = self.environment;
        let Some(evaluate) = environment.evaluate.as_ref().filter(|_| now) else { return Ok(Subquery::Waits) };
        let Some(plan) = relation.into_plan() else { return Err(Reported::error()) };
        let answer = evaluate(plan, or_plan).map_err(|diagnostic| self.error(*diagnostic))?;
        let Some(table) = answer else { return Ok(Subquery::Plan) };
        table.warnings().iter().for_each(|warning| self.findings.note(warning));
        Ok(Subquery::Rows(table))
    }

    /// Whether `expr` can be nothing but a value.
    fn is_value(&self, expr: &ast::Expr) -> bool {
        match &expr.kind {
            ExprKind::Name(name) => matches!(self.definition(&name.text), Some(Definition::Scalar { .. })),
            ExprKind::Call(call) => match self.definition(&call.name.text) {
                Some(definition) => matches!(definition, Definition::Function { tabular: false, .. }),
                None => {
                    functions::scalar(&call.name.text).is_some() || call.form().is_some_and(FormMeaning::gives_value)
                }
            },
            ExprKind::Tabular(_) | ExprKind::Member { .. } | ExprKind::Star => false,
            _ => true,
        }
    }

    /// The table that a call of `materialize` or `toscalar` is about.
    fn table_argument(&mut self, call: &Call) -> Result<Relation, Reported> {
        let name = &call.name;
        let [argument] = call.arguments.as_slice() else {
            let given = call.arguments.len();
            return Err(self.error(
                Diagnostic::error(
                    WRONG_COUNT,
                    name.span,
                    format!("`{}` takes 1 argument, and {given} are given", name.text),
                )
                .help(format!("`{}(table)`", name.text)),
            ));
        };
        if let Some(named) = &argument.name {
            let message = format!("the argument of `{}` has no name", name.text);
            return Err(self.error(Diagnostic::error(UNEXPECTED, named.span, message)));
        }
        let relation = self.nested_pipeline(|binder| binder.tabular(&argument.value));
        if relation.columns.has_any_column() { Err(Reported::error()) } else { Ok(relation) }
    }

    /// `materialize(T)`: what was joined, grouped or expanded is kept for all who read it. What is only filtered and
    /// computed is read again, for then only the columns are extracted that each reader needs.
    pub(super) fn materialize(&mut self, call: &Call) -> Relation {
        match self.table_argument(call) {
            Ok(relation) => self.for_all_readers(relation, call.name.span),
            Err(_) => Relation::poisoned(),
        }
    }

    /// The rows of a table that several read, made once if that is dear.
    pub(crate) fn for_all_readers(&mut self, relation: Relation, span: Span) -> Relation {
        if relation.node.gathers() && !relation.node.reads_part() {
            self.as_values(relation, span)
        } else {
            self.repeatable(relation, span)
        }
    }

    /// Makes sure that every reader sees equal rows. What gives equal rows anyway is read again, for then only the columns
    /// are extracted that each reader needs.
    pub(crate) fn repeatable(&mut self, relation: Relation, span: Span) -> Relation {
        if relation.node.deterministic() { relation } else { self.as_values(relation, span) }
    }

    /// The rows of a table as values. Where nothing is run a large plan is left out: it would be put in for every reader.
    pub(crate) fn as_values(&mut self, relation: Relation, span: Span) -> Relation {
        let or_plan = relation.node.deterministic();
        match self.rows_or_plan(relation.clone(), span, or_plan) {
            Ok(Subquery::Waits) if relation.node.parts() > LARGE => {
                let nothing = Relation::empty(relation.columns.list().to_vec()).node;
                Relation { node: nothing, ..relation }
            }
            Ok(Subquery::Waits | Subquery::Plan) => relation,
            Ok(Subquery::Rows(table)) if table.is_empty() => Relation::empty(relation.columns.list().to_vec()),
            Ok(Subquery::Rows(table)) => {
                // Whoever reads them joins or groups by them: text that repeats is hashed once for all.
                let batch = Batch::concat(table.into_batches()).coded();
                Relation { node: Node::Values { batch }, ..relation }
            }
            Err(_) => Relation::poisoned(),
        }
    }
}

impl Exprs<'_, '_> {
    /// `toscalar(T)`: the first column of the first row; of a value, the value.
    pub(super) fn toscalar(&mut self, call: &Call) -> Result<Expr, Reported> {
        if let [argument] = call.arguments.as_slice()
            && argument.name.is_none()
            && self.binder.is_value(&argument.value)
        {
            let value = self
                .binder
                .nested_pipeline(|binder| Exprs::new(binder, &BoundColumns::none()).expr(&argument.value))?;
            // What differs each time is made once.
            if value.deterministic() {
                return Ok(value);
            }
            let ty = value.ty;
            let row = Relation::row().compute(vec![(BoundColumn::new(call.name.text.as_str(), ty), value)]);
            return self.first_value(ty, row, call.name.span);
        }
        let relation = self.binder.table_argument(call)?;
        let first = self.first_column(&relation, call.arguments[0].value.span)?;
        let column = Expr::column(first.ty, 0);
        let ty = first.ty;
        let row = relation.compute(vec![(first, column)]).map(|input| Node::Limit { input, rows: 1 });
        self.first_value(ty, row, call.name.span)
    }

    /// The one value of a row, if there is a row.
    fn first_value(&mut self, ty: Type, row: Relation, span: Span) -> Result<Expr, Reported> {
        // Of the part of a table that is at hand it is another one each time.
        if row.node.reads_part() && self.windows.is_some() {
            return Ok(self.beside(Beside::Value(row.node, ty)));
        }
        Ok(match self.binder.run_subquery(row, span)? {
            None => Expr::open(ty),
            Some(table) if table.is_empty() => Expr::literal(ty, Value::absent(ty)),
            Some(table) => Expr::literal(ty, table.value(0, 0)),
        })
    }

    /// `column_names_of(T)`
    pub(super) fn column_names_of(&mut self, call: &Call) -> Result<Expr, Reported> {
        let relation = self.binder.table_argument(call)?;
        self.binder.needs_all_columns(&relation.columns);
        let names = relation.columns.names().map(Value::from).collect();
        Ok(Expr::literal(Type::Dynamic, Value::Array(Arc::new(names))))
    }

    fn first_column(&mut self, relation: &Relation, span: Span) -> Result<BoundColumn, Reported> {
        match relation.columns.list() {
            [first, ..] if first.poisoned => Err(Reported::error()),
            [first, ..] => Ok(first.clone()),
            [] => Err(self.binder.error(Diagnostic::error(WRONG_TYPE, span, "this table has no columns"))),
        }
    }

    /// The table behind `in`, `has_any` and their like, if one stands there.
    pub(super) fn table_in_list<'e>(&self, infix: &Infix, right: &'e [ast::Expr]) -> Option<&'e ast::Expr> {
        let [table] = right else { return None };
        let is_column = table.as_name().is_some_and(|name| self.columns.position(&name.text).is_some());
        (infix.right == Right::List && !is_column && self.binder.is_tabular(table)).then_some(table)
    }

    /// The first column of a table as one array, its values of the type that `infix` compares a `left` with; also what
    /// the left side is converted to for that.
    pub(super) fn list_of_table(
        &mut self,
        infix: &'static Infix,
        operator: Span,
        left: Type,
        table: &ast::Expr,
    ) -> Result<(Type, Expr), Reported> {
        let relation = self.binder.nested_pipeline(|binder| binder.tabular(table));
        if relation.columns.has_any_column() {
            return Err(Reported::error());
        }
        let first = self.first_column(&relation, table.span)?;
        let operands = [left, first.ty].map(|ty| Operand { ty, literal: false });
        let Meaning::Computed { types, .. } = infix.meaning else { unreachable!("lists are searched by kernels") };
        let Some(operation) = types(&operands) else {
            return Err(self.no_operation(infix.text, operator, &operands));
        };
        let (to, ty) = (operation.operands[0], operation.operands[1]);
        let item = self.converted(Expr::column(first.ty, 0), ty);
        let relation = relation.compute(vec![(BoundColumn::new(first.name, ty), item)]);
        // Each value once; dynamic ones are no keys.
        let relation = if ty.is_orderable() {
            let keys = vec![Expr::column(ty, 0)];
            relation.map(|input| Node::Aggregate { input, keys, aggregates: Vec::new() })
        } else {
            relation
        };
        let list = self.binder.run_subquery(relation, table.span)?.map(|table| {
            let mut values = Vec::with_capacity(table.len());
            for batch in table.batches() {
                values.extend(batch.columns[0].iter().map(ValueRef::to_value));
            }
            Expr::literal(Type::Dynamic, Value::Array(Arc::new(values)))
        });
        Ok((to, list.unwrap_or_else(|| Expr::open(Type::Dynamic))))
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::super::{Environment, MissingTables, bind};
    use crate::column::Table;
    use crate::guard::Guard;
    use crate::source::{AllowedFiles, Catalog};
    use crate::syntax;
    use crate::value::DateTime;

    /// How many sub-queries run while a query is bound, and whether it can be.
    fn runs(query: &str) -> (usize, bool) {
        let (count, catalog, guard) = (Cell::new(0), Catalog::default(), Guard::none());
        let environment = Environment {
            catalog: &catalog,
            missing: MissingTables::Empty,
            visible: None,
            period: None,
            data: true,
            guard: &guard,
            now: DateTime::from_ticks(0),
            parameters: &[],
            given: None,
            files: &AllowedFiles::default(),
            evaluate: Some(Box::new(|plan, _| {
                count.set(count.get() + 1);
                Ok(Some(Table::new(plan.fields.as_slice().into(), Vec::new(), Vec::new())))
            })),
        };
        let bound = bind(&syntax::parse(query).unwrap(), &environment).is_ok();
        (count.get(), bound)
    }

    #[test]
    fn each_sub_query_runs_once_and_none_where_something_is_wrong() {
        assert_eq!(runs("print toscalar(print 1), toscalar(print 2)"), (2, true));
        assert_eq!(runs("print toscalar(1 + 1)"), (0, true));
        assert_eq!(runs("let x = toscalar(rand()); range n from 1 to 5 step 1 | extend x, y = x"), (1, true));
        assert_eq!(runs("resources | where id in (resources | project id)"), (1, true));
        assert_eq!(runs("let f = (n: long) { toscalar(print n) }; print f(1), f(2)"), (2, true));
        assert_eq!(runs("let f = (n: long) { toscalar(print n) }; print 1"), (0, true));
        assert_eq!(runs("print toscalar(print 1), nope"), (0, false));
        assert_eq!(runs("let T = materialize(print 1); T"), (0, true));
        assert_eq!(runs("let T = materialize(print rand()); union T, T"), (1, true));
        assert_eq!(runs("let T = materialize(resources | where id == 'x'); union T, T"), (0, true));
        assert_eq!(runs("let T = materialize(resources | summarize by id); union T, T"), (1, true));
    }
}
