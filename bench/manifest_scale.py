"""Whether a lake of five million files answers as fast as one of five thousand.

Run by itself: build/bench-venv/bin/python -m bench.manifest_scale (after bench/run.sh has made the environment and make build
the library; LAKE_LIB names another). Writes bench/MANIFEST.md. Takes about three minutes and 4 GB of disk.

Both lakes are made the same way: the rows of their manifest are synthesised (no data files lie behind them, which none of what is
measured looks at), and one instrument is real: ingested day by day, read, and written to while the others stand around it.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from ctypes import Structure, addressof, byref, c_char_p, c_int64, c_size_t, sizeof
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from bench.ours import ArrowArrayStream, Lake, Library, Selection
from bench.series import DAY_MS
from bench.timing import Contender, Race, in_process, run_race

RESULTS = Path(__file__).parent / "MANIFEST.md"
EXCHANGE, MARKET, REAL_SYMBOL = "BINANCE", "FUTURES", "REAL"
PERIODS = ("1m", "3m", "5m")  # all of them one file a day
FIRST_DAY = 18262  # 2020-01-01
REACH = 1.5


class ListOptions(Structure):
    _fields_ = [
        ("size", c_size_t),
        ("selection", Selection),
        ("as_of", c_int64),
        ("limit", c_int64),
        ("after", c_char_p),
    ]


class ScaledLake(Lake):
    def list(self, what: str, after: str | None, limit: int = 50, symbol: str | None = None) -> pa.Table:
        selection = Selection(symbol=symbol.encode()) if symbol else Selection()
        options = ListOptions(
            size=sizeof(ListOptions), selection=selection, limit=limit, after=after and after.encode()
        )
        stream = ArrowArrayStream()
        self._library.call(f"lake_list_{what}", self._lake, byref(options), byref(stream))
        return pa.RecordBatchReader._import_from_c(addressof(stream)).read_all()


@dataclass(frozen=True)
class Scale:
    name: str
    n_symbols: int
    n_days: int

    @property
    def n_files(self) -> int:
        return self.n_symbols * len(PERIODS) * self.n_days

    def symbol(self, number: int) -> str:
        return f"SYM{number:04}USDT"


SCALES = (Scale("5 thousand", 50, 34), Scale("5 million", 1000, 1826))

# ?1 days, ?2 first day, ?3 operation, ?4 snapshot. Rows, sizes and paths as a day of one-minute bars has them.
FILES = f"""
WITH RECURSIVE day (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM day WHERE n + 1 < ?1)
INSERT INTO files (dataset_id, path, partition_start_ms, partition_end_ms, time_from_ms, time_to_ms, n_rows, size_bytes,
  sha256, operation_id, added)
