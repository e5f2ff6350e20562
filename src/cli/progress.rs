//! How far the reading of large files is, on standard error: a bar on a terminal, a line a second elsewhere.

use std::io::{self, IsTerminal, Write};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{HumanBytes, HumanCount, HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::args::{Screen, When};
#[cfg(feature = "cluster")]
use crate::{Cluster, StageProgress};
use crate::{Engine, Progress, visible};

/// Nothing is shown of what takes less.
const QUIET: Duration = Duration::from_millis(400);

/// What is shown while files are read.
#[derive(Clone)]
pub(super) enum ProgressMeter {
    Nothing,
    Bar(ProgressBar),
    Lines,
}

impl ProgressMeter {
    pub(super) fn new(screen: &Screen) -> ProgressMeter {
        let watched = io::stderr().is_terminal();
        match screen.progress {
            _ if screen.quiet => ProgressMeter::Nothing,
            When::Never => ProgressMeter::Nothing,
            When::Auto if !watched => ProgressMeter::Nothing,
            When::Always if !watched => ProgressMeter::Lines,
            When::Auto | When::Always => {
                ProgressMeter::Bar(ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr()))
            }
        }
    }

    /// Lets the engine say how far it is.
    pub(super) fn attach(&self, engine: Engine) -> Engine {
        match self {
            ProgressMeter::Nothing => engine,
            ProgressMeter::Bar(bar) => {
                let bar = bar.clone();
                let style = "{msg} {bar:24} {bytes} of {total_bytes}, {prefix} rows, {eta} left";
                bar.set_style(ProgressStyle::with_template(style).expect("the template is valid"));
                let since = Mutex::new(Since::default());
                engine.progress(move |progress| {
                    let slow = since.lock().is_ok_and(|mut since| since.start(progress).elapsed() > QUIET);
                    if progress.bytes >= progress.total {
                        bar.finish_and_clear();
                    } else if slow {
                        if bar.is_finished() || bar.length() != Some(progress.total) {
                            bar.reset();
                            bar.set_length(progress.total);
                            bar.set_message(visible(&progress.table).into_owned());
                        }
                        bar.set_prefix(HumanCount(progress.rows).to_string());
                        bar.set_position(progress.bytes);
                    }
                })
            }
            ProgressMeter::Lines => {
                let since = Mutex::new((Since::default(), Instant::now()));
                engine.progress(move |progress| {
                    let Ok(mut since) = since.lock() else { return };
                    let start = since.0.start(progress);
                    if start.elapsed() > QUIET && since.1.elapsed() > Duration::from_secs(1) {
                        since.1 = Instant::now();
                        let _ = writeln!(io::stderr().lock(), "{}", line(progress, start.elapsed()));
                    }
                })
            }
        }
    }

    /// Lets a cluster say how far the stages of a query are.
    #[cfg(feature = "cluster")]
    pub(super) fn attach_stages(&self, cluster: Cluster) -> Cluster {
        let begun = Instant::now();
        match self {
            ProgressMeter::Nothing => cluster,
            ProgressMeter::Bar(bar) => {
                let bar = bar.clone();
                cluster.progress(move |stage| {
                    if stage.work.is_some() {
                        bar.finish_and_clear();
                    } else if stage.done < stage.tasks && begun.elapsed() > QUIET {
                        // The meter of files has a style of its own.
                        let style = "{msg} {bar:24} {pos} of {len} tasks";
                        bar.set_style(ProgressStyle::with_template(style).expect("the template is valid"));
                        if bar.is_finished() {
                            bar.reset();
                        }
                        bar.set_length(stage.tasks as u64);
                        bar.set_message(named(stage));
                        bar.set_position(stage.done as u64);
                    }
                })
            }
            ProgressMeter::Lines => {
                let said = Mutex::new(begun);
                cluster.progress(move |stage| {
                    let Ok(mut said) = said.lock() else { return };
                    let line = match stage.work {
                        Some(work) => format!(
                            "{}: {} tasks, {:.3} s of work, {} rows, {}",
                            named(stage),
                            stage.tasks,
                            work.busy.as_secs_f64(),
                            HumanCount(work.rows),
                            HumanBytes(work.bytes)
                        ),
                        None if said.elapsed() < Duration::from_secs(1) || stage.done == stage.tasks => return,
                        None => format!("{}: {} of {} tasks", named(stage), stage.done, stage.tasks),
                    };
                    *said = Instant::now();
                    let _ = writeln!(io::stderr().lock(), "{line}");
                })
            }
        }
    }

    /// Makes room for something else.
    pub(super) fn clear(&self) {
        if let ProgressMeter::Bar(bar) = self {
            bar.finish_and_clear();
        }
    }
}

/// `stage 1 (aggregate parts)`
#[cfg(feature = "cluster")]
fn named(stage: &StageProgress) -> String {
    format!("stage {} ({})", stage.number, visible(&stage.about))
}

/// When the reading of the table at hand began.
#[derive(Default)]
struct Since(Option<(std::sync::Arc<str>, u64, Instant)>);

impl Since {
    fn start(&mut self, progress: &Progress) -> Instant {
        match &mut self.0 {
            Some((table, bytes, start)) if *table == progress.table && *bytes <= progress.bytes => {
                *bytes = progress.bytes;
                *start
            }
            state => {
                let start = Instant::now();
                *state = Some((progress.table.clone(), progress.bytes, start));
                start
            }
        }
    }
}

/// `securityresources: 1.20 GiB of 3.60 GiB, 310,000 rows, 4 seconds left`
fn line(progress: &Progress, elapsed: Duration) -> String {
    let left = progress.total.saturating_sub(progress.bytes);
    let left = elapsed.as_micros() * u128::from(left) / u128::from(progress.bytes.max(1));
    let left = Duration::from_micros(u64::try_from(left).unwrap_or(u64::MAX));
    format!(
        "{}: {} of {}, {} rows, {} left",
        visible(&progress.table),
        HumanBytes(progress.bytes),
        HumanBytes(progress.total),
        HumanCount(progress.rows),
        HumanDuration(left)
    )
}
