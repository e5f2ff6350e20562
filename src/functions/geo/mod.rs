//! Geospatial functions, over the Earth as a sphere.

#![allow(dead_code, reason = "what the functions to come stand on")]

mod geojson;
pub(super) mod point;
mod polygon;
mod sphere;
