"""Trades and funding rates that a lake wrote, read by pyarrow, DuckDB and Polars: values and order.

The order is written down here once more, from docs/FORMAT.md."""

from __future__ import annotations

import ctypes
import math
import os
import random
import struct
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import ArrowArrayStream, Bridge, export_stream

DAY_US = 86_400_000_000
FIRST_US = 1_704_067_200_000_000  # 2024-01-01
NAMES = ["ts", "id", "price", "amount", "side", "quote_amount", "is_maker", "flags"]
TYPES = [
    pa.timestamp("us", "UTC"),
    pa.string(),
    pa.float64(),
    pa.float64(),
    pa.string(),
    pa.float64(),
    pa.bool_(),
    pa.int64(),
]
SCHEMA = pa.schema([pa.field(name, kind, nullable=name != "ts") for name, kind in zip(NAMES, TYPES, strict=True)])
Row = tuple[Any, ...]


def table_of(rows: list[Row]) -> pa.Table:
    return pa.table({name: [row[i] for row in rows] for i, name in enumerate(NAMES)}, schema=SCHEMA)


def write(bridge: Bridge, directory: Path, sources: list[list[Row]], kind: str = "trades") -> None:
    """One operation of several sources."""
    batches = [batch for rows in sources for batch in table_of(rows).combine_chunks().to_batches()]
    write_stream(bridge, directory, kind, pa.RecordBatchReader.from_batches(SCHEMA, batches))


def write_stream(bridge: Bridge, directory: Path, kind: str, source: Any) -> None:
    into, error = export_stream(source), ctypes.create_string_buffer(1024)
    function = bridge.library.bridge_lake_write
    function.argtypes = [
        ctypes.c_char_p,
        ctypes.c_char_p,
        ctypes.POINTER(ArrowArrayStream),
        ctypes.c_char_p,
        ctypes.c_size_t,
    ]
    status = function(os.fsencode(directory), kind.encode(), ctypes.byref(into), error, 1024)
    assert status == 0, error.value.decode()


# ---- the order ----


def double_order(value: float | None) -> tuple[int, int]:
    """Null first, then IEEE 754's totalOrder."""
    if value is None:
        return (0, 0)
    bits = struct.unpack("<q", struct.pack("<d", value))[0]
    return (1, bits if bits >= 0 else bits ^ 0x7FFF_FFFF_FFFF_FFFF)


def text_order(value: str | None) -> Row:
    if value is None:
        return (0,)
    is_number = value != "" and all("0" <= c <= "9" for c in value)
    return (1, int(value), value.encode()) if is_number else (2, value.encode())


def key_of(row: Row) -> Row:
    ts, ident, price, amount, side = row[:5]
    if ident is not None:
        return (ts, 0, text_order(ident))
    return (ts, 1, text_order(side), double_order(price), double_order(amount))


def expected_rows(sources: list[list[Row]]) -> list[Row]:
    """Rows with an id once; without one as often as the source has them that has most."""
    of_key = {key_of(row): row for rows in sources for row in rows}
    counts: Counter[Row] = Counter()
    for rows in sources:
        keys = [key_of(row) for row in rows]
        counts |= Counter({key: 1 for key in keys if key[1] == 0})
        counts |= Counter(key for key in keys if key[1] == 1)
    return [of_key[key] for key in sorted(counts.elements())]


# ---- readers ----


def by_pyarrow(path: Path) -> pa.Table:
    return pq.read_table(path, partitioning=None)


def by_duckdb(path: Path) -> pa.Table:
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    return connection.execute(f"SELECT * FROM read_parquet('{path}', hive_partitioning = false)").to_arrow_table()


def by_polars(path: Path) -> pa.Table:
    return pl.read_parquet(path, hive_partitioning=False).to_arrow()


def rows_of(table: pa.Table) -> list[Row]:
    table = table.select([name for name in NAMES if name in table.column_names])
    assert pa.types.is_timestamp(table.schema.field("ts").type)
    assert table.schema.field("ts").type.unit == "us"
    table = table.set_column(0, "ts", table["ts"].cast(pa.int64()))
    return [tuple(row.values()) for row in table.to_pylist()]


