//! Scripts that mean harm, or go wrong: an error each time, never a crash or a hang.

use std::time::{Duration, Instant};

use e2e::script::Outcome;
use e2e::vu::fiber;

use crate::support::lab::{BUDGET, Lab, message};

const SHORT: Duration = Duration::from_millis(150);

fn fails(body: &str, budget: Duration) -> (String, Outcome) {
    let (outcome, _) = Lab::once(body, budget);
    let text = message(&outcome);
    assert!(matches!(outcome, Outcome::Raised(_) | Outcome::Broken(_)), "{body}: {text}");
    (text, outcome)
}

#[test]
fn memory_bombs_end_in_an_error() {
    for bomb in [
        "local t = {} while true do t[#t + 1] = {} end",
        "local s = 'x' while true do s = s .. s end",
        "local s = ('x'):rep(1e9) print(#s)",
        "local t = {} while true do t[#t + 1] = function() return t end end",
        "local t = {} while true do t[#t + 1] = coroutine.create(function() end) end",
        "local t = {} for i = 1, 1e9 do t[i] = i end",
        "local t = {} while true do t[#t + 1] = ('x'):rep(1000) .. #t end",
        "local t = {} while true do t[#t + 1] = json.decode('[1,2,3]') end",
        "local t = {} while true do t[#t + 1] = uuid.v4() end",
        "print(table.concat({('x'):rep(2e7), ('y'):rep(2e7), ('z'):rep(2e7)}))",
    ] {
        let (text, outcome) = fails(bomb, BUDGET);
        assert!(text.contains("memory limit exceeded: one VU may hold 64MiB"), "{bomb}: {text}");
        let Outcome::Broken(fault) = outcome else { panic!("{bomb}: the VM must be replaced") };
        // The place is known where a new object was refused, not where a table should have grown.
        if let Some(at) = fault.at {
            assert_eq!(at.line, 3, "{bomb}");
        }
    }
}

#[test]
fn recursion_ends_in_an_error() {
    for (body, expected) in [
        ("local function f() return 1 + f() end f()", "stack overflow"),
        ("local function f() pcall(f) error('deep') end f()", ""),
        ("local function f(s) return (s:gsub('.', f)) end f('x')", "C stack overflow"),
        ("local function f() local t = {1,2} table.sort(t, f) return false end f()", "C stack overflow"),
        (
            "local t = setmetatable({}, {}) getmetatable(t).__index = function(t, k) return t[k .. 'x'] end print(t.a)",
            "overflow",
        ),
        (
            "local t = setmetatable({}, {}) getmetatable(t).__tostring = function(t) return tostring(t) end tostring(t)",
            "C stack overflow",
        ),
        (
            "local t = setmetatable({}, {}) getmetatable(t).__tostring = function(t) return string.format('%s', t) end tostring(t)",
            "C stack overflow",
        ),
        (
            "local t = setmetatable({}, {}) getmetatable(t).__eq = function(a, b) return a == setmetatable({}, getmetatable(b)) end return t == setmetatable({}, getmetatable(t))",
            "overflow",
        ),
        ("local function f() return coroutine.wrap(f)() end f()", "C stack overflow"),
        (
            "local function f() local a, b = coroutine.resume(coroutine.create(f)) error(b, 0) end f()",
            "C stack overflow",
        ),
        ("local function f(x) return check(x, { a = function() f(x) end }) end f(1)", "stack overflow"),
        ("local function f() xpcall(error, f) error('x') end f()", ""),
        ("local t = {} t.t = t json.encode(t)", "nest too deeply"),
        ("json.decode(('['):rep(10000))", "recursion limit"),
        ("local s = ('('):rep(100) .. 'a' .. (')'):rep(100) return ('a'):find(s)", "too many captures"),
        ("return (('a'):rep(300000)):find(('a?'):rep(300000) .. 'b')", "too complex"),
        ("string.rep('x', -1) return ('x'):rep(1e15)", "resulting string too large"),
    ] {
        let (outcome, _) = Lab::once(body, Duration::from_secs(5));
        let text = message(&outcome);
        assert!(matches!(outcome, Outcome::Raised(_) | Outcome::Broken(_)), "{body}: {text}");
        // Lua's own limit of a million slots, or the memory for the calls, whichever comes first.
        let either = expected.ends_with("overflow") && text.contains("memory limit exceeded");
        assert!(text.contains(expected) || either, "{body}: {text}");
    }
}

/// The deepest nests of C calls that Lua permits, with a host call at the bottom, stay clear of
/// the guard page by half of the stack.
#[test]
fn the_deepest_permitted_nest_fits_the_stack() {
    for body in [
        "local function f(s) print('') return (s:gsub('.', f)) end f('x')",
        "local function f() print('') local t = {1,2} table.sort(t, f) return false end f()",
        "local function f() print('') return coroutine.wrap(f)() end f()",
        "local t = setmetatable({}, {}) getmetatable(t).__tostring = function(t) print('') return string.format('%s', t) end tostring(t)",
        "local function f(x) print('') return check(x, { a = function() f(x) end }) end f(1)",
        "local function f(s) print('') return (s:gsub('.', function(c) return coroutine.wrap(f)(c) end)) end f('x')",
        "local t = setmetatable({}, {}) getmetatable(t).__index = function(t, k) print('') return table.concat(t, '', 1, 1) end print(t[1])",
    ] {
        let lab = Lab::new(true);
        let used = Lab::runtime().block_on(async {
            let program = lab.program(body);
            let mut vm = lab.vm(&*program, None).await;
            let top = std::cell::Cell::new(0);
            let outcome = fiber::call(BUDGET, || {
                let here = 0u8;
                top.set(std::ptr::from_ref(&here).addr());
                vm.call(e2e::script::Entry::Task(0))
            });
            let outcome = outcome.unwrap().await.unwrap();
            assert!(matches!(outcome, Outcome::Raised(_)), "{body}: {}", message(&outcome));
            top.get() - lab.deepest.get()
        });
        println!("{} KiB: {body}", used / 1024);
        assert!(used > 10_000, "it did nest: {used} bytes for {body}");
        assert!(used < fiber::STACK_SIZE / 2, "{used} bytes for {body}");
    }
}

