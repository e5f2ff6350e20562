//! The files of `queries/`, part of the binary.

/// A query of the library, or a file of functions that queries include.
pub(super) struct Saved {
    pub(super) name: &'static str,
    pub(super) text: &'static str,
}

macro_rules! files {
    ($folder:literal $($name:literal)*) => {
        &[$(Saved { name: $name, text: include_str!(concat!("../../", $folder, $name, ".kql")) }),*]
    };
}

/// Every query of the library, by name.
pub(super) const LIBRARY: &[Saved] = files! { "queries/"
    "assessments-by-severity"
    "assignment-removal"
    "cleanup-duplicates"
    "cleanup-expired"
    "cleanup-orphaned"
    "compliance-with-exemptions"
    "conflicting-category"
    "conflicting-expiry"
    "coverage-by-control"
    "coverage-by-subscription"
    "duplicates-exact"
    "duplicates-nested"
    "exempt-but-unhealthy"
    "exempt-by-tag"
    "exempt-healthy-anyway"
    "exempt-unused"
    "exempted-recommendations"
    "exempted-since"
    "exemption-age-histogram"
    "exemption-details"
    "exemption-effect"
    "exemption-limit"
    "exemption-path"
    "exemption-policies"
    "exemption-removal"
    "exemption-turnover"
    "exemptions-active"
    "exemptions-by-category"
    "exemptions-by-creator"
    "exemptions-by-scope-level"
    "exemptions-expired"
    "exemptions-expiring"
    "exemptions-expiry-too-far"
    "exemptions-list"
    "exemptions-mg-level"
    "exemptions-no-expiry"
    "exemptions-no-justification"
    "exemptions-per-assignment"
    "exemptions-trend"
    "exemptions-whole-assignment"
    "exposed-and-exempt"
    "high-severity-exempted"
    "new-exemptions-since"
    "new-initiative-gap"
    "offbypolicy"
    "orphaned-assignment"
    "orphaned-reference"
    "orphaned-scope"
    "partially-exempt"
    "recommendation-history"
    "resources-by-location"
    "resources-by-type"
    "resources-with-exemptions"
    "resources-without-tags"
    "secure-score-by-control"
    "secure-score-current"
    "secure-score-trend"
    "secure-score-what-if"
    "secure-score-what-if-by-control"
    "several-initiatives"
    "ticket-crosscheck"
    "top-exempted-recommendations"
    "unhealthy-by-subscription"
    "unhealthy-recommendations"
    "unsupported-exemptions"
};

/// The functions that queries include, by the name that they are included by.
pub(super) const SHARED: &[Saved] = files! { "queries/lib/"
    "assessments"
    "exemptions"
    "history"
    "links"
    "score"
    "script"
};
