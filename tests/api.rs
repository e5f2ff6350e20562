//! The public surface of the library, as `tests/api.txt` lists it: what a version promises. `UPDATE=1` renews the list;
//! a change in it is a change to look at. Read from the sources, so that it needs no more than stable Rust.
//!
//! What grows without a promise broken is `#[non_exhaustive]`: kinds of severity and place, what is known of a complaint,
//! a column or a chart, limits. Closed on purpose are `Type` and `Value`, which are KQL's ten types and to be matched in
//! full, and `Span`, which is two offsets.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use argql::{
    Audit, AuditPlan, Bag, BoundServer, Cancel, Card, CardValue, Chart, Check, CheckReport, Checked, CheckedFile,
    CheckedTable, Code, ComparedLine, Completion, Completions, DataPath, DateTime, Decimal, DecimalError, Declared,
    Diagnostic, Diff, DiffPlan, Document, Engine, Error, Example, Field, Format, Formulas, Grade, Header,
    LanguageShare, Layout, Library, Limits, LongCells, Mark, MarkKind, Metered, MissingTables, NameEntry, Needed,
    Paths, Place, Progress, Query, Question, RefusedName, Report, ReportPlan, Scope, ScopeFilter, Served, Server,
    Severity, Share, Snapshot, SnapshotTable, Span, Stopper, Store, Table, TableWriter, Target, TestCase, TestFile,
    TestOutcome, TestPlan, TestReport, TimeSpan, Type, Value, Verdict, WideCells,
};
use syn::{Attribute, Fields, ImplItem, Item, ItemImpl, UseTree, Visibility};

/// Says that types can go to other threads and be used from several, which the compiler sees to, and how they are called.
macro_rules! shared {
    ($($ty:ident)*) => {{
        fn shared<T: Send + Sync + Unpin + 'static>() {}
        $(shared::<$ty>();)*
        [$(stringify!($ty)),*]
    }};
}

/// Implementations that a macro writes: the sources do not spell them out.
macro_rules! values_from {
    ($($ty:ty),*) => {{
        fn made<T>() where Value: From<T> {}
        $(made::<$ty>();)*
        [$(concat!("impl From<", stringify!($ty), "> for Value {}\n")),*]
    }};
}

