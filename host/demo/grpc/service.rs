//! The unary methods.

use std::sync::Arc;

use tonic::{Request, Response, Status};

use super::failure::{echoed, missing, refused};
use super::messages::{Address, Asked, Batch, Deleted, Listed, Many, NewDocument, One, Update};
use super::shapes::{document, draft, fields, many, one};
use crate::demo::faults::Injector;
use crate::demo::store::{Query, Store, StoreError};

/// What answers. A clone shares everything.
#[derive(Clone)]
pub(super) struct Documents {
    pub(super) store: Arc<Store>,
    pub(super) injector: Option<Arc<Injector>>,
}

type Answer<T> = Result<Response<T>, Status>;

impl Documents {
    /// Waits as the faults demand, or fails as they do.
    pub(super) async fn endure(&self) -> Result<(), Status> {
        match &self.injector {
            Some(injector) if injector.strike().await => {
                Err(Status::unavailable("refused by the service's error rate"))
            }
            _ => Ok(()),
        }
    }

    async fn answer<T, M>(
        &self,
        request: Request<T>,
        work: impl FnOnce(&Store, T) -> Result<M, Status>,
    ) -> Answer<M> {
        self.endure().await?;
        let (metadata, _, message) = request.into_parts();
        match work(&self.store, message) {
            Ok(answer) => {
                let mut response = Response::new(answer);
                *response.metadata_mut() = echoed(&metadata);
                Ok(response)
            }
            Err(mut status) => {
                *status.metadata_mut() = echoed(&metadata);
                Err(status)
            }
        }
    }

    pub(super) async fn create(&self, request: Request<NewDocument>) -> Answer<One> {
        self.answer(request, |store, NewDocument { collection, document }| {
            let given = document.ok_or_else(|| missing("document"))?;
            store.create(&collection, draft(given)).map(|made| one(&made)).map_err(refuse)
        })
        .await
    }

    pub(super) async fn get(&self, request: Request<Address>) -> Answer<One> {
        self.answer(request, |store, at| {
            store.get(&at.collection, &at.uri).map(|found| one(&found)).map_err(refuse)
        })
        .await
    }

    pub(super) async fn update(&self, request: Request<Update>) -> Answer<One> {
        self.answer(request, |store, Update { collection, uri, fields: given, expected_version }| {
            let expected = expected_version.map(|version| u64::try_from(version).unwrap_or(0));
            store.update(&collection, &uri, fields(given), expected).map(|made| one(&made)).map_err(refuse)
        })
        .await
    }

    pub(super) async fn delete(&self, request: Request<Address>) -> Answer<Deleted> {
        self.answer(request, |store, at| {
            store.delete(&at.collection, &at.uri).map(|()| Deleted { success: true }).map_err(refuse)
        })
        .await
    }

    pub(super) async fn history(&self, request: Request<Address>) -> Answer<Many> {
        self.answer(request, |store, at| {
            store.history(&at.collection, &at.uri).map(|found| many(&found)).map_err(refuse)
        })
        .await
    }

    pub(super) async fn create_batch(&self, request: Request<Batch>) -> Answer<Many> {
        self.answer(request, |store, Batch { collection, documents }| {
            let drafts = documents.into_iter().map(draft).collect();
            store.create_all(&collection, drafts).map(|made| many(&made)).map_err(refuse)
        })
        .await
    }

    pub(super) async fn query(&self, request: Request<Asked>) -> Answer<Listed> {
        self.answer(request, |store, Asked { collection, query, page_size, page_token }| {
            let page_size = usize::try_from(page_size)
                .map_err(|_| refuse(StoreError::Invalid("`page_size` must not be negative".into())))?;
            let filter = fields(query.unwrap_or_default().filter);
            let page = store.query(&collection, &Query { filter, page_size, page_token }).map_err(refuse)?;
            Ok(Listed {
                documents: page.documents.iter().map(document).collect(),
                next_page_token: page.next_page_token,
                total_size: i64::try_from(page.total_size).unwrap_or(i64::MAX),
            })
        })
        .await
    }
}

fn refuse(error: StoreError) -> Status {
    refused(&error)
}
