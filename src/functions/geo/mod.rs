//! Geospatial functions, over the Earth as a sphere.

#![allow(dead_code, reason = "what the functions to come stand on")]

pub(super) mod geohash;
mod geojson;
pub(super) mod h3;
pub(super) mod point;
mod polygon;
pub(super) mod s2;
mod sphere;
mod tokens;
