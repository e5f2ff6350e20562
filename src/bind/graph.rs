//! What the clauses of a pattern read of its elements: `n.name`, `map(e, weight)`, `node_id(n)`.

use std::sync::Arc;

use super::elements::{Element, Elements};
use super::{BoundColumn, BoundColumns, Exprs, Graph, Label, Reported, label_of_part};
use crate::diag::{Diagnostic, Span, UNEXPECTED, UNKNOWN_COLUMN, WRONG_COUNT, WRONG_TYPE};
use crate::functions;
use crate::plan::{Callee, Each, EachFold, Expr, NodeColumn, Slot, Term};
use crate::registry::{PatternFunction, Scalar};
use crate::syntax::ast::{self, Assign, ExprKind, Name};
use crate::value::{Type, Value};

impl<'a> Exprs<'a, '_> {
    pub(crate) fn into_elements(self) -> Option<Elements<'a>> {
        self.elements
    }

    /// Whether it is a function of patterns, in the clause of one.
    pub(super) fn asks_pattern(&self, scalar: &Scalar) -> bool {
        self.elements.is_some() && scalar.of_pattern().is_some()
    }

    /// The element that a name stands for here.
    fn element_called(&self, name: &Name) -> Option<Element> {
        if self.columns.position(&name.text).is_some() {
            return None;
        }
        self.elements.as_ref()?.named(&name.text)
    }

    /// `n.name`: a property of an element.
    pub(super) fn property(&mut self, of: &ast::Expr, name: &Name) -> Option<Result<Expr, Reported>> {
        let element_name = of.as_name()?;
        let element = self.element_called(element_name)?;
        if let Element::Path(_) = element {
            let (path, property) = (&element_name.text, &name.text);
            let message = format!("`{path}` is a path, and `{path}.{property}` is not one value");
            let diagnostic = Diagnostic::error(WRONG_TYPE, of.span.to(name.span), message).label("one for each edge");
            return Some(Err(self.binder.error(diagnostic.help(format!(
                "write `map({path}, {property})`, or what holds of each edge: `all({path}, {property} == …)`"
            )))));
        }
        Some(self.property_of(element, name))
    }

    fn property_of(&mut self, element: Element, name: &Name) -> Result<Expr, Reported> {
        let Some(elements) = &mut self.elements else { return Err(Reported::error()) };
        let columns = elements.columns_of(element);
        match columns.position(&name.text).map(|at| (at, &columns.list()[at])) {
            Some((_, column)) if column.poisoned => Err(Reported::error()),
            Some((at, column)) => Ok(elements.property(element, at, column.ty)),
            None => {
                let what = if let Element::Node(_) = element { "nodes" } else { "edges" };
                let message = format!("{what} have no property `{}`", name.text);
                let unknown = Diagnostic::error(UNKNOWN_COLUMN, name.span, message).label("unknown property");
                let unknown = unknown.suggest(&name.text, columns.names());
                let names: Vec<String> = columns.names().map(|name| format!("`{name}`")).collect();
                Err(self.binder.error(match (&unknown.help, names.len()) {
                    (Some(_), _) => unknown,
                    (None, 0) => unknown.help(
                        "give them their id, `make-graph … with_node_id=name`, or the columns of a table, `… with T on id`",
                    ),
                    (None, 1..=8) => unknown.help(format!("they have {}", names.join(", "))),
                    (None, _) => unknown,
                }))
            }
        }
    }

    /// An element as a whole: a bag of its properties without those that are null or empty text (measured on Kusto); of
    /// a path, an array of such bags.
    pub(super) fn whole(&mut self, name: &Name) -> Option<Result<Expr, Reported>> {
        let element = self.element_called(name)?;
        let elements = self.elements.as_mut()?;
        let columns = elements.columns_of(element);
        self.binder.needs_all_columns(columns);
        let mut pairs = Vec::new();
        for (at, BoundColumn { name, ty, poisoned }) in columns.list().iter().enumerate() {
            if *poisoned {
                return Some(Err(Reported::error()));
            }
            pairs.push(Expr::literal(Type::String, Value::from(&**name)));
            pairs.push(match element {
                Element::Path(_) => Expr::column(*ty, at),
                _ => elements.property(element, at, *ty),
            });
        }
        let bag = self.binder.plain_call(functions::packing(true), Type::Dynamic, pairs).folded();
        Some(match element {
            Element::Path(at) => self.each(at, false, EachFold::Map, bag, name.span),
            _ => Ok(bag),
        })
    }

    /// `e.weight` of a path, alone: an array with that of each edge.
    pub(crate) fn property_of_path(&mut self, expr: &ast::Expr) -> Option<Result<Expr, Reported>> {
        let ExprKind::Member { of, name } = &expr.kind else { return None };
        let Element::Path(at) = self.element_called(of.as_name()?)? else { return None };
        let columns = self.elements.as_ref()?.columns_of(Element::Path(at));
        Some(match columns.position(&name.text).map(|column| (column, &columns.list()[column])) {
            Some((column, BoundColumn { ty, poisoned: false, .. })) => {
                self.each(at, false, EachFold::Map, Expr::column(*ty, column), expr.span)
            }
            Some(_) => Err(Reported::error()),
            None => self.property_of(Element::Path(at), name),
        })
    }

    /// That a name is no column where properties are read by their elements.
    pub(super) fn no_element(&self, name: &Name) -> Option<Diagnostic> {
        let elements = self.elements.as_ref()?;
        let unknown = Diagnostic::error(UNKNOWN_COLUMN, name.span, format!("`{}` names nothing here", name.text))
            .label("unknown name")
            .suggest(&name.text, elements.names.iter().map(|(known, _)| known.text.as_str()));
        let owner = elements.names.iter().find(|(_, element)| {
            !matches!(element, Element::Path(_)) && elements.columns_of(*element).position(&name.text).is_some()
        });
        Some(match (&unknown.help, owner, elements.part) {
            (None, Some((owner, _)), None) => {
                unknown.help(format!("a property is read from its element: `{}.{}`", owner.text, name.text))
            }
            (None, _, Some((_, nodes))) => {
                let columns = if nodes { &elements.graph.nodes } else { &elements.graph.edges };
                columns.unknown(name)
            }
            _ => unknown,
        })
    }

    /// Complains about what compares several elements of a pattern of shortest paths: Kusto asks of each element alone,
    /// in any combination (measured).
    pub(crate) fn asks_each_alone(&mut self, condition: &Expr, written: &ast::Expr) {
        let parts = match &condition.kind {
            Term::And(parts) | Term::Or(parts) => parts,
            Term::Call { callee: Callee::Scalar(Scalar { name, .. }), args, .. } if *name == functions::NOT.name => {
                args
            }
            _ => {
                if self.elements.as_ref().is_some_and(|elements| elements.count_read(condition) > 1) {
                    let message = "`graph-shortest-paths` asks of each element alone, and this asks of several at once";
                    let diagnostic = Diagnostic::error(UNEXPECTED, written.span, message).label("several elements");
                    let help = "compare them behind: `… project n.x, m.x | where n_x == m_x`";
                    self.binder.error(diagnostic.help(help));
                }
                return;
            }
        };
        // What is constant may have gone from the parts; then all that is written is named.
        let of_parts: Vec<&ast::Expr> = written.kind.children().collect();
        for (at, part) in parts.iter().enumerate() {
            self.asks_each_alone(part, if of_parts.len() == parts.len() { of_parts[at] } else { written });
        }
    }

    /// A slot for what an expression says of the parts of a path.
    fn each(&mut self, at: usize, inside: bool, fold: EachFold, expr: Expr, span: Span) -> Result<Expr, Reported> {
        let nested = self.elements.as_ref().is_some_and(|elements| elements.part.is_some());
        if nested {
            return Err(self.binder.refuse(span, "a path inside of what is asked about the parts of a path"));
        }
        let Some(elements) = &mut self.elements else { return Err(Reported::error()) };
        let own = part_width(elements.graph, inside);
        let ty = if fold == EachFold::Map { Type::Dynamic } else { Type::Bool };
        Ok(elements.slot(Slot::Each(Each { at, inside, fold, expr, own }), ty))
    }

    /// A call that asks about the elements of a pattern.
    pub(super) fn of_pattern(
        &mut self,
        function: PatternFunction,
        scalar: &Scalar,
        span: Span,
        arguments: &[&ast::Expr],
    ) -> Result<Expr, Reported> {
        let name = scalar.name;
        let Some(elements) = &self.elements else {
            let message = format!("`{name}` asks about the elements of a pattern, and there is none here");
            let diagnostic = Diagnostic::error(UNEXPECTED, span, message).label("no pattern");
            return Err(self.binder.error(
                diagnostic.help("it stands in `where` and `project` of `graph-match` and `graph-shortest-paths`"),
            ));
        };
        let part = elements.part;
        let (least, most) = scalar.arity();
        if !(least..=most).contains(&arguments.len()) {
            let plural = if most == 1 { "" } else { "s" };
            let given = arguments.len();
            let message = format!("`{name}` takes {most} argument{plural}, and {given} are given");
            return Err(self.binder.error(Diagnostic::error(WRONG_COUNT, span, message)));
        }
        let column = match function {
            PatternFunction::Id => NodeColumn::Id,
            PatternFunction::DegreeIn => NodeColumn::DegreeIn,
            PatternFunction::DegreeOut => NodeColumn::DegreeOut,
            PatternFunction::Labels => return self.labels(arguments.first().copied(), part.is_some(), span),
            PatternFunction::InnerNodes => {
                let message = "`inner_nodes` is no value: it stands first in `map`, `all` and `any`";
                let diagnostic = Diagnostic::error(UNEXPECTED, span, message).label("not a value");
                return Err(self.binder.error(diagnostic.help("`map(inner_nodes(e), …)`")));
            }
            PatternFunction::Map => return self.parts(EachFold::Map, name, arguments),
            PatternFunction::All => return self.parts(EachFold::All, name, arguments),
            PatternFunction::Any => return self.parts(EachFold::Any, name, arguments),
        };
        let own = elements.graph.nodes.list().len();
        let (ty, place) = (column.ty(), column.place(own));
        let Some(argument) = arguments.first() else {
            return match part {
                Some((_, true)) => Ok(Expr::column(ty, place)),
                _ => Err(self.wants_node(name, span)),
            };
        };
        match argument.as_name().and_then(|argument| self.element_called(argument)) {
            Some(element @ Element::Node(_)) => match &mut self.elements {
                Some(elements) => Ok(elements.property(element, place, ty)),
                None => Err(Reported::error()),
            },
            _ => Err(self.wants_node(name, argument.span)),
        }
    }

    fn wants_node(&mut self, name: &str, span: Span) -> Reported {
        let message = format!("`{name}` asks about a node of the pattern");
        let diagnostic = Diagnostic::error(WRONG_TYPE, span, message).label("no node");
        self.binder.error(diagnostic.help(format!(
            "give it the name of one: `{name}(n)`; only in `map(inner_nodes(e), {name}())` it needs none"
        )))
    }

    /// `labels(n)`: no graph that is made of tables has any.
    fn labels(&mut self, argument: Option<&ast::Expr>, in_part: bool, span: Span) -> Result<Expr, Reported> {
        let element = argument.and_then(ast::Expr::as_name).and_then(|name| self.element_called(name));
        let known = match argument {
            None => in_part,
            Some(_) => matches!(element, Some(Element::Node(_) | Element::Edge(_))),
        };
        if !known {
            let message = "`labels` asks about a node or an edge of the pattern";
            let diagnostic = Diagnostic::error(WRONG_TYPE, span, message).label("neither of them");
            return Err(self.binder.error(diagnostic.help("of a path, write `map(e, labels())`")));
        }
        Ok(Expr::literal(Type::Dynamic, Value::Array(Arc::new(Vec::new()))))
    }

    /// `map(e, expr)`, `all(inner_nodes(e), predicate)`
    fn parts(&mut self, fold: EachFold, name: &str, arguments: &[&ast::Expr]) -> Result<Expr, Reported> {
        let [path, expr] = arguments else { return Err(Reported::error()) };
        let (at, inside) = self.path(path, name)?;
        let Some(elements) = &mut self.elements else { return Err(Reported::error()) };
        if elements.part.is_some() {
            return Err(self.binder.refuse(path.span, "a path inside of what is asked about the parts of a path"));
        }
        let graph = elements.graph;
        elements.part = Some((part_width(graph, inside), inside));
        let outer = std::mem::replace(&mut self.columns, if inside { &graph.nodes } else { &graph.edges });
        let bound = match fold {
            EachFold::Map => self.expr(expr),
            EachFold::All | EachFold::Any => self.predicate(expr),
        };
        self.columns = outer;
        if let Some(elements) = &mut self.elements {
            elements.part = None;
        }
        self.each(at, inside, fold, bound?, expr.span)
    }

    /// The path that is asked about, and whether its nodes are.
    fn path(&mut self, argument: &ast::Expr, name: &str) -> Result<(usize, bool), Reported> {
        let (path, inside) = match &argument.kind {
            ExprKind::Call(call) => {
                let asks = functions::scalar(&call.name.text).and_then(Scalar::of_pattern);
                match (asks, call.arguments.as_slice()) {
                    (Some(PatternFunction::InnerNodes), [of]) => (of.value.as_name(), true),
                    _ => (None, false),
                }
            }
            _ => (argument.as_name(), false),
        };
        match path.and_then(|path| self.element_called(path)) {
            Some(Element::Path(at)) => Ok((at, inside)),
            Some(Element::Edge(_)) if !inside => {
                let message = format!("`{name}` asks about a path, and this is one edge");
                let diagnostic = Diagnostic::error(WRONG_TYPE, argument.span, message).label("one edge");
                Err(self.binder.error(diagnostic.help("read the edge itself: `e.name`")))
            }
            _ => {
                let message = format!("`{name}` asks about a path of the pattern");
                let diagnostic = Diagnostic::error(WRONG_TYPE, argument.span, message).label("no path");
                Err(self.binder.error(diagnostic.help(format!(
                    "give it the name of an edge of variable length, `-[e*1..3]->`: `{name}(e, …)`, `{name}(inner_nodes(e), …)`"
                ))))
            }
        }
    }
}

