//! The invented company of the sample: its tree of management groups, subscriptions and resource groups, what stands in
//! them, which recommendations apply, and every exemption it ever granted.

/// The moment that the sample is exported at.
pub(crate) const NOW: &str = "2026-10-01T00:00:00Z";

pub(crate) const TENANT: &str = "7d1f4c02-9b3e-4a86-8c55-2f60b7e1a930";

/// A management group and the one above it.
pub(crate) const GROUPS: [(&str, &str, Option<&str>); 6] = [
    ("fjord", "Fjord Ferries", None),
    ("fjord-platform", "Platform", Some("fjord")),
    ("fjord-apps", "Applications", Some("fjord")),
    ("fjord-apps-online", "Online applications", Some("fjord-apps")),
    ("fjord-apps-internal", "Internal applications", Some("fjord-apps")),
    ("fjord-sandbox", "Sandbox", Some("fjord")),
];

pub(crate) struct Subscription {
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
    pub(crate) group: &'static str,
    pub(crate) groups: &'static [ResourceGroup],
}

/// Name, location, and what stands in it: kind and how many.
pub(crate) type ResourceGroup = (&'static str, &'static str, &'static [(Kind, usize)]);

use Kind::*;

pub(crate) const SUBSCRIPTIONS: [Subscription; 6] = [
    Subscription {
        id: "0a5b7c10-41d2-4e8f-9a01-6c2d9e10f001",
        name: "platform-shared",
        group: "fjord-platform",
        groups: &[
            ("rg-network", "northeurope", &[(Machine, 2), (Storage, 1)]),
            ("rg-monitor", "northeurope", &[(Storage, 1), (Vault, 1)]),
            ("rg-connectors", "northeurope", &[(Ec2, 2), (S3, 2), (GcpBucket, 2), (GcpMachine, 1)]),
        ],
    },
    Subscription {
        id: "1b6c8d21-52e3-4f90-8b12-7d3eaf21f002",
        name: "shop-prod",
        group: "fjord-apps-online",
        groups: &[
            ("rg-shop-web", "westeurope", &[(Site, 3), (Cluster, 1), (Machine, 2)]),
            ("rg-shop-data", "westeurope", &[(Sql, 2), (Storage, 3), (Vault, 1)]),
        ],
    },
    Subscription {
        id: "2c7d9e32-63f4-40a1-9c23-8e4fb032f003",
        name: "shop-test",
        group: "fjord-apps-online",
        groups: &[
            ("rg-shop-web-test", "westeurope", &[(Site, 2), (Machine, 1)]),
            ("rg-shop-data-test", "northeurope", &[(Sql, 1), (Storage, 2), (Vault, 1)]),
        ],
    },
    Subscription {
        id: "3d8eaf43-7405-41b2-8d34-9f50c143f004",
        name: "erp-prod",
        group: "fjord-apps-internal",
        groups: &[
            ("rg-erp-app", "norwayeast", &[(Machine, 4), (Site, 1), (Vault, 1)]),
            ("rg-erp-db", "norwayeast", &[(Sql, 2), (Machine, 2), (Storage, 1)]),
        ],
    },
    Subscription {
        id: "4e9fb054-8516-42c3-9e45-a061d254f005",
        name: "data-prod",
        group: "fjord-apps-internal",
        groups: &[
            ("rg-lake", "northeurope", &[(Storage, 4), (Vault, 1), (Cluster, 1)]),
            ("rg-reports", "westeurope", &[(Site, 1), (Sql, 1)]),
        ],
    },
    Subscription {
        id: "5fa0c165-9627-43d4-8f56-b172e365f006",
        name: "playground",
        group: "fjord-sandbox",
        groups: &[("rg-scratch", "swedencentral", &[(Machine, 3), (Storage, 2), (Site, 1), (Vault, 1)])],
    },
];

/// What a resource is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Machine,
    Storage,
    Vault,
    Sql,
    Site,
    Cluster,
    Ec2,
    S3,
    GcpBucket,
    GcpMachine,
    /// A subscription as such.
    Whole,
}