/// What can be named from outside, and where it is.
#[derive(Default)]
struct Surface {
    /// Names behind `pub use`, with their module.
    exported: BTreeMap<String, String>,
    /// `pub use` of other crates.
    foreign: Vec<String>,
    /// `pub mod`s, none of which is documented.
    hidden: BTreeSet<String>,
    /// Definition and implementations, by name.
    items: BTreeMap<String, Vec<String>>,
    /// Functions of hidden use, as `Type::name`.
    hidden_functions: Vec<String>,
    /// What has docs without an example.
    without_example: BTreeSet<String>,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn parsed(path: &Path) -> syn::File {
    syn::parse_file(&std::fs::read_to_string(path).unwrap())
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn has(attributes: &[Attribute], name: &str, inside: &str) -> bool {
    let mut named = attributes.iter().filter(|attribute| attribute.path().is_ident(name));
    named.any(|attribute| quote::quote!(#attribute).to_string().contains(inside))
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

fn docs(attributes: &[Attribute]) -> String {
    let lines = attributes.iter().filter(|attribute| attribute.path().is_ident("doc"));
    lines.map(|line| quote::quote!(#line).to_string()).collect()
}

/// Keeps of an item's attributes those that are part of the promise.
fn promised(attributes: &mut Vec<Attribute>) {
    attributes.retain(|attribute| {
        ["derive", "non_exhaustive", "must_use", "cfg"].iter().any(|kept| attribute.path().is_ident(kept))
    });
}

/// Private fields become one mark.
fn open(fields: &mut Fields) {
    match fields {
        Fields::Named(named) => {
            let all = named.named.len();
            named.named = std::mem::take(&mut named.named).into_iter().filter(|field| is_public(&field.vis)).collect();
            named.named.iter_mut().for_each(|field| promised(&mut field.attrs));
            if named.named.len() < all {
                named.named.push(syn::parse_quote!(private__: ()));
            }
        }
        Fields::Unnamed(unnamed) if unnamed.unnamed.iter().any(|field| !is_public(&field.vis)) => {
            unnamed.unnamed = std::iter::once::<syn::Field>(syn::parse_quote!(private__)).collect();
        }
        Fields::Unnamed(_) | Fields::Unit => {}
    }
}

/// An item as Rust writes it, without bodies.
fn printed(item: Item) -> String {
    let file = syn::File { shebang: None, attrs: Vec::new(), items: vec![item] };
    let text = prettyplease::unparse(&file)
        .replace(" {}\n", ";\n")
        .replace(" = ..;", ";")
        .replace("private__: (),", "..")
        .replace("private__", "..");
    // Of implementations without functions the braces are wanted.
    if text.starts_with("impl") && text.ends_with(";\n") && text.lines().count() == 1 {
        text.replace(";\n", " {}\n")
    } else {
        text
    }
}

impl Surface {
    fn read() -> Surface {
        let mut surface = Surface::default();
        for item in parsed(&root().join("lib.rs")).items {
            match item {
                Item::Use(used) if is_public(&used.vis) => surface.export(&used.tree, &mut Vec::new()),
                Item::Mod(module) if is_public(&module.vis) => {
                    assert!(has(&module.attrs, "doc", "hidden"), "`pub mod {}` would be a second way in", module.ident);
                    surface.hidden.insert(module.ident.to_string());
                }
                _ => {}
            }
        }
        let (mut folders, mut files, mut gated) = (vec![root()], Vec::new(), BTreeMap::new());
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|ending| ending == "rs") && !path.ends_with("tests.rs") {
                    let file = parsed(&path);
                    for item in &file.items {
                        if let Item::Mod(module) = item
                            && has(&module.attrs, "cfg", "feature")
                        {
                            let inside = path.parent().unwrap().join(module.ident.to_string());
                            gated.insert(inside, module.attrs.clone());
                        }
                    }
                    files.push((path.with_extension(""), file));
                }
            }
        }
        for (path, file) in files {
            let module = path.strip_prefix(root()).unwrap().iter().next().unwrap().to_str().unwrap();
            for mut item in file.items {
                // What a whole module stands behind, stands before each of its implementations.
                if let (Item::Impl(implementation), Some(gate)) = (&mut item, gated.get(&path)) {
                    implementation.attrs.extend(gate.clone());
                }
                surface.add(module, item);
            }
        }
        surface
    }

    fn export(&mut self, tree: &UseTree, path: &mut Vec<String>) {
        match tree {
            UseTree::Path(inner) => {
                path.push(inner.ident.to_string());
                self.export(&inner.tree, path);
                path.pop();
            }
            UseTree::Group(group) => group.items.iter().for_each(|inner| self.export(inner, path)),
            UseTree::Name(name)
                if root().join(&path[0]).is_dir() || root().join(&path[0]).with_extension("rs").is_file() =>
            {
                self.exported.insert(name.ident.to_string(), path[0].clone());
            }
            UseTree::Name(name) => self.foreign.push(format!("pub use {}::{};\n", path.join("::"), name.ident)),
            UseTree::Rename(_) | UseTree::Glob(_) => panic!("exports are named one by one, as they are called inside"),
        }
    }

    fn add(&mut self, module: &str, mut item: Item) {
        let (name, attributes) = match &mut item {
            Item::Struct(of) => (of.ident.to_string(), &mut of.attrs),
            Item::Enum(of) => (of.ident.to_string(), &mut of.attrs),
            Item::Type(of) => (of.ident.to_string(), &mut of.attrs),
            Item::Fn(of) => (of.sig.ident.to_string(), &mut of.attrs),
            Item::Trait(of) => (of.ident.to_string(), &mut of.attrs),
            Item::Const(of) => (of.ident.to_string(), &mut of.attrs),
            Item::Impl(implementation) => return self.implement(implementation.clone()),
            _ => return,
        };
        if self.exported.get(&name).is_none_or(|home| home != module) {
            return;
        }
        if !docs(attributes).contains("```") {
            self.without_example.insert(name.clone());
        }
        promised(attributes);
        match &mut item {
            Item::Struct(of) => open(&mut of.fields),
            Item::Enum(of) => {
                for variant in &mut of.variants {
                    promised(&mut variant.attrs);
                    variant.fields.iter_mut().for_each(|field| promised(&mut field.attrs));
                }
            }
            Item::Fn(of) => *of.block = syn::parse_quote!({}),
            _ => {}
        }
        if matches!(&item, Item::Struct(of) if !is_public(&of.vis)) {
            return;
        }
        self.items.entry(name).or_default().insert(0, printed(item));
    }

    fn implement(&mut self, mut implementation: ItemImpl) {
        let syn::Type::Path(path) = &*implementation.self_ty else { return };
        let name = path.path.segments.last().unwrap().ident.to_string();
        if !self.exported.contains_key(&name) || has(&implementation.attrs, "cfg", "test") {
            return;
        }
        let inherent = implementation.trait_.is_none();
        if !inherent {
            implementation.items.retain(|item| matches!(item, ImplItem::Type(_)));
        }
        let mut kept = Vec::new();
        for item in implementation.items {
            let ImplItem::Fn(mut function) = item else {
                match item {
                    ImplItem::Const(of) if inherent && !is_public(&of.vis) => {}
                    ImplItem::Const(mut of) => {
                        promised(&mut of.attrs);
                        of.expr = syn::parse_quote!(..);
                        kept.push(ImplItem::Const(of));
                    }
                    other => kept.push(other),
                }
                continue;
            };
            if !is_public(&function.vis) {
                continue;
            }
            let full = format!("{name}::{}", function.sig.ident);
            if has(&function.attrs, "doc", "hidden") {
                self.hidden_functions.push(full);
                continue;
            }
            if !docs(&function.attrs).contains("```") {
                self.without_example.insert(full);
            }
            promised(&mut function.attrs);
            function.block = syn::parse_quote!({});
            // How a caller's value is called inside is nobody's business.
            if let Some(syn::FnArg::Receiver(receiver)) = function.sig.inputs.first_mut() {
                receiver.mutability = receiver.reference.as_ref().and(receiver.mutability);
            }
            kept.push(ImplItem::Fn(function));
        }
        if inherent && kept.is_empty() {
            return;
        }
        implementation.items = kept;
        implementation.attrs.retain(|attribute| attribute.path().is_ident("cfg"));
        self.items.entry(name).or_default().push(printed(Item::Impl(implementation)));
    }

    fn listing(mut self) -> String {
        let by_macro = values_from!(bool, i32, i64, f64, String, DateTime, TimeSpan);
        self.items.get_mut("Value").unwrap().extend(by_macro.map(str::to_owned));
        let mut text = String::from("// Written by `UPDATE=1 cargo test --test api`: everything a program can name.\n");
        for (name, mut parts) in self.items {
            let implementations = parts.split_off(1);
            let (mut inherent, mut traits): (Vec<_>, Vec<_>) =
                implementations.into_iter().partition(|part| !part.lines().next().unwrap().contains(" for "));
            inherent.sort();
            traits.sort();
            text.push_str(&format!("\n// {name}\n"));
            parts.iter().chain(&inherent).chain(&traits).for_each(|part| text.push_str(part));
        }
        self.foreign.sort();
        self.hidden_functions.sort();
        text.push_str("\n// From other crates, whose versions are thereby part of the promise\n");
        self.foreign.iter().for_each(|line| text.push_str(line));
        text.push_str("\n// Hidden, for the project's own tests and its command: no promise\n");
        self.hidden.iter().for_each(|module| text.push_str(&format!("mod {module}\n")));
        self.hidden_functions.iter().for_each(|function| text.push_str(&format!("fn {function}\n")));
        text
    }
}

#[test]
fn the_public_surface_is_as_listed() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/api.txt");
    let listing = Surface::read().listing();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &listing).unwrap();
    }
    let listed = std::fs::read_to_string(&path).unwrap();
    let added: Vec<&str> = listing.lines().filter(|line| !listed.contains(line)).collect();
    let gone: Vec<&str> = listed.lines().filter(|line| !listing.contains(line)).collect();
    assert!(
        listing == listed,
        "tests/api.txt is of another surface; new: {added:#?}, gone: {gone:#?}; UPDATE=1 renews it"
    );
}

#[test]
fn every_export_is_found_and_every_type_can_be_shared_by_threads() {
    let surface = Surface::read();
    let found: BTreeSet<&String> = surface.items.keys().collect();
    assert_eq!(found, surface.exported.keys().collect());
    let shared = shared!(
        Audit AuditPlan Bag BoundServer Cancel Card CardValue Chart Check CheckReport Checked CheckedFile CheckedTable Code ComparedLine Completion Completions DataPath DateTime Decimal DecimalError Declared Diagnostic Diff DiffPlan Document Engine Error Example Field Format Formulas Grade Header LanguageShare Layout Library Limits LongCells Mark MarkKind Metered MissingTables NameEntry Needed Paths Place Progress Query Question RefusedName Report ReportPlan Scope ScopeFilter Served Server Severity Share Snapshot SnapshotTable Span Stopper Store Table TableWriter Target TestCase TestFile TestOutcome TestPlan TestReport TimeSpan Type Value Verdict WideCells
    );
    // Those of a feature are there where it is.
    #[cfg(feature = "cluster")]
    let _ = shared!(Cluster ClusterExecutor ClusterScheduler StageProgress StageWork);
    let of_clusters = ["Cluster", "ClusterExecutor", "ClusterScheduler", "StageProgress", "StageWork"];
    let types = surface.items.iter().filter(|(_, parts)| !parts[0].contains("pub fn ") || parts.len() > 1);
    let types = types.map(|(name, _)| name.as_str()).filter(|name| !of_clusters.contains(name));
    assert_eq!(types.collect::<Vec<_>>(), shared);
}

#[test]
fn every_type_and_function_has_an_example_in_its_docs() {
    let missing = Surface::read().without_example;
    assert!(missing.is_empty(), "without an example: {missing:#?}");
}
