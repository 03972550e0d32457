//! Descriptors from files below the script root: .proto files, compiled here, and sets of descriptors. Used by `source`.

use std::path::{Path, PathBuf};

use prost::Message;
use prost_reflect::DescriptorPool;
use prost_types::FileDescriptorSet;
use protox::Compiler;
use protox::file::{ChainFileResolver, File, FileResolver, GoogleFileResolver};

use super::editions;
use super::schema::Schema;
use crate::exit::Exit;
use crate::fault::{Fault, Place};

fn fault(what: impl Into<String>) -> Fault {
    Fault::new(Exit::Script, what)
}

/// Compiles .proto files with all that they import.
///
/// # Errors
/// A file that is not there, lies elsewhere, or is broken.
pub(super) fn compile(root: &Path, files: &[String], imports: &[String]) -> Result<Schema, Fault> {
    let mut folders = Vec::new();
    for folder in imports {
        folders.push(below(root, folder).ok_or_else(|| {
            fault(format!("the import path `{folder}` is no folder below the script root"))
        })?);
    }
    folders.push(root.canonicalize().unwrap_or_else(|_| root.to_owned()));
    let resolver = Folders { root: root.canonicalize().unwrap_or_else(|_| root.to_owned()), folders };
    let names = files.iter().map(|file| resolver.name(file)).collect::<Result<Vec<_>, _>>()?;
    let mut chain = ChainFileResolver::new();
    let folders = resolver.clone();
    chain.add(resolver);
    chain.add(GoogleFileResolver::new());
    let mut compiler = Compiler::with_file_resolver(chain);
    compiler.include_imports(true).include_source_info(false);
    for (name, written) in names.iter().zip(files) {
        compiler.open_file(name).map_err(|error| broken(&folders, written, &error))?;
    }
    Ok(Schema::new(&compiler.descriptor_pool()))
}

fn broken(folders: &Folders, written: &str, error: &protox::Error) -> Fault {
    // Its debug form is `file:line:column: what`, where the place is known.
    let text = format!("{error:?}");
    let text = text.lines().next().unwrap_or_default();
    let found = fault(format!("cannot load {written}"));
    let found = match placed(text) {
        Some((mut place, why)) => {
            place.source = folders.line(&place.file, place.line);
            let is_edition =
                place.source.as_deref().is_some_and(|line| line.trim_start().starts_with("edition"));
            let why = if is_edition { editions::UNSUPPORTED } else { why };
            found.at(place).why(why)
        }
        None => found.why(text),
    };
    match error.is_file_not_found() || text.contains("not found") {
        true => found.help("imports are looked for in `import_paths`, then in the script root"),
        false => found,
    }
}

/// `file:line:column: what`, taken apart.
fn placed(text: &str) -> Option<(Place, &str)> {
    let (place, why) = text.split_once(": ")?;
    let mut parts = place.rsplitn(3, ':');
    let (column, line, file) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?, parts.next()?);
    Some((Place { file: file.to_owned(), line, column: Some(column), source: None }, why))
}

/// Reads a set of descriptors.
///
/// # Errors
/// A file that is not there, or that is no such set.
pub(super) fn read_set(root: &Path, file: &str) -> Result<Schema, Fault> {
    let Some(path) = below(root, file) else { return Err(absent(root, file)) };
    let bytes = std::fs::read(&path).map_err(|error| fault(format!("cannot read {file}: {error}")))?;
    let help = "write it with `protoc --include_imports -o FILE ...`";
    let no_set = |why: &str| fault(format!("{file} is no set of descriptors: {why}")).help(help);
    let set = FileDescriptorSet::decode(bytes.as_slice())
        .map_err(|_| no_set("failed to decode file descriptor set"))?;
    if set.file.is_empty() {
        return Err(no_set("there is none in it"));
    }
    let unusable = |why: String| fault(format!("{file} cannot be used: {why}"));
    editions::check(&set.file).map_err(unusable)?;
    for importer in &set.file {
        let mut imports = importer.dependency.iter();
        if let Some(missing) = imports.find(|name| set.file.iter().all(|file| file.name() != **name)) {
            let why = format!("it lacks `{missing}`, which `{}` imports", importer.name());
            return Err(unusable(why).help(help));
        }
    }
    // From the bytes: options that this process does not know are lost with what was decoded.
    let pool = DescriptorPool::decode(bytes.as_slice()).map_err(|error| unusable(error.to_string()))?;
    Ok(Schema::new(&pool))
}

