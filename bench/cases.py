"""The cases: what is raced against what, after every contender has shown that it returns the same rows."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import polars as pl

from bench import peers, sdk
from bench.commits import race_commits
from bench.derived import COMMIT, race_trades, race_updates, race_year
from bench.equal import require_equal
from bench.ours import Lake
from bench.series import COLUMNS, DAY_MS
from bench.timing import Contender, Race, as_process, in_process, run_race
from bench.workspace import EXCHANGE, SYMBOL, YEAR, YEARS, Workspace

OURS = "dl-datalake"
DAYS = "dl-datalake before compaction"  # a peer of its own: what compaction is measured against


@dataclass(frozen=True)
class Target:
    """What is asked for: at least `factor` times faster than a peer's best, at most `limit` seconds slower than it, or a figure
    of ours of at most `limit`.
    """

    text: str
    peer: str = ""
    factor: float = 0.0
    quantity: str = ""
    limit: float = 0.0


@dataclass(frozen=True)
class Outcome:
    """A case's samples, or its plain figures where nothing is timed."""

    case: Case
    race: Race | None = None
    figures: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Case:
    key: str
    title: str
    rounds: int
    run: Callable[[Workspace, Case], Outcome]
    targets: tuple[Target, ...]
    shows_memory: bool = False
    calls: int = 1  # in a row, in each round


# name of the contender's tool, its variant, and the call
Calls = list[tuple[str, str, Callable[[], object]]]


def _race_reads(calls: Calls, expected: dict, case: Case) -> Race:
    for peer, variant, call in calls:
        require_equal(f"{peer}, {variant}", call(), expected)
    contenders = [Contender(peer, variant, in_process(call, calls=case.calls)) for peer, variant, call in calls]
    return run_race(contenders, case.rounds)


def run_year(work: Workspace, case: Case) -> Outcome:
    ours = work.files("lake")
    arctic = peers.Arctic(work.root / "arctic")
    with Lake(work.library, work.lake) as lake:
        calls: Calls = [
            (OURS, "", partial(lake.read, EXCHANGE, SYMBOL, work.start_ms, work.end_ms)),
            ("Polars", "own files", partial(peers.polars_read, work.files("polars"))),
            ("Polars", "own files, uncompressed", partial(peers.polars_read, work.files("polars-uncompressed"))),
            ("Polars", "our files", partial(peers.polars_read, ours)),
            ("DuckDB", "own files", partial(peers.duckdb_read, work.files("duckdb"))),
            ("DuckDB", "our files", partial(peers.duckdb_read, ours)),
            ("pyarrow", "own files", partial(peers.pyarrow_read, work.files("pyarrow"))),
            ("pyarrow", "our files", partial(peers.pyarrow_read, ours)),
            ("ArcticDB", "one symbol", arctic.read),
            ("Feather", "one file", partial(peers.feather_read, work.root / "uncompressed.feather")),
            ("Feather", "one file, lz4", partial(peers.feather_read, work.root / "lz4.feather")),
        ]
        return Outcome(case, _race_reads(calls, work.rows, case))


def run_day(work: Workspace, case: Case) -> Outcome:
    ours, end_ms = work.day_file("lake"), work.day_ms + DAY_MS
    arctic = peers.Arctic(work.root / "arctic")
    with Lake(work.library, work.lake) as lake:
        calls: Calls = [
            (OURS, "found by name and time", partial(lake.read, EXCHANGE, SYMBOL, work.day_ms, end_ms)),
            ("Polars", "own file", partial(peers.polars_read_day, work.day_file("polars"))),
            ("Polars", "own file, uncompressed", partial(peers.polars_read_day, work.day_file("polars-uncompressed"))),
            ("Polars", "our file", partial(peers.polars_read_day, ours)),
            ("DuckDB", "own file", partial(peers.duckdb_read, [work.day_file("duckdb")])),
            ("DuckDB", "our file", partial(peers.duckdb_read, [ours])),
            ("pyarrow", "own file", partial(peers.pyarrow_read_day, work.day_file("pyarrow"))),
            ("pyarrow", "our file", partial(peers.pyarrow_read_day, ours)),
            ("ArcticDB", "range of one symbol", partial(arctic.read_range, work.day_ms, end_ms)),
        ]
        return Outcome(case, _race_reads(calls, work.day_rows(), case))


