"""The other tools, each doing the same work in the way that is fastest for it.

All read the bars from the same CSV, stamp them as UTC and write one Parquet file a day; all read such files into their own
kind of table in memory. None of them keeps a manifest, hashes, or makes anything durable.
"""

from __future__ import annotations

import functools
import hashlib
import shutil
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path

import arcticdb
import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.compute as compute
import pyarrow.csv
import pyarrow.dataset
import pyarrow.feather
import pyarrow.parquet as parquet

from bench.series import COLUMNS, DAY_MS

STAMP = pa.timestamp("ms", "UTC")


def fresh(directory: Path) -> Path:
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    return directory


def day_files(directory: Path) -> list[str]:
    """The Parquet files of any tree, in the order of their days, which every tool's names have."""
    return sorted(str(path) for path in directory.rglob("*.parquet"))


def _polars_days(csv: Path) -> pl.LazyFrame:
    frame = pl.scan_csv(csv).with_columns(pl.col("ts").cast(pl.Datetime("ms", "UTC")))
    return frame.with_columns(day=pl.col("ts").dt.date())


def polars_write(csv: Path, directory: Path, compression: str = "zstd") -> None:
    """A data frame cut by day, a file each; zstd is the default of Polars."""
    days = _polars_days(csv).collect().partition_by("day", include_key=False, as_dict=True)
    for (day,), frame in days.items():
        frame.write_parquet(directory / f"{day}.parquet", compression=compression)


def polars_sink(csv: Path, directory: Path, compression: str = "zstd") -> None:
    """The streaming engine with a partitioned sink."""
    target = pl.PartitionBy(directory, key="day", include_key=False)
    _polars_days(csv).sink_parquet(target, compression=compression)


def reference_write(csv: Path, directory: Path) -> None:
    """What the Python implementation before this one does: a data frame, a snappy file a month, each hashed and entered in an
    SQLite table.
    """
    frame = pl.read_csv(csv).with_columns(pl.col("ts").cast(pl.Datetime("ms", "UTC")))
    frame = frame.with_columns(month=pl.col("ts").dt.strftime("%Y-%m"))
    with sqlite3.connect(directory / "manifest.db") as manifest:
        manifest.execute("CREATE TABLE manifest (path TEXT, time_from INTEGER, time_to INTEGER, checksum TEXT)")
        for (month,), rows in frame.partition_by("month", include_key=False, as_dict=True).items():
            path = directory / f"{month}.parquet"
            rows.write_parquet(path, compression="snappy")
            checksum = hashlib.sha256(path.read_bytes()).hexdigest()
            first, last = rows["ts"].min(), rows["ts"].max()
            manifest.execute("INSERT INTO manifest VALUES (?, ?, ?, ?)", (str(path), first, last, checksum))


def polars_read(paths: Sequence[str]) -> pl.DataFrame:
    return pl.read_parquet(paths, columns=list(COLUMNS), hive_partitioning=False)


def polars_read_day(path: str) -> pl.DataFrame:
    return pl.read_parquet(path)


def polars_read_range(path: str, start_ms: int, end_ms: int) -> pl.DataFrame:
    """The rows of [start, end) of one file."""
    start, end = (pl.lit(ms).cast(pl.Datetime("ms", "UTC")) for ms in (start_ms, end_ms))
    return pl.scan_parquet(path).filter(pl.col("ts").is_between(start, end, closed="left")).collect()


@functools.cache
def _duckdb() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("SET TimeZone='UTC'")
    return connection


def _duckdb_csv(csv: Path) -> str:
    values = ", ".join(COLUMNS[1:])
    return f"SELECT make_timestamptz(ts * 1000) AS ts, {values} FROM read_csv('{csv}')"


def duckdb_write(csv: Path, directory: Path) -> None:
    """A table, and a COPY a day: the way that keeps the rows of a day in order."""
    connection = _duckdb()
    connection.execute(f"CREATE OR REPLACE TEMP TABLE bars AS {_duckdb_csv(csv)}")
    for (day,) in connection.execute("SELECT DISTINCT ts::DATE FROM bars").fetchall():
        rows = f"FROM bars WHERE ts >= DATE '{day}' AND ts < DATE '{day}' + 1"
        connection.execute(f"COPY ({rows}) TO '{directory / str(day)}.parquet' (FORMAT parquet)")


def duckdb_partition(csv: Path, directory: Path) -> None:
    """One partitioned COPY, which writes the rows of a day in any order and now and then two files a day."""
    rows = f"SELECT *, ts::DATE AS day FROM ({_duckdb_csv(csv)})"
    _duckdb().execute(f"COPY ({rows}) TO '{directory}' (FORMAT parquet, PARTITION_BY (day))")


