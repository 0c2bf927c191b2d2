"""What people and programs get wrong: the class that is raised, what it says, and that nothing has changed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from dl_datalake.client.dl_client import DataLakeClient
from dl_datalake.errors import (
    CorruptError,
    ExistsError,
    InvalidArgumentError,
    InvalidDataError,
    LakeError,
    NotFoundError,
    UnsupportedError,
)
from dl_datalake.features.manager import FeatureStore
from dl_datalake.metadata.manifest import ManifestManager
from dl_datalake.storage.writer import ParquetWriter
from frames import START_MS, files_below, make_bars

BARS = make_bars(20)


class Lake:
    """A lake with twenty bars, and what tells whether anything in it has changed."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.writer = ParquetWriter(base_path=place / "data")
        self.client = DataLakeClient(data_root=place / "data", db_path=place / "manifest.db")
        list(self.writer.write_ohlc(BARS, "X", "SPOT", "Y"))

    def state(self) -> tuple[dict[str, bytes], list[int], int]:
        return (
            files_below(self.place / "data"),
            [entry.id for entry in self.client.list()],
            self.client.log(limit=1)["snapshot"][0],
        )


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path)


def with_column(name: str, values: pa.Array) -> pa.Table:
    return BARS.to_arrow().append_column(name, values)


def torn_text(index: pa.Array | None = None) -> pa.Array:
    """Twenty texts, of which row 3 is no UTF-8: Arrow itself does not look."""
    texts = pa.StringArray.from_buffers(
        4, pa.py_buffer(np.array([0, 1, 3, 4, 8], dtype=np.int32)), pa.py_buffer(b"a\xc3\xa9bcd\xff\xfe")
    )
    rows = pa.array([0, 1, 2, 3] + [0] * 16) if index is None else index
    return pa.DictionaryArray.from_arrays(rows, texts)


class NotACapsule:
    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return 5


class Raising:
    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        raise ZeroDivisionError("the frame broke")


