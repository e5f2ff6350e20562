//! The interface of the page, as JSON.

use argql::{Engine, Server};
use serde_json::{Value, json};

use super::Running;

/// The diagnostics of a refused request, and its status.
fn refused(server: &Running, path: &str, body: &Value) -> (u16, Value) {
    let answer = server.post(path, &body.to_string());
    (answer.status, answer.json()["error"].clone())
}

#[test]
fn the_server_says_what_it_has() {
    let server = Running::sample();
    let about = server.get("/api/about").json();
    assert_eq!(about["number"], 1);
    assert_eq!(about["databases"][0]["name"], "arg");
    let tables = ["securityresources", "policyresources", "resourcecontainers", "resources"];
    assert_eq!(about["databases"][0]["tables"], json!(tables));
    assert_eq!(about["limits"]["rows"], 100_000_000);

    let tables = server.get("/api/tables?database=ARG").json();
    let resources = tables.as_array().unwrap().iter().find(|table| table["name"] == "resources").unwrap();
    assert_eq!((&resources["rows"], &resources["known"]), (&json!(50), &json!(true)));
    assert!(resources["columns"].as_array().unwrap().contains(&json!({"name": "tags", "type": "dynamic"})));

    let unknown = server.get("/api/tables?database=arq");
    assert_eq!((unknown.status, &unknown.json()["error"]["help"]), (404, &json!("did you mean `arg`?")));
}

#[test]
fn paths_have_types_shares_and_values() {
    let server = Running::sample();
    let paths = server.get("/api/paths?path=securityresources.properties.status").json();
    assert_eq!(paths["sampled"], false);
    let entries = paths["entries"].as_array().unwrap();
    let names: Vec<&str> = entries.iter().map(|entry| entry["name"].as_str().unwrap()).collect();
    assert!(names.contains(&"properties.status") && names.contains(&"code"), "{names:?}");
    let code = entries.iter().find(|entry| entry["name"] == "code").unwrap();
    assert_eq!((&code["path"], &code["type"]), (&json!("properties.status.code"), &json!("string")));
    assert_eq!(code["top"][0]["value"], "Healthy");
    let all = paths["rows"].as_f64().unwrap();
    assert_eq!(code["share"].as_f64().unwrap(), code["count"].as_f64().unwrap() / all);
    let broken = server.get("/api/paths?path=resources.lokation");
    assert_eq!(broken.json()["error"]["code"], "AQ1001");
}

#[test]
fn a_query_is_answered_with_its_tables() {
    let server = Running::sample();
    let text = "print n = 1, big = 9007199254740993, t = 'é', d = dynamic({'a':[1]}), when = datetime(2026-10-01), \
                gone = int(null), s = 1h; resources | count";
    let answer = server.post("/api/query", &json!({"text": text}).to_string());
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")));
    let answer = answer.json();
    let first = &answer["tables"][0];
    assert_eq!(first["columns"][1], json!({"name": "big", "type": "long"}));
    let row = json!([1, "9007199254740993", "é", {"a": [1]}, "2026-10-01T00:00:00.0000000Z", null, "01:00:00"]);
    assert_eq!(first["rows"], json!([row]));
    assert_eq!(answer["tables"][1]["rows"], json!([[50]]));
    assert_eq!(answer["warnings"], json!([]));
    assert!(answer["took_ms"].as_f64().unwrap() > 0.0);
}

#[test]
fn lines_begin_with_the_head_of_their_table() {
    let server = Running::sample();
    let text = "range x from 1 to 3 step 1; print y = 'a' | render table; print 1 | take 0";
    let headers = [("accept", "application/x-ndjson")];
    let answer = server.ask("POST", "/api/query", &headers, &json!({"text": text}).to_string());
    let lines: Vec<Value> = answer.body.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let heads: Vec<&Value> = lines.iter().filter(|line| line.get("columns").is_some()).collect();
    assert_eq!(heads.iter().map(|head| head["rows"].as_u64().unwrap()).collect::<Vec<_>>(), [3, 1, 0]);
    assert_eq!(
        (&heads[1]["table"], &heads[1]["of"], &heads[1]["chart"]["kind"]),
        (&json!(2), &json!(3), &json!("table"))
    );
    let rows: Vec<&Value> = lines.iter().filter(|line| line.is_array()).collect();
    assert_eq!(rows, [&json!([1]), &json!([2]), &json!([3]), &json!(["a"])]);
    assert_eq!(lines.last(), Some(&json!({"end": true})));
}

