use super::*;
use crate::engine::Engine;
use crate::operators::render::KINDS;

fn answer(query: &str) -> Table {
    Engine::new().query(query).unwrap()
}

fn drawn(query: &str, width: u16, color: bool) -> String {
    let mut out = Vec::new();
    write(&mut out, &answer(query), Layout { width: Some(width), color, ..Layout::default() }).unwrap();
    let text = String::from_utf8(out).unwrap();
    // Behind the picture stands the number of rows.
    text.rsplit_once("\n\n").map_or(text.clone(), |(picture, _)| picture.to_owned())
}

fn only(query: &str) -> Plot {
    let table = answer(query);
    let mut pictures = pictures(&table, table.chart().unwrap());
    assert_eq!(pictures.len(), 1);
    match pictures.remove(0) {
        Picture::Plot(plot) => plot,
        Picture::Cards(cards) => panic!("{cards:?}"),
    }
}

fn names(plot: &Plot) -> Vec<&str> {
    plot.series.iter().map(|series| series.name.as_str()).collect()
}

fn places(plot: &Plot) -> Vec<&str> {
    let X::Places(places) = &plot.x else { panic!("{:?}", plot.x) };
    places.iter().map(String::as_str).collect()
}

fn ys(series: &Series) -> Vec<Option<f64>> {
    series.points.iter().map(|point| point.y).collect()
}

#[test]
fn bars_are_as_long_as_their_values() {
    let want = "
T
 k  n
 a │██████████████████████████████████ 4
 b │█████████████████ 2
 c │████████▌ 1
 d │ 0
 e │";
    let query = "datatable(k: string, n: long)['a', 4, 'b', 2, 'c', 1, 'd', 0, 'e', long(null)] | render barchart with (title='T')";
    assert_eq!(drawn(query, 40, false), want[1..]);
}

#[test]
fn bars_below_nought_go_the_other_way() {
    let want = "
 k  n
 a │        ████████████████████████▊ 3
 b │████████│ -1
 c │        │ 0";
    assert_eq!(drawn("datatable(k: string, n: long)['a', 3, 'b', -1, 'c', 0] | render barchart", 40, false), want[1..]);
}

const PARTS: &str = "datatable(k: string, s: string, n: long)['x', 'a', 1, 'x', 'b', 3, 'y', 'a', 2, 'y', 'b', 2]";

#[test]
fn bars_are_stacked_and_stretched_to_one_hundred() {
    let want = "
 █ a  ░ b
 k  n
 x │██████░░░░░░░░░░░░░░░░░░ 4
 y │████████████░░░░░░░░░░░░ 4";
    assert_eq!(drawn(&format!("{PARTS} | render barchart with (kind=stacked)"), 30, false), want[1..]);
    let want = "
 █ a  ░ b
 k  n
 x │██████▌░░░░░░░░░░░░░░░░░░░
 y │█████████████░░░░░░░░░░░░░";
    assert_eq!(drawn(&format!("{PARTS} | render barchart with (kind=stacked100)"), 30, false), want[1..]);
}

#[test]
fn series_stand_beside_one_another_and_the_legend_can_be_hidden() {
    let want = "
 k  n
 x │██████ 1
   │░░░░░░░░░░░░░░░░░░ 3
 y │████████████ 2
   │░░░░░░░░░░░░ 2";
    assert_eq!(drawn(&format!("{PARTS} | render barchart with (legend=hidden)"), 24, false), want[1..]);
}

#[test]
fn a_pie_is_drawn_as_bars_with_shares() {
    let want = "
 a │██████████████████████████ 3  75.0%
 b │████████▋                  1  25.0%";
    assert_eq!(drawn("datatable(k: string, n: long)['a', 3, 'b', 1] | render piechart", 40, false), want[1..]);
}

#[test]
fn columns_stand_on_their_axis() {
    let want = "
 n
 4 ┤          ████
   │          ████
   │          ████
 3 ┤          ████
   │          ████
   │          ████
   │          ████
 2 ┤     ████ ████
   │     ████ ████
   │     ████ ████
 1 ┤▄▄▄▄ ████ ████
   │████ ████ ████
   │████ ████ ████
 0 ┤████ ████ ████
   └──┬────┬────┬──
      a    b    c
           k";
    assert_eq!(
        drawn("datatable(k: string, n: long)['a', 1, 'b', 2, 'c', 4] | render columnchart", 20, false),
        want[1..]
    );
}

#[test]
fn names_that_do_not_fit_beneath_columns_stand_beside_bars() {
    let query = "datatable(k: string, n: long)['a rather long name', 1, 'another long name', 2] | render columnchart";
    assert!(drawn(query, 30, false).contains("another l… │█"), "{}", drawn(query, 30, false));
    assert!(drawn(query, 80, false).contains('└'));
}