FRAMES: dict[str, tuple[Callable[[], object], type[Exception], str]] = {
    "uint64": (lambda: BARS.with_columns(pl.lit(2**63, pl.UInt64).alias("n")), InvalidDataError, "'n' holds 92233"),
    "int128": (lambda: BARS.with_columns(pl.lit(5, pl.Int128).alias("n")), UnsupportedError, "'n'"),
    "decimal": (lambda: BARS.with_columns(pl.col("close").cast(pl.Decimal(20, 8))), UnsupportedError, "decimal"),
    "time": (lambda: BARS.with_columns(pl.lit(1).cast(pl.Time).alias("at")), UnsupportedError, "'at'.*time"),
    "duration": (lambda: BARS.with_columns(pl.lit(1).cast(pl.Duration).alias("d")), UnsupportedError, "'d'.*duration"),
    "struct": (lambda: BARS.with_columns(pl.struct("open").alias("s")), UnsupportedError, "'s'.*struct"),
    "list": (lambda: with_column("s", pa.array([[1]] * 20)), UnsupportedError, "'s'.*list"),
    "dictionary": (lambda: with_column("s", pa.array([1] * 20).dictionary_encode()), UnsupportedError, "'s'"),
    "run ends": (lambda: with_column("s", pa.RunEndEncodedArray.from_arrays([20], [1])), UnsupportedError, "'s'"),
    "torn dictionary": (lambda: with_column("s", torn_text()), InvalidDataError, "row 3: s is not UTF-8"),
    "torn text": (
        lambda: with_column("s", pa.chunked_array([torn_text().dictionary.take(torn_text().indices)])),
        InvalidDataError,
        "row 3: s is not UTF-8",
    ),
    "torn view": (
        lambda: with_column(
            "s",
            torn_text()
            .dictionary.take(torn_text().indices)
            .cast(pa.binary())
            .view(pa.binary())
            .cast(pa.large_binary())
            .view(pa.large_string()),
        ),
        InvalidDataError,
        "row 3: s is not UTF-8",
    ),
    "float ts": (lambda: BARS.with_columns(pl.lit(1.7e12).alias("ts")), InvalidDataError, "'ts' is double"),
    "null ts": (lambda: BARS.with_columns(pl.lit(None).alias("ts")), InvalidDataError, "row 0: ts is null"),
    "ts 0": (lambda: BARS.with_columns(pl.lit(0, pl.Int64).alias("ts")), InvalidDataError, "row 0: ts is 0"),
    "year 10000": (lambda: make_bars(2, 253402300740000), InvalidDataError, "row 1.*9999"),
    "TS": (lambda: BARS.rename({"ts": "TS"}), InvalidDataError, "is 'TS' meant"),
    "Volume": (lambda: BARS.rename({"volume": "Volume"}), InvalidDataError, "is 'Volume' meant"),
    "doubled": (lambda: with_column("close", pa.array([1.0] * 20)), InvalidArgumentError, "two columns 'close'"),
    "unnamed": (lambda: BARS.with_columns(pl.lit(1).alias("")), InvalidDataError, "column 7.*no name"),
    "long name": (lambda: BARS.with_columns(pl.lit(1).alias("x" * 65)), InvalidDataError, "64 bytes"),
    "NUL": (lambda: BARS.with_columns(pl.lit(1).alias("a\0b")), InvalidDataError, "NUL"),
    "only null": (lambda: pl.DataFrame({"x": []}), InvalidDataError, "must have 'ts'"),
    "a series": (lambda: BARS["close"], InvalidArgumentError, "not a table"),
    "a class": (lambda: pl.DataFrame, TypeError, "not a frame"),
    "a list": (lambda: BARS.to_dicts(), TypeError, "list.*not a frame"),
    "numpy": (lambda: BARS.to_numpy(), TypeError, "ndarray.*not a frame"),
    "a path": (lambda: Path("x.parquet"), TypeError, "not a frame"),
    "no capsule": (NotACapsule, ValueError, "apsule"),
    "raising": (Raising, ZeroDivisionError, "the frame broke"),
    "pandas mixed": (lambda: BARS.to_pandas().assign(o=[1, "a"] * 10), InvalidDataError, "column o"),
    "pandas NaT": (lambda: BARS.to_pandas().assign(ts=lambda f: f.ts.where(f.index != 3)), InvalidDataError, "row 3"),
    "pandas levels": (lambda: pd.DataFrame({("a", "b"): [1]}), InvalidDataError, "'ts'"),
}


@pytest.mark.parametrize("name", FRAMES)
def test_frames(lake: Lake, name: str) -> None:
    make, kind, text = FRAMES[name]
    before = lake.state()
    with pytest.raises(kind, match=text):
        lake.writer.write_ohlc(make(), "X", "SPOT", "Y")
    assert lake.state() == before


