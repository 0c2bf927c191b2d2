"""Whatever was committed, DuckDB, Polars and pyarrow read from data/**/*.parquet the rows that dl reads, doubles to the bit,
each row once (I3)."""

import struct
from collections.abc import Callable
from pathlib import Path

import duckdb
import polars
import pyarrow
import pyarrow.dataset
import pyarrow.parquet
import pytest
from dl_runner import FIRST_MS, Runner, bars_csv

NAMES = ["ts", "open", "high", "low", "close", "volume", "quote_volume", "trades"]
GLOB = "data/X/FUTURES/Y/raw/1m/**/*.parquet"


def bits(value: object) -> object:
    return struct.pack("<d", value) if isinstance(value, float) else value


def rows_of(table: pyarrow.Table) -> list[tuple[object, ...]]:
    table = table.select(NAMES).sort_by("ts")
    table = table.set_column(0, "ts", table["ts"].cast(pyarrow.timestamp("ms", "UTC")).cast(pyarrow.int64()))
    return [tuple(bits(value) for value in row.values()) for row in table.to_pylist()]


def by_duckdb(directory: Path) -> pyarrow.Table:
    columns = ", ".join(["epoch_ms(ts) AS ts", *NAMES[1:]])
    query = f"SELECT {columns} FROM read_parquet('{directory / GLOB}', union_by_name = true)"
    table = duckdb.connect().execute(query).to_arrow_table()
    return table.set_column(0, "ts", table["ts"].cast(pyarrow.timestamp("ms", "UTC")))


def by_polars(directory: Path) -> pyarrow.Table:
    frame = polars.scan_parquet(str(directory / GLOB), missing_columns="insert", extra_columns="ignore")
    return frame.select(NAMES).collect().to_arrow()


def by_pyarrow(directory: Path) -> pyarrow.Table:
    tables = [pyarrow.parquet.read_table(path, partitioning=None) for path in sorted(directory.glob(GLOB))]
    return pyarrow.concat_tables(tables, promote_options="default")


def by_dl(dl: Runner, directory: Path) -> pyarrow.Table:
    dl("read", "--exchange", "x", "--symbol", "y", "--output", "all.parquet").ok()
    return pyarrow.parquet.read_table(directory / "all.parquet")


def ingest(dl: Runner, directory: Path, text: str) -> None:
    (directory / "more.csv").write_text(text)
    dl("ingest", "--source", "more.csv", "--exchange", "x", "--symbol", "y", "--period", "1m").ok()


@pytest.mark.parametrize("read", [by_duckdb, by_polars, by_pyarrow])
def test_the_tree_holds_each_row_once(dl: Runner, tmp_path: Path, read: Callable[[Path], pyarrow.Table]) -> None:
    # All columns first: Polars takes the first file's columns for the tree's.
    wide = "ts,open,high,low,close,volume,quote_volume,trades\n"
    steps = [
        wide
        + "".join(f"{FIRST_MS + i * 60_000},{i / 7!r},{i},-0.0,{i * 1e-9!r},,{i / 3!r},{i}\n" for i in range(2000)),
        bars_csv(4 * 1440),  # days that are there with other values, and new days with fewer columns
        wide + f"{FIRST_MS + 5 * 86_400_000},1,2,0.5,1.5,NaN,,\n",
        bars_csv(4 * 1440),  # nothing new
    ]
    for step in steps:
        ingest(dl, tmp_path, step)
        expected = rows_of(by_dl(dl, tmp_path))
        assert expected
        assert rows_of(read(tmp_path)) == expected
