"""The program under test (LAKE_DL, else what was built last) and lakes to try it on."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest
from dl_runner import Runner, bars_csv

ROOT = Path(__file__).resolve().parents[2]


def find_program() -> str:
    given = os.environ.get("LAKE_DL")
    if given:
        return str(Path(given).resolve(strict=True))
    built = [path for path in (ROOT / "build").glob("*/dl") if path.is_file()]
    if not built:
        raise FileNotFoundError("no build/*/dl: build first, or name the program with LAKE_DL")
    return str(max(built, key=lambda path: path.stat().st_mtime))


@pytest.fixture(scope="session")
def program() -> str:
    return find_program()


@pytest.fixture
def dl(program: str, tmp_path: Path) -> Runner:
    """dl in an empty directory."""
    return Runner(program, tmp_path)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Three days and a bit of one-minute bars: btc_1m.csv."""
    path = tmp_path / "btc_1m.csv"
    path.write_text(bars_csv(3 * 1440 + 10))
    return path


@pytest.fixture
def lake(dl: Runner, source: Path) -> Runner:
    """dl in a directory with a lake that holds those bars as BINANCE FUTURES BTCUSDT raw 1m."""
    dl("ingest", "--source", source.name, "--exchange", "BINANCE", "--symbol", "BTCUSDT").ok()
    return dl


@pytest.fixture
def unprivileged(dl: Runner, tmp_path: Path) -> dict[str, object]:
    """Options for a run as a user whom permissions bind: root becomes nobody, who gets a copy of the program and may enter
    the directory of the test."""
    if os.geteuid() != 0:
        return {}
    top = Path(tempfile.gettempdir())
    for path in [tmp_path, *tmp_path.parents]:
        if path.is_relative_to(top) and path != top:
            path.chmod(path.stat().st_mode | 0o055)
    copy = tmp_path.parent / f"{tmp_path.name}-dl"
    shutil.copy(dl.program, copy)
    dl.program = str(copy)
    return {"user": 65534, "group": 65534, "extra_groups": []}
