//! The small tenant that `--sample` and the examples query: invented, and made by `tests/support/tenant.rs`, whose test
//! holds these files to it.

/// Name and compressed rows of every table.
pub(crate) fn tables() -> &'static [(&'static str, &'static [u8])] {
    &[
        ("securityresources", include_bytes!("sample/securityresources.ndjson.gz")),
        ("policyresources", include_bytes!("sample/policyresources.ndjson.gz")),
        ("resourcecontainers", include_bytes!("sample/resourcecontainers.ndjson.gz")),
        ("resources", include_bytes!("sample/resources.ndjson.gz")),
    ]
}
