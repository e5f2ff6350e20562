//! What a query says about itself: the parameters it declares, which get their values from whoever runs it, and the
//! options it sets.

use super::{Binder, BoundColumns, Definition, Expr, Exprs};
use crate::diag::{BAD_ARGUMENT, Diagnostic, PARAMETER, Place, Span, UNSUPPORTED};
use crate::syntax;
use crate::syntax::ast::{Parameter, ParameterKind, Setting};
use crate::value::{Type, Value, ValueRef, convert, parse_json_text, text_of};

/// Options of Kusto that say how a query is run there, not what it answers: here there is nothing to do for them.
/// <https://learn.microsoft.com/kusto/api/rest/request-properties>
const WITHOUT_EFFECT: &[&str] = &[
    "client_max_redirect_count",
    "deferpartialqueryfailures",
    "materialized_view_shuffle",
    "max_memory_consumption_per_query_per_node",
    "maxmemoryconsumptionperiterator",
    "maxoutputcolumns",
    "norequesttimeout",
    "notruncation",
    "push_selection_through_aggregation",
    "query_consistency",
    "query_distribution_nodes_span",
    "query_fanout_nodes_percent",
    "query_fanout_threads_percent",
    "query_force_row_level_security",
    "query_language",
    "query_log_query_parameters",
    "query_max_entities_in_union",
    "query_results_cache_force_refresh",
    "query_results_cache_max_age",
    "query_results_cache_per_shard",
    "query_results_progressive_row_count",
    "query_results_progressive_update_period",
    "query_weakconsistency_session_id",
    "querytrace",
    "request_app_name",
    "request_block_row_level_security",
    "request_callout_disabled",
    "request_description",
    "request_external_data_disabled",
    "request_external_table_disabled",
    "request_impersonation_disabled",
    "request_readonly",
    "request_readonly_hardline",
    "request_remote_entities_disabled",
    "request_sandboxed_execution_disabled",
    "request_user",
    "servertimeout",
    "truncationmaxrecords",
    "truncationmaxsize",
    "validate_permissions",
];

/// Options that say what `bin_auto` rounds to: the size of the grid, and a point of it.
const GRID: &[&str] = &["query_bin_auto_size", "query_bin_auto_at"];

/// Options that change the answer.
const WITH_EFFECT: &[&str] = &[
    "best_effort",
    "query_cursor_after_default",
    "query_cursor_before_or_at_default",
    "query_cursor_current",
    "query_cursor_disabled",
    "query_cursor_scoped_tables",
    "query_datetimescope_column",
    "query_datetimescope_from",
    "query_datetimescope_to",
    "query_now",
    "query_results_apply_getschema",
    "query_take_max_records",
];

impl Binder<'_> {
    /// `declare query_parameters(…)`
    pub(super) fn declare(&mut self, parameters: &[Parameter]) {
        for parameter in parameters {
            let name = &parameter.name;
            self.scope.parameters.push(name.text.clone());
            if !self.is_new(name) {
                continue;
            }
            let value = match &parameter.kind {
                ParameterKind::Tabular { .. } => Err(self.refuse(name.span, "a query parameter that is a table")),
                ParameterKind::Scalar { ty, default } => {
                    let given = self.environment.parameters.iter().rfind(|(given, _)| *given == name.text);
                    match (given, default) {
                        (Some((_, value)), _) => {
                            read(value, *ty).map(|value| Expr::literal(*ty, value)).ok_or_else(|| {
                                let text = text_of(Type::Dynamic, &value.as_ref());
                                let message = format!("`{}` is given as `{text}`, which is no {ty}", name.text);
                                self.error(Diagnostic::error(BAD_ARGUMENT, name.span, message).label(ty.name()))
                            })
                        }
                        (None, Some(default)) => self.default(*ty, default),
                        (None, None) if !self.environment.data => Ok(Expr::open(*ty)),
                        (None, None) => Err(self.error(
                            Diagnostic::error(PARAMETER, name.span, format!("`{}` needs a value", name.text))
                                .label(format!("a {ty}"))
                                .help(format!("give it one: `--param {}=…`", name.text)),
                        )),
                    }
                }
            };
            let definition = match value {
                Ok(expr) => self.scalar(name, expr, name.span),
                Err(_) => Definition::poisoned(&name.text),
            };
            self.scope.define(definition);
        }
    }

    /// That values were given which no parameter takes.
    pub(super) fn report_unclaimed_values(&mut self) {
        let environment = self.environment;
        for (name, _) in environment.parameters {
            if self.scope.parameters.contains(name) {
                continue;
            }
            let message = format!("the query declares no parameter `{name}`");
            let diagnostic = Diagnostic::at(PARAMETER, Place::Nowhere, message);
            let diagnostic = diagnostic.suggest(name, self.scope.parameters.iter().map(String::as_str));
            self.error(match diagnostic.help {
                None => diagnostic.help(format!("begin it with `declare query_parameters({name}: string);`")),
                Some(_) => diagnostic,
            });
        }
    }

    /// `set option = value`
    pub(super) fn set(&mut self, setting: &Setting) {
        let name = &setting.name;
        let (text, span): (&str, Span) = (&name.text, name.span);
        let is_in = |options: &[&str]| options.iter().any(|option| option.eq_ignore_ascii_case(text));
        if is_in(WITHOUT_EFFECT) {
            return;
        }
        if is_in(GRID) {
            let Some(value) = &setting.value else {
                self.error(Diagnostic::error(BAD_ARGUMENT, span, format!("the option `{text}` needs a value")));
                return;
            };
            if let Ok(value) = Exprs::new(self, &BoundColumns::none()).expr(value) {
                let of_size = GRID.first().is_some_and(|size| size.eq_ignore_ascii_case(text));
                *(if of_size { &mut self.grid.size } else { &mut self.grid.point }) = Some(value);
            }
            return;
        }
        if is_in(WITH_EFFECT) {
            self.refuse(span, &format!("the option `{text}`"));
            return;
        }
        let unknown = Diagnostic::error(UNSUPPORTED, span, format!("there is no option `{text}`, and nothing is set"))
            .label("unknown option");
        self.warn(unknown.suggest(text, WITHOUT_EFFECT.iter().chain(GRID).chain(WITH_EFFECT).copied()));
    }
}

