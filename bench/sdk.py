"""The Python package against the other tools: reading through it, and starting it.

It is imported as its users import it; the arguments are text, as they type them. What it returns is a Polars DataFrame with its column of
times as times, and that this costs no copy is looked at first: the addresses of the frame's buffers are those that the library filled.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pyarrow as pa

from bench import peers
from bench.equal import UnequalError, require_equal
from bench.ours import Lake
from bench.series import COLUMNS, DAY_MS
from bench.timing import Contender, Race, as_process, in_process, run_race
from bench.workspace import EXCHANGE, SYMBOL, Workspace

if TYPE_CHECKING:
    from dl_datalake.client.dl_client import DataLakeClient

C_CALL = "C call"  # a peer of its own: what the package adds to
BARE = "bare start"  # of the interpreter

# name of the contender's tool, its variant, and the call
Calls = list[tuple[str, str, Callable[[], object]]]


def date_of(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d")


def open_client(directory: Path) -> DataLakeClient:
    from dl_datalake.client.dl_client import DataLakeClient  # only these cases need the package

    return DataLakeClient(str(directory / "data"), str(directory / "manifest.db"))


# ---- whether results are right, and are not copies ----


def _addresses(column: pa.ChunkedArray) -> list[int]:
    return [chunk.buffers()[1].address for chunk in column.chunks]


def require_no_copy(client: DataLakeClient, start: str, end: str) -> None:
    """Raises UnequalError where the frame's values lie elsewhere than those of the library's table that it was made of."""
    table = client.read_ohlc(EXCHANGE, SYMBOL, start, end, to="table")
    frame = pl.DataFrame(table).to_arrow()
    for name in COLUMNS:
        ours = [table.column(name, i).__array_interface__["data"][0] for i in range(table.n_chunks)]
        if _addresses(frame.column(name)) != ours:
            raise UnequalError(f"the SDK: {name} was copied on its way into the frame")


def _by_symbol(result: object, symbols: Sequence[str], n_rows: int) -> dict[str, object]:
    """The rows of each symbol, of any contender's kind of result; where no column tells them apart, by their order."""
    if isinstance(result, list):
        return {item.symbol: item.data for item in result}
    assert isinstance(result, pl.DataFrame)
    if "symbol" in result.columns:
        return {str(key[0]): rows for key, rows in result.partition_by("symbol", as_dict=True).items()}
    return {symbol: result.slice(i * n_rows, n_rows) for i, symbol in enumerate(symbols)}


def require_equal_symbols(who: str, result: object, expected: Mapping[str, Mapping[str, np.ndarray]]) -> None:
    """Each symbol's rows, to the bit."""
    n_rows = len(next(iter(expected.values()))["ts"])
    found = _by_symbol(result, list(expected), n_rows)
    if set(found) != set(expected):
        raise UnequalError(f"{who}: {len(found)} symbols, not the {len(expected)} that were asked for")
    for symbol, rows in expected.items():
        require_equal(f"{who}, {symbol}", found[symbol], rows)


def _race(calls: Calls, rounds: int, n_calls: int = 1) -> Race:
    return run_race(
        [Contender(peer, variant, in_process(call, calls=n_calls)) for peer, variant, call in calls], rounds
    )


# ---- reading ----


def race_year(work: Workspace, ours: str, rounds: int) -> Race:
    """All contenders but the C call end with a frame of their own kind."""
    files, arctic = work.files("lake"), peers.Arctic(work.root / "arctic")
    start, end = date_of(work.start_ms), date_of(work.end_ms - DAY_MS)
    with Lake(work.library, work.lake) as lake, open_client(work.lake) as client:
        require_no_copy(client, start, end)
        calls: Calls = [
            (ours, "SDK to Polars", partial(client.read_ohlc, EXCHANGE, SYMBOL, start, end)),
            ("Polars", "own files", partial(peers.polars_read, work.files("polars"))),
            ("Polars", "own files, uncompressed", partial(peers.polars_read, work.files("polars-uncompressed"))),
            ("Polars", "our files", partial(peers.polars_read, files)),
            ("DuckDB", "own files", partial(peers.duckdb_frame, work.files("duckdb"))),
            ("DuckDB", "our files", partial(peers.duckdb_frame, files)),
            ("ArcticDB", "one symbol", arctic.read),
            ("Feather", "one file", partial(peers.feather_read, work.root / "uncompressed.feather")),
            ("Feather", "one file, lz4", partial(peers.feather_read, work.root / "lz4.feather")),
        ]
        for peer, variant, call in calls:
            require_equal(f"{peer}, {variant}", call(), work.rows)
        calls.append((C_CALL, "", partial(lake.scan, EXCHANGE, SYMBOL, work.start_ms, work.end_ms)))
        return _race(calls, rounds)


