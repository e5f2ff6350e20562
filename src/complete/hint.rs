//! What is missing of the call, or of the operator, that is being written.

use super::place::{CursorPlace, OpenCall};
use crate::functions;
use crate::operators::{Syntax, invoke::Invoke};
use crate::registry::Param;
use crate::syntax::{
    self,
    ast::{LetValue, Parameter, Statement},
};

/// The parameters that are still to come of the call at the end of `text`, or the clauses of an operator whose name
/// stands there; as they would be read on.
pub(crate) fn hint(text: &str) -> Option<String> {
    let place = CursorPlace::behind(text)?;
    if let Some(call) = place.call() {
        let known = functions::scalar(call.name).map(|scalar| scalar.params);
        let known = known.or_else(|| functions::aggregate(call.name).map(|aggregate| aggregate.params));
        let (params, repeated) = match known {
            Some(params) => {
                (params.iter().map(Param::to_string).collect(), params.iter().position(|param| param.repeated))
            }
            None => (own_parameters(&place, &call)?, None),
        };
        return parameters_from(&params, repeated, call.argument, call.begun);
    }
    let (def, behind) = place.operator()?;
    if behind < place.tokens.len() || !place.typed.is_empty() || !text.ends_with(' ') {
        return None;
    }
    let syntax = def.names.iter().find_map(|known| def.syntax.strip_prefix(known)).unwrap_or(def.syntax).trim();
    (!syntax.is_empty()).then(|| syntax.to_owned())
}

/// The parameters of a function that a `let` before the cursor defines, as they stand there; `invoke` gives the first.
fn own_parameters(place: &CursorPlace<'_>, call: &OpenCall<'_>) -> Option<Vec<String>> {
    let script = syntax::parse(&place.definitions()).ok()?;
    let mut defined = script.statements.iter().rev().filter_map(Statement::as_let);
    let LetValue::Function(function) = &defined.find(|known| known.name.text == call.name)?.value else { return None };
    let invoked = |at: usize| place.tokens.get(at).is_some_and(|name| name.text == call.name);
    let given = place.operator().is_some_and(|(def, name)| def == Invoke::DEF && invoked(name));
    Some(function.parameters.iter().skip(usize::from(given)).map(Parameter::to_string).collect())
}

/// The parameters from an argument on, or from the one behind it if it has begun. The one at `repeated` goes on.
fn parameters_from(params: &[String], repeated: Option<usize>, argument: usize, begun: bool) -> Option<String> {
    let at = |argument: usize| match repeated {
        Some(first) if argument >= first => first,
        _ => argument,
    };
    let first = at(argument + usize::from(begun));
    let left = params.get(first..).unwrap_or_default();
    Some(match (left.is_empty(), begun) {
        (true, true) => ")".to_owned(),
        (true, false) if params.is_empty() => ")".to_owned(),
        (true, false) => return None,
        (false, true) => format!(", {})", left.join(", ")),
        (false, false) => format!("{})", left.join(", ")),
    })
}