def duckdb_read(paths: Sequence[str]) -> pa.Table:
    query = f"SELECT {', '.join(COLUMNS)} FROM read_parquet(?, hive_partitioning=false)"
    return _duckdb().execute(query, [list(paths)]).to_arrow_table()


def duckdb_frame(paths: Sequence[str]) -> pl.DataFrame:
    query = f"SELECT {', '.join(COLUMNS)} FROM read_parquet(?, hive_partitioning=false)"
    return _duckdb().execute(query, [list(paths)]).pl()


def duckdb_read_range(path: str, start_ms: int, end_ms: int) -> pa.Table:
    """The rows of [start, end) of one file, which it reads in order."""
    query = (
        f"SELECT {', '.join(COLUMNS)} FROM read_parquet(?) WHERE ts >= make_timestamptz(?) AND ts < make_timestamptz(?)"
    )
    return _duckdb().execute(query, [path, start_ms * 1000, end_ms * 1000]).to_arrow_table()


# ---- aggregation: from files to frames in memory ----

_POLARS_BARS = (
    pl.col("open").first(),
    pl.col("high").max(),
    pl.col("low").min(),
    pl.col("close").last(),
    pl.col("volume").sum(),
    pl.len().alias("bars"),
)
_INTERVALS = {"15m": "15 minutes", "1h": "1 hour"}


def polars_aggregate(paths: Sequence[str], periods: Sequence[str]) -> dict[str, pl.DataFrame]:
    frame = polars_read(paths).set_sorted("ts")
    return {period: frame.group_by_dynamic("ts", every=period).agg(*_POLARS_BARS) for period in periods}


def polars_aggregate_lazily(paths: Sequence[str], periods: Sequence[str]) -> dict[str, pl.DataFrame]:
    """One query for all periods, which shares the scan."""
    frame = pl.scan_parquet(paths, hive_partitioning=False).set_sorted("ts")
    bars = [frame.group_by_dynamic("ts", every=period).agg(*_POLARS_BARS) for period in periods]
    return dict(zip(periods, pl.collect_all(bars), strict=True))


def _duckdb_bars(source: str, period: str) -> pa.Table:
    query = f"""
        SELECT time_bucket(INTERVAL {_INTERVALS[period]}, ts) AS ts, arg_min(open, ts) AS open, max(high) AS high,
            min(low) AS low, arg_max(close, ts) AS close, sum(volume) AS volume, count(*) AS bars
        FROM {source} GROUP BY 1 ORDER BY 1"""
    return _duckdb().execute(query).to_arrow_table()


def duckdb_aggregate(paths: Sequence[str], periods: Sequence[str]) -> dict[str, pa.Table]:
    source = f"read_parquet({list(paths)}, hive_partitioning=false)"
    return {period: _duckdb_bars(source, period) for period in periods}


def duckdb_aggregate_table(paths: Sequence[str], periods: Sequence[str]) -> dict[str, pa.Table]:
    """The files are read once, into a table."""
    columns = ", ".join(COLUMNS)
    source = f"SELECT {columns} FROM read_parquet({list(paths)}, hive_partitioning=false)"
    _duckdb().execute(f"CREATE OR REPLACE TEMP TABLE minutes AS {source}")
    return {period: _duckdb_bars("minutes", period) for period in periods}


TRADE_COLUMNS = ("ts", "price", "amount", "side")


def polars_write_trades(trades: pl.DataFrame, directory: Path) -> None:
    days = trades.with_columns(day=pl.col("ts").dt.date()).partition_by("day", include_key=False, as_dict=True)
    for (day,), frame in days.items():
        frame.write_parquet(directory / f"{day}.parquet")


def duckdb_write_trades(source: Path, directory: Path) -> None:
    """The same days, each by a COPY."""
    for path in sorted(source.glob("*.parquet")):
        _duckdb().execute(f"COPY (FROM '{path}') TO '{directory / path.name}' (FORMAT parquet)")


def polars_aggregate_trades(paths: Sequence[str]) -> pl.DataFrame:
    """Into minutes."""
    frame = pl.read_parquet(paths, columns=list(TRADE_COLUMNS), hive_partitioning=False).set_sorted("ts")
    price, amount = pl.col("price"), pl.col("amount")
    frame = frame.with_columns(quote=price * amount, bought=pl.col("side") == "buy")
    return frame.group_by_dynamic("ts", every="1m").agg(
        price.first().alias("open"),
        price.max().alias("high"),
        price.min().alias("low"),
        price.last().alias("close"),
        amount.sum().alias("volume"),
        pl.col("quote").sum().alias("quote_volume"),
        pl.len().alias("trades"),
        amount.filter(pl.col("bought")).sum().alias("taker_buy_volume"),
        pl.col("quote").filter(pl.col("bought")).sum().alias("taker_buy_quote_volume"),
    )


