//! The page: a server that starts runs, shows and steers them, with Locust's routes and an API of its own. It sees
//! events, as the sinks do, and commands through the conductor's door. Called by `app`, which carries out what it orders.

mod answers;
mod asked;
mod board;
mod control;
mod feed;
mod files;
mod gate;
mod headers;
mod live;
mod locust;
mod openapi;
mod page;
mod past;
mod routes;
mod server;
mod session;
mod sketch;
mod status;
mod stream;

pub use asked::{Asked, Field};
pub use feed::Feed;
pub use server::{Options, Server};
pub use session::{Order, Session};
pub use sketch::{Backdrop, ClassSketch, Sketch, Value};
