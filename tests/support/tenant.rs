//! The sample tenant, made from a seed: rows whose ids, states and scores agree with one another, and the counts that
//! queries over them must find.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;

use super::json::{Json, bag};
use super::shapes::lines;
use super::world::{
    CONTROLS, EXEMPTIONS, Exemption, Expiry, GROUPS, Kind, NOW, RECOMMENDATIONS, Recommendation, References,
    SUBSCRIPTIONS, Scope, TENANT,
};

/// The tables of the tenant and what is true of them.
pub(crate) struct Tenant {
    /// Name and rows.
    pub(crate) tables: Vec<(&'static str, Vec<Json>)>,
    /// What a right query counts, by a name of its own.
    pub(crate) truth: BTreeMap<String, usize>,
}

/// The tenant whose tables are embedded in the binary.
pub(crate) fn sample() -> Tenant {
    tenant(20_261_001)
}

/// Writes the sample as if there were `size` times its subscriptions, a row a line; gives each table's name and bytes.
pub(crate) fn write_grown(folder: &Path, size: usize) -> Vec<(&'static str, u64)> {
    let mut tables = Vec::new();
    for (table, rows) in sample().tables {
        let path = folder.join(format!("{table}.ndjson"));
        let mut file = BufWriter::new(File::create(&path).unwrap());
        let text = lines(&rows, "\n");
        for copy in 0..size {
            // The beginning of every subscription's id, as it is and in capitals.
            let copied = SUBSCRIPTIONS.iter().fold(text.clone(), |text, subscription| {
                let (begin, _) = subscription.id.split_once('-').unwrap();
                let number = u32::from_str_radix(begin, 16).unwrap().wrapping_add(u32::try_from(copy).unwrap());
                text.replace(begin, &format!("{number:08x}")).replace(&begin.to_uppercase(), &format!("{number:08X}"))
            });
            file.write_all(copied.as_bytes()).unwrap();
        }
        file.into_inner().unwrap();
        tables.push((table, fs::metadata(&path).unwrap().len()));
    }
    tables
}

/// SplitMix64: a few lines, the same numbers everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// From 0 to below `end`.
    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).unwrap()
    }

    fn one_of<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())]
    }

    /// A moment between 2024 and the day before [`NOW`], with as many fraction digits as providers like.
    fn moment(&mut self) -> String {
        let (year, month) = self.one_of(&[(2024, 12), (2025, 12), (2026, 9)]);
        let date = format!("{year}-{:02}-{:02}", 1 + self.below(month), 1 + self.below(28));
        let time = format!("{:02}:{:02}:{:02}", self.below(24), self.below(60), self.below(60));
        match self.below(10) {
            0 => format!("{date}T{time}Z"),
            1 => format!("{date}T{time}.{:03}Z", self.below(1000)),
            _ => format!("{date}T{time}.{:07}Z", self.below(10_000_000)),
        }
    }
}

/// A guid that belongs to a name.
pub(crate) fn guid(name: &str) -> String {
    let hash = name
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    let mut random = Random(hash);
    let (high, low) = (random.next(), random.next());
    format!(
        "{:08x}-{:04x}-4{:03x}-9{:03x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xfff,
        low >> 52,
        low & 0xffff_ffff_ffff
    )
}

/// Something that is assessed.
struct Resource {
    kind: Kind,
    name: String,
    id: String,
    location: &'static str,
    group: &'static str,
    subscription: &'static str,
    /// Ids of assessments and states spell `resourcegroups` small for these.
    small: bool,
}

/// A policy assignment: its name, scope, and the policies behind it by reference.
struct Assignment {
    name: &'static str,
    id: String,
    scope: String,
    title: &'static str,
    definition: String,
    initiative: Option<&'static str>,
    references: Vec<&'static str>,
    created: &'static str,
}

fn subscription_id(name: &str) -> &'static str {
    SUBSCRIPTIONS.iter().find(|subscription| subscription.name == name).expect("a subscription of the world").id
}

fn group_scope(name: &str) -> String {
    format!("/providers/Microsoft.Management/managementGroups/{name}")
}

fn policy(reference: &str) -> String {
    format!("/providers/Microsoft.Authorization/policyDefinitions/{}", guid(&format!("policy {reference}")))
}

/// The management group and all above it, nearest first.
fn ancestors(group: &str) -> Vec<(&'static str, &'static str)> {
    let mut chain = Vec::new();
    let mut next = GROUPS.iter().find(|(name, ..)| *name == group);
    while let Some((name, title, parent)) = next {
        chain.push((*name, *title));
        next = GROUPS.iter().find(|(name, ..)| Some(*name) == *parent);
    }
    chain
}

