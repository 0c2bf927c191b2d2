"""An ingest with safe points is killed, or its power cut, and asked for again: it goes on, and the rows are those of an uninterrupted
one. tests/power/ingests.c makes a safe point every few rows."""

import os
import random
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from audit import leftovers
from disk import Disk
from dl_runner import Runner
from rows import DAY_MINUTES, Rows, read_by_dl, read_tree, write_csv
from sweep import Point, for_each, kill_points, run_to, was_killed, watch

SYMBOL = "BTCUSDT"
ROOT = Path(__file__).resolve().parents[2]
ORDERS = ["sorted", "shuffled"]
CUTS = 4


@dataclass
class Work:
    """One source; and a lake to put it into."""

    ingests: str
    program: str
    source: Path
    rows: Rows
    every: int  # bytes between safe points

    def arguments(self) -> list[str]:
        return [".", str(self.source), str(self.every)]

    def run(self, directory: Path) -> int:
        """To the end; the rows that an interrupted one had read before."""
        done = Runner(self.ingests, directory)(*self.arguments()).ok()
        read, resumed, _ = map(int, done.out.split())
        assert read == len(self.rows)
        return resumed

    def check(self, directory: Path, must_be_there: bool, is_first: bool = True) -> bool:
        """Everything is there, or nothing is. Opens the lake, which recovers. Not the first: another run may have begun after the one that
        committed, and have been interrupted."""
        dl = Runner(self.program, directory)
        done = dl("verify", "--full")
        if not must_be_there and done.status == 1 and "dl init" in done.err:
            return False  # it did not come to making the lake
        assert done.status == 0, f"verify: {done.out}{done.err}"
        read = read_by_dl(dl)
        assert read == read_tree(directory / "data"), "dl read and a plain glob over the tree give different rows"
        assert read in ({}, {SYMBOL: self.rows}), "some of the rows are there"
        left = leftovers(directory)
        assert [path for path in left if path.endswith(".lock")] == []
        if read and is_first:
            assert left == [], "what was committed is kept to be gone on with"
        assert read or not must_be_there
        return bool(read)


@pytest.fixture(scope="session")
def ingests() -> str:
    built = ROOT / "build" / "dev" / "tests" / "power" / "ingests"
    return str(Path(os.environ.get("LAKE_INGESTS", built)).resolve(strict=True))


