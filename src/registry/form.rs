//! Forms of the language that are neither operators nor computed by kernels: calls that take or give tables, literals,
//! statements. The parser or the binder knows each by its meaning.

use super::Example;

/// A form and what help and completion know of it.
pub(crate) struct Form {
    /// The word it begins with.
    pub(crate) name: &'static str,
    pub(crate) meaning: FormMeaning,
    /// One line: `toscalar(table): value`.
    pub(crate) syntax: &'static str,
    /// One sentence.
    pub(crate) about: &'static str,
    pub(crate) examples: &'static [Example],
}

/// What a form is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FormMeaning {
    /// `toscalar(T)`
    FirstValue,
    /// `column_names_of(T)`
    ColumnNames,
    /// `materialize(T)`
    Materialized,
    /// `table('T')`
    Named,
    /// `database('old')`
    Database,
    /// `arg('')`
    ResourceGraph,
    /// `history('T')`
    History,
    /// `dynamic([1])`
    Literal,
    /// `let x = 5;`
    Statement,
}

impl FormMeaning {
    /// Whether it is called with a table.
    pub(crate) fn takes_table(self) -> bool {
        matches!(self, FormMeaning::FirstValue | FormMeaning::ColumnNames | FormMeaning::Materialized)
    }

    /// Whether it is called with a table and gives a value.
    pub(crate) fn gives_value(self) -> bool {
        matches!(self, FormMeaning::FirstValue | FormMeaning::ColumnNames)
    }

    /// Whether it holds tables, which are named behind a dot.
    pub(crate) fn holds_tables(self) -> bool {
        matches!(self, FormMeaning::Database | FormMeaning::ResourceGraph)
    }
}

impl Form {
    /// What it is for users.
    pub(crate) fn kind(&self) -> &'static str {
        match self.meaning {
            FormMeaning::Literal => "literal",
            FormMeaning::Statement => "statement",
            _ => "function",
        }
    }

    /// The family that help shows it in.
    pub(crate) fn family(&self) -> &'static str {
        match self.meaning {
            FormMeaning::Literal => "values",
            FormMeaning::Statement => "before a query",
            _ => "tables",
        }
    }

    /// As it is begun: `toscalar(`, `let `, `true`.
    pub(crate) fn opening(&self) -> String {
        match self.syntax.as_bytes().get(self.name.len()) {
            Some(b'(') => format!("{}(", self.name),
            Some(_) => format!("{} ", self.name),
            None => self.name.to_owned(),
        }
    }
}

/// The form that begins with this word.
pub(crate) fn form(name: &str) -> Option<&'static Form> {
    FORMS.iter().find(|form| form.name == name)
}

/// The forms that are calls, by name.
pub(crate) fn calls() -> impl Iterator<Item = &'static str> {
    FORMS.iter().filter(|form| form.meaning.takes_table() || form.meaning.holds_tables()).map(|form| form.name)
}

/// Every form.
pub(crate) const FORMS: &[Form] = &[
    TRUE,
    FALSE,
    DATETIME,
    TIMESPAN,
    DYNAMIC,
    TYPEOF,
    TOSCALAR,
    MATERIALIZE,
    COLUMN_NAMES_OF,
    TABLE,
    DATABASE,
    HISTORY,
    ARG,
    LET,
    SET,
    DECLARE,
    PATTERN,
];

const TRUE: Form = Form {
    name: "true",
    meaning: FormMeaning::Literal,
    syntax: "true",
    about: "The bool that predicates hold with.",
    examples: &[Example { query: "print 1 < 2 == true", result: "True" }],
};

const FALSE: Form = Form {
    name: "false",
    syntax: "false",
    about: "The bool that predicates do not hold with.",
    examples: &[Example { query: "print not(false)", result: "True" }],
    ..TRUE
};

const DATETIME: Form = Form {
    name: "datetime",
    syntax: "datetime(2024-05-06T08:00:00Z)",
    about: "A moment, written out; a value is converted by `todatetime`.",
    examples: &[Example { query: "print datetime(2024-05-06) + 1d", result: "2024-05-07T00:00:00.0000000Z" }],
    ..TRUE
};

const TIMESPAN: Form = Form {
    name: "timespan",
    syntax: "timespan(1.12:30:00)",
    about: "A length of time, written out; also `1d`, `90m`. A value is converted by `totimespan`.",
    examples: &[Example { query: "print timespan(1.12:00:00) / 12h", result: "3.0" }],
    ..TRUE
};

