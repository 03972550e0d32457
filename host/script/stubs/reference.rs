//! The reference page in Markdown. Written by `make stubs`, compared by `tests`.

use std::fmt::Write;

use crate::api::{MODULES, MemberKind, Module, OBJECTS, ObjectType, RECORDS, Record};

use super::classes::{ATTRIBUTES, CLASSES, ClassType, SET_ATTRIBUTES, SHAPE_ATTRIBUTES, TASK_OPTIONS};
use super::signature::Signature;

const HEAD: &str = "\
# Script API

<!-- Generated from the code by `make stubs`. -->

Everything here is a read-only global of every script; nothing is required. Arguments that may be left out end in `?`.
Times are seconds unless they say otherwise. A name that does not exist is an error with a suggestion.
";

/// The whole page. `languages`: a section on each script language.
pub fn reference(languages: &[&str]) -> String {
    let mut page = HEAD.to_owned();
    page.push_str("\n## Classes\n");
    CLASSES.iter().for_each(|class| write_class(&mut page, class));
    write_record(&mut page, &ATTRIBUTES);
    write_record(&mut page, &SET_ATTRIBUTES);
    write_record(&mut page, &SHAPE_ATTRIBUTES);
    write_record(&mut page, &TASK_OPTIONS);
    page.push_str("\n## Functions\n");
    for module in MODULES.iter().filter(|module| module.name.is_empty()) {
        module
            .functions
            .iter()
            .for_each(|function| write_function(&mut page, "", function.name, function.sig, function.doc));
    }
    page.push_str("\n## Modules\n");
    MODULES
        .iter()
        .filter(|module| !module.name.is_empty())
        .for_each(|module| write_module(&mut page, module));
    page.push_str("\n## Objects\n");
    OBJECTS.iter().for_each(|object| write_object(&mut page, object));
    page.push_str("\n## Tables\n");
    RECORDS.iter().for_each(|record| write_record(&mut page, record));
    for language in languages {
        let _ = write!(page, "\n{}\n", language.trim());
    }
    page
}

fn write_class(page: &mut String, class: &ClassType) {
    let parent = class.parent.map(|parent| format!(" (extends `{parent}`)")).unwrap_or_default();
    let _ = writeln!(page, "\n### `{}`{parent}\n\n{}", class.name, class.doc);
    let mut rows = Vec::new();
    for field in class.fields {
        rows.push((format!("`self.{}`", field.name), field.sig, field.doc));
    }
    for hook in class.hooks {
        rows.push((format!("`{}`", hook.name), hook.sig, hook.doc));
    }
    write_rows(page, "member", &rows);
    for method in class.methods {
        let short = method.short.map(|short| (method.name, short, ""));
        for (name, sig, doc) in short.into_iter().chain([(method.name, method.sig, method.doc)]) {
            write_function(page, &format!("{}:", class.name), name, sig, doc);
        }
    }
}

fn write_module(page: &mut String, module: &Module) {
    let _ = writeln!(page, "\n### `{}`\n\n{}", module.name, module.doc);
    if module.value.is_some() {
        let _ = writeln!(page, "\nA `{}`.", module.sig);
    }
    if let Some(call) = module.call {
        write_function(page, "", module.name, call.sig, call.doc);
    }
    for function in module.functions {
        write_function(page, &format!("{}.", module.name), function.name, function.sig, function.doc);
    }
    for constant in module.constants {
        let _ = writeln!(page, "\n- `{}.{}`: {}", module.name, constant.name, constant.doc);
    }
}

/// A heading-free entry: the call, the types of what goes in and out, the text.
fn write_function(page: &mut String, prefix: &str, name: &str, sig: &str, doc: &str) {
    let Some(signature) = Signature::parse(sig) else { return };
    let result = signature.result.map(|result| format!(" -> {result}")).unwrap_or_default();
    let types: Vec<String> =
        signature.params.iter().map(|param| format!("`{}`: `{}`", param.name, param.kind)).collect();
    let types = if types.is_empty() { String::new() } else { format!(" ({})", types.join(", ")) };
    let doc = if doc.is_empty() { String::new() } else { format!("<br>{doc}") };
    let _ = writeln!(page, "\n- `{prefix}{name}{signature}{result}`{types}{doc}");
}

fn write_object(page: &mut String, object: &ObjectType) {
    let _ = writeln!(page, "\n### `{}`\n\n{}", object.name, object.doc);
    let fields = object
        .members
        .iter()
        .filter(|member| matches!(member.kind, MemberKind::Field(_) | MemberKind::Kept(_)));
    let rows: Vec<_> = fields.map(|field| (format!("`{}`", field.name), field.sig, field.doc)).collect();
    write_rows(page, "field", &rows);
    for method in object.members.iter().filter(|member| matches!(member.kind, MemberKind::Method(_))) {
        write_function(page, ":", method.name, method.sig, method.doc);
    }
}

fn write_record(page: &mut String, record: &Record) {
    let _ = writeln!(page, "\n### `{}`\n\n{}", record.name, record.doc);
    let rows: Vec<_> =
        record.fields.iter().map(|field| (format!("`{}`", field.name), field.sig, field.doc)).collect();
    write_rows(page, if record.given { "option" } else { "field" }, &rows);
}

fn write_rows(page: &mut String, what: &str, rows: &[(String, &str, &str)]) {
    if rows.is_empty() {
        return;
    }
    let _ = writeln!(page, "\n| {what} | type | |\n|---|---|---|");
    for (name, sig, doc) in rows {
        // A bar would end the cell, also within backquotes.
        let _ = writeln!(page, "| {name} | `{}` | {} |", sig.replace('|', "\\|"), doc.replace('|', "\\|"));
    }
}
