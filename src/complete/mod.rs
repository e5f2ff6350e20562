//! What could be typed next: completion from what is true at the cursor.
//!
//! The parser says what it hopes for there (`syntax::hopes`); the binder says which columns and names there are
//! (`bind::known`) where the pipeline has got to; the data says what is below dynamic columns, and which values
//! (`SourceTable::sketch`). Nothing here knows of a terminal.

mod hint;
mod marks;
mod origin;
mod place;

use std::cell::OnceCell;
use std::fmt;

use crate::bind::{self, Definition, Environment, Relation};
use crate::error::Error;
use crate::functions::{self, INFIXES};
use crate::operators::{OPERATORS, Syntax, make_series::MakeSeries, summarize::Summarize, top_nested::TopNested};
use crate::plan::Node;
use crate::registry::{FORMS, FormMeaning, Infix, Meaning, Operand, Position, Right, form, refusal, signature};
use crate::source::{self, Shape};
use crate::syntax::{
    self,
    tokens::{Hope, Thing},
};
use crate::value::Type;

pub(crate) use hint::hint;
pub use marks::{Mark, MarkKind, marks};
use origin::{OriginSearch, ValueOrigin};
use place::CursorPlace;

/// What could be typed at a place; see [`Engine::complete`](crate::Engine::complete).
///
/// ```
/// let found = argql::Engine::new().sample().complete("securityresources | where properties.status.", 44);
/// assert_eq!((found.start, found.sampled), (44, false));
/// assert_eq!(found.list[0].name, "code");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Completions {
    /// Where what is being typed begins: from here to the cursor, a completion takes its place.
    pub start: usize,
    /// The likeliest first.
    pub list: Vec<Completion>,
    /// Some are from a part of the rows only: there may be more.
    pub sampled: bool,
}

/// One thing that could be typed.
///
/// ```
/// let found = argql::Engine::new().complete("print strl", 10);
/// assert_eq!(found.list[0].text, "strlen(");
/// assert_eq!(found.list[0].about(), "strlen(source: string): long");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Completion {
    /// What is put in the place of what was typed.
    pub text: String,
    /// What it is called in a list.
    pub name: String,
    /// What it is: `column`, `function`, `aggregate`, `operator`, `infix`, `table`, `let`, `key`, `value`, `type`,
    /// `word`, `setting`.
    pub kind: &'static str,
    /// A type, a signature, a sentence; may be empty.
    pub detail: String,
    /// Of a key or a value of the data: how many rows have it.
    pub share: Option<Share>,
}

impl Completion {
    /// What there is to know about it, in a few words: `string, 80 %`.
    ///
    /// ```
    /// let found = argql::Engine::new().sample().complete("securityresources | where properties.status.co", 46);
    /// assert_eq!(found.list[0].about(), "string");
    /// ```
    pub fn about(&self) -> String {
        match self.share {
            None => self.detail.clone(),
            Some(share) if self.detail.is_empty() => share.to_string(),
            Some(share) => format!("{}, {share}", self.detail),
        }
    }
}

/// Some of a number of rows; printed, in hundredths.
///
/// ```
/// let found = argql::Engine::new().sample().paths("resources.location")?;
/// let share = found.paths[0].share.unwrap();
/// assert_eq!((share.count, share.of, share.to_string().as_str()), (50, 50, "100 %"));
/// # Ok::<(), argql::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Share {
    /// So many rows
    pub count: usize,
    /// of so many.
    pub of: usize,
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.count * 100).checked_div(self.of).unwrap_or(0) {
            0 => f.write_str("< 1 %"),
            percent => write!(f, "{percent} %"),
        }
    }
}

/// Most values that are offered unasked, where any expression may stand.
const FEW: usize = 30;

/// What could be typed at the end of `text`, whose rest behind the cursor is `rest`.
pub(crate) fn complete(text: &str, rest: &str, environment: &Environment<'_>) -> Completions {
    let Some(place) = CursorPlace::behind(text) else { return Completions::default() };
    let mut finder =
        Finder { place: &place, rest, environment, known: OnceCell::new(), list: Vec::new(), sampled: false };
    finder.find();
    let Finder { list, sampled, .. } = finder;
    let list = fitting(list, place.typed);
    let sampled = sampled && list.iter().any(|found| matches!(found.kind, "key" | "value"));
    Completions { start: place.start, list, sampled }
}

