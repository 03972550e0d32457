//! A Lua state of one VU: its memory account, its context, its life. Everything
//! else in this folder works on a `*mut lua_State` that belongs to a `State`.
//!
//! Rules of this folder, which its `unsafe` blocks lean on:
//! - Lua raises by `longjmp`. No Rust value with a destructor may be alive in a frame
//!   that a raise can cross. So C functions are split: an outer `extern "C-unwind"`
//!   function that owns nothing and raises, and an inner one that returns a `Result`.
//! - Inner functions call only what cannot raise: raw access, pushes, `lua_checkstack`,
//!   protected calls. Pushes cannot fail for want of memory there, because the account
//!   is relaxed (see [`Memory`]); the limit bites at the script's next own allocation.

use std::cell::{Cell, RefCell};
use std::ffi::{c_int, c_void};
use std::ptr;
use std::rc::Rc;

use libmimalloc_sys as mimalloc;
use mlua_sys as ffi;
use mlua_sys::lua_State;

use crate::vu::Vu;

use super::program::Library;

/// What a VM has allocated, and may.
pub(super) struct Memory {
    used: Cell<usize>,
    limit: usize,
    relaxed: Cell<bool>,
    /// The thread that runs just now; null between calls.
    pub(super) running: Cell<*mut lua_State>,
    /// Where the script was when an allocation was refused last.
    pub(super) refused_at: RefCell<String>,
}

impl Memory {
    /// While host code runs, allocations pass the limit, so that nothing is raised across it.
    pub(super) fn relax(&self, relaxed: bool) -> bool {
        self.relaxed.replace(relaxed)
    }

    /// Notes the place: Lua calls no message handler for want of memory. Only where a new object
    /// was wanted: while Lua moves a thread's stack, that stack must not be looked at.
    fn note_refusal(&self, is_new: bool) {
        let lua = self.running.get();
        if is_new && !lua.is_null() {
            // SAFETY: a live thread; looking at its calls neither allocates nor raises.
            *self.refused_at.borrow_mut() = unsafe { super::trace::nearest_position(lua) };
        }
    }
}

/// What C functions find behind the state, in its extra space.
pub(super) struct Context {
    pub(super) memory: Memory,
    pub(super) vu: Rc<Vu>,
    pub(super) library: Rc<Library>,
    /// The script's top level is being run: no request may be made.
    pub(super) loading: Cell<bool>,
    /// How many host functions are calling back into the script, one within the other.
    pub(super) depth: Cell<u32>,
    /// The traceback of the error that is being raised, written by the message handler.
    pub(super) trace: RefCell<Vec<String>>,
    /// The `http` table, which is every client as well: a call through it passes itself.
    pub(super) http: Cell<*const c_void>,
    /// The metatable of all host userdata, once there is one; it is never collected.
    pub(super) metatable: Cell<*const c_void>,
}

pub(super) struct State {
    lua: *mut lua_State,
    context: Box<Context>,
}

/// The collector starts its next cycle once memory has doubled, in per cent of what was left
/// after the one before (Lua's own default). A response's body is not on Lua's side and goes when
/// its task ends, so a small pause is not needed to keep it from piling up.
const GC_PAUSE: c_int = 200;
const GC_STEP_MULTIPLIER: c_int = 100;

unsafe extern "C" fn allocate(data: *mut c_void, block: *mut c_void, old: usize, new: usize) -> *mut c_void {
    // SAFETY: `data` is the `Memory` that `State::new` passed, which outlives the state; Lua
    // gives the size that it allocated the block with, or a type tag where there is no block.
    unsafe {
        let memory = &*data.cast::<Memory>();
        let old = if block.is_null() { 0 } else { old };
        if new == 0 {
            if old > 0 {
                mimalloc::mi_free(block);
                memory.used.set(memory.used.get() - old);
            }
            return ptr::null_mut();
        }
        let used = memory.used.get() - old + new;
        if new > old && used > memory.limit && !memory.relaxed.get() {
            memory.note_refusal(old == 0);
            return ptr::null_mut();
        }
        // Past Rust's allocator, whose interface asks for alignments that Lua does not need.
        let block = if old == 0 { mimalloc::mi_malloc(new) } else { mimalloc::mi_realloc(block, new) };
        if !block.is_null() {
            memory.used.set(used);
        }
        block
    }
}

