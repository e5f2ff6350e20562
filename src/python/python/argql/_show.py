"""What Python adds to the classes of Rust: how they look, and data frames."""

from __future__ import annotations

import json
from html import escape
from importlib import import_module
from shutil import get_terminal_size
from typing import TYPE_CHECKING, Any

from argql import _argql

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas
    import polars

    from argql._argql import _Times

# Rows that a table shows of itself: all, if they are no more than this, or else half of them from either end.
_ROWS = 20
# Characters of a cell.
_CELL = 80
# Characters of one that was cut which are told to who points at it.
_TOLD = 2000
_NUMBERS = frozenset(("int", "long", "real", "decimal"))

# Colours are those of the notebook, light or dark; the class stands twice so that its rules for tables stand back.
_STYLE = """<style scoped>
.argql { overflow-x: auto; }
.argql.argql table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
.argql.argql table td, .argql.argql table th { text-align: left; padding: .25em .75em; white-space: nowrap; }
.argql.argql table thead th { border-bottom: 1px solid; }
.argql.argql table small, .argql.argql table caption, .argql.argql table td.null { opacity: .6; font-weight: normal; }
.argql.argql table caption { caption-side: bottom; text-align: left; padding: .25em .75em; }
.argql.argql table td.number, .argql.argql table th.number { text-align: right; }
.argql svg { max-width: 100%; height: auto; }
</style>"""


def table_text(self: _argql.Table) -> str:
    width = get_terminal_size().columns
    if self.chart is not None and self.chart.svg() is not None:
        return self.format("chart", width=width).rstrip()
    if len(self) <= _ROWS:
        return self.format("table", width=width).rstrip()
    rows, _, _ = self.head(_ROWS).format("table", width=width).rstrip().rpartition("\n")
    return f"{rows}\nthe first {_ROWS} of {_count(len(self), 'row')}"


def table_html(self: _argql.Table) -> str:
    """
    >>> import argql
    >>> page = argql.Engine().query("print city = 'Ulm & Neu-Ulm'")._repr_html_()
    >>> "<td>Ulm &amp; Neu-Ulm</td>" in page
    True
    """
    told = list(self.warnings)
    chart, drawn = self.chart, None
    if chart is not None:
        drawn = chart.svg()
        if drawn is None and chart.refusal is not None:
            told.append(chart.refusal)
    rows = _rows(self)
    if drawn is not None:
        rows = f"{drawn}\n<details><summary>{_count(len(self), 'row')}</summary>\n{rows}\n</details>"
    warnings = "".join(map(_warning, told))
    return f'<div class="argql">{_STYLE}\n{warnings}{rows}\n</div>'


def table_bundle(self: _argql.Table, include: Any = None, exclude: Any = None) -> dict[str, Any]:
    """
    >>> import argql
    >>> table = argql.Engine().query("print city = 'Ulm', n = 1 | render barchart")
    >>> sorted(table._repr_mimebundle_())
    ['image/svg+xml', 'text/html', 'text/plain']
    """
    bundle: dict[str, Any] = {"text/plain": repr(self), "text/html": self._repr_html_()}
    drawn = self.chart.svg() if self.chart is not None else None
    if drawn is not None:
        bundle["image/svg+xml"] = drawn
    return bundle


def to_pandas(self: _argql.Table, *, times: _Times = "objects") -> pandas.DataFrame:
    """The rows as a data frame of pandas, 2 or 3; needs pyarrow, too.

    Columns have the types that keep every value, with nulls: `Int64` and `Int32`, `boolean`, `Float64`, UTC moments
    and lengths of time in nanoseconds, where they reach, or else in microseconds, `Decimal`, `UUID`; a dynamic is an
    object of Python. `times="ticks"` has moments and lengths of time as numbers of 100 ns.

    >>> import argql
    >>> engine = argql.Engine().sample()
    >>> frame = engine.query("resources | summarize n = count() by location | top 2 by n").to_pandas()
    >>> int(frame["n"].sum())
    32
    >>> frame.dtypes["n"]
    Int64Dtype()
    """
    library = _need("pandas", "to_pandas")
    arrow = _need("pyarrow", "to_pandas")
    rows = _ticked(self, times)
    kinds = {
        arrow.bool_(): library.BooleanDtype(),
        arrow.int32(): library.Int32Dtype(),
        arrow.int64(): library.Int64Dtype(),
        arrow.float64(): library.Float64Dtype(),
    }
    objects = {column.name for column in rows.columns if column.type in ("dynamic", "guid")}
    plain = arrow.table(rows).drop_columns(list(objects))
    # Not every pandas takes views of text.
    for at, field in enumerate(plain.schema):
        if field.type == arrow.string_view():
            plain = plain.set_column(at, field.name, plain.column(at).cast(arrow.large_string()))
    frame: pandas.DataFrame = plain.to_pandas(types_mapper=kinds.get)
    for at, column in enumerate(rows.columns):
        if column.name in objects:
            frame.insert(at, column.name, library.Series(rows[column.name], dtype=object, index=frame.index))
    return frame