/// Those that begin with what was typed, or else those that hold it; in any letter case.
fn fitting(list: Vec<Completion>, typed: &str) -> Vec<Completion> {
    let typed = typed.to_lowercase();
    let some = |fits: &dyn Fn(&str) -> bool| -> Vec<Completion> {
        let mut names = std::collections::HashSet::new();
        let fit = list.iter().filter(|found| fits(&found.name.to_lowercase()));
        fit.filter(|found| names.insert(found.text.clone())).cloned().collect()
    };
    let first = some(&|name| name.starts_with(&typed));
    if first.is_empty() && typed.len() > 1 { some(&|name| name.contains(&typed)) } else { first }
}

struct Finder<'p, 'e> {
    place: &'p CursorPlace<'p>,
    rest: &'p str,
    environment: &'p Environment<'e>,
    known: OnceCell<(Relation, Vec<Definition>)>,
    list: Vec<Completion>,
    sampled: bool,
}

impl<'p> Finder<'p, '_> {
    fn find(&mut self) {
        let place = self.place;
        if let Some(quote) = place.quote {
            if place.is_before(1, "[") {
                let value = place.operand(place.tokens.len() - 1);
                self.keys(value, |finder, key| finder.quoted(quote, key) + finder.unless_there("]"));
            } else if let Some(infix) = place.infix() {
                self.values(infix, Some(quote));
            }
            return;
        }
        if place.is_before(1, ".") {
            let value = place.operand(place.tokens.len() - 1);
            self.members(value);
            return;
        }
        let Some(hopes) = syntax::hopes(place.head()) else { return };
        if let Some(infix) = place.infix().filter(|_| place.typed.is_empty()) {
            self.values(infix, None);
        }
        // Words first: there are few of them.
        for hope in &hopes {
            match *hope {
                Hope::Setting(name) => self.offer(&format!("{name}="), name, "setting", ""),
                Hope::Word(word) => self.offer(word, word, "word", ""),
                Hope::Text("|") if place.typed.is_empty() => self.offer("| ", "|", "word", ""),
                Hope::Text(word) if word.starts_with(char::is_alphabetic) => {
                    self.offer(&format!("{word} "), word, "word", "");
                }
                Hope::Text(_) | Hope::Thing(_) => {}
            }
        }
        for hope in &hopes {
            match *hope {
                Hope::Thing(Thing::Statement) => self.statement(),
                Hope::Thing(Thing::OperatorName) => self.operators(|position| position != Position::Start),
                Hope::Thing(Thing::Table) => self.tables(),
                Hope::Thing(Thing::Expression) if !hopes.contains(&Hope::Thing(Thing::Table)) => self.expressions(),
                Hope::Thing(Thing::Column | Thing::ColumnName) => self.columns(),
                Hope::Thing(Thing::FunctionCall) => self.functions_of_tables(),
                Hope::Thing(Thing::Infix) => self.infixes(),
                Hope::Thing(Thing::Type) => {
                    Type::ALL.iter().for_each(|ty| self.offer(ty.name(), ty.name(), "type", ""))
                }
                _ => {}
            }
        }
    }

    fn offer(&mut self, text: &str, name: &str, kind: &'static str, detail: &str) {
        self.offer_shared(text, name, kind, detail, None);
    }

    fn offer_shared(&mut self, text: &str, name: &str, kind: &'static str, detail: &str, share: Option<Share>) {
        // A word right behind another would be one with it.
        let joined = self.place.head().ends_with(|c: char| c.is_alphanumeric() || matches!(c, ')' | ']' | '\'' | '"'))
            && text.starts_with(|c: char| c.is_alphanumeric() || c == '|' || c == '=')
            && self.place.start == self.place.head().len();
        let text = if joined { format!(" {text}") } else { text.to_owned() };
        self.list.push(Completion { text, name: name.to_owned(), kind, detail: detail.to_owned(), share });
    }

    /// Rows and names where the pipeline has got to.
    fn known(&self) -> &(Relation, Vec<Definition>) {
        self.known.get_or_init(|| {
            let text = match self.place.rows() {
                Some(rows) => rows,
                None => self.place.definitions(),
            };
            bound(&text, self.environment)
        })
    }

    fn statement(&mut self) {
        self.tables();
        self.operators(|_| true);
        for form in FORMS.iter().filter(|form| form.meaning == FormMeaning::Statement) {
            self.offer(&form.opening(), form.name, "word", form.about);
        }
    }

    fn operators(&mut self, fits: impl Fn(Position) -> bool) {
        let run = || OPERATORS.iter().map(|(def, _)| def).filter(|def| refusal(def.name()).is_none());
        for def in run().filter(|def| fits(def.position)) {
            self.offer(&format!("{} ", def.name()), def.name(), "operator", def.about);
        }
        // Other names for the same are offered to who begins to write them.
        if !self.place.typed.is_empty() {
            for def in run().filter(|def| fits(def.position)) {
                for name in def.offered().skip(1) {
                    self.offer(&format!("{name} "), name, "operator", def.about);
                }
            }
        }
    }

    fn tables(&mut self) {
        let definitions: Vec<(String, bool)> = self
            .known()
            .1
            .iter()
            .filter(|known| matches!(known, Definition::Table { .. } | Definition::Function { tabular: true, .. }))
            .map(|known| {
                (
                    known.name().to_owned(),
                    matches!(known, Definition::Function { function, .. } if !function.takes_nothing()),
                )
            })
            .collect();
        for (name, called) in definitions {
            self.offer(&if called { format!("{name}(") } else { name.clone() }, &name, "let", "");
        }
        let loaded = self.environment.catalog.names();
        for name in &loaded {
            self.offer(&written(name), name, "table", "");
        }
        if !self.place.typed.is_empty() {
            for name in source::known_tables().filter(|name| !loaded.iter().any(|loaded| loaded == name)) {
                self.offer(name, name, "table", "not loaded");
            }
        }
        if !self.place.is_before(1, ";") && !self.place.tokens.is_empty() {
            self.operators(|position| position == Position::Start);
        }
    }

    fn functions_of_tables(&mut self) {
        let names: Vec<String> = self
            .known()
            .1
            .iter()
            .filter(|known| matches!(known, Definition::Function { .. }))
            .map(|known| known.name().to_owned())
            .collect();
        names.iter().for_each(|name| self.offer(&format!("{name}("), name, "let", "function"));
    }

    fn expressions(&mut self) {
        let place = self.place;
        if place.opens_table() {
            return self.tables();
        }
        if place.partner().is_some() {
            return self.join_keys();
        }
        if self.wants_aggregates() {
            self.aggregates();
        }
        self.columns();
        let definitions: Vec<Completion> = self.known().1.iter().filter_map(defined).collect();
        self.list.extend(definitions);
        if self.takes_table() {
            self.tables();
        }
        let columns = !self.known().0.columns.list().is_empty();
        if !place.typed.is_empty() || !(columns || place.call().is_some()) {
            for (_, scalar) in functions::scalars().filter(|(_, scalar)| !scalar.legacy) {
                let about = signature(scalar.name, scalar.params, scalar.returns);
                self.offer(&call(scalar.name, scalar.params.is_empty()), scalar.name, "function", &about);
            }
        }
        if !place.typed.is_empty() {
            for form in FORMS {
                match form.meaning {
                    FormMeaning::Literal => self.offer(&form.opening(), form.name, "word", form.about),
                    meaning if meaning.takes_table() => {
                        self.offer(&form.opening(), form.name, "function", form.syntax);
                    }
                    _ => {}
                }
            }
        }
    }

    /// Whether aggregates are at their place.
    fn wants_aggregates(&self) -> bool {
        let Some((def, _)) = self.place.operator() else { return false };
        let inside = self.place.call().is_some_and(|call| functions::aggregate(call.name).is_some());
        !inside
            && ((def == Summarize::DEF && self.place.clause("by").is_none())
                || (def == MakeSeries::DEF && self.place.clause("on").is_none())
                || (def == TopNested::DEF && self.place.is_before(1, "by")))
    }

    fn aggregates(&mut self) {
        for (_, aggregate) in functions::aggregates().filter(|(_, aggregate)| !aggregate.legacy) {
            let about = signature(aggregate.name, aggregate.params, aggregate.returns);
            self.offer(&call(aggregate.name, aggregate.params.is_empty()), aggregate.name, "aggregate", &about);
        }
    }

    /// Whether a table may stand here as well as a value.
    fn takes_table(&self) -> bool {
        let place = self.place;
        let called = place.call().is_some_and(|call| form(call.name).is_some_and(|form| form.meaning.takes_table()));
        let listed = place.infix().is_some_and(|at| {
            place.tokens[at].infix.is_some_and(|infix| infix.right == Right::List) && place.is_before(1, "(")
        });
        called || listed || place.is_let_value()
    }

    fn columns(&mut self) {
        let columns: Vec<(String, Type)> =
            self.known().0.columns.list().iter().map(|column| (column.name.to_string(), column.ty)).collect();
        for (name, ty) in columns {
            self.offer(&written(&name), &name, "column", ty.name());
        }
    }

    /// Columns of both sides, those first that both have.
    fn join_keys(&mut self) {
        let Some(partner) = self.place.partner() else { return };
        let (right, _) = bound(&partner, self.environment);
        let both: Vec<(String, Type)> = self
            .known()
            .0
            .columns
            .list()
            .iter()
            .filter(|column| column.ty != Type::Dynamic && right.columns.position(&column.name).is_some())
            .map(|column| (column.name.to_string(), column.ty))
            .collect();
        for (name, ty) in both {
            self.offer(&written(&name), &name, "column", ty.name());
        }
        for (side, about) in [("$left.", "columns of the left side"), ("$right.", "columns of the right side")] {
            self.offer(side, side, "word", about);
        }
    }

    /// What may stand behind the dot after a value.
    fn members(&mut self, value: Option<&str>) {
        let side = match value {
            Some("$left") => self.place.rows(),
            Some("$right") => self.place.partner(),
            _ => {
                return self.keys(value, |_, key| if plain(key) { key.to_owned() } else { bracketed(key) });
            }
        };
        let Some(rows) = side else { return };
        let (relation, _) = bound(&rows, self.environment);
        for column in relation.columns.list().iter().filter(|column| column.ty != Type::Dynamic) {
            let text = if plain(&column.name) { column.name.to_string() } else { bracketed(&column.name) };
            self.offer(&text, &column.name, "column", column.ty.name());
        }
    }

    /// The keys of a dynamic value, as `text` writes them.
    fn keys(&mut self, value: Option<&str>, text: impl Fn(&Finder<'_, '_>, &str) -> String) {
        for origin in value.map_or(Vec::new(), |value| self.origins(value)) {
            let Some((shape, _, sampled)) = origin.shape() else { continue };
            self.sampled |= sampled;
            let whole = shape.count.max(1);
            let mut keys: Vec<_> = shape.keys.iter().collect();
            keys.sort_by_key(|(_, below)| std::cmp::Reverse(below.count));
            for (key, below) in keys {
                self.offer_shared(&text(self, key), key, "key", &below.kinds(), partly(below, whole));
            }
            if let Some(element) = shape.element.filter(|_| self.place.quote.is_none()) {
                self.offer("[0]", "[0]", "key", &element.kinds());
            }
        }
    }

    /// Values that the left side of an infix operator has, in quotes; only a few where none were opened yet.
    fn values(&mut self, infix: usize, quote: Option<&str>) {
        let Some(left) = self.place.operand(infix) else { return };
        for origin in self.origins(left) {
            let Some((shape, _, sampled)) = origin.shape() else { continue };
            if shape.values.is_empty() || (quote.is_none() && (shape.many || shape.values.len() > FEW)) {
                continue;
            }
            // Where hardly any value comes twice, they are not worth choosing from.
            let met = shape.values.values().sum::<usize>();
            if (shape.many || shape.values.len() > FEW) && met < 2 * shape.values.len() {
                continue;
            }
            self.sampled |= sampled;
            let texts = shape.kinds() == "string";
            if !texts && quote.is_some() {
                continue;
            }
            let mut values: Vec<_> = shape.values.iter().collect();
            values.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
            for (value, count) in values {
                let seen = origin.seen(value);
                let text = if texts { self.quoted(quote.unwrap_or("'"), &seen) } else { seen.clone() };
                let share = Share { count: *count, of: shape.count };
                self.offer_shared(&text, &seen, "value", "", Some(share));
            }
        }
    }

    /// A text as a string with this opening quote, closed unless that stands behind the cursor already.
    fn quoted(&self, quote: &str, text: &str) -> String {
        let mark = quote.trim_start_matches(['h', 'H', '@']);
        let body = if mark.len() == 3 {
            text.to_owned()
        } else if quote.contains('@') {
            text.replace(mark, &mark.repeat(2))
        } else {
            text.replace('\\', "\\\\").replace(mark, &format!("\\{mark}"))
        };
        format!("{quote}{body}{}", self.unless_there(mark))
    }

    fn unless_there<'s>(&self, closing: &'s str) -> &'s str {
        let closes = self.rest.trim_start_matches(['\'', '"']).starts_with(closing) || self.rest.starts_with(closing);
        if closes { "" } else { closing }
    }

    /// Where the values of an expression come from.
    fn origins(&self, value: &str) -> Vec<ValueOrigin> {
        let (rows, value) = match (value.strip_prefix("$left."), value.strip_prefix("$right.")) {
            (Some(value), _) => (self.place.rows(), value),
            (_, Some(value)) => (self.place.partner(), value),
            _ => (self.place.rows_that_pass(), value),
        };
        let Some(rows) = rows else { return Vec::new() };
        let (relation, _) = bound(&format!("{rows}\n| project value = {value}"), self.environment);
        origins(&relation.node)
    }

    /// The operators that can follow what stands before the cursor.
    fn infixes(&mut self) {
        let ty = self.place.operand(self.place.tokens.len()).and_then(|left| {
            let rows = self.place.rows()?;
            let (relation, _) = bound(&format!("{rows}\n| project value = {left}"), self.environment);
            relation.columns.list().first().filter(|column| !column.poisoned).map(|column| column.ty)
        });
        for infix in INFIXES.iter().filter(|infix| !infix.legacy && takes(infix, ty)) {
            self.offer(&format!("{} ", infix.text), infix.text, "infix", infix.about);
        }
    }
}

