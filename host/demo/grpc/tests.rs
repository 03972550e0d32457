//! The messages, which are written by hand, against `examples/proto`, which the service shows of itself.

use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage};
use prost_types::{Struct, Timestamp, Value, value};

use super::descriptors::encoded;
use super::messages::*;

fn structure() -> Option<Struct> {
    let value = Value { kind: Some(value::Kind::BoolValue(true)) };
    Some(Struct { fields: [("a".to_owned(), value)].into() })
}

fn document() -> Document {
    let time = |seconds| Some(Timestamp { seconds, nanos: 5 });
    Document { uri: "u".into(), version: -3, fields: structure(), create_time: time(1), update_time: time(2) }
}

/// Every field of the message is set. What another reader, which knows the .proto alone, makes of it must be the same
/// bytes again, with nothing in them that it does not know and nothing missing; `oneofs` counts fields that others of
/// the message exclude.
#[track_caller]
fn compare<M: Message + std::fmt::Debug>(name: &str, message: &M, oneofs: usize) {
    let pool = DescriptorPool::decode(encoded().unwrap()).unwrap();
    let shape =
        pool.get_message_by_name(&format!("documents.v1beta.{name}")).unwrap_or_else(|| panic!("{name}"));
    let bytes = message.encode_to_vec();
    let read = DynamicMessage::decode(shape.clone(), bytes.as_slice()).unwrap();
    assert_eq!(read.unknown_fields().count(), 0, "{name}: a number or a type is not that of the .proto");
    assert_eq!(read.encode_to_vec(), bytes, "{name}");
    let set: Vec<_> = read.fields().collect();
    assert_eq!(set.len(), shape.fields().len() - oneofs, "{name}: not all fields are there");
    let shown = format!("{message:?}");
    for (field, _) in set.iter().filter(|(field, _)| field.containing_oneof().is_none()) {
        assert!(shown.contains(&format!("{}: ", field.name())), "{name} has no {}", field.name());
    }
}

#[test]
fn messages_are_those_of_the_proto() {
    let text = || "text".to_owned();
    compare("Document", &document(), 0);
    for name in ["CreateDocumentRequest", "ImportDocumentsRequest"] {
        compare(name, &NewDocument { collection: text(), document: Some(document()) }, 0);
    }
    for name in ["GetDocumentRequest", "DeleteDocumentRequest", "GetDocumentHistoryRequest"] {
        compare(name, &Address { collection: text(), uri: text() }, 0);
    }
    let update =
        Update { collection: text(), uri: text(), fields: structure(), expected_version: Some(i64::MIN) };
    compare("UpdateDocumentRequest", &update, 0);
    for name in ["CreateDocumentResponse", "GetDocumentResponse", "UpdateDocumentResponse"] {
        compare(name, &One { document: Some(document()) }, 0);
    }
    for name in ["GetDocumentHistoryResponse", "BatchCreateDocumentsResponse"] {
        compare(name, &Many { documents: vec![document(), document()] }, 0);
    }
    compare("DeleteDocumentResponse", &Deleted { success: true }, 0);
    compare("BatchCreateDocumentsRequest", &Batch { collection: text(), documents: vec![document()] }, 0);
    compare("Query", &Filter { filter: structure() }, 0);
    let query = Some(Filter { filter: structure() });
    compare(
        "QueryDocumentsRequest",
        &Asked { collection: text(), query, page_size: 7, page_token: text() },
        0,
    );
    let listed = Listed { documents: vec![document()], next_page_token: text(), total_size: i64::MAX };
    compare("QueryDocumentsResponse", &listed, 0);
    compare("WatchDocumentsRequest", &Watch { collection: text(), include_existing: true, limit: 1 }, 0);
    compare("WatchDocumentsResponse", &Change { kind: 3, document: Some(document()) }, 0);
    compare("ImportFailure", &ImportFailure { uri: text(), message: text() }, 0);
    let failures = vec![ImportFailure { uri: text(), message: text() }];
    compare("ImportDocumentsResponse", &Imported { imported: i64::MAX, failures }, 0);
    for change in [SyncChange::Put(document()), SyncChange::Delete(text())] {
        compare("SyncDocumentsRequest", &Sync { token: text(), collection: text(), change: Some(change) }, 1);
    }
    let failure = SyncFailure { code: 9, message: text() };
    compare("SyncFailure", &failure, 0);
    for result in
        [SyncResult::Document(document()), SyncResult::Deleted(text()), SyncResult::Failure(failure)]
    {
        compare("SyncDocumentsResponse", &Synced { token: text(), result: Some(result) }, 2);
    }
}

/// Those that were compared are all that there are.
#[test]
fn no_message_is_left_out() {
    let pool = DescriptorPool::decode(encoded().unwrap()).unwrap();
    let own = pool.all_messages().filter(|message| message.package_name() == "documents.v1beta");
    assert_eq!(own.count(), 24);
    let kinds = pool.get_enum_by_name("documents.v1beta.ChangeKind").unwrap();
    let named: Vec<(String, i32)> =
        kinds.values().map(|value| (value.name().to_owned(), value.number())).collect();
    let expected = [("CHANGE_KIND_UNSPECIFIED", 0), ("CREATED", 1), ("UPDATED", 2), ("DELETED", 3)];
    assert_eq!(named, expected.map(|(name, number)| (name.to_owned(), number)));
}
