//! What `render` asks for, in the words of `@ExtendedProperties`.

use serde_json::{Value, json};

use crate::Chart;

/// The text of the JSON that clients draw by; all keys, whatever the query says.
pub(super) fn visualization(chart: Option<&Chart>) -> String {
    let values = |name: &str| {
        let properties = chart.map_or(&[][..], |chart| &chart.properties);
        properties.iter().rev().find(|(property, _)| property == name).map(|(_, values)| values.as_slice())
    };
    let text = |name: &str| values(name).and_then(|values| values.first()).map_or(Value::Null, |text| json!(text));
    let list = |name: &str| values(name).map_or(Value::Null, |values| json!(values));
    let number = |name: &str, none: Value| match values(name).and_then(|values| values.first()) {
        Some(text) => text.parse::<f64>().map_or_else(|_| json!(text), |number| json!(number)),
        None => none,
    };
    json!({
        "Visualization": chart.map(|chart| chart.kind.as_str()),
        "Title": text("title"),
        "XColumn": text("xcolumn"),
        "Series": list("series"),
        "YColumns": list("ycolumns"),
        "AnomalyColumns": list("anomalycolumns"),
        "XTitle": text("xtitle"),
        "YTitle": text("ytitle"),
        "XAxis": text("xaxis"),
        "YAxis": text("yaxis"),
        "Legend": text("legend"),
        "YSplit": text("ysplit"),
        "Accumulate": text("accumulate").as_str().is_some_and(|text| text.eq_ignore_ascii_case("true")),
        "IsQuerySorted": false,
        "Kind": text("kind"),
        "Ymin": number("ymin", json!("NaN")),
        "Ymax": number("ymax", json!("NaN")),
        "Xmin": number("xmin", Value::Null),
        "Xmax": number("xmax", Value::Null),
    })
    .to_string()
}