def run_compacted_year(work: Workspace, case: Case) -> Outcome:
    work.make_compacted()
    months = work.files("lake-compacted")
    arctic = peers.Arctic(work.root / "arctic")
    with Lake(work.library, work.compacted) as lake, Lake(work.library, work.lake) as days:
        calls: Calls = [
            (OURS, f"{len(months)} month files", partial(lake.read, EXCHANGE, SYMBOL, work.start_ms, work.end_ms)),
            (DAYS, "", partial(days.read, EXCHANGE, SYMBOL, work.start_ms, work.end_ms)),
            ("Polars", "our month files", partial(peers.polars_read, months)),
            ("DuckDB", "our month files", partial(peers.duckdb_read, months)),
            ("pyarrow", "our month files", partial(peers.pyarrow_read, months)),
            ("ArcticDB", "one symbol", arctic.read),
        ]
        return Outcome(case, _race_reads(calls, work.rows, case))


def run_compacted_day(work: Workspace, case: Case) -> Outcome:
    work.make_compacted()
    end_ms = work.day_ms + DAY_MS
    month = work.month_file()
    arctic = peers.Arctic(work.root / "arctic")
    with Lake(work.library, work.compacted) as lake, Lake(work.library, work.lake) as days:
        calls: Calls = [
            (OURS, "out of its month's file", partial(lake.read, EXCHANGE, SYMBOL, work.day_ms, end_ms)),
            (DAYS, "", partial(days.read, EXCHANGE, SYMBOL, work.day_ms, end_ms)),
            ("Polars", "our month file", partial(peers.polars_read_range, month, work.day_ms, end_ms)),
            ("DuckDB", "our month file", partial(peers.duckdb_read_range, month, work.day_ms, end_ms)),
            ("ArcticDB", "range of one symbol", partial(arctic.read_range, work.day_ms, end_ms)),
        ]
        return Outcome(case, _race_reads(calls, work.day_rows(), case))


def _dl(work: Workspace, command: str, lake: Path, *arguments: str) -> list[str]:
    roots = ["--data-root", str(lake / "data"), "--db-path", str(lake / "manifest.db")]
    return [work.program, command, "--exchange", EXCHANGE, "--symbol", SYMBOL, *arguments, *roots]


def _require_equal_csv(who: str, path: Path, expected: dict) -> None:
    frame = pl.read_csv(path, schema_overrides={"ts": pl.Datetime("ms", "UTC")})
    require_equal(who, frame.select(COLUMNS), expected)


def run_process(work: Workspace, case: Case) -> Outcome:
    day = f"{YEAR}-04-10"
    output = work.root / "day.csv"
    read = partial(_dl, work, "read", work.lake, "--start", day, "--end", day)
    as_process(work.launcher, read, str(output))()
    _require_equal_csv("dl read", output, work.day_rows())

    polars = f"import polars, sys; polars.read_parquet({work.day_file('polars')!r}).write_csv(sys.stdout.buffer)"
    copy = f"COPY (FROM '{work.day_file('duckdb')}') TO '/dev/stdout' (FORMAT csv)"
    sql = f"import duckdb; duckdb.sql({copy!r})"
    contenders = [
        Contender(OURS, "dl read", as_process(work.launcher, read)),
        Contender("Polars", "python -c", as_process(work.launcher, lambda: [sys.executable, "-c", polars])),
        Contender("DuckDB", "python -c", as_process(work.launcher, lambda: [sys.executable, "-c", sql])),
    ]
    return Outcome(case, run_race(contenders, case.rounds))


