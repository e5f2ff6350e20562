//! Charts of many places in brief, for pages that are not about one of them: the first places, and how all are
//! distributed.

use super::axis::{Axis, Measure};
use super::{ChartShape, Picture, Plot, Point, Series, Stacking, X, real};

/// Places that are looked at one by one.
const MOST: usize = 20;
/// Places that stand for more.
const FIRST: usize = 15;
/// Ranges of values.
const RANGES: usize = 12;

/// The pictures, each of many bars as two. `all` is the name of what is no place beside others but all of them together.
pub(in crate::output) fn brief(pictures: Vec<Picture>, all: Option<&str>) -> Vec<Picture> {
    let mut short = Vec::new();
    for picture in pictures {
        match picture {
            Picture::Plot(mut plot) if plot.shape == ChartShape::Bars && !plot.ordered => {
                plot.merge();
                let places = match &plot.x {
                    X::Places(places) if places.len() > MOST => places.len(),
                    _ => {
                        short.push(Picture::Plot(plot));
                        continue;
                    }
                };
                let places = places - usize::from(all.is_some_and(|all| plot.leave_out(all)));
                let distribution = plot.distribution(places);
                if let Some(title) = &mut plot.title {
                    title.push_str(&format!(": the first {FIRST} of {places}"));
                }
                plot.keep_first();
                short.push(Picture::Plot(plot));
                short.extend(distribution.map(Picture::Plot));
            }
            picture => short.push(picture),
        }
    }
    short
}

impl Plot {
    /// Makes one series of stacked ones that no legend tells apart.
    fn merge(&mut self) {
        let X::Places(places) = &self.x else { return };
        if self.stacking != Stacking::Stacked || self.legend || self.series.len() < 2 {
            return;
        }
        let value = |at: usize| {
            let values = self.series.iter().filter_map(|series| series.points.get(at)?.y);
            values.fold(None, |sum: Option<f64>, y| Some(sum.unwrap_or_default() + y))
        };
        let point = |at: usize| Point { x: real(at), y: value(at), base: 0.0, marked: false };
        let points = (0..places.len()).map(point).collect();
        self.series = vec![Series { name: self.y_title.clone(), points }];
        self.stacking = Stacking::Apart;
    }

    /// Takes the place of this name away; whether there was one.
    fn leave_out(&mut self, name: &str) -> bool {
        let X::Places(places) = &mut self.x else { return false };
        let Some(at) = places.iter().position(|place| place == name) else { return false };
        places.remove(at);
        for points in self.series.iter_mut().map(|series| &mut series.points) {
            if at < points.len() {
                points.remove(at);
            }
            points.iter_mut().enumerate().for_each(|(at, point)| point.x = real(at));
        }
        true
    }

    fn keep_first(&mut self) {
        if let X::Places(places) = &mut self.x {
            places.truncate(FIRST);
        }
        self.series.iter_mut().for_each(|series| series.points.truncate(FIRST));
    }

    /// How many of the places have values within each range; of several series there is none.
    fn distribution(&self, places: usize) -> Option<Plot> {
        let [series] = self.series.as_slice() else { return None };
        let values: Vec<f64> = series.points.iter().filter_map(|point| point.y).collect();
        let ranges = Axis { whole: self.y.whole, ..Axis::over(self.y.measure, false, false, values.iter().copied()) };
        let ranges = ranges.rounded(RANGES);
        let ticks = ranges.ticks(RANGES);
        let mut counts = vec![0_usize; ticks.len().checked_sub(1).filter(|ranges| *ranges > 1)?];
        for value in values {
            // The last range has its upper end, too.
            let at = ticks.partition_point(|tick| tick.at <= value).clamp(1, counts.len()) - 1;
            if let Some(count) = counts.get_mut(at) {
                *count += 1;
            }
        }
        let names = ticks.windows(2).map(|ends| match ends {
            [low, high] => format!("{}–{}", low.label, high.label),
            _ => String::new(),
        });
        let point = |(at, count): (usize, usize)| Point { x: real(at), y: Some(real(count)), base: 0.0, marked: false };
        let points: Vec<Point> = counts.into_iter().enumerate().map(point).collect();
        let y = Axis::over(Measure::Number, false, true, points.iter().filter_map(|point| point.y)).rounded(5);
        Some(Plot {
            shape: ChartShape::Columns,
            stacking: Stacking::Apart,
            title: Some(format!("How all {places} are distributed")),
            legend: false,
            x: X::Places(names.collect()),
            ordered: true,
            x_title: self.y_title.clone(),
            y,
            y_title: "how many".to_owned(),
            series: vec![Series { name: series.name.clone(), points }],
            notes: Vec::new(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Engine;
    use crate::output::chart::{pictures, whole};

    fn briefly(rows: usize, all: Option<&str>) -> Vec<Plot> {
        let query = format!(
            "range x from 0 to {rows} step 1 | project k = iff(x == 0, '(all)', strcat('k', x)), n = x
             | render barchart with (title = 'T')"
        );
        let table = Engine::new().query(&query).unwrap();
        let pictures = brief(pictures(&table, table.chart().unwrap()), all);
        let plot = |picture| match picture {
            Picture::Plot(plot) => plot,
            Picture::Cards(cards) => panic!("{cards:?}"),
        };
        pictures.into_iter().map(plot).collect()
    }

    fn shown(plot: &Plot) -> (Vec<&str>, Vec<Option<f64>>) {
        let X::Places(places) = &plot.x else { panic!("{:?}", plot.x) };
        let points = &plot.series[0].points;
        assert!(points.iter().enumerate().all(|(at, point)| whole(point.x) == at));
        (places.iter().map(String::as_str).collect(), points.iter().map(|point| point.y).collect())
    }

    #[test]
    fn of_many_places_the_first_are_drawn_and_all_are_counted() {
        let plots = briefly(40, Some("(all)"));
        let [first, distribution] = plots.as_slice() else { panic!("{plots:?}") };
        assert_eq!(first.title.as_deref(), Some("T: the first 15 of 40"));
        let (places, values) = shown(first);
        assert_eq!((places.len(), places[0], values[0], values[14]), (15, "k1", Some(1.0), Some(15.0)));
        assert_eq!(distribution.title.as_deref(), Some("How all 40 are distributed"));
        let (places, values) = shown(distribution);
        // 1 to 40 in steps of five: 5 to 9 are five, and 35 to 40 six.
        assert_eq!((places[0], places[1], *places.last().unwrap()), ("0–5", "5–10", "35–40"));
        assert_eq!((values[0], values[1], *values.last().unwrap()), (Some(4.0), Some(5.0), Some(6.0)));
        assert_eq!(values.into_iter().flatten().sum::<f64>(), 40.0);
    }

    #[test]
    fn series_that_no_legend_tells_apart_are_one() {
        let query = "datatable(k: string, id: string, n: long)['a', 'x', 1, 'b', 'y', 2]
            | render barchart with (kind=stacked, legend=hidden, xcolumn=k)";
        let table = Engine::new().query(query).unwrap();
        let pictures = brief(pictures(&table, table.chart().unwrap()), None);
        let [Picture::Plot(plot)] = pictures.as_slice() else { panic!("{pictures:?}") };
        assert_eq!((plot.series.len(), plot.series[0].name.as_str()), (1, "n"));
        assert_eq!(shown(plot), (vec!["a", "b"], vec![Some(1.0), Some(2.0)]));
    }

    #[test]
    fn few_places_are_all_drawn() {
        let plots = briefly(12, Some("(all)"));
        assert_eq!((plots.len(), shown(&plots[0]).0.len()), (1, 13));
    }
}
