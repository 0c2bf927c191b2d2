"""The methods of Lake: what they give, and how progress and what it raises travel."""

import sqlite3
from contextlib import closing
from pathlib import Path

import polars as pl
import pytest
from dl_datalake import _native as native
from dl_datalake import errors
from lakes import MINUTE, START, RangError, alarm, bars


def rows(stream: native.Stream) -> list[dict]:
    return stream.read_all().to_pylist()


def snapshot(lake: native.Lake) -> int:
    return max((row["snapshot"] for row in rows(lake.log())), default=0)


def test_put_gives_its_result(empty: native.Lake):
    result = empty.put(bars(100), exchange="binance", symbol="BTC/USDT", period="1min", market="SPOT", source="a test")
    assert result == {
        "dataset": ("BINANCE", "SPOT", "BTCUSDT", "raw", "1m"),
        "rows_read": 100,
        "rows_new": 100,
        "rows_changed": 0,
        "rows_equal": 0,
        "first_ms": START,
        "last_ms": START + 99 * MINUTE,
        "days_changed": 1,
        "files_written": 1,
        "bytes_written": result["bytes_written"],
        "rows_warned": 0,
        "snapshot": 1,
    }
    assert rows(empty.log())[0]["source"] == "a test"


def test_ingest_gives_lists_and_a_sample(empty: native.Lake, tmp_path: Path):
    source = tmp_path / "bars.csv"
    bars(3000).with_columns(pl.col("ts").dt.epoch("ms")).write_csv(source)
    planned = empty.ingest([str(source)], exchange="BINANCE", symbol="BTCUSDT", dry_run=True)
    assert {finding["what"] for finding in planned["findings"]} >= {"separator", "period", "ts"}
    assert planned["sample"].to_pylist()[0]["ts"] == START
    assert planned["snapshot"] == 0
    done = empty.ingest([str(source)], exchange="BINANCE", symbol="BTCUSDT")
    assert (done["rows_new"], done["dataset"][4], done["sample"], done["can_resume"]) == (3000, "1m", None, False)
    assert done["checks"] == []


def test_changes_and_the_log(lake: native.Lake):
    planned = lake.delete(symbol="BTCUSDT", start_ms=START, end_ms=START + 1440 * MINUTE, dry_run=True)
    assert (planned["rows_removed"], planned["snapshot"]) == (1440, 0)
    deleted = lake.delete(symbol="BTCUSDT", start_ms=START, end_ms=START + 1440 * MINUTE)
    assert lake.scan("BINANCE", "BTCUSDT").n_rows == 2880
    lake.name_snapshot("before", 1)
    assert lake.find_snapshot("before") == 1
    assert lake.scan("BINANCE", "BTCUSDT", as_of=1).n_rows == 4320
    undone = lake.undo(snapshot=deleted["snapshot"])
    assert (undone["of_snapshot"], undone["rows_restored"]) == (deleted["snapshot"], 1440)
    assert [row["operation"] for row in rows(lake.log(limit=2))] == ["undo", "delete"]


def test_derived_bars_gaps_and_checks(lake: native.Lake):
    result, report = lake.aggregate(symbol="BTCUSDT", periods=["1h"], progress=lambda *_: None)
    assert result["rows_written"] == 72
    assert [row["state"] for row in report.to_pylist()] == ["derived"]
    lake.delete(symbol="BTCUSDT", type="raw", start_ms=START + 60 * MINUTE, end_ms=START + 63 * MINUTE)
    gaps, found = lake.gaps(symbol="BTCUSDT", type="raw")
    assert gaps["by_reason"] == [{"reason": "deleted", "n_gaps": 1, "n_missing": 3}]
    assert rows(found)[0]["bars"] == 3
    assert rows(lake.coverage(symbol="BTCUSDT"))[0]["present"] == 4317
    checked, findings = lake.check_bars(symbol="BTCUSDT", type="raw", most_rows=5)
    assert (checked["n_rows"], checked["n_wrong"]) == (4317, 0)
    assert len(findings) == min(checked["n_suspect"], 5) + 1