impl State {
    /// An empty state with at most `limit` bytes. None when there is no memory for it.
    pub(super) fn new(vu: Rc<Vu>, library: Rc<Library>, limit: usize) -> Option<State> {
        let context = Box::new(Context {
            memory: Memory {
                used: Cell::new(0),
                limit,
                relaxed: Cell::new(false),
                running: Cell::new(ptr::null_mut()),
                refused_at: RefCell::default(),
            },
            depth: Cell::new(0),
            vu,
            library,
            loading: Cell::new(true),
            trace: RefCell::new(Vec::new()),
            http: Cell::new(ptr::null()),
            metatable: Cell::new(ptr::null()),
        });
        let memory = (&raw const context.memory).cast_mut().cast::<c_void>();
        // SAFETY: the account and the context are boxed with the state and freed after it.
        let lua = unsafe { ffi::lua_newstate(allocate, memory) };
        if lua.is_null() {
            return None;
        }
        // SAFETY: the extra space of a state is one pointer wide and ours; coroutines copy it.
        unsafe {
            ffi::lua_getextraspace(lua).cast::<*const Context>().write(&raw const *context);
            ffi::lua_gc(lua, ffi::LUA_GCINC, GC_PAUSE, GC_STEP_MULTIPLIER, 0);
            // What loading allocates stays: collecting starts with the first call.
            ffi::lua_gc(lua, ffi::LUA_GCSTOP);
        }
        Some(State { lua, context })
    }

    /// Turns the collector on.
    pub(super) fn collect_from_now(&self) {
        // SAFETY: sets a flag and a counter.
        unsafe { ffi::lua_gc(self.lua, ffi::LUA_GCRESTART) };
    }

    pub(super) fn lua(&self) -> *mut lua_State {
        self.lua
    }

    pub(super) fn context(&self) -> &Context {
        &self.context
    }

    /// Bytes that the VM holds.
    pub(super) fn used(&self) -> usize {
        self.context.memory.used.get()
    }
}

impl Drop for State {
    fn drop(&mut self) {
        // SAFETY: no fiber is in the VM: `&mut self` is the only way in.
        unsafe { ffi::lua_close(self.lua) }
    }
}

/// The context of the VM that `lua` (or a coroutine of it) belongs to.
///
/// # Safety
/// `lua` must be a thread of a live `State`.
pub(super) unsafe fn context<'a>(lua: *mut lua_State) -> &'a Context {
    // SAFETY: written by `State::new`.
    unsafe { &**ffi::lua_getextraspace(lua).cast::<*const Context>() }
}

/// Pushes a string.
///
/// # Safety
/// Needs a free stack slot; raises only for want of memory, so not within a relaxed account.
pub(super) unsafe fn push_str(lua: *mut lua_State, text: impl AsRef<[u8]>) {
    let text = text.as_ref();
    // SAFETY: the bytes are valid and copied.
    unsafe { ffi::lua_pushlstring(lua, text.as_ptr().cast(), text.len()) };
}

/// The bytes of the string at `index`; empty for any other value (numbers are not converted).
///
/// # Safety
/// The value must stay on the stack (or otherwise reachable) for 'a.
pub(super) unsafe fn str_at<'a>(lua: *mut lua_State, index: c_int) -> &'a [u8] {
    // SAFETY: `lua_tolstring` on a string returns a pointer to its bytes without converting.
    unsafe {
        if ffi::lua_type(lua, index) != ffi::LUA_TSTRING {
            return &[];
        }
        let mut len = 0;
        let bytes = ffi::lua_tolstring(lua, index, &raw mut len);
        std::slice::from_raw_parts(bytes.cast(), len)
    }
}

/// Raw `table[name]`, pushed. Returns its type.
///
/// # Safety
/// `index` must be a table; needs two free slots.
pub(super) unsafe fn raw_field(lua: *mut lua_State, index: c_int, name: &str) -> c_int {
    // SAFETY: as the caller promised.
    unsafe {
        let index = ffi::lua_absindex(lua, index);
        push_str(lua, name);
        ffi::lua_rawget(lua, index)
    }
}

/// Raw `table[name] = value on top`, popped.
///
/// # Safety
/// As [`raw_field`].
pub(super) unsafe fn set_raw_field(lua: *mut lua_State, index: c_int, name: &str) {
    // SAFETY: as the caller promised.
    unsafe {
        let index = ffi::lua_absindex(lua, index);
        push_str(lua, name);
        ffi::lua_rotate(lua, -2, 1);
        ffi::lua_rawset(lua, index);
    }
}

/// Runs `inner`, which may own Rust values and returns how many results it pushed, or `Err` with
/// an error value on top of the stack, which is then raised with nothing of Rust alive.
///
/// # Safety
/// For C functions of a live state only.
pub(super) unsafe fn guarded(
    lua: *mut lua_State,
    inner: impl FnOnce(*mut lua_State) -> Result<c_int, ()>,
) -> c_int {
    // SAFETY: the account is relaxed while `inner` runs; see the module's rules.
    unsafe {
        let memory = &context(lua).memory;
        let before = memory.relax(true);
        let result = inner(lua);
        memory.relax(before);
        match result {
            Ok(count) => count,
            Err(()) => ffi::lua_error(lua),
        }
    }
}
