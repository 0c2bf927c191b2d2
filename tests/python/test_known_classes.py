"""What users of the Python implementation before this one rely on: the same classes, parameters and meaning."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from pathlib import Path
from unittest.mock import MagicMock, patch

import polars as pl
import pytest
from dl_datalake.client.dl_client import DataLakeClient
from dl_datalake.errors import LakeError
from dl_datalake.features.manager import FeatureStore
from dl_datalake.ingest.pipeline import IngestPipeline
from dl_datalake.metadata.manifest import DataType, ManifestManager
from dl_datalake.storage.reader import ParquetReader
from dl_datalake.storage.writer import ParquetWriter
from frames import START_MS, files_below, make_bars


@pytest.fixture
def pipeline(tmp_path: Path) -> IngestPipeline:
    (tmp_path / "data").mkdir()
    return IngestPipeline(data_root=str(tmp_path / "data"), db_path=str(tmp_path / "manifest.db"))


@pytest.fixture
def manifest(pipeline: IngestPipeline, tmp_path: Path) -> ManifestManager:
    return ManifestManager(db_path=str(tmp_path / "manifest.db"))


@pytest.fixture
def csv(tmp_path: Path) -> Path:
    path = tmp_path / "bars.csv"
    make_bars(100).with_columns(pl.col("ts").to_physical()).write_csv(path)
    return path


# ---- the client is a façade ----


def test_the_client_has_its_parts(tmp_path: Path) -> None:
    client = DataLakeClient(data_root=str(tmp_path / "data"), db_path=str(tmp_path / "manifest.db"))
    client.reader.read_range = MagicMock()
    client.read_ohlc(exchange="X", symbol="Y", start_date="2024-01-01", end_date="2024-01-02", data_type="raw")
    client.reader.read_range.assert_called_once_with("X", "Y", "raw", "2024-01-01", "2024-01-02")
    client.manifest.list_entries = MagicMock(return_value=["an entry"])
    assert client.list(symbol="Y") == ["an entry"]
    client.manifest.list_entries.assert_called_once_with(symbol="Y", data_type=None, exchange=None, market=None)
    client.features.upload_feature = MagicMock()
    client.upload_features(file_path="f", exchange="X", market="SPOT", symbol="Y", feature_set="s", version="1")
    client.features.upload_feature.assert_called_once_with("f", "X", "SPOT", "Y", "s", "1")


# ---- the manifest ----


def test_a_manifest_is_made_at_once_and_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    assert ManifestManager(db_path=str(path)).list_entries() == []
    assert path.exists()


def test_an_entry_tells_all_of_a_file(pipeline: IngestPipeline, manifest: ManifestManager, csv: Path) -> None:
    assert pipeline.ingest_csv(str(csv), "binance", "spot", "BTCUSDT") is True
    (entry,) = manifest.list_entries(symbol="BTCUSDT", exchange="binance", market="spot", data_type=DataType.RAW)
    assert (entry.exchange, entry.market, entry.symbol, entry.type) == ("BINANCE", "SPOT", "BTCUSDT", "raw")
    assert (entry.time_from, entry.time_to) == (START_MS, START_MS + 99 * 60_000)
    assert isinstance(entry.id, int)
    assert entry.id > 0
    assert Path(entry.path).is_absolute()
    assert pl.read_parquet(entry.path)["close"].to_list() == make_bars(100)["close"].to_list()
    assert entry.checksum == __import__("hashlib").sha256(Path(entry.path).read_bytes()).hexdigest()
    assert entry.created_at.tzinfo is not None
    assert json.loads(entry.metadata_json)["timeframe"] == "1m"


def test_entries_are_in_the_order_they_came(pipeline: IngestPipeline, manifest: ManifestManager, csv: Path) -> None:
    for symbol in ("ZZZ", "AAA", "MMM"):
        pipeline.ingest_csv(csv, "X", "SPOT", symbol)
    entries = manifest.list_entries()
    assert [entry.symbol for entry in entries] == ["ZZZ", "AAA", "MMM"]
    assert [entry.id for entry in entries] == sorted(entry.id for entry in entries)


def test_a_file_that_was_written_is_found_again(pipeline: IngestPipeline, manifest: ManifestManager) -> None:
    ((path, first, last),) = pipeline.writer.write_ohlc(make_bars(10), "X", "SPOT", "Y")
    columns = {"exchange": "X", "market": "SPOT", "symbol": "Y", "path": path, "type": "raw"}
    found = manifest.add_entry(**columns, time_from=first, time_to=last)
    assert found == manifest.list_entries()[0].id
    assert manifest.add_entry(**columns) == found
    with pytest.raises(LakeError, match=r"checksum|sha256|digest"):
        manifest.add_entry(**columns, checksum="0" * 64)
    with pytest.raises(TypeError, match="colour"):
        manifest.add_entry(**columns, colour="red")


def test_a_file_that_somebody_put_there_is_adopted(manifest: ManifestManager, tmp_path: Path) -> None:
    place = tmp_path / "data" / "X" / "SPOT" / "Y" / "raw" / "1m"
    place.mkdir(parents=True)
    bars = make_bars(10)
    bars.write_parquet(place / "mine.parquet")
    entry = manifest.add_entry(
        exchange="X", market="SPOT", symbol="Y", path=str(place / "mine.parquet"), type="raw", period="1m"
    )
    (listed,) = manifest.list_entries()
    assert listed.id == entry
    assert not (place / "mine.parquet").exists()
    assert sum(pl.read_parquet(tmp_path / "data" / name).height for name in files_below(tmp_path / "data")) == 10
    with pytest.raises(FileNotFoundError):
        manifest.add_entry(exchange="X", market="SPOT", symbol="Y", path="ghost.parquet", type="raw")


def test_deleting(pipeline: IngestPipeline, manifest: ManifestManager, csv: Path) -> None:
    assert manifest.delete_entries("NOBODY") == []
    pipeline.ingest_csv(csv, "X", "SPOT", "Y")
    path = manifest.list_entries(symbol="Y")[0].path
    assert manifest.delete_entries("Y", exchange="OTHER") == []
    assert manifest.delete_entries(symbol="Y") == [path]
    assert not Path(path).exists()
    assert manifest.list_entries() == []


# ---- the pipeline ----


def test_ingesting_twice_is_harmless(pipeline: IngestPipeline, manifest: ManifestManager, csv: Path) -> None:
    pipeline.ingest_csv(csv, "X", "SPOT", "Y")
    before = [(entry.id, entry.checksum) for entry in manifest.list_entries()]
    assert pipeline.ingest_csv(csv, "X", "SPOT", "Y") is True
    assert [(entry.id, entry.checksum) for entry in manifest.list_entries()] == before


def test_several_threads_ingest(pipeline: IngestPipeline, manifest: ManifestManager, csv: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda k: pipeline.ingest_csv(csv, "X", "SPOT", f"S{k}"), range(8)))
    assert results == [True] * 8
    assert len(manifest.list_entries()) == 8


def test_what_cannot_be_ingested(pipeline: IngestPipeline, manifest: ManifestManager, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"missing.csv"):
        pipeline.ingest_csv(str(tmp_path / "missing.csv"), "X", "SPOT", "Y")
    bad = tmp_path / "bad.csv"
    bad.write_text("open,high,low,close,volume\n1,2,3,4,5\n")
    with pytest.raises(ValueError):
        pipeline.ingest_csv(bad, "X", "SPOT", "Y")
    assert manifest.list_entries() == []


def test_ticks(pipeline: IngestPipeline, manifest: ManifestManager, tmp_path: Path) -> None:
    path = tmp_path / "ticks.csv"
    path.write_text(f"ts,price,amount\n{START_MS},10.5,1\n{START_MS},10.5,1\n{START_MS + 5},10.6,2\n")
    assert pipeline.ingest_ticks_csv(path, "X", "SPOT", "Y") is True
    (entry,) = manifest.list_entries(data_type="ticks")
    assert entry.rows == 3


def test_integrity(pipeline: IngestPipeline, tmp_path: Path) -> None:
    assert pipeline.verify_integrity("X", "Y")["status"] == "error"
    bars = make_bars(100)
    list(pipeline.writer.write_ohlc(bars, "X", "SPOT", "WHOLE", "1m"))
    list(pipeline.writer.write_ohlc(bars.filter(pl.int_range(100) != 50), "X", "SPOT", "TORN", "1m"))
    whole = pipeline.verify_integrity("X", "WHOLE", market="SPOT")
    assert {key: whole[key] for key in ("status", "row_count", "gap_count", "overlap_count", "interval_ms")} == {
        "status": "success",
        "row_count": 100,
        "gap_count": 0,
        "overlap_count": 0,
        "interval_ms": 60_000,
    }
    torn = pipeline.verify_integrity("X", "TORN")
    assert (torn["status"], torn["row_count"], torn["gap_count"]) == ("warning", 99, 1)
    assert torn["message"]


# ---- the reader ----


def test_the_reader(tmp_path: Path) -> None:
    reader = ParquetReader(base_path=str(tmp_path / "data"))
    assert reader.base_path == tmp_path / "data"
    assert reader.list_symbols() == []
    writer = ParquetWriter(base_path=tmp_path / "data")
    for symbol in ("ETHUSDT", "BTCUSDT"):
        list(writer.write_ohlc(make_bars(100), "X", "SPOT", symbol))
    assert reader.list_symbols() == ["BTCUSDT", "ETHUSDT"]
    frame = reader.read_range("X", "BTCUSDT", "raw", "2024-03-01T00:10:00", "2024-03-01T00:20:00")
    assert frame.height == 10
    counts = reader.sql("select symbol, count(*) as n, min(ts) as first from raw group by symbol order by symbol")
    assert counts["n"].to_list() == [100, 100]
    assert counts["first"][0].replace(tzinfo=timezone.utc) == datetime(2024, 3, 1, tzinfo=timezone.utc)


# ---- features ----


def test_features_have_versions(tmp_path: Path) -> None:
    store = FeatureStore(base_path=str(tmp_path / "data"), db_path=str(tmp_path / "manifest.db"))
    manifest = ManifestManager(db_path=str(tmp_path / "manifest.db"))
    source = tmp_path / "mine.parquet"
    for version in ("1", "2", "10"):
        pl.DataFrame({"ts": [START_MS, START_MS + 1], "signal": [float(version), 0.0]}).write_parquet(source)
        path = store.upload_feature(str(source), "BINANCE", "SPOT", "BTC", "alpha", version)
        assert Path(path).relative_to(tmp_path / "data").parts[:6] == (
            "features",
            "BINANCE",
            "SPOT",
            "BTC",
            "alpha",
            version,
        )
        assert pl.read_parquet(path)["signal"][0] == float(version)
    assert manifest.get_latest_version("BINANCE", "BTC", "alpha") == 10
    assert manifest.get_latest_version("BINANCE", "BTC", "beta") == 0

    client = DataLakeClient(data_root=tmp_path / "data", db_path=tmp_path / "manifest.db")
    assert {entry.version for entry in client.list(symbol="BTC", data_type="feature")} == {"1", "2", "10"}
    assert client.read_features("BINANCE", "BTC", "alpha")["signal"][0] == 10.0
    assert client.read_features("BINANCE", "BTC", "alpha", version="2")["signal"][0] == 2.0

    pl.DataFrame({"ts": [START_MS], "signal": [99.0]}).write_parquet(source)
    with pytest.raises(FileExistsError, match="2"):
        store.upload_feature(source, "BINANCE", "SPOT", "BTC", "alpha", "2")
    with pytest.raises(FileNotFoundError):
        store.upload_feature(tmp_path / "none.parquet", "BINANCE", "SPOT", "BTC", "alpha", "3")
    with pytest.raises(ValueError):
        store.upload_feature(source, "BINANCE", "SPOT", "BTC", "../alpha", "3")


def test_a_join_sees_nothing_of_the_future(tmp_path: Path) -> None:
    list(ParquetWriter(base_path=tmp_path / "data").write_ohlc(make_bars(10), "X", "SPOT", "Y"))
    client = DataLakeClient(data_root=tmp_path / "data", db_path=tmp_path / "manifest.db")
    signal = pl.DataFrame({"ts": [START_MS + 90_000, START_MS + 240_000], "signal": [1.0, 2.0]})
    client.features.upload_feature(signal, "X", "SPOT", "Y", "alpha", "1.0.0")
    joined = client.join_features("X", "Y", "alpha", start_date="2024-03-01", end_date="2024-03-01")
    assert joined["signal"].to_list() == [None, None, 1.0, 1.0] + [2.0] * 6
    list(ParquetWriter(base_path=tmp_path / "data").write_ohlc(make_bars(10), "X", "FUTURES", "Y"))
    with pytest.raises(FileNotFoundError, match="FUTURES"):
        client.join_features("X", "Y", "alpha")
    assert client.join_features("X", "Y", "alpha", market="spot").equals(joined)


def test_a_join_with_trades_sees_no_more_when_times_are_numbers(tmp_path: Path) -> None:
    trades = pl.DataFrame(
        {"ts": [START_MS + second * 1000 for second in range(4)], "price": 1.0, "amount": [1.0, 2.0, 3.0, 4.0]}
    )
    list(ParquetWriter(base_path=tmp_path / "data").write_ticks(trades, "X", "SPOT", "Y"))
    client = DataLakeClient(data_root=tmp_path / "data", db_path=tmp_path / "manifest.db")
    signal = pl.DataFrame({"ts": [START_MS + 1000, START_MS + 9000], "signal": [1.0, 9.0]})
    client.features.upload_feature(signal, "X", "SPOT", "Y", "alpha", "1.0.0")
    joined = client.join_features("X", "Y", "alpha", data_type="trades", ts="int")
    assert joined["signal"].to_list() == [None, 1.0, 1.0, 1.0]
    assert joined["ts"].to_list() == [time * 1000 for time in trades["ts"]]
    with pytest.raises(ValueError, match="'arrow'"):
        client.join_features("X", "Y", "alpha", data_type="trades", to="table")
    with pytest.raises(TypeError, match="one symbol"):
        client.join_features("X", ["Y"], "alpha", data_type="trades")  # pyright: ignore


def test_what_is_only_tried_or_not_there_makes_no_lake(tmp_path: Path, csv: Path) -> None:
    client = DataLakeClient(data_root=tmp_path / "new" / "data", db_path=tmp_path / "new" / "manifest.db")
    tried = client.ingest(csv, "X", "Y", dry_run=True)
    assert (tried.rows_new, tried.snapshot, tried.frame().height > 0) == (100, 0, True)
    with pytest.raises(FileNotFoundError, match=r"none\.csv"):
        client.ingest([csv, tmp_path / "none.csv"], "X", "Y")
    assert not (tmp_path / "new").exists()


def test_buckets_that_begin_later_are_of_derived_bars(tmp_path: Path) -> None:
    list(ParquetWriter(base_path=tmp_path / "data").write_ohlc(make_bars(180), "X", "SPOT", "Y"))
    client = DataLakeClient(data_root=tmp_path / "data", db_path=tmp_path / "manifest.db")
    assert client.read_ohlc("X", "Y", period="1h", offset="30m")["bars"].to_list() == [30, 60, 60, 30]


def test_a_lake_that_may_not_be_seen_is_not_an_empty_one(tmp_path: Path) -> None:
    hidden = tmp_path / "hidden"
    client = DataLakeClient(data_root=hidden / "data", db_path=hidden / "manifest.db")
    assert client.list() == []
    with patch("os.stat", side_effect=PermissionError), pytest.raises(FileNotFoundError):
        client.list()
