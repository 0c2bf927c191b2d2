"""What the manifest keeps of where rows came from: members of archives, rows of Parquet files, and what sources lack."""

import sqlite3
import zipfile
from pathlib import Path

import pytest
from dl_runner import DAY_MS, FIRST_MS, Runner
from packing import PACKINGS, write_parquet

MINUTE_MS = 60_000
HEADER = "ts,open,high,low,close,volume"


def bars(first_ms: int, n: int) -> str:
    return "\n".join([HEADER] + [f"{first_ms + i * MINUTE_MS},2,3,1,2,{i}" for i in range(n)]) + "\n"


def ingest(dl: Runner, *paths: Path) -> None:
    sources = [word for path in paths for word in ("--source", str(path))]
    dl("ingest", *sources, "--exchange", "X", "--symbol", "BTC", "--period", "1m").ok()


def rows(dl: Runner, query: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(f"file:{dl.directory / 'manifest.db'}?mode=ro", uri=True) as manifest:
        return manifest.execute(query).fetchall()


ORIGINS = "SELECT source_position, member, n_rows, key_from_ms, line_from, line_to FROM origins ORDER BY 4, 1"


def test_members_of_an_archive_are_told_apart(dl: Runner) -> None:
    archive = dl.directory / "bars.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("d/x-1.csv", bars(FIRST_MS, 1440))
        packed.writestr("d/x-3.csv", bars(FIRST_MS + 2 * DAY_MS, 3))
        packed.writestr("d/x-2.csv", bars(FIRST_MS + 1430 * MINUTE_MS, 20))
    ingest(dl, archive)
    assert rows(dl, ORIGINS) == [
        (1, "d/x-1.csv", 1440, FIRST_MS, 2, 1441),
        (1, "d/x-2.csv", 10, FIRST_MS + 1430 * MINUTE_MS, 2, 11),
        (1, "d/x-2.csv", 10, FIRST_MS + DAY_MS, 12, 21),
        (1, "d/x-3.csv", 3, FIRST_MS + 2 * DAY_MS, 2, 4),
    ]
    assert rows(dl, "SELECT * FROM absences") == []  # no member was asked for what lies between them


@pytest.mark.parametrize("packing", [*PACKINGS, "parquet"])
def test_rows_have_their_lines_however_they_are_packed(dl: Runner, packing: str) -> None:
    path, text = dl.directory / f"bars.{packing}", bars(FIRST_MS, 2000)
    source = write_parquet(path, text) if packing == "parquet" else PACKINGS[packing](path, text)
    header = 0 if packing == "parquet" else 1
    ingest(dl, source)
    found = rows(dl, "SELECT n_rows, line_from, line_to, member FROM origins ORDER BY day")
    member = f"rows/{path.name}" if packing == "zip" else ""
    assert found == [(1440, 1 + header, 1440 + header, member), (560, 1441 + header, 2000 + header, member)]


def test_what_lies_between_sources_was_not_asked_for(dl: Runner) -> None:
    january, march = dl.directory / "jan.csv", dl.directory / "mar.csv"
    january.write_text(bars(FIRST_MS, 5))
    march_ms = FIRST_MS + 59 * DAY_MS
    march.write_text(bars(march_ms, 5).replace(f"{march_ms + 2 * MINUTE_MS},2,3,1,2,2\n", ""))
    ingest(dl, january, march)
    [(start, end, answer)] = rows(dl, "SELECT start_ms, end_ms, answer FROM absences")
    assert (start, end) == (march_ms, march_ms + 5 * MINUTE_MS)
    assert str(answer).endswith("mar.csv has none")
