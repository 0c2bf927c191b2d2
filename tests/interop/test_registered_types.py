"""Rows of registered types: what dl says of them, and what other programs read in their files."""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import Bridge, BridgeError
from test_put import put

FIRST_MS = 1_704_067_200_000  # 2024-01-01
ORDERS = [(1, "x", 1.0), (5, "9", 2.0), (5, "10", 3.0), (5, "b", 4.0), (86_400_000, "9", 5.0)]


class Type(ctypes.Structure):
    """struct bridge_type of bridge.h."""

    _fields_ = [
        ("name", ctypes.c_char_p),
        ("ts", ctypes.c_char_p),
        ("n_key", ctypes.c_size_t),
        ("has_period", ctypes.c_int),
    ]


def register(bridge: Bridge, directory: Path, name: str, n_key: int = 2, has_period: bool = False) -> None:
    error = ctypes.create_string_buffer(1024)
    function = bridge.library.bridge_register_type
    function.argtypes = [ctypes.c_char_p, ctypes.POINTER(Type), ctypes.c_char_p, ctypes.c_size_t]
    kind = Type(name.encode(), b"timestamp[ms]", n_key, has_period)
    status = function(os.fsencode(directory), ctypes.byref(kind), error, 1024)
    if status != 0:
        raise BridgeError(status, error.value.decode())


def table_of(rows: list[tuple[int, str, float]]) -> pa.Table:
    return pa.table(
        {
            "ts": pa.array([FIRST_MS + row[0] for row in rows], pa.timestamp("ms", "UTC")),
            "id": [row[1] for row in rows],
            "price": [row[2] for row in rows],
        }
    )


@pytest.fixture
def dl(tmp_path: Path) -> Any:
    program = os.environ.get("LAKE_DL")
    if not program:
        pytest.skip("LAKE_DL does not name dl")

    def run(*arguments: str, status: int = 0) -> subprocess.CompletedProcess[str]:
        result = subprocess.run([program, *arguments], cwd=tmp_path, capture_output=True, text=True, timeout=60)
        assert result.returncode == status, result
        return result

    return run


@pytest.fixture
def orders(bridge: Bridge, tmp_path: Path) -> Path:
    """A lake with orders keyed by time and id."""
    register(bridge, tmp_path, "liquidations")
    assert put(bridge, tmp_path, table_of(ORDERS), "liquidations") == len(ORDERS)
    return tmp_path


READ = ("read", "--exchange", "x", "--symbol", "y", "--data-type", "liquidations", "--format", "json", "--ts", "ms")


def read(dl: Any) -> list[tuple[int, str, float]]:
    return [(row["ts"] - FIRST_MS, row["id"], row["price"]) for row in json.loads(dl(*READ).stdout)]


def test_read(orders: Path, dl: Any) -> None:
    assert read(dl) == ORDERS


def test_every_program_reads_the_files(orders: Path) -> None:
    files = sorted((orders / "data").rglob("*.parquet"))
    assert [path.parent.relative_to(orders).as_posix() for path in files] == [
        "data/X/SPOT/Y/liquidations/event/2024/01"
    ]
    expected = table_of(ORDERS)
    assert pq.read_table(files).cast(expected.schema).equals(expected)
    assert pl.read_parquet(files).to_arrow().cast(expected.schema).equals(expected)
    rows = duckdb.sql(f"SELECT epoch_ms(ts), id, price FROM '{files[0]}'").fetchall()
    assert [(row[0] - FIRST_MS, *row[1:]) for row in rows] == ORDERS


def test_list(orders: Path, dl: Any) -> None:
    (dataset,) = json.loads(dl("list", "--data-type", "Liquidations", "--json").stdout)
    assert (dataset["type"], dataset["period"], dataset["rows"]) == ("liquidations", "event", len(ORDERS))
    assert dataset["gaps"] is None


def test_verify_and_check(orders: Path, dl: Any) -> None:
    dl("verify", "--full")


def test_delete_and_undo(orders: Path, dl: Any) -> None:
    dl("delete", "--symbol", "y", "--data-type", "liquidations", "--end", "2024-01-01", "--yes")
    assert read(dl) == ORDERS[4:]
    dl("undo")
    assert read(dl) == ORDERS


def test_gaps_are_not_of_events(orders: Path, dl: Any) -> None:
    assert "has no grid of times" in dl("gaps", "--data-type", "liquidations", status=2).stderr


def test_gaps_of_a_grid(bridge: Bridge, tmp_path: Path, dl: Any) -> None:
    register(bridge, tmp_path, "interest", 1, True)
    minutes = [0, 1, 2, 5, 6]
    assert put(bridge, tmp_path, table_of([(60_000 * m, "a", float(m)) for m in minutes]), "interest") == 5
    assert json.loads(dl("list", "--json").stdout)[0]["gaps"] == 2
    (gap,) = json.loads(dl("gaps", "--data-type", "interest", "--json").stdout)["gaps"]
    assert gap["bars"] == 2
    dl("verify", "--full")  # a price far off is no finding: these are no bars


def test_an_ingest_of_it_is_refused(orders: Path, dl: Any, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("ts,id,price\n1704067200000,1,2\n")
    error = dl(
        *("ingest", "--source", "a.csv", "--exchange", "x", "--symbol", "y", "--type", "liquidations"), status=2
    ).stderr
    assert "'liquidations' is a registered type" in error


def test_an_unknown_type_names_the_registered_ones(orders: Path, dl: Any) -> None:
    error = dl(*READ[:6], "liquidation", status=2).stderr
    assert "liquidations; did you mean liquidations?" in error


def test_a_manifest_made_anew(bridge: Bridge, orders: Path, dl: Any) -> None:
    for path in orders.glob("manifest.db*"):
        path.unlink()
    report = dl("init", "--rebuild", "--json", status=3)
    assert "'liquidations'" in report.stdout
    assert read(dl) == ORDERS
    dl("verify", "--full")
    more = table_of([(7, "z", 6.0)])
    with pytest.raises(BridgeError, match="register it again before rows are written"):
        put(bridge, orders, more, "liquidations")
    register(bridge, orders, "liquidations")
    assert put(bridge, orders, more, "liquidations") == 1
    assert (7, "z", 6.0) in read(dl)


def test_a_backup(bridge: Bridge, orders: Path, dl: Any) -> None:
    dl("backup", "copy")
    shutil.rmtree(orders / "data")
    for path in orders.glob("manifest.db*"):
        path.unlink()
    shutil.rmtree(orders / ".lake")
    dl("restore", "copy")
    assert read(dl) == ORDERS
    assert put(bridge, orders, table_of([(7, "z", 6.0)]), "liquidations") == 1
