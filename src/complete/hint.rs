//! What is missing of the call, or of the operator, that is being written.

use super::place::Place;
use crate::functions;
use crate::registry::Param;

/// The parameters that are still to come of the call at the end of `text`, or the clauses of an operator whose name
/// stands there; as they would be read on.
pub(crate) fn hint(text: &str) -> Option<String> {
    let place = Place::behind(text)?;
    if let Some(call) = place.call() {
        let params = match functions::scalar(call.name) {
            Some(scalar) => scalar.params,
            None => functions::aggregate(call.name)?.params,
        };
        return rest(params, call.argument, call.begun);
    }
    let (def, behind) = place.operator()?;
    if behind < place.tokens.len() || !place.typed.is_empty() || !text.ends_with(' ') {
        return None;
    }
    let syntax = def.names.iter().find_map(|known| def.syntax.strip_prefix(known)).unwrap_or(def.syntax).trim();
    (!syntax.is_empty()).then(|| syntax.to_owned())
}

/// The parameters from an argument on, or from the one behind it if it has begun.
fn rest(params: &[Param], argument: usize, begun: bool) -> Option<String> {
    let at = |argument: usize| match params.iter().position(|param| param.repeated) {
        Some(first) if argument >= first => first,
        _ => argument,
    };
    let first = at(argument + usize::from(begun));
    let left: Vec<String> = params.get(first..).unwrap_or_default().iter().map(Param::to_string).collect();
    Some(match (left.is_empty(), begun) {
        (true, true) => ")".to_owned(),
        (true, false) if params.is_empty() => ")".to_owned(),
        (true, false) => return None,
        (false, true) => format!(", {})", left.join(", ")),
        (false, false) => format!("{})", left.join(", ")),
    })
}
