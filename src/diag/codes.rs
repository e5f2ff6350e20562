//! The codes of all diagnostics, each with its title, explanation, and Kusto's own code where one fits.

/// A kind of complaint, the same for as long as argql exists. `AQ0` syntax, `AQ1` names, `AQ2` types and arguments, `AQ3` data, `AQ4` limits, `AQ5` Kusto
/// that Resource Graph does not take, `AQ6` calls that name what is not there.
///
/// ```
/// let error = argql::Engine::new().prepare("print nwo()").unwrap_err();
/// let code = error.diagnostics()[0].code;
/// assert_eq!((code.id, code.title), ("AQ1003", "unknown function"));
/// ```
#[derive(Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Code {
    /// `AQ` and four digits.
    pub id: &'static str,
    /// A few words.
    pub title: &'static str,
    /// What it means and what to do.
    pub about: &'static str,
    /// The code Kusto reports in the same case, where there is one.
    pub kusto: Option<&'static str>,
}

macro_rules! codes {
    ($($name:ident $id:literal $title:literal $(= $kusto:literal)? : $about:literal;)*) => {
        $(pub(crate) const $name: &Code = &Code { id: $id, title: $title, about: $about, kusto: codes!(@ $($kusto)?) };)*

        const ALL: &[&Code] = &[$($name),*];
    };
    (@) => { None };
    (@ $kusto:literal) => { Some($kusto) };
}

/// Every code there is, by family.
///
/// ```
/// let unknown = argql::codes().iter().find(|code| code.id == "AQ1001").unwrap();
/// assert_eq!((unknown.title, unknown.kusto), ("unknown column", Some("KS142")));
/// ```
pub fn codes() -> &'static [&'static Code] {
    ALL
}

