//! The prompt as a person meets it: a terminal that is typed into, and its screen.
#![cfg(all(unix, feature = "cli"))]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io::{Read, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

const ENTER: &str = "\r";
const TAB: &str = "\t";
const UP: &str = "\x1b[A";
const CTRL_C: &str = "\x03";
const CTRL_D: &str = "\x04";
const CTRL_R: &str = "\x12";

/// How long a screen is waited for; machines that test are busy ones.
const PATIENCE: Duration = Duration::from_secs(60);

/// A terminal with argql in it.
struct Terminal {
    screen: Arc<Mutex<vt100::Parser>>,
    /// All that was ever printed.
    printed: Arc<Mutex<Vec<u8>>>,
    keyboard: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    _master: Box<dyn MasterPty + Send>,
}

impl Terminal {
    /// Starts the prompt with these arguments; its history is below `state`.
    fn open(arguments: &[&str], state: &Path, variables: &[(&str, &str)]) -> Terminal {
        let mut terminal = Terminal::start(arguments, state, variables);
        terminal.sees("argql> ");
        terminal
    }

    fn start(arguments: &[&str], state: &Path, variables: &[(&str, &str)]) -> Terminal {
        let size = PtySize { rows: 30, cols: 100, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_argql"));
        command.args(arguments);
        command.env_clear();
        command.env("TERM", "xterm-256color");
        command.env("HOME", state);
        command.env("PATH", std::env::var("PATH").unwrap());
        command.cwd(state);
        variables.iter().for_each(|(name, value)| command.env(name, value));
        let child = pair.slave.spawn_command(command).unwrap();
        let screen = Arc::new(Mutex::new(vt100::Parser::new(size.rows, size.cols, 1000)));
        let printed: Arc<Mutex<Vec<u8>>> = Arc::default();
        let mut reader = pair.master.try_clone_reader().unwrap();
        let (to_screen, to_printed) = (screen.clone(), printed.clone());
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = reader.read(&mut bytes) {
                to_printed.lock().unwrap().extend_from_slice(&bytes[..count]);
                to_screen.lock().unwrap().process(&bytes[..count]);
            }
        });
        let keyboard = pair.master.take_writer().unwrap();
        Terminal { screen, printed, keyboard, child, _master: pair.master }
    }

    fn types(&mut self, keys: &str) -> &mut Terminal {
        self.sends(keys.as_bytes())
    }

    fn sends(&mut self, bytes: &[u8]) -> &mut Terminal {
        self.keyboard.write_all(bytes).unwrap();
        self.keyboard.flush().unwrap();
        self
    }

    fn text(&self) -> String {
        self.screen.lock().unwrap().screen().contents()
    }

    /// Waits until the screen shows a text.
    fn sees(&mut self, text: &str) -> &mut Terminal {
        self.waits(&format!("`{text}`"), |screen| screen.contains(text))
    }

    fn waits(&mut self, what: &str, shows: impl Fn(&str) -> bool) -> &mut Terminal {
        let start = Instant::now();
        while !shows(&self.text()) {
            assert!(start.elapsed() < PATIENCE, "waited for {what} in\n{}", self.text());
            std::thread::sleep(Duration::from_millis(10));
        }
        self
    }

    /// Waits for a new prompt, with nothing typed at it.
    fn prompt(&mut self) -> &mut Terminal {
        self.waits("the prompt", |screen| screen.trim_end().ends_with("argql>"))
    }

    /// Empties the screen, so that what is seen next is new.
    fn wiped(&mut self) -> &mut Terminal {
        self.types("\x0c").waits("an empty screen", |screen| screen.trim() == "argql>")
    }

    /// Leaves with Ctrl-D; gives the exit code.
    fn ends(mut self) -> u32 {
        self.types(CTRL_D);
        self.child.wait().unwrap().exit_code()
    }
}

/// A folder for one test.
fn state() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn a_query_is_completed_with_tab_and_answered() {
    let state = state();
    let mut terminal = Terminal::open(&["--sample"], state.path(), &[]);
    terminal.sees("4 tables").types("securityr").types(TAB).sees("argql> securityresources");
    terminal.types(" | summ").types(TAB).sees("| summarize ");
    terminal.types("failing = count() by code = tostring(properties.status.c").types(TAB);
    terminal.sees("cause").sees("code").types("od").types(TAB).sees("properties.status.code");
    terminal.types(") | where code == 'Unh").types(TAB).sees("'Unhealthy'").types(";").types(ENTER);
    terminal.sees("Unhealthy │      64").sees("1 row, ").prompt();
    assert_eq!(terminal.ends(), 0);
}