def make_work(ingests: str, program: str, source: Path, order: str, n_days: int, n_saves: int) -> Work:
    chance = random.Random(order)
    minutes = [day * DAY_MINUTES + i for day in range(n_days) for i in range(300)]
    rows = {minute: chance.randrange(1, 100_000) for minute in minutes}
    write_csv(source, rows)
    if order == "shuffled":
        header, *lines = source.read_text().splitlines()
        chance.shuffle(lines)
        source.write_text("\n".join([header, *lines]) + "\n")
    return Work(ingests, program, source, rows, source.stat().st_size // n_saves)


def is_saved(directory: Path) -> bool:
    staging = directory / ".lake" / "staging"
    return staging.exists() and any("-save" in path.name and path.suffix == "" for path in staging.iterdir())


def kill_at_random(work: Work, directory: Path, wait: float) -> bool:
    """Begins an ingest and kills it after some seconds; false where it had come to its end."""
    started = Runner(work.ingests, directory).start(*work.arguments(), stdout=subprocess.PIPE)
    time.sleep(wait)
    started.kill()
    started.communicate()
    return started.returncode == -signal.SIGKILL


def kill_once_saved(work: Work, directory: Path, share: float) -> bool:
    """The same, but kills it when there is a safe point, and then a share of the time has gone by that it took to come to it."""
    started = Runner(work.ingests, directory).start(*work.arguments(), stdout=subprocess.PIPE)
    begin = time.monotonic()
    while not is_saved(directory) and started.poll() is None:
        time.sleep(0.001)
    time.sleep(share * (time.monotonic() - begin))
    started.kill()
    started.communicate()
    return started.returncode == -signal.SIGKILL


@pytest.mark.parametrize("order", ORDERS)
def test_killed_at_random(ingests: str, program: str, tmp_path: Path, order: str) -> None:
    work = make_work(ingests, program, tmp_path / "bars.csv", order, n_days=150, n_saves=12)
    (tmp_path / "whole").mkdir()
    begin = time.monotonic()
    assert work.run(tmp_path / "whole") == 0
    duration = time.monotonic() - begin
    chance = random.Random(7)
    n_killed, n_resumed = 0, 0
    for number in range(6):
        directory = tmp_path / f"lake-{number}"
        directory.mkdir()
        n_killed += kill_at_random(work, directory, chance.uniform(0.1, 0.6) * duration)
        n_killed += kill_once_saved(work, directory, chance.uniform(0, 1) if number < 3 else 0)
        was_saved = is_saved(directory)
        was_there = work.check(directory, must_be_there=False, is_first=False)
        resumed = work.run(directory)
        n_resumed += resumed > 0
        assert was_there or resumed > 0 or not was_saved, "a safe point was not gone on from"
        assert work.check(directory, must_be_there=True)
        if n_resumed == 2:
            break
    assert n_killed > 0
    assert n_resumed > 0, "no run went on from a safe point: nothing was tested"


@pytest.mark.parametrize("order", ORDERS)
def test_killed_at_a_call(ingests: str, program: str, strace: str, tmp_path: Path, thorough: bool, order: str) -> None:
    work = make_work(ingests, program, tmp_path / "bars.csv", order, n_days=12, n_saves=3)
    (tmp_path / "watched").mkdir()
    (tmp_path / "lake").mkdir()
    points = list(kill_points(watch(Runner(ingests, tmp_path / "watched"), work.arguments()), 1 if thorough else 64))
    points = points if thorough else points[:: max(1, len(points) // 30)]
    n_killed, n_resumed = 0, 0

    def check(point: Point, directory: Path) -> str:
        nonlocal n_killed, n_resumed
        done = run_to(Runner(ingests, directory), work.arguments(), point)
        if was_killed(done):
            n_killed += 1
        elif done.status != 0:
            return f"neither killed nor done: {done}"
        was_saved = is_saved(directory)
        was_there = work.check(directory, must_be_there=done.status == 0)
        resumed = work.run(directory)
        n_resumed += resumed > 0
        assert was_there or resumed > 0 or not was_saved, "a safe point was not gone on from"
        work.check(directory, must_be_there=True)
        return ""

    complaints = for_each(points, tmp_path / "lake", check)
    print(f"{order}: {len(points)} points, {n_killed} killed, {n_resumed} gone on with")
    assert complaints == []
    assert n_killed > len(points) * 0.8, "the points must fall into the command"
    assert n_resumed > 0


@pytest.mark.parametrize("order", ORDERS)
def test_power_cuts(disk: Disk, ingests: str, program: str, tmp_path: Path, order: str) -> None:
    """A safe point that the disk holds has all that it names: it was made durable first."""
    work = make_work(ingests, program, tmp_path / "bars.csv", order, n_days=150, n_saves=12)
    disk.clear()
    lake = disk.root / "lake"
    lake.mkdir()
    os.sync()
    chance = random.Random(3)
    images: list[Path] = []
    started = Runner(ingests, lake).start(*work.arguments(), stdout=subprocess.PIPE)
    while started.poll() is None and not is_saved(lake):
        time.sleep(0.001)
    while started.poll() is None and len(images) < CUTS:
        time.sleep(chance.uniform(0, 0.1))
        images.append(disk.cut())
    started.kill()
    started.communicate()
    n_resumed = 0
    for image in images:
        with disk.mounted(image) as root:
            directory = root / "lake"
            if not directory.exists():
                continue
            was_saved = is_saved(directory)
            was_there = work.check(directory, must_be_there=False)
            resumed = work.run(directory)
            n_resumed += resumed > 0
            assert was_there or resumed > 0 or not was_saved, "a safe point names what the power cut took"
            work.check(directory, must_be_there=True)
    assert n_resumed > 0, "no cut fell behind a safe point: nothing was tested"