/// How many columns there are of a part of a path.
fn part_width(graph: &Graph, inside: bool) -> usize {
    if inside { graph.nodes.list().len() + NodeColumn::ALL.len() } else { graph.edges.list().len() }
}

/// The label of a column that the `project` of a pattern makes.
pub(crate) fn label_in_pattern(assign: &Assign, at: usize, graph: &Graph, names: &[(Name, Element)]) -> Label {
    let known = |name: &Name| names.iter().find(|(known, _)| known.text == name.text).map(|(_, element)| *element);
    match &assign.expr.kind {
        _ if assign.names.get(at).is_some() => {}
        ExprKind::Name(name) => match known(name) {
            // An element without properties has no name to give (measured on Kusto).
            Some(Element::Node(_)) if graph.nodes.list().is_empty() => return Label::Numbered,
            Some(_) => return Label::Derived(name.text.clone()),
            None => {}
        },
        ExprKind::Call(_) => {
            let is_element = |name: &Name| known(name).is_some();
            return name_in_pattern(&assign.expr, at, &is_element).map_or(Label::Numbered, Label::Derived);
        }
        _ => {}
    }
    label_of_part(assign, at, &BoundColumns::none())
}

/// The name that a pattern's `project` derives, as Kusto does (measured): `map(p, w)` is `p_w`, `all(inner_nodes(p), x > 1)`
/// is `inner_nodes_p_Column`, `labels(n)` is `labels_n`.
fn name_in_pattern(expr: &ast::Expr, at: usize, is_element: &impl Fn(&Name) -> bool) -> Option<String> {
    let asked = match &expr.kind {
        ExprKind::Call(call) => functions::scalar(&call.name.text)
            .and_then(|scalar| Some((scalar.name, scalar.of_pattern()?, &call.arguments))),
        _ => None,
    };
    let Some((name, function, arguments)) = asked else {
        let assign = Assign { names: Vec::new(), expr: without_properties(expr, is_element) };
        return label_of_part(&assign, at, &BoundColumns::none()).name();
    };
    let own = match function {
        PatternFunction::Map | PatternFunction::All | PatternFunction::Any => None,
        _ => Some(name.to_owned()),
    };
    let arguments = arguments
        .iter()
        .map(|argument| name_in_pattern(&argument.value, 0, is_element).unwrap_or_else(|| "Column".to_owned()));
    Some(own.into_iter().chain(arguments).collect::<Vec<_>>().join("_"))
}

/// A call without the properties that it reads of elements, which give it no name: `strlen(n.id)` is `strlen_` (measured
/// on Kusto).
fn without_properties(expr: &ast::Expr, is_element: &impl Fn(&Name) -> bool) -> ast::Expr {
    let mut expr = expr.clone();
    if let ExprKind::Call(call) = &mut expr.kind {
        for argument in &mut call.arguments {
            argument.value = match root(&argument.value) {
                Some(name) if argument.value.as_name().is_none() && is_element(name) => {
                    ast::Expr::new(ExprKind::Star, argument.value.span)
                }
                _ => without_properties(&argument.value, is_element),
            };
        }
    }
    expr
}

/// The name that a path begins with.
fn root(expr: &ast::Expr) -> Option<&Name> {
    match &expr.kind {
        ExprKind::Name(name) => Some(name),
        ExprKind::Member { of, .. } | ExprKind::Index { of, .. } => root(of),
        _ => None,
    }
}
