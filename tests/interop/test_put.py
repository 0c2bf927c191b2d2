"""Tables of Polars, pandas, pyarrow and DuckDB as they export themselves, put into a lake and read back."""

from __future__ import annotations

import ctypes
import datetime as dt
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from conftest import ArrowArrayStream, Bridge, BridgeError, export_stream, read_stream

N = 300
FIRST_MS = 1_704_067_200_000  # 2024-01-01


def capsule_stream(source: Any) -> tuple[Any, Any]:
    """The stream in a capsule of the Arrow PyCapsule interface, and the capsule, which owns its memory."""
    capsule = source.__arrow_c_stream__()
    get = ctypes.pythonapi.PyCapsule_GetPointer
    get.restype, get.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    address = get(capsule, b"arrow_array_stream")
    return ctypes.cast(address, ctypes.POINTER(ArrowArrayStream)), capsule


def put(bridge: Bridge, directory: Path, source: Any, kind: str = "raw") -> int:
    if hasattr(source, "__arrow_c_stream__"):
        stream, keep = capsule_stream(source)
    else:
        keep = export_stream(source)
        stream = ctypes.pointer(keep)
    function = bridge.library.bridge_lake_put
    function.argtypes = [
        ctypes.c_char_p,
        ctypes.c_char_p,
        ctypes.POINTER(ArrowArrayStream),
        ctypes.POINTER(ctypes.c_int64),
        ctypes.c_char_p,
        ctypes.c_size_t,
    ]
    rows, error = ctypes.c_int64(), ctypes.create_string_buffer(1024)
    status = function(os.fsencode(directory), kind.encode(), stream, ctypes.byref(rows), error, 1024)
    assert not stream.contents.release, "the stream was not released"
    del keep
    if status != 0:
        raise BridgeError(status, error.value.decode())
    return rows.value


def read(bridge: Bridge, directory: Path, kind: str = "raw") -> pa.Table:
    out, error = ArrowArrayStream(), ctypes.create_string_buffer(1024)
    function = bridge.library.bridge_lake_read
    text = ctypes.c_char_p
    function.argtypes = [text, text, ctypes.POINTER(ArrowArrayStream), text, ctypes.c_size_t]
    assert function(os.fsencode(directory), kind.encode(), ctypes.byref(out), error, 1024) == 0, error.value
    return read_stream(out)


def bars(n: int = N) -> pa.Table:
    chance = np.random.default_rng(1)
    close = 100 + chance.normal(size=n).cumsum() / 10
    return pa.table(
        {
            "ts": pa.array(FIRST_MS + 60_000 * np.arange(n), pa.timestamp("ms", "UTC")),
            "open": close + 0.1,
            "high": close + 0.5,
            "low": close - 0.5,
            "close": close,
            "volume": chance.uniform(1, 9, n),
        }
    )


def as_duckdb(table: pa.Table) -> Any:
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    connection.register("bars", table)
    return connection.sql("SELECT * FROM bars ORDER BY ts")


MAKERS: dict[str, Callable[[pa.Table], Any]] = {
    "pyarrow": lambda table: table,
    "record batch": lambda table: table.combine_chunks().to_batches()[0],
    "polars": lambda table: pl.from_arrow(table),
    "polars rechunked": lambda table: pl.concat([pl.from_arrow(table[:100]), pl.from_arrow(table[100:])]),
    "polars sliced": lambda table: pl.concat([pl.from_arrow(table[:7]), pl.from_arrow(table)])[7:],
    "pandas": lambda table: table.to_pandas(),
    "pandas of arrow types": lambda table: table.to_pandas(types_mapper=pd.ArrowDtype),
    "duckdb": as_duckdb,
    "polars s": lambda table: pl.from_arrow(table).with_columns(pl.col("ts").dt.epoch("s")),
    "polars us": lambda table: pl.from_arrow(table).with_columns(pl.col("ts").dt.cast_time_unit("us")),
    "polars naive": lambda table: pl.from_arrow(table).with_columns(pl.col("ts").dt.replace_time_zone(None)),
    "polars other zone": lambda table: pl.from_arrow(table).with_columns(
        pl.col("ts").dt.convert_time_zone("America/New_York")
    ),
    "polars text": lambda table: pl.from_arrow(table).with_columns(pl.col("ts").dt.strftime("%Y-%m-%dT%H:%M:%SZ")),
    "pandas ns": lambda table: table.to_pandas().astype({"ts": "datetime64[ns, UTC]"}),
    "pyarrow s": lambda table: table.set_column(0, "ts", table["ts"].cast(pa.timestamp("s", "UTC"))),
    "pyarrow large text": lambda table: table.set_column(
        0, "ts", table["ts"].cast(pa.timestamp("ms")).cast(pa.large_string())
    ),
    "pyarrow string view": lambda table: table.set_column(
        0, "ts", table["ts"].cast(pa.timestamp("ms")).cast(pa.string()).cast(pa.string_view())
    ),
}


