"""DataLakeClient.read_ohlc and scan, against the frame that was written."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from dl_datalake.client.dl_client import DataLakeClient
from dl_datalake.errors import InvalidArgumentError, LakeError, NotFoundError
from dl_datalake.storage.writer import ParquetWriter
from frames import DAY_MS, MINUTE_MS, START_MS, make_bars
from polars.testing import assert_frame_equal

ROWS = 3 * 1440


@pytest.fixture(scope="module")
def bars() -> pl.DataFrame:
    return make_bars(ROWS)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, bars: pl.DataFrame) -> Path:
    """A lake with three days of one symbol from 2024-03-01, and one day of another."""
    directory = tmp_path_factory.mktemp("reading")
    writer = ParquetWriter(base_path=str(directory / "data"))
    list(writer.write_ohlc(bars, "BINANCE", "FUTURES", "BTCUSDT", "1m"))
    list(writer.write_ohlc(make_bars(1440, seed=8), "BINANCE", "FUTURES", "ETHUSDT", "1m"))
    return directory


@pytest.fixture
def client(place: Path) -> DataLakeClient:
    return DataLakeClient(data_root=place / "data", db_path=place / "manifest.db")


def read(client: DataLakeClient, start: object = "2024-03-01", end: object = "2024-03-03", **more: object):
    return client.read_ohlc("BINANCE", "BTCUSDT", start, end, **more)


def test_it_gives_what_was_written(client: DataLakeClient, bars: pl.DataFrame) -> None:
    frame = read(client)
    assert frame.schema["ts"] == pl.Datetime("ms", "UTC")
    assert_frame_equal(frame, bars)


def test_exchange_and_symbol_are_forgiving(client: DataLakeClient, bars: pl.DataFrame) -> None:
    assert_frame_equal(client.read_ohlc("binance", "BTC/USDT:USDT", "2024-03-01", "2024-03-03"), bars)


SECOND_DAY = [
    ("2024-03-02", "2024-03-02"),
    ("2024-03-02T00:00:00Z", "2024-03-03T00:00:00Z"),
    ("2024-03-02 02:00:00+02:00", "2024-03-03 02:00:00+02:00"),
    (date(2024, 3, 2), date(2024, 3, 2)),
    (datetime(2024, 3, 2), datetime(2024, 3, 3)),
    (datetime(2024, 3, 2, tzinfo=timezone.utc), datetime(2024, 3, 3, tzinfo=timezone.utc)),
    (
        datetime(2024, 3, 2, 9, tzinfo=timezone(timedelta(hours=9))),
        datetime(2024, 3, 3, 9, tzinfo=timezone(timedelta(hours=9))),
    ),
    (pd.Timestamp("2024-03-02"), pd.Timestamp("2024-03-03", tz="UTC")),
    (pd.Timestamp("2024-03-01 19:00", tz="America/New_York"), pd.Timestamp("2024-03-02 19:00", tz="America/New_York")),
    (np.datetime64("2024-03-02T00:00"), np.datetime64("2024-03-03T00:00:00.000000")),
    (START_MS + DAY_MS, START_MS + 2 * DAY_MS),
]


@pytest.mark.parametrize(("start", "end"), SECOND_DAY, ids=str)
def test_a_time_may_be_written_in_many_ways(
    client: DataLakeClient, bars: pl.DataFrame, start: object, end: object
) -> None:
    assert_frame_equal(read(client, start, end), bars[1440:2880])


def test_the_zone_of_the_machine_is_of_no_account(
    client: DataLakeClient, bars: pl.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    import time

    monkeypatch.setenv("TZ", "America/St_Johns")
    time.tzset()
    try:
        assert_frame_equal(read(client, datetime(2024, 3, 2), datetime(2024, 3, 3)), bars[1440:2880])
    finally:
        monkeypatch.undo()
        time.tzset()


def test_forms_of_a_frame(client: DataLakeClient, bars: pl.DataFrame) -> None:
    table = read(client, to="arrow")
    assert isinstance(table, pa.Table)
    assert_frame_equal(pl.DataFrame(table), bars)

    frame = read(client, to="pandas")
    assert isinstance(frame, pd.DataFrame)
    assert str(frame["ts"].dtype).startswith("datetime64[ms, UTC")
    assert frame["close"].to_list() == bars["close"].to_list()

    arrays = read(client, to="numpy")
    assert arrays["ts"].dtype == np.dtype("<M8[ms]")
    assert (arrays["ts"].astype("int64") == bars["ts"].to_physical().to_numpy()).all()
    assert (arrays["volume"] == bars["volume"].to_numpy()).all()

    relation = read(client, to="duckdb")
    assert isinstance(relation, duckdb.DuckDBPyRelation)
    assert relation.aggregate("count(*), max(high)").fetchone() == (ROWS, bars["high"].max())

    with pytest.raises(ValueError, match="polars"):
        read(client, to="excel")


def test_times_as_numbers(client: DataLakeClient, bars: pl.DataFrame) -> None:
    frame = read(client, ts="int")
    assert frame.schema["ts"] == pl.Int64
    assert frame["ts"].to_list() == bars["ts"].to_physical().to_list()


def test_columns_limit_tail(client: DataLakeClient, bars: pl.DataFrame) -> None:
    assert_frame_equal(read(client, columns=["close"]), bars.select("ts", "close"))
    assert_frame_equal(read(client, limit=5), bars.head(5))
    assert_frame_equal(read(client, tail=5), bars.tail(5))
    with pytest.raises(InvalidArgumentError, match=r"closee.*close"):
        read(client, columns=["closee"])


def test_an_empty_range_has_the_columns(client: DataLakeClient, bars: pl.DataFrame) -> None:
    frame = read(client, "2023-01-01", "2023-01-02")
    assert frame.height == 0
    assert frame.schema == bars.schema


def test_bars_derived_on_the_way(client: DataLakeClient, bars: pl.DataFrame) -> None:
    frame = read(client, period="1h")
    expected = bars.group_by_dynamic("ts", every="1h").agg(
        pl.col("open").first(), pl.col("high").max(), pl.col("low").min(), pl.col("close").last()
    )
    assert_frame_equal(frame.select("ts", "open", "high", "low", "close"), expected)
    assert frame["bars"].to_list() == [60] * 72


def test_many_symbols_are_one_frame(client: DataLakeClient) -> None:
    symbols = ["ETHUSDT", "BTCUSDT"]
    frame = client.read_ohlc("BINANCE", symbols, "2024-03-01", "2024-03-01")
    assert frame["symbol"].cast(pl.String).unique(maintain_order=True).to_list() == symbols
    for symbol in symbols:
        alone = client.read_ohlc("BINANCE", symbol, "2024-03-01", "2024-03-01")
        assert_frame_equal(frame.filter(pl.col("symbol").cast(pl.String) == symbol).drop("symbol"), alone)
    with pytest.raises(NotFoundError, match=r"ETHUSD.*ETHUSDT"):
        client.read_ohlc("BINANCE", ["BTCUSDT", "ETHUSD"], "2024-03-01", "2024-03-01")


def test_a_scan_comes_in_batches(client: DataLakeClient, bars: pl.DataFrame) -> None:
    batches = list(client.scan("BINANCE", "BTCUSDT", "2024-03-01", "2024-03-03", batch_rows=1000))
    assert len(batches) > 3
    assert max(batch.height for batch in batches) <= 1000
    assert_frame_equal(pl.concat(batches), bars, check_exact=True)


def test_a_scan_is_an_arrow_stream(client: DataLakeClient, bars: pl.DataFrame) -> None:
    scan = client.scan("BINANCE", "BTCUSDT", "2024-03-01", "2024-03-03")
    assert_frame_equal(pl.DataFrame(pa.RecordBatchReader.from_stream(scan).read_all()), bars)


def test_a_frame_outlives_its_client(place: Path, bars: pl.DataFrame) -> None:
    with DataLakeClient(data_root=place / "data", db_path=place / "manifest.db") as client:
        frame = read(client)
        arrays = read(client, to="numpy")
    del client
    assert_frame_equal(frame, bars)
    assert arrays["close"].sum() == pytest.approx(bars["close"].sum())


WRONG = [
    (("BINANCE", "BTCUSD", "2024-03-01", "2024-03-02"), {}, NotFoundError, "BTCUSDT"),
    (("BINANC", "BTCUSDT", "2024-03-01", "2024-03-02"), {}, NotFoundError, "BINANCE"),
    (("BINANCE", "BTCUSDT", "2024-03-02", "2024-03-01"), {}, ValueError, "2024-03-02"),
    (("BINANCE", "BTCUSDT", START_MS, START_MS), {}, ValueError, "2024-03-01"),
    (("BINANCE", "BTCUSDT", "yesterday", "2024-03-01"), {}, ValueError, "yesterday"),
    (("BINANCE", "BTCUSDT", 1.5, "2024-03-01"), {}, TypeError, "float"),
    (("BINANCE", "BTCUSDT", True, "2024-03-01"), {}, TypeError, "bool"),
    (("BINANCE", 5, "2024-03-01", "2024-03-02"), {}, TypeError, "symbol"),
    ((None, "BTCUSDT", "2024-03-01", "2024-03-02"), {}, TypeError, "exchange"),
    (("BINANCE", "../x", "2024-03-01", "2024-03-02"), {}, ValueError, r"\.\./x"),
    (("BINANCE", "BTC\0USDT", "2024-03-01", "2024-03-02"), {}, ValueError, "NUL character"),
    (("BINANCE", "X" * 5000, "2024-03-01", "2024-03-02"), {}, ValueError, "longer"),
    (("BINANCE", [], "2024-03-01", "2024-03-02"), {}, ValueError, "symbol"),
    (("BINANCE", ["BTCUSDT", "BTCUSDT"], "2024-03-01", "2024-03-02"), {}, ValueError, "BTCUSDT"),
    (("BINANCE", "BTCUSDT", "2024-03-01", "2024-03-02"), {"period": "7m"}, ValueError, "7m"),
    (("BINANCE", "BTCUSDT", "2024-03-01", "2024-03-02"), {"data_type": "rwa"}, ValueError, "raw"),
    (("BINANCE", "BTCUSDT", "2024-03-01", "2024-03-02"), {"market": "SPOT"}, NotFoundError, "FUTURES"),
    (("BINANCE", "BTCUSDT", "2024-03-01", "2024-03-02"), {"as_of": 99}, NotFoundError, "99"),
    (("BINANCE", "BTCUSDT", "2024-03-01", "2024-03-02"), {"columns": "close,open"}, (TypeError, ValueError), "columns"),
    (("BINANCE", "BTCUSDT", "2024-03-01", "2024-03-02"), {"limit": -1}, ValueError, "limit"),
    (("BINANCE", "BTCUSDT", "2024-03-01", "2024-03-02"), {"fill": "zero"}, ValueError, "zero-volume"),
    (("BINANCE", "BTCUSDT", "2024-03-01", "2024-03-02"), {"ts": "string"}, ValueError, "int"),
]


@pytest.mark.parametrize(("arguments", "options", "kind", "text"), WRONG, ids=lambda value: str(value)[:40])
def test_what_is_wrong_is_said(client: DataLakeClient, arguments, options, kind, text: str) -> None:
    with pytest.raises(kind, match=text) as caught:
        client.read_ohlc(*arguments, **options)
    if isinstance(caught.value, LakeError):
        assert "\n" not in str(caught.value)
        assert caught.value.code


def test_a_lake_that_is_not_there(tmp_path: Path) -> None:
    client = DataLakeClient(data_root=tmp_path / "data", db_path=tmp_path / "manifest.db")
    assert client.list(symbol="BTCUSDT") == []
    with pytest.raises(FileNotFoundError, match="no lake"):
        client.read_ohlc("BINANCE", "BTCUSDT", "2024-03-01", "2024-03-02")
    assert list(tmp_path.iterdir()) == []


def test_as_of(tmp_path: Path) -> None:
    writer = ParquetWriter(base_path=tmp_path / "data")
    first = make_bars(10)
    list(writer.write_ohlc(first, "X", "SPOT", "Y", "1m"))
    list(writer.write_ohlc(first.with_columns(pl.col("close") + 0.001), "X", "SPOT", "Y", "1m"))
    client = DataLakeClient(data_root=tmp_path / "data", db_path=tmp_path / "manifest.db")
    assert_frame_equal(client.read_ohlc("X", "Y", "2024-03-01", "2024-03-01", as_of=1), first)
    assert_frame_equal(client.read_ohlc("X", "Y", "2024-03-01", "2024-03-01", as_of="1"), first)
    now = client.read_ohlc("X", "Y", "2024-03-01", "2024-03-01")
    assert now["close"].to_list() == [value + 0.001 for value in first["close"].to_list()]


def test_minutes_missing_are_filled_on_request(tmp_path: Path) -> None:
    writer = ParquetWriter(base_path=tmp_path / "data")
    bars = make_bars(10)
    list(writer.write_ohlc(bars.filter(pl.col("ts") != bars["ts"][4]), "X", "SPOT", "Y", "1m"))
    client = DataLakeClient(data_root=tmp_path / "data", db_path=tmp_path / "manifest.db")
    assert client.read_ohlc("X", "Y", "2024-03-01", "2024-03-01").height == 9
    filled = client.read_ohlc("X", "Y", "2024-03-01", "2024-03-01", fill="null")
    assert filled["ts"].to_physical().to_list() == [START_MS + i * MINUTE_MS for i in range(10)]
    assert filled["close"][4] is None
