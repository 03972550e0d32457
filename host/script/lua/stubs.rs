//! Editor stubs for lua-language-server, and what the reference says of Lua
//! itself. Called by the tests of `script::stubs`.

use std::fmt::Write;

use crate::api::{Field, MODULES, MemberKind, Module, OBJECTS, ObjectType, RECORDS, Record};
use crate::script::stubs::{
    ATTRIBUTES, CLASSES, ClassType, Method, SET_ATTRIBUTES, SHAPE_ATTRIBUTES, Signature, TASK_OPTIONS,
};

/// Columns of a comment.
const WIDTH: usize = 110;

const HEAD: &str = "\
---@meta _
-- The script API, for editors. Generated from the code by `make stubs`.

---@alias Plain string|number|boolean

---What `between(1, 2)` and the like return: a wait that the host computes.
---@class WaitTime

---JSON's null, which a table can hold.
---@class Null: lightuserdata
";

/// What the reference says of the language.
pub const LANGUAGE: &str = "\
## Lua

Scripts are Lua 5.4: 64-bit integers are exact, and `local response <close> = ...` closes at the end of its block.
Scripts see `string`, `table`, `math`, `utf8`, `coroutine` and the basic functions, less `load`, `loadfile`, `dofile`,
`collectgarbage`, `warn` and `string.dump`; there is no `io`, `os`, `debug` or `package`. What differs from stock Lua:

- `require(\"utils.client\")` loads `utils/client.lua` below the script root, else a module of the standard library
  (`e2e.retry`). Nothing above the script root is seen.
- `print` writes a log line.
- `math.random` is seeded from `--seed` and the VU's number: a seed repeats a run's decisions.
- `pcall` and `xpcall` catch every error but the end of the run and a spent CPU budget.
- `string.find`, `match`, `gmatch` and `gsub` have the same patterns, but a pathological one is interrupted like any
  other code.
- A metatable cannot have `__gc`: use a `<close>` variable, or `on_stop`.
- Host functions and script functions call each other 40 deep at most (`http` closures and `check` functions within
  each other); deeper is a stack overflow, an error like that of endless recursion.
- `table.move` moves fewer than 16,777,216 items at once.
- Host calls may wait anywhere: also in a comparator of `table.sort`, a callback of `gsub`, a metamethod, `pcall`, or a
  coroutine of the script's own.
";

/// The whole stub file.
pub fn stubs() -> String {
    let mut out = HEAD.to_owned();
    for record in [&ATTRIBUTES, &SET_ATTRIBUTES, &SHAPE_ATTRIBUTES, &TASK_OPTIONS]
        .into_iter()
        .chain(RECORDS.iter().copied())
    {
        write_record(&mut out, record);
    }
    OBJECTS.iter().for_each(|object| write_object(&mut out, object));
    MODULES.iter().for_each(|module| write_module(&mut out, module));
    write_client(&mut out);
    CLASSES.iter().for_each(|class| write_class(&mut out, class));
    out
}