/// A value that was given for a parameter of type `ty`; none if it is not of that type. Text is read, as a conversion
/// or a literal of KQL would be.
fn read(value: &Value, ty: Type) -> Option<Value> {
    let fits = match (value, ty) {
        (Value::Null, _) => return Some(Value::absent(ty)),
        (Value::String(text), Type::Dynamic) => {
            return Some(parse_json_text(text).unwrap_or_else(|| value.clone()));
        }
        (Value::String(_), Type::String) | (_, Type::Dynamic) => return Some(value.clone()),
        (Value::String(_), _) => true,
        (Value::Bool(_), Type::Bool)
        | (Value::Int(_) | Value::Long(_) | Value::Real(_), Type::Real | Type::Decimal)
        | (Value::Int(_) | Value::Long(_), Type::Long)
        | (Value::Decimal(_), Type::Decimal)
        | (Value::DateTime(_), Type::DateTime)
        | (Value::TimeSpan(_), Type::TimeSpan)
        | (Value::Guid(_), Type::Guid) => true,
        (Value::Int(_), Type::Int) => true,
        (Value::Long(value), Type::Int) => i32::try_from(*value).is_ok(),
        _ => false,
    };
    if !fits {
        return None;
    }
    let text = match value {
        Value::String(text) => Some(text.trim()),
        _ => None,
    };
    let given = text.map_or(value.as_ref(), ValueRef::String);
    match (convert(given, ty), text) {
        // `30d` is a literal, which conversions do not take.
        (Value::Null, Some(text)) => {
            syntax::parse_literal(text).filter(|literal| literal.ty == ty).map(|found| found.value)
        }
        (Value::Null, None) => None,
        (value, _) => Some(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::TimeSpan;

    #[test]
    fn text_is_read_by_the_declared_type() {
        let read = |text: &str, ty| read(&Value::from(text), ty);
        assert_eq!(read("5", Type::Long), Some(Value::Long(5)));
        assert_eq!(read(" -5 ", Type::Int), Some(Value::Int(-5)));
        assert_eq!(read("5", Type::Real), Some(Value::Real(5.0)));
        assert_eq!(read("5", Type::String), Some(Value::from("5")));
        assert_eq!(read("true", Type::Bool), Some(Value::Bool(true)));
        let days = Some(Value::TimeSpan(TimeSpan::from_ticks(30 * 864_000_000_000)));
        assert_eq!(read("30d", Type::TimeSpan), days);
        assert_eq!(read("30.00:00:00", Type::TimeSpan), days);
        assert_eq!(read("datetime(2024-05-06)", Type::DateTime), read("2024-05-06", Type::DateTime));
        assert!(matches!(read("2024-05-06", Type::DateTime), Some(Value::DateTime(_))));
        assert_eq!(read("[1]", Type::Dynamic), Some(Value::Array(vec![Value::Long(1)].into())));
        assert_eq!(read("plain", Type::Dynamic), Some(Value::from("plain")));
        for (text, ty) in [("x", Type::Long), ("", Type::Long), ("1.5", Type::Long), ("soon", Type::DateTime)] {
            assert_eq!(read(text, ty), None, "{text} as {ty}");
        }
    }

    #[test]
    fn other_values_have_the_type_already_or_widen_to_it() {
        assert_eq!(read(&Value::Int(5), Type::Long), Some(Value::Long(5)));
        assert_eq!(read(&Value::Long(5), Type::Real), Some(Value::Real(5.0)));
        assert_eq!(read(&Value::Long(5), Type::Int), Some(Value::Int(5)));
        assert_eq!(read(&Value::Long(1 << 40), Type::Int), None);
        assert_eq!(read(&Value::Real(5.0), Type::Long), None);
        assert_eq!(read(&Value::Bool(true), Type::Long), None);
        assert_eq!(read(&Value::Null, Type::String), Some(Value::from("")));
        assert_eq!(read(&Value::Null, Type::Long), Some(Value::Null));
    }
}