#[test]
fn a_query_goes_on_until_an_empty_line() {
    let state = state();
    let mut terminal = Terminal::open(&["--sample"], state.path(), &[]);
    terminal.types("resources").types(ENTER).types("| where (location == 'norwayeast'").types(ENTER);
    terminal.types(ENTER).types("or name == 'none')").types(ENTER).types("| summarize n = count()").types(ENTER);
    terminal.sees("n = count()");
    assert!(!terminal.text().contains("1 row"), "{}", terminal.text());
    terminal.types(ENTER).sees("11").sees("1 row, ").prompt();
}

#[test]
fn what_is_pasted_is_one_query() {
    let state = state();
    let mut terminal = Terminal::open(&["--sample"], state.path(), &[]);
    let query = "let far = 'norwayeast';\nresources\n// not all of them\n| where location == far\n\n| count;";
    terminal.types(&format!("\x1b[200~{query}\x1b[201~")).sees("| count;").types(ENTER).sees("11").sees("1 row, ");
}

#[test]
fn ctrl_c_stops_the_query_and_nothing_else() {
    let state = state();
    let mut terminal = Terminal::open(&[], state.path(), &[]);
    terminal.sees("no tables yet").types("let kept = 41;").types(ENTER).sees("`kept` is kept").prompt();
    terminal
        .types("range x from 1 to 99999999 step 1 | mv-expand y = range(1, 1000) | summarize count() by z = x % 7;")
        .types(ENTER);
    std::thread::sleep(Duration::from_millis(500));
    let stopped = Instant::now();
    terminal.types(CTRL_C).sees("the query was interrupted").prompt();
    assert!(stopped.elapsed() < Duration::from_secs(5));
    terminal.types("print 2 * (kept + 1);").types(ENTER).sees("84").prompt();
    // At the prompt it leaves the line.
    terminal.types("print nothing").sees("nothing").types(CTRL_C).prompt();
    assert_eq!(terminal.ends(), 0);
}

#[test]
fn what_is_not_utf8_costs_neither_the_line_nor_the_session() {
    let state = state();
    let mut terminal = Terminal::open(&[], state.path(), &[]);
    terminal.types("let kept = 41;").types(ENTER).sees("`kept` is kept").prompt();
    // A lone byte, and the second half of an `ä` without its first, in the middle of a line.
    terminal.types("print kept + ").sees("print kept + ").sends(b"\xff").sees("not UTF-8 and left out");
    terminal
        .types("1, 'ä")
        .sees("kept + 1, 'ä")
        .sends(b"\xa4")
        .waits("another line", |screen| screen.matches("print kept + 1, 'ä").count() == 2);
    terminal.types("';").types(ENTER).sees("42").prompt();
    // Pasted, and typed ahead byte by byte while an answer is made.
    terminal.wiped().types("print ").sees("print ").sends(b"\x1b[200~1\xe2\x82\x1b[201~").sees("left out");
    terminal.types("2 * kept;").types(ENTER).sees("82").prompt();
    terminal.types("range x from 1 to 3000000 step 1 | summarize dcount(x) by x % 7 | count;").types(ENTER);
    for piece in "print 'tür', kept;".as_bytes().chunks(1) {
        terminal.sends(piece);
        std::thread::sleep(Duration::from_millis(20));
    }
    terminal.types(ENTER).sees("41").prompt();
    assert_eq!(terminal.ends(), 0);
}

#[test]
fn what_was_typed_is_there_in_the_next_session() {
    let state = state();
    let mut first = Terminal::open(&[], state.path(), &[]);
    first.types("print first = 1;").types(ENTER).sees("1 row, ").prompt();
    first.types("print second = 2").types(ENTER).types(ENTER).sees("second").prompt();
    first.ends();
    assert!(state.path().join(".local/state/argql/history").is_file());

    let mut second = Terminal::open(&[], state.path(), &[]);
    second.types(UP).sees("print second = 2").types(CTRL_C).prompt();
    second.types(CTRL_R).types("first").sees("print first = 1;").types(ENTER).types(ENTER).sees("1 row, ");
    second.ends();

    // A history that cannot be written is no reason to stop.
    let mut third = Terminal::open(&[], state.path(), &[("ARGQL_HISTORY", "/proc/none/such")]);
    third.types("print third = 3;").types(ENTER).sees("1 row, ").prompt();
    assert_eq!(third.ends(), 0);
}

