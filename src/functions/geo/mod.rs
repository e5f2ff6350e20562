//! Geospatial functions, over the Earth as a sphere.

#![allow(dead_code, reason = "what the functions to come stand on")]

pub(super) mod buffer;
pub(super) mod densify;
mod geojson;
pub(super) mod measure;
pub(super) mod meet;
pub(super) mod nearest;
mod overlay;
pub(super) mod point;
mod polygon;
mod region;
pub(super) mod simplify;
mod sphere;
pub(super) mod union;