@pytest.mark.parametrize("maker", MAKERS)
def test_bars_come_back(bridge: Bridge, tmp_path: Path, maker: str) -> None:
    table = bars()
    assert put(bridge, tmp_path, MAKERS[maker](table)) == N
    found = read(bridge, tmp_path).select(table.column_names)
    assert found.cast(table.schema).equals(table)
    assert put(bridge, tmp_path, MAKERS[maker](table)) == 0


@pytest.mark.parametrize("library", ["polars", "pandas", "pyarrow"])
def test_numbers_of_any_width(bridge: Bridge, tmp_path: Path, library: str) -> None:
    types = [pa.float32(), pa.int8(), pa.uint16(), pa.int32(), pa.uint64()]
    table = bars(5)
    for index, kind in enumerate(types, start=1):
        table = table.set_column(index, table.column_names[index], pa.array([1, 1, 1, 1, 1], kind))
    table = table.append_column("trades", pa.array([1, 2, None, 4, 5], pa.uint8()))
    frame = {"polars": pl.from_arrow, "pandas": lambda t: t.to_pandas(), "pyarrow": lambda t: t}[library](table)
    assert put(bridge, tmp_path, frame) == 5
    found = read(bridge, tmp_path)
    assert found["open"].to_pylist() == [1.0] * 5
    assert found["trades"].to_pylist() == [1, 2, None, 4, 5]
    assert found.schema.field("trades").type == pa.int64()


TRADES = {
    "ts": [dt.datetime(2024, 1, 1, 0, 0, 0, micro, tzinfo=dt.UTC) for micro in (0, 5, 5, 9)],
    "id": ["7", "a text that does not fit into a view", "9", "10"],
    "price": [1.0, 2.0, 3.0, 4.0],
    "qty": [1.0, 1.0, 1.0, 1.0],
    "side": ["buy", "sell", None, "buy"],
}


def pandas_trades() -> pd.DataFrame:
    return pd.DataFrame(TRADES).astype({"side": "category"})


TRADE_MAKERS: dict[str, Callable[[], Any]] = {
    "polars": lambda: pl.DataFrame(TRADES),
    "polars categorical": lambda: pl.DataFrame(TRADES).with_columns(pl.col("side").cast(pl.Categorical)),
    "polars enum": lambda: pl.DataFrame(TRADES).with_columns(pl.col("side").cast(pl.Enum(["sell", "buy"]))),
    "pandas": lambda: pd.DataFrame(TRADES),
    "pandas categorical": pandas_trades,
    "pyarrow": lambda: pa.table(TRADES),
    "pyarrow dictionary": lambda: pa.table({**TRADES, "side": pa.array(TRADES["side"]).dictionary_encode()}),
    "pyarrow large dictionary": lambda: pa.table(
        {**TRADES, "side": pa.array(TRADES["side"], pa.large_string()).dictionary_encode()}
    ),
    "duckdb": lambda: duckdb.from_arrow(pa.table(TRADES)),
}


@pytest.mark.parametrize("maker", TRADE_MAKERS)
def test_trades_come_back(bridge: Bridge, tmp_path: Path, maker: str) -> None:
    assert put(bridge, tmp_path, TRADE_MAKERS[maker](), "trades") == 4
    found = read(bridge, tmp_path, "trades")
    rows = sorted(found.select(["ts", "id", "price", "amount", "side"]).to_pylist(), key=lambda row: row["price"])
    names = {"ts": "ts", "id": "id", "price": "price", "qty": "amount", "side": "side"}
    expected = [{names[name]: values[row] for name, values in TRADES.items()} for row in range(4)]
    assert rows == expected


