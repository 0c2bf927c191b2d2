"""The same rows as each kind of frame: values, kinds of columns, nulls, and memory that is not copied."""

import gc

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from dl_datalake import DataLakeClient, ParquetWriter, errors

START = 1_767_225_600_000
N = 1000
BARS = pl.DataFrame(
    {
        "ts": pl.int_range(START, START + N * 60_000, 60_000, eager=True),
        "open": pl.int_range(0, N, eager=True).cast(pl.Float64) + 1,
        "high": pl.int_range(0, N, eager=True).cast(pl.Float64) + 2,
        "low": pl.int_range(0, N, eager=True).cast(pl.Float64) + 0.5,
        "close": pl.int_range(0, N, eager=True).cast(pl.Float64) + 1.5,
        "volume": [1.0] * N,
        "trades": [None if i % 3 == 0 else i for i in range(N)],
        "vwap_gap": [None if i % 2 else float(i) for i in range(N)],
        "tag": [None if i % 5 == 0 else f"t{i}" for i in range(N)],
        "is_open": [i % 2 == 0 for i in range(N)],
    }
)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> DataLakeClient:
    root = tmp_path_factory.mktemp("frames")
    list(ParquetWriter(root / "data").write_ohlc(BARS, "BINANCE", "FUTURES", "BTCUSDT", "1m"))
    return DataLakeClient(root / "data", root / "manifest.db")


def expected() -> pl.DataFrame:
    return BARS.with_columns(pl.col("ts").cast(pl.Datetime("ms", "UTC")))


def test_polars(client: DataLakeClient) -> None:
    frame = client.read_ohlc("BINANCE", "BTCUSDT")
    assert frame.equals(expected().select(frame.columns))
    assert frame.schema["ts"] == pl.Datetime("ms", "UTC")
    assert client.read_ohlc("BINANCE", "BTCUSDT", ts="int").equals(BARS.select(frame.columns))


def test_arrow(client: DataLakeClient) -> None:
    table = client.read_ohlc("BINANCE", "BTCUSDT", to="arrow")
    assert isinstance(table, pa.Table)
    assert pl.DataFrame(table).equals(expected().select(table.column_names))
    assert client.read_ohlc("BINANCE", "BTCUSDT", to="arrow", ts="int").column("ts").to_pylist() == BARS["ts"].to_list()


def test_duckdb(client: DataLakeClient) -> None:
    relation = client.read_ohlc("BINANCE", "BTCUSDT", to="duckdb")
    assert relation.aggregate("count(*), sum(close), count(trades)").fetchone() == (
        N,
        BARS["close"].sum(),
        N - BARS["trades"].null_count(),
    )
    whole = client.read_ohlc("BINANCE", "BTCUSDT", to="duckdb", ts="int")
    assert [row[0] for row in whole.project("ts").fetchall()] == BARS["ts"].to_list()
    assert isinstance(whole, duckdb.DuckDBPyRelation)


def test_numpy(client: DataLakeClient) -> None:
    arrays = client.read_ohlc("BINANCE", "BTCUSDT", to="numpy")
    assert arrays["ts"].dtype == np.dtype("M8[ms]")
    assert arrays["ts"].astype("i8").tolist() == BARS["ts"].to_list()
    assert arrays["close"].tolist() == BARS["close"].to_list()
    # whole numbers and doubles that are missing are NaN
    np.testing.assert_array_equal(arrays["trades"], np.array(BARS["trades"].to_list(), dtype=float))
    np.testing.assert_array_equal(arrays["vwap_gap"], np.array(BARS["vwap_gap"].to_list(), dtype=float))
    assert arrays["tag"].tolist() == BARS["tag"].to_list()
    assert arrays["is_open"].dtype == bool
    assert arrays["is_open"].tolist() == BARS["is_open"].to_list()
    assert client.read_ohlc("BINANCE", "BTCUSDT", to="numpy", ts="int")["ts"].dtype == np.int64


