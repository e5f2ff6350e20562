//! What can be typed: commands, options and the help that teaches them.

mod values;

use std::net::IpAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::{DateTime, Format, Limits, WideCells};
pub(super) use values::{Limit, count, duration, size};
use values::{moment, nesting, one_of, output, parameter, snapshot, threads, threshold, throttle, token};

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::BrightBlue.on_default().bold())
    .usage(AnsiColor::BrightBlue.on_default().bold())
    .literal(AnsiColor::BrightCyan.on_default());

const EXAMPLES: &str = "\
Without a command, a terminal gets a prompt, where `.help` lists what can be typed and Tab completes it; elsewhere one
query is read from standard input. `argql COMMAND --help` tells more.

Examples:
  argql -d export/                                     the prompt, over exported tables
  argql run exempted-recommendations --sample          a saved query over the tenant that is built in
  argql query -d export/ 'resources | summarize count() by type | top 10 by count_'
  argql query -d export/ -f report.kql --format csv --output report.csv
  argql run exempted-recommendations -d export/ --output exempted.xlsx      or .parquet, .html, .json …
  argql check queries/*.kql --target arg               names and types, without any data
  argql fmt queries/                                   one layout for all
  argql query -d export/ -f findings.kql --expect empty     exit code 3 if anything is found
  argql diff january/ february/                        what became of the exemptions between two exports
  argql audit -d export/ --output audit.sarif          the checks of the library, for a pipeline

Get an export:
  argql export --script bash | bash                    with the Azure CLI; --script pwsh with PowerShell

Exit codes: 0 done, 1 the query is wrong, 2 usage, files or data, 3 --expect or a check did not hold, 4 a limit was reached.";

const IMPORT: &str = "\
A store is a folder with a folder for each snapshot, in it Parquet files that other tools read as they are: paths below
dynamic columns are columns of their own, such as properties.status.code. A snapshot is there as a whole or not at all.
Rows that did not change since the snapshot before stay in its files, so that many snapshots take little room; for other
tools --whole writes all of them.
Wherever data is named, a store may be: the newest snapshot, or that of --at; database(\"2026-10-01\").TABLE is another.

Examples:
  argql import -d export/ --store store/                          as the snapshot of today
  argql import -d export/ --store store/ --as 2026-11-27
  argql import -d export/ --store store/ --whole                  all rows in its own files, for other tools
  argql import -d msp/ --store msp-store/                         each tenant's folder into a store of its own
  argql query -d store/ 'resources | count'
  argql query -d store/ --at 2026-10-01 'resources | count'
  argql diff store/@2026-10-01 store/@2026-11-27                  what changed between two dates";

const SERVE: &str = "\
At / is a page to explore the data in. Clients of Kusto and of Azure Resource Graph are pointed at the addresses that are
printed; they work as they do against the service, over the export as it is now: a newer one is taken in while requests go
on. Nobody but programs of this machine is answered, unless --listen and --token say otherwise, and nothing is changed.

Examples:
  argql serve -d export/ --open                        in the browser
  argql serve -d store/ --tls-port 8621                https too, with a certificate of its own
  eval \"$(argql serve --env)\"                        how clients of this shell find it and trust it
  argql serve -d export/ --simulate-throttle 15/5s     as the service does: for a script that has to wait and retry

Clients:
  KustoClient(\"http://localhost:8620\")                                Python, npm: azure-kusto-data; database arg
  https://dataexplorer.azure.com, Add connection, http://127.0.0.1:8620
  ResourceGraphClient(credential, base_url=\"https://localhost:8621\")  Python: azure-mgmt-resourcegraph
  az rest --skip-authorization-header --method post --body @query.json \\
    --url http://localhost:8620/providers/Microsoft.ResourceGraph/resources?api-version=2022-10-01";

const CLUSTER: &str = "\
A query on a cluster is answered as here: its stages run on the executors, each on a share of the rows, and rows go between
them where stages need others. Every machine finds the data at the same place (--data: a shared folder, or an object
store), and runs the same version of argql.

Examples, each in a terminal of its own:
  argql cluster scheduler                                         at 127.0.0.1:50050
  argql cluster executor --scheduler localhost:50050              two of these, on this machine
  argql query --cluster df://localhost:50050 -d store/ 'securityresources | summarize count() by type'

On several machines, of a network that only trusted machines reach (whoever reaches a port is answered):
  argql cluster scheduler --bind 0.0.0.0:50050
  argql cluster executor --scheduler HOST:50050 --bind 0.0.0.0:50051 --slots 8 --memory 32GiB --work /mnt/fast

Without any: `argql query --cluster local …` runs scheduler and executors within the program, to see what they do.";

const SCHEDULER: &str = "\
It holds no data and runs no queries: it cuts jobs into tasks, gives these to executors, and runs again what was lost with
one. Ctrl-C, or SIGTERM, ends it; queries on their way then fail within seconds.

Examples:
  argql cluster scheduler                              for programs of this machine
  argql cluster scheduler --bind 0.0.0.0:50050         for other machines: of a network that only trusted ones reach";

const EXECUTOR: &str = "\
It runs a task on each slot, and keeps the rows between stages in a folder that goes with it. A task that needs more than
its share of the memory ends the query with an error that names the stage; the executor goes on. Ctrl-C, or SIGTERM, ends
it after its tasks; what is lost with one that dies is run again by others.

Examples:
  argql cluster executor --scheduler localhost:50050
  argql cluster executor --scheduler HOST:50050 --bind 0.0.0.0:50051     for other machines: ports 50051 and 50052
  argql cluster executor --scheduler HOST:50050 --slots 8 --memory 32GiB --work /mnt/fast";

const CHECK: &str = "\
Examples:
  argql check queries/                                 all .kql files below
  argql check queries/*.kql --target arg --deny warnings      would Resource Graph take them?
  argql check queries/ --output check.sarif            for code scanning
  argql check queries/ --format github                 annotations in a workflow of GitHub

Exit codes: 0 nothing is wrong (warnings included, unless they are denied), 1 a query is wrong, 2 a file cannot be read.";

const FMT: &str = "\
An operator begins a line, and what is longer than 100 columns is broken at its commas, before
`and` and `or`, and in its brackets. Words, strings and brackets stay as they are written, comments
where they stand: above, behind or within. Of files with tests the queries are laid out. What is no
KQL is said, and its file stays as it is: exit code 1.

Examples:
  argql fmt queries/                 in place, all .kql files below
  argql fmt --check queries/         for a pipeline: exit code 3 if one is not laid out
  argql fmt --diff report.kql        what would change
  pbpaste | argql fmt -              from an editor: standard input to standard output";

const TEST: &str = "\
A test is a title, a query, and what it answers; --update writes the answers, to be read before they
are kept:

  //# what was deleted does not count
  let resources = datatable(name: string, tags: dynamic)[
      'a', dynamic({\"deleted\": true}),
      'b', dynamic(null)
  ];
  resources | where isnull(tags.deleted) | project name
  //> name: string
  //> b

Or why there is none: //! 1:19-27 AQ1001 `lokation` is not a column here

Comments at the head of the file, or of one test, say what it is about:
  // query: exempt.kql          is asked by tests that have nothing but such `let`s, or nothing at all;
                                also a name of the library. Without it, exempt.test.kql asks
                                exempt.kql beside it
  // data: rows/                a file, a folder or NAME=PATH, from where the file of tests is
  // snapshot old=january/
  // param days=30
  // now: 2026-10-01

Examples:
  argql test queries/                            all .kql files below that have tests
  argql test queries/exempt.test.kql --filter deleted
  argql test queries/ --update                   what is answered now is expected from now on
  argql test queries/ --watch                    again whenever a file changes
  argql test queries/ --output tests.xml         JUnit, for the test view of a pipeline

Exit codes: 0 all passed, 3 an answer is another than expected, 2 a file cannot be read or has no
tests.";

const AUDIT: &str = "\
A check passes, fails (it has more findings than --check allows), or is refused: the export lacks tables that it needs. Exit code 3 if a check failed, else 2 if one was refused, so that nothing passes unseen.

Examples:
  argql audit -d export/                                          every check
  argql audit -d export/ --only orphaned-assignment,duplicates-exact
  argql audit -d export/ --check exemptions-no-expiry=10 --param exemptions-expiring.days=14
  argql audit -d export/ --baseline accepted.toml --write-baseline --reason 'reviewed in May' --until 2026-12-31
  argql audit -d export/ --baseline accepted.toml --output audit.sarif

Settings (--config):
  baseline = \"accepted.toml\"         # beside the file
  skip = [\"exemptions-expiring\"]     # or: only = […]
  params.days = 14                     # for every check that declares it
  [checks.exemptions-no-expiry]
  max = 10
  severity = \"low\"                   # high, medium or low
  params.days = 7";

const DIFF: &str = "\
A row of the answer is a change: an exemption (or row) that was created, removed, moved to another scope, or changed in
one field, with what stood there before and what stands there now. Ids are equal in any letter case, moments in any
spelling, lists in any order; null, \"\", [] and {} are all nothing. A row on two pages counts once.

Examples:
  argql diff january/ february/                                   exemptions
  argql diff january/ february/ --expect empty --quiet            exit code 3 if anything changed
  argql diff old.json new.json --table resources --key id --ignore tags
  argql query -d february/ --snapshot old=january/ 'policyresources | where id !in~ (database(\"old\").policyresources | project id)'
                                                                  any other question about two exports";

/// Answers KQL (Kusto Query Language, in the dialect of Azure Resource Graph) over exported tables, on this machine.
#[derive(Debug, Parser)]
#[command(name = "argql", version, styles = STYLES, after_help = EXAMPLES)]
#[command(args_conflicts_with_subcommands = true, infer_subcommands = false, disable_help_subcommand = true)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Option<Command>,

    #[command(flatten)]
    pub(super) options: AnswerArgs,

    #[command(flatten)]
    pub(super) screen: Screen,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Answer one query
    Query {
        /// The query; `-` reads it from standard input
        #[arg(conflicts_with = "file")]
        query: Option<String>,
        /// Read the query from a file
        #[arg(short, long)]
        file: Option<PathBuf>,
        #[command(flatten)]
        options: AnswerArgs,
    },
    /// Answer saved queries, by name from the library (`argql queries`) or by path
    Run {
        /// Names of the library, or paths of .kql files
        #[arg(required = true, value_name = "NAME|FILE")]
        queries: Vec<String>,
        #[command(flatten)]
        options: AnswerArgs,
    },
    /// Check queries without data: syntax, names and types; tables called …resources or …changes have the standard
    /// columns
    #[command(after_help = CHECK)]
    Check(CheckQueriesArgs),
    /// Lay out queries in one way: comments stay, and so does what they mean
    #[command(after_help = FMT)]
    Fmt {
        /// Files with a query or with tests each, folders of .kql files; `-` is standard input, laid out to standard output
        #[arg(value_name = "FILE|FOLDER")]
        files: Vec<PathBuf>,
        /// Write nothing, and exit with 3 if a file is not laid out
        #[arg(long)]
        check: bool,
        /// Write nothing but what would change
        #[arg(long)]
        diff: bool,
    },
    /// Run tests of queries: each over its own rows, held to the answer that stands in comments beneath it
    #[command(after_help = TEST)]
    Test(TestArgs),
    /// Show how a query is understood and run
    Explain {
        /// The query; `-` reads it from standard input
        #[arg(conflicts_with = "file")]
        query: Option<String>,
        /// Read the query from a file
        #[arg(short, long)]
        file: Option<PathBuf>,
        /// What to show: tokens, ast (the query as it was read), plan, rewritten (the plan that is run), profile (run it;
        /// rows and time of every node), or stages (what several machines would run)
        #[arg(long, value_enum, value_name = "STAGE", hide_possible_values = true, default_value_t = Stage::Rewritten)]
        stage: Stage,
        #[command(flatten)]
        source: DataArgs,
        /// The moment that now() gives
        #[arg(long, value_name = "TIME", value_parser = moment)]
        now: Option<DateTime>,
        /// The value of a parameter that the query declares
        #[arg(long = "param", value_name = "NAME=VALUE", value_parser = parameter)]
        parameters: Vec<(String, String)>,
    },
    /// Run the checks of the library: what is wrong with the exemptions of an export
    #[command(after_help = AUDIT)]
    Audit(AuditArgs),
    /// Say what changed between two exports: which exemptions, or which rows of any table
    #[command(after_help = DIFF)]
    Diff(DiffArgs),
    /// Write a report on the exemptions of an export: score, categories, scopes, what ends soon, findings
    Report(ReportArgs),
    /// Write an export as a snapshot of a store: columns on disk that answer in milliseconds, and a history
    #[command(after_help = IMPORT)]
    Import(ImportArgs),
    /// List the snapshots of a store, or of each tenant's, with their tables, rows, and the bytes that each added
    Snapshots {
        /// The folder of the store
        store: PathBuf,
        #[command(flatten)]
        listing: Listing,
    },
    /// Answer browsers, Kusto clients and Resource Graph clients from this machine
    #[command(after_help = SERVE)]
    Serve(Box<ServeArgs>),
    /// Run queries on many machines: a scheduler, and executors that have the data before them
    #[command(subcommand, after_help = CLUSTER)]
    Cluster(ClusterCommand),
    /// List the tables of the data
    Tables {
        #[command(flatten)]
        source: DataArgs,
        #[command(flatten)]
        listing: Listing,
    },
    /// List the columns of a table
    Schema {
        /// The table, in any letter case
        table: String,
        #[command(flatten)]
        source: DataArgs,
        #[command(flatten)]
        listing: Listing,
    },
    /// List the library of saved queries with what each needs (and, with data, whether that is loaded), or explain one
    Queries {
        /// Explain this query
        name: Option<String>,
        /// Print the query as it is saved
        #[arg(long, requires = "name", conflicts_with = "flat")]
        text: bool,
        /// Print the query with the functions that it includes, for other tools
        #[arg(long, requires = "name")]
        flat: bool,
        #[command(flatten)]
        source: DataArgs,
        #[command(flatten)]
        listing: Listing,
    },
    /// List functions, aggregates and operators, or explain one
    Functions {
        /// Explain this one: `substring`, `make_set`, `has_any`, `mv-expand`
        name: Option<String>,
        /// How much of KQL runs, by kind
        #[arg(long, conflicts_with_all = ["name", "refused"])]
        status: bool,
        /// What is refused by name, with the reason
        #[arg(long, conflicts_with = "name")]
        refused: bool,
        #[command(flatten)]
        listing: Listing,
    },
    /// Print a script that exports tables from Azure: all pages, checked to be complete; it takes scopes as options
    Export {
        /// Tables of Azure Resource Graph [default: securityresources policyresources resourcecontainers resources]
        #[arg(value_name = "TABLE")]
        tables: Vec<String>,
        /// What is to run it: bash (with the Azure CLI) or pwsh (PowerShell with Az.Accounts)
        #[arg(long, value_enum, value_name = "bash|pwsh", hide_possible_values = true)]
        script: ScriptShell,
        /// Write the script to this file
        #[arg(long, value_name = "FILE", value_parser = output())]
        output: Option<PathBuf>,
    },
    /// Load once, answer repeatedly, and print the times as one line of JSON
    Bench {
        /// Files with a query each; the answers are listed by their names without endings
        #[arg(short, long = "file", value_name = "FILE", num_args = 1.., required = true)]
        files: Vec<PathBuf>,
        /// How often each query is answered
        #[arg(long, value_name = "N", default_value_t = NonZeroUsize::new(6).expect("six is not zero"))]
        repeat: NonZeroUsize,
        /// How many ask at the same time, each every query so often and beginning with another one; gives also how many
        /// answers there were in a second [default: 1]
        #[arg(long, value_name = "N")]
        clients: Option<NonZeroUsize>,
        /// Folder for the answers, as NDJSON
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
        #[command(flatten)]
        source: DataArgs,
    },
}

/// A part of a cluster that runs until it is stopped.
#[derive(Debug, Subcommand)]
pub(super) enum ClusterCommand {
    /// Start the scheduler, which executors and queries come to
    #[command(after_help = SCHEDULER)]
    Scheduler {
        /// Where it listens; port 0 is any that is free
        #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:50050")]
        bind: String,
    },
    /// Start an executor, which runs tasks for a scheduler
    #[command(after_help = EXECUTOR)]
    Executor(ExecutorArgs),
}

/// What an executor has for its tasks.
#[derive(Debug, Args)]
pub(super) struct ExecutorArgs {
    /// The scheduler that gives it tasks
    #[arg(long, value_name = "HOST:PORT")]
    pub(super) scheduler: String,
    /// Tasks at a time [default: one for each core]
    #[arg(long, value_name = "N")]
    pub(super) slots: Option<NonZeroUsize>,
    /// Memory of all tasks together, each slot has its share: 16GiB [default: 70% of the machine's]
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub(super) memory: Option<Limit<u64>>,
    /// Where it listens, and one port behind; port 0 are any that are free
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:0")]
    pub(super) bind: String,
    /// The folder for rows between stages [default: the system's for temporary files]
    #[arg(long, value_name = "FOLDER")]
    pub(super) work: Option<PathBuf>,
}

/// Who runs queries.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct ClusterArgs {
    /// Let a cluster run it: df://HOST:PORT is its scheduler (`argql cluster --help`), local one within this program
    #[arg(long, value_name = "df://HOST:PORT|local", help_heading = "Data")]
    pub(super) cluster: Option<String>,
}

/// Which checks are run, and what their findings are held to.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct CheckArgs {
    /// Settings: thresholds, parameters, what to leave out
    #[arg(long, value_name = "FILE", help_heading = "Checks")]
    pub(super) config: Option<PathBuf>,
    /// How many findings of a check are no failure [default: 0]; may be given several times
    #[arg(long = "check", value_name = "CHECK=MAX", value_parser = threshold, help_heading = "Checks")]
    pub(super) checks: Vec<(String, usize)>,
    /// Run these checks only
    #[arg(long, value_name = "CHECK,…", value_delimiter = ',', help_heading = "Checks")]
    pub(super) only: Vec<String>,
    /// Leave these checks out
    #[arg(long, value_name = "CHECK,…", value_delimiter = ',', help_heading = "Checks")]
    pub(super) skip: Vec<String>,
    /// The value of a parameter, for every query that declares it or for one; may be given several times
    #[arg(long = "param", value_name = "[CHECK.]NAME=VALUE", value_parser = parameter, help_heading = "Checks")]
    pub(super) parameters: Vec<(String, String)>,
    /// Findings that are accepted, each for a reason and until a day
    #[arg(long, value_name = "FILE", help_heading = "Baseline")]
    pub(super) baseline: Option<PathBuf>,
}

impl CheckArgs {
    /// The values of parameters; those of one check come last, for they count more.
    pub(super) fn parameters(&self) -> impl Iterator<Item = (&str, &str)> {
        let of = |one| self.parameters.iter().filter(move |(name, _)| name.contains('.') == one);
        of(false).chain(of(true)).map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// Which queries are checked, and how that is written.
#[derive(Debug, Args)]
pub(super) struct CheckQueriesArgs {
    /// Files with a query each, folders of .kql files; `-` is standard input
    #[arg(required = true, value_name = "FILE|FOLDER")]
    pub(super) files: Vec<PathBuf>,
    /// Who is to answer: with `arg`, what Azure Resource Graph does not take is warned about
    #[arg(long, value_enum, value_name = "kql|arg", hide_possible_values = true, default_value_t = TargetArg::Kql)]
    pub(super) target: TargetArg,
    /// Take warnings for errors
    #[arg(long, value_enum)]
    pub(super) deny: Option<Deny>,
    /// How to write what is wrong [default: sarif by the ending of --output, else table on a terminal and json elsewhere]
    #[arg(long, value_enum, help_heading = "Answer")]
    pub(super) format: Option<CheckFormat>,
    /// Write to this file
    #[arg(long, value_name = "FILE", value_parser = output(), help_heading = "Answer")]
    pub(super) output: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum CheckFormat {
    /// With the queries' lines, for people, on standard error
    Table,
    /// An object per file, for other programs
    #[value(alias = "ndjson")]
    Json,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// Annotations in a workflow of GitHub
    Github,
}

/// Which tests are run, and how that is written.
#[derive(Debug, Args)]
pub(super) struct TestArgs {
    /// Files with tests, folders of .kql files
    #[arg(required = true, value_name = "FILE|FOLDER")]
    pub(super) files: Vec<PathBuf>,
    /// Only tests that have this in their name, which is FILE: TITLE
    #[arg(long, value_name = "TEXT", help_heading = "Tests")]
    pub(super) filter: Option<String>,
    /// Write what is answered as what is expected
    #[arg(long, conflicts_with_all = ["watch", "output", "format"], help_heading = "Tests")]
    pub(super) update: bool,
    /// Run the tests again whenever a file changes
    #[arg(long, conflicts_with_all = ["output", "format"], help_heading = "Tests")]
    pub(super) watch: bool,
    #[command(flatten)]
    pub(super) source: DataArgs,
    /// The moment that now() gives, where a test does not say it
    #[arg(long, value_name = "TIME", value_parser = moment, help_heading = "Tests")]
    pub(super) now: Option<DateTime>,
    /// The value of a parameter, for every query that declares it
    #[arg(long = "param", value_name = "NAME=VALUE", value_parser = parameter, help_heading = "Tests")]
    pub(super) parameters: Vec<(String, String)>,
    /// How to write what is not as expected [default: by the ending of --output (.json .xml), else text]
    #[arg(long, value_enum, help_heading = "Answer")]
    pub(super) format: Option<TestFormat>,
    /// Write to this file
    #[arg(long, value_name = "FILE", value_parser = output(), help_heading = "Answer")]
    pub(super) output: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum TestFormat {
    /// Line by line, what differs
    Text,
    /// An object per test, for other programs
    Json,
    /// JUnit XML, for the test view of a pipeline
    Junit,
}

/// An audit and how it is written.
#[derive(Debug, Args)]
pub(super) struct AuditArgs {
    #[command(flatten)]
    pub(super) source: DataArgs,
    #[command(flatten)]
    pub(super) cluster: ClusterArgs,
    #[command(flatten)]
    pub(super) choice: CheckArgs,
    /// List the checks, with their parameters; no data is needed
    #[arg(long, help_heading = "Checks")]
    pub(super) list: bool,
    /// Write all findings into the baseline, in place of judging them; entries that match nothing are left out
    #[arg(long, requires = "reason", help_heading = "Baseline")]
    pub(super) write_baseline: bool,
    /// Why the new entries of the baseline are accepted
    #[arg(long, value_name = "TEXT", requires = "write_baseline", help_heading = "Baseline")]
    pub(super) reason: Option<String>,
    /// The last day of the new entries of the baseline [default: 90 days from now]
    #[arg(long, value_name = "DATE", requires = "write_baseline", help_heading = "Baseline")]
    pub(super) until: Option<String>,
    /// How to write the findings [default: by the ending of --output (.txt .md .json .sarif .xml), else table on a
    /// terminal and json elsewhere]
    #[arg(long, value_enum, help_heading = "Answer")]
    pub(super) format: Option<AuditFormat>,
    /// Write to this file
    #[arg(long, value_name = "FILE", value_parser = output(), help_heading = "Answer")]
    pub(super) output: Option<PathBuf>,
    /// How many findings of a failed check are shown in tables [default: 5]
    #[arg(long, value_name = "N", help_heading = "Answer")]
    pub(super) rows: Option<usize>,
    /// The moment that now() gives, for audits that can be repeated
    #[arg(long, value_name = "TIME", value_parser = moment, help_heading = "Answer")]
    pub(super) now: Option<DateTime>,
}

/// A report and what is in it.
#[derive(Debug, Args)]
pub(super) struct ReportArgs {
    #[command(flatten)]
    pub(super) source: DataArgs,
    #[command(flatten)]
    pub(super) cluster: ClusterArgs,
    #[command(flatten)]
    pub(super) choice: CheckArgs,
    /// Write to this file: .html for a page that needs nothing else, .md for Markdown, .xlsx for a workbook
    #[arg(short, long, value_name = "FILE", value_parser = output(), help_heading = "Answer")]
    pub(super) output: Option<PathBuf>,
    /// How to write it [default: by the ending of --output, else markdown]
    #[arg(long, value_enum, help_heading = "Answer")]
    pub(super) format: Option<ReportFormat>,
    /// What stands above it
    #[arg(long, value_name = "TEXT", default_value = "Exemptions", help_heading = "Answer")]
    pub(super) title: String,
    /// How many findings of a failed check are shown
    #[arg(long, value_name = "N", default_value_t = 25, help_heading = "Answer")]
    pub(super) rows: usize,
    /// The moment that now() gives, for reports that can be repeated
    #[arg(long, value_name = "TIME", value_parser = moment, help_heading = "Answer")]
    pub(super) now: Option<DateTime>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ReportFormat {
    /// One page with charts and tables that can be sorted and printed, without network
    Html,
    /// Headings and tables
    Markdown,
    /// A workbook for Excel with a sheet for each table
    #[cfg(feature = "xlsx")]
    Xlsx,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum AuditFormat {
    /// A row per check, and the first findings of those that failed
    Table,
    /// A row per check and the first findings as Markdown, for a page or an issue
    Markdown,
    /// All findings, for other programs
    Json,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// JUnit XML, for the test view of a pipeline
    Junit,
}

/// What is compared, and how.
#[derive(Debug, Args)]
pub(super) struct DiffArgs {
    /// The older export: a file, a folder or NAME=PATH, as --data takes it
    pub(super) old: PathBuf,
    /// The newer export
    pub(super) new: PathBuf,
    /// Compare the rows of this table [default: the exemptions of policyresources]
    #[arg(short, long, help_heading = "Comparison")]
    pub(super) table: Option<String>,
    /// Columns, or paths such as properties.displayName, that tell rows apart; letter case does not [default: id]
    #[arg(short, long, value_name = "COLUMN,…", value_delimiter = ',', requires = "table")]
    #[arg(help_heading = "Comparison")]
    pub(super) key: Vec<String>,
    /// Leave out these columns or paths, with all beneath them
    #[arg(long, value_name = "PATH,…", value_delimiter = ',', help_heading = "Comparison")]
    pub(super) ignore: Vec<String>,
    /// Compare also what changes by itself: etag, apiVersion, lastModifiedAt and lastModifiedBy of systemData,
    /// updatedOn and updatedBy of metadata
    #[arg(long, help_heading = "Comparison")]
    pub(super) volatile: bool,
    /// Exit with 3 unless nothing changed, or something did
    #[arg(long, value_enum, value_name = "empty|rows", hide_possible_values = true, help_heading = "Answer")]
    pub(super) expect: Option<Expect>,
    #[command(flatten)]
    pub(super) listing: Listing,
    /// What a known table is that an export does not hold: an error, or empty
    #[arg(long, value_enum, value_name = "error|empty", hide_possible_values = true, hide_default_value = true)]
    #[arg(default_value_t = MissingArg::Error, help_heading = "Data")]
    pub(super) missing_tables: MissingArg,
    /// How many threads to use; the answer is the same for any number
    #[arg(long, value_name = "N", value_parser = threads, help_heading = "Data")]
    pub(super) threads: Option<NonZeroUsize>,
    #[command(flatten)]
    pub(super) limits: LimitArgs,
}

/// Everything about one answer.
#[derive(Debug, Args)]
pub(super) struct AnswerArgs {
    #[command(flatten)]
    pub(super) source: DataArgs,
    #[command(flatten)]
    pub(super) cluster: ClusterArgs,
    #[command(flatten)]
    pub(super) listing: Listing,
    /// The moment that now() gives, for reports that can be repeated: 2025-06-01, 2025-06-01T08:00Z
    #[arg(long, value_name = "TIME", value_parser = moment, help_heading = "Answer")]
    pub(super) now: Option<DateTime>,
    /// The value of a parameter that the query declares, read by its type; of several queries, for those that declare it.
    /// May be given several times
    #[arg(long = "param", value_name = "NAME=VALUE", value_parser = parameter, help_heading = "Answer")]
    pub(super) parameters: Vec<(String, String)>,
    /// Exit with 3 unless the answer is empty, or has rows; of several statements, that of the last one
    #[arg(long, value_enum, value_name = "empty|rows", hide_possible_values = true, help_heading = "Answer")]
    pub(super) expect: Option<Expect>,
    /// Write rows as they are found, while files are still read: broken data may be noticed after some rows were written.
    /// For json, ndjson, csv and tsv
    #[arg(long, help_heading = "Answer")]
    pub(super) stream: bool,
}

/// Which export becomes which snapshot.
#[derive(Debug, Args)]
pub(super) struct ImportArgs {
    /// The folder of the store; it is made if there is none
    #[arg(long, value_name = "FOLDER")]
    pub(super) store: PathBuf,
    /// Of when the export is: 2026-11-27, 2026-11-27T10:30Z; a snapshot of that moment is replaced [default: today, UTC]
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub(super) r#as: Option<DateTime>,
    /// Write all rows, also those that did not change since the snapshot before: other tools then find all in its folder
    #[arg(long)]
    pub(super) whole: bool,
    #[command(flatten)]
    pub(super) source: DataArgs,
}

/// Whom a server answers, and where.
#[derive(Debug, Args)]
pub(super) struct ServeArgs {
    #[command(flatten)]
    pub(super) source: DataArgs,
    /// The port for http; 0 is any that is free
    #[arg(long, value_name = "N", default_value_t = 8620, help_heading = "Server")]
    pub(super) port: u16,
    /// Answer https as well, on this port: clients of Azure Resource Graph want it
    #[arg(long, value_name = "N", num_args = 0..=1, default_missing_value = "8621", help_heading = "Server")]
    pub(super) tls_port: Option<u16>,
    /// Open the page in the browser
    #[arg(long, help_heading = "Server")]
    pub(super) open: bool,
    /// Print the variables with which a shell's clients find the server and trust it, and end
    #[arg(long, help_heading = "Server")]
    pub(super) env: bool,
    /// Answer other machines on this address of this one, too: 0.0.0.0 for all
    #[arg(long, value_name = "ADDRESS", requires = "token", help_heading = "Server")]
    pub(super) listen: Option<IpAddr>,
    /// What whoever asks has to show: `Authorization: Bearer TOKEN`, or once /?token=TOKEN in a browser
    #[arg(long, value_name = "TOKEN", env = "ARGQL_TOKEN", hide_env_values = true, value_parser = token)]
    #[arg(help_heading = "Server")]
    pub(super) token: Option<String>,
    /// Let so many requests of Resource Graph through in a time and answer others with 429, as the service does: 15/5s
    #[arg(long, value_name = "N/TIME", value_parser = throttle, help_heading = "Server")]
    pub(super) simulate_throttle: Option<(u32, Duration)>,
    /// Say each request on standard error: method, path, status and time
    #[arg(long, help_heading = "Server")]
    pub(super) log: bool,
}

/// Where rows come from.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct DataArgs {
    /// A file, or a folder of files, with exported rows, or a store; NAME=PATH names the table. May be given several
    /// times [default: $ARGQL_DATA]
    #[arg(short, long, value_name = "PATH", help_heading = "Data")]
    pub(super) data: Vec<PathBuf>,
    /// Of a store, the newest snapshot by then instead of the newest: 2026-10-01, 2026-10-01T08:00Z
    #[arg(long, value_name = "TIME", value_parser = moment, help_heading = "Data")]
    pub(super) at: Option<DateTime>,
    /// Another export, an older one say, which queries read as database("NAME").TABLE; PATH as for --data. May be given
    /// several times
    #[arg(long = "snapshot", value_name = "NAME=PATH", value_parser = snapshot, help_heading = "Data")]
    pub(super) snapshots: Vec<(String, String)>,
    /// Use the small made-up tenant that is part of argql
    #[arg(long, conflicts_with = "data", help_heading = "Data")]
    pub(super) sample: bool,
    /// A file that queries may read themselves (externaldata), or a folder of such files; none unless named. May be given
    /// several times
    #[arg(long, value_name = "PATH", help_heading = "Data")]
    pub(super) allow_files: Vec<PathBuf>,
    /// What a known table is that no file holds: an error, or empty
    #[arg(long, value_enum, value_name = "error|empty", hide_possible_values = true, hide_default_value = true)]
    #[arg(default_value_t = MissingArg::Error, help_heading = "Data")]
    pub(super) missing_tables: MissingArg,
    /// How many threads to use; the answer is the same for any number
    #[arg(long, value_name = "N", value_parser = threads, help_heading = "Data")]
    pub(super) threads: Option<NonZeroUsize>,
    #[command(flatten)]
    pub(super) limits: LimitArgs,
}

/// What a query may use before it is given up, with exit code 4.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct LimitArgs {
    /// Memory for rows on their way, groups, joins and the answer: 256MB, 2GiB, none [default: 8GiB]
    #[arg(long, value_name = "SIZE", value_parser = size, help_heading = "Limits")]
    pub(super) memory: Option<Limit<u64>>,
    /// Rows that an answer may have: 1000, none [default: 100000000]
    #[arg(long, value_name = "N", value_parser = count, help_heading = "Limits")]
    pub(super) max_rows: Option<Limit<u64>>,
    /// How deep arrays and bags of a row may be nested [default, and most: 1000]
    #[arg(long, value_name = "N", value_parser = nesting, help_heading = "Limits")]
    pub(super) nesting: Option<usize>,
    /// Time for an answer: 30s, 5m, 250ms, none [default: none]
    #[arg(long, value_name = "TIME", value_parser = duration, help_heading = "Limits")]
    pub(super) timeout: Option<Limit<Duration>>,
}

impl LimitArgs {
    /// The limits, those that were not typed as they are by default.
    pub(super) fn limits(&self) -> Limits {
        let mut limits = Limits::default();
        if let Some(Limit(memory)) = self.memory {
            limits.memory = memory;
        }
        if let Some(Limit(rows)) = self.max_rows {
            limits.rows = rows;
        }
        if let Some(nesting) = self.nesting {
            limits.nesting = nesting;
        }
        if let Some(Limit(time)) = self.timeout {
            limits.time = time;
        }
        limits
    }
}

/// What becomes of wide cells, by name.
pub(super) const CELLS: [(&str, WideCells); 3] =
    [("wrap", WideCells::Wrap), ("cut", WideCells::Cut), ("whole", WideCells::Whole)];

/// Every format by its name.
pub(super) fn formats() -> impl Iterator<Item = (&'static str, Format)> {
    Format::all().map(|format| (format.name(), format))
}

/// How a table is written, and where to.
#[derive(Debug, Default, Args)]
pub(super) struct Listing {
    /// How to write tables: table, chart (drawn as `render` asks, else table), html, json, ndjson, csv, tsv, markdown,
    /// parquet, arrow, arrow-stream or xlsx [default: by the ending of --output, else chart on a terminal and json elsewhere]
    #[arg(long, value_parser = one_of(formats()), hide_possible_values = true, help_heading = "Answer")]
    pub(super) format: Option<Format>,
    /// Write to this file; of several tables, a file each to this folder, or a sheet each to a workbook. A folder that is not
    /// there is written with a slash: answers/
    #[arg(long, value_name = "FILE", value_parser = output(), help_heading = "Answer")]
    pub(super) output: Option<PathBuf>,
    /// What becomes of wide cells of a table on a terminal: wrap (up to six lines), cut (one line) or whole (all lines)
    /// [default: wrap]
    #[arg(long, value_parser = one_of(CELLS), value_name = "wrap|cut|whole", hide_possible_values = true)]
    #[arg(help_heading = "Answer")]
    pub(super) cells: Option<WideCells>,
    /// In csv and tsv, put an apostrophe before text that a spreadsheet would run as a formula (=…, +…, -…, @…)
    #[arg(long, help_heading = "Answer")]
    pub(super) csv_safe: bool,
}

/// What is said beside the answer.
#[derive(Debug, Args)]
pub(super) struct Screen {
    /// Colours in messages and charts; NO_COLOR switches them off too
    #[arg(long, value_enum, value_name = "auto|always|never", hide_possible_values = true, hide_default_value = true)]
    #[arg(default_value_t = When::Auto, global = true, help_heading = "Messages")]
    pub(super) color: When,
    /// No warnings and no progress
    #[arg(short, long, global = true, help_heading = "Messages")]
    pub(super) quiet: bool,
    /// Show how far the reading of large files is: on a terminal, always (a line a second elsewhere), or never
    #[arg(long, value_enum, value_name = "auto|always|never", hide_possible_values = true, hide_default_value = true)]
    #[arg(default_value_t = When::Auto, default_missing_value = "always", num_args = 0..=1, require_equals = true)]
    #[arg(global = true, help_heading = "Messages")]
    pub(super) progress: When,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum MissingArg {
    // An error that says how to export it
    #[default]
    Error,
    // A table without rows
    Empty,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Expect {
    Empty,
    Rows,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum When {
    Auto,
    Always,
    Never,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum TargetArg {
    // All that argql answers
    Kql,
    // Azure Resource Graph
    Arg,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Deny {
    Warnings,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ScriptShell {
    // Bash and the Azure CLI
    Bash,
    // PowerShell and its module Az.Accounts
    Pwsh,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Stage {
    // The query cut into words and symbols
    Tokens,
    // The query as it was read, in its own layout
    Ast,
    // The plan before rewriting
    Plan,
    // The plan that is run
    Rewritten,
    // The plan after it was run, with rows and times
    Profile,
    // The parts of the plan that several machines would run
    Stages,
}

#[cfg(test)]
mod tests;
