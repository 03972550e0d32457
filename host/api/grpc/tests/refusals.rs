//! What does not fit a message, and where; and the forms of values that may be given.

use prost_reflect::DescriptorPool;
use protox::Compiler;
use protox::file::{ChainFileResolver, File, FileResolver, GoogleFileResolver};

use super::mapping::{read, schema, write};
use super::stage::Val;
use crate::api::Raise;
use crate::net::Schema;

const TEXT: &str = r#"syntax = "proto3";
package t;
import "google/protobuf/any.proto";
import "google/protobuf/duration.proto";
import "google/protobuf/field_mask.proto";
import "google/protobuf/struct.proto";
import "google/protobuf/timestamp.proto";
import "google/protobuf/wrappers.proto";
enum Color { NONE = 0; RED = 1; GREEN = 2; }
message All {
  int32 i32 = 1; int64 i64 = 2; uint64 u64 = 3; double d = 4; float f = 5; bool truth = 6; string text = 7; bytes raw = 8;
  Color color = 9; repeated int32 list = 10; map<string, int64> by_name = 11; map<int32, All> by_number = 12;
  oneof choice { string left = 13; All right = 14; }
  optional int32 maybe = 15; google.protobuf.Timestamp at = 16; google.protobuf.Duration span = 17;
  google.protobuf.Struct struct = 18; google.protobuf.Value value = 19; google.protobuf.Any any = 20;
  google.protobuf.Int64Value wrapped = 21; google.protobuf.FieldMask mask = 22; map<bool, string> by_truth = 23;
  google.protobuf.NullValue nothing = 24;
}
"#;

struct Embedded;

impl FileResolver for Embedded {
    fn open_file(&self, name: &str) -> Result<File, protox::Error> {
        match name {
            "t.proto" => File::from_source("t.proto", TEXT),
            other => Err(protox::Error::file_not_found(other)),
        }
    }
}

fn all() -> (&'static Schema, u32) {
    let mut resolver = ChainFileResolver::new();
    resolver.add(Embedded);
    resolver.add(GoogleFileResolver::new());
    let mut compiler = Compiler::with_file_resolver(resolver);
    let pool: DescriptorPool = compiler.include_imports(true).open_file("t.proto").unwrap().descriptor_pool();
    let schema = schema(&pool);
    (schema, schema.named("t.All").unwrap())
}

fn both_ways(value: &Val) -> Val {
    let (schema, at) = all();
    read(schema, at, &write(schema, at, value).unwrap()).unwrap()
}

fn field(name: &str, value: Val) -> Option<Val> {
    let Val::Map(entries) = both_ways(&Val::map([(name, value)])) else { panic!() };
    entries.into_iter().find(|(key, _)| *key == Val::text(name)).map(|(_, value)| value)
}

#[test]
fn integers_keep_their_digits() {
    assert_eq!(field("i64", Val::Int(i64::MIN)), Some(Val::Int(i64::MIN)));
    assert_eq!(field("i64", Val::text("9007199254740993")), Some(Val::Int(9_007_199_254_740_993)));
    assert_eq!(field("u64", Val::text("18446744073709551615")), Some(Val::text("18446744073709551615")));
    assert_eq!(field("u64", Val::text("9223372036854775808")), Some(Val::text("9223372036854775808")));
    assert_eq!(field("u64", Val::Int(i64::MAX)), Some(Val::Int(i64::MAX)));
    assert_eq!(field("i32", Val::Num(3.0)), Some(Val::Int(3)));
    assert_eq!(field("d", Val::Int(3)), Some(Val::Num(3.0)));
    assert_eq!(field("d", Val::text("-Infinity")), Some(Val::Num(f64::NEG_INFINITY)));
    assert_eq!(field("wrapped", Val::Int(0)), Some(Val::Int(0)));
}

