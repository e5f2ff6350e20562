//! Random pipelines over random rows: rewrites, threads and the way in which rows came change no answer.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fmt::Write;
use std::sync::LazyLock;

use arbitrary::{Result, Unstructured};
use argql::Engine;

/// How long the search goes on, in milliseconds; more by hand: `PROPERTY_MS=60000 cargo test --test properties`.
fn budget() -> u64 {
    std::env::var("PROPERTY_MS").ok().and_then(|text| text.parse().ok()).unwrap_or(2000)
}

static PLAIN: LazyLock<Engine> = LazyLock::new(|| Engine::new().sample().threads(4).unwrap());
static ONE_THREAD: LazyLock<Engine> = LazyLock::new(|| Engine::new().sample().threads(1).unwrap());

/// Columns and rows, or what is wrong.
fn answer(engine: &Engine, query: &str) -> String {
    match engine.query(query) {
        Ok(table) => {
            let columns: Vec<String> =
                table.columns().iter().map(|field| format!("{}: {}", field.name, field.ty)).collect();
            format!("{}\n{}", columns.join(", "), table.to_json())
        }
        Err(error) => {
            error.diagnostics().iter().map(|found| format!("{} {}\n", found.code.id, found.message)).collect()
        }
    }
}

fn same(what: &str, query: &str, left: &str, right: &str) {
    assert_eq!(left, right, "{what}\n{query}\n");
}

#[test]
fn rows_of_a_datatable_and_of_pages_give_the_same_answer_with_and_without_rewrites() {
    arbtest::arbtest(|random| {
        let mut rows = Rows::random(random)?;
        let many = random.ratio(1, 16)?;
        if many {
            // Enough for dictionaries to be worth it.
            rows.0 = std::iter::repeat_n(rows.0, 100).flatten().collect();
        }
        let steps = pipeline(random, if many { 0 } else { 2 })?;
        let query = format!("let T = {};\n{steps}", rows.datatable());
        let expected = answer(&PLAIN, &query);
        assert!(!expected.starts_with("AQ"), "the query is none: {expected}\n{query}");
        same("without rewrites", &query, &expected, &answer(&PLAIN.clone().rewrites(false), &query));

        let mut engine = PLAIN.clone();
        for page in rows.pages(random)? {
            engine = engine.table("pages", page.into_bytes());
        }
        let query = format!("let T = pages | project k, n, r, b, d;\n{steps}");
        let shown = format!("{query}\n{}", rows.datatable());
        same("rows of pages", &shown, &expected, &answer(&engine, &query));
        same("rows of pages, without rewrites", &shown, &expected, &answer(&engine.rewrites(false), &query));
        Ok(())
    })
    .budget_ms(budget());
}

/// What an expression gives at rows, where it is computed over columns and their dictionaries, is what it gives where a
/// row's cells are constants: calls are folded and kernels prepared for them.
#[test]
fn an_expression_gives_at_each_row_what_it_gives_of_constants() {
    let cells = |answer: &str| {
        let rows = answer.split_once('\n').filter(|_| !answer.starts_with("AQ"))?.1;
        Some(rows.strip_prefix('[')?.strip_suffix(']')?.to_owned())
    };
    arbtest::arbtest(|random| {
        let mut rows = Rows::random(random)?;
        rows.0.truncate(4);
        let columns: Columns = ["k", "n", "r", "b", "d"].map(str::to_owned).into_iter().zip(KINDS).collect();
        let kind = *random.choose(&KINDS)?;
        let mut making = Making { random, names: 0 };
        let any: bool = making.random.arbitrary()?;
        let expr = if any { making.call(&columns)? } else { making.expr(&columns, kind, 3)? };
        let table = format!("let T = {};\n", rows.datatable());
        let repeated = Rows(std::iter::repeat_n(rows.0.clone(), 40).flatten().collect());
        let whole = answer(&PLAIN, &format!("{table}{} | project x = {expr}", repeated.datatable()));
        // A call of anything may have arguments that it does not take.
        if any && whole.starts_with("AQ") {
            return Ok(());
        }
        let (mut of_columns, mut of_names) = (Vec::new(), Vec::new());
        for row in &rows.0 {
            let [k, n, r, b, d] = literals(row);
            let query = format!("{table}print k = {k}, n = {n}, r = {r}, b = {b}, d = {d} | project x = {expr}");
            of_columns.extend(cells(&answer(&PLAIN, &query)));
            // `print` makes one column only of a call that makes several.
            let names = format!("let k = {k}; let n = {n}; let r = {r}; let b = {b}; let d = {d};");
            let query = format!("{table}{names} print one = 1 | project x = {expr}");
            of_names.extend(cells(&answer(&PLAIN, &query)));
        }
        let forty = |cells: &[String]| vec![cells.join(","); 40].join(",");
        let whole = cells(&whole).unwrap_or_else(|| panic!("the expression is none: {expr}: {whole}"));
        same("a row's cells as columns", &format!("{table}{expr}"), &whole, &forty(&of_columns));
        // All columns are no names, and of a constant more is known to be wrong.
        let comparable = !any || of_names.len() == rows.0.len();
        if comparable && !expr.contains("pack_all") {
            same("a row's cells by name", &format!("{table}{expr}"), &whole, &forty(&of_names));
        }
        Ok(())
    })
    .budget_ms(budget());
}

