"""kill -9 at random moments of an ingest: verify is clean each time, and the next ingest completes."""

import os
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest
from dl_runner import Runner, bars_csv

KILLS = 50
DAYS = 80  # more partitions than are open at once, so that files are staged before the end
ARGUMENTS = ["ingest", "--source", "bars.csv", "--exchange", "BINANCE", "--symbol", "BTCUSDT"]


def measure(dl: Runner) -> float:
    begin = time.monotonic()
    dl(*ARGUMENTS).ok()
    return time.monotonic() - begin


def kill_ingest(dl: Runner, after: float) -> bool:
    """Whether the ingest was still running when it was killed."""
    process = subprocess.Popen(
        [dl.program, *ARGUMENTS], cwd=dl.directory, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    time.sleep(after)
    process.send_signal(signal.SIGKILL)
    return process.wait() == -signal.SIGKILL


def count_parquet(directory: Path) -> int:
    return sum(name.endswith(".parquet") for _, _, names in os.walk(directory / "data") for name in names)


@pytest.fixture
def bars(tmp_path: Path) -> Path:
    path = tmp_path / "bars.csv"
    path.write_text(bars_csv(DAYS * 1440))
    return path


def test_kill_at_random_moments(dl: Runner, bars: Path, tmp_path: Path) -> None:
    dl("init").ok()
    whole = measure(dl)
    lines = bars.read_text().splitlines(keepends=True)
    chance = random.Random(7)
    n_killed = 0
    for attempt in range(KILLS):
        # Another close in every row, so that each attempt has all of its days to write.
        price = f"{1_000_000 + attempt}"
        changed = [",".join([*line.split(",")[:4], price, line.split(",")[5]]) for line in lines[1:]]
        bars.write_text(lines[0] + "".join(changed))
        n_killed += kill_ingest(dl, chance.uniform(0, whole * 1.2))
        dl("verify").ok()
        rows = dl("read", "--exchange", "BINANCE", "--symbol", "BTCUSDT", "--columns", "close").ok().lines[1:]
        closes = {row.split(",")[1] for row in rows}
        assert price not in closes or closes == {price}, "a commit is whole or absent"
        dl(*ARGUMENTS).ok()
        assert count_parquet(tmp_path) == DAYS
    assert n_killed > KILLS // 4, "the kills must fall into the ingest, not after it"
    dl("verify").ok()
