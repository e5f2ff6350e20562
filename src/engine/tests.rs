use super::*;
use crate::value::Type;

fn codes(error: &Error) -> Vec<&str> {
    error.diagnostics().iter().map(|diagnostic| diagnostic.code.id).collect()
}

#[test]
fn what_waits_for_the_moment_of_the_run_is_a_query_and_definitions_alone_are_none() {
    let waits = "range k from 1 to 2 step 1 | extend b = bag_pack(strcat('c', k), k) | evaluate bag_unpack(b) | take 1";
    assert_eq!(Engine::new().query(waits).unwrap().to_json(), r#"[{"k":1,"c1":1,"c2":null}]"#);
    assert_eq!(codes(&Engine::new().prepare("let n = 1;").unwrap().run().unwrap_err()), ["AQ0009"]);
}

#[test]
fn a_check_knows_the_types_of_sub_queries_and_complains_about_no_value_it_does_not_have() {
    let checked = Engine::new().check(
        "let T = materialize(someresources | extend r = rand());
         let n = toscalar(T | count);
         let f = (x: long, re: string) { extract(re, 0, tostring(x + n)) };
         T
         | where name in (T | project name) and id has_any (T | project id) and toscalar(T | project r) > 0
         | take n
         | summarize p = percentile(strlen(name), n), m = make_list(name, n) by b = bin(strlen(id), toscalar(print 5))
         | extend e = f(n, toscalar(print 'a')), d = datetime_add(toscalar(print 'day'), n, now())
         | union (range b from n to toscalar(print 9) step 1)
         | take 5",
    );
    assert_eq!(checked.diagnostics, []);
    let types: Vec<Type> = checked.columns.iter().map(|field| field.ty).collect();
    assert_eq!(types, [Type::Long, Type::Long, Type::Dynamic, Type::String, Type::DateTime]);
}

#[test]
fn a_check_finds_what_is_wrong_with_the_type_of_a_sub_query() {
    let checked = Engine::new().check("let n = toscalar(print 'a'); print n + 1; resources | take n");
    let codes: Vec<&str> = checked.diagnostics.iter().map(|diagnostic| diagnostic.code.id).collect();
    assert_eq!(codes, ["AQ2002", "AQ2004"]);
}

#[test]
fn a_sub_query_runs_with_the_query_where_the_clock_runs() {
    let engine = Engine::new();
    let query = engine.prepare("print same = toscalar(print now()) == now(), past = toscalar(print now())").unwrap();
    let first = query.run().unwrap();
    std::thread::sleep(std::time::Duration::from_millis(2));
    let second = query.run().unwrap();
    for table in [&first, &second] {
        assert_eq!(table.value(0, 0), Value::Bool(true));
    }
    assert_ne!(first.value(0, 1), second.value(0, 1));
}

#[test]
fn a_sub_query_over_broken_data_is_an_error_of_the_data() {
    let engine = Engine::new().table("pets", br#"[{"name":"Tom"},{"name":]"#.to_vec());
    let wrong = engine.query("print toscalar(pets | count)").unwrap_err();
    assert!(wrong.is_data(), "{wrong}");
    let wrong = engine.now(DateTime::from_ticks(0)).prepare("print toscalar(pets | count)").unwrap_err();
    assert!(wrong.is_data(), "{wrong}");
}

#[test]
fn a_parameter_takes_a_value_of_its_type() {
    let query = "declare query_parameters(n: long, s: string = 'a', d: dynamic = dynamic(null)); print n, s, d";
    let engine = Engine::new();
    assert_eq!(codes(&engine.query(query).unwrap_err()), ["AQ1007"]);
    let answer = |engine: Engine| engine.query(query).map(|table| table.rows().next().unwrap());
    let given = engine.clone().parameter("n", 5).parameter("d", r#"{"a":1}"#);
    let row = answer(given.clone()).unwrap();
    assert_eq!(row[..2], [Value::Long(5), Value::from("a")]);
    assert!(matches!(row[2], Value::Bag(_)));
    let last = answer(given.clone().parameter("n", "6").parameter("s", "")).unwrap();
    assert_eq!(last[..2], [Value::Long(6), Value::from("")]);
    assert_eq!(codes(&answer(given.clone().parameter("n", "six")).unwrap_err()), ["AQ2005"]);
    let unknown = answer(given.parameter("sss", 1).parameter("dd", 1)).unwrap_err();
    assert_eq!(codes(&unknown), ["AQ1007", "AQ1007"]);
    assert_eq!(codes(&engine.parameter("x", 1).query("print 1").unwrap_err()), ["AQ1007"]);
}

#[test]
fn a_check_knows_the_columns_of_tables_of_ones_own() {
    let engine = Engine::new().table("pets", br#"[{"name":"Tom","lives":9}]"#.to_vec());
    let checked = engine.check("Pets | project lives");
    assert_eq!((checked.diagnostics.as_slice(), checked.columns[0].ty), (&[][..], Type::Long));
    let wrong = engine.check("pets | project lifes | union cats");
    let codes: Vec<&str> = wrong.diagnostics.iter().map(|diagnostic| diagnostic.code.id).collect();
    assert_eq!(codes, ["AQ1001", "AQ1002"]);
}

#[test]
fn rows_of_a_program_are_a_table_if_they_are_objects() {
    let maps = [serde_json::json!({"a": 1, "b": {"c": [true]}}), serde_json::json!({"a": 2})];
    let engine = Engine::new().rows("t", maps).unwrap().rows("T", [serde_json::json!({"a": 3})]).unwrap();
    assert_eq!(
        engine.query("t | summarize sum(a), yes = countif(tobool(b.c[0]))").unwrap().to_json(),
        r#"[{"sum_a":6,"yes":1}]"#
    );
    let none: [serde_json::Value; 0] = [];
    assert_eq!(Engine::new().rows("t", none).unwrap().query("t | count").unwrap().to_json(), r#"[{"Count":0}]"#);
    let wrong = Engine::new().rows("t", [serde_json::json!({}), serde_json::json!([1])]).unwrap_err();
    assert!(wrong.is_data());
    assert_eq!(wrong.diagnostics()[0].message, "row 2 of `t` is no object");
    let keys = std::collections::BTreeMap::from([(vec![1], 1)]);
    let message = Engine::new().rows("t", [keys]).unwrap_err().diagnostics()[0].message.clone();
    assert!(message.starts_with("row 1 of `t` does not serialise: "), "{message}");
}

#[test]
fn a_check_needs_no_values_for_parameters() {
    let checked =
        Engine::new().check("declare query_parameters(n: long, s: string); resources | take n | where name == s");
    assert_eq!(checked.diagnostics, []);
}

#[test]
fn an_answer_without_rows_is_a_table_with_columns() {
    let engine = Engine::new();
    let answer = engine.query("range x from 1 to 3 step 1 | extend y = 'a' | where x > 3").unwrap();
    let given = engine.with_answer("_", &answer);
    assert_eq!(given.query("_ | project y").unwrap().to_json(), "[]");
    assert_eq!(given.query("_ | summarize n = count(), s = sum(x)").unwrap().to_json(), r#"[{"n":0,"s":0}]"#);
}