#[test]
fn a_line_goes_from_point_to_point_and_breaks_at_nulls() {
    let line = drawn("datatable(x: long, y: long)[10, 10, 0, 0] | render linechart", 30, false);
    let lines: Vec<&str> = line.lines().collect();
    assert_eq!(lines.len(), 1 + 14 + 3);
    assert_eq!(lines[1], format!(" 10 ┤{}⡠⠊", " ".repeat(22)));
    assert_eq!(lines[14], "  0 ┤⡠⠊");
    assert_eq!(lines[15], "    └┬───────────┬──────────┬");
    let plot = only("datatable(x: long, y: long)[1, 1, 2, long(null), 3, 3] | render linechart");
    assert_eq!(ys(&plot.series[0]), [Some(1.0), None, Some(3.0)]);
}

#[test]
fn no_picture_is_wider_than_the_terminal_or_obeys_the_data() {
    let evil = r"strcat('\u001b[31m', strrep('名前', 20), x)";
    for kind in KINDS {
        for width in [30, 47, 80, 200] {
            let query = format!(
                "range x from 1 to 30 step 1 | extend t = datetime(2026-01-01) + x * 1d | project t, s = iff(x % 2 == 0, {evil}, 'b'), x, y = -x * 1000.5
                 | render {kind} with (title = 'a very long title which does not fit at all', ytitle = 'a\u{1b}long long long name')"
            );
            if !matches!(kind, "table" | "treemap" | "ladderchart" | "pivotchart" | "timepivot" | "plotly" | "graph") {
                let text = drawn(&query, width, false);
                assert!(!text.contains('\u{1b}'), "{text:?}");
                let wide = |line: &&str| unicode_width::UnicodeWidthStr::width(*line) > usize::from(width);
                assert_eq!(text.lines().find(wide), None, "{kind} {width}\n{text}");
            }
        }
    }
}

#[test]
fn colours_stand_around_bars_and_nothing_else_is_added() {
    let plain = |text: &str| {
        let mut parts = text.split('\u{1b}');
        let first = parts.next().unwrap().to_owned();
        parts.fold(first, |text, part| text + part.split_once('m').unwrap().1)
    };
    let query = "datatable(k: string, n: long)['a', 4, 'b', 2] | render barchart with (title='T')";
    let colored = drawn(query, 40, true);
    assert!(colored.contains("\u{1b}[36m█"), "{colored:?}");
    assert_eq!(plain(&colored), drawn(query, 40, false));
}

#[test]
fn every_kind_is_drawn_or_refused_by_name() {
    let rows = "datatable(t: datetime, n: long)[datetime(2026-01-01), 1, datetime(2026-01-02), 2]";
    let drawn = [
        "anomalychart",
        "areachart",
        "barchart",
        "card",
        "columnchart",
        "linechart",
        "piechart",
        "scatterchart",
        "stackedareachart",
        "timechart",
    ];
    for kind in KINDS {
        let table = answer(&format!("{rows} | render {kind}"));
        let message = table.chart_refusal().map(|diagnostic| diagnostic.message);
        match (kind, drawn.contains(&kind)) {
            ("table", _) | (_, true) => assert_eq!(message, None),
            _ => assert_eq!(message, Some(format!("`{kind}` is not drawn; the rows are shown as a table"))),
        }
    }
}

#[test]
fn what_cannot_be_drawn_says_what_is_missing() {
    let why = |query: &str| answer(query).chart_refusal().map(|diagnostic| diagnostic.message).unwrap_or_default();
    assert!(why("print a = 'x', b = 'y' | render barchart").starts_with("a barchart needs a column of numbers beside"));
    assert!(why("print a = 1, b = 2 | render timechart").starts_with("a timechart needs a column of datetimes"));
    assert!(why("print a = 1 | where a > 1 | render card").starts_with("there are no rows to draw"));
    assert!(why("print a = 1.0, b = 2.0 | render scatterchart with (kind=map)").starts_with("maps are not drawn"));
    assert_eq!(why("print 1 | render table"), "");
    assert_eq!(why("print 1"), "");
}

#[test]
fn columns_are_chosen_by_their_types_and_order_unless_they_are_named() {
    let rows = "datatable(host: string, t: datetime, a: long, zone: string, b: real)
        ['h', datetime(2026-01-01), 1, 'z', 2.0, 'g', datetime(2026-01-02), 3, 'z', 4.0]";
    let bars = only(&format!("{rows} | render barchart"));
    assert_eq!((bars.x_title.as_str(), names(&bars)), ("host", vec!["z: a", "z: b"]));
    let time = only(&format!("{rows} | render timechart"));
    assert_eq!((time.x_title.as_str(), names(&time)), ("t", vec!["h, z: a", "h, z: b", "g, z: a", "g, z: b"]));
    let named = only(&format!("{rows} | render columnchart with (xcolumn=zone, ycolumns=b, series=host, xtitle='X')"));
    assert_eq!((named.x_title.as_str(), named.y_title.as_str(), names(&named)), ("X", "b", vec!["h", "g"]));
    let turned = only("datatable(n: long, k: string)[1, 'a', 2, 'b'] | render piechart");
    assert_eq!(places(&turned), ["a", "b"]);
    let two = only("datatable(x: long, y: long)[1, 5, 2, 6] | render columnchart");
    assert_eq!((places(&two), names(&two)), (vec!["1", "2"], vec!["y"]));
}