def run_ingest(work: Workspace, case: Case) -> Outcome:
    def ours() -> None:
        with Lake(work.library, work.scratch) as lake:
            lake.ingest([work.csv], EXCHANGE, SYMBOL)

    def program() -> list[str]:
        return _dl(work, "ingest", work.scratch, "--source", str(work.csv), "--quiet")

    def arctic() -> None:
        peers.Arctic(work.scratch).write(work.csv)

    def peer(write: Callable[[Path, Path], None]) -> Callable[[], None]:
        return lambda: write(work.csv, work.scratch)

    writers: Calls = [
        ("Polars", "a file a call", peer(peers.polars_write)),
        ("Polars", "partitioned sink", peer(peers.polars_sink)),
        ("Polars", "partitioned sink, snappy", peer(partial(peers.polars_sink, compression="snappy"))),
        ("DuckDB", "a COPY a day", peer(peers.duckdb_write)),
        ("DuckDB", "partitioned COPY, unordered", peer(peers.duckdb_partition)),
        ("pyarrow", "write_dataset", peer(peers.pyarrow_write)),
        ("reference", "month files", peer(peers.reference_write)),
    ]
    work.new_scratch()
    ours()
    with Lake(work.library, work.scratch) as lake:
        require_equal(OURS, lake.read(EXCHANGE, SYMBOL, work.start_ms, work.end_ms), work.rows)
    for name, variant, write in writers:
        work.new_scratch()
        write()
        written = peers.polars_read(peers.day_files(work.scratch))
        if variant.endswith("unordered"):
            written = written.sort("ts")
        require_equal(f"{name}, {variant}", written, work.rows)

    contenders = [
        Contender(OURS, "in process", in_process(ours, work.new_scratch)),
        Contender(OURS, "dl ingest", as_process(work.launcher, program, before=work.new_scratch)),
        *(Contender(name, variant, in_process(write, work.new_scratch)) for name, variant, write in writers),
        Contender("ArcticDB", "one symbol", in_process(arctic, work.new_scratch)),
    ]
    return Outcome(case, run_race(contenders, case.rounds))


def run_large_ingest(work: Workspace, case: Case) -> Outcome:
    csv = work.make_large()

    def program() -> list[str]:
        return _dl(work, "ingest", work.scratch, "--source", str(csv), "--quiet")

    def peer(name: str) -> Callable[[], list[str]]:
        return lambda: [sys.executable, "-m", "bench.write_files", name, str(csv), str(work.scratch)]

    work.new_scratch()
    as_process(work.launcher, program)()
    with Lake(work.library, work.scratch) as lake:
        read = lake.read(EXCHANGE, SYMBOL, work.large_start_ms, work.large_end_ms)
        require_equal(OURS, read, work.large_rows)
        del read
    programs = [
        Contender("Polars", "a file a call", as_process(work.launcher, peer("polars"), before=work.new_scratch)),
        Contender(
            "Polars", "partitioned sink", as_process(work.launcher, peer("polars-sink"), before=work.new_scratch)
        ),
        Contender("DuckDB", "a COPY a day", as_process(work.launcher, peer("duckdb"), before=work.new_scratch)),
        Contender(
            "DuckDB", "partitioned", as_process(work.launcher, peer("duckdb-partition"), before=work.new_scratch)
        ),
        Contender("reference", "month files", as_process(work.launcher, peer("reference"), before=work.new_scratch)),
    ]
    ours = Contender(OURS, "dl ingest", as_process(work.launcher, program, before=work.new_scratch))
    return Outcome(case, run_race([ours, *programs], case.rounds))


def run_commit(work: Workspace, case: Case) -> Outcome:
    def program(csv: Path) -> list[str]:
        return _dl(work, "ingest", work.scratch, "--source", str(csv), "--quiet")

    return Outcome(case, race_commits(work, OURS, program, case.rounds))


def _program(work: Workspace) -> Callable[..., list[str]]:
    """dl on the lake that is in the scratch directory when it is called."""
    return lambda command, *arguments: _dl(work, command, work.scratch, *arguments)


