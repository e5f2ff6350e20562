//! `argql export`: scripts that fetch tables from Azure, for those who have the rights to run them. argql itself never
//! goes anywhere.

use std::io::Write;
use std::path::Path;

use super::args::ScriptShell;
use super::destination::{replace_file, unwritable};
use super::failure::Failure;
use super::terminal::stdout;
use crate::{known_tables, nearest};

/// What the questions about exemptions, recommendations and their resources read.
const TABLES: [&str; 4] = ["securityresources", "policyresources", "resourcecontainers", "resources"];

/// Writes the script that exports these tables, or those that most questions need.
pub(super) fn export(script: ScriptShell, tables: &[String], output: Option<&Path>) -> Result<(), Failure> {
    let text = text(script, &named_tables(tables)?);
    match output {
        Some(path) => {
            replace_file(path, |out| out.write_all(text.as_bytes())).map_err(|error| unwritable(path, &error))
        }
        None => Ok(stdout().write_all(text.as_bytes())?),
    }
}

/// The tables as Azure Resource Graph calls them, each once.
fn named_tables(tables: &[String]) -> Result<Vec<&'static str>, Failure> {
    let mut found = Vec::new();
    for wanted in tables {
        let Some(known) = known_tables().find(|known| known.eq_ignore_ascii_case(wanted)) else {
            let cure = match nearest(wanted, known_tables()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "`resources` and `securityresources` are two of its tables".to_owned(),
            };
            return Err(Failure::Usage(format!("Azure Resource Graph has no table `{wanted}`; {cure}")));
        };
        if !found.contains(&known) {
            found.push(known);
        }
    }
    Ok(if found.is_empty() { TABLES.to_vec() } else { found })
}

/// Both shells read the names as they are: they are words of small letters.
fn text(script: ScriptShell, tables: &[&str]) -> String {
    match script {
        ScriptShell::Bash => include_str!("export.sh").replace("@TABLES@", &tables.join(" ")),
        ScriptShell::Pwsh => {
            let quoted: Vec<String> = tables.iter().map(|table| format!("'{table}'")).collect();
            include_str!("export.ps1").replace("@TABLES@", &quoted.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(wanted: &[&str]) -> Result<Vec<&'static str>, Failure> {
        named_tables(&wanted.iter().map(|&name| name.to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn tables_are_known_in_any_case_and_taken_once() {
        assert_eq!(names(&["Resources", "resources", "HealthResources"]).unwrap(), ["resources", "healthresources"]);
        assert_eq!(names(&[]).unwrap(), TABLES);
        assert!(TABLES.iter().all(|table| known_tables().any(|known| known == *table)));
        assert!(known_tables().all(|table| table.bytes().all(|byte| byte.is_ascii_lowercase())));
    }

    #[test]
    fn other_names_are_refused_with_the_nearest_one() {
        let Err(Failure::Usage(message)) = names(&["securityresource"]) else { panic!("there is no such table") };
        assert!(message.ends_with("no table `securityresource`; did you mean `securityresources`?"), "{message}");
        assert!(matches!(names(&["x'; rm"]), Err(Failure::Usage(_))));
    }

    #[test]
    fn the_tables_stand_in_either_script_as_its_shell_writes_lists() {
        for (script, line) in [
            (ScriptShell::Bash, "tables=(resources spotresources)"),
            (ScriptShell::Pwsh, "@('resources', 'spotresources')"),
        ] {
            let text = text(script, &["resources", "spotresources"]);
            assert!(text.contains(line) && !text.contains("@TABLES@"), "{text}");
        }
    }
}
