//! Words of other query languages for what operators of KQL do.

use super::{
    Syntax, project::Project, project_away::ProjectAway, project_rename::ProjectRename, summarize::Summarize,
    r#where::Where,
};
use crate::registry::OperatorDef;

/// What people write who come from other languages, in lower case.
const FOREIGN: &[(&[&str], &OperatorDef)] = &[
    (&["select"], Project::DEF),
    (&["group", "groupby", "group-by", "aggregate"], Summarize::DEF),
    (&["having"], Where::DEF),
    (&["rename"], ProjectRename::DEF),
    (&["drop"], ProjectAway::DEF),
];

/// KQL's operator for a word of another language.
pub(crate) fn kql_word_for(word: &str) -> Option<&'static str> {
    FOREIGN.iter().find(|(words, _)| words.contains(&word)).map(|(_, def)| def.name())
}