fn resources() -> Vec<Resource> {
    let mut all = Vec::new();
    for subscription in &SUBSCRIPTIONS {
        for (group, location, kinds) in subscription.groups {
            for (kind, count) in *kinds {
                for number in 1..=*count {
                    let stem = group.trim_start_matches("rg-");
                    let name = match kind {
                        Kind::Storage => format!("st{}{number:02}", stem.replace('-', "")),
                        _ => format!("{}{stem}-{number:02}", kind.prefix()),
                    };
                    let base = format!("/subscriptions/{}/resourceGroups/{group}/providers", subscription.id);
                    let id = match kind.source() {
                        "Azure" => format!("{base}/{}/{name}", kind.ty()),
                        "Aws" => format!(
                            "{base}/Microsoft.Security/securityConnectors/aws-ferries/securityEntityData/{name}"
                        ),
                        _ => format!(
                            "{base}/Microsoft.Security/securityConnectors/gcp-ferries/securityEntityData/{name}"
                        ),
                    };
                    let small = all.len() % 5 == 2;
                    all.push(Resource { kind: *kind, name, id, location, group, subscription: subscription.id, small });
                }
            }
        }
        let id = format!("/subscriptions/{}", subscription.id);
        let name = subscription.name.to_owned();
        all.push(Resource {
            kind: Kind::Whole,
            name,
            id,
            location: "",
            group: "",
            subscription: subscription.id,
            small: false,
        });
    }
    all
}

fn assignments() -> Vec<Assignment> {
    let benchmark = format!("/providers/Microsoft.Authorization/policySetDefinitions/{}", guid("set cloud benchmark"));
    let baseline =
        format!("{}/providers/Microsoft.Authorization/policySetDefinitions/internal-baseline", group_scope("fjord"));
    let references = |all: bool| RECOMMENDATIONS.iter().filter(|r| all || r.baseline).map(|r| r.reference).collect();
    let playground = format!("/subscriptions/{}", subscription_id("playground"));
    let data = format!("/subscriptions/{}", subscription_id("data-prod"));
    let make = |name, scope: String, title, definition, initiative, references, created| {
        let id = format!("{scope}/providers/Microsoft.Authorization/policyAssignments/{name}");
        Assignment { name, id, scope, title, definition, initiative, references, created }
    };
    vec![
        make(
            "cloud-benchmark",
            group_scope("fjord"),
            "Cloud benchmark",
            benchmark,
            Some("Cloud benchmark"),
            references(true),
            "2024-02-01T09:00:00.0000000Z",
        ),
        make(
            "internal-baseline",
            group_scope("fjord-apps"),
            "Internal baseline",
            baseline.clone(),
            Some("Internal baseline"),
            references(false),
            "2025-01-15T09:00:00.0000000Z",
        ),
        make(
            "data-guardrails",
            data,
            "Guardrails of the data platform",
            baseline,
            Some("Internal baseline"),
            references(false),
            "2026-09-26T14:00:00.0000000Z",
        ),
        make(
            "https-in-the-sandbox",
            playground,
            "HTTPS in the sandbox",
            policy("appHttpsOnly"),
            None,
            vec!["appHttpsOnly"],
            "2025-06-01T09:00:00.0000000Z",
        ),
    ]
}

/// Whether a scope is the resource or stands above it, in any letter case.
fn covers(scope: &str, resource: &Resource) -> bool {
    let (scope, id) = (scope.to_lowercase(), resource.id.to_lowercase());
    if let Some(group) = scope.strip_prefix("/providers/microsoft.management/managementgroups/") {
        let home = SUBSCRIPTIONS.iter().find(|s| s.id == resource.subscription).expect("resources are in the world");
        return ancestors(home.group).iter().any(|(name, _)| *name == group);
    }
    id.strip_prefix(&scope).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

impl Exemption {
    fn scope_id(&self, resources: &[Resource]) -> String {
        match self.scope {
            Scope::Group(name) => group_scope(name),
            Scope::Subscription(name) => format!("/subscriptions/{}", subscription_id(name)),
            Scope::ResourceGroup(name, group) => {
                format!("/subscriptions/{}/resourceGroups/{group}", subscription_id(name))
            }
            Scope::Resource(_, group, name) => {
                let found = resources.iter().find(|resource| resource.group == group && resource.name == name);
                found.unwrap_or_else(|| panic!("no {name} in {group}")).id.clone()
            }
            Scope::Gone(name, rest) => format!("/subscriptions/{}/{rest}", subscription_id(name)),
        }
    }

    fn expires(&self) -> Option<&'static str> {
        match self.expiry {
            Expiry::At(when) => Some(when),
            Expiry::Absent | Expiry::Null => None,
        }
    }

    /// Still in force: whole seconds compare as text.
    fn active(&self) -> bool {
        self.expires().is_none_or(|when| when[..19] > NOW[..19])
    }

    fn whole_assignment(&self) -> bool {
        !matches!(self.references, References::Of(_))
    }

    fn names(&self, reference: &str) -> bool {
        match self.references {
            References::Of(list) => list.contains(&reference),
            References::Absent | References::Empty => true,
        }
    }

    fn selects(&self, resource: &Resource) -> bool {
        self.selector.is_none_or(|(kind, values)| match kind {
            "resourceLocation" => values.contains(&resource.location),
            _ => values.contains(&resource.kind.ty()),
        })
    }

    /// Defender takes the resource out of this policy of this assignment.
    fn applies(&self, assignment: &Assignment, reference: &str, resource: &Resource, scope: &str) -> bool {
        self.assignment == assignment.name && self.names(reference) && self.selects(resource) && covers(scope, resource)
    }
}

/// The envelope that every row of every table has, keys in the order of exports.
struct Row<'a> {
    id: &'a str,
    name: &'a str,
    ty: &'a str,
    kind: &'a str,
    location: &'a str,
    group: &'a str,
    subscription: &'a str,
    sku: Json,
    properties: Json,
    tags: Json,
    identity: Json,
}