impl Kind {
    /// ARM's type as providers spell it; for other clouds, the native one.
    pub(crate) const fn ty(self) -> &'static str {
        match self {
            Machine => "Microsoft.Compute/virtualMachines",
            Storage => "Microsoft.Storage/storageAccounts",
            Vault => "Microsoft.KeyVault/vaults",
            Sql => "Microsoft.Sql/servers",
            Site => "Microsoft.Web/sites",
            Cluster => "Microsoft.ContainerService/managedClusters",
            Ec2 => "aws.ec2.instance",
            S3 => "aws.s3.bucket",
            GcpBucket => "gcp.storage.bucket",
            GcpMachine => "gcp.compute.instance",
            Whole => "Microsoft.Resources/subscriptions",
        }
    }

    pub(crate) const fn prefix(self) -> &'static str {
        match self {
            Machine => "vm-",
            Storage => "st",
            Vault => "kv-",
            Sql => "sql-",
            Site => "app-",
            Cluster => "aks-",
            Ec2 => "i-0",
            S3 => "arn-bucket-",
            GcpBucket => "bucket-",
            GcpMachine => "instance-",
            Whole => "",
        }
    }

    pub(crate) const fn source(self) -> &'static str {
        match self {
            Ec2 | S3 => "Aws",
            GcpBucket | GcpMachine => "Gcp",
            _ => "Azure",
        }
    }
}

pub(crate) struct Recommendation {
    /// The reference id in the initiatives; the keys of assessments and definitions are made from it.
    pub(crate) reference: &'static str,
    pub(crate) kind: Kind,
    pub(crate) severity: &'static str,
    pub(crate) title: &'static str,
    pub(crate) category: &'static str,
    pub(crate) control: usize,
    /// Also in the internal baseline; all are in the benchmark.
    pub(crate) baseline: bool,
    pub(crate) preview: bool,
}

/// The security controls and the points each is worth.
pub(crate) const CONTROLS: [(&str, usize); 6] = [
    ("Protect accounts", 10),
    ("Close management ports", 8),
    ("Repair vulnerabilities", 6),
    ("Encrypt data at rest and on its way", 4),
    ("Restrict who reaches the network", 4),
    ("Keep logs and backups", 1),
];

const fn plain(
    reference: &'static str,
    kind: Kind,
    severity: &'static str,
    title: &'static str,
    category: &'static str,
    control: usize,
) -> Recommendation {
    Recommendation { reference, kind, severity, title, category, control, baseline: false, preview: false }
}

const fn baseline(rest: Recommendation) -> Recommendation {
    Recommendation { baseline: true, ..rest }
}

const fn preview(rest: Recommendation) -> Recommendation {
    Recommendation { preview: true, ..rest }
}

pub(crate) const RECOMMENDATIONS: [Recommendation; 33] = [
    baseline(plain("vmPortsClosed", Machine, "High", "Machines should close their management ports", "Networking", 1)),
    plain("vmDiskEncrypted", Machine, "High", "Machines should encrypt temporary disks and caches", "Compute", 3),
    plain("vmEndpointProtected", Machine, "High", "Machines should run endpoint protection", "Compute", 2),
    baseline(plain("vmUpdated", Machine, "Medium", "Machines should install missing system updates", "Compute", 2)),
    plain("vmVulnerabilities", Machine, "Medium", "Machines should have vulnerability findings resolved", "Compute", 2),
    plain("vmBackup", Machine, "Low", "Machines should be backed up", "Compute", 5),
    baseline(plain("storageNetwork", Storage, "Medium", "Storage accounts should restrict network access", "Data", 4)),
    baseline(plain(
        "storageSecureTransfer",
        Storage,
        "High",
        "Storage accounts should require secure transfer",
        "Data",
        3,
    )),
    plain("storagePublicBlobs", Storage, "Medium", "Storage accounts should forbid anonymous blobs", "Data", 0),
    plain("storagePrivateLink", Storage, "Medium", "Storage accounts should use private link", "Data", 4),
    preview(plain(
        "storageKeysRotated",
        Storage,
        "Low",
        "[Preview]: Storage account keys should not be old",
        "Data",
        0,
    )),
    baseline(plain("vaultPurge", Vault, "Medium", "Key vaults should have purge protection", "Data", 3)),
    plain("vaultSoftDelete", Vault, "High", "Key vaults should have soft delete", "Data", 3),
    plain("vaultFirewall", Vault, "Medium", "Key vaults should have a firewall", "Networking", 4),
    plain("vaultLogs", Vault, "Low", "Key vaults should send \"diagnostic\" logs", "Data", 5),
    baseline(plain("sqlEntraAdmin", Sql, "High", "SQL servers should have a directory administrator", "Data", 0)),
    plain("sqlAuditing", Sql, "Low", "SQL servers should audit", "Data", 5),
    plain("sqlEncryption", Sql, "Low", "SQL servers should encrypt databases", "Data", 3),
    baseline(plain(
        "sqlVulnerabilities",
        Sql,
        "High",
        "SQL servers should have vulnerability findings resolved",
        "Data",
        2,
    )),
    baseline(plain("appHttpsOnly", Site, "Medium", "Web apps should answer over HTTPS only", "AppServices", 3)),
    plain("appTls", Site, "High", "Web apps should use a recent TLS version", "AppServices", 3),
    plain("appIdentity", Site, "Medium", "Web apps should use a managed identity", "IdentityAndAccess", 0),
    plain("appRemoteDebugging", Site, "Low", "Web apps should have remote debugging off", "AppServices", 1),
    baseline(plain(
        "aksAuthorizedRanges",
        Cluster,
        "High",
        "Clusters should accept listed addresses only",
        "Networking",
        4,
    )),
    plain("aksRbac", Cluster, "High", "Clusters should use role-based access", "Compute", 0),
    preview(plain("aksProfile", Cluster, "High", "[Preview]: Clusters should run the Defender profile", "Compute", 2)),
    plain("ec2Metadata", Ec2, "Medium", "EC2 instances should require version 2 of the metadata service", "Compute", 4),
    plain("s3Public", S3, "High", "S3 buckets should block public access", "Data", 4),
    plain("gcpUniformAccess", GcpBucket, "Medium", "Buckets should have uniform access", "Data", 0),
    plain("gcpOsLogin", GcpMachine, "Medium", "Instances should use OS login", "Compute", 0),
    plain("ownersMfa", Whole, "High", "Owners should sign in with a second factor", "IdentityAndAccess", 0),
    plain("fewOwners", Whole, "High", "A subscription should have at most three owners", "IdentityAndAccess", 0),
    preview(plain(
        "securityContact",
        Whole,
        "Low",
        "[Preview]: Subscriptions should name a security contact",
        "IdentityAndAccess",
        5,
    )),
];

