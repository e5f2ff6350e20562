//! One pass over a table for a plan: from the columns that are kept, or else from its files; and one over a table that
//! many tenants have, each its own.

use std::fmt;
use std::ops::ControlFlow;
use std::sync::Arc;

use super::extract::RowTest;
use super::kept::Kept;
use super::origin::Origin;
use super::paths::Want;
use super::share::Share;
use super::sketch::Sketch;
use crate::column::{Batch, Column, Field};
use crate::diag::Diagnostic;
use crate::guard::Guard;
use crate::parallel;
use crate::value::{Type, Value, ValueRef};

/// The column that says whose a row is, in a table of many tenants.
pub(super) const TENANT: &str = "tenant";

/// One pass over a table that takes the wanted paths: the batches' columns, in their order.
pub(crate) struct Scan(Kind);

enum Kind {
    One(Pass),
    Many(ManyPasses),
}

/// What is done with a batch.
type Work<'a, T, E> = &'a (dyn Fn(Batch) -> Result<T, E> + Sync);
/// What is done with the results, in order.
type Merge<'a, T, E> = &'a mut (dyn FnMut(T) -> Result<ControlFlow<()>, E> + Send);

impl Scan {
    /// A pass over the rows of one place.
    pub(super) fn one(pass: Pass) -> Scan {
        Scan(Kind::One(pass))
    }

    /// A pass over the rows of many tenants, or a share of them.
    pub(super) fn many(members: Arc<dyn Members>, wants: &[Want], share: Option<Share>) -> Scan {
        let (tenant, others): (Vec<usize>, Vec<usize>) =
            (0..wants.len()).partition(|&at| wants.get(at).is_some_and(|want| *want.path == [TENANT.into()]));
        let wants = others.iter().filter_map(|&at| wants.get(at).cloned()).collect();
        Scan(Kind::Many(ManyPasses { members, wants, tenant, others, share }))
    }

    /// Reads everything: `work` runs in parallel, on a batch per segment that has rows, some of which may lack rows
    /// that do not pass the tests; `merge` gets the results one after the other, in the order of the rows. When `merge`
    /// breaks off, the rest of the table is still checked, but for that of further tenants. The warnings are about the
    /// export: what it says is missing from it.
    pub(crate) fn run<T, E>(
        &self,
        tests: &[RowTest<'_>],
        guard: &Guard,
        work: impl Fn(Batch) -> Result<T, E> + Sync,
        merge: impl FnMut(T) -> Result<ControlFlow<()>, E> + Send,
    ) -> Result<Vec<Diagnostic>, E>
    where
        T: Send,
        E: Send + From<Box<Diagnostic>>,
    {
        let mut merge = merge;
        match &self.0 {
            Kind::One(pass) => pass.run(tests, guard, &work, &mut merge),
            Kind::Many(passes) => {
                let mut ran = Ok(Vec::new());
                passes.members.waiting(&mut || ran = passes.run(tests, guard, &work, &mut merge));
                ran
            }
        }
    }
}

/// A pass over the rows of one place.
pub(super) struct Pass {
    origin: Origin,
    wants: Arc<[Want]>,
    kept: Option<Arc<Kept>>,
}

impl Pass {
    pub(super) fn new(origin: Origin, wants: &[Want]) -> Pass {
        Pass { origin, wants: wants.into(), kept: None }
    }

    /// A pass that looks first at what earlier ones have left in memory, and leaves its own columns there.
    pub(super) fn with_kept(self, kept: Option<&Arc<Kept>>) -> Pass {
        Pass { kept: kept.cloned(), ..self }
    }

    fn run<T, E>(
        &self,
        tests: &[RowTest<'_>],
        guard: &Guard,
        work: Work<'_, T, E>,
        merge: Merge<'_, T, E>,
    ) -> Result<Vec<Diagnostic>, E>
    where
        T: Send,
        E: Send + From<Box<Diagnostic>>,
    {
        if let Some(kept) = &self.kept
            && let Some((batches, warnings)) = kept.batches(&self.origin, &self.wants, guard)?
        {
            return parallel::ordered(guard, Batch::shared(&batches), work, merge).map(|()| warnings);
        }
        self.origin.drive(&self.wants, tests, guard, work, merge)
    }
}

/// The tables of one name that tenants have. A tenant's files are opened when it is asked for them.
pub(super) trait Members: fmt::Debug + Send + Sync {
    /// Whose they are, in order.
    fn tenants(&self) -> Vec<Arc<str>>;

    /// About how many bytes the table of a tenant has; none if it has none.
    fn weight(&self, tenant: usize) -> Result<Option<u64>, Box<Diagnostic>>;

    /// A pass over the rows of a tenant, or a share of them; none if it has no such table.
    fn pass(&self, tenant: usize, wants: &[Want], share: Option<Share>) -> Result<Option<Pass>, Box<Diagnostic>>;

    /// Does work that waits for many tenants, by as many threads as may wait at once where they are far away.
    fn waiting(&self, work: &mut (dyn FnMut() + Send));

    /// The columns of all tables, that of the tenant last; by the first rows of some of them, or all rows.
    fn fields(&self, guard: &Guard, whole: bool) -> Result<Vec<Field>, Box<Diagnostic>>;

