//! The web interface from the outside: its routes and what they do, Locust's shapes, who may ask for what, and the page
//! in a browser.

mod browser;
mod locust;
mod runs;
mod safety;
mod steering;

/// Users that ask for `/t` every 20 ms.
const ASKING: &str = r#"
options { users = 1, spawn_rate = 100 }
local U = HttpUser:extend("U", { wait_time = constant(0.02) })
U:task("t", function(self) self.client:get("/t") end)
"#;
