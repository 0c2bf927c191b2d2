"""CSV files of random shape give the numbers and texts that Python and Polars read in them, to the bit.

LAKE_DL names the program. Each file has its own order of columns, form of time, separator, decimal mark, line ends, quoting,
order of rows, and may begin with a line of text. LAKE_EXAMPLES makes it more of them than CI takes.
"""

from __future__ import annotations

import csv
import io
import os
import subprocess
import tempfile
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

import polars as pl
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

PROGRAM = os.environ.get("LAKE_DL")
pytestmark = pytest.mark.skipif(not PROGRAM, reason="LAKE_DL does not name the program")

EXAMPLES = int(os.environ.get("LAKE_EXAMPLES", "60"))
PHASES = [Phase.generate]  # a smaller example would take minutes of runs of the program to find
FIRST_MS = 1_680_307_200_000
STEP_MS = 60_000
VALUES = ("open", "high", "low", "close", "volume")
SPELLINGS = {
    "ts": ("ts", "Timestamp", "open_time", "UNIX", "DateTime"),
    "open": ("open", "Open", "o"),
    "high": ("high", "HIGH", "h"),
    "low": ("low", "Low Price", "l"),
    "close": ("close", "Close", "c"),
    "volume": ("volume", "Vol", "v", "base_volume"),
    "note": ("note", "Comment"),
}


def as_iso(ms: int) -> str:
    return (datetime(1970, 1, 1) + timedelta(milliseconds=ms)).isoformat(sep=" ")


def at(ms: int, form: str) -> str:
    return (datetime(1970, 1, 1) + timedelta(milliseconds=ms)).strftime(form)


def as_tokyo(ms: int) -> str:
    zone = timezone(timedelta(hours=9))
    return datetime.fromtimestamp(ms / 1000, tz=zone).isoformat()


TIMES = {
    "s": lambda ms: str(ms // 1000),
    "float s": lambda ms: str(ms / 1000),
    "ms": str,
    "us": lambda ms: str(ms * 1000),
    "ns": lambda ms: str(ms * 1_000_000),
    "iso": as_iso,
    "tokyo": as_tokyo,
    "dots": lambda ms: at(ms, "%Y.%m.%d %H:%M:%S"),
    "basic": lambda ms: at(ms, "%Y%m%d %H%M%S"),
    "T and Z": lambda ms: at(ms, "%Y-%m-%dT%H:%M:%S.000Z"),
    "clock": lambda ms: at(ms, "%Y-%m-%d %I:%M:%S %p"),
}

numbers = st.one_of(
    st.decimals(min_value=0, max_value=10**6, places=3, allow_nan=False).map(str),
    st.floats(min_value=0, max_value=1e15, allow_nan=False).map(repr),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.integers(min_value=0, max_value=10**18).map(str),
    st.sampled_from(["", "NaN", "null", "0", "-0.0", "5e-324", "1.7976931348623157e308", "9007199254740993"]),
)
notes = st.text(st.sampled_from('ab,;" \n\té'), max_size=6)


@dataclass
class File:
    """A CSV file and what is in it."""

    text: str
    rows: list[dict[str, str]]  # by the lake's names of the columns
    names: dict[str, str]  # of the columns in the file
    separator: str
    decimal: str
    step: int  # -1 where the newest row comes first


@st.composite
def files(draw: st.DrawFn) -> File:
    n_rows = draw(st.integers(min_value=2, max_value=40))
    unit = draw(st.sampled_from(sorted(TIMES)))
    columns = draw(st.permutations(["ts", *VALUES, *draw(st.sampled_from([[], ["note"]]))]))
    names = {column: draw(st.sampled_from(SPELLINGS[column])) for column in columns}
    separator = draw(st.sampled_from(",;\t"))
    decimal = draw(st.sampled_from("." if separator == "," else ".,"))
    quoting = draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
    line_end = draw(st.sampled_from(["\n", "\r\n"]))
    rows = []
    for i in range(n_rows):
        row = {column: draw(numbers) for column in VALUES}
        rows.append({**row, "ts": TIMES[unit](FIRST_MS + i * STEP_MS), "note": draw(notes)})
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=separator, quoting=quoting, lineterminator=line_end)
    writer.writerow([names[column] for column in columns])
    step = draw(st.sampled_from([1, -1]))
    writer.writerows([[marked(row[column], column, decimal) for column in columns] for row in rows[::step]])
    before = draw(st.sampled_from(["", "\ufeff", "https://www.example.com/data" + line_end]))
    text = out.getvalue()
    text = text if draw(st.booleans()) else text.removesuffix(line_end)
    return File(before + text, rows, names, separator, decimal, step)


def marked(text: str, column: str, decimal: str) -> str:
    return text.replace(".", decimal) if column in VALUES else text


def dl(directory: str, *arguments: str) -> str:
    done = subprocess.run([str(PROGRAM), *arguments], cwd=directory, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def through_the_lake(file: File) -> list[dict[str, str]]:
    with tempfile.TemporaryDirectory() as directory:
        (Path(directory) / "x.csv").write_bytes(file.text.encode())
        decimal = ["--decimal", "comma"] if file.decimal == "," else []
        dl(directory, "ingest", "--source", "x.csv", "--exchange", "X", "--symbol", "Y", *decimal)
        out = dl(directory, "read", "--exchange", "X", "--symbol", "Y", "--format", "csv", "--ts", "ms")
    return list(csv.DictReader(io.StringIO(out, newline="")))


def value(text: str) -> str:
    """The double as its bits, or "" for none."""
    return "" if text in ("", "NaN", "null") else float(text).hex()


@settings(max_examples=EXAMPLES, deadline=None, database=None, phases=PHASES)
@given(files())
def test_lake_reads_what_python_reads(file: File) -> None:
    rows = through_the_lake(file)
    assert [int(row["ts"]) for row in rows] == [FIRST_MS + i * STEP_MS for i in range(len(file.rows))]
    got = [[value(row[column]) for column in VALUES] for row in rows]
    assert got == [[value(row[column]) for column in VALUES] for row in file.rows]
    if "note" in file.names and any(row["note"].strip() for row in file.rows):
        assert [row[file.names["note"]].strip(" \t") for row in rows] == [row["note"].strip(" \t") for row in file.rows]


@settings(max_examples=EXAMPLES // 2, deadline=None, database=None, phases=PHASES)
@given(files())
def test_lake_reads_what_polars_reads(file: File) -> None:
    rows = through_the_lake(file)
    names = [file.names[column] for column in VALUES]
    frame = pl.read_csv(
        file.text.removeprefix("\ufeff").encode(),
        skip_rows=int(file.text.startswith("https:")),
        decimal_comma=file.decimal == ",",
        separator=file.separator,
        columns=names,
        schema_overrides=dict.fromkeys(names, pl.Float64),
        null_values=["null", ""],
    )
    for column, name in zip(VALUES, names, strict=True):
        want = [None if number is None or number != number else number.hex() for number in frame[name]][:: file.step]
        assert [value(row[column]) or None for row in rows] == want