/// What is below the columns of a table; see [`Engine::paths`](crate::Engine::paths).
///
/// ```
/// let found = argql::Engine::new().sample().paths("resources.tags")?;
/// assert!(!found.sampled && found.paths.iter().any(|path| path.path.starts_with("tags.")));
/// # Ok::<(), argql::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Paths {
    /// Every path, each before those below it.
    pub paths: Vec<DataPath>,
    /// Only some rows were looked at.
    pub sampled: bool,
}

/// One path and what stands there.
///
/// ```
/// let location = argql::Engine::new().sample().paths("resources.location")?.paths.remove(0);
/// assert_eq!((location.path.as_str(), location.ty.as_str()), ("location", "string"));
/// assert_eq!(location.values[0].0, "westeurope");
/// # Ok::<(), argql::Error>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct DataPath {
    /// As a query writes it.
    pub path: String,
    /// The types of what stands there: `string`, `long or real`, `bag`.
    pub ty: String,
    /// How many of the rows have it; none of a path that none has.
    pub share: Option<Share>,
    /// The values that most rows have, with how many have each; few of them.
    pub values: Vec<(String, usize)>,
    /// There are more values than these.
    pub more: bool,
}

/// Most paths that are listed.
const PATHS: usize = 1_000;
/// How many examples are shown of a path.
const EXAMPLES: usize = 3;

