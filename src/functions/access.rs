//! Elements of dynamic values by an index that varies by row: `d[i]`, `d[name]`.

use crate::column::Out;
use crate::registry::{KernelDef, Returns, Scalar, any, dynamic};
use crate::value::{PathStepRef, Type, ValueRef, step};

/// `d[i]`; written with brackets, so that it is in no list of names.
pub(crate) const ELEMENT: Scalar = Scalar {
    name: "[]",
    params: &[dynamic("value"), any("index")],
    returns: Returns::Is(Type::Dynamic),
    about: "The element of an array by whole number, or of a bag by key.",
    kernel: KernelDef::Plain(kernel),
    ..Scalar::PLAIN
};

fn kernel(args: &[ValueRef<'_>], out: &mut Out) {
    match args[1] {
        ValueRef::String(key) => out.value(step(args[0], PathStepRef::Key(key)).as_ref()),
        ValueRef::Long(index) => out.value(step(args[0], PathStepRef::Index(index)).as_ref()),
        ValueRef::Int(index) => out.value(step(args[0], PathStepRef::Index(index.into())).as_ref()),
        _ => out.null(),
    }
}
