//! What is asked: the body as the interface describes it, each member checked, no member passed over.
//!
//! `null` is a member that is not there, and an empty list of subscriptions or management groups is none; of a member that
//! is there twice the last counts, as for the service. What the interface takes and what makes no difference here is
//! `allowPartialScopes`: a scope is never too large. In the address `api-version` counts, and nothing else.

use std::ops::RangeInclusive;

use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, HeaderMap};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::failure::Failure;
use super::token::Token;
use super::version::Version;
use crate::{DateTime, Scope, ScopeFilter, Uuid};

/// Which of the two queries it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Endpoint {
    /// Of the tenant as it is.
    Resources,
    /// Of snapshots.
    History,
}

/// A request.
#[derive(Debug)]
pub(super) struct Ask {
    pub(super) endpoint: Endpoint,
    pub(super) query: String,
    pub(super) scope: Option<Scope>,
    pub(super) filter: ScopeFilter,
    /// From a moment to another, which does not count any more.
    pub(super) interval: Option<(DateTime, DateTime)>,
    pub(super) facets: Vec<Facet>,
    /// Columns and rows instead of objects.
    pub(super) as_table: bool,
    pub(super) top: Option<usize>,
    pub(super) skip: usize,
    pub(super) token: Option<Token>,
}

/// A request for the values of some columns, counted.
#[derive(Clone, Debug)]
pub(super) struct Facet {
    pub(super) expression: String,
    pub(super) sort_by: Option<String>,
    pub(super) ascending: bool,
    pub(super) filter: Option<String>,
    pub(super) top: usize,
}

/// The most rows of a page, and how many it has unless told.
pub(super) const PAGE: usize = 1000;

/// The most facets of a request: each is a query.
const FACETS: usize = 100;
/// Rows that one page may have.
const TOP: RangeInclusive<i64> = 1..=1000;
/// Rows that may be passed over.
const SKIP: RangeInclusive<i64> = 0..=i32::MAX as i64;

/// That the body is said to be JSON.
pub(super) fn is_json(headers: &HeaderMap) -> Result<(), Failure> {
    let said = headers.get(CONTENT_TYPE).and_then(|said| said.to_str().ok()).unwrap_or_default();
    let kind = said.split(';').next().unwrap_or_default().trim();
    if kind.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    let message = format!("The content media type '{kind}' is not supported. Only 'application/json' is supported.");
    Err(Failure::manager(StatusCode::UNSUPPORTED_MEDIA_TYPE, "UnsupportedMediaType", message))
}

impl Ask {
    pub(super) fn read(body: &[u8], endpoint: Endpoint, version: Version) -> Result<Ask, Failure> {
        let body: Value = serde_json::from_slice(body).map_err(|error| Failure::content(error.to_string()))?;
        let mut body = Members::of(body, "", version)?;
        let query = body.text("query")?;
        let subscriptions = body.texts("subscriptions")?;
        let groups = body.since(Version::CHOICES).texts("managementGroups")?;
        let facets = match endpoint {
            Endpoint::Resources => body.list("facets")?,
            Endpoint::History => Vec::new(),
        };
        let mut options = body.members("options")?;
        body.end()?;

        let top = options.number("$top", TOP)?;
        let skip = options.number("$skip", SKIP)?.unwrap_or(0);
        let token = options.text("$skipToken")?.map(|text| Token::read(&text)).transpose()?;
        let format = options.since(Version::CHOICES).text("resultFormat")?;
        let (mut filter, mut interval) = (ScopeFilter::default(), None);
        match endpoint {
            Endpoint::Resources => {
                options.since(Version::CHOICES).boolean("allowPartialScopes")?;
                if let Some(named) = options.since(Version::INHERITED).text("authorizationScopeFilter")? {
                    filter = ScopeFilter::named(&named).ok_or_else(|| {
                        let known = "AtScopeAndBelow, AtScopeAndAbove, AtScopeExact or AtScopeAboveAndBelow";
                        Failure::content(format!("authorizationScopeFilter must be {known}, not {named}"))
                    })?;
                }
            }
            Endpoint::History => interval = interval_of(options.members("interval")?)?,
        }
        options.end()?;

        let as_table = match (format.as_deref(), endpoint) {
            (Some("table"), _) => true,
            (Some("objectArray"), _) => false,
            (None, Endpoint::History) => true,
            (None, Endpoint::Resources) => version < Version::CHOICES,
            (Some(other), _) => {
                return Err(Failure::content(format!("resultFormat must be table or objectArray, not {other}")));
            }
        };
        if facets.len() > FACETS {
            return Err(Failure::content(format!("facets must be {FACETS} at most")));
        }
        let facets = facets.into_iter().enumerate();
        let facets = facets.map(|(at, facet)| Facet::read(Members::of(facet, &format!("facets[{at}]."), version)?));
        Ok(Ask {
            endpoint,
            query: query.ok_or_else(|| Failure::content("query is required"))?,
            scope: scope_of(subscriptions, groups, version)?,
            filter,
            interval,
            facets: facets.collect::<Result<_, _>>()?,
            as_table,
            top,
            skip,
            token,
        })
    }

    /// What tells its answer from others over the same data.
    pub(super) fn hash(&self) -> String {
        let parts = format!("{:?}", (&self.endpoint, &self.query, &self.scope, &self.filter, &self.interval));
        Sha256::digest(parts).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }
}

