//! A module uses only what stands above it in the tree.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use syn::{Item, UseTree, Visibility};

/// The tree from above; names on one line make one floor and may use one another. `error` only carries diagnostics,
/// and `sample` only bytes, so they stand high although they are met late.
const FLOORS: &[&[&str]] = &[
    &["diag"],
    &["error", "sample", "guard", "meter", "parallel", "sound"],
    &["json"],
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
    &["cluster"],
    &["inspect"],
    &["output", "golden"],
    &["review"],
    &["serve"],
    &["cli"],
];

/// Files that cannot do without one another: the tree is made of operators, which are made of tokens that know what the
/// tree is made of; expressions hold pipelines, and pipelines expressions.
const CIRCLES: &[&[&str]] = &[&["operators", "syntax::ast", "syntax::tokens"], &["syntax::expr", "syntax::pipeline"]];

fn floor(module: &str) -> Option<usize> {
    FLOORS.iter().position(|floor| floor.contains(&module))
}

struct Source {
    path: PathBuf,
    /// The module below `src`, by its first step.
    module: String,
    /// Without lines of comments.
    text: String,
    /// Without comments and without its tests, which may use everything.
    code: String,
}

/// All but the script that makes the page, a program of its own, and what is a package of its own.
fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (mut folders, mut sources) = (vec![root.clone()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.join("Cargo.toml").exists() {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("ui/build.rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                let code = text.split("#[cfg(test)]\nmod tests").next().unwrap();
                let code = code.lines().map(|line| line.split("//").next().unwrap()).collect::<Vec<_>>().join("\n");
                let inside = path.strip_prefix(&root).unwrap().with_extension("");
                let module = inside.iter().next().unwrap().to_str().unwrap().to_owned();
                let path = path.strip_prefix(root.parent().unwrap()).unwrap().to_owned();
                let comment = |line: &&str| !line.trim_start().starts_with("//");
                let text = text.lines().filter(comment).collect::<Vec<_>>().join("\n");
                sources.push(Source { path, module, text, code });
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

/// The command and the server are customers of the library: they name what `lib.rs` exports, and their own files by
/// `super`.
#[test]
fn the_command_and_the_server_use_the_public_interface_and_nothing_else() {
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| ["cli", "serve"].contains(&source.module.as_str())) {
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
        (&["arrow_array", "arrow_buffer", "arrow_ipc", "arrow_schema", "arrow_select", "parquet::"], "src/column"),
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

/// Where names of the language are said.
const HOMES: [&str; 3] = ["src/registry", "src/functions", "src/operators"];

/// Words that are no names where they stand, and what they are there.
const WORDS: &[(&str, &[&str], &str)] = &[
    ("src/cluster/stage.rs", &["filter", "graph", "range", "sort", "union"], "what steps of a plan do"),
    ("src/cluster/node.rs", &["partition"], "a column of partitions' numbers"),
    ("src/cli", &["limit", "min", "sample", "table"], "options, units, titles of columns"),
    ("src/complete/finder.rs", &["table"], "a kind of what is offered"),
    ("src/output", &["log", "map", "table"], "formats, charts and scales"),
    ("src/review/header.rs", &["count", "history", "sum"], "words of a head"),
    ("src/review/embedded.rs", &["history"], "a file of functions"),
    ("src/review/trial.rs", &["now"], "a comment of a test"),
    ("src/review/audit", &["max"], "a setting of a check"),
    ("src/source/document.rs", &["count"], "a key of exports"),
    ("src/source/azure.rs", &["identity"], "a column"),
    ("src/syntax/complaint.rs", &["not"], "a word of SQL"),
    ("src/syntax/lex.rs", &["min"], "a unit"),
];

/// Other places ask the registry, so that a name cannot be known to one and unknown to another. Words of statements and
/// literals are left to those who read them.
#[test]
fn names_of_the_language_are_said_at_home_only() {
    let run = argql::inspect::words().into_iter().filter(|word| !matches!(word.kind, "statement" | "literal"));
    let refused = argql::Engine::new().refused().into_iter().map(|refused| refused.name);
    let names: BTreeSet<&str> = run.map(|word| word.name).chain(refused).collect();
    let (mut wrong, mut used) = (Vec::new(), BTreeSet::new());
    for source in sources() {
        let test = source.path.file_name().is_some_and(|name| name == "tests.rs");
        // Protocols have words of their own.
        if test || source.module == "serve" || HOMES.iter().any(|home| source.path.starts_with(home)) {
            continue;
        }
        // Between two quotes stands a text, or code, which is longer than a name. Features are no texts.
        let code = source.code.replace("feature = \"", "");
        for text in code.split('"').filter(|text| text.contains(char::is_alphabetic) && names.contains(text)) {
            let known =
                |(home, words, _): &&(&str, &[&str], &str)| source.path.starts_with(home) && words.contains(&text);
            match WORDS.iter().find(known) {
                Some((home, _, _)) => _ = used.insert((*home, text.to_owned())),
                None => wrong.push(format!("{}: \"{text}\" is a name", source.path.display())),
            }
        }
    }
    for (home, words, _) in WORDS {
        let unused = words.iter().filter(|word| !used.contains(&(*home, (**word).to_owned())));
        wrong.extend(unused.map(|word| format!("{home}: \"{word}\" does not stand there any more")));
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// The crate as files by their modules' paths, `syntax::expr`, and what each of them names.
struct Files {
    /// What is behind each `use`, and every path in the code; with whether it is a re-export.
    named: BTreeMap<String, Vec<(bool, Vec<String>)>>,
}

impl Files {
    fn read() -> Files {
        let mut files = Files { named: BTreeMap::new() };
        for source in sources() {
            let inside = source.path.strip_prefix("src").unwrap().with_extension("");
            let steps: Vec<&str> = inside.iter().map(|step| step.to_str().unwrap()).collect();
            let steps = steps.strip_suffix(&["mod"]).unwrap_or(&steps);
            if !matches!(steps, ["lib" | "main"] | [.., "tests"]) {
                files.named.insert(steps.join("::"), named(&source.text));
            }
        }
        files
    }

    /// The file that a path leads to, from the file that names it, through re-exports.
    fn leads(&self, from: &str, path: &[String]) -> Option<String> {
        let mut at: Vec<String> = match path[0].as_str() {
            "crate" => Vec::new(),
            "self" | "super" => from.split("::").map(str::to_owned).collect(),
            _ => return None,
        };
        for step in path {
            match step.as_str() {
                "crate" | "self" => {}
                "super" => _ = at.pop(),
                _ => at.push(step.clone()),
            }
        }
        let file = (1..=at.len()).rev().find(|&steps| self.named.contains_key(&at[..steps].join("::")))?;
        let (home, rest) = (at[..file].join("::"), &at[file..]);
        let exported = rest.first().and_then(|item| {
            let exports = self.named[&home].iter().filter(|(exported, path)| *exported && path.last() == Some(item));
            exports.map(|(_, path)| path).next()
        });
        match exported {
            // A path behind `pub use` begins at a file of the folder, or as any other.
            Some(path) if matches!(path[0].as_str(), "crate" | "self" | "super") => self.leads(&home, path),
            Some(path) => self.leads(&home, &[&["self".to_owned()], path.as_slice()].concat()),
            None => Some(home),
        }
    }

    /// Which files each file uses. A file and its folder use one another as they like.
    fn arrows(&self) -> BTreeMap<&str, BTreeSet<String>> {
        let inside = |a: &str, b: &str| a.strip_prefix(b).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"));
        let arrows = |(file, named): &(&String, &Vec<(bool, Vec<String>)>)| {
            let used = named.iter().filter(|(exported, _)| !exported).filter_map(|(_, path)| self.leads(file, path));
            used.filter(|used| !inside(used, file) && !inside(file, used)).collect()
        };
        self.named.iter().map(|entry| (entry.0.as_str(), arrows(&entry))).collect()
    }
}

/// Every path behind a `use`, and every other that begins with `crate`, `self` or `super`.
fn named(text: &str) -> Vec<(bool, Vec<String>)> {
    fn spread(tree: &UseTree, path: &[String], found: &mut Vec<Vec<String>>) {
        let with = |step: &syn::Ident| [path, &[step.to_string()]].concat();
        match tree {
            UseTree::Path(inner) => spread(&inner.tree, &with(&inner.ident), found),
            UseTree::Name(name) => found.push(if name.ident == "self" { path.to_vec() } else { with(&name.ident) }),
            UseTree::Rename(name) => found.push(if name.ident == "self" { path.to_vec() } else { with(&name.ident) }),
            UseTree::Glob(_) => found.push(path.to_vec()),
            UseTree::Group(group) => group.items.iter().for_each(|tree| spread(tree, path, found)),
        }
    }
    let mut found = Vec::new();
    for item in syn::parse_file(text).unwrap().items {
        if matches!(&item, Item::Mod(module) if module.ident == "tests") {
            continue;
        }
        if let Item::Use(used) = &item {
            let mut paths = Vec::new();
            spread(&used.tree, &[], &mut paths);
            let exported = !matches!(used.vis, Visibility::Inherited);
            found.extend(paths.into_iter().map(|path| (exported, path)));
            continue;
        }
        let tokens = quote::quote!(#item).to_string().replace(" :: ", "::");
        let paths = tokens.split(|c: char| !(c == ':' || c == '_' || c.is_alphanumeric()));
        let starts = |path: &&str| ["crate::", "self::", "super::"].iter().any(|start| path.starts_with(start));
        let steps = |path: &str| path.split("::").filter(|step| !step.is_empty()).map(str::to_owned).collect();
        found.extend(paths.filter(starts).map(|path| (false, steps(path))));
    }
    found
}

#[test]
fn no_files_go_round_in_a_circle() {
    let files = Files::read();
    let arrows = files.arrows();
    let reach = |from: &str| {
        let (mut reached, mut left) = (BTreeSet::new(), vec![from.to_owned()]);
        while let Some(file) = left.pop() {
            left.extend(
                arrows.get(file.as_str()).into_iter().flatten().filter(|to| reached.insert((*to).clone())).cloned(),
            );
        }
        reached
    };
    let reached: BTreeMap<&str, BTreeSet<String>> = arrows.keys().map(|file| (*file, reach(file))).collect();
    let mut circles: BTreeSet<Vec<&str>> = BTreeSet::new();
    for (file, to) in &reached {
        let back = |other: &&str| to.contains(*other) && reached[other].contains(*file);
        circles.insert(reached.keys().copied().filter(back).collect());
    }
    circles.remove(&Vec::new());
    let known: BTreeSet<Vec<&str>> = CIRCLES.iter().map(|circle| circle.to_vec()).collect();
    assert_eq!(circles, known, "files that use one another, directly or through others");
}

#[test]
fn uses_are_found_in_every_way_of_writing_them() {
    let code =
        "use crate::value::{Type, Value};\nuse crate::{diag::{Code, codes}, plan, Engine};\nfn f(x: crate::run::Run)";
    assert_eq!(used(code), BTreeSet::from(["value", "diag", "plan", "run"]));
}
