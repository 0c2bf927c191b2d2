"""Races the arithmetic of aggregation alone, on data in memory: python -m bench.aggregate.

Bars: a year of one-minute bars (527,040 rows, ten columns) to 15m and 1h, against Polars and ArcticDB. Trades: five days of a busy symbol
(5,000,000 rows) to 1m, against Polars and DuckDB. Ours runs on one thread, theirs on as many as they take by themselves. Every contender's
bars are compared with ours before anything is timed: prices and counts to the last bit, sums within the bound of any order of
addition. Each ratio is of one turn; wall time. LAKE_BENCH_AGGREGATE names the program (bench/aggregate.c).
"""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import arcticdb
import duckdb
import numpy as np
import pandas as pd
import polars as pl

PROGRAM = os.environ.get("LAKE_BENCH_AGGREGATE", "build/release/bench/bench_aggregate")
TURNS = 11
BARS = 527_040
TRADES = 5_000_000
SUMS = ("volume", "quote_volume", "taker_buy_volume", "taker_buy_quote_volume")
BAR_COLUMNS = ("ts", "open", "high", "low", "close", "volume", "quote_volume", "trades", *SUMS[2:])
OUT_COLUMNS = (*BAR_COLUMNS, "vwap", "bars", "bars_expected")
INTEGERS = {"ts", "trades", "bars", "bars_expected"}

Table = dict[str, np.ndarray]


def make_bars() -> Table:
    pick = np.random.default_rng(1)
    close = np.cumsum(pick.integers(-1200, 1201, BARS)) / 100 + 42_283.58
    start = np.concatenate(([42_283.58], close[:-1]))
    volume = pick.integers(1, 90_000, BARS) / 1000
    taker = volume * pick.random(BARS)
    return {
        "ts": 1_704_067_200_000 + 60_000 * np.arange(BARS),
        "open": start,
        "high": np.maximum(start, close) + pick.integers(0, 500, BARS) / 100,
        "low": np.minimum(start, close) - pick.integers(0, 500, BARS) / 100,
        "close": close,
        "volume": volume,
        "quote_volume": volume * close,
        "trades": pick.integers(1, 9000, BARS),
        "taker_buy_volume": taker,
        "taker_buy_quote_volume": taker * close,
    }


def make_trades() -> Table:
    pick = np.random.default_rng(2)
    return {
        "ts": 1_704_067_200_000_000 + np.cumsum(pick.integers(1, 172_800, TRADES)),
        "price": np.cumsum(pick.integers(-5, 6, TRADES)) / 100 + 42_283.58,
        "amount": pick.integers(1, 100_000, TRADES) / 100_000,
        "is_buy": pick.integers(0, 2, TRADES),
    }


def read_tables(path: Path, n_tables: int) -> list[Table]:
    values, tables = np.fromfile(path, dtype=np.int64), []
    for _ in range(n_tables):
        n_rows, n_columns = int(values[0]), int(values[1])
        columns = values[2 : 2 + n_rows * n_columns].reshape(n_columns, n_rows)
        table = dict(zip(OUT_COLUMNS, columns, strict=True))
        tables.append({name: x if name in INTEGERS else x.view(np.float64) for name, x in table.items()})
        values = values[2 + n_rows * n_columns :]
    return tables


class Ours:
    def __init__(self, kind: str, rows: Table, targets: tuple[str, ...], folder: Path) -> None:
        self._columns, self._out, self._targets = folder / f"{kind}.columns", folder / f"{kind}.bars", targets
        self._columns.write_bytes(b"".join(column.tobytes() for column in rows.values()))
        self._command = [PROGRAM, kind, str(self._columns), str(len(rows["ts"]))]

    def run(self, rounds: int) -> list[float]:
        command = [*self._command, str(rounds), str(self._out), *self._targets]
        lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
        return [float(line.split()[0]) for line in lines]

    def time(self) -> float:
        """The last of three rounds: theirs are warm, too."""
        return self.run(3)[-1]

    def bars(self) -> list[Table]:
        self.run(1)
        return read_tables(self._out, len(self._targets))


# ---- the others ----


def aggregations() -> list[pl.Expr]:
    first, last = pl.col("open").first(), pl.col("close").last()
    sums = [pl.col(name).sum() for name in (*SUMS, "trades")]
    return [first, pl.col("high").max(), pl.col("low").min(), last, *sums, pl.len().alias("bars")]


def polars_bars(rows: Table) -> Callable[[], list[Table]]:
    frame = pl.DataFrame(rows).with_columns(pl.col("ts").cast(pl.Datetime("ms")).set_sorted())

    def run() -> list[pl.DataFrame]:
        lazy = frame.lazy()
        return pl.collect_all([lazy.group_by_dynamic("ts", every=every).agg(aggregations()) for every in ("15m", "1h")])

    return run


def arctic_bars(rows: Table) -> Callable[[], list[pd.DataFrame]]:
    library = arcticdb.Arctic("mem://").get_library("bars", create_if_missing=True)
    frame = pd.DataFrame(rows)
    library.write("bars", frame.set_index(pd.to_datetime(frame.pop("ts"), unit="ms")))
    how = {"open": "first", "high": "max", "low": "min", "close": "last", "trades": "sum"} | dict.fromkeys(SUMS, "sum")
    how["bars"] = ("close", "count")  # type: ignore[assignment]

    def run() -> list[pd.DataFrame]:
        queries = [arcticdb.QueryBuilder().resample(rule).agg(how) for rule in ("15min", "1h")]
        return [library.read("bars", query_builder=query).data for query in queries]

    return run


