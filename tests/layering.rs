//! A module uses only what stands above it in the tree.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The tree from above; names on one line make one floor and may use one another. `error` only carries diagnostics,
/// and `sample` only bytes, so they stand high although they are met late.
const FLOORS: &[&[&str]] = &[
    &["diag"],
    &["error", "sample", "guard"],
    &["value"],
    &["column"],
    &["source"],
    &["registry"],
    &["functions"],
    &["plan"],
    &["eval"],
    &["syntax", "operators", "bind"],
    &["rewrite"],
    &["run", "complete", "names"],
    &["engine"],
    &["inspect"],
    &["output"],
    &["review"],
    &["cli"],
];

fn floor(module: &str) -> Option<usize> {
    FLOORS.iter().position(|floor| floor.contains(&module))
}

struct Source {
    path: PathBuf,
    /// The module below `src`, by its first step.
    module: String,
    /// Without comments and without its tests, which may use everything.
    code: String,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (mut folders, mut sources) = (vec![root.clone()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                let code = text.split("#[cfg(test)]\nmod tests").next().unwrap();
                let code = code.lines().map(|line| line.split("//").next().unwrap()).collect::<Vec<_>>().join("\n");
                let inside = path.strip_prefix(&root).unwrap().with_extension("");
                let module = inside.iter().next().unwrap().to_str().unwrap().to_owned();
                let path = path.strip_prefix(root.parent().unwrap()).unwrap().to_owned();
                sources.push(Source { path, module, code });
            }
        }
    }
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    sources
}

/// The modules named behind `crate::`: one, or several in braces.
fn used(code: &str) -> BTreeSet<&str> {
    let end = |c: char| c != '_' && !c.is_alphanumeric();
    let mut modules = BTreeSet::new();
    for rest in code.split("crate::").skip(1) {
        match rest.strip_prefix('{') {
            None => _ = modules.insert(rest.split(end).next().unwrap()),
            Some(list) => {
                let (mut depth, mut start) = (0, 0);
                for (at, c) in list.char_indices() {
                    match c {
                        '{' => depth += 1,
                        '}' | ',' if depth == 0 => {
                            modules.insert(list[start..at].trim().split(end).next().unwrap());
                            start = at + 1;
                            if c == '}' {
                                break;
                            }
                        }
                        '}' => depth -= 1,
                        _ => {}
                    }
                }
            }
        }
    }
    // Types and macros that `lib.rs` re-exports are no modules.
    modules.retain(|name| name.starts_with(char::is_lowercase) && floor(name).is_some());
    modules
}

#[test]
fn every_arrow_points_up() {
    let mut wrong = Vec::new();
    for source in sources() {
        if matches!(source.module.as_str(), "lib" | "main") {
            continue;
        }
        let Some(own) = floor(&source.module) else {
            wrong.push(format!("{}: `{}` stands on no floor", source.path.display(), source.module));
            continue;
        };
        for module in used(&source.code) {
            if floor(module).is_some_and(|floor| floor > own) {
                wrong.push(format!("{}: uses `{module}` from below", source.path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// The command is a customer of the library: it names what `lib.rs` exports, and its own files by `super`.
#[test]
fn the_command_uses_the_public_interface_and_nothing_else() {
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| source.module == "cli") {
        for module in used(&source.code) {
            wrong.push(format!("{}: reaches into `{module}`", source.path.display()));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// Each library that only one place may name, or one habit that only one place may have.
#[test]
fn only_column_names_arrow_only_cli_prints_and_only_render_draws() {
    let rules: &[(&[&str], &str)] = &[
        (&["arrow_array", "arrow_buffer", "arrow_schema", "arrow_select"], "src/column"),
        (&["annotate_snippets"], "src/diag/render.rs"),
        (&["println!", "eprintln!", "print!(", "eprint!("], "src/cli"),
    ];
    let mut wrong = Vec::new();
    for source in sources() {
        for (names, home) in rules {
            for name in names.iter().filter(|name| source.code.contains(**name) && !source.path.starts_with(home)) {
                wrong.push(format!("{}: `{name}` belongs to {home}", source.path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn uses_are_found_in_every_way_of_writing_them() {
    let code =
        "use crate::value::{Type, Value};\nuse crate::{diag::{Code, codes}, plan, Engine};\nfn f(x: crate::run::Run)";
    assert_eq!(used(code), BTreeSet::from(["value", "diag", "plan", "run"]));
}