CALLS: dict[str, tuple[Callable[[Lake], object], type[Exception], str]] = {
    "period": (lambda lake: lake.writer.write_ohlc(BARS, "X", "SPOT", "Y", "7m"), InvalidArgumentError, "7m.*5m"),
    "grid": (lambda lake: lake.writer.write_ohlc(BARS, "X", "SPOT", "Y", "1h"), InvalidDataError, "grid of 1h"),
    "agg": (
        lambda lake: lake.writer.write_table(BARS, "X", "SPOT", "Y", "agg", "1m", "2024-03-01"),
        InvalidArgumentError,
        "derived",
    ),
    "type": (
        lambda lake: lake.writer.write_table(BARS, "X", "SPOT", "Y", "rwa", "1m", "2024-03-01"),
        InvalidArgumentError,
        "'rwa' is none of raw",
    ),
    "date": (lambda lake: lake.writer.write_table(BARS, "X", "SPOT", "Y", "raw", "1m", "soon"), ValueError, "soon"),
    "no rows": (
        lambda lake: lake.writer.write_table(BARS.clear(), "X", "SPOT", "Y", "raw", "1m", "2024-03-01"),
        InvalidDataError,
        "no rows",
    ),
    "kind": (
        lambda lake: lake.writer.write_ohlc(BARS.with_columns(pl.lit("a").alias("close")), "X", "SPOT", "Y"),
        InvalidDataError,
        "'close' is utf8",
    ),
    "ticks": (
        lambda lake: lake.writer.write_ticks(BARS.select("ts", price="close"), "X", "SPOT", "Y"),
        ValueError,
        "amount",
    ),
    "delete all": (lambda lake: lake.client.delete(), InvalidArgumentError, "name what to delete"),
    "delete none": (lambda lake: lake.client.delete(symbol="Z"), NotFoundError, "Z"),
    "delete 5": (lambda lake: lake.client.delete(symbol=5), TypeError, "symbol"),
    "entries": (lambda lake: lake.client.manifest.delete_entries(None), InvalidArgumentError, "symbol"),
    "undo": (lambda lake: lake.client.undo(99), NotFoundError, "99"),
    "ingest 5": (lambda lake: lake.client.ingest(5), TypeError, "source is int"),
    "ingest bytes": (lambda lake: lake.client.ingest(b"b.csv"), TypeError, "source is bytes"),
    "ingest": (lambda lake: lake.client.ingest(lake.place / "no.csv", "X"), NotFoundError, r"no\.csv"),
    "backup": (lambda lake: lake.client.backup(lake.place / "data"), InvalidArgumentError, "inside the lake"),
    "unknown": (lambda lake: lake.client.manifest.add_entry(foo=1), TypeError, "'foo'"),
    "outside": (
        lambda lake: lake.client.manifest.add_entry(
            exchange="X", market="SPOT", symbol="Y", path="/etc/passwd", type="raw", period="1m"
        ),
        InvalidArgumentError,
        "below the data root",
    ),
    "COPY": (lambda lake: lake.client.sql("copy (select 1) to 'x.csv'"), InvalidArgumentError, "COPY"),
    "two": (lambda lake: lake.client.sql("select 1; select 2"), InvalidArgumentError, "2 statements"),
    "sql 5": (lambda lake: lake.client.sql(5), TypeError, "query is int"),
    "as_of": (lambda lake: lake.client.read_ohlc("X", "Y", as_of="spring"), NotFoundError, "'spring'"),
    "as_of bool": (lambda lake: lake.client.read_ohlc("X", "Y", as_of=True), TypeError, "as_of is bool"),
    "before all": (lambda lake: lake.client.read_ohlc("X", "Y", as_of="2000-01-01"), NotFoundError, "snapshot"),
    "complete": (lambda lake: lake.client.read_ohlc("X", "Y", complete=True), InvalidArgumentError, "derived"),
    "huge limit": (lambda lake: lake.client.read_ohlc("X", "Y", limit=2**70), ValueError, "64 bits"),
    "float tail": (lambda lake: lake.client.read_ohlc("X", "Y", tail=1.5), TypeError, "tail.*float"),
    "batches": (lambda lake: lake.client.scan("X", "Y", batch_rows=-1), ValueError, "batch_rows is negative"),
}


@pytest.mark.parametrize("name", CALLS)
def test_calls(lake: Lake, name: str) -> None:
    call, kind, text = CALLS[name]
    before = lake.state()
    with pytest.raises(kind, match=text):
        call(lake)
    assert lake.state() == before


FEATURES = pl.DataFrame({"ts": [START_MS + i * 60_000 for i in range(10)], "a": [float(i) for i in range(10)]})