def run_aggregate(work: Workspace, case: Case) -> Outcome:
    return Outcome(case, race_year(work, OURS, _program(work), case.rounds))


def run_aggregate_update(work: Workspace, case: Case) -> Outcome:
    work.make_years()
    return Outcome(case, race_updates(work, OURS, case.rounds))


def run_aggregate_trades(work: Workspace, case: Case) -> Outcome:
    return Outcome(case, race_trades(work, OURS, _program(work), case.rounds))


def run_size(work: Workspace, case: Case) -> Outcome:
    kinds = {
        OURS: "lake",
        "Polars": "polars",
        "Polars, uncompressed": "polars-uncompressed",
        "DuckDB": "duckdb",
        "pyarrow": "pyarrow",
    }
    sizes = {name: sum(Path(path).stat().st_size for path in work.files(kind)) for name, kind in kinds.items()}
    sizes["CSV"] = work.csv.stat().st_size
    return Outcome(case, figures={name: size / work.n_rows for name, size in sizes.items()})


def run_export(work: Workspace, case: Case) -> Outcome:
    work.make_years()
    output = work.root / "export.csv"
    read = partial(_dl, work, "read", work.long_lake, "--end", f"{YEAR}-12-31", "--start")
    one, five = partial(read, f"{YEAR}-01-01"), partial(read, f"{YEARS[0]}-01-01")
    as_process(work.launcher, one, str(output))()
    _require_equal_csv("dl read", output, work.rows)
    contenders = [
        Contender(OURS, "five years", as_process(work.launcher, five, str(output))),
        Contender(OURS, "one year", as_process(work.launcher, one, str(output))),
    ]
    return Outcome(case, run_race(contenders, case.rounds))


def run_sdk_year(work: Workspace, case: Case) -> Outcome:
    return Outcome(case, sdk.race_year(work, OURS, case.rounds))


def run_sdk_day(work: Workspace, case: Case) -> Outcome:
    return Outcome(case, sdk.race_day(work, OURS, case.rounds, case.calls))


def run_sdk_many(work: Workspace, case: Case) -> Outcome:
    return Outcome(case, sdk.race_many(work, OURS, case.rounds))


def run_sdk_command(work: Workspace, case: Case) -> Outcome:
    return Outcome(case, sdk.race_command(work, OURS, case.rounds))


def run_sdk_import(work: Workspace, case: Case) -> Outcome:
    return Outcome(case, sdk.race_import(work, OURS, case.rounds))


