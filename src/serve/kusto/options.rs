//! The options of a request: each is honoured, or refused by name.
//! <https://learn.microsoft.com/kusto/api/rest/request-properties>

use std::time::Duration;

use super::failure::Failure;
use crate::{DateTime, Engine, TimeSpan, Value, nearest, read_literal};

/// How long a query may take unless told, as in Kusto.
const TIME: Duration = Duration::from_secs(4 * 60);
/// The most rows of an answer unless told, as in Kusto.
const RECORDS: u64 = 500_000;
/// The most bytes of an answer's rows unless told, as in Kusto; here those of their text.
const SIZE: u64 = 64 << 20;

/// What a request asks for besides its answer.
#[derive(Clone, Debug, Default)]
pub(super) struct Options {
    time: Option<Duration>,
    no_time: bool,
    now: Option<DateTime>,
    memory: Option<u64>,
    records: Option<u64>,
    size: Option<u64>,
    no_truncation: bool,
    /// Rows of which no more are wanted, and that is all.
    pub(super) take: Option<u64>,
    /// Columns of which an answer may not have more.
    pub(super) columns: Option<u64>,
    /// Whether what went wrong is told at the end only.
    pub(super) deferred: bool,
    /// Whether the rows come in frames of their own.
    pub(super) fragments: bool,
    pub(super) placement: Placement,
}

/// Where in an answer it is told that rows are missing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Placement {
    /// Instead of the row.
    #[default]
    InData,
    /// Behind the rows of the table.
    EndOfTable,
    /// Behind everything.
    EndOfDataset,
}

impl Placement {
    pub(super) fn name(self) -> &'static str {
        match self {
            Placement::InData => "InData",
            Placement::EndOfTable => "EndOfTable",
            Placement::EndOfDataset => "EndOfDataset",
        }
    }
}