UPLOADS: dict[str, tuple[Callable[[Path], object], str, object, type[Exception], str]] = {
    "no version": (lambda _: FEATURES, "mom", None, InvalidArgumentError, "version is missing"),
    "a float": (lambda _: FEATURES, "mom", 1.5, TypeError, "version is float"),
    "a path": (lambda _: FEATURES, "../mom", "1", InvalidArgumentError, "feature set"),
    "dots": (lambda _: FEATURES, "mom", "..", InvalidArgumentError, "version"),
    "other rows": (
        lambda _: FEATURES.with_columns(pl.col("a") + 1),
        "mom",
        "1",
        ExistsError,
        "never changes.*free is 2",
    ),
    "missing": (lambda place: place / "no.parquet", "mom", "2", NotFoundError, r"no\.parquet"),
    "a folder": (lambda place: place, "mom", "2", NotFoundError, "no such file"),
    "corrupt": (lambda place: place / "bad.parquet", "mom", "2", InvalidDataError, r"bad\.parquet"),
    "empty": (lambda place: place / "empty.csv", "mom", "2", InvalidDataError, r"empty\.csv"),
    "no ts": (lambda _: FEATURES.rename({"ts": "when"}), "mom", "2", InvalidDataError, "'ts'"),
    "only ts": (lambda _: FEATURES.select("ts"), "mom", "2", InvalidDataError, "one column"),
    "no rows": (lambda _: FEATURES.clear(), "mom", "2", InvalidDataError, "no rows"),
    "doubled": (lambda _: pl.concat([FEATURES, FEATURES]), "mom", "2", InvalidDataError, "row 10"),
    "torn text": (
        lambda _: FEATURES.to_arrow().append_column(
            "s", torn_text().dictionary.take(torn_text().indices)[: FEATURES.height]
        ),
        "mom",
        "2",
        InvalidDataError,
        "row 3: s is not UTF-8",
    ),
}


@pytest.mark.parametrize("name", UPLOADS)
def test_features(lake: Lake, name: str) -> None:
    make, feature_set, version, kind, text = UPLOADS[name]
    (lake.place / "bad.parquet").write_bytes(b"PAR1junkPAR1")
    (lake.place / "empty.csv").write_text("")
    store = FeatureStore(lake.place / "data", lake.place / "manifest.db")
    store.upload_feature(FEATURES, "X", "SPOT", "Y", "mom", "1")
    before = lake.state()
    with pytest.raises(kind, match=text):
        store.upload_feature(make(lake.place), "X", "SPOT", "Y", feature_set, version)
    assert lake.state() == before


# ---- places ----


def test_a_manifest_that_is_none(lake: Lake) -> None:
    junk = lake.place / "junk.db"
    junk.write_text("no database" * 500)
    for use in (
        lambda: DataLakeClient(lake.place / "data", junk).list(),
        lambda: DataLakeClient(lake.place / "data", junk).read_ohlc("X", "Y"),
        lambda: ParquetWriter(lake.place / "data", junk).write_ohlc(BARS, "X", "SPOT", "Y"),
    ):
        with pytest.raises(CorruptError, match="not a database"):
            use()
    assert junk.read_text() == "no database" * 500
    with pytest.raises(InvalidArgumentError, match="directory"):
        DataLakeClient(lake.place / "data", lake.place).list()


def test_another_manifest_than_that_of_the_data(lake: Lake) -> None:
    with pytest.raises(NotFoundError, match="holds data"):
        DataLakeClient(lake.place / "data", lake.place / "other.db").list()
    assert not (lake.place / "other.db").exists()


def test_a_place_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(LakeError) as caught:
        ParquetWriter(tmp_path / "file" / "lake").write_ohlc(BARS, "X", "SPOT", "Y")
    assert "write something" not in str(caught.value)
    for place in (5, b"data"):
        with pytest.raises(TypeError, match="data_root is"):
            DataLakeClient(place)
    with pytest.raises(InvalidArgumentError, match="db_path has a NUL"):
        DataLakeClient("data", "manifest\0.db")