CASES = {
    case.key: case
    for case in (
        Case(
            "year",
            "A year from its 366 day files into Arrow, in process",
            25,
            run_year,
            (
                Target("≥ 6× faster than Polars", peer="Polars", factor=6),
                Target("≥ 6× faster than DuckDB", peer="DuckDB", factor=6),
                Target("not slower than ArcticDB", peer="ArcticDB", factor=1),
                Target("not slower than Feather", peer="Feather", factor=1),
            ),
        ),
        Case(
            "day",
            "A day in process, look-up included",
            30,
            run_day,
            (Target("≥ 5× faster than Polars", peer="Polars", factor=5),),
            calls=20,
        ),
        Case("once", "A day in process, a single call after other work", 50, run_day, ()),
        Case(
            "compacted-year",
            "The year after compaction, from month files",
            25,
            run_compacted_year,
            (
                Target("≥ 1.5× faster than ArcticDB", peer="ArcticDB", factor=1.5),
                Target("not slower than before compaction", peer=DAYS, factor=1),
            ),
        ),
        Case(
            "compacted-day",
            "A day after compaction, out of its month's file",
            30,
            run_compacted_day,
            (Target("≤ 2× the time of its own day file", peer=DAYS, factor=0.5),),
            calls=20,
        ),
        Case(
            "process",
            "A day as CSV from a new process",
            30,
            run_process,
            (
                Target("≤ 10 ms", quantity="seconds", limit=0.010),
                Target("≤ 16 MB", quantity="bytes", limit=16e6),
            ),
            shows_memory=True,
        ),
        Case(
            "ingest",
            "The year's CSV to day files",
            9,
            run_ingest,
            (
                Target("≥ 4× faster than Polars", peer="Polars", factor=4),
                Target("≥ 3× faster than the reference", peer="reference", factor=3),
            ),
        ),
        Case(
            "ingest-large",
            "20 million bars, 1.1 GB of CSV, to 13,889 day files",
            3,
            run_large_ingest,
            (
                Target("≥ 4× faster than Polars", peer="Polars", factor=4),
                Target("≥ 4× faster than DuckDB", peer="DuckDB", factor=4),
                Target("≥ 3× faster than the reference", peer="reference", factor=3),
                Target("≤ 128 MB", quantity="bytes", limit=128e6),
            ),
            shows_memory=True,
        ),
        Case(
            "commit",
            "A commit of one day",
            60,
            run_commit,
            (Target("≤ 3× the time of one fsync", peer="fsync", factor=1 / 3),),
        ),
        Case(
            "aggregate",
            "The year's 366 day files to 15m and 1h bars, committed",
            25,
            run_aggregate,
            (
                Target("≥ 8× faster than Polars, which writes nothing", peer="Polars", factor=8),
                Target("≥ 8× faster than DuckDB, which writes nothing", peer="DuckDB", factor=8),
            ),
        ),
        Case(
            "aggregate-update",
            "15m and 1h bars brought up to date after one changed minute",
            40,
            run_aggregate_update,
            (Target("≤ 3 commits of one day", peer=COMMIT, factor=1 / 3),),
        ),
        Case(
            "aggregate-trades",
            "Three million trades in ten day files to 1m bars, committed",
            15,
            run_aggregate_trades,
            (
                Target("≥ 3× faster than Polars, which writes nothing", peer="Polars", factor=3),
                Target("≥ 3× faster than DuckDB, which writes nothing", peer="DuckDB", factor=3),
            ),
        ),
        Case("size", "Bytes a row on disk", 0, run_size, (Target("≤ 35", quantity="figure", limit=35),)),
        Case(
            "export",
            "Years to CSV through `dl read`",
            5,
            run_export,
            (Target("≤ 64 MB", quantity="bytes", limit=64e6),),
            shows_memory=True,
        ),
        Case(
            "sdk-year",
            "The year from its day files into a Polars frame, through the Python package",
            25,
            run_sdk_year,
            (
                Target("≥ 5× faster than Polars", peer="Polars", factor=5),
                Target("≥ 5× faster than DuckDB", peer="DuckDB", factor=5),
                Target("not slower than ArcticDB", peer="ArcticDB", factor=1),
                Target("not slower than Feather", peer="Feather", factor=1),
            ),
        ),
        Case(
            "sdk-day",
            "A day through the Python package, look-up included",
            30,
            run_sdk_day,
            (
                Target("≤ 0.1 ms over the C call", peer=sdk.C_CALL, quantity="over", limit=1e-4),
                Target("≥ 4× faster than Polars opening the file by name", peer="Polars", factor=4),
            ),
            calls=20,
        ),
        Case(
            "sdk-many",
            "200 symbols × a day in one call of the Python package",
            25,
            run_sdk_many,
            (
                Target("≥ 8× faster than ArcticDB's read_batch", peer="ArcticDB", factor=8),
                Target("faster than Polars", peer="Polars", factor=1),
            ),
        ),
        Case(
            "sdk-command",
            "`python -m dl_datalake.cli read` of a day, a new process",
            30,
            run_sdk_command,
            (Target("≤ 2.5× the interpreter's bare start", peer=sdk.BARE, factor=1 / 2.5),),
            shows_memory=True,
        ),
        Case(
            "sdk-import",
            "A client made in a new interpreter",
            30,
            run_sdk_import,
            (Target("≤ 2× the interpreter's bare start", peer=sdk.BARE, factor=1 / 2),),
            shows_memory=True,
        ),
    )
}
