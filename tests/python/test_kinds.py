"""Frames of every kind and library, written and read again: what comes back is what Polars makes of the same frame."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from dl_datalake.client.dl_client import DataLakeClient
from dl_datalake.storage.writer import ParquetWriter
from frames import START_MS, make_bars
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal, assert_series_equal

BARS = make_bars(20)


def written(frame: object, place: Path) -> DataLakeClient:
    list(ParquetWriter(base_path=place / "data").write_ohlc(frame, "X", "SPOT", "Y"))
    return DataLakeClient(data_root=place / "data", db_path=place / "manifest.db")


# The column `more` of each, and what is read of it.
COLUMNS: dict[str, tuple[pl.Series, pl.Series]] = {}


def column(name: str, given: pl.Series, read: pl.DataType | type[pl.DataType]) -> None:
    COLUMNS[name] = given.alias("more"), given.cast(read).alias("more")


NUMBERS = pl.Series([0, 1, 127, None] * 5, dtype=pl.Int64)
for kind in (pl.Int8, pl.Int16, pl.UInt8, pl.UInt16, pl.Int32):
    column(kind.__name__, NUMBERS.cast(kind), pl.Int32)
for kind in (pl.UInt32, pl.UInt64, pl.Int64):
    column(kind.__name__, NUMBERS.cast(kind), pl.Int64)
column("Float32", pl.Series([0.1, float("inf"), None, float("nan")] * 5, dtype=pl.Float32), pl.Float32)
column("Float64", pl.Series([0.1, -0.0, None, 5e-324] * 5, dtype=pl.Float64), pl.Float64)
column("Boolean", pl.Series([True, False, None, True] * 5), pl.Boolean)
TEXTS = pl.Series(["", "é", None, "longer than the twelve bytes of a view"] * 5)
column("String", TEXTS, pl.String)
column("Categorical", TEXTS.cast(pl.Categorical), pl.String)
column("Enum", TEXTS.cast(pl.Enum(TEXTS.drop_nulls().unique(maintain_order=True))), pl.String)
column("Binary", pl.Series([b"", b"\xff\0", None, b"x" * 40] * 5), pl.Binary)
column("Date", pl.Series([0, 19_000, None, -1] * 5).cast(pl.Int32).cast(pl.Date), pl.Datetime("ms"))
column("Datetime", pl.Series([0, -1, None, 2**50] * 5).cast(pl.Datetime("us")), pl.Datetime("us"))


@pytest.mark.parametrize("name", COLUMNS)
def test_columns(tmp_path: Path, name: str) -> None:
    given, expected = COLUMNS[name]
    more = written(BARS.with_columns(given), tmp_path).read_ohlc("X", "Y")["more"]
    if isinstance(more.dtype, pl.Datetime):  # times are UTC here
        more = more.dt.replace_time_zone(None)
    assert_series_equal(more, expected, check_exact=True)


@pytest.mark.parametrize(
    "frame", [BARS.with_columns(pl.lit(None).alias("more")), BARS.to_arrow()], ids=["polars", "arrow"]
)
def test_a_column_of_nothing_but_nulls_is_none(tmp_path: Path, frame: object) -> None:
    if isinstance(frame, pa.Table):
        frame = frame.append_column("more", pa.nulls(20))
    assert_frame_equal(written(frame, tmp_path).read_ohlc("X", "Y"), BARS)


def test_nulls_without_a_type_take_nothing_away(tmp_path: Path) -> None:
    client = written(BARS, tmp_path)
    written(BARS.with_columns(pl.lit(None).alias("volume")), tmp_path)
    assert_frame_equal(client.read_ohlc("X", "Y"), BARS)


FORMS: dict[str, Callable[[], object]] = {
    "batch": lambda: BARS.to_arrow().to_batches()[0],
    "chunks": lambda: pl.concat([BARS[:7], BARS[7:]], rechunk=False),
    "slice": lambda: pl.concat([make_bars(13, START_MS - 13 * 60_000), BARS])[13:],
    "arrow slice": lambda: pl.concat([make_bars(13, START_MS - 13 * 60_000), BARS]).to_arrow()[13:],
    "structs": lambda: BARS.to_struct("rows"),
    "other order": lambda: BARS.select(reversed(BARS.columns)),
    "filter": lambda: duckdb.from_arrow(BARS.to_arrow()).filter("close > 0"),
    "pandas index": lambda: BARS.to_pandas().set_index("ts"),
    "pandas times": lambda: BARS.to_pandas().set_index("ts").rename_axis(None),
    "pandas levels": lambda: BARS.to_pandas().set_index(["ts", "open"]),
    "pandas range": lambda: BARS.to_pandas().set_index(np.arange(20)[::-1]),
    "ISO text": lambda: BARS.with_columns(pl.col("ts").dt.strftime("%Y-%m-%dT%H:%M:%SZ")),
    "timestamp": lambda: BARS.rename({"ts": "timestamp"}),
}


@pytest.mark.parametrize("form", FORMS)
def test_forms(tmp_path: Path, form: str) -> None:
    assert_frame_equal(written(FORMS[form](), tmp_path).read_ohlc("X", "Y"), BARS)


def test_nulls_in_numpy_and_pandas(tmp_path: Path) -> None:
    every_other = pl.int_range(20) % 2 == 0
    frame = BARS.with_columns(
        pl.when(every_other).then(1).alias("n"),
        pl.when(every_other).then(True).alias("flag"),
        pl.when(every_other).then(pl.lit("a")).alias("text"),
        pl.when(every_other).then(1.5).alias("x"),
    )
    client = written(frame, tmp_path)
    arrays = client.read_ohlc("X", "Y", to="numpy")
    assert arrays["n"].dtype == np.float64
    assert np.isnan(arrays["n"]).tolist() == [False, True] * 10
    assert arrays["flag"].tolist() == [True, None] * 10
    assert arrays["text"].tolist() == ["a", None] * 10
    assert np.isnan(arrays["x"]).tolist() == [False, True] * 10
    pandas = client.read_ohlc("X", "Y", to="pandas")
    assert str(pandas["n"].dtype) == "Int32"
    assert str(pandas["flag"].dtype) == "boolean"
    assert pandas["n"].isna().tolist() == [False, True] * 10
    assert isinstance(pandas, pd.DataFrame)


@pytest.mark.parametrize("to", ["polars", "arrow", "numpy", "pandas"])
def test_memory_outlives_everything(tmp_path: Path, to: str) -> None:
    import gc

    client = written(BARS, tmp_path)
    frame = client.read_ohlc("X", "Y", to=to)
    client.close()
    del client
    gc.collect()
    written(make_bars(500, seed=9), tmp_path / "other")  # takes memory that was let go
    close = frame["close"]
    values = close.to_pylist() if to == "arrow" else close.tolist() if to in ("numpy", "pandas") else close.to_list()
    assert values == BARS["close"].to_list()


def test_columns_called_as_what_a_dataset_is(tmp_path: Path) -> None:
    frame = BARS.with_columns(pl.lit("mine").alias("symbol"), pl.lit(1).alias("Market"))
    writer = ParquetWriter(base_path=tmp_path / "data")
    for symbol in ("A", "B"):
        list(writer.write_ohlc(frame, "X", "SPOT", symbol))
    client = DataLakeClient(data_root=tmp_path / "data", db_path=tmp_path / "manifest.db")
    assert client.read_ohlc("X", "A")["symbol"].unique().to_list() == ["mine"]
    both = client.read_ohlc("X", ["A", "B"])
    assert both.columns.count("symbol") == 1
    assert both["symbol"].cast(pl.String).unique().sort().to_list() == ["A", "B"]
    rows = client.sql("select symbol, market, count(*) as n from raw group by all order by all")
    assert rows.rows() == [("A", "SPOT", 20), ("B", "SPOT", 20)]


def a_column(kind: pl.DataType | type[pl.DataType], values: st.SearchStrategy) -> st.SearchStrategy[pl.Series]:
    return st.lists(st.none() | values, min_size=40, max_size=40).map(lambda v: pl.Series("more", v, dtype=kind))


ANY = st.one_of(
    a_column(pl.Float64, st.floats()),
    a_column(pl.Float32, st.floats(width=32)),
    a_column(pl.Int64, st.integers(-(2**63), 2**63 - 1)),
    a_column(pl.Int32, st.integers(-(2**31), 2**31 - 1)),
    a_column(pl.Boolean, st.booleans()),
    a_column(pl.String, st.text(st.characters(exclude_categories=["Cs"]), max_size=20)),
    a_column(pl.Binary, st.binary(max_size=20)),
)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(more=ANY, cut=st.integers(1, 40), chunk=st.integers(1, 40))
def test_any_column_is_read_as_it_was_written(more: pl.Series, cut: int, chunk: int) -> None:
    """In two writes, of which the second is in pieces: bits, nulls, kinds, order."""
    frame = make_bars(40).with_columns(more)
    pieces = pl.concat([frame[at : at + chunk] for at in range(0, 40, chunk)], rechunk=False)
    with tempfile.TemporaryDirectory() as place:
        if more[:cut].null_count() < cut:
            written(frame[:cut], Path(place))
        client = written(pieces, Path(place))
        read = client.read_ohlc("X", "Y")
        client.close()
    if more.null_count() == 40 and "more" not in read.columns:
        frame = frame.drop("more")
    assert_frame_equal(read, frame, check_exact=True)
