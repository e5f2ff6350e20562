"""The package as a whole: examples in its docs, its types, how soon it is there."""

from __future__ import annotations

import doctest
import inspect
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import argql
import pytest
from argql import _show

ROOT = Path(__file__).parent.parent


def documented() -> Iterator[tuple[str, Any]]:
    yield "argql", argql
    for name in argql.__all__:
        value = getattr(argql, name)
        yield name, value
        if inspect.isclass(value):
            for attribute, member in vars(value).items():
                if not attribute.startswith("_"):
                    yield f"{name}.{attribute}", member
    for name, value in vars(_show).items():
        if inspect.isfunction(value):
            yield f"_show.{name}", value


DOCUMENTED = dict(documented())
EXAMPLES = [name for name, value in DOCUMENTED.items() if ">>>" in (getattr(value, "__doc__", None) or "")]


def run_examples(text: str, name: str) -> None:
    examples = doctest.DocTestParser().get_doctest(text, {"argql": argql}, name, name, 0)
    assert examples.examples
    failures: list[str] = []
    doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(examples, out=failures.append)
    assert not failures, "".join(failures)


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_run(name: str) -> None:
    run_examples(inspect.cleandoc(DOCUMENTED[name].__doc__ or "") + "\n", name)


def test_examples_of_the_readme_run() -> None:
    # A block ends at its fence, which is no output.
    run_examples((ROOT / "README.md").read_text(encoding="utf-8").replace("```", ""), "README.md")


@pytest.mark.parametrize("name", [name for name in argql.__all__ if not name.startswith("__")])
def test_everything_is_documented(name: str) -> None:
    value = getattr(argql, name)
    assert value.__doc__, name
    if inspect.isclass(value):
        for attribute, member in vars(value).items():
            if not attribute.startswith("_") and not issubclass(value, Exception):
                assert member.__doc__, f"{name}.{attribute}"


@pytest.mark.parametrize(
    "name", ["Engine", "Engine.query", "Engine.load", "Engine.table", "Table", "Question", "diff", "Limits"]
)
def test_what_is_used_most_has_an_example(name: str) -> None:
    assert name in EXAMPLES


def python(*args: str) -> str:
    done = subprocess.run([sys.executable, *args], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_import_takes_no_fifty_milliseconds_and_no_library() -> None:
    program = (
        "import sys, time\n"
        "begin = time.process_time()\n"
        "import argql\n"
        "print(time.process_time() - begin)\n"
        "print(*({'numpy', 'pandas', 'polars', 'pyarrow', 'duckdb', 'IPython', 'tqdm'} & set(sys.modules)))\n"
    )
    runs = [python("-c", program).split("\n") for _ in range(5)]
    assert min(float(took) for took, *_ in runs) < 0.05
    assert all(loaded == "" for _, loaded, *_ in runs)


def test_types_hold_for_the_package_and_for_who_uses_it() -> None:
    assert "Success" in python("-m", "mypy", "--strict", "-p", "argql")
    assert "Success" in python("-m", "mypy", "--strict", "examples/typed.py")


def test_types_that_are_wrong_are_seen(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.py"
    wrong.write_text(
        "import argql\n"
        "argql.Engine().load(5)\n"
        "argql.Engine(missing='whatever')\n"
        "argql.Engine().query('print 1').to_json() + 1\n"
        "argql.Engine().query('print 1', now=5)\n"
    )
    done = subprocess.run([sys.executable, "-m", "mypy", "--strict", str(wrong)], capture_output=True, text=True)
    assert [line.split(":")[1] for line in done.stdout.splitlines()[:-1] if "error:" in line] == ["2", "3", "4", "5"]


def test_stubs_say_what_there_is() -> None:
    assert "Success" in python("-m", "mypy.stubtest", "argql", "--mypy-config-file", "pyproject.toml")


def test_examples_of_a_program_run() -> None:
    assert "orphaned" in python(str(ROOT / "examples" / "typed.py"))
