"""The tutorial notebook runs from its first cell to its last, and prints what is stored in it."""

from pathlib import Path

import nbformat
import pytest
from nbclient.exceptions import CellExecutionError
from notebooks import TUTORIAL, outputs_of, read_notebook, run_notebook, stored


def differences(notebook: nbformat.NotebookNode, directory: Path) -> list[str]:
    """The cells whose output is not the stored one."""
    ran = run_notebook(notebook, directory)
    found = []
    for number, (kept, made) in enumerate(zip(notebook.cells, ran.cells, strict=True)):
        if kept.cell_type == "code" and outputs_of(kept) != outputs_of(made):
            found.append(
                f"cell {number}:\n{kept.source}\n--- stored:\n{outputs_of(kept)}--- printed:\n{outputs_of(made)}"
            )
    return found


def test_the_tutorial_prints_what_is_stored(tmp_path: Path) -> None:
    found = differences(read_notebook(TUTORIAL), tmp_path)
    assert not found, "\n".join(["python tests/docs/notebooks.py stores what it prints now", *found])


def test_the_tutorial_is_kept_clean() -> None:
    notebook = read_notebook(TUTORIAL)
    assert stored(notebook) == notebook
    nbformat.validate(notebook)
    n_outputs = sum(bool(outputs_of(cell)) for cell in notebook.cells if cell.cell_type == "code")
    assert n_outputs >= 10
    assert sum(cell.cell_type == "markdown" for cell in notebook.cells) >= 10


# ---- this test itself ----


def made_of(*sources: str) -> nbformat.NotebookNode:
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])


def test_a_failing_cell_fails(tmp_path: Path) -> None:
    with pytest.raises(CellExecutionError, match="ZeroDivisionError"):
        run_notebook(made_of("x = 1", "x / 0"), tmp_path)


def test_another_output_is_found(tmp_path: Path) -> None:
    notebook = stored(run_notebook(made_of("print(1)\n2"), tmp_path))
    assert outputs_of(notebook.cells[0]) == "1\n2\n"
    notebook.cells[0].source = "3"
    (found,) = differences(notebook, tmp_path)
    assert "--- stored:\n1\n2\n--- printed:\n3\n" in found
