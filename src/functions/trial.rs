//! Calls of functions in tests, without a query around them.

use crate::column::Out;
use crate::registry::{Args, Fault, KernelDef, Returns, Scalar};
use crate::value::{DateTime, Type, Value, ValueRef, parse_datetime, parse_json_text, parse_timespan, text_of};

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

/// The type and value of a call for one row; all arguments are constants, and of types that need no conversion.
pub(crate) fn call(name: &str, args: &[Arg]) -> Result<Arg, Fault> {
    let function: &Scalar = super::scalar(name).unwrap_or_else(|| panic!("no function `{name}`"));
    let (least, most) = function.arity();
    assert!((least..=most).contains(&args.len()), "{name} takes {least} to {most} arguments");
    let types: Vec<Type> = args.iter().map(|(ty, _)| *ty).collect();
    let constants: Vec<Option<Value>> = args.iter().map(|(_, value)| Some(value.clone())).collect();
    let returns = match function.returns {
        Returns::Is(ty) => ty,
        Returns::Argument(index) => types[index],
        Returns::By(rule) => rule(&types).map_err(|message| Fault::new(0, message))?,
        Returns::Common | Returns::Named(..) => panic!("`{name}` wants a binder"),
    };
    if function.strict && args.iter().any(|(_, value)| value.is_null()) {
        return Ok(null(returns));
    }
    let now = DateTime::from_ticks(638_500_000_000_000_000);
    let known = Args { types: &types, constants: &constants, returns, now };
    let mut out = Out::new(returns, 1);
    let cells: Vec<ValueRef<'_>> = args.iter().map(|(_, value)| value.as_ref()).collect();
    match function.kernel {
        KernelDef::Plain(kernel) => kernel(&cells, &mut out),
        KernelDef::Prepared(prepare) => prepare(&known)?(&cells, &mut out),
    }
    let column = out.finish();
    assert_eq!(column.len(), 1, "{name} gives one value per row");
    Ok((returns, column.get(0).to_value()))
}

/// The text of what a call answers; of null, `null`.
#[track_caller]
pub(crate) fn answer(name: &str, args: &[Arg]) -> String {
    match call(name, args).expect("a call that can be prepared") {
        (_, Value::Null) => "null".to_owned(),
        (ty, value) => text_of(ty, value.as_ref()).into_owned(),
    }
}

/// Why there is no such call.
#[track_caller]
pub(crate) fn refusal(name: &str, args: &[Arg]) -> String {
    call(name, args).expect_err("a call that is refused").message
}