def duckdb_aggregate_trades(paths: Sequence[str]) -> pa.Table:
    """Into minutes; no two trades have one time here, or arg_min would not know the first."""
    query = f"""
        SELECT time_bucket(INTERVAL 1 minute, ts) AS ts, arg_min(price, ts) AS open, max(price) AS high, min(price) AS low,
            arg_max(price, ts) AS close, sum(amount) AS volume, sum(price * amount) AS quote_volume, count(*) AS trades,
            sum(CASE WHEN side = 'buy' THEN amount ELSE 0 END) AS taker_buy_volume,
            sum(CASE WHEN side = 'buy' THEN price * amount ELSE 0 END) AS taker_buy_quote_volume
        FROM read_parquet({list(paths)}, hive_partitioning=false) GROUP BY 1 ORDER BY 1"""
    return _duckdb().execute(query).to_arrow_table()


def _pyarrow_csv(csv: Path) -> pa.Table:
    table = pyarrow.csv.read_csv(csv)
    return table.set_column(0, "ts", table["ts"].cast(STAMP))


def pyarrow_write(csv: Path, directory: Path) -> None:
    table = _pyarrow_csv(csv)
    table = table.append_column("day", compute.divide(table["ts"].cast(pa.int64()), DAY_MS))
    pyarrow.dataset.write_dataset(table, directory, format="parquet", partitioning=["day"], preserve_order=True)


def pyarrow_read(paths: Sequence[str]) -> pa.Table:
    return pyarrow.dataset.dataset(list(paths), format="parquet").to_table(columns=list(COLUMNS))


def pyarrow_read_day(path: str) -> pa.Table:
    return parquet.ParquetFile(path).read(use_threads=False)


def feather_write(csv: Path, path: Path, compression: str) -> None:
    """The whole table as one Arrow IPC file."""
    pyarrow.feather.write_feather(_pyarrow_csv(csv).combine_chunks(), str(path), compression=compression)


def feather_read(path: Path) -> pa.Table:
    """Read, not mapped: a mapped file is not in memory before its values are touched."""
    return pyarrow.feather.read_table(str(path), memory_map=False)


def polars_write_symbols(frames: Mapping[str, pl.DataFrame], directory: Path) -> None:
    """A directory a symbol, a file a day."""
    for symbol, frame in frames.items():
        days = frame.with_columns(day=pl.col("ts").dt.date()).partition_by("day", include_key=False, as_dict=True)
        fresh(directory / symbol)
        for (day,), rows in days.items():
            rows.write_parquet(directory / symbol / f"{day}.parquet")


def polars_read_symbols(paths: Sequence[str], symbols: Sequence[str]) -> pl.DataFrame:
    """With a column that says which rows are whose."""
    names = pl.col("path").replace_strict(list(paths), list(symbols))
    frame = pl.scan_parquet(paths, include_file_paths="path", hive_partitioning=False)
    return frame.with_columns(symbol=names).drop("path").collect()


WRITERS = {
    "polars": polars_write,
    "polars-sink": polars_sink,
    "duckdb": duckdb_write,
    "duckdb-partition": duckdb_partition,
    "reference": reference_write,
}


class Arctic:
    """ArcticDB over LMDB, with the bars as one versioned symbol."""

    SYMBOL = "BTCUSDT"

    def __init__(self, directory: Path) -> None:
        arctic = arcticdb.Arctic(f"lmdb://{directory}")
        self._library = arctic.get_library("bars", create_if_missing=True)

    def write(self, csv: Path) -> None:
        self._library.write(self.SYMBOL, _pyarrow_csv(csv).to_pandas().set_index("ts"))

    def read(self) -> pd.DataFrame:
        return self._library.read(self.SYMBOL).data

    def read_range(self, start_ms: int, end_ms: int) -> pd.DataFrame:
        """The rows of [start, end)."""
        bounds = (pd.Timestamp(start_ms, unit="ms", tz="UTC"), pd.Timestamp(end_ms - 1, unit="ms", tz="UTC"))
        return self._library.read(self.SYMBOL, date_range=bounds).data

    def write_symbols(self, frames: Mapping[str, pl.DataFrame]) -> None:
        for symbol, frame in frames.items():
            self._library.write(symbol, frame.to_pandas().set_index("ts"))

    def read_batch(self, symbols: Sequence[str], day_ms: int) -> list[arcticdb.VersionedItem]:
        """A day of each."""
        bounds = (pd.Timestamp(day_ms, unit="ms", tz="UTC"), pd.Timestamp(day_ms + DAY_MS - 1, unit="ms", tz="UTC"))
        return self._library.read_batch([arcticdb.ReadRequest(symbol, date_range=bounds) for symbol in symbols])
