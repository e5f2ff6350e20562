//! Kusto's REST interface. What is expected is worked out from Kusto's documentation and from answers of the service that
//! the official SDKs have among their tests.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use argql::{Engine, Limits, Server};
use serde_json::{Value, json};

use super::{Answer, Running};

const QUERY: &str = "/v2/rest/query";
const V1: &str = "/v1/rest/query";
const MGMT: &str = "/v1/rest/mgmt";

fn ask(server: &Running, path: &str, csl: &str, properties: Value) -> Answer {
    server.post(path, &json!({"db": "arg", "csl": csl, "properties": properties}).to_string())
}

/// The frames of a query that has an answer.
fn frames(server: &Running, csl: &str) -> Vec<Value> {
    let answer = ask(server, QUERY, csl, Value::Null);
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json().as_array().unwrap().clone()
}

fn rows(server: &Running, csl: &str, options: Value) -> Value {
    let answer = ask(server, QUERY, csl, json!({"Options": options}));
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()[2]["Rows"].clone()
}

/// The first table of a command.
fn shown(server: &Running, csl: &str) -> Value {
    let answer = ask(server, MGMT, csl, Value::Null);
    assert_eq!(answer.status, 200, "{csl}: {}", answer.body);
    answer.json()["Tables"][0].clone()
}

/// Columns as `Name: DataType/ColumnType`.
fn columns(table: &Value) -> String {
    let column = |column: &Value| {
        let ty = column.get("ColumnType").map_or(String::new(), |ty| format!("/{}", ty.as_str().unwrap()));
        format!("{}: {}{ty}", column["ColumnName"].as_str().unwrap(), column["DataType"].as_str().unwrap())
    };
    table["Columns"].as_array().unwrap().iter().map(column).collect::<Vec<_>>().join(", ")
}

/// Status, code and message of an error.
fn refused(answer: &Answer) -> (u16, String, String) {
    let error = &answer.json()["error"];
    let text = |name: &str| error[name].as_str().unwrap_or_else(|| panic!("{}", answer.body)).to_owned();
    (answer.status, text("code"), text("@message"))
}

