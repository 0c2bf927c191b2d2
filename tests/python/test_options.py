"""What an option changes: each of these was once left out, and no other test saw it."""

from __future__ import annotations

import os
import pickle
from datetime import datetime, timezone
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from dl_datalake import _frames
from dl_datalake.client.dl_client import DataLakeClient
from dl_datalake.errors import NotFoundError
from dl_datalake.ingest.pipeline import IngestPipeline
from dl_datalake.metadata.manifest import ManifestManager
from dl_datalake.storage.reader import ParquetReader
from dl_datalake.storage.writer import ParquetWriter
from frames import DAY_MS, START_MS, make_bars, make_trades
from polars.testing import assert_frame_equal

HOUR_MS = 3_600_000
BARS = make_bars(120)


def client_at(place: Path) -> DataLakeClient:
    return DataLakeClient(data_root=place / "data", db_path=place / "manifest.db")


@pytest.fixture
def writer(tmp_path: Path) -> ParquetWriter:
    return ParquetWriter(base_path=tmp_path / "data")


@pytest.fixture
def client(writer: ParquetWriter, tmp_path: Path) -> DataLakeClient:
    list(writer.write_ohlc(BARS, "X", "SPOT", "Y"))
    return client_at(tmp_path)


# ---- writing ----


def test_unsorted_rows_are_sorted_and_the_last_counts(writer: ParquetWriter, tmp_path: Path) -> None:
    twice = pl.concat(
        [BARS[:10].with_columns(close="open"), BARS]
    ).reverse()  # of each row that is there twice, the first is right
    list(writer.write_ohlc(twice.reverse(), "X", "SPOT", "Y", unsorted=True))
    assert_frame_equal(client_at(tmp_path).read_ohlc("X", "Y"), BARS)
    writer.write_table(BARS.reverse(), "X", "SPOT", "Z", "raw", "1m", "2024-03-01", unsorted=True)
    assert_frame_equal(client_at(tmp_path).read_ohlc("X", "Z"), BARS)
    trades = make_trades(9)
    list(writer.write_ticks(trades.reverse(), "X", "SPOT", "Y", unsorted=True))
    assert client_at(tmp_path).read_ohlc("X", "Y", data_type="trades")["id"].to_list() == trades["id"].to_list()
    client = client_at(tmp_path)
    client.features.upload_feature(
        pl.DataFrame({"ts": [START_MS + 1, START_MS], "a": [1.0, 2.0]}), "X", "SPOT", "Y", "s", "1", unsorted=True
    )
    assert client.read_features("X", "Y", "s")["a"].to_list() == [2.0, 1.0]


# ---- reading ----


def test_the_lake_as_it_was(client: DataLakeClient, writer: ParquetWriter) -> None:
    committed = client.log()["committed"][0]
    list(writer.write_ohlc(BARS[:5].with_columns(close="open"), "X", "SPOT", "Y"))
    for when in (1, "1", np.int64(1), committed, committed.isoformat()):
        assert_frame_equal(client.read_ohlc("X", "Y", as_of=when), BARS)
    assert client.read_ohlc("X", "Y")["close"][0] == BARS["open"][0]
    for never in (0, -1, datetime(2000, 1, 1, tzinfo=timezone.utc)):
        with pytest.raises((NotFoundError, ValueError)):
            client.read_ohlc("X", "Y", as_of=never)


def test_a_scan_has_the_options_of_a_read(client: DataLakeClient, writer: ParquetWriter) -> None:
    first = next(iter(client.scan("X", "Y", columns=["close"], to="numpy", ts="int", batch_rows=10)))
    assert list(first) == ["ts", "close"]
    assert first["ts"].dtype == np.int64
    assert first["close"].tolist() == BARS["close"][:10].to_list()
    list(writer.write_ohlc(BARS[:5].with_columns(close="open"), "X", "SPOT", "Y"))
    assert_frame_equal(pl.concat(list(client.scan("X", "Y", as_of=1))), BARS)


def test_buckets_begin_at_an_origin(client: DataLakeClient) -> None:
    hours = client.read_ohlc("X", "Y", period="1h", origin="2024-03-01T00:30")
    assert hours["ts"].dt.minute().to_list() == [30, 30, 30]
    assert hours["bars"].to_list() == [30, 60, 30]


def test_rows_in_several_pieces_are_all_there(client: DataLakeClient) -> None:
    table = client.reader._ref.open().scan("X", "Y", batch_rows=50).read_all()  # pyright: ignore
    assert table.n_chunks == 3
    for kind in ("numpy", "pandas", "arrow", "polars"):
        rows = _frames.converter(kind)(table)
        assert list(rows["close"].to_pylist() if kind == "arrow" else rows["close"]) == BARS["close"].to_list()


def test_a_relation_gives_its_rows(client: DataLakeClient) -> None:
    """DuckDB needs a library for times with a zone, which is an extra's."""
    (row,) = client.read_ohlc("X", "Y", to="duckdb", limit=1).fetchall()
    assert row[0].timestamp() * 1000 == START_MS


def test_null_times_are_not_a_time(writer: ParquetWriter, tmp_path: Path) -> None:
    when = pl.Series("when", [None, START_MS] * 60).cast(pl.Datetime("ms", "UTC"))
    list(writer.write_ohlc(BARS.with_columns(when), "X", "SPOT", "Y"))
    arrays = client_at(tmp_path).read_ohlc("X", "Y", to="numpy")
    assert np.isnat(arrays["when"]).tolist() == [True, False] * 60


# ---- features ----