#[test]
fn many_rows_arrive_whole() {
    let server = Running::sample();
    let text = "range x from 1 to 200000 step 1 | extend t = strcat('row ', x)";
    let headers = [("accept", "application/x-ndjson")];
    let answer = server.ask("POST", "/api/query", &headers, &json!({"text": text}).to_string());
    // Of a length that nobody knew when it began.
    assert_eq!(answer.header("content-length"), None);
    let mut lines = answer.body.lines();
    assert_eq!(serde_json::from_str::<Value>(lines.next().unwrap()).unwrap()["rows"], 200_000);
    for x in 1..=200_000 {
        assert_eq!(lines.next(), Some(format!("[{x},\"row {x}\"]").as_str()));
    }
    assert_eq!((lines.next(), lines.next()), (Some("{\"end\":true}"), None));
}

#[test]
fn what_is_wrong_has_its_place_and_its_cure() {
    let server = Running::sample();
    // The face is two units for a browser, and four bytes.
    let text = "print '😀';\nresources | where lokation == 'x'";
    let (status, error) = refused(&server, "/api/query", &json!({"text": text}));
    assert_eq!((status, &error["code"]), (400, &json!("AQ1001")));
    let first = &error["diagnostics"][0];
    assert_eq!(first["message"], "`lokation` is not a column here");
    assert_eq!(first["help"], "did you mean `location`?");
    assert_eq!((&first["start"], &first["end"]), (&json!(30), &json!(38)));
    assert_eq!((&first["line"], &first["column"]), (&json!(2), &json!(19)));

    let checked = server.post("/api/check", &json!({"text": text}).to_string()).json();
    assert_eq!((&checked["ok"], &checked["columns"]), (&json!(false), &Value::Null));
    assert_eq!(checked["diagnostics"][0], *first);
    assert_eq!(checked["marks"][1], json!({"start": 6, "end": 10, "kind": "text"}));
}

#[test]
fn a_check_knows_columns_and_parameters() {
    let server = Running::sample();
    let text = "declare query_parameters(days: long = 30, name: string); print n = days, t = name";
    let checked = server.post("/api/check", &json!({"text": text}).to_string()).json();
    assert_eq!(checked["ok"], true);
    assert_eq!(checked["columns"], json!([{"name": "n", "type": "long"}, {"name": "t", "type": "string"}]));
    let parameters = json!([
        {"name": "days", "type": "long", "default": "30", "about": null},
        {"name": "name", "type": "string", "default": null, "about": null},
    ]);
    assert_eq!(checked["parameters"], parameters);
    let arg = json!({"text": "let n = 5; resources | take n", "target": "arg"});
    let checked = server.post("/api/check", &arg.to_string()).json();
    assert_eq!((&checked["ok"], &checked["diagnostics"][0]["code"]), (&json!(true), &json!("AQ5003")));
}