def test_other_columns_keep_their_types(bridge: Bridge, tmp_path: Path) -> None:
    table = bars(3)
    extra: dict[str, tuple[pa.Array, pa.DataType]] = {
        "flag": (pa.array([True, None, False]), pa.bool_()),
        "small": (pa.array([1, 2, 3], pa.int16()), pa.int32()),
        "word": (pa.array(["a", None, "c"]), pa.string()),
        "day": (pa.array([dt.date(2024, 1, 1), None, dt.date(1969, 12, 31)]), pa.timestamp("ms", "UTC")),
        "raw": (pa.array([b"\0", b"", None], pa.large_binary()), pa.binary()),
        "nothing": (pa.nulls(3), pa.null()),
    }
    for name, (values, _kind) in extra.items():
        table = table.append_column(name, values)
    assert put(bridge, tmp_path, table) == 3
    found = read(bridge, tmp_path)
    for name, (values, kind) in extra.items():
        if name == "nothing":
            assert name not in found.column_names
            continue
        assert found.schema.field(name).type == kind
        assert found[name].combine_chunks().to_pylist() == values.cast(kind).to_pylist()


def test_nan_is_no_value(bridge: Bridge, tmp_path: Path) -> None:
    frame = pl.from_arrow(bars(3))
    assert isinstance(frame, pl.DataFrame)
    values = pl.Series([1.0, float("nan"), 3.0])
    assert put(bridge, tmp_path, frame.with_columns(volume=values, trades=values, extra=values)) == 3
    found = read(bridge, tmp_path)
    assert found["volume"].to_pylist() == [1.0, None, 3.0]
    assert found["trades"].to_pylist() == [1, None, 3]
    assert np.isnan(found["extra"][1].as_py())  # what the type does not know is kept as it is


REFUSED: dict[str, tuple[Any, int, str]] = {
    "decimal": (pa.array([1, 2, 3], pa.decimal128(20, 2)), Bridge.UNSUPPORTED, "'volume' is of type decimal"),
    "list": (pa.array([[1.0], [], None]), Bridge.UNSUPPORTED, "list"),
    "struct": (pa.array([{"a": 1}] * 3), Bridge.UNSUPPORTED, "struct"),
    "text": (pa.array(["1", "2", "3"]), Bridge.INVALID_DATA, "'volume' is utf8, and must be double"),
    "duration": (pa.array([1, 2, 3], pa.duration("s")), Bridge.UNSUPPORTED, "duration"),
    "time": (pa.array([1, 2, 3], pa.time64("us")), Bridge.UNSUPPORTED, "time of day"),
    "dictionary of numbers": (pa.array([1.0, 2.0, 1.0]).dictionary_encode(), Bridge.UNSUPPORTED, "dictionary"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(bridge: Bridge, tmp_path: Path, name: str) -> None:
    values, status, text = REFUSED[name]
    table = bars(3)
    with pytest.raises(BridgeError, match=text) as error:
        put(bridge, tmp_path, table.set_column(5, "volume", values))
    assert error.value.status == status
    assert not list(tmp_path.rglob("*.parquet"))


def test_an_error_of_the_producer(bridge: Bridge, tmp_path: Path) -> None:
    table = bars(3)

    def batches() -> Any:
        yield from table.to_batches()
        raise ValueError("no more of it")

    with pytest.raises(BridgeError, match="no more of it"):
        put(bridge, tmp_path, pa.RecordBatchReader.from_batches(table.schema, batches()))
    assert not list(tmp_path.rglob("*.parquet"))


def test_rows_out_of_order(bridge: Bridge, tmp_path: Path) -> None:
    table = bars(5)
    with pytest.raises(BridgeError, match="row 3: ts 2024-01-01T00:01:00Z comes again, first in row 1"):
        put(bridge, tmp_path, table.take(pa.array([0, 1, 2, 1, 4])))
    with pytest.raises(BridgeError, match=r"row 2: .* not in order"):
        put(bridge, tmp_path, table.take(pa.array([0, 2, 1, 3, 4])))
    assert not list(tmp_path.rglob("*.parquet"))