def to_polars(self: _argql.Table, *, times: _Times = "objects") -> polars.DataFrame:
    """The rows as a data frame of polars, which shares their memory.

    A guid is text, and a dynamic its JSON: `.str.json_decode()` makes structs of it. `times="ticks"` has moments and
    lengths of time as numbers of 100 ns.

    >>> import argql
    >>> argql.Engine().query("print city = 'Ulm', n = 2").to_polars().rows()
    [('Ulm', 2)]
    """
    frame: polars.DataFrame = _need("polars", "to_polars").DataFrame(_ticked(self, times))
    return frame


def chart_bundle(self: _argql.Chart, include: Any = None, exclude: Any = None) -> dict[str, Any]:
    drawn = self.svg()
    if drawn is not None:
        return {"text/plain": repr(self), "image/svg+xml": drawn}
    why = self.refusal.message if self.refusal is not None else "nothing is drawn"
    return {"text/plain": f"{self!r}: {why}"}


def engine_html(self: _argql.Engine) -> str:
    told = f"<p>{_names(self.tables) or 'no tables'}</p>"
    if self.snapshots:
        told += f"<p>snapshots: {_names(self.snapshots)}</p>"
    return f'<div class="argql">{told}</div>'


def report_html(self: _argql.Report) -> str:
    # A page of its own: its style is not to reach the notebook's.
    page = escape(self.html())
    return f'<iframe style="width: 100%; height: 40em; border: 1px solid #8886" srcdoc="{page}"></iframe>'


def error_text(self: _argql.Error) -> str:
    return self.rendered.rstrip("\n") if hasattr(self, "rendered") else Exception.__str__(self)


def error_traceback(self: _argql.Error) -> list[str]:
    """What IPython shows in place of a traceback: the complaint in colour, and the line that asked."""
    told = getattr(self, "ansi", str(self)).rstrip("\n")
    return [f"\x1b[31m{type(self).__name__}\x1b[0m{_asked(self)}", *told.split("\n")]


def dress() -> None:
    """Gives the classes of Rust what they have by Python."""
    for owner, name, method in (
        (_argql.Table, "__repr__", table_text),
        (_argql.Table, "_repr_html_", table_html),
        (_argql.Table, "_repr_mimebundle_", table_bundle),
        (_argql.Table, "to_pandas", to_pandas),
        (_argql.Table, "to_polars", to_polars),
        (_argql.Chart, "_repr_mimebundle_", chart_bundle),
        (_argql.Engine, "_repr_html_", engine_html),
        (_argql.Report, "_repr_html_", report_html),
        (_argql.Error, "__str__", error_text),
        (_argql.Error, "_render_traceback_", error_traceback),
    ):
        setattr(owner, name, method)


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def _names(names: Iterable[str]) -> str:
    return ", ".join(f"<code>{escape(name)}</code>" for name in names)


def _warning(said: _argql.Diagnostic) -> str:
    cure = f" ({escape(said.help)})" if said.help else ""
    return f'<p class="warning">⚠ {escape(said.message)}{cure}</p>\n'


def _rows(table: _argql.Table) -> str:
    columns = table.columns
    heads = "".join(map(_head, columns))
    lines = _lines(table)
    if len(table) > _ROWS:
        half = _ROWS // 2
        gap = f'<tr><td colspan="{len(columns)}">⋮</td></tr>'
        lines = [*_lines(table[:half]), gap, *_lines(table[len(table) - half :])]
    caption = f"{_count(len(table), 'row')} × {_count(len(columns), 'column')}"
    body = "\n".join(lines)
    return (
        f"<table>\n<caption>{caption}</caption>\n<thead><tr>{heads}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>"
    )


def _head(column: _argql.Column) -> str:
    aligned = ' class="number"' if column.type in _NUMBERS else ""
    return f'<th scope="col"{aligned}>{escape(column.name)}<br/><small>{column.type}</small></th>'


def _lines(table: _argql.Table) -> list[str]:
    # JSON has every value as KQL writes it, also those that Python has no object for.
    return [f"<tr>{''.join(map(_cell, row.values()))}</tr>" for row in json.loads(table.to_json())]


def _cell(value: Any) -> str:
    if value is None:
        return '<td class="null">null</td>'
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    shown = text if len(text) <= _CELL else text[: _CELL - 1] + "…"
    told = "" if shown is text else f' title="{escape(text[:_TOLD])}"'
    aligned = ' class="number"' if isinstance(value, (int, float)) and not isinstance(value, bool) else ""
    return f"<td{aligned}{told}>{escape(shown)}</td>"


def _asked(error: _argql.Error) -> str:
    """Where the one who asked stands: the last line that is not ours."""
    asked, step = "", error.__traceback__
    while step is not None:
        library = step.tb_frame.f_globals.get("__name__", "").partition(".")[0]
        if library == "IPython":
            # Of a magic the complaint itself says the line.
            asked = ""
        elif library != "argql":
            code = step.tb_frame.f_code.co_name
            asked = f" at line {step.tb_lineno}" + ("" if code == "<module>" else f" of {code}()")
        step = step.tb_next
    return asked


def _need(module: str, method: str) -> Any:
    try:
        return import_module(module)
    except ImportError as missing:
        raise ImportError(f"`{method}` needs {module}: pip install {module}", name=module) from missing


def _ticked(table: _argql.Table, times: str) -> _argql.Table:
    if times not in ("objects", "ticks"):
        raise ValueError(f'`times` is "objects" or "ticks", not {times!r}')
    return table.ticks() if times == "ticks" else table
