"""Every type of KQL there and back, with its extremes. What is expected is written by hand."""

from __future__ import annotations

import math
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import argql
import duckdb
import numpy
import pandas
import polars
import pyarrow
import pytest

ENGINE = argql.Engine()
UTC = timezone.utc

# A type, how a query writes a value of it, and what Python has for it.
VALUES: list[tuple[str, str, Any]] = [
    ("bool", "true", True),
    ("bool", "false", False),
    ("bool", "bool(null)", None),
    ("int", "int(2147483647)", 2**31 - 1),
    ("int", "int(-2147483648)", -(2**31)),
    ("int", "int(null)", None),
    ("long", "9223372036854775807", 2**63 - 1),
    ("long", "long(-9223372036854775808)", -(2**63)),
    ("long", "9007199254740993", 2**53 + 1),
    ("long", "long(null)", None),
    ("real", "1.7976931348623157e308", 1.7976931348623157e308),
    ("real", "real(5e-324)", 5e-324),
    ("real", "0.1", 0.1),
    ("real", "real(+inf)", math.inf),
    ("real", "real(-inf)", -math.inf),
    ("real", "real(null)", None),
    ("decimal", "decimal(79228162514264337593543950335)", Decimal("79228162514264337593543950335")),
    ("decimal", "decimal(-0.0000000000000000000000000001)", Decimal("-1E-28")),
    ("decimal", "decimal(1.10)", Decimal("1.10")),
    ("decimal", "decimal(null)", None),
    ("string", "''", ""),
    ("string", "'Zürich 🐈 \\u0000'", "Zürich 🐈 \0"),
    ("datetime", "datetime(0001-01-01)", datetime(1, 1, 1, tzinfo=UTC)),
    ("datetime", "datetime(9999-12-31T23:59:59.999999)", datetime(9999, 12, 31, 23, 59, 59, 999999, UTC)),
    ("datetime", "datetime(1969-12-31T23:59:59.000001)", datetime(1969, 12, 31, 23, 59, 59, 1, UTC)),
    ("datetime", "datetime(null)", None),
    ("timespan", "timespan(-1.00:00:00.000001)", -timedelta(days=1, microseconds=1)),
    (
        "timespan",
        "timespan(10675199.02:48:05.477580)",
        timedelta(days=10675199, hours=2, minutes=48, seconds=5, microseconds=477580),
    ),
    ("timespan", "0s", timedelta(0)),
    ("timespan", "timespan(null)", None),
    ("guid", "guid(00000000-0000-0000-0000-000000000000)", UUID(int=0)),
    ("guid", "guid(ffffffff-ffff-ffff-ffff-ffffffffffff)", UUID(int=2**128 - 1)),
    ("guid", "guid(null)", None),
    ("dynamic", "dynamic(null)", None),
    ("dynamic", "dynamic({'a': [1, 2.5, 'x', null, true], 'ü': {}})", {"a": [1, 2.5, "x", None, True], "ü": {}}),
    ("dynamic", "dynamic([])", []),
    ("dynamic", "dynamic(9223372036854775807)", 2**63 - 1),
    ("dynamic", "dynamic('text')", "text"),
]
IDS = [literal for _, literal, _ in VALUES]
GUID = "guid(00000000-0000-0000-0000-000000000001)"
FINEST = "datetime(2026-11-29T12:00:00.1234567)"


def same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and one == other and str(one) == str(other)


@pytest.mark.parametrize(("kind", "literal", "value"), VALUES, ids=IDS)
def test_a_value_becomes_an_object(kind: str, literal: str, value: Any) -> None:
    table = ENGINE.query(f"print v = {literal}")
    assert [(column.name, column.type) for column in table.columns] == [("v", kind)]
    for got in (table[0][0], table.to_dicts()[0]["v"], table["v"][0], next(iter(table))[0], next(table.rows())[0]):
        assert same(got, value), got


@pytest.mark.parametrize(("kind", "literal", "value"), VALUES, ids=IDS)
def test_an_object_becomes_a_value_of_a_declared_parameter(kind: str, literal: str, value: Any) -> None:
    table = ENGINE.query(f"declare query_parameters(v: {kind}); print v", v=value)
    assert table.columns[0].type == kind
    assert same(table[0][0], value), table[0][0]


@pytest.mark.parametrize(("kind", "literal", "value"), VALUES, ids=IDS)
def test_a_table_is_a_table_again(kind: str, literal: str, value: Any) -> None:
    table = ENGINE.query(f"print v = {literal}, other = 1")
    for again in (table, pyarrow.table(table)):
        back = ENGINE.table("back", again).query("back")
        assert back.columns == table.columns
        assert same(back[0][0], value), back[0][0]


