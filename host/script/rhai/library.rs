//! Compiled scripts: one syntax tree for all VUs of a worker, the sources for error messages, the
//! functions that were defined where, and modules as they are imported. One a worker.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use rhai::{AST, Dynamic, Engine, ImmutableString, Module, Position, Shared};
use rustc_hash::FxHashMap;

use crate::exit::Exit;
use crate::fault::{Fault, Place, closest};
use crate::script::Suite;
use crate::script::sources::{Naming, read, shown};

use super::amended::{self, Inserted};
use super::names::{self, Names, bare_call};
use super::{bind, globals, limits, tops, trace};

/// The standard library's script side, embedded.
const STANDARD: [(&str, &str); 1] = [("e2e/retry", include_str!("../../../stdlib/rhai/e2e/retry.rhai"))];

/// A compiled file.
pub(super) struct Script {
    pub(super) ast: AST,
}

impl Script {
    /// The script with a last statement of the host's.
    fn ended_by(self: Rc<Script>, last: &AST) -> Rc<Script> {
        let mut ast = self.ast.clone();
        ast.combine(last.clone());
        Rc::new(Script { ast })
    }
}

/// A function of a script: where it is from.
pub(super) struct Defined {
    /// What it takes, captured variables first.
    pub(super) params: usize,
    pub(super) source: ImmutableString,
    pub(super) line: usize,
    /// Its last line, where it is written in braces.
    pub(super) end: usize,
    /// The functions of its file.
    pub(super) home: Shared<Module>,
}

/// What all VMs of a worker share.
pub(super) struct Library {
    pub(super) engine: Engine,
    pub(super) scripts: Vec<Rc<Script>>,
    pub(super) memory_limit: usize,
    /// Globals of the API whose values are the same for all VMs, as they were used first.
    pub(super) globals: RefCell<FxHashMap<&'static str, Dynamic>>,
    /// Names of methods that are bound, each with how many arguments it takes.
    methods: BTreeSet<(ImmutableString, usize)>,
    files: Files,
}

/// The files that were compiled so far.
struct Files {
    root: PathBuf,
    /// By name: the text, for error messages.
    sources: RefCell<FxHashMap<String, Rc<str>>>,
    /// By name: what was written into it.
    inserted: RefCell<FxHashMap<String, Inserted>>,
    modules: RefCell<FxHashMap<String, Rc<Script>>>,
    /// Closures, whose names differ.
    closures: RefCell<FxHashMap<ImmutableString, Rc<Defined>>>,
    /// Functions with names, several of which may have the same.
    named: RefCell<Vec<(ImmutableString, Rc<Defined>)>>,
}

