//! The documents themselves: collections, versions, history, queries. Knows
//! nothing of any protocol; called by `http`, and by every other door to come.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use jiff::Timestamp;
use parking_lot::Mutex;
use rustc_hash::{FxHashMap, FxHashSet};
use serde::Deserialize;
use serde_json::{Map, Value};
use tokio::sync::broadcast;

use super::changes::{Change, ChangeKind, Changes};

/// The top-level fields of a document.
pub(super) type Fields = Map<String, Value>;

/// Documents on a page when the query names no size.
pub(super) const DEFAULT_PAGE_SIZE: usize = 50;
/// Documents on a page at most; a larger size is read as this one.
pub(super) const MAX_PAGE_SIZE: usize = 1000;

/// One version of a document. A clone shares everything.
#[derive(Clone, Debug)]
pub(super) struct Document {
    pub(super) uri: Arc<str>,
    /// Counts from 1.
    pub(super) version: u64,
    pub(super) fields: Arc<Fields>,
    pub(super) create_time: Timestamp,
    pub(super) update_time: Timestamp,
}

/// A document that is to be created.
#[derive(Debug, Deserialize)]
pub(super) struct Draft {
    pub(super) uri: String,
    pub(super) fields: Fields,
}

/// Which documents of a collection, and which page of them.
#[derive(Debug, Default)]
pub(super) struct Query {
    /// Every field must be present and equal; empty means all documents.
    pub(super) filter: Fields,
    /// 0 means `DEFAULT_PAGE_SIZE`.
    pub(super) page_size: usize,
    /// Empty means the first page.
    pub(super) page_token: String,
}

#[derive(Debug)]
pub(super) struct Page {
    /// In order of creation.
    pub(super) documents: Vec<Document>,
    /// Empty on the last page.
    pub(super) next_page_token: String,
    /// Of all pages together.
    pub(super) total_size: usize,
}

/// Why an operation was refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum StoreError {
    #[error("document `{uri}` not found in collection `{collection}`")]
    NotFound { collection: String, uri: String },
    #[error("document `{uri}` already exists in collection `{collection}`")]
    AlreadyExists { collection: String, uri: String },
    #[error("document `{uri}` is at version {actual}, expected {expected}")]
    VersionDiffers { uri: String, expected: u64, actual: u64 },
    #[error("{0}")]
    Invalid(String),
}

/// All collections. Every operation takes the one lock for as long as it needs
/// to look up and clone a few `Arc`s; the service runs on a single thread, so
/// finer locks would only cost.
#[derive(Default)]
pub(super) struct Store {
    collections: Mutex<FxHashMap<String, Collection>>,
    changes: Changes,
}

#[derive(Default)]
struct Collection {
    documents: FxHashMap<Arc<str>, Entry>,
    /// Creation order: what pages walk, and what their tokens point into.
    order: BTreeMap<u64, Arc<str>>,
    created: u64,
}

struct Entry {
    sequence: u64,
    latest: Document,
    /// Oldest first, without the latest.
    earlier: Vec<Document>,
}

impl Store {
    /// Every change from now on.
    pub(super) fn changes(&self) -> broadcast::Receiver<Change> {
        self.changes.subscribe()
    }

    pub(super) fn create(&self, collection: &str, draft: Draft) -> Result<Document, StoreError> {
        let mut created = self.create_all(collection, vec![draft])?;
        Ok(created.pop().expect("one draft makes one document"))
    }

    /// Creates all of them or, where one is refused, none.
    pub(super) fn create_all(
        &self,
        collection: &str,
        drafts: Vec<Draft>,
    ) -> Result<Vec<Document>, StoreError> {
        let mut collections = self.collections.lock();
        let present = collections.get(collection);
        let mut fresh = FxHashSet::default();
        for draft in &drafts {
            if draft.uri.is_empty() {
                return Err(StoreError::Invalid("`uri` must not be empty".into()));
            }
            let taken = present.is_some_and(|present| present.documents.contains_key(draft.uri.as_str()));
            if taken || (drafts.len() > 1 && !fresh.insert(draft.uri.as_str())) {
                return Err(StoreError::AlreadyExists {
                    collection: collection.into(),
                    uri: draft.uri.clone(),
                });
            }
        }
        if drafts.is_empty() {
            return Ok(Vec::new());
        }
        let target = match collections.get_mut(collection) {
            Some(target) => target,
            None => collections.entry(collection.to_owned()).or_default(),
        };
        let now = Timestamp::now();
        let made: Vec<Document> = drafts.into_iter().map(|draft| target.insert(draft, now)).collect();
        made.iter().for_each(|document| self.changes.tell(ChangeKind::Created, collection, document));
        Ok(made)
    }