#[test]
fn lists_of_make_series_are_unfolded_along_their_axis() {
    let plot = only(
        "datatable(k: string, t: datetime, n: long)['a', datetime(2026-01-01), 1, 'a', datetime(2026-01-03), 2, 'b', datetime(2026-01-02), 5]
         | make-series n = sum(n) on t from datetime(2026-01-01) to datetime(2026-01-04) step 1d by k
         | render timechart",
    );
    assert_eq!(names(&plot), ["a", "b"]);
    assert_eq!(ys(&plot.series[0]), [Some(1.0), Some(0.0), Some(2.0)]);
    assert_eq!(ys(&plot.series[1]), [Some(0.0), Some(5.0), Some(0.0)]);
    assert!(matches!(&plot.x, X::Axis(axis) if axis.measure == Measure::Moment));
}

#[test]
fn anomalies_are_marked() {
    let plot = only(
        "datatable(t: datetime, n: long, odd: long)[datetime(2026-01-01), 1, 0, datetime(2026-01-02), 9, 1, datetime(2026-01-03), 2, 0]
         | render anomalychart with (anomalycolumns=odd)",
    );
    assert_eq!(names(&plot), ["n"]);
    let marked: Vec<bool> = plot.series[0].points.iter().map(|point| point.marked).collect();
    assert_eq!(marked, [false, true, false]);
}

#[test]
fn places_of_numbers_and_times_run_upward_and_missing_days_stay_open() {
    let plot = only(
        "datatable(t: datetime, n: long)[datetime(2026-01-04), 4, datetime(2026-01-01), 1, datetime(2026-01-02), 2]
         | render columnchart",
    );
    assert_eq!(places(&plot), ["2026-01-01", "2026-01-02", "2026-01-03", "2026-01-04"]);
    assert_eq!(ys(&plot.series[0]), [Some(1.0), Some(2.0), None, Some(4.0)]);
    let alone = only("datatable(t: datetime, n: long)[datetime(2026-01-04), 4] | render columnchart");
    assert_eq!(places(&alone), ["2026-01-04"]);
}

#[test]
fn what_is_not_drawn_is_counted() {
    let twice = only("datatable(k: string, n: long)['a', 1, 'a', 2] | render barchart");
    assert_eq!((ys(&twice.series[0]), twice.notes.len()), (vec![Some(3.0)], 1));
    let endless = only("datatable(k: string, n: real)['a', 1, 'b', real(nan), 'c', real(+inf)] | render barchart");
    assert_eq!(endless.notes, ["2 values are infinite or no numbers, and not drawn"]);
    let lost = only("datatable(t: datetime, n: long)[datetime(null), 1, datetime(2026-01-01), 2] | render timechart");
    assert_eq!(lost.notes, ["1 value has no place on the x axis, and is not drawn"]);
    let pie = only("datatable(k: string, n: long)['a', 1, 'b', -1] | render piechart");
    assert_eq!(pie.notes, ["1 value is below nought, and not drawn in a pie"]);
    let log = only("datatable(k: string, n: long)['a', 100, 'b', -1] | render columnchart with (yaxis=log)");
    assert_eq!(log.notes, ["1 value is not above nought, and not drawn on a logarithmic axis"]);
    let many = "range x from 1 to 1000 step 1 | extend k = strcat('k', x)";
    let bars = only(&format!("{many} | project k, x | render barchart"));
    assert_eq!((places(&bars).len(), bars.notes), (400, vec!["600 more places are not drawn".to_owned()]));
}

#[test]
fn of_many_series_the_largest_are_drawn_and_stacks_keep_their_height() {
    let rows = "range x from 1 to 15 step 1 | extend k = strcat('k', x), p = 'p' | project p, k, x";
    let apart = only(&format!("{rows} | render columnchart"));
    assert_eq!(names(&apart), ["k6", "k7", "k8", "k9", "k10", "k11", "k12", "k13", "k14", "k15"]);
    assert_eq!(apart.notes, ["5 more series are not drawn"]);
    let stacked = only(&format!("{rows} | render columnchart with (kind=stacked)"));
    assert_eq!(names(&stacked).last(), Some(&"6 others"));
    let total: f64 = stacked.series.iter().flat_map(ys).flatten().sum();
    assert_eq!(total, 120.0);
    let pie = only("range x from 1 to 15 step 1 | extend k = strcat('k', x) | project k, x | render piechart");
    assert_eq!((places(&pie).len(), places(&pie)[9]), (10, "6 others"));
    assert_eq!(ys(&pie.series[0]).into_iter().flatten().sum::<f64>(), 120.0);
}

