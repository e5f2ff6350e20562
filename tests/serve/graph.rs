//! Resource Graph's interface, as its clients use it.

use std::time::{Duration, Instant};

use argql::{Engine, Server};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{Answer, Running};

const SHOP: &str = "1b6c8d21-52e3-4f90-8b12-7d3eaf21f002";

impl Running {
    fn graph(&self, version: &str, body: &Value) -> Answer {
        self.post(&format!("/providers/Microsoft.ResourceGraph/resources?api-version={version}"), &body.to_string())
    }

    /// The answer of the newest version.
    fn answer(&self, body: &Value) -> Value {
        let answer = self.graph("2024-04-01", body);
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    }

    /// Why a request is refused: its codes, that of the error first.
    fn codes(&self, body: &Value) -> Vec<String> {
        let answer = self.graph("2024-04-01", body);
        assert_eq!(answer.status, 400, "{answer:?}");
        codes(&answer.json())
    }
}

fn codes(body: &Value) -> Vec<String> {
    let details = body["error"]["details"].as_array().cloned().unwrap_or_default();
    let all = std::iter::once(&body["error"]).chain(&details);
    all.map(|error| error["code"].as_str().unwrap().to_owned()).collect()
}

/// A token with other parts.
fn changed(token: &Value, name: &str, part: Value) -> String {
    let mut parts: Value = serde_json::from_slice(&STANDARD.decode(token.as_str().unwrap()).unwrap()).unwrap();
    parts[name] = part;
    STANDARD.encode(parts.to_string())
}

#[test]
fn every_version_is_taken_and_paths_in_any_letter_case() {
    let server = Running::sample();
    let body = json!({"query": "resources | count", "subscriptions": [SHOP]});
    for version in [
        "2018-09-01-preview",
        "2019-04-01",
        "2020-04-01-preview",
        "2021-03-01",
        "2021-06-01-preview",
        "2022-10-01",
        "2024-04-01",
    ] {
        let answer = server.graph(version, &body);
        assert_eq!((answer.status, &answer.json()["count"]), (200, &json!(1)), "{version}");
    }
    let ask = |path: &str| server.post(path, &body.to_string());
    assert_eq!(ask("/PROVIDERS/microsoft.ResourceGRAPH/Resources?API-version=2021-03-01").status, 200);
    assert_eq!(ask("/providers/Microsoft.ResourceGraph/resources?api%2Dversion=2024-04-01").status, 200);
    let refused = ask("/providers/Microsoft.ResourceGraph/resources?api-version=2030-01-01");
    assert_eq!((refused.status, &*codes(&refused.json())[0]), (400, "InvalidApiVersionParameter"));
    let refused = ask("/providers/Microsoft.ResourceGraph/resources");
    assert_eq!((refused.status, &*codes(&refused.json())[0]), (400, "MissingApiVersionParameter"));
    let refused = ask("/providers/Microsoft.ResourceGraph/resourceChanges?api-version=2024-04-01");
    assert_eq!((refused.status, &*codes(&refused.json())[0]), (404, "InvalidResourceType"));
    let refused = server.get("/providers/Microsoft.ResourceGraph/resources?api-version=2024-04-01");
    assert_eq!((refused.status, refused.header("allow")), (405, Some("post")));
    let path = "/providers/Microsoft.ResourceGraph/resources?api-version=2024-04-01";
    assert_eq!(server.ask("POST", path, &[("content-type", "text/plain")], &body.to_string()).status, 415);
}

