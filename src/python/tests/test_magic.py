"""`%argql`, `%kql` and `%%kql`, and what Tab offers in them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import argql
import numpy
import pandas
import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell
from IPython.testing.globalipapp import start_ipython


@pytest.fixture(scope="session")
def started() -> InteractiveShell:
    shell = start_ipython() or InteractiveShell.instance()
    shell.run_line_magic("load_ext", "argql")
    return shell


@pytest.fixture
def shell(started: InteractiveShell) -> Iterator[InteractiveShell]:
    started.run_line_magic("argql", "--sample --now 2026-10-01")
    yield started
    started.reset(new_session=True)


def cell(shell: InteractiveShell, text: str, line: str = "") -> Any:
    return shell.run_cell_magic("kql", line, text)


def test_argql_says_what_is_asked(shell: InteractiveShell, export: Path) -> None:
    engine = shell.run_line_magic("argql", f"-d '{export}'")
    assert engine.tables == ["pets"] and "<code>pets</code>" in engine._repr_html_()
    assert shell.run_line_magic("argql", "").tables == ["pets"]
    assert shell.run_line_magic("kql", "pets | count")[0] == (3,)


def test_argql_takes_what_python_has(shell: InteractiveShell) -> None:
    shell.user_ns["owners"] = pandas.DataFrame({"name": ["Ulla"], "pet": ["Tom"]}).to_dict("records")
    shell.user_ns["mine"] = argql.Engine().table("pets", [{"name": "Tom"}])
    shell.run_line_magic("argql", "--engine mine --table owners --table people=owners")
    assert shell.run_line_magic("kql", "people | union owners | count")[0] == (2,)
    assert shell.run_line_magic("kql", "pets | join owners on $left.name == $right.pet | project name1")[0] == ("Ulla",)


def test_argql_opens_stores_at_a_moment(shell: InteractiveShell, sample: argql.Engine, tmp_path: Path) -> None:
    argql.import_store(tmp_path / "store", sample, moment="2026-11-27")
    argql.import_store(tmp_path / "store", argql.Engine().table("resources", b'[{"id":"/a"}]'), moment="2026-11-28")
    shell.run_line_magic("argql", f"-d {tmp_path / 'store'} --at 2026-11-27")
    assert shell.run_line_magic("kql", "resources | count")[0] == (50,)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("--engine nothing", "`nothing`"),
        ("--engine number", "int"),
        ("--table rows", "`rows`"),
        ("--at 2026-11-27", "-d"),
        ("--wrong", "--wrong"),
    ],
)
def test_argql_refuses_what_it_does_not_know(shell: InteractiveShell, line: str, said: str) -> None:
    shell.user_ns["number"] = 5
    with pytest.raises(UsageError, match=said):
        shell.run_line_magic("argql", line)


def test_answers_go_where_they_are_wanted(shell: InteractiveShell) -> None:
    assert cell(shell, "resources\n| count")[0] == (50,)
    assert cell(shell, "resources | take 2", "few <<") is None and len(shell.user_ns["few"]) == 2
    assert shell.run_line_magic("kql", "one << print 1") is None and shell.user_ns["one"][0] == (1,)
    shell.run_cell("answer = %kql resources | count")
    assert shell.user_ns["answer"][0] == (50,)
    shell.run_cell("%%kql kept <<\nresources\n| count")
    assert shell.user_ns["kept"][0] == (50,)
    with pytest.raises(UsageError, match="beside %%kql"):
        cell(shell, "print 1", "resources | count")


VALUES: list[tuple[Any, str]] = [
    (True, "bool"),
    (30, "long"),
    (0.5, "real"),
    ("' or 1 == 1 //", "string"),
    (datetime(2026, 10, 1, tzinfo=timezone.utc), "datetime"),
    (timedelta(days=2), "timespan"),
    (numpy.int64(7), "long"),
    (numpy.array([1, 2]), "dynamic"),
    (pandas.Series(["a", "b"]), "dynamic"),
    ({"a": [1]}, "dynamic"),
]


@pytest.mark.parametrize(("value", "kind"), VALUES, ids=lambda value: None)
def test_variables_are_parameters_of_their_type(shell: InteractiveShell, value: Any, kind: str) -> None:
    shell.user_ns["value"] = value
    table = cell(shell, "print v = {value}")
    assert table.columns[0].type == kind
    plain = value.tolist() if hasattr(value, "tolist") else value
    assert table[0][0] == plain


def test_variables_are_never_text(shell: InteractiveShell) -> None:
    shell.user_ns.update(place="' or true //", places={"westeurope", "nowhere"}, name="x", n=2)
    assert len(cell(shell, "resources | where location == {place}")) == 0
    assert cell(shell, "resources | where location in ({places}) | count")[0] == (17,)
    # A column of the same name is another thing.
    assert len(cell(shell, "resources | where name == {name}")) == 0
    assert cell(shell, "print a = '{n}', b = {n} // {n}")[0] == ("{n}", 2)
    assert cell(shell, "let f = (n: long) {n}; print f(5)")[0] == (5,)
    assert cell(shell, 'print a = dynamic({"n": 1})')[0] == ({"n": 1},)
    assert shell.run_line_magic("kql", "print {n} + {n}")[0] == (4,)


def test_a_declared_parameter_has_the_type_that_is_declared(shell: InteractiveShell) -> None:
    shell.user_ns.update(days="30", none=None, n=1)
    table = cell(shell, "declare query_parameters(days: long);\nprint days = {days}, n = {n}")
    assert table[0] == (30, 1)
    assert cell(shell, "declare query_parameters(none: long);\nprint none = {none}")[0] == (None,)
    # A column of the same name is another thing.
    assert cell(shell, "declare query_parameters(n: long);\nprint n = 7 | extend m = {n}, own = n")[0] == (7, 1, 7)


def test_what_is_no_parameter_is_said(shell: InteractiveShell) -> None:
    shell.user_ns.update(none=None, thing=object())
    for text, said in (("{nothing}", "no variable `nothing`"), ("{none}", "NoneType"), ("{thing}", "object")):
        with pytest.raises(UsageError, match=said):
            cell(shell, f"print {text}")


def test_cells_may_include_from_the_library(shell: InteractiveShell) -> None:
    shell.user_ns["n"] = 3
    assert cell(shell, "// include: exemptions\nprint {n}")[0] == (3,)


@pytest.mark.parametrize("head", ["", "// A head.\n// include: exemptions\n\n"])
def test_places_are_those_of_the_cell(shell: InteractiveShell, head: str) -> None:
    shell.user_ns["n"] = 3
    with pytest.raises(argql.QueryError) as raised:
        cell(shell, head + "resources\n| where {n} == lokation")
    place = raised.value.place
    # The line of %%kql is the first.
    assert place is not None and (place.line, place.column) == (3 + head.count("\n"), 16)
    assert f" --> cell:{place.line}:16" in str(raised.value)


def test_faults_are_shown_in_colour(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    done = shell.run_cell("%%kql\nresources\n| where lokation == 'x'")
    assert isinstance(done.error_in_exec, argql.QueryError)
    shown = capsys.readouterr().out
    assert "\x1b[" in shown and "did you mean `location`?" in shown and "Traceback" not in shown


def offered(shell: InteractiveShell, text: str, at: int | None = None) -> dict[str, str]:
    """What the cell becomes by each completion, up to the cursor."""
    at = len(text) if at is None else at
    with provisionalcompleter():
        found = list(shell.Completer.completions(text, at))
    return {each.text: text[: each.start] + each.text for each in found}


@pytest.mark.parametrize(
    ("text", "name", "becomes"),
    [
        ("%%kql\nsecur", "securityresources", "%%kql\nsecurityresources"),
        ("%%kql few <<\nresources\n| where loc", "location", "%%kql few <<\nresources\n| where location"),
        (
            "%%kql\nsecurityresources | where properties.status.cau",
            "cause",
            "%%kql\nsecurityresources | where properties.status.cause",
        ),
        ("%kql resources | where loc", "location", "%kql resources | where location"),
        ("few = %kql resources | where loc", "location", "few = %kql resources | where location"),
        ("x = 1\n%kql resources | where loc", "location", "x = 1\n%kql resources | where location"),
    ],
)
def test_tab_offers_names_of_the_data(shell: InteractiveShell, text: str, name: str, becomes: str) -> None:
    found = offered(shell, text)
    assert becomes in found.values(), found


def test_tab_offers_values(shell: InteractiveShell) -> None:
    found = offered(shell, "%%kql\nresources | where location == 'west")
    assert any("westeurope" in becomes for becomes in found.values()), found


def test_tab_looks_at_the_cursor_and_past_parameters(shell: InteractiveShell) -> None:
    shell.user_ns["n"] = 3
    text = "%%kql\nresources | where strlen(name) > {n} | where loc\n| count"
    found = offered(shell, text, text.index("\n| count"))
    assert "%%kql\nresources | where strlen(name) > {n} | where location" in found.values(), found


def test_tab_elsewhere_is_as_before(shell: InteractiveShell) -> None:
    shell.user_ns["locomotive"] = 1
    assert list(offered(shell, "locom")) == ["locomotive"]
    assert "location" not in offered(shell, "loc")
    assert any("kql" in each for each in offered(shell, "%%kq"))


def test_loaded_again_it_offers_once(shell: InteractiveShell) -> None:
    before = len(shell.Completer.custom_matchers)
    shell.run_line_magic("reload_ext", "argql")
    assert len(shell.Completer.custom_matchers) == before
    shell.run_line_magic("argql", "--sample")
    assert "securityresources" in offered(shell, "%%kql\nsecurityres")