SELECT d.id, d.exchange || '/' || d.market || '/' || d.symbol || '/raw/' || d.period
  || strftime('/%Y/%m/%d/', (?2 + n) * 86400, 'unixepoch') || d.symbol || '-' || d.period
  || strftime('-%Y-%m-%d-', (?2 + n) * 86400, 'unixepoch') || lower(hex(randomblob(8))) || '.parquet',
  (?2 + n) * {DAY_MS}, (?2 + n + 1) * {DAY_MS}, (?2 + n) * {DAY_MS}, (?2 + n + 1) * {DAY_MS} - 60000, 1440, 48000,
  randomblob(32), ?3, ?4 FROM datasets AS d CROSS JOIN day WHERE d.symbol LIKE 'SYM%'"""
CONTENTS = f"""
WITH RECURSIVE day (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM day WHERE n + 1 < ?1)
INSERT INTO contents (dataset_id, day, version, sha256, n_rows, time_from_ms, time_to_ms, operation_id, added)
SELECT d.id, ?2 + n, 1, randomblob(32), 1440, (?2 + n) * {DAY_MS}, (?2 + n + 1) * {DAY_MS} - 60000, ?3, ?4
  FROM datasets AS d CROSS JOIN day WHERE d.symbol LIKE 'SYM%'"""
TOTALS = """
UPDATE datasets SET n_files = ?1, n_rows = ?1 * 1440, size_bytes = ?1 * 48000, n_days = ?1, changed_ms = 1
  WHERE symbol LIKE 'SYM%'"""
LAKE = """
UPDATE lake SET live_files = (SELECT sum(n_files) FROM datasets), live_bytes = (SELECT sum(size_bytes) FROM datasets)"""
USES = "UPDATE operations SET n_uses = n_uses + 2 * ?1, n_days = n_days + ?1 WHERE id = ?2"


def synthesise(path: Path, scale: Scale) -> None:
    """The rows as one operation would have left them. Without the triggers, whose sums are then made at once."""
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA synchronous=OFF")
    database.execute("PRAGMA cache_size=-1000000")
    database.execute("BEGIN IMMEDIATE")
    triggers = database.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
    for name, _ in triggers:
        database.execute(f"DROP TRIGGER {name}")
    operation, snapshot = database.execute("SELECT operation_id, id FROM snapshots ORDER BY id LIMIT 1").fetchone()
    names = [
        (EXCHANGE, MARKET, scale.symbol(number), "raw", period)
        for number in range(scale.n_symbols)
        for period in PERIODS
    ]
    database.executemany("INSERT INTO datasets (exchange, market, symbol, type, period) VALUES (?, ?, ?, ?, ?)", names)
    for statement in (FILES, CONTENTS):
        database.execute(statement, (scale.n_days, FIRST_DAY, operation, snapshot))
    database.execute(TOTALS, (scale.n_days,))
    database.execute(LAKE)
    database.execute(USES, (scale.n_files, operation))
    for _, sql in triggers:
        database.execute(sql)
    database.execute("COMMIT")
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()


def write_day(path: Path, day: int) -> Path:
    start_ms = day * DAY_MS
    lines = (
        f"{start_ms + minute * 60000},{minute}.5,{minute}.75,{minute}.25,{minute}.5,{minute}" for minute in range(1440)
    )
    path.write_text("ts,open,high,low,close,volume\n" + "\n".join(lines) + "\n", encoding="ascii")
    return path


class Bench:
    """The two lakes, and days to write to them."""

    def __init__(self, root: Path, library: Library) -> None:
        self.root = root
        self.library = library
        self.lakes: list[ScaledLake] = []
        self.days = [self._days(scale) for scale in SCALES]

    def _days(self, scale: Scale) -> Iterator[Path]:
        for number in range(10**6):
            yield write_day(self.root / f"{scale.name}-{number}.csv", FIRST_DAY + number)

    def directory(self, scale: Scale) -> Path:
        return self.root / scale.name.replace(" ", "-")

    def make(self) -> None:
        for scale, days in zip(SCALES, self.days, strict=True):
            print(f"making a manifest of {scale.n_files:,} files", file=sys.stderr)
            with ScaledLake(self.library, self.directory(scale)) as lake:
                lake.ingest([next(days)], EXCHANGE, REAL_SYMBOL)
            synthesise(self.directory(scale) / "manifest.db", scale)

    def open(self) -> None:
        self.lakes = [ScaledLake(self.library, self.directory(scale)) for scale in SCALES]

    def race(self, run: Callable[[int], object], rounds: int, calls: int = 1) -> Race:
        contenders = [
            Contender(scale.name, "", in_process(lambda number=number: run(number), calls=calls))
            for number, scale in enumerate(SCALES)
        ]
        return run_race(contenders, rounds)


def cases(bench: Bench) -> list[tuple[str, Race]]:
    middle = [f"{EXCHANGE}/{MARKET}/{scale.symbol(scale.n_symbols // 2)}/raw/1m" for scale in SCALES]
    symbols = [scale.symbol(scale.n_symbols // 3) for scale in SCALES]

    def open_and_close(number: int) -> None:
        with ScaledLake(bench.library, bench.directory(SCALES[number])):
            pass

    def first_file(number: int) -> str:
        return bench.lakes[number].list("files", None, 1, symbols[number])["path"][0].as_py()

    opened = bench.race(open_and_close, 50)
    bench.open()
    pages = [first_file(number) for number in range(len(SCALES))]
    start_ms = FIRST_DAY * DAY_MS
    return [
        ("opening and closing the lake", opened),
        ("a page of 50 datasets, the first", bench.race(lambda n: bench.lakes[n].list("datasets", None), 50, 5)),
        (
            "a page of 50 datasets, from the middle",
            bench.race(lambda n: bench.lakes[n].list("datasets", middle[n]), 50, 5),
        ),
        ("a page of 30 files, after a path", bench.race(lambda n: bench.lakes[n].list("files", pages[n], 30), 50, 5)),
        (
            "reading one day, found by name and time",
            bench.race(lambda n: bench.lakes[n].read(EXCHANGE, REAL_SYMBOL, start_ms, start_ms + DAY_MS), 100, 5),
        ),
        (
            "committing one day",
            bench.race(lambda n: bench.lakes[n].ingest([next(bench.days[n])], EXCHANGE, REAL_SYMBOL), 100),
        ),
    ]


def duration(seconds: float) -> str:
    return f"{seconds * 1e6:.0f} µs" if seconds < 1e-3 else f"{seconds * 1e3:.2f} ms"


def describe(results: list[tuple[str, Race]], bench: Bench) -> str:
    lines = [
        "# The manifest at five million files",
        "",
        "Made by `python -m bench.manifest_scale`, which says how. In process, one call after the other, files in the page cache;",
        "medians and quartiles of interleaved rounds, ratios taken within each round.",
        "",
    ]
    filesystem = subprocess.run(
        ["stat", "--file-system", "--format", "%T", str(bench.root)], check=True, stdout=subprocess.PIPE, text=True
    ).stdout.strip()
    lines.append(f"- On {filesystem}")
    for scale in SCALES:
        size = (bench.directory(scale) / "manifest.db").stat().st_size
        lines.append(
            f"- {scale.name}: {scale.n_symbols} symbols × {len(PERIODS)} periods × {scale.n_days} days ="
            f" {scale.n_files:,} files, a manifest of {size / 1e6:,.0f} MB"
        )
    lines += ["", f"|  | {SCALES[0].name} | {SCALES[1].name} | ratio | ≤ {REACH} |", "|---|---|---|---|---|"]
    for title, race in results:
        small, large = race.contenders
        ratio = race.ratio(large, small)
        reached = "reached" if ratio.median <= REACH else "**missed**"
        times = " | ".join(duration(race.spread(contender).median) for contender in (small, large))
        lines.append(f"| {title} | {times} | {ratio.median:.2f} ({ratio.low:.2f} – {ratio.high:.2f}) | {reached} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.manifest_scale", description=__doc__)
    parser.add_argument(
        "--directory", type=Path, default=Path("build/bench/scale"), help="for the two lakes, removed after"
    )
    arguments = parser.parse_args()
    shutil.rmtree(arguments.directory, ignore_errors=True)
    arguments.directory.mkdir(parents=True)
    bench = Bench(arguments.directory, Library(Path(os.environ.get("LAKE_LIB", "build/release/libdatalake.so"))))
    try:
        bench.make()
        text = describe(cases(bench), bench)
    finally:
        shutil.rmtree(arguments.directory)
    print(text)
    RESULTS.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