#[test]
fn the_sample_gives_the_same_answer_with_and_without_rewrites_and_for_any_number_of_threads() {
    let tables = [
        "securityresources | where strlen(id) % 7 == 0 | project k = location, n = strlen(name), r = todouble(properties.score), b = properties.status.code == 'Healthy', d = properties",
        "resources | project k = resourceGroup, n = toint(properties.diskSizeGB), r = 0.5 * strlen(id), b = isnull(tags.env), d = pack_array(properties, sku, tags)",
        "policyresources | where strlen(name) % 3 != 0 | project k = tostring(properties.exemptionCategory), n = array_length(properties.policyDefinitionReferenceIds), r = real(null), b = isnotempty(kind), d = properties",
    ];
    arbtest::arbtest(|random| {
        let (table, steps) = (random.choose(&tables)?, pipeline(random, 2)?);
        let query = format!("let T = {table};\n{steps}");
        let expected = answer(&PLAIN, &query);
        same("without rewrites", &query, &expected, &answer(&PLAIN.clone().rewrites(false), &query));
        same("of one thread", &query, &expected, &answer(&ONE_THREAD, &query));
        Ok(())
    })
    .budget_ms(budget());
}

/// Kept columns lie in batches that share one dictionary; what is computed from its entries is computed for all of them,
/// and where few rows ask, for those. A column that is read anew has none of that.
#[test]
fn columns_that_are_kept_in_many_batches_give_the_same_answers_as_those_that_are_read_again() {
    const ROWS: usize = 70_000;
    let cell = |of: usize, text: String| match of % 11 {
        0 => "null".to_owned(),
        1 => r#""""#.to_owned(),
        _ => text,
    };
    let mut lines = String::new();
    for row in 0..ROWS {
        let (seldom, often) = (row * 7919 % 40_000, row * 31 % 13);
        let text = cell(seldom, format!(r#""/Sub/{often}/Group{seldom}""#));
        let mixed = match often {
            0 => "1.5".to_owned(),
            1 => r#"{"a":[1,"x"]}"#.to_owned(),
            _ => text.clone(),
        };
        let word = cell(row / 4_000, format!(r#""word{}""#, row / 5_000));
        let line = format!(r#"{{"id":"{row}","p":{{"text":{text},"mixed":{mixed},"word":{word},"n":{often}}}}}"#);
        lines.push_str(&line);
        lines.push('\n');
    }
    let read = Engine::new().table("t", lines.into_bytes()).keep_columns(false);
    let kept = read.clone().keep_columns(true);
    let ends = [
        "summarize n = count(), d = dcount(tostring(p.text)) by w = tostring(p.word) | sort by w asc",
        "summarize d = dcount(tostring(p.mixed)), e = dcount(tolower(tostring(p.text))) by n = toint(p.n) | sort by n asc",
        "summarize d = dcountif(tostring(p.text), p.n > 3), s = make_set(tostring(p.word), 100), e = dcount(tostring(p.word))",
        "summarize d = dcount(tostring(p.text)) by g = tostring(p.mixed) | summarize count(), sum(d), max(d)",
        "summarize n = count() by g = tolower(split(p.text, '/')[3]) | summarize count(), sum(n), max(g)",
        "where p.text contains '77' | project id, t = toupper(p.text), m = tostring(p.mixed) | summarize count(), take_any(t), max(m), min(m)",
        "where p.word == 'word3' and p.text !endswith '7' or isnull(p.text) | summarize count(), dcount(tostring(p.text)), max(id)",
        "where p.word != 'word3' | where p.mixed has 'x' | where isnotempty(p.text) | summarize count(), dcount(tostring(p.text))",
        "extend k = iff(p.n == 2, tostring(p.text), tostring(p.word)) | summarize n = count(), d = dcount(k) by b = isempty(k) | sort by n asc",
        "extend l = strlen(tostring(p.text)) | summarize count(), sum(l), dcount(l) by case(l > 15, 'long', l > 0, 'short', '')",
        "distinct w = tostring(p.word), m = strlen(tostring(p.text)) | sort by w asc, m asc | summarize count(), make_list(m)",
        "where p.n == 5 | project w = tostring(p.word) | join kind=inner (t | where p.n == 6 and id endswith '7' | project w = tostring(p.word), k = p.text) on w | summarize count(), dcount(tostring(k))",
        "project w = tostring(p.word), k = tostring(p.text) | where k in (toscalar(t | summarize make_list(tostring(p.text), 50))) | summarize count() by w | sort by w asc",
        "sort by tostring(p.text) desc, id asc | take 5 | project id, p.text",
    ];
    for end in ends {
        let query = format!("t | {end}");
        let expected = answer(&read, &query);
        assert!(!expected.starts_with("AQ"), "the query is none: {expected}\n{query}");
        same("kept", &query, &expected, &answer(&kept, &query));
        same("kept, on one thread", &query, &expected, &answer(&kept.clone().threads(1).unwrap(), &query));
        same("kept, without rewrites", &query, &expected, &answer(&kept.clone().rewrites(false), &query));
    }
}

#[test]
fn the_longest_queries_fit_in_a_small_stack_and_longer_ones_are_refused() {
    let check = || {
        for step in ["| extend a = a + 1", "| union (print a = 1)", "| mv-expand b = dynamic([1])", "| join (T) on a"] {
            let query = |steps: usize| format!("let T = print a = 1; T {}", step.repeat(steps));
            assert!(Engine::new().query(&query(200)).is_ok(), "{step}");
            let refusal = Engine::new().query(&query(201)).unwrap_err();
            assert_eq!(refusal.diagnostics()[0].code.id, "AQ0006", "{step}");
        }
    };
    // Main threads have as little as 1 MiB; without optimisation, a level takes many times more.
    let stack = if cfg!(debug_assertions) { 32 << 20 } else { 1 << 20 };
    std::thread::Builder::new().stack_size(stack).spawn(check).unwrap().join().unwrap();
}

/// Rows of `k: string, n: long, r: real, b: bool, d: dynamic`; a cell is none or its JSON text.
struct Rows(Vec<[Option<String>; 5]>);

impl Rows {
    fn random(random: &mut Unstructured<'_>) -> Result<Rows> {
        // What types are told by in files.
        let first = [r#""a""#, "1", "0.5", "true", r#"{"a":{"b":1},"c":[1,"a"]}"#];
        let mut rows = vec![first.map(|cell| Some(cell.to_owned()))];
        for _ in 0..random.int_in_range(0..=7)? {
            rows.push([
                some(random, &[r#""a""#, r#""b""#, r#""A-b""#, r#""""#, r#""é""#])?,
                some(random, &["0", "1", "2", "-3", "9007199254740993"])?,
                some(random, &["0.5", "1.0", "-2.5", "100.0"])?,
                some(random, &["true", "false"])?,
                some(
                    random,
                    &[
                        r#"{"a":{"b":2},"c":[]}"#,
                        r#"{"a":"x","c":["a",null,{"b":1}]}"#,
                        r#"{"c":{"a":1,"b":2.5},"a":null}"#,
                        "[1,2]",
                        r#"["a"]"#,
                        "[]",
                        "{}",
                        "1",
                        "2.5",
                        r#""a""#,
                        r#""{\"a\":1}""#,
                        "true",
                        r#"{"\u0061":{"b":5},"c":["\u00e9\n","\\"]}"#,
                        r#" { "a" : [ 1 , 2.0 ] , "c" : { } } "#,
                        r#"{"a":-0.0,"c":[1E5,12345678901234567890,1e400]}"#,
                        r#"[[1,[2]],{"b":[]}]"#,
                        r#""2020-01-01T00:00:00Z""#,
                    ],
                )?,
            ]);
        }
        Ok(Rows(rows))
    }

    fn datatable(&self) -> String {
        let cells: Vec<String> = self.0.iter().flat_map(literals).collect();
        format!("datatable(k: string, n: long, r: real, b: bool, d: dynamic)[{}]", cells.join(", "))
    }

    /// The rows one per line, in one or several pages; a cell of nothing is null or left out.
    fn pages(&self, random: &mut Unstructured<'_>) -> Result<Vec<String>> {
        let mut pages = vec![String::new()];
        for (at, row) in self.0.iter().enumerate() {
            let mut cells = Vec::new();
            for (name, cell) in ["k", "n", "r", "b", "d"].iter().zip(row) {
                match cell {
                    Some(cell) => cells.push(format!(r#""{name}":{cell}"#)),
                    None if random.arbitrary()? => cells.push(format!(r#""{name}":null"#)),
                    None => {}
                }
            }
            if at > 0 && random.ratio(1, 3)? {
                pages.push(String::new());
            }
            writeln!(pages.last_mut().unwrap(), "{{{}}}", cells.join(",")).unwrap();
        }
        Ok(pages)
    }
}

/// A row's cells as KQL has them.
fn literals(row: &[Option<String>; 5]) -> [String; 5] {
    let types = ["string", "long", "real", "bool", "dynamic"];
    std::array::from_fn(|at| match (row[at].as_deref(), types[at]) {
        (None, "string") => "''".to_owned(),
        (None, ty) => format!("{ty}(null)"),
        (Some(cell), "dynamic") => format!("dynamic({cell})"),
        (Some(cell), _) => cell.to_owned(),
    })
}

fn some(random: &mut Unstructured<'_>, cells: &[&str]) -> Result<Option<String>> {
    Ok(if random.ratio(1, 5)? { None } else { Some((*random.choose(cells)?).to_owned()) })
}

/// What columns hold.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Whole,
    Real,
    Truth,
    Dynamic,
}

const KINDS: [Kind; 5] = [Kind::Text, Kind::Whole, Kind::Real, Kind::Truth, Kind::Dynamic];

type Columns = Vec<(String, Kind)>;

/// A pipeline over `T`, with tables inside tables down to `depth`.
fn pipeline(random: &mut Unstructured<'_>, depth: usize) -> Result<String> {
    Ok(Making { random, names: 0 }.table(depth)?.0)
}

struct Making<'a, 'b> {
    random: &'a mut Unstructured<'b>,
    /// How many names were made up.
    names: usize,
}

impl Making<'_, '_> {
    /// A pipeline, with tables inside tables down to `depth`, and its columns.
    fn table(&mut self, depth: usize) -> Result<(String, Columns)> {
        let mut text = "T".to_owned();
        let mut columns: Columns = ["k", "n", "r", "b", "d"].map(str::to_owned).into_iter().zip(KINDS).collect();
        for _ in 0..self.random.int_in_range(0..=4)? {
            let step = self.step(&mut columns, depth)?;
            text.push_str("\n| ");
            text.push_str(&step);
        }
        Ok((text, columns))
    }

    fn name(&mut self) -> String {
        self.names += 1;
        format!("x{}", self.names)
    }

    /// A column that is there, or a new name.
    fn target(&mut self, columns: &Columns) -> Result<String> {
        if self.random.ratio(1, 3)? { Ok(self.random.choose(columns)?.0.clone()) } else { Ok(self.name()) }
    }

    fn step(&mut self, columns: &mut Columns, depth: usize) -> Result<String> {
        Ok(match self.random.int_in_range(0..=25)? {
            0 | 1 => format!("where {}", self.expr(columns, Kind::Truth, 2)?),
            2 | 3 => {
                let (name, kind) = (self.target(columns)?, *self.random.choose(&KINDS)?);
                let expr = self.expr(columns, kind, 2)?;
                match columns.iter_mut().find(|column| column.0 == name) {
                    Some(column) => column.1 = kind,
                    None => columns.push((name.clone(), kind)),
                }
                format!("extend {name} = {expr}")
            }
            4 => {
                let mut made = Columns::new();
                let mut outputs = Vec::new();
                for _ in 0..self.random.int_in_range(1..=4)? {
                    let (kind, name) = (*self.random.choose(&KINDS)?, self.name());
                    outputs.push(format!("{name} = {}", self.expr(columns, kind, 2)?));
                    made.push((name, kind));
                }
                *columns = made;
                format!("project {}", outputs.join(", "))
            }
            5 if columns.len() > 1 => {
                let at = self.random.choose_index(columns.len())?;
                let name = columns.remove(at).0;
                format!("project-away {name}")
            }
            6 => {
                let mut keys = Vec::new();
                for _ in 0..self.random.int_in_range(1..=2)? {
                    keys.push(format!("{}{}", self.key(columns)?, self.order()?));
                }
                format!("sort by {}", keys.join(", "))
            }
            7 => format!("take {}", self.random.int_in_range(0..=5)?),
            8 => {
                let rows = self.random.int_in_range(0..=5)?;
                format!("top {rows} by {}{}", self.key(columns)?, self.order()?)
            }
            9 => self.summarize(columns)?,
            10 => {
                let mut made = Columns::new();
                let mut keys = Vec::new();
                for _ in 0..self.random.int_in_range(1..=2)? {
                    let (kind, name) = (*self.random.choose(&KINDS[..4])?, self.name());
                    keys.push(format!("{name} = {}", self.expr(columns, kind, 2)?));
                    made.push((name, kind));
                }
                *columns = made;
                format!("distinct {}", keys.join(", "))
            }
            11 if depth > 0 => self.join(columns, depth)?,
            12 if depth > 0 => {
                let (right, others) = self.table(depth - 1)?;
                let kept: Columns = columns.iter().filter(|column| others.contains(column)).cloned().collect();
                if kept.is_empty() {
                    return Ok("take 3".to_owned());
                }
                *columns = kept;
                let names: Vec<&str> = columns.iter().map(|column| column.0.as_str()).collect();
                format!(
                    "union kind={} ({right}) | project {}",
                    self.random.choose(&["inner", "outer"])?,
                    names.join(", ")
                )
            }
            13 => {
                let name = self.name();
                let expr = self.expr(columns, Kind::Dynamic, 1)?;
                let (to, kind) = *self.random.choose(&[
                    ("", Kind::Dynamic),
                    (" to typeof(long)", Kind::Whole),
                    (" to typeof(string)", Kind::Text),
                ])?;
                columns.push((name.clone(), kind));
                let limit = *self.random.choose(&["", "", " limit 1"])?;
                let index = if self.random.arbitrary()? {
                    let index = self.name();
                    let step = format!(" with_itemindex={index}");
                    columns.push((index, Kind::Whole));
                    step
                } else {
                    String::new()
                };
                let kind = *self.random.choose(&["", " kind=array"])?;
                format!("mv-expand{kind}{index} {name} = {expr}{to}{limit}")
            }
            14 => {
                let (text, whole, key) = (self.name(), self.name(), self.key(columns)?);
                let (parsed, from) =
                    (self.expr(columns, Kind::Text, 1)?, self.random.choose(&["parse", "parse-where"])?);
                let step = format!("{from} {parsed} with {text} '-' {whole}:long");
                columns.extend([(text, Kind::Text), (whole, Kind::Whole)]);
                if self.random.arbitrary()? { step } else { format!("{step}\n| sort by {key}") }
            }
            15 => {
                let (number, before, sum) = (self.name(), self.name(), self.name());
                let step = format!(
                    "sort by {} | extend {number} = row_number(1, {}), {before} = prev({}), {sum} = row_cumsum({})",
                    self.key(columns)?,
                    self.expr(columns, Kind::Truth, 1)?,
                    self.expr(columns, Kind::Text, 1)?,
                    self.expr(columns, Kind::Whole, 1)?,
                );
                columns.extend([(number, Kind::Whole), (before, Kind::Text), (sum, Kind::Whole)]);
                step
            }
            16 => format!("project-reorder {} desc", self.random.choose(columns)?.0),
            17 => {
                let (at, name) = (self.random.choose_index(columns.len())?, self.name());
                let old = std::mem::replace(&mut columns[at].0, name.clone());
                format!("project-rename {name} = {old}")
            }
            18 => {
                let (item, list, sum) = (self.name(), self.expr(columns, Kind::Dynamic, 1)?, self.name());
                columns.push((sum.clone(), Kind::Whole));
                format!(
                    "mv-apply {item} = {list} to typeof(long) on (where {item} != 2 | summarize {sum} = sum({item}))"
                )
            }
            19 => {
                let keys: Vec<&str> = columns
                    .iter()
                    .filter(|column| matches!(column.1, Kind::Text | Kind::Whole))
                    .map(|column| column.0.as_str())
                    .collect();
                if keys.is_empty() {
                    return Ok("take 3".to_owned());
                }
                let key = (*self.random.choose(&keys)?).to_owned();
                format!("partition hint.strategy=native by {key} (top 2 by {}{})", self.key(columns)?, self.order()?)
            }
            20 => {
                let (key, most) = (self.name(), self.name());
                let step = format!(
                    "extend {key} = {} | lookup kind={} (T | summarize {most} = max(n) by {key} = k) on {key}",
                    self.expr(columns, Kind::Text, 1)?,
                    self.random.choose(&["leftouter", "inner"])?,
                );
                columns.extend([(key, Kind::Text), (most, Kind::Whole)]);
                step
            }
            21 => {
                let (axis, key, series) = (self.name(), self.name(), self.name());
                let step = format!(
                    "extend {axis} = {}, {key} = {} | make-series {series} = {} default=0 on {axis} from -1 to 4 step 2 by {key}",
                    self.expr(columns, Kind::Whole, 1)?,
                    self.expr(columns, Kind::Text, 1)?,
                    self.random.choose(&["count()".to_owned(), format!("sum({axis})"), format!("dcount({axis})")])?,
                );
                *columns = vec![(key, Kind::Text), (series, Kind::Dynamic), (axis, Kind::Dynamic)];
                step
            }
            22 => {
                let (outer, inner, most, many) = (self.name(), self.name(), self.name(), self.name());
                let others = if self.random.arbitrary()? { " with others = 'rest'" } else { "" };
                let step = format!(
                    "top-nested 2 of {outer} = {}{others} by {most} = max({}), top-nested 1 of {inner} = {} by {many} = count()",
                    self.expr(columns, Kind::Text, 1)?,
                    self.expr(columns, Kind::Whole, 1)?,
                    self.expr(columns, Kind::Text, 1)?,
                );
                *columns = vec![(outer, Kind::Text), (most, Kind::Whole), (inner, Kind::Text), (many, Kind::Whole)];
                step
            }
            23 => {
                let so_far = self.name();
                let step = format!(
                    "sort by {} | scan declare ({so_far}: long = 0) with (step s: {} => {so_far} = s.{so_far} + {};)",
                    self.key(columns)?,
                    self.expr(columns, Kind::Truth, 1)?,
                    self.expr(columns, Kind::Whole, 1)?,
                );
                columns.push((so_far, Kind::Whole));
                step
            }
            24 => {
                let (row, column, value) = ("Row".to_owned(), "Column".to_owned(), "Value".to_owned());
                *columns = vec![(row, Kind::Whole), (column, Kind::Text), (value, Kind::Text)];
                "evaluate narrow()".to_owned()
            }
            25 => {
                let (key, number) = (self.name(), self.name());
                let text = self.expr(columns, Kind::Text, 1)?;
                columns.extend([(key.clone(), Kind::Text), (number.clone(), Kind::Whole)]);
                format!(
                    "parse-kv {text} as ({key}: string, {number}: long) with (pair_delimiter=' ', kv_delimiter='-')"
                )
            }
            _ => "where true".to_owned(),
        })
    }

    fn join(&mut self, columns: &mut Columns, depth: usize) -> Result<String> {
        let (right, others) = self.table(depth - 1)?;
        let pairs: Vec<(&str, &str)> = columns
            .iter()
            .flat_map(|(left, kind)| {
                let fitting = others.iter().filter(move |other| other.1 == *kind && *kind != Kind::Dynamic);
                fitting.map(move |other| (left.as_str(), other.0.as_str()))
            })
            .collect();
        if pairs.is_empty() {
            return Ok("take 3".to_owned());
        }
        let mut on = Vec::new();
        for _ in 0..self.random.int_in_range(1..=2)? {
            let (left, right) = self.random.choose(&pairs)?;
            on.push(format!("$left.{left} == $right.{right}"));
        }
        let kinds = [
            "innerunique",
            "inner",
            "leftouter",
            "rightouter",
            "fullouter",
            "leftsemi",
            "rightsemi",
            "leftanti",
            "rightanti",
        ];
        let kind = *self.random.choose(&kinds)?;
        match kind {
            "leftsemi" | "leftanti" => {}
            "rightsemi" | "rightanti" => *columns = others,
            _ => {
                // Later steps leave those alone that were renamed.
                let new: Columns =
                    others.into_iter().filter(|other| columns.iter().all(|column| column.0 != other.0)).collect();
                columns.extend(new);
            }
        }
        Ok(format!("join kind={kind} ({right}) on {}", on.join(", ")))
    }

    fn summarize(&mut self, columns: &mut Columns) -> Result<String> {
        let mut made = Columns::new();
        let mut keys = Vec::new();
        for _ in 0..self.random.int_in_range(0..=2)? {
            let (kind, name) = (*self.random.choose(&KINDS[..4])?, self.name());
            keys.push(format!("{name} = {}", self.expr(columns, kind, 2)?));
            made.push((name, kind));
        }
        let mut calls = Vec::new();
        for _ in 0..self.random.int_in_range(usize::from(keys.is_empty())..=3)? {
            let name = self.name();
            let (call, kind) = match self.random.int_in_range(0..=19)? {
                0 => ("count()".to_owned(), Kind::Whole),
                1 => (format!("countif({})", self.expr(columns, Kind::Truth, 1)?), Kind::Whole),
                2 => (format!("sum({})", self.expr(columns, Kind::Real, 1)?), Kind::Real),
                3 => (format!("avg({})", self.expr(columns, Kind::Whole, 1)?), Kind::Real),
                4 => (format!("dcount({})", self.key(columns)?), Kind::Whole),
                5 => (format!("max({})", self.expr(columns, Kind::Text, 1)?), Kind::Text),
                6 => (format!("min({})", self.expr(columns, Kind::Real, 1)?), Kind::Real),
                7 => (format!("make_list({})", self.any(columns)?), Kind::Dynamic),
                8 => (format!("make_set({})", self.any(columns)?), Kind::Dynamic),
                9 => (format!("take_any({})", self.expr(columns, Kind::Text, 1)?), Kind::Text),
                10 => {
                    let (other, by) = (self.name(), self.key(columns)?);
                    let (kind, then) = (*self.random.choose(&KINDS)?, "arg_max");
                    let call = format!("({name}, {other}) = {then}({by}, {})", self.expr(columns, kind, 1)?);
                    made.push((other, kind));
                    calls.push(call);
                    continue;
                }
                11 => (
                    format!("sumif({}, {})", self.expr(columns, Kind::Whole, 1)?, self.expr(columns, Kind::Truth, 1)?),
                    Kind::Whole,
                ),
                12 => (
                    format!(
                        "take_anyif({}, {})",
                        self.expr(columns, Kind::Text, 1)?,
                        self.expr(columns, Kind::Truth, 1)?
                    ),
                    Kind::Text,
                ),
                13 => {
                    (format!("dcountif({}, {})", self.key(columns)?, self.expr(columns, Kind::Truth, 1)?), Kind::Whole)
                }
                14 => (format!("percentile({}, 75)", self.expr(columns, Kind::Whole, 1)?), Kind::Whole),
                15 => (format!("make_bag({})", self.expr(columns, Kind::Dynamic, 1)?), Kind::Dynamic),
                16 => (
                    format!("maxif({}, {})", self.expr(columns, Kind::Whole, 1)?, self.expr(columns, Kind::Truth, 1)?),
                    Kind::Whole,
                ),
                17 => (format!("binary_all_xor({})", self.expr(columns, Kind::Whole, 1)?), Kind::Whole),
                18 => (format!("dcount_hll(hll({}))", self.key(columns)?), Kind::Whole),
                _ => (
                    format!("make_list_if({}, {})", self.any(columns)?, self.expr(columns, Kind::Truth, 1)?),
                    Kind::Dynamic,
                ),
            };
            calls.push(format!("{name} = {call}"));
            made.push((name, kind));
        }
        *columns = made;
        let by = if keys.is_empty() { String::new() } else { format!(" by {}", keys.join(", ")) };
        Ok(format!("summarize {}{by}", calls.join(", ")))
    }

    fn order(&mut self) -> Result<&'static str> {
        Ok(self.random.choose(&["", " asc", " desc", " asc nulls last", " nulls first"])?)
    }

    /// What rows can be sorted by.
    fn key(&mut self, columns: &Columns) -> Result<String> {
        let kind = *self.random.choose(&KINDS[..4])?;
        self.expr(columns, kind, 1)
    }

    fn any(&mut self, columns: &Columns) -> Result<String> {
        let kind = *self.random.choose(&KINDS)?;
        self.expr(columns, kind, 1)
    }

    /// A call of any function, with arguments as its signature has them: columns, what is made of them, or constants.
    fn call(&mut self, columns: &Columns) -> Result<String> {
        static FUNCTIONS: LazyLock<Vec<argql::NameEntry>> = LazyLock::new(|| {
            // What is never the same again.
            let changes = ["rand", "new_guid", "now", "ago"];
            let functions = PLAIN.names().into_iter().filter(|entry| entry.kind == "function");
            functions.filter(|entry| !changes.contains(&entry.name)).collect()
        });
        let function = self.random.choose(&FUNCTIONS)?;
        let params =
            function.syntax.split_once('(').and_then(|(_, rest)| rest.rsplit_once(')')).map_or("", |parts| parts.0);
        let mut args = Vec::new();
        for param in params.split(", ").filter(|param| !param.is_empty()) {
            if param.starts_with('[') && self.random.arbitrary()? {
                break;
            }
            if param.starts_with('…') {
                continue;
            }
            let kind = match param.trim_end_matches(']').rsplit(": ").next().unwrap_or_default() {
                "string" => Kind::Text,
                "long" | "integer" | "int" => Kind::Whole,
                "real" | "number" => Kind::Real,
                "bool" => Kind::Truth,
                "dynamic" => Kind::Dynamic,
                "orderable" => *self.random.choose(&KINDS[..4])?,
                "datetime" => {
                    args.push(format!("(datetime(2026-02-28) + {} * 7h)", self.expr(columns, Kind::Whole, 0)?));
                    continue;
                }
                "timespan" => {
                    args.push(format!("({} * 7h)", self.expr(columns, Kind::Whole, 0)?));
                    continue;
                }
                _ => *self.random.choose(&KINDS)?,
            };
            let constants: &[&str] = match kind {
                Kind::Text => &["'a'", "'[a-b]+'", "'$.a'", "'day'", "'0'", "'-'"],
                Kind::Whole => &["0", "1", "-1", "2"],
                Kind::Real => &["0.5", "-2.0", "1.0"],
                Kind::Truth => &["true", "false"],
                Kind::Dynamic => &["dynamic(['a', 1])", "dynamic({'a': 1})", "dynamic([1.5, 2, 3])"],
            };
            args.push(if self.random.ratio(1, 3)? {
                (*self.random.choose(constants)?).to_owned()
            } else {
                self.expr(columns, kind, 1)?
            });
        }
        Ok(format!("{}({})", function.name, args.join(", ")))
    }

    fn expr(&mut self, columns: &Columns, kind: Kind, depth: usize) -> Result<String> {
        let fitting: Vec<&str> =
            columns.iter().filter(|column| column.1 == kind).map(|column| column.0.as_str()).collect();
        let plain = match fitting.as_slice() {
            [] => match kind {
                Kind::Text => "'a'",
                Kind::Whole => "1",
                Kind::Real => "0.5",
                Kind::Truth => "true",
                Kind::Dynamic => "dynamic([1, {'a': 2}])",
            },
            some => some[self.random.choose_index(some.len())?],
        };
        if depth == 0 || self.random.ratio(1, 3)? {
            return Ok(plain.to_owned());
        }
        let mut part = |kind: Kind| self.expr(columns, kind, depth - 1);
        let (text, whole, real, truth, dynamic) =
            (part(Kind::Text)?, part(Kind::Whole)?, part(Kind::Real)?, part(Kind::Truth)?, part(Kind::Dynamic)?);
        let steps = [
            "a",
            "a.b",
            "c",
            "c[0]",
            "c[-1]",
            "c.a",
            "status.code",
            "status",
            "displayName",
            "policyAssignmentId",
            "metadata.displayName",
            "tier",
        ];
        let step = *self.random.choose(&steps)?;
        let forms: &[String] = &match kind {
            Kind::Text => vec![
                format!("tostring({dynamic}.{step})"),
                format!("tolower({text})"),
                format!("strcat({text}, '-', tostring({whole}))"),
                format!("iff({truth}, {text}, 'b')"),
                format!("substring({text}, 1)"),
                format!("tostring({real})"),
                format!("extract('([a-z])', 1, {text})"),
                format!("replace_string({text}, 'a', {text})"),
                format!("trim('a+', {text})"),
                format!("reverse({text})"),
                format!("strcat_delim('-', {text}, 'b', {text})"),
                format!("base64_encode_tostring({text})"),
                format!("url_decode(url_encode({text}))"),
                format!("case({truth}, {text}, {whole} > 1, 'c', toupper({text}))"),
                format!("tostring(bag_keys({dynamic}))"),
                format!("strcat_array({dynamic}.{step}, ',')"),
                format!("gettype({dynamic}.{step})"),
                format!("format_timespan({whole} * 1h, 'd.hh')"),
            ],
            Kind::Whole => vec![
                format!("({whole} + 1)"),
                format!("tolong({dynamic}.{step})"),
                format!("strlen({text})"),
                format!("({whole} % 3)"),
                format!("iff({truth}, {whole}, long(null))"),
                format!("array_length({dynamic}.{step})"),
                format!("bin({whole}, 2)"),
                "toscalar(T | where b | summarize max(n))".to_owned(),
                format!("countof({text}, 'a')"),
                format!("indexof({text}, '-')"),
                format!("(hash({text}) % 5)"),
                format!("tolong(sign({real}))"),
                format!("binary_and({whole}, 6)"),
                format!("array_index_of({dynamic}.{step}, {text})"),
                format!("datetime_diff('day', datetime(2026-01-01) + {whole} * 1h, datetime(2025-01-01))"),
                format!("tolong(toint({text}))"),
                format!("max_of({whole}, 2, strlen({text}))"),
            ],
            Kind::Real => vec![
                format!("({real} * 2)"),
                format!("todouble({dynamic}.{step})"),
                format!("({whole} * 0.5)"),
                format!("(-{real})"),
                format!("coalesce({real}, 0.5)"),
                format!("round({real} / {whole}, 1)"),
                format!("sqrt({real})"),
                format!("abs({real} - {whole})"),
                format!("pow({real}, 2)"),
                format!("min_of({real}, 1.5)"),
            ],
            Kind::Truth => vec![
                format!("({dynamic}.{step} == 'a')"),
                format!("({dynamic}.{step} != 1)"),
                format!("isnotnull({dynamic}.{step})"),
                format!("({text} has 'a')"),
                format!("({text} in ('a', '', 'b'))"),
                format!("({whole} > 0)"),
                format!("({real} <= 0.5)"),
                format!("not({truth})"),
                format!("({truth} and {whole} != 1)"),
                format!("({truth} or {text} =~ 'A')"),
                format!("isempty({text})"),
                format!("({dynamic}.{step} in~ ('x', 'A'))"),
                format!("isnull({whole})"),
                format!("({text} in ((T | where b | project k)))"),
                format!("({text} !has 'b')"),
                format!("({text} startswith {text})"),
                format!("({text} !contains_cs 'A')"),
                format!("({text} matches regex '^[a-b]+$')"),
                format!("({text} has_any ('a', 'b'))"),
                format!("({text} !in~ ('A', 'é'))"),
                format!("({whole} between (0 .. 2))"),
                format!("({whole} !between (1 .. {whole}))"),
                format!("({real} == {whole})"),
                format!("(isnan({real}) or isfinite({real}))"),
                format!("set_has_element({dynamic}.{step}, {text})"),
                format!("bag_has_key({dynamic}, 'a')"),
            ],
            Kind::Dynamic => vec![
                format!("{dynamic}.{step}"),
                format!("{dynamic}[0]"),
                format!("{dynamic}[{text}]"),
                format!("pack_array({text}, {whole})"),
                format!("bag_pack('a', {dynamic}.{step}, 'c', {real})"),
                format!("split({text}, '-')"),
                format!("parse_json({text})"),
                format!("iff({truth}, {dynamic}, dynamic(null))"),
                format!("array_concat({dynamic}.{step}, pack_array({whole}))"),
                format!("array_slice({dynamic}.{step}, 0, {whole})"),
                format!("array_reverse({dynamic}.{step})"),
                format!("array_sort_asc({dynamic}.{step})"),
                format!("set_union({dynamic}.{step}, {dynamic})"),
                format!("set_intersect({dynamic}, {dynamic}.{step})"),
                format!("bag_merge({dynamic}, bag_pack('b', {text}))"),
                format!("bag_remove_keys({dynamic}, dynamic(['b']))"),
                format!("range(0, {whole} % 4, 1)"),
                format!("zip({dynamic}.{step}, {dynamic}.{step})"),
                format!("treepath({dynamic})"),
                "pack_all()".to_owned(),
            ],
        };
        Ok(self.random.choose(forms)?.clone())
    }
}
