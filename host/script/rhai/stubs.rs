//! Definitions for the Rhai language server, and what the reference says of Rhai itself. Called by the
//! tests of `script::stubs`.

use std::fmt::Write;

use crate::api::{HostFn, MODULES, MemberKind, Module, OBJECTS, ObjectType, RECORDS, Record};
use crate::script::stubs::{
    ATTRIBUTES, CLASSES, ClassType, SET_ATTRIBUTES, SHAPE_ATTRIBUTES, Signature, TASK_OPTIONS,
};

use super::basics;
use super::types::{returned, taken};
use super::wording;

/// Columns of a comment.
const WIDTH: usize = 110;

const HEAD: &str = "\
/// The script API, for editors. Generated from the code by `make stubs`.
module static;
";

const LANGUAGE: &str = "\
## Rhai

A script whose name ends in `.rhai` is written in Rhai and sees the same API: a method of the tables above is called with
a dot, tables are maps (`#{ .. }`) or arrays (`[..]`), several results are an array, nil is `()`. [Scripts in
Rhai](rhai.md) has each form beside Lua's. What Rhai adds, since its own library lacks it:
";

/// What the reference says of the language.
pub fn language() -> String {
    let mut text = LANGUAGE.to_owned();
    let plain = basics::FUNCTIONS.functions.iter().map(|function| ("", function));
    for (module, function) in plain.chain(basics::MATH.functions.iter().map(|function| ("math::", function)))
    {
        let Some(signature) = Signature::parse(function.sig) else { continue };
        let _ = writeln!(text, "\n- `{module}{}{signature}`<br>{}", function.name, function.doc);
    }
    text
}

/// The whole file of definitions.
pub fn definitions() -> String {
    let mut out = HEAD.to_owned();
    for record in [&ATTRIBUTES, &SET_ATTRIBUTES, &SHAPE_ATTRIBUTES, &TASK_OPTIONS]
        .into_iter()
        .chain(RECORDS.iter().copied())
    {
        write_record(&mut out, record);
    }
    OBJECTS.iter().for_each(|object| write_object(&mut out, object));
    MODULES.iter().for_each(|module| write_module(&mut out, module));
    [&basics::FUNCTIONS, &basics::MATH].into_iter().for_each(|module| write_module(&mut out, module));
    write_client(&mut out);
    CLASSES.iter().for_each(|class| write_class(&mut out, class));
    out
}

fn write_doc(out: &mut String, indent: &str, doc: &str) {
    let doc = wording::described(doc);
    let mut line = String::new();
    for word in doc.split_whitespace() {
        if !line.is_empty() && line.len() + word.len() + indent.len() + 5 > WIDTH {
            let _ = writeln!(out, "{indent}/// {line}");
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if !line.is_empty() {
        let _ = writeln!(out, "{indent}/// {line}");
    }
}

fn write_record(out: &mut String, record: &Record) {
    out.push('\n');
    write_doc(out, "", record.doc);
    let _ = writeln!(out, "type {} = #{{", record.name);
    for field in record.fields {
        write_doc(out, "    ", field.doc);
        let _ = writeln!(out, "    {}: {},", field.name, taken(field.sig, "User"));
    }
    out.push_str("};\n");
}

/// A function; `receiver` is the argument that a method is called on, as `name: Type`.
fn write_function(out: &mut String, indent: &str, receiver: &str, function: (&str, &str, &str)) {
    let (name, sig, doc) = function;
    let Some(signature) = Signature::parse(sig) else { return };
    let class = receiver.rsplit(": ").next().unwrap_or_default();
    let own = (!receiver.is_empty()).then(|| receiver.to_owned());
    let mut params: Vec<String> = own.into_iter().collect();
    // One form for each number of arguments: there are no optional ones.
    let least = signature.params.iter().take_while(|param| !param.optional && param.name != "...").count();
    out.push('\n');
    let is_several = signature.result.is_some_and(|result| returned(result, class) == "Array");
    let note = if is_several { " Several results come as an array." } else { "" };
    write_doc(out, indent, &format!("{doc}{note}"));
    for count in least..=signature.params.len() {
        let given = signature.params[..count].iter().map(|param| match param.name {
            "..." => "...rest: ?".to_owned(),
            name => format!("{name}: {}", taken(param.kind, class)),
        });
        params.truncate(usize::from(!receiver.is_empty()));
        params.extend(given);
        let result = signature.result.map_or("()".to_owned(), |result| returned(result, class));
        let _ = writeln!(out, "{indent}fn {name}({}) -> {result};", params.join(", "));
    }
}

fn write_field(out: &mut String, object: &str, (name, sig, doc): (&str, &str, &str)) {
    out.push('\n');
    write_doc(out, "", doc);
    let _ = writeln!(out, "fn get {name}(object: {object}) -> {};", returned(sig, object));
}

fn write_object(out: &mut String, object: &ObjectType) {
    let receiver = format!("object: {}", object.name);
    for member in object.members {
        let described = (member.name, member.sig, member.doc);
        match member.kind {
            MemberKind::Field(_) | MemberKind::Kept(_) => write_field(out, object.name, described),
            MemberKind::Method(_) => write_function(out, "", &receiver, described),
        }
    }
}

fn described(function: &'static HostFn) -> (&'static str, &'static str, &'static str) {
    (function.name, function.sig, function.doc)
}

fn write_module(out: &mut String, module: &'static Module) {
    if module.name.is_empty() {
        module.functions.iter().for_each(|function| write_function(out, "", "", described(function)));
        return;
    }
    if let Some(call) = module.call {
        write_function(out, "", "", (module.name, call.sig, call.doc));
    }
    out.push('\n');
    write_doc(out, "", module.doc);
    if module.value.is_some() {
        let _ = writeln!(out, "const {}: {};", module.name, returned(module.sig, ""));
        return;
    }
    let _ = writeln!(out, "const {}: ?;", module.name);
    if module.functions.is_empty() {
        return;
    }
    out.push('\n');
    write_doc(out, "", module.doc);
    let _ = write!(out, "module {} {{", module.name);
    module.functions.iter().for_each(|function| write_function(out, "    ", "", described(function)));
    out.push_str("}\n");
}

/// `this.client`: the functions of `http` as methods.
fn write_client(out: &mut String) {
    let Some(http) = MODULES.iter().find(|module| module.name == "http") else { return };
    for constant in http.constants {
        write_field(out, "HttpClient", (constant.name, constant.sig, constant.doc));
    }
    for function in http.functions {
        write_function(out, "", "object: HttpClient", described(function));
    }
}

fn write_class(out: &mut String, class: &ClassType) {
    out.push('\n');
    write_doc(out, "", class.doc);
    let _ = writeln!(out, "const {0}: {0};", class.name);
    for field in class.fields {
        write_field(out, class.name, (field.name, field.sig, field.doc));
    }
    let receiver = format!("class: {}", class.name);
    for hook in class.hooks {
        write_function(out, "", &receiver, (hook.name, "(hook: fun())", hook.doc));
    }
    for method in class.methods {
        if let Some(short) = method.short {
            write_function(out, "", &receiver, (method.name, short, method.doc));
        }
        write_function(out, "", &receiver, (method.name, method.sig, method.doc));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn definitions_are_in_the_words_of_the_language() {
        for line in definitions().lines().filter(|line| line.trim_start().starts_with("///")) {
            for theirs in ["nil", "`self.", "ipairs", "{ user", " do`", ":chunks(", ":task(", "bearer ="] {
                assert!(!line.contains(theirs), "{theirs}: {line}");
            }
        }
    }
}