/// What is done about an option.
enum Treatment {
    /// It is done, if the value is one of what is wanted.
    Honoured(fn(&mut Options, &str) -> Option<()>, &'static str),
    /// There is nothing to do: it says how Kusto is to work, or asks for what holds anyway.
    Holds,
    /// Only these values are what happens here.
    Only(&'static [&'static str]),
    /// It would change the answer, and does not here.
    Refused(&'static str),
}

use Treatment::{Holds, Honoured, Only, Refused};

const MEMORY: &str = "max_memory_consumption_per_query_per_node";
const CURSORS: &str = "there are no cursors";
const SCOPE: &str = "filter by the time in the query";
const YES_NO: &str = "true or false";
const COUNT: &str = "a whole number";

const OPTIONS: &[(&str, Treatment)] = &[
    ("best_effort", Refused("a table that is missing is an error")),
    ("client_max_redirect_count", Holds),
    ("client_results_reader_allow_varying_row_widths", Holds),
    ("deferpartialqueryfailures", Honoured(|options, text| flag(text, &mut options.deferred), YES_NO)),
    ("materialized_view_shuffle", Holds),
    ("materialized_view_shuffle_query", Holds),
    (MEMORY, Honoured(|options, text| count(text, &mut options.memory), "a number of bytes")),
    ("maxmemoryconsumptionperiterator", Holds),
    ("maxoutputcolumns", Honoured(|options, text| count(text, &mut options.columns), COUNT)),
    ("norequesttimeout", Honoured(|options, text| flag(text, &mut options.no_time), YES_NO)),
    ("notruncation", Honoured(|options, text| flag(text, &mut options.no_truncation), YES_NO)),
    ("push_selection_through_aggregation", Holds),
    ("query_bin_auto_at", Refused("there is no `bin_auto()`")),
    ("query_bin_auto_size", Refused("there is no `bin_auto()`")),
    ("query_consistency", Only(CONSISTENCIES)),
    ("query_cursor_after_default", Refused(CURSORS)),
    ("query_cursor_before_or_at_default", Refused(CURSORS)),
    ("query_cursor_current", Refused(CURSORS)),
    ("query_cursor_disabled", Holds),
    ("query_cursor_scoped_tables", Refused(CURSORS)),
    ("query_datascope", Only(&["default", "all", "hotcache"])),
    ("query_datetimescope_column", Refused(SCOPE)),
    ("query_datetimescope_from", Refused(SCOPE)),
    ("query_datetimescope_to", Refused(SCOPE)),
    ("query_distribution_nodes_span", Holds),
    ("query_fanout_nodes_percent", Holds),
    ("query_fanout_threads_percent", Holds),
    ("query_force_row_level_security", Holds),
    ("query_language", Only(&["kql", "csl"])),
    ("query_log_query_parameters", Holds),
    ("query_max_entities_in_union", Refused("a union may have any number of tables")),
    ("query_now", Honoured(|options, text| moment(text, &mut options.now), "a datetime")),
    ("query_optimize_fts_at_relop", Holds),
    ("query_python_debug", Holds),
    ("query_results_apply_getschema", Refused("end the query in `| getschema`")),
    ("query_results_cache_force_refresh", Holds),
    ("query_results_cache_max_age", Holds),
    ("query_results_cache_per_shard", Holds),
    ("query_results_progressive_row_count", Holds),
    ("query_results_progressive_update_period", Holds),
    ("query_take_max_records", Honoured(|options, text| count(text, &mut options.take), COUNT)),
    ("query_weakconsistency_session_id", Holds),
    ("queryconsistency", Only(CONSISTENCIES)),
    ("querytrace", Holds),
    ("request_app_name", Holds),
    ("request_block_row_level_security", Holds),
    ("request_callout_disabled", Holds),
    ("request_description", Holds),
    ("request_external_data_disabled", Holds),
    ("request_external_table_disabled", Holds),
    ("request_impersonation_disabled", Holds),
    ("request_readonly", Holds),
    ("request_readonly_hardline", Holds),
    ("request_remote_entities_disabled", Refused("a query may name other databases")),
    ("request_sandboxed_execution_disabled", Holds),
    ("request_user", Holds),
    (
        "results_error_reporting_placement",
        Honoured(|options, text| placement(text, &mut options.placement), "in_data, end_of_table or end_of_dataset"),
    ),
    ("results_progressive_enabled", Only(&["false"])),
    ("results_v2_fragment_primary_tables", Honoured(|options, text| flag(text, &mut options.fragments), YES_NO)),
    ("results_v2_newlines_between_frames", Holds),
    ("servertimeout", Honoured(|options, text| duration(text, &mut options.time), "a timespan, `00:04:00`")),
    ("truncationmaxrecords", Honoured(|options, text| count(text, &mut options.records), COUNT)),
    ("truncationmaxsize", Honoured(|options, text| count(text, &mut options.size), "a number of bytes")),
    ("validate_permissions", Refused("there are no permissions")),
    ("validatepermissions", Refused("there are no permissions")),
];

/// One copy of the data is as consistent as any of these.
const CONSISTENCIES: &[&str] = &[
    "strongconsistency",
    "affinitizedweakconsistency",
    "databaseaffinitizedweakconsistency",
    "weakconsistency",
    "weakconsistency_by_query",
    "weakconsistency_by_database",
    "weakconsistency_by_session_id",
];

impl Options {
    /// Takes an option from a request's properties.
    pub(super) fn take_option(&mut self, name: &str, value: &serde_json::Value) -> Result<(), Failure> {
        let text = match value {
            serde_json::Value::Null => return Ok(()),
            serde_json::Value::String(text) => text.clone(),
            value => value.to_string(),
        };
        let Some((name, treatment)) = find(name) else {
            let name = name.to_lowercase();
            let near = nearest(&name, OPTIONS.iter().map(|(known, _)| *known));
            let help = near.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
            return Err(Failure::bad_request(format!("there is no option `{name}`{help}")));
        };
        self.treat(name, treatment, &text)
    }

    /// Takes an option that the query sets. Unknown ones are warned about elsewhere; what limits the engine is the
    /// request's.
    pub(super) fn take_setting(&mut self, name: &str, value: &Value) -> Result<(), Failure> {
        let text = match value {
            Value::Bool(true) => "true".to_owned(),
            Value::Bool(false) => "false".to_owned(),
            value => value.to_string(),
        };
        match find(name) {
            Some((name @ ("servertimeout" | "norequesttimeout" | MEMORY), _)) => Err(Failure::bad_request(format!(
                "the option `{name}` is one of the request, not of the query; send it in its properties"
            ))),
            Some((name, treatment)) => self.treat(name, treatment, &text),
            None => Ok(()),
        }
    }

