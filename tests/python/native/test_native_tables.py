"""Tables: no value is copied on its way to NumPy, pyarrow, Polars, pandas and nanoarrow; values and nulls are right; memory lives as long as it is used."""

import gc

import nanoarrow
import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from dl_datalake import _native as native
from dl_datalake import errors
from lakes import MINUTE, START, bars


def address(table: native.Table, name: str) -> int:
    return table.column(name).__array_interface__["data"][0]


def polars_address(series: pl.Series) -> int:
    """Of the values of a series of one chunk, where Polars has them."""
    return series.to_physical().to_numpy(allow_copy=False).__array_interface__["data"][0]


@pytest.fixture
def table(lake: native.Lake) -> native.Table:
    return lake.scan("BINANCE", "BTCUSDT").read_all()


def test_shape(table: native.Table):
    assert len(table) == 3 * 1440
    assert table.names == ["ts", "open", "high", "low", "close", "volume"]
    assert table.formats == ["tsm:UTC", "g", "g", "g", "g", "g"]
    assert table.n_bytes == 3 * 1440 * 8 * 6
    assert repr(table) == "<Table of 4320 rows and 6 columns>"
    assert table.n_chunks == 1


def test_nothing_is_copied(table: native.Table):
    frame, arrow = pl.DataFrame(table), pa.table(table)
    for name in table.names:
        place = address(table, name)
        assert np.asarray(table.column(name)).__array_interface__["data"] == (place, True)
        assert arrow.column(name).chunk(0).buffers()[1].address == place
        assert polars_address(frame[name]) == place
        assert nanoarrow.ArrayStream(table).read_all().child(table.names.index(name)).buffers[1]._addr() == place


def test_values_are_those_that_were_put(table: native.Table):
    wanted = bars(3 * 1440)
    assert pl.DataFrame(table).equals(wanted)
    assert np.array_equal(np.asarray(table.column("close")), wanted["close"].to_numpy())
    times = np.asarray(table.column("ts"))
    assert times.dtype == np.dtype("<M8[ms]")
    assert times[1] - times[0] == np.timedelta64(MINUTE, "ms")
    assert table.value("volume", 4319) == 4319.0
    assert table.to_pylist()[1] == wanted.with_columns(pl.col("ts").dt.epoch("ms")).row(1, named=True)


def test_arrays_are_read_only(table: native.Table):
    values = np.asarray(table.column("close"))
    with pytest.raises(ValueError, match="read-only"):
        values[0] = 1


def test_memory_outlives_lake_table_and_everything_between(lake: native.Lake):
    table = lake.scan("BINANCE", "BTCUSDT").read_all()
    lake.close()
    values, arrow, frame = np.asarray(table.column("volume")), pa.table(table), pl.DataFrame(table)
    schema = pa.schema(table)
    del table
    gc.collect()
    native.parse_time("2024")
    assert values.sum() == frame["volume"].sum() == arrow.column("volume").to_numpy().sum() == sum(range(4320))
    assert schema.names[0] == "ts"


def test_children_outlive_their_parent(table: native.Table):
    close = pa.table(table).column("close")
    assert address(table, "close") == close.chunk(0).buffers()[1].address
    del table
    gc.collect()
    assert close[3].as_py() == 103.5


def test_exports_any_number_of_times_and_to_schemas(table: native.Table):
    assert pa.table(table).equals(pa.table(table))
    assert pa.schema(table) == pa.table(table).schema
    capsules = [table.__arrow_c_stream__(None) for _ in range(3)] + [table.__arrow_c_stream__(requested_schema=None)]
    assert len(capsules) == 4
    del capsules


def test_nulls_texts_and_kinds(lake: native.Lake):
    rows = lake.scan("BINANCE", "BTCUSDT").read_all()
    assert rows.column("open").null_count == 0
    listed = lake.list_files().read_all()
    row = listed.to_pylist()[0]
    assert isinstance(row["path"], str)
    assert isinstance(row["rows"], int)
    assert listed.value("sha256", 0) == row["sha256"]
    with pytest.raises(AttributeError, match="is no array of numbers or times"):
        listed.column("path").__array_interface__  # noqa: B018


