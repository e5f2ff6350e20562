//! The versions of the interface, which differ in what a request may say and in the form of an answer.

use axum::http::Uri;
use percent_encoding::percent_decode_str;

use super::failure::Failure;

/// A version that there is; later ones are greater, and the default is the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Version(usize);

/// Every version, oldest first.
const VERSIONS: [&str; 7] = [
    "2018-09-01-preview",
    "2019-04-01",
    "2020-04-01-preview",
    "2021-03-01",
    "2021-06-01-preview",
    "2022-10-01",
    "2024-04-01",
];

impl Version {
    /// From which on there are management groups and the format of an answer can be chosen.
    pub(super) const CHOICES: Version = Version(2);
    /// From which on inherited assignments can be asked for.
    pub(super) const INHERITED: Version = Version(4);
    /// From which on columns of moments are said to be such.
    pub(super) const MOMENTS: Version = Version(6);

    pub(super) fn name(self) -> &'static str {
        VERSIONS.get(self.0).copied().unwrap_or_default()
    }

    /// The one that `api-version` in the address names.
    pub(super) fn of(uri: &Uri) -> Result<Version, Failure> {
        let named = named(uri)?;
        let found = VERSIONS.iter().position(|version| version.eq_ignore_ascii_case(&named));
        found.map(Version).ok_or_else(|| Failure::unknown_version(&named, &VERSIONS.join(",")))
    }
}

/// What `api-version` in the address says. Some clients write the hyphen as `%2D`.
pub(super) fn named(uri: &Uri) -> Result<String, Failure> {
    let read = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let pairs = uri.query().unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
    let values = pairs.filter(|(name, _)| read(name).eq_ignore_ascii_case("api-version")).map(|(_, value)| read(value));
    let all = values.collect::<Vec<_>>().join(",");
    if all.is_empty() { Err(Failure::no_version()) } else { Ok(all) }
}