/// The paths below `table.column.key`, or below every column of a table; none if no row has the key.
pub(crate) fn paths(path: &str, environment: &Environment<'_>) -> Result<Paths, Error> {
    let (table, below) = path.split_once('.').unwrap_or((path, ""));
    let columns = |text: &str| -> Result<Relation, Error> {
        let wrong = |problems| Error::query("path", text, problems);
        let script = syntax::parse(text).map_err(wrong)?;
        bind::bind(&script, environment).map_err(wrong)?;
        Ok(bind::known(&script, environment).0)
    };
    let roots = if below.is_empty() {
        let known = columns(table)?;
        known.columns.names().map(written).collect()
    } else {
        vec![below.to_owned()]
    };
    let mut found = Paths::default();
    for root in roots {
        let relation = columns(&format!("{table} | project value = {root}"))?;
        for origin in origins(&relation.node) {
            let Some((shape, rows, sampled)) = origin.shape() else { continue };
            found.sampled |= sampled;
            if !below.is_empty() && shape.count == 0 {
                continue;
            }
            walk(&root, &shape, rows, &mut found.paths);
        }
    }
    Ok(found)
}

fn walk(path: &str, shape: &Shape, rows: usize, found: &mut Vec<DataPath>) {
    if found.len() >= PATHS {
        return;
    }
    let mut values: Vec<_> = shape.values.iter().collect();
    values.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    let more = values.len() > EXAMPLES || shape.many;
    values.truncate(EXAMPLES);
    let values = values.into_iter().map(|(value, count)| (value.to_string(), *count)).collect();
    let share = (shape.count > 0).then(|| Share { count: shape.count.min(rows), of: rows });
    found.push(DataPath { path: path.to_owned(), ty: shape.kinds(), share, values, more });
    for (key, below) in &shape.keys {
        let path = if plain(key) { format!("{path}.{key}") } else { format!("{path}{}", bracketed(key)) };
        walk(&path, below, rows, found);
    }
    if let Some(element) = &shape.element {
        walk(&format!("{path}[0]"), element, rows, found);
    }
}