impl Row<'_> {
    const BLANK: Row<'static> = Row {
        id: "",
        name: "",
        ty: "",
        kind: "",
        location: "",
        group: "",
        subscription: "",
        sku: Json::Null,
        properties: Json::Null,
        tags: Json::Null,
        identity: Json::Null,
    };

    fn json(self) -> Json {
        bag! {
            "id": self.id, "name": self.name, "type": self.ty, "tenantId": TENANT, "kind": self.kind,
            "location": self.location, "resourceGroup": self.group, "subscriptionId": self.subscription,
            "managedBy": "", "sku": self.sku, "plan": Json::Null, "properties": self.properties, "tags": self.tags,
            "identity": self.identity, "zones": Json::Null, "extendedLocation": Json::Null,
        }
    }
}

/// One recommendation on one resource, as it ended.
struct Assessment<'a> {
    resource: &'a Resource,
    recommendation: &'a Recommendation,
    code: &'static str,
    cause: &'static str,
    per_initiative: Vec<(&'a Assignment, bool)>,
    id: String,
}

fn tenant(seed: u64) -> Tenant {
    let mut random = Random(seed);
    let resources = resources();
    let assignments = assignments();
    let assessments = assess(&mut random, &resources, &assignments);
    let security = security_rows(&mut random, &assessments);
    let policies = policy_rows(&mut random, &resources, &assignments, &assessments);
    let truth = truth(&resources, &assignments, &assessments);
    Tenant {
        tables: vec![
            ("securityresources", security),
            ("policyresources", policies),
            ("resourcecontainers", container_rows()),
            ("resources", resource_rows(&mut random, &resources)),
        ],
        truth,
    }
}

fn assess<'a>(random: &mut Random, resources: &'a [Resource], assignments: &'a [Assignment]) -> Vec<Assessment<'a>> {
    let scopes: Vec<String> = EXEMPTIONS.iter().map(|exemption| exemption.scope_id(resources)).collect();
    let mut all = Vec::new();
    for resource in resources {
        for recommendation in RECOMMENDATIONS.iter().filter(|r| r.kind == resource.kind) {
            let exempt = |assignment: &Assignment| {
                EXEMPTIONS.iter().zip(&scopes).any(|(exemption, scope)| {
                    exemption.active()
                        && !exemption.ignored
                        && exemption.applies(assignment, recommendation.reference, resource, scope)
                })
            };
            let overlooked = EXEMPTIONS.iter().zip(&scopes).any(|(exemption, scope)| {
                exemption.ignored && exemption.applies(&assignments[0], recommendation.reference, resource, scope)
            });
            let per_initiative: Vec<(&Assignment, bool)> = assignments
                .iter()
                .filter(|a| a.references.contains(&recommendation.reference) && covers(&a.scope, resource))
                .map(|assignment| (assignment, exempt(assignment)))
                .collect();
            let own = match random.below(100) {
                _ if overlooked => ("Unhealthy", ""),
                0..58 => ("Healthy", ""),
                58..90 => ("Unhealthy", ""),
                90..96 => ("NotApplicable", "OffByPolicy"),
                _ => ("NotApplicable", "NoData"),
            };
            let all_exempt = per_initiative.iter().all(|(_, exempt)| *exempt);
            let (code, cause) = if all_exempt && own.1.is_empty() { ("NotApplicable", "Exempt") } else { own };
            let key = guid(&format!("recommendation {}", recommendation.reference));
            let id = spelled(&resource.id, resource.small);
            let id = format!("{id}/providers/Microsoft.Security/assessments/{key}");
            all.push(Assessment { resource, recommendation, code, cause, per_initiative, id });
        }
    }
    all
}

/// Providers do not agree on the letter case of ids.
fn spelled(id: &str, small: bool) -> String {
    if small { id.replace("/resourceGroups/", "/resourcegroups/") } else { id.to_owned() }
}