@pytest.mark.parametrize(("kind", "literal", "value"), [v for v in VALUES if v[2] is not None], ids=lambda v: None)
def test_rows_of_dicts_have_the_types_of_their_values(kind: str, literal: str, value: Any) -> None:
    back = ENGINE.table("t", [{"v": value}, {"v": value}]).query("t")
    of = {"int": "long"}.get(kind, kind)
    if kind == "dynamic" and not isinstance(value, (dict, list)):
        of = {int: "long", str: "string"}[type(value)]
    assert back.columns[0].type == of
    assert [row["v"] for row in back.to_dicts()] == [value, value]


def test_not_a_number_is_not_null() -> None:
    table = ENGINE.query("print a = real(nan), b = real(null)")
    nan, null = table[0]
    assert math.isnan(nan) and null is None
    frame = table.to_pandas()
    assert frame["b"].isna().all() and math.isnan(frame["a"].to_numpy(dtype=float)[0])
    assert table.to_polars()["a"].is_nan().all() and table.to_polars()["b"].is_null().all()


def test_tenths_of_microseconds_are_not_lost_in_silence() -> None:
    table = ENGINE.query(f"print t = {FINEST}, s = 1tick, n = 5")
    expected = (datetime(2026, 11, 29, 12) - datetime(1, 1, 1)) // timedelta(seconds=1) * 10_000_000 + 1_234_567
    for call in (table.to_dicts, lambda: table["t"], lambda: table[0], lambda: list(table)):
        with pytest.raises(ValueError, match='ask for times="ticks"'):
            call()
    assert table.to_dicts(times="ticks") == [{"t": expected, "s": 1, "n": 5}]
    assert list(table.rows(times="ticks")) == [(expected, 1, 5)]
    assert [column.type for column in table.ticks().columns] == ["long", "long", "long"]
    assert table.to_pandas()["t"][0].value % 1_000_000_000 == 123_456_700
    assert table.to_pandas(times="ticks")["t"][0] == expected
    assert table.to_polars()["t"].dt.nanosecond()[0] == 123_456_700
    assert table.to_polars(times="ticks").row(0) == (expected, 1, 5)


def test_moments_that_are_far_are_whole_in_every_frame() -> None:
    table = ENGINE.query("datatable(t: datetime)[datetime(0001-01-01), datetime(9999-12-31T23:59:59.999999)]")
    far = [datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, 999999, UTC)]
    assert table["t"] == far
    assert table.to_polars()["t"].to_list() == far
    assert [str(moment) for moment in table.to_pandas()["t"]] == [
        "0001-01-01 00:00:00+00:00",
        "9999-12-31 23:59:59.999999+00:00",
    ]
    both = ENGINE.query(f"datatable(t: datetime)[datetime(0001-01-01), {FINEST}]")
    assert both.to_polars()["t"].to_list() == ["0001-01-01T00:00:00.0000000Z", "2026-11-29T12:00:00.1234567Z"]


def test_moments_of_any_zone_are_the_same_moment() -> None:
    east = datetime(2026, 11, 29, 14, 30, tzinfo=timezone(timedelta(hours=2)))
    query = "declare query_parameters(t: datetime); print t"
    at = datetime(2026, 11, 29, 12, 30, tzinfo=UTC)
    for moment in (east, at, datetime(2026, 11, 29, 12, 30), pandas.Timestamp(east), "2026-11-29T12:30:00Z"):
        assert ENGINE.query(query, t=moment)[0][0] == at
    assert ENGINE.query(query, t=date(2026, 11, 29))[0][0] == datetime(2026, 11, 29, tzinfo=UTC)


def test_numbers_of_numpy_are_numbers() -> None:
    query = "declare query_parameters(n: long, r: real, b: bool); print n, r, b"
    assert ENGINE.query(query, n=numpy.int64(5), r=numpy.float64(0.5), b=numpy.bool_(True))[0] == (5, 0.5, True)


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        (2**63, OverflowError),
        (object(), TypeError),
        (1 + 2j, TypeError),
        ({1: 2}, TypeError),
        (Decimal("NaN"), ValueError),
        (Decimal(10) ** 38, ValueError),
        (timedelta.max, OverflowError),
        (pandas.Timestamp("2026-01-01T00:00:00.000000001"), ValueError),
    ],
    ids=repr,
)
def test_what_kql_has_nothing_for_is_refused(value: Any, fault: type[Exception]) -> None:
    with pytest.raises(fault):
        ENGINE.query("declare query_parameters(v: dynamic); print v", v=value)


