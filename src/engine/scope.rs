//! A part of the tenant: subscriptions, or what is below management groups.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Engine;
use crate::bind::{MissingTables, Period, Visible};
use crate::diag::nearest;
use crate::error::Error;
use crate::value::{DateTime, Value};

/// The part of a tenant that queries are narrowed to: see [`Engine::scoped`]. Names count in any letter case.
///
/// ```
/// let scope = argql::Scope::ManagementGroups(vec!["fjord-platform".to_owned()]);
/// # let _ = scope;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Scope {
    /// These subscriptions, by their ids.
    Subscriptions(Vec<String>),
    /// These management groups, by their ids (the last part of `/providers/Microsoft.Management/managementGroups/ID`),
    /// and all that is below them.
    ManagementGroups(Vec<String>),
}

/// Which rows of `policyresources` and `authorizationresources` count to a scope, where assignments are inherited; all
/// other tables are seen [`AtScopeAndBelow`](ScopeFilter::AtScopeAndBelow).
///
/// ```
/// assert_eq!(argql::ScopeFilter::default(), argql::ScopeFilter::AtScopeAndBelow);
/// assert_eq!(argql::ScopeFilter::named("AtScopeExact"), Some(argql::ScopeFilter::AtScopeExact));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ScopeFilter {
    /// Those of the scope and of all that is below it.
    #[default]
    AtScopeAndBelow,
    /// Those of the scope and of all that is above it, up to the tenant.
    AtScopeAndAbove,
    /// Those of the scope itself.
    AtScopeExact,
    /// Those of the scope, above it and below it.
    AtScopeAboveAndBelow,
}

impl ScopeFilter {
    /// The one that Resource Graph calls so.
    ///
    /// ```
    /// assert_eq!(argql::ScopeFilter::named("everywhere"), None);
    /// ```
    pub fn named(name: &str) -> Option<ScopeFilter> {
        Some(match name {
            "AtScopeAndBelow" => ScopeFilter::AtScopeAndBelow,
            "AtScopeAndAbove" => ScopeFilter::AtScopeAndAbove,
            "AtScopeExact" => ScopeFilter::AtScopeExact,
            "AtScopeAboveAndBelow" => ScopeFilter::AtScopeAboveAndBelow,
            _ => return None,
        })
    }
}

/// How the paths of management groups begin, in lower case.
const GROUP: &str = "/providers/microsoft.management/managementgroups/";
/// How those of subscriptions do.
const SUBSCRIPTION: &str = "/subscriptions/";

/// Where there are management groups and subscriptions, and what stands above each, in lower case.
const HIERARCHY: &str = "resourcecontainers
| where type in~ ('microsoft.resources/subscriptions', 'microsoft.management/managementgroups')
| project group = type =~ 'microsoft.management/managementgroups', name = tolower(name),
    subscription = tolower(subscriptionId), above = properties.managementGroupAncestorsChain,
    details = properties.details.managementGroupAncestorsChain";

impl Engine {
    /// An engine whose queries see the rows of this part of the tenant and no others, in every table; `filter` says
    /// which policies and roles count. Rows of no subscription are those of a management group, if their id says so, or
    /// of the tenant, which stands above all. What is above and below what is read from `resourcecontainers`.
    ///
    /// # Errors
    ///
    /// If a management group is not known, or `resourcecontainers` is needed and not loaded. A query of a table that has
    /// no `subscriptionId` is an error then.
    ///
    /// ```
    /// use argql::{Engine, Scope, ScopeFilter};
    ///
    /// let scope = Scope::ManagementGroups(vec!["fjord-platform".to_owned()]);
    /// let engine = Engine::new().sample().scoped(&scope, ScopeFilter::default())?;
    /// let seen = engine.query("resourcecontainers | where type == 'microsoft.resources/subscriptions' | project name")?;
    /// assert_eq!(seen.to_json(), r#"[{"name":"platform-shared"}]"#);
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn scoped(&self, scope: &Scope, filter: ScopeFilter) -> Result<Engine, Error> {
        let (Scope::Subscriptions(names) | Scope::ManagementGroups(names)) = scope;
        let names: BTreeSet<String> = names.iter().map(|name| name.to_lowercase()).collect();
        let below = filter == ScopeFilter::AtScopeAndBelow;
        let tree = match scope {
            Scope::Subscriptions(_) if below || filter == ScopeFilter::AtScopeExact => Hierarchy::default(),
            _ => self.hierarchy()?,
        };
        let part = match scope {
            Scope::Subscriptions(_) => tree.of_subscriptions(names),
            Scope::ManagementGroups(_) => tree.of_groups(names)?,
        };
        let all = part.at_and_below();
        let inherited = match filter {
            ScopeFilter::AtScopeAndBelow => all.clone(),
            ScopeFilter::AtScopeExact => holds_at(&part.at),
            ScopeFilter::AtScopeAndAbove => holds_at(part.at.union(&part.above)),
            ScopeFilter::AtScopeAboveAndBelow => format!("{all} or {}", holds_at(&part.above)),
        };
        let visible = Visible::new(&all, &inherited).map_err(Error::data)?;
        Ok(Engine { visible: Some(Arc::new(visible)), ..self.clone() })
    }

