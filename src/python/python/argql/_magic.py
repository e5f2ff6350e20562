"""KQL in IPython and notebooks: `%argql`, `%kql` and `%%kql`."""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from IPython.core.completer import CompletionContext, SimpleCompletion, SimpleMatcherResult, context_matcher
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import Magics, line_cell_magic, line_magic, magics_class, no_var_expand
from IPython.core.magic_arguments import argument, magic_arguments, parse_argstring

from argql._argql import Engine, Question, Table, marks

_ASSIGNED = re.compile(r"\s*([^\W\d]\w*)\s*<<\s*(.*)", re.DOTALL)
_VARIABLE = re.compile(r"\{([^\W\d]\w*)\}")
_HEAD = re.compile(r"(?:\s*//[^\n]*(?:\n|$))*")
_LINE = re.compile(r"\s*(?:[^\W\d]\w*\s*=\s*)?%kql\s+(?:[^\W\d]\w*\s*<<)?")
_CELL = re.compile(r"\s*%%kql\b[^\n]*\n")


@magics_class
class Kql(Magics):
    """The tables of a notebook, and queries over them."""

    def __init__(self, shell: InteractiveShell) -> None:
        super().__init__(shell)
        self.engine = Engine()

    @no_var_expand
    @magic_arguments()
    @argument("-d", "--data", metavar="PATH", action="append", default=[], help="an export, a file or a store")
    @argument("--sample", action="store_true", help="the small made-up tenant that is part of argql")
    @argument("--engine", metavar="VARIABLE", help="an engine that Python has")
    @argument(
        "--table", metavar="NAME[=VARIABLE]", action="append", default=[], help="rows that Python has, as a table"
    )
    @argument("--at", metavar="MOMENT", help="of a store the snapshot that is the newest by then")
    @argument("--now", metavar="MOMENT", help="the moment that `now()` counts from")
    @argument(
        "--missing", choices=("error", "empty"), default="error", help="what a known table without files is taken for"
    )
    @line_magic
    def argql(self, line: str) -> Engine:
        """Says what `%kql` and `%%kql` answer from; alone, shows it."""
        options = parse_argstring(self.argql, line)
        engine = self.engine
        anew = options.data or options.sample
        if options.engine is not None:
            engine = self._variable(options.engine)
            if not isinstance(engine, Engine):
                raise UsageError(f"`{options.engine}` is no argql.Engine, but of class {type(engine).__name__}")
        elif anew:
            engine = Engine(now=options.now, missing=options.missing)
        if not anew and (options.at, options.now, options.missing) != (None, None, "error"):
            raise UsageError("--at, --now and --missing belong to tables that are loaded: -d PATH or --sample")
        if options.data:
            engine = engine.load(*map(_unquoted, options.data), at=options.at)
        if options.sample:
            engine = engine.sample()
        for table in options.table:
            name, _, variable = table.partition("=")
            engine = engine.table(name, self._variable(variable or name))
        self.engine = engine
        return engine

    @no_var_expand
    @line_cell_magic
    def kql(self, line: str, cell: str | None = None) -> Table | None:
        """Answers a query: `%kql resources | count`, or `%%kql` above the lines of one.

        `%%kql NAME <<` puts the answer into a variable of Python and does not show it. `{NAME}` in a query is the value
        of a variable of Python: a parameter of its type, never text of the query. One that the query declares by the
        same name has the type that is declared.
        """
        assigned = _ASSIGNED.fullmatch(line)
        name, rest = assigned.groups() if assigned else (None, line)
        if cell is not None and rest.strip():
            raise UsageError(f"`{rest.strip()}` is for the lines beneath; there may be `NAME <<` beside %%kql")
        text, values, _ = _parameters(rest if cell is None else cell, self._namespace())
        asked = Question("cell", text)
        table = self.engine.run(asked, progress=True, parameters=values)
        if name is None:
            return table
        self._shell.push({name: table})
        return None

    @context_matcher()
    def complete(self, context: CompletionContext) -> SimpleMatcherResult:
        """What Tab offers within a query."""
        before = context.full_text.split("\n")[: context.cursor_line]
        offset = sum(len(line) + 1 for line in before) + context.cursor_position
        begins = _CELL.match(context.full_text)
        if begins is None:
            start = offset - context.cursor_position
            begins = _LINE.match(context.full_text, start)
        if begins is None or begins.end() > offset:
            return SimpleMatcherResult(completions=[])
        typed = context.full_text[begins.end() : offset]
        query, _, more = _parameters(context.full_text[begins.end() :], self._namespace(), strict=False)
        found = self.engine.complete(query, len(typed) + more)
        return SimpleMatcherResult(
            completions=[SimpleCompletion(text=each.text, type=each.kind) for each in found],
            matched_fragment=query[found.start : len(typed) + more],
            suppress=True,
            ordered=True,
        )

    @property
    def _shell(self) -> InteractiveShell:
        assert self.shell is not None
        return self.shell

    def _namespace(self) -> dict[str, Any]:
        namespace: dict[str, Any] = self._shell.user_ns
        return namespace

    def _variable(self, name: str) -> Any:
        try:
            return self._namespace()[name]
        except KeyError:
            raise UsageError(f"there is no variable `{name}`") from None