#[test]
fn mistakes_are_marked_in_what_was_typed() {
    let state = state();
    let mut terminal = Terminal::open(&["--sample"], state.path(), &[]);
    terminal.types("let few = resources | take 3;").types(ENTER).sees("is kept").prompt();
    terminal.types("few | where lokation == 'x';").types(ENTER);
    terminal.sees("input:1:13").sees("did you mean `location`?").prompt();
    terminal.types(".tabels").types(ENTER).sees("did you mean `.tables`?").prompt();
    terminal.types(".load").types(ENTER).sees("`.load` wants PATH").prompt();
    terminal.types(".load /no/such/folder").types(ENTER).sees("cannot be read").prompt();
    assert_eq!(terminal.ends(), 0);
}

#[test]
fn the_last_answer_is_a_table_and_its_rest_is_a_command_away() {
    let state = state();
    let mut terminal = Terminal::open(&["--sample"], state.path(), &[("PAGER", "tail -n 3")]);
    terminal.types("resources | project name, location | sort by name asc;").types(ENTER);
    terminal.sees("of 50 rows, ").sees(" more: .more").prompt();
    terminal.wiped().types(".more").types(ENTER).sees("50 rows").prompt();
    terminal.types("_ | where name startswith 'kv' | count;").types(ENTER).sees("Count").sees("1 row, ").prompt();
    terminal.types("_ | extend twice = Count * 2;").types(ENTER).sees("twice").prompt();
}

#[test]
fn wide_cells_are_wrapped_until_somebody_wishes_them_cut_or_whole() {
    let state = state();
    let mut terminal = Terminal::open(&[], state.path(), &[]);
    let mut lines = |wish: &str, said: &str| {
        terminal.wiped().types(wish).types(ENTER).sees(said).prompt();
        terminal.wiped().types("print x = strrep('word ', 200);").types(ENTER).sees("1 row, ").prompt();
        terminal.text().lines().filter(|line| line.contains("word word")).count()
    };
    // A line has room for 19 words of the 200.
    assert_eq!(lines(".cells", "wrapped"), 6);
    assert_eq!(lines(".cells cut", "cut to one line"), 1);
    assert_eq!(lines(".cells whole", "shown whole"), 11);
    assert_eq!(lines(".cells sideways", "there are wrap, cut and whole"), 11);
}

#[test]
fn a_path_that_no_row_has_is_no_list_of_nothing() {
    let state = state();
    let mut terminal = Terminal::open(&["--sample"], state.path(), &[]);
    let wrong = ".paths policyresources.properties.metadta";
    terminal.types(wrong).types(ENTER).sees("did you mean `policyresources.properties.metadata`?").prompt();
    terminal.wiped().types(".paths policyresources.properties.zzz").types(ENTER).sees("lists what there is").prompt();
    terminal.wiped().types(".paths policyr").types(TAB).types(".properties.exempt").types(TAB);
    terminal.sees(".properties.exemptionCategory").types(ENTER).sees("Waiver").prompt();
    terminal.wiped().types(".paths policyresources.nothere").types(ENTER).sees("AQ1001").prompt();
}

#[test]
fn the_parameters_of_a_function_that_is_kept_are_shown_while_it_is_called() {
    let state = state();
    let mut terminal = Terminal::open(&["--sample"], state.path(), &[]);
    terminal.types("let near = (place: string, within: long = 10) { place == 'x' and within > 0 };").types(ENTER);
    terminal.sees("`near` is kept").prompt();
    terminal.wiped().types("resources | where near(").sees("near(place: string, within: long = 10)");
    terminal.types("name, ").sees("near(name, within: long = 10)");
}