#[test]
fn values_of_each_type_are_objects_or_columns_and_rows() {
    let server = Running::sample();
    let query = "print b = true, i = int(1), l = 9007199254740993, r = 1.5, d = decimal(0.10), s = 'ü\"', \
                 t = datetime(2026-10-01), p = 90m, g = guid(74be27de-1e4e-49d9-b579-fe0b331d3642), \
                 o = dynamic({'a':[1,null]}), n = dynamic(null)";
    let objects = server.graph("2021-03-01", &json!({"query": query}));
    assert_eq!(
        objects.body,
        "{\"totalRecords\":1,\"count\":1,\"data\":[{\"b\":true,\"i\":1,\"l\":9007199254740993,\"r\":1.5,\"d\":\"0.10\",\
         \"s\":\"ü\\\"\",\"t\":\"2026-10-01T00:00:00.0000000Z\",\"p\":\"01:30:00\",\
         \"g\":\"74be27de-1e4e-49d9-b579-fe0b331d3642\",\"o\":{\"a\":[1,null]},\"n\":null}],\"facets\":[],\
         \"resultTruncated\":\"false\"}"
    );
    let as_table = json!({"query": query, "options": {"resultFormat": "table"}});
    let types = |version: &str| {
        let data = server.graph(version, &as_table).json()["data"].clone();
        let types =
            data["columns"].as_array().unwrap().iter().map(|column| column["type"].as_str().unwrap().to_owned());
        (types.collect::<Vec<_>>().join(" "), data["rows"].clone())
    };
    let row = json!([[
        true, 1, 9_007_199_254_740_993_i64, 1.5, "0.10", "ü\"", "2026-10-01T00:00:00.0000000Z", "01:30:00",
        "74be27de-1e4e-49d9-b579-fe0b331d3642", {"a": [1, null]}, null
    ]]);
    let newest = "boolean integer integer number string string datetime string string object object".to_owned();
    assert_eq!(types("2024-04-01"), (newest.clone(), row.clone()));
    assert_eq!(types("2022-10-01"), (newest.replace("datetime", "string"), row));
    // The oldest versions have tables only.
    let oldest = server.graph("2019-04-01", &json!({"query": query, "subscriptions": [SHOP]})).json();
    assert_eq!(oldest["data"]["columns"][0], json!({"name": "b", "type": "boolean"}));
    let none =
        server.answer(&json!({"query": "resources | where false | project id", "options": {"resultFormat": "table"}}));
    assert_eq!(none["data"], json!({"columns": [{"name": "id", "type": "string"}], "rows": []}));
}

#[test]
fn pages_follow_one_another_until_the_last() {
    let server = Running::sample();
    let query = "range x from 1 to 2500 step 1 | extend now = now(), text = strcat(x, '-', 'page')";
    let mut options = json!({});
    let (mut rows, mut counts, mut moments) = (Vec::new(), Vec::new(), Vec::new());
    loop {
        let page = server.answer(&json!({"query": query, "options": options}));
        assert_eq!((&page["totalRecords"], &page["resultTruncated"]), (&json!(2500), &json!("false")));
        counts.push(page["count"].as_u64().unwrap());
        for row in page["data"].as_array().unwrap() {
            rows.push(row["x"].as_u64().unwrap());
            moments.push(row["now"].clone());
        }
        let Some(token) = page.get("$skipToken") else { break };
        options = json!({"$skipToken": token, "$skip": 0});
    }
    assert_eq!(counts, [1000, 1000, 500]);
    assert_eq!(rows, (1..=2500).collect::<Vec<_>>());
    moments.dedup();
    assert_eq!(moments.len(), 1);
}

#[test]
fn pages_have_the_size_and_begin_where_it_is_asked() {
    let server = Running::sample();
    let page = |options: Value| {
        let page = server.answer(&json!({"query": "range x from 1 to 10 step 1", "options": options}));
        let rows = page["data"].as_array().unwrap().iter().map(|row| row["x"].as_u64().unwrap());
        (rows.collect::<Vec<_>>(), page["$skipToken"].clone())
    };
    let (first, token) = page(json!({"$top": 3, "$skip": 1}));
    assert_eq!(first, [2, 3, 4]);
    assert_eq!(page(json!({"$skipToken": token})).0, [5, 6, 7]);
    // The page itself may be asked for again, longer, or from another row on.
    assert_eq!(page(json!({"$skipToken": token})).0, [5, 6, 7]);
    assert_eq!(page(json!({"$skipToken": token, "$top": 2})).0, [5, 6]);
    assert_eq!(page(json!({"$skipToken": token, "$skip": 8})), (vec![9, 10], Value::Null));
    assert_eq!(page(json!({"$skip": 10})), (vec![], Value::Null));
    assert_eq!(page(json!({"$skip": 9, "$top": 1})), (vec![10], Value::Null));
    // What comes out by chance has pages as long as it is kept.
    let by_chance =
        |options: Value| json!({"query": "range x from 1 to 10 step 1 | sort by rand()", "options": options});
    let shuffled = server.answer(&by_chance(json!({"$top": 6})));
    let rest = server.answer(&by_chance(json!({"$skipToken": shuffled["$skipToken"]})));
    let both = [shuffled["data"].clone(), rest["data"].clone()];
    let rows: std::collections::BTreeSet<u64> =
        both.iter().flat_map(|page| page.as_array().unwrap().iter().map(|row| row["x"].as_u64().unwrap())).collect();
    assert_eq!(rows.len(), 10);
    let lost = changed(&shuffled["$skipToken"], "now", json!("2026-10-01T00:00:00Z"));
    assert_eq!(server.codes(&by_chance(json!({"$skipToken": lost}))), ["BadRequest", "BadRequest"]);
    // What is not kept is run again, by the same clock.
    assert_eq!(page(json!({"$skipToken": changed(&token, "now", json!("2026-10-01T00:00:00Z"))})).0, [5, 6, 7]);
}