#[test]
fn frames_and_their_keys_have_the_order_that_readers_of_streams_rely_on() {
    let server = Running::sample();
    let body = r#"{"db":"arg","csl":"print x = 1"}"#;
    let headers = [("content-type", "application/json"), ("x-ms-client-request-id", "KPC.execute;1")];
    let answer = server.ask("POST", QUERY, &headers, body);
    assert_eq!(answer.header("content-type"), Some("application/json; charset=utf-8"));
    assert_eq!(answer.header("x-ms-client-request-id"), Some("kpc.execute;1"));
    let activity = answer.header("x-ms-activity-id").unwrap();
    assert_eq!((activity.len(), &activity[14..15]), (36, "4"));
    let visualization = r#"{\"Visualization\":null,\"Title\":null,\"XColumn\":null,\"Series\":null,\"YColumns\":null,\"AnomalyColumns\":null,\"XTitle\":null,\"YTitle\":null,\"XAxis\":null,\"YAxis\":null,\"Legend\":null,\"YSplit\":null,\"Accumulate\":false,\"IsQuerySorted\":false,\"Kind\":null,\"Ymin\":\"NaN\",\"Ymax\":\"NaN\",\"Xmin\":null,\"Xmax\":null}"#;
    let before = format!(
        r#"[{{"FrameType":"DataSetHeader","IsProgressive":false,"Version":"v2.0","IsFragmented":false,"ErrorReportingPlacement":"InData"}}
,{{"FrameType":"DataTable","TableId":0,"TableKind":"QueryProperties","TableName":"@ExtendedProperties","Columns":[{{"ColumnName":"TableId","ColumnType":"int"}},{{"ColumnName":"Key","ColumnType":"string"}},{{"ColumnName":"Value","ColumnType":"dynamic"}}],"Rows":[[1,"Visualization","{visualization}"]]}}
,{{"FrameType":"DataTable","TableId":1,"TableKind":"PrimaryResult","TableName":"PrimaryResult","Columns":[{{"ColumnName":"x","ColumnType":"long"}}],"Rows":[[1]]}}
,{{"FrameType":"DataTable","TableId":2,"TableKind":"QueryCompletionInformation","TableName":"QueryCompletionInformation","Columns":[{{"ColumnName":"Timestamp","ColumnType":"datetime"}},{{"ColumnName":"ClientRequestId","ColumnType":"string"}},{{"ColumnName":"ActivityId","ColumnType":"guid"}},{{"ColumnName":"SubActivityId","ColumnType":"guid"}},{{"ColumnName":"ParentActivityId","ColumnType":"guid"}},{{"ColumnName":"Level","ColumnType":"int"}},{{"ColumnName":"LevelName","ColumnType":"string"}},{{"ColumnName":"StatusCode","ColumnType":"int"}},{{"ColumnName":"StatusCodeName","ColumnType":"string"}},{{"ColumnName":"EventType","ColumnType":"int"}},{{"ColumnName":"EventTypeName","ColumnType":"string"}},{{"ColumnName":"Payload","ColumnType":"string"}}],"Rows":[[""#
    );
    assert!(answer.body.starts_with(&before), "{}", answer.body);
    let behind = format!(
        r#"Z","KPC.execute;1","{activity}","{activity}","{activity}",4,"Info",0,"S_OK (0)",4,"QueryInfo","{{\"Count\":1,\"Text\":\"Query completed successfully\"}}"]]}}
,{{"FrameType":"DataSetCompletion","HasErrors":false,"Cancelled":false}}
]"#
    );
    assert!(answer.body.ends_with(&behind), "{}", answer.body);
}

/// Every type, with what is special to it, and nulls.
const EVERY_TYPE: &str = "print b = true, i = int(7), l = 9223372036854775807, r = 0.01, nan = real(nan), inf = real(+inf), \
     less = real(-inf), dec = decimal(2.00000000000001), s = 'a\"b', d = datetime(2020-03-04T14:05:01.3109965Z), \
     t = 1d + 2h + 3m + 4.5s, g = guid(123e27de-1e4e-49d9-b579-fe0b331d3642), o = dynamic({'moshe': [1, 'v']}), \
     text = dynamic('a'), nb = bool(null), ni = int(null), nl = long(null), nr = real(null), nd = datetime(null), \
     nt = timespan(null), ng = guid(null), no = dynamic(null), ns = tostring(dynamic(null)), ndec = decimal(null)";

#[test]
fn cells_are_written_as_kusto_writes_them() {
    let server = Running::sample();
    let body = ask(&server, QUERY, EVERY_TYPE, Value::Null).body;
    let row = r#""Rows":[[true,7,9223372036854775807,0.01,"NaN","Infinity","-Infinity","2.00000000000001","a\"b","2020-03-04T14:05:01.3109965Z","1.02:03:04.5000000","123e27de-1e4e-49d9-b579-fe0b331d3642",{"moshe":[1,"v"]},"a",null,null,null,null,null,null,null,null,"",null]]"#;
    assert!(body.contains(row), "{body}");
    let types = [
        "bool", "int", "long", "real", "real", "real", "real", "decimal", "string", "datetime", "timespan", "guid",
        "dynamic", "dynamic", "bool", "int", "long", "real", "datetime", "timespan", "guid", "dynamic", "string",
        "decimal",
    ];
    let frames = frames(&server, EVERY_TYPE);
    let named: Vec<&str> =
        frames[2]["Columns"].as_array().unwrap().iter().map(|column| column["ColumnType"].as_str().unwrap()).collect();
    assert_eq!(named, types);
    let body = ask(&server, V1, EVERY_TYPE, Value::Null);
    assert!(body.body.contains(row), "{}", body.body);
    let first = &body.json()["Tables"][0];
    let expected = "b: SByte/bool, i: Int32/int, l: Int64/long, r: Double/real, nan: Double/real, inf: Double/real, \
                    less: Double/real, dec: SqlDecimal/decimal, s: String/string, d: DateTime/datetime, \
                    t: TimeSpan/timespan, g: Guid/guid, o: Object/dynamic";
    assert!(columns(first).starts_with(expected), "{}", columns(first));
}

/// Ordinal, kind and pretty name of what the table of contents lists.
fn contents(tables: &Value) -> Vec<(i64, String, String)> {
    let rows = tables.as_array().unwrap().last().unwrap()["Rows"].as_array().unwrap();
    let text = |cell: &Value| cell.as_str().unwrap().to_owned();
    rows.iter().map(|row| (row[0].as_i64().unwrap(), text(&row[1]), text(&row[4]))).collect()
}

#[test]
fn fork_and_facet_give_a_table_each_under_its_name() {
    let server = Running::sample();
    let fork = "range x from 1 to 3 step 1 | fork total = (count) (top 1 by x) named = (where x < 2 | as inner)";
    let frames = frames(&server, fork);
    let primary: Vec<&Value> = frames.iter().filter(|frame| frame["TableKind"] == "PrimaryResult").collect();
    let rows: Vec<&Value> = primary.iter().map(|frame| &frame["Rows"]).collect();
    assert_eq!(rows, [&json!([[3]]), &json!([[3]]), &json!([[1]])]);
    // Clients take every table of this kind for a part of the answer, whatever it is called.
    assert!(primary.iter().all(|frame| frame["TableName"] == "PrimaryResult"));
    assert_eq!(primary[0]["Columns"], json!([{"ColumnName": "Count", "ColumnType": "long"}]));

    let tables = ask(&server, V1, fork, Value::Null).json()["Tables"].clone();
    let named = |at: i64, kind: &str, name: &str| (at, kind.to_owned(), name.to_owned());
    let others = |at: i64| [named(at, "QueryProperties", ""), named(at + 1, "QueryStatus", "")];
    let results = [named(0, "QueryResult", "total"), named(1, "QueryResult", ""), named(2, "QueryResult", "named")];
    assert_eq!(contents(&tables), [results.to_vec(), others(3).to_vec()].concat());
    assert_eq!((&tables[0]["Rows"], &tables[2]["Rows"]), (&json!([[3]]), &json!([[1]])));

    // What the sub-query makes comes first, then the columns in their order.
    let facet = "datatable(k: string, n: long)['a', 1, 'b', 2, 'a', 2] | facet by k, n with (count)";
    let tables = ask(&server, V1, facet, Value::Null).json()["Tables"].clone();
    let results = [named(0, "QueryResult", ""), named(1, "QueryResult", "k"), named(2, "QueryResult", "n")];
    assert_eq!(contents(&tables), [results.to_vec(), others(3).to_vec()].concat());
    assert_eq!(tables[1]["Rows"], json!([["a", 2], ["b", 1]]));
    assert_eq!(columns(&tables[2]), "n: Int64/long, count_n: Int64/long");

    // A statement beside them has its table in its place.
    let tables = ask(&server, V1, &format!("print 0; {fork}"), Value::Null).json()["Tables"].clone();
    assert_eq!(contents(&tables)[..2], [named(0, "QueryResult", ""), named(1, "QueryResult", "total")]);
}

#[test]
fn several_statements_give_several_tables() {
    let server = Running::sample();
    let frames = frames(&server, "print a = 1; print b = 'x' | render table");
    let kinds: Vec<_> = frames.iter().map(|frame| (frame["TableId"].as_i64(), frame["TableKind"].as_str())).collect();
    let primary = Some("PrimaryResult");
    assert_eq!(kinds[2..5], [(Some(1), primary), (Some(2), primary), (Some(3), Some("QueryCompletionInformation"))]);
    let drawn = &frames[1]["Rows"];
    assert_eq!((&drawn[0][0], &drawn[1][0]), (&json!(1), &json!(2)));
    assert!(drawn[1][2].as_str().unwrap().starts_with(r#"{"Visualization":"table","#));

    let tables = ask(&server, V1, "print a = 1; print b = 'x'", Value::Null).json()["Tables"].clone();
    let names: Vec<&str> =
        tables.as_array().unwrap().iter().map(|table| table["TableName"].as_str().unwrap()).collect();
    assert_eq!(names, ["Table_0", "Table_1", "Table_2", "Table_3", "Table_4"]);
    assert_eq!(columns(&tables[2]), "Value: String/string");
    assert_eq!(
        columns(&tables[3]),
        "Timestamp: DateTime/datetime, Severity: Int32/int, SeverityName: String/string, StatusCode: Int32/int, \
         StatusDescription: String/string, Count: Int32/int, RequestId: Guid/guid, ActivityId: Guid/guid, \
         SubActivityId: Guid/guid, ClientActivityId: String/string"
    );
    assert_eq!(
        columns(&tables[4]),
        "Ordinal: Int64/long, Kind: String/string, Name: String/string, Id: String/string, PrettyName: String/string"
    );
    let none = "00000000-0000-0000-0000-000000000000";
    assert_eq!(
        tables[4]["Rows"],
        json!([
            [0, "QueryResult", "PrimaryResult", none, ""],
            [1, "QueryResult", "PrimaryResult", none, ""],
            [2, "QueryProperties", "@ExtendedProperties", none, ""],
            [3, "QueryStatus", "QueryStatus", none, ""],
        ])
    );
}

#[test]
fn render_is_told_with_all_that_it_says() {
    let server = Running::sample();
    let csl = "range x from 1 to 3 step 1 | extend y = x * 2, s = 'a' \
               | render linechart with (title = 'T', xcolumn = x, ycolumns = y, series = s, ymin = 1, legend = hidden, accumulate = true)";
    let text = frames(&server, csl)[1]["Rows"][0][2].as_str().unwrap().to_owned();
    let expected = r#"{"Visualization":"linechart","Title":"T","XColumn":"x","Series":["s"],"YColumns":["y"],"AnomalyColumns":null,"XTitle":null,"YTitle":null,"XAxis":null,"YAxis":null,"Legend":"hidden","YSplit":null,"Accumulate":true,"IsQuerySorted":false,"Kind":null,"Ymin":1.0,"Ymax":"NaN","Xmin":null,"Xmax":null}"#;
    assert_eq!(text, expected);
}

#[test]
fn parameters_are_literals_and_never_text_of_the_query() {
    let server = Running::sample();
    let value = |declared: &str, given: Value| {
        let csl = format!("declare query_parameters(p: {declared}); print p");
        let answer = ask(&server, QUERY, &csl, json!({"Parameters": {"p": given}}));
        assert_eq!(answer.status, 200, "{declared} {given}: {}", answer.body);
        answer.json()[2]["Rows"][0][0].clone()
    };
    assert_eq!(value("string", json!("plain")), "plain");
    assert_eq!(value("string", json!("'quo\\'ted'")), "quo'ted");
    assert_eq!(value("string", json!("\"x\"")), "x");
    assert_eq!(value("string", json!("5")), "5");
    assert_eq!(value("string", json!("1' or '1'='1")), "1' or '1'='1");
    assert_eq!(value("string", json!("x; .drop table T")), "x; .drop table T");
    assert_eq!(value("long", json!(10)), 10);
    assert_eq!(value("long", json!("long(10)")), 10);
    assert_eq!(value("int", json!("int(3)")), 3);
    assert_eq!(value("real", json!(0.5)), 0.5);
    assert_eq!(value("bool", json!(true)), true);
    assert_eq!(value("decimal", json!("decimal(1.5)")), "1.5");
    assert_eq!(value("timespan", json!("time(1.00:00:00)")), "1.00:00:00");
    assert_eq!(value("datetime", json!("datetime(2026-10-01)")), "2026-10-01T00:00:00.0000000Z");
    assert_eq!(value("datetime", json!("2026-10-01")), "2026-10-01T00:00:00.0000000Z");
    assert_eq!(value("dynamic", json!("dynamic([\"ATLANTIC SOUTH\"])")), json!(["ATLANTIC SOUTH"]));
    assert_eq!(value("dynamic", json!(["a", 1])), json!(["a", 1]));
    assert_eq!(
        value("guid", json!("guid(123e27de-1e4e-49d9-b579-fe0b331d3642)")),
        "123e27de-1e4e-49d9-b579-fe0b331d3642"
    );
    // The SDKs send properties as a text.
    let csl = "declare query_parameters(n: long); print n * 2";
    let text = json!({"Options": {}, "Parameters": {"n": 21}}).to_string();
    assert_eq!(ask(&server, QUERY, csl, json!(text)).json()[2]["Rows"], json!([[42]]));
    let missing = refused(&ask(&server, QUERY, csl, Value::Null));
    assert!(missing.2.contains("`n` needs a value") && missing.2.contains("`Parameters`"), "{missing:?}");
    let most = 9_223_372_036_854_775_807_u64;
    assert_eq!(value("long", json!(most)), most);
    let more = refused(&ask(&server, QUERY, csl, json!({"Parameters": {"n": most + 1}})));
    assert!(more.2.contains("`n` = 9223372036854775808 is more than a long can be"), "{more:?}");
    assert_eq!(value("decimal", json!("9223372036854775808")), "9223372036854775808");
    let unclaimed = refused(&ask(&server, QUERY, "print 1", json!({"Parameters": {"m": 1}})));
    assert!(unclaimed.2.contains("declares no parameter `m`"), "{unclaimed:?}");
}

#[test]
fn what_the_page_of_azure_sends_with_every_query_is_taken() {
    let server = Running::sample();
    let options = json!({
        "servertimeout": "00:04:00",
        "queryconsistency": "strongconsistency",
        "query_language": "kql",
        "request_readonly": false,
        "request_readonly_hardline": true,
        "results_progressive_enabled": false,
    });
    assert_eq!(rows(&server, "print 1", options), json!([[1]]));
}

#[test]
fn options_are_honoured_or_refused_by_name() {
    let server = Running::sample();
    let now = json!({"query_now": "2026-10-01T12:00:00Z"});
    assert_eq!(rows(&server, "print ago(1h)", now), json!([["2026-10-01T11:00:00.0000000Z"]]));
    let now = json!({"query_now": "datetime(2026-10-01)"});
    assert_eq!(rows(&server, "print now()", now), json!([["2026-10-01T00:00:00.0000000Z"]]));
    let some = "range x from 1 to 3 step 1 | render table";
    assert_eq!(rows(&server, some, json!({"query_take_max_records": 2})), json!([[1], [2]]));
    assert_eq!(rows(&server, some, json!({"Notruncation": "true", "truncationmaxrecords": 1})), json!([[1], [2], [3]]));

    let refusal = |options: Value| {
        let (status, code, message) = refused(&ask(&server, QUERY, "print 1", json!({"Options": options})));
        assert_eq!((status, code.as_str()), (400, "General_BadRequest"));
        message
    };
    let starts = "Request is invalid and cannot be processed: ";
    assert_eq!(
        refusal(json!({"truncationmaxrecord": 5})),
        format!("{starts}there is no option `truncationmaxrecord`; did you mean `truncationmaxrecords`?")
    );
    assert_eq!(
        refusal(json!({"results_progressive_enabled": true})),
        format!("{starts}the option `results_progressive_enabled` = `true` is refused: there is only false")
    );
    assert_eq!(
        refusal(json!({"query_language": "sql"})),
        format!("{starts}the option `query_language` = `sql` is refused: there is only kql, csl")
    );
    assert_eq!(
        refusal(json!({"servertimeout": "soon"})),
        format!("{starts}the option `servertimeout` = `soon` is refused: wanted is a timespan, `00:04:00`")
    );
    assert!(refusal(json!({"servertimeout": 60})).contains("`servertimeout` = `60`"));
    assert!(refusal(json!({"best_effort": true})).contains("`best_effort`"));
    assert!(refusal(json!({"query_datetimescope_to": "2026-01-01"})).contains("`query_datetimescope_to`"));
    assert!(refusal(json!({"maxoutputcolumns": 0})).contains("`maxoutputcolumns` is 0"));
    assert!(refusal(json!({"results_error_reporting_placement": "end_of_table"})).contains("fragment_primary"));
    // Not asked for is not refused.
    assert_eq!(rows(&server, "print 1", json!({"best_effort": false, "query_cursor_current": null})), json!([[1]]));
    // In the text, too.
    let (_, _, message) = refused(&ask(&server, QUERY, "set query_results_apply_getschema; print 1", Value::Null));
    assert!(message.contains("the option `query_results_apply_getschema` is not implemented"), "{message}");
    let (_, _, message) = refused(&ask(&server, QUERY, "set query_datascope = 'hotcash'; print 1", Value::Null));
    assert!(message.contains("`query_datascope` = `hotcash` is refused"), "{message}");
    let (_, _, message) = refused(&ask(&server, QUERY, "set servertimeout = 1m; print 1", Value::Null));
    assert!(message.contains("is one of the request"), "{message}");
    let set = |text: &str| refused(&ask(&server, QUERY, &format!("{text}; print 1"), Value::Null)).2;
    for name in ["max_memory_consumption_per_query_per_node", "NoRequestTimeout"] {
        let message = set(&format!("set {name} = 1"));
        assert!(message.contains(&format!("`{}` is one of the request", name.to_lowercase())), "{message}");
    }
    assert!(set("set MaxOutputColumns = 0").contains("`maxoutputcolumns` is 0"));
    assert!(set("set results_error_reporting_placement = 'end_of_table'").contains("fragment_primary"));
    let both =
        "set results_v2_fragment_primary_tables; set results_error_reporting_placement = 'end_of_table'; print 1";
    assert_eq!(ask(&server, QUERY, both, Value::Null).status, 200);
}

#[test]
fn too_many_rows_end_in_an_error_as_kusto_has_it() {
    let server = Running::sample();
    let csl = "range x from 1 to 9 step 1";
    let frames = ask(&server, QUERY, csl, json!({"Options": {"truncationmaxrecords": 5}})).json();
    let rows = frames[2]["Rows"].as_array().unwrap().clone();
    assert_eq!(rows[..5], [json!([1]), json!([2]), json!([3]), json!([4]), json!([5])]);
    let error = &rows[5]["OneApiErrors"][0]["error"];
    assert_eq!(error["code"], "LimitsExceeded");
    assert_eq!(error["@type"], "Kusto.Data.Exceptions.KustoServicePartialQueryFailureLimitsExceededException");
    let message = error["@message"].as_str().unwrap();
    let expected = "Query execution has exceeded the allowed limits (80DA0003): Query result set has exceeded the internal \
                    record count limit 5 (E_QUERY_RESULT_SET_TOO_LARGE; see https://aka.ms/kustoquerylimits); ";
    assert!(message.starts_with(expected), "{message}");
    assert_eq!((rows.len(), &frames[4]["HasErrors"]), (6, &json!(true)));
    assert_eq!(frames[4]["OneApiErrors"][0]["error"]["code"], "LimitsExceeded");
    // Told at the end only.
    let deferred = json!({"Options": {"truncationmaxrecords": 5, "deferpartialqueryfailures": true}});
    let frames = ask(&server, QUERY, csl, deferred).json();
    assert_eq!(frames[2]["Rows"].as_array().unwrap().len(), 5);
    let status = &frames[3]["Rows"][0];
    let set_too_large = "Query result set too large (E_QUERY_RESULT_SET_TOO_LARGE). (-2133196797)";
    let told = json!([2, "Error", -2_133_196_797, set_too_large, 1, "QueryLimitsExceeded"]);
    assert_eq!(status.as_array().unwrap()[5..11], told.as_array().unwrap()[..]);
    assert_eq!(frames[4], json!({"FrameType": "DataSetCompletion", "HasErrors": false, "Cancelled": false}));
    // As many as there may be is not too many; of the size of the text, whole rows.
    let exact = ask(&server, QUERY, csl, json!({"Options": {"truncationmaxrecords": 9}})).json();
    assert_eq!(exact[4]["HasErrors"], false);
    let sized = ask(&server, QUERY, csl, json!({"Options": {"truncationmaxsize": 10}})).json();
    assert_eq!(sized[2]["Rows"].as_array().unwrap().len(), 4);
    assert!(sized[4]["OneApiErrors"][0]["error"]["@message"].as_str().unwrap().contains("data size limit 10"));
    // In the text of the query; and in the first version.
    let v1 = ask(&server, V1, &format!("set truncationmaxrecords = 2; {csl}"), Value::Null).json();
    assert_eq!(v1["Tables"][0]["Rows"].as_array().unwrap().len(), 3);
    assert!(v1["Exceptions"][0].as_str().unwrap().contains("record count limit 2"));
    assert_eq!(v1["Tables"][2]["Rows"][0][2], "Error");
    // Behind the table that is cut there are no others.
    let v1 = ask(&server, V1, &format!("set truncationmaxrecords = 2; {csl}; print 1"), Value::Null).json();
    let contents: Vec<&Value> = v1["Tables"][3]["Rows"].as_array().unwrap().iter().map(|row| &row[1]).collect();
    assert_eq!(contents, ["QueryResult", "QueryProperties", "QueryStatus"]);
}

#[test]
fn half_a_million_rows_is_the_most_unless_told() {
    let server = Running::sample();
    let csl = "range x from 1 to 500001 step 1";
    let frames = ask(&server, QUERY, csl, Value::Null).json();
    assert_eq!(frames[2]["Rows"].as_array().unwrap().len(), 500_001);
    assert!(frames[2]["Rows"][500_000]["OneApiErrors"].is_array());
    let frames = ask(&server, QUERY, &format!("set notruncation; {csl}"), Value::Null).json();
    assert_eq!((&frames[2]["Rows"][500_000], &frames[4]["HasErrors"]), (&json!([500_001]), &json!(false)));
}

#[test]
fn frames_may_be_fragments() {
    let server = Running::sample();
    let options = json!({"Options": {
        "results_v2_fragment_primary_tables": true,
        "results_v2_newlines_between_frames": true,
        "results_error_reporting_placement": "end_of_table",
        "truncationmaxrecords": 3,
    }});
    let body = ask(&server, QUERY, "range x from 1 to 9 step 1", options).body;
    let lines: Vec<&str> = body.lines().collect();
    assert!(lines[0].ends_with(r#""IsFragmented":true,"ErrorReportingPlacement":"EndOfTable"}"#), "{body}");
    assert_eq!(
        lines[2..4],
        [
            r#",{"FrameType":"TableHeader","TableId":1,"TableKind":"PrimaryResult","TableName":"PrimaryResult","Columns":[{"ColumnName":"x","ColumnType":"long"}]}"#,
            r#",{"FrameType":"TableFragment","TableFragmentType":"DataAppend","TableId":1,"Rows":[[1],[2],[3]]}"#,
        ]
    );
    let end = r#",{"FrameType":"TableCompletion","TableId":1,"RowCount":3,"OneApiErrors":[{"error":{"code":"LimitsExceeded","#;
    assert!(lines[4].starts_with(end), "{body}");
    assert!(lines[6].starts_with(r#",{"FrameType":"DataSetCompletion","HasErrors":true,"#), "{body}");
    assert_eq!((lines[7], lines.len()), ("]", 8));
    // Instead of the row, where nothing else is said.
    let options = json!({"Options": {"results_v2_fragment_primary_tables": true, "truncationmaxrecords": 0}});
    let body = ask(&server, QUERY, "print 1", options).body;
    let error =
        r#",{"FrameType":"TableFragment","TableFragmentType":"DataAppend","TableId":1,"Rows":[{"OneApiErrors":["#;
    let lines: Vec<&str> = body.lines().collect();
    assert!(lines[3].starts_with(error), "{body}");
    assert_eq!(lines[4], r#",{"FrameType":"TableCompletion","TableId":1,"RowCount":0}"#);
}

#[test]
fn errors_are_those_of_kusto_with_place_and_cure() {
    let server = Running::sample();
    let answer = ask(&server, QUERY, "resources\n| where lokation == 'x'", Value::Null);
    let error = answer.json()["error"].clone();
    let message = "Semantic error: SEM0100: `lokation` is not a column here [line:position=2:8]; did you mean `location`? (AQ1001)";
    assert_eq!(
        (answer.status, &error["code"], &error["message"], &error["@type"], &error["@message"], &error["@permanent"]),
        (
            400,
            &json!("General_BadRequest"),
            &json!("Request is invalid and cannot be executed."),
            &json!("Kusto.Data.Exceptions.SemanticException"),
            &json!(message),
            &json!(true)
        )
    );
    let inner = &error["innererror"];
    assert_eq!(
        (&inner["code"], &inner["@errorCode"], &inner["@message"]),
        (&json!("SEM0100"), &json!("SEM0100"), &json!(message))
    );
    assert_eq!((&inner["@line"], &inner["@pos"]), (&json!(2), &json!(8)));
    let context = &error["@context"];
    assert_eq!(Some(context["activityId"].as_str().unwrap()), answer.header("x-ms-activity-id"));
    assert_eq!(context["serviceAlias"], "argql");

    let error = ask(&server, V1, "resources | where", Value::Null).json()["error"].clone();
    assert_eq!(error["@type"], "Kusto.Data.Exceptions.SyntaxException");
    assert_eq!(error["innererror"]["code"], "SYN0002");
    assert!(error["@message"].as_str().unwrap().starts_with("Syntax error: SYN0002: "), "{error}");
    // Known, but not loaded: the query's mistake.
    let (status, _, message) = refused(&ask(&server, QUERY, "healthresources", Value::Null));
    assert_eq!(status, 400);
    assert!(message.contains("(AQ3001)"), "{message}");
    // All that is wrong.
    let (_, _, message) = refused(&ask(&server, QUERY, "print a, b", Value::Null));
    assert_eq!(message.lines().count(), 2);
}

#[test]
fn what_is_no_request_is_refused() {
    let server = Running::sample();
    let refusal = |body: &str| {
        let (status, code, message) = refused(&server.post(QUERY, body));
        assert_eq!((status, code.as_str()), (400, "General_BadRequest"), "{body}");
        message.trim_start_matches("Request is invalid and cannot be processed: ").to_owned()
    };
    assert!(refusal("{not json").starts_with("the body is no object of JSON"));
    assert!(refusal("[]").starts_with("the body is no object of JSON"));
    assert!(refusal("").starts_with("the body is no object of JSON"));
    assert_eq!(refusal("{}"), "there is no query: `csl` is empty");
    assert_eq!(refusal(r#"{"csl":"  "}"#), "there is no query: `csl` is empty");
    assert_eq!(refusal(r#"{"csl":1}"#), "`csl` is no text");
    assert_eq!(
        refusal(r#"{"csl":"print 1","database":"arg"}"#),
        "a request has `db`, `csl` and `properties`, no `database`"
    );
    assert!(refusal(r#"{"csl":"print 1","properties":"{"}"#).starts_with("`properties` is a text, but no JSON"));
    assert_eq!(refusal(r#"{"csl":"print 1","properties":[]}"#), "`properties` is no object");
    assert_eq!(refusal(r#"{"csl":"print 1","properties":{"Options":1}}"#), "`Options` in `properties` is no object");
    assert!(refusal(r#"{"csl":"print 1","properties":{"Option":{}}}"#).ends_with("no `Option`"));
    let deep = format!(r#"{{"csl":"print 1","properties":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    assert!(refusal(&deep).starts_with("the body is no object of JSON"));
    let reason = |answer: &Answer| {
        let (status, _, message) = refused(answer);
        assert_eq!(status, 400);
        message.trim_start_matches("Request is invalid and cannot be processed: ").to_owned()
    };
    let address = server.post(&format!("{QUERY}?db=nonesuch"), r#"{"csl":"print 1"}"#);
    assert_eq!(reason(&address), "what a POST asks stands in its body, nothing in its address");
    let twice = server.get(&format!("{QUERY}?csl=print%201&csl=print%202"));
    assert_eq!(reason(&twice), "`csl` stands in the address more than once");
    let (status, code, message) = refused(&server.post(QUERY, r#"{"db":"ark","csl":"print 1"}"#));
    assert_eq!((status, code.as_str()), (404, "BadRequest_EntityNotFound"));
    assert_eq!(message, "Entity ID 'ark' of kind 'Database' was not found; did you mean `arg`?");
}

#[test]
fn a_query_may_stand_in_the_address() {
    let server = Running::sample();
    let answer = server.get("/v2/rest/query?db=ARG&csl=print%20x%20%3D%201%20%2B%201");
    assert_eq!(answer.json()[2]["Rows"], json!([[2]]));
    let head = server.ask("HEAD", "/v2/rest/query?csl=print%201", &[], "");
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    let answer = server.get("/v1/rest/mgmt?csl=.show%20version");
    assert_eq!(answer.json()["Tables"][0]["Rows"][0][2], "Engine");
    let properties = "%7B%22Parameters%22%3A%7B%22n%22%3A3%7D%7D";
    let csl = "declare%20query_parameters(n%3Along)%3B%20print%20n";
    assert_eq!(
        server.get(&format!("{V1}?csl={csl}&properties={properties}")).json()["Tables"][0]["Rows"],
        json!([[3]])
    );
}

#[test]
fn databases_are_the_export_and_each_snapshot() {
    let old = Engine::new().table("resources", br#"[{"id":"/old"}]"#.to_vec());
    let new = Engine::new().table("resources", br#"[{"id":"/new"}]"#.to_vec()).snapshot("2026-10-01", &old);
    let server = Running::start(Server::new(move || Ok(new.clone())));
    let first = |db: &str, csl: &str| {
        server.post(QUERY, &json!({"db": db, "csl": csl}).to_string()).json()[2]["Rows"][0][0].clone()
    };
    for here in ["", "arg", "Arg", "default", "NetDefaultDB"] {
        assert_eq!(first(here, "resources | project id"), "/new", "{here}");
    }
    assert_eq!(first("2026-10-01", "resources | project id"), "/old");
    assert_eq!(first("2026-10-01", "database('arg').resources | project id"), "/new");
    let names = shown(&server, ".show databases | project DatabaseName, IsCurrent");
    assert_eq!(names["Rows"], json!([["arg", true], ["2026-10-01", false]]));
    let entities = shown(&server, ".show databases entities | where DatabaseName == '2026-10-01' | project EntityName");
    assert_eq!(entities["Rows"], json!([["resources"]]));
    let body = json!({"db": "2026-10-01", "csl": ".show database identity | project DatabaseName"}).to_string();
    assert_eq!(server.post(MGMT, &body).json()["Tables"][0]["Rows"], json!([["2026-10-01"]]));
    let schema = shown(&server, ".show database ['2026-10-01'] schema as json");
    let schema: Value = serde_json::from_str(schema["Rows"][0][0].as_str().unwrap()).unwrap();
    assert_eq!(schema["Databases"]["2026-10-01"]["Tables"]["resources"]["Name"], "resources");
}

#[test]
fn commands_have_the_columns_that_kusto_declares() {
    let server = Running::sample();
    let described = |csl: &str| columns(&shown(&server, csl));
    assert_eq!(
        described(".show version"),
        "BuildVersion: String, BuildTime: DateTime, ServiceType: String, ProductVersion: String, ServiceOffering: String"
    );
    assert_eq!(
        described("// first\n .SHOW  Databases ;"),
        "DatabaseName: String/string, PersistentStorage: String/string, Version: String/string, IsCurrent: Boolean/bool, \
         DatabaseAccessMode: String/string, PrettyName: String/string, ReservedSlot1: Boolean/bool, DatabaseId: Guid/guid, \
         InTransitionTo: String/string, SuspensionState: String/string"
    );
    assert_eq!(
        described(".show tables"),
        "TableName: String/string, DatabaseName: String/string, Folder: String/string, DocString: String/string"
    );
    assert_eq!(
        described(".show databases entities with (showObfuscatedStrings = true)"),
        "DatabaseName: String/string, EntityType: String/string, EntityName: String/string, DocString: String/string, \
         Folder: String/string, CslInputSchema: String/string, Content: String/string, CslOutputSchema: String/string, \
         Properties: Object/dynamic"
    );
    assert_eq!(
        described(".show functions"),
        "Name: String/string, Parameters: String/string, Body: String/string, Folder: String/string, DocString: String/string"
    );
    let views = shown(&server, ".show materialized-views");
    assert_eq!((views["Columns"].as_array().unwrap().len(), &views["Rows"]), (16, &json!([])));
    assert!(columns(&views).ends_with("Lookback: TimeSpan/time, LookbackColumn: String/string"));
    assert_eq!(
        described(".show database ['arg'] schema"),
        "DatabaseName: String/string, TableName: String/string, ColumnName: String/string, ColumnType: String/string, \
         IsDefaultTable: Boolean/bool, IsDefaultColumn: Boolean/bool, PrettyName: String/string, Version: String/string, \
         Folder: String/string, DocString: String/string"
    );
    assert_eq!(described(".show databases schema"), described(".show database schema"));
    // Where Grafana asks it.
    let asked = ask(&server, V1, ".show databases schema", Value::Null).json();
    assert_eq!(
        (columns(&asked["Tables"][0]), asked["Tables"].as_array().unwrap().len()),
        (described(".show schema"), 1)
    );
    assert_eq!(described(".show database arg schema as json"), "DatabaseSchema: String/string");
    assert_eq!(described(".show schema as json"), "ClusterSchema: String/string");
    let cslschema = "TableName: String/string, Schema: String/string, DatabaseName: String/string, Folder: String/string, DocString: String/string";
    assert_eq!(described(".show table resources cslschema"), cslschema);
    assert_eq!(described(".show table ['resources'] schema as json"), cslschema);
    assert_eq!(described(".show database [\"arg\"] cslschema"), cslschema);
    assert_eq!(
        described(".show principal roles"),
        "Scope: String/string, DisplayName: String/string, AADObjectID: String/string, Role: String/string"
    );
    assert_eq!(
        described(".show cluster"),
        "NodeId: String/string, Address: String/string, Name: String/string, StartTime: DateTime/datetime, \
         IsAdmin: Boolean/bool, MachineTotalMemory: Int64/long, MachineAvailableMemory: Int64/long, \
         ProcessorCount: Int32/int, EnvironmentDescription: String/string"
    );
    assert!(described(".show tables details").contains("TotalRowCount: Int64/long, HotExtents: Int64/long"));
    assert!(
        described(".show databases details")
            .ends_with("TotalSize: Double/real, DatabaseId: Guid/guid, InTransitionTo: String/string")
    );
    for empty in
        [".show external tables", ".show entity_groups", ".show stored_query_results", ".show database principals"]
    {
        assert_eq!(shown(&server, empty)["Rows"], json!([]), "{empty}");
    }
}

#[test]
fn commands_tell_what_there_is() {
    let server = Running::sample();
    let rows = |csl: &str| shown(&server, csl)["Rows"].clone();
    let tables = json!([["securityresources"], ["policyresources"], ["resourcecontainers"], ["resources"]]);
    assert_eq!(rows(".show tables | project TableName"), tables);
    assert_eq!(rows(".show databases | project DatabaseName, DatabaseAccessMode"), json!([["arg", "ReadOnly"]]));
    assert_eq!(rows(".show tables (Resources)")[0][0], "resources");
    assert_eq!(rows(".show tables details | where TableName == 'resources' | project TotalRowCount"), json!([[50]]));
    let schema = rows(".show table Resources cslschema");
    let columns = schema[0][1].as_str().unwrap();
    assert!(columns.starts_with("id:string,name:string,type:string,"), "{columns}");
    let schema: Value = serde_json::from_str(rows(".show schema as json")[0][0].as_str().unwrap()).unwrap();
    let database = &schema["Databases"]["arg"];
    assert_eq!(
        (&database["Name"], &database["MajorVersion"], &database["MinorVersion"]),
        (&json!("arg"), &json!(1), &json!(1))
    );
    let columns = database["Tables"]["resources"]["OrderedColumns"].as_array().unwrap();
    assert!(columns.contains(&json!({"Name": "tags", "Type": "System.Object", "CslType": "dynamic"})));
    assert!(columns.contains(&json!({"Name": "id", "Type": "System.String", "CslType": "string"})));
    for empty in ["Functions", "ExternalTables", "MaterializedViews", "EntityGroups"] {
        assert_eq!(database[empty], json!({}), "{empty}");
    }
    // A row for the database, for each table, and for each column.
    let rows = rows(".show database schema");
    assert_eq!(rows[0], json!(["arg", "", "", "", false, false, "", "v1.1", "", ""]));
    assert_eq!(rows[1], json!(["arg", "securityresources", "", "", true, false, "", "", "", ""]));
    assert_eq!(rows[2], json!(["arg", "securityresources", "id", "System.String", true, false, "", "", "", ""]));
    assert_eq!(shown(&server, ".show database arg schema if_later_than \"v1.1\"")["Rows"], json!([]));
    let entities = shown(&server, ".show databases entities");
    let row = entities["Rows"][3].as_array().unwrap();
    assert_eq!(row[..7], ["arg", "Table", "resources", "", "", "", ""]);
    assert!(row[7].as_str().unwrap().starts_with("id:string, name:string, "), "{row:?}");
    assert_eq!(row[8], json!({"column_docs": {}}));
    let script = shown(&server, ".show database schema as csl script");
    assert!(
        script["Rows"][3][0].as_str().unwrap().starts_with(".create-merge table resources (id:string, name:string")
    );
}

#[test]
fn operators_behind_a_command_take_its_rows() {
    let server = Running::sample();
    let table = shown(&server, ".show materialized-views | project Lookback");
    assert_eq!(table["Columns"], json!([{"ColumnName": "Lookback", "DataType": "TimeSpan", "ColumnType": "timespan"}]));
    let csl = "\n// about\n.show tables\n| where TableName startswith 'resource'\n| summarize n = count()";
    assert_eq!(shown(&server, csl)["Rows"], json!([[2]]));
    // Its place is that in the text.
    let (_, _, message) = refused(&ask(&server, MGMT, ".show tables | where Tablename == ''", Value::Null));
    assert!(message.contains("`Tablename` is not a column here [line:position=1:21]"), "{message}");
    // At the address for queries, too, with frames.
    let frames = frames(&server, ".show tables | count");
    assert_eq!(frames[2]["Rows"], json!([[4]]));
    assert_eq!(frames.len(), 5);
    let frames = ask(&server, QUERY, ".show version", Value::Null).json();
    assert_eq!(frames[2]["Columns"][1], json!({"ColumnName": "BuildTime", "ColumnType": "datetime"}));
}

#[test]
fn other_commands_are_refused_by_name() {
    let server = Running::sample();
    for command in [
        ".create table T (a: int)",
        ".set-or-append T <| resources | take 1",
        ".ingest inline into table T <| 1",
        ".drop table resources",
        ".alter database arg prettyname 'x'",
        ".execute database script <| .drop table resources",
        ".export to csv ('https://x') <| resources",
    ] {
        let (status, code, message) = refused(&ask(&server, MGMT, command, Value::Null));
        let verb = command.split(' ').next().unwrap();
        assert_eq!((status, code.as_str()), (403, "Forbidden"));
        assert!(
            message.contains(&format!("the command `{verb}` is refused: this server reads an export")),
            "{message}"
        );
    }
    let (status, _, message) = refused(&ask(&server, MGMT, ".show tabels", Value::Null));
    assert_eq!(status, 400);
    assert!(
        message.ends_with("the command `.show tabels` is not answered here; did you mean `.show tables`?"),
        "{message}"
    );
    let (_, _, message) = refused(&ask(&server, MGMT, ".show queryplan <| print 1", Value::Null));
    assert!(message.contains("not answered here; there are `.show version`"), "{message}");
    let (_, _, message) = refused(&ask(&server, MGMT, ".show database schema with (secret = true)", Value::Null));
    assert!(message.contains("the property `secret`"), "{message}");
    let (status, _, message) = refused(&ask(&server, MGMT, ".show table nothing cslschema", Value::Null));
    assert_eq!(status, 404);
    assert!(message.starts_with("Entity ID 'nothing' of kind 'Table' was not found"), "{message}");
    let (_, _, message) = refused(&ask(&server, MGMT, "resources | take 1", Value::Null));
    assert!(message.contains("a command begins with a dot"), "{message}");
    let (status, _, message) = refused(&server.post("/v1/rest/ingest/arg/T?streamFormat=csv", "1"));
    assert_eq!(status, 403);
    assert!(message.contains("ingestion is refused"), "{message}");
    for wrong in [
        ".show table ['open cslschema",
        ".show tables if_later_than \"v1.0\"",
        ".show database schema if_later_than \"new\"",
        ".cancel query \"x\" | count",
        ".cancel operation 'x'",
    ] {
        assert_eq!(refused(&ask(&server, MGMT, wrong, Value::Null)).0, 400, "{wrong}");
    }
    assert_eq!(refused(&ask(&server, MGMT, ".", Value::Null)).0, 400);
}

/// Words of commands, put together as nobody would, are answered or refused, and are no fault.
#[test]
fn no_command_is_a_fault() {
    const WORDS: [&str; 36] = [
        ".show",
        ".SHOW",
        ".cancel",
        ".drop",
        "query",
        "version",
        "databases",
        "database",
        "details",
        "entities",
        "schema",
        "as",
        "json",
        "tables",
        "table",
        "resources",
        "['resources']",
        "[\"arg\"]",
        "['",
        "[",
        "]",
        "'é",
        "\"x\"",
        "(",
        ")",
        ",",
        "with",
        "=",
        "*",
        "if_later_than",
        "\"v1.0\"",
        "|",
        "// a\n",
        "count",
        ";",
        "<|",
    ];
    let server = Running::sample();
    let mut seed = 1_u64;
    let mut next = |below: usize| {
        // Of a generator of random numbers only the upper half is one.
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 33).unwrap() % below
    };
    for _ in 0..400 {
        let words: Vec<&str> = (0..=next(7)).map(|at| WORDS[if at == 0 { next(4) } else { next(36) }]).collect();
        for between in [" ", ""] {
            let csl = words.join(between);
            let path = [MGMT, QUERY, V1][next(3)];
            let answer = ask(&server, path, &csl, Value::Null);
            assert!(matches!(answer.status, 200 | 400 | 403 | 404), "{csl}: {answer:?}");
        }
    }
}

#[test]
fn limits_and_time_end_a_query_with_an_error() {
    let mut limits = Limits::default();
    limits.memory = Some(64 << 20);
    let engine = Engine::new().sample().limits(limits);
    let server = Running::start(Server::new(move || Ok(engine.clone())));
    let slow = "range x from 1 to 90000000 step 1 | where hash(x) == 5 | count";
    let answer = ask(&server, QUERY, slow, json!({"Options": {"servertimeout": "00:00:00.2"}}));
    let (status, code, message) = refused(&answer);
    assert_eq!((status, code.as_str()), (504, "Timeout"));
    assert!(message.contains("allow more with the option `servertimeout`"), "{message}");
    let large = "range x from 1 to 9000000 step 1 | extend y = strcat('a', x) | sort by y";
    let (status, code, message) = refused(&ask(&server, QUERY, large, Value::Null));
    assert_eq!((status, code.as_str()), (400, "LimitsExceeded"));
    assert!(message.starts_with("Query execution has exceeded the allowed limits (80DA0007): "), "{message}");
    // A request may want less, not more.
    let small = json!({"Options": {"max_memory_consumption_per_query_per_node": 1 << 20}});
    let (_, code, message) = refused(&ask(&server, QUERY, large, small));
    assert_eq!(code, "LimitsExceeded");
    assert!(message.contains("1 MiB"), "{message}");
}

#[test]
fn a_query_can_be_cancelled_by_its_name() {
    let server = Running::sample();
    let headers = [("content-type", "application/json"), ("x-ms-client-request-id", "KE.RunQuery;1")];
    let slow =
        json!({"csl": "range x from 1 to 90000000 step 1 | extend y = tostring(x) | summarize dcount(y)"}).to_string();
    std::thread::scope(|scope| {
        let asked = scope.spawn(|| server.ask("POST", QUERY, &headers, &slow));
        let cancel = ".cancel query \"KE.RunQuery;1\" with (reason = \"enough\")";
        let mut times = 0;
        loop {
            let answer = ask(&server, MGMT, cancel, Value::Null).json()["Tables"][0].clone();
            assert_eq!(columns(&answer), "RunningQueryCanceled: Boolean/bool, ClientRequestId: String/string");
            if answer["Rows"] == json!([[true, "KE.RunQuery;1"]]) {
                break;
            }
            times += 1;
            assert!(times < 1000, "it never began");
            std::thread::sleep(Duration::from_millis(5));
        }
        let (status, code, message) = refused(&asked.join().unwrap());
        assert_eq!((status, code.as_str()), (400, "QueryCancelled"), "{message}");
    });
}

#[test]
fn what_there_is_to_know_comes_with_the_answer_and_is_no_failure() {
    // Azure says that there are two rows.
    let page = br#"{"count":1,"data":[{"id":"a"}],"skip_token":null,"total_records":2}"#;
    let engine = Engine::new().table("resources", page.to_vec());
    let server = Running::start(Server::new(move || Ok(engine.clone())));
    let rows = frames(&server, "resources | count")[3]["Rows"].clone();
    assert_eq!((&rows[1][5], &rows[1][6], rows.as_array().unwrap().len()), (&json!(4), &json!("Info"), 2));
    assert!(rows[1][11].as_str().unwrap().contains("(AQ3006)"), "{rows}");
    // The name of the request may stand in its properties, if no header has it.
    let named = ask(&server, QUERY, "print 1", json!({"ClientRequestId": "mine;1"}));
    assert_eq!(named.header("x-ms-client-request-id"), Some("mine;1"));
    assert_eq!(named.json()[3]["Rows"][0][1], "mine;1");
}

/// The lengths of the chunks in which an answer comes, with the bytes of all.
fn chunks(server: &Running, csl: &str) -> (Vec<usize>, usize) {
    let body = json!({"csl": csl}).to_string();
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(120))).unwrap();
    let head = format!(
        "POST {QUERY} HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        server.address,
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    let start = bytes.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    assert!(String::from_utf8_lossy(&bytes[..start]).to_lowercase().contains("transfer-encoding: chunked"));
    let (mut rest, mut lengths) = (&bytes[start + 4..], Vec::new());
    loop {
        let end = rest.windows(2).position(|window| window == b"\r\n").unwrap();
        let length = usize::from_str_radix(std::str::from_utf8(&rest[..end]).unwrap(), 16).unwrap();
        if length == 0 {
            break;
        }
        lengths.push(length);
        rest = &rest[end + 2 + length + 2..];
    }
    let whole = lengths.iter().sum();
    (lengths, whole)
}

#[test]
fn a_million_rows_come_in_pieces() {
    let server = Running::sample();
    let csl =
        "set notruncation; range x from 1 to 1000000 step 1 | extend t = 'a text of forty letters, or so it is said'";
    let (lengths, whole) = chunks(&server, csl);
    assert!(whole > 50_000_000, "{whole}");
    let largest = lengths.iter().max().unwrap();
    assert!(*largest <= 100_000, "{largest}");
}

/// What the page of Azure Data Explorer asks when somebody adds a connection and runs a query, with the headers of its
/// browser.
#[test]
fn the_page_of_azure_data_explorer_is_answered() {
    let server = Running::sample();
    let page = "https://dataexplorer.azure.com";
    let wanted = "authorization,content-type,x-ms-app,x-ms-client-request-id,x-ms-user-id";
    let allowed = |path: &str| {
        let headers = [
            ("origin", page),
            ("access-control-request-method", "POST"),
            ("access-control-request-headers", wanted),
            ("access-control-request-private-network", "true"),
        ];
        let answer = server.ask("OPTIONS", path, &headers, "");
        assert_eq!(answer.status, 204);
        assert_eq!(answer.header("access-control-allow-origin"), Some(page));
        assert_eq!(answer.header("access-control-allow-headers"), Some(wanted));
        assert_eq!(answer.header("access-control-allow-private-network"), Some("true"));
        assert!(answer.header("access-control-allow-methods").unwrap().contains("post"));
    };
    let ask = |path: &str, body: Value| {
        let headers = [
            ("origin", page),
            ("content-type", "application/json; charset=UTF-8"),
            ("accept", "application/json"),
            ("authorization", "Bearer whatever"),
            ("x-ms-app", "Kusto.Web.KWE:2.259.0-5|embeddedIn:dataexplorer.azure.com"),
            ("x-ms-client-request-id", "Kusto.Web.KWE.Query;29e3ba3d;740cd2cb"),
            ("x-ms-user-id", "someone"),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-mode", "cors"),
        ];
        let answer = server.ask("POST", path, &headers, &body.to_string());
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert_eq!(answer.header("access-control-allow-origin"), Some(page));
        // One of the headers of this name, of which others say the encoding.
        assert!(answer.head.lines().any(|line| line.starts_with("vary: ") && line.contains("origin")));
        assert_eq!(answer.header("x-ms-client-request-id"), Some("kusto.web.kwe.query;29e3ba3d;740cd2cb"));
        assert!(answer.header("access-control-expose-headers").unwrap().contains("x-ms-activity-id"));
        answer.json()
    };
    allowed(MGMT);
    for (csl, some) in [
        (".show version", true),
        (".show databases", true),
        (".show databases entities", true),
        (".show tables", true),
        (".show materialized-views", false),
        (".show functions", false),
        (".show schema as json", true),
    ] {
        let tables = ask(MGMT, json!({"db": "NetDefaultDB", "csl": csl, "properties": null}));
        assert_eq!(tables["Tables"].as_array().unwrap().len(), 1);
        assert_eq!(!tables["Tables"][0]["Rows"].as_array().unwrap().is_empty(), some, "{csl}");
    }
    allowed(QUERY);
    let properties = json!({"Options": {
        "servertimeout": "00:04:00",
        "queryconsistency": "strongconsistency",
        "query_language": "kql",
        "request_readonly": false,
        "request_readonly_hardline": true,
    }});
    let frames = ask(QUERY, json!({"db": "arg", "csl": "resources | count", "properties": properties}));
    assert_eq!(frames[2]["Rows"], json!([[50]]));
    assert_eq!(server.get("/v1/rest/auth/metadata").json(), json!({"AzureAD": null}));
}