fn write_doc(out: &mut String, doc: &str) {
    let mut line = String::new();
    for word in doc.split_whitespace() {
        if !line.is_empty() && line.len() + word.len() + 4 > WIDTH {
            let _ = writeln!(out, "---{line}");
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if !line.is_empty() {
        let _ = writeln!(out, "---{line}");
    }
}

/// A class comment: its text, then its name.
fn write_head(out: &mut String, doc: &str, name: &str, parent: Option<&str>) {
    out.push('\n');
    write_doc(out, doc);
    let parent = parent.map(|parent| format!(": {parent}")).unwrap_or_default();
    let _ = writeln!(out, "---@class {name}{parent}");
}

/// `receiver`: what `self` is.
fn write_field(out: &mut String, field: &Field, optional: bool, receiver: &str) {
    let mark = if optional { "?" } else { "" };
    let _ = writeln!(
        out,
        "---@field {}{mark} {} {}",
        field.name,
        field.sig.replace(": self", &format!(": {receiver}")),
        field.doc
    );
}

fn write_record(out: &mut String, record: &Record) {
    write_head(out, record.doc, record.name, None);
    record.fields.iter().for_each(|field| write_field(out, field, record.given, "User"));
    if [&raw const ATTRIBUTES, &raw const SET_ATTRIBUTES, &raw const SHAPE_ATTRIBUTES]
        .contains(&std::ptr::from_ref(record))
    {
        out.push_str("---@field [string] any\n");
    }
}

fn write_object(out: &mut String, object: &ObjectType) {
    write_head(out, object.doc, object.name, None);
    for member in object.members {
        if let MemberKind::Field(_) | MemberKind::Kept(_) = member.kind {
            let _ = writeln!(out, "---@field {} {} {}", member.name, member.sig, member.doc);
        }
    }
    if object.lookup.is_some() {
        out.push_str("---@field [string] string?\n");
    }
    let _ = writeln!(out, "local {} = {{}}", object.name);
    for member in object.members {
        if let MemberKind::Method(_) = member.kind {
            write_function(out, &format!("{}:{}", object.name, member.name), member.sig, member.doc);
        }
    }
}

fn write_function(out: &mut String, path: &str, sig: &str, doc: &str) {
    let Some(signature) = Signature::parse(sig) else { return };
    out.push('\n');
    write_doc(out, doc);
    write_types(out, &signature);
    let _ = writeln!(out, "function {path}({}) end", signature.names());
}

fn write_types(out: &mut String, signature: &Signature<'_>) {
    for param in &signature.params {
        let mark = if param.optional { "?" } else { "" };
        let _ = writeln!(out, "---@param {}{mark} {}", param.name, receiver(param.kind));
    }
    if let Some(result) = signature.result {
        let _ = writeln!(out, "---@return {}", receiver(result));
    }
}

/// The receiver's own type, as a generic of the method.
fn receiver(kind: &str) -> String {
    if kind == "self" { "T".to_owned() } else { kind.replace(": self", ": T") }
}

fn write_module(out: &mut String, module: &Module) {
    if module.name.is_empty() {
        module
            .functions
            .iter()
            .for_each(|function| write_function(out, function.name, function.sig, function.doc));
        return;
    }
    if module.value.is_some() {
        out.push('\n');
        write_doc(out, module.doc);
        let _ = writeln!(out, "---@type {}\n{} = {{}}", module.sig, module.name);
        return;
    }
    write_head(out, module.doc, &format!("{}lib", module.name), None);
    if let Some(call) = module.call.and_then(|call| Signature::parse(call.sig)) {
        let result = call.result.map(|result| format!(": {result}")).unwrap_or_default();
        let _ = writeln!(out, "---@overload fun({}){result}", call.names());
    }
    for constant in module.constants {
        let _ = writeln!(out, "---@field {} {} {}", constant.name, constant.sig, constant.doc);
    }
    let _ = writeln!(out, "{} = {{}}", module.name);
    for function in module.functions {
        write_function(out, &format!("{}.{}", module.name, function.name), function.sig, function.doc);
    }
}

/// `self.client`: the functions of `http` as methods.
fn write_client(out: &mut String) {
    let Some(http) = MODULES.iter().find(|module| module.name == "http") else { return };
    write_head(out, http.doc, "HttpClient", None);
    for constant in http.constants {
        let _ = writeln!(out, "---@field {} {} {}", constant.name, constant.sig, constant.doc);
    }
    out.push_str("local HttpClient = {}\n");
    for function in http.functions {
        write_function(out, &format!("HttpClient:{}", function.name), function.sig, function.doc);
    }
}

fn write_class(out: &mut String, class: &ClassType) {
    write_head(out, class.doc, class.name, class.parent);
    class.fields.iter().for_each(|field| write_field(out, field, false, class.name));
    // Not optional, so that a class can call its parent's without being asked whether it is there.
    class.hooks.iter().for_each(|hook| write_field(out, hook, false, class.name));
    if let Some(attributes) = class.attributes {
        // Attributes are fields of classes and of their instances.
        attributes.fields.iter().for_each(|field| write_field(out, field, true, class.name));
        out.push_str("---@field [string] any\n");
    }
    let _ = writeln!(out, "{} = {{}}", class.name);
    class.methods.iter().for_each(|method| write_method(out, class, method));
}

/// With the class that it is called on as its receiver's type, so that `extend` returns it and
/// tasks see it. Where there is a short form, a parameter takes what stands in its place there.
fn write_method(out: &mut String, class: &ClassType, method: &Method) {
    let Some(mut signature) = Signature::parse(method.sig) else { return };
    let short = method.short.and_then(Signature::parse);
    let mut both = Vec::new();
    for (index, param) in signature.params.iter_mut().enumerate() {
        let Some(short) = &short else { continue };
        match short.params.get(index) {
            Some(other) if other.kind != param.kind => {
                both.push((index, format!("{}|{}", param.kind, other.kind)))
            }
            Some(_) => {}
            None => param.optional = true,
        }
    }
    for (index, kind) in &both {
        signature.params[*index].kind = kind;
    }
    out.push('\n');
    write_doc(out, method.doc);
    let _ = writeln!(out, "---@generic T: {}\n---@param self T", class.name);
    write_types(out, &signature);
    let comma = if signature.params.is_empty() { "" } else { ", " };
    let _ = writeln!(out, "function {}.{}(self{comma}{}) end", class.name, method.name, signature.names());
}