#[test]
fn a_query_that_takes_some_rows_is_cut_and_has_no_pages() {
    let server = Running::sample();
    let ask = |query: &str, options: Value| json!({"query": query, "options": options});
    let cut = server.answer(&ask("resources | limit 5", json!({"$top": 2})));
    assert_eq!((&cut["totalRecords"], &cut["count"], &cut["resultTruncated"]), (&json!(5), &json!(2), &json!("true")));
    assert_eq!(cut.get("$skipToken"), None);
    let whole = server.answer(&ask("resources | take 5", json!({})));
    assert_eq!((&whole["count"], &whole["resultTruncated"]), (&json!(5), &json!("false")));
    assert_eq!(server.codes(&ask("resources | limit 5", json!({"$skip": 1}))), ["BadRequest", "BadRequest"]);
    assert!(server.answer(&ask("resources | top 5 by name", json!({"$top": 2}))).get("$skipToken").is_some());
}

#[test]
fn tokens_are_good_for_their_own_pages_only() {
    let server = Running::sample();
    let first = json!({"query": "resources | project id", "options": {"$top": 2}});
    let token = server.answer(&first)["$skipToken"].clone();
    let why = |server: &Running, query: &str, token: Value| {
        let body = json!({"query": query, "options": {"$skipToken": token}, "subscriptions": []});
        server.graph("2024-04-01", &body).json()["error"]["details"][0]["message"].as_str().map(str::to_owned)
    };
    let query = "resources | project id";
    assert_eq!(why(&server, query, token.clone()), None);
    let none = "the `$skipToken` is none that this server gave";
    for wrong in ["", "e30=", "not base64!", &STANDARD.encode("{\"v\":1}"), &changed(&token, "skip", json!(-1))] {
        assert_eq!(why(&server, query, json!(wrong)).as_deref(), Some(none), "{wrong}");
    }
    let another = "the `$skipToken` is of another query";
    assert_eq!(why(&server, "resources | project name", token.clone()).as_deref(), Some(another));
    let mut scoped = json!({"query": query, "options": {"$skipToken": token}, "subscriptions": [SHOP]});
    assert_eq!(server.graph("2024-04-01", &scoped).json()["error"]["details"][0]["message"], json!(another));
    scoped["options"] = json!({});
    // Of a server that has begun anew, and of data that were replaced.
    let expired = "the `$skipToken` has expired: the data it belongs to were replaced by newer ones";
    assert_eq!(why(&Running::sample(), query, token.clone()).as_deref(), Some(expired));
    assert_eq!(why(&server, query, json!(changed(&token, "data", json!("0-0")))).as_deref(), Some(expired));
}

#[test]
fn pages_of_data_that_were_replaced_are_given_while_they_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let write = |rows: usize| {
        let all: Vec<Value> = (0..rows).map(|row| json!({"id": format!("/r/{row}")})).collect();
        std::fs::write(folder.path().join("new"), json!(all).to_string()).unwrap();
        std::fs::rename(folder.path().join("new"), folder.path().join("my 'own' table.json")).unwrap();
    };
    write(10);
    let path = folder.path().to_owned();
    let server = Running::start(
        Server::new({
            let path = path.clone();
            move || Engine::new().load(&path)
        })
        .watching([path]),
    );
    let ask = |options: Value| json!({"query": r"['my \'own\' table'] | project id", "options": options});
    let token = server.answer(&ask(json!({"$top": 4})))["$skipToken"].clone();
    write(20);
    let start = Instant::now();
    while server.answer(&ask(json!({"$top": 4})))["totalRecords"] != 20 {
        assert!(start.elapsed() < Duration::from_secs(30), "newer data are not taken in");
        std::thread::sleep(Duration::from_millis(100));
    }
    let second = server.answer(&ask(json!({"$skipToken": token})));
    assert_eq!((&second["totalRecords"], &second["data"][0]), (&json!(10), &json!({"id": "/r/4"})));
    // Not kept, by another clock.
    let lost = changed(&token, "now", json!("2026-10-01T00:00:00Z"));
    assert_eq!(server.codes(&ask(json!({"$skipToken": lost}))), ["BadRequest", "BadRequest"]);
}

