//! `externaldata`: the rows of files that the query names itself, as far as it may.

use std::collections::HashSet;
use std::fmt::{self, Display, Formatter};
#[cfg(feature = "store")]
use std::sync::Arc;

use nom::Parser;

use super::Syntax;
use super::tabular::Tabular;
use crate::bind::{Binder, BoundColumn, BoundColumns, Exprs, Relation, duplicate};
use crate::diag::{BAD_ARGUMENT, Diagnostic, NOT_CONSTANT, OUT_OF_REACH, Span, UNSUPPORTED, WRONG_TYPE};
#[cfg(feature = "store")]
use crate::plan;
use crate::plan::Node;
use crate::registry::{Allowed, OperatorDef, Position};
#[cfg(feature = "store")]
use crate::source::Want;
use crate::source::{ExternalFile, ExternalFormat, ExternalRows, OutOfReach};
use crate::syntax::ast::*;
use crate::syntax::clause::{commas, schema, setting_value};
use crate::syntax::expr::{expr, name};
use crate::syntax::print::Listed;
use crate::syntax::tokens::{Hope, Parsed, Tokens, symbol};
use crate::value::{Type, Value};

/// `externaldata(a: long)['owners.csv'] with (format = 'csv')`
#[derive(Clone, Debug)]
pub(crate) struct Externaldata {
    pub(crate) columns: Vec<ColumnType>,
    pub(crate) places: Vec<Expr>,
    pub(crate) properties: Vec<ExternalProperty>,
}

/// `format = 'csv'`
#[derive(Clone, Debug)]
pub(crate) struct ExternalProperty {
    pub(crate) name: Name,
    pub(crate) value: Expr,
}

const EXTERNALDATA: OperatorDef = OperatorDef {
    names: &["externaldata", "external_data"],
    position: Position::Start,
    resource_graph: Allowed::Never,
    words: &["with", FORMAT, IGNORE_FIRST],
    syntax: "externaldata(name: type, …)[file, …] [with (format = name, ignoreFirstRecord = bool)]",
    about: "The rows of files that were allowed with `--allow-files`: of csv, tsv, psv, scsv, sohsv, txt, raw, json, multijson or parquet, also packed.",
    examples: &[],
};

/// The properties that are known.
const FORMAT: &str = "format";
const IGNORE_FIRST: &str = "ignoreFirstRecord";

impl Syntax for Externaldata {
    const DEF: &'static OperatorDef = &EXTERNALDATA;

    fn parse(input: Tokens<'_>) -> Parsed<'_, Externaldata> {
        let (input, columns) = schema(input)?;
        let (input, _) = symbol("[").parse(input)?;
        let (input, places) = commas(expr)(input)?;
        let (input, _) = symbol("]").parse(input)?;
        if !input.is(0, "with") {
            input.hope(Hope::Text("with"));
            return Ok((input, Externaldata { columns, places, properties: Vec::new() }));
        }
        let (input, _) = symbol("(").parse(input.skip(1))?;
        let (input, properties) = commas(property)(input)?;
        let (input, _) = symbol(")").parse(input)?;
        Ok((input, Externaldata { columns, places, properties }))
    }
}

fn property(input: Tokens<'_>) -> Parsed<'_, ExternalProperty> {
    let (input, name) = name(input)?;
    let (input, _) = symbol("=").parse(input)?;
    let (input, value) = setting_value(input)?;
    Ok((input, ExternalProperty { name, value }))
}

impl Display for ExternalProperty {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} = {}", self.name, self.value)
    }
}

impl Display for Externaldata {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "({})[{}]", Listed(&self.columns), Listed(&self.places))?;
        if self.properties.is_empty() { Ok(()) } else { write!(f, " with ({})", Listed(&self.properties)) }
    }
}

impl Tabular for Externaldata {
    fn lower(&self, _: Relation, _: &PipelineStep, binder: &mut Binder<'_>) -> Relation {
        let columns: Vec<BoundColumn> =
            self.columns.iter().map(|column| BoundColumn::new(column.name.text.as_str(), column.ty)).collect();
        let mut names = HashSet::new();
        for column in self.columns.iter().filter(|column| !names.insert(&column.name.text)) {
            binder.error(duplicate(&column.name));
        }
        let properties = self.properties(binder);
        let files: Vec<(Span, ExternalFile, ExternalFormat)> = self
            .places
            .iter()
            .filter_map(|place| {
                let named = text_of(place, "the name of a file", binder)?;
                let file = reachable(&named, place.span, binder)?;
                Some((place.span, file, properties.format.unwrap_or_else(|| ExternalFormat::of_name(&named))))
            })
            .collect();
        if properties.skips_first
            && let Some((span, ..)) = files.iter().find(|(_, _, format)| !format.has_records())
        {
            let message = "only files of fields or of lines have a first record to ignore";
            binder.error(Diagnostic::error(BAD_ARGUMENT, *span, message).help("leave `ignoreFirstRecord` out"));
        }
        if files.len() < self.places.len() || !binder.runs_now() {
            return Relation::empty(columns);
        }
        let read = self.read(&files, properties.skips_first, &columns, binder);
        read.unwrap_or_else(|diagnostic| {
            binder.error(*diagnostic);
            Relation::poisoned()
        })
    }
}

/// What stands behind `with`.
#[derive(Default)]
struct ExternalProperties {
    format: Option<ExternalFormat>,
    skips_first: bool,
}

