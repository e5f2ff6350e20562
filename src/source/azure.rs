//! The tables of Azure Resource Graph and the columns that all of them have.

use crate::column::Field;
use crate::value::Type;

/// The tables Microsoft documents, and those that published queries use beyond them.
const TABLES: &[&str] = &[
    "advisorresources",
    "aksresources",
    "alertsmanagementresources",
    "appserviceresources",
    "authorizationresources",
    "awsresources",
    "azurebusinesscontinuityresources",
    "cdnresources",
    "chaosresources",
    "communitygalleryresources",
    "computeresources",
    "containerserviceeventresources",
    "desktopvirtualizationresources",
    "dnsresources",
    "edgeorderresources",
    "elasticsanresources",
    "extendedlocationresources",
    "extensibilityresourcechanges",
    "featureresources",
    "guestconfigurationresources",
    "healthresourcechanges",
    "healthresources",
    "insightsresources",
    "iotsecurityresources",
    "kubernetesconfigurationresources",
    "kustoresources",
    "maintenanceresources",
    "managedservicesresources",
    "migrateresources",
    "networkresourcechanges",
    "networkresources",
    "orbitalresources",
    "patchassessmentresources",
    "patchinstallationresources",
    "policyresources",
    "quotaresources",
    "recoveryservicesresources",
    "relationshipresources",
    "resourcechanges",
    "resourcecontainerchanges",
    "resourcecontainers",
    "resources",
    "securityresources",
    "servicefabricresources",
    "servicehealthresources",
    "spotresources",
    "supportresources",
    "tagsresources",
    "workloadmonitorresources",
];

/// Columns that every table answers to, and that are shown only where the data has them: what few types say of
/// themselves, and what Resource Graph had once and old queries read.
const UNSHOWN: &[(&str, Type)] = &[("apiVersion", Type::String), ("aliases", Type::Dynamic)];

/// What every table of Resource Graph has, in the order of its answers.
const COLUMNS: &[(&str, Type)] = &[
    ("id", Type::String),
    ("name", Type::String),
    ("type", Type::String),
    ("tenantId", Type::String),
    ("kind", Type::String),
    ("location", Type::String),
    ("resourceGroup", Type::String),
    ("subscriptionId", Type::String),
    ("managedBy", Type::String),
    ("sku", Type::Dynamic),
    ("plan", Type::Dynamic),
    ("properties", Type::Dynamic),
    ("tags", Type::Dynamic),
    ("identity", Type::Dynamic),
    ("zones", Type::Dynamic),
    ("extendedLocation", Type::Dynamic),
    ("apiVersion", Type::String),
];

/// The columns that a table has of its own, behind those of all, by its name in lower case. Microsoft documents none;
/// those that only the rows of an export show need no line.
const OWN_COLUMNS: &[(&str, &[(&str, Type)])] = &[];

/// Whether Resource Graph has a table of this name, in any letter case.
pub(crate) fn known_table(name: &str) -> bool {
    TABLES.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// The names of Resource Graph's tables, in lower case.
///
/// ```
/// assert!(argql::known_tables().any(|table| table == "securityresources"));
/// ```
pub fn known_tables() -> impl Iterator<Item = &'static str> {
    TABLES.iter().copied()
}

/// The columns a table of Resource Graph surely has; new tables appear all the time, so any name that ends like one
/// counts. None for other names.
pub(crate) fn known_columns(name: &str) -> Vec<Field> {
    let lower = name.to_ascii_lowercase();
    let known = known_table(&lower) || lower.ends_with("resources") || lower.ends_with("changes");
    let columns = if known { COLUMNS } else { &[] };
    let own = OWN_COLUMNS.iter().filter(|(table, _)| *table == lower).flat_map(|(_, own)| *own);
    columns.iter().chain(own).map(|&(name, ty)| Field { name: name.into(), ty }).collect()
}

/// The columns that a table of Resource Graph shows, whose data has those that `has` says.
pub(crate) fn shown_columns(name: &str, has: impl Fn(&str) -> bool) -> Vec<Field> {
    let mut columns = known_columns(name);
    columns.retain(|column| unshown_column(&column.name).is_none() || has(&column.name));
    columns
}

/// The type of a column that every table of Resource Graph answers to, also where it is not shown.
pub(crate) fn unshown_column(name: &str) -> Option<Type> {
    UNSHOWN.iter().find(|(known, _)| *known == name).map(|&(_, ty)| ty)
}

/// A column that every table of Resource Graph has, by its name in any letter case.
pub(super) fn standard_column(name: &str) -> Option<(&'static str, Type)> {
    COLUMNS.iter().copied().find(|(known, _)| known.eq_ignore_ascii_case(name))
}

/// The table that holds rows of a resource type.
pub(super) fn home_of(kind: &str) -> Option<&'static str> {
    let kind = kind.to_ascii_lowercase();
    let homes = [
        ("microsoft.security/", "securityresources"),
        ("microsoft.policyinsights/", "policyresources"),
        ("microsoft.authorization/policy", "policyresources"),
        ("microsoft.authorization/role", "authorizationresources"),
        ("microsoft.advisor/", "advisorresources"),
        ("microsoft.alertsmanagement/", "alertsmanagementresources"),
        ("microsoft.resourcehealth/events", "servicehealthresources"),
        ("microsoft.resourcehealth/", "healthresources"),
        ("microsoft.guestconfiguration/", "guestconfigurationresources"),
        ("microsoft.maintenance/", "maintenanceresources"),
        ("microsoft.resources/changes", "resourcechanges"),
        ("microsoft.resources/subscriptions", "resourcecontainers"),
        ("microsoft.management/managementgroups", "resourcecontainers"),
    ];
    homes.into_iter().find(|(prefix, _)| kind.starts_with(prefix)).map(|(_, table)| table)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_known_in_any_case_and_new_ones_have_the_standard_columns() {
        assert!(known_table("SecurityResources"));
        assert!(!known_table("export"));
        assert!(known_columns("brandnewresources").iter().any(|field| &*field.name == "properties"));
        assert!(known_columns("export").is_empty());
        assert!(TABLES.is_sorted());
    }
}