@pytest.fixture
def signals(client: DataLakeClient) -> DataLakeClient:
    for name, version, value in (("alpha", "1", 1.0), ("alpha", "2", 2.0), ("beta", "1", 3.0)):
        frame = pl.DataFrame(
            {"ts": [START_MS, START_MS + HOUR_MS], "signal": [value, value + 0.5], "close": [0.0, 0.0]}
        )
        client.upload_features(frame, "X", "SPOT", "Y", name, version)
    return client


def test_what_is_known_may_be_long_ago(signals: DataLakeClient) -> None:
    joined = signals.join_features(
        "X", "Y", "alpha", start_date=START_MS + HOUR_MS // 2, end_date=START_MS + HOUR_MS // 2 + 60_000
    )
    assert joined["signal"].to_list() == [2.0]


@pytest.mark.parametrize(
    ("to", "kind"),
    [("arrow", pa.Table), ("pandas", pd.DataFrame), ("numpy", dict), ("duckdb", duckdb.DuckDBPyRelation)],
)
def test_joined_rows_are_of_the_kind_and_columns_wanted(signals: DataLakeClient, to: str, kind: type) -> None:
    joined = signals.join_features("X", "Y", "alpha", "1", to=to, columns=["close"], limit=2, ts="int")
    assert isinstance(joined, kind)
    names = {
        "arrow": lambda: joined.column_names,
        "pandas": lambda: list(joined.columns),
        "numpy": lambda: list(joined),
        "duckdb": lambda: joined.columns,
    }[to]()
    assert names == ["ts", "close", "close_alpha", "signal"]
    times = {
        "arrow": lambda: joined["ts"].to_pylist(),
        "pandas": lambda: list(joined["ts"]),
        "numpy": lambda: joined["ts"].tolist(),
        "duckdb": lambda: [row[0] for row in joined.fetchall()],
    }[to]()
    assert times == [START_MS, START_MS + 60_000]


def test_features_are_read_as_wanted(signals: DataLakeClient) -> None:
    read = signals.read_features("X", "Y", "alpha", "1", columns=["signal"], to="numpy")
    assert list(read) == ["ts", "signal"]
    assert read["signal"].tolist() == [1.0, 1.5]


def test_features_are_listed_and_deleted_by_their_set(signals: DataLakeClient) -> None:
    assert {entry.period for entry in signals.list(data_type="alpha")} == {"alpha@1", "alpha@2"}
    manifest = signals.manifest
    assert manifest.get_latest_version("X", "Y", "alpha") == 2
    assert manifest.get_latest_version("Z", "Y", "alpha") == 0
    assert signals.features.features(feature_set="beta")["version"].to_list() == ["1"]
    assert signals.features.features(exchange="Z").height == 0
    assert len(manifest.delete_entries("Y", data_type="alpha")) == 2
    assert {entry.period for entry in signals.list() if entry.type == "feature"} == {"beta@1"}
    assert signals.read_ohlc("X", "Y").height == BARS.height


def test_features_come_from_text_too(client: DataLakeClient, tmp_path: Path) -> None:
    path = tmp_path / "alpha.csv"
    pl.DataFrame({"ts": [START_MS], "signal": [0.5]}).write_csv(path)
    client.upload_features(path, "X", "SPOT", "Y", "alpha", "1")
    assert client.read_features("X", "Y", "alpha")["signal"].to_list() == [0.5]


# ---- places ----


def test_the_environment_says_where_the_lake_is(
    client: DataLakeClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    monkeypatch.setenv("DL_DATA_ROOT", str(tmp_path / "data"))
    monkeypatch.setenv("DL_DB_PATH", str(tmp_path / "manifest.db"))
    assert DataLakeClient().read_ohlc("X", "Y").height == BARS.height


def test_a_file_says_where_the_lake_is(client: DataLakeClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "dl.toml").write_text('data_root = "data"\ndb_path = "manifest.db"\n')
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    assert DataLakeClient().read_ohlc("X", "Y").height == BARS.height


def test_a_root_of_another_name_holds_its_manifest(tmp_path: Path) -> None:
    list(ParquetWriter(base_path=tmp_path / "store").write_ohlc(BARS, "X", "SPOT", "Y"))
    assert (tmp_path / "store" / "manifest.db").is_file()
    assert ParquetReader(base_path=tmp_path / "store").list_symbols() == ["Y"]


def test_a_client_that_is_taken_along_stays_where_it_was(
    client: DataLakeClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    packed = pickle.dumps(DataLakeClient())
    monkeypatch.chdir(os.sep)
    assert pickle.loads(packed).read_ohlc("X", "Y").height == BARS.height


# ---- integrity ----


def test_integrity_is_of_the_timeframe_and_of_the_files(client: DataLakeClient, tmp_path: Path) -> None:
    pipeline = IngestPipeline(tmp_path / "data", tmp_path / "manifest.db")
    assert pipeline.verify_integrity("X", "Y")["status"] == "success"
    assert pipeline.verify_integrity("X", "Y", timeframe="5m")["status"] == "error"
    next((tmp_path / "data").rglob("*.parquet")).unlink()
    assert pipeline.verify_integrity("X", "Y")["status"] == "error"


def test_entries_are_of_what_was_asked(client: DataLakeClient, writer: ParquetWriter, tmp_path: Path) -> None:
    list(writer.write_ohlc(make_bars(5, START_MS + DAY_MS), "X", "FUTURES", "Y"))
    manifest = ManifestManager(tmp_path / "manifest.db")
    (spot,), (futures,) = manifest.list_entries(market="SPOT"), manifest.list_entries(market="FUTURES")
    assert (spot.market, futures.market) == ("SPOT", "FUTURES")
    assert spot != futures
    assert spot == manifest.list_entries(market="SPOT")[0]
    manifest.delete_entries("Y", market="FUTURES")
    assert [entry.market for entry in manifest.list_entries()] == ["SPOT"]
