"""Azure Resource Graph's KQL, answered on your own machine over exported tables.

An `Engine` has tables and settings, a query asked of it gives a `Table`:

    >>> import argql
    >>> engine = argql.Engine().sample()  # a small made-up tenant; .load("export/") takes yours
    >>> answer = engine.query(
    ...     '''
    ...     securityresources
    ...     | where type == 'microsoft.security/assessments' and properties.status.cause == 'Exempt'
    ...     | summarize exempted = count() by severity = tostring(properties.metadata.severity)
    ...     | sort by exempted desc
    ...     '''
    ... )
    >>> answer
     severity │ exempted
    ──────────┼──────────
     Medium   │       25
     High     │       20
     Low      │       17
    3 rows

An answer hands its rows to whatever takes Arrow, without a copy: `polars.DataFrame(answer)`, `pyarrow.table(answer)`,
`duckdb.sql("from answer")`. It has `to_pandas()`, `to_polars()` and `to_dicts()`, and iterates over its rows:

    >>> [(severity, exempted) for severity, exempted in answer if exempted > 17]
    [('Medium', 25), ('High', 20)]

What a query declares as its parameters are keyword arguments; text is never put into a query:

    >>> engine.query("declare query_parameters(least: long); resources | where toint(1) >= least | count", least=2)[0]
    (0,)

What is wrong with a query is an exception that says where, and what helps:

    >>> try:
    ...     engine.query("resources | where lokation == 'westeurope'")
    ... except argql.QueryError as error:
    ...     print(error.code, error.help, error.place.span)
    AQ1001 did you mean `location`? (18, 26)

In a notebook, `%load_ext argql` gives `%argql`, `%kql` and `%%kql`.
"""

from argql import _show
from argql._argql import (
    Audit,
    Cancel,
    Cancelled,
    Chart,
    Checked,
    Column,
    Completion,
    Completions,
    DataError,
    DataPath,
    Diagnostic,
    Diff,
    Engine,
    Error,
    InternalError,
    LimitError,
    Limits,
    Name,
    Parameter,
    Paths,
    Place,
    Query,
    QueryError,
    Question,
    Report,
    Snapshot,
    SnapshotTable,
    Table,
    UsageError,
    __version__,
    checks,
    codes,
    diff,
    import_store,
    known_tables,
    layout,
    marks,
    question,
    questions,
    snapshots,
)

__all__ = [
    "Audit",
    "Cancel",
    "Cancelled",
    "Chart",
    "Checked",
    "Column",
    "Completion",
    "Completions",
    "DataError",
    "DataPath",
    "Diagnostic",
    "Diff",
    "Engine",
    "Error",
    "InternalError",
    "LimitError",
    "Limits",
    "Name",
    "Parameter",
    "Paths",
    "Place",
    "Query",
    "QueryError",
    "Question",
    "Report",
    "Snapshot",
    "SnapshotTable",
    "Table",
    "UsageError",
    "__version__",
    "checks",
    "codes",
    "diff",
    "import_store",
    "known_tables",
    "layout",
    "load_ipython_extension",
    "marks",
    "question",
    "questions",
    "snapshots",
    "unload_ipython_extension",
]

_show.dress()


def load_ipython_extension(shell: object) -> None:
    """What `%load_ext argql` calls."""
    from argql._magic import load

    load(shell)


def unload_ipython_extension(shell: object) -> None:
    """What `%unload_ext argql` calls."""
    from argql._magic import unload

    unload(shell)