#[test]
fn parameters_limits_and_the_moment_are_kept() {
    let server = Running::sample();
    let rows = |body: Value| server.post("/api/query", &body.to_string()).json()["tables"][0]["rows"].clone();
    let text = "declare query_parameters(n: long, since: timespan = 1d, on: bool = false, bag: dynamic = dynamic(null)); \
                print n, ago(since), on, bag.a";
    let parameters = json!({"n": 4, "since": "2.00:00:00", "on": true, "bag": {"a": 7}});
    let asked = json!({"text": text, "parameters": parameters, "now": "2026-10-03"});
    assert_eq!(rows(asked), json!([[4, "2026-10-01T00:00:00.0000000Z", true, 7]]));
    assert_eq!(rows(json!({"text": text, "parameters": {"n": "5"}, "now": "2026-10-03"}))[0][0], 5);

    let (status, error) = refused(&server, "/api/query", &json!({"text": text, "parameters": {"n": "many"}}));
    assert_eq!((status, &error["code"]), (400, &json!("AQ2005")));
    let (status, error) = refused(&server, "/api/query", &json!({"text": text}));
    assert_eq!((status, &error["code"]), (422, &json!("AQ1007")));
    let (status, error) = refused(&server, "/api/query", &json!({"text": "print 1", "parameters": {"m": 1}}));
    assert_eq!((status, &error["code"]), (422, &json!("AQ1007")));
    let (status, error) =
        refused(&server, "/api/query", &json!({"text": "range x from 1 to 9 step 1", "limits": {"rows": 8}}));
    assert_eq!((status, &error["code"]), (400, &json!("AQ4004")));
    let long =
        json!({"text": "range x from 1 to 90000000 step 1 | summarize count() by x % 7", "limits": {"seconds": 0.05}});
    let (status, error) = refused(&server, "/api/query", &long);
    assert_eq!((status, &error["code"]), (400, &json!("AQ4005")));
}

#[test]
fn completions_say_what_they_replace() {
    let server = Running::sample();
    let text = "print '😀'; resources | where loc == 'x'";
    let offset = text[..text.find(" ==").unwrap()].encode_utf16().count();
    let found = server.post("/api/complete", &json!({"text": text, "offset": offset}).to_string()).json();
    assert_eq!((&found["start"], &found["end"]), (&json!(offset - 3), &json!(offset)));
    assert_eq!((&found["items"][0]["text"], &found["items"][0]["kind"]), (&json!("location"), &json!("column")));
    let text = "print substring('a', ";
    let found = server.post("/api/complete", &json!({"text": text, "offset": text.len()}).to_string()).json();
    assert_eq!(found["hint"], "start: integer, [length: integer])");
}

#[test]
fn names_are_explained() {
    let server = Running::sample();
    let all = server.get("/api/functions").json();
    let substring = all.as_array().unwrap().iter().find(|entry| entry["name"] == "substring").unwrap();
    assert_eq!((&substring["kind"], &substring["family"]), (&json!("function"), &json!("text")));
    assert_eq!(substring["examples"][0]["result"], "bc");
    assert_eq!(server.get("/api/explain?name=limit").json()[0]["name"], "take");
    let unknown = server.get("/api/explain?name=substrin");
    assert_eq!(unknown.status, 404);
    assert_eq!(unknown.json()["error"]["diagnostics"][0]["help"], "did you mean `substring`?");
}

#[test]
fn saved_questions_are_described_and_answered() {
    let server = Running::sample();
    let all = server.get("/api/questions").json();
    let expiring = all.as_array().unwrap().iter().find(|question| question["name"] == "exemptions-expiring").unwrap();
    assert_eq!((&expiring["area"], &expiring["title"]), (&json!("expiry"), &json!("Ending soon")));
    assert_eq!((&expiring["lacks"], &expiring["parameters"][0]["name"]), (&json!([]), &json!("days")));
    let one = server.get("/api/questions/exemptions-expiring").json();
    assert!(one["text"].as_str().unwrap().contains("// include:"));
    assert!(!one["flat"].as_str().unwrap().contains("// include:"));

    let path = "/api/questions/exemptions-expiring/run";
    let days = |days: Value| {
        let body = json!({"parameters": {"days": days}, "now": "2026-10-01"});
        server.post(path, &body.to_string()).json()["tables"][0]["rows"].as_array().unwrap().len()
    };
    assert!(days(json!(1)) < days(json!("400")));
    assert_eq!(server.post("/api/questions/no-such/run", "{}").status, 404);
    assert_eq!(
        server.get("/api/questions/exemptions-expird").json()["error"]["diagnostics"][0]["help"],
        "did you mean `exemptions-expired`?"
    );
}

