//! The engine and its fibers in this process, without a run around them: for
//! tests that need to see inside. Used by `fibers`, `fairness` and `limits`.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use e2e::config::ScriptOptions;
use e2e::data::{Reader, Secrets, Sources};
use e2e::link::TlsOptions;
use e2e::metrics::Recorder;
use e2e::net::{Net, Settings, Tls};
use e2e::script::lua::Lua;
use e2e::script::{Engine, Entry, Outcome, Program, Suite, Task, Vm};
use e2e::vu::{Briefing, Shared, Vu, fiber};
use serde_json::{Map, Value};
use tokio::runtime::{Builder, LocalOptions, LocalRuntime};

/// Long enough for a debug build on a busy machine.
pub const BUDGET: Duration = Duration::from_secs(20);

const MEMORY: usize = 64 << 20;

pub struct Lab {
    pub shared: Rc<Shared>,
    /// What scripts print.
    pub lines: Rc<RefCell<Vec<String>>>,
    /// The lowest stack address that a log call was made from.
    pub deepest: Rc<Cell<usize>>,
    next: Cell<u64>,
    _watch: Option<fiber::Watch>,
}

impl Lab {
    pub fn new(watched: bool) -> Rc<Lab> {
        static NONE: LazyLock<Value> = LazyLock::new(|| Value::Object(Map::new()));
        let lines = Rc::new(RefCell::new(Vec::new()));
        let deepest = Rc::new(Cell::new(usize::MAX));
        let (log, depth) = (lines.clone(), deepest.clone());
        let shared = Shared {
            recorder: RefCell::new(Recorder::new()),
            net: Net::new(Settings::default(), Tls::new(TlsOptions::default())).unwrap(),
            config: &NONE,
            env: &NONE,
            log: Box::new(move |_, _, text| {
                let here = 0u8;
                depth.set(depth.get().min(std::ptr::from_ref(&here).addr()));
                log.borrow_mut().push(text);
            }),
            data: Reader::new(Sources::new(".".into(), Secrets::new(Default::default(), ".".into()))),
            http_debug: None,
            discard_body: false,
            seed: 1,
            started: Instant::now(),
            started_epoch: Shared::epoch_of(Instant::now()),
            options: RefCell::new(ScriptOptions::default()),
            abort: RefCell::new(None),
            interrupted: Cell::new(0),
            briefing: Briefing::default(),
        };
        let _watch = watched.then(fiber::Watch::start);
        Rc::new(Lab { shared: Rc::new(shared), lines, deepest, next: Cell::new(0), _watch })
    }

    pub fn runtime() -> LocalRuntime {
        Builder::new_current_thread().enable_all().build_local(LocalOptions::default()).unwrap()
    }

    /// A class `U` whose one task has this body.
    pub fn program(&self, body: &str) -> Box<dyn Program> {
        let text = format!("local U = User:extend('U')\nU:task('t', function(self)\n{body}\nend)");
        self.program_of(&text)
    }

    pub fn program_of(&self, text: &str) -> Box<dyn Program> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("script.lua");
        std::fs::write(&path, text).unwrap();
        let suite = Suite {
            scripts: vec![path],
            root: folder.path().into(),
            memory_limit: MEMORY,
            ..Suite::default()
        };
        Lua.compile(&suite).unwrap_or_else(|faults| panic!("{}", faults[0].render(false)))
    }

    pub async fn vm(&self, program: &dyn Program, base: Option<&str>) -> Box<dyn Vm> {
        self.next.set(self.next.get() + 1);
        let base = base.map(|base| self.shared.net.base(base).unwrap());
        let vu = Vu::new(self.next.get(), "U".into(), base, self.shared.clone());
        let tasks = [Task { name: "t".into(), weight: 1, ..Task::default() }];
        fiber::call(BUDGET, || program.spawn(vu, "U", &tasks)).unwrap().await.unwrap().unwrap()
    }

    pub async fn run(&self, vm: &mut Box<dyn Vm>, budget: Duration) -> Outcome {
        fiber::call(budget, || vm.call(Entry::Task(0))).unwrap().await.unwrap()
    }

    /// Runs the task until `stop` holds, then interrupts it.
    pub async fn run_until(&self, vm: &mut Box<dyn Vm>, stop: impl Fn() -> bool) -> Outcome {
        let mut call = pin!(fiber::call(BUDGET, || vm.call(Entry::Task(0))).unwrap());
        let mut sleep = pin!(tokio::time::sleep(Duration::from_millis(5)));
        poll_fn(|cx| {
            if stop() {
                call.as_mut().interrupt();
            }
            if sleep.as_mut().poll(cx).is_ready() {
                sleep.set(tokio::time::sleep(Duration::from_millis(5)));
                let _ = sleep.as_mut().poll(cx);
            }
            call.as_mut().poll(cx)
        })
        .await
        .unwrap()
    }

    /// The outcome of one task in a VM of its own, and what it printed.
    pub fn once(body: &str, budget: Duration) -> (Outcome, Vec<String>) {
        let lab = Lab::new(true);
        let outcome = Lab::runtime().block_on(async {
            let program = lab.program(body);
            let mut vm = lab.vm(&*program, None).await;
            lab.run(&mut vm, budget).await
        });
        let lines = lab.lines.take();
        (outcome, lines)
    }
}

/// What a failed task says.
pub fn message(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Raised(fault) | Outcome::Broken(fault) => fault.what.clone(),
        other => format!("{other:?}"),
    }
}
