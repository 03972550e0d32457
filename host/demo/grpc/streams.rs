//! The methods that stream.

use std::pin::Pin;

use futures_util::{Stream, stream};
use tokio::sync::broadcast::error::RecvError;
use tonic::{Request, Response, Status, Streaming};

use super::failure::{echoed, missing, refused};
use super::messages::{
    Change, ImportFailure, Imported, NewDocument, Sync, SyncChange, SyncFailure, SyncResult, Synced, Watch,
};
use super::service::Documents;
use super::shapes::{document, draft};
use crate::demo::changes::ChangeKind;
use crate::demo::store::{Document, Query, StoreError};

pub(super) type Many<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

impl Documents {
    pub(super) async fn watch(&self, request: Request<Watch>) -> Result<Response<Many<Change>>, Status> {
        self.endure().await?;
        let (metadata, _, Watch { collection, include_existing, limit }) = request.into_parts();
        // Listened for before it is looked at: nothing is missed in between.
        let changes = self.store.changes();
        let existing = if include_existing { self.existing(&collection)? } else { Vec::new() };
        let left = usize::try_from(limit).ok().filter(|limit| *limit > 0).unwrap_or(usize::MAX);
        let injector = self.injector.clone();
        let state = (changes, existing.into_iter(), left);
        let events = stream::unfold(state, move |(mut changes, mut existing, left)| {
            let (collection, injector) = (collection.clone(), injector.clone());
            async move {
                let left = left.checked_sub(1)?;
                let (kind, changed) = match existing.next() {
                    Some(document) => (ChangeKind::Created, document),
                    None => loop {
                        match changes.recv().await {
                            Ok(change) if change.collection == collection => {
                                break (change.kind, change.document);
                            }
                            Ok(_) => {}
                            Err(RecvError::Lagged(missed)) => {
                                let status = Status::data_loss(format!("{missed} changes were missed"));
                                return Some((Err(status), (changes, existing, 0)));
                            }
                            Err(RecvError::Closed) => return None,
                        }
                    },
                };
                if let Some(injector) = &injector {
                    injector.pause().await;
                }
                let change = Change { kind: kind as i32, document: Some(document(&changed)) };
                Some((Ok(change), (changes, existing, left)))
            }
        });
        let mut response = Response::new(Box::pin(events) as Many<Change>);
        *response.metadata_mut() = echoed(&metadata);
        Ok(response)
    }

    /// All documents of a collection, in order of creation.
    fn existing(&self, collection: &str) -> Result<Vec<Document>, Status> {
        let mut existing = Vec::new();
        let mut page_token = String::new();
        loop {
            let query = Query { page_size: usize::MAX, page_token, ..Query::default() };
            let page = self.store.query(collection, &query).map_err(|error| refused(&error))?;
            existing.extend(page.documents);
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return Ok(existing);
            }
        }
    }

    pub(super) async fn import(
        &self,
        request: Request<Streaming<NewDocument>>,
    ) -> Result<Response<Imported>, Status> {
        self.endure().await?;
        let (metadata, _, mut documents) = request.into_parts();
        let mut imported = Imported::default();
        while let Some(NewDocument { collection, document }) = documents.message().await? {
            let given = document.ok_or_else(|| missing("document"))?;
            let uri = given.uri.clone();
            match self.store.create(&collection, draft(given)) {
                Ok(_) => imported.imported += 1,
                Err(error) => imported.failures.push(ImportFailure { uri, message: error.to_string() }),
            }
        }
        let mut response = Response::new(imported);
        *response.metadata_mut() = echoed(&metadata);
        Ok(response)
    }

    pub(super) async fn sync(
        &self,
        request: Request<Streaming<Sync>>,
    ) -> Result<Response<Many<Synced>>, Status> {
        self.endure().await?;
        let (metadata, _, changes) = request.into_parts();
        let documents = self.clone();
        let answers = stream::unfold(Some(changes), move |changes| {
            let documents = documents.clone();
            async move {
                let mut changes = changes?;
                let change = match changes.message().await {
                    Ok(change) => change?,
                    Err(status) => return Some((Err(status), None)),
                };
                if let Some(injector) = &documents.injector {
                    injector.pause().await;
                }
                let token = change.token.clone();
                let result = documents.apply(change).unwrap_or_else(|status| {
                    let code = status.code().into();
                    SyncResult::Failure(SyncFailure { code, message: status.message().to_owned() })
                });
                Some((Ok(Synced { token, result: Some(result) }), Some(changes)))
            }
        });
        let mut response = Response::new(Box::pin(answers) as Many<Synced>);
        *response.metadata_mut() = echoed(&metadata);
        Ok(response)
    }

    fn apply(&self, change: Sync) -> Result<SyncResult, Status> {
        let refuse = |error: StoreError| refused(&error);
        let collection = &change.collection;
        match change.change.ok_or_else(|| missing("change"))? {
            SyncChange::Put(given) => {
                let wanted = draft(given);
                let made = match self.store.get(collection, &wanted.uri) {
                    Ok(_) => self.store.update(collection, &wanted.uri, wanted.fields, None),
                    Err(_) => self.store.create(collection, wanted),
                };
                made.map(|made| SyncResult::Document(document(&made))).map_err(refuse)
            }
            SyncChange::Delete(uri) => {
                self.store.delete(collection, &uri).map(|()| SyncResult::Deleted(uri)).map_err(refuse)
            }
        }
    }
}
