"""Other tools open the files of a snapshot and find paths as columns: store.py SNAPSHOT"""

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