def trade_frame(rows: Table) -> pl.DataFrame:
    side = np.where(rows["is_buy"] == 1, "buy", "sell")
    frame = pl.DataFrame({"ts": rows["ts"], "price": rows["price"], "amount": rows["amount"], "side": side})
    return frame.with_columns(pl.col("ts").cast(pl.Datetime("us")).set_sorted())


def polars_trades(frame: pl.DataFrame) -> Callable[[], list[pl.DataFrame]]:
    """Products and what was bought as columns of their own first, which is faster than within the groups."""
    price, amount, bought = pl.col("price"), pl.col("amount"), pl.col("side") == "buy"
    columns = {"quote_volume": price * amount, "taker_buy_volume": pl.when(bought).then(amount).otherwise(0.0)}
    prices = [
        price.first().alias("open"),
        price.max().alias("high"),
        price.min().alias("low"),
        price.last().alias("close"),
    ]
    sums = [amount.sum().alias("volume"), *[pl.col(name).sum() for name in SUMS[1:]], pl.len().alias("trades")]

    def run() -> list[pl.DataFrame]:
        lazy = frame.lazy().with_columns(**columns)
        lazy = lazy.with_columns(taker_buy_quote_volume=price * pl.col("taker_buy_volume"))
        return [lazy.group_by_dynamic("ts", every="1m").agg(prices + sums).collect()]

    return run


def duckdb_trades(frame: pl.DataFrame) -> Callable[[], list[object]]:
    connection = duckdb.connect()
    connection.execute("CREATE TABLE trades AS SELECT * FROM frame")
    query = """SELECT time_bucket(INTERVAL 1 minute, ts) AS ts, arg_min(price, ts) AS open, max(price) AS high, min(price) AS low,
        arg_max(price, ts) AS close, sum(amount) AS volume, sum(price * amount) AS quote_volume, count(*) AS trades,
        sum(CASE WHEN side = 'buy' THEN amount ELSE 0 END) AS taker_buy_volume,
        sum(CASE WHEN side = 'buy' THEN price * amount ELSE 0 END) AS taker_buy_quote_volume
        FROM trades GROUP BY 1 ORDER BY 1"""
    return lambda: [connection.execute(query).to_arrow_table()]


# ---- comparing ----


def as_table(bars: object) -> Table:
    """Columns of whatever a contender returns, times as milliseconds."""
    if isinstance(bars, pd.DataFrame):
        frame = pl.from_pandas(bars.rename_axis("ts").reset_index())
    else:
        frame = bars if isinstance(bars, pl.DataFrame) else pl.DataFrame(pl.from_arrow(bars))
    times = frame["ts"].dt.replace_time_zone(None).dt.epoch("ms")
    return {name: (times if name == "ts" else frame[name]).to_numpy() for name in frame.columns}


def compare(name: str, ours: Table, theirs: Table) -> None:
    for column, values in theirs.items():
        expected = ours[column]
        if len(values) != len(expected):
            raise SystemExit(f"{name} has {len(values)} bars, ours are {len(expected)}")
        if column in SUMS:  # all values are positive: no order of addition errs by more than n eps times the sum
            rows = ours["trades"] if "bars" not in theirs else ours["bars"]
            wrong = np.abs(values - expected) > 2 * rows * np.finfo(np.float64).eps * expected
        else:
            wrong = values != expected
        if wrong.any():
            at = int(np.argmax(wrong))
            raise SystemExit(f"{name}: {column} of bar {at} is {values[at]!r}, ours is {expected[at]!r}")


def race(title: str, ours: Ours, others: dict[str, Callable[[], list[object]]]) -> None:
    bars = ours.bars()
    for name, run in others.items():
        for mine, theirs in zip(bars, run(), strict=True):
            compare(name, mine, as_table(theirs))
    counts = " and ".join(f"{len(table['ts'])} bars" for table in bars)
    print(f"{title}: {counts}, all equal")
    mine, times = [], {name: [] for name in others}
    for _ in range(TURNS):
        mine.append(ours.time())
        for name, run in others.items():
            start = time.perf_counter()
            run()
            times[name].append(time.perf_counter() - start)
    print(f"  ours      {statistics.median(mine) * 1e3:8.1f} ms (least {min(mine) * 1e3:.1f})")
    for name, taken in times.items():
        ratios = sorted(theirs / ours for theirs, ours in zip(taken, mine, strict=True))
        print(
            f"  {name:9} {statistics.median(taken) * 1e3:8.1f} ms (least {min(taken) * 1e3:.1f}), "
            f"ratio {statistics.median(ratios):.1f} (least {ratios[0]:.1f})"
        )


def main() -> None:
    print(f"Polars {pl.__version__}, ArcticDB {arcticdb.__version__}, DuckDB {duckdb.__version__}")
    with tempfile.TemporaryDirectory() as name:
        folder, bars, trades = Path(name), make_bars(), make_trades()
        others = {"polars": polars_bars(bars), "arcticdb": arctic_bars(bars)}
        race("1m to 15m and 1h", Ours("bars", bars, ("15m", "1h"), folder), others)
        frame = trade_frame(trades)
        others = {"polars": polars_trades(frame), "duckdb": duckdb_trades(frame)}
        race("trades to 1m", Ours("trades", trades, ("1m",), folder), others)


if __name__ == "__main__":
    main()