def race_day(work: Workspace, ours: str, rounds: int, n_calls: int) -> Race:
    day = date_of(work.day_ms)
    with Lake(work.library, work.lake) as lake, open_client(work.lake) as client:
        require_no_copy(client, day, day)
        calls: Calls = [
            (ours, "SDK to Polars", partial(client.read_ohlc, EXCHANGE, SYMBOL, day, day)),
            ("Polars", "own file", partial(peers.polars_read_day, work.day_file("polars"))),
            ("Polars", "own file, uncompressed", partial(peers.polars_read_day, work.day_file("polars-uncompressed"))),
            ("Polars", "our file", partial(peers.polars_read_day, work.day_file("lake"))),
        ]
        for peer, variant, call in calls:
            require_equal(f"{peer}, {variant}", call(), work.day_rows())
        calls.append((C_CALL, "", partial(lake.scan, EXCHANGE, SYMBOL, work.day_ms, work.day_ms + DAY_MS)))
        return _race(calls, rounds, n_calls)


def race_many(work: Workspace, ours: str, rounds: int) -> Race:
    """One day of each of many symbols in one call; each has a few days."""
    expected = work.make_symbols()
    symbols, day = list(expected), date_of(work.symbols_day_ms)
    arctic = peers.Arctic(work.root / "arctic-symbols")
    own, files = work.symbol_files("polars-symbols"), work.symbol_files("lake-symbols")
    with open_client(work.symbols_lake) as client:
        calls: Calls = [
            (ours, "SDK to one frame", partial(client.read_ohlc, EXCHANGE, symbols, day, day)),
            ("Polars", "own files, with their names", partial(peers.polars_read_symbols, own, symbols)),
            ("Polars", "own files, without symbols", partial(peers.polars_read, own)),
            ("Polars", "our files, without symbols", partial(peers.polars_read, files)),
            ("ArcticDB", "read_batch", partial(arctic.read_batch, symbols, work.symbols_day_ms)),
        ]
        for peer, variant, call in calls:
            require_equal_symbols(f"{peer}, {variant}", call(), expected)
        return _race(calls, rounds)


# ---- starting ----


def _python(*arguments: str) -> list[str]:
    return [sys.executable, *arguments]


def race_command(work: Workspace, ours: str, rounds: int) -> Race:
    """`python -m dl_datalake.cli read` of a day, to its end."""
    day, output = date_of(work.day_ms), work.root / "day-by-module.csv"
    roots = ["--data-root", str(work.lake / "data"), "--db-path", str(work.lake / "manifest.db")]
    what = ["--exchange", EXCHANGE, "--symbol", SYMBOL, "--start", day, "--end", day]
    command = partial(_python, "-m", "dl_datalake.cli", "read", *what, *roots)
    as_process(work.launcher, command, str(output))()
    frame = pl.read_csv(output, schema_overrides={"ts": pl.Datetime("ms", "UTC")})
    require_equal("python -m dl_datalake.cli read", frame.select(COLUMNS), work.day_rows())
    contenders = [
        Contender(ours, "python -m dl_datalake.cli read", as_process(work.launcher, command)),
        Contender("dl read", "", as_process(work.launcher, lambda: [work.program, "read", *what, *roots])),
        Contender(BARE, "python -c pass", as_process(work.launcher, partial(_python, "-c", "pass"))),
    ]
    return run_race(contenders, rounds)


def race_import(work: Workspace, ours: str, rounds: int) -> Race:
    client = "from dl_datalake.client.dl_client import DataLakeClient; DataLakeClient('data', 'manifest.db')"
    programs = [
        (ours, "a client made", client),
        ("package", "imported", "import dl_datalake"),
        (BARE, "python -c pass", "pass"),
        ("Polars", "imported", "import polars"),
        ("pandas", "imported", "import pandas"),
        ("DuckDB", "imported", "import duckdb"),
    ]
    contenders = [
        Contender(peer, variant, as_process(work.launcher, partial(_python, "-c", text)))
        for peer, variant, text in programs
    ]
    return run_race(contenders, rounds)
