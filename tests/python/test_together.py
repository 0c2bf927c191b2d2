"""Threads and processes on one lake: nothing fails and nothing is lost."""

from __future__ import annotations

import multiprocessing
import pickle
import subprocess
import sys
import textwrap
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import pytest
from dl_datalake.client.dl_client import DataLakeClient
from dl_datalake.storage.writer import ParquetWriter
from frames import DAY_MS, START_MS, make_bars
from polars.testing import assert_frame_equal

N_THREADS = 32
N_DAYS = 4


def client_at(place: Path) -> DataLakeClient:
    return DataLakeClient(data_root=place / "data", db_path=place / "manifest.db")


# In the forms that a forked process may use: Polars itself cannot be used in one.
BARS = make_bars(N_DAYS * 1440)
PARTS = [[BARS[day * 1440 + k : (day + 1) * 1440 : 8].to_arrow() for day in range(N_DAYS)] for k in range(8)]
CLOSES = dict(zip(BARS["ts"].to_physical().to_list(), BARS["close"].to_list(), strict=True))


def write_part(place: Path, k: int) -> None:
    """Each writer has its own minutes of each of the days: all of them together are whole days."""
    writer = ParquetWriter(base_path=place / "data")
    for rows in PARTS[k]:
        list(writer.write_ohlc(rows, "X", "SPOT", "Y", "1m"))


def read_some(place: Path, rounds: int) -> int:
    """Reads while others write: a snapshot's rows are in order, right, and never fewer than before."""
    client, last = client_at(place), 0
    for _ in range(rounds):
        rows = client.read_ohlc("X", "Y", START_MS, START_MS + N_DAYS * DAY_MS, to="numpy", ts="int")
        times = rows["ts"].tolist()
        assert times == sorted(set(times))
        assert [CLOSES[ts] for ts in times] == rows["close"].tolist()
        assert len(times) >= last
        last = len(times)
    return last


def check_whole(place: Path) -> None:
    frame = client_at(place).read_ohlc("X", "Y", START_MS, START_MS + N_DAYS * DAY_MS)
    assert_frame_equal(frame, BARS, check_exact=True)
    assert client_at(place).verify(full=True).n_problems == 0


@pytest.fixture
def begun(tmp_path: Path) -> Path:
    write_part(tmp_path, 0)
    return tmp_path


def test_threads(begun: Path) -> None:
    with ThreadPoolExecutor(N_THREADS) as pool:
        jobs = [pool.submit(write_part, begun, k) for k in range(1, 8)]
        jobs += [pool.submit(read_some, begun, 4) for _ in range(N_THREADS - len(jobs))]
        for job in jobs:
            job.result(timeout=120)
    check_whole(begun)


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_processes(begun: Path, method: str) -> None:
    client_at(begun).read_ohlc("X", "Y", START_MS, START_MS + DAY_MS)  # open here before the others begin
    with ProcessPoolExecutor(4, mp_context=multiprocessing.get_context(method)) as pool:
        jobs = [pool.submit(write_part, begun, k) for k in range(1, 8)]
        jobs += [pool.submit(read_some, begun, 3) for _ in range(5)]
        for job in jobs:
            job.result(timeout=120)
    check_whole(begun)


def test_a_client_is_taken_along(begun: Path) -> None:
    client = client_at(begun)
    before = client.read_ohlc("X", "Y", START_MS, START_MS + DAY_MS)
    again = pickle.loads(pickle.dumps(client))
    assert_frame_equal(again.read_ohlc("X", "Y", START_MS, START_MS + DAY_MS), before)


def test_one_client_in_many_threads(begun: Path) -> None:
    client, failures = client_at(begun), []

    def work() -> None:
        try:
            for _ in range(20):
                assert client.read_ohlc("X", "Y", START_MS, START_MS + DAY_MS).height == 180
                assert len(client.list(symbol="Y")) == N_DAYS
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(N_THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert failures == []


INTERRUPTED = """
    import os, signal, sys, threading
    from dl_datalake.client.dl_client import DataLakeClient
    signal.signal(signal.SIGINT, signal.default_int_handler)  # who starts the tests may ignore the signal
    client = DataLakeClient()
    threading.Timer(0.4, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
    try:
        while True:
            {what}
    except KeyboardInterrupt:
        kept = signal.getsignal(signal.SIGINT) is signal.default_int_handler
        print("interrupted" if kept else "another handler was left behind")
        sys.exit(7)
"""


@pytest.mark.parametrize(
    "what",
    [
        'client.read_ohlc("X", "Y", "2024-03-01", "2024-03-04")',
        "client.aggregate(anew=True)",
        "client.verify(full=True)",
    ],
)
def test_ctrl_c(begun: Path, what: str) -> None:
    program = textwrap.dedent(INTERRUPTED).format(what=what)
    run = subprocess.run([sys.executable, "-c", program], cwd=begun, capture_output=True, text=True, timeout=60)
    assert (run.returncode, run.stdout) == (7, "interrupted\n"), run.stderr
    assert client_at(begun).verify(full=True).n_problems == 0
