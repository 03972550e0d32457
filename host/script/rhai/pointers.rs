//! `f.call(..)` of functions, `x.call(..)` of what the host has, and `x.call(f, ..)`, which calls one with `x` as `this`: what the engine does by
//! itself, where `call` is no method of the host's. Bound by `bind`.

use std::any::TypeId;

use rhai::{Dynamic, EvalAltResult, FnPtr, Module, NativeCallContext, Position};

use super::bind::{self, Binding, Returned};
use super::members;
use super::names::{CALL, Names};
use super::value::HostValue;
use super::walk::HostFunction;

/// Binds both for as many arguments as scripts give.
pub(super) fn bind(module: &mut Module, names: &Names) {
    let mut binding = Binding { module: &mut *module, by_reference: false };
    for name in ["to_string", "print", "debug", "to_debug"] {
        binding.bind(name, (&[TypeId::of::<HostFunction>()], 0), |_, _, _| Ok("function".into()));
    }
    let counts = names.methods.iter().filter(|(name, _)| name == CALL).map(|(_, count)| *count);
    for count in counts {
        let mut binding = Binding { module: &mut *module, by_reference: false };
        binding.bind(CALL, (&[TypeId::of::<FnPtr>()], count), |_, context, args| {
            let Some((function, args)) = args.split_first_mut() else { return Ok(Dynamic::UNIT) };
            call(context, function, None, args)
        });
        binding.bind(CALL, (&[TypeId::of::<HostFunction>()], count), |state, context, args| {
            let function = args[0].read_lock::<HostFunction>().map(|function| function.0);
            function.map_or(Ok(Dynamic::UNIT), |function| bind::call(state, context, function, &args[1..]))
        });
        binding.bind(CALL, (&[TypeId::of::<HostValue>()], count), |state, context, args| match args {
            [this, function, args @ ..] if function.is_fnptr() && !has_call(this) => {
                call(context, function, Some(this), args)
            }
            args => members::call(state, context, "call", args),
        });
        binding.by_reference = true;
        binding.bind(CALL, (&[TypeId::of::<Dynamic>()], count), |_, context, args| match args {
            [this, function, args @ ..] => call(context, function, Some(this), args),
            [this] => Err(no_function(context, this)),
            [] => Ok(Dynamic::UNIT),
        });
    }
}

/// Whether a value of the host's has a method of that name, which a function may be an argument of.
fn has_call(value: &Dynamic) -> bool {
    match value.read_lock::<HostValue>().map(|value| *value) {
        Some(HostValue::Object(kind, _)) => kind.member(b"call").is_some(),
        _ => false,
    }
}

fn call(
    context: &NativeCallContext<'_>,
    function: &Dynamic,
    this: Option<&mut Dynamic>,
    args: &mut [&mut Dynamic],
) -> Returned {
    let Some(function) = function.read_lock::<FnPtr>().map(|it| it.clone()) else {
        return Err(no_function(context, function));
    };
    let mut args: Vec<Dynamic> = args.iter_mut().map(|arg| arg.take()).collect();
    function.call_raw(context, this, &mut args[..])
}

/// What the engine itself says of it.
fn no_function(context: &NativeCallContext<'_>, value: &Dynamic) -> Box<EvalAltResult> {
    let kind = context.engine().map_type_name(value.type_name()).to_owned();
    EvalAltResult::ErrorMismatchDataType("Fn".to_owned(), kind, Position::NONE).into()
}
