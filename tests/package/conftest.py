"""The wheel under test (LAKE_WHEEL, else the one that tools/wheel.sh made) and an environment that holds it alone."""

import os
import sys
from pathlib import Path

import pytest
from interpreters import ROOT, Bare, make_environment


@pytest.fixture(scope="session")
def wheel() -> Path:
    given = os.environ.get("LAKE_WHEEL")
    if given:
        return Path(given).resolve(strict=True)
    built = sorted((ROOT / "build" / "dist").glob("*.whl"))
    if not built:
        pytest.skip("no build/dist/*.whl: make wheel, or name one with LAKE_WHEEL")
    return built[-1]


@pytest.fixture(scope="session")
def sdist(wheel: Path) -> Path:
    """Beside the wheel, which was built from it."""
    return next(wheel.parent.glob("*.tar.gz"))


@pytest.fixture(scope="session")
def program() -> Path:
    """The program as the C tree builds it, to compare with."""
    path = Path(os.environ.get("LAKE_DL", ROOT / "build" / "release" / "dl")).resolve()
    if not path.is_file():
        pytest.skip(f"{path} is not built: make build, or name one with LAKE_DL")
    return path


@pytest.fixture(scope="session")
def bare(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of a fresh environment: the wheel, no extra."""
    return make_environment(Path(sys.executable), tmp_path_factory.mktemp("bare") / "venv", wheel)


@pytest.fixture
def run(bare: Path, tmp_path: Path) -> Bare:
    return Bare(bare, tmp_path)