/// Which part of the tenant is meant; of the oldest versions subscriptions are wanted.
fn scope_of(subscriptions: Vec<String>, groups: Vec<String>, version: Version) -> Result<Option<Scope>, Failure> {
    if let Some(wrong) = subscriptions.iter().find(|id| Uuid::parse_str(id).is_err()) {
        return Err(Failure::content(format!("subscriptions must be ids of subscriptions, and {wrong} is none")));
    }
    match (subscriptions.is_empty(), groups.is_empty()) {
        (false, false) => {
            let help = "send two requests: one with `subscriptions`, one with `managementGroups`";
            Err(Failure::refused("subscriptions and managementGroups cannot be asked for at the same time", help))
        }
        (true, true) if version < Version::CHOICES => Err(Failure::content("subscriptions is required")),
        (true, true) => Ok(None),
        (false, true) => Ok(Some(Scope::Subscriptions(subscriptions))),
        (true, false) => Ok(Some(Scope::ManagementGroups(groups))),
    }
}

fn interval_of(mut members: Members) -> Result<Option<(DateTime, DateTime)>, Failure> {
    let mut moment = |name: &str| {
        let Some(text) = members.text(name)? else { return Ok(None) };
        let wrong = || Failure::content(format!("options.interval.{name} must be a moment, not {text}"));
        DateTime::parse(&text).map(Some).ok_or_else(wrong)
    };
    let ends = (moment("start")?, moment("end")?);
    members.end()?;
    match ends {
        (Some(start), Some(end)) if start < end => Ok(Some((start, end))),
        (Some(_), Some(_)) => Err(Failure::content("options.interval.start must be before options.interval.end")),
        (None, None) => Ok(None),
        _ => Err(Failure::content("options.interval must have start and end")),
    }
}

impl Facet {
    fn read(mut members: Members) -> Result<Facet, Failure> {
        let expression = members.text("expression")?;
        let mut options = members.members("options")?;
        members.end()?;
        let sort_by = options.text("sortBy")?;
        let order = options.text("sortOrder")?;
        let filter = options.text("filter")?;
        let top = options.number("$top", TOP)?;
        options.end()?;
        let ascending = match order.as_deref() {
            None | Some("desc") => false,
            Some("asc") => true,
            Some(other) => return Err(Failure::content(format!("sortOrder must be asc or desc, not {other}"))),
        };
        Ok(Facet {
            expression: expression.ok_or_else(|| Failure::content("a facet must have an expression"))?,
            sort_by,
            ascending,
            filter,
            top: top.unwrap_or(PAGE),
        })
    }
}

/// The members of an object, each taken once.
struct Members {
    /// Where it is, for messages: `options.`.
    path: String,
    left: Map<String, Value>,
    version: Version,
    /// From which version on there is the member that is taken next.
    since: Version,
}

impl Members {
    fn of(value: Value, path: &str, version: Version) -> Result<Members, Failure> {
        let Value::Object(mut left) = value else {
            let what = if path.is_empty() { "the body" } else { path.trim_end_matches('.') };
            return Err(Failure::content(format!("{what} must be an object")));
        };
        left.retain(|_, value| !value.is_null());
        Ok(Members { path: path.to_owned(), left, version, since: Version::default() })
    }

    /// The next member is none of older versions.
    fn since(&mut self, version: Version) -> &mut Members {
        self.since = version;
        self
    }

    fn take(&mut self, name: &str) -> Result<Option<Value>, Failure> {
        let since = std::mem::take(&mut self.since);
        let found = self.left.remove(name);
        if found.is_some() && self.version < since {
            let (path, first) = (&self.path, since.name());
            return Err(Failure::content(format!("{path}{name} is taken from api-version {first} on")));
        }
        Ok(found)
    }

    fn wrong(&self, name: &str, wanted: &str) -> Failure {
        Failure::content(format!("{}{name} must be {wanted}", self.path))
    }

    fn text(&mut self, name: &str) -> Result<Option<String>, Failure> {
        match self.take(name)? {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(self.wrong(name, "a string")),
        }
    }

    fn boolean(&mut self, name: &str) -> Result<Option<bool>, Failure> {
        match self.take(name)? {
            None => Ok(None),
            Some(Value::Bool(value)) => Ok(Some(value)),
            Some(_) => Err(self.wrong(name, "true or false")),
        }
    }

    fn number(&mut self, name: &str, range: RangeInclusive<i64>) -> Result<Option<usize>, Failure> {
        let Some(value) = self.take(name)? else { return Ok(None) };
        let number = value.as_i64().filter(|number| range.contains(number)).and_then(|it| usize::try_from(it).ok());
        let wanted = || format!("a whole number from {} to {}", range.start(), range.end());
        number.map(Some).ok_or_else(|| self.wrong(name, &wanted()))
    }

    fn list(&mut self, name: &str) -> Result<Vec<Value>, Failure> {
        match self.take(name)? {
            None => Ok(Vec::new()),
            Some(Value::Array(items)) => Ok(items),
            Some(_) => Err(self.wrong(name, "an array")),
        }
    }

    fn texts(&mut self, name: &str) -> Result<Vec<String>, Failure> {
        let items = self.list(name)?.into_iter().map(|item| match item {
            Value::String(text) => Some(text),
            _ => None,
        });
        items.collect::<Option<_>>().ok_or_else(|| self.wrong(name, "an array of strings"))
    }

    /// An object; an empty one if it is not there.
    fn members(&mut self, name: &str) -> Result<Members, Failure> {
        let value = self.take(name)?.unwrap_or_else(|| Value::Object(Map::new()));
        Members::of(value, &format!("{}{name}.", self.path), self.version)
    }

    /// That nothing is left that nobody asked for.
    fn end(self) -> Result<(), Failure> {
        match self.left.keys().next() {
            None => Ok(()),
            Some(name) => {
                Err(Failure::content(format!("Could not find member '{name}': {}{name} is not known", self.path)))
            }
        }
    }
}
