"""Opens the files in a folder as other programs do, and looks at what they find."""

import datetime
import decimal
import json
import pathlib
import sys

import duckdb
import openpyxl
import pandas
import polars

folder = pathlib.Path(sys.argv[1])
parquet, arrow = str(folder / "answer.parquet"), str(folder / "answer.arrow")
TEXT = "a\"\\\n\x01é_x0041_"
LONG = [-(2**63), 2**63 - 1, None]
DECIMALS = [decimal.Decimal("-1.5"), decimal.Decimal(79228162514264337593543950335), None]
FIRST = int(datetime.datetime(1677, 9, 22, tzinfo=datetime.UTC).timestamp()) * 10**9
LAST = 9223372036854775800
TICKS = [-15_000_000, 106_751 * 864_000_000_000 + 1, None]


def same(found, wanted):
    assert list(found) == list(wanted), (found, wanted)


def columns(rows):
    return [list(column) for column in zip(*rows)]


# DuckDB: a file is a table.
b, i, l, r, d, s, t, n, g, y = columns(duckdb.sql(f"from '{parquet}'").fetchall())
same(b, [True, False, None])
same(i, [-(2**31), 2**31 - 1, None])
same(l, LONG)
assert r[0] == float("-inf") and r[1] != r[1] and r[2] is None
same(d, DECIMALS)
same(s, ["=1+1", TEXT, ""])
same(n, TICKS)
same(g, ["00000000-0000-0000-0000-000000000001", "ffffffff-ffff-ffff-ffff-ffffffffffff", None])
same(y, ['{"z":[1,9007199254740993],"a":null}', '"x"', None])
found = duckdb.sql(f"select y->>'$.z[1]', epoch_ns(t) from '{parquet}'").fetchall()
same(found, [("9007199254740993", FIRST), (None, LAST), (None, None)])

# Polars and pandas: both files.
for frame in (polars.read_parquet(parquet), polars.read_ipc(arrow)):
    same(frame["l"], LONG)
    same(frame["d"], DECIMALS)
    same(frame["s"], ["=1+1", TEXT, ""])
    assert str(frame["t"].dtype) == "Datetime(time_unit='ns', time_zone='UTC')", frame["t"].dtype
    assert frame["t"].cast(polars.Int64)[0] == FIRST
    assert frame["y"].str.json_path_match("$.z[0]")[0] == "1"
same(polars.read_parquet(parquet)["n"], TICKS)
assert polars.read_ipc(arrow)["n"].cast(polars.Int64)[0] == -1_500_000_000
for frame in (pandas.read_parquet(parquet), pandas.read_feather(arrow)):
    assert frame["t"][1].value == LAST, frame["t"][1].value
    assert frame["s"][1] == TEXT and frame["d"][1] == DECIMALS[1]
    assert pandas.isna(frame["t"][2]) and frame["s"][2] == ""

# A workbook: nothing is computed, numbers and dates are such, names stay in sight and filter.
book = openpyxl.load_workbook(folder / "answer.xlsx")
assert book.sheetnames == ["Answer"]
cells = book["Answer"]
assert cells.freeze_panes == "A2" and cells.auto_filter.ref == "A1:J4"
assert cells["F2"].value == "=1+1" and cells["F2"].data_type in ("s", "inlineStr"), cells["F2"].data_type
assert cells["C2"].value == str(LONG[0]) and cells["B2"].value == -(2**31) and cells["A2"].value is True
assert isinstance(cells["G3"].value, datetime.datetime), cells["G3"].value
assert all(cell.value is None for cell in cells[4])

# Ids lead to the portal.
ids = [row["id"] for row in json.load(open(folder / "ids.json"))]
sheet = openpyxl.load_workbook(folder / "links.xlsx").worksheets[0]
for row, wanted in enumerate(ids, 2):
    cell = sheet.cell(row, 1)
    assert cell.value == wanted, (cell.value, wanted)
    assert cell.hyperlink.target == "https://portal.azure.com/", cell.hyperlink.target
    assert cell.hyperlink.location.startswith("@/resource/subscriptions/"), cell.hyperlink.location
assert sheet.column_dimensions["A"].width > 40

report = openpyxl.load_workbook(folder / "report.xlsx")
first = report["Contents"]
assert first["A1"].value == "Exemptions"
links = [cell.hyperlink.location for (cell,) in first.iter_rows(max_col=1) if cell.hyperlink]
assert len(links) == len(report.sheetnames) - 1, links
assert all(link.split("!")[0].strip("'") in report.sheetnames for link in links), links
