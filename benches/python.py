"""Q1 of the other benches as a data frame, asked from Python of argql, DuckDB and duckdb-kql in turn.

    python.py EXPORT [--runs N]

EXPORT is a folder with `securityresources.ndjson`, a row a line. Each engine has the rows in memory, in its own form,
before it is timed: argql by a first answer, DuckDB as a table of a hand-written struct of the paths that the question
needs, duckdb-kql as a table with `properties` as JSON, as its clients find it. Every answer is compared with that of
DuckDB. A line for each engine: milliseconds to pandas, polars and Arrow, the median of interleaved runs and the
quickest.

    python -m venv peers && peers/bin/pip install argql duckdb duckdb-kql pandas polars pyarrow
    peers/bin/python benches/python.py export/
"""

import argparse
import gc
import statistics
import time
from pathlib import Path

import duckdb
import duckdb_kql
import polars
import pyarrow

import argql

KQL = (Path(__file__).parent / "exempted-in-detail.kql").read_text()

# What DuckDB reads of `properties`.
PATHS = """struct(
    displayName varchar,
    metadata struct(severity varchar, categories varchar[], implementationEffort varchar, userImpact varchar),
    resourceDetails struct(ResourceName varchar, ResourceType varchar, Source varchar),
    status struct(cause varchar, description varchar, statusChangeDate varchar, firstEvaluationDate varchar),
    links struct(azurePortal varchar))"""

SQL = """
select id, name, subscriptionId, resourceGroup, coalesce(properties.displayName, '') as recommendation,
    coalesce(properties.metadata.severity, '') as severity,
    coalesce(properties.metadata.categories[1], '') as category,
    coalesce(properties.metadata.implementationEffort, '') as effort,
    coalesce(properties.metadata.userImpact, '') as impact,
    coalesce(properties.resourceDetails.ResourceName, '') as resource,
    coalesce(properties.resourceDetails.ResourceType, '') as kind,
    coalesce(properties.resourceDetails.Source, '') as cloud,
    coalesce(properties.status.description, '') as reason,
    try_cast(properties.status.statusChangeDate as timestamptz) as since,
    try_cast(properties.status.firstEvaluationDate as timestamptz) as first,
    'https://' || coalesce(properties.links.azurePortal, '') as link
from securityresources
where type = 'microsoft.security/assessments' and properties.status.cause = 'Exempt'
"""

FORMS = ("pandas", "polars", "arrow")


def asker(name, export):
    """A function that answers Q1 in a form, over rows in memory."""
    if name == "argql":
        engine = argql.Engine().load(export / "securityresources.ndjson")
        frames = {"pandas": argql.Table.to_pandas, "polars": polars.DataFrame, "arrow": pyarrow.table}
        return lambda form: frames[form](engine.query(KQL))
    connection = duckdb_kql.connect() if name == "duckdb-kql" else duckdb.connect()
    connection.execute("set timezone = 'UTC'")
    properties = "json" if name == "duckdb-kql" else PATHS
    connection.execute(
        f"""create table securityresources as from read_json('{export}/securityresources.ndjson',
            format = 'newline_delimited', maximum_object_size = 200000000, columns = {{id: 'varchar', name: 'varchar',
            type: 'varchar', subscriptionId: 'varchar', resourceGroup: 'varchar', properties: '{properties}'}})"""
    )
    frames = {"pandas": "df", "polars": "pl", "arrow": "to_arrow_table"}
    if name == "duckdb-kql":
        # It takes these for words of the language.
        text = KQL.replace("    kind =", "    ['kind'] =").replace("    first =", "    ['first'] =")
        return lambda form: getattr(duckdb_kql.kql(connection, text), frames[form])()
    return lambda form: getattr(connection.sql(SQL), frames[form])()


def known(frame):
    """What two answers have in common if they are right: how many rows, and some columns of them in order."""
    return sorted(zip(*(frame[column].to_pylist() for column in ("id", "severity", "category", "resource", "reason"))))


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("export", type=Path)
    arguments.add_argument("--runs", type=int, default=9)
    options = arguments.parse_args()

    askers, expected = {}, None
    for name in ("duckdb", "argql", "duckdb-kql"):
        begin = time.perf_counter()
        askers[name] = asker(name, options.export)
        answer = known(askers[name]("arrow"))
        print(f"{name}: {len(answer)} rows, first answer after {time.perf_counter() - begin:.2f} s")
        expected = answer if expected is None else expected
        if answer != expected:
            raise SystemExit(f"{name} has another answer than duckdb")

    times = {(name, form): [] for name in askers for form in FORMS}
    for _ in range(options.runs):
        for (name, form), taken in times.items():
            gc.collect()
            begin = time.perf_counter()
            frame = askers[name](form)
            taken.append((time.perf_counter() - begin) * 1000)
            assert len(frame) == len(expected)
    print(f"{'':12}" + "".join(f"{form:>20}" for form in FORMS))
    for name in askers:
        cells = (times[name, form] for form in FORMS)
        print(f"{name:12}" + "".join(f"{statistics.median(cell):12.1f} ({min(cell):.1f})".rjust(20) for cell in cells))


if __name__ == "__main__":
    main()