#[test]
fn forms_that_are_taken() {
    for color in [Val::text("GREEN"), Val::Int(2)] {
        assert_eq!(field("color", color), Some(Val::text("GREEN")));
    }
    assert_eq!(field("color", Val::Int(77)), Some(Val::Int(77)));
    assert_eq!(field("raw", Val::Str(vec![0, 255])), Some(Val::Str(vec![0, 255])));
    // Presence: nil is nothing, 0 is something.
    assert_eq!(field("maybe", Val::Int(0)), Some(Val::Int(0)));
    assert_eq!(field("maybe", Val::Null), None);
    assert_eq!(field("i32", Val::Null), Some(Val::Int(0)));
    assert_eq!(field("list", Val::Null), Some(Val::List(vec![])));
    assert_eq!(field("nothing", Val::Null), Some(Val::Null));
    assert_eq!(field("left", Val::text("")), Some(Val::text("")));
    let pair = Val::map([("seconds", Val::Int(1)), ("nanos", Val::Int(500_000_000))]);
    assert_eq!(field("at", pair.clone()), Some(Val::text("1970-01-01T00:00:01.500Z")));
    assert_eq!(field("span", pair), Some(Val::text("1.500s")));
    // What is no time stays what it is.
    let odd = Val::map([("nanos", Val::Int(0)), ("seconds", Val::Int(i64::MAX))]);
    assert_eq!(field("at", odd.clone()), Some(odd));
    assert_eq!(field("mask", Val::text("a_b,c.d")), Some(Val::text("a_b,c.d")));
    assert_eq!(field("value", Val::Null), Some(Val::Null));
    assert_eq!(field("value", Val::List(vec![])), Some(Val::List(vec![])));
    assert_eq!(field("value", Val::Num(0.5)), Some(Val::Num(0.5)));
    let truths = Val::Map(vec![(Val::Bool(true), Val::text("x"))]);
    assert_eq!(field("by_truth", truths.clone()), Some(truths));
    let any = Val::map([
        ("@type", Val::text("type.googleapis.com/other.Message")),
        ("value", Val::Str(vec![1, 2, 255])),
    ]);
    assert_eq!(field("any", any.clone()), Some(any));
    let time = Val::map([
        ("@type", Val::text("type.googleapis.com/google.protobuf.Duration")),
        ("value", Val::text("1s")),
    ]);
    assert_eq!(field("any", time.clone()), Some(time));
}

