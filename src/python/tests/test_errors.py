"""What is wrong with a call: each has its exception, which says where and what helps."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import argql
import pytest

ENGINE = argql.Engine().sample()


def test_a_query_error_has_everything() -> None:
    with pytest.raises(argql.QueryError) as raised:
        ENGINE.query("resources\n| where 'ü🐈' == lokation\n| take many")
    error = raised.value
    assert isinstance(error, argql.Error) and isinstance(error, Exception)
    assert (error.code, error.message) == ("AQ1001", "`lokation` is not a column here")
    assert error.help == "did you mean `location`?"
    place = error.place
    assert place is not None and (place.line, place.column, place.file) == (2, 17, None)
    assert place.span == (26, 34)
    assert [said.code for said in error.diagnostics][0] == "AQ1001" and len(error.diagnostics) == 2
    assert error.diagnostics[0].severity == "error" and error.diagnostics[0].label
    assert "^^^^^^^^" in str(error) and "did you mean `location`?" in str(error) and "\x1b[" not in str(error)
    assert "\x1b[" in error.ansi


def test_a_notebook_shows_it_in_colour() -> None:
    with pytest.raises(argql.QueryError) as raised:
        ENGINE.query("print nwo()")
    lines = raised.value._render_traceback_()
    assert "QueryError" in lines[0] and "at line" in lines[0] and "test_a_notebook_shows_it_in_colour" in lines[0]
    assert any("\x1b[" in line and "AQ1" in line for line in lines[1:])


WRONG: list[tuple[str, Callable[[], Any], type[Exception], str]] = [
    ("path", lambda: argql.Engine().load("no/such/folder"), argql.DataError, "no/such/folder"),
    ("path of another type", lambda: argql.Engine().load(5), TypeError, "int"),
    ("no path", lambda: argql.Engine().load(), (TypeError, ValueError), "path"),
    ("syntax", lambda: ENGINE.query("resources | where"), argql.QueryError, "AQ0"),
    ("empty", lambda: ENGINE.query(""), argql.QueryError, "AQ0"),
    ("type of the query", lambda: ENGINE.query(b"print 1"), TypeError, "bytes"),
    ("table", lambda: ENGINE.query("healthresources"), argql.DataError, "healthresources"),
    (
        "parameter that is not declared",
        lambda: ENGINE.query("declare query_parameters(days: long); print days", dayz=5),
        argql.QueryError,
        "did you mean `days`",
    ),
    (
        "parameter without a value",
        lambda: ENGINE.query("declare query_parameters(d: long); print d"),
        argql.QueryError,
        "`d`",
    ),
    (
        "parameter of another type",
        lambda: ENGINE.query("declare query_parameters(days: long); print days", days=["x"]),
        argql.QueryError,
        "days",
    ),
    (
        "text that is none of the type",
        lambda: ENGINE.query("declare query_parameters(days: long); print days", days="soon"),
        argql.QueryError,
        "soon",
    ),
    (
        "parameter twice",
        lambda: ENGINE.query("declare query_parameters(d: long); print d", d=1, parameters={"d": 2}),
        TypeError,
        "`d` is given twice",
    ),
    ("question", lambda: ENGINE.run("exemptions-expirin"), argql.UsageError, "exemptions-expiring"),
    ("question by itself", lambda: argql.question("nothing"), argql.UsageError, "nothing"),
    (
        "parameter of a question",
        lambda: ENGINE.run("exemptions-expiring", day=5),
        argql.QueryError,
        "did you mean `days`",
    ),
    ("question without data", lambda: argql.Engine().run("exemptions-expiring"), argql.DataError, "policyresources"),
    ("check", lambda: ENGINE.audit(only=["no-such-check"]), argql.UsageError, "no-such-check"),
    ("moment", lambda: ENGINE.query("print 1", now="yesterday"), ValueError, "yesterday"),
    ("moment of another type", lambda: ENGINE.query("print 1", now=5), TypeError, "int"),
    ("option", lambda: argql.Engine(missing="whatever"), ValueError, "whatever"),
    ("target", lambda: argql.Engine(target="sql"), ValueError, "sql"),
    ("threads", lambda: argql.Engine(threads=0), ValueError, "thread"),
    ("memory", lambda: argql.Limits(memory=-1), (ValueError, OverflowError), ""),
    ("time", lambda: argql.Limits(time=-1), ValueError, "time"),
    ("stage", lambda: ENGINE.explain("print 1", stage="dream"), ValueError, "dream"),
    ("scope", lambda: ENGINE.scoped(), ValueError, "subscriptions"),
    ("rows of another type", lambda: ENGINE.table("t", 5), TypeError, "int"),
    ("rows of rows", lambda: ENGINE.table("t", [(1, 2)]), TypeError, "tuple"),
    ("schema", lambda: ENGINE.schema("resorces"), argql.Error, "did you mean `resources`"),
    ("name", lambda: ENGINE.lookup("substrin"), argql.UsageError, "did you mean `substring`"),
    ("database", lambda: ENGINE.database("january"), argql.UsageError, "january"),
    ("store", lambda: argql.snapshots("no/such/store"), argql.DataError, "no/such/store"),
    ("diff", lambda: argql.diff(ENGINE, ENGINE, table="resources", keys=["nam"]), argql.Error, "did you mean `name`"),
    ("diff without data", lambda: argql.diff(argql.Engine(), ENGINE), argql.UsageError, "policyresources"),
    (
        "rows",
        lambda: ENGINE.query("range n from 1 to 50 step 1", limits=argql.Limits(rows=10)),
        argql.LimitError,
        "10 rows",
    ),
    (
        "time limit",
        lambda: ENGINE.query("range n from 1 to 90000000 step 1 | summarize dcount(n)", limits=argql.Limits(time=0.05)),
        argql.LimitError,
        "",
    ),
    (
        "memory limit",
        lambda: ENGINE.query("range n from 1 to 9000000 step 1", limits=argql.Limits(memory=1 << 20)),
        argql.LimitError,
        "",
    ),
]


@pytest.mark.parametrize(("call", "fault", "said"), [each[1:] for each in WRONG], ids=[each[0] for each in WRONG])
def test_wrong_use(call: Callable[[], Any], fault: type[Exception], said: str) -> None:
    with pytest.raises(fault) as raised:
        call()
    assert said in str(raised.value)
    assert not isinstance(raised.value, argql.InternalError) and "panic" not in str(raised.value)


def test_broken_data_say_where(tmp_path: Path) -> None:
    (tmp_path / "pets.json").write_text('[{"name":"Tom"},\n{"name":}]')
    with pytest.raises(argql.DataError) as raised:
        argql.Engine().load(tmp_path).query("pets | project name")
    place = raised.value.place
    assert place is not None and place.file == tmp_path / "pets.json" and place.line == 2


def test_a_switch_stops_queries() -> None:
    cancel = argql.Cancel()
    cancel.cancel()
    assert cancel.cancelled
    with pytest.raises(argql.Cancelled):
        ENGINE.query("range n from 1 to 90000000 step 1 | count", cancel=cancel)
    assert ENGINE.query("print 1")[0] == (1,)


@pytest.mark.parametrize(
    "held",
    [ENGINE, ENGINE.query("print 1"), ENGINE.prepare("print 1"), argql.Cancel()],
    ids=lambda held: type(held).__name__,
)
def test_nothing_is_pickled(held: Any) -> None:
    with pytest.raises(TypeError, match="pickle") as raised:
        pickle.dumps(held)
    assert "argql" in str(raised.value) or type(held).__name__ in str(raised.value)


def test_tables_say_what_to_pickle_instead() -> None:
    with pytest.raises(TypeError, match="to_pandas|to_dicts|to_polars|write|Arrow"):
        pickle.dumps(ENGINE.query("print 1"))


def test_classes_take_no_attributes_and_no_heirs() -> None:
    with pytest.raises(AttributeError):
        ENGINE.tables = []
    with pytest.raises(TypeError):
        type("Mine", (argql.Table,), {})
    with pytest.raises(TypeError):
        argql.Table()
