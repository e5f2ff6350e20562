"""Answers as what Python knows: a sequence of rows, text, files, pictures."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import argql
import pyarrow.parquet
import pytest


@pytest.fixture(scope="module")
def numbers() -> argql.Table:
    return argql.Engine().query("range n from 0 to 99 step 1 | extend s = tostring(n)")


def test_a_table_is_a_sequence_of_rows(numbers: argql.Table) -> None:
    assert len(numbers) == 100
    assert numbers[0] == (0, "0") and numbers[-1] == (99, "99")
    assert list(numbers[98:]) == [(98, "98"), (99, "99")]
    assert list(numbers[::40]) == [(0, "0"), (40, "40"), (80, "80")]
    assert list(numbers[::-1])[0] == (99, "99")
    assert numbers["n"] == list(range(100))
    assert len(numbers.head()) == 5 and len(numbers.head(1000)) == 100
    assert numbers.to_dicts()[7] == {"n": 7, "s": "7"}
    assert sum(n for n, _ in numbers) == 4950
    assert bool(numbers) and not numbers[:0]
    assert numbers.nbytes > 800


@pytest.mark.parametrize(("key", "fault"), [(100, IndexError), (-101, IndexError), ("m", KeyError), (1.5, TypeError)])
def test_what_is_not_there_is_said(numbers: argql.Table, key: Any, fault: type[Exception]) -> None:
    with pytest.raises(fault):
        numbers[key]


def test_a_column_that_is_not_there_has_a_neighbour(numbers: argql.Table) -> None:
    with pytest.raises(KeyError, match="did you mean `name`"):
        argql.Engine().query("print name = 1")["nmae"]


def test_columns_say_their_name_and_type(numbers: argql.Table) -> None:
    first = numbers.columns[0]
    assert (first.name, first.type) == ("n", "long")
    assert repr(first) == "Column(name='n', type='long')"
    assert first == argql.Engine().query("print n = 1").columns[0] and len({first, first}) == 1


def test_long_answers_show_their_first_rows(numbers: argql.Table) -> None:
    lines = repr(numbers).split("\n")
    assert lines[-1] == "the first 20 of 100 rows" and lines[-2].split() == ["19", "│", "19"]
    assert repr(numbers[:3]) == str(numbers[:3]) and str(numbers).endswith("100 rows")


def test_wide_answers_are_as_wide_as_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    wide = argql.Engine().query(
        "print a = strcat_array(repeat('x y ', 100), ''), b = strcat_array(repeat('z ', 90), '')"
    )
    assert max(map(len, repr(wide).split("\n"))) <= 60 < max(map(len, str(wide).split("\n")))


def test_html_is_cut_to_size_and_escaped(numbers: argql.Table) -> None:
    page = numbers._repr_html_()
    assert page.count("<tr>") == 22 and "100 rows × 2 columns" in page and "⋮" in page
    odd = argql.Engine().query("print a = '<script>alert(1)</script>', ['<b>'] = strcat_array(repeat('x', 500), '')")
    page = odd._repr_html_()
    assert "<script>" not in page and "<b>" not in page and ">" + "x" * 79 + "…<" in page and 'title="xxx' in page


def test_every_value_can_be_shown() -> None:
    table = argql.Engine().query(
        "print t = datetime(2026-11-29T12:00:00.1234567), s = 1tick, n = long(null), b = true, "
        "x = dynamic({'a': 'ü'}), r = real(nan)"
    )
    page = table._repr_html_()
    for cell in (
        "2026-11-29T12:00:00.1234567Z",
        "00:00:00.0000001",
        ">null<",
        ">true<",
        "{&quot;a&quot;: &quot;ü&quot;}",
    ):
        assert cell in page, cell
    assert "2026-11-29T12:00:00.1234567Z" in repr(table)


def test_warnings_are_shown() -> None:
    table = argql.Engine().query("print a = 'x' | render timechart")
    assert table.chart is not None and table.chart.svg() is None and table.chart.refusal is not None
    assert "⚠" in table._repr_html_() and table.chart.refusal.message.split("`")[0].strip() in table._repr_html_()
    assert list(table._repr_mimebundle_()) == ["text/plain", "text/html"]
    assert table.chart._repr_mimebundle_()["text/plain"].endswith("the rows are shown as a table")


def test_render_is_a_picture() -> None:
    table = argql.Engine().query("print city = 'Ulm', n = 2 | render barchart with (title = 'cats & dogs')")
    chart = table.chart
    assert chart is not None and chart.kind == "barchart" and chart.properties == {"title": ["cats & dogs"]}
    picture = chart.svg()
    assert picture is not None and picture.startswith("<svg ") and "cats &amp; dogs" in picture
    assert table._repr_mimebundle_()["image/svg+xml"] == picture and picture in table._repr_html_()
    assert chart._repr_mimebundle_()["image/svg+xml"] == picture
    assert "█" in repr(table) and "cats & dogs" in repr(table)
    plain = argql.Engine().query("print city = 'Ulm', n = 2")
    assert plain.chart is None and "svg" not in str(plain._repr_mimebundle_().keys())
    drawn = plain.drawn_as("piechart")
    assert drawn.chart is not None and drawn.chart.kind == "piechart" and plain.chart is None


def test_text_in_every_form(numbers: argql.Table) -> None:
    few = numbers[:2]
    assert json.loads(few.to_json()) == [{"n": 0, "s": "0"}, {"n": 1, "s": "1"}]
    assert few.format("csv").splitlines() == ["n,s", "0,0", "1,1"]
    assert few.format("ndjson").splitlines() == ['{"n":0,"s":"0"}', '{"n":1,"s":"1"}']
    assert few.format("markdown").splitlines()[0].split() == ["|", "n", "|", "s", "|"]
    assert "<table" in few.format("html")
    drawn = few.drawn_as("barchart")
    plain, colored = drawn.format("chart"), drawn.format("chart", color=True)
    assert "█" in plain and "\x1b[" not in plain and "\x1b[" in colored
    assert max(map(len, few.format(width=20).splitlines())) <= 20


def test_files_in_every_form(numbers: argql.Table, tmp_path: Path) -> None:
    numbers.write(tmp_path / "n.parquet")
    assert pyarrow.parquet.read_table(tmp_path / "n.parquet").num_rows == 100
    numbers.write(str(tmp_path / "n.csv"))
    assert len((tmp_path / "n.csv").read_text().splitlines()) == 101
    numbers.write(tmp_path / "rows", format="arrow")
    assert pyarrow.ipc.open_file(tmp_path / "rows").read_all().num_rows == 100
    out = io.BytesIO()
    numbers.write(out, format="xlsx")
    assert out.getvalue()[:2] == b"PK"
    again = argql.Engine().load(tmp_path / "n.parquet").query("n | summarize sum(n)")
    assert again[0] == (4950,)


def test_wrong_files_are_refused(numbers: argql.Table, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="format"):
        numbers.write(tmp_path / "n.docx")
    with pytest.raises(ValueError, match="format"):
        numbers.write(io.BytesIO())
    with pytest.raises(ValueError, match="cvs"):
        numbers.format("cvs")
    with pytest.raises(OSError):
        numbers.write(tmp_path / "no" / "such" / "n.csv")
    with pytest.raises(ValueError, match="objects"):
        numbers.to_pandas(times="minutes")
    with pytest.raises(ValueError, match="objects"):
        numbers.to_dicts(times="minutes")


def test_libraries_that_are_not_there_are_named(numbers: argql.Table, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    for library, call in (("pandas", numbers.to_pandas), ("polars", numbers.to_polars)):
        monkeypatch.setitem(sys.modules, library, None)
        with pytest.raises(ImportError, match=f"pip install {library}"):
            call()
