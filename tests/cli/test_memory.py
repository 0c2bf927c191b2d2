"""Memory is bounded by what is configured, not by the size of the data."""

import random
import subprocess
import sys
from pathlib import Path

import pytest
from dl_runner import Runner, bars_csv

READ = ["read", "--exchange", "x", "--symbol", "y"]
DAYS = 400
HALF = "2021-07-20"


@pytest.fixture(scope="module")
def long(program: str, tmp_path_factory: pytest.TempPathFactory) -> Runner:
    dl = Runner(program, tmp_path_factory.mktemp("long"))
    source = dl.directory / "bars.csv"
    source.write_text(bars_csv(DAYS * 1440))
    dl("ingest", "--source", source.name, "--exchange", "x", "--symbol", "y").ok()
    source.unlink()
    return dl


# A process starts with its parent's peak, so a small one stands between pytest and the program.
WAIT = """
import os, sys
pid = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_, status, usage = os.wait4(pid, 0)
assert status == 0, status
print(usage.ru_maxrss, file=sys.stderr)
"""


def peak_mb(dl: Runner, *arguments: str) -> float:
    done = subprocess.run(
        [sys.executable, "-S", "-c", WAIT, dl.program, *arguments, "--quiet"],
        cwd=dl.directory,
        env=dl.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        check=True,
    )
    return int(done.stderr) / 1024


@pytest.mark.parametrize("format_", ["csv", "json", "ndjson", "parquet", "table"])
def test_memory_does_not_grow_with_the_rows(long: Runner, format_: str) -> None:
    half = peak_mb(long, *READ, "--end", HALF, "--format", format_)
    whole = peak_mb(long, *READ, "--format", format_)
    assert whole <= 64
    assert whole <= half + 8


def test_a_day_needs_little(long: Runner) -> None:
    assert peak_mb(long, *READ, "--start", "2021-06-01", "--end", "2021-06-01") <= 16


def test_a_long_list_through_a_reader_that_goes_away(long: Runner) -> None:
    process = long.start("list", "--files", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait() == 0


def test_every_row_is_there_once(long: Runner) -> None:
    expected = bars_csv(DAYS * 1440).splitlines()
    lines = long(*READ, "--ts", "ms").ok().lines
    assert len(lines) == len(expected)
    assert [line.split(",")[0] for line in lines[1:]] == [line.split(",")[0] for line in expected[1:]]
    assert [float(field) for field in lines[-1].split(",")] == [float(field) for field in expected[-1].split(",")]


# ---- a stream of any length ----

MAKE = """
import sys
n_rows = int(sys.argv[1])
print("timestamp,open,high,low,close,volume,quote_volume,trades")
for first in range(0, n_rows, 20_000):
    lines = [
        f"{1_500_000_000_000 + i * 60_000},{20_000 + i % 997}.25,{20_100 + i % 997}.75,{19_900 + i % 997},"
        f"{20_001 + i % 997}.5,{i % 89}.125,{i % 1009}.0625,{i % 61}"
        for i in range(first, min(first + 20_000, n_rows))
    ]
    sys.stdout.write("\\n".join(lines) + "\\n")
"""
INGEST = ["ingest", "--source", "-", "--exchange", "x", "--symbol", "y"]


def peak_of_stream_mb(dl: Runner, n_rows: int) -> float:
    """Of an ingest from standard input into a lake of its own."""
    dl.directory.mkdir()
    rows = subprocess.Popen([sys.executable, "-S", "-c", MAKE, str(n_rows)], stdout=subprocess.PIPE)
    done = subprocess.run(
        [sys.executable, "-S", "-c", WAIT, dl.program, *INGEST, "--quiet"],
        cwd=dl.directory,
        env=dl.environment(),
        stdin=rows.stdout,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        check=True,
    )
    assert rows.wait() == 0
    assert dl("list", "--json").ok().json[0]["rows"] == n_rows
    return int(done.stderr.split()[-1]) / 1024


def test_memory_does_not_grow_with_the_stream(program: str, tmp_path: Path) -> None:
    short = peak_of_stream_mb(Runner(program, tmp_path / "short"), 500_000)
    long = peak_of_stream_mb(Runner(program, tmp_path / "long"), 2_000_000)
    assert long <= 128
    assert long <= short + 16


def test_rows_in_no_order_take_no_more(program: str, tmp_path: Path) -> None:
    dl = Runner(program, tmp_path)
    head, *rows = bars_csv(DAYS * 1440).splitlines(keepends=True)
    random.Random(1).shuffle(rows)
    (tmp_path / "bars.csv").write_text(head + "".join(rows))
    ingest = ["ingest", "--source", "bars.csv", "--exchange", "x", "--symbol", "y", "--period", "1m"]
    assert peak_mb(dl, *ingest) <= 128
    assert dl("list", "--json").ok().json[0]["rows"] == DAYS * 1440
