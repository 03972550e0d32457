//! The committed stubs and reference are what the code says; `make stubs` writes
//! them anew.
#![allow(clippy::unwrap_used)]

use std::path::Path;

use crate::api::{MODULES, MemberKind, OBJECTS, RECORDS};
use crate::config::ScriptOptions;
use crate::fault::Place;
use crate::script::{attributes, lua, rhai};

use super::{CLASSES, Signature, reference};

fn compare(path: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("UPDATE_STUBS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == text, "{} is not what the code says: run `make stubs`", path.display());
}

#[test]
fn the_committed_stubs_are_those_of_the_code() {
    compare("stdlib/lua/meta/e2e.lua", &lua::stubs());
    compare("stdlib/rhai/meta/e2e.d.rhai", &rhai::definitions());
    compare("docs/api.md", &reference(&[lua::LANGUAGE, &rhai::language()]));
}

#[test]
fn every_signature_can_be_taken_apart() {
    let functions = MODULES.iter().flat_map(|module| module.functions.iter().chain(module.call));
    let functions = functions.map(|function| (function.name, function.sig, function.doc));
    let members = OBJECTS.iter().flat_map(|object| object.members);
    let methods = members.filter(|member| matches!(member.kind, MemberKind::Method(_)));
    let methods = methods.map(|method| (method.name, method.sig, method.doc));
    for (name, sig, doc) in functions.chain(methods) {
        assert!(Signature::parse(sig).is_some(), "{name}: {sig}");
        assert!(doc.ends_with('.') || doc.ends_with(')'), "{name} says nothing: {doc}");
    }
    for method in CLASSES.iter().flat_map(|class| class.methods) {
        assert!(Signature::parse(method.sig).is_some(), "{}: {}", method.name, method.sig);
    }
}

#[test]
fn every_attribute_that_is_read_is_described() {
    for (base, read) in [
        ("User", attributes::ATTRIBUTES.to_vec()),
        ("TaskSet", attributes::SET_ATTRIBUTES.to_vec()),
        ("LoadTestShape", attributes::SHAPE_ATTRIBUTES.to_vec()),
    ] {
        let class = CLASSES.iter().find(|class| class.name == base).unwrap();
        let fields = class.attributes.unwrap().fields.iter().chain(class.hooks);
        let mut described: Vec<&str> = fields.map(|field| field.name).collect();
        let mut read = read;
        described.sort_unstable();
        read.sort_unstable();
        assert_eq!(described, read, "{base}");
    }
}

#[test]
fn every_option_that_is_read_is_described() {
    let at = || Place { file: "a.lua".into(), line: 1, column: None, source: None };
    let unknown = ScriptOptions::default().set("nothing", &1.into(), at()).unwrap_err();
    let known = unknown.help.unwrap();
    let described = RECORDS.iter().find(|record| record.name == "RunOptions").unwrap();
    let names: Vec<&str> = described.fields.iter().map(|field| field.name).collect();
    assert_eq!(known, format!("known options are {}", names.join(", ")));
}