#[test]
fn what_does_not_fit_is_named_with_its_place() {
    let deep =
        |value: Val| Val::map([("right", Val::map([("by_number", Val::Map(vec![(Val::Int(3), value)]))]))]);
    let list = |items: Vec<Val>| Val::List(items);
    for (value, message, help) in [
        (Val::map([("txt", Val::Int(1))]), "unknown field of t.All: `txt`", "did you mean `text`?"),
        (Val::map([("text", Val::Int(1))]), "`text` must be a string, not a number", ""),
        (Val::map([("text", Val::Str(vec![255]))]), "`text` must be a string in UTF-8", ""),
        (Val::map([("i32", Val::Int(1 << 40))]), "`i32`: 1099511627776 is out of the range of an int32", ""),
        (Val::map([("i32", Val::Num(0.5))]), "`i32` must be a whole number of at most 64 bits, not 0.5", ""),
        (Val::map([("u64", Val::Int(-1))]), "`u64` must be 0 or more, not -1", ""),
        (Val::map([("i64", Val::text("12x"))]), "`i64`: \"12x\" is no decimal 64-bit integer", ""),
        (Val::map([("i64", Val::text("9223372036854775808"))]), "is no decimal 64-bit integer", ""),
        (
            Val::map([("d", Val::Int((1 << 53) + 1))]),
            "`d`: 9007199254740993 has more digits than a double holds",
            "",
        ),
        (Val::map([("f", Val::Num(1e300))]), "`f`: 1e300 is out of the range of a float", ""),
        (Val::map([("color", Val::text("GREN"))]), "`color`: unknown value of t.Color: `GREN`", "`GREEN`"),
        (
            Val::map([("list", list(vec![Val::Int(1), Val::text("x")]))]),
            "`list[2]`: \"x\" is no decimal 64-bit",
            "",
        ),
        (
            Val::map([("list", Val::map([("x", Val::Int(1))]))]),
            "`list` must be a list, not a table with the key \"x\"",
            "",
        ),
        (
            Val::map([("by_name", Val::map([("a", Val::Bool(true))]))]),
            "`by_name[\"a\"]` must be a whole number",
            "",
        ),
        (
            Val::map([("struct", Val::map([("a", list(vec![Val::Num(f64::NAN)]))]))]),
            "`struct[\"a\"][1]`: NaN is no",
            "",
        ),
        (
            deep(Val::map([("truth", Val::Int(1))])),
            "`right.by_number[3].truth` must be true or false, not a number",
            "",
        ),
        (deep(list(vec![Val::Int(1)])), "`right.by_number[3]` must be a table with the names of fields", ""),
        (
            Val::map([("left", Val::text("a")), ("right", Val::Map(vec![]))]),
            "`left` and `right` are both given, but `choice` holds only one",
            "",
        ),
        (Val::map([("by_name", Val::Map(vec![])), ("byName", Val::Map(vec![]))]), "by both of its names", ""),
        (Val::map([("at", Val::text("today"))]), "`at`: `today` is no time of RFC 3339", ""),
        (Val::map([("span", Val::Int(5))]), "`span` must be a duration as in \"1.5s\"", ""),
        (
            Val::map([("any", Val::map([("x", Val::Int(1))]))]),
            "`any` must be a table with the name of a message",
            "",
        ),
        (
            Val::map([("any", Val::map([("@type", Val::text("x.Y"))]))]),
            "the message `x.Y` of `@type` is not known",
            ".proto",
        ),
        (Val::Int(1), "it must be a table of the fields of t.All, not a number", ""),
    ] {
        let (schema, at) = all();
        let Err(Raise::Error { what, help: given }) = write(schema, at, &value) else { panic!("{value:?}") };
        assert!(what.starts_with("cannot send t.All: ") && what.contains(message), "{what}\n{message}");
        assert!(given.unwrap_or_default().contains(help), "{what}: {help}");
    }
}

/// protobuf, Encoding, "Last One Wins": of a field the last one, of messages all together, of a oneof the last field.
#[test]
fn fields_that_come_more_than_once() {
    let (schema, at) = all();
    let bytes = |values: &[Val]| {
        values.iter().flat_map(|value| write(schema, at, value).unwrap()).collect::<Vec<_>>()
    };
    let one = |name, value| Val::map([(name, value)]);
    let get = |bytes: &[u8], name: &str| {
        let Val::Map(entries) = read(schema, at, bytes).unwrap() else { panic!() };
        entries.into_iter().find(|(key, _)| *key == Val::text(name)).map(|(_, value)| value)
    };
    let twice = bytes(&[one("i32", Val::Int(1)), one("text", Val::text("x")), one("i32", Val::Int(2))]);
    assert_eq!((get(&twice, "i32"), get(&twice, "text")), (Some(Val::Int(2)), Some(Val::text("x"))));
    let inner = |name, number| one("right", one(name, Val::Int(number)));
    let merged = get(&bytes(&[inner("i32", 1), inner("i64", 2)]), "right").unwrap();
    let Val::Map(merged) = merged else { panic!() };
    assert!(
        merged.contains(&(Val::text("i32"), Val::Int(1)))
            && merged.contains(&(Val::text("i64"), Val::Int(2)))
    );
    let changed = bytes(&[inner("i32", 1), one("left", Val::text("a")), inner("i64", 2)]);
    let Some(Val::Map(last)) = get(&changed, "right") else { panic!() };
    assert!(last.contains(&(Val::text("i32"), Val::Int(0))) && get(&changed, "left").is_none());
    // A list may come in pieces, packed or not: field 10, varints.
    let pieces = [&[0x52, 2, 1, 2][..], &[0x50, 3], &[0x52, 1, 4]].concat();
    assert_eq!(get(&pieces, "list"), Some(Val::List([1, 2, 3, 4].map(Val::Int).to_vec())));
}
