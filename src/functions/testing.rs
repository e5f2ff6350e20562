//! Calls of functions in tests, without a query around them.

use crate::column::Out;
use crate::registry::{Args, ArgumentFault, Kernel, Meaning, Operand, Returns, Scalar, Takes, param_of};
use crate::value::{
    DateTime, Type, Value, ValueRef, convert, parse_datetime, parse_json_text, parse_timespan, text_of, write_json,
};

/// An argument, with the type of the column it stands in.
pub(crate) type Arg = (Type, Value);

pub(crate) fn text(value: &str) -> Arg {
    (Type::String, Value::from(value))
}

pub(crate) fn int(value: i32) -> Arg {
    (Type::Int, Value::Int(value))
}

pub(crate) fn long(value: i64) -> Arg {
    (Type::Long, Value::Long(value))
}

pub(crate) fn real(value: f64) -> Arg {
    (Type::Real, Value::Real(value))
}

pub(crate) fn moment(text: &str) -> Arg {
    (Type::DateTime, Value::DateTime(parse_datetime(text).expect("a datetime")))
}

pub(crate) fn span(text: &str) -> Arg {
    (Type::TimeSpan, Value::TimeSpan(parse_timespan(text).expect("a timespan")))
}

pub(crate) fn dynamic(json: &str) -> Arg {
    (Type::Dynamic, parse_json_text(json).expect("valid JSON"))
}

pub(crate) fn null(ty: Type) -> Arg {
    (ty, Value::absent(ty))
}

pub(crate) fn bool(value: bool) -> Arg {
    (Type::Bool, Value::Bool(value))
}

/// The type and value of a call for one row; the arguments are of types that need no conversion. Whether they are
/// constants, and whether arrays and bags are values or JSON text, makes no difference.
pub(crate) fn call(name: &str, args: &[Arg]) -> Result<Arg, ArgumentFault> {
    let function: &Scalar = super::scalar(name).unwrap_or_else(|| panic!("no function `{name}`"));
    let (least, most) = function.arity();
    assert!((least..=most).contains(&args.len()), "{name} takes {least} to {most} arguments");
    let params: Vec<_> =
        (0..args.len()).map(|at| param_of(function.params, at, args.len()).expect("a count that fits")).collect();
    let types: Vec<Type> = args.iter().map(|(ty, _)| *ty).collect();
    let constants: Vec<Option<Value>> = args.iter().map(|(_, value)| Some(value.clone())).collect();
    let returns = match function.returns {
        Returns::Is(ty) => ty,
        Returns::Argument(index) => types[index],
        Returns::By(rule) => rule(&types).map_err(|message| ArgumentFault::new(0, message))?,
        Returns::Common => {
            types[params
                .iter()
                .position(|param| matches!(param.takes, Takes::Common | Takes::Branch))
                .expect("a common one")]
        }
        Returns::ByText(index, decide) => {
            decide(constants.get(index).and_then(|constant| constant.as_ref()).and_then(Value::as_str))
        }
    };
    if function.strict && args.iter().any(|(_, value)| value.is_null()) {
        return Ok(null(returns));
    }
    let prepared = |constants: &[Option<Value>]| {
        let now = DateTime::from_ticks(638_500_000_000_000_000);
        let known = Args { types: &types, constants, returns, now };
        function.kernel.prepared(&known)
    };
    let value = one(&prepared(&constants)?, args, returns);
    let varying: Vec<Option<Value>> =
        constants.into_iter().zip(&params).map(|(value, param)| value.filter(|_| param.constant)).collect();
    if function.deterministic
        && let Ok(kernel) = prepared(&varying)
    {
        assert_eq!(one(&kernel, args, returns), value, "{name} over columns");
    }
    Ok((returns, value))
}

/// What a kernel gives for one row, be its arrays and bags values or JSON text.
fn one(kernel: &Kernel, args: &[Arg], returns: Type) -> Value {
    let given = |cells: &[ValueRef<'_>]| {
        let mut out = Out::new(returns, 1);
        kernel(cells, &mut out);
        let column = out.finish();
        assert_eq!(column.len(), 1, "one value per row");
        column.get(0).to_value()
    };
    let cells: Vec<ValueRef<'_>> = args.iter().map(|(_, value)| value.as_ref()).collect();
    let value = given(&cells);
    let texts: Vec<Option<String>> = args.iter().map(|(_, value)| as_json(value)).collect();
    let cells: Vec<ValueRef<'_>> =
        cells.into_iter().zip(&texts).map(|(cell, text)| text.as_deref().map_or(cell, ValueRef::Json)).collect();
    // A random number is another one each time.
    if texts.iter().any(Option::is_some) {
        assert_eq!(given(&cells), value, "over JSON text");
    }
    value
}

/// An array or bag as JSON text, if nothing is lost by it.
fn as_json(value: &Value) -> Option<String> {
    let mut text = String::new();
    write_json(&mut text, value.as_ref());
    let same = matches!(value, Value::Array(_) | Value::Bag(_)) && parse_json_text(&text).as_ref() == Some(value);
    same.then_some(text)
}

/// What an infix operator answers for operands that are columns; null for those of types that it does not take.
pub(crate) fn infix(text: &str, operands: &[Arg]) -> Value {
    let Meaning::Computed { types, kernel, strict } = super::infix(text).expect("an operator").meaning else {
        panic!("`{text}` has no kernel");
    };
    let known: Vec<Operand> = operands.iter().map(|(ty, _)| Operand { ty: *ty, literal: false }).collect();
    let operation = types(&known).unwrap_or_else(|| panic!("no `{text}` of {known:?}"));
    let args: Vec<Arg> = operands
        .iter()
        .zip(&operation.operands)
        .map(|((from, value), &to)| match to {
            to if *from == to => (to, value.clone()),
            Type::String => (to, Value::from(&*text_of(*from, &value.as_ref()))),
            to => (to, convert(value.as_ref(), to)),
        })
        .collect();
    if strict && args.iter().any(|(_, value)| value.is_null()) {
        return Value::Null;
    }
    let prepared = |constants: &[Option<Value>]| {
        let now = DateTime::from_ticks(0);
        let known = Args { types: &operation.operands, constants, returns: operation.result, now };
        one(&kernel(&known).expect("operands that fit"), &args, operation.result)
    };
    let columns = prepared(&vec![None; args.len()]);
    let constants: Vec<Option<Value>> =
        args.iter().enumerate().map(|(at, (_, value))| (at > 0).then(|| value.clone())).collect();
    assert_eq!(prepared(&constants), columns, "`{text}` with constants");
    columns
}

/// Whether an infix operator takes operands of these types.
pub(crate) fn takes(text: &str, operands: &[Type]) -> bool {
    let Meaning::Computed { types, .. } = super::infix(text).expect("an operator").meaning else { return false };
    types(&operands.iter().map(|&ty| Operand { ty, literal: false }).collect::<Vec<_>>()).is_some()
}

/// The text of what a call answers; of null, `null`.
#[track_caller]
pub(crate) fn answer(name: &str, args: &[Arg]) -> String {
    match call(name, args).expect("a call that can be prepared") {
        (_, Value::Null) => "null".to_owned(),
        (ty, value) => text_of(ty, &value.as_ref()).into_owned(),
    }
}

/// Why there is no such call.
#[track_caller]
pub(crate) fn refusal(name: &str, args: &[Arg]) -> String {
    call(name, args).expect_err("a call that is refused").message
}
