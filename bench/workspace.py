"""Everything the cases read: the CSVs, our lakes, and each peer's own files, made anew for every run."""

from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl

from bench import peers
from bench.ours import Lake, Library
from bench.series import (
    DAY_MS,
    MINUTE_MS,
    MINUTE_VOLATILITY,
    day_starts_ms,
    make_bars,
    make_days,
    make_trades,
    write_csv,
    write_csv_quickly,
)

YEAR = 2024
YEARS = range(2020, 2025)
LARGE_DAYS, LARGE_SEED = 13_889, 7
LARGE_VOLATILITY = 0.0001
TRADE_DAYS, TRADES, TRADES_SEED = 10, 3_000_000, 11
SYMBOLS, SYMBOL_DAYS = 200, 3
EXCHANGE, SYMBOL = "BINANCE", "BTCUSDT"


class Workspace:
    """The paths and the expected rows; the paths are below build/bench."""

    def __init__(self, root: Path, library: Path, program: Path) -> None:
        self.root = peers.fresh(root / "work")
        self.launcher = str(root / "launch")
        self.library = Library(library)
        self.program = str(program)
        self.csvs = {year: self.root / f"bars-{year}.csv" for year in YEARS}
        self.lake = self.root / "lake"
        self.compacted = self.root / "lake-compacted"
        self.long_lake = self.root / "lake-five-years"
        self.trades_lake = self.root / "lake-trades"
        self.symbols_lake = self.root / "lake-symbols"
        self.scratch = self.root / "scratch"
        self._n_scratches = 0
        self.start_ms, self.end_ms = int(day_starts_ms(YEAR)[0]), int(day_starts_ms(YEAR + 1)[0])
        self.day_ms = int(day_starts_ms(YEAR)[100])
        self.symbols_day_ms = self.start_ms + DAY_MS
        self.rows: dict[str, np.ndarray] = {}
        self.large_rows: dict[str, np.ndarray] = {}
        self.large_start_ms = self.large_end_ms = 0

    @property
    def csv(self) -> Path:
        return self.csvs[YEAR]

    @property
    def n_rows(self) -> int:
        return len(self.rows["ts"])

    def day_rows(self) -> dict[str, np.ndarray]:
        chosen = (self.rows["ts"] >= self.day_ms) & (self.rows["ts"] < self.day_ms + DAY_MS)
        return {name: values[chosen] for name, values in self.rows.items()}

    def files(self, kind: str) -> list[str]:
        """The day files of `lake` or of a peer, the month files of `lake-compacted`."""
        return peers.day_files(self.root / kind / "data" if kind.startswith("lake") else self.root / kind)

    def day_file(self, kind: str) -> str:
        return self.files(kind)[(self.day_ms - self.start_ms) // DAY_MS]

    def month_file(self) -> str:
        """Our month file with the day in it."""
        month = datetime.fromtimestamp(self.day_ms / 1000, UTC).month
        return self.files("lake-compacted")[month - 1]

    def new_scratch(self) -> None:
        """A new directory to write into, with nothing of earlier writers left to be written back. Earlier ones stay until
        the end: for minutes ext4 steps over every inode that was deleted before it gives out one.
        """
        self._n_scratches += 1
        self.scratch = peers.fresh(self.root / f"scratch-{self._n_scratches}")
        os.sync()

    def copy_to_scratch(self, lake: Path) -> None:
        """The same with a copy of a lake in it."""
        self._n_scratches += 1
        self.scratch = self.root / f"scratch-{self._n_scratches}"
        shutil.copytree(lake, self.scratch)
        os.sync()

    def remove(self) -> None:
        shutil.rmtree(self.root)

    def make_year(self) -> None:
        """The year: its CSV, our lake, and every peer's files."""
        bars = make_bars(YEAR)
        self.rows = bars.values()
        write_csv(bars, self.csv)
        with Lake(self.library, self.lake) as lake:
            lake.ingest([self.csv], EXCHANGE, SYMBOL)
        peers.polars_write(self.csv, peers.fresh(self.root / "polars"))
        peers.polars_write(self.csv, peers.fresh(self.root / "polars-uncompressed"), "uncompressed")
        peers.duckdb_write(self.csv, peers.fresh(self.root / "duckdb"))
        peers.pyarrow_write(self.csv, peers.fresh(self.root / "pyarrow"))
        for compression in ("uncompressed", "lz4"):
            peers.feather_write(self.csv, self.root / f"{compression}.feather", compression)
        peers.Arctic(self.root / "arctic").write(self.csv)

    def make_compacted(self) -> None:
        """The year once more, its days rolled up to months."""
        if self.compacted.exists():
            return
        with Lake(self.library, self.compacted) as lake:
            lake.ingest([self.csv], EXCHANGE, SYMBOL)
            lake.compact()

    def make_large(self) -> Path:
        """20 million bars from 1990 on: their CSV."""
        csv = self.root / "bars-large.csv"
        bars = make_days(int(day_starts_ms(1990)[0]), LARGE_DAYS, LARGE_SEED, LARGE_VOLATILITY)
        self.large_rows = bars.values()
        self.large_start_ms = int(bars.ts_ms[0])
        self.large_end_ms = self.large_start_ms + LARGE_DAYS * DAY_MS
        if not csv.exists():
            write_csv_quickly(bars, csv)
        return csv

    def make_trades(self) -> dict[str, np.ndarray]:
        """Ten days of trades: our lake and the peers' day files."""
        trades = make_trades(self.start_ms, TRADE_DAYS, TRADES, TRADES_SEED)
        if not self.trades_lake.exists():
            stamp = pl.col("ts").cast(pl.Datetime("us", "UTC"))
            frame = pl.DataFrame(trades).with_columns(stamp, pl.col("id").cast(pl.String))
            path = self.root / "trades.parquet"
            frame.write_parquet(path)
            with Lake(self.library, self.trades_lake) as lake:
                lake.ingest([path], EXCHANGE, SYMBOL)
            own = peers.fresh(self.root / "polars-trades")
            peers.polars_write_trades(frame, own)
            peers.duckdb_write_trades(own, peers.fresh(self.root / "duckdb-trades"))
        return trades

    def make_symbols(self) -> dict[str, dict[str, np.ndarray]]:
        """A few days of many symbols: our lake, Polars' day files and ArcticDB's symbols. Returns the rows of the day that is read."""
        stamp = pl.col("ts").cast(pl.Datetime("ms", "UTC"))
        bars = {
            f"S{i:03}USDT": make_days(self.start_ms, SYMBOL_DAYS, seed=i + 1, volatility=MINUTE_VOLATILITY).values()
            for i in range(SYMBOLS)
        }
        frames = {symbol: pl.DataFrame(values).with_columns(stamp) for symbol, values in bars.items()}
        source = self.root / "symbol.parquet"
        with Lake(self.library, self.symbols_lake) as lake:
            for symbol, frame in frames.items():
                frame.write_parquet(source)
                lake.ingest([source], EXCHANGE, symbol)
        peers.polars_write_symbols(frames, peers.fresh(self.root / "polars-symbols"))
        peers.Arctic(self.root / "arctic-symbols").write_symbols(frames)
        chosen = slice(DAY_MS // MINUTE_MS, 2 * DAY_MS // MINUTE_MS)
        return {
            symbol: {name: np.ascontiguousarray(values[chosen]) for name, values in columns.items()}
            for symbol, columns in bars.items()
        }

    def symbol_files(self, kind: str) -> list[str]:
        """The file of the day that is read of each symbol."""
        return self.files(kind)[1::SYMBOL_DAYS]

    def make_years(self) -> None:
        """The five years, the last of which is the year: their CSVs and a lake."""
        for year in YEARS:
            if not self.csvs[year].exists():
                write_csv(make_bars(year), self.csvs[year])
        with Lake(self.library, self.long_lake) as lake:
            lake.ingest(list(self.csvs.values()), EXCHANGE, SYMBOL)