#[test]
fn facets_count_the_values_of_columns_of_the_whole_answer() {
    let server = Running::sample();
    let query = "resources | project name, location, kind, sku.name";
    let facet = |facet: Value| {
        let body = json!({"query": query, "options": {"$top": 1}, "facets": [facet]});
        server.answer(&body)["facets"][0].clone()
    };
    assert_eq!(
        facet(json!({"expression": "location", "options": {"$top": 2}})),
        json!({
            "expression": "location", "resultType": "FacetResult", "totalRecords": 4, "count": 2,
            "data": [{"location": "westeurope", "count": 17}, {"location": "northeurope", "count": 15}],
        })
    );
    let options =
        json!({"sortBy": "strlen(location)", "sortOrder": "asc", "filter": "location contains 'EUROPE' // yes"});
    let sorted = facet(json!({"expression": "location", "options": options}));
    assert_eq!(
        sorted["data"],
        json!([{"location": "westeurope", "count": 17}, {"location": "northeurope", "count": 15}])
    );
    // A path is the column that it made.
    let path = facet(json!({"expression": "sku.name, location"}));
    assert_eq!(path["resultType"], "FacetResult");
    let keys: Vec<&str> = path["data"][0].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["sku_name", "location", "count"]);
    assert_eq!(
        facet(json!({"expression": "nonExistingColumn"})),
        json!({
            "expression": "nonExistingColumn", "resultType": "FacetError",
            "errors": [
                {"code": "NoValidColumns", "message": "No valid columns in facet expression."},
                {"code": "InvalidColumnNames", "message": "Invalid column names: [nonExistingColumn]."},
            ],
        })
    );
    let wrong = facet(json!({"expression": "location", "options": {"filter": "lokation == 'x'"}}));
    assert_eq!((&wrong["resultType"], &wrong["errors"][1]["code"]), (&json!("FacetError"), &json!("AQ1001")));
    // What is filtered and sorted by is one expression.
    for (option, text) in [
        ("filter", "true) | take 1 | where (true"),
        ("filter", "true)"),
        ("filter", "(true"),
        ("filter", "location == 'x"),
        ("filter", "location == ```"),
        ("sortBy", "count_) desc | take 1 | sort by (1"),
    ] {
        let wrong = facet(json!({"expression": "location", "options": {option: text}}));
        assert_eq!(wrong["errors"][0]["code"], "InvalidExpression", "{text}");
        assert!(wrong["errors"][0]["message"].as_str().unwrap().starts_with(option));
    }
    for text in ["true | take 1", "true; resources", "true, true", "resources | take 1"] {
        let wrong = facet(json!({"expression": "location", "options": {"filter": text}}));
        assert_eq!(wrong["resultType"], "FacetError", "{text}");
    }
    for text in ["sku.name | take 1", "sku.name; resources"] {
        assert_eq!(facet(json!({"expression": text}))["errors"][1]["code"], "InvalidColumnNames", "{text}");
    }
    let brackets = json!({"filter": "location != ')' and (strlen(location) in ((10), 11)) // ("});
    assert_eq!(facet(json!({"expression": "location", "options": brackets}))["resultType"], "FacetResult");
    let twice = facet(json!({"expression": "location, location,sku.name,sku_name", "options": {"$top": 1}}));
    let keys: Vec<&str> = twice["data"][0].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["location", "sku_name", "count"]);
    let many = facet(json!({"expression": vec!["location"; 101].join(",")}));
    assert_eq!(many["errors"][0]["code"], "TooManyColumns");
    // In tables facets are tables, and all of them are of all rows.
    let body =
        json!({"query": query, "options": {"$top": 1, "resultFormat": "table"}, "facets": [{"expression": "kind"}]});
    let first = server.answer(&body);
    assert_eq!(first["facets"][0]["data"]["columns"][1], json!({"name": "count", "type": "integer"}));
    let mut second = body.clone();
    second["options"]["$skipToken"] = first["$skipToken"].clone();
    assert_eq!(server.answer(&second)["facets"], first["facets"]);
}

#[test]
fn a_scope_leaves_the_rows_of_its_part_of_the_tenant() {
    let server = Running::sample();
    let count = |query: &str, scope: Value, filter: &str| {
        let mut body = scope;
        body["query"] = json!(format!("{query} | count"));
        body["options"] = json!({"authorizationScopeFilter": filter});
        server.answer(&body)["data"][0]["Count"].as_u64().unwrap()
    };
    let shop = || json!({"subscriptions": [SHOP.to_uppercase()]});
    let apps = || json!({"managementGroups": ["Fjord-Apps"], "options": {}});
    let below = "AtScopeAndBelow";
    assert_eq!(count("Resources", json!({}), below), 50);
    assert_eq!(count("Resources", shop(), below), 12);
    assert_eq!(count("Resources", apps(), below), 38);
    let groups = "resourcecontainers | where type == 'microsoft.management/managementgroups'";
    assert_eq!([json!({}), shop(), apps()].map(|scope| count(groups, scope, below)), [6, 0, 3]);
    // Policies hold at scopes: exemptions of the subscription, of its groups and resources; what is inherited.
    let policies = "policyresources | where type !endswith 'policystates'";
    let filters = ["AtScopeAndBelow", "AtScopeExact", "AtScopeAndAbove", "AtScopeAboveAndBelow"];
    assert_eq!(filters.map(|filter| count(policies, shop(), filter)), [9, 3, 16, 22]);
    assert_eq!(filters.map(|filter| count(policies, apps(), filter)), [30, 1, 13, 42]);
    // Other tables have nothing to inherit.
    assert_eq!(filters.map(|filter| count("resources", shop(), filter)), [12; 4]);
}