    pub(super) fn get(&self, collection: &str, uri: &str) -> Result<Document, StoreError> {
        self.with_entry(collection, uri, |entry| Ok(entry.latest.clone()))
    }

    /// Every version, oldest first.
    pub(super) fn history(&self, collection: &str, uri: &str) -> Result<Vec<Document>, StoreError> {
        self.with_entry(collection, uri, |entry| {
            Ok(entry.earlier.iter().chain([&entry.latest]).cloned().collect())
        })
    }

    /// Merges `fields` into the document's: those given replace theirs or are
    /// added (a null is stored as null), all others stay as they are.
    pub(super) fn update(
        &self,
        collection: &str,
        uri: &str,
        fields: Fields,
        expected_version: Option<u64>,
    ) -> Result<Document, StoreError> {
        self.with_entry(collection, uri, |entry| {
            let old = &entry.latest;
            if let Some(expected) = expected_version.filter(|expected| *expected != old.version) {
                return Err(StoreError::VersionDiffers { uri: uri.into(), expected, actual: old.version });
            }
            let mut merged = Fields::clone(&old.fields);
            merged.extend(fields);
            let next = Document {
                version: old.version + 1,
                fields: Arc::new(merged),
                update_time: Timestamp::now(),
                ..old.clone()
            };
            entry.earlier.push(std::mem::replace(&mut entry.latest, next.clone()));
            self.changes.tell(ChangeKind::Updated, collection, &next);
            Ok(next)
        })
    }

    /// Forgets the document, its history, and the collection with its last one.
    pub(super) fn delete(&self, collection: &str, uri: &str) -> Result<(), StoreError> {
        let mut collections = self.collections.lock();
        let target = collections.get_mut(collection);
        match target.and_then(|target| Some((target.documents.remove(uri)?, target))) {
            None => Err(StoreError::NotFound { collection: collection.into(), uri: uri.into() }),
            Some((entry, target)) => {
                target.order.remove(&entry.sequence);
                self.changes.tell(ChangeKind::Deleted, collection, &entry.latest);
                if target.documents.is_empty() {
                    collections.remove(collection);
                }
                Ok(())
            }
        }
    }

    pub(super) fn query(&self, collection: &str, query: &Query) -> Result<Page, StoreError> {
        let after = parse_token(&query.page_token)?;
        let size = match query.page_size {
            0 => DEFAULT_PAGE_SIZE,
            size => size.min(MAX_PAGE_SIZE),
        };
        let collections = self.collections.lock();
        let mut page = Page { documents: Vec::new(), next_page_token: String::new(), total_size: 0 };
        let Some(target) = collections.get(collection) else {
            return Ok(page);
        };
        let everything = query.filter.is_empty();
        let matches = |uri: &Arc<str>| everything || target.documents[uri].latest.matches(&query.filter);
        page.total_size = match everything {
            true => target.order.len(),
            false => target.order.values().filter(|uri| matches(uri)).count(),
        };
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        let mut last = 0;
        for (sequence, uri) in target.order.range((start, Bound::Unbounded)).filter(|(_, uri)| matches(uri)) {
            if page.documents.len() == size {
                page.next_page_token = format!("p{last:x}");
                break;
            }
            page.documents.push(target.documents[uri].latest.clone());
            last = *sequence;
        }
        Ok(page)
    }

    fn with_entry<T>(
        &self,
        collection: &str,
        uri: &str,
        then: impl FnOnce(&mut Entry) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut collections = self.collections.lock();
        match collections.get_mut(collection).and_then(|target| target.documents.get_mut(uri)) {
            Some(entry) => then(entry),
            None => Err(StoreError::NotFound { collection: collection.into(), uri: uri.into() }),
        }
    }
}

impl Collection {
    fn insert(&mut self, draft: Draft, now: Timestamp) -> Document {
        let uri: Arc<str> = draft.uri.into();
        let sequence = self.created;
        self.created += 1;
        let latest = Document {
            uri: uri.clone(),
            version: 1,
            fields: Arc::new(draft.fields),
            create_time: now,
            update_time: now,
        };
        self.order.insert(sequence, uri.clone());
        self.documents.insert(uri, Entry { sequence, latest: latest.clone(), earlier: Vec::new() });
        latest
    }
}

impl Document {
    fn matches(&self, filter: &Fields) -> bool {
        filter
            .iter()
            .all(|(name, wanted)| self.fields.get(name).is_some_and(|present| equal(present, wanted)))
    }
}