    /// An engine whose queries see, in place of each table, its rows in all snapshots from one moment to another, both
    /// included, with the column `snapshot` last: as `history("resources", from, to)` gives them.
    ///
    /// ```
    /// use argql::{DateTime, Engine};
    ///
    /// let engine = Engine::new().snapshot("2026-10-01", &Engine::new().sample());
    /// let count = engine.between(None, DateTime::parse("2026-12-31")).query("Resources | summarize n = count() by snapshot")?;
    /// assert_eq!(count.to_json(), r#"[{"snapshot":"2026-10-01T00:00:00.0000000Z","n":50}]"#);
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn between(&self, from: Option<DateTime>, to: Option<DateTime>) -> Engine {
        Engine { period: Some(Period { from, to }), ..self.clone() }
    }

    fn hierarchy(&self) -> Result<Hierarchy, Error> {
        // Of the tenant as it is, and of all of it.
        let plain = Engine {
            parameters: Vec::new(),
            missing: MissingTables::Error,
            visible: None,
            period: None,
            given: None,
            ..self.clone()
        };
        let mut tree = Hierarchy::default();
        for row in plain.query(HIERARCHY)?.rows() {
            let [Value::Bool(group), Value::String(name), Value::String(subscription), above, details] = &row[..]
            else {
                continue;
            };
            let above = [above, details].into_iter().flat_map(chain).collect();
            if *group {
                tree.groups.insert(name.to_string(), above);
            } else {
                tree.subscriptions.insert(subscription.to_string(), above);
            }
        }
        Ok(tree)
    }
}

/// The names in a chain of management groups.
fn chain(value: &Value) -> Vec<String> {
    let Value::Array(entries) = value else { return Vec::new() };
    let name = |entry: &Value| match entry {
        Value::Bag(entry) => entry.get("name")?.as_str().map(str::to_lowercase),
        _ => None,
    };
    entries.iter().filter_map(name).collect()
}

/// What stands above each subscription and each management group.
#[derive(Default)]
struct Hierarchy {
    subscriptions: BTreeMap<String, BTreeSet<String>>,
    groups: BTreeMap<String, BTreeSet<String>>,
}

/// A part of the tenant.
struct Part {
    /// Subscriptions in it.
    subscriptions: BTreeSet<String>,
    /// Management groups in it.
    groups: BTreeSet<String>,
    /// The paths of what it was named by.
    at: BTreeSet<String>,
    /// The paths of what is above; that of the tenant is empty.
    above: BTreeSet<String>,
}

impl Hierarchy {
    fn of_subscriptions(&self, names: BTreeSet<String>) -> Part {
        let above = names.iter().filter_map(|name| self.subscriptions.get(name)).flatten();
        let above = above.map(|group| format!("{GROUP}{group}")).chain([String::new()]).collect();
        let at = names.iter().map(|name| format!("{SUBSCRIPTION}{name}")).collect();
        Part { subscriptions: names, groups: BTreeSet::new(), at, above }
    }

    fn of_groups(&self, names: BTreeSet<String>) -> Result<Part, Error> {
        // An export may lack the rows of groups whose subscriptions it has.
        let known: BTreeSet<&String> =
            self.groups.keys().chain(self.groups.values().chain(self.subscriptions.values()).flatten()).collect();
        if let Some(unknown) = names.iter().find(|name| !known.contains(name)) {
            let help = match nearest(unknown, known.iter().map(|name| name.as_str())) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "`resourcecontainers | where type =~ 'microsoft.management/managementgroups'` lists them; the \
                         id is wanted, not the name that is shown"
                    .to_owned(),
            };
            return Err(Error::usage(format!("there is no management group `{unknown}`"), help));
        }
        let inside = |above: &BTreeSet<String>| !above.is_disjoint(&names);
        let below = |all: &BTreeMap<String, BTreeSet<String>>| -> BTreeSet<String> {
            all.iter().filter(|(_, above)| inside(above)).map(|(name, _)| name.clone()).collect()
        };
        let above = names.iter().filter_map(|name| self.groups.get(name)).flatten();
        let above = above.map(|group| format!("{GROUP}{group}")).chain([String::new()]).collect();
        let at = names.iter().map(|name| format!("{GROUP}{name}")).collect();
        let groups = below(&self.groups).into_iter().chain(names.iter().cloned()).collect();
        Ok(Part { subscriptions: below(&self.subscriptions), groups, at, above })
    }
}

impl Part {
    /// The predicate for rows of what is in it.
    fn at_and_below(&self) -> String {
        let subscriptions = listed(&self.subscriptions).map(|list| format!("subscriptionId in~ ({list})"));
        let groups = listed(&self.groups)
            .map(|list| format!("(id startswith '{GROUP}' and tostring(split(id, '/')[4]) in~ ({list}))"));
        let parts: Vec<String> = subscriptions.into_iter().chain(groups).collect();
        if parts.is_empty() { "false".to_owned() } else { parts.join(" or ") }
    }
}

/// The predicate for rows whose scope is one of these paths: what stands before the last `/providers/` of their id.
fn holds_at<'a>(paths: impl IntoIterator<Item = &'a String>) -> String {
    let list = listed(paths).unwrap_or_else(|| "'/'".to_owned());
    format!("tolower(extract(@'(?i)^(.*)/providers/', 1, id)) in ({list})")
}

/// As a list of strings of KQL, if there are any.
fn listed<'a>(texts: impl IntoIterator<Item = &'a String>) -> Option<String> {
    let quoted: Vec<String> =
        texts.into_iter().map(|text| format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))).collect();
    (!quoted.is_empty()).then(|| quoted.join(", "))
}