    fn treat(&mut self, name: &str, treatment: &Treatment, text: &str) -> Result<(), Failure> {
        let wrong = match treatment {
            Holds => return Ok(()),
            Honoured(take, wanted) => match take(self, text.trim()) {
                Some(()) => return Ok(()),
                None => format!("wanted is {wanted}"),
            },
            Only(values) if values.iter().any(|value| value.eq_ignore_ascii_case(text)) => return Ok(()),
            Only(values) => format!("there is only {}", values.join(", ")),
            // What is not asked for is not refused.
            Refused(_) if text.eq_ignore_ascii_case("false") => return Ok(()),
            Refused(why) => (*why).to_owned(),
        };
        Err(Failure::bad_request(format!("the option `{name}` = `{text}` is refused: {wrong}")))
    }

    /// That the options fit together.
    pub(super) fn check(&self) -> Result<(), Failure> {
        if self.placement == Placement::EndOfTable && !self.fragments {
            return Err(Failure::bad_request(
                "`results_error_reporting_placement` = `end_of_table` wants `results_v2_fragment_primary_tables`",
            ));
        }
        Ok(())
    }

    /// The engine, limited as the request wants it; never less than it was.
    pub(super) fn limit(&self, engine: &Engine) -> Engine {
        let mut limits = engine.allowed().clone();
        if !self.no_time {
            let time = self.time.unwrap_or(TIME);
            limits.time = Some(limits.time.map_or(time, |most| most.min(time)));
        }
        limits.memory = match (limits.memory, self.memory) {
            (Some(most), Some(wanted)) => Some(most.min(wanted)),
            (most, wanted) => wanted.or(most),
        };
        let engine = engine.clone().limits(limits);
        match self.now {
            Some(now) => engine.now(now),
            None => engine,
        }
    }

    /// The rows, and the bytes of their text, that an answer may have.
    pub(super) fn truncation(&self) -> (u64, u64) {
        match self.no_truncation {
            true => (u64::MAX, u64::MAX),
            false => (self.records.unwrap_or(RECORDS), self.size.unwrap_or(SIZE)),
        }
    }
}

/// An option by its name, in any letter case.
fn find(name: &str) -> Option<(&'static str, &'static Treatment)> {
    let known = OPTIONS.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))?;
    Some((known.0, &known.1))
}

fn flag(text: &str, into: &mut bool) -> Option<()> {
    *into = match text.to_lowercase().as_str() {
        "true" | "1" => true,
        "false" | "0" => false,
        _ => return None,
    };
    Some(())
}

fn count(text: &str, into: &mut Option<u64>) -> Option<()> {
    *into = Some(text.parse().ok()?);
    Some(())
}

fn moment(text: &str, into: &mut Option<DateTime>) -> Option<()> {
    *into = Some(match read_literal(text) {
        Some(Value::DateTime(moment)) => moment,
        _ => DateTime::parse(text)?,
    });
    Some(())
}

/// `00:04:00`, `4m`, `time(00:04:00)`.
fn duration(text: &str, into: &mut Option<Duration>) -> Option<()> {
    let span = |text: &str| match read_literal(text) {
        Some(Value::TimeSpan(span)) => Some(span),
        _ => None,
    };
    // A bare number would be one of days.
    let text = Some(text).filter(|text| text.contains(|c: char| !c.is_ascii_digit()))?;
    let ticks = span(text).or_else(|| span(&format!("time({text})"))).map(TimeSpan::ticks)?;
    *into = Some(Duration::from_micros(u64::try_from(ticks).ok()? / 10));
    Some(())
}

fn placement(text: &str, into: &mut Placement) -> Option<()> {
    *into = match text.to_lowercase().as_str() {
        "in_data" => Placement::InData,
        "end_of_table" => Placement::EndOfTable,
        "end_of_dataset" => Placement::EndOfDataset,
        _ => return None,
    };
    Some(())
}
