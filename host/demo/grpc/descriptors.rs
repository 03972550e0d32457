//! What the service says of itself: `examples/proto`, compiled when it is asked for first.

use std::sync::OnceLock;

use protox::Compiler;
use protox::file::{ChainFileResolver, File, FileResolver, GoogleFileResolver};

const FILES: [(&str, &str); 2] = [
    (
        "documents/v1beta/document.proto",
        include_str!("../../../examples/proto/documents/v1beta/document.proto"),
    ),
    (
        "documents/v1beta/document_service.proto",
        include_str!("../../../examples/proto/documents/v1beta/document_service.proto"),
    ),
];

struct Embedded;

impl FileResolver for Embedded {
    fn open_file(&self, name: &str) -> Result<File, protox::Error> {
        match FILES.iter().find(|(known, _)| *known == name) {
            Some((name, text)) => File::from_source(name, text),
            None => Err(protox::Error::file_not_found(name)),
        }
    }
}

/// The set of descriptors, encoded; the error is a defect that a test would find.
pub(super) fn encoded() -> Result<&'static [u8], String> {
    static ENCODED: OnceLock<Result<Vec<u8>, String>> = OnceLock::new();
    let compile = || {
        let mut resolver = ChainFileResolver::new();
        resolver.add(Embedded);
        resolver.add(GoogleFileResolver::new());
        let mut compiler = Compiler::with_file_resolver(resolver);
        compiler.include_imports(true);
        for (name, _) in FILES {
            compiler.open_file(name).map_err(|error| error.to_string())?;
        }
        Ok(compiler.encode_file_descriptor_set())
    };
    ENCODED.get_or_init(compile).as_deref().map_err(Clone::clone)
}
