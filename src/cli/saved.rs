//! `argql queries`: what the library answers, what that needs, and each of its queries.

use std::fmt::Write as _;
use std::io::{self, Read, Write};
use std::path::Path;

use super::args::Listing;
use super::failure::Failure;
use super::terminal::stdout;
use super::{destination, lists};
use crate::{Engine, Header, Library, Question};

/// The query in a file, or that of standard input, which is called `-`.
pub(super) fn read_question(path: &Path) -> Result<Question, Failure> {
    if path != Path::new("-") {
        return Ok(Question::open(path)?);
    }
    let mut bytes = Vec::new();
    let read = io::stdin().lock().read_to_end(&mut bytes);
    read.map_err(|error| Failure::Usage(format!("the query cannot be read from standard input: {error}")))?;
    Ok(Question::from_bytes("stdin", bytes)?)
}

/// The query of a file, or that of the library with this name; and what headings and files call its answer.
pub(super) fn find_question(name: &str) -> Result<(String, Question), Failure> {
    let path = Path::new(name);
    let is_path = name == "-" || path.components().count() > 1 || path.extension().is_some() || path.is_file();
    if !is_path {
        return Ok((name.to_owned(), Library::builtin().question(name)?));
    }
    let question = read_question(path)?;
    let stem = if name == "-" { None } else { path.file_stem() };
    Ok((stem.map_or(question.name().to_owned(), |stem| stem.to_string_lossy().into_owned()), question))
}

/// Every query with what it needs; over data, also whether that is there.
pub(super) fn list_questions(engine: &Engine, listing: &Listing) -> Result<(), Failure> {
    let heads: Vec<(Question, Header)> =
        Library::builtin().questions().map(|question| (question.clone(), question.header())).collect();
    let row = |(question, header): &(Question, Header)| {
        let parameters: Vec<String> = question.parameters().into_iter().map(|declared| declared.text).collect();
        let tables = header.tables.iter().map(|table| match table.optional {
            None => table.name.clone(),
            Some(_) => format!("({})", table.name),
        });
        let over_time = header.history.iter().map(|table| format!("history({table})"));
        let tables: Vec<String> = over_time.chain(tables).collect();
        [header.area.clone(), question.name().to_owned(), header.about.clone(), parameters.join(", "), tables.join(" ")]
    };
    let mut rows: Vec<[String; 5]> = heads.iter().map(row).collect();
    rows.sort();
    let names = ["area", "name", "answers", "parameters", "tables"];
    if engine.tables().is_empty() && engine.snapshots().is_empty() {
        return destination::write_listing(&lists::table(names, &rows), listing);
    }
    let mut judged = Vec::with_capacity(rows.len());
    for [area, name, about, parameters, tables] in rows {
        let (question, header) =
            heads.iter().find(|(question, _)| question.name() == name).expect("rows are made of these");
        let runs = if question.lacks(engine)?.is_empty() { "yes" } else { "no" };
        let (loaded, given) = (engine.tables(), engine.snapshots());
        let tables_lacking = header.needed().filter(|table| !loaded.iter().any(|name| name == table));
        let others = header.snapshots.iter().filter(|(snapshot, _)| !given.iter().any(|(name, _)| name == snapshot));
        let mut lacks: Vec<String> = tables_lacking.map(str::to_owned).collect();
        lacks.extend(others.map(|(snapshot, _)| format!("--snapshot {snapshot}=")));
        let over_time = header.history.iter().filter(|table| engine.history(table).len() < 2);
        lacks.extend(over_time.map(|table| format!("history({table})")));
        if lacks.is_empty() {
            lacks.extend(header.rows.iter().map(|(table, ty)| format!("{table}: {ty}")));
        }
        let lacks = if runs == "yes" { String::new() } else { lacks.join(", ") };
        judged.push([area, name, about, parameters, tables, runs.to_owned(), lacks]);
    }
    destination::write_listing(
        &lists::table(["area", "name", "answers", "parameters", "tables", "runs", "lacks"], &judged),
        listing,
    )
}

/// One query: explained, as it is saved, or with what it includes.
pub(super) fn print_question(name: &str, text: bool, flat: bool) -> Result<(), Failure> {
    let question = Library::builtin().question(name)?;
    let shown = if flat {
        question.flat_text()?
    } else if text {
        question.text().to_owned()
    } else {
        explanation(&question)
    };
    Ok(stdout().write_all(shown.as_bytes())?)
}

fn explanation(question: &Question) -> String {
    let (name, header, declared) = (question.name(), question.header(), question.parameters());
    let infallible = "strings take all text";
    let mut page = format!("{name} ({})\n\n{}\n\nReads:\n", header.area, header.about);
    for table in &header.tables {
        let note = match table.optional.as_deref() {
            None => String::new(),
            Some(why) => format!(" (if loaded: {why})"),
        };
        writeln!(page, "  {}{note}", table.name).expect(infallible);
    }
    for (snapshot, tables) in &header.snapshots {
        writeln!(page, "  {tables} of an older export: --snapshot {snapshot}=FOLDER").expect(infallible);
    }
    for table in &header.history {
        writeln!(page, "  {table} of all snapshots, two at least").expect(infallible);
    }
    for (table, ty) in &header.rows {
        let rows = if ty.is_empty() { "any rows" } else { ty };
        writeln!(page, "  refused unless {table} has {rows}").expect(infallible);
    }
    let mut list = |title: &str, entries: &[(String, String)]| {
        let width = entries.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
        if !entries.is_empty() {
            writeln!(page, "\n{title}:").expect(infallible);
        }
        for (name, about) in entries {
            writeln!(page, "  {name:width$}  {about}").expect(infallible);
        }
    };
    let about =
        |name: &str| header.parameters.iter().find(|(of, _)| of == name).map_or("", |(_, about)| about.as_str());
    let parameters: Vec<(String, String)> =
        declared.iter().map(|each| (each.text.clone(), about(&each.name).to_owned())).collect();
    list("Parameters", &parameters);
    list("Columns", &header.columns);
    if !header.caveats.is_empty() {
        page.push_str("\nBear in mind:\n");
        for caveat in &header.caveats {
            writeln!(page, "  {caveat}").expect(infallible);
        }
    }
    let parameter = declared.first().map_or(String::new(), |first| format!(" --param {}=…", first.name));
    let data = if header.history.is_empty() { "export/" } else { "store/" };
    write!(page, "\nargql run {name} -d {data}{parameter}\nThe query itself: argql queries {name} --text, or --flat for other tools\n")
        .expect(infallible);
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_name_gets_a_hint() {
        let Err(Failure::Usage(message)) = find_question("exempted-recomendations").map(|_| ()) else {
            panic!("no such query")
        };
        assert!(message.ends_with("did you mean `exempted-recommendations`?"), "{message}");
    }
}