def test_pandas_keeps_every_value() -> None:
    table = ENGINE.query(
        "datatable(b: bool, i: int, l: long, r: real, d: decimal, s: string, t: datetime, w: timespan, g: guid, "
        "x: dynamic)["
        "true, 1, 9007199254740993, 0.5, decimal(1.5), 'a', datetime(2026-11-29), 1h, "
        "guid(00000000-0000-0000-0000-000000000001), dynamic({'a': [1]}),"
        "bool(null), int(null), long(null), real(null), decimal(null), '', datetime(null), timespan(null), guid(null), "
        "dynamic(null)]"
    )
    frame = table.to_pandas()
    assert list(frame.columns) == [column.name for column in table.columns]
    kinds = [str(kind) for kind in frame.dtypes]
    assert kinds[:4] == ["boolean", "Int32", "Int64", "Float64"]
    assert kinds[6:8] == ["datetime64[ns, UTC]", "timedelta64[ns]"]
    first = frame.iloc[0].tolist()
    assert first[:6] == [True, 1, 2**53 + 1, 0.5, Decimal("1.5"), "a"]
    assert first[6:8] == [pandas.Timestamp("2026-11-29", tz="UTC"), pandas.Timedelta(hours=1)]
    assert first[8:] == [UUID(int=1), {"a": [1]}]
    assert frame.iloc[1].drop("s").isna().all() and frame["s"][1] == ""


def test_an_answer_without_rows_has_its_columns_everywhere() -> None:
    answer = ENGINE.query(f"range n from 1 to 3 step 1 | extend g = {GUID}, x = dynamic({{}}) | where n > 5")
    assert len(answer) == 0 and list(answer) == [] and answer.to_dicts() == []
    assert list(answer.to_pandas().columns) == ["n", "g", "x"] and len(answer.to_pandas()) == 0
    assert answer.to_polars().shape == (0, 3)
    assert pyarrow.table(answer).num_rows == 0
    assert duckdb.sql("select count(*) from answer").fetchall() == [(0,)]


def test_arrow_goes_in_from_everywhere() -> None:
    columns = {"name": ["Tom", "Rex", None], "lives": [9, 1, None]}
    arrow = pyarrow.table(columns)
    given: list[Any] = [
        arrow,
        arrow.to_batches()[0],
        polars.DataFrame(columns),
        duckdb.sql("select * from arrow"),
        pandas.DataFrame({"name": columns["name"], "lives": pandas.array(columns["lives"], dtype="Int64")}),
        [dict(zip(columns, row)) for row in zip(*columns.values())],
        (dict(zip(columns, row)) for row in zip(*columns.values())),
        b'[{"name":"Tom","lives":9},{"name":"Rex","lives":1},{"name":null,"lives":null}]',
        bytearray(b'{"name":"Tom","lives":9}\n{"name":"Rex","lives":1}\n{"name":null,"lives":null}\n'),
        memoryview(b"name,lives\nTom,9\nRex,1\n,\n"),
    ]
    for data in given:
        engine = ENGINE.table("pets", data)
        answer = engine.query("pets | where tolong(lives) > 0 | project name = tostring(name), lives = tolong(lives)")
        assert list(answer) == [("Tom", 9), ("Rex", 1)], type(data)
        assert engine.count("pets") == 3


def test_arrow_comes_out_to_everything() -> None:
    answer = ENGINE.query("range n from 1 to 3 step 1 | extend s = strcat('row ', n)")
    rows = [(1, "row 1"), (2, "row 2"), (3, "row 3")]
    assert polars.DataFrame(answer).rows() == rows
    assert [tuple(row.values()) for row in pyarrow.table(answer).to_pylist()] == rows
    assert duckdb.sql("from answer").fetchall() == rows
    assert duckdb.sql("select sum(n) from answer where s <> 'row 2'").fetchall() == [(4,)]
    for kind in (pyarrow.string(), pyarrow.large_string(), pyarrow.string_view()):
        schema = pyarrow.schema([("n", pyarrow.int64()), ("s", kind)])
        assert pyarrow.table(answer, schema=schema).schema.field("s").type == kind


def test_fields_say_their_kql_type() -> None:
    schema = pyarrow.schema(ENGINE.query(f"print g = {GUID}, x = dynamic({{}}), t = now()"))
    assert [field.metadata[b"kql.type"] for field in schema] == [b"guid", b"dynamic", b"datetime"]
