//! What the tests share: a small tenant made from a seed, and the shapes its tables are exported in.
#![allow(dead_code, reason = "each test uses its own part")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

pub(crate) mod golden;
pub(crate) mod json;
pub(crate) mod laid_out;
pub(crate) mod shapes;
pub(crate) mod staged;
pub(crate) mod tenant;
pub(crate) mod world;
