//! What of Azure Resource Manager belongs to Resource Graph: operations, shared queries (the questions of the library,
//! in whatever subscription and group they are looked for) and the subscriptions that there are.

use std::borrow::Cow;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, Request, State};
use axum::http::header::{ALLOW, HeaderValue};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::super::DATABASE;
use super::failure::Failure;
use super::trace::Trace;
use super::version::{Version, named};
use super::{Site, Written};
use crate::{Error, Library, Question, Uuid};

/// The group of a shared query that is found in a list of all.
const GROUP: &str = "argql";

fn respond(headers: &HeaderMap, result: Result<Value, Failure>) -> Response {
    let trace = Trace::of(headers);
    match result {
        Ok(body) => {
            let mut response = Json(body).into_response();
            trace.mark(response.headers_mut());
            response
        }
        Err(failure) => failure.response(&trace),
    }
}

pub(super) async fn operations(uri: Uri, headers: HeaderMap) -> Response {
    let operation = |name: &str, resource: &str, operation: &str, description: &str| {
        json!({
            "name": format!("Microsoft.ResourceGraph/{name}/read"),
            "display": {
                "provider": "Microsoft Resource Graph",
                "resource": resource,
                "operation": operation,
                "description": description,
            },
        })
    };
    let all = json!({"value": [
        operation("operations", "Operation", "Get Operations", "Gets the list of supported operations"),
        operation("resources", "Resources", "Query resources", "Submits a query on resources of an export."),
        operation("resourcesHistory", "Resources History", "Query history", "Submits a query on the export's snapshots."),
        operation("queries", "Graph Query", "Get shared queries", "Gets the questions of argql's library."),
    ]});
    respond(&headers, Version::of(&uri).map(|_| all))
}

/// The parts of a path that name a shared query, decoded.
struct QueryPath<'a> {
    subscription: Cow<'a, str>,
    group: Option<Cow<'a, str>>,
    name: Option<Cow<'a, str>>,
}

impl<'a> QueryPath<'a> {
    /// By where they stand: any of them may be called as a word of the path is.
    fn of(path: &'a str) -> QueryPath<'a> {
        let parts: Vec<Cow<'a, str>> =
            path.split('/').map(|part| percent_decode_str(part).decode_utf8_lossy()).collect();
        let (subscription, group, name) = match parts.as_slice() {
            // `/subscriptions/…/providers/microsoft.resourcegraph/queries/…`
            [_, _, subscription, _, _, _] => (subscription, None, None),
            [_, _, subscription, _, _, _, name] => (subscription, None, Some(name)),
            // `/subscriptions/…/resourcegroups/…/providers/microsoft.resourcegraph/queries/…`
            [_, _, subscription, _, group, _, _, _, name @ ..] => (subscription, Some(group), name.first()),
            _ => return QueryPath { subscription: Cow::Borrowed(""), group: None, name: None },
        };
        QueryPath { subscription: subscription.clone(), group: group.cloned(), name: name.cloned() }
    }

    fn group(&self) -> &str {
        self.group.as_deref().unwrap_or(GROUP)
    }

    fn resource(&self, question: &Question) -> Result<Value, Error> {
        let (subscription, group, name) = (&self.subscription, self.group(), question.name());
        let header = question.header();
        let text = question.flat_text()?;
        let mut etag = [0; 16];
        etag.iter_mut().zip(Sha256::digest(&text)).for_each(|(part, byte)| *part = byte);
        Ok(json!({
            "id": format!(
                "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.ResourceGraph/queries/{name}"
            ),
            "name": name,
            "type": "microsoft.resourcegraph/queries",
            "location": "global",
            "tags": {"area": header.area},
            "etag": Uuid::from_bytes(etag).to_string(),
            "properties": {"query": text, "description": header.about, "resultKind": "basic"},
        }))
    }
}

pub(super) async fn queries(
    State(site): State<Arc<Site>>,
    Extension(Written(path)): Extension<Written>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let list = |library: &Library| {
        let path = QueryPath::of(&path);
        let all: Result<Vec<Value>, Error> = library.questions().map(|question| path.resource(&question)).collect();
        all.map(|all| json!({"value": all})).map_err(|error| Failure::of(&error.into(), ""))
    };
    respond(&headers, Version::of(&uri).and_then(|_| list(&site.library)))
}

pub(super) async fn query(
    State(site): State<Arc<Site>>,
    Extension(Written(path)): Extension<Written>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let one = |library: &Library| {
        let path = QueryPath::of(&path);
        let name = path.name.as_deref().unwrap_or_default();
        let question = library.question(&name.to_ascii_lowercase()).map_err(|error| {
            let help = error.diagnostics().first().and_then(|said| said.help.as_deref()).unwrap_or_default().to_owned();
            let message = format!(
                "The Resource 'Microsoft.ResourceGraph/queries/{name}' under resource group '{}' was not found: {help}",
                path.group()
            );
            Failure::manager(StatusCode::NOT_FOUND, "ResourceNotFound", message)
        })?;
        path.resource(&question).map_err(|error| Failure::of(&error.into(), ""))
    };
    respond(&headers, Version::of(&uri).and_then(|_| one(&site.library)))
}

/// Nothing is written here.
pub(super) async fn read_only(request: Request) -> Response {
    not_allowed(&request, "shared queries are the questions of argql's library, and are only read")
}

pub(super) async fn wrong_method(request: Request) -> Response {
    not_allowed(&request, "it is asked in another way")
}

fn not_allowed(request: &Request, why: &str) -> Response {
    let message = format!("The requested resource does not support http method '{}': {why}.", request.method());
    let failure = Failure::manager(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed", message);
    let mut response = respond(request.headers(), Err(failure));
    let posts = ["/resources", "/resourceshistory"].iter().any(|path| request.uri().path().ends_with(path));
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(if posts { "POST" } else { "GET" }));
    response
}

/// What else Resource Graph has.
pub(super) async fn unknown(Extension(Written(path)): Extension<Written>, headers: HeaderMap) -> Response {
    let kind = path.rsplit('/').next().unwrap_or_default();
    let message = format!(
        "The resource type '{kind}' could not be found in the namespace 'Microsoft.ResourceGraph': argql answers \
         resources, resourcesHistory, operations and queries."
    );
    respond(&headers, Err(Failure::manager(StatusCode::NOT_FOUND, "InvalidResourceType", message)))
}

/// The subscriptions, as `resourcecontainers` has them.
const SUBSCRIPTIONS: &str = "resourcecontainers
| where type =~ 'microsoft.resources/subscriptions'
| project id, subscriptionId, tenantId, displayName = name, state = tostring(properties.state),
    authorizationSource = 'RoleBased', managedByTenants = dynamic([]), tags
| sort by displayName asc, id asc";

pub(super) async fn subscriptions(State(site): State<Arc<Site>>, uri: Uri, headers: HeaderMap) -> Response {
    let list = async {
        // A provider of another kind, with versions of its own.
        named(&uri)?;
        let rows = site.work(DATABASE, |engine| engine.query(SUBSCRIPTIONS)).await;
        let rows = rows.map_err(|refusal| Failure::of(&refusal, SUBSCRIPTIONS))?;
        let value: Value = serde_json::from_str(&rows.to_json()).unwrap_or_default();
        Ok(json!({"value": value, "count": {"type": "Total", "value": rows.len()}}))
    };
    respond(&headers, list.await)
}
