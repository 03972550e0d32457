//! The attributes of classes that mean something to the host, in every language. Used by the
//! engines.

/// The attributes of a user class that mean something to the host.
pub const ATTRIBUTES: [&str; 10] = [
    "wait_time",
    "weight",
    "fixed_count",
    "host",
    "grpc_options",
    "abstract",
    "tags",
    "tasks",
    "on_start",
    "on_stop",
];

/// Those of a task set.
pub const SET_ATTRIBUTES: [&str; 6] = ["wait_time", "abstract", "tags", "tasks", "on_start", "on_stop"];

/// Those of a load shape.
pub const SHAPE_ATTRIBUTES: [&str; 3] = ["stages", "tick", "abstract"];

/// Why a class cannot have the attribute `name`: it is all but one of those `known`, a slip of the pen.
pub fn slip(name: &str, known: &[&str]) -> Option<String> {
    if name.is_empty() || known.contains(&name) {
        return None;
    }
    let meant = known.iter().find(|known| is_slip(name, known))?;
    Some(format!("unknown attribute `{name}` (did you mean `{meant}`?)"))
}

fn is_slip(name: &str, known: &str) -> bool {
    let distance = strsim::damerau_levenshtein(&name.to_lowercase(), known);
    distance <= if known.len() >= 8 { 2 } else { 1 } && name.len() >= 4
}