/// A path below the root, links followed; None where there is nothing, or it lies elsewhere.
fn below(root: &Path, path: &str) -> Option<PathBuf> {
    let root = root.canonicalize().ok()?;
    root.join(path).canonicalize().ok().filter(|found| found.starts_with(&root))
}

fn absent(root: &Path, file: &str) -> Fault {
    match root.join(file).exists() {
        true if below(root, file).is_some() => fault(format!("`{file}` is no file"))
            .help("name the .proto files themselves; folders to look in are `import_paths`"),
        true => fault(format!("`{file}` lies outside of the script root")),
        false => fault(format!("there is no file `{file}` below the script root")),
    }
}

/// Where .proto files are looked for.
#[derive(Clone)]
struct Folders {
    root: PathBuf,
    /// The import paths, then the root.
    folders: Vec<PathBuf>,
}

impl Folders {
    /// The name that a file has for those that import it: as it is written, or from the root less an import path.
    fn name(&self, written: &str) -> Result<String, Fault> {
        if self
            .folders
            .iter()
            .any(|folder| folder.join(written).is_file() && self.find(folder, written).is_some())
        {
            return Ok(written.to_owned()).map(|name| self.shorten(&name));
        }
        Err(absent(&self.root, written))
    }

    /// `proto/a.proto` with the import path `proto` is `a.proto` to its neighbours.
    fn shorten(&self, written: &str) -> String {
        let from_root = self.root.join(written);
        let shorter = self.folders.iter().filter(|folder| **folder != self.root);
        let shorter = shorter.filter_map(|folder| from_root.strip_prefix(folder).ok()).next();
        match shorter.and_then(Path::to_str) {
            Some(name) if from_root.is_file() => name.to_owned(),
            _ => written.to_owned(),
        }
    }

    /// A line of a file, by the name that others import it by.
    fn line(&self, name: &str, line: usize) -> Option<String> {
        let path = self.folders.iter().find_map(|folder| self.find(folder, name))?;
        let text = std::fs::read_to_string(path).ok()?;
        text.lines().nth(line.checked_sub(1)?).map(str::to_owned)
    }

    fn find(&self, folder: &Path, name: &str) -> Option<PathBuf> {
        folder.join(name).canonicalize().ok().filter(|path| path.starts_with(&self.root))
    }
}

impl FileResolver for Folders {
    fn open_file(&self, name: &str) -> Result<File, protox::Error> {
        for folder in &self.folders {
            if let Some(path) = self.find(folder, name).filter(|path| path.is_file()) {
                return File::open(name, &path);
            }
        }
        Err(protox::Error::file_not_found(name))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use prost_types::FileDescriptorProto;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        folder
    }

    fn compile(folder: &tempfile::TempDir, file: &str, imports: &[&str]) -> Result<Schema, Fault> {
        let imports: Vec<String> = imports.iter().map(|path| (*path).to_owned()).collect();
        super::compile(folder.path(), &[file.to_owned()], &imports)
    }