def test_pandas(client: DataLakeClient) -> None:
    frame = client.read_ohlc("BINANCE", "BTCUSDT", to="pandas")
    assert str(frame["ts"].dtype) == "datetime64[ms, UTC]"
    assert frame["ts"].astype("int64").tolist() == BARS["ts"].to_list()
    assert frame["close"].tolist() == BARS["close"].to_list()
    assert str(frame["trades"].dtype) == "Int64"
    assert [None if value is pd.NA else value for value in frame["trades"]] == BARS["trades"].to_list()
    assert [None if pd.isna(value) else value for value in frame["tag"]] == BARS["tag"].to_list()
    assert client.read_ohlc("BINANCE", "BTCUSDT", to="pandas", ts="int")["ts"].dtype == np.int64


@pytest.mark.parametrize("to", ["polars", "pandas", "arrow", "numpy", "duckdb", "table"])
def test_nothing_in_the_range(client: DataLakeClient, to: str) -> None:
    frame = client.read_ohlc("BINANCE", "BTCUSDT", "2030-01-01", "2030-01-02", to=to)
    names = list(frame) if to in ("numpy", "pandas") else (frame.names if to == "table" else list(frame.columns))
    if to == "arrow":
        names = frame.column_names
    assert names == client.read_ohlc("BINANCE", "BTCUSDT").columns
    assert (len(frame["ts"]) if to == "numpy" else len(frame)) == 0


def test_memory_is_the_engines(client: DataLakeClient) -> None:
    table = client.read_ohlc("BINANCE", "BTCUSDT", to="table")
    address = table.column("close").__array_interface__["data"][0]
    frame = pl.DataFrame(table)
    arrow = pa.table(table)
    assert table.n_chunks == 1
    assert frame["close"].to_numpy(allow_copy=False).__array_interface__["data"][0] == address
    assert arrow.column("close").chunk(0).buffers()[1].address == address
    assert np.asarray(table.column("close")).__array_interface__["data"][0] == address
    values = frame["close"].sum()
    client.close()
    del table, arrow
    gc.collect()
    assert frame["close"].sum() == values


def test_what_numpy_and_pandas_share_cannot_be_written(client: DataLakeClient) -> None:
    with pytest.raises(ValueError, match="read-only"):
        client.read_ohlc("BINANCE", "BTCUSDT", to="numpy")["close"][0] = 1.0


def test_unknown_kinds_are_refused_before_anything_is_read(tmp_path: object) -> None:
    client = DataLakeClient(f"{tmp_path}/data", f"{tmp_path}/manifest.db")
    with pytest.raises(errors.InvalidArgumentError, match="to 'frame' is none of polars pandas"):
        client.read_ohlc("BINANCE", "BTCUSDT", to="frame")  # pyright: ignore
    with pytest.raises(TypeError, match="to is int"):
        client.read_ohlc("BINANCE", "BTCUSDT", to=1)  # pyright: ignore
    with pytest.raises(errors.InvalidArgumentError, match="ts 'ms' is none of timestamp int"):
        client.read_ohlc("BINANCE", "BTCUSDT", ts="ms")  # pyright: ignore


def test_several_symbols_as_every_kind(client: DataLakeClient) -> None:
    writer = ParquetWriter(client.data_root)
    list(writer.write_ohlc(BARS, "BINANCE", "FUTURES", "ETHUSDT", "1m"))
    symbols = ["ETHUSDT", "BTCUSDT"]
    wanted = ["ETHUSDT"] * 2 + ["BTCUSDT"] * 2
    assert client.read_ohlc("BINANCE", symbols, limit=2)["symbol"].to_list() == wanted
    assert client.read_ohlc("BINANCE", symbols, limit=2, to="pandas")["symbol"].tolist() == wanted
    assert client.read_ohlc("BINANCE", symbols, limit=2, to="numpy")["symbol"].tolist() == wanted
    assert client.read_ohlc("BINANCE", symbols, limit=2, to="arrow").column("symbol").to_pylist() == wanted
    rows = client.read_ohlc("BINANCE", symbols, limit=2, to="duckdb").project("symbol").fetchall()
    assert [row[0] for row in rows] == wanted