#[test]
fn points_beyond_an_axis_are_counted_and_not_drawn_at_its_ends() {
    let rows = "datatable(x: long, a: long)[1, 1, 2, 20, 3, -4]";
    let plot = only(&format!("{rows} | render linechart with (xmin=2, ymax=10, ymin=-10)"));
    assert_eq!(ys(&plot.series[0]), [None, Some(-4.0)]);
    assert_eq!(
        plot.notes,
        ["1 value lies beyond the x axis, and is not drawn", "1 value lies beyond the y axis, and is not drawn"]
    );
    let plot = only("datatable(x: long, a: long)[-1, 1, 10, 20] | render scatterchart with (xaxis=log)");
    assert_eq!(ys(&plot.series[0]), [Some(20.0)]);
}

#[test]
fn nothing_but_nulls_is_a_picture_of_nothing() {
    for kind in KINDS {
        let table = answer(&format!("datatable(t: datetime, n: long)[datetime(null), long(null)] | render {kind}"));
        for picture in pictures(&table, table.chart().unwrap()) {
            let mut out = String::new();
            svg::figure(&mut out, &picture, 1, "");
            text::draw(&mut out, &picture, Layout { width: Some(50), color: true, ..Layout::default() });
            assert!(!out.contains("NaN"), "{kind} {out}");
        }
    }
}

#[test]
fn accumulate_limits_and_panels_do_what_they_are_called() {
    let rows = "datatable(x: long, a: long, b: long)[1, 1, 10, 2, 2, 20, 3, 4, 30]";
    let sums = only(&format!("{rows} | render linechart with (accumulate=true, ycolumns=a)"));
    assert_eq!(ys(&sums.series[0]), [Some(1.0), Some(3.0), Some(7.0)]);
    let limits = only(&format!("{rows} | render linechart with (ymin=-5, ymax=50, xmin=0)"));
    assert_eq!((limits.y.low, limits.y.high), (-5.0, 50.0));
    assert!(matches!(&limits.x, X::Axis(axis) if axis.low == 0.0));
    let table = answer(&format!("{rows} | render linechart with (ysplit=panels)"));
    assert_eq!(pictures(&table, table.chart().unwrap()).len(), 2);
}

#[test]
fn stacked_areas_stand_on_one_another_where_points_are_missing() {
    let plot = only(
        "datatable(x: long, k: string, n: long)[1, 'a', 1, 2, 'a', 1, 1, 'b', 2, 3, 'b', 2] | render stackedareachart",
    );
    let tops: Vec<Vec<Option<f64>>> =
        plot.series.iter().map(|series| series.points.iter().map(Point::top).collect()).collect();
    assert_eq!(tops, [[Some(1.0), Some(1.0), Some(0.0)], [Some(3.0), Some(1.0), Some(2.0)]]);
}

/// Every figure is well-formed, and says nothing but what it was given.
#[test]
fn figures_are_well_formed_and_data_stays_text() {
    let evil = "</svg><script>alert(1)</script>&\"\\'\\u001b";
    for kind in KINDS {
        for form in ["default", "stacked", "stacked100"] {
            let query = format!(
                "range x from 1 to 30 step 1 | extend t = datetime(2026-01-01) + x * 1d | project t, s = iff(x % 2 == 0, '{evil}', 'b'), x, y = iff(x == 7, real(null), -x * 1000.5)
                 | render {kind} with (kind={form}, title='{evil}', ytitle='{evil}', xtitle='{evil}')"
            );
            let table = answer(&query);
            let mut out = String::from("<div>");
            for (number, picture) in pictures(&table, table.chart().unwrap()).iter().enumerate() {
                svg::figure(&mut out, picture, number, "");
            }
            out.push_str("</div>");
            let read = roxmltree::Document::parse(&out).unwrap_or_else(|error| panic!("{kind}: {error}\n{out}"));
            assert!(!read.descendants().any(|node| node.has_tag_name("script")));
            assert!(!out.contains("NaN") && !out.contains("inf"), "{out}");
            for svg in read.descendants().filter(|node| node.tag_name().name() == "svg") {
                let named =
                    |tag: &str| svg.children().any(|node| node.tag_name().name() == tag && node.has_attribute("id"));
                assert!(named("title") && named("desc"));
            }
        }
    }
}
