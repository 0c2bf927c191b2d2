"""A Python that a reader of a document types into: its blocks run one after another in one `__main__`, in one process.

The package is that of LAKE_PYTHON_TREE (build/<preset>/python) where that is set, else the installed one.
"""

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

DRIVER = """
import contextlib, io, json, os, sys, traceback
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
for line in sys.stdin:
    asked, printed, failed = json.loads(line), io.StringIO(), ""
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        try:
            exec(compile(asked["text"], asked["where"], "exec"), sys.modules["__main__"].__dict__)
        except BaseException:
            failed = traceback.format_exc()
    print(json.dumps([printed.getvalue(), failed]), file=answers, flush=True)
"""


def package_environment(environment: dict[str, str]) -> dict[str, str]:
    """With the package on the path, and with tables as wide as the documents print them."""
    tree = os.environ.get("LAKE_PYTHON_TREE")
    added = {"PYTHONPATH": str(Path(tree).resolve())} if tree else {}
    return environment | added | {"POLARS_TABLE_WIDTH": "120", "PYTHONDONTWRITEBYTECODE": "1"}


class Answer(NamedTuple):
    printed: str
    failed: str  # the traceback, or ""


class Session:
    """Started when the first block is run."""

    def __init__(self, directory: Path, environment: dict[str, str]) -> None:
        self._directory = directory
        self._environment = package_environment(environment)
        self._process: subprocess.Popen[str] | None = None

    def run(self, text: str, where: str) -> Answer:
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-c", DRIVER],
                cwd=self._directory,
                env=self._environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                encoding="utf-8",
            )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"text": text, "where": where}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        return Answer(*json.loads(line)) if line else Answer("", f"{where}: the interpreter died")

    def close(self) -> None:
        if self._process is not None:
            with contextlib.suppress(BrokenPipeError):
                self._process.communicate(timeout=60)
