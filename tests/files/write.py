"""Writes files of columns as other programs do, for argql to read."""

import datetime
import decimal
import pathlib
import sys
import uuid

import duckdb
import polars
import pyarrow
import pyarrow.feather
import pyarrow.parquet

folder = pathlib.Path(sys.argv[1])
noon = datetime.datetime(2020, 1, 1, 12, 0, 0, 1)
table = pyarrow.table(
    {
        "i8": pyarrow.array([1, None], pyarrow.int8()),
        "u64": pyarrow.array([1, None], pyarrow.uint64()),
        "i64": pyarrow.array([-(2**63), None]),
        "f32": pyarrow.array([0.5, None], pyarrow.float32()),
        "b": pyarrow.array([True, None]),
        "s": pyarrow.array(["x", None]),
        "large": pyarrow.array(["y", None], pyarrow.large_string()),
        "coded": pyarrow.array(["c", None]).dictionary_encode(),
        "d": pyarrow.array([decimal.Decimal("1.50"), None], pyarrow.decimal128(10, 2)),
        "t": pyarrow.array([noon, None], pyarrow.timestamp("us")),
        "zone": pyarrow.array([noon.replace(tzinfo=datetime.UTC), None], pyarrow.timestamp("us", "Europe/Berlin")),
        "day": pyarrow.array([noon.date(), None]),
        "time": pyarrow.array([noon.time(), None]),
        "length": pyarrow.array([datetime.timedelta(days=1, seconds=1), None]),
        "list": pyarrow.array([[1, None, 3], None]),
        "bag": pyarrow.array([{"a": 1, "b": {"c": "x", "t": noon}}, None]),
        "void": pyarrow.array([None, None]),
    }
)
guids = pyarrow.array([uuid.UUID(int=5).bytes, None], pyarrow.binary(16))
more = table.append_column("g", pyarrow.ExtensionArray.from_storage(pyarrow.uuid(), guids))
more = more.append_column("map", pyarrow.array([[("k", 1), ("l", None)], None], pyarrow.map_(pyarrow.string(), pyarrow.int32())))
pyarrow.parquet.write_table(more, folder / "pyarrow.parquet")
pyarrow.feather.write_feather(more, str(folder / "feather.feather"))
with pyarrow.ipc.new_stream(str(folder / "stream.arrows"), more.schema) as writer:
    writer.write_table(more)
    writer.write_table(more)

far = pyarrow.table({"t": pyarrow.array([datetime.datetime(1, 1, 2), noon.replace(year=3000), None], pyarrow.timestamp("us"))})
pyarrow.parquet.write_table(far, folder / "int96.parquet", use_deprecated_int96_timestamps=True, store_schema=False)

frame = polars.from_arrow(table)
frame.write_parquet(folder / "polars.parquet")
frame.write_ipc(folder / "polars_arrow.arrow", compression="zstd")
frame.write_ipc_stream(folder / "polars_stream.arrows")

table.to_pandas().to_parquet(folder / "pandas.parquet")

duckdb.sql(
    f"""copy (select 1::tinyint i, 2::ubigint u, 3.25::decimal(9, 2) d, 'x' s, 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid g,
    '{{"a":[1,2]}}'::json j, {{'a': 1, 'b': ['x']}} bag, map {{'k': 1}} m, timestamp '2020-01-01' t, date '2020-01-01' as dt,
    timestamptz '2020-01-01 00:00+00' as tz, time '01:02:03' as tm, 'v'::enum('v', 'w') e) to '{folder}/duckdb.parquet'"""
)
duckdb.sql(
    f"""copy (select '/a' id, 'microsoft.security/assessments' "TYPE", 'westeurope' location,
    '{{"status":{{"code":"Healthy"}}}}' properties) to '{folder}/securityresources.parquet'"""
)
