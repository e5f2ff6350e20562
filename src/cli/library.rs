//! The library of saved queries in `queries/`, part of the binary.

use std::path::Path;

use super::{Failure, Text};
use crate::diag::nearest;

/// A query of the library; its first comment says what it answers.
pub(super) struct Saved {
    pub(super) name: &'static str,
    pub(super) text: &'static str,
}

macro_rules! library {
    ($($name:literal)*) => {
        &[$(Saved { name: $name, text: include_str!(concat!("../../queries/", $name, ".kql")) }),*]
    };
}

/// Every query of the library, by name.
pub(super) const LIBRARY: &[Saved] = library! {
    "assessments-by-severity"
    "exempted-recommendations"
    "exemptions-expiring-soon"
    "exemptions-in-double"
    "exemptions-without-expiry"
    "resources-by-location"
    "resources-by-type"
    "resources-without-tags"
    "unhealthy-by-subscription"
    "unhealthy-recommendations"
};

impl Saved {
    /// The first comment: one sentence on what is answered.
    pub(super) fn about(&self) -> &'static str {
        self.text.lines().next().and_then(|line| line.strip_prefix("//")).unwrap_or_default().trim()
    }
}

/// A query to run, and what headings and files call its answer.
pub(super) struct Found {
    pub(super) name: String,
    pub(super) text: Text,
}

/// The query of a file, or that of the library with this name.
pub(super) fn find(name: &str) -> Result<Found, Failure> {
    let path = Path::new(name);
    let is_path = name == "-" || path.components().count() > 1 || path.extension().is_some() || path.is_file();
    if is_path {
        let text = Text::read(path)?;
        let stem = path.file_stem().map_or(text.name.clone(), |stem| stem.to_string_lossy().into_owned());
        return Ok(Found { name: stem, text });
    }
    let saved = named(name)?;
    let text = Text { name: saved.name.to_owned(), text: saved.text.to_owned() };
    Ok(Found { name: saved.name.to_owned(), text })
}

/// The query of the library with this name.
pub(super) fn named(name: &str) -> Result<&'static Saved, Failure> {
    LIBRARY.iter().find(|saved| saved.name == name).ok_or_else(|| {
        let cure = match nearest(name, LIBRARY.iter().map(|saved| saved.name)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`argql queries` lists them".to_owned(),
        };
        Failure::Usage(format!("the library has no query `{name}`; {cure}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_library_is_the_folder_and_each_query_says_what_it_answers() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("queries");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
            .collect();
        files.sort();
        assert_eq!(files, LIBRARY.iter().map(|saved| saved.name).collect::<Vec<_>>());
        for saved in LIBRARY {
            assert!(saved.about().ends_with('.') && saved.about().len() > 20, "{}", saved.name);
        }
    }

    #[test]
    fn a_misspelt_name_gets_a_hint() {
        let Err(Failure::Usage(message)) = find("exempted-recomendations").map(|_| ()) else { panic!("no such query") };
        assert!(message.ends_with("did you mean `exempted-recommendations`?"), "{message}");
    }
}
