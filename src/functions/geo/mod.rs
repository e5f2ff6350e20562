//! Geospatial functions, over the Earth as a sphere.

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
mod places;
pub(super) mod point;
mod polygon;
mod region;
pub(super) mod s2;
pub(super) mod simplify;
mod sphere;
mod tokens;
pub(super) mod union;
pub(super) mod wkt;

pub(crate) use places::Places;

#[cfg(test)]
mod tests {
    use crate::registry::GEO_FUNCTIONS;

    #[test]
    fn builds_without_the_feature_refuse_what_others_run() {
        let mut run: Vec<&str> = crate::functions::scalars()
            .filter(|(family, _)| *family == "geospatial")
            .map(|(_, scalar)| scalar.name)
            .collect();
        run.sort_unstable();
        assert_eq!(run, GEO_FUNCTIONS);
    }
}