impl Externaldata {
    fn properties(&self, binder: &mut Binder<'_>) -> ExternalProperties {
        let mut known = ExternalProperties::default();
        for ExternalProperty { name, value } in &self.properties {
            if name.text.eq_ignore_ascii_case(FORMAT) {
                // A word names a format, too.
                let word = value.as_name().map(|name| name.text.clone());
                let Some(text) = word.or_else(|| text_of(value, "the name of a format", binder)) else { continue };
                known.format = ExternalFormat::named(&text);
                if known.format.is_none() {
                    let names: Vec<&str> = ExternalFormat::NAMES.iter().map(|(name, _)| *name).collect();
                    let message = format!("the format `{text}` is not implemented");
                    binder.error(
                        Diagnostic::error(UNSUPPORTED, value.span, message)
                            .help(format!("the formats are {}", names.join(", "))),
                    );
                }
            } else if name.text.eq_ignore_ascii_case(IGNORE_FIRST) {
                match &value.kind {
                    ExprKind::Literal(Literal { value: Value::Bool(skips), .. }) => known.skips_first = *skips,
                    _ => {
                        let message = format!("`{IGNORE_FIRST}` is true or false");
                        binder.error(Diagnostic::error(WRONG_TYPE, value.span, message));
                    }
                }
            } else {
                binder.refuse(name.span, &format!("the property `{}` of `externaldata`", name.text));
            }
        }
        known
    }

    /// The rows of all files, one behind the other.
    fn read(
        &self,
        files: &[(Span, ExternalFile, ExternalFormat)],
        skips_first: bool,
        columns: &[BoundColumn],
        binder: &mut Binder<'_>,
    ) -> Result<Relation, Box<Diagnostic>> {
        let typed: Vec<(&str, Type)> =
            self.columns.iter().map(|column| (column.name.text.as_str(), column.ty)).collect();
        let mut inputs = Vec::new();
        for (_span, file, format) in files {
            #[cfg(feature = "store")]
            if *format == ExternalFormat::Parquet {
                inputs.push(of_columns(file, &typed, *_span, binder)?);
                continue;
            }
            let mut rows = ExternalRows::new(&typed);
            rows.read(file, *format, skips_first, binder.environment.guard)?;
            inputs.push(Node::Values { batch: rows.finish() });
        }
        Ok(Relation::new(Node::Union { inputs }, columns.to_vec()))
    }
}

/// The rows of a file of columns, which are found by their names.
#[cfg(feature = "store")]
fn of_columns(
    file: &ExternalFile,
    columns: &[(&str, Type)],
    span: Span,
    binder: &mut Binder<'_>,
) -> Result<Node, Box<Diagnostic>> {
    let table = Arc::new(file.table()?);
    let fields = table.full_schema(binder.environment.guard)?;
    let output = |(name, ty): &(&str, Type)| match fields.iter().position(|field| *field.name == **name) {
        Some(at) => binder.converted(plan::Expr::column(fields[at].ty, at), *ty),
        None => plan::Expr::literal(*ty, Value::absent(*ty)),
    };
    let outputs = columns.iter().map(output).collect();
    let wants = fields.iter().map(|field| Want { path: vec![field.name.clone()], ty: field.ty }).collect();
    let node = Node::Compute { input: Box::new(Node::Scan { table, wants }), outputs };
    let columns = columns.iter().map(|(name, ty)| BoundColumn::new(*name, *ty)).collect();
    Ok(binder.as_values(Relation::new(node, columns), span).node)
}

/// The text of a constant.
fn text_of(expr: &Expr, what: &str, binder: &mut Binder<'_>) -> Option<String> {
    let bound = Exprs::new(binder, &BoundColumns::none()).expr(expr).ok()?;
    match bound.constant() {
        Some(Value::String(text)) => Some(text.to_string()),
        _ if bound.is_open() && !binder.environment.data => None,
        Some(_) => {
            let message = format!("{what} is a string, and this is {}", bound.ty);
            binder.error(Diagnostic::error(WRONG_TYPE, expr.span, message).label(bound.ty.name()));
            None
        }
        None => {
            let message = format!("{what} must be a constant");
            binder.error(Diagnostic::error(NOT_CONSTANT, expr.span, message).label("known too late"));
            None
        }
    }
}

/// The file of a name, if the query may read it; where nothing is read, any file of this machine.
fn reachable(named: &str, span: Span, binder: &mut Binder<'_>) -> Option<ExternalFile> {
    let diagnostic = match binder.environment.files.file(named) {
        Ok(file) => return Some(file),
        Err(OutOfReach::Address) => Diagnostic::error(UNSUPPORTED, span, "queries reach no other machine")
            .label("an address")
            .help("download the file, and allow queries to read it: `--allow-files FILE`"),
        Err(_) if !binder.environment.data => return None,
        Err(OutOfReach::Nothing) => {
            Diagnostic::error(OUT_OF_REACH, span, "queries reach no files but those that were loaded")
                .label("not allowed")
                .help("allow it with `--allow-files FILE` or a folder, or load it as a table: `--data NAME=FILE`")
        }
        Err(OutOfReach::Outside) => {
            Diagnostic::error(OUT_OF_REACH, span, format!("`{named}` is not among the files that queries may read"))
                .label("not allowed")
                .help("allow it with one more `--allow-files`")
        }
    };
    binder.error(diagnostic);
    None
}