#[test]
fn files_are_written_in_the_form_that_is_asked_for() {
    let server = Running::sample();
    let body = json!({"text": "print a = '=1+1', b = 2"}).to_string();
    let accepting = |accept: &str| server.ask("POST", "/api/query", &[("accept", accept)], &body);
    let csv = accepting("text/csv");
    assert_eq!(csv.body, "a,b\n'=1+1,2\n");
    assert_eq!(csv.header("content-disposition"), Some("attachment; filename=\"answer.csv\""));
    assert_eq!(accepting("text/markdown").body, "| a | b |\n| --- | --: |\n| =1+1 | 2 |\n");
    assert_eq!(accepting("image/png, text/csv;q=0.5, */*;q=0.1").header("content-type"), Some("text/csv"));
    let none = accepting("image/png");
    assert_eq!((none.status, &none.json()["error"]["code"]), (406, &json!("NotAcceptable")));

    let linked = |format: &str| server.get(&format!("/api/query?text=print%20a%3D1&format={format}"));
    assert_eq!(linked("json").body, "[{\"a\":1}]\n");
    assert_eq!(linked("ndjson").body, "{\"a\":1}\n");
    assert!(linked("parquet").body.starts_with("PAR1"));
    assert!(linked("xlsx").body.starts_with("PK"));
    assert_eq!(linked("cvs").json()["error"]["help"], "did you mean `csv`?");
    let two = server.post("/api/query?format=csv", &json!({"text": "print 1; print 2"}).to_string());
    assert_eq!(two.status, 422);
}