fn security_rows(random: &mut Random, assessments: &[Assessment<'_>]) -> Vec<Json> {
    let mut rows = Vec::new();
    for assessment in assessments {
        rows.push(assessment_row(random, assessment));
    }
    for assessment in assessments.iter().filter(|a| a.recommendation.reference.ends_with("Vulnerabilities")) {
        let count = if assessment.code == "Healthy" { 0 } else { 1 + random.below(3) };
        for number in 0..count {
            rows.push(sub_assessment_row(random, assessment, number));
        }
    }
    for subscription in &SUBSCRIPTIONS {
        score_rows(&mut rows, subscription.id, subscription.name, assessments);
        for (plan, tier) in [("VirtualMachines", "Standard"), ("StorageAccounts", "Standard"), ("Arm", "Free")] {
            let id = format!("/subscriptions/{}/providers/Microsoft.Security/pricings/{plan}", subscription.id);
            let tier = if subscription.name == "playground" { "Free" } else { tier };
            let properties = match (plan, tier) {
                ("VirtualMachines", "Standard") => bag! {
                    "pricingTier": tier, "subPlan": "P2", "freeTrialRemainingTime": "PT0S",
                    "extensions": vec![bag! { "name": "AgentlessVmScanning", "isEnabled": "True" }],
                },
                _ => bag! { "pricingTier": tier, "freeTrialRemainingTime": "PT0S", "deprecated": plan == "Arm" },
            };
            let ty = "microsoft.security/pricings";
            rows.push(Row { id: &id, name: plan, ty, subscription: subscription.id, properties, ..Row::BLANK }.json());
        }
    }
    rows
}

fn assessment_row(random: &mut Random, assessment: &Assessment<'_>) -> Json {
    let Assessment { resource, recommendation, code, cause, per_initiative, id } = assessment;
    let description = match *cause {
        "Exempt" => format!("Exempt: taken out by {}", per_initiative.first().map_or("a waiver", |(a, _)| a.title)),
        "OffByPolicy" => "The policy behind it is switched off".to_owned(),
        "NoData" => "There is no data to judge by".to_owned(),
        _ => String::new(),
    };
    let mut status = vec![("code".to_owned(), Json::from(*code))];
    if !cause.is_empty() {
        status.push(("cause".to_owned(), (*cause).into()));
        status.push(("description".to_owned(), description.into()));
    }
    let mut moments = [random.moment(), random.moment()];
    moments.sort();
    let [first, changed] = moments;
    status.push(("firstEvaluationDate".to_owned(), first.into()));
    status.push(("statusChangeDate".to_owned(), changed.into()));

    let details = match resource.kind.source() {
        "Azure" => bag! {
            "Source": "Azure", "Id": spelled(&resource.id, random.below(6) == 0), "ResourceName": resource.name.as_str(),
            "ResourceType": resource.kind.ty(),
        },
        source => bag! {
            "Source": source, "Id": resource.name.as_str(), "AzureResourceId": resource.id.as_str(),
            "ResourceName": resource.name.as_str(), "ResourceType": resource.kind.ty(),
            "ConnectorId": guid(&format!("connector {source}")),
        },
    };
    let initiatives: Vec<Json> = per_initiative
        .iter()
        .filter_map(|(assignment, exempt)| {
            let (code, cause) = match (*exempt, *cause) {
                (true, "" | "Exempt") => ("NotApplicable", "Exempt"),
                _ => (*code, *cause),
            };
            let name = assignment.initiative?;
            Some(bag! { "policyInitiativeName": name, "assessmentStatus": bag! { "code": code, "cause": cause } })
        })
        .collect();
    let additional = match recommendation.reference {
        "vmVulnerabilities" | "sqlVulnerabilities" => bag! { "subAssessmentsLink": format!("{id}/subassessments") },
        "vmUpdated" if random.below(2) == 0 => bag! { "Scanner": "guest", "missingUpdates": random.below(40) },
        "vmUpdated" => bag! { "scanner": "host", "missingUpdates": Json::Real(2.5) },
        _ => Json::Null,
    };
    let properties = bag! {
        "displayName": recommendation.title,
        "status": Json::Bag(status),
        "resourceDetails": details,
        "additionalData": additional,
        "metadata": metadata(recommendation),
        "links": bag! { "azurePortal": format!("portal.azure.com/#blade/recommendation/{}", guid(&format!("recommendation {}", recommendation.reference))) },
        "statusPerInitiative": initiatives,
    };
    let key = guid(&format!("recommendation {}", recommendation.reference));
    let ty = "microsoft.security/assessments";
    Row { id, name: &key, ty, group: resource.group, subscription: resource.subscription, properties, ..Row::BLANK }
        .json()
}

fn metadata(recommendation: &Recommendation) -> Json {
    bag! {
        "displayName": recommendation.title,
        "assessmentType": "BuiltIn",
        "policyDefinitionId": policy(recommendation.reference),
        "description": format!("{}. Whoever does not is found \"first\".", recommendation.title),
        "remediationDescription": format!("<p>Open the resource,\n\tthen <b>{}</b>: set it &amp; save.</p>", recommendation.reference),
        "categories": vec![recommendation.category],
        "severity": recommendation.severity,
        "userImpact": if recommendation.severity == "High" { "Moderate" } else { "Low" },
        "implementationEffort": "Low",
        "threats": vec!["dataExfiltration", "accountBreach"],
        "preview": recommendation.preview,
    }
}

fn sub_assessment_row(random: &mut Random, assessment: &Assessment<'_>, number: usize) -> Json {
    const FINDINGS: [(&str, &str, &str); 4] = [
        ("libpng reads past its buffer", "libpng", "High"),
        ("sshd keeps weak ciphers", "openssh", "Medium"),
        ("zlib overflows on crafted input", "zlib", "Critical"),
        ("curl follows a redirect too far", "curl", "Low"),
    ];
    let (title, software, severity) = FINDINGS[(random.below(3) + number) % 4];
    let resource = assessment.resource;
    let finding = guid(&format!("{} {number}", assessment.id));
    let id = format!("{}/subassessments/{finding}", assessment.id);
    let status = match assessment.cause {
        "" => bag! { "code": "Unhealthy", "severity": severity },
        cause => {
            bag! { "code": "NotApplicable", "cause": cause, "severity": severity, "description": "Disabled parent assessment" }
        }
    };
    let cve = format!("CVE-2026-{}", 1000 + random.below(9000));
    let properties = bag! {
        "id": cve.as_str(),
        "displayName": title,
        "status": status,
        "resourceDetails": bag! { "source": "Azure", "id": resource.id.as_str() },
        "timeGenerated": random.moment(),
        "additionalData": bag! {
            "assessedResourceType": "ServerVulnerability",
            "cvss": bag! { "2.0": Json::Null, "3.0": bag! { "base": [4.3, 7.5, 9.8, 5.0][random.below(4)] } },
            "cve": vec![bag! { "title": cve.as_str(), "link": format!("https:\\\\cve.example\\{cve}") }],
            "patchable": random.below(2) == 0,
            "softwareName": software,
        },
    };
    let ty = "microsoft.security/assessments/subassessments";
    Row {
        id: &id,
        name: &finding,
        ty,
        group: resource.group,
        subscription: resource.subscription,
        properties,
        ..Row::BLANK
    }
    .json()
}

/// A control counts each resource once: unhealthy if anything is, else healthy if anything is.
fn control_counts(control: usize, subscription: &str, assessments: &[Assessment<'_>]) -> (usize, usize, usize) {
    let mut states: BTreeMap<&str, (bool, bool)> = BTreeMap::new();
    for assessment in assessments {
        let counted = assessment.recommendation.control == control
            && assessment.resource.subscription == subscription
            && !assessment.recommendation.preview;
        if counted {
            let state = states.entry(&assessment.resource.id).or_default();
            state.0 |= assessment.code == "Unhealthy";
            state.1 |= assessment.code == "Healthy";
        }
    }
    let count = |wanted: fn(&(bool, bool)) -> bool| states.values().filter(|state| wanted(state)).count();
    (count(|s| !s.0 && s.1), count(|s| s.0), count(|s| !s.0 && !s.1))
}

#[expect(clippy::cast_precision_loss, reason = "points and counts are small")]
fn score_rows(rows: &mut Vec<Json>, subscription: &str, title: &str, assessments: &[Assessment<'_>]) {
    let score = format!("/subscriptions/{subscription}/providers/Microsoft.Security/secureScores/ascScore");
    let (mut current, mut most, mut weight) = (0.0, 0, 0);
    for (at, (name, max)) in CONTROLS.iter().enumerate() {
        let (healthy, unhealthy, neither) = control_counts(at, subscription, assessments);
        let share = if healthy + unhealthy == 0 { 0.0 } else { healthy as f64 / (healthy + unhealthy) as f64 };
        if healthy + unhealthy > 0 {
            current += share * *max as f64;
            most += max;
        }
        weight += healthy + unhealthy;
        let definitions: Vec<Json> = RECOMMENDATIONS
            .iter()
            .filter(|recommendation| recommendation.control == at)
            .map(|recommendation| {
                let key = guid(&format!("recommendation {}", recommendation.reference));
                bag! { "id": format!("/providers/Microsoft.Security/assessmentMetadata/{key}") }
            })
            .collect();
        let key = guid(&format!("control {name}"));
        let properties = bag! {
            "displayName": *name,
            "healthyResourceCount": healthy,
            "unhealthyResourceCount": unhealthy,
            "notApplicableResourceCount": neither,
            "score": bag! { "max": *max, "current": rounded(share * *max as f64, 2), "percentage": rounded(share, 4) },
            "definition": bag! {
                "id": format!("/providers/Microsoft.Security/secureScoreControlDefinitions/{key}"), "name": key.as_str(),
                "type": "Microsoft.Security/secureScoreControlDefinitions",
                "properties": bag! {
                    "source": bag! { "sourceType": "BuiltIn" }, "displayName": *name, "maxScore": *max,
                    "assessmentDefinitions": definitions,
                },
            },
            "weight": healthy + unhealthy,
        };
        let id = format!("{score}/secureScoreControls/{key}");
        let ty = "microsoft.security/securescores/securescorecontrols";
        rows.push(Row { id: &id, name: &key, ty, subscription, properties, ..Row::BLANK }.json());
    }
    let properties = bag! {
        "displayName": format!("Score of {title}"),
        "score": bag! { "max": most, "current": rounded(current, 2), "percentage": rounded(current / most.max(1) as f64, 4) },
        "weight": weight,
        "environment": "Azure",
    };
    let ty = "microsoft.security/securescores";
    rows.push(Row { id: &score, name: "ascScore", ty, subscription, properties, ..Row::BLANK }.json());
}

/// Rounded, and without a fraction where there is none: exports mix integers and reals in one field.
#[expect(clippy::cast_possible_truncation, reason = "scores are below a hundred")]
fn rounded(value: f64, digits: i32) -> Json {
    let factor = 10_f64.powi(digits);
    let value = (value * factor).round() / factor;
    if value.fract() == 0.0 { Json::Long(value as i64) } else { Json::Real(value) }
}

fn policy_rows(
    random: &mut Random,
    resources: &[Resource],
    assignments: &[Assignment],
    assessments: &[Assessment<'_>],
) -> Vec<Json> {
    let mut rows: Vec<Json> =
        EXEMPTIONS.iter().map(|exemption| exemption_row(exemption, resources, assignments)).collect();
    for assignment in assignments {
        let subscription = assignment.scope.strip_prefix("/subscriptions/").unwrap_or("");
        let properties = bag! {
            "displayName": assignment.title,
            "description": "",
            "policyDefinitionId": assignment.definition.as_str(),
            "scope": assignment.scope.as_str(),
            "notScopes": Json::List(Vec::new()),
            "parameters": bag! { "effect": bag! { "value": "AuditIfNotExists" } },
            "metadata": bag! { "assignedBy": "Policy pipeline", "createdOn": assignment.created, "updatedOn": Json::Null },
            "enforcementMode": "Default",
        };
        let ty = "microsoft.authorization/policyassignments";
        let identity = bag! { "type": "None" };
        let row = Row {
            id: &assignment.id,
            name: assignment.name,
            ty,
            location: "northeurope",
            subscription,
            properties,
            identity,
            ..Row::BLANK
        };
        rows.push(row.json());
    }
    for (title, custom, assignment) in
        [("Cloud benchmark", false, &assignments[0]), ("Internal baseline", true, &assignments[1])]
    {
        let id = &assignment.definition;
        let name = id.rsplit('/').next().unwrap();
        let policies: Vec<Json> = assignment
            .references
            .iter()
            .map(
                |reference| bag! { "policyDefinitionReferenceId": *reference, "policyDefinitionId": policy(reference) },
            )
            .collect();
        let properties = bag! {
            "displayName": title,
            "policyType": if custom { "Custom" } else { "BuiltIn" },
            "metadata": bag! { "category": "Security", "version": if custom { "1.4.0" } else { "12.0.1" } },
            "policyDefinitions": policies,
        };
        rows.push(
            Row { id, name, ty: "microsoft.authorization/policysetdefinitions", properties, ..Row::BLANK }.json(),
        );
    }
    for recommendation in RECOMMENDATIONS.iter().filter(|r| r.baseline) {
        let id = policy(recommendation.reference);
        let properties = bag! {
            "displayName": recommendation.title,
            "policyType": "BuiltIn",
            "mode": "Indexed",
            "metadata": bag! { "category": recommendation.category, "version": "1.0.0", "preview": recommendation.preview },
            "policyRule": bag! {
                "if": bag! { "field": "type", "equals": recommendation.kind.ty() },
                "then": bag! { "effect": "[parameters('effect')]" },
            },
        };
        let name = id.rsplit('/').next().unwrap();
        rows.push(
            Row { id: &id, name, ty: "microsoft.authorization/policydefinitions", properties, ..Row::BLANK }.json(),
        );
    }
    for assessment in assessments.iter().filter(|a| a.recommendation.baseline) {
        for (assignment, exempt) in &assessment.per_initiative {
            rows.push(state_row(random, assessment, assignment, *exempt));
        }
    }
    rows
}

fn exemption_row(exemption: &Exemption, resources: &[Resource], assignments: &[Assignment]) -> Json {
    let scope = exemption.scope_id(resources);
    let known = assignments.iter().find(|assignment| assignment.name == exemption.assignment);
    let assignment = known.map_or_else(
        || {
            format!(
                "{}/providers/Microsoft.Authorization/policyAssignments/{}",
                group_scope("fjord"),
                exemption.assignment
            )
        },
        |assignment| assignment.id.clone(),
    );
    let (scope, assignment) = if exemption.shouting {
        (scope.replace("/resourceGroups/rg", "/RESOURCEGROUPS/RG"), assignment.to_lowercase())
    } else {
        (scope, assignment)
    };
    let mut properties = vec![("policyAssignmentId".to_owned(), Json::from(assignment))];
    let mut put = |key: &str, value: Json| properties.push((key.to_owned(), value));
    match exemption.references {
        References::Absent => {}
        References::Empty => put("policyDefinitionReferenceIds", Json::List(Vec::new())),
        References::Of(list) => put("policyDefinitionReferenceIds", list.to_vec().into()),
    }
    put("exemptionCategory", exemption.category.into());
    match exemption.expiry {
        Expiry::Absent => {}
        Expiry::Null => put("expiresOn", Json::Null),
        Expiry::At(when) => put("expiresOn", when.into()),
    }
    put("displayName", exemption.display.into());
    put("description", exemption.description.into());
    put("metadata", exemption.ticket.map(|(ticket, by)| bag! { "ticketRef": ticket, "approvedBy": by }).into());
    put("assignmentScopeValidation", "Default".into());
    if let Some((kind, values)) = exemption.selector {
        let selector = bag! { "kind": kind, "in": values.to_vec() };
        put("resourceSelectors", vec![bag! { "name": "only", "selectors": vec![selector] }].into());
    }
    if let Some((by, at)) = exemption.created {
        put("systemData", bag! { "createdBy": by, "createdAt": at, "lastModifiedBy": by, "lastModifiedAt": at });
    }
    let (subscription, group) = match exemption.scope {
        Scope::Group(_) => ("", ""),
        Scope::Subscription(name) => (subscription_id(name), ""),
        Scope::ResourceGroup(name, group) | Scope::Resource(name, group, _) => (subscription_id(name), group),
        Scope::Gone(name, rest) => (subscription_id(name), rest.split('/').nth(1).unwrap_or("")),
    };
    let id = format!("{scope}/providers/Microsoft.Authorization/policyExemptions/{}", exemption.name);
    let ty = "microsoft.authorization/policyexemptions";
    let properties = Json::Bag(properties);
    Row { id: &id, name: exemption.name, ty, group, subscription, properties, ..Row::BLANK }.json()
}

fn state_row(random: &mut Random, assessment: &Assessment<'_>, assignment: &Assignment, exempt: bool) -> Json {
    let resource = assessment.resource;
    let (state, weight) = match (exempt, assessment.code) {
        (true, _) => ("Exempt", 50),
        (_, "Unhealthy") => ("NonCompliant", 300),
        _ => ("Compliant", 200_usize),
    };
    let reference = assessment.recommendation.reference.to_lowercase();
    let name = guid(&format!("state {} {}", assessment.id, assignment.name));
    let resource_id = resource.id.to_lowercase();
    let id = format!("{resource_id}/providers/microsoft.policyinsights/policystates/{name}");
    let properties = bag! {
        "resourceId": resource_id,
        "policyAssignmentId": assignment.id.to_lowercase(),
        "policyDefinitionId": policy(assessment.recommendation.reference),
        "policySetDefinitionId": assignment.initiative.map_or(String::new(), |_| assignment.definition.to_lowercase()),
        "policyDefinitionReferenceId": reference,
        "policyDefinitionAction": "auditifnotexists",
        "resourceType": resource.kind.ty().to_lowercase(),
        "resourceLocation": resource.location,
        "timestamp": random.moment(),
        "complianceState": state,
        "stateWeight": weight,
        "managementGroupIds": "fjord",
    };
    let ty = "microsoft.policyinsights/policystates";
    Row {
        id: &id,
        name: &name,
        ty,
        group: resource.group,
        subscription: resource.subscription,
        properties,
        ..Row::BLANK
    }
    .json()
}

fn container_rows() -> Vec<Json> {
    let mut rows = Vec::new();
    for (name, title, parent) in &GROUPS {
        let chain: Vec<Json> = ancestors(name)
            .into_iter()
            .skip(1)
            .map(|(name, title)| bag! { "name": name, "displayName": title })
            .collect();
        let properties = bag! {
            "displayName": *title,
            "details": bag! { "parent": parent.map(|parent| bag! { "name": parent }), "managementGroupAncestorsChain": chain },
        };
        let ty = "microsoft.management/managementgroups";
        rows.push(Row { id: &group_scope(name), name, ty, properties, ..Row::BLANK }.json());
    }
    for subscription in &SUBSCRIPTIONS {
        let chain: Vec<Json> = ancestors(subscription.group)
            .into_iter()
            .map(|(name, title)| bag! { "displayName": title, "name": name })
            .collect();
        let properties = bag! { "state": "Enabled", "managementGroupAncestorsChain": chain };
        let id = format!("/subscriptions/{}", subscription.id);
        let tags = if subscription.name.ends_with("-prod") {
            bag! { "environment": "production" }
        } else {
            Json::Null
        };
        let ty = "microsoft.resources/subscriptions";
        rows.push(
            Row { id: &id, name: subscription.name, ty, subscription: subscription.id, properties, tags, ..Row::BLANK }
                .json(),
        );
        for (group, location, _) in subscription.groups {
            let id = format!("/subscriptions/{}/resourceGroups/{group}", subscription.id);
            let ty = "microsoft.resources/subscriptions/resourcegroups";
            let properties = bag! { "provisioningState": "Succeeded" };
            let row = Row {
                id: &id,
                name: group,
                ty,
                location,
                group,
                subscription: subscription.id,
                properties,
                ..Row::BLANK
            };
            rows.push(row.json());
        }
    }
    rows
}

fn resource_rows(random: &mut Random, resources: &[Resource]) -> Vec<Json> {
    let azure = resources.iter().filter(|r| r.kind.source() == "Azure" && r.kind != Kind::Whole);
    azure.map(|resource| resource_row(random, resource)).collect()
}

fn resource_row(random: &mut Random, resource: &Resource) -> Json {
    let (sku, properties) = match resource.kind {
        Kind::Machine => {
            let size = random.one_of(&["Standard_B2s", "Standard_D4s_v5"]);
            let os = random.one_of(&["Linux", "Windows"]);
            let state = random.one_of(&["PowerState/running", "PowerState/deallocated"]);
            let properties = bag! {
                "hardwareProfile": bag! { "vmSize": size },
                "storageProfile": bag! { "osDisk": bag! { "osType": os, "diskSizeGB": random.one_of(&[30_usize, 127, 512]) } },
                "extended": bag! { "instanceView": bag! { "powerState": bag! { "code": state } } },
                "timeCreated": random.moment(),
            };
            (Json::Null, properties)
        }
        Kind::Storage => {
            let tls = random.one_of(&["TLS1_0", "TLS1_2"]);
            let action = random.one_of(&["Allow", "Deny"]);
            let properties = bag! {
                "supportsHttpsTrafficOnly": random.below(4) > 0, "minimumTlsVersion": tls,
                "networkAcls": bag! { "defaultAction": action, "ipRules": vec![bag! { "value": "203.0.113.0/24", "action": "Allow" }] },
                "creationTime": random.moment(),
            };
            (bag! { "name": random.one_of(&["Standard_LRS", "Standard_ZRS"]), "tier": "Standard" }, properties)
        }
        Kind::Cluster => {
            let pools =
                vec![bag! { "name": "system", "count": 3_usize }, bag! { "name": "work", "count": random.below(9) }];
            (
                bag! { "name": "Base", "tier": "Free" },
                bag! { "kubernetesVersion": "1.33.2", "agentPoolProfiles": pools },
            )
        }
        Kind::Site => {
            (Json::Null, bag! { "httpsOnly": random.below(3) > 0, "state": "Running", "siteConfig": Json::Null })
        }
        _ => (Json::Null, bag! { "provisioningState": "Succeeded" }),
    };
    let tags = match random.below(5) {
        0 => Json::Null,
        1 => Json::Bag(Vec::new()),
        2 => bag! { "Owner": "ingrid@fjord.example", "cost center": "4711" },
        _ => bag! { "owner": random.one_of(&["olav@fjord.example", "ingrid@fjord.example"]), "env": "prod" },
    };
    let kind = if resource.kind == Kind::Storage { "StorageV2" } else { "" };
    let identity = if resource.kind == Kind::Site {
        bag! { "type": "SystemAssigned" }
    } else {
        Json::Null
    };
    let ty = resource.kind.ty().to_lowercase();
    let (id, name, location) = (resource.id.as_str(), resource.name.as_str(), resource.location);
    let (group, subscription) = (resource.group, resource.subscription);
    Row { id, name, ty: &ty, kind, location, group, subscription, sku, properties, tags, identity }.json()
}

/// Counted on the model, not on the rows.
fn truth(
    resources: &[Resource],
    assignments: &[Assignment],
    assessments: &[Assessment<'_>],
) -> BTreeMap<String, usize> {
    let mut truth = BTreeMap::new();
    let mut set = |name: &str, count: usize| assert_eq!(truth.insert(name.to_owned(), count), None, "{name} twice");

    let exempted = || assessments.iter().filter(|a| a.cause == "Exempt");
    set("assessments", assessments.len());
    set("exempted assessments", exempted().count());
    set("assessments switched off", assessments.iter().filter(|a| a.cause == "OffByPolicy").count());
    set("exempted resources", exempted().map(|a| &a.resource.id).collect::<BTreeSet<_>>().len());
    for severity in ["High", "Medium", "Low"] {
        set(&format!("exempted {severity}"), exempted().filter(|a| a.recommendation.severity == severity).count());
    }
    for code in ["Healthy", "Unhealthy", "NotApplicable"] {
        set(&format!("assessments {code}"), assessments.iter().filter(|a| a.code == code).count());
    }
    for source in ["Azure", "Aws", "Gcp"] {
        set(
            &format!("assessments of {source}"),
            assessments.iter().filter(|a| a.resource.kind.source() == source).count(),
        );
    }
    let partially =
        assessments.iter().filter(|a| a.cause.is_empty() && a.per_initiative.iter().any(|(_, exempt)| *exempt));
    set("partially exempted", partially.count());
    let unhealthy = assessments.iter().filter(|a| a.code == "Unhealthy" && a.recommendation.severity == "High");
    set("unhealthy and High", unhealthy.count());

    let all = || EXEMPTIONS.iter();
    set("exemptions", EXEMPTIONS.len());
    set("exemptions Waiver", all().filter(|e| e.category == "Waiver").count());
    set("exemptions Mitigated", all().filter(|e| e.category == "Mitigated").count());
    set("exemptions active", all().filter(|e| e.active()).count());
    set("exemptions expired", all().filter(|e| !e.active()).count());
    set("exemptions without end", all().filter(|e| e.expires().is_none()).count());
    set("exemptions of whole assignments", all().filter(|e| e.whole_assignment()).count());
    set("exemptions with selectors", all().filter(|e| e.selector.is_some()).count());
    set("exemptions without ticket", all().filter(|e| e.ticket.is_none()).count());
    set("exemptions without creator", all().filter(|e| e.created.is_none()).count());
    set("exemptions of management groups", all().filter(|e| matches!(e.scope, Scope::Group(_))).count());
    let orphaned = |e: &Exemption| assignments.iter().all(|a| a.name != e.assignment);
    set("orphans of their assignment", all().filter(|e| orphaned(e)).count());
    set("orphans of their scope", all().filter(|e| matches!(e.scope, Scope::Gone(..))).count());
    let unknown = |e: &Exemption, reference: &str| {
        assignments.iter().any(|a| a.name == e.assignment && !a.references.contains(&reference))
    };
    let lost = |e: &&Exemption| match e.references {
        References::Of(list) => list.iter().any(|reference| unknown(e, reference)),
        References::Absent | References::Empty => false,
    };
    set("orphans of their reference", all().filter(lost).count());

    let mut targets: BTreeMap<(String, &str, &str), usize> = BTreeMap::new();
    for exemption in all() {
        let references = match exemption.references {
            References::Of(list) => list,
            References::Absent | References::Empty => &["*"],
        };
        for reference in references {
            let scope = exemption.scope_id(resources).to_lowercase();
            *targets.entry((scope, exemption.assignment, reference)).or_default() += 1;
        }
    }
    set("targets exempted more than once", targets.values().filter(|count| **count > 1).count());

    set("resources", resources.iter().filter(|r| r.kind.source() == "Azure" && r.kind != Kind::Whole).count());
    set("subscriptions", SUBSCRIPTIONS.len());
    let states = assessments.iter().filter(|a| a.recommendation.baseline).flat_map(|a| &a.per_initiative);
    set("states", states.clone().count());
    set("states Exempt", states.filter(|(_, exempt)| *exempt).count());
    truth
}