/// The origins of the only column that a query ends with.
fn origins(node: &Node) -> Vec<ValueOrigin> {
    OriginSearch::default().column(node, 0)
}

/// Rows and names at the end of a text, as far as it can be read.
fn bound(text: &str, environment: &Environment<'_>) -> (Relation, Vec<Definition>) {
    match syntax::parse(text) {
        Ok(script) => bind::known(&script, environment),
        Err(_) => (Relation::nothing(), Vec::new()),
    }
}

/// Whether an infix operator takes a left side of this type.
fn takes(infix: &Infix, ty: Option<Type>) -> bool {
    let Some(ty) = ty else { return !matches!(infix.meaning, Meaning::Refused) };
    match infix.meaning {
        Meaning::And | Meaning::Or => true,
        Meaning::Refused => false,
        Meaning::Computed { types, .. } => {
            let operand = |ty, literal| Operand { ty, literal };
            let rights = [ty, Type::String, Type::Long, Type::TimeSpan];
            let several = if infix.right == Right::Range { 2 } else { 1 };
            rights.iter().any(|&right| {
                let operands: Vec<Operand> = std::iter::once(operand(ty, false))
                    .chain(std::iter::repeat_n(operand(right, false), several))
                    .collect();
                types(&operands).is_some()
            })
        }
    }
}