#[test]
fn commands_do_what_help_says() {
    let state = state();
    let mut terminal = Terminal::open(&["--sample"], state.path(), &[("EDITOR", "sed -i s/1/2/")]);
    terminal.types(".help").types(ENTER).sees("leaves; so does Ctrl-D").prompt();
    // Lines end at words.
    terminal.sees("cut to one, or\n").sees("\n [rows=N] [time=TIME]\n");
    terminal
        .wiped()
        .types(".paths policyresources.properties.metadata")
        .types(ENTER)
        .sees("metadata.approvedBy")
        .prompt();
    terminal.wiped().types(".values resources.location").types(ENTER).sees("westeurope    │   17").prompt();
    terminal.wiped().types(".sch").types(TAB).types("secur").types(TAB).types(ENTER).sees("properties").prompt();
    terminal
        .wiped()
        .types(".param n=7")
        .types(ENTER)
        .types("declare query_parameters(n: long); print n * 2;")
        .types(ENTER);
    terminal.sees("14").prompt();
    terminal
        .types(".now 2026-10-01")
        .types(ENTER)
        .types("print now();")
        .types(ENTER)
        .sees("2026-10-01T00:00:00Z")
        .prompt();
    terminal.types(".limits time=0.2 rows=10").types(ENTER).sees("200ms").prompt();
    terminal
        .types("range x from 1 to 99999999 step 1 | mv-expand y = range(1, 1000) | count;")
        .types(ENTER)
        .sees("takes longer than 200ms")
        .prompt();
    terminal.wiped().types(".fmt print   z=3").types(ENTER).sees("argql> print z = 3").types(";").types(ENTER);
    terminal.sees("1 row, ").prompt();
    terminal.wiped().types("print x = 1;").types(ENTER).sees("1 row, ").prompt();
    terminal.types(".edit").types(ENTER).sees("argql> print x = 2;").types(ENTER).sees("1 row, ").prompt();
    terminal.types(".save kept").types(ENTER).sees("saved to kept.kql").prompt();
    terminal.types(".save kept").types(ENTER).sees("is there already").prompt();
    terminal.wiped().types(".format json").types(ENTER).types(".run kept").types(ENTER).sees("\"x\":2").prompt();
    terminal
        .types(".output kept.csv")
        .types(ENTER)
        .types("print y = 5;")
        .types(ENTER)
        .sees("1 row is in kept.csv")
        .prompt();
    terminal.types(".quit").types(ENTER);
    assert!(terminal.child.wait().unwrap().success());
    assert_eq!(std::fs::read_to_string(state.path().join("kept.kql")).unwrap(), "print x = 2;\n");
}

#[test]
fn data_cannot_command_the_terminal_and_colours_can_be_off() {
    let state = state();
    let mut terminal = Terminal::open(&[], state.path(), &[("NO_COLOR", "1")]);
    terminal
        .types(r"print danger = '\x1b[31mred\x1b]0;title\x07' | where true;")
        .types(ENTER)
        .sees("␛[31mred")
        .prompt();
    let printed = String::from_utf8_lossy(&terminal.printed.lock().unwrap()).into_owned();
    for colour in ["\x1b[1;34m", "\x1b[31m", "\x1b[32m", "\x1b]0;"] {
        assert!(!printed.contains(colour), "{printed:?}");
    }
    let mut colourful = Terminal::open(&[], state.path(), &[]);
    colourful.types("print 'x'").sees("'x'");
    assert!(String::from_utf8_lossy(&colourful.printed.lock().unwrap()).contains("\x1b[32m'x'"));
}

#[test]
#[cfg(all(feature = "store", feature = "xlsx"))]
fn what_is_no_text_is_not_written_to_the_terminal() {
    let state = state();
    let mut terminal = Terminal::open(&["--sample"], state.path(), &[]);
    for name in ["parquet", "arrow", "xlsx"] {
        terminal.types(&format!(".format {name}")).types(ENTER).sees(&format!("answers are written as {name}"));
        terminal.types("print 1;").types(ENTER);
        terminal.sees(&format!("{name} is no text that a terminal shows: add --output FILE.{name}"));
    }
    terminal.types(".output one.xlsx").types(ENTER).types("print 1;").types(ENTER).sees("1 row is in one.xlsx");
    assert!(std::fs::read(state.path().join("one.xlsx")).unwrap().starts_with(b"PK"));
}