#[test]
fn endless_loops_end_in_an_error_that_names_the_budget() {
    for body in [
        "while true do end",
        "while true do pcall(function() while true do end end) end",
        "local function f() while true do end end while true do xpcall(f, function() while true do end end) end",
        "while true do local co = coroutine.wrap(function() while true do end end) pcall(co) end",
        "while true do coroutine.resume(coroutine.create(function() while true do pcall(error) end end)) end",
        "do local x <close> = setmetatable({}, { __close = function() while true do end end }) end",
        "local t = setmetatable({}, { __index = function() while true do end end }) return t.x",
        "('x'):gsub('.', function() while true do end end)",
        "table.sort({1,2,3}, function() while true do end end)",
        "return ('a'):rep(200):find('.-.-.-.-b')",
        "return (('a'):rep(30000)):gsub('.-.-b', '')",
        "for _ in (('a'):rep(5000)):gmatch('.-.-.-b') do end",
        "local co = coroutine.create(function() local x <close> = setmetatable({}, { __close = function() while true do end end }) coroutine.yield() end)
         coroutine.resume(co) while true do pcall(coroutine.close, co) end",
        "goto top ::top:: goto top",
    ] {
        let begun = Instant::now();
        let (text, outcome) = fails(body, SHORT);
        assert!(text.contains("cpu budget exceeded: the call ran for 150ms without an end"), "{body}: {text}");
        let Outcome::Broken(fault) = outcome else { panic!("{body}: the VM must be replaced") };
        let at = fault.at.expect("it names script and line");
        assert!(at.file.ends_with("script.lua") && (3..=4).contains(&at.line), "{body}: {at:?}");
        assert!(begun.elapsed() < Duration::from_secs(8), "{body}");
    }
}

#[test]
fn loops_in_c_are_bounded() {
    for (body, expected) in [
        ("table.move({}, 1, 1e15, 2)", "too many elements to move"),
        ("return (''):rep(1e18)", ""),
        ("table.unpack({}, 1, 1e8)", "too many results to unpack"),
    ] {
        let begun = Instant::now();
        let (outcome, _) = Lab::once(body, SHORT);
        if !expected.is_empty() {
            assert!(message(&outcome).contains(expected), "{body}: {}", message(&outcome));
        }
        assert!(begun.elapsed() < Duration::from_secs(2), "{body}");
    }
}

#[test]
fn finalizers_are_refused() {
    let body = "setmetatable({}, { __gc = function() while true do end end })";
    assert!(fails(body, BUDGET).0.contains("`__gc` is not available"));
    // Set later it has no effect, in Lua itself.
    let (outcome, _) = Lab::once(
        "local mt = {} for i = 1, 1000 do setmetatable({}, mt) end mt.__gc = function() while true do end end
         local t = {} for i = 1, 1e5 do t = { t = i } end",
        BUDGET,
    );
    assert!(matches!(outcome, Outcome::Done), "{}", message(&outcome));
}

/// What an idle user of the smoke suite is mostly made of.
#[test]
fn a_vm_of_the_smoke_suite_is_small() {
    let lab = Lab::new(true);
    let text = std::fs::read_to_string("scripts/suites/smoke.lua").unwrap();
    let held = Lab::runtime().block_on(async {
        let program =
            lab.program_of(&text.replace("SmokeTestUser", "U").replace("\"health_check\"", "\"t\""));
        lab.vm(&*program, None).await.memory()
    });
    println!("a VM of the smoke suite: {} KiB", held / 1024);
    assert!((8 << 10..32 << 10).contains(&held), "{held} bytes");
}

/// Pure computation with the budget and the watchdog on takes at most 1.05 times as long.
#[test]
fn budgets_cost_honest_scripts_nothing() {
    let body = "local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end fib(29)";
    let time = |watched: bool| {
        let lab = Lab::new(watched);
        Lab::runtime().block_on(async {
            let program = lab.program(body);
            let mut vm = lab.vm(&*program, None).await;
            let begun = fiber::thread_cpu();
            let outcome = lab.run(&mut vm, BUDGET).await;
            assert!(matches!(outcome, Outcome::Done), "{}", message(&outcome));
            (fiber::thread_cpu() - begun).as_secs_f64()
        })
    };
    // The fastest of many: the machine's noise only ever adds.
    let (mut with, mut without) = (f64::MAX, f64::MAX);
    for round in 0..150 {
        with = with.min(time(true));
        without = without.min(time(false));
        if round >= 5 && with <= without * 1.05 {
            break;
        }
    }
    println!("with {with:.4} s, without {without:.4} s");
    assert!(with <= without * 1.05, "with {with:.4} s, without {without:.4} s");
}
