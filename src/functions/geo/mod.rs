//! Geospatial functions, over the Earth as a sphere.

#![allow(dead_code, reason = "what the functions to come stand on")]

pub(super) mod buffer;
pub(super) mod covering;
pub(super) mod densify;
pub(super) mod geohash;
mod geojson;
pub(super) mod h3;
pub(super) mod hexagons;
pub(super) mod measure;
pub(super) mod meet;
pub(super) mod nearest;
mod overlay;
pub(super) mod point;
mod polygon;
mod region;
pub(super) mod s2;
pub(super) mod simplify;
mod sphere;
mod tokens;
pub(super) mod union;
pub(super) mod wkt;