    /// What some of the rows are like.
    fn sketch(&self) -> Result<Sketch, Box<Diagnostic>>;
}

/// A pass over the rows of many tenants.
struct ManyPasses {
    members: Arc<dyn Members>,
    /// What is wanted of each tenant's rows.
    wants: Vec<Want>,
    /// Where the column of the tenant is wanted, and where the others are.
    tenant: Vec<usize>,
    others: Vec<usize>,
    share: Option<Share>,
}

/// A tenant whose rows are read.
struct Chosen {
    number: usize,
    name: Arc<str>,
    weight: u64,
    share: Option<Share>,
}

/// Bytes up to which a tenant's rows are read beside those of others, and wait for their turn.
const SMALL: u64 = 8 << 20;

impl ManyPasses {
    fn run<T, E>(
        &self,
        tests: &[RowTest<'_>],
        guard: &Guard,
        work: Work<'_, T, E>,
        merge: Merge<'_, T, E>,
    ) -> Result<Vec<Diagnostic>, E>
    where
        T: Send,
        E: Send + From<Box<Diagnostic>>,
    {
        let chosen = self.chosen(tests, guard)?;
        let own = |test: &RowTest<'_>| self.others.iter().position(|&at| at == test.want);
        let tests: Vec<RowTest<'_>> = tests
            .iter()
            .filter_map(|test| {
                let want = own(test)?;
                Some(RowTest {
                    want,
                    admits: Box::new(|value| (test.admits)(value)),
                    meets: Box::new(|bounds| (test.meets)(bounds)),
                })
            })
            .collect();
        let mut rest = &chosen[..];
        let (mut warnings, mut goes_on) = (Vec::new(), true);
        while let (true, Some(first)) = (goes_on, rest.first()) {
            let small = rest.iter().position(|tenant| tenant.weight > SMALL).unwrap_or(rest.len());
            if small == 0 {
                let mut merge = |made| {
                    let flow = merge(made)?;
                    goes_on &= flow.is_continue();
                    Ok(flow)
                };
                warnings.extend(self.read(first, &tests, guard, work, &mut merge)?);
                rest = rest.get(1..).unwrap_or_default();
                continue;
            }
            let (some, others) = rest.split_at(small);
            rest = others;
            let read = |tenant: &Chosen| {
                let mut made = Vec::new();
                let said = self.read(tenant, &tests, guard, work, &mut |piece| {
                    made.push(piece);
                    Ok(ControlFlow::Continue(()))
                })?;
                Ok::<_, E>((made, said))
            };
            parallel::ordered(guard, some.iter(), read, |(made, said): (Vec<T>, Vec<Diagnostic>)| {
                warnings.extend(said);
                for piece in made {
                    if merge(piece)?.is_break() {
                        goes_on = false;
                        return Ok(ControlFlow::Break(()));
                    }
                }
                Ok(ControlFlow::Continue(()))
            })?;
        }
        Ok(warnings)
    }

    /// The tenants that may have rows that pass the tests, and of a share those that have rows in it.
    fn chosen(&self, tests: &[RowTest<'_>], guard: &Guard) -> Result<Vec<Chosen>, Box<Diagnostic>> {
        let tests: Vec<&RowTest<'_>> = tests.iter().filter(|test| self.tenant.contains(&test.want)).collect();
        let mut tenants: Vec<(usize, Arc<str>)> = self.members.tenants().into_iter().enumerate().collect();
        tenants.retain(|(_, name)| tests.iter().all(|test| (test.admits)(ValueRef::String(name))));
        let weighed = parallel::try_map(guard, tenants, |(number, name)| {
            let weight = self.members.weight(number)?;
            Ok::<_, Box<Diagnostic>>(weight.map(|weight| Chosen { number, name, weight, share: None }))
        })?;
        let mut chosen: Vec<Chosen> = weighed.into_iter().flatten().collect();
        if let Some(share) = self.share {
            // What seems to have no bytes has a place, too.
            let wanted = share.range(chosen.iter().map(|tenant| tenant.weight.max(1)).sum());
            let mut behind = 0;
            for tenant in &mut chosen {
                let weight = tenant.weight.max(1);
                tenant.share = Share::between(&wanted, behind, weight);
                behind += weight;
            }
            chosen.retain(|tenant| tenant.share.is_some());
        }
        Ok(chosen)
    }

    /// Reads the rows of a tenant, of which these are the tests.
    fn read<T, E>(
        &self,
        tenant: &Chosen,
        tests: &[RowTest<'_>],
        guard: &Guard,
        work: Work<'_, T, E>,
        merge: Merge<'_, T, E>,
    ) -> Result<Vec<Diagnostic>, E>
    where
        T: Send,
        E: Send + From<Box<Diagnostic>>,
    {
        let Some(pass) = self.members.pass(tenant.number, &self.wants, tenant.share)? else { return Ok(Vec::new()) };
        let with_tenant = |batch: Batch| {
            let mut columns = batch.columns.into_iter();
            let all = self.tenant.len() + self.others.len();
            let column = |at| match self.tenant.contains(&at) {
                true => Some(Column::constant(Type::String, Value::String(tenant.name.clone()), batch.rows)),
                false => columns.next(),
            };
            work(Batch::new((0..all).filter_map(column).collect(), batch.rows))
        };
        pass.run(tests, guard, &with_tenant, merge)
    }
}
