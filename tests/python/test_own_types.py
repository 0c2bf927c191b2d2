"""A data type and a writer method of a user's own, without C."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from dl_datalake import cli
from dl_datalake.client.dl_client import DataLakeClient
from dl_datalake.errors import ExistsError, InvalidArgumentError
from dl_datalake.metadata.manifest import DataType
from dl_datalake.storage.writer import ParquetWriter
from frames import START_MS

LIQUIDATIONS = DataType.register(
    "liquidations",
    columns={"ts": "timestamp[ms]", "id": "utf8", "price": "double", "amount": "double"},
    key=("ts", "id"),
    what="forced orders",
)


class LiquidationWriter(ParquetWriter):
    def write_liquidations(self, df: pl.DataFrame, exchange: str, symbol: str, day: date):
        return self.write_table(df, exchange, "FUTURES", symbol, LIQUIDATIONS, "event", day)


@pytest.fixture
def frame() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "ts": [START_MS, START_MS, START_MS + 5],
            "id": ["a", "b", "a"],
            "price": [1.0, 2.0, 3.0],
            "amount": [10.0, 20.0, 30.0],
        }
    )


def test_it_is_written_read_and_seen_by_the_program(tmp_path: Path, frame: pl.DataFrame) -> None:
    assert LIQUIDATIONS in list(DataType)
    assert DataType.LIQUIDATIONS == "liquidations"
    writer = LiquidationWriter(base_path=tmp_path / "data")
    path, first, last = writer.write_liquidations(frame, "X", "Y", date(2024, 3, 1))
    assert (first, last) == (START_MS, START_MS + 5)
    assert "liquidations" in path.parts

    client = DataLakeClient(data_root=tmp_path / "data", db_path=tmp_path / "manifest.db")
    read = client.read_ohlc("X", "Y", "2024-03-01", "2024-03-01", data_type=LIQUIDATIONS)
    assert read["price"].to_list() == [1.0, 2.0, 3.0]
    assert client.list(data_type="liquidations")[0].rows == 3

    changed = frame[1:2].with_columns(pl.lit(5.0).alias("price"))
    writer.write_liquidations(changed, "X", "Y", date(2024, 3, 1))
    assert client.read_ohlc("X", "Y", "2024-03-01", "2024-03-01", data_type="liquidations")["price"].to_list() == [
        1.0,
        5.0,
        3.0,
    ]

    shown = subprocess.run(
        [cli.program(), "read", "--exchange", "X", "--symbol", "Y", "--data-type", "liquidations"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert [line.split(",")[2] for line in shown.stdout.splitlines()] == ["price", "1", "5", "3"]
    full = subprocess.run([cli.program(), "verify", "--full"], cwd=tmp_path, capture_output=True, text=True)
    assert full.returncode == 0, full.stdout + full.stderr


def test_a_name_means_one_thing_in_a_lake(tmp_path: Path, frame: pl.DataFrame) -> None:
    LiquidationWriter(base_path=tmp_path / "data").write_liquidations(frame, "X", "Y", date(2024, 3, 1))
    client = DataLakeClient(data_root=tmp_path / "data", db_path=tmp_path / "manifest.db")
    with pytest.raises(ExistsError, match="liquidations"):
        client.register_type("liquidations", columns={"ts": "timestamp[ms]", "size": "double"})


@pytest.mark.parametrize(
    ("name", "columns", "key"),
    [
        ("raw", {"ts": "timestamp[ms]"}, ("ts",)),
        ("../x", {"ts": "timestamp[ms]"}, ("ts",)),
        ("mine", {}, ("ts",)),
        ("mine", {"ts": "double"}, ("ts",)),
        ("mine", {"ts": "timestamp[ms]", "x": "complex"}, ("ts",)),
        ("mine", {"ts": "timestamp[ms]"}, ("id",)),
        ("mine", {"ts": "timestamp[ms]", "x": "double", "X": "double"}, ("ts",)),
        ("mine", {"ts": "timestamp[ms]", "a,b": "double"}, ("ts",)),
        ("ticks", {"ts": "timestamp[ms]"}, ("ts",)),
        ("tick", {"ts": "timestamp[ms]"}, ("ts",)),
        ("con", {"ts": "timestamp[ms]"}, ("ts",)),
    ],
)
def test_definitions_that_are_none(tmp_path: Path, name: str, columns: dict[str, str], key: tuple[str, ...]) -> None:
    client = DataLakeClient(data_root=tmp_path / "data", db_path=tmp_path / "manifest.db")
    known = list(DataType)
    for register in (client.register_type, DataType.register):
        with pytest.raises(ValueError):
            register(name, columns=columns, key=key)
    assert list(DataType) == known
    assert list(tmp_path.iterdir()) == []


def test_a_period_that_is_none(tmp_path: Path) -> None:
    client = DataLakeClient(data_root=tmp_path / "data", db_path=tmp_path / "manifest.db")
    for register in (client.register_type, DataType.register):
        with pytest.raises(InvalidArgumentError, match="junk"):
            register("levels", {"ts": "timestamp[ms]", "x": "double"}, period="junk")
        with pytest.raises(TypeError, match="period"):
            register("levels", {"ts": "timestamp[ms]", "x": "double"}, period=5)
    assert "levels" not in DataType


def test_a_refused_definition_can_be_mended(tmp_path: Path) -> None:
    client = DataLakeClient(data_root=tmp_path / "data", db_path=tmp_path / "manifest.db")
    for register in (client.register_type, DataType.register):
        with pytest.raises(InvalidArgumentError, match=r"timestamp\[ms\]"):
            register("spreads", {"ts": "timestamp[us]", "bid": "double"}, period="1m")
    assert "spreads" not in DataType
    made = client.register_type("spreads", {"ts": "timestamp[ms]", "bid": "double"}, period="1m")
    assert made is DataType.SPREADS


def test_a_definition_that_the_lake_refuses_is_not_kept(tmp_path: Path) -> None:
    """Another process has given the name to this lake already."""
    program = textwrap.dedent("""
        from dl_datalake.client.dl_client import DataLakeClient
        DataLakeClient().register_type("quotes", {"ts": "timestamp[ms]", "bid": "double"})
    """)
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=True)
    client = DataLakeClient(data_root=tmp_path / "data", db_path=tmp_path / "manifest.db")
    with pytest.raises(ExistsError, match="take another name"):
        client.register_type("quotes", {"ts": "timestamp[ms]", "ask": "double"})
    assert "quotes" not in DataType
    assert client.register_type("quotes", {"ts": "timestamp[ms]", "bid": "double"}) is DataType.QUOTES