fn defined(definition: &Definition) -> Option<Completion> {
    let (text, detail) = match definition {
        Definition::Scalar { name, expr, .. } => (name.clone(), expr.ty.name()),
        Definition::Function { name, tabular: false, .. } => (format!("{name}("), "function"),
        Definition::Poisoned { name } => (name.clone(), ""),
        Definition::Table { .. } | Definition::Function { .. } => return None,
    };
    Some(Completion { text, name: definition.name().to_owned(), kind: "let", detail: detail.to_owned(), share: None })
}

fn call(name: &str, complete: bool) -> String {
    format!("{name}({}", if complete { ")" } else { "" })
}

/// Whether a name needs no brackets.
fn plain(name: &str) -> bool {
    let first = name.starts_with(|c: char| c == '_' || c.is_alphabetic());
    first && name.chars().all(|c| c == '_' || c.is_alphanumeric())
}

fn bracketed(name: &str) -> String {
    format!("['{}']", name.replace('\\', "\\\\").replace('\'', "\\'"))
}

/// A name as a query writes it.
fn written(name: &str) -> String {
    if plain(name) { name.to_owned() } else { bracketed(name) }
}

/// How many have it, unless all do.
fn partly(shape: &Shape, whole: usize) -> Option<Share> {
    (shape.count < whole).then_some(Share { count: shape.count, of: whole })
}
