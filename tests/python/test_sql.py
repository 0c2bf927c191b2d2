"""SQL over a lake: what it answers, of which snapshot, and that it writes nothing."""

from __future__ import annotations

from pathlib import Path

import duckdb
import polars as pl
import pytest
from dl_datalake import _sql
from dl_datalake.client.dl_client import DataLakeClient
from dl_datalake.errors import InvalidArgumentError
from dl_datalake.metadata.manifest import DataType
from dl_datalake.storage.writer import ParquetWriter
from frames import START_MS, files_below, make_bars, make_trades

NOTES = DataType.register("notes", {"ts": "timestamp[us]", "id": "utf8", "weight": "double"}, key=("ts", "id"))


def client_with(place: Path, *symbols: str, n: int = 20) -> DataLakeClient:
    for symbol in symbols:
        list(ParquetWriter(base_path=place / "data").write_ohlc(make_bars(n), "X", "SPOT", symbol))
    return DataLakeClient(data_root=place / "data", db_path=place / "manifest.db")


def test_each_type_has_its_view(tmp_path: Path) -> None:
    client = client_with(tmp_path, "Y")
    client.aggregate(to="5m")
    list(ParquetWriter(base_path=tmp_path / "data").write_ticks(make_trades(7), "X", "SPOT", "Y"))
    notes = pl.DataFrame({"ts": [START_MS] * 3, "id": ["a", "b", "c"], "weight": [1.0, 2.0, 3.0]})
    ParquetWriter(base_path=tmp_path / "data").write_table(notes, "X", "SPOT", "Y", NOTES, "event", "2024-03-01")
    client.upload_features(pl.DataFrame({"ts": [START_MS], "signal": [0.5]}), "X", "SPOT", "Y", "alpha", "1")
    counts = {
        name: client.sql(f"select count(*) from {name}").item() for name in ("raw", "agg", "trades", "notes", "feature")
    }
    assert counts == {"raw": 20, "agg": 4, "trades": 7, "notes": 3, "feature": 1}
    assert client.sql("select sum(weight) from notes where symbol = 'Y'").item() == 6.0
    assert client.sql("select period from feature").item() == "alpha@1"


def test_explaining_a_question_is_a_question(tmp_path: Path) -> None:
    client = client_with(tmp_path, "Y")
    for query in ("explain select 1", "EXPLAIN ANALYZE select count(*) from raw", "explain (analyze) select 1"):
        assert client.sql(query).height > 0


@pytest.mark.parametrize(
    "statement",
    [
        "copy (select 1) to '{file}' (format csv)",
        "explain analyze copy (select 1) to '{file}' (format csv)",
        "explain (analyze) copy (select 1) to '{file}' (format csv)",
        "explain (analyze, format json) copy (select 1) to '{file}' (format csv)",
        "explain /**/ analyze copy (select 1) to '{file}' (format csv)",
        "/**/ explain analyze copy (select 1) to '{file}' (format csv)",
        "-- a\nexplain analyze copy (select 1) to '{file}' (format csv)",
        "explain explain analyze copy (select 1) to '{file}' (format csv)",
        "explain analyze create table t as select 1",
        "create table t as select 1",
        "attach '{file}' as other",
        "set threads = 1",
        "select 1; copy (select 1) to '{file}' (format csv)",
    ],
)
def test_nothing_is_written(tmp_path: Path, statement: str) -> None:
    client = client_with(tmp_path, "Y")
    before, manifest = files_below(tmp_path / "data"), (tmp_path / "manifest.db").read_bytes()
    for file in (tmp_path / "new.csv", next((tmp_path / "data").rglob("*.parquet")), tmp_path / "manifest.db"):
        with pytest.raises((InvalidArgumentError, duckdb.Error)):
            client.sql(statement.format(file=file))
    assert files_below(tmp_path / "data") == before
    assert (tmp_path / "manifest.db").read_bytes() == manifest
    assert not (tmp_path / "new.csv").exists()


def test_names_of_directories_are_no_values(tmp_path: Path) -> None:
    """DuckDB takes "close=7" in a path for a column of its own."""
    client = client_with(tmp_path / "volume=7", "CLOSE=7", "GC=F")
    rows = client.sql("select * from raw where symbol = 'CLOSE=7' order by ts")
    assert rows["close"].to_list() == make_bars(20)["close"].to_list()
    assert rows["volume"].to_list() == make_bars(20)["volume"].to_list()
    assert rows.columns == ["exchange", "market", "symbol", "period", "ts", "open", "high", "low", "close", "volume"]


@pytest.mark.parametrize("root", ["g*", "h[ab]", "q?", "it's"])
def test_names_of_directories_are_no_patterns(tmp_path: Path, root: str) -> None:
    for sibling in (root, "gy", "ha", "qq"):
        client_with(tmp_path / sibling, "Y")
    for sibling in ("gy", "ha", "qq"):  # the same names of files, as in a copy
        for path in (tmp_path / root / "data").rglob("*.parquet"):
            copy = tmp_path / sibling / path.relative_to(tmp_path / root)
            copy.write_bytes(path.read_bytes())
    client = DataLakeClient(data_root=tmp_path / root / "data", db_path=tmp_path / root / "manifest.db")
    assert client.sql("select count(*) from raw").item() == 20


def test_a_file_that_goes_in_between_makes_it_be_asked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    client, make_views, n_calls = client_with(tmp_path, "Y"), _sql._make_views, 0

    def fail_first(*arguments: object) -> None:
        nonlocal n_calls
        n_calls += 1
        if n_calls == 1:
            raise duckdb.IOException("a file has gone")
        make_views(*arguments)  # pyright: ignore

    monkeypatch.setattr(_sql, "_make_views", fail_first)
    assert client.sql("select count(*) from raw").item() == 20
    assert n_calls == 2


def test_all_views_are_of_one_snapshot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A commit between the listing of two types is not seen by the second."""
    client, files = client_with(tmp_path, "Y"), _sql._files
    list(ParquetWriter(base_path=tmp_path / "data").write_ticks(make_trades(7), "X", "SPOT", "Y"))

    def commit_before(lake: object, ref: object, type_name: str, snapshot: int) -> object:
        client_with(tmp_path, f"{type_name}1")
        return files(lake, ref, type_name, snapshot)  # pyright: ignore

    monkeypatch.setattr(_sql, "_files", commit_before)
    counts = client.sql("select (select count(*) from raw) as bars, (select count(*) from trades) as trades")
    assert counts.row(0) == (20, 7)
