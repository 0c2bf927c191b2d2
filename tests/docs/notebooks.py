"""Runs docs/tutorial.ipynb as a reader would, in a kernel of its own and an empty directory.

What is stored beside each cell is its output as plain text, nothing else. `python tests/docs/notebooks.py` runs the notebook and stores
what it printed; test_tutorial.py runs it and compares.
"""

import copy
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import nbformat
from documents import ROOT
from nbclient import NotebookClient
from sessions import package_environment
from traitlets.config import Config

TUTORIAL = ROOT / "docs/tutorial.ipynb"
TIMEOUT_S = 120

Cell = Any  # nbformat's nodes have no types


def read_notebook(path: Path) -> Cell:
    return nbformat.read(path, as_version=4)


def run_notebook(notebook: Cell, directory: Path) -> Cell:
    """A copy with the outputs of this run; raises nbclient's CellExecutionError where a cell fails."""
    made = copy.deepcopy(notebook)
    state = directory / "jupyter"
    state.mkdir(exist_ok=True)
    config = Config({"KernelManager": {"transport": "ipc", "ip": str(directory / "kernel")}})
    where = {"metadata": {"path": str(directory)}}
    client = NotebookClient(
        made, timeout=TIMEOUT_S, kernel_name="python3", resources=where, config=config, coalesce_streams=True
    )
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DL_", "LAKE_"))}
    own = {"IPYTHONDIR": str(state / "ipython"), "JUPYTER_RUNTIME_DIR": str(state / "runtime"), "HOME": str(directory)}
    client.execute(env=package_environment(kept | own | {"NO_COLOR": "1"}))
    return made


def outputs_of(cell: Cell) -> str:
    """What a reader sees below a cell, as text."""
    texts = []
    for output in cell.get("outputs", []):
        if output.output_type == "stream":
            texts.append(output.text)
        elif output.output_type in ("execute_result", "display_data"):
            texts.append(output.data["text/plain"])
    # a progress bar leaves an empty text
    return "".join(text if text.endswith("\n") else text + "\n" for text in texts if text)


def stored(notebook: Cell) -> Cell:
    """As it is kept: each cell with its output as one plain text, no counts, nothing of the machine."""
    kept = copy.deepcopy(notebook)
    kept.metadata = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    for number, cell in enumerate(kept.cells):
        cell.id, cell.metadata = f"cell-{number}", {}
        if cell.cell_type == "code":
            text = outputs_of(cell)
            cell.execution_count = None
            cell.outputs = [nbformat.v4.new_output("stream", name="stdout", text=text)] if text else []
    return kept


def main() -> None:
    with tempfile.TemporaryDirectory() as directory:
        made = stored(run_notebook(read_notebook(TUTORIAL), Path(directory)))
    TUTORIAL.write_text(nbformat.writes(made) + "\n", encoding="utf-8")
    print(f"{TUTORIAL.name}: {len(made.cells)} cells run and stored", file=sys.stderr)


if __name__ == "__main__":
    main()
