//! Rewrites: each makes a plan cheaper and leaves its answer as it is.

mod demand;
mod elements;
mod filters;
mod once;
mod top;

use crate::plan::Plan;

/// All rewrites in their order.
pub(crate) fn rewrite(plan: Plan) -> Plan {
    let node = filters::push(plan.node);
    let node = top::fuse(node);
    let node = demand::narrow(node, plan.fields.len());
    let node = elements::pick(node);
    let node = once::share(node);
    Plan { node, ..plan }
}
