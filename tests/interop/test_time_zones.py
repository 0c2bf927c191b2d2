"""Local times become the instants that Python's zoneinfo makes of them, over every change of clocks of some years.

LAKE_DL names the program; the zones are the system's, which both read. Bars of half an hour around each change are written as local
times in order, oldest or newest first, so that those which come twice are told by their order.
"""

from __future__ import annotations

import csv
import io
import os
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

PROGRAM = os.environ.get("LAKE_DL")
DATABASE = Path("/usr/share/zoneinfo")
pytestmark = [
    pytest.mark.skipif(not PROGRAM, reason="LAKE_DL does not name the program"),
    pytest.mark.skipif(not DATABASE.is_dir(), reason="the system has no tz database"),
]

STEP = timedelta(minutes=30)
AROUND = timedelta(hours=6)
# Summer time of half an hour, on the other half of the globe, called winter time, given up, a day left out, of a quarter.
ZONES = (
    "America/New_York",
    "Europe/London",
    "Europe/Dublin",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "America/Sao_Paulo",
    "Pacific/Apia",
    "Asia/Tehran",
    "Pacific/Chatham",
    "EST",
)


def changes(zone: ZoneInfo, start: datetime, end: datetime) -> Iterator[datetime]:
    """The half hours of UTC behind which the offset is another."""
    last, now = start.astimezone(zone).utcoffset(), start
    while now < end:
        now += timedelta(hours=12)
        if now.astimezone(zone).utcoffset() != last:
            last = now.astimezone(zone).utcoffset()
            yield now


def around_changes(zone: ZoneInfo) -> list[datetime]:
    times: set[datetime] = set()
    for first, last in ((1991, 1993), (2010, 2016)):
        for change in changes(zone, datetime(first, 1, 1, tzinfo=UTC), datetime(last, 1, 1, tzinfo=UTC)):
            start = change - timedelta(hours=12) - AROUND
            times.update(start + k * STEP for k in range(int((timedelta(hours=12) + 2 * AROUND) / STEP)))
    times.update(datetime(2020, 1, 1, tzinfo=UTC) + k * STEP for k in range(48))
    return sorted(times)


def dl(folder: Path, *arguments: str) -> str:
    command = [str(PROGRAM), *arguments, "--data-root", str(folder / "data"), "--db-path", str(folder / "manifest.db")]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout


@pytest.mark.parametrize("newest_first", [False, True], ids=["oldest-first", "newest-first"])
@pytest.mark.parametrize("name", ZONES)
def test_every_change_of_clocks(tmp_path: Path, name: str, newest_first: bool) -> None:
    if not (DATABASE / name).is_file():
        pytest.skip(f"the system does not know {name}")
    zone = ZoneInfo(name)
    times = around_changes(zone)
    rows = [(t.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S"), i) for i, t in enumerate(times)]
    if newest_first:
        rows.reverse()
    lines = [f"{text},1,1,1,1,{i}" for text, i in rows]
    source = tmp_path / "local.csv"
    source.write_text("\n".join(["time,open,high,low,close,volume", *lines]) + "\n")
    dl(tmp_path, "init")
    names = ("--exchange", "X", "--symbol", "S", "--period", "30m")
    dl(tmp_path, "ingest", "--source", str(source), "--tz", name, *names)
    got = list(csv.DictReader(io.StringIO(dl(tmp_path, "read", *names, "--format", "csv"))))
    assert [(row["ts"], int(float(row["volume"]))) for row in got] == [
        (t.strftime("%Y-%m-%dT%H:%M:%SZ"), i) for i, t in enumerate(times)
    ]
