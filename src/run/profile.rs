//! What a run did: the rows that every node of the plan gave, and its time.
//!
//! Filter, Compute and Expand work on all threads, batch by batch, while their source is read: their time is the sum
//! of that work. The time of any other node is from its beginning to its end, with everything that runs inside it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::{Failure, Run};
use crate::guard::Guard;
use crate::plan::{Node, Plan};

/// Runs a plan; gives the plan with rows and time in front of every node, and those of the answer at its head.
pub(crate) fn profile(plan: &Plan, guard: &Guard) -> Result<String, Failure> {
    let profile = Profile::new(plan);
    let start = Instant::now();
    let batches = Run { profile: Some(&profile), ..Run::new(guard) }.batches(&plan.node)?;
    let whole = start.elapsed();
    let rows: usize = batches.iter().map(|batch| batch.rows).sum();
    let shown = plan.annotated(&|node| {
        let known = match node {
            None => Some((rows as u64, whole)),
            Some(node) => profile.step(node).map(Step::known),
        };
        match known {
            Some((rows, time)) => format!("{rows:>10}  {:>9.2} ms  ", time.as_secs_f64() * 1e3),
            None => " ".repeat(26),
        }
    });
    Ok(format!("{:>10}  {:>12}\n{shown}", "rows", "time"))
}

/// A step for every node of a plan. Bodies of `Each` are none of them: they are run once per part.
pub(super) struct Profile<'p>(Vec<(&'p Node, Step)>);

/// What is known of one node; threads add to it side by side.
#[derive(Default)]
struct Step {
    rows: AtomicU64,
    nanos: AtomicU64,
}

impl Step {
    fn known(&self) -> (u64, Duration) {
        (self.rows.load(Ordering::Relaxed), Duration::from_nanos(self.nanos.load(Ordering::Relaxed)))
    }
}

impl<'p> Profile<'p> {
    fn new(plan: &'p Plan) -> Profile<'p> {
        let mut nodes = vec![&plan.node];
        let mut next = 0;
        while let Some(&node) = nodes.get(next) {
            match node {
                Node::Each { input, .. } => nodes.push(input),
                _ => nodes.extend(node.inputs()),
            }
            next += 1;
        }
        Profile(nodes.into_iter().map(|node| (node, Step::default())).collect())
    }

    /// Nodes are told apart by where they stand: two of a plan may look the same.
    fn step(&self, node: &Node) -> Option<&Step> {
        self.0.iter().find(|(known, _)| std::ptr::eq(*known, node)).map(|(_, step)| step)
    }

    /// Adds to the rows that a node gave.
    pub(super) fn rows(&self, node: &Node, rows: usize) {
        if let Some(step) = self.step(node) {
            step.rows.fetch_add(rows as u64, Ordering::Relaxed);
        }
    }

    /// Adds to the time of a node.
    pub(super) fn time(&self, node: &Node, time: Duration) {
        if let Some(step) = self.step(node) {
            step.nanos.fetch_add(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::Engine;

    /// The rows in front of every node, by its name.
    fn rows(query: &str, threads: usize) -> Vec<(String, String)> {
        let engine = Engine::new().sample().threads(threads).unwrap();
        let shown = engine.prepare(query).unwrap().profile().unwrap().remove(0);
        let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        shown.lines().skip(1).map(words).map(|words| (words[3].clone(), words[0].clone())).collect()
    }

    #[test]
    fn every_node_says_how_many_rows_it_gave() {
        let query = "range x from 1 to 100000 step 1 | where x % 2 == 0 | summarize by y = x % 10 | top 2 by y";
        for threads in [1, 3] {
            let found = rows(query, threads);
            let nodes: Vec<(&str, &str)> = found.iter().map(|(node, rows)| (node.as_str(), rows.as_str())).collect();
            let expected =
                [("Answer", "2"), ("TopN", "2"), ("Aggregate", "5"), ("Filter", "50000"), ("Range", "100000")];
            assert_eq!(nodes, expected, "{threads} threads");
        }
    }

    #[test]
    fn both_sides_of_a_join_are_counted_apart() {
        let query = "datatable(k: long)[1, 2, 2] | join kind=inner (datatable(k: long)[2, 3]) on k";
        let found = rows(query, 2);
        let given: Vec<&str> = found.iter().filter(|(node, _)| node == "Values").map(|(_, rows)| &**rows).collect();
        assert_eq!(given, ["3", "2"]);
        assert_eq!(found[0], ("Answer".to_owned(), "2".to_owned()));
    }

    #[test]
    fn what_is_run_once_per_part_is_shown_without_numbers() {
        let query = "print d = dynamic([1, 2, 3]) | mv-apply x = d to typeof(long) on (where x > 1)";
        let shown = Engine::new().prepare(query).unwrap().profile().unwrap().remove(0);
        let timed = |node: &str| shown.lines().find(|line| line.contains(node)).unwrap().contains(" ms ");
        assert_eq!([timed("Answer"), timed("Each"), timed("Filter")], [true, true, false], "{shown}");
    }
}
