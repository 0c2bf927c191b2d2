"""Lakes and frames for the tests of the extension."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl
from dl_datalake import _native as native

START = 1_704_067_200_000
MINUTE = 60_000


def bars(n: int, start: int = START) -> pl.DataFrame:
    """One-minute bars whose values tell their row."""
    index = pl.int_range(n, eager=True)
    low = (index % 97).cast(pl.Float64) + 100
    return pl.DataFrame(
        {
            "ts": (index * MINUTE + start).cast(pl.Datetime("ms", "UTC")),
            "open": low + 0.25,
            "high": low + 1,
            "low": low,
            "close": low + 0.5,
            "volume": index.cast(pl.Float64),
        }
    )


def new_lake(directory: Path) -> native.Lake:
    return native.Lake(str(directory / "data"), str(directory / "manifest.db"), create=True)


def run(code: str, directory: Path, **options: object) -> subprocess.CompletedProcess[str]:
    """A program of its own, started in a directory."""
    return subprocess.run(
        [sys.executable, "-X", "dev", "-c", code], cwd=directory, text=True, capture_output=True, timeout=120, **options
    )


class RangError(Exception):
    """What the handler of alarm() raises."""


@contextmanager
def alarm(seconds: float) -> Iterator[None]:
    """Raises RangError in the main thread after a while, wherever Python looks for signals then."""

    def ring(*_: object) -> None:
        raise RangError

    former = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, former)
