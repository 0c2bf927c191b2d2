"""Derived bars, from files to files: minutes into 15 minutes and hours, trades into minutes, and one changed minute.

The peers read Parquet files and aggregate, and write nothing; ours also writes, hashes, records where each day came from, and makes
it durable. Every result is compared first: prices, counts and times to the bit, sums within what the order of adding can change.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa

from bench import peers
from bench.equal import UnequalError
from bench.ours import Lake
from bench.series import DAY_MS, MINUTE_MS, MINUTE_VOLATILITY, make_days
from bench.timing import Contender, Race, as_process, in_process, run_race
from bench.workspace import EXCHANGE, SYMBOL, Workspace

PERIODS = {"15m": 15 * MINUTE_MS, "1h": 60 * MINUTE_MS}
COMMIT = "dl-datalake, a commit of one day"  # a peer of its own: what an update is measured against
UNIT_ROUNDOFF = 2.0**-53

Bars = dict[str, np.ndarray]
Command = Callable[..., list[str]]


# ---- whether results are right ----


def bars_of_minutes(rows: Mapping[str, np.ndarray], step_ms: int) -> Bars:
    """Of minutes without gaps, by numpy: a matrix with a row a bar. Running sums have no choice of order."""
    n = step_ms // MINUTE_MS
    by_bar = {name: values.reshape(-1, n) for name, values in rows.items()}
    return {
        "ts": by_bar["ts"][:, 0],
        "open": by_bar["open"][:, 0],
        "high": by_bar["high"].max(axis=1),
        "low": by_bar["low"].min(axis=1),
        "close": by_bar["close"][:, -1],
        "volume": np.add.accumulate(by_bar["volume"], axis=1)[:, -1],
        "bars": np.full(len(by_bar["ts"]), n),
    }


def bars_of_trades(trades: Mapping[str, np.ndarray]) -> Bars:
    """By numpy; the sums are not to the bit."""
    minutes = trades["ts"] // (1000 * MINUTE_MS)
    first = np.flatnonzero(np.diff(minutes, prepend=-1))
    price, amount, bought = trades["price"], trades["amount"], trades["side"] == "buy"
    quote = price * amount
    sums = {
        "volume": amount,
        "quote_volume": quote,
        "taker_buy_volume": np.where(bought, amount, 0.0),
        "taker_buy_quote_volume": np.where(bought, quote, 0.0),
    }
    return {
        "ts": minutes[first] * MINUTE_MS,
        "open": price[first],
        "high": np.maximum.reduceat(price, first),
        "low": np.minimum.reduceat(price, first),
        "close": price[np.append(first[1:], len(price)) - 1],
        "trades": np.diff(np.append(first, len(price))),
        **{name: np.add.reduceat(values, first) for name, values in sums.items()},
    }


def _column(table: pa.Table, name: str) -> np.ndarray:
    column = table.column(name)
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.timestamp("ms", column.type.tz)).cast(pa.int64())
    return column.to_numpy()


def require_equal_bars(who: str, result: object, expected: Bars, n_most: int) -> None:
    """n_most: of values in a sum, so that two sums of them differ by no more than 2 n u of it, all being positive."""
    table = result.to_arrow() if isinstance(result, pl.DataFrame) else result
    if not isinstance(table, pa.Table):
        raise UnequalError(f"{who}: the result is a {type(result).__name__}, not a table")
    for name, want in expected.items():
        got = _column(table, name)
        if len(got) != len(want):
            raise UnequalError(f"{who}: {name} has {len(got)} rows, not {len(want)}")
        is_sum = name.endswith("volume")
        different = ~np.isclose(got, want, rtol=2 * n_most * UNIT_ROUNDOFF, atol=0) if is_sum else got != want
        if different.any():
            row = np.flatnonzero(different)[0]
            raise UnequalError(f"{who}: {name} of row {row} is {got[row]!r}, not {want[row]!r}")


def _require_equal_periods(who: str, results: Mapping[str, object], expected: Mapping[str, Bars]) -> None:
    for period, bars in expected.items():
        require_equal_bars(f"{who}, {period}", results[period], bars, PERIODS[period] // MINUTE_MS)


def _read_derived(lake: Lake, period: str, start_ms: int, end_ms: int) -> pa.Table:
    return lake.read(EXCHANGE, SYMBOL, start_ms, end_ms, data_type="agg", period=period)


class _Copies:
    """A lake copied anew before each call, and open when it comes."""

    def __init__(self, work: Workspace, origin: Path) -> None:
        self._work, self._origin, self._open = work, origin, ExitStack()

    def __enter__(self) -> _Copies:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def copy(self) -> None:
        self._work.copy_to_scratch(self._origin)

    def copy_and_open(self) -> None:
        self._open.close()
        self.copy()
        self.lake = self._open.enter_context(Lake(self._work.library, self._work.scratch))


# ---- a year of minutes ----


def race_year(work: Workspace, ours: str, program: Command, rounds: int) -> Race:
    """Each round of ours is in a copy of the lake that has nothing derived."""
    expected = {period: bars_of_minutes(work.rows, step) for period, step in PERIODS.items()}

    copies = _Copies(work, work.lake)

    def aggregate() -> None:
        copies.lake.aggregate(SYMBOL, list(PERIODS))

    copies.copy_and_open()
    aggregate()
    derived = {period: _read_derived(copies.lake, period, work.start_ms, work.end_ms) for period in PERIODS}
    _require_equal_periods(ours, derived, expected)

    readers = [
        ("Polars", "our files", partial(peers.polars_aggregate, work.files("lake"))),
        ("Polars", "our files, lazily", partial(peers.polars_aggregate_lazily, work.files("lake"))),
        ("Polars", "own files", partial(peers.polars_aggregate, work.files("polars"))),
        ("Polars", "own files, uncompressed", partial(peers.polars_aggregate, work.files("polars-uncompressed"))),
        ("DuckDB", "our files", partial(peers.duckdb_aggregate, work.files("lake"))),
        ("DuckDB", "own files", partial(peers.duckdb_aggregate, work.files("duckdb"))),
        ("DuckDB", "own files, read once", partial(peers.duckdb_aggregate_table, work.files("duckdb"))),
    ]
    for name, variant, call in readers:
        _require_equal_periods(f"{name}, {variant}", call(list(PERIODS)), expected)
    command = partial(program, "aggregate", "--to", ",".join(PERIODS), "--quiet")
    contenders = [
        Contender(ours, "in process", in_process(aggregate, copies.copy_and_open)),
        Contender(ours, "dl aggregate", as_process(work.launcher, command, before=copies.copy)),
        *(Contender(name, variant, in_process(partial(call, list(PERIODS)))) for name, variant, call in readers),
    ]
    with copies:
        return run_race(contenders, rounds)


# ---- one changed minute ----


def _write_rows(rows: Mapping[str, np.ndarray], path: Path) -> Path:
    pl.DataFrame(dict(rows)).write_csv(path)
    return path


class _Update:
    """A lake whose derived bars are current; each call restates one minute, of another day each time."""

    def __init__(self, work: Workspace, directory: Path) -> None:
        self._work, self._lake = work, Lake(work.library, directory)
        self._lake.aggregate(SYMBOL, list(PERIODS))
        self._n_changed = 0

    def change(self) -> None:
        row = (97 * self._n_changed % 360) * (DAY_MS // MINUTE_MS) + 611
        minute = {name: values[row : row + 1].copy() for name, values in self._work.rows.items()}
        self._n_changed += 1
        minute["volume"] += self._n_changed / 1000  # which every bar above it shows
        # Two rows, so that the file tells its period; the other one is as it was.
        after = {name: values[row + 1 : row + 2] for name, values in self._work.rows.items()}
        both = {name: np.concatenate([minute[name], after[name]]) for name in minute}
        self._lake.ingest([_write_rows(both, self._work.root / "minute.csv")], EXCHANGE, SYMBOL)

    def update(self) -> None:
        result = self._lake.aggregate(SYMBOL, list(PERIODS))
        if (result.n_datasets, result.rows_written, result.days_changed) != (2, 2, 2):
            raise UnequalError(f"an update wrote {result.rows_written} bars of {result.days_changed} days, not 2 of 2")

    def require_equal(self, who: str) -> None:
        start_ms, end_ms = self._work.start_ms, self._work.end_ms
        rows = self._lake.read(EXCHANGE, SYMBOL, start_ms, end_ms, data_type="raw", period="1m")
        minutes = {name: _column(rows, name) for name in self._work.rows}
        for period, step in PERIODS.items():
            result = _read_derived(self._lake, period, start_ms, end_ms)
            require_equal_bars(f"{who}, {period}", result, bars_of_minutes(minutes, step), step // MINUTE_MS)


def _next_days(work: Workspace, n: int) -> list[Path]:
    """The days that follow the year, as CSVs."""
    rows = make_days(work.end_ms, n, seed=3, volatility=MINUTE_VOLATILITY).values()
    cut = {name: values.reshape(n, -1) for name, values in rows.items()}
    days = ({name: values[day] for name, values in cut.items()} for day in range(n))
    return [_write_rows(day, work.root / f"next-{i}.csv") for i, day in enumerate(days)]


def race_updates(work: Workspace, ours: str, rounds: int) -> Race:
    """Bringing derived bars up to date after one changed minute, in lakes of one year and of five; against ingesting one more day into a lake
    of the year."""
    directories = [work.root / name for name in ("updated-year", "updated-years", "committed")]
    for directory, origin in zip(directories, (work.lake, work.long_lake, work.lake), strict=True):
        shutil.copytree(origin, directory)
    one, five = (_Update(work, directory) for directory in directories[:2])
    days = iter(_next_days(work, rounds + 1))
    with Lake(work.library, directories[2]) as lake:
        contenders = [
            Contender(ours, "in a year", in_process(one.update, one.change)),
            Contender(ours, "in five years", in_process(five.update, five.change)),
            Contender(COMMIT, "", in_process(lambda: lake.ingest([next(days)], EXCHANGE, SYMBOL))),
        ]
        race = run_race(contenders, rounds)
    one.require_equal("in a year")
    five.require_equal("in five years")
    return race


# ---- trades ----


def race_trades(work: Workspace, ours: str, program: Command, rounds: int) -> Race:
    """Some days of trades into minutes, each round in a copy of the lake."""
    trades = work.make_trades()
    expected = bars_of_trades(trades)
    n_most = int(expected["trades"].max())
    start_ms, end_ms = int(expected["ts"][0]), int(expected["ts"][-1]) + MINUTE_MS

    copies = _Copies(work, work.trades_lake)

    def aggregate() -> None:
        copies.lake.aggregate(SYMBOL, ["1m"], source="trades")

    copies.copy_and_open()
    aggregate()
    require_equal_bars(ours, _read_derived(copies.lake, "1m", start_ms, end_ms), expected, n_most)

    readers = [
        ("Polars", "our files", partial(peers.polars_aggregate_trades, peers.day_files(work.trades_lake / "data"))),
        ("Polars", "own files", partial(peers.polars_aggregate_trades, work.files("polars-trades"))),
        ("DuckDB", "our files", partial(peers.duckdb_aggregate_trades, peers.day_files(work.trades_lake / "data"))),
        ("DuckDB", "own files", partial(peers.duckdb_aggregate_trades, work.files("duckdb-trades"))),
    ]
    for name, variant, call in readers:
        require_equal_bars(f"{name}, {variant}", call(), expected, n_most)
    command = partial(program, "aggregate", "--from", "trades", "--to", "1m", "--quiet")
    contenders = [
        Contender(ours, "in process", in_process(aggregate, copies.copy_and_open)),
        Contender(ours, "dl aggregate", as_process(work.launcher, command, before=copies.copy)),
        *(Contender(name, variant, in_process(call)) for name, variant, call in readers),
    ]
    with copies:
        return run_race(contenders, rounds)
