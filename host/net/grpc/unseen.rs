//! Methods of a server that could not be asked what it has: a name and nothing else, so that calls of them can be counted
//! as failed. Used by `api::grpc`.

use std::sync::OnceLock;

use http::uri::PathAndQuery;
use parking_lot::Mutex;
use prost_reflect::DescriptorPool;
use rustc_hash::FxHashMap;

use super::schema::{Method, Schema};

/// More names than the scripts of a run have; what is made up as it runs is not kept without end.
const MOST: usize = 4096;

type Known = FxHashMap<(Box<str>, bool), &'static Method>;

static KNOWN: OnceLock<Mutex<Known>> = OnceLock::new();

impl Schema {
    /// That of a server which nothing is known of.
    pub fn unseen() -> &'static Schema {
        static NOTHING: OnceLock<Schema> = OnceLock::new();
        NOTHING.get_or_init(|| Schema::new(&DescriptorPool::new()))
    }

    pub fn is_unseen(&self) -> bool {
        self.methods().next().is_none()
    }
}

impl Method {
    /// A method by its name, with or without a slash before it. It has no messages. None for what cannot be one's name.
    pub fn unseen(name: &str, is_streaming: bool) -> Option<&'static Method> {
        let name = name.strip_prefix('/').unwrap_or(name);
        let mut known = KNOWN.get_or_init(Mutex::default).lock();
        let key = (Box::from(name), is_streaming);
        if let Some(method) = known.get(&key) {
            return Some(method);
        }
        name.split_once('/').filter(|(service, method)| !service.is_empty() && !method.is_empty())?;
        let path = PathAndQuery::try_from(format!("/{name}")).ok()?;
        if known.len() >= MOST {
            return None;
        }
        let method = Method {
            name: name.into(),
            path,
            input: 0,
            output: 0,
            is_client_streaming: is_streaming,
            is_server_streaming: is_streaming,
        };
        // Whoever counts a call keeps its method, until the process ends.
        let method: &'static Method = Box::leak(Box::new(method));
        known.insert(key, method);
        Some(method)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_kept_once() {
        let method = Method::unseen("/a.B/C", false).unwrap();
        assert_eq!((&*method.name, method.path.path(), method.rpc_type()), ("a.B/C", "/a.B/C", "unary"));
        assert!(std::ptr::eq(method, Method::unseen("a.B/C", false).unwrap()));
        assert!(["", "C", "/C", "a.B/", "a b/C d"].iter().all(|name| Method::unseen(name, true).is_none()));
        assert!(Schema::unseen().is_unseen());
    }
}
