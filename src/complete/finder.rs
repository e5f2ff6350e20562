//! Finds what could be typed at a place: what the parser hopes for there, and what the data has.

use std::cell::OnceCell;

use super::name::{bracketed, plain, written_name};
use super::origin::{ValueOrigin, origins};
use super::place::CursorPlace;
use super::{Completion, Share};
use crate::bind::{self, Definition, Environment, Relation};
use crate::functions::{self, INFIXES};
use crate::operators::{OPERATORS, Syntax, make_series::MakeSeries, summarize::Summarize, top_nested::TopNested};
use crate::registry::{
    FORMS, FormMeaning, Infix, Meaning, Operand, PatternFunction, Position, Right, Scalar, form, refusal, signature,
};
use crate::source::{self, PathSketch};
use crate::syntax::{
    self,
    tokens::{Hope, Thing},
};
use crate::value::Type;

/// Most values that are offered unasked, where any expression may stand.
const FEW: usize = 30;

/// What could be typed at a place of a text whose rest behind the cursor is `rest`, and whether only some rows were
/// looked at for it.
pub(super) fn find(place: &CursorPlace<'_>, rest: &str, environment: &Environment<'_>) -> (Vec<Completion>, bool) {
    let mut finder = Finder { place, rest, environment, known: OnceCell::new(), list: Vec::new(), sampled: false };
    finder.find();
    (finder.list, finder.sampled)
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
    fn rows_and_names(&self) -> &(Relation, Vec<Definition>) {
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
            .rows_and_names()
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
            self.offer(&written_name(name), name, "table", "");
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
            .rows_and_names()
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
        let elements = place.elements();
        match (elements.is_empty(), self.part_of_path()) {
            (true, _) => self.columns(),
            (false, Some(nodes)) => self.properties(nodes),
            (false, None) => {
                for (name, node) in &elements {
                    self.offer(name, name, "element", if *node { "a node" } else { "an edge" });
                }
            }
        }
        let definitions: Vec<Completion> = self.rows_and_names().1.iter().filter_map(defined).collect();
        self.list.extend(definitions);
        if self.takes_table() {
            self.tables();
        }
        let columns = !elements.is_empty() || !self.rows_and_names().0.columns.list().is_empty();
        if !place.typed.is_empty() || !(columns || place.call().is_some()) {
            let fits = |scalar: &Scalar| !scalar.legacy && (scalar.of_pattern().is_none() || !elements.is_empty());
            for (_, scalar) in functions::scalars().filter(|(_, scalar)| fits(scalar)) {
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

    /// Where properties of the parts of a path stand: whether these are its nodes.
    fn part_of_path(&self) -> Option<bool> {
        let call = self.place.call().filter(|call| call.argument > 0)?;
        match functions::scalar(call.name)?.of_pattern()? {
            PatternFunction::Map | PatternFunction::All | PatternFunction::Any => {}
            _ => return None,
        }
        // The call's first argument is the last that stands in brackets before.
        let tokens = &self.place.tokens;
        let comma = tokens.iter().rposition(|token| token.text == ",")?;
        Some(tokens.get(..comma).and_then(<[_]>::last).is_some_and(|token| token.text == ")"))
    }

    /// The properties of the nodes of the graph at hand, or of its edges.
    fn properties(&mut self, nodes: bool) {
        let Some(graph) = self.rows_and_names().0.graph.clone() else { return };
        let columns = if nodes { &graph.nodes } else { &graph.edges };
        for column in columns.list() {
            self.offer(&written_name(&column.name), &column.name, "property", column.ty.name());
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
            self.rows_and_names().0.columns.list().iter().map(|column| (column.name.to_string(), column.ty)).collect();
        for (name, ty) in columns {
            self.offer(&written_name(&name), &name, "column", ty.name());
        }
    }

    /// Columns of both sides, those first that both have.
    fn join_keys(&mut self) {
        let Some(partner) = self.place.partner() else { return };
        let (right, _) = bound(&partner, self.environment);
        let both: Vec<(String, Type)> = self
            .rows_and_names()
            .0
            .columns
            .list()
            .iter()
            .filter(|column| column.ty != Type::Dynamic && right.columns.position(&column.name).is_some())
            .map(|column| (column.name.to_string(), column.ty))
            .collect();
        for (name, ty) in both {
            self.offer(&written_name(&name), &name, "column", ty.name());
        }
        for (side, about) in [("$left.", "columns of the left side"), ("$right.", "columns of the right side")] {
            self.offer(side, side, "word", about);
        }
    }

    /// What may stand behind the dot after a value.
    fn members(&mut self, value: Option<&str>) {
        if let Some((_, node)) = self.place.elements().into_iter().find(|(name, _)| Some(*name) == value) {
            return self.properties(node);
        }
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
                let seen = origin.in_case(value);
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

/// Rows and names at the end of a text, as far as it can be read.
fn bound(text: &str, environment: &Environment<'_>) -> (Relation, Vec<Definition>) {
    match syntax::parse(text) {
        Ok(script) => bind::bind_unfinished(&script, environment),
        Err(_) => (Relation::nothing(), Vec::new()),
    }
}

/// Whether an infix operator takes a left side of this type.
fn takes(infix: &Infix, ty: Option<Type>) -> bool {
    let Some(ty) = ty else { return true };
    match infix.meaning {
        Meaning::And | Meaning::Or => true,
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

/// How many have it, unless all do.
fn partly(shape: &PathSketch, whole: usize) -> Option<Share> {
    (shape.count < whole).then_some(Share { count: shape.count, of: whole })
}