def test_a_lake_taken_away_while_it_is_open(lake: Lake) -> None:
    assert len(lake.client.list()) == 1
    for path in sorted((lake.place / "data").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    for path in lake.place.glob("manifest.db*"):
        path.unlink()
    assert lake.client.list() == []
    with pytest.raises(NotFoundError, match="no lake"):
        lake.client.read_ohlc("X", "Y")
    lake.writer.write_ohlc(BARS[:3], "X", "SPOT", "Y")
    assert lake.client.read_ohlc("X", "Y").height == 3


def test_wrong_kinds_are_told_before_a_lake_is_made(tmp_path: Path) -> None:
    writer = ParquetWriter(tmp_path / "data")
    for call in (
        lambda: writer.write_ohlc(BARS, 5, "SPOT", "Y"),
        lambda: writer.write_ohlc(BARS, "X", "SPOT", 5),
        lambda: writer.write_ohlc(BARS, "X", "SPOT", "Y", 5),
        lambda: writer.write_ohlc(BARS, "X", "SPOT", "Y", progress=5),
        lambda: writer.write_ohlc({}, "X", "SPOT", "Y"),
        lambda: writer.write_table(BARS, "X", "SPOT", "Y", 5, "1m", "2024-03-01"),
    ):
        with pytest.raises(TypeError):
            call()
    assert list(tmp_path.iterdir()) == []


# ---- damage ----


@pytest.mark.parametrize("damage", ["bytes", "short", "gone"])
def test_a_damaged_file_is_named(lake: Lake, damage: str) -> None:
    (path,) = (lake.place / "data").rglob("*.parquet")
    data = path.read_bytes()
    path.chmod(0o644)
    path.unlink()
    if damage == "bytes":
        path.write_bytes(data[:200] + bytes(8) + data[208:])
    elif damage == "short":
        path.write_bytes(data[:100])
    for read in (
        lambda: lake.client.read_ohlc("X", "Y"),
        lambda: list(lake.client.scan("X", "Y")),
        lambda: lake.client.read_ohlc("X", ["Y"]),
    ):
        with pytest.raises(CorruptError, match=path.name) as caught:
            read()
        assert isinstance(caught.value, ValueError)
        assert caught.value.http_status == 500
    with pytest.raises(Exception, match=path.name):
        pl.DataFrame(lake.client.scan("X", "Y"))
    assert lake.client.verify(full=True).n_problems >= 1


def test_a_file_that_is_no_parquet_is_not_adopted(lake: Lake) -> None:
    junk = lake.place / "data" / "junk.parquet"
    junk.write_bytes(b"PAR1junkPAR1")
    manifest = ManifestManager(lake.place / "manifest.db")
    with pytest.raises(CorruptError, match=r"junk\.parquet"):
        manifest.add_entry(exchange="X", market="SPOT", symbol="Y", path=str(junk), type="raw", period="1m")
    assert len(manifest.list_entries()) == 1


# ---- libraries that are not there ----


WITHOUT = """
import sys
for name in ("polars", "pandas", "pyarrow", "numpy", "duckdb"):
    sys.modules[name] = None  # an import of it fails
from dl_datalake import DataLakeClient
from dl_datalake.errors import LakeError, MissingExtraError
client = DataLakeClient(sys.argv[1] + "/data", sys.argv[1] + "/manifest.db")
print(len(client.list()), len(client.read_ohlc("X", "Y", to="table")), client.verify().n_problems)
for to in ("polars", "pandas", "arrow", "numpy", "duckdb"):
    try:
        client.read_ohlc("X", "Y", to=to)
    except MissingExtraError as error:
        assert isinstance(error, LakeError) and isinstance(error, ImportError)
        print(str(error).rpartition(": ")[2])
"""


def test_without_any_library(lake: Lake) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT, str(lake.place)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "1 20 0",
        *(f"pip install 'dl-datalake[{name}]'" for name in ("polars", "pandas", "pyarrow", "numpy", "duckdb")),
    ]