def test_a_column_with_nulls_is_no_array(empty: native.Lake):
    frame = bars(4).filter(pl.col("volume") != 1.0).with_columns(note=pl.Series(["a", None, "ä€"]))
    empty.put(frame, exchange="BINANCE", symbol="X", period="1m")
    rows = empty.scan("BINANCE", "X", fill="null").read_all()
    assert rows.column("open").null_count == 1
    assert rows.column("open").to_pylist() == [100.25, None, 102.25, 103.25]
    assert rows.column("note").to_pylist() == ["a", None, None, "ä€"]
    with pytest.raises(AttributeError, match="column open has 1 nulls"):
        rows.column("open").__array_interface__  # noqa: B018
    assert np.asarray(rows.column("ts")).astype("int64")[1] == START + MINUTE
    assert pa.table(rows).column("note").to_pylist() == rows.column("note").to_pylist()


def test_every_kind_of_column(empty: native.Lake):
    columns = {
        "flag": pl.Series([True, None, False]),
        "count": pl.Series([1, -(2**63), None], dtype=pl.Int64),
        "small": pl.Series([1, 2**31 - 1, -(2**31)], dtype=pl.Int32),
        "ratio": pl.Series([0.5, None, -0.0], dtype=pl.Float32),
        "blob": pl.Series([b"\0\xff", b"", None]),
        "text": pl.Series(["", "x" * 1000, None]),
    }
    empty.put(bars(3).with_columns(**columns), exchange="BINANCE", symbol="X", period="1m")
    rows = empty.scan("BINANCE", "X").read_all()
    arrow = pa.table(rows)
    for name, series in columns.items():
        assert rows.column(name).to_pylist() == arrow.column(name).to_pylist() == series.to_list()
        assert [rows.value(name, i) for i in range(3)] == series.to_list()
    assert len(rows.column("small")) == 3


def test_empty_tables(lake: native.Lake):
    rows = lake.scan("BINANCE", "BTCUSDT", start_ms=START - MINUTE, end_ms=START).read_all()
    assert len(rows) == 0
    assert rows.to_pylist() == []
    assert pl.DataFrame(rows).shape == (0, 6)
    assert pa.table(rows).num_rows == 0


def test_chunks(lake: native.Lake):
    rows = lake.scan("BINANCE", "BTCUSDT", batch_rows=1000).read_all()
    assert rows.n_chunks >= 5
    values = np.concatenate([np.asarray(rows.column("volume", i)) for i in range(rows.n_chunks)])
    assert np.array_equal(values, np.arange(4320.0))
    assert rows.value("volume", 1000) == 1000.0
    assert rows.value("volume", 4319) == 4319.0
    assert [row["volume"] for row in rows.to_pylist()] == values.tolist()


def test_what_is_not_there(table: native.Table):
    with pytest.raises(KeyError, match="there is no column 'clos'"):
        table.column("clos")
    for chunk in (-1, 1):
        with pytest.raises(IndexError):
            table.column("close", chunk)
    for row in (-1, 4320):
        with pytest.raises(IndexError):
            table.value("close", row)
    with pytest.raises(TypeError):
        native.Table()
    with pytest.raises(TypeError):
        native.Column()


def test_many_symbols_in_one_table(lake: native.Lake):
    lake.put(bars(10), exchange="BINANCE", symbol="ETHUSDT", period="1m")
    rows = lake.scan("BINANCE", ["ETHUSDT", "BTCUSDT"], limit=10).read_all()
    assert rows.names[:2] == ["ts", "symbol"]
    assert pl.DataFrame(rows)["symbol"].to_list() == ["ETHUSDT"] * 10 + ["BTCUSDT"] * 10
    with pytest.raises(errors.NotFoundError):
        lake.scan("BINANCE", ["BTCUSDT", "NOSUCH"])


def test_names_of_many_symbols_are_texts(lake: native.Lake):
    long = "A" * 30 + "USDT"
    lake.put(bars(3), exchange="BINANCE", symbol=long, period="1m")
    rows = lake.scan("BINANCE", [long, "BTCUSDT"], limit=2).read_all()
    wanted = [long, long, "BTCUSDT", "BTCUSDT"]
    assert [row["symbol"] for row in rows.to_pylist()] == [rows.value("symbol", i) for i in range(4)] == wanted
    assert pa.table(rows).column("symbol").to_pylist() == wanted
    assert rows.n_bytes >= 4 * (6 * 8 + 8) + len(long)
    with pytest.raises(AttributeError, match="symbol"):
        rows.column("symbol").__array_interface__  # noqa: B018
