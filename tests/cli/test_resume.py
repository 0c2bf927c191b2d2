"""A long ingest that was interrupted goes on from a safe point when the same command is given again."""

import shutil
import signal
import sqlite3
import subprocess
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from dl_runner import FIRST_MS, TIMEOUT, Runner, day_files
from pyarrow import csv

N_ROWS = 6_300_000
BLOCK = 300_000
DATASET = ["--exchange", "X", "--symbol", "Y"]
INGEST = ["ingest", "--source", "trades.csv", *DATASET]


@pytest.fixture(scope="module")
def trades(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """More than what is small enough to begin again: 300 MB of trades over three days."""
    path = tmp_path_factory.mktemp("trades") / "trades.csv"
    with csv.CSVWriter(str(path), pa.schema([(name, pa.int64()) for name in NAMES])) as writer:
        for first in range(0, N_ROWS, BLOCK):
            writer.write(rows(first, first + BLOCK))
    assert path.stat().st_size > 256 << 20
    return path


NAMES = ["id", "timestamp", "price", "amount", "nonce"]


def rows(first: int, end: int) -> pa.Table:
    i = np.arange(first, end, dtype=np.int64)
    columns = [
        10_000_000 + i,
        FIRST_MS * 1000 + i * 41_003,
        20_000 + i * 7 % 1009,
        1 + i * 13 % 97,
        10_000_000 + i * 999_983 % 89_999_989,
    ]
    return pa.table(dict(zip(NAMES, columns, strict=True)))


@pytest.fixture(scope="module")
def uninterrupted(program: str, trades: Path, tmp_path_factory: pytest.TempPathFactory) -> list[tuple[int, int, bytes]]:
    dl = Runner(program, tmp_path_factory.mktemp("whole"))
    dl("ingest", "--source", str(trades), *DATASET).ok()
    return contents(dl)


@pytest.fixture
def big(dl: Runner, trades: Path) -> Runner:
    (dl.directory / "trades.csv").symlink_to(trades)
    dl("init").ok()
    return dl


def contents(dl: Runner) -> list[tuple[int, int, bytes]]:
    database = sqlite3.connect(dl.directory / "manifest.db")
    found = database.execute("SELECT day, n_rows, sha256 FROM contents WHERE retired = 0 ORDER BY day").fetchall()
    database.close()
    return found


def stop_at_a_safe_point(dl: Runner, number: signal.Signals, *options: str) -> tuple[int, str]:
    process = dl.start(*INGEST, *options, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    ends = time.monotonic() + TIMEOUT
    while not list((dl.directory / ".lake").rglob("*-save")):
        assert process.poll() is None, "it was done before it was safe"
        assert time.monotonic() < ends
        time.sleep(0.005)
    process.send_signal(number)
    _, err = process.communicate(timeout=TIMEOUT)
    return process.returncode, err.decode()


def check_whole(dl: Runner, uninterrupted: list[tuple[int, int, bytes]]) -> None:
    assert contents(dl) == uninterrupted
    assert list((dl.directory / ".lake").rglob("*-save")) == []
    assert len(dl("log", "--json").ok().json) == 1
    dl("verify").ok()


def test_ctrl_c_and_on(big: Runner, uninterrupted: list[tuple[int, int, bytes]]) -> None:
    status, err = stop_at_a_safe_point(big, signal.SIGINT)
    assert status == 130
    assert "the same command goes on from there" in err
    assert "--restart" in err
    assert big("list", "--json").ok().json == []
    assert day_files(big.directory) == []
    big("verify").ok()
    done = big(*INGEST, "--json").ok().json
    assert 0 < done["rows_resumed"] < N_ROWS
    assert (done["rows_read"], done["rows_new"]) == (N_ROWS, N_ROWS)
    check_whole(big, uninterrupted)


def test_killed_and_on(big: Runner, uninterrupted: list[tuple[int, int, bytes]]) -> None:
    status, _ = stop_at_a_safe_point(big, signal.SIGKILL)
    assert status == -signal.SIGKILL
    assert big("list", "--json").ok().json == []
    done = big(*INGEST).ok()
    assert "\nresumed: " in done.out
    check_whole(big, uninterrupted)


def test_begun_anew(big: Runner, uninterrupted: list[tuple[int, int, bytes]]) -> None:
    stop_at_a_safe_point(big, signal.SIGKILL)
    done = big(*INGEST, "--restart", "--json").ok().json
    assert (done["rows_resumed"], done["rows_new"]) == (0, N_ROWS)
    check_whole(big, uninterrupted)


def test_another_command_does_not_go_on_with_it(big: Runner) -> None:
    stop_at_a_safe_point(big, signal.SIGKILL)
    (big.directory / "few.csv").write_text("id,timestamp,price,amount\n1,1609459200000,5,5\n")
    other = big("ingest", "--source", "few.csv", *DATASET, "--json").ok().json
    assert (other["rows_new"], other["rows_resumed"]) == (1, 0)


def test_a_source_that_changed_is_not_gone_on_with(big: Runner, trades: Path) -> None:
    source = big.directory / "trades.csv"
    source.unlink()
    shutil.copy(trades, source)
    stop_at_a_safe_point(big, signal.SIGKILL)
    with source.open("r+b") as file:
        start = file.read(1000).replace(b",20", b",30")
        file.seek(0)
        file.write(start)
    refused = big(*INGEST)
    assert refused.status == 1
    assert "is not the file that was being ingested" in refused.err.splitlines()[-1]
    assert "--restart" in refused.err.splitlines()[-1]
    assert big("list", "--json").ok().json == []
    assert big(*INGEST, "--restart", "--json").ok().json["rows_new"] == N_ROWS
