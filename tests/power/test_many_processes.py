"""Writers and readers of one dataset in processes of their own, and who waits for whom."""

import fcntl
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from dl_runner import Result, Runner
from many_processes import LANES, Keeper, race
from rows import DAY_MINUTES, EXCHANGE, read_by_dl, read_tree
from scenarios import ingest

COMMITS = 25


@pytest.fixture
def dl(program: str, tmp_path: Path) -> Runner:
    lake = Runner(program, tmp_path / "lake")
    lake.directory.mkdir()
    lake("init").ok()
    return lake


def test_no_update_is_lost_and_no_read_is_torn(dl: Runner, commits: str, thorough: bool) -> None:
    n_commits = 10 * COMMITS if thorough else COMMITS
    with Keeper(dl) as keeper:
        outcome = race(commits, dl.directory, n_commits, 4)
    assert outcome.problems == []
    assert keeper.problem == ""
    assert sorted(set(outcome.snapshots)) == sorted(outcome.snapshots), "two commits made one snapshot"
    assert len(outcome.commit_ms) == LANES * n_commits
    assert outcome.n_conflicts > 0, "the writers must get into each other's way"
    assert outcome.n_scans > 4, "the readers must read while they write"
    dl("verify", "--full").ok()
    ingests = [operation for operation in dl("log", "--all", "--json").ok().json if operation["operation"] == "ingest"]
    assert len(ingests) == LANES * n_commits
    assert read_by_dl(dl) == read_tree(dl.directory / "data")


def test_first_commits_of_many_processes_make_one_lake(program: str, tmp_path: Path) -> None:
    lake = Runner(program, tmp_path / "lake")
    lake.directory.mkdir()
    results: list[Result] = []

    def write(lane: int) -> None:
        rows = {day * DAY_MINUTES + lane: lane for day in range(3)}
        results.append(lake(*ingest(lake, f"lane{lane}", rows)))

    threads = [threading.Thread(target=write, args=[lane]) for lane in range(LANES)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [done.err for done in results if done.status != 0] == []
    expected = {day * DAY_MINUTES + lane: lane for day in range(3) for lane in range(LANES)}
    assert read_by_dl(lake) == read_tree(lake.directory / "data") == {"BTCUSDT": expected}


# ---- waiting ----


@contextmanager
def held(lake: Path) -> Iterator[None]:
    """The lake's lock, held by this process, with a holder's text as dl writes it."""
    with (lake / ".lake" / "lake.lock").open("r+b") as file:
        fcntl.fcntl(file, fcntl.F_OFD_SETLKW, struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 0, 0, 0))
        file.truncate(0)
        file.write(b"process 4711 (ingest) since 2026-01-01T00:00:00Z")
        file.flush()
        yield


def test_a_writer_waits_for_the_lock(dl: Runner) -> None:
    results: list[Result] = []
    writer = threading.Thread(target=lambda: results.append(dl(*ingest(dl, "day", {0: 1}))))
    with held(dl.directory):
        writer.start()
        time.sleep(1)
        assert results == []
    writer.join()
    results[0].ok()
    assert read_by_dl(dl) == {"BTCUSDT": {0: 1}}


def test_readers_wait_for_nobody(dl: Runner) -> None:
    dl(*ingest(dl, "day", {0: 1})).ok()
    with held(dl.directory):
        begin = time.monotonic()
        assert read_by_dl(dl) == {"BTCUSDT": {0: 1}}
        dl("verify").ok()
        assert time.monotonic() - begin < 5


def test_waiting_ends_with_the_holders_name(dl: Runner, thorough: bool) -> None:
    if not thorough:
        pytest.skip("it waits for a minute: --thorough")
    with held(dl.directory):
        message = dl(*ingest(dl, "day", {0: 1})).error(1)
    assert "held by process 4711 (ingest) since 2026-01-01T00:00:00Z" in message
    assert dl("list", "--json", "--exchange", EXCHANGE).ok().json == []