const DYNAMIC: Form = Form {
    name: "dynamic",
    syntax: "dynamic({\"key\": [1, 'a', null]})",
    about: "JSON, written out; a text is converted by `parse_json`.",
    examples: &[Example { query: "print dynamic({'a': [1, 2]}).a[1]", result: "2" }],
    ..TRUE
};

const TYPEOF: Form = Form {
    name: "typeof",
    syntax: "typeof(type)",
    about: "The name of a type, where a clause or a function wants one.",
    examples: &[Example { query: "print n = dynamic([7]) | mv-expand n to typeof(long)", result: "7" }],
    ..TRUE
};

pub(crate) const TOSCALAR: Form = Form {
    name: "toscalar",
    meaning: FormMeaning::FirstValue,
    syntax: "toscalar(table): type of its first column",
    about: "The first column of the first row of `table`, known before the query around it runs.",
    examples: &[Example { query: "print n = toscalar(range x from 1 to 3 step 1 | count)", result: "3" }],
};

const MATERIALIZE: Form = Form {
    name: "materialize",
    meaning: FormMeaning::Materialized,
    syntax: "materialize(table): table",
    about: "The rows of `table`, the same wherever the query reads them.",
    examples: &[Example { query: "let T = materialize(range x from 1 to 3 step 1); union T, T | count", result: "6" }],
};

const COLUMN_NAMES_OF: Form = Form {
    name: "column_names_of",
    meaning: FormMeaning::ColumnNames,
    syntax: "column_names_of(table): dynamic",
    about: "The names of the columns of `table`.",
    examples: &[Example { query: "print column_names_of(print a = 1, b = 2)", result: r#"["a","b"]"# }],
};

const TABLE: Form = Form {
    name: "table",
    meaning: FormMeaning::Named,
    syntax: "table(name [, rows]): table",
    about: "The table that the string `name` names, a constant or a parameter.",
    examples: &[Example {
        query: "let T = range x from 1 to 3 step 1; let rows = (name: string) { table(name) | count }; rows('T')",
        result: "3",
    }],
};

/// Which rows `table` may be asked for: what Kusto has in its cache, and all others.
pub(crate) const KEPT: [&str; 3] = ["all", "hotcache", "default"];

const DATABASE: Form = Form {
    name: "database",
    meaning: FormMeaning::Database,
    syntax: "database([name]).table",
    about: "A table of the snapshot that was loaded by this name; without a name, of what has none.",
    examples: &[],
};

const HISTORY: Form = Form {
    name: "history",
    meaning: FormMeaning::History,
    syntax: "history(table [, from, to]): table",
    about: "The rows that all snapshots of a store have of a table, oldest first, with the moment of each as `snapshot`.",
    examples: &[],
};

const ARG: Form = Form {
    name: "arg",
    meaning: FormMeaning::ResourceGraph,
    syntax: "arg(\"\").table",
    about: "A table of Resource Graph, as other services name it.",
    examples: &[],
};

const LET: Form = Form {
    name: "let",
    meaning: FormMeaning::Statement,
    syntax: "let name = value | table | (parameter: type, …) { … };",
    about: "Gives a name to a value, a table or a function.",
    examples: &[Example { query: "let twice = (x: long) { x * 2 }; print twice(4)", result: "8" }],
};

const SET: Form = Form {
    name: "set",
    syntax: "set option [= value];",
    about: "Sets an option of Kusto; those that change no answer are taken.",
    examples: &[Example { query: "set notruncation; print 1", result: "1" }],
    ..LET
};

const DECLARE: Form = Form {
    name: "declare query_parameters",
    syntax: "declare query_parameters(name: type [= default], …);",
    about: "Declares values that are given to the query from outside.",
    examples: &[Example { query: "declare query_parameters(n: long = 5); print n", result: "5" }],
    ..LET
};

const PATTERN: Form = Form {
    name: "declare pattern",
    syntax: "declare pattern name = (argument: string, …)[path: string] { (\"text\", …).[\"text\"] = { table }; … };",
    about: "Gives a name to tables that are told apart by texts: `name(\"text\").text`.",
    examples: &[Example {
        query: "declare pattern age = (who: string) { ('Tom') = { print 9 }; ('Rex') = { print 4 }; }; age('Rex')",
        result: "4",
    }],
    ..LET
};
