"""What a client does beyond reading rows: that each argument arrives where it counts, and that a dry run does nothing."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import pytest
from dl_datalake._lake import LakeRef
from dl_datalake.client._upkeep import Upkeep
from dl_datalake.client.dl_client import DataLakeClient
from dl_datalake.storage.writer import ParquetWriter
from frames import DAY_MS, START_MS, files_below, make_bars
from polars.testing import assert_frame_equal

BARS = make_bars(20)
RANGE = {"start_date": "2024-03-01", "end_date": "2024-03-02"}
RANGE_MS = {"start_ms": START_MS, "end_ms": START_MS + 2 * DAY_MS}
PLACE = {"exchange": "E", "symbol": "S", "market": "M", "period": "P"}
DATASET = {**PLACE, "data_type": "T"}
DATASET_NATIVE = {**PLACE, "type": "T"}


class CalledError(Exception):
    """The engine was called: with what."""


class Recorder:
    """In place of an open lake; it knows the snapshots 7 and "seven"."""

    def find_snapshot(self, text: str) -> int:
        assert text == "seven"
        return 7

    def __getattr__(self, name: str) -> Any:
        def call(*positional: object, **named: object) -> object:
            raise CalledError(name, positional, {key: value for key, value in named.items() if key != "progress"})

        return call


# the method of the client, what it is given, the method of the engine, and what that is given
CALLS: dict[str, tuple[dict[str, Any], str, tuple[object, ...], dict[str, object]]] = {
    "ingest": (
        {
            **DATASET, "source": ["*.csv"], "columns": ["ts", "close"], "separator": ";", "header": "no", "decimal": "comma",
            "time_format": "dmy", "tz": "Asia/Tokyo", "stamp": "close", "rejects": Path("r.csv"), "max_rejects": 3,
            "checks": "warn", "dry_run": False, "restart": True,
        },
        "ingest",
        (["*.csv"],),
        {
            **DATASET_NATIVE, "columns": ["ts", "close"], "separator": ";", "header": "no", "decimal": "comma",
            "time_format": "dmy", "time_zone": "Asia/Tokyo", "stamp": "close", "rejects_path": "r.csv", "max_rejects": 3,
            "checks": "warn", "dry_run": False, "restart": True,
        },
    ),
    "aggregate": (
        {
            "symbol": "S", "to": "15m", "source": "5m", "exchange": "E", "market": "M", "offset": "1h", "origin": "2024-01-01",
            "columns": ["close"], "anew": True, "dry_run": True,
        },
        "aggregate",
        (),
        {
            "symbol": "S", "periods": ["15m"], "source": "5m", "exchange": "E", "market": "M", "offset": "1h",
            "origin": "2024-01-01", "columns": ["close"], "anew": True, "dry_run": True,
        },
    ),
    "datasets": ({**DATASET, "as_of": 7}, "list_datasets", (), {**DATASET_NATIVE, "as_of": 7}),
    "gaps": (
        {**DATASET, **RANGE, "reason": "venue", "min_bars": 2, "limit": 3, "as_of": "seven"},
        "gaps",
        (),
        {**DATASET_NATIVE, **RANGE_MS, "reason": "venue", "min_bars": 2, "limit": 3, "as_of": 7},
    ),
    "coverage": ({**DATASET, **RANGE, "as_of": 7}, "coverage", (), {**DATASET_NATIVE, **RANGE_MS, "as_of": 7}),
    "verify": (
        {**DATASET, "full": True, "repair": True},
        "verify",
        (),
        {**DATASET_NATIVE, "full": True, "repair": True},
    ),
    "check": ({**DATASET, **RANGE, "most_rows": 4}, "check_bars", (), {**DATASET_NATIVE, **RANGE_MS, "most_rows": 4}),
    "explain": (
        {**DATASET, "ts": "2024-03-01"},
        "explain",
        ("E", "S", START_MS),
        {"market": "M", "period": "P", "type": "T"},
    ),
    "delete": ({**DATASET, **RANGE, "dry_run": True}, "delete", (), {**DATASET_NATIVE, **RANGE_MS, "dry_run": True}),
    "undo": ({"snapshot": 7, "dry_run": True}, "undo", (), {"snapshot": 7, "dry_run": True}),
    "log": ({"limit": 5, "before": 6}, "log", (), {"limit": 5, "before": 6}),
    "maintenance": (
        {"compact": True, "expire": True, "gc": True, "optimize": True, "dry_run": True},
        "maintain",
        (),
        {"compact": True, "expire": True, "gc": True, "optimize": True, "dry_run": True},
    ),
    "backup": ({"directory": Path("there")}, "backup", ("there",), {}),
}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
def test_each_argument_arrives(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    given, native_name, positional, named = CALLS[name]
    known = set(inspect.signature(getattr(Upkeep, name)).parameters) - {"self", "progress", "to"} | (
        {"to"} & set(given)
    )
    assert set(given) == known, "an argument is not looked at here"
    monkeypatch.setattr(LakeRef, "open", lambda _self, create=False: Recorder())
    with pytest.raises(CalledError) as caught:
        getattr(DataLakeClient("data", "manifest.db"), name)(**given)
    assert caught.value.args == (native_name, positional, named)


def test_every_method_is_looked_at() -> None:
    methods = {name for name, one in vars(Upkeep).items() if callable(one) and not name.startswith("_")}
    assert methods == {*CALLS, "register_type"}


@pytest.fixture
def client(tmp_path: Path) -> DataLakeClient:
    list(ParquetWriter(base_path=tmp_path / "data").write_ohlc(BARS, "X", "SPOT", "Y"))
    return DataLakeClient(data_root=tmp_path / "data", db_path=tmp_path / "manifest.db")


def test_a_dry_run_says_what_it_would_do_and_does_nothing(client: DataLakeClient, tmp_path: Path) -> None:
    source = tmp_path / "more.csv"
    make_bars(5, START_MS + DAY_MS).write_csv(source)
    before = files_below(tmp_path / "data")
    assert client.delete(symbol="Y", dry_run=True).rows_removed == 20
    assert client.undo(dry_run=True).rows_removed == 20
    planned = client.aggregate(to="5m", dry_run=True)
    assert (planned.n_datasets, planned.n_current, planned.n_commits) == (1, 0, 0)
    assert client.ingest(source, "X", "Y", "SPOT", "1m", dry_run=True).rows_new == 5
    client.maintenance(compact=True, gc=True, expire=True, optimize=True, dry_run=True)
    assert files_below(tmp_path / "data") == before
    assert client.log()["snapshot"].to_list() == [1]
    assert_frame_equal(client.read_ohlc("X", "Y"), BARS)


def test_what_is_done_is_done(client: DataLakeClient, tmp_path: Path) -> None:
    list(
        ParquetWriter(base_path=tmp_path / "data").write_ohlc(
            BARS[:5].with_columns(close=BARS["high"][:5]), "X", "SPOT", "Z"
        )
    )
    assert client.datasets(exchange="X")["symbol"].to_list() == ["Y", "Z"]
    assert client.datasets(symbol="Z", as_of=1).height == 0
    assert client.coverage("X", "Z")["present"].sum() == 5
    assert client.gaps("X", "Y").height == 0
    assert client.check("X", "Y").n_rows == 20
    assert client.explain("X", "Y", START_MS).height > 0
    assert client.delete(symbol="Z").rows_removed == 5
    assert [entry.symbol for entry in client.list()] == ["Y"]
    assert client.undo().rows_restored == 5
    assert client.read_ohlc("X", "Z")["close"].to_list() == BARS["high"][:5].to_list()
    copied = client.backup(tmp_path / "copy")
    assert copied.n_files == 2
    assert files_below(tmp_path / "copy" / "data") == files_below(tmp_path / "data")