#[test]
fn what_is_missing_of_a_call_stands_behind_the_cursor() {
    let state = state();
    let mut terminal = Terminal::open(&["--sample"], state.path(), &[]);
    terminal.types("print substring('abc', ").sees("start: integer, [length: integer])").types(CTRL_C).prompt();
    // In vi mode, `0` goes to the start and `cw` changes a word.
    terminal.types(".keys vi").types(ENTER).prompt();
    terminal.types("where 1 + 1;").sees("where 1").types("\x1b");
    std::thread::sleep(Duration::from_millis(700));
    terminal.types("0cwprint\r").sees("print_0").sees("1 row, ");
}

#[test]
fn the_readmes_show_what_the_prompt_answers() {
    for page in ["README.md", "src/cli/README.md"] {
        let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(page)).unwrap();
        prompt_answers_as(page.split("```text\nargql> ").nth(1).unwrap().split("```").next().unwrap());
    }
}

/// Types what is shown behind each prompt, and sees what is shown beneath.
fn prompt_answers_as(shown: &str) {
    let state = state();
    let mut terminal = Terminal::open(&["--sample", "--now", "2026-10-01"], state.path(), &[]);
    terminal.types(".timer off").types(ENTER).sees("the timer is off").prompt();
    for exchange in shown.split("argql> ") {
        let query = exchange.find(";\n").map_or(exchange.find('\n').unwrap(), |end| end + 1);
        let command = exchange.find('\n').unwrap();
        let (input, answer) = exchange.split_at(if exchange.starts_with('.') { command } else { query });
        terminal.wiped();
        for line in input.lines() {
            terminal.types(line).types(ENTER);
        }
        for line in answer.trim_end().lines() {
            terminal.sees(line);
        }
        terminal.prompt();
    }
}

/// `ARGQL_EXPORT=FOLDER cargo test --release --test terminal -- --ignored --nocapture` says how long Tab takes.
#[test]
#[ignore = "measures, on an export of one's own"]
fn tab_is_answered_while_one_waits() {
    let state = state();
    let export = std::env::var("ARGQL_EXPORT").expect("ARGQL_EXPORT names the folder of an export");
    let export = std::fs::canonicalize(export).unwrap();
    let mut terminal = Terminal::open(&["-d", export.to_str().unwrap()], state.path(), &[]);
    let mut took = |typed: &str, offered: &str| {
        terminal.wiped().types(typed).sees(typed);
        let start = Instant::now();
        terminal.types(TAB);
        while !terminal.text().contains(offered) {
            assert!(start.elapsed() < PATIENCE, "no `{offered}` in\n{}", terminal.text());
            std::thread::sleep(Duration::from_micros(200));
        }
        let took = start.elapsed();
        terminal.types(CTRL_C).prompt();
        println!("{took:>12.1?}  {typed}");
        took
    };
    // The first time that somebody asks about a table, some of its rows are read.
    let first = [
        took("securityresources | where properties.status.", "cause"),
        took("policyresources | where properties.exempt", "exemptionCategory"),
    ];
    let later = [
        took("securityresources | where properties.status.c", "code"),
        took("securityresources | where properties.metadata.", "severity"),
        took("securityresources | where properties.status.code == 'Unh", "'Unhealthy'"),
        took("securityresources | summarize count() by nam", "by name"),
        took("policyresources | where properties.exemptionCategory == 'Wai", "'Waiver'"),
    ];
    if !cfg!(debug_assertions) {
        assert!(first.iter().all(|took| *took < Duration::from_millis(100)), "{first:?}");
        assert!(later.iter().all(|took| *took < Duration::from_millis(20)), "{later:?}");
    }
}

#[test]
fn tests_are_run_again_when_a_file_changes() {
    let state = state();
    let test = |found: &str| format!("//# one\nprint x = 1\n//> x: long\n//> {found}\n");
    let file = state.path().join("a.test.kql");
    std::fs::write(&file, test("22")).unwrap();
    let mut terminal = Terminal::start(&["test", "--watch", "."], state.path(), &[]);
    terminal.sees("-//> 22").sees("+//> 1").sees("0 passed, 1 failed").sees("waiting for changes");
    std::fs::write(&file, test("1")).unwrap();
    terminal.sees("1 passed, 0 failed");
    std::fs::write(&file, "no test").unwrap();
    terminal.sees("there are no tests");
    terminal.types(CTRL_C);
    assert_eq!(terminal.child.wait().unwrap().exit_code(), 130);
}