codes! {
    UNEXPECTED "AQ0001" "unexpected text" = "KS006": "The parser expected something else here; the message lists what.";
    BAD_TOKEN "AQ0002" "no token of KQL": "A character or literal that the language does not have.";
    UNTERMINATED "AQ0003" "unfinished literal" = "KS005": "A string, bracketed name or multi-line literal has no end.";
    BAD_ESCAPE "AQ0004" "unknown escape": "Strings know \\\\ \\' \\\" \\a \\b \\f \\n \\r \\t \\v, octal, \\x, \\u and \\U; write @'…' for text with plain backslashes.";
    BAD_LITERAL "AQ0005" "malformed literal": "The text inside a typed literal such as long(…) or datetime(…) is not one of that type.";
    TOO_DEEP "AQ0006" "too deeply nested": "Brackets or operators are nested deeper than the limit.";
    UNKNOWN_OPERATOR "AQ0007" "unknown tabular operator" = "KS006": "No operator of KQL has this name.";
    UNSUPPORTED "AQ0008" "not implemented": "KQL has this, argql cannot run it yet. It is refused so that no wrong answer is given.";
    NO_QUERY "AQ0009" "no query": "The text holds no statement that gives rows: it is empty, or has only comments, `let`, `set` or `declare`.";
    UNKNOWN_COLUMN "AQ1001" "unknown column" = "KS142": "No column of the pipeline has this name here. Names are case-sensitive.";
    UNKNOWN_TABLE "AQ1002" "unknown table" = "KS204": "No table of this name is loaded, known or defined.";
    UNKNOWN_FUNCTION "AQ1003" "unknown function" = "KS211": "No function of KQL has this name.";
    DUPLICATE_NAME "AQ1004" "name given twice": "Two columns or definitions of one operator carry the same name.";
    AGGREGATE_HERE "AQ1005" "aggregate outside summarize": "An aggregate works on groups of rows, and there are none here.";
    NOT_AGGREGATED "AQ1006" "column outside an aggregate": "In summarize, columns may be read only inside aggregates and in the by clause.";
    PARAMETER "AQ1007" "query parameter": "The query declares a parameter that nobody gave a value to, or a value was given for one that it does not declare.";
    INCLUDE "AQ1008" "include": "A comment `// include: NAME` at the head of a query puts in the functions of the file NAME.kql. There is no such file, it includes itself, or it holds more than `let` statements.";
    UNKNOWN_DATABASE "AQ1009" "unknown database": "No snapshot of this name is loaded. Names of databases are case-sensitive.";
    FINDING "AQ1010" "finding": "A comment `// finding: SENTENCE` at the head of a query that is a check says what a row of its answer is: columns stand in braces, `{name}`, and what is left out when they are empty in brackets, `[, until {expiresOn}]`.";
    WRONG_TYPE "AQ2001" "wrong type" = "KS107": "The value has a type that does not fit here.";
    NO_OVERLOAD "AQ2002" "operator not defined for these types" = "KS106": "The operator exists, but not for values of these types.";
    WRONG_COUNT "AQ2003" "wrong number of arguments" = "KS119": "The function takes fewer or more arguments.";
    NOT_CONSTANT "AQ2004" "constant wanted" = "KS129": "The value must be known before any row is read.";
    BAD_ARGUMENT "AQ2005" "argument out of range": "The argument has the right type, but not a value the function takes.";
    DYNAMIC_KEY "AQ2006" "dynamic value as a key" = "KS116": "Dynamic values cannot be grouped, sorted, joined or made distinct; convert them first, for example with tostring().";
    UNORDERED "AQ2007" "rows without an order": "Functions such as row_number() and prev() read the rows in their order, and here it is open. Sort the rows first, or write `serialize` to take them in the order they have.";
    CHART "AQ2010" "chart not drawn so": "render asks for a picture that cannot be drawn, or in a way that is not known. The rows are the same.";
    OTHER_WAY "AQ2011" "by another way than Kusto's": "How Kusto computes a part of this is documented nowhere. argql does it in a way of its own, which meets nearly all of the documented answers; others may differ.";
    NOT_LOADED "AQ3001" "table is not loaded": "The table is known, but no file that was given holds it.";
    NO_TABLE "AQ3002" "no table in file": "The file is readable, but none of the export shapes is recognised in it.";
    MALFORMED "AQ3003" "malformed data": "The file is not valid JSON at this place; nothing of it is used.";
    TRUNCATED "AQ3004" "truncated data": "The file ends in the middle of a value; nothing of it is used.";
    UNREADABLE "AQ3005" "file cannot be read": "The operating system refused, or the file changed while it was read.";
    INCOMPLETE "AQ3006" "export is incomplete": "The export itself says that rows are missing from it.";
    NO_ROWS "AQ3007" "rows that are needed": "The query says that its answer would be wrong without rows of this type, and the table that was loaded holds none of them.";
    STORE "AQ3008" "store": "A folder of snapshots, or a part of one, is not as it was written, cannot be written, or has not what is asked for.";
    OUT_OF_REACH "AQ3010" "file out of reach": "A query names a file itself, which it may read only if whoever runs it has allowed it to.";
    SETTINGS "AQ3011" "settings": "A file of settings, or a baseline of accepted findings, says what it cannot say here.";
    UNFIT "AQ3012" "no type for a column": "A column of a file, or a value in it, is of a type that KQL has none for. The rest of the file can be asked for.";
    CLUSTER "AQ3013" "several machines": "A job that several machines run cannot be run as it is: they are of different versions, find other tables, or cannot find the rows at all.";
    TOO_LARGE "AQ4001" "value beyond a limit": "A value, a nesting or a result is larger than argql handles.";
    NO_THREADS "AQ4002" "no threads": "The operating system does not start as many threads as were asked for.";
    OUT_OF_MEMORY "AQ4003" "memory limit": "What a query holds at a time (rows on their way, groups, joins, the answer) is larger than the limit that was set.";
    TOO_MANY_ROWS "AQ4004" "row limit": "The answer has more rows than the limit that was set.";
    OUT_OF_TIME "AQ4005" "time limit": "The query was given up after the time that was set.";
    CANCELLED "AQ4006" "interrupted": "Somebody stopped the query: Ctrl-C, or the program that asked it.";
    UNCOUNTED "AQ4007" "memory is not counted": "There is a memory limit, and the program that argql is part of has an allocator that does not count.";
    ARG_OPERATOR "AQ5001" "operator outside Resource Graph": "argql answers it, Azure Resource Graph does not have this operator.";
    ARG_JOIN "AQ5002" "join outside Resource Graph": "argql answers it, Azure Resource Graph does not take this kind of join, or hints.";
    ARG_STATEMENT "AQ5003" "statement outside Resource Graph": "argql answers it, Azure Resource Graph takes one query and no let, set or declare.";
    ARG_LIMIT "AQ5004" "beyond a limit of Resource Graph": "argql answers it, Azure Resource Graph takes no more than three joins, three unions and three mv-expand in a query.";
    USAGE "AQ6001" "no such thing": "What a program or a command asks for by name (a saved question, a check, a parameter, a function) is not there, or cannot be asked for so.";
}