def test_looking_after(lake: native.Lake, tmp_path: Path):
    verified, problems = lake.verify(full=True)
    assert (verified["n_files"], verified["n_problems"], len(problems)) == (3, 0, 0)
    planned, plan = lake.maintain(compact=True, dry_run=True)
    assert planned["files_compacted"] == 3
    assert plan.to_pylist()[0]["task"] == "compact"
    backup = lake.backup(tmp_path / "copy")
    assert backup["n_files"] == 3
    copy = native.Lake(tmp_path / "copy" / "data", tmp_path / "copy" / "manifest.db")
    assert copy.scan("BINANCE", "BTCUSDT").n_rows == 4320
    assert rows(copy.explain("BINANCE", "BTCUSDT", START))[0]["ts"] == START
    copy.close()


def test_files_by_range_and_what_is_adopted(lake: native.Lake, tmp_path: Path):
    files = rows(lake.list_files(start_ms=START + 1440 * MINUTE, end_ms=START + 1441 * MINUTE))
    assert [row["first_ts"] for row in files] == [START + 1440 * MINUTE]
    live = lake.adopt(files[0]["path"], sha256=files[0]["sha256"])
    assert (live["file_id"], live["snapshot"], live["moved_to"]) == (files[0]["id"], 0, "")
    with pytest.raises(errors.CorruptError):
        lake.adopt(files[0]["path"], sha256="0" * 64)


@pytest.mark.parametrize("name", ["exchange", "market", "symbol", "type", "period"])
def test_a_name_that_no_lake_gives_ends_a_list(lake: native.Lake, tmp_path: Path, name: str):
    """A list goes on behind the last name of a page: one that is cut would have it go on for ever."""
    lake.close()
    with closing(sqlite3.connect(tmp_path / "manifest.db")) as database, database:
        database.execute("pragma ignore_check_constraints = true")
        database.execute(f"update datasets set {name} = ?", ("A" * 5000,))
    with closing(native.Lake(tmp_path / "data", tmp_path / "manifest.db")) as damaged:
        for listed in (damaged.list_files, damaged.list_datasets):
            with pytest.raises(errors.CorruptError, match="a name of 5000 bytes"):
                rows(listed())


def test_features(lake: native.Lake):
    frame = bars(10).select("ts", signal="close")
    lake.put_features(frame, exchange="BINANCE", symbol="BTCUSDT", feature_set="alpha", version="1.0")
    assert [row["version"] for row in rows(lake.list_features(feature_set="alpha"))] == ["1.0"]
    with pytest.raises(errors.ExistsError):
        lake.put_features(frame.head(3), exchange="BINANCE", symbol="BTCUSDT", feature_set="alpha", version="1.0")
    assert pl.DataFrame(lake.scan("BINANCE", "BTCUSDT", type="feature", period="alpha")).equals(frame)


def test_progress_is_told_and_may_stop_the_work(lake: native.Lake, monkeypatch: pytest.MonkeyPatch):
    before = snapshot(lake)
    frame = bars(2_000_000)
    calls: list[tuple[int, int, int]] = []

    def stop(*numbers: int) -> None:
        calls.append(numbers)
        raise LookupError("enough")

    with pytest.raises(LookupError, match="enough"):
        lake.put(frame, exchange="BINANCE", symbol="MUCH", period="1m", progress=stop)
    assert len(calls) == 1
    assert all(isinstance(number, int) for number in calls[0])
    assert snapshot(lake) == before
    assert {row["symbol"] for row in rows(lake.list_datasets())} == {"BTCUSDT"}


def test_a_signal_stops_a_call_without_progress(lake: native.Lake):
    before = snapshot(lake)
    frame = bars(2_000_000)
    with pytest.raises(RangError), alarm(0.05):
        lake.put(frame, exchange="BINANCE", symbol="MUCH", period="1m")
    assert snapshot(lake) == before


def test_progress_must_be_callable(lake: native.Lake):
    with pytest.raises(TypeError, match="progress must be callable, not int"):
        lake.verify(progress=1)


def test_functions(tmp_path: Path):
    assert native.parse_time("2024-01-01") == START
    assert native.parse_time("2024-01-01", True) == START + 1440 * MINUTE
    assert native.parse_time("2024-01-01", is_end=True) == START + 1440 * MINUTE
    (tmp_path / "dl.toml").write_text('data_root = "store"\n')
    (tmp_path / "below").mkdir()
    data_root, db_path, config = native.find_location(tmp_path / "below")
    assert Path(data_root).name == "store"
    assert db_path == ""
    assert Path(config).name == "dl.toml"
    (tmp_path / "dl.toml").write_text("data_root = \n")
    with pytest.raises(errors.InvalidDataError, match=r"dl\.toml"):
        native.find_location(str(tmp_path))
