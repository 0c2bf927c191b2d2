"""A fresh environment with the wheel and nothing else: what it costs, what works, what is missing and says so."""

import json
import re
from pathlib import Path

import pytest
from interpreters import ROOT, Bare

EXTRAS = ["all", "duckdb", "numpy", "pandas", "polars", "prefect", "pyarrow"]
MODULES = [
    "dl_datalake",
    "dl_datalake.cli",
    "dl_datalake.client.dl_client",
    "dl_datalake.errors",
    "dl_datalake.features.manager",
    "dl_datalake.ingest.pipeline",
    "dl_datalake.metadata.manifest",
    "dl_datalake.storage.reader",
    "dl_datalake.storage.writer",
]
HEAVY = {"polars", "pandas", "numpy", "pyarrow", "duckdb", "prefect", "IPython", "tqdm"}


@pytest.fixture
def metadata(run: Bare) -> dict[str, object]:
    return json.loads(run("import json, importlib.metadata as m; print(json.dumps(m.metadata('dl-datalake').json))"))


def test_it_needs_nothing(metadata: dict[str, object]) -> None:
    requires = metadata["requires_dist"]
    assert isinstance(requires, list)
    assert all("extra ==" in requirement for requirement in requires)
    assert sorted(metadata["provides_extra"]) == EXTRAS  # type: ignore[call-overload]
    assert metadata["requires_python"] == ">=3.10"


def test_one_version_everywhere(run: Bare, metadata: dict[str, object]) -> None:
    declared = re.search(r"project\(dl_datalake VERSION ([0-9.]+)", (ROOT / "CMakeLists.txt").read_text())
    assert declared is not None
    assert metadata["version"] == declared[1]
    assert run("import dl_datalake; print(dl_datalake.__version__)") == declared[1]
    assert declared[1] in run("import os, sys; sys.argv = ['dl', 'version']; from dl_datalake.cli import main; main()")


@pytest.mark.parametrize("module", MODULES)
def test_each_module_imports_alone(run: Bare, module: str) -> None:
    run(f"import {module}", "-W", "error")


def test_importing_brings_in_none_of_the_libraries(run: Bare, tmp_path: Path) -> None:
    """Libraries that can be imported, but are not: each leaves a trace where it is."""
    for name in HEAVY:
        (tmp_path / f"{name}.py").write_text("raise SystemExit('imported: ' + __name__)\n")
    run("\n".join(f"import {module}" for module in MODULES))


def test_the_module_command_line_imports_nothing_else(run: Bare) -> None:
    """What the module command line pays for on each start."""
    before = set(run("import sys; print(*sys.modules)").split())
    after = set(run("import sys, dl_datalake.cli; print(*sys.modules)").split())
    assert after - before <= {"__future__", "dl_datalake", "dl_datalake.cli"}


def test_a_missing_extra_is_named(run: Bare) -> None:
    said = run(
        "from dl_datalake._extras import load\n"
        "from dl_datalake.errors import LakeError\n"
        "for name in ('polars', 'pandas', 'pyarrow', 'numpy', 'duckdb'):\n"
        "    try:\n"
        "        load(name)\n"
        "    except ImportError as error:\n"
        "        assert isinstance(error, LakeError)\n"
        "        print(error)\n"
    )
    assert re.findall(r"pip install 'dl-datalake\[(\w+)\]'", said) == ["polars", "pandas", "pyarrow", "numpy", "duckdb"]


def test_one_sqlite_in_the_process(run: Bare) -> None:
    """Python's own sqlite3 and the engine share the system's: two would drop each other's locks."""
    maps = run("import sqlite3, dl_datalake._native; print(open('/proc/self/maps').read())")
    loaded = {line.split()[-1] for line in maps.splitlines() if "libsqlite3" in line}
    assert len(loaded) == 1, loaded
    assert loaded.pop().startswith(("/lib", "/usr/lib"))


def test_type_checkers_find_types(run: Bare) -> None:
    package = Path(run("import dl_datalake; print(dl_datalake.__path__[0])"))
    assert (package / "py.typed").is_file()
    assert (package / "_native.pyi").is_file()