def _parameters(text: str, namespace: dict[str, Any], strict: bool = True) -> tuple[str, dict[str, Any], int]:
    """A query whose `{NAME}` are parameters, their values, and by how much the text is longer before its first word.

    `{NAME}` becomes `_NAME_`, of the same length and no column's name, and the declarations stand on a line between
    the head and the rest, for the line of `%%kql`, which is not part of the query: so places in errors are those in
    the cell.
    """
    plain = _VARIABLE.sub(lambda found: f" {found[1]} ", text)
    declared = {parameter.name: parameter.type for parameter in Question("", plain).parameters}
    silent = [(start, end) for start, end, kind in marks(text) if kind in ("text", "comment", "opentext")]
    values: dict[str, Any] = {}
    declarations: dict[str, str] = {}

    def parameter(found: re.Match[str]) -> str:
        name = found[1]
        # After `)` braces hold the body of a function.
        if text[: found.start()].rstrip().endswith(")") or any(s <= found.start() < e for s, e in silent):
            return found[0]
        if name not in namespace:
            if strict:
                raise UsageError(f"`{{{name}}}`: there is no variable `{name}`")
            return found[0]
        value = _plain(namespace[name])
        kind = declared.get(name) or _kind(value)
        if kind is None:
            if strict:
                held = type(value).__name__
                raise UsageError(f"`{{{name}}}`: KQL has no type for {held}; declare query_parameters({name}: …) may")
            return found[0]
        values[f"_{name}_"] = value
        if name in declared:
            values[name] = value
        declarations[f"_{name}_"] = kind
        return f"_{name}_"

    text = _VARIABLE.sub(parameter, text)
    line = "\n"
    if declarations:
        line = f"declare query_parameters({', '.join(f'{name}: {kind}' for name, kind in declarations.items())});\n"
    head = _HEAD.match(text)
    begins = head.end() if head else 0
    return text[:begins] + line + text[begins:], values, len(line)


def _plain(value: Any) -> Any:
    """Arrays and numbers of numpy, pandas and polars as what Python has for them."""
    for name in ("tolist", "to_list"):
        if hasattr(value, name):
            return getattr(value, name)()
    return list(value) if isinstance(value, (set, frozenset, range)) else value


def _kind(value: Any) -> str | None:
    kinds: tuple[tuple[type | tuple[type, ...], str], ...] = (
        (bool, "bool"),
        (int, "long"),
        (float, "real"),
        (str, "string"),
        (date, "datetime"),
        (timedelta, "timespan"),
        (Decimal, "decimal"),
        (UUID, "guid"),
        ((list, tuple, dict), "dynamic"),
    )
    return next((kind for held, kind in kinds if isinstance(value, held)), None)


def _unquoted(path: str) -> str:
    quoted = len(path) > 1 and path[0] == path[-1] and path[0] in "'\""
    return path[1:-1] if quoted else path


def load(shell: Any) -> None:
    """Gives a shell the magics, and its completer what may be typed in them."""
    magics = Kql(shell)
    shell.register_magics(magics)
    shell.Completer.custom_matchers.append(magics.complete)


def unload(shell: Any) -> None:
    """Takes from its completer what was given."""
    matchers = shell.Completer.custom_matchers
    matchers[:] = [matcher for matcher in matchers if not isinstance(getattr(matcher, "__self__", None), Kql)]
