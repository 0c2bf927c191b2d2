"""Memory is bounded by what is configured, not by the size of the data."""

import subprocess
import sys

import pytest
from dl_runner import Runner, bars_csv

READ = ["read", "--exchange", "x", "--symbol", "y"]
DAYS = 400
HALF = "2026-07-20"


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
    assert peak_mb(long, *READ, "--start", "2026-06-01", "--end", "2026-06-01") <= 16


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