/// Where an exemption stands.
pub(crate) enum Scope {
    Group(&'static str),
    /// By name.
    Subscription(&'static str),
    /// Subscription, group.
    ResourceGroup(&'static str, &'static str),
    /// Subscription, group, resource by name.
    Resource(&'static str, &'static str, &'static str),
    /// Subscription, and an id below it of something that was deleted.
    Gone(&'static str, &'static str),
}

/// Which policies an exemption is about.
pub(crate) enum References {
    /// No such property: the whole assignment.
    Absent,
    /// `[]`: the whole assignment too.
    Empty,
    Of(&'static [&'static str]),
}

/// When it ends.
pub(crate) enum Expiry {
    /// No such property.
    Absent,
    /// `null`
    Null,
    At(&'static str),
}

pub(crate) struct Exemption {
    pub(crate) name: &'static str,
    pub(crate) scope: Scope,
    /// Name of the assignment; one that does not exist makes an orphan.
    pub(crate) assignment: &'static str,
    pub(crate) references: References,
    pub(crate) category: &'static str,
    pub(crate) expiry: Expiry,
    pub(crate) display: &'static str,
    pub(crate) description: &'static str,
    /// A ticket and who approved; `None` when nobody wrote it down.
    pub(crate) ticket: Option<(&'static str, &'static str)>,
    /// Who and when; `None` when the export does not say.
    pub(crate) created: Option<(&'static str, &'static str)>,
    /// `kind` and the values `in` it.
    pub(crate) selector: Option<(&'static str, &'static [&'static str])>,
    /// The ids in it are written in capitals and small letters of their own.
    pub(crate) shouting: bool,
    /// Defender does not honour it (yet), although it is active.
    pub(crate) ignored: bool,
}

const BLANK: Exemption = Exemption {
    name: "",
    scope: Scope::Group("fjord"),
    assignment: "cloud-benchmark",
    references: References::Absent,
    category: "Waiver",
    expiry: Expiry::Absent,
    display: "",
    description: "",
    ticket: Some(("RISK-100", "risk board")),
    created: Some(("ingrid@fjord.example", "2026-03-02T08:15:00.1234567Z")),
    selector: None,
    shouting: false,
    ignored: false,
};

pub(crate) const EXEMPTIONS: [Exemption; 34] = [
    // Plain ones, of every scope.
    Exemption {
        name: "backup-elsewhere",
        scope: Scope::Group("fjord-apps-internal"),
        references: References::Of(&["vmBackup"]),
        category: "Mitigated",
        display: "Backups are taken by the hosting partner",
        description: "The partner keeps copies for 90 days and proves it every quarter",
        ..BLANK
    },
    Exemption {
        name: "sandbox-free-for-all",
        scope: Scope::Group("fjord-sandbox"),
        display: "Sandbox is not assessed",
        description: "Nothing of value lives here; everything is deleted on Fridays",
        created: None,
        ..BLANK
    },
    Exemption {
        name: "ASC-fewOwners",
        scope: Scope::Subscription("platform-shared"),
        references: References::Of(&["fewOwners"]),
        expiry: Expiry::At("2027-03-31T22:00:00Z"),
        display: "Five owners while the platform team changes",
        description: "Handover of the platform team until spring",
        ..BLANK
    },
    Exemption {
        name: "RISK-117",
        scope: Scope::ResourceGroup("shop-prod", "rg-shop-data"),
        references: References::Of(&["storageNetwork", "storagePrivateLink"]),
        expiry: Expiry::At("2026-12-31T23:59:59Z"),
        display: "Storage stays open during the migration",
        description: "Partners still upload over the internet until the migration is over",
        ticket: Some(("RISK-117", "risk board")),
        ..BLANK
    },
    Exemption {
        name: "RISK-117-baseline",
        scope: Scope::ResourceGroup("shop-prod", "rg-shop-data"),
        assignment: "internal-baseline",
        references: References::Of(&["storageNetwork"]),
        expiry: Expiry::At("2026-12-31T23:59:59Z"),
        display: "Storage stays open during the migration (baseline)",
        description: "Partners still upload over the internet until the migration is over",
        ticket: Some(("RISK-117", "risk board")),
        shouting: true,
        ..BLANK
    },
    Exemption {
        name: "bastion-ports",
        scope: Scope::Resource("platform-shared", "rg-network", "vm-network-01"),
        references: References::Of(&["vmPortsClosed"]),
        category: "Mitigated",
        expiry: Expiry::Null,
        display: "The bastion is meant to be reached",
        description: "Its ports open just in time and for one hour",
        ticket: Some(("RISK-104", "ciso")),
        ..BLANK
    },
    // The whole assignment, once without the list and once with an empty one.
    Exemption {
        name: "lake-import",
        scope: Scope::ResourceGroup("data-prod", "rg-lake"),
        assignment: "internal-baseline",
        references: References::Empty,
        expiry: Expiry::At("2026-10-20T00:00:00.0000000Z"),
        display: "Import of the old lake",
        description: "One-off import, three weeks",
        created: Some(("pipeline-lake", "2026-09-15T06:00:00Z")),
        ..BLANK
    },
    Exemption {
        name: "reports-frozen",
        scope: Scope::ResourceGroup("data-prod", "rg-reports"),
        category: "Mitigated",
        expiry: Expiry::At("2026-10-31T00:00:00Z"),
        display: "Reports are frozen",
        description: "Read-only until the end of the fiscal year",
        ..BLANK
    },
    // Several for the same target: exact copies, in other letter case, in other words.
    Exemption {
        name: "tls-legacy",
        scope: Scope::Subscription("shop-prod"),
        references: References::Of(&["appTls"]),
        expiry: Expiry::At("2027-01-31T00:00:00Z"),
        display: "Old handhelds speak TLS 1.0",
        description: "The scanners on the piers are replaced during winter",
        ticket: Some(("RISK-121", "risk board")),
        ..BLANK
    },
    Exemption {
        name: "tls-legacy-copy",
        scope: Scope::Subscription("shop-prod"),
        references: References::Of(&["appTls"]),
        expiry: Expiry::At("2027-01-31T00:00:00Z"),
        display: "Old handhelds speak TLS 1.0 (2)",
        description: "The scanners on the piers are replaced during winter",
        ticket: Some(("RISK-121", "risk board")),
        shouting: true,
        ..BLANK
    },
    Exemption {
        name: "TLS-Legacy-Again",
        scope: Scope::Subscription("shop-prod"),
        references: References::Of(&["appTls"]),
        expiry: Expiry::At("2026-06-30T00:00:00Z"),
        display: "TLS 1.0 for the handhelds",
        description: "as discussed",
        ticket: None,
        created: Some(("olav@fjord.example", "2025-12-01T10:00:00Z")),
        ..BLANK
    },
    Exemption {
        name: "sql-audit-a",
        scope: Scope::ResourceGroup("erp-prod", "rg-erp-db"),
        references: References::Of(&["sqlAuditing"]),
        category: "Mitigated",
        display: "Audited by the appliance",
        description: "The database firewall keeps the log",
        ..BLANK
    },
    Exemption {
        name: "sql-audit-b",
        scope: Scope::ResourceGroup("erp-prod", "rg-erp-db"),
        references: References::Of(&["sqlAuditing"]),
        category: "Mitigated",
        display: "Audited by the appliance, again",
        description: "The database firewall keeps the log",
        ..BLANK
    },
    // A child below an ancestor that already covers it.
    Exemption {
        name: "erp-vm-backup",
        scope: Scope::Resource("erp-prod", "rg-erp-app", "vm-erp-app-02"),
        references: References::Of(&["vmBackup"]),
        category: "Mitigated",
        expiry: Expiry::At("2027-06-30T00:00:00Z"),
        display: "Backup of the second application server",
        description: "Taken by the partner",
        ..BLANK
    },
    Exemption {
        name: "scratch-vault",
        scope: Scope::ResourceGroup("playground", "rg-scratch"),
        references: References::Of(&["vaultPurge", "vaultSoftDelete"]),
        display: "No purge protection for scratch vaults",
        description: "They are created and destroyed by tests",
        ..BLANK
    },
    // One target, two categories; one target, two ends.
    Exemption {
        name: "web-identity-waiver",
        scope: Scope::Resource("shop-prod", "rg-shop-web", "app-shop-web-01"),
        references: References::Of(&["appIdentity"]),
        expiry: Expiry::At("2026-11-30T00:00:00Z"),
        display: "Shop front keeps its own secret",
        description: "The library cannot use identities yet",
        ..BLANK
    },
    Exemption {
        name: "web-identity-mitigated",
        scope: Scope::Resource("shop-prod", "rg-shop-web", "app-shop-web-01"),
        references: References::Of(&["appIdentity"]),
        category: "Mitigated",
        display: "Shop front keeps its own secret",
        description: "The secret rotates daily",
        ticket: Some(("RISK-131", "ciso")),
        ..BLANK
    },
    Exemption {
        name: "erp-updates-spring",
        scope: Scope::ResourceGroup("erp-prod", "rg-erp-app"),
        references: References::Of(&["vmUpdated"]),
        expiry: Expiry::At("2026-05-31T00:00:00Z"),
        display: "No updates during the spring closing",
        description: "The vendor certifies each patch level",
        created: Some(("ingrid@fjord.example", "2026-04-01T00:00:00Z")),
        ..BLANK
    },
    Exemption {
        name: "erp-updates-autumn",
        scope: Scope::ResourceGroup("erp-prod", "rg-erp-app"),
        references: References::Of(&["vmUpdated"]),
        expiry: Expiry::At("2026-11-15T00:00:00Z"),
        display: "No updates during the autumn closing",
        description: "The vendor certifies each patch level",
        created: Some(("ingrid@fjord.example", "2026-09-01T00:00:00Z")),
        ..BLANK
    },
    // Expired: long ago, this month, and at this very moment.
    Exemption {
        name: "old-pilot",
        scope: Scope::ResourceGroup("shop-test", "rg-shop-web-test"),
        expiry: Expiry::At("2024-12-31T00:00:00Z"),
        display: "Pilot",
        description: "Pilot phase of the new shop",
        created: Some(("olav@fjord.example", "2024-06-01T00:00:00Z")),
        ..BLANK
    },
    Exemption {
        name: "test-endpoint",
        scope: Scope::Resource("shop-test", "rg-shop-web-test", "vm-shop-web-test-01"),
        references: References::Of(&["vmEndpointProtected"]),
        expiry: Expiry::At("2026-09-20T12:00:00.500Z"),
        display: "Load tests without endpoint protection",
        description: "It slowed the measurements",
        ..BLANK
    },
    Exemption {
        name: "ends-now",
        scope: Scope::Subscription("shop-test"),
        references: References::Of(&["sqlEncryption"]),
        expiry: Expiry::At("2026-10-01T00:00:00Z"),
        display: "Unencrypted test database",
        description: "Synthetic data only",
        ..BLANK
    },
    // Too far in the future, and without a word why.
    Exemption {
        name: "forever-and-a-day",
        scope: Scope::Resource("erp-prod", "rg-erp-db", "sql-erp-db-01"),
        references: References::Of(&["sqlEntraAdmin"]),
        expiry: Expiry::At("2099-12-31T00:00:00Z"),
        display: "Legacy login",
        description: "",
        ticket: None,
        created: Some(("svc-deploy", "2025-01-10T00:00:00Z")),
        ..BLANK
    },
    Exemption {
        name: "tmp",
        scope: Scope::ResourceGroup("platform-shared", "rg-monitor"),
        references: References::Of(&["vaultLogs"]),
        display: "tmp",
        description: "tmp",
        ticket: None,
        created: None,
        ..BLANK
    },
    // Orphans: of their assignment, their scope, their reference.
    Exemption {
        name: "from-the-pilot-assignment",
        scope: Scope::Subscription("erp-prod"),
        assignment: "pilot-2023",
        display: "Pilot of the baseline",
        description: "The assignment was removed after the pilot",
        created: None,
        ..BLANK
    },
    Exemption {
        name: "deleted-disk-server",
        scope: Scope::Gone(
            "erp-prod",
            "resourceGroups/rg-erp-app/providers/Microsoft.Compute/virtualMachines/vm-erp-app-09",
        ),
        references: References::Of(&["vmDiskEncrypted"]),
        display: "Server with its own encryption",
        description: "Encrypts inside the guest",
        category: "Mitigated",
        ..BLANK
    },
    Exemption {
        name: "deleted-group",
        scope: Scope::Gone("shop-test", "resourceGroups/rg-shop-pilot"),
        expiry: Expiry::At("2027-01-01T00:00:00Z"),
        display: "Pilot group",
        description: "Everything in the pilot group",
        ..BLANK
    },
    Exemption {
        name: "renamed-policy",
        scope: Scope::Subscription("data-prod"),
        assignment: "internal-baseline",
        references: References::Of(&["storageFirewall2022"]),
        display: "Firewall of the lake",
        description: "The policy was renamed since",
        ..BLANK
    },
    // By location, by type.
    Exemption {
        name: "north-only",
        scope: Scope::Subscription("shop-test"),
        references: References::Of(&["storagePublicBlobs", "storagePrivateLink"]),
        expiry: Expiry::At("2027-02-28T00:00:00Z"),
        display: "Public test images in the north",
        description: "Only where the images are served from",
        selector: Some(("resourceLocation", &["northeurope", "swedencentral"])),
        ..BLANK
    },
    Exemption {
        name: "vaults-only",
        scope: Scope::Subscription("erp-prod"),
        category: "Mitigated",
        display: "Vaults sit behind the appliance",
        description: "All access to vaults is filtered by the appliance",
        selector: Some(("resourceType", &["Microsoft.KeyVault/vaults"])),
        ..BLANK
    },
    // Active and not honoured: overlooked for weeks, and an hour old.
    Exemption {
        name: "overlooked",
        scope: Scope::Resource("shop-prod", "rg-shop-web", "vm-shop-web-01"),
        references: References::Of(&["vmDiskEncrypted"]),
        category: "Mitigated",
        display: "Encrypted at host",
        description: "Encryption at host is on",
        created: Some(("ingrid@fjord.example", "2026-08-20T09:30:00Z")),
        ignored: true,
        ..BLANK
    },
    Exemption {
        name: "one-hour-old",
        scope: Scope::Resource("shop-prod", "rg-shop-web", "vm-shop-web-02"),
        references: References::Of(&["vmDiskEncrypted"]),
        category: "Mitigated",
        display: "Encrypted at host",
        description: "Encryption at host is on",
        created: Some(("ingrid@fjord.example", "2026-09-30T23:00:00Z")),
        ignored: true,
        ..BLANK
    },
    // For nothing: no cluster stands there.
    Exemption {
        name: "no-cluster-here",
        scope: Scope::ResourceGroup("shop-test", "rg-shop-web-test"),
        references: References::Of(&["aksRbac"]),
        expiry: Expiry::At("2026-10-08T00:00:00Z"),
        display: "Cluster without roles",
        description: "Planned and never built",
        ..BLANK
    },
    // Another cloud, through its connector.
    Exemption {
        name: "aws-public-site",
        scope: Scope::Resource("platform-shared", "rg-connectors", "arn-bucket-connectors-01"),
        references: References::Of(&["s3Public"]),
        expiry: Expiry::At("2026-10-25T00:00:00Z"),
        display: "The bucket is the public timetable",
        description: "Meant to be read by everybody",
        ticket: Some(("RISK-140", "ciso")),
        ..BLANK
    },
];
