//! `import "utils/client" as client`: a module below the script root, or of the standard library, whose
//! top level runs once a VM.

use rhai::{Engine, EvalAltResult, GlobalRuntimeState, Module, ModuleResolver, Position, Scope, Shared};

use super::bind::error;
use super::state::{Loaded, State, Unit};

pub(super) struct Resolver;

type Found = Result<Shared<Module>, Box<EvalAltResult>>;

impl ModuleResolver for Resolver {
    fn resolve(&self, engine: &Engine, source: Option<&str>, path: &str, at: Position) -> Found {
        let mut global = engine.new_global_runtime_state();
        global.source = source.map(Into::into);
        self.resolve_raw(engine, &mut global, &mut Scope::new(), path, at)
    }

    fn resolve_raw(
        &self,
        engine: &Engine,
        global: &mut GlobalRuntimeState,
        _: &mut Scope<'_>,
        path: &str,
        at: Position,
    ) -> Found {
        let placed = |mut error: Box<EvalAltResult>| {
            error.set_position(at);
            error
        };
        let Some(state) = State::current() else { return Err(placed(error("no script runs"))) };
        let known = state.modules.borrow().iter().find(|(known, _)| known == path).map(|(_, it)| match it {
            Loaded::Module(module) => Some(module.clone()),
            Loaded::Loading => None,
        });
        match known {
            Some(Some(module)) => return Ok(module),
            Some(None) => return Err(placed(error(format!("module `{path}` imports itself")))),
            None => {}
        }
        let script = state.library.module(path).map_err(|fault| match fault.at {
            // What is wrong with its text is told at its own place.
            Some(place) => {
                let position = Position::new(
                    u16::try_from(place.line).unwrap_or(u16::MAX).max(1),
                    u16::try_from(place.column.unwrap_or(0)).unwrap_or(0),
                );
                let mut inner = error(fault.what);
                inner.set_position(position);
                Box::new(EvalAltResult::ErrorInModule(place.file, inner, at))
            }
            None => {
                let help = fault.help.map(|help| format!(" ({help})")).unwrap_or_default();
                placed(error(format!("{}{help}", fault.what)))
            }
        })?;
        state.modules.borrow_mut().push((path.into(), Loaded::Loading));
        let mut own = engine.new_global_runtime_state();
        own.level = global.level + 1;
        let loaded = Module::eval_ast_as_new_raw(engine, &mut Scope::new(), &mut own, &script.ast);
        let mut modules = state.modules.borrow_mut();
        modules.retain(|(known, _)| known != path);
        let name = script.ast.source().unwrap_or(path);
        let module =
            loaded.map_err(|inner| Box::new(EvalAltResult::ErrorInModule(name.to_owned(), inner, at)))?;
        let module = Shared::new(module);
        modules.push((path.into(), Loaded::Module(module.clone())));
        drop(modules);
        note_unit(&state, script.ast.shared_lib(), &module);
        Ok(module)
    }
}

/// What functions of the module see when the host calls them later.
fn note_unit(state: &State, home: &Shared<Module>, module: &Module) {
    let imports = module.iter_sub_modules().map(|(name, module)| (name.into(), module.clone())).collect();
    match state.unit(home) {
        Some(unit) => {
            unit.imports.replace(imports);
        }
        None => state.units.borrow_mut().push(std::rc::Rc::new(Unit {
            home: home.clone(),
            source: module.id().map(Into::into),
            imports: imports.into(),
            constants: Default::default(),
        })),
    }
}
