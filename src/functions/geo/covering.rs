//! Lines and polygons as the cells that cover them, so that they can be joined with points by equality.

use s2rst::s2::{Cell, CellId, Face, Level, Point};

use super::geojson::{Read, lines, polygons};
use super::overlay::{to_point, to_vector};
use super::polygon::{Line, Polygon, arcs};
use super::s2::{SMALLEST, USUAL};
use super::sphere::{EARTH_RADIUS, Vector};
use super::tokens::{level, put_names};
use crate::functions::cells::real;
use crate::meter;
use crate::registry::*;
use crate::value::{Type, ValueRef};

/// The functions of this file.
pub(in crate::functions) const FAMILY: &[&Scalar] = &[&GEO_POLYGON_TO_S2CELLS, &GEO_LINE_TO_S2CELLS];

/// Kusto gives no more cells than these.
const MOST: usize = 65_536;

/// As far as rounding may move what touches a cell.
const TOUCH: f64 = 1e-15;

/// What is to be covered, with all that is no farther from it than an angle.
struct Covered<'a> {
    arcs: Vec<(Point, Point)>,
    /// What is inside of these is covered, too.
    polygons: &'a [Polygon],
    radius: f64,
}

impl Covered<'_> {
    /// The cells of a level, in the order of their numbers; `None` if there are too many.
    fn cells(&self, level: Level) -> Option<Vec<CellId>> {
        let mut found = Vec::new();
        let all: Vec<usize> = (0..self.arcs.len()).collect();
        Face::ALL.into_iter().try_for_each(|face| self.gather(CellId::from_face(face), level, &all, &mut found))?;
        Some(found)
    }

    /// Adds the cells within `id`, which of the arcs those at `near` may reach.
    fn gather(&self, id: CellId, level: Level, near: &[usize], found: &mut Vec<CellId>) -> Option<()> {
        let cell = Cell::from_cell_id(id);
        let reaching: Vec<usize> = near.iter().copied().filter(|&at| self.reaches(at, cell)).collect();
        if reaching.is_empty() {
            // No arc comes near: all of the cell is inside, or nothing.
            if self.polygons.iter().any(|polygon| polygon.contains(to_vector(id.to_point()))) {
                let (first, behind) = (id.child_begin_at_level(level), id.child_end_at_level(level));
                let within = std::iter::successors(Some(first), |cell| Some(cell.next()));
                found.extend(within.take_while(|cell| *cell != behind).take(MOST + 1));
            }
        } else if id.level() < level {
            return id.children().into_iter().try_for_each(|child| self.gather(child, level, &reaching, found));
        } else {
            found.push(id);
        }
        (found.len() <= MOST && !meter::over()).then_some(())
    }

    fn reaches(&self, arc: usize, cell: Cell) -> bool {
        let distance = |&(a, b): &(Point, Point)| cell.distance_to_edge(a, b).to_angle().radians();
        self.arcs.get(arc).is_some_and(|arc| distance(arc) <= self.radius + TOUCH)
    }
}

/// What is covered, by cells of the level and with the radius that the second and the third argument say.
fn covering(
    cells: &[ValueRef<'_>],
    arcs: impl Iterator<Item = (Vector, Vector)>,
    polygons: &[Polygon],
) -> Option<Vec<String>> {
    let level = Level::try_from(level(cells, 1, USUAL, 0..=SMALLEST)?).ok()?;
    let metres = match cells.get(2) {
        Some(&radius) => real(radius).filter(|radius| *radius >= 0.0)?,
        None => 0.0,
    };
    let arcs = arcs.map(|(a, b)| (to_point(a), to_point(b))).collect();
    let covered = Covered { arcs, polygons, radius: metres / EARTH_RADIUS };
    Some(covered.cells(level)?.into_iter().map(CellId::to_token).collect())
}

const GEO_POLYGON_TO_S2CELLS: Scalar = Scalar {
    name: "geo_polygon_to_s2cells",
    params: &[dynamic("polygon"), number("level").optional(), number("radius").optional()],
    returns: Returns::Is(Type::Dynamic),
    about: "The S2 cells of a `level`, 11 if not given, that cover a polygon and what is within `radius` metres of it; null \
            if they are more than 65536.",
    examples: &[Example {
        query: "print geo_polygon_to_s2cells(geo_s2cell_to_polygon('479e759'), 5)",
        result: r#"["479c"]"#,
    }],
    kernel: KernelDef::Prepared(|known| {
        let shape = Read::new(known, 0, polygons);
        Ok(Box::new(move |cells, out| {
            let covering = |polygons: &Vec<Polygon>| covering(cells, polygons.iter().flat_map(Polygon::arcs), polygons);
            put_names(shape.with(cells, covering).flatten(), out);
        }))
    }),
    ..Scalar::PLAIN
};

const GEO_LINE_TO_S2CELLS: Scalar = Scalar {
    name: "geo_line_to_s2cells",
    params: &[dynamic("lineString"), number("level").optional(), number("radius").optional()],
    returns: Returns::Is(Type::Dynamic),
    about: "The S2 cells of a `level`, 11 if not given, that cover a line and what is within `radius` metres of it; null if \
            they are more than 65536.",
    examples: &[Example {
        query: "print geo_line_to_s2cells(dynamic({'type': 'LineString', 'coordinates': [[11, 48], [12, 48]]}), 4)",
        result: r#"["479"]"#,
    }],
    kernel: KernelDef::Prepared(|known| {
        let shape = Read::new(known, 0, lines);
        Ok(Box::new(move |cells, out| {
            let covering = |lines: &Vec<Line>| covering(cells, lines.iter().flat_map(|line| arcs(line, false)), &[]);
            put_names(shape.with(cells, covering).flatten(), out);
        }))
    }),
    ..Scalar::PLAIN
};