#[test]
fn no_query_sees_beyond_its_scope() {
    let sample = Engine::new().sample();
    let engine = Engine::new().snapshot("2026-10-01", &sample).sample().table("tickets", b"[{\"n\":1}]".to_vec());
    let server = Running::start(Server::new(move || Ok(engine.clone())));
    let ask = |query: &str| json!({"query": query, "subscriptions": [SHOP], "options": {"authorizationScopeFilter": "AtScopeExact"}});
    for query in [
        "resources",
        "database('2026-10-01').resources",
        "history('resources')",
        "union resources, (resources | where false)",
        "let subscriptionId = 'x'; let tolower = (t: string) { '' }; let resources = view () { resources }; resources",
        "print 1 | join kind=inner (resources | extend print_0 = 1) on print_0",
        "print s = toscalar(resources | summarize make_list(subscriptionId)) | mv-expand s to typeof(string) | project subscriptionId = s",
    ] {
        let seen = server.answer(&ask(&format!("{query} | summarize count() by subscriptionId")));
        assert_eq!(seen["data"], json!([{"subscriptionId": SHOP, "count_": 12}]), "{query}");
    }
    let named =
        server.answer(&ask("union withsource=T resources, resourcecontainers | summarize by T | sort by T asc"));
    assert_eq!(named["data"], json!([{"T": "resourcecontainers"}, {"T": "resources"}]));
    let exact = server.answer(&ask("let extract = (a: string, b: long, c: string) { '' }; policyresources | where type !endswith 'policystates' | count"));
    assert_eq!(exact["data"], json!([{"Count": 3}]));
    assert_eq!(server.codes(&ask("tickets")), ["BadRequest", "AQ6001"]);
    let mut facet = ask("resources | project location");
    facet["facets"] = json!([{"expression": "location", "options": {"filter": "toscalar(resources | count) == 12"}}]);
    facet["options"]["$top"] = json!(1);
    let first = server.answer(&facet);
    assert_eq!(first["facets"][0]["data"], json!([{"location": "westeurope", "count": 12}]));
    // Also when the rows are those of an answer that is kept.
    facet["options"]["$skipToken"] = first["$skipToken"].clone();
    assert_eq!(server.answer(&facet)["facets"], first["facets"]);
}

#[test]
fn a_scope_that_is_not_known_is_refused() {
    let server = Running::sample();
    let ask = |scope: Value| json!({"query": "resources", "managementGroups": scope});
    assert_eq!(server.codes(&ask(json!(["fjord-app"]))), ["BadRequest", "ManagementGroupsContainInvalidIds"]);
    let both = json!({"query": "resources", "managementGroups": ["fjord"], "subscriptions": [SHOP]});
    assert_eq!(server.codes(&both), ["BadRequest", "BadRequest"]);
    let rows = br#"[{"id":"/subscriptions/x/y","subscriptionId":"x","name":"a"}]"#.to_vec();
    let bare = Running::start(Server::new(move || Ok(Engine::new().table("resources", rows.clone()))));
    assert_eq!(bare.codes(&ask(json!(["fjord"]))), ["BadRequest", "AQ3001"]);
    assert_eq!(bare.answer(&json!({"query": "resources", "subscriptions": [SHOP]}))["count"], 0);
}