#[test]
fn what_nobody_knows_is_refused() {
    let server = Running::sample();
    let said = |path: &str, body: &str| {
        let answer = server.post(path, body);
        (answer.status, answer.json()["error"]["message"].as_str().unwrap().to_owned())
    };
    assert_eq!(said("/api/query", "[1]"), (400, "the request is an array, not a JSON object".to_owned()));
    let (status, message) = said("/api/query", "{\"text\":\n \"print 1\",}");
    assert_eq!(status, 400);
    assert!(message.contains("line 2 column"), "{message}");
    assert_eq!(said("/api/query", "{}"), (400, "the request lacks `text`".to_owned()));
    assert_eq!(
        said("/api/query", r#"{"text":5}"#),
        (400, "`text` of the request is to be a text, and is a number".to_owned())
    );
    assert_eq!(
        said("/api/query", r#"{"text":"print 1","limit":{}}"#),
        (400, "`limit` is no part of the request".to_owned())
    );
    assert_eq!(
        said("/api/query", r#"{"text":"print 1","limits":{"row":1}}"#),
        (400, "`row` is no part of limits".to_owned())
    );
    assert_eq!(said("/api/query", r#"{"text":"print 1","limits":{"rows":-1}}"#).0, 400);
    assert_eq!(said("/api/query", r#"{"text":"print 1","now":"soon"}"#).0, 422);
    assert_eq!(said("/api/query", r#"{"text":"nowhere"}"#).0, 400);
    assert_eq!(said("/api/query?format=csv&wide=1", r#"{"text":"print 1"}"#).0, 400);
    assert_eq!(said("/api/check", r#"{"text":"print 1","target":"sql"}"#).0, 422);
    for path in ["check", "plan", "cancel", "format", "complete", "chart"] {
        let (status, message) = said(&format!("/api/{path}?database=zzz"), r#"{"text":"print 1"}"#);
        assert_eq!((status, message.as_str()), (400, "`database` is no part of the address"), "{path}");
    }
    assert_eq!(server.get("/api/tables?database=arg&database=arg").status, 400);
    assert_eq!(server.get("/api/nothing").json()["error"]["message"], "there is no `/api/nothing`");
    assert_eq!(server.ask("DELETE", "/api/about", &[], "").status, 405);
    for path in ["/nowhere", "/v1/rest/nowhere", "/%ff"] {
        let answer = server.get(path);
        let said = answer.json()["error"]["message"].clone();
        assert_eq!((answer.status, said), (404, json!(format!("there is no `{path}`"))));
    }
    for path in ["/", "/v2/rest/query"] {
        let answer = server.ask("PUT", path, &[], "");
        let said = answer.json()["error"]["message"].clone();
        assert_eq!((answer.status, said), (405, json!(format!("`{path}` is not answered to PUT"))));
    }
    for doubled in [r#"{"text":"print 1","text":"print 2"}"#, r#"{"text":"print 1","parameters":{"a":1,"a":2}}"#] {
        let (status, message) = said("/api/query", doubled);
        assert!(status == 400 && message.contains("is given twice"), "{message}");
    }
    let large = r#"{"text":"declare query_parameters(n: long); print n","parameters":{"n":9223372036854775808}}"#;
    assert_eq!(said("/api/query", large), (422, "the number for `n` is too large".to_owned()));
    let nested = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(server.post("/api/query", &nested).status, 400);
}

#[test]
fn nothing_is_included_but_from_the_library() {
    let server = Running::sample();
    let query = |text: &str| server.post("/api/query", &json!({"text": text}).to_string());
    assert_eq!(query("// include: exemptions\nprint 1").status, 200);
    let other = query("// include: ../queries/exemptions-expired\nprint 1");
    assert_eq!((other.status, &other.json()["error"]["code"]), (400, &json!("AQ1008")));
}

#[test]
fn a_query_is_stopped_by_its_id() {
    let server = Running::sample();
    let body =
        json!({"id": "long", "text": "range x from 1 to 90000000 step 1 | where tostring(x) matches regex '9.*8' | count"}).to_string();
    let stop = || server.post("/api/cancel", r#"{"id":"long"}"#).json()["cancelled"] == json!(true);
    std::thread::scope(|scope| {
        let asked = scope.spawn(|| server.post("/api/query", &body));
        while !stop() {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        let answer = asked.join().unwrap();
        assert_eq!((answer.status, &answer.json()["error"]["code"]), (400, &json!("AQ4006")));
    });
    assert!(!stop());
}

#[test]
fn a_query_is_laid_out_with_its_comments() {
    let server = Running::sample();
    let laid_out = |text: &str| server.post("/api/format", &json!({"text": text}).to_string());
    let text = "// all\nresources|where name=='a'//only\n|take 5";
    assert_eq!(laid_out(text).json()["text"], "// all\nresources\n| where name == 'a' //only\n| take 5");
    assert_eq!(laid_out("resources |").json()["error"]["diagnostics"][0]["start"], 11);
}

#[test]
fn the_stages_of_a_query_are_shown() {
    let server = Running::sample();
    let shown = |stage: &str| {
        let body = json!({"text": "range x from 1 to 9 step 1 | sort by x desc | take 2", "stage": stage});
        server.post("/api/plan", &body.to_string()).json()["text"].as_str().unwrap_or_default().to_owned()
    };
    assert!(shown("tokens").starts_with("1:1       Word         range\n"));
    assert!(shown("ast").ends_with("\n| sort by x desc\n| take 2"));
    assert!(shown("plan").contains("Sort") && shown("rewritten").contains("TopN"));
    assert!(shown("profile").contains("Range"));
    assert_eq!(shown("sql"), "");
}

#[test]
fn pictures_are_drawn_as_asked_or_by_hand() {
    let server = Running::sample();
    let text = "datatable(t: string, n: long)['a', 1, 'b<', 2]";
    let drawn = |text: &str, kind: Value, accept: &str| {
        let body = json!({"text": text, "kind": kind}).to_string();
        server.ask("POST", "/api/chart", &[("accept", accept)], &body)
    };
    let pie = drawn(&format!("{text} | render piechart with (title='two')"), Value::Null, "image/svg+xml");
    assert_eq!(pie.header("content-type"), Some("image/svg+xml"));
    let picture = roxmltree::Document::parse(&pie.body).unwrap();
    let texts: Vec<&str> =
        picture.descendants().filter(|node| node.has_tag_name("text")).filter_map(|node| node.text()).collect();
    // A third and two thirds.
    assert_eq!(texts, ["two", "a  1  33.3%", "b<  2  66.7%"]);
    assert_eq!(
        picture
            .descendants()
            .filter(|node| node.attribute("class").is_some_and(|class| class.starts_with("slice ")))
            .count(),
        2
    );
    let bars = drawn(text, json!("columnchart"), "text/html");
    // For wide screens and for narrow ones.
    assert!(bars.body.starts_with("<figure>") && bars.body.matches("class=\"bar s0\"").count() == 4, "{}", bars.body);
    for (text, kind) in [(text, Value::Null), (text, json!("cakechart")), ("print a = 'x'", json!("timechart"))] {
        let refused = drawn(text, kind, "*/*");
        assert_eq!(refused.status, 422);
        assert!(refused.json()["error"]["help"].as_str().unwrap().contains("barchart"));
    }
    assert_eq!(drawn(text, Value::Null, "image/png").status, 406);
}

#[test]
fn two_databases_are_compared() {
    let rows = |rows: Value| Engine::new().table("resources", rows.to_string().into_bytes());
    let server = Running::start(Server::new(move || {
        let old = rows(json!([{"id": "/a", "name": "was"}, {"id": "/c", "name": "gone"}]));
        let new = rows(json!([{"id": "/a", "name": "is"}, {"id": "/b", "name": "new"}]));
        Ok(new.snapshot("2026-10-01", &old))
    }));
    let about = server.get("/api/about").json();
    assert_eq!(about["databases"][1]["taken"], "2026-10-01T00:00:00.0000000Z");
    let diff = server.get("/api/diff?old=2026-10-01&new=arg&table=resources").json();
    let table = &diff["tables"][0];
    let column = |name: &str| {
        let at = table["columns"].as_array().unwrap().iter().position(|column| column["name"] == name).unwrap();
        table["rows"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row[at].as_str().unwrap_or_default().to_owned())
            .collect::<Vec<_>>()
    };
    let changes: Vec<(String, String)> = column("change").into_iter().zip(column("id")).collect();
    let wanted = [("changed", "/a"), ("created", "/b"), ("removed", "/c")];
    for (change, id) in wanted {
        assert!(changes.contains(&(change.to_owned(), id.to_owned())), "{changes:?}");
    }
    assert_eq!(changes.len(), 3);
    assert!(diff["summary"].as_str().unwrap().contains("1 row created"), "{}", diff["summary"]);
    let csv = server.get("/api/diff?old=2026-10-01&new=arg&table=resources&format=csv");
    assert_eq!(csv.body.lines().count(), 4);
    let missing = server.get("/api/diff?old=2026-10-02&new=arg");
    assert_eq!((missing.status, &missing.json()["error"]["help"]), (404, &json!("did you mean `2026-10-01`?")));
}

#[test]
fn audits_and_reports_are_those_of_the_command() {
    let server = Running::sample();
    let audit = server.get("/api/audit?now=2026-10-01").json();
    let mine: Value = {
        let now = argql::DateTime::parse("2026-10-01").unwrap();
        let audit = argql::AuditPlan::new().run(&Engine::new().sample().now(now)).unwrap();
        serde_json::from_str(&audit.to_json()).unwrap()
    };
    assert_eq!(audit, mine);
    let report = server.get("/api/report?format=markdown&now=2026-10-01");
    assert!(report.body.contains("Data: arg.") && report.body.contains("As of 2026-10-01T00:00:00Z, by argql "));
    let page = server.get("/api/report?now=2026-10-01");
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("script-src 'sha256-") && !policy.contains("unsafe"), "{policy}");
    assert!(page.body.contains("<h2>Secure score</h2>"));
}

#[test]
fn of_very_much_that_is_wrong_the_first_is_told() {
    let server = Running::sample();
    let wrong = |times: usize| {
        format!("print '😀'\n| extend {}", (0..times).map(|n| format!("a{n} = nope")).collect::<Vec<_>>().join(",\n"))
    };
    for (times, told) in [(100, 100), (101, 101), (20_000, 101)] {
        let checked = server.post("/api/check", &json!({"text": wrong(times)}).to_string()).json();
        let said = checked["diagnostics"].as_array().unwrap();
        assert_eq!((said.len(), &checked["ok"]), (told, &json!(false)));
        assert_eq!((&said[99]["line"], &said[99]["code"]), (&json!(101), &json!("AQ1001")));
        assert_eq!(said.last().unwrap()["code"] == "More", told == 101);
    }
    let (status, error) = refused(&server, "/api/query", &json!({"text": wrong(101)}));
    assert_eq!((status, error["diagnostics"].as_array().unwrap().len()), (400, 101));
}