    #[test]
    fn imports_are_found() {
        let folder = folder(&[
            (
                "proto/a/a.proto",
                "syntax = \"proto3\"; package a; import \"b/b.proto\"; import \"google/protobuf/any.proto\";\
                message A { b.B b = 1; google.protobuf.Any any = 2; } service S { rpc Do(A) returns (stream b.B); }",
            ),
            ("proto/b/b.proto", "syntax = \"proto3\"; package b; message B { int64 n = 1; }"),
        ]);
        for written in ["a/a.proto", "proto/a/a.proto"] {
            let schema = compile(&folder, written, &["proto"]).unwrap();
            let method = schema.method("/a.S/Do").unwrap();
            assert_eq!((&*method.name, method.path.path()), ("a.S/Do", "/a.S/Do"));
            assert!(method.is_server_streaming && !method.is_client_streaming);
            assert_eq!(&*schema.message(method.output).name, "b.B");
        }
        let fault = compile(&folder, "proto/a/a.proto", &[]).unwrap_err();
        assert_eq!(fault.at.as_ref().map(|at| at.line), Some(1), "{}", fault.what);
        assert!(fault.why.unwrap().contains("b/b.proto") && fault.help.is_some(), "{}", fault.what);
    }

    #[test]
    fn editions_are_refused_by_name() {
        let folder =
            folder(&[("a.proto", "// new\nedition = \"2023\";\nmessage A {}\n"), ("sub/b.proto", "")]);
        let fault = compile(&folder, "a.proto", &[]).unwrap_err();
        assert_eq!((fault.at.unwrap().line, fault.why.as_deref()), (2, Some(editions::UNSUPPORTED)));
        assert_eq!(compile(&folder, "sub", &[]).unwrap_err().what, "`sub` is no file");
    }

    #[test]
    fn sets_lack_nothing() {
        let file = |name: &str, syntax: &str, imports: &[&str]| FileDescriptorProto {
            name: Some(name.into()),
            syntax: Some(syntax.into()),
            dependency: imports.iter().map(|name| (*name).to_owned()).collect(),
            ..FileDescriptorProto::default()
        };
        let read = |files: Vec<FileDescriptorProto>| {
            let folder = folder(&[]);
            std::fs::write(folder.path().join("s"), FileDescriptorSet { file: files }.encode_to_vec())
                .unwrap();
            read_set(folder.path(), "s").map(drop).map_err(|fault| fault.what)
        };
        let both = vec![file("a", "proto3", &["b"]), file("b", "proto2", &[])];
        assert_eq!(read(both.clone()), Ok(()));
        let lacks = "s cannot be used: it lacks `b`, which `a` imports";
        assert_eq!(read(both[..1].to_vec()), Err(lacks.into()));
        let edition = read(vec![file("a", "editions", &[])]).unwrap_err();
        assert_eq!(edition, format!("s cannot be used: `a` has an edition: {}", editions::UNSUPPORTED));
        assert!(read(vec![file("a", "proto4", &[])]).unwrap_err().contains("syntax `proto4`"));
        assert_eq!(read(vec![]), Err("s is no set of descriptors: there is none in it".into()));
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        let folder = folder(&[
            ("a.proto", "syntax = \"proto3\";\nmessage A {\n  int65 x = 1;\n}\n"),
            ("b.proto", "syntax = \"proto3\";\nmessage A {\n  int32 x\n}\n"),
        ]);
        let what = |file| compile(&folder, file, &[]).unwrap_err().what;
        let place = |file| {
            let fault = compile(&folder, file, &[]).unwrap_err();
            let at = fault.at.unwrap();
            (fault.what, at.to_string(), at.source.unwrap())
        };
        let own = |file: &str, at: &str, line: &str| {
            (format!("cannot load {file}"), at.to_owned(), line.to_owned())
        };
        assert_eq!(place("a.proto"), own("a.proto", "a.proto:3:3", "  int65 x = 1;"));
        assert_eq!(place("b.proto"), own("b.proto", "b.proto:4:1", "}"));
        assert!(what("c.proto").contains("no file `c.proto`"));
        assert!(what("../../etc/passwd").contains("etc/passwd"));
        assert!(compile(&folder, "a.proto", &["nowhere"]).unwrap_err().what.contains("nowhere"));
    }
}
