"""The Python and the command lines of the technical documentation, as printed there, on a lake that is filled by them.

The document is the users' contract (../shared/reference, or LAKE_SHARED); without it these tests are skipped, and say so.
"""

import json
import os
import re
import shlex
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = Path(os.environ.get("LAKE_SHARED", ROOT.parent / "shared")) / "reference/technical-documentation.md"
FIRST = datetime(2026, 1, 1, tzinfo=UTC)
DAYS, DAYS_READ, ROWS_A_DAY = 12, 10, 1440
COMMANDS = "python -m dl_datalake.cli "
# Commands of later parts, that dl does not know yet; the test below fails when it does.
NOT_YET = {"download-symbols", "download-history", "upload-feature"}

pytestmark = pytest.mark.skipif(
    not DOCUMENT.is_file(), reason=f"{DOCUMENT} is not here: nothing to hold the package against"
)


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", DOCUMENT.read_text("utf-8"), re.MULTILINE | re.DOTALL)


def command_lines() -> list[str]:
    """What follows the program's name in every shell block."""
    lines = "".join(blocks("bash")).splitlines()
    return [line.strip().removeprefix(COMMANDS) for line in lines if line.strip().startswith(COMMANDS)]


def bars() -> pl.DataFrame:
    """Made up, with prices that no float rounds."""
    n = DAYS * ROWS_A_DAY
    minutes = pl.datetime_range(FIRST, FIRST + timedelta(days=DAYS), "1m", closed="left", time_unit="ms", eager=True)
    step = pl.int_range(n, eager=True)
    opened = 90_000 + (step % 997) / 4
    closed = opened + (step % 7 - 3) / 8
    high, low = pl.max_horizontal(opened, closed) + 0.5, pl.min_horizontal(opened, closed) - 0.5
    made = {"ts": minutes, "open": opened, "high": high, "low": low, "close": closed, "volume": (step % 13 + 1) / 8}
    return pl.select(**made)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A directory with the files that the document speaks of."""
    rows = bars()
    rows.with_columns(pl.col("ts").dt.epoch("ms")).write_csv(tmp_path / "btc_1m.csv")
    signal = rows.select("ts", signal=pl.col("close").diff().fill_null(0.0)).filter(pl.col("ts").dt.minute() == 0)
    signal.write_parquet(tmp_path / "my_features.parquet")
    return tmp_path


def run(place: Path, *arguments: str, status: int = 0) -> str:
    """Python with the package under test, in an environment that says nothing of lakes."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DL_")}
    tree = os.environ.get("LAKE_PYTHON_TREE")
    path = {"PYTHONPATH": str(Path(tree).resolve())} if tree else {}
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=place,
        env=kept | path | {"NO_COLOR": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == status, f"{arguments}: {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout


def dl(place: Path, command: str) -> str:
    return run(place, "-m", "dl_datalake.cli", *shlex.split(command, comments=True))


def line_of(command: str, *words: str) -> str:
    """The one printed line of a command that has these words."""
    found = [line for line in command_lines() if line.split()[0] == command and all(word in line for word in words)]
    assert len(found) == 1, f"{command} {words}: {found}"
    return found[0]


def test_the_python_of_the_document(place: Path) -> None:
    dl(place, line_of("ingest"))
    upload = "from dl_datalake.client.dl_client import DataLakeClient as C\n"
    upload += "C().upload_features('my_features.parquet', 'BINANCE', 'FUTURES', 'BTCUSDT', 'alpha_v1', '1.0.1')\n"
    run(place, "-c", upload)
    (printed,) = blocks("python")
    shown = "\nimport json\ndf.write_ipc('df.arrow')\n"
    shown += "print(json.dumps([[e.type, e.feature_set, str(e.version), e.symbol, e.path] for e in features]))\n"
    (entry,) = json.loads(run(place, "-c", printed + shown))
    read = pl.read_ipc(place / "df.arrow")
    assert read.equals(bars().head(DAYS_READ * ROWS_A_DAY))
    assert read.schema == bars().schema
    assert entry[:4] == ["feature", "alpha_v1", "1.0.1", "BTCUSDT"]
    assert "data/features/" in entry[4]
    assert (place / entry[4]).is_file()


def test_the_python_of_the_document_where_nothing_is(tmp_path: Path) -> None:
    """It says what to do; it leaves nothing behind."""
    (printed,) = blocks("python")
    caught = f"try:\n    exec({printed!r})\nexcept FileNotFoundError as error:\n    print(error)\n"
    said = run(tmp_path, "-c", caught)
    assert "manifest.db" in said
    assert list(tmp_path.iterdir()) == []


def test_the_command_lines_of_the_document(place: Path) -> None:
    dl(place, line_of("init"))
    assert (place / "manifest.db").is_file()
    dl(place, line_of("ingest"))
    rows = dl(place, line_of("read")).splitlines()
    assert len(rows) == 1 + 7 * ROWS_A_DAY
    assert rows[1].startswith("2026-01-01T00:00:00Z,")
    dl(place, "aggregate")
    held = {(one["type"], one["period"]) for one in json.loads(dl(place, "list --json"))}
    assert held == {("raw", "1m"), ("agg", "15m"), ("agg", "1h")}
    dl(place, line_of("delete", "--data-type agg"))
    held = {(one["type"], one["period"]) for one in json.loads(dl(place, "list --json")) if one["rows"]}
    assert held == {("raw", "1m")}
    (everything,) = [line for line in command_lines() if line.startswith("delete") and "--data-type" not in line]
    dl(place, everything)
    assert [one for one in json.loads(dl(place, "list --json")) if one["rows"]] == []


def test_every_command_line_is_run_or_named_here(tmp_path: Path) -> None:
    commands = {line.split()[0] for line in command_lines()}
    assert commands == {"init", "ingest", "read", "delete"} | NOT_YET
    for command in NOT_YET:
        run(tmp_path, "-m", "dl_datalake.cli", command, status=2)