#[test]
fn bodies_are_read_strictly() {
    let server = Running::sample();
    let why = |version: &str, body: Value| {
        let answer = server.graph(version, &body);
        assert_eq!(answer.status, 400, "{answer:?}");
        let body = answer.json();
        assert_eq!(codes(&body), ["InvalidRequestContent"]);
        let message = body["error"]["message"].as_str().unwrap().to_owned();
        let start = "The request content was invalid and could not be deserialized: '";
        message.strip_prefix(start).and_then(|rest| rest.strip_suffix("'.")).unwrap().to_owned()
    };
    let newest = |body: Value| why("2024-04-01", body);
    let options = |options: Value| newest(json!({"query": "resources", "options": options}));
    assert_eq!(newest(json!([])), "the body must be an object");
    assert_eq!(newest(json!({})), "query is required");
    assert_eq!(newest(json!({"query": 1})), "query must be a string");
    assert_eq!(newest(json!({"query": "x", "Query": "y"})), "Could not find member 'Query': Query is not known");
    assert_eq!(newest(json!({"query": "x", "subscriptions": "all"})), "subscriptions must be an array");
    assert_eq!(newest(json!({"query": "x", "subscriptions": [1]})), "subscriptions must be an array of strings");
    assert_eq!(
        newest(json!({"query": "x", "subscriptions": ["me"]})),
        "subscriptions must be ids of subscriptions, and me is none"
    );
    assert_eq!(options(json!({"$top": 0})), "options.$top must be a whole number from 1 to 1000");
    assert_eq!(options(json!({"$top": 1001})), "options.$top must be a whole number from 1 to 1000");
    assert_eq!(options(json!({"$top": "5"})), "options.$top must be a whole number from 1 to 1000");
    assert_eq!(options(json!({"$skip": -1})), "options.$skip must be a whole number from 0 to 2147483647");
    assert_eq!(options(json!({"top": 5})), "Could not find member 'top': options.top is not known");
    assert_eq!(options(json!({"resultFormat": "csv"})), "resultFormat must be table or objectArray, not csv");
    assert_eq!(options(json!({"allowPartialScopes": 1})), "options.allowPartialScopes must be true or false");
    assert!(
        options(json!({"authorizationScopeFilter": "AtScope"}))
            .starts_with("authorizationScopeFilter must be AtScopeAndBelow")
    );
    assert_eq!(newest(json!({"query": "x", "facets": [{}]})), "a facet must have an expression");
    assert_eq!(
        newest(json!({"query": "x", "facets": [{"expression": "a", "options": {"sortOrder": "up"}}]})),
        "sortOrder must be asc or desc, not up"
    );
    assert_eq!(
        newest(json!({"query": "x", "facets": [{"expression": "a", "top": 1}]})),
        "Could not find member 'top': facets[0].top is not known"
    );
    let many = vec![json!({"expression": "a"}); 101];
    assert_eq!(newest(json!({"query": "x", "facets": many})), "facets must be 100 at most");
    // What a version does not have yet.
    assert_eq!(why("2019-04-01", json!({"query": "x"})), "subscriptions is required");
    assert_eq!(
        why("2019-04-01", json!({"query": "x", "managementGroups": ["fjord"]})),
        "managementGroups is taken from api-version 2020-04-01-preview on"
    );
    assert_eq!(
        why("2021-03-01", json!({"query": "x", "options": {"authorizationScopeFilter": "AtScopeExact"}})),
        "options.authorizationScopeFilter is taken from api-version 2021-06-01-preview on"
    );
    // `null` is nothing.
    let nothing = json!({"query": "resources", "subscriptions": null, "facets": null, "options": {"$top": null}});
    assert_eq!(server.answer(&nothing)["count"], 50);
    let path = "/providers/Microsoft.ResourceGraph/resources?api-version=2024-04-01";
    assert_eq!(codes(&server.post(path, "{\"query\":").json()), ["InvalidRequestContent"]);
}

#[test]
fn errors_say_what_the_service_does_and_where_and_the_cure() {
    let server = Running::sample();
    let error = |query: &str| server.graph("2021-03-01", &json!({"query": query})).json()["error"].clone();
    let syntax = error("where 1 <");
    assert_eq!(syntax["code"], "BadRequest");
    assert!(
        syntax["message"]
            .as_str()
            .unwrap()
            .starts_with("Please provide below info when asking for support: timestamp = ")
    );
    assert_eq!(syntax["details"][0]["code"], "InvalidQuery");
    let parser = json!({
        "code": "ParserFailure", "message": "ParserFailure", "line": 1, "characterPositionInLine": 9, "token": "<EOF>",
    });
    assert_eq!(syntax["details"][1], parser);
    assert_eq!(syntax["details"][2]["code"].as_str().map(|code| &code[..3]), Some("AQ0"));
    let name = error("resources\n| where lokation == 'x'");
    assert_eq!(
        name["details"][1],
        json!({
            "code": "AQ1001", "message": "`lokation` is not a column here", "help": "did you mean `location`?",
            "line": 2, "characterPositionInLine": 8, "token": "lokation",
        })
    );
    let several = error("print 1; print 2");
    assert_eq!(several["details"][0]["message"], "there is more than one table to answer");
    let missing = error("healthresources | count");
    assert_eq!(codes(&json!({"error": missing})), ["BadRequest", "AQ3001"]);
    assert_eq!(codes(&json!({"error": error("")})), ["BadRequest", "InvalidQuery", "ParserFailure", "AQ0009"]);
}