impl Library {
    pub(super) fn compile(suite: &Suite) -> Result<Rc<Library>, Vec<Fault>> {
        let files = Files {
            root: suite.root.clone(),
            sources: RefCell::default(),
            inserted: RefCell::default(),
            modules: RefCell::default(),
            closures: RefCell::default(),
            named: RefCell::default(),
        };
        let mut engine = Engine::new();
        limits::set(&mut engine);
        amended::register(&mut engine);
        tops::register(&mut engine);
        let (mut scripts, mut faults, mut names) = (Vec::new(), Vec::new(), Names::default());
        for path in &suite.scripts {
            let compiled = read(path).and_then(|text| files.compile(&engine, &shown(path), &text));
            match compiled {
                Ok(script) => {
                    names.read(&script.ast);
                    scripts.push(script);
                }
                Err(fault) => faults.push(fault),
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        files.compile_imports(&engine, &mut names);
        let shadowing = files.shadowing(&names);
        if !shadowing.is_empty() {
            return Err(shadowing);
        }
        bind::bind(&mut engine, &names);
        let last = engine.compile(format!("{}()", globals::LOADED)).map_err(|error| {
            vec![Fault::new(Exit::Internal, "a script's end cannot be compiled").why(error.to_string())]
        })?;
        let scripts = scripts.into_iter().map(|script| script.ended_by(&last)).collect();
        let memory_limit = suite.memory_limit;
        let globals = RefCell::default();
        Ok(Rc::new(Library { engine, scripts, memory_limit, globals, methods: names.methods, files }))
    }

    /// The module that `import path` means.
    pub(super) fn module(&self, path: &str) -> Result<Rc<Script>, Fault> {
        self.files.module(&self.engine, path)
    }

    /// Whether the engine finds a method of that name by itself, with so many arguments.
    pub(super) fn is_bound(&self, name: &str, count: usize) -> bool {
        self.methods.iter().any(|(known, own)| known == name && *own == count)
    }

    /// The text of a line of a file.
    pub(super) fn line(&self, file: &str, line: usize) -> Option<String> {
        self.files.line(file, line)
    }

    /// The column of a line of a file, for one of what was compiled.
    pub(super) fn column(&self, file: &str, line: usize, column: usize) -> usize {
        self.files.column(file, line, column)
    }

    /// Where the closure called `name` is defined.
    pub(super) fn closure(&self, name: &str) -> Option<Rc<Defined>> {
        self.files.closures.borrow().get(name).cloned()
    }

    /// Where the function called `name` that takes `params` is defined, in `source` if there are several.
    pub(super) fn named(&self, name: &str, source: &str) -> Option<Rc<Defined>> {
        let named = self.files.named.borrow();
        let mut found = named.iter().filter(|(known, _)| known == name).map(|(_, defined)| defined);
        let first = found.next()?;
        Some(std::iter::once(first).chain(found).find(|one| one.source == source).unwrap_or(first).clone())
    }

    /// The innermost function that the line of a file lies in, as stacks call it.
    pub(super) fn around(&self, source: &str, line: usize) -> Option<String> {
        let is_around = |defined: &Defined| {
            defined.source == source && (defined.line..=defined.end.max(defined.line)).contains(&line)
        };
        let (closures, named) = (self.files.closures.borrow(), self.files.named.borrow());
        let all = closures.values().map(|defined| (None, defined));
        let all = all.chain(named.iter().map(|(name, defined)| (Some(name), defined)));
        let (name, defined) = all.filter(|(_, it)| is_around(it)).max_by_key(|(_, it)| it.line)?;
        Some(match name {
            Some(name) => format!("in function '{name}'"),
            None => format!("in the function at line {}", defined.line),
        })
    }

    /// The names of functions in scripts, for suggestions.
    pub(super) fn function_names(&self) -> Vec<ImmutableString> {
        self.files.named.borrow().iter().map(|(name, _)| name.clone()).collect()
    }
}

impl Files {
    fn compile(&self, engine: &Engine, name: &str, text: &str) -> Result<Rc<Script>, Fault> {
        // An editor's byte order mark and a `#!` line are no Rhai.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        self.sources.borrow_mut().insert(name.to_owned(), text.into());
        let body = if text.starts_with("#!") { text.find('\n').map_or("", |end| &text[end..]) } else { text };
        let wrong = |at: Position, what: &str| {
            let line = at.line().unwrap_or(1);
            let column = at.position().map(|column| self.column(name, line, column));
            let place = Place { file: name.to_owned(), line, column, source: self.line(name, line) };
            Fault::new(Exit::Script, what).at(place)
        };
        let compile =
            |body: &str| match names::compile(engine, body) {
                Ok(Ok(ast)) => Ok(ast),
                Ok(Err(at)) => Err(wrong(at, "the comment that begins here has no end")
                    .help("end it with `*/`; comments nest")),
                Err(why) => Err(trace::syntax_fault(&why, name, |line| self.line(name, line))),
            };
        let mut ast = compile(body)?;
        let inserted = amended::insertions(&ast, body);
        if !inserted.is_empty() {
            ast = compile(&amended::amended(body, &inserted))?;
            self.inserted.borrow_mut().insert(name.to_owned(), inserted);
        }
        if let Some(at) = bare_call(&ast) {
            return Err(wrong(at, "'call' is a reserved keyword"));
        }
        ast.set_source(name);
        let ast = tops::noted(engine, ast);
        self.note_functions(&ast, name);
        Ok(Rc::new(Script { ast }))
    }

    fn note_functions(&self, ast: &AST, name: &str) {
        let source = ImmutableString::from(name);
        let (mut closures, mut named) = (self.closures.borrow_mut(), self.named.borrow_mut());
        for function in ast.iter_fn_def() {
            let defined = Rc::new(Defined {
                params: function.params.len(),
                source: source.clone(),
                line: function.body.start_position().line().unwrap_or(0),
                end: function.body.end_position().line().unwrap_or(0),
                home: ast.shared_lib().clone(),
            });
            if is_closure(&function.name) {
                closures.insert(function.name.clone(), defined);
            } else {
                named.push((function.name.clone(), defined));
            }
        }
    }

    /// Compiles the modules that are named so far, and those that they name. What is wrong with one
    /// is told where it is imported.
    fn compile_imports(&self, engine: &Engine, names: &mut Names) {
        let mut seen = BTreeSet::new();
        while let Some(path) = names.imports.iter().find(|path| !seen.contains(*path)).cloned() {
            if let Ok(script) = self.module(engine, &path) {
                names.read(&script.ast);
            }
            seen.insert(path);
        }
    }

    /// What is wrong with functions that have the name of a method of the API which scripts call with as many
    /// arguments: the engine would call the function instead, on whatever object.
    fn shadowing(&self, names: &Names) -> Vec<Fault> {
        let named = self.named.borrow();
        let is_method = |name: &str| bind::methods().any(|known| known == name);
        let shadows = |(name, defined): &&(ImmutableString, Rc<Defined>)| {
            names.methods.contains(&(name.clone(), defined.params)) && is_method(name)
        };
        let fault = |(name, defined): &(ImmutableString, Rc<Defined>)| {
            let what = format!("the function `{name}` would be called in place of the API's method `{name}`");
            let (file, line) = (defined.source.to_string(), defined.line);
            let source = self.line(&file, line);
            let column = source.as_deref().map(|source| crate::script::message::column(source, &what));
            let help = format!("give it another name: `x.{name}(..)` finds functions of scripts first");
            Fault::new(Exit::Script, what).at(Place { file, line, column, source }).help(help)
        };
        named.iter().filter(shadows).map(fault).collect()
    }

    fn module(&self, engine: &Engine, name: &str) -> Result<Rc<Script>, Fault> {
        if let Some(script) = self.modules.borrow().get(name) {
            return Ok(script.clone());
        }
        if let Some(fault) = missing_module(&self.root, name) {
            return Err(fault);
        }
        let path = module_path(&self.root, name);
        let script = match STANDARD.iter().find(|(known, _)| *known == name && !path.is_file()) {
            Some((name, text)) => self.compile(engine, &format!("stdlib/{name}.rhai"), text)?,
            None => self.compile(engine, &shown(&path), &read(&path)?)?,
        };
        self.modules.borrow_mut().insert(name.to_owned(), script.clone());
        Ok(script)
    }

    fn column(&self, file: &str, line: usize, column: usize) -> usize {
        let inserted = self.inserted.borrow();
        inserted.get(file).map_or(column, |inserted| amended::column(inserted, line, column))
    }

    fn line(&self, file: &str, line: usize) -> Option<String> {
        let sources = self.sources.borrow();
        sources.get(file)?.lines().nth(line.checked_sub(1)?).map(str::to_owned)
    }
}

/// Whether a function of that name has none in the script.
pub(super) fn is_closure(name: &str) -> bool {
    name.starts_with("anon$")
}

fn module_path(root: &Path, name: &str) -> PathBuf {
    root.join(format!("{name}.rhai"))
}

/// Why `import name` finds nothing below `root`, where it finds nothing.
pub fn missing_module(root: &Path, name: &str) -> Option<Fault> {
    let valid = |part: &str| !matches!(part, "" | "." | "..") && !part.contains(['\\', '\0']);
    if !name.split('/').all(valid) {
        let fault = Fault::new(Exit::Script, format!("`{name}` is not a module's name"));
        let help = "write it as `utils/client`, without an ending; nothing above the script root is seen";
        return Some(fault.help(help));
    }
    let path = module_path(root, name);
    if path.is_file() || STANDARD.iter().any(|(known, _)| *known == name) {
        return None;
    }
    let mut known: Vec<String> = STANDARD.iter().map(|(name, _)| (*name).to_owned()).collect();
    Naming { ending: "rhai", joint: '/' }.list(root, "", 0, &mut known);
    let what = format!("module `{name}` not found: there is no {}", shown(&path));
    let fault = Fault::new(Exit::Script, what);
    Some(match closest(name, known.iter().map(String::as_str)) {
        Some(best) => fault.help(format!("did you mean `{best}`?")),
        None => fault,
    })
}
