//! What the server says of its interface is true: every path of it answers, with what is documented and in its shape.

use serde_json::Value;

use super::{Running, encoded};

/// Where a value is not as its schema says.
fn misfits(document: &Value, schema: &Value, value: &Value, at: &str) -> Vec<String> {
    if let Some(name) = schema["$ref"].as_str() {
        return misfits(document, document.pointer(name.trim_start_matches('#')).unwrap(), value, at);
    }
    let mut wrong = Vec::new();
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let is = |wanted: &Value| wanted == kind || (wanted == "number" && kind == "integer");
    let fits = match &schema["type"] {
        Value::Null => true,
        Value::Array(types) => types.iter().any(is),
        one => is(one),
    };
    if !fits {
        wrong.push(format!("{at} is {kind}, not {}", schema["type"]));
    }
    if let Some(choices) = schema["enum"].as_array()
        && !choices.contains(value)
    {
        wrong.push(format!("{at} is {value}"));
    }
    match value {
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                wrong.extend(misfits(document, &schema["items"], item, &format!("{at}[{index}]")));
            }
        }
        Value::Object(members) => {
            for name in schema["required"].as_array().into_iter().flatten() {
                if !members.contains_key(name.as_str().unwrap()) {
                    wrong.push(format!("{at} lacks {name}"));
                }
            }
            for (name, member) in members {
                let at = format!("{at}.{name}");
                match (&schema["properties"][name], &schema["additionalProperties"]) {
                    (Value::Null, Value::Bool(false)) => wrong.push(format!("{at} is not documented")),
                    (Value::Null, more) => wrong.extend(misfits(document, more, member, &at)),
                    (known, _) => wrong.extend(misfits(document, known, member, &at)),
                }
            }
        }
        _ => {}
    }
    wrong
}

#[test]
fn every_path_answers_as_documented() {
    let server = Running::sample();
    let document = server.get("/api/openapi.json").json();
    assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
    let mut tried = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let (mut address, mut query) = (path.clone(), Vec::new());
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                let name = parameter["name"].as_str().unwrap();
                let Some(example) = parameter["example"].as_str() else {
                    assert_ne!(parameter["required"], true, "{path}: {name} has no example");
                    continue;
                };
                if parameter["in"] == "path" {
                    address = address.replace(&format!("{{{name}}}"), &encoded(example));
                } else {
                    query.push(format!("{name}={}", encoded(example)));
                }
            }
            let sent = &operation["requestBody"]["content"]["application/json"];
            let body = if sent.is_null() { String::new() } else { sent["example"].to_string() };
            if !sent.is_null() {
                assert_eq!(misfits(&document, &sent["schema"], &sent["example"], "example"), [""; 0], "{path}");
            }
            let address = if query.is_empty() { address } else { format!("{address}?{}", query.join("&")) };
            for (media, content) in operation["responses"]["200"]["content"].as_object().unwrap() {
                let asked = if path == "/api/report" {
                    let format = if media.contains("sheet") { "xlsx" } else { &media["text/".len()..] };
                    format!("{address}&format={format}")
                } else {
                    address.clone()
                };
                let answer = server.ask(&method.to_uppercase(), &asked, &[("accept", media)], &body);
                assert_eq!(answer.status, 200, "{method} {asked} as {media}: {answer:?}");
                let said = answer.header("content-type").unwrap();
                assert_eq!(said.split(';').next(), Some(media.as_str()), "{method} {asked}");
                if media == "application/json" {
                    assert_eq!(misfits(&document, &content["schema"], &answer.json(), "answer"), [""; 0], "{asked}");
                }
                tried += 1;
            }
            // Whatever else is said is refused, in the documented form.
            let refused = if sent.is_null() {
                let end = if address.contains('?') { '&' } else { '?' };
                server.ask(&method.to_uppercase(), &format!("{address}{end}nobody=1"), &[], "")
            } else {
                server.post(&address, "{\"nobody\":1}")
            };
            let failure = &document["components"]["schemas"]["Failure"];
            assert_eq!(refused.status, 400, "{method} {address}: {refused:?}");
            assert_eq!(misfits(&document, failure, &refused.json(), "failure"), [""; 0], "{address}");
        }
    }
    assert!(tried > 50, "{tried}");
}

#[test]
fn a_refusal_has_the_documented_form() {
    let server = Running::sample();
    let document = server.get("/api/openapi.json").json();
    let failure = &document["components"]["schemas"]["Failure"];
    for body in [
        "{\"text\":\"print 1 +\"}",
        "{\"text\":\"// include: nowhere\\nprint 1\"}",
        "[",
        "{\"text\":\"print 1\",\"now\":\"x\"}",
    ] {
        let answer = server.post("/api/query", body);
        assert_ne!(answer.status, 200);
        assert_eq!(misfits(&document, failure, &answer.json(), "failure"), [""; 0]);
    }
}