/// Numbers are equal by value: 1 and 1.0 are the same number in JSON.
fn equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) if a.is_f64() != b.is_f64() => a.as_f64() == b.as_f64(),
        _ => a == b,
    }
}

fn parse_token(token: &str) -> Result<Option<u64>, StoreError> {
    if token.is_empty() {
        return Ok(None);
    }
    token
        .strip_prefix('p')
        .and_then(|digits| u64::from_str_radix(digits, 16).ok())
        .map(Some)
        .ok_or_else(|| StoreError::Invalid(format!("page_token `{token}` is not one of ours")))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fields(value: Value) -> Fields {
        value.as_object().unwrap().clone()
    }

    fn draft(uri: &str, value: Value) -> Draft {
        Draft { uri: uri.into(), fields: fields(value) }
    }

    #[test]
    fn an_update_merges_top_level_fields_and_history_keeps_each_version() {
        let store = Store::default();
        store.create("c", draft("a", json!({"x": 1, "y": {"z": 1}}))).unwrap();
        let second = store.update("c", "a", fields(json!({"y": {"w": 2}, "n": null})), Some(1)).unwrap();
        assert_eq!(second.version, 2);
        assert_eq!(*second.fields, fields(json!({"x": 1, "y": {"w": 2}, "n": null})));
        let history = store.history("c", "a").unwrap();
        assert_eq!(history.iter().map(|d| d.version).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(*history[0].fields, fields(json!({"x": 1, "y": {"z": 1}})));
        assert_eq!(
            store.update("c", "a", Fields::new(), Some(1)).unwrap_err(),
            StoreError::VersionDiffers { uri: "a".into(), expected: 1, actual: 2 }
        );
    }

    #[test]
    fn a_batch_is_all_or_nothing() {
        let store = Store::default();
        store.create("c", draft("b", json!({}))).unwrap();
        for batch in [["a", "b"], ["a", "a"], ["a", ""]] {
            let drafts = batch.iter().map(|uri| draft(uri, json!({}))).collect();
            store.create_all("c", drafts).unwrap_err();
            store.get("c", "a").unwrap_err();
        }
        assert_eq!(store.query("c", &Query::default()).unwrap().total_size, 1);
    }

    #[test]
    fn delete_frees_the_document_its_history_and_its_collection() {
        let store = Store::default();
        let first = store.create("c", draft("a", json!({}))).unwrap();
        store.update("c", "a", Fields::new(), None).unwrap();
        store.delete("c", "a").unwrap();
        assert!(store.collections.lock().is_empty());
        assert_eq!(Arc::strong_count(&first.fields), 1);
        assert!(matches!(store.delete("c", "a"), Err(StoreError::NotFound { .. })));
    }

    #[test]
    fn pages_keep_creation_order_and_survive_deletes_between_them() {
        let store = Store::default();
        for n in 0..10 {
            store.create("c", draft(&format!("d{n}"), json!({"even": n % 2 == 0, "n": n}))).unwrap();
        }
        let filter = fields(json!({"even": true}));
        let ask = |page_token: String| {
            let query = Query { filter: filter.clone(), page_size: 2, page_token };
            store.query("c", &query).unwrap()
        };
        let uris = |page: &Page| page.documents.iter().map(|d| d.uri.to_string()).collect::<Vec<_>>();
        let first = ask(String::new());
        assert_eq!((uris(&first), first.total_size), (vec!["d0".to_string(), "d2".into()], 5));
        store.delete("c", "d2").unwrap();
        store.delete("c", "d4").unwrap();
        let second = ask(first.next_page_token);
        assert_eq!((uris(&second), second.total_size), (vec!["d6".to_string(), "d8".into()], 3));
        assert_eq!(second.next_page_token, "");
    }

    #[test]
    fn a_filter_compares_numbers_by_value_and_a_foreign_token_is_refused() {
        let store = Store::default();
        store.create("c", draft("a", json!({"n": 1, "big": u64::MAX}))).unwrap();
        let count = |value: Value| {
            let query = Query { filter: fields(value), ..Query::default() };
            store.query("c", &query).unwrap().total_size
        };
        assert_eq!(count(json!({"n": 1.0})), 1);
        assert_eq!(count(json!({"big": u64::MAX})), 1);
        assert_eq!(count(json!({"big": u64::MAX - 1})), 0);
        assert_eq!(count(json!({"missing": null})), 0);
        for token in ["x", "p", "pxyz", "p-1"] {
            let query = Query { page_token: token.into(), ..Query::default() };
            assert!(matches!(store.query("c", &query), Err(StoreError::Invalid(_))), "{token}");
        }
    }
}
