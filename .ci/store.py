"""Other tools open the files of a snapshot and find paths as columns, and put one together that shares the same rows:
store.py SNAPSHOT LATER"""

import json
import sys
from pathlib import Path

import duckdb
import pandas
import polars

part = str(next(Path(sys.argv[1]).glob("securityresources-*.parquet")))
column = "properties.status.code"

query = f"""select "{column}", count(*) from '{part}' where "{column}" is not null group by 1"""
by_duckdb = dict(duckdb.sql(query).fetchall())
by_polars = dict(polars.read_parquet(part).drop_nulls(column).group_by(column).len().iter_rows())
by_pandas = pandas.read_parquet(part)[column].value_counts().to_dict()

assert by_duckdb and by_duckdb == by_polars == by_pandas, (by_duckdb, by_polars, by_pandas)
# What has no column of its own is JSON.
for rest in pandas.read_parquet(part)["properties"].dropna():
    json.loads(rest)
print(part, by_duckdb)

# Runs say where the rows of a later snapshot are.
later = Path(sys.argv[2])
runs = next(later.glob("securityresources-*.runs"))
query = f"""
select p.* exclude (filename, file_row_number)
from read_parquet('{runs}', file_row_number = true) r
join read_parquet('{later.parent}/*/securityresources-*.parquet', union_by_name = true, filename = true,
    file_row_number = true) p
  on p.filename = '{later.parent}/' || r.part and p.file_row_number between r.first and r.first + r.rows - 1
order by r.file_row_number, p.file_row_number
"""
rows = duckdb.sql(query).fetchall()
assert rows == duckdb.sql(f"select * from '{part}'").fetchall(), (runs, rows)
print(runs, len(rows))
