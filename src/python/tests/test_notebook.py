"""The notebook of the examples, executed as Jupyter executes it; `UPDATE=1 pytest` keeps its outputs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOK = Path(__file__).parent.parent / "examples" / "exemptions.ipynb"


@pytest.fixture(scope="module")
def executed() -> Any:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    folder = {"metadata": {"path": str(NOTEBOOK.parent)}}
    NotebookClient(notebook, timeout=120, kernel_name="python3", record_timing=False, resources=folder).execute()
    if os.environ.get("UPDATE"):
        notebook.metadata.language_info = {"name": "python"}
        nbformat.write(notebook, NOTEBOOK)
    return notebook


def outputs(notebook: Any, begins: str) -> list[Any]:
    found = [cell for cell in notebook.cells if cell.cell_type == "code" and begins in cell.source]
    assert len(found) == 1, begins
    return list(found[0].outputs)


def test_every_cell_runs(executed: Any) -> None:
    faults = [
        output["ename"]
        for cell in executed.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if output["output_type"] == "error"
    ]
    # One is there to be seen.
    assert faults == ["QueryError"]


def test_tables_are_tables(executed: Any) -> None:
    data = outputs(executed, "by-category")[-1]["data"]
    assert '<div class="argql">' in data["text/html"] and "Waiver" in data["text/html"]
    assert "Waiver" in data["text/plain"]


def test_render_is_drawn(executed: Any) -> None:
    data = outputs(executed, "render columnchart")[-1]["data"]
    assert data["image/svg+xml"].startswith("<svg ") and "<svg " in data["text/html"]


def test_answers_with_a_name_are_not_shown(executed: Any) -> None:
    assert [output for output in outputs(executed, "%%kql expiring <<") if output["output_type"] != "stream"] == []


def test_a_mistake_is_shown_in_colour_with_its_cure(executed: Any) -> None:
    told = "\n".join(outputs(executed, "lokation")[-1]["traceback"])
    assert "\x1b[" in told and "did you mean `location`?" in told and "Traceback" not in told


def test_outputs_in_the_repository_are_those_of_now(executed: Any) -> None:
    kept = nbformat.read(NOTEBOOK, as_version=4)
    for old, new in zip(kept.cells, executed.cells, strict=True):
        for one, other in zip(old.get("outputs", []), new.get("outputs", []), strict=True):
            assert one.get("data", {}).get("text/plain") == other.get("data", {}).get("text/plain"), old.source