#[test]
fn answers_say_which_request_they_are_of_and_what_is_left() {
    let server = Running::sample();
    let correlation = "0a5b7c10-41d2-4e8f-9a01-6c2d9e10f001";
    let headers = [
        ("content-type", "application/json; charset=utf-8"),
        ("x-ms-correlation-request-id", correlation),
        ("x-ms-client-request-id", "mine"),
        ("x-ms-return-client-request-id", "true"),
    ];
    let path = "/providers/Microsoft.ResourceGraph/resources?api-version=2024-04-01";
    let answer = server.ask("POST", path, &headers, r#"{"query":"print 1"}"#);
    assert_eq!(answer.header("x-ms-correlation-request-id"), Some(correlation));
    assert_eq!(answer.header("x-ms-client-request-id"), Some("mine"));
    assert_eq!(answer.header("x-ms-request-id").map(str::len), Some(36));
    assert_eq!(answer.header("content-type"), Some("application/json; charset=utf-8"));
    assert_eq!(answer.header("cache-control"), Some("no-cache"));
    assert_eq!(answer.header("x-ms-user-quota-remaining"), Some("100000"));
    assert_eq!(answer.header("x-ms-user-quota-resets-after"), Some("00:00:05"));
    let refused = server.ask("POST", path, &headers, r#"{"query":"print x"}"#);
    assert_eq!((refused.status, refused.header("x-ms-correlation-request-id")), (400, Some(correlation)));
    assert!(refused.json()["error"]["message"].as_str().unwrap().ends_with(&format!("correlationId = {correlation}.")));
    assert_eq!(server.post(path, r#"{"query":"print 1"}"#).header("x-ms-client-request-id"), None);
}

#[test]
fn an_export_that_lacks_rows_is_told_of() {
    let page = br#"{"count":1,"data":[{"id":"a"}],"skip_token":null,"total_records":2}"#;
    let server = Running::start(Server::new(move || Ok(Engine::new().table("resources", page.to_vec()))));
    let answer = server.graph("2024-04-01", &json!({"query": "resources | count"}));
    assert!(answer.header("x-argql-warning").is_some_and(|warning| warning.starts_with("aq3006 ")), "{answer:?}");
}

#[test]
fn whoever_asks_too_often_waits() {
    let window = Duration::from_millis(1500);
    let server = Running::start(Server::new(|| Ok(Engine::new().sample())).throttle(2, window));
    let ask = || server.graph("2024-04-01", &json!({"query": "print 1"}));
    let left = |answer: &Answer| (answer.status, answer.header("x-ms-user-quota-remaining").map(str::to_owned));
    assert_eq!(left(&ask()), (200, Some("1".to_owned())));
    assert_eq!(left(&ask()), (200, Some("0".to_owned())));
    let refused = ask();
    assert_eq!(left(&refused), (429, Some("0".to_owned())));
    let seconds: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=2).contains(&seconds));
    assert_eq!(refused.header("x-ms-user-quota-resets-after"), Some(&*format!("00:00:0{seconds}")));
    assert_eq!(codes(&refused.json()), ["RateLimiting", "RateLimiting"]);
    // Everything else is answered meanwhile.
    assert_eq!(server.get("/providers/Microsoft.ResourceGraph/operations?api-version=2024-04-01").status, 200);
    std::thread::sleep(Duration::from_secs(seconds));
    assert_eq!(left(&ask()), (200, Some("1".to_owned())));
}

#[test]
fn history_is_the_rows_of_all_snapshots_of_a_time() {
    let sample = Engine::new().sample();
    let engine = sample.clone().snapshot("2026-10-01", &sample).snapshot("2026-11-01", &sample);
    let server = Running::start(Server::new(move || Ok(engine.clone())));
    let ask = |body: Value| {
        let path = "/providers/Microsoft.ResourceGraph/resourcesHistory?api-version=2021-06-01-preview";
        server.post(path, &body.to_string())
    };
    let query = "Resources | summarize n = count() by snapshot | sort by snapshot asc";
    let both = ask(json!({"query": query})).json();
    assert_eq!(both["count"], 2);
    assert_eq!(
        both["snapshots"],
        json!({
            "columns": [{"name": "snapshot", "type": "string"}, {"name": "n", "type": "integer"}],
            "rows": [["2026-10-01T00:00:00.0000000Z", 50], ["2026-11-01T00:00:00.0000000Z", 50]],
        })
    );
    // The end is no part of it.
    let interval = json!({"start": "2026-10-01T00:00:00Z", "end": "2026-11-01T00:00:00Z"});
    let options = json!({"interval": interval, "resultFormat": "objectArray"});
    let first = ask(json!({"query": query, "options": options, "subscriptions": [SHOP]})).json();
    assert_eq!(first["snapshots"], json!([{"snapshot": "2026-10-01T00:00:00.0000000Z", "n": 12}]));
    // A query may begin with an operator, and pages are as elsewhere.
    let body = json!({"query": "where location == 'westeurope' | project id, name", "options": {"$top": 20}});
    let page = ask(body.clone()).json();
    assert_eq!((&page["totalRecords"], &page["count"]), (&json!(34), &json!(20)));
    let mut next = body;
    next["options"] = json!({"$skipToken": page["$skipToken"]});
    assert_eq!(ask(next.clone()).json()["count"], 14);
    assert_eq!(server.graph("2024-04-01", &next).status, 400);
    let backwards = json!({"interval": {"start": "2026-11-01", "end": "2026-10-01"}});
    assert_eq!(codes(&ask(json!({"query": query, "options": backwards})).json()), ["InvalidRequestContent"]);
    assert_eq!(codes(&ask(json!({"query": query, "facets": []})).json()), ["InvalidRequestContent"]);
    let none = Running::sample();
    let path = "/providers/Microsoft.ResourceGraph/resourcesHistory?api-version=2021-06-01-preview";
    let refused = none.post(path, &json!({"query": query}).to_string());
    assert_eq!((refused.status, codes(&refused.json())[2].clone()), (400, "AQ1009".to_owned()));
}

#[test]
fn shared_queries_are_the_library_and_are_only_read() {
    let server = Running::sample();
    let version = "?api-version=2024-04-01";
    let group = format!("/subscriptions/{SHOP}/resourceGroups/My-Group/providers/Microsoft.ResourceGraph/queries");
    let list = server.get(&format!("{group}{version}")).json();
    let names: Vec<&str> = list["value"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert!(names.contains(&"exemptions-expired"));
    let one = server.get(&format!("{group}/Exemptions-Expired{version}")).json();
    assert_eq!(one["id"], json!(format!("{group}/exemptions-expired")));
    assert_eq!((&one["location"], &one["properties"]["resultKind"]), (&json!("global"), &json!("basic")));
    let query = one["properties"]["query"].as_str().unwrap();
    assert_eq!(server.answer(&json!({"query": query}))["resultTruncated"], "false");
    // Groups may be called as words of the path are, and paths are encoded.
    for (group, written) in [("queries", "queries"), ("resourceGroups", "resourceGroups"), ("a b", "a%20b")] {
        let path = |group: &str| {
            format!(
                "/subscriptions/{SHOP}/resourceGroups/{group}/providers/Microsoft.ResourceGraph/queries/exemptions-expired"
            )
        };
        let encoded = path(written).replace("exemptions-", "exemptions%2D");
        assert_eq!(server.get(&format!("{encoded}{version}")).json()["id"], json!(path(group)));
    }
    let all = format!("/subscriptions/{SHOP}/providers/Microsoft.ResourceGraph/queries{version}");
    assert_eq!(server.get(&all).json()["value"].as_array().unwrap().len(), names.len());
    let missing = server.get(&format!("{group}/exemptions-expird{version}"));
    assert_eq!((missing.status, codes(&missing.json())), (404, vec!["ResourceNotFound".to_owned()]));
    assert!(missing.body.contains("did you mean `exemptions-expired`?"));
    for method in ["PUT", "PATCH", "DELETE"] {
        let refused = server.ask(method, &format!("{group}/mine{version}"), &[], "{}");
        assert_eq!((refused.status, codes(&refused.json())), (405, vec!["MethodNotAllowed".to_owned()]));
        assert_eq!(refused.header("allow"), Some("get"));
    }
}

#[test]
fn operations_and_subscriptions_are_listed() {
    let server = Running::sample();
    let operations = server.get("/providers/Microsoft.ResourceGraph/operations?api-version=2022-10-01").json();
    assert_eq!(operations["value"][1]["name"], "Microsoft.ResourceGraph/resources/read");
    let subscriptions = server.get("/subscriptions?api-version=2022-12-01").json();
    assert_eq!(subscriptions["count"], json!({"type": "Total", "value": 6}));
    let shop = subscriptions["value"].as_array().unwrap().iter().find(|one| one["displayName"] == "shop-prod").unwrap();
    assert_eq!((&shop["subscriptionId"], &shop["state"]), (&json!(SHOP), &json!("Enabled")));
}