def read_days(directory: Path, read: Callable[[Path], pa.Table]) -> list[Row]:
    paths = sorted((directory / "data/X/SPOT/Y/trades/tick").rglob("*.parquet"))
    return [row for path in paths for row in rows_of(read(path))]


def bits(rows: list[Row]) -> list[Row]:
    return [tuple(struct.pack("<d", cell) if isinstance(cell, float) else cell for cell in row) for row in rows]


# ---- tests ----

IDS = ["0", "7", "007", "10", "9", "99999999999999999999", "100000000000000000000", "a7", "A7", "-1", "é", "x-1", "1.5"]


def make_rows(seed: int, n: int, with_ids: float) -> list[Row]:
    """Many of one microsecond; those without id repeat. What a row has besides follows from its key."""
    chance = random.Random(seed)
    rows: list[Row] = []
    for _ in range(n):
        at = chance.randrange(3) * DAY_US + chance.choice([0, 1, 999, 1000, DAY_US - 1])
        has_id = chance.random() < with_ids
        price = chance.choice([1.5, 2.0, 0.1, -0.0, 0.0, 1e300, math.inf])
        side = chance.choice(["buy", "sell", None])
        amount = chance.choice([0.001, 3.0])
        ident = chance.choice(IDS) if has_id else None
        if has_id:  # one id, one trade
            price, amount, side = float(len(IDS) * at + IDS.index(ident or "")), 1.0, "buy"
        rows.append((FIRST_US + at, ident, price, amount, side, price * amount, side == "buy", None if at == 1 else at))
    return rows


@pytest.mark.parametrize("read", [by_pyarrow, by_duckdb, by_polars])
@pytest.mark.parametrize("with_ids", [0.0, 0.5, 1.0])
def test_values_and_order(bridge: Bridge, tmp_path: Path, read: Callable[[Path], pa.Table], with_ids: float) -> None:
    sources = [make_rows(seed, 400, with_ids) for seed in range(3)]
    write(bridge, tmp_path, sources)
    assert bits(read_days(tmp_path, read)) == bits(expected_rows(sources))


def test_operations_are_sources_too(bridge: Bridge, tmp_path: Path) -> None:
    sources = [make_rows(seed, 200, 0.5) for seed in range(10, 14)]
    for rows in [sources[0], sources[1], sources[0], sources[2], sources[3], sources[1]]:
        write(bridge, tmp_path, [rows])
    assert bits(read_days(tmp_path, by_pyarrow)) == bits(expected_rows(sources))


def test_the_files_do_not_show_how_rows_were_counted(bridge: Bridge, tmp_path: Path) -> None:
    write(bridge, tmp_path, [make_rows(1, 50, 0.0), make_rows(2, 50, 0.0)])
    for path in tmp_path.rglob("*.parquet"):
        assert pq.read_schema(path).names == NAMES


@pytest.mark.parametrize("read", [by_pyarrow, by_duckdb, by_polars])
def test_funding(bridge: Bridge, tmp_path: Path, read: Callable[[Path], pa.Table]) -> None:
    times = [FIRST_US // 1000 + hour * 3_600_000 + jitter for hour, jitter in [(0, 3), (8, 0), (16, 18), (1000, 1)]]
    table = pa.table(
        {
            "ts": pa.array(times, pa.timestamp("ms", "UTC")),
            "rate": [0.0001, -0.000125, 0.0, 0.0003],
            "mark_price": [None, 42000.5, 1e-9, None],
            "interval": pa.array([28_800_000, None, 28_800_000, 14_400_000], pa.int64()),
        }
    )
    write_stream(bridge, tmp_path, "funding", table.take(pa.array([2, 0, 3, 1])))
    paths = sorted((tmp_path / "data/X/SPOT/Y/funding/event").rglob("*.parquet"))
    assert [path.parent.name for path in paths] == ["01", "02"]
    found = pa.concat_tables([read(path).cast(table.schema) for path in paths])
    assert found.to_pylist() == table.to_pylist()
