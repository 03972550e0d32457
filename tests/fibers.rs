//! Waiting and stopping anywhere below a script's call, also where coroutine
//! yields cannot; many at once; panics.

use std::cell::Cell;
use std::net::TcpListener;
use std::rc::Rc;
use std::time::Duration;

use e2e::script::Outcome;
use e2e::vu::fiber;

use crate::support::lab::{BUDGET, Lab, message};

/// Where a script can be when it waits: a name, and a body in which `wait()` does.
const PLACES: [(&str, &str); 7] = [
    (
        "a comparator of table.sort",
        "local t = {3,1,2} table.sort(t, function(a, b) wait() return a < b end)
      print(table.concat(t, ','))",
    ),
    ("a callback of string.gsub", "print((('abc'):gsub('%a', function(c) wait() return c:upper() end)))"),
    (
        "a metamethod",
        "local t = setmetatable({}, { __index = function(_, k) wait() return k end,
      __add = function() wait() return 7 end }) print(t.x, t + 1)",
    ),
    ("pcall", "print(pcall(function() wait() error('oops', 0) end))"),
    (
        "a coroutine of the script's own",
        "local co = coroutine.wrap(function() wait() coroutine.yield(1) wait()
      return 2 end) print(co(), co())",
    ),
    (
        "a closed variable's end",
        "do local x <close> = setmetatable({}, { __close = function() wait() end }) end
      print('closed')",
    ),
    ("an iterator", "for x in function(_, last) wait() if not last then return 1 end end do print(x) end"),
];

const EXPECTED: [&str; 7] = ["1,2,3", "ABC", "x\t7", "false\toops", "1\t2", "closed", "1"];

#[test]
fn waits_anywhere() {
    for ((place, body), expected) in PLACES.iter().zip(EXPECTED) {
        let (outcome, lines) = Lab::once(&format!("local function wait() sleep(0.002) end {body}"), BUDGET);
        assert!(matches!(outcome, Outcome::Done), "{place}: {}", message(&outcome));
        assert_eq!(lines, [expected], "{place}");
    }
}

#[test]
fn stops_anywhere() {
    for (place, body) in PLACES {
        // Swallowing the stop must not help, at any depth.
        let body = format!(
            "local n = 0
             local function wait() n = n + 1 if n == 2 then print('parked') end sleep(n == 2 and 1000 or 0.001) end
             while true do pcall(function() xpcall(function() {body} end, function(e) return e end) end) end"
        );
        let lab = Lab::new(true);
        Lab::runtime().block_on(async {
            let program = lab.program(&body);
            let mut vm = lab.vm(&*program, None).await;
            let lines = lab.lines.clone();
            let parked = move || lines.borrow().iter().any(|line| line == "parked");
            let outcome = lab.run_until(&mut vm, parked).await;
            assert!(matches!(outcome, Outcome::Interrupted), "{place}: {}", message(&outcome));
        });
    }
}

#[test]
fn a_dropped_call_runs_to_its_end() {
    let lab = Lab::new(true);
    Lab::runtime().block_on(async {
        let program = lab.program(
            "local x <close> = setmetatable({}, { __close = function() print('closed') end }) sleep(1000)",
        );
        let mut vm = lab.vm(&*program, None).await;
        let early = tokio::time::timeout(Duration::from_millis(20), lab.run(&mut vm, BUDGET)).await;
        assert!(early.is_err());
        // Dropped while it was parked: its frames were left in order, and the VM is whole.
        assert_eq!(*lab.lines.borrow(), ["closed"], "what the script wants closed is closed");
        drop(vm);
    });
}

#[test]
fn twenty_thousand_are_parked_at_once() {
    const SLEEPING: usize = 18_500;
    const REQUESTING: usize = 1_500;
    // Accepts in its backlog, and never answers.
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", server.local_addr().unwrap());
    let accepting = std::thread::spawn(move || {
        let mut kept = Vec::new();
        while kept.len() < REQUESTING {
            kept.push(server.accept().unwrap());
        }
        kept
    });
    let lab = Lab::new(true);
    let runtime = Lab::runtime();
    let (parked, ended, stop) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(0)), Rc::new(Cell::new(false)));
    let sleeping: Rc<dyn e2e::script::Program> = lab.program("print('in') sleep(1000)").into();
    let requesting: Rc<dyn e2e::script::Program> = lab.program("print('in') http.get('/')").into();
    runtime.block_on(async {
        let mut tasks = Vec::new();
        for number in 0..SLEEPING + REQUESTING {
            let (lab, base, stop, ended) = (lab.clone(), base.clone(), stop.clone(), ended.clone());
            let (program, base) = match number < SLEEPING {
                true => (sleeping.clone(), None),
                false => (requesting.clone(), Some(base)),
            };
            let parked = parked.clone();
            tasks.push(tokio::task::spawn_local(async move {
                let mut vm = lab.vm(&*program, base.as_deref()).await;
                parked.set(parked.get() + 1);
                let mut call =
                    std::pin::pin!(fiber::call(BUDGET, || vm.call(e2e::script::Entry::Task(0))).unwrap());
                let outcome = std::future::poll_fn(|cx| {
                    if stop.get() {
                        call.as_mut().interrupt();
                    }
                    call.as_mut().poll(cx)
                });
                let outcome = outcome.await.unwrap();
                assert!(matches!(outcome, Outcome::Interrupted), "{}", message(&outcome));
                ended.set(ended.get() + 1);
            }));
            if number % 500 == 0 {
                tokio::task::yield_now().await;
            }
        }
        while lab.lines.borrow().len() < SLEEPING + REQUESTING {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(parked.get(), SLEEPING + REQUESTING);
        assert_eq!(ended.get(), 0, "all are parked at the same time");
        let connections = tokio::task::spawn_blocking(move || accepting.join().unwrap()).await.unwrap();
        assert_eq!(connections.len(), REQUESTING);
        stop.set(true);
        // Nobody woke them: dropping each future's timer would be cheating, so abort wakes.
        for task in &tasks {
            task.abort();
        }
        for task in tasks {
            let _ = task.await;
        }
    });
}

#[test]
fn a_panic_ends_its_own_call_only() {
    Lab::runtime().block_on(async {
        let failed = fiber::call(BUDGET, || panic!("boom")).unwrap().await;
        assert_eq!(failed.map(|()| 0), Err(fiber::Failed::Panic("boom".into())));
        let waited = fiber::call(BUDGET, || {
            let future = Box::pin(async { panic!("in a future") });
            fiber::wait::<std::pin::Pin<Box<dyn Future<Output = ()>>>>(future)
        });
        assert_eq!(waited.unwrap().await, Ok(Err(fiber::Interrupted)));
        let fine = fiber::call(BUDGET, || fiber::wait(Box::pin(async { 7 }))).unwrap().await;
        assert_eq!(fine, Ok(Ok(7)), "the pool's stacks are still good");
    });
}

#[test]
fn fibers_nest_no_deeper_than_they_run() {
    // A fiber that awaits nothing ends at its first poll, and outside of one nothing can be waited for.
    assert_eq!(fiber::wait(Box::pin(async { 1 })), Err(fiber::Interrupted));
    assert_eq!(fiber::tick(), Ok(()));
    assert_eq!(fiber::doom(), None);
}
